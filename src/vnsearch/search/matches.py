"""Documents and their scores: what every node of a query gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "NO_MATCHES",
    "Bits",
    "Documents",
    "Floats",
    "Matches",
    "TermKey",
    "bits_of",
    "count_bits",
    "held",
]

Documents = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float32]
Bits = npt.NDArray[np.uint8]

#: A kind and a term.
TermKey = tuple[str, str]


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

    @property
    def bound(self) -> float:
        """The highest of the scores; 0 where nothing matches."""
        return float(self.scores.max(initial=0.0))

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
            np.maximum.at(totals, self.documents, scores)

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

    def sparse(self, weight: float = 1.0) -> tuple[Documents, Floats]:
        """Return the documents that match, ascending, and their scores, times a weight."""
        documents, scores = self.documents, self.scores
        if documents is None:
            documents = held(scores)
            scores = scores[documents]
        return documents, scores if weight == 1.0 else scores * np.float32(weight)

    def times(self, weight: float) -> Matches:
        """Return the same with all scores multiplied."""
        return self if weight == 1.0 else Matches(self.documents, self.scores * np.float32(weight), self.count)


def held(scores: Floats) -> Documents:
    """Return where scores are above 0; in a third of the time that ``np.flatnonzero`` takes for numbers."""
    return (scores > 0).nonzero()[0]


def bits_of(mask: npt.NDArray[np.bool_]) -> Bits:
    """Return a mask of all documents as the bits of bytes."""
    return np.packbits(mask, bitorder="little")


_HAS_BITWISE_COUNT = hasattr(np, "bitwise_count")  # NumPy 2
_BIT_COUNTS = np.array([number.bit_count() for number in range(256)], np.uint8)


def count_bits(bits: npt.NDArray[np.uint8]) -> int:
    """Return how many bits are set."""
    if _HAS_BITWISE_COUNT:
        return int(np.bitwise_count(bits if len(bits) % 8 else bits.view(np.uint64)).sum(dtype=np.int64))
    return int(_BIT_COUNTS[bits].sum(dtype=np.int64))


NO_MATCHES = Matches(np.empty(0, np.intp), np.empty(0, np.float32), 0)
