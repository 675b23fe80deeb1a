"""An index on disk: which files it has, how it is created, opened and recognised.

The folder of an index holds a file for each segment (``MAIN_*.seg``), Whoosh's table of contents (``_MAIN_*.toc``), its lock,
and ``vnsearch.json``, which says how the index was made. The table of contents is in Whoosh's format, two pickles; it is read
here with an allow-list, so that it never builds an object of any other class. Nothing else in the folder is a pickle.

To read and write an index takes nothing of Whoosh but its lock, and its schema when an index is made: importing the rest
takes longer than a search. ``whoosh_index`` is the same index as Whoosh reads it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from vnsearch.analysis import analysis_fingerprint
from vnsearch.errors import (
    IndexCorruptedError,
    IndexExistsError,
    IndexLockedError,
    IndexNotFoundError,
    IndexVersionError,
    InvalidArgumentError,
)
from vnsearch.index.codec import ColumnarSegment
from vnsearch.index.columnar.container import LAYOUT_VERSION
from vnsearch.index.schema import FACETS

__all__ = [
    "Contents",
    "IndexFolder",
    "Settings",
    "admit",
    "commit",
    "committed",
    "create",
    "damaged",
    "exists",
    "is_ours",
    "locked_message",
    "open_index",
    "size_bytes",
    "write_lock",
]

SETTINGS_FILE = "vnsearch.json"
NAME = "MAIN"
_LOCK = f"{NAME}_WRITELOCK"
_TOC = re.compile(rf"_{NAME}_([0-9]+)\.toc")
_PICKLE_PROTOCOL = 4  # every Python we support reads and writes it

# How a table of contents of Whoosh 2.7.4 begins: the sizes of an int, a long and a float, the byte order, the version of the
# format, the release.
_INTS = struct.Struct(">ii")
_BYTE_ORDER_MARK = -12345
_TOC_VERSION = -111
_HEAD = bytes((4, 8, 4)) + _INTS.pack(_BYTE_ORDER_MARK, _TOC_VERSION) + bytes((2, 7, 4))

# What a table of contents of ours is made of, and nothing else.
_ADMITTED = frozenset(
    {
        *(("builtins", name) for name in ("object", "set", "int")),
        *(("__builtin__", name) for name in ("object", "set", "int", "long")),  # as protocol 2 spells them
        ("copy_reg", "_reconstructor"),
        ("copyreg", "_reconstructor"),
        ("collections", "defaultdict"),
        ("datetime", "datetime"),
        *(("vnsearch.index.schema", name) for name in ("Terms", "TermAnalyzer", "Labels")),
        *(("whoosh.fields", name) for name in ("Schema", "ID", "DATETIME", "STORED")),
        *(("whoosh.formats", name) for name in ("Existence", "Frequency", "Positions")),
        *(("whoosh.columns", name) for name in ("VarBytesColumn", "NumericColumn")),
        ("whoosh.analysis.tokenizers", "IDTokenizer"),
        ("vnsearch.index.codec", "ColumnarSegment"),
    }
)


def admit(module: str, name: str) -> None:
    """Raise ``pickle.UnpicklingError`` for a class that has no place in a table of contents."""
    if (module, name) not in _ADMITTED:
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a table of contents")


class _Attributes:
    """An object of the schema, of which nothing is known but its attributes."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        admit(module, name)
        of_schema = module.startswith("whoosh.") or module == "vnsearch.index.schema"
        return _Attributes if of_schema else super().find_class(module, name)


def _loads(data: bytes) -> Any:
    return _Unpickler(io.BytesIO(data)).load()


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
        try:
            names = [path.name for path in Path(self.folder).iterdir()]
        except OSError:
            return -1
        return max((int(found[1]) for found in map(_TOC.fullmatch, names) if found), default=-1)

    def contents(self) -> Contents:
        """Read the last commit.

        Raises:
            IndexCorruptedError: it is damaged, or there is none.
            OSError: a writer may just have replaced it: try again.

        """
        generation = self.latest_generation()
        if generation < 0:
            raise IndexCorruptedError(damaged(self.folder, _toc_name("*"), "it is gone"))
        name = _toc_name(generation)
        data = Path(self.folder, name).read_bytes()
        try:
            return _parse(data, generation)
        except Exception as error:  # whatever a pickle of any content raises
            raise IndexCorruptedError(damaged(self.folder, name, error)) from error


def _toc_name(generation: int | str) -> str:
    return f"_{NAME}_{generation}.toc"


def _parse(data: bytes, generation: int) -> Contents:
    """Read a table of contents, as ``whoosh.index.TOC.read`` does; behind what Whoosh reads stands a checksum of it."""
    if len(data) < 4 or zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise ValueError("it does not match its checksum")
    stream = io.BytesIO(data)
    if stream.read(len(_HEAD)) != _HEAD:
        raise ValueError("it does not begin as one of Whoosh 2.7.4")
    schema = stream.read(_read_varint(stream))
    if _INTS.unpack(stream.read(_INTS.size))[0] != generation:  # the other number is not used
        raise ValueError("another generation inside")
    segments = _loads(stream.read())
    fields = sorted(_loads(schema)._fields.items())
    keys = (field.key for _, field in fields if hasattr(field, "key"))  # those of labels
    return Contents(generation, segments, schema, tuple(key for key in keys if key not in FACETS))


def _read_varint(stream: io.BytesIO) -> int:
    """Read a number of seven bits a byte, lowest first; every byte but the last has its top bit set."""
    number = shift = 0
    while True:
        byte = stream.read(1)[0]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number
        shift += 7


def _varint(number: int) -> bytes:
    digits = bytearray()
    while number >= 0x80:
        digits.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*digits, number))


def commit(folder: Path, schema: bytes, segments: Sequence[ColumnarSegment], generation: int) -> None:
    """Make these segments the last commit, in Whoosh's format; then remove the files that no commit needs any more.

    The files of the segments are on the disk already. The table of contents is there, whole, before it gets its name: with
    the renaming the commit is made, and a crash of the machine leaves it or the one before.
    """
    data = _HEAD + _varint(len(schema)) + schema + _INTS.pack(generation, 0)
    data += pickle.dumps(list(segments), _PICKLE_PROTOCOL)
    temporary = folder / f"{NAME}_toc.tmp"  # a name that whoever cleans up knows; the lock keeps others from it
    _write_through(temporary, data + zlib.crc32(data).to_bytes(4, "little"))
    temporary.rename(folder / _toc_name(generation))
    _sync_folder(folder)
    _clean(folder, generation, segments)


def committed(folder: Path, generation: int) -> bool:
    """Tell whether there is a commit of this generation."""
    return (folder / _toc_name(generation)).exists()


def _write_through(path: Path, data: bytes) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Wait until the disk has the names of the files in a folder, where the system lets one wait for that."""
    if os.name != "nt":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _clean(folder: Path, generation: int, segments: Sequence[Any]) -> None:
    """Remove what belongs to other commits, or was left by a writer that was killed."""
    current = {segment.segment_id() for segment in segments} | {_LOCK}
    for path in folder.iterdir():
        name = path.name
        if name == SETTINGS_FILE or name == _toc_name(generation) or not is_ours(name):
            continue
        if name.partition(".")[0] not in current:
            with contextlib.suppress(OSError):  # open in another process, on Windows: a later commit removes it
                path.unlink()


def damaged(folder: str, name: str, why: object) -> str:
    """Return what to say of a file of an index that cannot be read."""
    return (
        f"{os.path.join(folder, name)} is damaged ({why}); restore the folder from a copy, "  # noqa: PTH118 - for a message
        "or make the index again with Index.create(…, overwrite=True)"
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """How an index was made. ``filterable`` names the keys of ``extra`` that can be filtered."""

    format: int
    analysis: str
    filterable: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        """Write the settings file, whole or not at all."""
        temporary = folder / f"{SETTINGS_FILE}.tmp"
        _write_through(temporary, (json.dumps(asdict(self), indent=1) + "\n").encode())
        temporary.replace(folder / SETTINGS_FILE)

    @classmethod
    def read(cls, folder: Path) -> Settings:
        """Read the settings file and check that this version of the library can use the index."""
        path = folder / SETTINGS_FILE
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            settings = cls(int(values["format"]), str(values["analysis"]), tuple(map(str, values["filterable"])))
        except Exception as error:  # whatever a file of any content makes JSON and the conversions raise
            raise IndexCorruptedError(damaged(str(folder), SETTINGS_FILE, error)) from error
        rebuild = "make it again from the reports: Index.create(…, overwrite=True), then add()"
        if settings.format != LAYOUT_VERSION:
            raise IndexVersionError(
                f"the index in {folder} has layout {settings.format}, this vnsearch reads {LAYOUT_VERSION}; {rebuild}"
            )
        if settings.analysis != analysis_fingerprint():
            raise IndexVersionError(
                f"the index in {folder} was made with another analysis ({settings.analysis}, "
                f"now {analysis_fingerprint()}): its terms would not meet today's queries; {rebuild}"
            )
        return settings


def exists(folder: Path) -> bool:
    """Tell whether there is an index (or what is left of one) in a folder."""
    return (folder / SETTINGS_FILE).exists() or any(folder.glob(f"_{NAME}_*.toc"))


def is_ours(name: str) -> bool:
    """Tell whether a file of this name belongs to an index."""
    return name.startswith((f"{NAME}_", f"_{NAME}_", SETTINGS_FILE))


def size_bytes(folder: Path) -> int:
    """Return how much the files of an index take. One that a commit removes meanwhile counts nothing."""
    total = 0
    for path in folder.iterdir():
        if is_ours(path.name):
            with contextlib.suppress(FileNotFoundError):
                total += path.stat().st_size
    return total


@contextlib.contextmanager
def write_lock(folder: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock that every writer of this index takes."""
    from whoosh.util.filelock import FileLock, try_for  # noqa: PLC0415 - see above

    lock = FileLock(str(folder / _LOCK))
    if not try_for(lock.acquire, timeout=timeout_s, delay=0.1):
        raise IndexLockedError(locked_message(folder, timeout_s))
    try:
        yield
    finally:
        lock.release()


def locked_message(folder: Path, timeout_s: float) -> str:
    """Return what to say when another writer holds the lock."""
    return (
        f"another writer has the index in {folder}, and did not finish within {timeout_s} s; "
        "try again later, or give a longer lock_timeout_s"
    )


def create(
    folder: Path, *, overwrite: bool, filterable: tuple[str, ...], lock_timeout_s: float
) -> tuple[IndexFolder, Settings]:
    """Make an empty index in a folder, which is made too; other files in it are left alone.

    To start anew is a commit like any other: it waits for the lock, and has the next generation, so that whoever has the
    old index open notices.

    Raises:
        IndexExistsError: there is one already and ``overwrite`` is False.
        IndexLockedError: another writer did not finish in time.
        InvalidArgumentError: a filterable key that cannot be one; a path that is no folder.

    """
    from vnsearch.index.whoosh_schema import make_schema  # noqa: PLC0415 - see above

    schema = pickle.dumps(make_schema(filterable), _PICKLE_PROTOCOL)
    if folder.exists() and not folder.is_dir():
        raise InvalidArgumentError(f"{folder} is a file; give the path of a folder for the index")
    _refuse_existing(folder, overwrite)
    folder.mkdir(parents=True, exist_ok=True)
    made = IndexFolder(folder)
    with write_lock(folder, lock_timeout_s):
        _refuse_existing(folder, overwrite)  # somebody may have been faster
        commit(folder, schema, [], made.latest_generation() + 1)
        settings = Settings(LAYOUT_VERSION, analysis_fingerprint(), filterable)
        settings.write(folder)
    return made, settings


def _refuse_existing(folder: Path, overwrite: bool) -> None:
    if exists(folder) and not overwrite:
        raise IndexExistsError(
            f"there is an index in {folder} already; open it with Index.open(), or give overwrite=True to start anew"
        )


def open_index(folder: Path) -> tuple[IndexFolder, Settings]:
    """Open the index in a folder.

    Raises:
        IndexNotFoundError: there is none.
        IndexVersionError: another layout or another analysis made it.
        IndexCorruptedError: its files are damaged.

    """
    if not exists(folder):
        raise IndexNotFoundError(
            f"no index in {folder}; make one with Index.create({str(folder)!r}) or: vnsearch index PATH… --index {folder}"
        )
    settings = Settings.read(folder)
    return IndexFolder(folder), settings
