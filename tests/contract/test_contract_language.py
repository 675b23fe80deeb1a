"""Every sign of the query language, against what it must find in a few reports."""

from __future__ import annotations

from typing import Any

import pytest
from contract_reports import LANGUAGE

from vnsearch import AnyIndex, SearchResults, fold

EVERY = {report.id for report in LANGUAGE}


def found(index: AnyIndex, query: str, **options: Any) -> set[str]:
    results = index.search(query, **options)
    assert results.total == len(results)
    assert results.complete
    return {hit.id for hit in results}


def scores(results: SearchResults) -> dict[str, float]:
    return {hit.id: hit.score for hit in results}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # must, not, OR, AND, NOT
        ("đê +họp", {"che", "lu"}),
        ("+đê +họp", {"lu"}),
        ("đê -họp", {"chu", "chuan"}),
        ("+(giữ đê) -lũ", {"chu"}),
        ("đê NOT họp", {"chu", "chuan"}),
        ("đê AND họp", {"lu"}),
        ("quy chuẩn OR ông Dương", {"chuan", "duong"}),
        ("(lũ OR tàu) -đê", {"quy"}),
        ("+(lũ OR tàu) +(đê OR chuẩn)", {"lu"}),
        ("lũ OR tàu AND đê", {"lu"}),
        ("tàu OR lũ AND đê", {"quy", "lu"}),
        ("họp -(đê -lũ)", {"che", "lu"}),
        # without marks too
        ("de +hop", {"che", "lu"}),
        ("+(giu de) -lu", {"chu"}),
        # nothing but "not"
        ("-đê", EVERY - {"chu", "chuan", "lu"}),
        ("-đê -dân", {"quy", "duong"}),
        ("-(đê OR dân)", {"quy", "duong"}),
        ('-"quy chế"', EVERY - {"che"}),
        ("-zzz", EVERY),
        # phrases: typed marks are kept, missing ones may be any
        ('"dân chủ"', {"che"}),
        ('"dan chu"', {"che", "dan"}),
        ('"đàn chu"', {"dan"}),
        ('"DÂN  CHỦ"', {"che"}),
        ('"dân chu\u0309"', {"che"}),
        ("“dân chủ” +họp", {"che", "lu"}),
        ("«dân chủ»", {"che"}),
        ('"chủ dân"', set()),
        ('"cơ sở thôn"', set()),  # from the title into the body
        ('"dân" -"dân chài"', {"che", "chu"}),
        ('"Dương"', {"duong"}),
        ('"đường"', {"duong"}),
        ('"khong co"', set()),
        ('"dân chủ" OR "quy chuẩn mới"', {"che", "chuan"}),
        ('+"quy chế dân chủ ở cơ sở" -lũ', {"che"}),
        # slop
        ('"dân chủ"~1', {"che", "chu"}),
        ('"dan chu"~1', {"che", "chu", "dan"}),
        ('"dân động"~3', set()),
        ('"dân động"~4', {"chu"}),
        ('"dân động"~999', {"chu"}),
        ('"bà đê vỡ"~8', {"lu"}),
        ('"đê bà"~8', set()),
        # fields
        ("title:dân", {"che", "chu"}),
        ("body:dân", {"che", "chu", "dan"}),
        ('title:"dân chủ"', {"che"}),
        ('title:"dan chu"', {"che", "dan"}),
        ('title:"làm chủ" OR body:"làm chủ"', {"chu"}),
        ("title:(dân -chế)", {"chu"}),
        ("title:quy body:kè", {"che", "chuan", "quy"}),
        ("+title:quy +body:kè", {"chuan"}),
        ("-title:dân +dân", {"dan"}),
        ("title:ch*", {"che", "chu", "dan", "chuan", "quy"}),
        ("body:chu*", {"che", "chu", "chuan", "dan", "lu"}),
        # labels: as typed, then in any case, then without marks
        ('source:"Báo A"', {"che", "dan"}),
        ('source:"Báo B"', {"chu"}),
        ('source:"BÁO B"', {"chu", "quy"}),
        ("source:(bao a OR dai c)", {"che", "dan", "lu", "duong"}),
        ('source:"Báo A" source:"Đài C"', {"che", "dan", "lu", "duong"}),
        ('-source:"Báo A" -source:(bao b)', {"chuan", "lu", "duong"}),
        ('source:"không có"', set()),
        ("author:an dân", {"che", "dan"}),
        ("category:x", set()),
        ("xã:hạ", {"lu", "duong"}),
        ("xã:ha đê", {"lu"}),
        # dates: both ends included
        ("date:2023", {"che", "chu", "chuan", "duong"}),
        ("date:2023-05", {"duong"}),
        ("date:2023-01-01..2023-06-30", {"che", "chu", "duong"}),
        ("date:2023-01..2023-06", {"che", "chu", "duong"}),
        ("date:..2022-12-31", {"dan"}),
        ("date:..2022", {"dan"}),
        ("date:2023-12-31..", {"chuan", "quy"}),
        ("date:29/2/2024", {"quy"}),
        ("đê date:2023", {"chu", "chuan"}),
        ("-date:2023", {"dan", "quy", "lu"}),
        # prefixes
        ("chuẩ*", {"chuan"}),
        ("chua*", {"chuan", "lu"}),
        ("chư*", {"dan", "lu"}),
        ("quy ch*", {"che", "chuan"}),
        ("quy chu*", {"chuan"}),
        ("qui ch*", {"che", "chuan"}),
        ("quý ch*", set()),
        ("+ch* +kè", {"chuan"}),
        ("zzz*", set()),
        # what asks for nothing is passed over
        ("+… +họp", {"che", "lu"}),
        ("", set()),
        ("-", set()),
    ],
)
def test_what_is_found(language: AnyIndex, query: str, expected: set[str]) -> None:
    assert found(language, query) == expected


@pytest.mark.parametrize(
    ("query", "plain"),
    [("(họp) đê", "họp đê"), ("họp: đê - lũ", "họp đê lũ"), ('15" đê', "15 đê"), ("họp OR", "họp or"), ("(((đê", "đê")],
)
def test_what_does_not_parse_is_plain_words(language: AnyIndex, query: str, plain: str) -> None:
    ours, theirs = language.search(query), language.search(plain)
    assert ours
    assert scores(ours) == pytest.approx(scores(theirs))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('"giữ đê" lũ', {"lu"}),
        ("họp (tàu OR lũ)", {"lu"}),
        ("họp đê -tàu", {"lu"}),
        ("họp tàu OR lũ đê", {"lu"}),
        ("giữ ch*", set()),
        ("đê suốt đ*", {"lu"}),
        ("title:quy body:kè", {"chuan"}),
    ],
)
def test_match_all_asks_for_all_that_is_side_by_side(language: AnyIndex, query: str, expected: set[str]) -> None:
    assert found(language, query, match="all") == expected


def test_a_quoted_headline_loses_nothing(language: AnyIndex) -> None:
    plain = language.search("Thôn họp: quy chế dân chủ góp ý")
    quoted = language.search("Thôn họp: “quy chế dân chủ” góp ý")
    assert set(scores(quoted)) == set(scores(plain))
    assert quoted.total == plain.total > 1
    assert quoted[0].id == plain[0].id == "che"
    assert quoted[0].score > plain[0].score


def test_filters_never_change_a_score(language: AnyIndex) -> None:
    every = scores(language.search("họp dân đê"))
    filtered = language.search('họp dân đê source:"Báo A" date:2022..2023 -lũ')
    assert set(scores(filtered)) == {"che", "dan"}
    assert scores(filtered) == pytest.approx({identity: every[identity] for identity in ("che", "dan")}, rel=1e-4)


def test_reports_found_by_a_filter_alone_come_last(language: AnyIndex) -> None:
    results = language.search('lũ OR source:"Báo A"')
    assert results[0].id == "lu"
    assert {hit.id for hit in results[1:]} == {"che", "dan"}
    assert results[0].score > results[1].score > 0


def test_a_field_in_the_query_finds_like_the_field_alone(language: AnyIndex) -> None:
    alone = language.search("quy chế dân chủ", fields={"title": 2.0})
    inside = language.search("title:(quy chế dân chủ)")
    assert scores(inside) == pytest.approx(scores(alone), rel=1e-3)
    assert found(language, "body:kè", fields={"title": 1.0}) == {"chuan"}


def test_more_of_what_is_wanted_comes_first(language: AnyIndex) -> None:
    assert language.search('dân "đàn chữ"')[0].id == "dan"
    assert language.search("đê họp +giữ")[0].id == "lu"
    assert language.search("quy chu*")[0].id == "chuan"
    # As many words, in one report as a phrase.
    assert language.search('"dân chủ" OR (dân +chủ)')[0].id == "che"


def marks(results: SearchResults, identity: str) -> list[str]:
    hit = next(hit for hit in results if hit.id == identity)
    body = [hit.report.body[start:end] for start, end in hit.marks("body")]
    assert body == [hit.report.body[start:end] for start, end in hit.snippet.marks]  # short bodies are shown whole
    return [hit.report.title[start:end] for start, end in hit.marks("title")] + body


@pytest.mark.parametrize(
    ("query", "identity", "expected"),
    [
        ('"dan chu"', "dan", ["Đàn chữ", "đàn chữ"]),  # not the "chủ" and the "dân" behind it
        ('"dân chủ"', "che", ["dân chủ", "dân chủ"]),
        ('"dân chủ"~2', "chu", ["Dân làm chủ"]),
        ('"bà đê"~5', "lu", ["Bà con họp, giữ đê"]),
        ("quy ch*", "che", ["Quy chế", "quy chế"]),
        ("chuẩ*", "chuan", ["chuẩn", "chuẩn"]),
        ("body:dân", "che", ["dân"]),
        ("+họp -tàu", "che", ["họp"]),
        ('họp "quy chế"', "che", ["Quy chế", "họp", "quy chế"]),
        ("-đê", "che", []),
        ('source:"Báo A"', "che", []),
    ],
)
def test_marks(language: AnyIndex, query: str, identity: str, expected: list[str]) -> None:
    assert marks(language.search(query), identity) == expected


@pytest.mark.parametrize(
    "query",
    [
        '+họp "quy chế"',
        'họp "quy che" đê',
        "quy ch*",
        "họp đê ch*",
        'title:"dân chủ" OR body:đê',
        "-đê",
        "đê OR date:2022",
        'tàu "và"',
        '"dân chủ"~3',
        "de hop",
    ],
)
def test_explanations_add_up(language: AnyIndex, query: str) -> None:
    results = language.search(query)
    assert results
    for hit in results:
        explained = hit.explain()
        assert sum(part.score for part in explained.contributions) == pytest.approx(hit.score, rel=1e-3)


def test_an_explanation_for_people(language: AnyIndex) -> None:
    hits = {hit.id: hit for hit in language.search('họp "dan chu" -tàu source:"Báo A"')}
    lines = str(hits["che"].explain()).splitlines()
    assert [line.strip() for line in lines[1:5]] == [
        "wanted: words: họp",
        "wanted: phrase: dan chu",
        "left out: words: tàu",
        "only: source: Báo A",
    ]
    (phrase,) = [line for line in lines if "phrase 'dân chủ'" in line]
    assert "typed 'dan chu'" in phrase
    assert "1 x in title, 1 x in body" in phrase
    (prefix,) = [line for line in str(language.search("quy chu*")[0].explain()).splitlines() if "prefix 'quy" in line]
    assert "'quy chuẩn' (prefix: typed 'quy chu…'): 1 x in title, 1 x in body" in prefix
    assert "filter 'every report'" in str(language.search("-tàu")[0].explain())


@pytest.mark.parametrize(
    ("query", "suggestion"),
    [
        ('+hop "dan chu"~2 -tau source:"bao a"', '+họp "dân chủ"~2 -tàu source:"bao a"'),
        ("title:(lu OR tau) quy ch*", "title:(lũ OR tàu) quy ch*"),
        ('+họp -"giữ đê"', None),
    ],
)
def test_marks_are_restored_in_words_alone(language: AnyIndex, query: str, suggestion: str | None) -> None:
    assert language.search(query).suggestion == suggestion


def test_a_query_finds_the_same_without_its_marks_where_these_are_certain(language: AnyIndex) -> None:
    for query in ('+họp -lũ "dân chủ"', "title:(quy chuẩn) OR body:tàu", '"suốt đêm"~1'):
        assert found(language, fold(query)) >= found(language, query)


def test_signs_work_with_filters_sort_and_pages(language: AnyIndex) -> None:
    query = '-"quy chế" date:2022..2024'
    every = language.search(query, sort="-date", facets=("source",))
    assert [hit.id for hit in every] == ["quy", "chuan", "chu", "duong", "dan"]
    assert every.facets["source"] == [("Báo A", 1), ("Báo B", 1), ("Báo C", 1), ("báo b", 1), ("Đài C", 1)]
    paged = [language.search(query, limit=2, offset=offset, sort="-date") for offset in (0, 2, 4, 6)]
    assert [hit.id for page in paged for hit in page] == [hit.id for hit in every]
    assert {page.total for page in paged} == {5}
    assert found(language, query, filters={"source": "Báo A"}) == {"dan"}
