"""Several processes at one index: workers, writers that wait, writers that are killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from index_actions import current_files, files

from vnsearch import Index, IndexLockedError, Report

COMMON = """
import sys
from pathlib import Path
from vnsearch import Index, Report

folder = Path(sys.argv[1])
"""

# In the middle of an add() it says so, and waits to be told to go on.
WRITER = (
    COMMON
    + """
def reports():
    for number in range(70):
        yield Report(f"new {number}", "Chợ phiên", "họp mỗi tháng sáu lần, từ tờ mờ sáng")
    print("writing", flush=True)
    sys.stdin.readline()
    yield Report("last", "Chợ phiên")

if __name__ == "__main__":
    with Index.open(folder) as index:
        index.add(reports())
    print("done", flush=True)
"""
)

# Commits one report after another until it is killed.
COMMITTER = (
    COMMON
    + """
if __name__ == "__main__":
    with Index.open(folder) as index:
        print("ready", flush=True)
        for number in range(100_000):
            index.add([Report(f"new {number}", "Chợ phiên", "họp mỗi tháng sáu lần")])
"""
)

PROCESSES = (
    COMMON
    + """
def reports():
    for number in range(300):
        yield Report(
            f"r{number % 290}", f"Chợ phiên thứ {number}", "Họp mỗi tháng sáu lần, bán rau cá. " * (number % 7),
            extra={"tags": ["a", number % 3]}, source=f"Báo {number % 4}",
        )

if __name__ == "__main__":
    for processes in (1, 2, 3):
        with Index.create(folder / str(processes), filterable=("tags",)) as index:
            index.add([Report("r5", "cũ"), Report("old", "cũ")])
            stats = index.add(reports(), processes=processes)
            print(stats.added, stats.updated)
            try:
                index.add([Report("x"), {"id": ""}], processes=processes)
            except ValueError as error:
                print(type(error).__name__)
            print(len(index))
"""
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Index.create(tmp_path / "index") as index:
        index.add([Report("old", "Chợ nổi")])
    return index.path


def start(script: str, folder: Path, tmp_path: Path) -> subprocess.Popen[str]:
    path = tmp_path / "script.py"
    path.write_text(script, "utf-8")
    return subprocess.Popen(
        [sys.executable, str(path), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


@pytest.fixture
def writer(folder: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, in the middle of an add()."""
    with start(WRITER, folder, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n", process.communicate()
        yield process
        if process.poll() is None:
            process.kill()


def test_two_processes_make_the_same_index_as_one(tmp_path: Path) -> None:
    with start(PROCESSES, tmp_path, tmp_path) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out.splitlines() == ["289 11", "InvalidReportError", "291"] * 3
    assert arrays(tmp_path / "1") == arrays(tmp_path / "2") == arrays(tmp_path / "3")
    with Index.open(tmp_path / "1") as one, Index.open(tmp_path / "2") as two:
        assert list(one) == list(two)
        assert one.check().problems == two.check().problems == ()
        assert (one.stats().syllables, one.stats().word_terms) == (two.stats().syllables, two.stats().word_terms)
        for reader_one, reader_two in zip(
            one.whoosh.reader().leaf_readers(), two.whoosh.reader().leaf_readers(), strict=True
        ):
            assert contents(reader_one[0]) == contents(reader_two[0])
        for query in ("cho phien", "họp tháng"):
            a, b = (
                one.search(query, limit=400, facets=("tags", "source")),
                two.search(query, limit=400, facets=("tags", "source")),
            )
            assert [(hit.id, hit.score) for hit in a] == [(hit.id, hit.score) for hit in b]
            assert a.facets == b.facets


def arrays(folder: Path) -> list[tuple[bytes, list[int]]]:
    """Return the bytes of every segment file, and what is deleted from each; only the files' names are drawn at random."""
    with Index.open(folder) as index:
        return [
            (leaf.segment.file.path.read_bytes(), [] if leaf.live is None else leaf.live.tolist())
            for leaf in index._current.leaves
        ]


def contents(reader: object) -> dict[tuple[str, bytes], list[tuple[int, float, bytes]]]:
    """Return every posting of a segment."""
    found = {}
    for field, term in reader.all_terms():  # type: ignore[attr-defined]
        matcher = reader.postings(field, term)  # type: ignore[attr-defined]
        found[field, term] = []
        while matcher.is_active():
            found[field, term].append((matcher.id(), matcher.weight(), matcher.value()))
            matcher.next()
    return found


def test_locked_by_another_process(folder: Path, writer: subprocess.Popen[str]) -> None:
    with Index.open(folder, lock_timeout_s=0.2) as index:
        with pytest.raises(IndexLockedError, match=r"0\.2 s"):
            index.add([Report("mine")])
        with pytest.raises(IndexLockedError):
            index.delete(["old"])
        with pytest.raises(IndexLockedError):
            Index.create(folder, overwrite=True, lock_timeout_s=0.2)
        assert [hit.id for hit in index.search("cho")] == ["old"]
        assert not index.refresh()
        out, err = writer.communicate("\n", timeout=60)
        assert out == "done\n", err
        assert [hit.id for hit in index.search("cho", limit=99)] == ["old"]
        assert index.refresh()
        assert index.search("cho").total == 72
        assert index.add([Report("mine")]).added == 1


def test_waiting_for_another_process_sees_what_it_added(folder: Path, writer: subprocess.Popen[str]) -> None:
    """The same id from two processes: the second waits for the lock, and must not think that the id is new."""
    with Index.open(folder, lock_timeout_s=60) as index:
        assert writer.stdin is not None

        def reports() -> Iterator[Report]:
            yield Report("new 5", "Chợ đêm")

        index.search("cho")
        writer.stdin.write("\n")
        writer.stdin.flush()
        stats = index.add(reports())
        assert (stats.added, stats.updated) == (0, 1)
        assert len(index) == 72
        assert index.get("new 5") == Report("new 5", "Chợ đêm")
        assert index.check().problems == ()


def test_a_writer_killed_in_the_middle(folder: Path, writer: subprocess.Popen[str]) -> None:
    writer.send_signal(signal.SIGKILL)
    writer.wait(timeout=60)
    with Index.open(folder, lock_timeout_s=0) as index:
        assert list(index) == [Report("old", "Chợ nổi")]
        assert index.check().problems == ()
        assert index.add([Report("next", "Chợ đêm")]).added == 1
        assert {hit.id for hit in index.search("cho")} == {"old", "next"}
    assert files(folder) == current_files(folder)


def test_a_writer_interrupted_in_the_middle(folder: Path, writer: subprocess.Popen[str]) -> None:
    writer.send_signal(signal.SIGINT)
    _, err = writer.communicate(timeout=60)
    assert "KeyboardInterrupt" in err
    with Index.open(folder, lock_timeout_s=0) as index:
        assert list(index) == [Report("old", "Chợ nổi")]
        assert index.add([Report("next", "Chợ đêm")]).added == 1


@pytest.mark.parametrize("wait_s", [0.03, 0.11, 0.23])
def test_a_writer_killed_at_any_moment_of_a_commit(folder: Path, tmp_path: Path, wait_s: float) -> None:
    with start(COMMITTER, folder, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(wait_s)
        process.kill()
        process.communicate()
    with Index.open(folder, lock_timeout_s=0) as index:
        found = {report.id for report in index}
        assert found == {"old", *(f"new {number}" for number in range(len(found) - 1))}
        assert index.check().problems == ()
        index.add([Report("next", "Chợ đêm")])
        assert index.search("cho").total == len(found) + 1
