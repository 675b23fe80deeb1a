"""Facets, filters, days, sorting, likeness and completions: against counting by hand, over news that nobody wrote.

Several segments, replaced and deleted reports, dates with times and offsets, reports without a date, a source or a body.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from vnsearch import Index, Report, analyze, fold

SOURCES = ("Báo Sông Lam - Thời sự", "Báo Sông Lam - Thể thao", "Tin Đô thị", "Tin Y tế", None)
CATEGORIES = ("Thời sự", "Thể thao", "Công nghệ", None)
SUBJECTS = {
    "mùa mưa": "mưa lũ dâng nhanh, kênh thoát nước ngập, đường làng lầy lội",
    "bóng đá": "đội bóng thắng trận, cầu thủ ghi bàn, khán giả reo hò",
    "chợ quê": "chợ phiên họp sớm, rau quả tươi, người mua kẻ bán đông vui",
    "trường học": "học sinh tựu trường, thầy cô đón lớp, sách vở mới tinh",
}
TZ = dt.timezone(dt.timedelta(hours=7))


def draw(chance: random.Random, identity: str) -> Report:
    subject = chance.choice(list(SUBJECTS))
    sentences = SUBJECTS[subject].split(", ")
    body = ". ".join(chance.choices(sentences, k=chance.randint(1, 5))) if chance.random() < 0.9 else ""
    day = dt.datetime(2025, 8, 1, tzinfo=TZ) + dt.timedelta(minutes=chance.randrange(60 * 24 * 20))
    date = chance.choice((day, day, day.date(), day.isoformat(), None))
    district = chance.sample(("Đông", "Tây", "Nam"), chance.randrange(3))
    return Report(
        identity, f"Tin {subject}", body, date, chance.choice(SOURCES), None, chance.choice(CATEGORIES), None,
        {"district": district},
    )  # fmt: skip


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    chance = random.Random(6)
    with Index.create(tmp_path_factory.mktemp("news"), filterable=("district",)) as index:
        for part in range(4):
            index.add(draw(chance, f"{part}/{at}") for at in range(120 >> part))
            index.add(draw(chance, f"{chance.randrange(part + 1)}/{chance.randrange(20)}") for _ in range(9))
            index.delete(f"{part}/{chance.randrange(40)}" for _ in range(9))
        yield index


def holding(index: Index, word: str) -> list[Report]:
    """The reports that hold a syllable, in the order of the index."""
    return [
        report for report in index if any(token.text == word for token in analyze(f"{report.title}. {report.body}"))
    ]


def day_of(report: Report) -> dt.date | None:
    return report.date.date() if isinstance(report.date, dt.datetime) else report.date


WORDS = ("mưa", "bóng", "chợ", "trường", "tin")


@pytest.mark.parametrize("word", WORDS)
def test_facets_are_counts_over_all_matching_reports(news: Index, word: str) -> None:
    reports = holding(news, word)
    assert reports
    counted: dict[str, Callable[[Report], list[str]]] = {
        "source": lambda report: [report.source] if report.source else [],
        "category": lambda report: [report.category] if report.category else [],
        "district": lambda report: report.extra["district"],
    }
    for limit in (0, 3, 999):
        results = news.search(word, limit=limit, facets=tuple(counted))
        assert results.total == len(reports)
        for name, labels in counted.items():
            expected = Counter(label for report in reports for label in labels(report))
            assert results.facets[name] == sorted(expected.items(), key=lambda item: (-item[1], item[0]))


@pytest.mark.parametrize("word", WORDS)
def test_filters_any_of_the_values_all_of_the_keys(news: Index, word: str) -> None:
    reports = holding(news, word)
    for sources in (["Tin Y tế"], ["Tin Y tế", "Tin Đô thị", "không có"], []):
        for districts in (["Nam"], ["Nam", "Tây"]):
            found = news.search(
                word, limit=999, filters={"source": sources, "district": districts}, facets=["category"]
            )
            expected = [
                report
                for report in reports
                if report.source in sources and set(report.extra["district"]) & set(districts)
            ]
            assert {hit.id for hit in found} == {report.id for report in expected}
            assert (
                found.total
                == len(expected)
                == news.search(word, limit=1, filters={"district": districts, "source": sources}).total
            )
            counts = Counter(report.category for report in expected if report.category)
            assert dict(found.facets["category"]) == counts


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (dt.date(2025, 8, 5), dt.date(2025, 8, 9)),
        ("2025-08-05", "2025-08-05"),
        # The day that is named, in its own offset.
        (dt.datetime(2025, 8, 5, 23, 59, tzinfo=TZ), dt.datetime(2025, 8, 6, 0, 0, tzinfo=dt.timezone.utc)),
        ("2025-08-05T23:00:00+07:00", "2025-08-06T01:00:00-11:00"),
        (None, "2025-08-03"),
        ("2025-08-18", None),
        ("2025-08-09", "2025-08-05"),
    ],
    ids=str,
)
def test_days_are_inclusive_at_both_ends(news: Index, first: Any, last: Any) -> None:
    def ordinal(value: Any) -> dt.date | None:
        if value is None:
            return None
        return (
            dt.date.fromisoformat(value[:10]) if isinstance(value, str) else dt.date(value.year, value.month, value.day)
        )

    for word in WORDS:
        expected = {
            report.id
            for report in holding(news, word)
            if (day := day_of(report)) is not None
            and (first is None or day >= ordinal(first))
            and (last is None or day <= ordinal(last))
        }
        for sort in ("relevance", "date", "-date"):
            found = news.search(word, limit=999, date_from=first, date_to=last, sort=sort)
            assert {hit.id for hit in found} == expected
            assert found.total == len(expected) == len(found)


@pytest.mark.parametrize("sort", ["date", "-date"])
def test_sorted_by_day_the_undated_last(news: Index, sort: Any) -> None:
    for word in WORDS:
        days = [day_of(hit.report) for hit in news.search(word, limit=999, sort=sort)]
        dated = [day for day in days if day is not None]
        assert days == sorted(dated, reverse=sort == "-date") + [None] * (len(days) - len(dated))
        assert len(set(days)) > 3


class TestMoreLikeThis:
    def test_neighbours_are_of_the_same_subject(self, news: Index) -> None:
        for report in list(news)[::5]:
            results = news.more_like_this(report.id, limit=5)
            assert report.id not in {hit.id for hit in results}
            assert len(results) == 5
            # The first ones are of the same subject, also where there is nothing but the title.
            assert {hit.report.title for hit in results[:3]} == {report.title}
            total = results.total
            assert (
                total == news.more_like_this(report.id, limit=0).total == len(news.more_like_this(report.id, limit=999))
            )

    def test_unknown_and_deleted(self, news: Index) -> None:
        for identity in ("không có", "", "9/9"):
            results = news.more_like_this(identity)
            assert (len(results), results.total) == (0, 0)


class TestSuggest:
    @pytest.mark.parametrize(
        "typed", ["m", "mu", "mư", "mưa", "ch", "chợ", "cho", "đ", "d", "ho", "học s", "hoc s", "bong "]
    )
    def test_completions_are_there_and_continue_what_was_typed(self, news: Index, typed: str) -> None:
        found = news.suggest(typed, limit=20)
        assert found
        texts = [
            " ".join(token.text for token in analyze(part) if token.kind == "syllable")
            for report in news
            for part in (report.title, report.body)
        ]
        for completion in found:
            assert fold(completion).startswith(fold(typed))
            assert any(f" {completion} " in f" {text} " for text in texts)
        marked = [char for char in typed if fold(char) != char]
        assert all(char in completion for completion in found for char in marked)

    def test_the_commonest_first_after_deletes_over_segments(self, new_index: Any) -> None:
        index = new_index()
        for at in range(12):
            index.add([Report(f"{at}", "", "đường làng. đường phố. đường phố." if at < 8 else "đường sắt. " * 4)])
        assert index.suggest("duong ") == index.suggest("đường ") == ["đường phố", "đường sắt", "đường làng"]
        index.delete(str(at) for at in range(1, 8))
        index.add([Report("100", "", "đường sắt. đường làng. đường làng.")])
        index.delete(["0"])
        assert index.suggest("duong ") == ["đường sắt", "đường làng"]
