"""Syllables that their neighbours leave in doubt are settled by the reports.

The chain of ``vnsearch.search.spelling`` sees two syllables at a time. Of three, *a b c*, the index has no counts, but it
has the reports of *a b* and those of *b c*. If more of the reports with *a b* hold *b c* than of all reports with *b* do,
that speaks for the three together: the ratio of the two shares (the lift) is what the spelling gains. Where few reports
have *a b* the ratio is drawn towards 1, as by a Dirichlet prior.

Only places in doubt are looked at, a few of a query's, and of their spellings only those with a chance. What is searched
stays as the chain has it: there every likely spelling counts, and deciding between them gained nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from vnsearch.index.columnar.postings import find_among
from vnsearch.index.snapshot import Snapshot, run_size
from vnsearch.search.choices import Spelling
from vnsearch.search.matches import Documents
from vnsearch.search.parameters import PARAMETERS, Parameters

__all__ = ["settled"]

_Triple = tuple[str, str, str]


def settled(
    syllables: list[list[Spelling]], snapshot: Snapshot, parameters: Parameters = PARAMETERS
) -> list[list[Spelling]]:
    """Return the readings of the syllables of a query, those in doubt weighed by the reports."""
    doubtful = [at for at, readings in enumerate(syllables) if readings[0].probability < parameters.doubtful]
    if not doubtful:
        return syllables
    best = [readings[0].term for readings in syllables]
    triples: dict[int, dict[str, list[_Triple]]] = {}
    for at in doubtful:
        terms = [term for term, p, _ in syllables[at] if p > parameters.least_rival]
        if len(terms) > 1:
            triples[at] = {term: list(_triples(best, at, term)) for term in terms}
    every = [triple for rivals in triples.values() for found in rivals.values() for triple in found]
    if not every:
        return syllables
    lifts = _Lifts(snapshot, every, parameters.lift_weight)
    syllables = [*syllables]
    for at, rivals in triples.items():
        gains = {term: lifts.product(found) for term, found in rivals.items()}
        # What the rivals have together stays, beside those that have no part in it.
        before = sum(p for term, p, _ in syllables[at] if term in gains)
        after = sum(p * gains[term] for term, p, _ in syllables[at] if term in gains)
        found = [
            Spelling(term, p * gains[term] * before / after if term in gains else p, tier)
            for term, p, tier in syllables[at]
        ]
        syllables[at] = sorted(found, key=lambda reading: (-reading.probability, reading.term))
    return syllables


def _triples(best: list[str], at: int, term: str) -> Iterator[_Triple]:
    """Yield the threes that a spelling makes with the likeliest ones around it."""
    line = [*best[max(at - 2, 0) : at], term, *best[at + 1 : at + 3]]
    return zip(line, line[1:], line[2:], strict=False)


class _Lifts:
    """The lifts of some threes of syllables; what they need of the index is read in one go."""

    def __init__(self, snapshot: Snapshot, triples: list[_Triple], weight: float) -> None:
        self._weight = weight
        pairs = dict.fromkeys(pair for a, b, c in triples for pair in ((a, b), (b, c)))
        middles = dict.fromkeys(b for _, b, _ in triples)
        runs = snapshot.find([*(("pair", f"{a} {b}") for a, b in pairs), *(("syllable", b) for b in middles)])
        documents, sizes = snapshot.documents(runs[: len(pairs)])
        ends = np.cumsum(sizes).tolist()
        self._documents: dict[tuple[str, str], Documents] = {
            pair: documents[end - size : end] for pair, size, end in zip(pairs, sizes, ends, strict=True)
        }
        self._counts = dict(zip(middles, map(run_size, runs[len(pairs) :]), strict=True))

    def product(self, triples: list[_Triple]) -> float:
        """Return the lifts of all these together."""
        lift = 1.0
        for a, b, c in triples:
            first, second = self._documents[a, b], self._documents[b, c]
            share = (len(second) + 0.1) / (self._counts[b] + 1)
            short, long = sorted((first, second), key=len)
            both = len(find_among(long, short)[0]) if len(short) else 0
            lift *= (both / share + self._weight) / (len(first) + self._weight)
        return lift
