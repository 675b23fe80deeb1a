"""The best of several scores in each document: a place may be found by any of its spellings."""

from __future__ import annotations

import numpy as np

from vnsearch.index.columnar.container import changes
from vnsearch.search.long_lists import LongMatches
from vnsearch.search.matches import NO_MATCHES, Documents, Floats, Matches, held
from vnsearch.search.scoring import Scorer

__all__ = ["Weighted", "add_best", "best_at", "best_of", "best_sparse", "collected"]

# Documents are gone over one by one if there are so many times fewer of them than in the index.
_FEW = 8

#: What several nodes match, with a weight for each.
Weighted = list[tuple[Matches | LongMatches, float]]


def add_best(found: Weighted, totals: Floats, scorer: Scorer) -> None:
    """Add to a row the highest of some scores in each document."""
    if len(found) == 1:
        found[0][0].add_to(totals, found[0][1])
    elif _are_many(found, scorer):
        highest = _raised(found, scorer)
        totals += highest
        scorer.give_back(highest)
    else:
        documents, highest = _few(found, scorer)
        # Some documents are there twice: that is no harm, since they are not added up.
        totals[documents] += highest[documents]
        highest[documents] = 0.0
        scorer.give_back(highest, clean=True)


def best_at(found: Weighted, documents: Documents) -> Floats:
    """Return the highest of some scores in some documents, ascending; 0 where there are none."""
    if not found:
        return np.zeros(len(documents), np.float32)
    first, weight = found[0]
    scores = first.at(documents, weight)
    for matches, weight in found[1:]:
        np.maximum(scores, matches.at(documents, weight), out=scores)
    return scores


def best_sparse(found: Weighted, scorer: Scorer) -> tuple[Documents, Floats]:
    """Return the documents of some lists, ascending, and the highest of the scores of each."""
    if len(found) == 1:
        return found[0][0].sparse(found[0][1])
    return best_of(found, scorer).sparse()


def best_of(found: Weighted, scorer: Scorer) -> Matches:
    """Return the highest of some scores in each document."""
    if len(found) <= 1:
        return found[0][0].times(found[0][1]) if found else NO_MATCHES
    if _are_many(found, scorer):
        return collected(_raised(found, scorer), scorer)
    documents, highest = _few(found, scorer)
    documents.sort()
    documents = documents[changes(documents)]
    scores = highest[documents]
    highest[documents] = 0.0
    scorer.give_back(highest, clean=True)
    return Matches(documents, scores, len(documents))


def _are_many(found: Weighted, scorer: Scorer) -> bool:
    return sum([matches.count for matches, _ in found]) * _FEW > scorer.width


def _raised(found: Weighted, scorer: Scorer) -> Floats:
    """Return a row of all documents with the highest of their scores."""
    highest = scorer.row()
    for matches, weight in found:
        matches.raise_to(highest, weight)
    return highest


def _few(found: Weighted, scorer: Scorer) -> tuple[Documents, Floats]:
    """Return the documents of each of some lists, and a row with the highest of their scores; to be cleaned."""
    parts = [matches.sparse(weight) for matches, weight in found]
    documents = np.concatenate([part[0] for part in parts])
    highest = scorer.row()
    np.maximum.at(highest, documents, np.concatenate([part[1] for part in parts]))
    return documents, highest


def collected(totals: Floats, scorer: Scorer) -> Matches:
    """Return a row as matches; few of them are taken out, so that the row can be used again."""
    documents = held(totals)
    if len(documents) * 8 > len(totals):
        return Matches(None, totals, len(documents))
    scores = totals[documents]
    scorer.give_back(totals)
    return Matches(documents, scores, len(documents))
