"""Our BM25 as a weighting model of Whoosh: ``index.whoosh.searcher(weighting=BM25())``.

A term in one field scores ``idf * (k1 + 1) * tf / (k1 + tf)``, as in ``vnsearch.search.scoring`` when that field alone is
searched: ``tf = frequency / (1 - b + b * length / average)``, and ``opening`` more where a body opens with the term;
``idf = ln(1 + (N - df + 0.5) / (df + 0.5))``. Lengths are in syllables, also for pairs, words and values. Everything is counted
over the living reports of all segments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from whoosh.scoring import BaseScorer, WeightingModel, WeightScorer

from vnsearch.index.schema import KINDS, TEXT_FIELDS, field_name
from vnsearch.index.whoosh_matcher import ArrayScorer, PostingList
from vnsearch.search import parameters
from vnsearch.search.scoring import rarity

if TYPE_CHECKING:
    from whoosh.matching import Matcher
    from whoosh.searching import Searcher

__all__ = ["BM25"]

# The field in whose syllables lengths are counted, and the kind of the terms.
_TEXTS = {field_name(text_field, kind): (text_field, kind) for text_field in TEXT_FIELDS for kind in KINDS}


class BM25(WeightingModel):  # type: ignore[misc]  # Whoosh has no types
    """BM25 with our parameters, for searchers of ``Index.whoosh``. Fields of labels and ids score 1 for a match."""

    def __init__(self, chosen: parameters.Parameters = parameters.PARAMETERS) -> None:
        self._parameters = chosen

    def idf(self, searcher: Searcher, fieldname: str, text: str | bytes) -> float:
        """Return the inverse document frequency of a term in a field."""
        term = searcher.schema[fieldname].to_bytes(text)
        holding = sum(reader._terms.living_frequency(fieldname, term) for reader, _ in searcher.reader().leaf_readers())
        return rarity(searcher.doc_count(), holding)

    def scorer(self, searcher: Searcher, fieldname: str, text: str | bytes, qf: int = 1) -> BaseScorer:
        """Return the scorer of a term in a field."""
        if fieldname not in _TEXTS:
            return WeightScorer.for_(searcher, fieldname, text)
        text_field, kind = _TEXTS[fieldname]
        bm25 = self._parameters.pair if kind == "pair" else self._parameters.syllable
        whole = searcher.get_parent()  # which keeps the idf of its own weighting model
        idf = whole.idf(fieldname, text) if whole.weighting is self else self.idf(whole, fieldname, text)
        return _Scorer(searcher, text_field, bm25, self._parameters.opening, idf)


class _Scorer(ArrayScorer):
    def __init__(self, searcher: Searcher, text_field: str, bm25: parameters.BM25, opening: float, idf: float) -> None:
        whole = searcher.get_parent()
        sums = [reader._perdoc.living_length(text_field) for reader, _ in whole.reader().leaf_readers()]
        held = sum(count for _, count in sums)
        average = sum(length for length, _ in sums) / held if held else 1.0
        self._searcher = searcher
        self._text_field = text_field
        self._k1 = bm25.k1
        self._opening = opening
        self._base = 1 - bm25.b
        self._slope = bm25.b / average
        self._most = idf * (bm25.k1 + 1)

    def scores(self, postings: PostingList) -> npt.NDArray[np.float64]:
        lengths = self._searcher.reader()._perdoc.lengths(self._text_field)[postings.documents]
        tf = postings.frequencies / (self._base + self._slope * lengths) + self._opening * postings.openings
        return np.asarray(self._most * tf / (self._k1 + tf))

    def score(self, matcher: Matcher) -> float:
        length = self._searcher.doc_field_length(matcher.id(), self._text_field)
        tf = matcher.weight() / (self._base + self._slope * length) + self._opening * matcher.value_as("opening")
        return float(self._most * tf / (self._k1 + tf))

    def max_quality(self) -> float:
        return self._most

    def block_quality(self, matcher: Matcher) -> float:
        return self._most
