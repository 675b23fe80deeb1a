"""``Index``, call by call: what scripts rely on."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from vnsearch import (
    Index,
    IndexClosedError,
    IndexExistsError,
    IndexLockedError,
    IndexNotFoundError,
    InvalidArgumentError,
    InvalidReportError,
    Report,
    UnknownFieldError,
    check_index,
)

NewIndex = Callable[..., Index]
EVERYTHING = "báo tin xã phường huyện quận đường lúa người bà con cây tổ trẻ em công nhân đội hát lễ hội ông điện ảnh"


def ids(results: Any) -> list[str]:
    return [hit.id for hit in results]


@pytest.fixture(scope="module", params=["together", "one by one"])
def returned(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with Index.create(tmp_path_factory.mktemp("back")) as index:
        for batch in (
            [TestReportsBack.CASES] if request.param == "together" else [[report] for report in TestReportsBack.CASES]
        ):
            index.add(batch)
    with Index.open(index.path) as again:
        yield again


@pytest.fixture(scope="module", params=[1, 7], ids=["one segment", "seven segments"])
def dated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    reports = [Report(name, "Chợ nổi", date=date) for name, date in TestDates.ROWS]
    # Not in the order of time, nor the undated one last.
    reports = [reports[at] for at in (4, 6, 1, 5, 3, 0, 2)]
    with Index.create(tmp_path_factory.mktemp("dated")) as index:
        for at in range(request.param):
            index.add(reports[at :: request.param])
        yield index


class TestCreateAndOpen:
    def test_create_open_round(self, tmp_path: Path) -> None:
        folder = tmp_path / "one" / "two"
        with Index.create(folder) as index:
            index.add([Report("1", "Chợ nổi")])
        with Index.open(str(folder)) as index:
            assert len(index) == 1
            assert ids(index.search("chợ")) == ["1"]

    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(IndexNotFoundError, match=r"Index\.create"):
            Index.open(tmp_path / "none")
        assert not (tmp_path / "none").exists()

    def test_a_folder_of_other_files_is_no_index(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("x")
        with pytest.raises(IndexNotFoundError):
            Index.open(tmp_path)

    def test_open_creates_when_told(self, tmp_path: Path) -> None:
        with Index.open(tmp_path / "i", create=True) as index:
            index.add([Report("1")])
        with Index.open(tmp_path / "i", create=True) as index:
            assert "1" in index

    def test_create_does_not_replace(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add([Report("1")])
        with pytest.raises(IndexExistsError, match="overwrite"):
            Index.create(index.path)
        assert len(Index.open(index.path)) == 1

    def test_overwrite_starts_anew_and_leaves_other_files_alone(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add([Report(str(n), "Chợ nổi", "họp sớm") for n in range(3)])
        kept = index.path / "ghi chú.txt"
        kept.write_text("của tôi")
        (index.path / "ảnh").mkdir()
        (index.path / "ảnh" / "a.jpg").write_bytes(b"x")
        before = {path.name for path in index.path.iterdir()}
        with Index.create(index.path, overwrite=True, filterable=("tags",)) as anew:
            assert list(anew) == []
            anew.add([Report("9", extra={"tags": "mới"})])
        assert kept.read_text() == "của tôi"
        assert (index.path / "ảnh" / "a.jpg").exists()
        left_over = {path.name for path in index.path.iterdir()} & before
        assert not [name for name in left_over if name.endswith((".toc", ".seg", ".trm", ".pst", ".col"))]
        with Index.open(index.path) as anew:
            assert ids(anew.search("", filters={"tags": "mới"})) == []
            assert [report.id for report in anew] == ["9"]

    def test_an_open_index_sees_that_it_was_started_anew(self, new_index: NewIndex) -> None:
        index = new_index(filterable=("old",))
        index.add([Report("1", "Chợ nổi")])
        with Index.create(index.path, overwrite=True, filterable=("new",)) as anew:
            anew.add([Report("2", "Chợ phiên", extra={"new": "x", "old": "x"})])
        assert ids(index.search("chợ")) == ["1"]
        assert index.refresh()
        assert ids(index.search("chợ", filters={"new": "x"})) == ["2"]
        with pytest.raises(UnknownFieldError):
            index.search("chợ", filters={"old": "x"})
        index.add([Report("3", "Chợ đêm", extra={"new": "x"})])
        assert sorted(ids(index.search("chợ", filters={"new": "x"}))) == ["2", "3"]

    def test_the_path_of_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_text("x")
        for make in (Index.create, lambda path: Index.open(path, create=True)):
            with pytest.raises(InvalidArgumentError, match="file"):
                make(path)
        with pytest.raises(IndexNotFoundError):
            Index.open(path)

    @pytest.mark.parametrize(
        "key", ["id", "body", "title", "date", "url", "source", "extra", "report", "title_pairs", "", 5]
    )
    def test_keys_that_cannot_be_filterable(self, tmp_path: Path, key: Any) -> None:
        with pytest.raises(InvalidArgumentError, match="filterable"):
            Index.create(tmp_path / "i", filterable=("fine", key))
        assert not (tmp_path / "i").exists()

    @pytest.mark.parametrize("keys", ["district", None, 5])
    def test_filterable_is_a_sequence(self, tmp_path: Path, keys: Any) -> None:
        with pytest.raises(InvalidArgumentError, match="filterable"):
            Index.create(tmp_path / "i", filterable=keys)

    @pytest.mark.parametrize(
        "key",
        ["district", "quận/huyện", "địa bàn", "..", "../../x", "_x", "a.b", "a\0b", "x" * 500, "ấp", "a:b", "\ud800"],
    )
    def test_any_key_of_extra_can_be_filterable(self, new_index: NewIndex, key: str) -> None:
        index = new_index(filterable=(key, "other"))
        index.add([Report("1", "Chợ nổi", extra={key: "có"}), Report("2", "Chợ phiên", extra={key: "không"})])
        index.add([Report("3", "Chợ đêm", extra={key: "có"})])
        with Index.open(index.path) as again:
            results = again.search("chợ", filters={key: "có"}, facets=(key, "other"), sort="date")
            assert sorted(ids(results)) == ["1", "3"]
            assert results.facets == {key: [("có", 2)], "other": []}
            assert set(again.stats().filterable) == {key, "other"}
        outside = [path.name for path in index.path.parent.rglob("*") if path.parent != index.path]
        assert outside == [index.path.name]


class TestAdd:
    def test_counts(self, new_index: NewIndex) -> None:
        index = new_index()
        stats = index.add([Report("a"), Report("b")])
        assert (stats.added, stats.updated, stats.skipped, stats.errors) == (2, 0, 0, ())
        stats = index.add([Report("b", "mới"), Report("c")])
        assert (stats.added, stats.updated) == (1, 1)
        assert stats.seconds >= 0
        assert sorted(report.id for report in index) == ["a", "b", "c"]
        assert index.get("b") == Report("b", "mới")

    def test_a_replaced_report_is_found_by_its_new_text_only(self, new_index: NewIndex) -> None:
        index = new_index(filterable=("tags",))
        index.add([Report("a", "Chợ nổi", source="Cũ", extra={"tags": "cũ"}), Report("b", "Chợ phiên")])
        index.add([Report("a", "Cầu treo", source="Mới", date=dt.date(2020, 1, 1))])
        assert ids(index.search("chợ")) == ["b"]
        assert ids(index.search("cầu", date_from="2020-01-01")) == ["a"]
        results = index.search("cầu chợ", facets=("source", "tags"))
        assert results.total == 2
        assert results.facets == {"source": [("Mới", 1)], "tags": []}

    def test_the_same_id_twice_in_one_call_the_last_counts(self, new_index: NewIndex) -> None:
        index = new_index()
        many = [Report(f"r{n % 5}", f"bản {n}", "Chợ nổi") for n in range(200)]
        stats = index.add(many)
        assert (stats.added, stats.updated) == (5, 195)
        assert {report.id: report.title for report in index} == {f"r{n % 5}": f"bản {n}" for n in range(195, 200)}
        assert len(index) == 5
        assert index.search("chợ").total == 5
        assert index.check()
        index.add([Report("r0", "bản cuối")])
        assert len(index) == 5
        assert index.get("r0") == Report("r0", "bản cuối")

    def test_mappings_generators_and_mixtures(self, new_index: NewIndex) -> None:
        index = new_index()

        def mixed() -> Iterator[Report | dict[str, Any]]:
            yield {"id": 1, "title": "Chợ nổi", "text": "họp sớm", "place": "bến sông"}
            yield Report("2")
            yield {"id": "3", "date": "2023-01-02", "source": ""}

        assert index.add(mixed()).added == 3
        assert index.get("1") == Report("1", "Chợ nổi", "họp sớm", extra={"place": "bến sông"})
        assert index.get("3") == Report("3", date=dt.date(2023, 1, 2))

    def test_nothing_to_add(self, new_index: NewIndex) -> None:
        index = new_index()
        assert index.add([]).added == 0
        assert index.add(iter(())).added == 0
        assert len(index) == 0
        assert not index.refresh()

    @pytest.mark.parametrize(
        "bad", [{"title": "no id"}, {"id": "x", "body": 5}, {"id": "x", "date": "nay"}, None, "text", 7]
    )
    def test_a_bad_report_leaves_the_last_commit_and_the_lock_free(self, new_index: NewIndex, bad: Any) -> None:
        index = new_index()
        index.add([Report("old", "Chợ nổi")])
        commit = index.stats().commit
        with pytest.raises(InvalidReportError, match="number 1"):
            index.add([Report("new", "Chợ phiên"), bad])
        assert [report.id for report in index] == ["old"]
        assert index.stats().commit == commit
        with Index.open(index.path, lock_timeout_s=0) as other:
            assert ids(other.search("chợ")) == ["old"]
            other.add([Report("next")])
        assert index.refresh()
        assert "next" in index

    def test_skip_lists_bad_reports(self, new_index: NewIndex) -> None:
        index = new_index()
        stats = index.add(
            [{"id": "a"}, {"id": "b", "title": 5}, None, {"id": 7, "date": "x"}, Report("c")], on_error="skip"
        )
        assert (stats.added, stats.skipped) == (2, 3)
        assert [(error.position, error.id) for error in stats.errors] == [(1, "b"), (2, None), (3, None)]
        assert all(isinstance(error.error, InvalidReportError) for error in stats.errors)
        assert sorted(report.id for report in index) == ["a", "c"]

    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, GeneratorExit])
    @pytest.mark.parametrize("before", [0, 1, 200])
    def test_an_exception_in_the_callers_iterator(
        self, new_index: NewIndex, error: type[BaseException], before: int
    ) -> None:
        index = new_index()
        index.add([Report("old", "Chợ nổi")])

        def reports() -> Iterator[Report]:
            for number in range(before):
                yield Report(f"new {number}", "Chợ phiên", "họp mỗi tháng sáu lần")
            yield Report("old", "bản mới")
            raise error("stop")

        with pytest.raises(error, match="stop"):
            index.add(reports())
        assert list(index) == [Report("old", "Chợ nổi")]
        with Index.open(index.path, lock_timeout_s=0) as other:
            assert list(other) == [Report("old", "Chợ nổi")]
            assert other.add([Report("next", "Chợ đêm")]).added == 1
            assert other.check()
        left = {path.name for path in index.path.iterdir() if path.is_dir()}
        assert left == set()

    def test_progress(self, new_index: NewIndex) -> None:
        index = new_index()
        calls: list[tuple[int, int | None]] = []
        index.add([Report(str(n)) for n in range(3)], progress=lambda done, total: calls.append((done, total)))
        assert calls == [(1, 3), (2, 3), (3, 3)]
        calls.clear()
        index.add((Report(str(n)) for n in range(2)), progress=lambda done, total: calls.append((done, total)))
        assert calls == [(1, None), (2, None)]

    def test_skipped_reports_count_as_done(self, new_index: NewIndex) -> None:
        calls: list[tuple[int, int | None]] = []
        new_index().add([None, {"id": "a"}], on_error="skip", progress=lambda *call: calls.append(call))  # type: ignore[list-item]
        assert calls[-1] == (2, 2)

    def test_an_exception_in_progress_ends_the_add(self, new_index: NewIndex) -> None:
        index = new_index()

        def progress(done: int, total: int | None) -> None:
            raise RuntimeError("no more")

        with pytest.raises(RuntimeError, match="no more"):
            index.add([Report("a")], progress=progress)
        assert len(index) == 0
        assert index.add([Report("a")], progress=True).added == 1

    @pytest.mark.parametrize(
        "options",
        [{"on_error": "ignore"}, {"processes": 0}, {"processes": "2"}, {"memory_mb": 1}, {"memory_mb": None}],
        ids=str,
    )
    def test_bad_options(self, new_index: NewIndex, options: dict[str, Any]) -> None:
        index = new_index()
        with pytest.raises(InvalidArgumentError):
            index.add([Report("a")], **options)
        assert len(index) == 0

    @pytest.mark.parametrize("reports", [Report("a"), {"id": "a"}, "a", None, 5], ids=repr)
    def test_no_iterable_of_reports(self, new_index: NewIndex, reports: Any) -> None:
        with pytest.raises(InvalidArgumentError, match="iterable"):
            new_index().add(reports)

    def test_small_memory_gives_the_same_index(self, new_index: NewIndex, reports: list[Report]) -> None:
        small, large = new_index(), new_index()
        many = [Report(f"{report.id} {n}", report.title, report.body * 20) for n in range(8) for report in reports]
        small.add(many, memory_mb=16)
        large.add(many)
        for query in ("đường làng", "quan uy"):
            a, b = small.search(query, limit=100), large.search(query, limit=100)
            assert [(hit.id, hit.score) for hit in a] == [(hit.id, hit.score) for hit in b]

    def test_a_seeded_random_module_does_no_harm(self, new_index: NewIndex) -> None:
        index = new_index()
        for name in "abc":
            random.seed(7)
            index.add([Report(name, "Chợ nổi")])
        assert sorted(ids(index.search("chợ"))) == ["a", "b", "c"]
        assert index.check()


class TestReportsBack:
    CASES = (
        Report("date", "Ngày", date=dt.date(2023, 12, 26)),
        Report("first day", date=dt.date.min),
        Report("last day", date=dt.date.max),
        Report("naive", date=dt.datetime(2023, 12, 26, 13, 44, 5, 123456)),
        Report("zone", date=dt.datetime(2023, 12, 26, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=7)))),
        Report("local mean time", date=dt.datetime(1900, 1, 1, tzinfo=dt.timezone(dt.timedelta(seconds=25590)))),
        Report("first moment", date=dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=14)))),
        Report("last moment", date=dt.datetime.max.replace(tzinfo=dt.timezone(dt.timedelta(hours=-12)))),
        Report("extra", extra={"a": [1, 2.5, None, True, {"b": ["đ", {}]}], "ế": "\0", "": [], "big": "x" * 200_000}),
        Report("surrogates", "Tin \ud83d\ude00 mới", "\udc00thân \ud800 bài\ud83d", source="\ud83d\ude00"),
        Report("nfd", "Hoa\u0300 gia\u0309i", "nga\u0323\u0306t"),
        Report("empty"),
        Report("only spaces", " \n\t", "\u200b\u00ad"),
        Report("punctuation", "…!?", "—«»"),
        Report("controls", "a\0b\x1b[31m", "\x00\x01\u202e\ufeff"),
        Report("long word", "a" * 100_000, "ế" * 70_000),
        Report("a/b c\\d:*?\"<>|'.toc"),
        Report("xã Phước Tân"),
        Report(" leading and trailing "),
        Report("\0"),
        Report("\U0001f600" * 3),
        Report("id " * 5000),
        Report("labels", source="a\0b", author="", category="x" * 70_000, url="\ud800"),
        Report("label commas", source='["a", "b"]', author="a,b", category="null"),
    )

    @pytest.mark.parametrize("report", CASES, ids=lambda report: ascii(report.id[:20]))
    def test_round_trip(self, returned: Index, report: Report) -> None:
        assert report.id in returned
        back = returned.get(report.id)
        assert back == report
        assert back is not None
        assert type(back.date) is type(report.date)
        if isinstance(report.date, dt.datetime):
            assert back.date.utcoffset() == report.date.utcoffset()  # type: ignore[union-attr]

    def test_iteration_gives_each_once(self, returned: Index) -> None:
        assert len(returned) == len(self.CASES)
        assert {report.id: report for report in returned} == {report.id: report for report in self.CASES}
        assert len(list(returned)) == len(self.CASES)

    def test_check(self, returned: Index) -> None:
        assert returned.check().problems == ()

    def test_all_can_be_replaced_and_deleted(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add(self.CASES)
        assert index.add(self.CASES).updated == len(self.CASES)
        assert len(index) == len(self.CASES)
        assert index.delete(report.id for report in self.CASES) == len(self.CASES)
        assert list(index) == []

    @pytest.mark.parametrize("identity", ["nope", "", "\ud800", "DATE", "date ", 5, None], ids=ascii)
    def test_unknown_ids(self, returned: Index, identity: Any) -> None:
        assert identity not in returned
        assert returned.get(identity) is None

    def test_labels_come_back_as_facets(self, returned: Index) -> None:
        facets = returned.search("tin a thân", facets=("source",)).facets
        assert facets["source"] == [("\ud83d\ude00", 1)]


class TestDelete:
    def test_delete(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add([Report(name, "Chợ nổi", source="s") for name in "abc"])
        assert index.delete(["a", "c", "a", "unknown"]) == 2
        assert [report.id for report in index] == ["b"]
        results = index.search("chợ", facets=("source",))
        assert (ids(results), results.total, results.facets) == (["b"], 1, {"source": [("s", 1)]})
        assert "a" not in index
        assert index.get("a") is None
        with Index.open(index.path) as other:
            assert len(other) == 1

    def test_one_id_as_text(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add([Report("ab"), Report("a"), Report("b")])
        assert index.delete("ab") == 1
        assert len(index) == 2

    def test_unknown_ids_make_no_commit(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add([Report("a")])
        commit = index.stats().commit
        assert index.delete(["x", "\ud800", ""]) == 0
        assert index.delete([]) == 0
        assert index.stats().commit == commit

    def test_to_nothing_and_back(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add([Report(str(n), "Chợ nổi", "họp sớm", dt.date(2020, 1, 1)) for n in range(3)])
        assert index.delete(map(str, range(3))) == 3
        assert len(index) == 0
        results = index.search("cho noi", sort="date", facets=("source",), date_from="2000-01-01")
        assert (ids(results), results.total) == ([], 0)
        assert index.more_like_this("0").total == 0
        assert index.check()
        index.add([Report("0", "Chợ phiên")])
        assert ids(index.search("cho")) == ["0"]

    @pytest.mark.parametrize("wanted", [5, [5], [None], [b"a"]], ids=repr)
    def test_what_is_no_id(self, new_index: NewIndex, wanted: Any) -> None:
        with pytest.raises(InvalidArgumentError):
            new_index().delete(wanted)


class TestManyCommits:
    def test_many_small_adds_equal_one_big_one(
        self, segmented: Index, collection: Index, reports: list[Report]
    ) -> None:
        assert len(segmented) == len(reports)
        assert {report.id: report for report in segmented} == {report.id: report for report in reports}
        for query in ("đường", "quận ủy", "thưởng tập thể", "Quận uỷ Đông Hải"):
            one, many = collection.search(query, limit=99), segmented.search(query, limit=99)
            assert one.total == many.total
            assert {hit.id: round(hit.score, 4) for hit in one} == {hit.id: round(hit.score, 4) for hit in many}
        facets = ("source", "category", "tags", "order")
        one, many = collection.search(EVERYTHING, facets=facets), segmented.search(EVERYTHING, facets=facets)
        assert one.facets == many.facets
        assert segmented.check().problems == ()

    def test_columns_survive_merges(self, segmented: Index, reports: list[Report]) -> None:
        results = segmented.search(EVERYTHING, limit=99, sort="date")
        days = [hit.report.day for hit in results if hit.report.day]
        assert days == sorted(days)
        assert len(days) > 20
        for report in reports:
            if report.title.startswith("?"):
                continue
            found = segmented.search(f"{report.title} {EVERYTHING}", limit=99, filters={"order": report.extra["order"]})
            assert [hit.report for hit in found] == ([report] if report.title != "… — !!!" else [])


class TestFilters:
    def test_one_value_several_values_several_keys(self, collection: Index) -> None:
        def found(filters: dict[str, Any]) -> set[str]:
            return set(ids(collection.search(EVERYTHING, limit=99, filters=filters)))

        everything = collection.search(EVERYTHING, limit=99)
        by_source = {hit.id: hit.report.source for hit in everything}
        one = {name for name, source in by_source.items() if source == "Báo Sông Lam"}
        two = one | {name for name, source in by_source.items() if source == "Tin Y tế"}
        assert len(two) > len(one) > 1
        assert found({"source": "Báo Sông Lam"}) == found({"source": ["Báo Sông Lam"]}) == one
        assert found({"source": ["Báo Sông Lam", "Tin Y tế", "Không có"]}) == two
        assert found({"source": {"Báo Sông Lam", "Tin Y tế"}}) == found({"source": ("Báo Sông Lam", "Tin Y tế")}) == two
        assert found({"source": iter(["Báo Sông Lam", "Tin Y tế"])}) == two
        both = {hit.id for hit in everything if hit.id in one and hit.report.category == "nông nghiệp"}
        assert found({"source": ["Báo Sông Lam"], "category": "nông nghiệp"}) == both
        assert 0 < len(both) < len(one)
        assert found({"source": []}) == found({"source": None}) == found({"source": "báo sông lam"}) == set()
        assert found({}) == set(by_source)

    def test_labels_are_matched_whole(self, collection: Index) -> None:
        assert collection.search(EVERYTHING, filters={"source": "Báo"}).total == 0

    def test_numbers_lists_and_booleans_of_extra(self, new_index: NewIndex) -> None:
        index = new_index(filterable=("page", "tags", "urgent", "ratio"))
        index.add(
            [
                Report("1", "Chợ nổi", extra={"page": 3, "tags": ["sông", "chợ"], "urgent": True, "ratio": 0.5}),
                Report("2", "Chợ phiên", extra={"page": 12, "tags": "chợ", "urgent": False}),
                Report("3", "Chợ đêm", extra={"page": "3", "tags": [], "other": "chợ", "urgent": None}),
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
        facets = index.search("chợ", facets=("tags", "page", "urgent", "ratio")).facets
        assert facets == {
            "tags": [("chợ", 2), ("sông", 1)],
            "page": [("3", 2), ("12", 1)],
            "urgent": [("false", 1), ("true", 1)],
            "ratio": [("0.5", 1)],
        }

    @pytest.mark.parametrize("name", ["district", "title", "body", "id", "date", "url", "report", "Source", ""])
    def test_what_is_not_filterable(self, collection: Index, name: str) -> None:
        with pytest.raises(UnknownFieldError, match="source"):
            collection.search("chợ", filters={name: "x"})
        with pytest.raises(UnknownFieldError, match="source"):
            collection.search("chợ", facets=(name,))

    @pytest.mark.parametrize("value", [b"x", object(), [b"x"], {1: object()}], ids=repr)
    def test_values_that_are_no_labels(self, collection: Index, value: Any) -> None:
        with pytest.raises(InvalidArgumentError, match="source"):
            collection.search("chợ", filters={"source": value})


class TestDates:
    ROWS = (
        ("first", dt.date.min),
        ("2019", dt.date(2019, 12, 31)),
        ("2020", dt.date(2020, 1, 1)),
        # Midnight and its neighbours, far from Greenwich: the calendar day is the one that is written.
        ("late", dt.datetime(2020, 1, 1, 23, 59, 59, 999999, tzinfo=dt.timezone(dt.timedelta(hours=-12)))),
        ("early", dt.datetime(2020, 1, 2, 0, 0, tzinfo=dt.timezone(dt.timedelta(hours=14)))),
        ("last", dt.date.max),
        ("none", None),
    )

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
            ("2020-01-01T23:59:00-12:00", "2020-01-01T00:01+14:00", {"2020", "late"}),
        ],
    )
    def test_both_ends_are_included(self, dated: Index, date_from: Any, date_to: Any, expected: set[str]) -> None:
        results = dated.search("chợ", date_from=date_from, date_to=date_to)
        assert set(ids(results)) == expected
        assert results.total == len(expected)

    def test_sorting(self, dated: Index) -> None:
        forward = ids(dated.search("chợ", sort="date"))
        assert forward[:2] == ["first", "2019"]
        assert set(forward[2:4]) == {"2020", "late"}
        assert forward[4:] == ["early", "last", "none"]
        back = ids(dated.search("chợ", sort="-date"))
        assert back[:2] == ["last", "early"]
        assert set(back[2:4]) == {"2020", "late"}
        assert back[4:] == ["2019", "first", "none"]

    def test_pages_of_sorted_hits(self, dated: Index) -> None:
        for sort in ("date", "-date"):
            whole = ids(dated.search("chợ", sort=sort))  # type: ignore[arg-type]
            pages = [dated.search("chợ", sort=sort, limit=2, offset=at) for at in range(0, 8, 2)]  # type: ignore[arg-type]
            assert [hit.id for page in pages for hit in page] == whole

    @pytest.mark.parametrize("value", ["nay", "", 5, True, "2020-13-01", "9999-12-31T24:00", b"2020-01-01"], ids=repr)
    def test_dates_that_are_none(self, dated: Index, value: Any) -> None:
        for name in ("date_from", "date_to"):
            with pytest.raises(InvalidArgumentError, match=name):
                dated.search("chợ", **{name: value})


class TestPages:
    @pytest.mark.parametrize("size", [1, 2, 3, 7, 29, 100])
    @pytest.mark.parametrize("sort", ["relevance", "date", "-date"])
    def test_pages_give_each_hit_once_in_the_order_of_one_big_page(
        self, segmented: Index, size: int, sort: Any
    ) -> None:
        whole = segmented.search(EVERYTHING, limit=1000, sort=sort)
        assert len(whole) == whole.total > 20
        found: list[str] = []
        for offset in range(0, whole.total + size, size):
            page = segmented.search(EVERYTHING, limit=size, offset=offset, sort=sort)
            assert page.total == whole.total
            assert len(page) == max(0, min(size, whole.total - offset))
            found += ids(page)
        assert found == ids(whole)
        assert len(set(found)) == len(found)

    def test_equal_scores_are_paged_without_loss(self, new_index: NewIndex) -> None:
        index = new_index()
        for start in (0, 17, 30):
            index.add([Report(str(n), "Chợ nổi") for n in range(start, start + 20)])
        whole = ids(index.search("chợ", limit=50))
        pages = [index.search("chợ", limit=7, offset=at) for at in range(0, 50, 7)]
        assert [hit.id for page in pages for hit in page] == whole
        assert sorted(whole) == sorted(map(str, range(50)))

    def test_scores_descend(self, collection: Index) -> None:
        scores = [hit.score for hit in collection.search(EVERYTHING, limit=99)]
        assert scores == sorted(scores, reverse=True)
        assert scores[-1] > 0

    def test_ends(self, collection: Index) -> None:
        nothing = collection.search(EVERYTHING, limit=0, facets=("source",))
        assert (len(nothing), list(nothing)) == (0, [])
        assert nothing.total > 20
        assert nothing.facets["source"]
        assert ids(collection.search(EVERYTHING, offset=10**30, limit=10**30)) == []
        assert len(collection.search(EVERYTHING, limit=10**30)) == nothing.total

    def test_results_are_a_sequence(self, collection: Index) -> None:
        results = collection.search("đường")
        assert results[0] is next(iter(results))
        assert results[-1].id == ids(results)[-1]
        assert [hit.id for hit in results[:2]] == ids(results)[:2]
        assert results.took_ms >= 0
        assert results.complete


class TestOptions:
    @pytest.mark.parametrize(
        "options",
        [
            {"limit": -1},
            {"limit": "5"},
            {"limit": None},
            {"limit": 1.5},
            {"limit": True},
            {"offset": -1},
            {"fragments": -1},
            {"match": "some"},
            {"match": []},
            {"sort": "title"},
            {"sort": {}},
            {"timeout_s": 0},
            {"timeout_s": -1},
            {"timeout_s": float("nan")},
            {"timeout_s": "1"},
            {"facets": "source"},
            {"facets": None},
            {"facets": 5},
            {"filters": ["source"]},
            {"filters": "source"},
            {"fields": {}},
            {"fields": []},
            {"fields": ["title"]},
            {"fields": {"title": 0}},
            {"fields": {"title": -1}},
            {"fields": {"title": "2"}},
            {"fields": {"title": True}},
            {"fields": {"title": float("nan")}},
            {"fields": {"title": float("inf")}},
            {"fields": {"title": 10**400}},
            {"fields": {"title": 1e300}},
            {"fields": {"title": 1e-300}},
        ],
        ids=str,
    )
    def test_values_that_make_no_sense(self, collection: Index, options: dict[str, Any]) -> None:
        with pytest.raises(InvalidArgumentError):
            collection.search("chợ", **options)

    @pytest.mark.parametrize("query", [None, 5, b"x", ["x"]], ids=repr)
    def test_a_query_is_text(self, collection: Index, query: Any) -> None:
        with pytest.raises(InvalidArgumentError):
            collection.search(query)
        with pytest.raises(InvalidArgumentError):
            collection.suggest(query)

    @pytest.mark.parametrize("name", ["source", "title_pairs", "id", "", 5])
    def test_fields_that_cannot_be_searched(self, collection: Index, name: Any) -> None:
        with pytest.raises(UnknownFieldError, match="title"):
            collection.search("chợ", fields={name: 1.0})

    def test_fields_say_where_to_look(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add(
            [Report("t", "Chợ nổi", "Ghe xuồng"), Report("b", "Ghe xuồng", "Chợ nổi"), Report("n", "khác", "khác")]
        )
        assert ids(index.search("chợ nổi", fields={"title": 1})) == ["t"]
        assert ids(index.search("chợ nổi", fields={"body": 1})) == ["b"]
        assert ids(index.search("chợ nổi", fields={"title": 3, "body": 1})) == ["t", "b"]
        assert ids(index.search("chợ nổi", fields={"title": 1, "body": 3})) == ["b", "t"]
        assert ids(index.search("chợ nổi")) == ["t", "b"]
        assert index.search("chợ nổi", fields={"title": 1e6, "body": 1e-6})[0].score > 0

    def test_match_all(self, collection: Index, reports: list[Report]) -> None:
        some = collection.search("đường làng", limit=99)
        every = collection.search("đường làng", limit=99, match="all")
        assert set(ids(every)) < set(ids(some))
        expected = {
            report.id
            for report in reports
            if {"đường", "làng"}
            <= set(f"{report.title} {report.body}".lower().replace(".", " ").replace(",", " ").split())
        }
        assert set(ids(every)) == expected
        assert {hit.id: hit.score for hit in every} == {hit.id: hit.score for hit in some if hit.id in expected}
        assert collection.search("đường zzz", match="all").total == 0
        assert collection.search("", match="all").total == collection.search("?!", match="all").total == 0

    def test_match_all_across_title_and_body(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add([Report("1", "Chợ nổi", "Ghe xuồng"), Report("2", "Chợ phiên", "Ngựa thồ")])
        assert ids(index.search("chợ xuồng", match="all")) == ["1"]
        assert ids(index.search("cho xuong", match="all")) == ["1"]

    @pytest.mark.parametrize(
        "options", [{}, {"match": "all"}, {"sort": "date"}, {"filters": {"source": "Tin Đô thị"}}], ids=str
    )
    def test_facets_count_all_matching_reports(self, segmented: Index, options: dict[str, Any]) -> None:
        query = "đường" if "match" in options else EVERYTHING
        whole = segmented.search(query, limit=1000, **options)
        expected = {
            name: Counter(label for hit in whole for label in [getattr(hit.report, name)] if label)
            for name in ("source", "category", "author")
        }
        expected["tags"] = Counter(tag for hit in whole for tag in hit.report.extra.get("tags", []))
        for limit in (0, 1, 1000):
            facets = segmented.search(query, limit=limit, facets=tuple(expected), **options).facets
            assert {name: dict(counts) for name, counts in facets.items()} == expected
            for counts in facets.values():
                assert counts == sorted(counts, key=lambda item: (-item[1], item[0]))

    def test_no_facets_unless_asked_for(self, collection: Index) -> None:
        assert collection.search("chợ").facets == {}

    def test_a_timeout_ends_the_search_and_says_so(self, collection: Index) -> None:
        results = collection.search(EVERYTHING, timeout_s=1e-9)
        assert not results.complete
        assert results.total <= collection.search(EVERYTHING).total
        assert collection.search(EVERYTHING, timeout_s=60).complete
        assert collection.search(EVERYTHING, timeout_s=1e300).complete


class TestClosing:
    USES: tuple[Callable[[Index], object], ...] = (
        lambda index: index.search("chợ"),
        lambda index: index.suggest("ch"),
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
    )

    def test_closed(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add([Report("a", "Chợ nổi")])
        index.close()
        index.close()
        for use in self.USES:
            with pytest.raises(IndexClosedError, match=r"Index\.open"):
                use(index)
        assert "closed" in repr(index)
        assert len(Index.open(index.path)) == 1

    def test_with_closes_also_after_an_exception(self, tmp_path: Path) -> None:
        with pytest.raises(RuntimeError), Index.create(tmp_path / "i") as index:
            raise RuntimeError
        with pytest.raises(IndexClosedError):
            len(index)

    def test_hits_can_be_used_after_close(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add([Report("a", "Chợ nổi", "Chợ nổi họp sớm"), Report("b", "Cầu treo", "Chợ")])
        results = index.search("cho noi")
        index.close()
        with Index.create(index.path, overwrite=True) as other:
            other.add([Report("c")])
        hit = results[0]
        assert hit.report.title == "Chợ nổi"
        assert "<mark>Chợ nổi</mark>" in hit.snippet.html()
        assert hit.title_html() == "<mark>Chợ nổi</mark>"
        assert hit.marks("body")
        assert sum(part.score for part in hit.explain().contributions) == pytest.approx(hit.score, rel=1e-5)


class TestTogether:
    def test_two_objects_on_one_folder(self, new_index: NewIndex) -> None:
        one = new_index()
        two = Index.open(one.path)
        one.add([Report("a", "Chợ nổi")])
        assert len(two) == 0
        assert two.refresh()
        assert not two.refresh()
        assert ids(two.search("chợ")) == ["a"]
        two.add([Report("a", "Chợ phiên"), Report("b")])
        assert one.get("a") == Report("a", "Chợ nổi")
        # A change starts from the latest commit, whoever made it.
        assert one.add([Report("b", "bản mới")]).updated == 1
        assert {report.id for report in one} == {"a", "b"}
        assert one.delete(["a"]) == 1
        two.refresh()
        assert [report.id for report in two] == ["b"]
        two.add([Report("late")])
        assert one.delete(["late"]) == 1

    def test_writers_in_threads_take_turns_and_never_double(self, new_index: NewIndex) -> None:
        first = new_index()
        indexes = [first, *(Index.open(first.path, lock_timeout_s=30) for _ in range(3))]

        def work(at: int) -> None:
            for round_ in range(5):
                indexes[at].add([Report("shared", f"bản {at} {round_}"), Report(f"own {at} {round_}", "Chợ nổi")])

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        for index in indexes:
            index.refresh()
            assert len(index) == 21
            assert len(list(index)) == 21
            assert index.search("chợ").total == 20
        assert first.check().problems == ()
        for index in indexes[1:]:
            index.close()

    def test_one_object_in_many_threads(self, new_index: NewIndex) -> None:
        index = new_index()
        # Each commit replaces all of "one day's reports"; a search must see one day, whole.
        index.add([Report(str(n), "Chợ nổi ngày 0", "họp", category="0") for n in range(5)])
        stop = threading.Event()
        wrong: list[Any] = []

        def search() -> int:
            count = 0
            while not stop.is_set() or count < 5:
                results = index.search("cho noi", facets=("category",), limit=10)
                days = {hit.report.category for hit in results}
                if len(days) != 1 or results.total != 5 or results.facets["category"] != [(days.pop(), 5)]:
                    wrong.append(results)
                if any("<mark>" not in hit.title_html() or not hit.explain().contributions for hit in results):
                    wrong.append("marks")
                count += 1
            return count

        with ThreadPoolExecutor(3) as pool:
            searches = [pool.submit(search) for _ in range(3)]
            try:
                for day in range(1, 12):
                    index.add([Report(str(n), f"Chợ nổi ngày {day}", "họp", category=str(day)) for n in range(5)])
                    index.add([Report("more", "Cầu treo")])
                    index.delete(["more"])
            finally:
                stop.set()
        assert all(future.result() >= 5 for future in searches)
        assert wrong == []

    def test_results_and_iterators_keep_their_commit(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add([Report(str(n), "Chợ nổi", "họp từ sớm") for n in range(10)])
        results = index.search("chợ", limit=10)
        reports = iter(index)
        next(reports)
        index.delete(map(str, range(10)))
        for n in range(8):
            index.add([Report(f"new {n}", "Cầu treo")])
        assert len(list(reports)) == 9
        assert [hit.report.title for hit in results] == ["Chợ nổi"] * 10
        assert all("<mark>" in hit.title_html() for hit in results)
        assert index.search("chợ").total == 0

    def test_a_second_writer_waits_then_gives_up(self, new_index: NewIndex) -> None:
        index = new_index()
        other = Index.open(index.path, lock_timeout_s=0.05)
        index.add([Report("a")])
        seen: list[BaseException] = []

        def reports() -> Iterator[Report]:
            yield Report("b")
            for use in (
                lambda: other.add([Report("c")]),
                lambda: other.delete(["a"]),
                lambda: Index.create(index.path, overwrite=True, lock_timeout_s=0.05),
            ):
                with pytest.raises(IndexLockedError, match="lock_timeout_s") as caught:
                    use()
                seen.append(caught.value)
            assert len(other) == 1  # reading goes on

        index.add(reports())
        assert len(seen) == 3
        assert {report.id for report in index} == {"a", "b"}
        assert other.add([Report("c")]).added == 1
        other.close()


class TestSuggest:
    def test_with_and_without_marks(self, collection: Index) -> None:
        assert "quy chế" in collection.suggest("quy ch")
        assert "quy chế" in collection.suggest("quy chế")
        assert "dân chủ" in collection.suggest("dan ch")
        assert any(found.startswith("đường") for found in collection.suggest("đườ"))
        assert any(found.startswith("đường") for found in collection.suggest("duon"))
        assert not any(found.startswith("dương") for found in collection.suggest("đườ"))

    def test_every_completion_continues_what_was_typed(self, collection: Index) -> None:
        from vnsearch import fold

        for typed in ("h", "đ", "quan u", "bo", "Hoà", "thuỷ l", "CHỢ", "tre e"):
            found = collection.suggest(typed, limit=50)
            assert found, typed
            assert len(found) == len(set(found))
            for completion in found:
                assert fold(completion).startswith(fold(typed).lower()), (typed, completion)

    def test_limit(self, collection: Index) -> None:
        everything = collection.suggest("t", limit=100)
        assert len(everything) > 8
        assert collection.suggest("t") == everything[:8]
        assert collection.suggest("t", limit=3) == everything[:3]
        assert collection.suggest("t", limit=0) == []
        for limit in (-1, "3", None):
            with pytest.raises(InvalidArgumentError):
                collection.suggest("t", limit=limit)  # type: ignore[arg-type]

    def test_after_a_space_the_next_syllable(self, collection: Index) -> None:
        found = collection.suggest("quận ")
        assert found
        assert all(completion.startswith("quận ") for completion in found)
        assert any(completion == "quận ủy" for completion in found)

    @pytest.mark.parametrize("typed", ["", " ", "?!", "zzz", "zzz qqq", "\ud800", "\0", "🙂", "'" * 5, "x" * 100_000])
    def test_nothing_to_suggest(self, collection: Index, typed: str) -> None:
        assert collection.suggest(typed) == []

    def test_a_long_text_before_what_is_typed(self, collection: Index) -> None:
        found = collection.suggest("bà con " * 3000 + "quy ch")
        assert found
        assert all(completion.endswith("quy chế") for completion in found)
        assert collection.suggest("bà con " * 3000 + "quận ")

    def test_deleted_reports_are_not_needed(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add([Report("1", "Chợ nổi"), Report("2", "Chợ phiên")])
        index.delete(["2"])
        assert "chợ nổi" in index.suggest("cho n")


class TestHit:
    @pytest.mark.parametrize(
        "query", ["quan uy khen", "Quận uỷ", '"giay khen" -cam', "title:quan source:(bao dong hai)"]
    )
    def test_is_what_the_search_gives(self, collection: Index, query: str) -> None:
        found = collection.search(query, limit=99)
        assert len(found) > 1
        for expected in found:
            hit = collection.hit(expected.id, query)
            assert hit is not None
            assert hit.report == expected.report
            assert hit.score == pytest.approx(expected.score, rel=1e-5)
            assert (hit.marks("title"), hit.marks("body")) == (expected.marks("title"), expected.marks("body"))
            assert hit.snippet == expected.snippet

    def test_how_the_query_is_read_may_be_said(self, collection: Index) -> None:
        assert collection.hit("duong-lang", "đường cam") is not None
        assert collection.hit("duong-lang", "đường cam", match="all") is None
        assert collection.hit("duong-lang", "trẻ em", fields={"title": 1.0}) is None
        with pytest.raises(InvalidArgumentError):
            collection.hit("duong-lang", "đường", timeout_s=-1)
        with pytest.raises(UnknownFieldError):
            collection.hit("duong-lang", "đường", fields={"source": 1.0})

    @pytest.mark.parametrize(
        ("identity", "query"), [("unknown", "đường"), ("\ud800", "đường"), ("duong-lang", "chợ"), ("duong-lang", "")]
    )
    def test_none_without_a_match(self, collection: Index, identity: str, query: str) -> None:
        assert collection.hit(identity, query) is None


class TestMoreLikeThis:
    def test_finds_the_sibling_and_not_itself(self, collection: Index) -> None:
        found = ids(collection.more_like_this("quan-uy-cu"))
        assert found[0] == "quan-uy-moi"
        assert "quan-uy-cu" not in found
        assert "ong-duong" not in ids(collection.more_like_this("ong-duong", limit=99))

    def test_limit_and_total(self, collection: Index) -> None:
        assert len(collection.more_like_this("dan-chu", limit=2)) == 2
        assert collection.more_like_this("dan-chu", limit=2).total > 2
        with pytest.raises(InvalidArgumentError):
            collection.more_like_this("dan-chu", limit=-1)

    def test_hits_can_be_shown(self, collection: Index) -> None:
        for hit in collection.more_like_this("quan-uy-cu"):
            assert hit.snippet.html()
            assert sum(part.score for part in hit.explain().contributions) == pytest.approx(hit.score, rel=1e-5)

    @pytest.mark.parametrize("identity", ["unknown", "", "\ud800", "chi-dau"])
    def test_nothing_like_it(self, collection: Index, identity: str) -> None:
        results = collection.more_like_this(identity)
        assert (list(results), results.total) == ([], 0)


class TestEmptyIndex:
    def test_every_method(self, new_index: NewIndex) -> None:
        index = new_index(filterable=("tags",))
        for _ in range(2):
            results = index.search(
                "quận ủy",
                filters={"tags": "x"},
                facets=("source", "tags"),
                date_from="2020-01-01",
                sort="date",
                offset=3,
            )
            assert (list(results), results.total, results.suggestion) == ([], 0, None)
            assert results.facets == {"source": [], "tags": []}
            assert index.search("quan uy", match="all", timeout_s=5).total == 0
            assert index.suggest("quậ") == index.suggest("quận ") == []
            assert index.more_like_this("x").total == 0
            assert index.get("x") is None
            assert "x" not in index
            assert (len(index), list(index), index.delete(["x"])) == (0, [], 0)
            assert index.check()
            assert index.stats().reports == index.stats().syllables == index.stats().word_terms == 0
            assert not index.refresh()
            index.add([])
        assert repr(index).endswith("0 reports>")

    @pytest.mark.parametrize("text", ["", "?!… —", "\u200b\n", "\ud800"])
    def test_reports_without_a_word(self, new_index: NewIndex, text: str) -> None:
        index = new_index()
        index.add([Report("a", text, text, "2020-01-01", source="s"), Report("b", text, text)])  # type: ignore[arg-type]
        assert index.search("chợ", facets=("source",), sort="-date").total == 0
        assert index.suggest("ch") == []
        assert index.more_like_this("a").total == 0
        assert len(index) == 2
        assert index.check()
        index.add([Report("c", "Chợ nổi")])
        assert ids(index.search("cho noi")) == ["c"]


class TestCheckAndStats:
    def test_stats(self, collection: Index, reports: list[Report]) -> None:
        stats = collection.stats()
        assert stats.reports == len(reports)
        assert set(stats.filterable) == {"order", "tags"}
        assert stats.path == str(collection.path)
        assert stats.commit >= 1
        files = [path for path in collection.path.iterdir() if path.is_file()]
        assert stats.size_bytes == sum(path.stat().st_size for path in files)
        from vnsearch import analyze

        tokens = [token for report in reports for text in (report.title, report.body) for token in analyze(text)]
        assert stats.syllables == sum(token.kind == "syllable" for token in tokens)
        assert stats.syllable_terms == len({token.text for token in tokens if token.kind == "syllable"})
        assert stats.word_terms == len({token.text for token in tokens if token.kind == "word"})

    def test_commits_count_up(self, new_index: NewIndex) -> None:
        index = new_index()
        seen = [index.stats().commit]
        for change in (lambda: index.add([Report("a")]), lambda: index.add([]), lambda: index.delete(["a"])):
            change()
            seen.append(index.stats().commit)
        assert seen == sorted(set(seen))

    def test_check_counts_reports(self, segmented: Index, reports: list[Report]) -> None:
        result = segmented.check()
        assert (bool(result), result.reports, result.problems) == (True, len(reports), ())


def test_other_files_in_the_folder_stay(tmp_path):
    """Also those whose names begin like ours."""
    names = (
        "MAIN_báo-cáo.txt",
        "_MAIN_notes.md",
        "vnsearch.json",
        "MAIN_1.seg.bak",
        "_MAIN_2.toc.bak",
        "MAIN_ghi-chú.seg",
    )
    for name in names:
        (tmp_path / name).write_text("của người khác", encoding="utf-8")
    with Index.create(tmp_path) as index:
        index.add([Report("1", "Chợ nổi")])
        index.delete(["1"])
    Index.create(tmp_path, overwrite=True).close()
    assert {path.name for path in tmp_path.iterdir()} >= set(names)
    assert check_index(tmp_path)


def test_delete_sees_what_others_added_while_it_waited(tmp_path):
    with Index.create(tmp_path / "index") as index, Index.open(tmp_path / "index") as other:
        index.add([Report("a", "Chợ nổi")])
        waiting = threading.Event()

        def reports():
            yield Report("b", "Chợ phiên")
            waiting.set()
            time.sleep(0.3)  # the other one waits for the lock by now

        adding = threading.Thread(target=lambda: other.add(reports()))
        adding.start()
        waiting.wait(60)
        assert index.delete(["a", "b"]) == 2
        adding.join()
        assert len(index) == 0


def test_opened_and_created_by_several_at_once(tmp_path):
    for number in range(10):
        barrier = threading.Barrier(4)

        def opened(path, barrier=barrier):
            barrier.wait()
            with Index.open(path, create=True) as index:
                return len(index)

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(opened, [tmp_path / f"{number}"] * 4)) == [0] * 4


def test_whoosh_of_a_closed_index(tmp_path):
    index = Index.create(tmp_path / "index")
    assert index.whoosh.doc_count() == 0
    index.close()
    with pytest.raises(IndexClosedError):
        _ = index.whoosh


def test_an_index_deleted_and_made_anew_is_seen_though_it_counts_its_commits_from_the_start(tmp_path: Path) -> None:
    def make(title: str) -> Index:
        index = Index.create(tmp_path / "index")
        index.add([{"id": "1", "title": title}])
        return index

    with make("Gặt lúa") as index:
        before, name = index.commit, index.commit_id
        shutil.rmtree(tmp_path / "index")
        make("Cấy lúa").close()
        assert index.refresh()
        assert index.commit == before
        assert index.commit_id != name
        assert [hit.report.title for hit in index.search("lúa")] == ["Cấy lúa"]
        assert not index.refresh()
