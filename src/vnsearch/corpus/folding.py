"""Lines folded for matching: pattern tables are written without marks, in lower case, with single spaces.

Folding makes a pattern blind to case, to NFC against NFD and to tone placement. It never touches what is returned.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["FoldedLine", "fold_key", "fold_line"]

_D = str.maketrans({"đ": "d", "Đ": "d", "ð": "d", "Ð": "d"})
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_SPACES = re.compile(r"\s+")


def fold_key(text: str) -> str:
    r"""Return ``text`` without marks, in lower case, its spaces single.

    >>> fold_key("  Tin  LIÊN\u00a0quan ")
    'tin lien quan'
    """
    decomposed = unicodedata.normalize("NFD", text)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c)).translate(_D)
    return _SPACES.sub(" ", _INVISIBLE.sub("", bare)).strip().lower()


class FoldedLine:
    """A line folded character by character, so that a match can be cut out of the line as it was written."""

    __slots__ = ("_starts", "key", "text")

    def __init__(self, text: str, key: str, starts: list[int]) -> None:
        self.text = text
        self.key = key
        self._starts = starts

    def original(self, start: int, end: int) -> str:
        """Return the characters as written behind ``key[start:end]``, the marks of the last one included."""
        return self.text[self._starts[start] : self._starts[end]]


def fold_line(text: str) -> FoldedLine:
    """Return ``text`` folded with the way back; spaces are kept one for one.

    >>> line = fold_line("Đăng lúc: Hiền")
    >>> line.key, line.original(10, 14)
    ('dang luc: hien', 'Hiền')
    """
    key: list[str] = []
    starts: list[int] = []
    for index, char in enumerate(text):
        for part in unicodedata.normalize("NFD", char):
            if unicodedata.combining(part) or _INVISIBLE.match(part):
                continue
            lowered = part.translate(_D).lower()
            key.append(" " if lowered.isspace() else lowered[0])
            starts.append(index)
    starts.append(len(text))
    return FoldedLine(text, "".join(key), starts)
