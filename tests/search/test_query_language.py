"""What queries with signs find: by the public API, in an index of several segments with deleted reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from vnsearch import Index, Report, SearchResults, fold

REPORTS = [
    Report(
        "che", "Quy chế dân chủ ở cơ sở", "Thôn họp bàn quy chế dân chủ. Ai cũng góp ý.", "2023-01-01", "Báo A", "An"
    ),
    Report("chu", "Dân làm chủ", "Người dân vừa làm vừa chủ động giữ đê.", "2023-06-30", "Báo B", "Bình"),
    Report("dan", "Đàn chữ trên giấy", "Họa sĩ vẽ một đàn chữ. Chủ nhà là dân chài.", "2022-12-31", "Báo A", "An"),
    Report("chuan", "Quy chuẩn đê điều", "Quy chuẩn mới về đê, kè và cống.", "2023-12-31", "Báo C", None),
    Report("quy", "Quý khách chờ tàu", "Nhà ga xin lỗi quý khách.", "2024-02-29", "báo b", None),
    Report("lu", "Nước lũ lên nhanh", "Bà con họp, giữ đê suốt đêm. Đê chưa vỡ.", None, "Đài C", None),
    Report("duong", "Ông Dương làm đường", "Ông Dương hiến đất.", "2023-05-17", "Đài C", "Bình"),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with Index.create(tmp_path_factory.mktemp("language"), filterable=("xã",)) as made:
        made.add([Report("chu", "bản cũ", "quy chế dân chủ, bản cũ"), *REPORTS[:1]])
        for report in REPORTS[1:]:
            made.add([report, Report("bỏ", report.title, report.body, report.date, report.source)])
        made.delete(["bỏ"])
        yield made


def found(index: Index, query: str, **options: Any) -> set[str]:
    results = index.search(query, **options)
    assert results.total == len(results)
    return {hit.id for hit in results}


EVERY = {report.id for report in REPORTS}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # must, not, OR
        ("đê +họp", {"che", "lu"}),
        ("+đê +họp", {"lu"}),
        ("đê -họp", {"chu", "chuan"}),
        ("+(giữ đê) -lũ", {"chu"}),
        ("đê NOT họp", {"chu", "chuan"}),
        ("đê AND họp", {"lu"}),
        ("quy chuẩn OR ông Dương", {"chuan", "duong"}),
        ("(lũ OR tàu) -đê", {"quy"}),
        ("+(lũ OR tàu) +(đê OR chuẩn)", {"lu"}),
        # OR divides the whole, AND its neighbours
        ("lũ OR tàu AND đê", {"lu"}),
        ("tàu OR lũ AND đê", {"quy", "lu"}),
        # nothing but "not"
        ("-đê", EVERY - {"chu", "chuan", "lu"}),
        ("-đê -dân", {"quy", "duong"}),
        ("-(đê OR dân)", {"quy", "duong"}),
        ('-"quy chế"', EVERY - {"che"}),
        # phrases: typed marks are kept, missing ones may be any
        ('"dân chủ"', {"che"}),
        ('"dan chu"', {"che", "dan"}),
        ('"đàn chu"', {"dan"}),
        ('"DÂN  CHỦ"', {"che"}),
        ("“dân chủ” +họp", {"che", "lu"}),
        ('"chủ dân"', set()),
        ('"dân" -"dân chài"', {"che", "chu"}),
        ('"Dương"', {"duong"}),
        ('"đường"', {"duong"}),
        ('"khong co"', set()),
        ('"dân chủ" OR "quy chuẩn mới"', {"che", "chuan"}),
        # slop
        ('"dân chủ"~1', {"che", "chu"}),
        ('"dân động"~3', set()),
        ('"dân động"~4', {"chu"}),
        ('"dân động"~999', {"chu"}),
        ('"bà đê vỡ"~8', {"lu"}),
        # fields
        ("title:dân", {"che", "chu"}),
        ("body:dân", {"che", "chu", "dan"}),
        ('title:"dân chủ"', {"che"}),
        ('title:"làm chủ" OR body:"làm chủ"', {"chu"}),
        ("title:(dân -chế)", {"chu"}),
        ("title:quy body:kè", {"che", "chuan", "quy"}),
        ("+title:quy +body:kè", {"chuan"}),
        ("-title:dân +dân", {"dan"}),
        ("title:ch*", {"che", "chu", "dan", "chuan", "quy"}),
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
        # dates: both ends included
        ("date:2023", {"che", "chu", "chuan", "duong"}),
        ("date:2023-01-01..2023-06-30", {"che", "chu", "duong"}),
        ("date:2023-01..2023-06", {"che", "chu", "duong"}),
        ("date:..2022-12-31", {"dan"}),
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
        # words that ask for nothing are passed over
        ("+… +họp", {"che", "lu"}),
        ("", set()),
        ("-", set()),
    ],
)
def test_what_is_found(index: Index, query: str, expected: set[str]) -> None:
    assert found(index, query) == expected


@pytest.mark.parametrize(
    ("query", "plain"),
    [("(họp) đê", "họp đê"), ("họp: đê - lũ", "họp đê lũ"), ('15" đê', "15 đê"), ("họp OR", "họp or"), ("(((đê", "đê")],
)
def test_what_does_not_parse_is_plain_words(index: Index, query: str, plain: str) -> None:
    ours, theirs = index.search(query), index.search(plain)
    assert [(hit.id, hit.score) for hit in ours] == [(hit.id, hit.score) for hit in theirs]
    assert str(ours[0].explain()) == str(theirs[0].explain())


def test_match_all_asks_for_all_that_is_side_by_side(index: Index) -> None:
    assert found(index, '"giữ đê" lũ', match="all") == {"lu"}
    assert found(index, "họp (tàu OR lũ)", match="all") == {"lu"}
    assert found(index, "họp đê -tàu", match="all") == {"lu"}
    assert found(index, "họp tàu OR lũ đê", match="all") == {"lu"}
    assert found(index, "giữ ch*", match="all") == set()
    assert found(index, "đê suốt đ*", match="all") == {"lu"}


def test_a_quoted_headline_loses_nothing(index: Index) -> None:
    plain = index.search("Thôn họp: quy chế dân chủ góp ý")
    quoted = index.search("Thôn họp: “quy chế dân chủ” góp ý")
    assert [hit.id for hit in quoted] == [hit.id for hit in plain]
    assert quoted.total == plain.total > 1
    more = [hit.score - other.score for hit, other in zip(quoted, plain, strict=True)]
    assert quoted[0].id == "che"
    assert more[0] > 0.1
    assert more[1:] == pytest.approx([0] * len(more[1:]), abs=1e-5)


def test_filters_never_change_a_score(index: Index) -> None:
    scores = {hit.id: hit.score for hit in index.search("họp dân đê")}
    filtered = index.search('họp dân đê source:"Báo A" date:2022..2023 -lũ')
    assert {hit.id for hit in filtered} == {"che", "dan"}
    for hit in filtered:
        assert hit.score == pytest.approx(scores[hit.id])


def test_reports_found_by_a_filter_alone_come_last(index: Index) -> None:
    results = index.search('lũ OR source:"Báo A"')
    assert [hit.id for hit in results] == ["lu", "che", "dan"]
    assert results[0].score > 1 > results[1].score > 0


def test_a_field_in_the_query_scores_like_the_field_alone(index: Index) -> None:
    alone = index.search("quy chế dân chủ", fields={"title": 2.0})
    inside = index.search("title:(quy chế dân chủ)")
    assert [(hit.id, hit.score) for hit in inside] == [(hit.id, hit.score) for hit in alone]
    assert found(index, "body:kè", fields={"title": 1.0}) == {"chuan"}


def test_pages_totals_and_facets(index: Index) -> None:
    query = '-"quy chế" date:2022..2024'
    every = index.search(query, sort="-date", facets=("source",))
    assert [hit.id for hit in every] == ["quy", "chuan", "chu", "duong", "dan"]
    assert every.facets["source"] == [("Báo A", 1), ("Báo B", 1), ("Báo C", 1), ("báo b", 1), ("Đài C", 1)]
    paged = [index.search(query, limit=2, offset=offset, sort="-date") for offset in (0, 2, 4, 6)]
    assert [hit.id for page in paged for hit in page] == [hit.id for hit in every]
    assert {page.total for page in paged} == {5}
    assert found(index, query, filters={"source": "Báo A"}) == {"dan"}


def marks(results: SearchResults, identity: str) -> list[str]:
    hit = next(hit for hit in results if hit.id == identity)
    body = [hit.report.body[start:end] for start, end in hit.marks("body")]
    assert body == [hit.report.body[start:end] for start, end in hit.snippet.marks]
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
    ],
)
def test_marks(index: Index, query: str, identity: str, expected: list[str]) -> None:
    assert marks(index.search(query), identity) == expected


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
        'tàu "và"',  # a stop word counts where a phrase makes the report match
    ],
)
def test_explanations_add_up(index: Index, query: str) -> None:
    for hit in index.search(query):
        explained = hit.explain()
        assert sum(part.score for part in explained.contributions) == pytest.approx(hit.score, rel=1e-5)


def test_an_explanation_for_people(index: Index) -> None:
    hits = {hit.id: hit for hit in index.search('họp "dan chu" -tàu source:"Báo A"')}
    lines = str(hits["che"].explain()).splitlines()
    assert [line.strip() for line in lines[1:5]] == [
        "wanted: words: họp",
        "wanted: phrase: dan chu",
        "left out: words: tàu",
        "only: source: Báo A",
    ]
    (phrase,) = [line for line in lines if "phrase 'dân chủ'" in line]
    assert "typed 'dan chu'" in phrase
    assert "1 x in title, 1 x in body, in 2 reports, weight 0.100" in phrase
    (prefix,) = [line for line in str(index.search("quy chu*")[0].explain()).splitlines() if "prefix 'quy" in line]
    assert "'quy chuẩn' (prefix: typed 'quy chu…'): 1 x in title, 1 x in body" in prefix
    assert "filter 'every report': in 7 reports" in str(index.search("-tàu")[0].explain())


@pytest.mark.parametrize(
    ("query", "suggestion"),
    [
        ('+hop "dan chu"~2 -tau source:"bao a"', '+họp "dân chủ"~2 -tàu source:"bao a"'),
        ("title:(lu OR tau) quy ch*", "title:(lũ OR tàu) quy ch*"),
        ('+họp -"giữ đê"', None),
    ],
)
def test_marks_are_restored_in_words_alone(index: Index, query: str, suggestion: str | None) -> None:
    assert index.search(query).suggestion == suggestion


def test_a_prefix_stands_for_a_bounded_number_of_syllables(new_index: Any) -> None:
    index = new_index()
    index.add([Report(str(n), f"ta{chr(97 + n % 26)}{chr(97 + n // 26)} thôn", "") for n in range(200)])
    index.add([Report("x", "taa taa taa", "")])
    assert index.search("t*", limit=0).total == 201  # "thôn" is one of them
    assert index.search("ta*", limit=0).total < 80
    assert "x" in found(index, "ta*", limit=99)


@pytest.mark.parametrize(
    "query",
    [
        '"dân chủ"~999 ' * 500,
        "+đ* " * 2000,
        '-("dân" OR title:(ch* OR "chủ"~9)) ' * 200,
        '"' + "dân chủ " * 2000 + '"~50',
        "title:" * 3000 + "đê",
        "(" * 20 + "+đê OR họp" + ")" * 20,
    ],
    ids=["slop", "prefixes", "nots", "long phrase", "fields", "deep"],
)
def test_large_queries_are_cut_not_refused(index: Index, query: str) -> None:
    results = index.search(query)
    assert results.complete
    for hit in results:
        assert hit.snippet.html() is not None
        assert sum(part.score for part in hit.explain().contributions) == pytest.approx(hit.score, rel=1e-4)


def test_time_that_is_up_gives_what_was_found(index: Index) -> None:
    for query in ('"dân chủ"~2 họp', "quy ch*", "-đê", "UBND TP.HCM họp", "title:(họp OR đê)"):
        results = index.search(query, timeout_s=1e-9)
        assert not results.complete
        assert found(index, query) >= {hit.id for hit in results}


def test_a_query_finds_the_same_without_its_marks_where_these_are_certain(index: Index) -> None:
    for query in ('+họp -lũ "dân chủ"', "title:(quy chuẩn) OR body:tàu", '"suốt đêm"~1'):
        assert found(index, fold(query)) >= found(index, query)
