"""Places x documents -> scores: BM25F (Robertson and Zaragoza 2009), term at a time over arrays.

A term's frequency in a document is the weighted sum over the fields searched, each divided by its own length
normalization: ``tf = sum(weight * tf_field / (1 - b + b * length / average))``. A document's score is the sum over the
places of the query of its best option, worth its share times ``idf * (k1 + 1) * tf / (k1 + tf)``, with
``idf = ln(1 + (N - df + 0.5) / (df + 0.5))`` and *df* the documents that hold the term in any of the fields. One
saturation for all fields: a word in the title and in the body counts for more, not for two words.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vnsearch.index.schema import field_name
from vnsearch.index.snapshot import Snapshot
from vnsearch.search.parameters import BM25, PARAMETERS, Parameters
from vnsearch.search.query import Option, Place

__all__ = ["Contribution", "Evaluation", "contributions", "evaluate", "rarity", "term_scores"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores and matches of all documents, by document number. ``complete`` is False when time ran out."""

    scores: Floats
    matched: npt.NDArray[np.bool_]
    complete: bool


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one place of the query brought one document.

    ``term`` is the spelling the document was scored by, ``tier`` how faithful it is to what was ``typed``, ``weight`` its
    share, ``frequencies`` how often each field has it, ``reports`` how many reports do.
    """

    kind: str
    typed: str
    term: str
    tier: str
    weight: float
    frequencies: dict[str, int]
    reports: int
    score: float


def _bm25(kind: str, parameters: Parameters) -> BM25:
    return parameters.pair if kind == "pair" else parameters.syllable


def rarity(count: int, df: int) -> float:
    """Return the inverse document frequency of a term that ``df`` of ``count`` reports hold."""
    return math.log(1 + (count - df + 0.5) / (df + 0.5))


def _field_frequencies(
    snapshot: Snapshot, field: str, term: str, weight: float, b: float
) -> tuple[npt.NDArray[np.int32], Floats]:
    """Return the documents that hold a term in one field, and its normalized, weighted frequency in each."""
    postings = snapshot.postings(field, term)
    documents = postings.documents
    if len(documents) == 0:
        return documents, postings.frequencies
    lengths, average = snapshot.lengths(field)
    norm = 1 - b + (b / average) * lengths[documents]
    return documents, (postings.frequencies * np.float32(weight) / norm).astype(np.float32)


def term_scores(
    snapshot: Snapshot, kind: str, term: str, fields: Mapping[str, float], bm25: BM25
) -> tuple[npt.NDArray[np.int32], Floats]:
    """Return the documents that hold a term in any of the fields, ascending, and its BM25F score in each."""
    found = [_field_frequencies(snapshot, field_name(name, kind), term, w, bm25.b) for name, w in fields.items()]
    found = [part for part in found if len(part[0])]
    if not found:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    documents, tf = found[0]
    for more, extra in found[1:]:
        both = np.concatenate((documents, more))
        documents, inverse = np.unique(both, return_inverse=True)
        tf = np.bincount(inverse, np.concatenate((tf, extra)), len(documents)).astype(np.float32)
    scale = np.float32(rarity(snapshot.count, len(documents)) * (bm25.k1 + 1))
    return documents, scale * tf / (tf + np.float32(bm25.k1))


def evaluate(
    snapshot: Snapshot,
    places: Iterable[Place],
    fields: Mapping[str, float],
    *,
    match: str = "any",
    deadline: float | None = None,
    parameters: Parameters = PARAMETERS,
) -> Evaluation:
    """Score every document. ``match``: "any" or "all" of the syllables must be there, each in any of the fields.

    ``deadline`` is a value of ``time.monotonic``; past it the evaluation stops between two terms.
    """
    scores = np.zeros(snapshot.size, np.float32)
    hits = np.zeros(snapshot.size, np.int32)
    best = np.empty(snapshot.size, np.float32)
    needed = 0
    for place in places:
        bm25 = _bm25(place.kind, parameters)
        best.fill(0.0)
        for option in place.options:
            if deadline is not None and time.monotonic() > deadline:
                return Evaluation(scores, hits > 0, complete=False)
            documents, found = term_scores(snapshot, place.kind, option.term, fields, bm25)
            best[documents] = np.maximum(best[documents], found * np.float32(option.weight))
        scores += best * np.float32(bm25.weight)
        if place.kind == "syllable":
            needed += 1
            hits += best > 0
    return Evaluation(scores, hits >= (max(needed, 1) if match == "all" else 1), complete=True)


def contributions(
    snapshot: Snapshot,
    places: Iterable[Place],
    fields: Mapping[str, float],
    document: int,
    parameters: Parameters = PARAMETERS,
) -> list[Contribution]:
    """Return what each place brought a document; the scores add up to the document's."""
    found = []
    for place in places:
        bm25 = _bm25(place.kind, parameters)
        best: tuple[float, Option, int] | None = None
        for option in place.options:
            documents, scores = term_scores(snapshot, place.kind, option.term, fields, bm25)
            score = _value_at(documents, scores, document) * option.weight * bm25.weight
            if score > 0 and (best is None or score > best[0]):
                best = score, option, len(documents)
        if best is not None:
            score, option, reports = best
            frequencies = {}
            for name in fields:
                postings = snapshot.postings(field_name(name, place.kind), option.term)
                frequencies[name] = int(_value_at(postings.documents, postings.frequencies, document))
            found.append(
                Contribution(
                    kind=place.kind,
                    typed=place.typed,
                    term=option.term,
                    tier=option.tier,
                    weight=option.weight * bm25.weight,
                    frequencies=frequencies,
                    reports=reports,
                    score=score,
                )
            )
    return found


def _value_at(documents: npt.NDArray[np.int32], values: Floats, document: int) -> float:
    at = int(np.searchsorted(documents, document))
    return float(values[at]) if at < len(documents) and documents[at] == document else 0.0
