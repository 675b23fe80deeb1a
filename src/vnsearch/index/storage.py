"""An index on disk: which files it has, how it is created, opened and recognised.

The folder of an index holds a file for each segment (``MAIN_*.seg``), the table of contents (``_MAIN_*.toc``), which is what a
commit is, and the lock of writers. A table of contents is in Whoosh's format, two pickles, for whoever opens the folder with
Whoosh; behind them stands the same in JSON, with a checksum of the whole, and that is what is read here. Nothing of an index is
ever unpickled.

To read and write an index takes nothing of Whoosh but its lock, and its schema when an index is made: importing the rest
takes longer than a search. ``whoosh_index`` is the same index as Whoosh reads it.
"""

from __future__ import annotations

import contextlib
import json
import pickle
import re
import struct
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from vnsearch.analysis import analysis_fingerprint
from vnsearch.errors import (
    IndexExistsError,
    IndexNotFoundError,
    IndexReadError,
    IndexVersionError,
    IndexWriteError,
    InvalidArgumentError,
)
from vnsearch.index import files
from vnsearch.index.codec import NAME, SEGMENT_FILE, ColumnarSegment, segment_path
from vnsearch.index.columnar.container import LAYOUT_VERSION, checksum
from vnsearch.index.lock import LOCK_FILE, write_lock
from vnsearch.index.schema import RESERVED

__all__ = [
    "Contents",
    "IndexFolder",
    "commit",
    "committed",
    "create",
    "exists",
    "open_index",
    "segment_files",
    "size_bytes",
]

_TOC = re.compile(rf"_{NAME}_([0-9]{{1,18}})\.toc")
_TEMPORARY = f"{NAME}_toc.tmp"  # a name that whoever cleans up knows; the lock keeps others from it
# The names of all our files. Others may be in the folder, and are left alone.
_OURS = re.compile(rf"{_TOC.pattern}|{SEGMENT_FILE.pattern}|{re.escape(_TEMPORARY)}|{LOCK_FILE}")
# A folder is listed piece by piece: a commit in the middle can hide both the name that it makes and the one that it removes.
_LISTINGS = 3
_PICKLE_PROTOCOL = 4  # every Python we support reads and writes it
_TOC_BYTES_MAX = 1 << 28  # thousands of full segments, all with deletions

# How a table of contents of Whoosh 2.7.4 begins: the sizes of an int, a long and a float, the byte order, the version of the
# format, the release.
_INTS = struct.Struct(">ii")
_BYTE_ORDER_MARK = -12345
_TOC_VERSION = -111
_HEAD = bytes((4, 8, 4)) + _INTS.pack(_BYTE_ORDER_MARK, _TOC_VERSION) + bytes((2, 7, 4))

# How it ends: the length of the JSON, magic, the checksum of everything before.
_MAGIC = b"VNSEARCH"
_TAIL = struct.Struct("<I8sQ")
_CHECKSUM_BYTES = 8

_REBUILD = "make it again from the reports: Index.create(…, overwrite=True), then add()"


class Contents(NamedTuple):
    """A table of contents: what a commit is.

    ``schema`` is the pickle of the Whoosh schema, and ``filterable`` are the keys of ``extra`` that it has fields for.
    """

    generation: int
    segments: list[ColumnarSegment]
    schema: bytes
    filterable: tuple[str, ...]


class IndexFolder:
    """The folder of an index, from which its last commit is read."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = str(folder)

    def latest_generation(self) -> int:
        """Return the number of the last commit; -1 where there is none."""
        for _ in range(_LISTINGS):
            found = filter(None, map(_TOC.fullmatch, files.names(Path(self.folder))))
            latest = max((int(one[1]) for one in found), default=-1)
            if latest >= 0:
                return latest
        return -1

    def contents(self, *, any_analysis: bool = False) -> Contents:
        """Read the last commit.

        Raises:
            IndexCorruptedError: it is damaged, or there is none.
            IndexVersionError: another layout or, unless ``any_analysis``, another analysis made it.
            FileNotFoundError: a writer may just have replaced it: try again.

        """
        generation = self.latest_generation()
        path = Path(self.folder, _toc_name(generation if generation >= 0 else "*"))
        if generation < 0:
            raise files.damaged(path, "it is gone")
        data = files.read_plain(path, _TOC_BYTES_MAX)
        try:
            found, analysis = _parse(data, generation)
        except (IndexVersionError, MemoryError):
            raise
        except Exception as error:  # whatever bytes that make no sense raise
            if _is_older(data):
                raise IndexVersionError(
                    f"the index in {self.folder} was made by an earlier vnsearch; {_REBUILD}"
                ) from None
            raise files.damaged(path, error) from error
        if analysis != analysis_fingerprint() and not any_analysis:
            raise IndexVersionError(
                f"the index in {self.folder} was made with another analysis ({analysis}, now {analysis_fingerprint()}): its "
                "terms would not meet today's queries; make it again from its own reports with `vnsearch rebuild`"
            )
        return found


def _toc_name(generation: int | str) -> str:
    return f"_{NAME}_{generation}.toc"


def _parse(data: bytes, generation: int) -> tuple[Contents, str]:
    """Read a table of contents; return it, and the fingerprint of the analysis that made the terms."""
    length, magic, expected = _TAIL.unpack_from(data, len(data) - _TAIL.size)
    if magic != _MAGIC or checksum(data[:-_CHECKSUM_BYTES]) != expected:
        raise ValueError("it does not match its checksum")
    values = json.loads(data[-_TAIL.size - length : -_TAIL.size])
    if values["format"] != LAYOUT_VERSION:
        raise IndexVersionError(
            f"the index has layout {values['format']}, this vnsearch reads {LAYOUT_VERSION}; {_REBUILD}"
        )
    if values["generation"] != generation:
        raise ValueError("another generation inside")
    segments = [_segment(state) for state in values["segments"]]
    if len({segment.segid for segment in segments}) < len(segments):
        raise ValueError("a segment that is there twice")
    size, at = _read_varint(data, len(_HEAD))
    filterable = tuple(values["filterable"])
    if not all(isinstance(key, str) and key not in ("", *RESERVED) for key in filterable):
        raise ValueError("keys that cannot be filtered")
    return Contents(generation, segments, data[at : at + size], filterable), str(values["analysis"])


def _is_older(data: bytes) -> bool:
    """Tell whether it is a table of contents of a layout before 4: behind it stood its CRC."""
    return len(data) > len(_HEAD) and zlib.crc32(data[:-4]) == int.from_bytes(data[-4:], "little")


def _segment(state: dict[str, Any]) -> ColumnarSegment:
    segment = ColumnarSegment.__new__(ColumnarSegment)
    segment.__setstate__(state)
    return segment


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, lowest first, the top bit set on every byte but the last; and where it ends."""
    number = shift = 0
    while data[at] >= 0x80:
        number |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
    return number | data[at] << shift, at + 1


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number >= 0x80:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*digits, number))


def commit(folder: Path, contents: Contents) -> None:
    """Make this the last commit, and then remove the files that no commit needs any more.

    The files of the segments are on the disk already, and so is the table of contents, whole, before it gets its name: with the
    renaming the commit is made, and a crash of the machine leaves it or the one before. The names of the new files are on the
    disk before that, too: a system may keep changes of a folder in any order.

    Raises:
        IndexWriteError: the system does not let us write.

    """
    path = folder / _TEMPORARY
    with files.writing(path):
        files.remove(path)  # left by a writer that was killed, or a link to somewhere
        with files.create(path) as file:
            file.write(_packed(contents))
            files.sync(file)
        files.sync_folder(folder)
        files.rename(path, folder / _toc_name(contents.generation))
    try:
        files.sync_folder(folder)
    except OSError as error:
        raise IndexWriteError(
            f"the change of {folder} is made, but the disk does not say that it would survive a power cut: {error}",
            error.errno,
        ) from error
    _clean(folder, contents)


def _packed(contents: Contents) -> bytes:
    generation, segments, schema, filterable = contents
    values = {
        "format": LAYOUT_VERSION,
        "analysis": analysis_fingerprint(),
        "generation": generation,
        "filterable": filterable,
        "segments": [segment.__getstate__() for segment in segments],
    }
    text = json.dumps(values).encode()
    data = _HEAD + _varint(len(schema)) + schema + _INTS.pack(generation, 0)
    data += pickle.dumps(segments, _PICKLE_PROTOCOL) + text + _TAIL.pack(len(text), _MAGIC, 0)[:-_CHECKSUM_BYTES]
    return data + checksum(data).to_bytes(_CHECKSUM_BYTES, "little")


def committed(folder: Path, generation: int) -> bool:
    """Tell whether there is a commit of this generation."""
    return files.is_there(folder / _toc_name(generation))


def _clean(folder: Path, contents: Contents) -> None:
    """Remove what belongs to other commits, or was left by a writer that was killed."""
    current = {_toc_name(contents.generation), LOCK_FILE, *(segment_path("", one).name for one in contents.segments)}
    with contextlib.suppress(IndexReadError):  # the folder cannot be read just now
        for name in filter(_OURS.fullmatch, files.names(folder)):
            if name not in current:
                with contextlib.suppress(OSError):  # open in another process, on Windows: a later commit removes it
                    files.remove(folder / name)


def segment_files(folder: Path) -> list[Path]:
    """Return the files of segments in a folder, whether a commit names them or not."""
    return sorted(folder / name for name in filter(SEGMENT_FILE.fullmatch, files.names(folder)))


def exists(folder: Path) -> bool:
    """Tell whether there is an index (or what is left of one) in a folder."""
    return any(map(_TOC.fullmatch, files.names(folder))) or bool(segment_files(folder))


def size_bytes(folder: Path) -> int:
    """Return how much the files of an index take. One that a commit removes meanwhile counts nothing."""
    total = 0
    for name in filter(_OURS.fullmatch, files.names(folder)):
        with contextlib.suppress(FileNotFoundError):
            total += (folder / name).lstat().st_size
    return total


def create(folder: Path, *, overwrite: bool, filterable: tuple[str, ...], lock_timeout_s: float) -> IndexFolder:
    """Make an empty index in a folder, which is made too; other files in it are left alone.

    To start anew is a commit like any other: it waits for the lock, and has the next generation, so that whoever has the
    old index open notices.

    Raises:
        IndexExistsError: there is one already and ``overwrite`` is False.
        IndexLockedError: another writer did not finish in time.
        IndexWriteError: the system does not let us write.
        InvalidArgumentError: a filterable key that cannot be one; a path that is no folder.

    """
    from vnsearch.index.whoosh_schema import make_schema  # noqa: PLC0415 - see above

    schema = pickle.dumps(make_schema(filterable), _PICKLE_PROTOCOL)
    with files.writing(folder):
        if folder.exists() and not folder.is_dir():
            raise InvalidArgumentError(f"{folder} is a file; give the path of a folder for the index")
        _refuse_existing(folder, overwrite)
        files.make_folder(folder)
    made = IndexFolder(folder)
    with write_lock(folder, lock_timeout_s):
        _refuse_existing(folder, overwrite)  # somebody may have been faster
        commit(folder, Contents(made.latest_generation() + 1, [], schema, filterable))
    return made


def _refuse_existing(folder: Path, overwrite: bool) -> None:
    if exists(folder) and not overwrite:
        raise IndexExistsError(
            f"there is an index in {folder} already; open it with Index.open(), or give overwrite=True to start anew"
        )


def open_index(folder: Path) -> IndexFolder:
    """Open the index in a folder; what is wrong with it is said when its contents are read.

    Raises:
        IndexNotFoundError: there is none.

    """
    if not exists(folder):
        raise IndexNotFoundError(
            f"no index in {folder}; make one with Index.create({str(folder)!r}) or: vnsearch index PATH… --index {folder}"
        )
    return IndexFolder(folder)
