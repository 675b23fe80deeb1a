"""Terms x documents -> scores: BM25F (Robertson and Zaragoza 2009) over arrays.

A term's frequency in a document is the weighted sum over the fields searched, each divided by its own length
normalization: ``tf = sum(weight * tf_field / (1 - b + b * length / average))``, and ``weight * opening`` more where the body
opens with the term: what stands first says what the report is about, however long it is. A term scores
``idf * (k1 + 1) * tf / (k1 + tf)``, with ``idf = ln(1 + (N - df + 0.5) / (df + 0.5))`` and *df* the documents that hold the
term in any of the fields. One saturation for all fields: a word in the title and in the body counts for more, not for two
words.

A ``Scorer`` does this for one commit and one weighing of fields: all terms of a query in one go over their joined posting
lists. The scores of a term do not depend on the query. Those of terms that a good part of the documents hold are made into
rows of all documents, which are added several times as fast, and kept: they are few, and most of the work.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vnsearch.concurrency import cached_property
from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.index.snapshot import Postings, Runs, Snapshot, run_size
from vnsearch.search.kept import Asked, Kept, MostUsed
from vnsearch.search.long_lists import Levels, LongMatches, saturations
from vnsearch.search.matches import NO_MATCHES, Bits, Documents, Floats, Matches, TermKey, bits_of, held
from vnsearch.search.parameters import BM25, PARAMETERS, Parameters
from vnsearch.text.memo import make_room

__all__ = ["LANES", "Scorer", "rarity"]

# Memory for what is kept between queries; for short lists and bits so much and so many bytes for each document.
_SHORT_BYTES_LEAST = 2 << 20
_SHORT_BYTES_PER_DOCUMENT = 704
_SHORT_BYTES = 28 << 20
_SHORT_BYTES_BEYOND = 20 << 20
_MADE_BYTES = 3 << 20
_BITS_BYTES = 4 << 20
_BITS_BYTES_PER_DOCUMENT = 32
# Rows of all the long lists of an index up to this size; where few would fit, room for short lists brings more.
_ROW_BYTES = 44 << 20
_ROWS_FIT = 1 << 16
_ROW_BYTES_BEYOND = 8 << 20
# What is taken for an entry besides its scores, and how many long lists are remembered.
_ENTRY_BYTES = 600
_LONG_KEPT = 2048
# Terms remembered that were asked for, and not kept.
_ASKED_KEPT = 1 << 13
# A posting list is long when this part of the documents is in it.
_LONG = 8
#: A shorter list is never long: it is scored as fast as it could be pruned.
_LONG_LEAST = 1024

_KINDS = ("syllable", "pair", "word", "value", "phrase")

# Accumulators kept, of each sort.
_ROWS_KEPT = 2

#: Blocks that the accumulators are cut into when the best documents are looked for.
LANES = 64


def rarity(count: int, df: int) -> float:
    """Return the inverse document frequency of a term that ``df`` of ``count`` reports hold."""
    return math.log(1 + (count - df + 0.5) / (df + 0.5))


class _Short(NamedTuple):
    """A short list: where it lies, and the score of the term in each of its documents."""

    runs: Runs
    scores: Floats


class Scorer:
    """Scores terms in one commit, with these weights of fields. Safe for many threads.

    The score of a term in a document is its worth, ``weight * (k1 + 1) * idf``, times its saturation, ``tf / (k1 + tf)``.
    Neither changes with the query. Scores of short lists are kept; for long ones *levels*, from 1 to 65,535 for saturations of
    0 to 1.
    """

    def __init__(self, snapshot: Snapshot, fields: Mapping[str, float], parameters: Parameters = PARAMETERS) -> None:
        self.snapshot = snapshot
        self.fields = dict(fields)
        self.parameters = parameters
        #: The length of a row: the size of the index, filled up to whole lanes.
        self.width = -(-max(snapshot.size, 1) // LANES) * LANES
        # A single field has lists of its own, shorter than those that are kept for both: they are read whole.
        self._long_size = max(snapshot.size // _LONG, _LONG_LEAST) if len(fields) == len(TEXT_FIELDS) else snapshot.size
        #: Whether all documents in the lists count: they are alive, and both fields are searched.
        self.is_whole = len(fields) == len(TEXT_FIELDS) and not snapshot.has_deletions
        self._opening = np.float32(fields.get("body", 0.0) * parameters.opening)
        self._norms_kept: dict[str, Floats] | None = None
        self._made: Kept[Matches] = Kept(_MADE_BYTES)
        #: Whether there is room for rows of all the long lists.
        self.rows_fit = snapshot.size <= _ROWS_FIT
        most = _SHORT_BYTES if self.rows_fit else _SHORT_BYTES_BEYOND
        self._short: Kept[_Short] = Kept(min(most, _SHORT_BYTES_LEAST + _SHORT_BYTES_PER_DOCUMENT * snapshot.size))
        self._asked = Asked(_ASKED_KEPT)
        self._long: dict[TermKey, LongMatches] = {}
        self.rows_kept: MostUsed[Levels] = MostUsed(_ROW_BYTES if self.rows_fit else _ROW_BYTES_BEYOND)
        self.bits_kept: Kept[Bits] = Kept(_BITS_BYTES + _BITS_BYTES_PER_DOCUMENT * snapshot.size)
        self._rows: list[Floats] = []
        self._clean_rows: list[Floats] = []

    # -- rows of all documents, used again

    def row(self) -> Floats:
        """Return a row of zeros. Give it back with ``give_back`` when it is no longer needed."""
        try:
            return self._clean_rows.pop()
        except IndexError:
            pass
        try:
            row = self._rows.pop()
        except IndexError:
            return np.zeros(self.width, np.float32)
        row.fill(0.0)
        return row

    def give_back(self, row: Floats, *, clean: bool = False) -> None:
        """Take a row for the next user; a clean one is all zeros again."""
        rows = self._clean_rows if clean else self._rows
        if len(rows) < _ROWS_KEPT:
            rows.append(row)

    def bits(self, mask: npt.NDArray[np.bool_]) -> Bits:
        """Return a mask of the documents as the bits of bytes, filled up to a row."""
        wide = np.zeros(self.width, np.bool_)
        wide[: len(mask)] = mask
        return bits_of(wide)

    @cached_property
    def live_bits(self) -> Bits:
        """Which documents are alive, as bits."""
        return self.bits(self.snapshot.live)

    # -- terms

    def bm25(self, kind: str) -> BM25:
        """Return the parameters for a kind of terms."""
        return self.parameters.pair if kind == "pair" else self.parameters.syllable

    @cached_property
    def _most(self) -> dict[str, float]:
        """For each kind what a term scores at most, its idf aside."""
        return {kind: self.bm25(kind).weight * (self.bm25(kind).k1 + 1) for kind in _KINDS}

    @cached_property
    def _k1(self) -> dict[str, float]:
        return {kind: self.bm25(kind).k1 for kind in _KINDS}

    def idf(self, count: int) -> float:
        """Return the inverse document frequency of a term that so many reports hold."""
        return rarity(self.snapshot.count, count)

    def worth(self, kind: str, count: int) -> float:
        """Return the most that a term which so many reports hold can score."""
        return self._most[kind] * self.idf(count)

    def known_count(self, key: TermKey) -> int | None:
        """Return how many documents hold a term, if it was scored lately and all in its list count."""
        if (long := self._long.get(key)) is not None:
            return long.count
        short = self._short.get(key) if self.is_whole else None
        return None if short is None else run_size(short.runs)

    def term(self, kind: str, term: str) -> Matches | LongMatches:
        """Return the documents that hold one term; see ``terms``."""
        return self.terms([(kind, term)])[kind, term]

    def terms(self, wanted: Iterable[TermKey]) -> dict[TermKey, Matches | LongMatches]:
        """Return the documents that hold each term in any of the fields, with its BM25F score there, times its kind's weight.

        A term is (kind, text); the kind is "syllable", "pair", "word", "value", or "phrase": the documents that hold all the
        pairs of several syllables. Short posting lists are scored in one go, long ones when they are needed.
        """
        found: dict[TermKey, Matches | LongMatches] = {}
        known: list[tuple[TermKey, _Short]] = []
        missing: list[TermKey] = []
        for key in wanted:
            if (entry := self._short.get(key)) is not None:
                known.append((key, entry))
            elif (long := self._long.get(key)) is not None:
                found[key] = long
            elif key[0] == "phrase":
                found[key] = self.made(key, partial(self._score_phrase, key[1]))
            else:
                missing.append(key)
        new: list[tuple[TermKey, Runs]] = []
        if missing:
            for key, runs in zip(missing, self.snapshot.find(missing), strict=True):
                size = run_size(runs)
                if size > self._long_size:
                    make_room(self._long, _LONG_KEPT)
                    found[key] = self._long[key] = LongMatches(self, key, runs)
                elif size:
                    new.append((key, runs))
                else:
                    found[key] = NO_MATCHES
        if new or known:
            self._score(new, known, found)
        return found

    def _score(
        self,
        new: Sequence[tuple[TermKey, Runs]],
        known: Sequence[tuple[TermKey, _Short]],
        found: dict[TermKey, Matches | LongMatches],
    ) -> None:
        """Score short lists, one after the other in the same arrays: new ones, and ones whose scores are kept."""
        documents, sizes = self.snapshot.documents([*(runs for _, runs in new), *(entry.runs for _, entry in known)])
        parts = [entry.scores for _, entry in known]
        if new:
            parts.insert(0, self._fresh(new, documents, sizes[: len(new)]))
        scores = np.concatenate(parts) if len(parts) > 1 else parts[0]
        if not self.is_whole:
            kept = held(scores)
            documents, scores = documents[kept], scores[kept]
            sizes = np.diff(np.searchsorted(kept, np.cumsum(sizes)), prepend=0).tolist()
        start = 0
        for (key, _), size in zip(chain(new, known), sizes, strict=True):
            end = start + size
            found[key] = Matches(documents[start:end], scores[start:end], size) if size else NO_MATCHES
            start = end

    def _fresh(self, new: Sequence[tuple[TermKey, Runs]], documents: Documents, sizes: Sequence[int]) -> Floats:
        """Return the scores of some lists, of which ``documents`` begin with the documents; 0 for those that do not count."""
        documents = documents[: sum(sizes)]
        postings = self.snapshot.read([runs for _, runs in new], documents)
        k1 = np.array([self._k1[kind] for (kind, _), _ in new], np.float32)
        scores = saturations(self.tf(postings), k1.repeat(sizes))
        starts = [0, *accumulate(sizes[:-1])]
        counts = sizes
        if not self.is_whole:
            if self.snapshot.has_deletions:
                scores *= self.snapshot.live[documents]
            counts = np.add.reduceat(scores > 0, starts, dtype=np.intp).tolist()
        worths = [self.worth(kind, count) for ((kind, _), _), count in zip(new, counts, strict=True)]
        scores *= np.array(worths, np.float32).repeat(sizes)
        for (key, runs), start, size in zip(new, starts, sizes, strict=True):
            # Pairs and values are many, and most are not asked for again.
            if key[0] == "syllable" or self._asked.again(key):
                kept = _Short(runs, scores[start : start + size].copy())
                self._short.keep(key, kept, _ENTRY_BYTES + 4 * (size + len(key[1])))
        return scores

    def made(self, key: Hashable, make: Callable[[], Matches]) -> Matches:
        """Return matches that are dear to make, by a key that says all that they depend on; made if they are not kept."""
        kept = self._made.get(key)
        if kept is None:
            found = make()
            kept = self._made.keep(key, found, _ENTRY_BYTES + 12 * found.count)
        return kept

    def _score_phrase(self, phrase: str) -> Matches:
        postings = self.snapshot.phrase(phrase)
        size = len(postings.documents)
        scores = saturations(self.tf(postings), np.float32(self.bm25("phrase").k1))
        scores *= np.float32(self.worth("phrase", size))
        kept = held(scores)
        return Matches(postings.documents[kept], scores[kept], len(kept)) if len(kept) else NO_MATCHES

    def tf(self, postings: Postings) -> Floats:
        """Return the frequencies of both fields together, each divided by its length normalization, and the openings."""
        norms = self._norms()
        documents = postings.documents
        if "body" in self.fields:
            tf = norms["body"][documents]
            tf *= postings.bodies
            tf += np.multiply(postings.openings, self._opening, dtype=np.float32)
        else:
            tf = np.zeros(len(documents), np.float32)
        if "title" in self.fields:
            titled = postings.titled
            tf[titled] += postings.titles * norms["title"][documents[titled]]
        return tf

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
