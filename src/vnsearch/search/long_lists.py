"""Long posting lists: of terms that a good part of the documents hold. They are few, and would be most of the work."""

from __future__ import annotations

import weakref
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from vnsearch.index.snapshot import Runs
from vnsearch.search.matches import (
    LEVEL_MAX,
    Bits,
    Documents,
    Floats,
    Levels,
    LongMatches,
    TermKey,
    bits_of,
    count_bits,
)

if TYPE_CHECKING:
    from vnsearch.search.scoring import Scorer

__all__ = ["LongList", "saturations"]

# Documents are looked up one by one if there are so many times fewer of them than postings.
_FEW = 20


def saturations(tf: Floats, k1: Floats | np.float32) -> Floats:
    """Return ``tf / (tf + k1)``."""
    found = tf + k1
    np.divide(tf, found, out=found)
    return np.asarray(found)


class LongList(LongMatches):
    """A long posting list of one term.

    The level of each posting is kept; it takes an eighth to a third of the row of all documents that is made of it.
    """

    def __init__(self, scorer: Scorer, key: TermKey, runs: Runs) -> None:
        self._scorer = weakref.proxy(scorer)  # the scorer keeps the list
        self._key = key
        self._runs = runs
        self._sizes = [end - start for *_, start, end in runs]
        self.count = sum(self._sizes)
        if scorer.snapshot.has_deletions:
            self.count = count_bits(self.bits & scorer.snapshot.live_bits)
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
