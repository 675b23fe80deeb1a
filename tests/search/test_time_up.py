"""When time runs out, wherever that is: what was found by then matches, and nothing is taken for an error."""

from __future__ import annotations

import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Literal

import pytest

from vnsearch import Index, Report
from vnsearch.search import parts
from vnsearch.search.leaves import Evaluator, TimeUp

WORDS = "lúa gạo mưa nắng đồng ruộng kênh mương cầu đường làng xóm là của các và dân chủ cơ sở".split()
QUERIES = [
    'mưa "lúa gạo" nắng "đồng ruộng kênh" và của',
    '"các là" "là của" cầu đường làng',
    'lua "dan chu" cho "cau duong"~3 ruong',
    '+mưa -"là của" (nắng OR "dân chủ cơ sở") title:lúa',
    "lua gao dong ruong",  # equals, to be told apart by exact scores
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    chance = random.Random(9)
    with Index.create(tmp_path_factory.mktemp("time") / "index") as made:
        for part in range(2):
            made.add(
                Report(
                    f"{part}-{at}", chance.choice(WORDS), " ".join(chance.choices(WORDS, k=12)), source=f"Báo {at % 3}"
                )
                for at in range(700)
            )
        made.delete(f"0-{at}" for at in range(0, 700, 9))
        yield made


@pytest.mark.parametrize("sort", ["relevance", "date"])
@pytest.mark.parametrize("query", QUERIES)
def test_what_is_found_matches(
    index: Index, query: str, sort: Literal["relevance", "date"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vnsearch.search.scoring._LONG_LEAST", 64)
    monkeypatch.setattr("vnsearch.search.evaluate._STRAIGHT", 0)
    filters = {"source": ["Báo 0", "Báo 1"]}
    with Index.open(index.path) as anew:
        whole = {hit.id for hit in anew.search(query, limit=10_000, filters=filters)}
        assert whole
        left, is_up = 0, False

        def check(_: Evaluator) -> None:
            nonlocal left, is_up
            left -= 1
            is_up = left < 0
            if is_up:
                raise TimeUp

        monkeypatch.setattr(Evaluator, "check", check)
        incomplete = 0
        for left_at_first in range(200):
            left = left_at_first
            results = anew.search(query, limit=10, sort=sort, filters=filters, timeout_s=100)
            assert {hit.id for hit in results} <= whole
            assert len(results) <= results.total <= len(whole)
            assert results.complete is not is_up
            incomplete += not results.complete
            if results.complete:
                break
        assert results.complete
        assert incomplete == left_at_first > 5


def test_time_counts_from_the_call_on(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that moves only while the query is read."""
    now = 100.0

    def read(*arguments: Any, **options: Any) -> Any:
        nonlocal now
        now += 2.0
        return parts.read(*arguments, **options)

    monkeypatch.setattr("vnsearch.search.searcher.read", read)
    for module in ("searcher", "leaves"):
        monkeypatch.setattr(f"vnsearch.search.{module}.time", SimpleNamespace(perf_counter=lambda: now))
    query = "lua gao dong ruong"
    late, early = (index.search(query, facets=("source",), timeout_s=seconds) for seconds in (1, 3))
    assert (late.complete, list(late), late.total, late.facets) == (False, [], 0, {"source": []})
    assert early.complete
    assert early.total > 0
    # What is asked of the results later has no deadline.
    assert late.suggestion == early.suggestion == "lúa gạo đồng ruộng"
    assert "<mark>" in early[0].snippet.html()
