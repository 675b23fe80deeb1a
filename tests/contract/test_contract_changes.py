"""Adding, replacing, deleting: what is kept, what is told, what others see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from backends import Backend
from contract_reports import NEWS, ODD

from vnsearch import AnyIndex, InvalidArgumentError, InvalidReportError, Report, SearchResults, analyze

NewIndex = Callable[..., AnyIndex]


def ids(results: SearchResults) -> list[str]:
    return [hit.id for hit in results]


def kept(index: AnyIndex) -> dict[str, Report]:
    """All reports by id, each given once."""
    reports = list(index)
    assert len({report.id for report in reports}) == len(reports) == len(index)
    return {report.id: report for report in reports}


class TestAdd:
    def test_counts(self, new_index: NewIndex) -> None:
        index = new_index()
        stats = index.add([Report("a"), Report("b")])
        assert (stats.added, stats.updated, stats.skipped, stats.errors) == (2, 0, 0, ())
        stats = index.add([Report("b", "mới"), Report("c")])
        assert (stats.added, stats.updated) == (1, 1)
        assert stats.seconds >= 0
        assert kept(index) == {"a": Report("a"), "b": Report("b", "mới"), "c": Report("c")}

    def test_a_replaced_report_is_found_by_its_new_text_only(self, new_index: NewIndex) -> None:
        index = new_index(filterable=("tags",))
        index.add([Report("a", "Chợ nổi", source="Cũ", extra={"tags": "cũ"}), Report("b", "Chợ phiên")])
        index.add([Report("a", "Cầu treo", source="Mới", date=dt.date(2020, 1, 1))])
        assert ids(index.search("chợ")) == ["b"]
        assert ids(index.search("cau", date_from="2020-01-01")) == ["a"]
        results = index.search("cầu chợ", facets=("source", "tags"))
        assert results.total == 2
        assert results.facets == {"source": [("Mới", 1)], "tags": []}

    def test_the_same_id_twice_in_one_call_the_last_counts(self, new_index: NewIndex) -> None:
        index = new_index()
        stats = index.add(Report(f"r{n % 5}", f"bản {n}", "Chợ nổi") for n in range(200))
        assert (stats.added, stats.updated) == (5, 195)
        assert {name: report.title for name, report in kept(index).items()} == {
            f"r{n % 5}": f"bản {n}" for n in range(195, 200)
        }
        assert index.search("chợ").total == 5
        assert index.check()

    def test_adding_the_same_again_gives_the_same(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add(NEWS)
        stats = index.add(reversed(NEWS), memory_mb=16)
        assert (stats.added, stats.updated) == (0, len(NEWS))
        assert kept(index) == {report.id: report for report in NEWS}
        assert ids(index.search("cho noi"))[0] == "cho-noi.txt"
        assert index.check()

    def test_mappings_generators_and_mixtures(self, new_index: NewIndex) -> None:
        index = new_index()

        def mixed() -> Iterator[Report | dict[str, Any]]:
            yield {"id": 1, "title": "Chợ nổi", "text": "họp sớm", "place": "bến sông"}
            yield Report("2")
            yield {"id": "3", "date": "2023-01-02", "source": ""}

        assert index.add(mixed()).added == 3
        assert kept(index) == {
            "1": Report("1", "Chợ nổi", "họp sớm", extra={"place": "bến sông"}),
            "2": Report("2"),
            "3": Report("3", date=dt.date(2023, 1, 2)),
        }

    @pytest.mark.parametrize("nothing", [[], iter(())], ids=["list", "iterator"])
    def test_nothing_to_add(self, new_index: NewIndex, nothing: Any) -> None:
        index = new_index()
        stats = index.add(nothing)
        assert (stats.added, stats.updated, stats.skipped, len(index)) == (0, 0, 0, 0)

    @pytest.mark.parametrize(
        "bad", [{"title": "no id"}, {"id": "x", "body": 5}, {"id": "x", "date": "nay"}, None, "text", 7], ids=repr
    )
    def test_a_bad_report_is_told_with_its_place_and_not_kept(self, new_index: NewIndex, bad: Any) -> None:
        index = new_index()
        index.add([Report("old", "Chợ nổi")])
        with pytest.raises(InvalidReportError, match="number 1"):
            index.add([Report("new", "Chợ phiên"), bad, Report("behind", "Chợ đêm")])
        # A folder keeps all of a call or nothing; a cluster may have kept what came before.
        assert {"old"} <= set(kept(index)) <= {"old", "new"}
        index.add([Report("new", "Chợ phiên"), Report("behind", "Chợ đêm")])
        assert set(ids(index.search("chợ"))) == {"old", "new", "behind"}

    def test_skip_lists_bad_reports(self, new_index: NewIndex) -> None:
        index = new_index()
        given = [{"id": "a"}, {"id": "b", "title": 5}, None, {"id": 7, "date": "x"}, Report("c")]
        stats = index.add(given, on_error="skip")  # type: ignore[arg-type]
        assert (stats.added, stats.updated, stats.skipped) == (2, 0, 3)
        assert [(error.position, error.id) for error in stats.errors] == [(1, "b"), (2, None), (3, None)]
        assert all(isinstance(error.error, InvalidReportError) for error in stats.errors)
        assert set(kept(index)) == {"a", "c"}

    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
    def test_an_exception_in_the_callers_iterator_reaches_the_caller(
        self, new_index: NewIndex, error: type[BaseException]
    ) -> None:
        index = new_index()
        index.add([Report("old", "Chợ nổi")])

        def reports() -> Iterator[Report]:
            for number in range(30):
                yield Report(f"new {number}", "Chợ phiên", "họp mỗi tháng sáu lần")
            raise error("stop")

        with pytest.raises(error, match="stop"):
            index.add(reports())
        assert index.get("old") == Report("old", "Chợ nổi")
        stats = index.add(Report(f"new {number}", "Chợ phiên") for number in range(30))
        assert stats.added + stats.updated == 30
        assert len(kept(index)) == index.search("chợ").total == 31
        assert index.check()

    def test_progress(self, new_index: NewIndex) -> None:
        index = new_index()
        calls: list[tuple[int, int | None]] = []
        index.add([Report(str(n)) for n in range(3)], progress=lambda done, total: calls.append((done, total)))
        assert calls[-1] == (3, 3)
        assert calls == sorted(calls)  # type: ignore[type-var]
        calls.clear()
        given: list[Any] = [None, {"id": "a"}]
        index.add(iter(given), on_error="skip", progress=lambda done, total: calls.append((done, total)))
        assert calls[-1] == (2, None)  # skipped ones are done too
        assert index.add([Report("b")], progress=True).added == 1

    def test_an_exception_in_progress_ends_the_add(self, new_index: NewIndex) -> None:
        index = new_index()

        def progress(done: int, total: int | None) -> None:
            raise RuntimeError("no more")

        with pytest.raises(RuntimeError, match="no more"):
            index.add([Report("a")], progress=progress)
        index.add([Report("a")])
        assert set(kept(index)) == {"a"}

    @pytest.mark.parametrize(
        "options",
        [{"on_error": "ignore"}, {"processes": 0}, {"processes": "2"}, {"memory_mb": 1}, {"memory_mb": None}],
        ids=str,
    )
    def test_bad_options(self, news: AnyIndex, options: dict[str, Any]) -> None:
        with pytest.raises(InvalidArgumentError):
            news.add([Report("a")], **options)
        assert "a" not in news

    @pytest.mark.parametrize("reports", [Report("a"), {"id": "a"}, "a", None, 5], ids=repr)
    def test_no_iterable_of_reports(self, news: AnyIndex, reports: Any) -> None:
        with pytest.raises(InvalidArgumentError, match="iterable"):
            news.add(reports)
        assert "a" not in news


class TestReportsBack:
    @pytest.mark.parametrize("report", ODD, ids=lambda report: ascii(report.id[:20]))
    def test_equal_to_what_was_added(self, odd: AnyIndex, report: Report) -> None:
        assert report.id in odd
        back = odd.get(report.id)
        assert back == report
        assert back is not None
        assert repr(back.extra) == repr(report.extra)  # 1 is not 1.0, nor is 0.0 -0.0
        assert type(back.date) is type(report.date)
        if isinstance(report.date, dt.datetime):
            assert back.date.utcoffset() == report.date.utcoffset()  # type: ignore[union-attr]

    def test_all_of_them(self, odd: AnyIndex) -> None:
        assert kept(odd) == {report.id: report for report in ODD}
        assert odd.check().problems == ()

    @pytest.mark.parametrize(
        "identity",
        ["nope", "", "\ud800", "DATE", "date ", "id", "doc", "*", "id " * 5001, 5, None],
        ids=lambda i: ascii(i)[:9],
    )
    def test_unknown_ids(self, odd: AnyIndex, identity: Any) -> None:
        assert identity not in odd
        assert odd.get(identity) is None

    def test_they_are_found_as_they_are(self, odd: AnyIndex) -> None:
        for query, identity in (
            ("hòa giải ngặt", "nfd"),
            ("cờ bay", "emoji"),
            ("tin thân bài", "surrogates"),
            ("b" * 9000, "askable word"),
            ("B" * 9000, "askable word"),
            (f'"{"b" * 9000}"', "askable word"),
            ("term freq", "signs"),
        ):
            hit = odd.search(query)[0]
            assert hit.id == identity
            assert hit.report == next(report for report in ODD if report.id == identity)
            hit.snippet.html()
        facets = odd.search("tin lạ", facets=("source",)).facets
        assert facets["source"] == [("\ud83d\ude00", 1)]

    def test_all_can_be_replaced_and_deleted(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add(ODD)
        stats = index.add(ODD)
        assert (stats.added, stats.updated) == (0, len(ODD))
        assert index.delete(report.id for report in ODD) == len(ODD)
        assert kept(index) == {}


class TestDelete:
    def test_delete(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add([Report(name, "Chợ nổi", source="s") for name in ("a", "b", "c", "ab")])
        assert index.delete(["a", "c", "a", "unknown"]) == 2
        assert set(kept(index)) == {"b", "ab"}
        results = index.search("chợ", facets=("source",))
        assert (set(ids(results)), results.total, results.facets) == ({"b", "ab"}, 2, {"source": [("s", 2)]})
        assert "a" not in index
        assert index.get("a") is None
        assert index.delete("ab") == 1  # one id as text
        assert set(kept(index)) == {"b"}
        assert index.delete(iter(["x", "\ud800", ""])) == index.delete([]) == 0

    def test_to_nothing_and_back(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add([Report(str(n), "Chợ nổi", "họp sớm", dt.date(2020, 1, 1)) for n in range(3)])
        assert index.delete(map(str, range(3))) == 3
        assert len(index) == 0
        results = index.search("cho noi", sort="date", facets=("source",), date_from="2000-01-01")
        assert (ids(results), results.total, results.facets) == ([], 0, {"source": []})
        assert index.more_like_this("0").total == 0
        assert index.suggest("ch") == []
        assert index.check()
        index.add([Report("0", "Chợ phiên")])
        assert ids(index.search("cho")) == ["0"]

    @pytest.mark.parametrize("wanted", [5, [5], [None], [b"a"]], ids=repr)
    def test_what_is_no_id(self, news: AnyIndex, wanted: Any) -> None:
        with pytest.raises(InvalidArgumentError):
            news.delete(wanted)


class TestTogether:
    def test_what_one_object_changes_another_sees_after_refresh(self, backend: Backend, new_index: NewIndex) -> None:
        one = new_index()
        two = backend.open(one)
        one.add([Report("a", "Chợ nổi")])
        assert ids(one.search("chợ")) == ["a"]
        unseen = len(two) == 0
        assert two.refresh() or not unseen  # a folder shows nothing before, a cluster may
        assert not two.refresh()
        assert ids(two.search("cho")) == ["a"]
        assert two.search("cho").suggestion == "chợ"
        two.add([Report("a", "Cầu treo"), Report("b")])
        # A change starts from the latest state, whoever made it.
        assert one.add([Report("b", "bản mới")]).updated == 1
        assert set(kept(one)) == {"a", "b"}
        assert one.delete(["a"]) == 1
        two.refresh()
        assert set(kept(two)) == {"b"}
        two.add([Report("late")])
        assert one.delete(["late"]) == 1

    def test_an_index_opened_anew_has_all(self, backend: Backend, new_index: NewIndex) -> None:
        index = new_index(filterable=("district",))
        index.add(NEWS)
        index.close()
        again = backend.open(index)
        assert set(again.filterable) == {"district"}
        assert kept(again) == {report.id: report for report in NEWS}
        results = again.search("cho noi", filters={"source": "Tin Du lịch"}, facets=("district",))
        assert (ids(results), results.suggestion) == (["cho-noi.txt"], "chợ nổi")

    def test_commit_ids_change_with_what_is_seen(self, new_index: NewIndex) -> None:
        index = new_index()
        seen = [index.commit_id]
        for change in (
            lambda: index.add([Report("a")]),
            lambda: index.add([Report("a", "mới")]),
            lambda: index.delete(["a"]),
        ):
            change()
            assert index.commit_id == index.commit_id
            seen.append(index.commit_id)
        assert len(set(seen)) == len(seen)

    def test_writers_in_threads_lose_nothing_and_never_double(self, backend: Backend, new_index: NewIndex) -> None:
        first = new_index()
        indexes = [first, *(backend.open(first) for _ in range(2))]

        def work(at: int) -> None:
            for round_ in range(3):
                indexes[at].add([Report("shared", f"bản {at} {round_}"), Report(f"own {at} {round_}", "Chợ nổi")])

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(work, range(3)))
        for index in indexes:
            index.refresh()
            assert len(kept(index)) == 10
            assert index.search("chợ").total == 9
        assert first.check().problems == ()

    def test_one_object_in_many_threads(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add([Report(str(n), "Chợ nổi", "họp", category="c") for n in range(5)])

        def search() -> None:
            for _ in range(15):
                results = index.search("cho noi", facets=("category",))
                assert results.total >= 5
                assert all("<mark>" in hit.title_html() and hit.explain().contributions for hit in results)
                assert index.suggest("ch")

        with ThreadPoolExecutor(3) as pool:
            searches = [pool.submit(search) for _ in range(2)]
            for round_ in range(4):
                index.add([Report(f"new {round_}", "Chợ phiên", category="c")])
            for future in searches:
                future.result()
        assert len(kept(index)) == 9


class TestCheckAndStats:
    def test_stats_count(self, new_index: NewIndex) -> None:
        index = new_index(filterable=("district",))
        index.add(NEWS[:9])
        index.add(NEWS[9:])
        stats = index.stats()
        tokens = [token for report in NEWS for text in (report.title, report.body) for token in analyze(text)]
        assert stats.reports == len(NEWS)
        assert set(stats.filterable) == {"district"}
        assert stats.syllables == sum(token.kind == "syllable" for token in tokens)
        assert stats.syllable_terms == len({token.text for token in tokens if token.kind == "syllable"})
        assert stats.word_terms == len({token.text for token in tokens if token.kind == "word"})
        assert stats.size_bytes > 0
        assert stats.format >= 1
        assert stats.analysis

    def test_check(self, news: AnyIndex) -> None:
        result = news.check()
        assert (bool(result), result.reports, result.problems, result.unreadable) == (True, len(NEWS), (), ())
