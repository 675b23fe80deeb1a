"""What an index does with files, and nothing else in it does: read, write anew, synchronise, rename, remove.

Only plain files are opened, by their own name: an index that somebody else made must not lead outside its folder by a link, nor
keep a reader waiting at a pipe. What cannot be written is one clear error.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from vnsearch.errors import IndexCorruptedError, IndexReadError, IndexWriteError, VnSearchError

__all__ = [
    "Reading",
    "create",
    "damaged",
    "is_there",
    "make_folder",
    "names",
    "open_plain",
    "read_plain",
    "remove",
    "remove_unless_plain",
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


def unreadable(path: Path, error: OSError) -> IndexReadError:
    """Return the error that says that the system does not let us read a file or a folder, which may be sound."""
    return IndexReadError(
        f"cannot read {path}: {error.strerror or error}; see to the permissions, the limits of the system and the disk, and try "
        "again",
        error.errno,
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
        if isinstance(error, OSError) and not isinstance(error, VnSearchError | FileNotFoundError):
            raise unreadable(self._path, error) from error
        if isinstance(error, Exception) and not isinstance(error, VnSearchError | MemoryError):
            # A ValueError says what is wrong.
            why = error if type(error) is ValueError else f"{type(error).__name__}: {error}"
            raise damaged(self._path, f"cannot read {self._what}: {why}") from error


def names(folder: Path) -> list[str]:
    """Return the names of the files in a folder; none where there is no folder.

    Raises:
        IndexReadError: there is one, but it cannot be read: what is in it must not be taken for nothing.

    """
    try:
        return [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise unreadable(folder, error) from error


def is_there(path: Path) -> bool:
    """Tell whether there is a file, of whatever kind; True if the system does not say."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def open_plain(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        FileNotFoundError: there is none.
        IndexCorruptedError: it is no plain file.
        IndexReadError: the system does not let us read it.

    """
    try:
        descriptor = os.open(path, _READ)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise damaged(path, "it is a link") from error
        raise unreadable(path, error) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise damaged(path, "it is no plain file")
    return os.fdopen(descriptor, "rb")


def read_plain(path: Path, most: int) -> bytes:
    """Return the content of a file of at most so many bytes; errors as ``open_plain`` raises them."""
    file = open_plain(path)
    try:
        with file:
            size = os.fstat(file.fileno()).st_size
            if size > most:
                raise damaged(path, f"it has {size} bytes")
            return file.read()
    except OSError as error:
        raise unreadable(path, error) from error


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says against writing a file into one clear error."""
    try:
        yield
    except VnSearchError:  # some of which are OSErrors, too
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


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing; their names are on the disk afterwards."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing:
        sync_folder(one.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names of the files in a folder, where the system lets one wait for that."""
    if os.name != "nt":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        except OSError as error:
            if error.errno not in (errno.EBADF, errno.EINVAL):  # some file systems know no such thing
                raise
        finally:
            os.close(opened)


def rename(path: Path, target: Path) -> None:
    """Give a file another name; one that had it before is replaced."""
    path.replace(target)


def remove_unless_plain(path: Path) -> None:
    """Remove what is no plain file: a link would be followed, out of the folder, and at a pipe a writer would wait."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            remove(path)


def remove(path: Path) -> None:
    """Remove a file, or the link that is there instead; do nothing where there is none."""
    path.unlink(missing_ok=True)
