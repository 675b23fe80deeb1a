"""``vnsearch index --watch``, as a process that sees files come, change and go."""

from __future__ import annotations

import json
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vnsearch import Index

pytest.importorskip("watchfiles", reason="the extra watch is not installed")

COMMAND = str(Path(sys.executable).with_name("vnsearch"))
TEXT = "Xã {} đắp đê\n\nSáng nay, xã {} huy động hai trăm dân công đắp đê, kịp trước mùa mưa lũ năm nay."
WAIT_S = 60.0


def write(path: Path, place: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT.format(place, place), encoding="utf-8")


class Watcher:
    """The command, running; what it prints is put into a queue line by line."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = [COMMAND, "index", *arguments, "--watch", "--prune", "--json"]
        self.process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put(line)

    def until(self, reports: int, **counts: int) -> dict[str, Any]:
        """Return the first line that says so many reports, after which so many had been added, updated and so on in all."""
        total = dict.fromkeys(counts, 0)
        while True:
            stats = json.loads(self._lines.get(timeout=WAIT_S))
            total = {key: count + stats[key] for key, count in total.items()}
            if stats["reports"] == reports and total == counts:
                return stats

    def end(self, how: int) -> str:
        """End it by a signal; return what it printed to standard error."""
        self.process.send_signal(how)
        assert self.process.wait(WAIT_S) == 0
        return self.process.stderr.read()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self._reading.join()


@pytest.fixture
def watchers() -> Iterator[list[Watcher]]:
    started: list[Watcher] = []
    yield started
    for watcher in started:
        watcher.close()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are Unix")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_files_come_change_and_go(tmp_path: Path, watchers: list[Watcher], how: int) -> None:
    folder = tmp_path / "reports"
    write(folder / "a.txt", "Đông")
    # The index lies in what is watched: its own commits are no changes.
    watcher = Watcher(tmp_path, "reports", "--index", "reports/index")
    watchers.append(watcher)
    first = watcher.until(1, added=1)
    counted = {"added", "updated", "unchanged", "removed", "skipped", "reports", "seconds"}
    assert set(first) == {*counted, "errors", "unreadable", "converted"}
    write(folder / "b" / "b.txt", "Tây")
    watcher.until(2, added=1)
    write(folder / "a.txt", "Nam")
    watcher.until(2, updated=1)
    (folder / "hỏng.txt").write_bytes(b"\0\1\2\xff" * 99)
    (folder / "b" / "b.txt").unlink()
    watcher.until(1, removed=1)
    shutil.rmtree(folder / "b")
    write(folder / "c.txt", "Bắc")
    watcher.until(2, added=1)
    with Index.open(folder / "index") as index:
        assert {report.id: report.title for report in index} == {"a.txt": "Xã Nam đắp đê", "c.txt": "Xã Bắc đắp đê"}
        assert index.stats().commit == 5  # one for each that changed something
    told = watcher.end(how)
    assert told.count("hỏng.txt") == 1
    assert "Traceback" not in told


@pytest.mark.skipif(sys.platform == "win32", reason="signals are Unix")
def test_a_folder_that_goes_and_comes_back_and_a_single_file(tmp_path: Path, watchers: list[Watcher]) -> None:
    folder, single = tmp_path / "reports", tmp_path / "tin.txt"
    write(folder / "a.txt", "Đông")
    write(single, "Tây")
    watcher = Watcher(tmp_path, "reports", "tin.txt")
    watchers.append(watcher)
    watcher.until(2, added=2)
    shutil.rmtree(folder)
    watcher.until(2, removed=0)  # it may be a disk that is missing
    write(folder / "b.txt", "Nam")
    watcher.until(2, added=1, removed=1)
    write(folder / "c.txt", "Bắc")  # it is watched again
    watcher.until(3, added=1)
    write(single, "Trung")
    watcher.until(3, updated=1)
    assert watcher.end(signal.SIGTERM).count("reports: there is no such file") == 1
