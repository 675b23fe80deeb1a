"""The power goes, and what was not synchronised is lost, or half lost: the index holds the last commit.

A life of an index is written down, call by call. After each call it is asked what a disk may hold then: for sure the bytes of
a file that were there when the file was last synchronised, and the names in a folder when the folder was. Every later
change may have reached the disk or not, in whatever order, a write also in part, or as zeros. Each such state that is tried
(nothing more, all, each change alone, all but one, some at random) must open as a sound index of the last commit that was
acknowledged, or of the one in the making.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from file_operations import CHANGES, Operation, Watch
from index_actions import (
    add,
    add_and_merge,
    add_in_flushes,
    add_next,
    contents,
    current_files,
    delete,
    delete_most,
    files,
    start_anew,
)

from vnsearch import Index, IndexNotFoundError, Report

pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders are not synchronised there")

LOCK = "MAIN_WRITELOCK"


def create(folder: Path) -> None:
    Index.create(folder).close()


def add_old(folder: Path) -> None:
    with Index.open(folder) as index:
        index.add([Report(f"old {number}", f"Chợ nổi {number}", "họp lúc tờ mờ sáng") for number in range(24)])


LIFE = [create, add_old, add, delete, add_and_merge, add_in_flushes, delete_most, start_anew, add_next]

Contents = dict[str, Report] | None  # None: there is no index


#: Names, and the bytes of each; a folder has none.
State = frozenset[tuple[str, bytes | None]]


class Life(NamedTuple):
    """What was done to the files; how much of it by the end of each action, what there was then, and what the index held."""

    log: list[Operation]
    ends: list[int]
    states: list[State]
    held: list[Contents]


def state_of(root: Path) -> State:
    return frozenset(
        (str(path.relative_to(root)), path.read_bytes() if path.is_file() else None) for path in root.rglob("*")
    )


def put(state: State, root: Path) -> None:
    root.mkdir()
    for name, data in sorted(state):
        if data is None:
            (root / name).mkdir()
        else:
            (root / name).write_bytes(data)


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    root = tmp_path_factory.mktemp("life")
    folder = root / "new" / "index"
    found = Life([], [0], [frozenset()], [None])
    for action in LIFE:
        with Watch(root) as watch:
            action(folder)
        found.log.extend(operation for operation in watch.done if operation.kind in CHANGES)
        found.ends.append(len(found.log))
        found.states.append(state_of(root))
        found.held.append(contents(folder))
    return found


#: What becomes of a change.
LOST, DONE, TORN, ZEROS = range(4)


class Change(NamedTuple):
    """A change that is not sure yet: to the names in ``folder`` or, where that is "", to the bytes of a file."""

    operation: Operation
    file: int
    folder: str


class Disk:
    """The names and the bytes that are sure, and the changes that are not. A name stands for the number of a file."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self.bytes: dict[int, bytes] = {}
        self.pending: list[Change] = []
        self._seen = {".": 0}  # the names as the running system sees them
        self._count = 0

    def do(self, operation: Operation) -> None:
        kind, name, target = operation.kind, operation.name, operation.target
        if kind in ("create", "mkdir"):
            self._count += 1
            self._seen[name] = self._count
        if kind == "create":
            self.bytes[self._count] = b""
        file = self._seen[name]
        if kind == "fsync":
            for change in self.pending:
                if change.folder == name or (not change.folder and change.file == file):
                    _apply(change, DONE, self.names, self.bytes)
                    self.pending = [one for one in self.pending if one is not change]
            return
        self.pending.append(Change(operation, file, "" if kind in ("write", "truncate") else str(Path(name).parent)))
        if kind == "rename":
            self._seen[target] = file
        if kind in ("rename", "unlink"):
            del self._seen[name]

    def after(self, fates: Sequence[int]) -> State:
        """Return what is there when this has become of the changes."""
        names, content = dict(self.names), dict(self.bytes)
        for change, fate in zip(self.pending, fates, strict=True):
            _apply(change, fate, names, content)
        return frozenset(
            (name, content.get(file))
            for name, file in names.items()
            if all(str(parent) in names for parent in Path(name).parents[:-1])
        )

    def fates(self, seed: str) -> Iterator[list[int]]:
        """Yield what may become of the changes."""
        count = len(self.pending)
        writes = [at for at, change in enumerate(self.pending) if change.operation.kind == "write"]
        for most, other in ((LOST, DONE), (DONE, LOST)):
            yield [most] * count
            for at in range(count):
                yield [other if here == at else most for here in range(count)]
        for fate in (TORN, ZEROS):
            for some in (writes, *([at] for at in writes)):
                yield [fate if at in some else DONE for at in range(count)]
        drawn = random.Random(seed)
        for _ in range(16):
            yield [drawn.choice((LOST, DONE, TORN, ZEROS) if at in writes else (LOST, DONE)) for at in range(count)]


def _apply(change: Change, fate: int, names: dict[str, int], content: dict[int, bytes]) -> None:
    kind, name, at, written, target = change.operation
    if fate == LOST:
        return
    if kind in ("create", "mkdir"):
        names[name] = change.file
    if kind in ("rename", "unlink"):
        names.pop(name, None)
    if kind == "rename":
        names[target] = change.file
    if kind in ("truncate", "write"):
        old = content[change.file]
        content[change.file] = old[:at].ljust(at, b"\0")
    if kind == "write":
        part = {DONE: written, TORN: written[: len(written) // 2], ZEROS: bytes(len(written))}[fate]
        content[change.file] += part + old[at + len(part) :]


def held(folder: Path) -> Contents:
    try:
        return contents(folder)
    except IndexNotFoundError:
        return None


def tried(number: int, life: Life) -> Iterator[tuple[bool, State, object]]:
    """Yield what there may be on the disk in the course of an action: whether it has ended, the state, how it came about."""
    disk = Disk()
    first, past = life.ends[number : number + 2]
    for operation in life.log[:first]:
        disk.do(operation)
    seen = set()
    for at, operation in enumerate(life.log[first:past], first + 1):
        disk.do(operation)
        for fates in disk.fates(f"{number} {at}"):
            state = disk.after(fates)
            # What is in the lock file matters to nobody.
            key = at == past, frozenset((name, data) for name, data in state if Path(name).name != LOCK)
            if key not in seen:
                seen.add(key)
                changes = [(*change.operation[:2], fate) for change, fate in zip(disk.pending, fates, strict=True)]
                yield at == past, state, (at, operation[:2], changes)
    assert disk.after([DONE] * len(disk.pending)) == life.states[number + 1]


@pytest.mark.parametrize("number", range(len(LIFE)), ids=[action.__name__ for action in LIFE])
def test_the_power_goes(number: int, life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda number: None)  # nobody pulls the plug here
    before, after = life.held[number : number + 2]
    for count, (acknowledged, state, story) in enumerate(tried(number, life)):
        root = tmp_path / str(count)
        put(state, root)
        folder = root / "new" / "index"
        found = held(folder)
        assert found in ((after,) if acknowledged else (before, after)), story
        if found is None:
            create(folder)
        add_next(folder)
        assert contents(folder) == (found or {}) | {"next": Report("next", "Chợ đêm")}, story
        assert files(folder) == current_files(folder), story
        shutil.rmtree(root)
