"""Terms x documents -> scores: BM25F (Robertson and Zaragoza 2009) over arrays.

A term's frequency in a document is the weighted sum over the fields searched, each divided by its own length
normalization: ``tf = sum(weight * tf_field / (1 - b + b * length / average))``. A term scores
``idf * (k1 + 1) * tf / (k1 + tf)``, with ``idf = ln(1 + (N - df + 0.5) / (df + 0.5))`` and *df* the documents that hold the
term in any of the fields. One saturation for all fields: a word in the title and in the body counts for more, not for two
words.

A ``Scorer`` does this for one commit and one weighing of fields, and keeps what it computed: scores of a term do not depend
on the query. Lists that a good part of the documents hold are kept as dense rows, which are added four times as fast.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vnsearch.index.snapshot import Postings, Snapshot
from vnsearch.search.parameters import BM25, PARAMETERS, Parameters

__all__ = ["LANES", "NO_MATCHES", "Matches", "Scorer", "phrase_postings", "rarity"]

Documents = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float32]

# Memory for scores kept between queries: this much, and so many bytes for each document.
_KEPT_BYTES = 24 << 20
_KEPT_BYTES_PER_DOCUMENT = 32
# A list that more than an eighth of the documents hold is a dense row.
_DENSE = 8
_OVERHEAD_BYTES = 400

#: Blocks that the accumulators are cut into when the best documents are looked for.
LANES = 64


def rarity(count: int, df: int) -> float:
    """Return the inverse document frequency of a term that ``df`` of ``count`` reports hold."""
    return math.log(1 + (count - df + 0.5) / (df + 0.5))


@dataclass(frozen=True, slots=True)
class Matches:
    """Documents that match something, and their scores, all above 0.

    Either ``documents`` ascend and ``scores`` go with them, or ``documents`` is None and ``scores`` is a row of all documents
    of the index, 0 where nothing matches. ``count`` is how many match.
    """

    documents: Documents | None
    scores: Floats
    count: int

    def add_to(self, totals: Floats, weight: float = 1.0) -> None:
        """Add the scores, times a weight, to a row of all documents."""
        scores = self.scores if weight == 1.0 else self.scores * np.float32(weight)
        if self.documents is None:
            totals += scores
        else:
            totals[self.documents] += scores

    def raise_to(self, totals: Floats, weight: float = 1.0) -> None:
        """Raise a row of all documents to the scores, times a weight, where they are higher."""
        scores = self.scores if weight == 1.0 else self.scores * np.float32(weight)
        if self.documents is None:
            np.maximum(totals, scores, out=totals)
        else:
            totals[self.documents] = np.maximum(totals[self.documents], scores)

    def at(self, documents: Documents) -> Floats:
        """Return the scores of some documents; 0 for those that do not match."""
        if self.documents is None:
            return self.scores[documents]
        if not len(self.documents):
            return np.zeros(len(documents), np.float32)
        places = np.minimum(np.searchsorted(self.documents, documents), len(self.documents) - 1)
        return np.where(self.documents[places] == documents, self.scores[places], np.float32(0))

    def sparse(self) -> tuple[Documents, Floats]:
        """Return the documents that match, ascending, and their scores."""
        if self.documents is not None:
            return self.documents, self.scores
        documents = np.flatnonzero(self.scores)
        return documents, self.scores[documents]

    def times(self, weight: float) -> Matches:
        """Return the same with all scores multiplied."""
        return self if weight == 1.0 else Matches(self.documents, self.scores * np.float32(weight), self.count)


NO_MATCHES = Matches(np.empty(0, np.intp), np.empty(0, np.float32), 0)


class Scorer:
    """Scores terms in one commit, with these weights of fields. Safe for many threads."""

    def __init__(self, snapshot: Snapshot, fields: Mapping[str, float], parameters: Parameters = PARAMETERS) -> None:
        self.snapshot = snapshot
        self.fields = dict(fields)
        self.parameters = parameters
        #: The length of a row: the size of the index, filled up to whole lanes.
        self.width = -(-max(snapshot.size, 1) // LANES) * LANES
        self._norms: dict[float, dict[str, Floats]] = {}
        self._kept: OrderedDict[tuple[str, str], Matches] = OrderedDict()
        self._kept_bytes = 0
        self._limit = _KEPT_BYTES + _KEPT_BYTES_PER_DOCUMENT * snapshot.size
        self._lock = threading.Lock()
        self._rows: list[Floats] = []

    # -- rows of all documents, used again

    def row(self) -> Floats:
        """Return a row of zeros. Give it back with ``give_back`` when it is no longer needed."""
        try:
            row = self._rows.pop()
        except IndexError:
            return np.zeros(self.width, np.float32)
        row.fill(0.0)
        return row

    def give_back(self, row: Floats) -> None:
        """Take a row for the next user."""
        if len(self._rows) < 4:
            self._rows.append(row)

    # -- terms

    def bm25(self, kind: str) -> BM25:
        """Return the parameters for a kind of terms."""
        return self.parameters.pair if kind == "pair" else self.parameters.syllable

    def term(self, kind: str, term: str) -> Matches:
        """Return the documents that hold a term in any of the fields, with the BM25F score of each, times its kind's weight.

        ``kind`` is "syllable", "pair", "word", "value", or "phrase": the documents that hold all the pairs of several
        syllables.
        """
        key = kind, term
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        found = self._score(kind, term)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = found
                self._kept_bytes += _size_bytes(found)
            while self._kept_bytes > self._limit and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._kept_bytes -= _size_bytes(dropped)
        return found

    def idf(self, count: int) -> float:
        """Return the inverse document frequency of a term that so many reports hold."""
        return rarity(self.snapshot.count, count)

    def worth(self, kind: str, count: int) -> float:
        """Return the most that a term which so many reports hold can score."""
        bm25 = self.bm25(kind)
        return bm25.weight * (bm25.k1 + 1) * self.idf(count)

    def _norm(self, b: float) -> dict[str, Floats]:
        """Return for each field its weight divided by the length normalization, for every document."""
        found = self._norms.get(b)
        if found is None:
            found = {}
            for text_field, weight in self.fields.items():
                lengths, average = self.snapshot.lengths(text_field)
                found[text_field] = (weight / (1 - b + (b / average) * lengths)).astype(np.float32)
            self._norms[b] = found
        return found

    def _score(self, kind: str, term: str) -> Matches:
        postings = phrase_postings(self.snapshot, term) if kind == "phrase" else self.snapshot.postings(kind, term)
        documents = postings.documents
        if not len(documents):
            return NO_MATCHES
        bm25 = self.bm25(kind)
        norms = self._norm(bm25.b)
        tf = None
        if "body" in self.fields:
            tf = postings.bodies * norms["body"][documents]
        if "title" in self.fields:
            if tf is None:
                tf = np.zeros(len(documents), np.float32)
            at = np.flatnonzero(postings.titles)
            tf[at] += postings.titles[at] * norms["title"][documents[at]]
        assert tf is not None
        if len(self.fields) == 1:
            held = np.flatnonzero(tf)
            documents, tf = documents[held], tf[held]
        if not len(documents):
            return NO_MATCHES
        saturations = tf / (tf + np.float32(bm25.k1))
        saturations *= np.float32(self.worth(kind, len(documents)))
        if len(documents) * _DENSE > self.snapshot.size:
            row = np.zeros(self.width, np.float32)
            row[documents] = saturations
            return Matches(None, row, len(documents))
        return Matches(documents.astype(np.intp), saturations, len(documents))


def _size_bytes(matches: Matches) -> int:
    documents = 0 if matches.documents is None else matches.documents.nbytes
    return documents + matches.scores.nbytes + _OVERHEAD_BYTES


def phrase_postings(snapshot: Snapshot, term: str) -> Postings:
    """Return the documents that hold all the pairs of some syllables, and how often the rarest of them in each field.

    For two syllables that is the phrase itself. For more it is near enough to score an abbreviation by its full form.
    """
    syllables = term.split(" ")
    if len(syllables) == 1:
        return snapshot.postings("syllable", term)
    found = [snapshot.postings("pair", f"{a} {b}") for a, b in pairwise(syllables)]
    first, *others = sorted(found, key=lambda postings: len(postings.documents))
    documents, titles, bodies = first.documents, first.titles, first.bodies
    for other in others:
        if not len(documents):
            break
        at = np.minimum(np.searchsorted(other.documents, documents), len(other.documents) - 1)
        titles = np.minimum(titles, other.titles[at])
        bodies = np.minimum(bodies, other.bodies[at])
        both = (other.documents[at] == documents) & ((titles > 0) | (bodies > 0))
        documents, titles, bodies = documents[both], titles[both], bodies[both]
    return Postings(documents, titles, bodies)
