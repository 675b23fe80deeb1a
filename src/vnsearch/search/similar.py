"""Reports like a given one."""

from __future__ import annotations

from collections import Counter

from vnsearch.analysis import Analysis, syllables_of
from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.index.snapshot import Snapshot
from vnsearch.report import Report
from vnsearch.search.query import Group, Option, ParsedQuery, Place
from vnsearch.search.scoring import rarity
from vnsearch.search.spelling import Spellings

__all__ = ["like"]

# The terms that characterise a report: as many as a long title has.
_PAIRS = 25
_SYLLABLES = 25
# Characters of a field that are read: they tell what it is about, and nobody waits for a whole book.
_READ = 100_000


def like(snapshot: Snapshot, report: Report) -> ParsedQuery:
    """Return a query of the terms that set a report apart: the pairs and syllables of highest tf * idf."""
    counts = {"syllable": Counter[str](), "pair": Counter[str]()}
    for text_field in TEXT_FIELDS:
        analysis = syllables_of(getattr(report, text_field)[:_READ])
        counts["syllable"].update(analysis.syllables)
        counts["pair"].update(analysis.pairs())
    groups = [
        Group((Place(kind, term, (Option(term, 1.0, "typed"),)),))
        for kind, most in (("syllable", _SYLLABLES), ("pair", _PAIRS))
        for term in _characteristic(snapshot, kind, counts[kind], most)
    ]
    return ParsedQuery("", Analysis([], [], []), Spellings([], []), tuple(groups))


def _characteristic(snapshot: Snapshot, kind: str, counts: Counter[str], most: int) -> list[str]:
    weighed = []
    # Rare terms of a report are mostly frequent in it or in its title; the head of the counts is enough to look up.
    for term, tf in counts.most_common(20 * most):
        df = len(snapshot.postings(kind, term).documents)
        if df > 1:  # in another report too
            weighed.append((tf * rarity(snapshot.count, df), term))
    weighed.sort(key=lambda item: (-item[0], item[1]))
    return [term for _, term in weighed[:most]]
