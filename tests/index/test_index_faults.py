"""A writer killed, or met by an error, at every file operation it makes: the last commit stays, and the next writer goes on.

What it does with the files of an index is watched call by call (``file_operations``). For a kill, a child process ends itself
at the n-th, without any cleaning up: what ``kill -9`` leaves. What a power cut leaves is in ``test_index_unsynced``.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from file_operations import CHANGES, Operation, Watch
from index_actions import (
    ACTIONS,
    Action,
    add_next,
    contents,
    current_files,
    files,
    in_flushes,
    make_template,
    new_reports,
)

from vnsearch import Index, IndexReadError, IndexWriteError, InvalidReportError, Report, VnSearchError
from vnsearch.index.columnar.container import ArrayFileWriter

pytestmark = pytest.mark.skipif(os.name == "nt", reason="children are forked; an open file cannot be removed")

every_action = pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults") / "index"
    make_template(folder)
    return folder


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for the disk: nobody pulls the plug here."""
    monkeypatch.setattr(os, "fsync", lambda number: None)


def outcome(action: Action, template: Path, place: Path) -> dict[str, Report]:
    """Return what the index holds when nothing goes wrong."""
    whole = Path(shutil.copytree(template, place / "whole"))
    action(whole)
    return contents(whole)


def child(action: Action, folder: Path, last: int) -> None:
    """Do it, in a process of its own, that is gone before its change number ``last``."""
    left = last

    def stop(operation: Operation) -> None:
        nonlocal left
        left -= operation.kind in CHANGES
        if left == 0:
            os._exit(77)

    with Watch(folder, stop):
        action(folder)
    os._exit(0)


def killed_at(action: Action, folder: Path, last: int) -> bool:
    """Let a child do it and be killed at a change; return whether it came that far."""
    # Forked, as a fresh interpreter for every operation would take minutes; the tests' own process has no threads here.
    process = multiprocessing.get_context("fork").Process(target=child, args=(action, folder, last))
    process.start()
    process.join(120)
    assert process.exitcode in (0, 77), process.exitcode
    return process.exitcode == 77


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of forking beside threads, which other tests may have left
@every_action
def test_killed_at_every_operation(action: Action, template: Path, tmp_path: Path) -> None:
    before, after = contents(template), outcome(action, template, tmp_path)
    assert before != after
    seen = []
    last, going = 0, True
    while going:
        last += 1
        folder = Path(shutil.copytree(template, tmp_path / str(last)))
        going = killed_at(action, folder, last)
        found = contents(folder)
        assert found in (before, after), f"half a commit after operation {last}"
        seen.append(found == after)
        add_next(folder)
        assert contents(folder) == found | {"next": Report("next", "Chợ đêm")}
        assert files(folder) == current_files(folder), f"files left after operation {last}"
        shutil.rmtree(folder)
    assert seen == sorted(seen), "a commit that was seen is gone"
    assert seen.count(False) > 3
    assert seen.count(True) > 2


class Fault:
    """Raises at operation number ``last``, or from it on, of those that it counts."""

    errno = errno.ENOSPC

    def __init__(self, last: int) -> None:
        self.left = last
        self.met = False

    def counts(self, operation: Operation) -> bool:
        return operation.kind in CHANGES

    def __call__(self, operation: Operation) -> int | None:
        if not self.counts(operation):
            return None
        self.left -= 1
        if self.left > 0:
            return None
        self.met = True
        return self.strike(operation)

    def strike(self, operation: Operation) -> int | None:
        raise NotImplementedError

    def once(self, error: BaseException | None = None) -> None:
        if self.left == 0:
            raise error or self.error()

    def error(self) -> OSError:
        return OSError(self.errno, os.strerror(self.errno))


class FullOnce(Fault):
    """The disk has no room, just then."""

    def strike(self, operation: Operation) -> None:
        self.once()


class BadOnce(Fault):
    """The disk cannot, just then; whatever is asked of it."""

    errno = errno.EIO

    def counts(self, operation: Operation) -> bool:
        return True

    def strike(self, operation: Operation) -> None:
        self.once()


class Interrupted(BadOnce):
    """The user has had enough."""

    def strike(self, operation: Operation) -> None:
        self.once(KeyboardInterrupt())


class ShortWrite(Fault):
    """A write of which half is done, then no room."""

    def counts(self, operation: Operation) -> bool:
        return operation.kind == "write"

    def strike(self, operation: Operation) -> int | None:
        if self.left == 0:
            return len(operation.data) // 2
        self.left += 1
        self.once()
        return None


class Full(Fault):
    """A disk that is full, and stays so: what is not needed can be removed, and nothing else."""

    def counts(self, operation: Operation) -> bool:
        return operation.kind in CHANGES - {"unlink", "truncate"}

    def strike(self, operation: Operation) -> None:
        raise self.error()


class ReadOnly(Fault):
    """A file system that was found damaged, and is read only from then on."""

    errno = errno.EROFS

    def strike(self, operation: Operation) -> None:
        raise self.error()


@pytest.mark.parametrize("kind", [FullOnce, BadOnce, Interrupted, ShortWrite, Full, ReadOnly])
@every_action
def test_an_error_at_every_operation(action: Action, kind: type[Fault], template: Path, tmp_path: Path) -> None:
    """The last commit is there, or the new one where the error does not matter, or came late and says so."""
    before, after = contents(template), outcome(action, template, tmp_path)
    fault = kind(0)
    number = 0
    while not number or fault.met:
        number += 1
        folder = Path(shutil.copytree(template, tmp_path / str(number)))
        fault, error = kind(number), None
        with Watch(folder, fault):
            try:
                action(folder)
            except (VnSearchError, KeyboardInterrupt) as raised:
                error = raised.with_traceback(None)  # whose frames would keep a lock that was not given back
        found = contents(folder)
        assert found in (before, after), number
        if error is None:
            assert found == after, number
        elif isinstance(error, VnSearchError):
            assert isinstance(error, IndexWriteError | IndexReadError)
            assert str(folder) in str(error)
            assert ("is made" in str(error)) == (found == after), (number, error)
            assert getattr(error, "errno", fault.errno) == fault.errno
        if found == before:
            assert kind is ReadOnly or segments(folder) == segments(template), number
            action(folder)
            assert contents(folder) == after
        else:
            add_next(folder)
        assert files(folder) == current_files(folder), number
        shutil.rmtree(folder)
    assert number > 2  # it was met


def segments(folder: Path) -> set[str]:
    return {name for name in files(folder) if name.endswith(".seg")}


def test_a_folder_that_cannot_be_listed_is_not_taken_for_an_empty_one(template: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(template, tmp_path / "index"))

    def fail(operation: Operation) -> None:
        if operation.kind == "list":
            raise OSError(errno.EACCES, "Permission denied")

    for action in (Index.create, Index.open, partial(Index.open, create=True)):
        with (
            Watch(folder, fail),
            pytest.raises(IndexReadError, match=r"cannot read .*Permission denied"),
        ):
            action(folder)
    assert contents(folder) == contents(template)


class Hopeless(Exception):
    """What the caller's own code raises."""


def report_and(then: Callable[[], object]) -> Iterator[Report]:
    yield from new_reports()
    then()


def throw(error: BaseException) -> Callable[..., None]:
    def call(*_: object) -> None:
        raise error

    return call


FAILING: dict[str, tuple[type[BaseException], Callable[[Index], object]]] = {
    "bad report": (InvalidReportError, lambda index: index.add([*new_reports(), {"id": ""}])),
    "iterator": (Hopeless, lambda index: index.add(report_and(throw(Hopeless())))),
    "generator closed": (GeneratorExit, lambda index: index.add(report_and(throw(GeneratorExit())))),
    "out of memory": (MemoryError, lambda index: index.add(report_and(throw(MemoryError())))),
    "progress": (Hopeless, lambda index: index.add(new_reports(), progress=throw(Hopeless()))),
}


@pytest.mark.parametrize("how", FAILING)
def test_an_add_that_fails_keeps_nothing(how: str, template: Path, tmp_path: Path) -> None:
    """Not of what was written by then, either."""
    folder = Path(shutil.copytree(template, tmp_path / "index"))
    error, failing = FAILING[how]
    before = files(folder)
    with Index.open(folder, lock_timeout_s=0) as index:
        with in_flushes(), pytest.raises(error):
            failing(index)
        assert files(folder) == before
        assert contents(folder) == contents(template)
        assert index.add(new_reports()).added == 17
    assert files(folder) == current_files(folder)


def test_no_memory_in_the_middle_of_a_segment(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(shutil.copytree(template, tmp_path / "index"))
    before = files(folder)
    real = ArrayFileWriter.add
    made = []

    def add(self: ArrayFileWriter, name: str, array: Any) -> None:
        made.append(name)
        if len(made) == 30:
            assert files(folder) != before
            raise MemoryError
        real(self, name, array)

    monkeypatch.setattr(ArrayFileWriter, "add", add)
    with Index.open(folder, lock_timeout_s=0) as index:
        with pytest.raises(MemoryError):
            index.add(new_reports())
        assert files(folder) == before
        assert index.add(new_reports()).added == 17


@pytest.mark.skipif(os.cpu_count() == 1, reason="there are no workers")
def test_a_worker_that_is_killed(template: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(template, tmp_path / "index"))
    before = files(folder)

    def reports() -> Iterator[Report]:
        for number in range(2000):
            if number == 1000:
                for process in multiprocessing.active_children():
                    process.kill()
            yield Report(f"{number}", "Chợ phiên", "họp mỗi tháng sáu lần")

    with Index.open(folder, lock_timeout_s=0) as index:
        with pytest.raises(VnSearchError, match=r"worker process ended .* and this change with it.*fewer processes"):
            index.add(reports(), processes=2)
        assert multiprocessing.active_children() == []
        assert files(folder) == before
        assert index.add(new_reports()).added == 17


WORKING = """
import sys
from vnsearch import Index, Report

def reports():
    number = 0
    while True:
        yield Report(f"{number}", "Chợ phiên", "họp mỗi tháng sáu lần " * 40)
        number += 1
        if number == 1500:
            print("working", flush=True)

if __name__ == "__main__":
    with Index.open(sys.argv[1]) as index:
        index.add(reports(), processes=2)
"""


def children(process: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [int(pid) for pid, parent in map(str.split, listed.splitlines()) if int(parent) == process]


def alive(process: int) -> bool:
    state = Path(f"/proc/{process}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists() or os.cpu_count() == 1, reason="looks for processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_leave_with_their_parent(template: Path, tmp_path: Path, how: signal.Signals) -> None:
    folder = Path(shutil.copytree(template, tmp_path / "index"))
    before = contents(folder)
    script = tmp_path / "script.py"
    script.write_text(WORKING, "utf-8")
    with subprocess.Popen(
        [sys.executable, str(script), str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        workers = children(process.pid)
        assert len(workers) >= 2
        process.send_signal(how)
        process.wait(60)
    deadline = time.monotonic() + 60
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, workers))
    assert contents(folder) == before
    with Index.open(folder, lock_timeout_s=0) as index:
        index.add([Report("next", "Chợ đêm")])
    assert files(folder) == current_files(folder)


REPLACING = """
import sys
from vnsearch import Index, Report

if __name__ == "__main__":
    with Index.open(sys.argv[1]) as index:
        print("ready", flush=True)
        for number in range(100_000):
            index.add([Report(f"new {number}", "Chợ phiên"), Report("old 0", f"Chợ nổi {number}")])
"""


@pytest.fixture
def replacing(template: Path, tmp_path: Path) -> Iterator[Path]:
    """An index in which another process commits and merges all the time."""
    folder = Path(shutil.copytree(template, tmp_path / "index"))
    script = tmp_path / "script.py"
    script.write_text(REPLACING, "utf-8")
    with subprocess.Popen([sys.executable, str(script), str(folder)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield folder
        process.kill()


def test_reading_while_segments_are_replaced(replacing: Path) -> None:
    """A reader sees whole commits only, and each of its own opening; an old one stays as it was."""
    with Index.open(replacing) as first:
        size = len(first)
        generation, rounds = first.stats().commit, 0
        while rounds < 100 or generation < first.stats().commit + 30:
            rounds += 1
            with Index.open(replacing) as index:
                now = index.stats().commit if rounds % 10 == 0 else index._current.generation
                assert now >= generation
                generation = now
                held = {report.id for report in index}
                assert len(held) == len(index) >= size
                added = len([identity for identity in held if identity.startswith("new ")])
                assert held >= {f"new {number}" for number in range(added)}  # in the order of the commits
        assert len(first) == len(list(first)) == size
        assert first.check().problems == ()
        assert first.refresh()
        assert len(first) > size
