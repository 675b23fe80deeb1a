"""What an index does with files, and nothing else in it does: read, write anew, synchronise, rename, remove.

Only plain files are opened, by their own name: an index that somebody else made must not lead outside its folder by a link, nor
keep a reader waiting at a pipe. What cannot be written is one clear error.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from vnsearch.errors import IndexCorruptedError, IndexWriteError, VnSearchError

__all__ = [
    "Reading",
    "create",
    "damaged",
    "open_plain",
    "read_plain",
    "remove",
    "rename",
    "sync",
    "sync_folder",
    "writing",
]

_READ = os.O_RDONLY
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    _READ |= getattr(os, _flag, 0)


def damaged(path: Path, why: object) -> IndexCorruptedError:
    """Return the error that says that a file of an index cannot be used."""
    return IndexCorruptedError(
        f"{path} is damaged ({why}); `vnsearch check` says what is affected; restore the folder from a copy, or save what is "
        "sound with `vnsearch rebuild`",
        path.name,
        str(why),
    )


class Reading(contextlib.AbstractContextManager[None]):
    """Turns whatever bytes that make no sense raise, where they are read, into one clear error.

    A class, not a generator: it is entered for every report.
    """

    __slots__ = ("_path", "_what")

    def __init__(self, path: Path, what: str) -> None:
        self._path = path
        self._what = what

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and not isinstance(error, VnSearchError | MemoryError):
            raise damaged(self._path, f"cannot read {self._what}: {type(error).__name__}: {error}") from error


def open_plain(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        FileNotFoundError: there is none.
        IndexCorruptedError: it is no plain file, or cannot be opened.

    """
    try:
        descriptor = os.open(path, _READ)
    except FileNotFoundError:
        raise
    except OSError as error:  # a link; no permission
        raise damaged(path, error.strerror or error) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise damaged(path, "it is no plain file")
    return os.fdopen(descriptor, "rb")


def read_plain(path: Path, most: int) -> bytes:
    """Return the content of a file of at most so many bytes; errors as ``open_plain`` raises them."""
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > most:
            raise damaged(path, f"it has {size} bytes")
        try:
            return file.read()
        except OSError as error:
            raise damaged(path, error.strerror or error) from error


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says against writing a file into one clear error."""
    try:
        yield
    except IndexWriteError:
        raise
    except OSError as error:
        raise IndexWriteError(
            f"cannot write {path}: {error.strerror or error}; nothing of this change was kept, the index is as the last commit "
            "left it; see to the disk and try again",
            error.errno,
        ) from error


def create(path: Path) -> BinaryIO:
    """Open a file for writing that is not there yet."""
    with writing(path):
        return path.open("xb")


def sync(file: BinaryIO) -> None:
    """Wait until the disk has what was written to a file."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names of the files in a folder, where the system lets one wait for that."""
    if os.name != "nt":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def rename(path: Path, target: Path) -> None:
    """Give a file another name; one that had it before is replaced."""
    path.replace(target)


def remove(path: Path) -> None:
    """Remove a file, or the link that is there instead; do nothing where there is none."""
    path.unlink(missing_ok=True)
