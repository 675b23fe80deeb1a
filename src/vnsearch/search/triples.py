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
from math import prod

from vnsearch.search.choices import Spelling
from vnsearch.search.parameters import PARAMETERS, Parameters
from vnsearch.search.vocabulary import Triple, Vocabulary

__all__ = ["settled"]


def settled(
    syllables: list[list[Spelling]], vocabulary: Vocabulary, parameters: Parameters = PARAMETERS
) -> list[list[Spelling]]:
    """Return the readings of the syllables of a query, those in doubt weighed by the reports."""
    doubtful = [at for at, readings in enumerate(syllables) if readings[0].probability < parameters.doubtful]
    if not doubtful:
        return syllables
    best = [readings[0].term for readings in syllables]
    triples: dict[int, dict[str, list[Triple]]] = {}
    for at in doubtful:
        terms = [term for term, p, _ in syllables[at] if p > parameters.least_rival]
        if len(terms) > 1:
            triples[at] = {term: list(_triples(best, at, term)) for term in terms}
    every = [triple for rivals in triples.values() for found in rivals.values() for triple in found]
    if not every:
        return syllables
    lifts = {
        triple: _lift(*counts, parameters.lift_weight)
        for triple, counts in zip(every, vocabulary.together(every), strict=True)
    }
    syllables = [*syllables]
    for at, rivals in triples.items():
        gains = {term: prod(map(lifts.__getitem__, found)) for term, found in rivals.items()}
        # What the rivals have together stays, beside those that have no part in it.
        before = sum(p for term, p, _ in syllables[at] if term in gains)
        after = sum(p * gains[term] for term, p, _ in syllables[at] if term in gains)
        found = [
            Spelling(term, p * gains[term] * before / after if term in gains else p, tier)
            for term, p, tier in syllables[at]
        ]
        syllables[at] = sorted(found, key=lambda reading: (-reading.probability, reading.term))
    return syllables


def _triples(best: list[str], at: int, term: str) -> Iterator[Triple]:
    """Yield the threes that a spelling makes with the likeliest ones around it."""
    line = [*best[max(at - 2, 0) : at], term, *best[at + 1 : at + 3]]
    return zip(line, line[1:], line[2:], strict=False)


def _lift(first: int, second: int, both: int, middle: int, weight: float) -> float:
    share = (second + 0.1) / (middle + 1)
    return (both / share + weight) / (first + weight)
