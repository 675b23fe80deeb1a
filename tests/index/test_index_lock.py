"""The lock of writers: who has it, how it is freed, and what becomes of it and of an open index in a forked child."""

from __future__ import annotations

import contextlib
import datetime as dt
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from index_actions import current_files, files, in_flushes, new_reports

from forked import ended_well, forked
from vnsearch import Index, IndexLockedError, Report
from vnsearch.index.lock import LOCK_FILE, write_lock

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
# Forking beside threads is what is tested.
beside_threads = pytest.mark.filterwarnings("ignore::DeprecationWarning")

HOLDER = """
import os, sys, time
from vnsearch import Index, Report

def reports():
    yield Report("new", "Chợ phiên")
    if "fork" in sys.argv:
        child = os.fork()
        if not child:
            time.sleep(600)
        print(child, flush=True)
    print("writing", flush=True)
    sys.stdin.readline()

if __name__ == "__main__":
    with Index.open(sys.argv[1]) as index:
        index.add(reports())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Index.create(tmp_path / "index") as index:
        index.add([Report("old", "Chợ nổi")])
    return index.path


def start(folder: Path, *how: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), *how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@contextlib.contextmanager
def holding(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, in the middle of an add()."""
    with start(folder) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        yield process
        process.kill()


def refused(folder: Path) -> IndexLockedError:
    with Index.open(folder, lock_timeout_s=0) as index, pytest.raises(IndexLockedError) as caught:
        index.add([Report("next", "Chợ đêm")])
    return caught.value


def add_at_once(folder: Path) -> None:
    with Index.open(folder, lock_timeout_s=0) as index:
        index.add([Report("next", "Chợ đêm")])


def now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


def test_the_error_says_which_process_has_it_and_since_when(folder: Path) -> None:
    before = now().replace(microsecond=0)
    with holding(folder) as process:
        error = refused(folder)
    assert error.pid == process.pid
    assert error.since is not None
    assert before <= error.since <= now()
    assert f"process {process.pid} has been writing since {error.since:%Y-%m-%d %H:%M:%S} UTC" in str(error)


def test_another_thread_of_this_process_may_have_it(folder: Path) -> None:
    with write_lock(folder, 0):
        assert refused(folder).pid == os.getpid()
    add_at_once(folder)


def test_a_process_that_is_killed_leaves_it_free_at_once(folder: Path) -> None:
    with holding(folder) as process:
        process.kill()
        process.wait()
        assert (folder / LOCK_FILE).read_bytes() != b""
        add_at_once(folder)


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="no process can be stopped")
def test_a_process_that_stops_keeps_it(folder: Path) -> None:
    with holding(folder) as process:
        process.send_signal(signal.SIGSTOP)
        assert refused(folder).pid == process.pid
        process.send_signal(signal.SIGCONT)
        process.communicate("\n", timeout=60)
    with Index.open(folder) as index:
        assert "new" in index


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b' {"pid": 1, "since": "2020-01-01T00:00:00+00:00"}',
        b"\x80\xff\x00 gi\xf3",
        b" {}",
        b' {"pid": [], "since": 3}',
        b" " + b"[" * 5000,
        b"\0" * 100,
    ],
)
def test_what_is_in_the_file_does_not_matter(folder: Path, content: bytes) -> None:
    (folder / LOCK_FILE).write_bytes(content)
    with write_lock(folder, 0):
        assert refused(folder).pid == os.getpid()
        if os.name != "nt":  # nobody can write there
            (folder / LOCK_FILE).write_bytes(content)
            assert refused(folder).pid in (None, 1)
    add_at_once(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such pipes")
def test_a_pipe_in_its_place_keeps_nobody_waiting(folder: Path) -> None:
    (folder / LOCK_FILE).unlink()
    os.mkfifo(folder / LOCK_FILE)
    add_at_once(folder)
    assert (folder / LOCK_FILE).is_file()


# -- forked children


@needs_fork
def test_a_child_does_not_keep_its_parents_lock(folder: Path) -> None:
    """The parent is killed while it writes; the child goes on for long."""
    with start(folder, "fork") as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        try:
            assert process.stdout.readline() == "writing\n"
            assert refused(folder).pid == process.pid
            process.kill()
            process.wait()
            add_at_once(folder)
        finally:
            os.kill(child, signal.SIGKILL)


@needs_fork
@beside_threads
@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks for open files in /proc")
def test_a_child_forked_while_the_lock_is_taken_lets_go_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from whoosh.util.filelock import FileLock

    real, opened = FileLock.acquire, threading.Event()

    def slow(lock: FileLock) -> bool:
        taken = real(lock)
        opened.set()
        time.sleep(0.1)
        return taken

    monkeypatch.setattr(FileLock, "acquire", slow)
    writer = threading.Thread(target=add_at_once, args=(folder,))
    writer.start()
    opened.wait()

    def check() -> None:
        for number in Path("/proc/self/fd").iterdir():
            assert number.is_symlink() is False or not str(os.path.realpath(number)).endswith(LOCK_FILE)

    child = forked(check)
    writer.join()
    assert ended_well(child, 60)


def by_fork(do: Callable[[], object]) -> bool:
    return ended_well(forked(do), timeout_s=60)


def by_multiprocessing(do: Callable[[], object]) -> bool:
    process = multiprocessing.get_context("fork").Process(target=do)
    process.start()
    process.join(60)
    process.kill()
    return process.exitcode == 0


@needs_fork
@beside_threads
@pytest.mark.parametrize("run", [by_fork, by_multiprocessing])
def test_a_child_uses_an_index_that_threads_were_busy_with(folder: Path, run: Callable[..., bool]) -> None:
    with Index.open(folder, lock_timeout_s=60) as index, Index.open(folder, lock_timeout_s=60) as other:
        index.add([Report(f"{number}", f"Chợ phiên {number}", "bán rau, bán cá") for number in range(300)])
        done = threading.Event()

        def again_and_again(do: Callable[[int], object]) -> None:
            number = 0
            while not done.is_set():
                do(number)
                number += 1

        def change(number: int) -> None:
            other.add([Report(f"thread {number % 9}", f"Chợ đêm {number}")])

        def search(number: int) -> None:
            index.search(f"cho phien {number % 7}", date_from=f"20{number % 90 + 10}-01-01", facets=("source",))

        def use(number: int) -> None:
            assert index.search("cho phien").total >= 300
            index.refresh()
            index.add([Report(f"child {number}", "Chợ nổi")])
            assert index.get(f"child {number}") == Report(f"child {number}", "Chợ nổi")
            index.close()

        busy = [search, search, change, lambda _: index.refresh()]
        threads = [threading.Thread(target=again_and_again, args=(do,)) for do in busy]
        for thread in threads:
            thread.start()
        try:
            for number in range(24):
                assert run(lambda number=number: use(number)), number
        finally:
            done.set()
            for thread in threads:
                thread.join()
        index.refresh()
        assert {f"child {number}" for number in range(24)} <= {report.id for report in index}
        assert index.check().problems == ()


class Leaving(Exception):
    """What a child leaves the middle of its parent's add with."""


@needs_fork
@pytest.mark.parametrize("leaves", [True, False])
@pytest.mark.parametrize("new", [new_reports(), []], ids=["reports", "none"])
def test_a_child_forked_in_the_middle_of_an_add_changes_nothing(folder: Path, new: list[Report], leaves: bool) -> None:
    """Whether it leaves with an exception, or goes on to the end: what its parent has written stays, and nothing comes."""
    parent = os.getpid()

    def reports() -> Iterator[Report]:
        yield from new
        written = files(folder)
        assert len([name for name in written if name.endswith(".seg")]) > 2 or not new
        child = os.fork()
        if child:
            assert ended_well(child, 60)
            assert files(folder) == written
        elif leaves:
            raise Leaving
        yield from new

    with Index.open(folder) as index, in_flushes():
        try:
            index.add(reports())
        except BaseException as error:
            if os.getpid() != parent:
                os._exit(not isinstance(error, Leaving if leaves else IndexLockedError))
            raise
        if os.getpid() != parent:
            os._exit(1)
        assert {report.id for report in index} == {"old", *(report.id for report in new)}
        assert index.check().problems == ()
    assert files(folder) == current_files(folder)
