"""An index on disk: which files it has, how it is created, opened and recognised.

The folder of an index holds a file for each segment (``MAIN_*.seg``), Whoosh's table of contents (``_MAIN_*.toc``), its lock,
and ``vnsearch.json``, which says how the index was made. Whoosh pickles the table of contents; it is read here with an
allow-list, so that it never builds an object of any other class. Nothing else in the folder is a pickle.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pickle
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from whoosh import __version__ as whoosh_version
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import StructFile
from whoosh.index import _CURRENT_TOC_VERSION, TOC, FileIndex
from whoosh.reading import IndexReader
from whoosh.system import _FLOAT_SIZE, _INT_SIZE, _LONG_SIZE
from whoosh.util.filelock import try_for

from vnsearch.analysis import analysis_fingerprint
from vnsearch.errors import (
    IndexCorruptedError,
    IndexExistsError,
    IndexLockedError,
    IndexNotFoundError,
    IndexVersionError,
    InvalidArgumentError,
)
from vnsearch.index.columnar.container import LAYOUT_VERSION
from vnsearch.index.schema import make_schema

__all__ = [
    "Settings",
    "VietnameseIndex",
    "commit",
    "committed",
    "create",
    "exists",
    "is_ours",
    "locked_message",
    "open_index",
    "size_bytes",
    "write_lock",
]

SETTINGS_FILE = "vnsearch.json"
_NAME = "MAIN"
_LOCK = f"{_NAME}_WRITELOCK"
_BYTE_ORDER_MARK = -12345
_PICKLE_PROTOCOL = 4  # every Python we support reads and writes it

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


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a table of contents")
        return super().find_class(module, name)


def _loads(data: bytes) -> Any:
    return _Unpickler(io.BytesIO(data)).load()


def _read_toc(storage: FileStorage, generation: int) -> TOC:
    """Read a table of contents as ``whoosh.index.TOC.read`` does, but with the unpickler above, and by its checksum."""
    name = TOC._filename(_NAME, generation)
    data = Path(storage.folder, name).read_bytes()
    if len(data) < 4 or zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        raise IndexCorruptedError(_damaged(storage.folder, name, "it does not match its checksum"))
    with contextlib.closing(StructFile(io.BytesIO(data))) as stream:
        for _ in ("int", "long", "float"):  # sizes on the machine that wrote it
            stream.read_varint()
        if stream.read_int() != _BYTE_ORDER_MARK:
            raise IndexCorruptedError(_damaged(storage.folder, name, "byte order mark missing"))
        version = stream.read_int()
        release = (stream.read_varint(), stream.read_varint(), stream.read_varint())
        schema = _loads(stream.read_string())
        if stream.read_int() != generation:
            raise IndexCorruptedError(_damaged(storage.folder, name, "another generation inside"))
        stream.read_int()  # unused
        segments = _loads(stream.file.read())
    return TOC(schema, segments, generation, version=version, release=release)


def commit(storage: FileStorage, schema: Any, segments: Sequence[Any], generation: int) -> None:
    """Make these segments the last commit, in Whoosh's format; then remove the files that no commit needs any more.

    Behind what Whoosh reads stands a checksum of it.

    The files of the segments are on the disk already. The table of contents is there, whole, before it gets its name: with
    the renaming the commit is made, and a crash of the machine leaves it or the one before.
    """
    schema.clean()
    stream = StructFile(io.BytesIO())
    for size in (_INT_SIZE, _LONG_SIZE, _FLOAT_SIZE):
        stream.write_varint(size)
    stream.write_int(_BYTE_ORDER_MARK)
    stream.write_int(_CURRENT_TOC_VERSION)
    for number in whoosh_version[:3]:
        stream.write_varint(number)
    stream.write_string(pickle.dumps(schema, _PICKLE_PROTOCOL))
    stream.write_int(generation)
    stream.write_int(0)  # unused
    stream.write_pickle(list(segments), _PICKLE_PROTOCOL)
    folder = Path(storage.folder)
    temporary = folder / f"{_NAME}_toc.tmp"  # a name that whoever cleans up knows; the lock keeps others from it
    data = stream.file.getvalue()
    _write_through(temporary, data + zlib.crc32(data).to_bytes(4, "little"))
    temporary.rename(folder / TOC._filename(_NAME, generation))
    _sync_folder(folder)
    _clean(folder, generation, segments)


def committed(storage: FileStorage, generation: int) -> bool:
    """Tell whether there is a commit of this generation."""
    return Path(storage.folder, TOC._filename(_NAME, generation)).exists()


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
        if name == SETTINGS_FILE or name == TOC._filename(_NAME, generation) or not is_ours(name):
            continue
        if name.partition(".")[0] not in current:
            with contextlib.suppress(OSError):  # open in another process, on Windows: a later commit removes it
                path.unlink()


def _damaged(folder: str, name: str, why: object) -> str:
    return (
        f"{os.path.join(folder, name)} is damaged ({why}); restore the folder from a copy, "  # noqa: PTH118 - for a message
        "or make the index again with Index.create(…, overwrite=True)"
    )


class VietnameseIndex(FileIndex):  # type: ignore[misc]  # Whoosh has no types
    """A Whoosh index whose table of contents is read without running anything from it."""

    def _read_toc(self) -> TOC:
        generation = self.latest_generation()
        if generation < 0:
            raise IndexCorruptedError(_damaged(self.storage.folder, TOC._filename(_NAME, "*"), "it is gone"))
        try:
            return _read_toc(self.storage, generation)
        except OSError:  # a writer may just have replaced it: Whoosh tries again
            raise
        except IndexCorruptedError:
            raise
        except Exception as error:
            name = TOC._filename(_NAME, generation)
            raise IndexCorruptedError(_damaged(self.storage.folder, name, error)) from error

    def writer(self, *_: Any, **__: Any) -> Any:
        """Raise: segments are made whole, of analysed reports, by ``Index.add``."""
        self._read_toc()
        raise NotImplementedError("reports go in through vnsearch.Index.add, and out through Index.delete")

    def __init__(self, storage: FileStorage) -> None:
        self.storage = storage
        self._schema = None
        self.indexname = _NAME

    @classmethod
    def _reader(
        cls, storage: FileStorage, schema: Any, segments: Any, generation: int, reuse: Any = None
    ) -> IndexReader:
        # Nothing is used again: Whoosh would keep a segment's old deletions, and to open one takes next to no time.
        reader = super()._reader(storage, schema, segments, generation)
        if not segments:  # Whoosh's reader of an empty index does not know its generation
            reader.generation = lambda: generation
        return reader


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
            raise IndexCorruptedError(_damaged(str(folder), SETTINGS_FILE, error)) from error
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
    return (folder / SETTINGS_FILE).exists() or any(folder.glob(f"_{_NAME}_*.toc"))


def is_ours(name: str) -> bool:
    """Tell whether a file of this name belongs to an index."""
    return name.startswith((f"{_NAME}_", f"_{_NAME}_", SETTINGS_FILE))


def size_bytes(folder: Path) -> int:
    """Return how much the files of an index take. One that a commit removes meanwhile counts nothing."""
    total = 0
    for path in folder.iterdir():
        if is_ours(path.name):
            with contextlib.suppress(FileNotFoundError):
                total += path.stat().st_size
    return total


@contextlib.contextmanager
def write_lock(storage: FileStorage, timeout_s: float) -> Iterator[None]:
    """Hold the lock that every writer of this index takes."""
    lock = storage.lock(_LOCK)
    if not try_for(lock.acquire, timeout=timeout_s, delay=0.1):
        raise IndexLockedError(locked_message(storage.folder, timeout_s))
    try:
        yield
    finally:
        lock.release()


def locked_message(folder: str, timeout_s: float) -> str:
    """Return what to say when another writer holds the lock."""
    return (
        f"another writer has the index in {folder}, and did not finish within {timeout_s} s; "
        "try again later, or give a longer lock_timeout_s"
    )


def create(
    folder: Path, *, overwrite: bool, filterable: tuple[str, ...], lock_timeout_s: float
) -> tuple[VietnameseIndex, Settings]:
    """Make an empty index in a folder, which is made too; other files in it are left alone.

    To start anew is a commit like any other: it waits for the lock, and has the next generation, so that whoever has the
    old index open notices.

    Raises:
        IndexExistsError: there is one already and ``overwrite`` is False.
        IndexLockedError: another writer did not finish in time.
        InvalidArgumentError: a filterable key that cannot be one; a path that is no folder.

    """
    schema = make_schema(filterable)
    if folder.exists() and not folder.is_dir():
        raise InvalidArgumentError(f"{folder} is a file; give the path of a folder for the index")
    _refuse_existing(folder, overwrite)
    folder.mkdir(parents=True, exist_ok=True)
    storage = FileStorage(str(folder))
    with write_lock(storage, lock_timeout_s):
        _refuse_existing(folder, overwrite)  # somebody may have been faster
        generation = TOC._latest_generation(storage, _NAME) + 1
        commit(storage, schema, [], generation)
        settings = Settings(LAYOUT_VERSION, analysis_fingerprint(), filterable)
        settings.write(folder)
    return VietnameseIndex(storage), settings


def _refuse_existing(folder: Path, overwrite: bool) -> None:
    if exists(folder) and not overwrite:
        raise IndexExistsError(
            f"there is an index in {folder} already; open it with Index.open(), or give overwrite=True to start anew"
        )


def open_index(folder: Path) -> tuple[VietnameseIndex, Settings]:
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
    return VietnameseIndex(FileStorage(str(folder))), settings
