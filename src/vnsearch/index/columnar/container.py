"""A file of named arrays, little-endian, mapped into memory when read.

Arrays are written one after the other, each at a multiple of 64 bytes; their directory comes last, so that a large file is
never held in memory. Every array has a checksum, and so has the directory.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import sys
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["LAYOUT_VERSION", "ArrayFile", "ArrayFileWriter", "changes", "narrow", "numbers_of"]

#: Counts up whenever the files of an index change their meaning.
LAYOUT_VERSION = 3

Array = npt.NDArray[Any]

_MAGIC = b"VNSEARCH"
_HEAD = struct.Struct("<8sI52x")  # magic, layout version, padding to 64 bytes
_TAIL = struct.Struct("<QII8s")  # where the directory begins, its length, its checksum, magic
_ALIGNMENT = 64
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


class ArrayFileWriter:
    """Writes a file of arrays; leaves nothing behind when the ``with`` ends by an exception."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("xb")
        self._file.write(_HEAD.pack(_MAGIC, LAYOUT_VERSION))
        self._directory: list[tuple[str, str, int, int, int]] = []
        self.facts: dict[str, Any] = {}  #: small values kept with the directory, as JSON

    def add(self, name: str, array: Array) -> None:
        """Append an array of unsigned integers, or of int32."""
        self.add_parts(name, array.dtype, [array])

    def add_parts(self, name: str, dtype: npt.DTypeLike, parts: Iterable[Array]) -> None:
        """Append an array that comes in parts, of this type all of them; only one at a time need be in memory."""
        kind = "{0.kind}{0.itemsize}".format(np.dtype(dtype))
        self._file.write(bytes(-self._file.tell() % _ALIGNMENT))
        start, count, checksum = self._file.tell(), 0, 0
        for part in parts:
            if len(part):
                view = np.ascontiguousarray(part, _DTYPES[kind]).data.cast("B")
                checksum = zlib.crc32(view, checksum)
                count += len(part)
                self._file.write(view)
        self._directory.append((name, kind, start, count, checksum))

    def __enter__(self) -> ArrayFileWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if error is None:
                directory = json.dumps({"arrays": self._directory, "facts": self.facts}).encode()
                at = self._file.tell()
                self._file.write(directory + _TAIL.pack(at, len(directory), zlib.crc32(directory), _MAGIC))
                self._file.flush()
                os.fsync(self._file.fileno())
        except BaseException:
            self._file.close()
            self.path.unlink(missing_ok=True)
            raise
        self._file.close()
        if error is not None:
            self.path.unlink(missing_ok=True)


class ArrayFile:
    """A file of arrays, mapped: an array is read when it is used. Raises ValueError for what is no such file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size < _HEAD.size + _TAIL.size:
                raise ValueError(f"{path.name} is cut short")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        magic, layout = _HEAD.unpack_from(self._map, 0)
        start, length, checksum, magic_again = _TAIL.unpack_from(self._map, size - _TAIL.size)
        if magic != _MAGIC or magic_again != _MAGIC or start + length + _TAIL.size != size:
            raise ValueError(f"{path.name} is no segment, or cut short")
        if layout != LAYOUT_VERSION:
            raise ValueError(f"{path.name} has layout {layout}, not {LAYOUT_VERSION}")
        directory = self._map[start : start + length]
        if zlib.crc32(directory) != checksum:
            raise ValueError(f"the directory of {path.name} does not match its checksum")
        content = json.loads(directory)
        self.facts: dict[str, Any] = content["facts"]
        self._entries: dict[str, tuple[str, int, int, int]] = {name: tuple(rest) for name, *rest in content["arrays"]}

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __getitem__(self, name: str) -> Array:
        """Return an array, or raise KeyError."""
        kind, start, count, _ = self._entries[name]
        return np.frombuffer(self._map, _DTYPES[kind], count, start) if count else np.empty(0, _DTYPES[kind])

    def release(self) -> None:
        """Give the memory of what was read back; arrays stay valid, and are read again when they are used."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def names(self) -> list[str]:
        """Return the names of all arrays."""
        return list(self._entries)

    def damaged(self) -> list[str]:
        """Read everything; return the names of the arrays that do not match their checksums."""
        return [name for name, (*_, checksum) in self._entries.items() if zlib.crc32(self[name].data) != checksum]
