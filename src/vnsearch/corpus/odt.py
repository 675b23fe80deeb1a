"""OpenDocument texts -> text, through odfdo: the body in its order, tables and text boxes with it.

Its elements are walked rather than made into text by it: what repeats (spaces, rows) is bounded, and fonts are seen. Deleted
text, comments, notes, tables of contents, headers and footers are no text of the report.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import odfdo

from vnsearch.corpus.documents import Document, check_package, row_lines
from vnsearch.corpus.legacy import convert_runs
from vnsearch.errors import ReadError

__all__ = ["read"]

_PARAGRAPHS = ("text:p", "text:h")
_UNREAD = frozenset(("text:tracked-changes", "text:table-of-content", "text:note", "office:annotation", "office:forms"))
_SPACE = re.compile(r"[ \t\r\n]+")  # as it stands in the XML
_SPACES_MAX = 16


def read(path: Path) -> Document:
    """Return what an .odt file holds."""
    check_package(path)
    document: Any = odfdo.Document(io.BytesIO(path.read_bytes()))
    if b"encryption-data" in document.container.get_part("META-INF/manifest.xml"):
        raise ReadError("it is encrypted; save it without a password")
    reading = _Reading(document)
    lines = list(reading.blocks(document.body))
    meta = document.meta
    date = meta.date or meta.creation_date
    return Document(
        "\n\n".join(lines),
        frozenset(reading.encodings),
        reading.heading,
        meta.title,
        meta.creator or meta.initial_creator,
        date.date() if date else None,
    )


class _Reading:
    def __init__(self, document: Any) -> None:
        self.encodings: set[str] = set()
        self.heading: str | None = None
        self._document = document
        self._fonts: dict[tuple[str, str | None], str | None] = {}

    def blocks(self, parent: Any) -> Iterator[str]:
        """Yield the paragraphs and rows of tables under an element."""
        for element in parent.children:
            if element.tag in _PARAGRAPHS:
                yield from self._paragraph(element)
            elif element.tag == "table:table-row":
                yield from row_lines([list(self.blocks(cell)) for cell in element.children])
            elif element.tag not in _UNREAD:
                yield from self.blocks(element)

    def _paragraph(self, paragraph: Any) -> Iterator[str]:
        style = paragraph.get_attribute("text:style-name")
        frames: list[Any] = []
        converted = convert_runs(self._runs(paragraph, self._font("paragraph", style), frames))
        self.encodings |= converted.encodings
        text = converted.text.strip()
        if text:
            if self.heading is None and style == "Title":
                self.heading = text
            yield text
        for frame in frames:
            yield from self.blocks(frame)

    def _runs(self, parent: Any, font: str | None, frames: list[Any]) -> Iterator[tuple[str, str | None]]:
        yield _spaced(parent.text), font
        for element in parent.children:
            if element.tag == "text:s":
                yield " " * min(element.get_attribute_integer("text:c") or 1, _SPACES_MAX), font
            elif element.tag == "text:tab":
                yield "\t", font
            elif element.tag == "text:line-break":
                yield "\n", font
            elif element.tag.startswith("draw:"):
                frames.append(element)
            elif element.tag not in _UNREAD:
                style = element.get_attribute("text:style-name") if element.tag == "text:span" else None
                yield from self._runs(element, self._font("text", style) or font if style else font, frames)
            yield _spaced(element.tail), font

    def _font(self, family: str, name: str | None) -> str | None:
        key = family, name
        if key not in self._fonts:
            self._fonts[key] = None  # a style based on itself ends here
            style = self._document.get_style(family, name)
            if style is not None:
                properties = style.get_properties(area="text") or {}
                font = properties.get("fo:font-family") or properties.get("style:font-name")
                parent = style.get_attribute("style:parent-style-name")
                # Without a parent the default style of the family is what stands behind.
                self._fonts[key] = str(font).strip("'\"") if font else self._font(family, parent) if name else None
        return self._fonts[key]


def _spaced(text: str | None) -> str:
    return _SPACE.sub(" ", text) if text else ""
