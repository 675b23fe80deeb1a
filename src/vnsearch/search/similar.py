"""Reports like a given one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from vnsearch.analysis import Analysis, syllables_of
from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.report import Report
from vnsearch.search.query import Group, Option, ParsedQuery, Place
from vnsearch.search.scoring import rarity
from vnsearch.search.spelling import Spellings

__all__ = ["HeldBy", "like"]

# The terms that characterise a report: as many as a long title has.
_PAIRS = 25
_SYLLABLES = 25
# Characters of a field that are read: they tell what it is about, and nobody waits for a whole book.
_READ = 100_000


#: Returns how many reports hold each of some terms of a kind; given are how often the report itself does.
HeldBy = Callable[[str, Mapping[str, int]], Sequence[int]]


def like(report: Report, reports: int, held_by: HeldBy) -> ParsedQuery:
    """Return a query of the terms that set one of so many reports apart: the pairs and syllables of highest tf * idf."""
    counts = {"syllable": Counter[str](), "pair": Counter[str]()}
    for text_field in TEXT_FIELDS:
        analysis = syllables_of(getattr(report, text_field)[:_READ])
        counts["syllable"].update(analysis.syllables)
        counts["pair"].update(analysis.pairs())
    groups = [
        Group((Place(kind, term, (Option(term, 1.0, "typed"),)),))
        for kind, most in (("syllable", _SYLLABLES), ("pair", _PAIRS))
        for term in _characteristic(reports, held_by, kind, counts[kind], most)
    ]
    return ParsedQuery("", Analysis([], [], []), Spellings([], []), tuple(groups))


def _characteristic(reports: int, held_by: HeldBy, kind: str, counts: Counter[str], most: int) -> list[str]:
    # Rare terms of a report are mostly frequent in it or in its title; the head of the counts is enough to look up.
    head = dict(counts.most_common(20 * most))
    weighed = [
        (tf * rarity(reports, df), term)
        for (term, tf), df in zip(head.items(), held_by(kind, head), strict=True)
        if df > 1  # in another report too
    ]
    weighed.sort(key=lambda item: (-item[0], item[1]))
    return [term for _, term in weighed[:most]]
