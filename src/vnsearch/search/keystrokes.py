"""Queries typed while the input method was off, read against the spellings of an index.

A syllable that the index does not hold may be keystrokes: then the reading is one of the spellings of its place, and its
neighbours decide (see ``spelling``). But one raw syllable in three is held all the same, as a word of another language or in
somebody's name (*has, daan, of*). Who has typed two syllables raw has typed the query raw: then these are read as well,
where the reading is the commoner of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from vnsearch.analysis import Analysis
from vnsearch.text.fold import group_key
from vnsearch.text.keystrokes import read_telex, read_vni

if TYPE_CHECKING:  # choices.py imports this module
    from vnsearch.search.choices import Groups
    from vnsearch.search.spelling import Spellings

__all__ = ["KEYSTROKES", "keystrokes_meant", "keystrokes_of", "method_of", "replaced", "text_meant"]

#: How much more than for a slip struck in one way speaks for a reading: hardly any other word looks like one. Of titles with
#: one raw syllable 443 of 500 are read by an index of 1,000 articles (with a weight of 1, 436; with 100, 492, and *as* is á).
KEYSTROKES = 10.0

_METHODS = {"telex": read_telex, "vni": read_vni}
# So many syllables that the index does not hold must be keystrokes, or half of the query.
_DECIDING = 2


def keystrokes_of(typed: str, groups: Groups) -> Iterator[tuple[str, int]]:
    """Yield what keystrokes may mean that the index holds, with its count."""
    for read in _METHODS.values():
        reading = read(typed)
        if reading is not None and (count := _count(reading, groups)):
            yield reading, count


def keystrokes_meant(typed: str, method: str, groups: Groups) -> tuple[str, int] | None:
    """Return what a syllable of a query that was typed raw means, with its count; None where it means itself."""
    reading = _METHODS[method](typed)
    if reading is None:
        return None
    count = _count(reading, groups)
    return (reading, count) if count > _count(typed, groups) else None


def method_of(syllables: Sequence[str], spellings: Spellings) -> str:
    """Return the method by which a query was typed raw, "telex" or "vni"; an empty text if it was not."""
    read_so = [
        (syllables[at], reading.term)
        for at in spellings.unknown
        for reading in spellings.syllables[at]
        if reading.tier == "keystrokes"
    ]
    for method, read in _METHODS.items():
        agreed = sum(read(typed) == term for typed, term in read_so)
        if agreed and agreed >= min(_DECIDING, len(syllables) / 2):
            return method
    return ""


def text_meant(text: str, analysis: Analysis, spellings: Spellings) -> str:
    """Return a query with its keystrokes read. It has as many syllables as before."""
    readings = {at: found[0].term for at, found in enumerate(spellings.syllables) if found[0].tier == "keystrokes"}
    return replaced(text, analysis, readings)


def replaced(text: str, analysis: Analysis, terms: Mapping[int, str]) -> str:
    """Return a text with some of its syllables (position -> term, in order) replaced, in the case they are written in."""
    pieces: list[str] = []
    at = 0
    for position, term in terms.items():
        start, end = analysis.starts[position], analysis.ends[position]
        pieces += (text[at:start], _in_case_of(text[start:end], term))
        at = end
    return "".join(pieces) + text[at:]


def _in_case_of(written: str, term: str) -> str:
    if len(written) > 1 and written.isupper():
        return term.upper()
    return term.capitalize() if written[:1].isupper() else term


def _count(term: str, groups: Groups) -> int:
    return next((count for spelling, count in groups.get(group_key(term), ()) if spelling == term), 0)
