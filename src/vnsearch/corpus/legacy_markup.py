"""TCVN3 and VNI in HTML -> Unicode: by the fonts that tags name where they do, else by what the text becomes."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator

from vnsearch.corpus.legacy import Converted, convert_pieces, convert_runs

__all__ = ["convert_markup"]

_TAG = re.compile(r"(<[^<>]*>)")
_NAME = re.compile(r"<(/?)\s*([a-z][a-z0-9]*)", re.IGNORECASE)
_FONT = re.compile(r"\bface\s*=\s*[\"']?([^\"'>]+)|\bfont-family\s*:\s*(?:&quot;|[\"'])?([^;\"',&>]+)", re.IGNORECASE)
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_ENTITY = re.compile(r"&(?:#\d{1,4}|#x[0-9a-f]{1,4}|[a-z]{2,6});", re.IGNORECASE)
_DEPTH = 256  # elements in each other, as deep as parsers of HTML go


def convert_markup(markup: str) -> Converted:
    """Return HTML with what is in TCVN3 or VNI as Unicode; any other as it is.

    >>> convert_markup('<font face=".VnTimeH">b&cedil;o c&cedil;o</font> <p>Tổ 12')
    Converted(text='<font face=".VnTimeH">BÁO CÁO</font> <p>Tổ 12', encodings=frozenset({'TCVN3'}))
    """
    by_font = convert_runs(_runs(_TAG.split(markup)))
    pieces = _TAG.split(by_font.text)
    pieces[::2], encodings = convert_pieces(pieces[::2])
    encodings |= by_font.encodings
    return Converted("".join(pieces), encodings) if encodings else Converted(markup)


def _runs(pieces: list[str]) -> Iterator[tuple[str, str | None]]:
    """Yield text with the font it stands in; tags, every second piece, have none."""
    open_tags: list[tuple[str, str | None]] = []
    for at, piece in enumerate(pieces):
        font = open_tags[-1][1] if open_tags else None
        if at % 2 == 0:
            yield _ENTITY.sub(_western, piece), font
            continue
        yield piece, None
        match = _NAME.match(piece)
        if match is None:
            continue
        name = match[2].lower()
        if match[1]:
            place = next((i for i in reversed(range(len(open_tags))) if open_tags[i][0] == name), len(open_tags))
            del open_tags[place:]
        elif name not in _VOID and not piece.endswith("/>") and len(open_tags) < _DEPTH:
            told = _FONT.search(piece)
            open_tags.append((name, (told[1] or told[2]).strip() if told else font))


def _western(match: re.Match[str]) -> str:
    char = entities.unescape(match[0])
    return char if "\xa0" < char <= "\xff" else match[0]  # not &lt;, which stays markup
