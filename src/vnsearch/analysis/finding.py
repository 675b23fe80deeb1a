"""Where some texts hold some syllables: several times faster than taking the texts apart, for all that is shown once and kept nowhere.

Characters are looked at as arrays. A syllable is told from others by a sum over its characters, each without case and marks, so
that all ways to write it have the same; only what has the sum of a wanted one is read as ``syllables_of`` would.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vnsearch.analysis.cut import CLEANING, Classes, Codes, classes_for_cleaning, cleaned_together, seen_in
from vnsearch.analysis.syllables import TERMS
from vnsearch.text.compose import MARKS
from vnsearch.text.normalize import clean
from vnsearch.text.values import Value, find_values

__all__ = ["FoundSyllables", "find_syllables", "values_of"]

Ints = npt.NDArray[np.int64]

_KNOWN = 1 << 16  # characters past these are few, and told apart by reading them
_SPREAD = 0x9E3779B1  # an odd number, so that different characters stay different (Knuth's multiplicative hash)


class FoundSyllables(NamedTuple):
    """All syllables of some texts, text after text: which of the wanted ones each is (from 1; 0 for any other), where it starts and ends
    in its text as given, and how many each text has.
    """

    numbers: npt.NDArray[np.int32]
    starts: Ints
    ends: Ints
    lengths: Ints


# Syllables are made of letters. What has an odd character, or one of those that are not known, is to be read, whatever its sum.
_LETTER, _MARK, _ODD = 1 << 5, 1 << 6, 1 << 7
assert not CLEANING & (_LETTER | _MARK | _ODD)


@functools.cache
def _tables() -> tuple[Classes, Codes]:
    """Return for every character what is known of it, as bits, and what it adds to the sum of a syllable."""
    classes = classes_for_cleaning(_KNOWN)
    sums = np.zeros(_KNOWN, np.uint32)
    classes[slice(*MARKS)] |= _MARK | _ODD
    classes[-1] |= _ODD
    for code in range(_KNOWN):
        char = chr(code)
        if char.isalnum():
            classes[code] |= _LETTER
            if len(folded := char.casefold()) == 1:
                sums[code] = ord(unicodedata.normalize("NFD", folded)[0]) * _SPREAD & 0xFFFFFFFF
            else:
                classes[code] |= _ODD
    return classes, sums


def find_syllables(texts: Sequence[str], wanted: Sequence[str]) -> FoundSyllables:
    """Return the syllables of some texts, of which the wanted ones are told apart.

    >>> find_syllables(["Quận uỷ họp, QUẬN"], ["quận", "ủy"])[:3]
    (array([1, 2, 0, 1], dtype=int32), array([ 0,  5,  8, 13]), array([ 4,  7, 11, 17]))
    """
    text, bounds, codes, classes, maps = cleaned_together(texts, _tables()[0])
    starts, ends = _spans(codes, classes)
    numbers = np.zeros(len(starts), np.int32)
    if len(starts) and wanted:
        known = {term: number for number, term in enumerate(wanted, 1)}
        at = _candidates(codes, classes, starts, ends, wanted)
        spans = zip(starts[at].tolist(), ends[at].tolist(), strict=True)
        numbers[at] = [known.get(TERMS[text[start:end]], 0) for start, end in spans]
    firsts = np.searchsorted(starts, bounds)
    lengths = np.diff(firsts)
    origins = np.repeat(bounds[:-1] + 1, lengths)
    starts -= origins
    ends -= origins
    for number, offsets in enumerate(maps):
        if offsets is not None:
            spans_of = slice(firsts[number], firsts[number + 1])
            starts[spans_of] = np.asarray(offsets.starts, np.int64)[starts[spans_of]]
            ends[spans_of] = np.asarray(offsets.ends, np.int64)[ends[spans_of] - 1]
    return FoundSyllables(numbers, starts, ends, lengths)


def values_of(text: str) -> list[Value]:
    """Return the values of a text, placed in it as given.

    >>> values_of("Ho\u0300a 98.510 hộ")
    [Value(kind='number', term='#n:98510', start=5, end=11)]
    """
    cleaned, offsets = clean(text)
    found = find_values(cleaned)
    if offsets is None:
        return found
    return [Value(value.kind, value.term, *offsets.span(value.start, value.end)) for value in found]


def _spans(codes: Codes, classes: Classes) -> tuple[Ints, Ints]:
    """Return where syllables start and end; the first and the last character are none of theirs."""
    inside = (classes & _LETTER) != 0
    seen = seen_in(classes)
    if seen & _ODD and len(far := np.flatnonzero(codes >= _KNOWN)):
        inside[far] = [chr(code).isalnum() for code in codes[far].tolist()]
    if not seen & _MARK:
        edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
        return edges[::2], edges[1::2]
    # A mark that found no letter to join belongs to the syllable that it stands in, or behind.
    first = np.flatnonzero(inside)
    joined = inside | ((classes & _MARK) != 0)
    edges = np.flatnonzero(joined[1:] != joined[:-1]) + 1
    starts, ends = edges[::2], edges[1::2]
    at = np.searchsorted(first, starts)
    held = at < np.searchsorted(first, ends)
    return first[at[held]], ends[held]


def _candidates(codes: Codes, classes: Classes, starts: Ints, ends: Ints, wanted: Sequence[str]) -> Ints:
    """Return which syllables may be wanted ones."""
    lasts, before = ends - 1, starts - 1
    totals = _tables()[1].take(codes, mode="clip").cumsum(dtype=np.uint32)
    found = totals[lasts] - totals[before]
    reading = np.logical_or.reduce([found == total for total in {_sum_of(term) for term in wanted}])
    if seen_in(classes) & _ODD:
        counts = ((classes & _ODD) != 0).cumsum()
        reading |= counts[lasts] != counts[before]
    return np.flatnonzero(reading)


def _sum_of(term: str) -> int:
    codes = np.frombuffer(term.encode("utf-32-le", "surrogatepass"), "<u4")
    return int(_tables()[1].take(codes, mode="clip").sum(dtype=np.uint32))
