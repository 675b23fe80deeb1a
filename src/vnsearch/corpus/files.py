"""Paths -> Reports: which files, of which kind, under which id.

**Kinds.** .txt is a page saved as text, .md and .markdown Markdown, .html and .htm HTML, .jsonl and .ndjson one record a
line, .json an array of records or one record, .csv and .tsv tables with a header row; .docx, .odt and .pdf are documents
(extra ``documents``). A file named by the caller that is of another kind is read as text.

**Encodings** of before Unicode (TCVN3, VNI) are recognized in pages and documents and converted; ``on_converted`` tells
which file was. Records are taken as they come.

**Folders** are walked in sorted order; hidden files and folders are skipped. Of other kinds found in a folder, files that
are clearly no reports (pictures, sound, archives, fonts, programs, settings: ``_NO_REPORT``, and files without a known
suffix that are binary or empty) are passed over; every other one (a .doc, a text without suffix) goes to
``on_error``, for a report that is missing from the index should be known to be missing.

**Ids.** The path under the folder given, with ``/``; the name of a file given alone; the path under the part of a glob
that stands before its first wildcard. A file reached twice is read once. When two folders hold the same relative path,
the first keeps it and the later one is called by its folder too (``b/tin.txt``), with as many folders as it takes: no
report silently replaces another, and ids do not depend on what else is given unless they have to.
"""

# os.path says False of what we may not look at; Path of Python before 3.14 raises.
# ruff: noqa: PTH110, PTH112, PTH113

from __future__ import annotations

import contextlib
import glob
import hashlib
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from vnsearch.corpus.documents import read_document
from vnsearch.corpus.encoding import Decoded, decode
from vnsearch.corpus.html import read_html
from vnsearch.corpus.legacy import convert
from vnsearch.corpus.legacy_markup import convert_markup
from vnsearch.corpus.markdown import front_matter, plain_text
from vnsearch.corpus.page import Page, read_page
from vnsearch.corpus.records import read_csv, read_json, read_jsonl, to_report
from vnsearch.errors import InvalidArgumentError, ReadError, VnSearchError
from vnsearch.report import Report

__all__ = ["Corpus", "OnConverted", "OnError", "PathArgument", "is_hidden", "read_corpus", "warn", "watched_folder"]

OnError = Callable[[Path, Exception], object]
OnConverted = Callable[[Path, str], object]
PathArgument = str | os.PathLike[str]

_log = logging.getLogger("vnsearch")

_KINDS = {
    ".txt": "text", ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "tsv",
    ".docx": "document", ".odt": "document", ".pdf": "document",
}  # fmt: skip
_NO_REPORT = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".png",
        ".gif",
        ".webp",
        ".bmp",
        ".svg",
        ".ico",
        ".tif",
        ".tiff",
        ".heic",
        ".avif",
        ".psd",
        ".ai",
        ".mp3",
        ".wav",
        ".ogg",
        ".m4a",
        ".flac",
        ".mp4",
        ".avi",
        ".mov",
        ".mkv",
        ".webm",
        ".flv",
        ".wmv",
        ".zip",
        ".gz",
        ".bz2",
        ".xz",
        ".zst",
        ".7z",
        ".rar",
        ".tar",
        ".tgz",
        ".ttf",
        ".otf",
        ".woff",
        ".woff2",
        ".eot",
        ".exe",
        ".dll",
        ".so",
        ".dylib",
        ".o",
        ".a",
        ".bin",
        ".iso",
        ".class",
        ".jar",
        ".pyc",
        ".pyo",
        ".whl",
        ".wasm",
        ".py",
        ".pyi",
        ".js",
        ".mjs",
        ".ts",
        ".css",
        ".scss",
        ".less",
        ".map",
        ".sh",
        ".bat",
        ".ps1",
        ".c",
        ".h",
        ".cpp",
        ".java",
        ".go",
        ".rs",
        ".rb",
        ".php",
        ".sql",
        ".ipynb",
        ".yaml",
        ".yml",
        ".toml",
        ".ini",
        ".cfg",
        ".conf",
        ".lock",
        ".log",
        ".tmp",
        ".bak",
        ".swp",
        ".db",
        ".sqlite",
        ".sqlite3",
        ".npy",
        ".npz",
        ".pkl",
        ".parquet",
        ".torrent",
        ".url",
        ".lnk",
        ".sha256",
        ".md5",
    ]
)
_SNIFF_BYTES = 8192
#: Counts up when files are read better than before: what was read with another number is read again (``Index.sync``).
_READERS = 1
_HASHED_BYTES = 1 << 20  # of a file, at a time


def warn(path: Path, error: Exception) -> None:
    """Log what cannot be read: what ``on_error`` is by default."""
    _log.warning("%s: %s", path, error)


def _tell_converted(path: Path, encoding: str) -> None:
    _log.info("%s: converted from %s", path, encoding)


class _HandlerError(Exception):
    """Carries an error of the caller's own ``on_error`` or ``on_converted`` past our handlers."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


@contextlib.contextmanager
def _as_raised() -> Iterator[None]:
    """Raise what the caller's own ``on_error`` or ``on_converted`` raised."""
    try:
        yield
    except _HandlerError as carrier:
        raise carrier.error from None


def read_corpus(
    paths: PathArgument | Iterable[PathArgument],
    *,
    on_error: OnError | None = None,
    on_converted: OnConverted | None = None,
) -> Iterator[Report]:
    r"""Yield the reports of files, folders and globs, lazily and in a fixed order.

    ``paths`` is one path or several; a text with ``*``, ``?`` or ``[`` that is no existing path is a glob (``**`` goes
    through folders). See this module's docstring for kinds of files and for ids.

    A file that cannot be read, a record that is none, a path or glob that leads nowhere, goes to
    ``on_error(path, error)``; by default it is logged as a warning of the logger ``vnsearch``. The rest is read all the
    same. A page or document that was in an encoding of before Unicode, in part or as a whole, is told to
    ``on_converted(path, encoding)``, "TCVN3" or "VNI"; by default it is logged as information. What either raises stops the
    reading.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "tin.txt").write_text("Họp tổ dân phố\n\nTối nay họp lúc 19 giờ.", encoding="utf-8")
    ...     [(report.id, report.title, report.body) for report in read_corpus(folder)]
    [('tin.txt', 'Họp tổ dân phố', 'Tối nay họp lúc 19 giờ.')]

    Raises:
        InvalidArgumentError: ``paths`` is neither a path nor an iterable of paths.

    """
    return Corpus(paths, on_error, on_converted).reports()


def _path_list(paths: PathArgument | Iterable[PathArgument]) -> list[str]:
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    if isinstance(paths, bytes) or not isinstance(paths, Iterable):
        raise InvalidArgumentError(f"paths must be a path, a glob or several of them, not {type(paths).__name__}")
    found: list[str] = []
    for path in paths:
        text = os.fspath(path) if isinstance(path, str | os.PathLike) else path
        if not isinstance(text, str) or not text:
            raise InvalidArgumentError(f"a path must be text or path-like, and not empty: {path!r}")
        found.append(text)
    return found


class Corpus:
    """The files that some paths lead to, and the reports in them; arguments as of ``read_corpus``."""

    def __init__(
        self,
        paths: PathArgument | Iterable[PathArgument],
        on_error: OnError | None = None,
        on_converted: OnConverted | None = None,
    ) -> None:
        self.paths = _path_list(paths)
        self.told = 0  #: how many errors went to ``on_error``
        self._on_error = on_error or warn
        self._on_converted = on_converted or _tell_converted
        self._seen_files: set[str] = set()
        self._names: set[str] = set()
        # What could not be listed, as the names of files in it begin; "": any file may be in there.
        self._unlisted: list[str] = []
        self._globbed: list[Path] = []

    def _tell(self, path: Path, error: Exception) -> None:
        self.told += 1
        try:
            self._on_error(path, error)
        except Exception as raised:
            raise _HandlerError(raised) from raised

    def _tell_converted(self, path: Path, encodings: frozenset[str]) -> None:
        try:
            for encoding in sorted(encodings):
                self._on_converted(path, encoding)
        except Exception as raised:
            raise _HandlerError(raised) from raised

    def reports(self) -> Iterator[Report]:
        """Yield the reports of all files."""
        for path, name in self.files():
            yield from self.read(path, name)

    # -- which files

    def files(self) -> Iterator[tuple[Path, str]]:
        """Yield the files, each with the name that the ids of its reports are made of; none is opened for that."""
        with _as_raised():
            for given in self.paths:
                some = False
                for path, root in self._expand(given):
                    some = True
                    if self._is_new(path):
                        yield path, self._name(path, root)
                if not some:
                    self._unlisted.append("")

    def may_hold(self, name: str) -> bool:
        """Tell whether there may be a file of this name, though ``files`` did not yield it.

        So it is when a folder could not be listed, and with every name when a path led to no file at all: a disk may be missing.
        """
        if any(f"/{folder}" in f"/{name}" for folder in self._unlisted):
            return True
        # glob passes over what it cannot list, and does not say so.
        folders = [root / folder for root in self._globbed for folder in Path(name).parents]
        there = [folder for folder in folders if os.path.lexists(folder) and not os.path.isfile(folder)]
        return not all(os.access(folder, os.R_OK | os.X_OK) for folder in there)

    def _expand(self, given: str) -> Iterator[tuple[Path, Path]]:
        """Yield (file, the folder that its id is told from)."""
        path = Path(given)
        try:
            if os.path.lexists(given) or not glob.has_magic(given):
                yield from self._expand_path(path, path)
                return
            matches = sorted(glob.glob(given, recursive=True))  # noqa: PTH207 - takes absolute patterns
        except (OSError, ValueError) as error:  # a name too long for the system, or with a NUL in it
            self._unlisted.append("")
            self._tell(path, ReadError(f"this path cannot be used: {error}"))
            return
        if not matches:
            self._tell(path, ReadError("no file matches this pattern"))
        root = _fixed_part(given)
        self._globbed.append(root)
        for match in matches:
            found = Path(match)
            if os.path.isdir(found):
                if "**" not in given:  # there the files inside are matched themselves
                    yield from self._walk(found, root)
            elif Path(given).suffix or self._is_report(found):  # "*.log" names a kind, "*" does not
                yield found, root

    def _expand_path(self, path: Path, root: Path) -> Iterator[tuple[Path, Path]]:
        if os.path.isdir(path):
            empty = True
            for item in self._walk(path, root):
                empty = False
                yield item
            if empty:
                self._tell(path, ReadError("no file that can be read in this folder"))
        elif os.path.isfile(path):
            yield path, path.parent
        elif os.path.exists(path):
            self._tell(path, ReadError("this is no regular file"))
        elif os.path.lexists(path):
            self._tell(path, ReadError("this link leads nowhere"))
        else:
            self._tell(path, ReadError("there is no such file or folder"))

    def _walk(self, folder: Path, root: Path) -> Iterator[tuple[Path, Path]]:
        """Yield the files under ``folder``; a folder reached again through a link is not walked again."""
        walked: set[str] = set()
        stack: list[Path] = [folder]
        while stack:
            here = stack.pop()
            real = os.path.realpath(here)
            if real in walked:
                continue
            walked.add(real)
            try:
                with os.scandir(here) as scan:
                    names = sorted(entry.name for entry in scan if not is_hidden(entry.name))
            except OSError as error:
                self._unlisted.append("" if here == root else f"{here.relative_to(root).as_posix()}/")
                self._tell(here, ReadError(f"this folder cannot be listed: {error.strerror or error}"))
                continue
            folders: list[Path] = []
            for name in names:
                path = here / name
                if os.path.isdir(path):
                    folders.append(path)
                elif self._is_report(path):
                    yield path, root
                elif not os.path.exists(path):  # a folder may be behind a link that leads nowhere
                    self._unlisted.append(f"{path.relative_to(root).as_posix()}/")
            stack.extend(reversed(folders))

    def _is_report(self, path: Path) -> bool:
        suffix = path.suffix.lower()
        if suffix in _KINDS:
            return True
        if suffix in _NO_REPORT:
            return False
        try:
            if not os.path.isfile(path):
                if path.is_symlink():
                    self._tell(path, ReadError("this link leads nowhere"))
                return False
            with path.open("rb") as file:
                start = file.read(_SNIFF_BYTES)
        except OSError as error:
            self._tell(path, ReadError(f"it cannot be read: {error.strerror or error}"))
            return False
        if suffix in _DOCUMENTS:
            self._tell(path, ReadError(f"a {suffix} file is not read; save it as .docx, .odt, text (.txt) or HTML"))
        elif start and _is_text(start):
            kind = f"of the kind {suffix}" if suffix else "without a suffix"
            self._tell(
                path, ReadError(f"a text {kind} is not read from a folder; call it .txt, or name it to read_corpus")
            )
        return False

    # -- ids

    def _is_new(self, path: Path) -> bool:
        real = os.path.realpath(path)
        if real in self._seen_files:
            return False
        self._seen_files.add(real)
        return True

    def _name(self, path: Path, root: Path) -> str:
        try:
            name = path.relative_to(root).as_posix()
        except ValueError:
            name = path.name
        if name in self._names:
            absolute = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow the links that the caller named
            depth = len(Path(name).parts)
            while name in self._names and depth < len(absolute.parts) - 1:
                depth += 1
                name = Path(*absolute.parts[-depth:]).as_posix()
            if name in self._names:
                name = absolute.as_posix()
        self._names.add(name)
        return name

    # -- reading

    def digest(self, path: Path) -> str | None:
        """Return a digest of all that decides what is read from a file; None, and tell, if it cannot be read."""
        digest = hashlib.blake2b(f"{_READERS} {_kind(path)}\n".encode(), digest_size=16)
        try:
            with path.open("rb") as file:
                while part := file.read(_HASHED_BYTES):
                    digest.update(part)
        except OSError as error:
            with _as_raised():
                self._tell(path, ReadError(f"it cannot be read: {error.strerror or error}"))
            return None
        return digest.hexdigest()

    def read(self, path: Path, name: str) -> Iterator[Report]:
        """Yield the reports of one of the files."""
        with _as_raised():
            yield from self._read(path, name)

    def _read(self, path: Path, name: str) -> Iterator[Report]:
        def bad(error: Exception) -> None:
            self._tell(path, error)

        try:
            kind = _kind(path)
            if kind == "jsonl":
                yield from read_jsonl(path, name, bad)
            elif kind == "json":
                yield from read_json(path, name, bad)
            elif kind in ("csv", "tsv"):
                yield from read_csv(path, name, bad, delimiter="\t" if kind == "tsv" else None)
            else:
                report, encodings = _read_page_file(path, name, kind)
                self._tell_converted(path, encodings)
                yield report
        except OSError as error:
            self._tell(path, ReadError(f"it cannot be read: {error.strerror or error}"))
        except UnicodeError as error:
            self._tell(path, ReadError(f"its text cannot be decoded: {error}"))
        except VnSearchError as error:
            self._tell(path, error)


_DOCUMENTS = frozenset(
    [
        ".doc",
        ".rtf",
        ".xls",
        ".xlsx",
        ".ods",
        ".ppt",
        ".pptx",
        ".odp",
        ".epub",
        ".mobi",
        ".djvu",
        ".eml",
        ".msg",
        ".mht",
        ".mhtml",
        ".xml",
        ".xhtml",
    ]
)


def _kind(path: Path) -> str:
    return _KINDS.get(path.suffix.lower(), "text")  # of an unknown kind only when the caller named it


def _is_text(start: bytes) -> bool:
    try:
        return bool(decode(start[: start.rfind(b"\n") + 1] or start).text.strip())
    except ReadError:
        return False


def is_hidden(name: str) -> bool:
    """Tell whether a file or folder of this name is passed over where it is found in a folder."""
    return name.startswith((".", "~$"))


def watched_folder(given: str) -> Path | None:
    """Return the folder that holds all files that a path or a glob leads to; None for a single file, and where there is none."""
    path = Path(given) if os.path.lexists(given) or not glob.has_magic(given) else _fixed_part(given)
    return path if os.path.isdir(path) else None


def _fixed_part(pattern: str) -> Path:
    parts = Path(pattern).parts
    fixed: list[str] = []
    for part in parts[:-1]:
        if glob.has_magic(part):
            break
        fixed.append(part)
    return Path(*fixed)


def _read_page_file(path: Path, name: str, kind: str) -> tuple[Report, frozenset[str]]:
    """Return the report of a page or document, and the encodings that it was converted from."""
    if kind == "document":
        page, encodings = read_document(path)
        return _report(name, page, {}), encodings
    decoded = decode(path.read_bytes(), markup=kind == "html")
    if not decoded.text.strip("\ufeff \t\n\u00a0\f\v\x00"):
        raise ReadError("it holds no text")
    _tell_damage(path, decoded)
    converted = convert_markup(decoded.text) if kind == "html" else convert(decoded.text)
    text = converted.text
    fields: dict[str, str] = {}
    if kind == "html":
        page = read_html(text)
    elif kind == "markdown":
        fields, rest = front_matter(text)
        title, text = plain_text(rest)
        if not text.strip():
            raise ReadError("it holds no text")
        page = read_page(text, title=fields.get("title") or title)
    else:
        page = read_page(text.strip("\ufeff"))
    return _report(name, page, fields), converted.encodings


def _tell_damage(path: Path, decoded: Decoded) -> None:
    if decoded.replaced:
        _log.warning("%s: %d damaged places stand as U+FFFD", path, decoded.replaced)


def _report(name: str, page: Page, fields: dict[str, str]) -> Report:
    record: dict[str, object] = {
        "title": page.title,
        "body": page.body,
        "date": page.date,
        "author": page.author,
        "source": page.source,
        "category": page.category,
    }
    extra = {key: value for key, value in fields.items() if key not in (*record, "url", "text", "content")}
    record.update({key: fields[key] for key in ("date", "author", "source", "category", "url") if fields.get(key)})
    record["extra"] = extra  # an "id" of the front matter too: the id is the path
    return to_report({"id": name, **record}, name)
