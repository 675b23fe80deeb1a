"""The reports as they were given, in blocks of a few kilobytes, compressed.

A block is a frame of Zstandard (RFC 8878) with its own checksum, made with a dictionary: 16,384 characters of Vietnamese as
reports write it. It makes small blocks a seventh smaller, so that one report is read by decompressing hardly more than itself.
"""

from __future__ import annotations

import struct
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import zstandard

from vnsearch.concurrency import cached_property
from vnsearch.index.columnar.charset import encode
from vnsearch.index.columnar.container import ArrayFile, ArrayFileWriter, check_starts, narrow, numbers_of
from vnsearch.index.files import damaged

__all__ = ["RECORD_BYTES_MAX", "Block", "StoredReports", "make_blocks", "salvage", "unpack_block", "write_blocks"]

# A block is closed when it has this many bytes: most news reports have one of their own.
_BLOCK_BYTES = 1024
_LEVEL = 6  # 3 takes a twelfth more space and half the time, 12 less than a hundredth less and twice the time
# No frame holds more bytes for each of its own: runs of one byte, 128 KB in four bytes.
_EXPANSION_MAX = 1 << 15
#: Bytes of one packed report, at most, and about those of a block.
RECORD_BYTES_MAX = 1 << 28

_CONTENT_BYTES_MAX = RECORD_BYTES_MAX + (1 << 16)

# What a block that is damaged raises.
_UNREADABLE = (ValueError, struct.error, zstandard.ZstdError)
_WRONG_LENGTH = "a block of reports has another length than it says"

#: A compressed block, and how many reports are in it.
Block = tuple[bytes, int]


@cache
def _dictionary() -> zstandard.ZstdCompressionDict:
    text = Path(__file__).with_name("vietnamese.dict").read_text(encoding="utf-8")
    return zstandard.ZstdCompressionDict(encode(text)[0], dict_type=zstandard.DICT_TYPE_RAWCONTENT)


class _Codecs(threading.local):
    """What compresses and decompresses: for each thread its own, as zstandard asks for."""

    def __init__(self) -> None:
        decompressor = zstandard.ZstdDecompressor(dict_data=_dictionary())
        self.decompress = partial(decompressor.decompress, allow_extra_data=False)

    @cached_property
    def compress(self) -> Callable[[bytes], bytes]:
        compressor = zstandard.ZstdCompressor(
            _LEVEL, _dictionary(), write_checksum=True, write_content_size=True, write_dict_id=False
        )
        return compressor.compress


_CODECS = _Codecs()


def _compress(records: Sequence[bytes]) -> Block:
    head = struct.pack(f"<{len(records)}I", *map(len, records))
    return _CODECS.compress(head + b"".join(records)), len(records)


def make_blocks(records: Iterable[bytes]) -> Iterator[Block]:
    """Yield packed reports in compressed blocks."""
    waiting: list[bytes] = []
    size = 0
    for record in records:
        waiting.append(record)
        size += len(record)
        if size >= _BLOCK_BYTES:
            yield _compress(waiting)
            waiting, size = [], 0
    if waiting:
        yield _compress(waiting)


def unpack_block(data: bytes | memoryview, count: int) -> list[bytes]:
    """Return the records of a block."""
    if not 0 < zstandard.frame_content_size(data) <= min(len(data) * _EXPANSION_MAX, _CONTENT_BYTES_MAX):
        raise ValueError(_WRONG_LENGTH)  # before so much memory is taken
    try:
        return _records(_CODECS.decompress(data), count)
    except MemoryError:
        raise ValueError("a block of reports claims more bytes than there is memory for") from None


def _records(content: bytes, count: int) -> list[bytes]:
    if count == 1:  # as most are
        if len(content) != int.from_bytes(content[:4], "little") + 4:
            raise ValueError(_WRONG_LENGTH)
        return [content[4:]]
    lengths = struct.unpack_from(f"<{count}I", content)
    records = []
    at = 4 * count
    for length in lengths:
        records.append(content[at : at + length])
        at += length
    if at != len(content):
        raise ValueError(_WRONG_LENGTH)
    return records


def write_blocks(file: ArrayFileWriter, blocks: Iterable[Block]) -> None:
    """Write the blocks of all documents, in order, one by one."""
    sizes, counts = [0], [0]

    def parts() -> Iterator[npt.NDArray[np.uint8]]:
        for data, count in blocks:
            sizes.append(len(data))
            counts.append(count)
            yield np.frombuffer(data, np.uint8)

    file.add_parts("stored", np.uint8, parts())
    file.add("stored_starts", narrow(np.cumsum(sizes)))
    file.add("stored_documents", narrow(np.cumsum(counts)))


def salvage(file: ArrayFile) -> Iterator[tuple[int, bytes | None]]:
    """Yield each document of a damaged segment with its packed report, or None where that cannot be read.

    Where the blocks begin may be damaged too: each has a checksum of its own.

    Raises:
        IndexCorruptedError: nobody knows which documents a block holds.

    """
    with file.reading("stored_documents"):
        data, starts = file.unchecked("stored").data, file.unchecked("stored_starts")
        documents = file["stored_documents"]
        check_starts(documents, len(starts) - 1, file.facts["documents"])
    for (start, end), (first, past) in zip(pairwise(starts.tolist()), pairwise(documents.tolist()), strict=True):
        try:
            records: Sequence[bytes | None] = unpack_block(data[start:end], past - first)
        except _UNREADABLE:
            records = [None] * (past - first)
        yield from enumerate(records, first)


class StoredReports:
    """The stored reports of a segment, mapped."""

    def __init__(self, file: ArrayFile) -> None:
        self._file = file
        self._data = file.unchecked("stored").data  # every block has a checksum
        starts, documents = file["stored_starts"], file["stored_documents"]
        check_starts(starts, len(documents) - 1, len(self._data))
        check_starts(documents, len(starts) - 1, file.facts["documents"])
        self._starts, self._documents = numbers_of(starts), numbers_of(documents)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def check(self) -> None:
        """Compare all blocks with the checksum of the whole."""
        self._file["stored"]

    def block(self, number: int) -> Block:
        """Return a block as it was written."""
        data, count = self._block(number)
        return bytes(data), count

    def _block(self, number: int) -> tuple[memoryview, int]:
        count = self._documents[number + 1] - self._documents[number]
        return self._data[self._starts[number] : self._starts[number + 1]], count

    def documents(self, number: int) -> range:
        """Return the documents of a block."""
        return range(self._documents[number], self._documents[number + 1])

    def report(self, document: int) -> bytes:
        """Return the packed report of a document."""
        number = bisect_right(self._documents, document) - 1
        try:
            return unpack_block(*self._block(number))[document - self._documents[number]]
        except _UNREADABLE as error:
            raise damaged(self._file.path, f"stored reports: {error}") from error
