"""Nothing that is typed raises, and any text can be a report."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from bench.drawn import Queries, Records
from contract_reports import NEWS

from vnsearch import AnyIndex, InvalidReportError, Report, SearchResults, analyze

NewIndex = Callable[..., AnyIndex]

SYLLABLES = sorted(
    {token.text for report in NEWS for token in analyze(f"{report.title}. {report.body}") if token.kind == "syllable"}
)

HOSTILE = [
    "", " ", "\n\t\r\0", '"', '"chợ', "'", "title:", "title:chợ AND (", "*", "?", "chợ*", "(((((", "))", "[a TO", "{", "~", "^",
    "chợ^", "chợ~99999999", "AND", "NOT", "OR OR OR", "+-&|!", "\\", "../../etc/passwd", "<script>alert(1)</script>", "%s%s%n",
    '{"query": {"match_all": {}}}', '"}}, "x": {"y', "_id:1 _source:*", "a|b|1 chợ|5 _ a_b ~0123456789abcdef0123456789abcdef",
    "\ud800", "\udc00\ud800", "chợ\ud83d nổi", "\ud83d\ude00", "🙂🏽‍👩‍👩‍👧‍👦", "\x00chợ\x00nổi\x00", "\x1b[31mchợ", "\u202echợ\u202c",
    "\ufeff\u200b\u00ad", "\U0010ffff\uffff",
    "\u0301" * 10_000, "a" + "\u0323\u0302\u0301" * 5_000, "ế\u0301" * 3_000, "a" * 100_000, "ế" * 100_000, "chợ " * 25_000,
    " " * 100_000, "?!" * 50_000, "\ud800" * 100_000, "".join(map(chr, range(1, 0x3000))),
    " ".join(str(n) for n in range(20_000)), "x y " * 5_000, "1/2/3/4/5-6-7.8.9,10:11:12" * 100, "TP.HCM-UBND/QĐ&NĐ-CP" * 100,
    "ﬁ ß Ⅳ ½ ㍿ \u1e9e ǆ İ", "ᄀ\u1161\u11a8 한국어 中文字 العربية ไทย עברית", "١٢٣ १२३ 𝟘𝟙",
    '"dân chủ"~999 ' * 500, "+đ* " * 2000, '-("dân" OR title:(ch* OR "chủ"~9)) ' * 200, '"' + "dân chủ " * 2000 + '"~50',
    "title:" * 3000 + "đê", "(" * 20 + "+đê OR họp" + ")" * 20, "a OR " * 5000 + "chợ", "duong xa nguoi ba con " * 300,
    " ".join(f"{a}*" for a in "abcdđeghiklmnopqrstuvxy"), "source:(" + "Báo OR " * 500 + "x)", "date:0001..9999 date:9999-99",
]  # fmt: skip


def use(results: SearchResults) -> None:
    assert 0 <= len(results) <= results.total
    assert results.complete
    assert results.suggestion is None or isinstance(results.suggestion, str)
    for hit in results:
        assert hit.score > 0
        assert hit.snippet.text or not hit.report.body.strip()
        hit.snippet.html()
        hit.snippet.ansi()
        hit.title_html()
        explained = hit.explain()
        by_words = any(part.kind != "filter" for part in explained.contributions)
        assert hit.marks("title") or hit.marks("body") or not by_words
        assert sum(part.score for part in explained.contributions) == pytest.approx(hit.score, rel=1e-3)
        assert str(explained)


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: ascii(query[:16]))
def test_no_query_raises(news: AnyIndex, query: str) -> None:
    options: tuple[dict[str, Any], ...] = (
        {},
        {"match": "all", "facets": ("source", "district")},
        {"fields": {"title": 1.0}, "sort": "-date", "fragments": 5, "date_from": "2020-01-01"},
    )
    for each in options:
        use(news.search(query, limit=3, **each))
    assert isinstance(news.suggest(query), list)
    assert news.more_like_this(query).total == 0
    assert news.get(query) is None
    assert news.hit(query, query) is None
    assert query not in news


@pytest.mark.parametrize("seed", range(4))
def test_no_query_that_is_drawn_raises(news: AnyIndex, seed: int) -> None:
    queries = Queries(SYLLABLES, seed)
    for _ in range(60):
        query = queries.draw()
        some, every = news.search(query, limit=99), news.search(query, limit=99, match="all")
        use(some)
        use(every)
        assert len(some) == some.total
        assert {hit.id for hit in some} >= {hit.id for hit in every}
        assert [hit.id for hit in news.search(query, limit=4)] == [hit.id for hit in some][:4]
        for completion in news.suggest(query):
            assert completion


def test_long_queries_are_cut_not_refused(news: AnyIndex) -> None:
    assert news.search("chợ nổi " + "x" * 200_000)[0].id == "cho-noi.txt"
    assert news.search("chợ nổi " + "x " * 100_000)[0].id == "cho-noi.txt"


@pytest.mark.parametrize("seed", range(3))
def test_any_record_is_kept_as_it_is_or_told_to_be_bad(new_index: NewIndex, seed: int) -> None:
    """What can be a report comes back equal; what cannot is listed; either is found by itself, or not, without a fuss."""
    index = new_index(filterable=("tags", "district"))
    records = Records(Queries(SYLLABLES, seed))
    chance = random.Random(seed)
    given = [records.draw(number, {"tags": chance.choice(["a", ["b", 3], None])}) for number in range(60)]
    expected: dict[str, Report] = {}
    bad: list[int] = []
    for position, record in enumerate(given):
        try:
            report = Report.from_mapping(record)
        except InvalidReportError:  # noqa: PERF203 - what is bad is known by trying
            bad.append(position)
        else:
            expected[report.id] = report
    stats = index.add(given, on_error="skip")
    assert [error.position for error in stats.errors] == bad
    assert (stats.added, stats.added + stats.updated + stats.skipped) == (len(expected), len(given))
    assert {report.id: report for report in index} == expected
    assert index.check().problems == ()
    for report in chance.sample(list(expected.values()), 10):
        assert index.get(report.id) == report
        use(index.search(f"{report.title} {report.body[:300]}", facets=("tags", "source")))
        index.more_like_this(report.id)
    assert index.delete(expected) == len(expected)
    assert len(index) == 0
