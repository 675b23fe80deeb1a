"""PDF files with a text layer -> text, through PDFium: pages to lines, lines to paragraphs.

PDFium is what Chrome reads with. It puts a word together by where its letters stand: Vietnamese ones often come out of two fonts
in turn, and libraries that go by the order of drawing make *th ự c hi ệ n* of that.

Lines that open or close most pages, and page numbers, are dropped. A line goes on in the next one when it fills the page's
width and ends no sentence, or when the next one begins in the middle of one: also from page to page. Vietnamese is never
broken inside a syllable, so lines are joined with a space; a hyphen at the end goes where no Vietnamese stands around it.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import re
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pypdfium2
from pypdfium2 import raw

from vnsearch.corpus.documents import UNPACKED_BYTES, Document
from vnsearch.corpus.legacy import convert_runs
from vnsearch.errors import ReadError
from vnsearch.text.syllable import is_syllable

__all__ = ["PAGES", "SECONDS", "join_lines", "read"]

PAGES = 5_000
SECONDS = 300.0  # looked at before each page and each stream

_one_at_a_time = threading.Lock()  # PDFium knows no threads
_STREAM = re.compile(rb"\bstream\r?\n")
_PIECE_BYTES = 1 << 18
_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)")
_EDGE = 3  # so many lines at the top and the bottom of a page may be its header and footer
_NUMBER = re.compile(r"(?:(?:trang|page)\s*)?[-–—|\s]*\d{1,4}(?:\s*/\s*\d{1,4})?[-–—|\s]*", re.IGNORECASE)
_ITEM = re.compile(
    r"[-–—+•*▪◦·]\s|\(?(?:\d{1,2}[.)](?:\d{1,2}[.)]?)*|[ivxIVX]{1,5}[.)]|[a-zđ][.)])\s|(?:Điều|Chương|Mục|Phần) \w+[.:]?\s*"
)
_WORD = re.compile(r"[^\W\d_]+")
_BROKEN = re.compile(r"([^\W\d_]+)-$")
_SENTENCE_ENDS = ".!?…:;"
_FULL = 0.75  # of the usual width, which is that of the longer lines


def read(path: Path) -> Document:
    """Return what a .pdf file holds."""
    end = time.monotonic() + SECONDS
    _check_streams(path.read_bytes(), end)
    with _one_at_a_time:
        try:
            document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            if error.err_code == raw.FPDF_ERR_PASSWORD:
                raise ReadError("it is encrypted; save it without a password") from error
            raise
        with closing(document):
            return _read(document, end)


def _read(document: Any, end: float) -> Document:
    if len(document) > PAGES:
        raise ReadError(f"it has {len(document):,} pages; {PAGES:,} are read: make several files of it")
    encodings: set[str] = set()
    pages: list[list[str]] = []
    for number in range(len(document)):
        _check_time(end)
        with closing(document[number]) as page, closing(page.get_textpage()) as text:
            converted = convert_runs(_runs(text))
        encodings |= converted.encodings
        pages.append(
            [line for raw_line in converted.text.splitlines() if (line := " ".join(raw_line.split(" ")).strip())]
        )
    if not any(pages):
        raise ReadError("it has no text layer, like a scan; run text recognition (OCR) over it first")
    known = document.get_metadata_dict(skip_empty=True)
    return Document(
        "\n\n".join(join_lines([line for page in _without_edges(pages) for line in page])),
        frozenset(encodings),
        title=known.get("Title"),
        author=known.get("Author"),
        date=_date(known.get("CreationDate", "")),
    )


def _check_time(end: float) -> None:
    if time.monotonic() > end:
        raise ReadError(f"it takes more than {SECONDS:.0f} s to read: make several files of it, or save it as text")


def _check_streams(data: bytes, end: float) -> None:
    """Unpack each deflated stream a piece at a time: PDFium would do it at once, however large it becomes."""
    for start in _STREAM.finditer(data):
        _check_time(end)
        unpacker, size = zlib.decompressobj(), 0
        with suppress(zlib.error):  # not deflated, or damaged
            for at in range(start.end(), len(data), _PIECE_BYTES):
                piece = data[at : at + _PIECE_BYTES]
                while piece and not unpacker.eof:
                    size += len(unpacker.decompress(piece, _PIECE_BYTES))
                    piece = unpacker.unconsumed_tail
                    if size > UNPACKED_BYTES:
                        raise ReadError(f"a stream in it has more than {UNPACKED_BYTES:,} bytes once unpacked")
                if unpacker.eof:
                    break


def _runs(text: Any) -> Iterator[tuple[str, str | None]]:
    """Yield the characters of a page with the fonts they stand in; spaces and line ends are PDFium's own."""
    name = ctypes.create_string_buffer(128)
    font: str | None = None
    for at in range(text.count_chars()):
        if raw.FPDFText_GetFontInfo(text, at, name, len(name), None):
            font = name.value.decode("utf-8", "replace")
        char = chr(raw.FPDFText_GetUnicode(text, at))
        yield "-" if char == "\x02" else char, font  # a hyphen at the end of a line


def _date(text: str) -> dt.date | None:
    match = _DATE.match(text)
    try:
        return dt.date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _edges(page: list[str]) -> list[int]:
    edge = min(_EDGE, len(page) // 3)
    return [*range(edge), *range(len(page) - edge, len(page))]


def _edge_key(line: str) -> str:
    return re.sub(r"\d+", "#", " ".join(line.split()))


def _without_edges(pages: list[list[str]]) -> list[list[str]]:
    counts = Counter(key for page in pages for key in {_edge_key(page[at]) for at in _edges(page)})
    repeated = {key for key, count in counts.items() if count > 2 and count * 2 > len(pages)}
    return [
        [
            line
            for at, line in enumerate(page)
            if not (at in (0, len(page) - 1) and _NUMBER.fullmatch(line))
            and not (_edge_key(line) in repeated and at in _edges(page))
        ]
        for page in pages
    ]


def join_lines(lines: list[str]) -> list[str]:
    """Return the paragraphs that lines of a page make.

    >>> join_lines(["Sáng nay, thôn Đông họp bàn việc làm đường ở", "Gò Dưa.", "Kết quả", "- Đủ 120 hộ."])
    ['Sáng nay, thôn Đông họp bàn việc làm đường ở Gò Dưa.', 'Kết quả', '- Đủ 120 hộ.']
    """
    widths = sorted(map(len, lines))
    full = _FULL * widths[len(widths) * 9 // 10] if widths else 0
    paragraphs: list[list[str]] = []
    before = ""
    for line in lines:
        if not before or not _goes_on(before, line, full):
            paragraphs.append([line])
        elif (broken := _BROKEN.search(before)) and (rest := _WORD.match(line)):
            if not (is_syllable(broken[1]) and is_syllable(rest[0])):
                paragraphs[-1][-1] = paragraphs[-1][-1][:-1]
            paragraphs[-1].append(line)
        else:
            paragraphs[-1] += [" ", line]
        before = line
    return ["".join(paragraph) for paragraph in paragraphs]


def _goes_on(before: str, line: str, full: float) -> bool:
    if before[-1] in _SENTENCE_ENDS or _ITEM.match(line):
        return False
    return line[0].islower() or len(before) >= full
