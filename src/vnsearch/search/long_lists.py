"""Long posting lists: of terms that a good part of the documents hold. They are few, and would be most of the work."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vnsearch.index.snapshot import Postings, Runs, run_size
from vnsearch.search.kept import MostUsed
from vnsearch.search.matches import Bits, Documents, Floats, Matches, TermKey, bits_of, count_bits

if TYPE_CHECKING:
    from vnsearch.search.scoring import Scorer

__all__ = ["LEVEL_MAX", "Levels", "LongMatches", "saturations"]

Levels = npt.NDArray[np.uint16]

#: The level of a saturation of 1.
LEVEL_MAX = 65_535
# Documents are looked up among the postings if there are so many times fewer of them.
_FEW = 8


def saturations(tf: Floats, k1: Floats | np.float32) -> Floats:
    """Return ``tf / (tf + k1)``."""
    found = tf + k1
    np.divide(tf, found, out=found)
    return np.asarray(found)


class LongMatches:
    """The matches of a term that many documents hold, scored only where, and when, it is needed.

    It can do what ``Matches`` can. Scores are ``worth`` times a level, a whole number from 1 to 65,535 over 65,535; none is above
    ``bound``. ``count`` documents match. What takes memory is kept by the scorer, within bounds: for the terms used most the
    row of all documents' levels, for those used lately the bits that say which documents match. Without a row, the levels of a
    few documents are worked out from their postings.
    """

    def __init__(self, scorer: Scorer, key: TermKey, runs: Runs) -> None:
        self._scorer = weakref.proxy(scorer)  # the scorer keeps the list
        self._key = key
        self._runs = runs
        self._uses = 0
        self.count = run_size(runs)
        if scorer.snapshot.has_deletions:
            self.count = count_bits(self.bits() & scorer.live_bits)
        self.worth = self.bound = scorer.worth(key[0], self.count)

    def levels(self) -> Levels:
        """Return the level of every document, 0 where it does not match."""
        row = self._kept_row()
        return self._make_row() if row is None else row

    def lookup(self) -> Callable[[Documents], Levels]:
        """Return what gives the levels of some living documents, ascending: for one query, which asks several times."""
        row = self._kept_row()
        return self._levels_of if row is None else row.take

    def bits(self) -> Bits:
        """Return which documents match, as the bits of bytes; deleted ones may be among them."""
        kept: Bits | None = self._scorer.bits_kept.get(self._key)
        if kept is not None:
            return kept
        mask = np.zeros(self._scorer.width, np.bool_)
        mask[self._scorer.snapshot.documents([self._runs])[0]] = True
        bits = bits_of(mask)
        made: Bits = self._scorer.bits_kept.keep(self._key, bits, bits.nbytes)
        return made

    def _kept_row(self) -> Levels | None:
        """Return the row, if it is kept; make it, if by now the term is one of those used most."""
        rows: MostUsed[Levels] = self._scorer.rows_kept
        self._uses += 1
        row = rows.get(self._key)
        if row is None and rows.has_room(self._uses, 2 * self._scorer.width):
            row = self._make_row()
            rows.keep(self._key, row, row.nbytes, self._uses)
        return row

    def _make_row(self) -> Levels:
        snapshot = self._scorer.snapshot
        postings = snapshot.read([self._runs])
        row = np.zeros(self._scorer.width, np.uint16)
        row[postings.documents] = self._levels(postings)
        if snapshot.has_deletions:
            row[: snapshot.size] *= snapshot.live
        self.bound = self.worth * int(row.max()) / LEVEL_MAX
        return row

    def _levels_of(self, documents: Documents) -> Levels:
        if len(documents) * _FEW >= self.count:
            return self._make_row().take(documents)
        postings, places = self._scorer.snapshot.read_at(self._runs, documents)
        levels = np.zeros(len(documents), np.uint16)
        levels[places] = self._levels(postings)
        return levels

    def _levels(self, postings: Postings) -> Levels:
        scorer = self._scorer
        levels = saturations(scorer.tf(postings), np.float32(scorer.bm25(self._key[0]).k1))
        levels *= np.float32(LEVEL_MAX)
        np.maximum(np.rint(levels, out=levels), 1, out=levels)
        return levels.astype(np.uint16)

    def add_to(self, totals: Floats, weight: float = 1.0) -> None:
        """Add the scores, times a weight, to a row of all documents."""
        totals += self._scores(self.levels(), weight)

    def raise_to(self, totals: Floats, weight: float = 1.0) -> None:
        """Raise a row of all documents to the scores, times a weight, where they are higher."""
        np.maximum(totals, self._scores(self.levels(), weight), out=totals)

    def at(self, documents: Documents, weight: float = 1.0) -> Floats:
        """Return the scores of some documents, ascending, times a weight; 0 for those that do not match."""
        return self._scores(self.lookup()(documents), weight)

    def sparse(self, weight: float = 1.0) -> tuple[Documents, Floats]:
        """Return the documents that match, ascending, and their scores, times a weight."""
        snapshot = self._scorer.snapshot
        documents, _ = snapshot.documents([self._runs])
        if snapshot.has_deletions:
            documents = documents[snapshot.live[documents]]
        return documents, self.at(documents, weight)

    def times(self, weight: float) -> Matches:
        """Return the same with all scores multiplied."""
        return Matches(None, self._scores(self.levels(), weight), self.count)

    def _scores(self, levels: Levels, weight: float) -> Floats:
        return np.asarray(levels * np.float32(self.worth * weight / LEVEL_MAX))
