"""Documents and their scores: what every node of a query gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = [
    "LEVEL_MAX",
    "NO_MATCHES",
    "Bits",
    "Documents",
    "Floats",
    "Levels",
    "LongMatches",
    "Matches",
    "TermKey",
    "bits_of",
]

Documents = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float32]
Bits = npt.NDArray[np.uint8]
Levels = npt.NDArray[np.uint16]

#: A kind and a term.
TermKey = tuple[str, str]

LEVEL_MAX = 65_535


@dataclass(slots=True, eq=False)  # not frozen: a query makes many, and that would cost as much as scoring them
class Matches:
    """Documents that match something, and their scores, all above 0.

    Either ``documents`` ascend and ``scores`` go with them, or ``documents`` is None and ``scores`` is a row of all documents
    of the index, 0 where nothing matches. ``count`` is how many match.
    """

    documents: Documents | None
    scores: Floats
    count: int

    @property
    def is_kept(self) -> bool:
        """Tell that nothing is left to be scored."""
        return True

    def add_to(self, totals: Floats, weight: float = 1.0) -> None:
        """Add the scores, times a weight, to a row of all documents."""
        scores = self.scores if weight == 1.0 else self.scores * np.float32(weight)
        if self.documents is None:
            totals += scores
        else:
            np.add.at(totals, self.documents, scores)

    def raise_to(self, totals: Floats, weight: float = 1.0) -> None:
        """Raise a row of all documents to the scores, times a weight, where they are higher."""
        scores = self.scores if weight == 1.0 else self.scores * np.float32(weight)
        if self.documents is None:
            np.maximum(totals, scores, out=totals)
        else:
            totals[self.documents] = np.maximum(totals[self.documents], scores)

    def at(self, documents: Documents, weight: float = 1.0) -> Floats:
        """Return the scores of some documents, times a weight; 0 for those that do not match."""
        if self.documents is None:
            return np.asarray(self.scores[documents] * np.float32(weight))
        if not len(self.documents):
            return np.zeros(len(documents), np.float32)
        places = np.minimum(np.searchsorted(self.documents, documents), len(self.documents) - 1)
        scores: Floats = self.scores[places] * np.float32(weight)
        scores[self.documents[places] != documents] = 0
        return scores

    def sparse(self) -> tuple[Documents, Floats]:
        """Return the documents that match, ascending, and their scores."""
        if self.documents is not None:
            return self.documents, self.scores
        documents = np.flatnonzero(self.scores)
        return documents, self.scores[documents]

    def times(self, weight: float) -> Matches:
        """Return the same with all scores multiplied."""
        return self if weight == 1.0 else Matches(self.documents, self.scores * np.float32(weight), self.count)


def bits_of(mask: npt.NDArray[np.bool_]) -> Bits:
    """Return a mask of all documents as the bits of bytes."""
    return np.packbits(mask, bitorder="little")


_HAS_BITWISE_COUNT = hasattr(np, "bitwise_count")  # NumPy 2
_BIT_COUNTS = np.array([number.bit_count() for number in range(256)], np.uint8)


def count_bits(bits: npt.NDArray[np.uint8]) -> int:
    """Return how many bits are set."""
    counts = np.bitwise_count(bits) if _HAS_BITWISE_COUNT else _BIT_COUNTS[bits]
    return int(counts.sum(dtype=np.int64))


class LongMatches(ABC):
    """The matches of a term that many documents hold, scored only where, and when, it is needed.

    It can do what ``Matches`` can. Scores are ``bound`` times a level, a whole number from 1 to 65,535 over 65,535; so a row of
    them is half as large. ``count`` documents match.
    """

    count: int
    bound: float

    @property
    @abstractmethod
    def is_kept(self) -> bool:
        """Tell whether the row of all documents is there already."""

    @abstractmethod
    def levels(self) -> Levels:
        """Return the level of every document, 0 where it does not match."""

    @abstractmethod
    def levels_at(self, documents: Documents) -> Levels:
        """Return the levels of some documents, ascending."""

    @cached_property
    @abstractmethod
    def bits(self) -> Bits:
        """Which documents match, as the bits of bytes; deleted ones may be among them."""

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


NO_MATCHES = Matches(np.empty(0, np.intp), np.empty(0, np.float32), 0)
