"""A file of named arrays, little-endian, mapped into memory when read.

Arrays are written one after the other, each at a multiple of 64 bytes and filled up to the next with zeros: a *section*. Their
directory comes last, so that a large file is never held in memory. Every section has a checksum, kept in the directory, and the
directory and the head of the file have one at its end: the *seal*, which whoever names the file keeps too. No byte of the file is
in none of them. A section is compared with its checksum when it is first asked for, before anything in it is used.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import struct
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import xxhash

from vnsearch.index import files

__all__ = [
    "LAYOUT_VERSION",
    "ArrayFile",
    "ArrayFileWriter",
    "Seal",
    "changes",
    "check_starts",
    "checksum",
    "narrow",
    "numbers_of",
]

#: Counts up whenever the files of an index change their meaning.
LAYOUT_VERSION = 4

#: The checksum of every file of an index: XXH3, 64 bits (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
checksum = xxhash.xxh3_64_intdigest

Array = npt.NDArray[Any]

_MAGIC = b"VNSEARCH"
_HEAD = struct.Struct("<8sI52x")  # magic, layout version, padding to 64 bytes
_TAIL = struct.Struct("<QIQ8s")  # where the directory begins, its length, the checksum of head and directory, magic
_ALIGNMENT = 64
_DIRECTORY_MAX = 1 << 24  # bytes: thousands of keys that can be filtered
_DTYPES = {"u1": "u1", "u2": "<u2", "u4": "<u4", "u8": "<u8", "i4": "<i4"}


def narrow(array: Array) -> Array:
    """Return the array, of numbers from 0 up, in the smallest unsigned type that holds them.

    >>> narrow(np.array([3, 300])).dtype
    dtype('uint16')
    """
    largest = int(array.max()) if len(array) else 0
    return array.astype(np.min_scalar_type(largest), copy=False)


def changes(array: Array) -> npt.NDArray[np.bool_]:
    """Return where a sorted array has a value for the first time. ``np.unique`` takes 9 ms to import what it needs.

    >>> changes(np.array([3, 3, 5]))
    array([ True, False,  True])
    """
    found = np.ones(len(array), np.bool_)
    np.not_equal(array[1:], array[:-1], out=found[1:])
    return found


def numbers_of(array: Array) -> Sequence[int]:
    """Return an array as a view of which single numbers are taken, several times as fast as out of the array."""
    return array.data if sys.byteorder == "little" else array.tolist()  # a view of other bytes cannot be read


def check_starts(starts: Array, runs: int, end: int, *, strict: bool = False) -> None:
    """Raise ValueError unless so many runs of a list begin there, one after the other, from 0 to its end; ``strict``: none is empty.

    What reads the runs goes by them to reserve memory, and a file may be made to do harm.
    """
    wrong = np.less_equal if strict else np.less
    if not len(starts) == runs + 1 > 0 or starts[0] != 0 or starts[-1] != end or wrong(starts[1:], starts[:-1]).any():
        raise ValueError(f"not {runs} runs that go from 0 to {end}")


def _aligned(at: int) -> int:
    return at + -at % _ALIGNMENT


class Seal(NamedTuple):
    """What tells a file of arrays from any other: how many bytes it has, and the checksum of its head and its directory."""

    size: int
    checksum: int


class ArrayFileWriter:
    """Writes a file of arrays; leaves nothing behind when the ``with`` ends by an exception. Afterwards it has its ``seal``.

    Raises IndexWriteError when the system does not let it write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seal = Seal(0, 0)
        self._head = _HEAD.pack(_MAGIC, LAYOUT_VERSION)
        self._directory: list[tuple[str, str, int, int, int]] = []
        self.facts: dict[str, Any] = {}  #: small values kept with the directory, as JSON
        self._file = files.create(path)
        self._at = 0
        self._write(self._head)

    def _write(self, data: bytes | memoryview) -> None:
        with files.writing(self.path):
            self._file.write(data)
        self._at += len(data)

    def add(self, name: str, array: Array) -> None:
        """Append an array of unsigned integers, or of int32."""
        self.add_parts(name, array.dtype, [array])

    def add_parts(self, name: str, dtype: npt.DTypeLike, parts: Iterable[Array]) -> None:
        """Append an array that comes in parts, of this type all of them; only one at a time need be in memory."""
        kind = "{0.kind}{0.itemsize}".format(np.dtype(dtype))
        start, count, sum_ = self._at, 0, xxhash.xxh3_64()
        for part in parts:
            if len(part):
                view = np.ascontiguousarray(part, _DTYPES[kind]).data.cast("B")
                sum_.update(view)
                count += len(part)
                self._write(view)
        padding = bytes(_aligned(self._at) - self._at)
        sum_.update(padding)
        self._write(padding)
        self._directory.append((name, kind, start, count, sum_.intdigest()))

    def __enter__(self) -> ArrayFileWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._finish()
        except BaseException:
            self._abandon()
            raise
        if error is not None:
            self._abandon()

    def _finish(self) -> None:
        directory = json.dumps({"arrays": self._directory, "facts": self.facts}).encode()
        seal = checksum(self._head + directory)
        self._write(directory + _TAIL.pack(self._at, len(directory), seal, _MAGIC))
        with files.writing(self.path):
            files.sync(self._file)
            self._file.close()
        self.seal = Seal(self._at, seal)

    def _abandon(self) -> None:
        with contextlib.suppress(OSError):  # a full disk: closing would write what is left
            self._file.close()
        with contextlib.suppress(OSError):  # the next commit removes it
            files.remove(self.path)


class ArrayFile:
    """A file of arrays, mapped. An array is read when it is used, and its section checked when it is first asked for.

    ``seal`` is what the file's writer kept of it.

    Raises:
        IndexCorruptedError: here and later, of what does not match its checksum, and of what is no such file.
        FileNotFoundError: there is none.

    """

    def __init__(self, path: Path, seal: Seal | None = None) -> None:
        self.path = path
        self._arrays: dict[str, Array] = {}
        file = files.open_plain(path)
        with self.reading("its directory"), file:
            size = os.fstat(file.fileno()).st_size
            if size < _HEAD.size + _TAIL.size:
                raise ValueError("it is cut short")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            magic, layout = _HEAD.unpack_from(self._map, 0)
            start, length, found, magic_again = _TAIL.unpack_from(self._map, size - _TAIL.size)
            if (
                magic != _MAGIC
                or magic_again != _MAGIC
                or start + length + _TAIL.size != size
                or length > _DIRECTORY_MAX
            ):
                raise ValueError("it is no segment, or cut short")
            if layout != LAYOUT_VERSION:
                raise ValueError(f"it has layout {layout}, not {LAYOUT_VERSION}")
            directory = self._map[start : start + length]
            if checksum(self._map[: _HEAD.size] + directory) != found:
                raise ValueError("its directory does not match its checksum")
            self.seal = Seal(size, found)
            if seal not in (None, self.seal):
                raise ValueError("it is not the file that the commit names")
            content = json.loads(directory)
            self.facts: dict[str, Any] = dict(content["facts"])
            self._entries: dict[str, tuple[str, int, int, int]] = {}
            end = _HEAD.size
            for name, kind, at, count, sum_ in content["arrays"]:
                if at != end or type(count) is not int or count < 0 or name in self._entries:
                    raise ValueError("its arrays do not follow each other")
                end = _aligned(end + count * np.dtype(_DTYPES[kind]).itemsize)
                self._entries[name] = kind, at, count, sum_
            if end != start:
                raise ValueError("its arrays do not follow each other")

    def reading(self, what: str) -> contextlib.AbstractContextManager[None]:
        """Turn whatever bytes that make no sense raise into one clear error, which names the file."""
        return files.Reading(self.path, what)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __getitem__(self, name: str) -> Array:
        """Return an array."""
        found = self._arrays.get(name)
        if found is None:
            if name not in self:
                raise files.damaged(self.path, f"it has no {name}")
            if not self.is_sound(name):
                raise files.damaged(self.path, f"{name} does not match its checksum")
            found = self._arrays[name] = self.unchecked(name)
        return found

    def unchecked(self, name: str) -> Array:
        """Return an array, or raise KeyError; for what has checksums of its own inside."""
        kind, start, count, _ = self._entries[name]
        return np.frombuffer(self._map, _DTYPES[kind], count, start) if count else np.empty(0, _DTYPES[kind])

    def is_sound(self, name: str) -> bool:
        """Read the section of an array and tell whether it matches its checksum."""
        _, start, _, expected = self._entries[name]
        end = _aligned(start + self.unchecked(name).nbytes)
        with memoryview(self._map) as view, view[start:end] as section:
            return checksum(section) == expected

    def check(self) -> None:
        """Check every section, also of arrays that nobody asked for yet."""
        for name in self._entries:
            self[name]

    def release(self) -> None:
        """Give the memory of what was read back; arrays stay valid, and are read again when they are used."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def types(self) -> dict[str, str]:
        """Return the type of each array: "u1", "u2", "u4", "u8" or "i4"."""
        return {name: kind for name, (kind, *_) in self._entries.items()}

    def names(self) -> list[str]:
        """Return the names of all arrays."""
        return list(self._entries)

    def damaged(self) -> list[str]:
        """Read everything; return the names of the arrays that do not match their checksums."""
        return [name for name in self._entries if not self.is_sound(name)]
