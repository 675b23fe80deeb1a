"""Indexes as somebody makes them who means harm: whatever is changed in their files, every checksum is right."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from vnsearch.index.columnar.container import ArrayFile, ArrayFileWriter, Seal

__all__ = ["Arrays", "Toc", "change_segment", "change_toc", "toc_of"]

Arrays = dict[str, npt.NDArray[Any]]

_HEAD_BYTES = 14  # three sizes, the byte order, the version, the release
_TAIL = struct.Struct("<I8sQ")


def toc_of(folder: Path) -> Path:
    """Return the only table of contents of an index."""
    (path,) = folder.glob("*.toc")
    return path


@dataclass
class Toc:
    """A table of contents, part by part: the pickles of the schema and of the segments, and the JSON behind them."""

    head: bytes
    schema: bytes
    generation: bytes
    segments: bytes
    text: bytes

    @classmethod
    def read(cls, path: Path) -> Toc:
        data = path.read_bytes()
        length, _, _ = _TAIL.unpack_from(data, len(data) - _TAIL.size)
        at = size = shift = 0
        while True:
            byte = data[_HEAD_BYTES + at]
            size, shift, at = size | (byte & 127) << shift, shift + 7, at + 1
            if byte < 128:
                break
        start = _HEAD_BYTES + at
        end = len(data) - _TAIL.size - length
        schema, generation = data[start : start + size], data[start + size : start + size + 8]
        text = data[end : end + length]
        return cls(data[:_HEAD_BYTES], schema, generation, data[start + size + 8 : end], text)

    @property
    def values(self) -> dict[str, Any]:
        """What is in the JSON."""
        values: dict[str, Any] = json.loads(self.text)
        return values

    @property
    def whoosh(self) -> bytes:
        """What Whoosh reads of it; before layout 4 there was only that, and its CRC."""
        size, length = len(self.schema), bytearray()
        while size >= 128:
            length.append(size & 127 | 128)
            size >>= 7
        return self.head + bytes((*length, size)) + self.schema + self.generation + self.segments

    def write(self, path: Path) -> None:
        data = self.whoosh + self.text + _TAIL.pack(len(self.text), b"VNSEARCH", 0)[:-8]
        path.unlink()  # whoever has the old one open keeps it
        path.write_bytes(data + xxhash.xxh3_64_intdigest(data).to_bytes(8, "little"))


def change_toc(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the values in the table of contents of an index."""
    path = toc_of(folder)
    toc = Toc.read(path)
    values = toc.values
    change(values)
    toc.text = json.dumps(values).encode()
    toc.write(path)


def change_segment(folder: Path, change: Callable[[Arrays, dict[str, Any]], None], which: int = 0) -> Path:
    """Change arrays and facts of one of the segments of an index; return its file."""
    identity = Toc.read(toc_of(folder)).values["segments"][which]["id"]
    path = folder / f"MAIN_{identity}.seg"
    seal = rewrite(path, change)

    def set_seal(values: dict[str, Any]) -> None:
        values["segments"][which].update(size=seal.size, checksum=f"{seal.checksum:016x}")

    change_toc(folder, set_seal)
    return path


def rewrite(path: Path, change: Callable[[Arrays, dict[str, Any]], None]) -> Seal:
    file = ArrayFile(path)
    arrays, facts = {name: np.array(file[name]) for name in file.names()}, dict(file.facts)
    change(arrays, facts)
    path.unlink()
    with ArrayFileWriter(path) as written:
        written.facts.update(facts)
        for name, array in arrays.items():
            written.add(name, array)
    return written.seal
