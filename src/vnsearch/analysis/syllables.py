"""Where the syllables of a cleaned text are, and what terms they make."""

from __future__ import annotations

import re

from vnsearch.text.memo import Memo
from vnsearch.text.normalize import place_tones
from vnsearch.text.patterns import lazy_pattern

__all__ = ["TERMS", "syllable_spans"]

_SYLLABLE = re.compile(r"[^\W_]+")
# A mark that found no letter to join stays with its word; the slower pattern only for texts that have one.
_LONE_MARK = re.compile("[\u0300-\u036f]")
_SYLLABLE_WITH_MARKS = lazy_pattern("[^\\W_](?:[^\\W_]|[\u0300-\u036f])*")


def _term(written: str) -> str:
    """Return the term of a syllable as written: tone placed (inside "hoà2" too, as normalize does), case folded."""
    return (written if written.isascii() else place_tones(written)).casefold()


#: Syllable as written (cleaned) -> its term.
TERMS = Memo(_term)


def syllable_spans(cleaned: str) -> list[tuple[int, int]]:
    """Return where the syllables of a cleaned text are: (start, end) in code points, end exclusive.

    >>> syllable_spans("TP.HCM, 1_2")
    [(0, 2), (3, 6), (8, 9), (10, 11)]
    """
    pattern = _SYLLABLE_WITH_MARKS if _LONE_MARK.search(cleaned) else _SYLLABLE
    return [match.span() for match in pattern.finditer(cleaned)]
