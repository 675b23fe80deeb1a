"""The lock of an index's writers: one at a time, in whatever process or thread.

It is Whoosh's lock: the operating system's, of a file in the folder, which it frees when the process that holds it dies, however
it dies. The holder writes into the file who it is, for the message to those who wait in vain.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vnsearch.errors import IndexLockedError
from vnsearch.index import files
from vnsearch.index.codec import NAME

if TYPE_CHECKING:
    from whoosh.util.filelock import LockBase

__all__ = ["LOCK_FILE", "write_lock"]

LOCK_FILE = f"{NAME}_WRITELOCK"
_DELAY_S = 0.02
_HOLDER_BYTES_MAX = 1000

# Locks that this process holds. A forked child lets go of its copies: the system keeps a lock as long as any copy is open.
# Weakly: one that an interrupt keeps from being given back is freed when nobody refers to it.
_HELD: weakref.WeakSet[LockBase] = weakref.WeakSet()
# Held while one is taken or given back, and while a process forks: a child must know of every copy that it has.
_CHANGING = threading.RLock()


@contextlib.contextmanager
def write_lock(folder: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock that every writer of this index takes.

    Raises:
        IndexLockedError: another writer did not let go of it within ``timeout_s``.
        IndexWriteError: the system does not let us write.

    """
    from whoosh.util.filelock import FileLock  # noqa: PLC0415 - whoever only reads does not wait for Whoosh

    path = folder / LOCK_FILE
    lock = FileLock(str(path))
    try:
        with files.writing(path):
            files.remove_unless_plain(path)
            deadline = time.monotonic() + timeout_s
            while not _take(lock):
                if time.monotonic() >= deadline:
                    raise _locked(folder, timeout_s)
                time.sleep(_DELAY_S)
            _say_who(lock)
        yield
    finally:
        _give_back(lock)


def _take(lock: LockBase) -> bool:
    with _CHANGING:
        taken: bool = lock.acquire()
        if taken:
            _HELD.add(lock)
        return taken


def _give_back(lock: LockBase) -> None:
    """Let go of a lock, if it was taken: the system frees it with its file. A forked child has done so already."""
    with _CHANGING:
        taken = lock in _HELD
        _HELD.discard(lock)
        if lock.fd is None:
            return
        try:
            if taken:  # else another one's name stands there
                with contextlib.suppress(OSError):
                    os.ftruncate(lock.fd, 0)
        finally:  # whatever the user says
            with contextlib.suppress(OSError):  # it is closed all the same
                os.close(lock.fd)
            lock.fd = None


def _say_who(lock: LockBase) -> None:
    """Write into the file who holds it. Its first byte is left out: Windows lets nobody else read the one that is locked."""
    since = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")
    os.ftruncate(lock.fd, 0)
    os.lseek(lock.fd, 0, os.SEEK_SET)
    os.write(lock.fd, b" " + json.dumps({"pid": os.getpid(), "since": since}).encode())


def _locked(folder: Path, timeout_s: float) -> IndexLockedError:
    """Return what to say when another writer holds the lock."""
    pid, since = None, None
    with contextlib.suppress(Exception):  # it has just let go, or not said yet; somebody wrote something else there
        with files.open_plain(folder / LOCK_FILE) as file:
            file.seek(1)
            holder: dict[str, Any] = json.loads(file.read(_HOLDER_BYTES_MAX))
        pid, since = int(holder["pid"]), dt.datetime.fromisoformat(holder["since"])
    who = f"process {pid} has been writing since {since:%Y-%m-%d %H:%M:%S} UTC" if since else "another writer has it"
    return IndexLockedError(
        f"the index in {folder} is locked: {who}, and did not finish within {timeout_s} s; try again later, or give a longer "
        "lock_timeout_s",
        pid,
        since,
    )


def _let_go() -> None:
    for lock in _HELD:
        with contextlib.suppress(OSError):
            os.close(lock.fd)
        lock.fd = None
    _HELD.clear()
    _CHANGING.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_CHANGING.acquire, after_in_parent=_CHANGING.release, after_in_child=_let_go)
