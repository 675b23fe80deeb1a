"""A writer killed, or met by an error, at every file operation it makes: the last commit stays, and the next writer goes on.

A child process counts what it does with the files of an index (open for writing, write, synchronise, rename, remove) and
ends itself at the n-th such operation, without any cleaning up: what a power cut or ``kill -9`` leaves, the cache of the disk
aside. n runs over the first operations, the last ones, in which the commit is made, and some between.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vnsearch import Index, Report

pytestmark = pytest.mark.skipif(os.name == "nt", reason="children are forked; an open file cannot be removed")

COUNT = 24


def old_reports() -> list[Report]:
    return [
        Report(f"old {number}", f"Chợ nổi {number}", "họp lúc tờ mờ sáng " * (number % 4)) for number in range(COUNT)
    ]


def new_reports() -> list[Report]:
    """New ones, and new versions of old ones."""
    return [
        Report(
            f"{'old' if number % 3 == 0 else 'new'} {number}", f"Chợ phiên {number}", "bán rau, bán cá " * (number % 5)
        )
        for number in range(COUNT)
    ]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of several segments, some of their reports deleted."""
    with Index.create(tmp_path_factory.mktemp("faults") / "index") as index:
        for start in range(0, COUNT, 8):
            index.add(old_reports()[start : start + 8])
        index.delete(["old 1", "old 9"])
    return index.path


def add(folder: Path) -> None:
    with Index.open(folder) as index:
        index.add(new_reports())


def add_in_flushes(folder: Path) -> None:
    """Every batch becomes a segment; at the end all of them are merged into one."""
    from vnsearch.index import writer
    from vnsearch.index.columnar.build import SegmentBuilder

    writer._BATCH = 6
    SegmentBuilder.memory = lambda self: 1 << 60 if self.documents else 0  # type: ignore[method-assign]
    add(folder)


def add_and_merge(folder: Path) -> None:
    """The fourth segment of a level: all are merged in the commit."""
    with Index.open(folder) as index:
        index.add([Report("one more", "Chợ đêm")])


def delete(folder: Path) -> None:
    with Index.open(folder) as index:
        index.delete(["old 2", "old 3"])


def delete_most(folder: Path) -> None:
    """What is mostly deleted is written anew."""
    with Index.open(folder) as index:
        index.delete([f"old {number}" for number in range(7)] + [f"old {number}" for number in range(8, 16)])


def start_anew(folder: Path) -> None:
    with Index.create(folder, overwrite=True) as index:
        index.close()


class Stop(BaseException):
    """What the operating system, or the user, throws in the way."""


def watch_files(folder: Path, last: int, stop: Callable[[], None]) -> list[str]:
    """Call ``stop`` at operation number ``last`` on the files of a folder; return the list that the operations go to."""
    import builtins
    import io

    done: list[str] = []

    def step(name: str) -> None:
        done.append(name)
        if len(done) == last:
            stop()

    def ours(path: Any) -> bool:
        return not isinstance(path, int) and Path(os.fsdecode(path)).parent == folder

    def around(module: Any, name: str) -> None:
        real = getattr(module, name)

        def call(path: Any, *args: Any, **named: Any) -> Any:
            if ours(path):
                step(name)
            return real(path, *args, **named)

        setattr(module, name, call)

    real_open, real_sync = io.open, os.fsync

    def opening(path: Any, mode: str = "r", *args: Any, **named: Any) -> Any:
        if not ours(path) or not set(mode) & set("wxa+"):
            return real_open(path, mode, *args, **named)
        step("open")
        file = real_open(path, mode, 0)  # what is written is in the file at once: a half-written file is left

        class Counted(io.BufferedWriter):
            def write(self, data: Any) -> int:
                step("write")
                written = super().write(data)
                self.flush()
                return written

        return Counted(file)

    def synchronising(number: int) -> None:
        step("fsync")
        real_sync(number)

    builtins.open = io.open = opening  # type: ignore[assignment]
    os.fsync = synchronising
    for name in ("rename", "replace", "unlink", "remove"):
        around(os, name)
    return done


def child(action: Callable[[Path], None], folder: Path, last: int) -> None:
    """Run in a process of its own."""
    done = watch_files(folder, last, lambda: os._exit(77))
    action(folder)
    real_count = len(done)
    (folder.parent / "count").write_text(str(real_count))
    os._exit(0 if real_count < last else 1)


def killed_at(action: Callable[[Path], None], folder: Path, last: int) -> bool:
    """Let a child do it and be killed at an operation; return whether it came that far."""
    # Forked, as a fresh interpreter for every operation would take minutes; the tests' own process has no threads here.
    process = multiprocessing.get_context("fork").Process(target=child, args=(action, folder, last))
    process.start()
    process.join(120)
    assert process.exitcode in (0, 77), process.exitcode
    return process.exitcode == 77


def contents(folder: Path) -> dict[str, Report]:
    with Index.open(folder, lock_timeout_s=0) as index:
        assert index.check().problems == ()
        return {report.id: report for report in index}


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def current_files(folder: Path) -> set[str]:
    """What a folder holds when nothing is left over."""
    with Index.open(folder) as index:
        segments = {leaf.segment.file.path.name for leaf in index._current.leaves}
        return segments | {f"_MAIN_{index._current.generation}.toc", "vnsearch.json", "MAIN_WRITELOCK"}


def outcome(action: Callable[[Path], None], template: Path, place: Path) -> tuple[int, dict[str, Report]]:
    """Return how many operations it takes, and what the index holds when nothing goes wrong."""
    whole = Path(shutil.copytree(template, place / "whole"))
    assert not killed_at(action, whole, 1 << 30)
    return int((place / "count").read_text()), contents(whole)


def points(count: int) -> list[int]:
    return sorted({*range(1, min(5, count)), *range(5, count, count // 10 + 1), *range(max(1, count - 10), count + 1)})


ACTIONS = [add, add_in_flushes, add_and_merge, delete, delete_most]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of forking beside threads, which other tests may have left
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
def test_killed_at_every_operation(action: Callable[[Path], None], template: Path, tmp_path: Path) -> None:
    before = contents(template)
    count, after = outcome(action, template, tmp_path)
    assert before != after
    seen_before, seen_after = 0, 0
    for last in points(count):
        folder = Path(shutil.copytree(template, tmp_path / str(last)))
        assert killed_at(action, folder, last)
        found = contents(folder)
        if found == before:
            assert seen_after == 0, "a commit that was seen is gone"
            seen_before += 1
        else:
            assert found == after, f"half a commit after operation {last}"
            seen_after += 1
        with Index.open(folder, lock_timeout_s=0) as index:
            index.add([Report("next", "Chợ đêm")])
        assert contents(folder) == found | {"next": Report("next", "Chợ đêm")}
        assert files(folder) == current_files(folder), f"files left after operation {last}"
        shutil.rmtree(folder)
    assert seen_before > 3
    assert seen_after > 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_starting_anew_killed_at_every_operation(template: Path, tmp_path: Path) -> None:
    """There is the old index or an empty one; or what is left says what to do, and can be started anew."""
    before = contents(template)
    last, going = 0, True
    while going:
        last += 1
        folder = Path(shutil.copytree(template, tmp_path / str(last)))
        going = killed_at(start_anew, folder, last)
        assert contents(folder) in (before, {})
        with Index.create(folder, overwrite=True, lock_timeout_s=0) as index:
            index.add([Report("next", "Chợ đêm")])
        assert files(folder) == current_files(folder)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.__name__)
def test_an_error_at_every_operation(
    action: Callable[[Path], None], error: type[BaseException], template: Path, tmp_path: Path
) -> None:
    """The same with an exception: as far as it is raised, nothing is left of what was begun."""
    outcome(action, template, tmp_path)
    script = tmp_path / "script.py"
    script.write_text(ERRORS, "utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(template), str(tmp_path), action.__name__, error.__name__],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("sound\n")


ERRORS = """
import builtins, io, os, shutil, sys
from pathlib import Path
import test_index_faults as faults

template, place, action = Path(sys.argv[1]), Path(sys.argv[2]), getattr(faults, sys.argv[3])
error = getattr(builtins, sys.argv[4])
real = builtins.open, io.open, os.fsync, os.rename, os.replace, os.unlink, os.remove

def restore():
    builtins.open, io.open, os.fsync, os.rename, os.replace, os.unlink, os.remove = real

def stop():
    raise error("in the way")

before = faults.contents(template)
after = None
for last in faults.points(int((place / "count").read_text())):
    folder = Path(shutil.copytree(template, place / f"e{last}"))
    done = faults.watch_files(folder, last, stop)
    try:
        action(folder)
    except error:
        pass
    restore()
    found = faults.contents(folder)
    if found == before:
        assert after is None
        left = {name for name in faults.files(folder) if name.endswith(".seg")}
        assert left == {name for name in faults.files(template) if name.endswith(".seg")}, (last, left)
    else:
        assert after in (None, found), last
        after = found
    with faults.Index.open(folder, lock_timeout_s=0) as index:
        index.add([faults.Report("next", "Chợ đêm")])
    assert faults.files(folder) == faults.current_files(folder), last
    shutil.rmtree(folder)
assert after is not None
print(last, "sound")
"""

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
