"""Groups x documents -> scores: BM25F (Robertson and Zaragoza 2009), term at a time over arrays.

A term's frequency in a document is the weighted sum over the fields searched, each divided by its own length
normalization: ``tf = sum(weight * tf_field / (1 - b + b * length / average))``. A place of the query is scored by its best
option, worth its share times ``idf * (k1 + 1) * tf / (k1 + tf)``, with ``idf = ln(1 + (N - df + 0.5) / (df + 0.5))`` and
*df* the documents that hold the term in any of the fields. One saturation for all fields: a word in the title and in the
body counts for more, not for two words.

A group is scored by the sum of its places, or by its best variant if that is more. A variant stands for the whole: it has
the saturation of its own frequency, and is worth a share of what the places would bring at most (their idf, but none
rarer than the variant itself, since a spelling that no report has is not information).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vnsearch.index.schema import field_name
from vnsearch.index.snapshot import Postings, Snapshot
from vnsearch.search.parameters import BM25, PARAMETERS, Parameters
from vnsearch.search.query import Group, Option, Place
from vnsearch.search.variants import Variant

__all__ = ["Contribution", "Evaluation", "contributions", "evaluate", "postings_of", "rarity", "term_scores"]

Documents = npt.NDArray[np.int32]
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


def postings_of(snapshot: Snapshot, text_field: str, kind: str, term: str) -> Postings:
    """Return the postings of a term in one field; a phrase is where all its pairs are."""
    syllables = term.split(" ")
    if kind != "phrase" or len(syllables) == 1:
        return snapshot.postings(field_name(text_field, "syllable" if kind == "phrase" else kind), term)
    pairs = field_name(text_field, "pair")
    first, *others = sorted(
        (snapshot.postings(pairs, f"{a} {b}") for a, b in pairwise(syllables)), key=lambda found: len(found.documents)
    )
    documents, frequencies = first.documents, first.frequencies
    for other in others:
        if len(documents) == 0:
            break
        at = np.minimum(np.searchsorted(other.documents, documents), len(other.documents) - 1)
        both = other.documents[at] == documents
        documents, frequencies = documents[both], np.minimum(frequencies, other.frequencies[at])[both]
    return Postings(documents, frequencies)


def _saturations(
    snapshot: Snapshot, kind: str, term: str, fields: Mapping[str, float], bm25: BM25
) -> tuple[Documents, Floats]:
    """Return the documents that hold a term in any of the fields, ascending, and ``tf / (k1 + tf)`` in each."""
    found: list[tuple[Documents, Floats]] = []
    for text_field, weight in fields.items():
        postings = postings_of(snapshot, text_field, kind, term)
        if len(postings.documents):
            lengths, average = snapshot.lengths(field_name(text_field, "syllable"))
            norm = 1 - bm25.b + (bm25.b / average) * lengths[postings.documents]
            found.append((postings.documents, (postings.frequencies * np.float32(weight) / norm).astype(np.float32)))
    if not found:
        return np.empty(0, np.int32), np.empty(0, np.float32)
    documents, tf = found[0]
    for more, extra in found[1:]:
        both = np.concatenate((documents, more))
        documents, inverse = np.unique(both, return_inverse=True)
        tf = np.bincount(inverse, np.concatenate((tf, extra)), len(documents)).astype(np.float32)
    return documents, tf / (tf + np.float32(bm25.k1))


def term_scores(
    snapshot: Snapshot, kind: str, term: str, fields: Mapping[str, float], bm25: BM25
) -> tuple[Documents, Floats]:
    """Return the documents that hold a term in any of the fields, ascending, and its BM25F score in each."""
    documents, saturations = _saturations(snapshot, kind, term, fields, bm25)
    return documents, np.float32(rarity(snapshot.count, len(documents)) * (bm25.k1 + 1)) * saturations


def _variant_scores(
    snapshot: Snapshot, group: Group, variant: Variant, fields: Mapping[str, float], parameters: Parameters
) -> tuple[Documents, Floats]:
    """Return the documents that hold a variant of a group, and what it is worth in each."""
    documents, saturations = _saturations(snapshot, variant.kind, variant.term, fields, parameters.syllable)
    if len(documents) == 0:
        return documents, saturations
    rarest = rarity(snapshot.count, len(documents))
    worth = 0.0
    for place in group.places:
        bm25 = _bm25(place.kind, parameters)
        term = place.options[0].term
        df = max(len(postings_of(snapshot, text_field, place.kind, term).documents) for text_field in fields)
        worth += bm25.weight * (bm25.k1 + 1) * min(rarest, rarity(snapshot.count, df))
    return documents, np.float32(worth * parameters.variant * variant.share) * saturations


def evaluate(
    snapshot: Snapshot,
    groups: Iterable[Group],
    fields: Mapping[str, float],
    *,
    match: str = "any",
    deadline: float | None = None,
    parameters: Parameters = PARAMETERS,
) -> Evaluation:
    """Score every document. ``match``: "any" or "all" of the syllables must be there, each in any of the fields.

    A variant of a group stands for all its syllables. ``deadline`` is a value of ``time.monotonic``; past it the
    evaluation stops between two terms.
    """
    scores = np.zeros(snapshot.size, np.float32)
    hits = np.zeros(snapshot.size, np.int32)
    best = np.empty(snapshot.size, np.float32)
    needed = 0
    for group in groups:
        together = np.zeros(snapshot.size, np.float32)
        found_here = np.zeros(snapshot.size, np.int32)
        for place in group.places:
            bm25 = _bm25(place.kind, parameters)
            best.fill(0.0)
            for option in place.options:
                if deadline is not None and time.monotonic() > deadline:
                    return Evaluation(scores, hits > 0, complete=False)
                documents, found = term_scores(snapshot, place.kind, option.term, fields, bm25)
                best[documents] = np.maximum(best[documents], found * np.float32(option.weight))
            together += best * np.float32(bm25.weight)
            if place.kind == "syllable":
                found_here += best > 0
        for variant in group.variants:
            documents, found = _variant_scores(snapshot, group, variant, fields, parameters)
            together[documents] = np.maximum(together[documents], found)
            found_here[documents] = len(group.syllables)
        scores += together
        hits += found_here
        needed += len(group.syllables)
    return Evaluation(scores, hits >= (max(needed, 1) if match == "all" else 1), complete=True)


def contributions(
    snapshot: Snapshot,
    groups: Iterable[Group],
    fields: Mapping[str, float],
    document: int,
    parameters: Parameters = PARAMETERS,
) -> list[Contribution]:
    """Return what each place brought a document, or the variant of its group; the scores add up to the document's."""
    found: list[Contribution] = []
    for group in groups:
        here = [
            part
            for place in group.places
            if (part := _place_contribution(snapshot, place, fields, document, parameters)) is not None
        ]
        for variant in group.variants:
            documents, scores = _variant_scores(snapshot, group, variant, fields, parameters)
            score = _value_at(documents, scores, document)
            if score > sum(part.score for part in here):
                typed = " ".join(place.typed for place in group.syllables)
                share = variant.share * parameters.variant
                option = Option(variant.term, share, "variant")
                here = [
                    _contribution(snapshot, variant.kind, typed, option, fields, document, len(documents), share, score)
                ]
        found += here
    return found


def _place_contribution(
    snapshot: Snapshot, place: Place, fields: Mapping[str, float], document: int, parameters: Parameters
) -> Contribution | None:
    bm25 = _bm25(place.kind, parameters)
    best: tuple[float, Option, int] | None = None
    for option in place.options:
        documents, scores = term_scores(snapshot, place.kind, option.term, fields, bm25)
        score = _value_at(documents, scores, document) * option.weight * bm25.weight
        if score > 0 and (best is None or score > best[0]):
            best = score, option, len(documents)
    if best is None:
        return None
    score, option, reports = best
    weight = option.weight * bm25.weight
    return _contribution(snapshot, place.kind, place.typed, option, fields, document, reports, weight, score)


def _contribution(
    snapshot: Snapshot,
    kind: str,
    typed: str,
    option: Option,
    fields: Mapping[str, float],
    document: int,
    reports: int,
    weight: float,
    score: float,
) -> Contribution:
    frequencies = {}
    for text_field in fields:
        postings = postings_of(snapshot, text_field, kind, option.term)
        frequencies[text_field] = int(_value_at(postings.documents, postings.frequencies, document))
    return Contribution(kind, typed, option.term, option.tier, weight, frequencies, reports, score)


def _value_at(documents: Documents, values: Floats, document: int) -> float:
    at = int(np.searchsorted(documents, document))
    return float(values[at]) if at < len(documents) and documents[at] == document else 0.0
