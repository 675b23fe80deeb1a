"""What queries leave behind is bounded in bytes, whatever strangers ask."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vnsearch import Index
from vnsearch.search import searcher
from vnsearch.text.fold import fold

CHARS = 5_000
QUERIES = 40


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with Index.create(tmp_path) as made:
        made.add(
            {"id": f"{number}", "title": "Xã họp dân", "body": "Xã họp dân, bàn chuyện đê."} for number in range(20)
        )
        yield made


def bytes_left(ask: Callable[[int], object]) -> int:
    """Return how much more memory is in use when so many queries have been asked, after some to warm up."""
    tracemalloc.start()
    try:
        for number in range(5):
            ask(number)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for number in range(5, 5 + QUERIES):
            ask(number)
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("query", ["{}", "{} xã", '"xã {}"', "title:{}"], ids=["word", "words", "phrase", "field"])
def test_words_as_long_as_a_text_are_not_remembered(index: Index, query: str) -> None:
    def ask(number: int) -> None:
        word = f"đ{number:04}".ljust(CHARS, "ê")
        assert index.search(query.format(word), limit=1).suggestion is None
        index.suggest(word)

    # One copy of each word would be twice that: characters beyond Latin-1 take two bytes.
    assert bytes_left(ask) < QUERIES * CHARS


def test_filters_that_never_come_again_take_no_more_than_their_share(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searcher, "_MASK_BYTES", 10_000)
    with Index.open(index.path) as again:
        left = bytes_left(lambda number: again.search("xã", filters={"source": f"{number:04}".ljust(CHARS, "-")}))
    assert left < 10 * CHARS


def test_queries_asked_twice_take_no_more_than_their_share(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["xã", "họp", "dân", "bàn", "chuyện", "đê"]

    def ask(number: int) -> None:
        for _ in range(2):
            fresh.search(" ".join([*words, *(fold(word) for word in words), f"{number}"]))

    monkeypatch.setattr(searcher, "_QUERY_BYTES", 40_000)
    with Index.open(index.path) as fresh:
        bounded = bytes_left(ask)
    monkeypatch.undo()
    with Index.open(index.path) as fresh:
        assert bounded < bytes_left(ask) / 2


def test_a_query_asked_again_is_answered_as_at_first(index: Index) -> None:
    for query in ("xa hop dan", "xã họp 5", '"xã họp"', "xã -đê", "họp  xã"):
        for match in ("any", "all"):
            first, _, second = (index.search(query, match=match) for _ in range(3))
            assert [(hit.id, hit.score, hit.snippet) for hit in first] == [
                (hit.id, hit.score, hit.snippet) for hit in second
            ]
            assert (first.total, first.suggestion) == (second.total, second.suggestion)
    assert index.search("đường").total == 0
    index.add([{"id": "new", "body": "đường mới"}])
    assert [hit.id for hit in index.search("đường")] == ["new"]
    assert [hit.id for hit in index.search("duong")] == ["new"]
