"""Filters, facets, days, sorting and pages: against counting by hand."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from contract_reports import DAYS, HANOI, NEWS

from vnsearch import AnyIndex, InvalidArgumentError, Report, SearchResults, UnknownFieldError, analyze
from vnsearch.index.schema import labels

NewIndex = Callable[..., AnyIndex]

#: Finds nearly all.
BROAD = "báo xã phường người bà con nhà đường ông nghệ ngày giá tổ đội cho được với hoàng"
WORDS = ("ảnh", "đường", "người", "phường", BROAD)


def ids(results: SearchResults) -> list[str]:
    return [hit.id for hit in results]


def holding(query: str) -> list[Report]:
    """The reports that have one of the syllables."""
    asked = set(query.split())
    return [report for report in NEWS if asked & {token.text for token in analyze(f"{report.title}. {report.body}")}]


def labels_of(report: Report, key: str) -> list[str]:
    return labels(getattr(report, key) if key in ("source", "author", "category") else report.extra.get(key))


KEYS = ("source", "category", "author", "district", "page", "quận/huyện")


@pytest.mark.parametrize("query", WORDS)
def test_facets_are_exact_counts_over_all_matching_reports(news: AnyIndex, query: str) -> None:
    reports = holding(query)
    assert reports
    for limit in (0, 1, 999):
        results = news.search(query, limit=limit, facets=KEYS)
        assert results.total == len(reports)
        for key in KEYS:
            expected = Counter(label for report in reports for label in set(labels_of(report, key)))
            assert results.facets[key] == sorted(expected.items(), key=lambda item: (-item[1], item[0])), key
    assert news.search(query).facets == {}


def test_facets_count_what_filters_days_signs_and_all_leave(news: AnyIndex) -> None:
    for query, options in (
        (BROAD, {"filters": {"source": ["Báo Sông Lam", "Tin Du lịch"]}}),
        (BROAD, {"date_from": "2020-06-15", "date_to": "2021-08-03"}),
        ("bà con", {"match": "all"}),
        ("-đường", {"sort": "date"}),
        ("đường OR phường", {}),
    ):
        whole = news.search(query, limit=999, **options)
        assert len(whole) == whole.total > 1
        facets = news.search(query, limit=1, facets=iter(KEYS), **options).facets
        for key in KEYS:
            assert dict(facets[key]) == Counter(label for hit in whole for label in set(labels_of(hit.report, key)))


def test_facets_of_more_values_than_any_page(new_index: NewIndex) -> None:
    """All values are given, the rare ones too, and none is a guess."""
    index = new_index(filterable=("tag",))
    index.add(Report(str(n), "Chợ nổi", extra={"tag": [f"t{n}", f"chung {n % 7}"]}) for n in range(700))
    counts = index.search("chợ", limit=0, facets=("tag",)).facets["tag"]
    assert counts[:7] == [(f"chung {n}", 100) for n in range(7)]
    assert counts[7:] == sorted((f"t{n}", 1) for n in range(700))


@pytest.mark.parametrize("query", WORDS)
@pytest.mark.parametrize(
    "filters",
    [
        {"source": "Báo Sông Lam"},
        {"source": ["Báo Sông Lam", "Tin Y tế", "không có"]},
        {"district": "Phước Tân"},
        {"district": ["Tây Hồng", "Đông Hải"]},
        {"source": ("Cổng xã Phước Tân",), "district": {"Phước Tân"}},
        {"page": 1},
        {"page": [1, "2", 3.5]},
        {"author": "Hà An", "category": ["Pháp luật", "Nông thôn"], "page": [3, 4]},
        {"source": []},
        {"source": None},
        {"source": "báo sông lam"},
        {"source": "Báo"},
        {"quận/huyện": "Đông Hải"},
        {},
    ],
    ids=str,
)
def test_filters_any_of_the_values_all_of_the_keys(news: AnyIndex, query: str, filters: dict[str, Any]) -> None:
    expected = {
        report.id
        for report in holding(query)
        if all(
            set(labels_of(report, key)) & set(labels(list(values) if isinstance(values, set | tuple) else values))
            for key, values in filters.items()
        )
    }
    found = news.search(query, limit=999, filters=filters)
    assert set(ids(found)) == expected
    assert found.total == len(expected) == news.search(query, limit=0, filters=filters).total
    every = {hit.id: hit.score for hit in news.search(query, limit=999)}
    assert {hit.id: hit.score for hit in found} == pytest.approx({name: every[name] for name in expected})


def test_labels_of_all_json_values(new_index: NewIndex) -> None:
    index = new_index(filterable=("page", "tags", "urgent", "ratio", "a b/c"))
    assert set(index.filterable) == {"page", "tags", "urgent", "ratio", "a b/c"}
    long = "nhãn dài " * 100
    index.add(
        [
            Report("1", "Chợ nổi", extra={"page": 3, "tags": ["sông", "chợ"], "urgent": True, "ratio": 0.5}),
            Report("2", "Chợ phiên", extra={"page": 12, "tags": "chợ", "urgent": False, "a b/c": long}),
            Report("3", "Chợ đêm", extra={"page": "3", "tags": [], "other": "chợ", "urgent": None, "a b/c": "a\0b"}),
            Report("4", "Chợ quê", source="Đài Hà\u0323", category=" ", author="a|b, c"),
        ]
    )

    def found(**filters: Any) -> set[str]:
        return set(ids(index.search("chợ", filters=filters)))

    assert found(page=3) == {"1", "3"}
    assert found(page=[3, 12]) == {"1", "2", "3"}
    assert found(tags="chợ") == {"1", "2"}
    assert found(tags=["sông"]) == {"1"}
    assert found(urgent=True) == {"1"}
    assert found(urgent=False) == {"2"}
    assert found(ratio=0.5) == {"1"}
    assert found(source="Đài Hà\u0323") == found(category=" ") == found(author="a|b, c") == {"4"}
    assert found(**{"a b/c": long}) == {"2"}
    assert found(**{"a b/c": "a\0b"}) == {"3"}
    facets = index.search("chợ", facets=("tags", "page", "urgent", "ratio", "a b/c", "author")).facets
    assert facets == {
        "tags": [("chợ", 2), ("sông", 1)],
        "page": [("3", 2), ("12", 1)],
        "urgent": [("false", 1), ("true", 1)],
        "ratio": [("0.5", 1)],
        "a b/c": [("a\0b", 1), (long, 1)],
        "author": [("a|b, c", 1)],
    }


@pytest.mark.parametrize("name", ["order", "title", "body", "id", "date", "url", "report", "Source", ""])
def test_what_is_not_filterable(news: AnyIndex, name: str) -> None:
    with pytest.raises(UnknownFieldError, match="source"):
        news.search("chợ", filters={name: "x"})
    with pytest.raises(UnknownFieldError, match="source"):
        news.search("chợ", facets=(name,))


@pytest.mark.parametrize("value", [b"x", object(), [b"x"], {1: object()}], ids=repr)
def test_values_that_are_no_labels(news: AnyIndex, value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="source"):
        news.search("chợ", filters={"source": value})


# -- days


@pytest.mark.parametrize(
    ("date_from", "date_to", "expected"),
    [
        (None, None, {"first", "2019", "2020", "late", "early", "last", "none"}),
        ("2020-01-01", "2020-01-01", {"2020", "late"}),
        (dt.date(2020, 1, 2), dt.date(2020, 1, 2), {"early"}),
        ("2019-12-31", "2020-01-01", {"2019", "2020", "late"}),
        ("2020-01-02", None, {"early", "last"}),
        (None, "2019-12-31", {"first", "2019"}),
        (dt.date.min, dt.date.min, {"first"}),
        (None, dt.date.min, {"first"}),
        (dt.date.max, None, {"last"}),
        (dt.date.min, dt.date.max, {"first", "2019", "2020", "late", "early", "last"}),
        ("2020-01-02", "2020-01-01", set()),
        (dt.datetime(2020, 1, 1, 23, 0), "2020-01-01T00:00", {"2020", "late"}),
        (dt.datetime(2020, 1, 1, 23, 0, tzinfo=HANOI), "2020-01-01T00:01+14:00", {"2020", "late"}),
    ],
)
def test_both_ends_are_included_and_the_undated_left_out(
    dated: AnyIndex, date_from: Any, date_to: Any, expected: set[str]
) -> None:
    for sort in ("relevance", "date", "-date"):
        results = dated.search("cho noi", date_from=date_from, date_to=date_to, sort=sort)  # type: ignore[arg-type]
        assert set(ids(results)) == expected
        assert results.total == len(expected) == len(results)


def test_sorting_puts_the_undated_last(dated: AnyIndex, news: AnyIndex) -> None:
    forward = ids(dated.search("chợ", sort="date"))
    assert forward[:2] == ["first", "2019"]
    assert set(forward[2:4]) == {"2020", "late"}
    assert forward[4:] == ["early", "last", "none"]
    back = ids(dated.search("chợ", sort="-date"))
    assert back[:2] == ["last", "early"]
    assert set(back[2:4]) == {"2020", "late"}
    assert back[4:] == ["2019", "first", "none"]
    for query in (BROAD + " lịch", "-quận", "thông báo"):
        for sort in ("date", "-date"):
            days = [hit.report.day for hit in news.search(query, limit=99, sort=sort)]  # type: ignore[arg-type]
            told = [day for day in days if day is not None]
            assert days == sorted(told, reverse=sort == "-date") + [None] * (len(days) - len(told))
            assert None in days


@pytest.mark.parametrize("value", ["nay", "", 5, True, "2020-13-01", "9999-12-31T24:00", b"2020-01-01"], ids=repr)
def test_dates_that_are_none(dated: AnyIndex, value: Any) -> None:
    for name in ("date_from", "date_to"):
        with pytest.raises(InvalidArgumentError, match=name):
            dated.search("chợ", **{name: value})


# -- pages


@pytest.fixture(scope="module")
def equals(backend: Any) -> AnyIndex:
    """Reports with equal scores, and nearly equal ones, from several commits."""
    batches = [
        [Report(f"{part}/{n}", "Chợ nổi", "đò dọc " * (n % 3), dt.date(2024, 1, 1 + n % 4)) for n in range(25)]
        for part in range(3)
    ]
    found: AnyIndex = backend.filled(batches, deleted=["0/1", "1/2", "2/3"])
    return found


@pytest.mark.parametrize("sort", ["relevance", "date", "-date"])
@pytest.mark.parametrize("size", [1, 7, 30])
def test_pages_give_each_report_once_in_one_order(equals: AnyIndex, size: int, sort: Any) -> None:
    for query in ("chợ nổi", "đò -phiên", "cho doc"):
        whole = equals.search(query, limit=999, sort=sort)
        assert len(whole) == whole.total > 40
        assert len(set(ids(whole))) == len(whole)
        if sort == "relevance":
            assert [hit.score for hit in whole] == sorted((hit.score for hit in whole), reverse=True)
        found: list[str] = []
        for offset in range(0, whole.total + size, size):
            page = equals.search(query, limit=size, offset=offset, sort=sort)
            assert page.total == whole.total
            assert len(page) == max(0, min(size, whole.total - offset))
            found += ids(page)
        assert found == ids(whole)


def test_pages_of_many_sources_of_hits(news: AnyIndex) -> None:
    whole = ids(news.search(BROAD, limit=99))
    assert len(whole) > 15
    for size in (2, 5):
        pages = [news.search(BROAD, limit=size, offset=at) for at in range(0, len(whole), size)]
        assert [hit.id for page in pages for hit in page] == whole


def test_ends_of_pages(equals: AnyIndex) -> None:
    nothing = equals.search("chợ", limit=0)
    assert (len(nothing), list(nothing), nothing.total) == (0, [], 72)
    assert ids(equals.search("chợ", offset=10**30, limit=10**30)) == []
    assert ids(equals.search("chợ", offset=72)) == []
    assert len(equals.search("chợ", offset=70)) == 2
    assert len(equals.search("chợ", limit=10**30)) == 72


def test_results_are_a_sequence(equals: AnyIndex) -> None:
    results = equals.search("đò")
    assert results[0] is next(iter(results))
    assert results[-1].id == ids(results)[-1]
    assert [hit.id for hit in results[:2]] == ids(results)[:2]
    assert results.took_ms >= 0
    assert results.complete


def test_all_days_are_there(dated: AnyIndex) -> None:
    assert {report.id: report.date for report in dated} == dict(DAYS)
