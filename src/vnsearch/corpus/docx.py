"""Word files -> text, through python-docx: the body in its order, tables and text boxes with it.

Its tree is walked rather than its lists of paragraphs and runs, which leave out what was inserted with changes tracked, and
fields for content. Deleted text, comments, notes, headers and footers are no text of the report.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml.ns import qn

from vnsearch.corpus.documents import Document, check_package, row_lines
from vnsearch.corpus.legacy import convert_runs

__all__ = ["read"]

_PARAGRAPH, _RUN, _TABLE, _ROW, _CELL, _BOX, _STYLE = (
    qn(f"w:{name}") for name in ("p", "r", "tbl", "tr", "tc", "txbxContent", "style")
)
# A text box again, for old programs.
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_TEMPLATE_DATE = dt.datetime(2013, 12, 23, 23, 15)  # in all that python-docx makes
_UNREAD = frozenset((_FALLBACK, qn("w:moveFrom"), qn("w:del"), qn("w:pPr"), qn("w:sectPr"), _BOX))


def read(path: Path) -> Document:
    """Return what a .docx file holds."""
    check_package(path)
    document = docx.Document(str(path))
    reading = _Reading(document)
    lines = list(reading.blocks(document.element.body))
    properties = document.core_properties
    date = properties.modified or properties.created
    if date is not None and date.replace(tzinfo=None) == _TEMPLATE_DATE:
        date = None
    return Document(
        "\n\n".join(lines),
        frozenset(reading.encodings),
        reading.heading,
        properties.title,
        properties.author,
        date.date() if date else None,
    )


class _Reading:
    def __init__(self, document: Any) -> None:
        self.encodings: set[str] = set()
        self.heading: str | None = None
        self._styles = {style.get(qn("w:styleId")): style for style in document.styles.element.iter(_STYLE)}
        self._fonts: dict[str | None, str | None] = {}
        normal = document.styles.default(WD_STYLE_TYPE.PARAGRAPH)
        self._normal = normal.style_id if normal is not None else None
        self._default = _font_in(document.styles.element, "w:docDefaults/w:rPrDefault/w:rPr/w:rFonts")

    def blocks(self, parent: Any) -> Iterator[str]:
        """Yield the paragraphs and rows of tables under an element."""
        for element in parent:
            if element.tag == _PARAGRAPH:
                yield from self._paragraph(element)
            elif element.tag == _TABLE:
                for row in _below(element, _ROW):
                    yield from row_lines([list(self.blocks(cell)) for cell in _below(row, _CELL)])
            elif element.tag not in _UNREAD:
                yield from self.blocks(element)

    def _paragraph(self, paragraph: Any) -> Iterator[str]:
        style = paragraph.style or self._normal
        converted = convert_runs((run.text, self._font(run, style)) for run in _below(paragraph, _RUN))
        self.encodings |= converted.encodings
        text = converted.text.strip()
        if text:
            if style == "Title" and self.heading is None:
                self.heading = text
            yield text
        for box in paragraph.iter(_BOX):
            inside = next(box.iterancestors(_PARAGRAPH)) is paragraph
            if inside and next(box.iterancestors(_FALLBACK), None) is None:
                yield from self.blocks(box)

    def _font(self, run: Any, paragraph_style: str | None) -> str | None:
        return (
            _font_in(run, "w:rPr/w:rFonts")
            or self._font_of_style(run.style)
            or self._font_of_style(paragraph_style)
            or self._default
        )

    def _font_of_style(self, name: str | None) -> str | None:
        if name not in self._fonts:
            self._fonts[name] = None  # a style based on itself ends here
            style = self._styles.get(name)
            if style is not None:
                based = style.find(qn("w:basedOn"))
                self._fonts[name] = _font_in(style, "w:rPr/w:rFonts") or (
                    self._font_of_style(based.get(qn("w:val"))) if based is not None else None
                )
        return self._fonts[name]


def _font_in(element: Any, path: str) -> str | None:
    fonts = element.find("/".join(qn(step) for step in path.split("/")))
    if fonts is None:
        return None
    font: str | None = fonts.get(qn("w:hAnsi")) or fonts.get(qn("w:ascii"))
    return font


def _below(parent: Any, tag: str) -> Iterator[Any]:
    """Yield the nearest descendants of a kind; links, fields and insertions stand between."""
    for element in parent:
        if element.tag == tag:
            yield element
        elif element.tag not in _UNREAD:
            yield from _below(element, tag)
