"""Stop words have a part in scores, and make no report match: the rule for totals of ``match="any"``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from vnsearch import Index, Report, fold

TEXTS = {
    "only stop words": "của các và những một trong",
    "door": "cửa hàng gạo mở từ sáng",
    "of": "vườn của làng",
    "market": "chợ của làng, gạo của xóm",
    "one": "gạo",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with Index.create(tmp_path_factory.mktemp("stop-words")) as made:
        made.add(Report(identity, "", text) for identity, text in TEXTS.items())
        made.add([Report("gone", "", "gạo của nhà")])
        made.delete(["gone"])
        yield made


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("giá của gạo", {"door", "market", "one"}),
        ("gạo của các làng", {"door", "of", "market", "one"}),  # not for the pair "của các" either
        ("Của GẠO!", {"door", "market", "one"}),
        ("của các", {"only stop words", "of", "market"}),
        ("cua", {"only stop words", "of", "market", "door"}),  # most likely của: nothing but stop words
        ("cua gao", {"door", "market", "one"}),  # cửa makes a report match, của does not
        ("của zzz", set()),
        ('"của các" zzz', {"only stop words"}),  # who quotes them means them
        ('"của gạo" các zzz', {"door", "market", "one"}),
        ("của", {"only stop words", "of", "market"}),
    ],
)
@pytest.mark.parametrize("limit", [0, 1, 99])
def test_what_shares_only_stop_words_is_no_hit(index: Index, query: str, expected: set[str], limit: int) -> None:
    results = index.search(query, limit=limit, facets=("source",))
    assert results.total == len(expected)
    assert {hit.id for hit in results} <= expected
    assert limit < 99 or len(results) == len(expected)
    by_date = index.search(query, limit=99, sort="date")
    assert {hit.id for hit in by_date} == expected


def test_stop_words_still_count_for_what_matches(index: Index) -> None:
    with_it = {hit.id: hit.score for hit in index.search("chợ của làng")}
    without = {hit.id: hit.score for hit in index.search("chợ làng")}
    assert with_it["market"] > without["market"]
    assert {part.term for part in index.search("chợ của làng")[0].explain().contributions} >= {"của", "của làng"}


def test_all_asks_for_stop_words_too(index: Index) -> None:
    assert {hit.id for hit in index.search("gạo của", match="all")} == {"market"}


@pytest.mark.parametrize("long", [1, 1024])
def test_totals_do_not_depend_on_what_is_asked_for(new_index: Any, long: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vnsearch.search.scoring._LONG_LEAST", long)
    made = new_index()
    words = "và của gạo cửa chợ các chờ mưa với nắng không lúa".split()
    texts = {
        str(number): " ".join(word for at, word in enumerate(words) if number % (at + 2) == 0) or "trống"
        for number in range(400)
    }
    made.add(Report(identity, "", text) for identity, text in texts.items())
    made.delete(str(number) for number in range(0, 400, 7))
    for query, telling in (("gạo và của", {"gạo"}), ("các mưa của với nắng", {"mưa", "nắng"})):
        expected = {identity for identity, text in texts.items() if int(identity) % 7 and telling & set(text.split())}
        for text in (query, fold(query)):
            totals = {made.search(text, limit=limit).total for limit in (0, 1, 10, 999)}
            assert len(totals) == 1
        assert {hit.id for hit in made.search(query, limit=999)} == expected
        assert made.search(query, limit=3).total == len(expected)
