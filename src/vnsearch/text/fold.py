"""Folding: marks dropped. Loses information, so it never decides alone what is found first."""

from __future__ import annotations

import re
import unicodedata

from unidecode import unidecode

from vnsearch.text.letters import UNMARKED
from vnsearch.text.normalize import normalize
from vnsearch.text.patterns import lazy_pattern

__all__ = ["fold", "fold_normalized", "group_key"]

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


# Joiners that follow no Latin letter are left by ``normalize``; now that the letter is Latin, they go as well.
_JOINERS = lazy_pattern("(?<=[A-Za-z])[\u200c\u200d]+")


def _plain(match: re.Match[str]) -> str:
    char = match[0]
    category = unicodedata.category(char)[0]
    if unicodedata.combining(char):
        return ""
    if category not in "LM":
        return char
    # Unidecode ends the reading of a Chinese character with a space. Vowel signs (Devanagari) are marks that are read.
    return str(unidecode(char)).strip() or (char if category == "L" else "")


def fold_normalized(text: str) -> str:
    """Return ``fold(text)`` for a text that is normalized already."""
    if text.isascii():
        return text
    return _JOINERS.sub("", _NOT_ASCII.sub(_plain, text.translate(UNMARKED)))


def fold(text: str) -> str:
    """Return the text normalized and without marks; case, digits and punctuation stay.

    Vietnamese letters by our own table (which knows that Đ is D); letters of other languages by Unidecode, one by one,
    so the length may change. ``fold(normalize(text)) == fold(text)``. Never raises on any ``str``.

    >>> fold("Đường"), fold("Ðà Nẵng"), fold("Straße"), fold("Москва")
    ('Duong', 'Da Nang', 'Strasse', 'Moskva')
    """
    return fold_normalized(normalize(text))


def group_key(term: str) -> str:
    """Return the key of a term's folded group: the term without marks; the term itself where nothing would be left.

    >>> group_key("đường"), group_key("dương")
    ('duong', 'duong')
    """
    return fold_normalized(term).casefold() or term
