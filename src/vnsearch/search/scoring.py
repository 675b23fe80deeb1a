"""Terms x documents -> scores: BM25F (Robertson and Zaragoza 2009) over arrays.

A term's frequency in a document is the weighted sum over the fields searched, each divided by its own length
normalization: ``tf = sum(weight * tf_field / (1 - b + b * length / average))``. A term scores
``idf * (k1 + 1) * tf / (k1 + tf)``, with ``idf = ln(1 + (N - df + 0.5) / (df + 0.5))`` and *df* the documents that hold the
term in any of the fields. One saturation for all fields: a word in the title and in the body counts for more, not for two
words.

A ``Scorer`` does this for one commit and one weighing of fields: all terms of a query in one go over their joined posting
lists. The scores of a term do not depend on the query. Those of terms that a good part of the documents hold are made into
rows of all documents, which are added several times as fast, and kept: they are few, and most of the work.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.index.snapshot import Postings, Runs, Snapshot, run_size
from vnsearch.search.matches import LEVEL_MAX, NO_MATCHES, Documents, Floats, Levels, LongMatches, Matches, bits_of
from vnsearch.search.parameters import BM25, PARAMETERS, Parameters

__all__ = ["LANES", "Scorer", "TermKey", "count_bits", "phrase_postings", "rarity"]

#: A kind and a term.
TermKey = tuple[str, str]

# Memory for rows kept between queries: this much, and so many bytes for each document.
_KEPT_BYTES = 32 << 20
_KEPT_BYTES_PER_DOCUMENT = 24
# A posting list is long when this part of the documents is in it.
_LONG = 8
#: A shorter list is never long: it is scored as fast as it could be pruned.
_LONG_LEAST = 1024
# Documents are looked up in a long list one by one if there are so many times fewer of them.
_FEW = 20

#: Blocks that the accumulators are cut into when the best documents are looked for.
LANES = 64


_BIT_COUNTS = np.array([number.bit_count() for number in range(256)], np.uint8)


def count_bits(bits: npt.NDArray[np.uint8]) -> int:
    """Return how many bits are set."""
    return int(_BIT_COUNTS[bits].sum(dtype=np.int64))


def rarity(count: int, df: int) -> float:
    """Return the inverse document frequency of a term that ``df`` of ``count`` reports hold."""
    return math.log(1 + (count - df + 0.5) / (df + 0.5))


class Scorer:
    """Scores terms in one commit, with these weights of fields. Safe for many threads."""

    def __init__(self, snapshot: Snapshot, fields: Mapping[str, float], parameters: Parameters = PARAMETERS) -> None:
        self.snapshot = snapshot
        self.fields = dict(fields)
        self.parameters = parameters
        #: The length of a row: the size of the index, filled up to whole lanes.
        self.width = -(-max(snapshot.size, 1) // LANES) * LANES
        self._norms_kept: dict[str, Floats] | None = None
        self._masks: OrderedDict[TermKey, npt.NDArray[np.uint8]] = OrderedDict()
        self._kept: OrderedDict[TermKey, Levels] = OrderedDict()
        # A single field has lists of its own, shorter than those that are kept for both: they are read whole.
        self._long = max(snapshot.size // _LONG, _LONG_LEAST) if len(fields) == len(TEXT_FIELDS) else snapshot.size
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

    def idf(self, count: int) -> float:
        """Return the inverse document frequency of a term that so many reports hold."""
        return rarity(self.snapshot.count, count)

    def worth(self, kind: str, count: int) -> float:
        """Return the most that a term which so many reports hold can score."""
        bm25 = self.bm25(kind)
        return bm25.weight * (bm25.k1 + 1) * self.idf(count)

    def term(self, kind: str, term: str) -> Matches | LongMatches:
        """Return the documents that hold one term; see ``terms``."""
        return self.terms([(kind, term)])[kind, term]

    def terms(self, wanted: Iterable[TermKey]) -> dict[TermKey, Matches | LongMatches]:
        """Return the documents that hold each term in any of the fields, with its BM25F score there, times its kind's weight.

        A term is (kind, text); the kind is "syllable", "pair", "word", "value", or "phrase": the documents that hold all the
        pairs of several syllables. Short posting lists are scored in one go, long ones when they are needed.
        """
        keys = list(wanted)
        phrases = [key for key in keys if key[0] == "phrase"]
        if phrases:
            keys = [key for key in keys if key[0] != "phrase"]
        found: dict[TermKey, Matches | LongMatches] = {}
        runs = self.snapshot.find(keys)
        short: list[TermKey] = []
        short_runs: list[Runs] = []
        for key, run in zip(keys, runs, strict=True):
            size = run_size(run)
            if size > self._long:
                found[key] = self._long_matches(key, run, size)
            elif size:
                short.append(key)
                short_runs.append(run)
            else:
                found[key] = NO_MATCHES
        postings, ends = self.snapshot.read(short_runs)
        for key in phrases:
            postings = postings.joined(phrase_postings(self.snapshot, key[1]))
            ends = [*ends, len(postings.documents)]
        found.update(self._score([*short, *phrases], postings, ends))
        return found

    def _long_matches(self, key: TermKey, run: Runs, size: int) -> LongMatches:
        if self.snapshot.has_deletions:
            live = self.snapshot.live_bits
            size = count_bits(self._bits(key, run) & live)
        return LongMatches(
            size,
            self.worth(key[0], size),
            lambda: self._levels(key, run),
            lambda documents: self._levels_at(key, run, documents),
            lambda: self._bits(key, run),
        )

    def _levels(self, key: TermKey, run: Runs) -> Levels:
        """Return the level of every document for a long list, 0 where it is not; they are kept."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        postings, _ = self.snapshot.read([run])
        levels = np.zeros(self.width, np.uint16)
        levels[postings.documents] = self._as_levels(key[0], self._tf(postings))
        with self._lock:
            if key not in self._kept:
                self._kept[key] = levels
                if len(self._kept) * levels.nbytes > self._limit:
                    self._kept.popitem(last=False)
        return levels

    def _levels_at(self, key: TermKey, run: Runs, documents: Documents) -> Levels:
        """Return the levels of some documents for a long list, without reading the whole of it."""
        if key in self._kept or len(documents) * _FEW > run_size(run):
            return self._levels(key, run)[documents]
        postings, places = self.snapshot.read_at(run, documents)
        levels = np.zeros(len(documents), np.uint16)
        levels[places] = self._as_levels(key[0], self._tf(postings))
        return levels

    def _as_levels(self, kind: str, tf: Floats) -> Levels:
        levels = tf / (tf + np.float32(self.bm25(kind).k1))
        levels *= np.float32(LEVEL_MAX)
        np.maximum(np.rint(levels, out=levels), 1, out=levels)
        return levels.astype(np.uint16)

    def _bits(self, key: TermKey, run: Runs) -> npt.NDArray[np.uint8]:
        """Return which documents a long list holds, as bits; they are kept."""
        found = self._masks.get(key)
        if found is None:
            mask = np.zeros(self.width, np.bool_)
            postings, _ = self.snapshot.read([run])
            mask[postings.documents] = True
            found = bits_of(mask)
            with self._lock:
                self._masks[key] = found
                if len(self._masks) * len(found) > self._limit // 8:
                    self._masks.popitem(last=False)
        return found

    def _tf(self, postings: Postings) -> Floats:
        """Return the frequencies of both fields together, each divided by its length normalization."""
        norms = self._norms()
        documents = postings.documents
        if "body" in self.fields:
            tf = norms["body"][documents]
            tf *= postings.bodies
        else:
            tf = np.zeros(len(documents), np.float32)
        if "title" in self.fields:
            titled = postings.titled
            tf[titled] += postings.titles * norms["title"][documents[titled]]
        return tf

    def _score(self, keys: Sequence[TermKey], postings: Postings, ends: Sequence[int]) -> dict[TermKey, Matches]:
        """Score terms whose postings follow each other; ``ends`` is where each stops."""
        documents = postings.documents
        tf = self._tf(postings)
        if len(self.fields) == 1:  # some hold a term in the other field only
            held = np.flatnonzero(tf)
            documents, tf = documents[held], tf[held]
            ends = np.searchsorted(held, ends).tolist()
        sizes = [end - start for start, end in pairwise((0, *ends))]
        parameters = [self.bm25(kind) for kind, _ in keys]
        scores = tf + np.repeat(np.array([bm25.k1 for bm25 in parameters], np.float32), sizes)
        np.divide(tf, scores, out=scores)
        scores *= np.repeat(
            np.array([self.worth(key[0], size) for key, size in zip(keys, sizes, strict=True)], np.float32), sizes
        )
        return {
            key: Matches(documents[start:end], scores[start:end], end - start) if end > start else NO_MATCHES
            for key, (start, end) in zip(keys, pairwise((0, *ends)), strict=True)
        }

    def _norms(self) -> dict[str, Floats]:
        """Return for each field its weight divided by the length normalization, for every document."""
        if self._norms_kept is None:
            found = {}
            b = self.parameters.syllable.b
            for text_field, weight in self.fields.items():
                lengths, average = self.snapshot.lengths(text_field)
                found[text_field] = (weight / (1 - b + (b / average) * lengths)).astype(np.float32)
            self._norms_kept = found
        return self._norms_kept


def phrase_postings(snapshot: Snapshot, term: str) -> Postings:
    """Return the documents that hold all the pairs of some syllables, and how often the rarest of them in each field.

    For two syllables that is the phrase itself. For more it is near enough to score an abbreviation by its full form.
    """
    syllables = term.split(" ")
    if len(syllables) == 1:
        return snapshot.postings("syllable", term)
    found = [snapshot.postings("pair", f"{a} {b}") for a, b in pairwise(syllables)]
    first, *others = sorted(found, key=lambda postings: len(postings.documents))
    documents, titles, bodies = first.documents, first.frequencies("title"), first.bodies
    for other in others:
        if not len(documents):
            break
        at = np.minimum(np.searchsorted(other.documents, documents), len(other.documents) - 1)
        titles = np.minimum(titles, other.frequencies("title")[at])
        bodies = np.minimum(bodies, other.bodies[at])
        both = (other.documents[at] == documents) & ((titles > 0) | (bodies > 0))
        documents, titles, bodies = documents[both], titles[both], bodies[both]
    titled = np.flatnonzero(titles)
    return Postings(documents, bodies, titled, titles[titled])
