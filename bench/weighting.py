"""Formulas as weighting models of Whoosh, so that its own matchers can rank our index by them."""

from __future__ import annotations

import warnings
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt

from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.index.whoosh_matcher import ArrayScorer, PostingList
from vnsearch.search.parameters import DEFAULT_FIELDS, PARAMETERS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its source predates Python 3.12
    from whoosh import scoring

Floats = npt.NDArray[np.float64]


def _idf(count: int, df: int) -> float:
    return log(1 + (count - df + 0.5) / (df + 0.5))


class _PlainScorer(scoring.WeightLengthScorer):  # type: ignore[misc]  # Whoosh has no types
    def __init__(self, searcher: Any, field: str, text: bytes) -> None:
        whole = searcher.get_parent()
        self._idf = _idf(whole.doc_count_all(), whole.doc_frequency(field, text))
        self._average = whole.avg_field_length(field) or 1.0
        self.setup(searcher, field, text)

    def _score(self, weight: float, length: float) -> float:
        return self._idf * 2.2 * weight / (weight + 1.2 * (0.25 + 0.75 * length / self._average))


class PlainBM25(scoring.WeightingModel):  # type: ignore[misc]  # Whoosh has no types
    """tantivy's BM25: k1 = 1.2, b = 0.75, idf = ln(1 + (N - df + 0.5) / (df + 0.5))."""

    def scorer(self, searcher: Any, fieldname: str, text: bytes, qf: int = 1) -> _PlainScorer:
        return _PlainScorer(searcher, fieldname, text)


class BM25F(scoring.WeightingModel):  # type: ignore[misc]  # Whoosh has no types
    """Our BM25F over title and body, weighted as by default (see ``vnsearch.search.scoring``).

    In the title a term scores as if it were there alone, in the body what it adds to that. So a union of both sums up to
    one saturation.
    """

    def __init__(self, reader: Any) -> None:
        """Take the average lengths of the fields from the reader of the whole index."""
        self._averages = {}
        for field in TEXT_FIELDS:
            lengths = [reader.doc_field_length(number, field) for number in reader.all_doc_ids()]
            self._averages[field] = sum(lengths) / max(1, sum(length > 0 for length in lengths))
        self._norms: dict[tuple[Any, str], Floats] = {}

    def norms(self, reader: Any, field: str) -> Floats:
        """Return for each document of a segment what one occurrence in the field counts for."""
        found = self._norms.get((reader, field))
        if found is None:
            lengths = np.array([reader.doc_field_length(number, field) for number in range(reader.doc_count_all())])
            b = PARAMETERS.syllable.b
            found = DEFAULT_FIELDS[field] / (1 - b + b * lengths / self._averages[field])
            self._norms[reader, field] = found
        return found

    def idf(self, searcher: Any, fieldname: str, text: bytes) -> float:
        """Return the inverse document frequency, by the documents that hold the term in either field."""
        _, kind = _parts(fieldname)
        held = 0
        for reader, _ in searcher.reader().leaf_readers():
            fields = [field + kind for field in TEXT_FIELDS if (field + kind, text) in reader]
            held += len(set().union(*(reader.postings(field, text).all_ids() for field in fields)))
        return _idf(searcher.doc_count(), held)

    def scorer(self, searcher: Any, fieldname: str, text: bytes, qf: int = 1) -> _AddedScorer:
        reader = searcher.reader()
        field, kind = _parts(fieldname)
        before = np.zeros(reader.doc_count_all())
        if field == "body" and ("title" + kind, text) in reader:
            matcher = reader.postings("title" + kind, text)
            while matcher.is_active():
                before[matcher.id()] = matcher.weight()
                matcher.next()
            before *= self.norms(reader, "title")
        k1 = PARAMETERS.pair.k1 if kind else PARAMETERS.syllable.k1
        most = searcher.get_parent().idf(fieldname, text) * (k1 + 1)
        return _AddedScorer(most, k1, self.norms(reader, field), before)


class _AddedScorer(ArrayScorer):
    """Scores what a field adds to the saturation of what is there ``before``."""

    def __init__(self, most: float, k1: float, norms: Floats, before: Floats) -> None:
        self._most = most
        self._k1 = k1
        self._norms = norms
        self._before = before

    def scores(self, postings: PostingList) -> Floats:
        before = self._before[postings.documents]
        tf = before + postings.frequencies * self._norms[postings.documents]
        tf += DEFAULT_FIELDS["body"] * PARAMETERS.opening * postings.openings  # of titles there are none
        return np.asarray(self._most * (tf / (self._k1 + tf) - before / (self._k1 + before)))


def _parts(fieldname: str) -> tuple[str, str]:
    """Return the text field and the rest of the name, which is empty or "_pairs"."""
    field, line, kind = fieldname.partition("_")
    return field, line + kind
