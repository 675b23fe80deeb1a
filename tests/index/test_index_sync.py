"""``Index.sync``: an index in step with files, whatever becomes of them, and of the index."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vnsearch import (
    Index,
    InvalidArgumentError,
    InvalidReportError,
    Limits,
    MissingExtraError,
    Report,
    SyncStats,
    check_index,
    read_corpus,
    rebuild_index,
)
from vnsearch.corpus import files
from vnsearch.corpus.files import Corpus
from vnsearch.index import writer
from vnsearch.index.sync import Seen

NewIndex = Callable[..., Index]

TEXT = "Thôn {} làm đường\n\nSáng nay, thôn {} họp bàn việc làm đường, có đủ 120 hộ dân đến dự và góp ý kiến."


def page(root: Path, name: str, place: str = "Đông") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT.format(place, place), encoding="utf-8")
    return path


def records(path: Path, *rows: tuple[str, str]) -> Path:
    """A .jsonl with a record of each (id, title)."""
    lines = [
        json.dumps({"id": identity, "title": title, "text": "Bà con góp công cùng làm."}) for identity, title in rows
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    page(folder, "a.txt")
    page(folder, "b/c.txt", "Tây")
    records(folder / "tin.jsonl", ("1", "Đắp đê"), ("2", "Trồng rừng"), ("3", "Nạo vét kênh"))
    return folder


@pytest.fixture
def index(new_index: NewIndex) -> Index:
    return new_index(filterable=("tags",))


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done since it was last cleared: the names of files read as reports, the ids of reports analysed."""
    done: list[str] = []
    read, analyse = Corpus.read, writer.analyse_reports

    def reading(corpus: Corpus, path: Path, name: str) -> Any:
        done.append(f"read {name}")
        return read(corpus, path, name)

    def analysing(reports: Any, filterable: Any) -> Any:
        done.extend(f"analysed {report.id}" for report in reports)
        return analyse(reports, filterable)

    monkeypatch.setattr(Corpus, "read", reading)
    monkeypatch.setattr(writer, "analyse_reports", analysing)
    return done


def counts(stats: SyncStats) -> tuple[int, int, int, int]:
    return stats.added, stats.updated, stats.unchanged, stats.removed


def held(index: Index) -> dict[str, Report]:
    assert check_index(index.path)
    return {report.id: report for report in index}


def test_the_index_has_what_read_corpus_gives(index: Index, folder: Path) -> None:
    stats = index.sync(folder)
    assert counts(stats) == (5, 0, 0, 0)
    assert (stats.skipped, stats.errors) == (0, ())
    assert stats.seconds > 0
    assert held(index) == {report.id: report for report in read_corpus(folder)}
    (hit,) = index.search("đắp đê")
    assert (type(hit.report), hit.id) == (Report, "1")


def test_without_changes_nothing_is_read_or_committed(index: Index, folder: Path, work: list[str]) -> None:
    index.sync(folder)
    assert {"read a.txt", "analysed a.txt", "analysed 3"} <= set(work)
    work.clear()
    commit = index.stats().commit
    os.utime(folder / "a.txt", (1, 1))
    assert counts(index.sync(str(folder), prune=True)) == (0, 0, 5, 0)
    with Index.open(index.path) as again:
        assert counts(again.sync(folder)) == (0, 0, 5, 0)
    assert work == []
    assert index.stats().commit == commit


def test_what_changed_is_read_and_nothing_else(index: Index, folder: Path, work: list[str]) -> None:
    index.sync(folder)
    work.clear()
    page(folder, "a.txt", "Nam")
    page(folder, "mới.txt", "Bắc")
    assert counts(index.sync(folder)) == (1, 1, 4, 0)
    assert sorted(work) == ["analysed a.txt", "analysed mới.txt", "read a.txt", "read mới.txt"]
    assert held(index) == {report.id: report for report in read_corpus(folder)}


def test_a_record_that_left_its_file_leaves_the_index(index: Index, folder: Path) -> None:
    index.sync(folder)
    records(folder / "tin.jsonl", ("3", "Nạo vét kênh"), ("1", "Đắp đê lần hai"))
    assert counts(index.sync(folder)) == (0, 2, 2, 1)
    assert held(index) == {report.id: report for report in read_corpus(folder)}
    assert counts(index.sync(folder)) == (0, 0, 4, 0)


def test_a_record_that_moved_to_another_file_stays(index: Index, folder: Path) -> None:
    other = records(folder / "khac.jsonl", ("9", "Chợ nổi"))
    index.sync(folder)
    records(folder / "tin.jsonl", ("1", "Đắp đê"), ("9", "Chợ nổi"))
    records(other, ("2", "Trồng rừng"), ("3", "Nạo vét kênh"))
    assert counts(index.sync(folder)) == (0, 4, 2, 0)
    assert held(index) == {report.id: report for report in read_corpus(folder)}


def test_removed_and_renamed_files(index: Index, folder: Path) -> None:
    index.sync(folder)
    (folder / "a.txt").unlink()
    (folder / "b" / "c.txt").rename(folder / "d.txt")
    (folder / "tin.jsonl").rename(folder / "tin2.jsonl")
    assert counts(index.sync(folder)) == (1, 3, 0, 0)
    assert {"a.txt", "b/c.txt", "d.txt"} <= held(index).keys()
    assert counts(index.sync(folder, prune=True)) == (0, 0, 4, 2)
    assert held(index).keys() == {"d.txt", "1", "2", "3"}


def test_a_renamed_file_is_pruned_in_the_same_commit(index: Index, folder: Path) -> None:
    index.sync(folder)
    (folder / "tin.jsonl").rename(folder / "tin2.jsonl")
    before = index.stats().commit
    assert counts(index.sync(folder, prune=True)) == (0, 3, 2, 0)
    assert index.stats().commit == before + 1
    assert held(index) == {report.id: report for report in read_corpus(folder)}


def test_pruning_leaves_what_the_paths_given_lead_to(index: Index, folder: Path, tmp_path: Path) -> None:
    other = page(tmp_path / "other", "z.txt", "Nam").parent
    index.sync(folder)
    assert counts(index.sync(other)) == (1, 0, 0, 0)
    assert counts(index.sync([folder, other], prune=True)) == (0, 0, 6, 0)
    assert counts(index.sync(other, prune=True)) == (0, 0, 1, 5)  # though the files are still there


def test_reports_without_a_file_are_never_pruned(index: Index, folder: Path) -> None:
    index.add([Report("riêng", "Tin riêng")])
    index.sync(folder)
    (folder / "a.txt").unlink()
    assert counts(index.sync(folder, prune=True)) == (0, 0, 4, 1)
    assert "riêng" in index


def test_paths_that_lead_to_no_file_prune_nothing(index: Index, folder: Path, tmp_path: Path) -> None:
    missing, empty = tmp_path / "không có", tmp_path / "rỗng"
    empty.mkdir()
    index.sync(folder)
    (folder / "a.txt").unlink()
    told: list[Path] = []
    for paths in (missing, empty, [folder, missing], [folder, empty], str(folder / "*.none")):
        assert index.sync(paths, prune=True, on_read_error=lambda path, _: told.append(path)).removed == 0
    assert told == [missing, empty, missing, empty, folder / "*.none"]
    assert len(index) == 5
    assert index.sync(folder, prune=True).removed == 1


@pytest.mark.parametrize("form", ["{}", "{}/*", "{}/**"])
def test_what_is_behind_a_link_that_leads_nowhere_is_not_pruned(
    index: Index, folder: Path, form: str, tmp_path: Path
) -> None:
    disk = page(tmp_path / "disk", "năm/e.txt", "Trung").parent
    (folder / "x").symlink_to(disk)
    index.sync(form.format(folder))
    disk.rename(tmp_path / "elsewhere")
    (folder / "a.txt").unlink()
    assert index.sync(form.format(folder), prune=True, on_read_error=lambda *_: None).removed == 1
    assert "x/e.txt" in index
    (folder / "x").unlink()
    assert index.sync(form.format(folder), prune=True).removed == 1


@pytest.mark.parametrize("form", ["{}", "{}/*"])
def test_what_is_in_a_folder_whose_files_may_not_be_looked_at_is_not_pruned(
    index: Index, folder: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page(folder, "b/d/e.txt", "Trung")
    index.sync(form.format(folder))
    stat = os.stat

    def fails(path: Any, **options: Any) -> Any:
        if not isinstance(path, int) and folder / "b" in Path(path).parents:
            raise PermissionError(13, "Permission denied")
        return stat(path, **options)

    (folder / "a.txt").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", fails)  # the tests may run as root, who may look at everything
        stats = index.sync(form.format(folder), prune=True, on_read_error=lambda *_: None)
    assert (stats.removed, "b/c.txt" in index, "b/d/e.txt" in index, "1" in index) == (1, True, True, True)


@pytest.mark.parametrize("form", ["{}", "{}/**"])
def test_what_is_in_a_folder_that_cannot_be_listed_is_not_pruned(
    index: Index, folder: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page(folder, "b/d/e.txt", "Trung")
    index.sync(form.format(folder))
    scandir, access = os.scandir, os.access

    def fails(path: Any = ".") -> Any:
        if not isinstance(path, int) and Path(path) == folder / "b":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    # The tests may run as root, who may list everything.
    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", fails)
        patch.setattr(os, "access", lambda path, mode: Path(path) != folder / "b" and access(path, mode))
        (folder / "a.txt").unlink()
        stats = index.sync(form.format(folder), prune=True, on_read_error=lambda *_: None)
    assert (stats.removed, "b/c.txt" in index, "b/d/e.txt" in index) == (1, True, True)
    (folder / "b" / "c.txt").unlink()
    assert index.sync(form.format(folder), prune=True).removed == 1


def test_a_file_that_cannot_be_read_keeps_its_reports(
    index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.sync(folder)
    before = held(index)
    told: list[str] = []
    opens = Path.open

    def fails(path: Path, *arguments: Any, **options: Any) -> Any:
        if path == folder / "tin.jsonl":
            raise PermissionError(13, "Permission denied")
        return opens(path, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", fails)
        stats = index.sync(folder, prune=True, on_read_error=lambda path, error: told.append(f"{path.name}: {error}"))
    assert counts(stats) == (0, 0, 2, 0)
    assert told == ["tin.jsonl: it cannot be read: Permission denied"]
    (folder / "a.txt").write_bytes(b"\0\1\2\xff" * 99)
    assert counts(index.sync(folder, prune=True, on_read_error=lambda *_: None)) == (0, 0, 4, 0)
    assert held(index) == before


def test_bad_records_are_told_every_time_and_the_good_ones_not_analysed_again(
    index: Index, folder: Path, work: list[str]
) -> None:
    path = folder / "tin.jsonl"
    path.write_text(path.read_text("utf-8") + '\n{"id": "4", "title": "Gặt lúa', encoding="utf-8")
    told: list[str] = []
    index.sync(folder, on_read_error=lambda _, error: told.append(str(error)))
    work.clear()
    stats = index.sync(folder, on_read_error=lambda _, error: told.append(str(error)))
    assert counts(stats) == (0, 0, 5, 0)
    assert [line[:7] for line in told] == ["line 4:"] * 2
    assert work == ["read tin.jsonl"]


def test_what_was_replaced_or_deleted_otherwise_comes_back(index: Index, folder: Path, work: list[str]) -> None:
    index.sync(folder)
    index.add([Report("a.txt", "Tin khác"), Report("3", "Tin khác")])
    index.delete(["b/c.txt", "1"])
    work.clear()
    assert counts(index.sync(folder)) == (2, 2, 1, 0)
    assert [line for line in work if "analysed" in line] == [
        "analysed a.txt", "analysed 1", "analysed 3", "analysed b/c.txt",
    ]  # fmt: skip
    assert held(index) == {report.id: report for report in read_corpus(folder)}
    work.clear()
    assert counts(index.sync(folder)) == (0, 0, 5, 0)
    assert work == []


def test_of_two_files_with_a_report_of_one_id_the_last_counts(index: Index, tmp_path: Path, work: list[str]) -> None:
    first = records(tmp_path / "a.jsonl", ("x", "Bản cũ"), ("y", "Đắp đê"))
    second = records(tmp_path / "b.jsonl", ("x", "Bản mới"), ("z", "Trồng rừng"))
    both = [first, second]
    index.sync(both)
    assert held(index)["x"].title == "Bản mới"
    work.clear()
    assert counts(index.sync(both, prune=True)) == (0, 0, 3, 0)
    assert [line for line in work if "analysed" in line] == []
    records(first, ("x", "Bản cũ, sửa"), ("y", "Đắp đê"))
    index.sync(both)
    assert held(index)["x"].title == "Bản mới"
    records(second, ("z", "Trồng rừng"))
    assert counts(index.sync(both)) == (0, 2, 1, 0)
    assert held(index)["x"].title == "Bản cũ, sửa"
    records(second, ("x", "Bản mới nhất"))
    index.sync(both)
    second.unlink()
    index.sync(first, prune=True)
    assert {identity: report.title for identity, report in held(index).items()} == {
        "x": "Bản cũ, sửa", "y": "Đắp đê",
    }  # fmt: skip


def test_two_folders_with_the_same_names(index: Index, tmp_path: Path) -> None:
    one, two = page(tmp_path, "một/tin.txt").parent, page(tmp_path, "hai/tin.txt", "Tây").parent
    assert counts(index.sync([one, two])) == (2, 0, 0, 0)
    assert held(index).keys() == {"tin.txt", "hai/tin.txt"}
    assert counts(index.sync([one, two], prune=True)) == (0, 0, 2, 0)
    page(two, "tin.txt", "Nam")
    assert counts(index.sync([one, two], prune=True)) == (0, 1, 1, 0)
    assert "Nam" in index.get("hai/tin.txt").title  # type: ignore[union-attr]


def test_what_a_file_is_read_as_counts_too(index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index.sync(folder)
    monkeypatch.setattr(files, "_READERS", files._READERS + 1)
    assert counts(index.sync(folder)) == (0, 5, 0, 0)
    monkeypatch.setitem(files._KINDS, ".txt", "markdown")
    assert counts(index.sync(folder)) == (0, 2, 3, 0)


def test_bad_reports(new_index: NewIndex, folder: Path) -> None:
    records(folder / "dài.jsonl", ("dài", "Họp dân, giữ đê. " * 99))
    index = new_index(limits=Limits(report_chars=500))
    with pytest.raises(InvalidReportError):
        index.sync(folder)
    assert len(index) == 0
    for _ in range(2):
        stats = index.sync(folder, on_error="skip")
        assert [skipped.id for skipped in stats.errors] == ["dài"]
    assert counts(stats) == (0, 0, 5, 0)


def test_options_that_make_no_sense_are_refused_also_when_there_is_nothing_to_do(index: Index, folder: Path) -> None:
    index.sync(folder)
    for options in ({"processes": 0}, {"memory_mb": 1}, {"on_error": "ignore"}):
        with pytest.raises(InvalidArgumentError):
            index.sync(folder, **options)  # type: ignore[arg-type]


def test_an_error_of_the_caller_keeps_nothing(index: Index, folder: Path) -> None:
    (folder / "hỏng.txt").write_bytes(b"\0\1\2\xff" * 99)

    def refuse(path: Path, error: Exception) -> None:
        raise KeyError(path.name)

    with pytest.raises(KeyError, match="hỏng"):
        index.sync(folder, on_read_error=refuse)
    assert len(index) == 0
    assert counts(index.sync(folder, on_read_error=lambda *_: None)) == (5, 0, 0, 0)


def test_origins_survive_merges_rebuilding_and_worker_processes(
    index: Index, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = tmp_path / "many"
    for number in range(9):
        page(folder, f"{number}.txt", f"số {number}")
        index.sync(folder)
    records(folder / "tin.jsonl", *((f"id {number}", f"Tin số {number}") for number in range(600)))
    assert index.sync(folder, processes=2).added == 600
    assert len(list(index.path.glob("*.seg"))) < 5  # some were merged
    rebuild_index(index.path, tmp_path / "rebuilt")
    work = request.getfixturevalue("work")
    for path in (index.path, tmp_path / "rebuilt"):
        with Index.open(path) as again:
            assert counts(again.sync(folder, prune=True)) == (0, 0, 609, 0)
            assert work == []
            assert held(again) == {report.id: report for report in read_corpus(folder)}
            work.clear()


def test_an_origin_is_no_field_of_anybody(index: Index, folder: Path) -> None:
    records(folder / "tin.jsonl", ("1", "Đắp đê"))
    index.sync(folder)
    assert index.stats().filterable == ("tags",)
    with index.whoosh.reader() as reader:
        assert not [name for name in reader.indexed_field_names() if "origin" in name]
        assert not [term for _, term in reader.all_terms() if b"a.txt" in term and term != b"a.txt"]
    (folder / "a.txt").unlink()
    for path in index.path.glob("*.toc"):
        path.unlink()
    rebuild_index(index.path, index.path.with_name("saved"))
    with Index.open(index.path.with_name("saved")) as saved:
        assert saved.stats().filterable == ("tags",)


def test_a_key_called_like_the_list_of_origins_is_another(new_index: NewIndex, folder: Path) -> None:
    index = new_index(filterable=("_origin", "origin"))
    index.add([Report("r", "Chợ nổi", extra={"_origin": "chợ", "origin": "sông"})])
    index.sync(folder)
    found = index.search("chợ nổi", filters={"_origin": "chợ", "origin": "sông"}, facets=("_origin",))
    assert [hit.id for hit in found] == ["r"]
    assert found.facets == {"_origin": [("chợ", 1)]}


def test_files_seen_before_are_hashed_only_when_they_look_different(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    digest = Corpus.digest
    monkeypatch.setattr(Corpus, "digest", lambda self, path: hashed.append(path.name) or digest(self, path))
    seen = Seen()

    def digests() -> dict[str, str | None]:
        hashed.clear()
        return {name: found for _, name, found in seen.digests(Corpus(folder))}

    first = digests()
    assert (digests(), sorted(hashed)) == (first, ["a.txt", "c.txt", "tin.jsonl"])  # they may have changed just now
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 10_000_000_000)
    digests()
    assert (digests(), hashed) == (first, [])
    page(folder, "a.txt", "Nam")
    assert digests() != first
    assert hashed == ["a.txt"]


class TestWatch:
    """``Index.watch`` as a call; as a command it is tested in ``test_cli_watch``."""

    def test_it_says_what_it_needs(self, index: Index, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "watchfiles", None)
        with pytest.raises(MissingExtraError, match=r"vnsearch\[watch\]"):
            index.watch(folder)

    def test_a_sync_that_fails_is_told_once_and_tried_again(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pytest.importorskip("watchfiles", reason="the extra watch is not installed")
        from vnsearch.index import watch

        monkeypatch.setattr(watch, "_RETRY_S", 0.1)
        failures: list[Exception] = []
        done: list[SyncStats] = []
        locked, stop = threading.Event(), threading.Event()

        def slow() -> Any:
            """Keep the lock until the failure has been told."""
            locked.set()
            deadline = time.monotonic() + 60
            while not failures and time.monotonic() < deadline:
                time.sleep(0.02)
            yield Report("riêng", "Tin riêng")

        with Index.create(tmp_path / "i", lock_timeout_s=0.05) as index, Index.open(tmp_path / "i") as other:
            writing = threading.Thread(target=other.add, args=(slow(),))
            writing.start()
            assert locked.wait(60)
            for stats in index.watch(folder, on_failure=failures.append, stop_event=stop):
                done.append(stats)
                stop.set()
            writing.join()
            assert [type(error).__name__ for error in failures] == ["IndexLockedError"]
            assert [counts(stats) for stats in done] == [(5, 0, 0, 0)]
            assert len(index) == 6
