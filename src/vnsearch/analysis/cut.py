"""Texts -> chunks: many texts cut at once, as one array of characters.

A *chunk* is what stands between white space and the signs that are tokens by themselves. Nothing that is known of a text
reaches from one chunk into another but the words: pyvi's tokens and our syllables lie inside a chunk, and so do the rules
of tone placement. So all that can be known of a chunk is worked out once (see ``vocabulary``).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vnsearch.text.normalize import LOOKALIKES, clean
from vnsearch.text.offsets import OffsetMap

__all__ = [
    "CLEANING",
    "SIGNS",
    "Classes",
    "Cleaned",
    "Codes",
    "Cut",
    "classes_for_cleaning",
    "cleaned_together",
    "cut",
    "seen_in",
]

#: Signs that are tokens by themselves, the last two before white space only: not in "1,5", "http://", "TP.HCM".
SIGNS = '\n";()!?,:.'

# "họp." is two tokens but "HCM." is one, and so are "Tp.", "Mr.", "Mrs.", "Ms.", "Dr.", "ThS.": such dots are left.
_NOT_BEFORE_DOT = "prs"
_ADDRESS = re.compile(r"://\S+")  # one token up to its end, whatever it holds

_LOOKALIKE, _UNUSUAL, _SPACE, _SIGN, _COMMA, _DOT, _BEFORE_DOT = (1 << bit for bit in range(7))
#: The bits of what is known of a character that say how it is to be cleaned; the others are free.
CLEANING = _LOOKALIKE | _UNUSUAL
# What Vietnamese text is usually made of. In these blocks nothing is a mark, nothing changes under NFC, and nothing is
# invisible but the soft hyphen, so that cleaning is replacing look-alikes.
_USUAL = ((0, 0xAD), (0xAE, 0x300), (0x1E00, 0x1F00), (0x2010, 0x2028), (0x2030, 0x205F), (0x20A0, 0x20C0))
_KNOWN = 0x3001  # past the last white space; one row more stands for all that follows


Codes = npt.NDArray[np.uint32]
Classes = npt.NDArray[np.uint8]


def classes_for_cleaning(size: int) -> Classes:
    """Return for so many characters how each is to be cleaned, and, as one more, for all that follow."""
    classes = np.full(size + 1, _UNUSUAL, np.uint8)
    for first, past in _USUAL:
        classes[first:past] = 0
    classes[[ord(char) for char in LOOKALIKES if ord(char) < _KNOWN]] |= _LOOKALIKE
    return classes


@functools.cache
def _replaced() -> Codes:
    """Return for every character what it is to be replaced with."""
    replaced = np.arange(_KNOWN + 1, dtype=np.uint32)
    for char, plain in LOOKALIKES.items():
        if ord(char) < _KNOWN:
            replaced[ord(char)] = ord(plain)
    return replaced


@functools.cache
def _classes() -> Classes:
    """Return for every character what cutting has to know of it, as bits."""
    classes = classes_for_cleaning(_KNOWN)
    for code in range(_KNOWN):
        if chr(code).isspace():
            classes[code] |= _SPACE
    for char in SIGNS:
        classes[ord(char)] |= _DOT if char == "." else _COMMA if char in ",:" else _SIGN
    for code in (*range(ord("a"), ord("z") + 1), *range(0x1EA0, 0x1EFA)):
        if chr(code).islower() and chr(code) not in _NOT_BEFORE_DOT:
            classes[code] |= _BEFORE_DOT
    return classes


class Cut(NamedTuple):
    """Texts, cut.

    ``text`` is the texts cleaned (see ``clean``), with a line break before, between and after them; text t begins behind
    ``bounds[t]`` and ends before ``bounds[t + 1]``. ``maps`` lead to the texts as given; None where nothing moved.
    ``chunks`` begin at ``starts``. ``signs`` is where the signs are that are tokens, among them every line break;
    ``codes`` are their characters.
    """

    text: str
    bounds: npt.NDArray[np.intp]
    maps: list[OffsetMap | None]
    chunks: list[str]
    starts: npt.NDArray[np.intp]
    signs: npt.NDArray[np.intp]
    codes: npt.NDArray[np.uint32]


class Cleaned(NamedTuple):
    """Texts cleaned, as one: see ``Cut``; ``codes`` are all its characters, ``classes`` what is known of each, as bits."""

    text: str
    bounds: npt.NDArray[np.intp]
    codes: Codes
    classes: Classes
    maps: list[OffsetMap | None]


def cleaned_together(texts: Sequence[str], known: Classes) -> Cleaned:
    """Return texts cleaned. ``known``: ``classes_for_cleaning``, to which other bits may have been added."""
    texts = list(texts)
    maps: list[OffsetMap | None] = [None] * len(texts)
    text, bounds, codes = _joined(texts)
    classes = known.take(codes, mode="clip")
    seen = seen_in(classes)
    if seen & _UNUSUAL:
        unusual = np.flatnonzero(classes & _UNUSUAL)
        for place in np.flatnonzero(np.bincount(np.searchsorted(bounds, unusual) - 1)).tolist():
            texts[place], maps[place] = clean(texts[place])
        text, bounds, codes = _joined(texts)
        classes = known.take(codes, mode="clip")
        seen = seen_in(classes)
    if seen & _LOOKALIKE:
        alike = np.flatnonzero(classes & _LOOKALIKE)
        codes[alike] = _replaced()[codes[alike]]
        classes[alike] = known[codes[alike]]
        text = _text(codes)
    return Cleaned(text, bounds, codes, classes, maps)


def seen_in(classes: Classes) -> int:
    """Return all bits that some character has."""
    return int(np.bitwise_or.reduce(classes))


def cut(texts: Sequence[str]) -> Cut:
    """Return texts cleaned and cut into chunks and signs."""
    text, bounds, codes, classes, maps = cleaned_together(texts, _classes())
    spaces = classes & np.uint8(_SPACE)
    signs = _signs(text, classes, spaces)
    found = codes[signs]
    codes[signs] = ord(" ")
    spaces[signs] = _SPACE
    return Cut(text, bounds, maps, _text(codes).split(), np.flatnonzero(spaces[:-1] > spaces[1:]) + 1, signs, found)


def _joined(texts: Sequence[str]) -> tuple[str, npt.NDArray[np.intp], npt.NDArray[np.uint32]]:
    """Return the texts with line breaks around them, where those are, and the characters as numbers."""
    bounds = np.zeros(len(texts) + 1, np.intp)
    np.cumsum(np.fromiter(map(len, texts), np.intp, len(texts)) + 1, out=bounds[1:])
    text = "\n".join(["", *texts, ""])
    return text, bounds, np.frombuffer(bytearray(text.encode("utf-32-le", "surrogatepass")), "<u4")


def _text(codes: npt.NDArray[np.uint32]) -> str:
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def _signs(text: str, classes: npt.NDArray[np.uint8], spaces: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    """Return where the signs are that are tokens by themselves."""
    places = np.flatnonzero(classes & (_SIGN | _COMMA | _DOT))
    kinds = classes[places]
    alone = (kinds & _SIGN) > 0
    apart = spaces[np.minimum(places + 1, len(spaces) - 1)] > 0
    alone |= apart & ((kinds & _COMMA) > 0)
    alone |= apart & ((kinds & _DOT) > 0) & ((classes[places - 1] & _BEFORE_DOT) > 0)
    signs = places[alone]
    if "://" in text:
        taken = np.zeros(len(text), np.bool_)
        for address in _ADDRESS.finditer(text):
            taken[address.start() : address.end()] = True
        signs = signs[~taken[signs]]
    return signs
