"""Long posting lists: of terms that a good part of the documents hold. They are few, and would be most of the work."""

from __future__ import annotations

import weakref
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vnsearch.index.snapshot import Runs, run_size
from vnsearch.search.matches import Bits, Documents, Floats, Matches, TermKey, bits_of, count_bits

if TYPE_CHECKING:
    from vnsearch.search.scoring import Scorer

__all__ = ["LongMatches", "saturations"]

Levels = npt.NDArray[np.uint16]

LEVEL_MAX = 65_535
# Documents are looked up one by one if there are so many times fewer of them than postings.
_FEW = 20


def saturations(tf: Floats, k1: Floats | np.float32) -> Floats:
    """Return ``tf / (tf + k1)``."""
    found = tf + k1
    np.divide(tf, found, out=found)
    return np.asarray(found)


class LongMatches:
    """The matches of a term that many documents hold, scored only where, and when, it is needed.

    It can do what ``Matches`` can. Scores are ``bound`` times a level, a whole number from 1 to 65,535 over 65,535. The level of
    each posting is kept; it takes an eighth to a third of the row of all documents that is made of it. ``count`` documents match.
    """

    def __init__(self, scorer: Scorer, key: TermKey, runs: Runs) -> None:
        self._scorer = weakref.proxy(scorer)  # the scorer keeps the list
        self._key = key
        self._runs = runs
        self.count = run_size(runs)
        if scorer.snapshot.has_deletions:
            self.count = count_bits(self.bits & scorer.live_bits)
        self.bound = scorer.worth(key[0], self.count)

    @property
    def is_kept(self) -> bool:
        """Tell whether the row of all documents is there already."""
        return self._scorer.rows_kept.get(self._key) is not None

    @cached_property
    def _posting_levels(self) -> Levels:
        scorer = self._scorer
        levels = saturations(scorer.tf(scorer.snapshot.read([self._runs])), np.float32(scorer.bm25(self._key[0]).k1))
        levels *= np.float32(LEVEL_MAX)
        np.maximum(np.rint(levels, out=levels), 1, out=levels)
        return levels.astype(np.uint16)

    def levels(self) -> Levels:
        """Return the level of every document, 0 where it does not match."""
        kept: Levels | None = self._scorer.rows_kept.get(self._key)
        if kept is not None:
            return kept
        snapshot = self._scorer.snapshot
        row = np.zeros(self._scorer.width, np.uint16)
        row[snapshot.documents([self._runs])[0]] = self._posting_levels
        if snapshot.has_deletions:
            row[: snapshot.size] *= snapshot.live
        made: Levels = self._scorer.rows_kept.keep(self._key, row, row.nbytes)
        return made

    def levels_at(self, documents: Documents) -> Levels:
        """Return the levels of some living documents, ascending."""
        kept: Levels | None = self._scorer.rows_kept.get(self._key)
        if kept is not None:
            return kept[documents]
        if len(documents) * _FEW > self.count:
            return self.levels()[documents]
        found, places = self._scorer.snapshot.places_of(self._runs, documents)
        levels = np.zeros(len(documents), np.uint16)
        levels[places] = self._posting_levels[found]
        return levels

    @cached_property
    def bits(self) -> Bits:
        """Which documents match, as the bits of bytes; deleted ones may be among them."""
        mask = np.zeros(self._scorer.width, np.bool_)
        mask[self._scorer.snapshot.documents([self._runs])[0]] = True
        return bits_of(mask)

    def add_to(self, totals: Floats, weight: float = 1.0) -> None:
        """Add the scores, times a weight, to a row of all documents."""
        totals += self._scores(weight)

    def raise_to(self, totals: Floats, weight: float = 1.0) -> None:
        """Raise a row of all documents to the scores, times a weight, where they are higher."""
        np.maximum(totals, self._scores(weight), out=totals)

    def at(self, documents: Documents, weight: float = 1.0) -> Floats:
        """Return the scores of some documents, ascending, times a weight; 0 for those that do not match."""
        return np.asarray(self.levels_at(documents) * np.float32(self.bound * weight / LEVEL_MAX))

    def sparse(self) -> tuple[Documents, Floats]:
        """Return the documents that match, ascending, and their scores."""
        return self.times(1.0).sparse()

    def times(self, weight: float) -> Matches:
        """Return the same with all scores multiplied."""
        return Matches(None, self._scores(weight), self.count)

    def _scores(self, weight: float) -> Floats:
        return np.asarray(self.levels() * np.float32(self.bound * weight / LEVEL_MAX))
