"""PDF files with a text layer -> text, through pypdf: pages to lines, lines to paragraphs.

Lines that open or close most pages, and page numbers, are dropped. A line goes on in the next one when it fills the page's
width and ends no sentence, or when the next one begins in the middle of one: also from page to page. Vietnamese is never
broken inside a syllable, so lines are joined with a space; a hyphen at the end goes where no Vietnamese stands around it.
"""

from __future__ import annotations

import io
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pypdf

from vnsearch.corpus.documents import Document
from vnsearch.corpus.legacy import convert_runs
from vnsearch.errors import ReadError
from vnsearch.text.syllable import is_syllable

__all__ = ["PAGES", "SECONDS", "join_lines", "read"]

PAGES = 5_000
SECONDS = 300.0  # a drawing can be made of so many operations that it takes hours

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
    reader = pypdf.PdfReader(io.BytesIO(path.read_bytes()))
    if reader.is_encrypted and not reader.decrypt(""):
        raise ReadError("it is encrypted; save it without a password")
    if len(reader.pages) > PAGES:
        raise ReadError(f"it has {len(reader.pages):,} pages; {PAGES:,} are read: make several files of it")
    encodings: set[str] = set()
    pages: list[list[str]] = []
    end = time.monotonic() + SECONDS

    def check_time(*_: Any) -> None:
        if time.monotonic() > end:
            raise ReadError(f"it takes more than {SECONDS:.0f} s to read: make several files of it, or save it as text")

    for page in reader.pages:
        runs: list[tuple[str, str | None]] = []

        def keep(text: str, _cm: Any, _tm: Any, font: Any, _size: Any, runs: list[Any] = runs) -> None:
            runs.append((text, str(font.get("/BaseFont", "")).lstrip("/") if font else None))

        page.extract_text(visitor_operand_before=check_time, visitor_text=keep)
        converted = convert_runs(runs)
        encodings |= converted.encodings
        pages.append([line for raw in converted.text.split("\n") if (line := " ".join(raw.split(" ")).strip())])
    if not any(pages):
        raise ReadError("it has no text layer, like a scan; run text recognition (OCR) over it first")
    known = reader.metadata
    date = known.creation_date if known else None
    return Document(
        "\n\n".join(join_lines([line for page in _without_edges(pages) for line in page])),
        frozenset(encodings),
        title=known.title if known else None,
        author=known.author if known else None,
        date=date.date() if date else None,
    )


def _edges(page: list[str]) -> list[int]:
    return [at for at in range(len(page)) if at < _EDGE or at >= len(page) - _EDGE]


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
