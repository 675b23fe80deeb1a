"""Word, OpenDocument and PDF files -> page (extra ``documents``); their libraries are imported when the first one is read.

``docx``, ``odt`` and ``pdf`` make text of them, a paragraph a line, which then goes through the same rules as a page saved as
text. What the properties of a document say is believed where it is likely: the title when the text opens with it too (that of
last year's report often stands there still), the author when it is the name of a person, the date when the text has none.

What is read is bounded: ``FILE_BYTES`` on disk, ``UNPACKED_BYTES`` unpacked (of a PDF for each stream that is deflated once), XML
256 elements deep, of a PDF ``pdf.PAGES`` and, before each page, ``pdf.SECONDS``.
"""

from __future__ import annotations

import datetime as dt
import importlib
import re
import warnings
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

from vnsearch.corpus.bylines import is_name
from vnsearch.corpus.folding import fold_key
from vnsearch.corpus.furniture import is_masthead
from vnsearch.corpus.headline import title_key
from vnsearch.corpus.html import strip_site
from vnsearch.corpus.legacy import convert
from vnsearch.corpus.page import Page, read_page
from vnsearch.errors import MissingExtraError, ReadError, VnSearchError
from vnsearch.text.syllable import is_syllable

__all__ = ["FILE_BYTES", "UNPACKED_BYTES", "Document", "check_package", "read_document", "row_lines"]

FILE_BYTES = 256 << 20
UNPACKED_BYTES = 256 << 20
_OPENING_CHARS = 3000
# What stands above the title of an office's report, and is what Word proposes for a title.
_ABOVE_TITLE = re.compile(
    r"(?:.* )?(?:cong hoa xa hoi chu nghia viet nam|doc lap ?[-–] ?tu do.*)|uy ban nhan dan|so ?: ?\d.*"
)
_FIRST_YEAR = 1990  # older dates are those of a clock that was never set


@dataclass(frozen=True, slots=True)
class Document:
    """What a document holds: its paragraphs as lines, the encodings that its fonts told, what is styled as its title, and its properties."""

    text: str
    encodings: frozenset[str] = frozenset()
    heading: str | None = None
    title: str | None = None
    author: str | None = None
    date: dt.date | None = None


def read_document(path: Path) -> tuple[Page, frozenset[str]]:
    """Return what a .docx, .odt or .pdf file tells, and the names of the encodings that it was converted from.

    Raises:
        MissingExtraError: the extra ``documents`` is not installed.
        ReadError: the file is damaged, encrypted, too large, or holds no text.

    """
    kind = path.suffix.lower().lstrip(".")
    size = path.stat().st_size
    if size > FILE_BYTES:
        raise ReadError(f"it has {size:,} bytes; of a document {FILE_BYTES:,} are read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            document: Document = importlib.import_module(f"vnsearch.corpus.{kind}").read(path)
    except ImportError as error:
        raise MissingExtraError(
            f'reading .{kind} needs an extra: pip install "vnsearch[documents]" ({error})'
        ) from error
    except (VnSearchError, OSError):
        raise
    except Exception as error:
        raise ReadError(f"it is damaged, or no .{kind} file: {type(error).__name__}: {error}") from error
    if not document.text.strip():
        raise ReadError("it holds no text")
    converted = convert(document.text)
    title = _title(document.heading, converted.text) or _title(document.title, converted.text)
    page = read_page(converted.text, title=title)
    page = replace(page, date=page.date or _date(document.date), author=page.author or _author(document.author))
    return page, document.encodings | converted.encodings


def _title(title: str | None, text: str) -> str | None:
    title = strip_site(convert(title or "").text)
    key, folded = title_key(title), fold_key(title)
    if len(key.split()) < 3 or is_masthead(folded) or _ABOVE_TITLE.fullmatch(folded):
        return None
    return title if key in title_key(text[:_OPENING_CHARS]) else None


def _author(author: str | None) -> str | None:
    # A person, not "Windows User".
    author = " ".join(convert(author or "").text.split())
    return author if is_name(author) and all(map(is_syllable, author.split())) else None


def _date(date: dt.date | None) -> dt.date | None:
    return date if date is not None and date.year >= _FIRST_YEAR and date <= dt.date.today() else None


def check_package(path: Path) -> None:
    """Look at a zip-based document before it is unpacked.

    Raises:
        ReadError: it is no zip file, encrypted, or too large once unpacked.

    """
    with path.open("rb") as file:
        if file.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
            raise ReadError("it is encrypted, or a .doc called otherwise; save it as .docx without a password")
    try:
        with zipfile.ZipFile(path) as package:
            members = package.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ReadError(f"it is damaged: {error}") from error
    if any(member.flag_bits & 1 for member in members):
        raise ReadError("it is encrypted; save it without a password")
    size = sum(member.file_size for member in members)  # zipfile reads no more than a member says
    if size > UNPACKED_BYTES:
        raise ReadError(f"it has {size:,} bytes once unpacked; of a document {UNPACKED_BYTES:,} are read")


def row_lines(cells: list[list[str]]) -> list[str]:
    """Return a row of a table: on one line when each of its cells is one, else paragraph by paragraph.

    >>> row_lines([["Phường Hoa Mai"], [], ["12"]]), row_lines([["Nơi nhận:", "- Như trên."], ["Lan Chi"]])
    (['Phường Hoa Mai | 12'], ['Nơi nhận:', '- Như trên.', 'Lan Chi'])
    """
    cells = [cell for cell in cells if cell]
    if all(len(cell) == 1 and "\n" not in cell[0] for cell in cells):
        return [" | ".join(cell[0] for cell in cells)] if cells else []
    return [line for cell in cells for line in cell]
