"""What is done to an index while things go wrong, and what there must be afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from vnsearch import Index, Report
from vnsearch.index import batches
from vnsearch.index.columnar.build import SegmentBuilder

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


def make_template(folder: Path) -> None:
    """Make an index of several segments, some of their reports deleted."""
    with Index.create(folder) as index:
        for start in range(0, COUNT, 8):
            index.add(old_reports()[start : start + 8])
        index.delete(["old 1", "old 9"])


# No action waits for the lock: nobody may have it.


def add(folder: Path) -> None:
    with Index.open(folder, lock_timeout_s=0) as index:
        index.add(new_reports())


@contextlib.contextmanager
def in_flushes() -> Iterator[None]:
    """Let every few reports become a segment, as if there were no more memory."""
    full = mock.patch.object(SegmentBuilder, "memory", lambda self: 1 << 60 if self.documents else 0)
    with full, mock.patch.object(batches, "_BATCH", 6):
        yield


def add_in_flushes(folder: Path) -> None:
    """At the end all of them are merged into one."""
    with in_flushes():
        add(folder)


def add_and_merge(folder: Path) -> None:
    """The fourth segment of a level: all are merged in the commit."""
    with Index.open(folder, lock_timeout_s=0) as index:
        index.add([Report("one more", "Chợ đêm")])


def delete(folder: Path) -> None:
    with Index.open(folder, lock_timeout_s=0) as index:
        index.delete(["old 2", "old 3"])


def delete_most(folder: Path) -> None:
    """What is mostly deleted is written anew."""
    with Index.open(folder, lock_timeout_s=0) as index:
        index.delete([f"old {number}" for number in range(7)] + [f"old {number}" for number in range(8, 16)])


def start_anew(folder: Path) -> None:
    Index.create(folder, overwrite=True, lock_timeout_s=0).close()


Action = Callable[[Path], None]

ACTIONS: list[Action] = [add, add_in_flushes, add_and_merge, delete, delete_most, start_anew]


def add_next(folder: Path) -> None:
    with Index.open(folder, lock_timeout_s=0) as index:
        index.add([Report("next", "Chợ đêm")])


def contents(folder: Path) -> dict[str, Report]:
    """Return what a sound index holds."""
    with Index.open(folder, lock_timeout_s=0) as index:
        assert index.check().problems == ()
        return {report.id: report for report in index}


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def current_files(folder: Path) -> set[str]:
    """Return what a folder holds when nothing is left over."""
    with Index.open(folder) as index:
        segments = {leaf.segment.file.path.name for leaf in index._current.leaves}
        return segments | {f"_MAIN_{index._current.generation}.toc", "MAIN_WRITELOCK"}
