"""Syllables in doubt: what the reports say that hold the pairs around them."""

from __future__ import annotations

import pytest

from vnsearch import Index, Report
from vnsearch.search.parameters import PARAMETERS
from vnsearch.search.spelling import spellings_of
from vnsearch.search.triples import settled

BODIES = ["đỏ con lá rơi", "xanh con là ủi"] * 10


@pytest.fixture(scope="module", params=[1, 4], ids=["one segment", "several segments"])
def index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Index:
    index = Index.create(tmp_path_factory.mktemp("triples") / "index")
    reports = [Report(str(number), "", body) for number, body in enumerate(BODIES)]
    parts = request.param
    for part in range(parts):
        index.add(reports[part::parts])
    return index


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        # *con* is followed by either as often: the one before it decides, or the one after the next.
        ("đỏ con la", "đỏ con lá"),
        ("xanh con la", "xanh con là"),
        ("do con la", "đỏ con lá"),
    ],
)
def test_the_syllable_before_the_last_decides(index: Index, typed: str, expected: str) -> None:
    assert index.search(typed).suggestion == expected


def test_nothing_but_the_order_changes(index: Index) -> None:
    snapshot = index._searcher.snapshot
    for typed in ("do con la", "la", "la la la la la", "con la rơi", "đỏ la"):
        chain = spellings_of(snapshot, typed.split()).syllables
        for before, after in zip(chain, settled(chain, snapshot), strict=True):
            assert {(term, tier) for term, _, tier in after} == {(term, tier) for term, _, tier in before}
            assert sum(reading.probability for reading in after) == pytest.approx(1.0)
            assert after == sorted(after, key=lambda reading: (-reading.probability, reading.term))


def test_what_is_not_in_doubt_stays(index: Index) -> None:
    snapshot = index._searcher.snapshot
    for typed in ("con la rơi", "đỏ con lá"):
        chain = spellings_of(snapshot, typed.split()).syllables
        assert all(readings[0].probability >= PARAMETERS.doubtful for readings in chain)
        assert settled(chain, snapshot) is chain
