"""What makes no sense is refused, what is too much is cut, time that is up is told, and what is closed stays closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from contract_reports import LANGUAGE

from vnsearch import (
    AnyIndex,
    IndexClosedError,
    InvalidArgumentError,
    InvalidReportError,
    Limits,
    Report,
    SearchResults,
    UnknownFieldError,
    VnSearchError,
)

NewIndex = Callable[..., AnyIndex]


def ids(results: SearchResults) -> list[str]:
    return [hit.id for hit in results]


@pytest.mark.parametrize(
    "options",
    [
        {"limit": -1}, {"limit": "5"}, {"limit": None}, {"limit": 1.5}, {"limit": True},
        {"offset": -1}, {"fragments": -1},
        {"match": "some"}, {"match": []},
        {"sort": "title"}, {"sort": {}},
        {"timeout_s": 0}, {"timeout_s": -1}, {"timeout_s": float("nan")}, {"timeout_s": "1"},
        {"facets": "source"}, {"facets": None}, {"facets": 5},
        {"filters": ["source"]}, {"filters": "source"},
        {"fields": {}}, {"fields": []}, {"fields": ["title"]}, {"fields": {"title": 0}}, {"fields": {"title": -1}},
        {"fields": {"title": "2"}}, {"fields": {"title": True}}, {"fields": {"title": float("nan")}},
        {"fields": {"title": float("inf")}}, {"fields": {"title": 10**400}}, {"fields": {"title": 1e300}},
        {"fields": {"title": 1e-300}},
    ],
    ids=str,
)  # fmt: skip
def test_options_that_make_no_sense(news: AnyIndex, options: dict[str, Any]) -> None:
    for query in ("chợ", "", "-chợ"):
        with pytest.raises(InvalidArgumentError):
            news.search(query, **options)


@pytest.mark.parametrize("query", [None, 5, b"x", ["x"]], ids=repr)
def test_a_query_is_text(news: AnyIndex, query: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        news.search(query)
    with pytest.raises(InvalidArgumentError):
        news.hit("cho-noi.txt", query)


@pytest.mark.parametrize("name", ["source", "title_pairs", "id", "", 5])
def test_fields_that_cannot_be_searched(news: AnyIndex, name: Any) -> None:
    with pytest.raises(UnknownFieldError, match="title"):
        news.search("chợ", fields={name: 1.0})


def test_time_that_is_up_gives_what_was_found(news: AnyIndex) -> None:
    for query in ("chợ nổi người bà con", '"dân chủ"~2 họp', "quy ch*", "-đê", "title:(họp OR đê)"):
        results = news.search(query, timeout_s=1e-9, limit=99)
        assert not results.complete
        assert "time" in results.summary
        assert set(ids(results)) <= set(ids(news.search(query, limit=99)))
        assert news.search(query, timeout_s=60).complete
        assert news.search(query, timeout_s=1e300).complete
    assert news.hit("cho-noi.txt", "chợ", timeout_s=1e-9) is None
    assert news.hit("cho-noi.txt", "chợ", timeout_s=60) is not None


# -- an empty index


def test_an_empty_index(new_index: NewIndex) -> None:
    index = new_index(filterable=("tags",))
    results = index.search(
        "quận ủy", filters={"tags": "x"}, facets=("source", "tags"), date_from="2020-01-01", offset=3
    )
    assert (list(results), results.total, results.suggestion) == ([], 0, None)
    assert results.facets == {"source": [], "tags": []}
    assert index.search("quan uy", match="all", timeout_s=5, sort="date").total == 0
    assert index.search("-x").total == 0
    assert index.suggest("quậ") == index.suggest("quận ") == index.abbreviations() == []
    assert index.more_like_this("x").total == 0
    assert index.get("x") is index.hit("x", "x") is None
    assert "x" not in index
    assert (len(index), list(index), index.delete(["x"])) == (0, [], 0)
    assert index.check()
    assert index.stats().reports == index.stats().syllables == index.stats().word_terms == 0
    assert not index.refresh()


def test_reports_without_a_word(new_index: NewIndex) -> None:
    index = new_index()
    texts = ["", "?!… —", "\u200b\n", "\ud800"]
    index.add(Report(f"{at}", text, text, "2020-01-01", source="s") for at, text in enumerate(texts))
    assert index.search("chợ", facets=("source",), sort="-date").total == 0
    assert index.search("-chợ", facets=("source",)).facets == {"source": [("s", len(texts))]}
    assert index.suggest("ch") == []
    assert index.more_like_this("0").total == 0
    assert len(index) == len(texts)
    assert index.check()
    index.add([Report("c", "Chợ nổi")])
    assert ids(index.search("cho noi")) == ["c"]


# -- closing

USES: tuple[Callable[[AnyIndex], object], ...] = (
    lambda index: index.search("chợ"),
    lambda index: index.suggest("ch"),
    lambda index: index.abbreviations(),
    lambda index: index.hit("a", "chợ"),
    lambda index: index.more_like_this("a"),
    lambda index: index.get("a"),
    lambda index: "a" in index,
    len,
    list,
    lambda index: index.add([Report("b")]),
    lambda index: index.delete(["a"]),
    lambda index: index.check(),
    lambda index: index.stats(),
    lambda index: index.refresh(),
    lambda index: index.commit_id,
    lambda index: index.filterable,
)


def test_what_is_closed_is_not_used(new_index: NewIndex) -> None:
    with new_index() as index:
        index.add([Report("a", "Chợ nổi", "Chợ họp sớm.")])
        held = index.search("cho noi")
    index.close()
    for use in USES:
        with pytest.raises(IndexClosedError, match="closed"):
            use(index)
    # Hits that are still held keep working.
    (hit,) = held
    assert hit.report == Report("a", "Chợ nổi", "Chợ họp sớm.")
    assert hit.snippet.html() == "<mark>Chợ</mark> họp sớm."
    assert hit.title_html() == "<mark>Chợ nổi</mark>"
    assert issubclass(IndexClosedError, VnSearchError)


def test_with_closes_also_after_an_exception(new_index: NewIndex) -> None:
    index = new_index()
    with pytest.raises(RuntimeError, match="stop"), index:
        raise RuntimeError("stop")
    with pytest.raises(IndexClosedError):
        index.search("chợ")


# -- limits


def found(index: AnyIndex, query: str) -> set[str]:
    return set(ids(index.search(query)))


@pytest.mark.parametrize(
    ("limits", "query", "same_as"),
    [
        ({"query_chars": 6}, "lũ họp đê", "lũ họp"),
        ({"query_syllables": 2}, "lũ tàu đê", "lũ tàu"),
        ({"query_signs": 1}, "-đê -dân", "-đê dân"),
        ({"query_depth": 1}, "+(đê (lũ OR tàu))", "+(đê lũ OR tàu)"),
        ({"query_phrases": 1}, '+"giữ đê" +"đê họp"', '+"giữ đê" +(đê họp)'),
        ({"phrase_slop": 3}, '"dân động"~9', '"dân động"~3'),
        ({"sloppy_syllables": 2}, '+"bà họp"~3 +"đê đêm"~3', '+"bà họp"~3 +"đê đêm"'),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_query_past_the_limits_is_cut(
    bounded: Callable[..., AnyIndex], limits: dict[str, int], query: str, same_as: str
) -> None:
    ours, theirs = bounded(Limits(**limits)), bounded()
    assert found(ours, query) == found(theirs, same_as)
    assert found(theirs, query) != found(theirs, same_as)


def test_a_prefix_stands_for_the_commonest(bounded: Callable[..., AnyIndex]) -> None:
    assert len(found(bounded(Limits(prefix_spellings=1)), "ch*")) < len(found(bounded(), "ch*"))


def test_hits_past_the_window_are_counted_not_given(bounded: Callable[..., AnyIndex]) -> None:
    whole = bounded().search("-zzz", sort="date", facets=("source",))
    assert len(whole) == len(LANGUAGE)
    index = bounded(Limits(result_window=3))
    for offset, limit in ((0, 10), (2, 2), (3, 1), (10**30, 1), (0, 10**30)):
        page = index.search("-zzz", limit=limit, offset=offset, sort="date", facets=("source",))
        assert ids(page) == ids(whole)[:3][offset : offset + limit]
        assert (page.total, page.facets) == (whole.total, whole.facets)
    assert len(index.suggest("ch")) == 3
    assert len(index.more_like_this("che")) == 3 <= index.more_like_this("che").total


def test_reports_past_the_limits_are_bad(new_index: NewIndex) -> None:
    index = new_index(filterable=("tags",), limits=Limits(report_chars=50, report_labels=3))
    long, many = Report("1", "Họp", "đ" * 47), Report("1", extra={"tags": list("abcd")})
    for bad, name in ((long, "report_chars"), (many, "report_labels")):
        with pytest.raises(InvalidReportError, match=rf"report number 1: .*{name}"):
            index.add([Report("0", "Họp"), bad])
    stats = index.add([long, {"id": "2"}, many, Report("3", extra={"tags": list("abc")})], on_error="skip")
    assert (stats.added, stats.skipped) == (2, 2)
    assert [(skipped.position, skipped.id) for skipped in stats.errors] == [(0, "1"), (2, "1")]
    assert "1" not in index


def test_filterable_keys_past_the_limit(new_index: NewIndex) -> None:
    with pytest.raises(InvalidArgumentError, match="filterable_keys"):
        new_index(filterable=("a", "b"), limits=Limits(filterable_keys=1))


@pytest.mark.parametrize("key", ["title", "source", "id", "date", "", 5, None], ids=repr)
def test_keys_that_cannot_be_filterable(new_index: NewIndex, key: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        new_index(filterable=(key,))


@pytest.mark.parametrize("keys", ["district", 5, None], ids=repr)
def test_filterable_is_a_sequence(new_index: NewIndex, keys: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        new_index(filterable=keys)
