"""A posting list as Whoosh walks through it: decoded once, as a whole."""

from __future__ import annotations

import math
from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from whoosh.matching.mcore import LeafMatcher, ReadTooFar
from whoosh.scoring import BaseScorer
from whoosh.system import pack_uint

from vnsearch.concurrency import cached_property

__all__ = ["ArrayScorer", "ListMatcher", "PostingList"]

# Postings that are skipped together, when none of them can make it to the top.
_BLOCK = 128
# Past the last document: Whoosh's AndNotMatcher asks a matcher that is at its end for its document.
_END = 1 << 62


class ArrayScorer(BaseScorer):  # type: ignore[misc]  # Whoosh has no types
    """A scorer that scores a whole list at once."""

    @abstractmethod
    def scores(self, postings: PostingList) -> npt.NDArray[np.float64]:
        """Return the score of each posting of a list of the segment."""

    def supports_block_quality(self) -> bool:
        """Return True: the scores themselves are the bounds."""
        return True


class PostingList:
    """The postings of a term in a field, ascending, and what is worth knowing of each block of them.

    ``openings`` has a 1 for each document whose body opens with the term, else a 0. ``positions`` tells where the term stands in a
    document, ``lengths`` how long the field is in every document.
    """

    def __init__(
        self,
        documents: npt.NDArray[np.integer],
        frequencies: npt.NDArray[np.float32],
        openings: npt.NDArray[np.uint8],
        lengths: npt.NDArray[np.integer],
        positions: Callable[[int], list[int]],
    ) -> None:
        self.documents = documents
        self.frequencies = frequencies
        self.openings = openings
        self.positions = positions
        self._lengths = lengths
        self.size = len(documents)
        self.ids: list[int] = [*documents.tolist(), _END]

    @cached_property
    def weights(self) -> list[float]:
        """How often each document holds the term."""
        weights: list[float] = self.frequencies.tolist()
        return weights

    @cached_property
    def starts(self) -> npt.NDArray[np.int64]:
        """Where each block begins."""
        return np.arange(0, self.size, _BLOCK)

    @cached_property
    def max_weights(self) -> list[float]:
        """The largest frequency in each block."""
        return np.maximum.reduceat(self.frequencies, self.starts).tolist() if self.size else [0.0]

    @cached_property
    def length_bounds(self) -> tuple[list[int], list[int]]:
        """The smallest and the largest length of the field in each block."""
        if not self.size:
            return [0], [0]
        lengths = self._lengths[self.documents]
        return np.minimum.reduceat(lengths, self.starts).tolist(), np.maximum.reduceat(lengths, self.starts).tolist()


class ListMatcher(LeafMatcher):  # type: ignore[misc]  # Whoosh has no types
    """Walks through a posting list.

    The quality of a block is what any posting from it *on* can score. Whoosh adds up the qualities of blocks that end at
    different documents and skips by the sum, which is right for bounds of the rest of a list only.
    """

    def __init__(
        self, postings: PostingList, term: tuple[str, bytes], format_: Any, scorer: BaseScorer | None, at: int = 0
    ) -> None:
        self._list = postings
        self._ids = postings.ids
        self._size = postings.size
        self._at = at
        self._term = term
        self.format = format_
        self.scorer = scorer

    # -- moving

    def is_active(self) -> bool:
        """Tell whether there is a current posting."""
        return self._at < self._size

    def reset(self) -> None:
        """Go back to the first posting."""
        self._at = 0

    def copy(self) -> ListMatcher:
        """Return another matcher at the same place."""
        return ListMatcher(self._list, self._term, self.format, self.scorer, self._at)

    def id(self) -> int:
        """Return the current document; a very large number at the end."""
        return self._ids[self._at]

    def all_ids(self) -> Iterator[int]:
        """Return all documents from the current one on."""
        return iter(self._ids[self._at : self._size])

    def next(self) -> bool:
        """Go to the next posting; return whether it is in another block."""
        if self._at >= self._size:
            raise ReadTooFar
        self._at += 1
        return self._at % _BLOCK == 0

    def skip_to(self, id: int) -> bool:
        """Go to the first posting of this document or a later one; return whether it is in another block."""
        at = self._at
        if at >= self._size:
            raise ReadTooFar
        if id <= self._ids[at]:
            return False
        self._at = bisect_left(self._ids, id, at, self._size)
        return self._at // _BLOCK != at // _BLOCK

    # -- the current posting

    def weight(self) -> float:
        """Return how often the document holds the term."""
        return self._list.weights[self._at]

    def positions(self) -> list[int]:
        """Return where in the field the term stands."""
        return self._list.positions(self.id())

    def value(self) -> bytes:
        """Return the posting as the field's format encodes it."""
        if self.supports("positions"):
            encoded: bytes = self.format.encode(self.positions())
            return encoded
        return bytes(pack_uint(int(self.weight()))) if self.format.fixed_value_size() else b""

    def value_as(self, astype: str) -> Any:
        """Return the posting as "frequency", "weight", "positions" or whatever else the field's format can give.

        "opening" is 1 where the body of the document opens with the term, else 0: this, Whoosh's wrappers pass on.
        """
        if astype == "opening":
            return int(self._list.openings[self._at])
        if astype == "frequency":
            return int(self.weight())
        if astype == "positions" and self.supports("positions"):
            return self.positions()
        return super().value_as(astype)

    def all_items(self) -> Iterator[tuple[int, bytes]]:
        """Yield (document, encoded value) from the current posting on."""
        return ((each.id(), each.value()) for each in self._rest())

    def items_as(self, astype: str) -> Iterator[tuple[int, Any]]:
        """Yield (document, value of this type) from the current posting on."""
        return ((each.id(), each.value_as(astype)) for each in self._rest())

    def _rest(self) -> Iterator[ListMatcher]:
        each = self.copy()
        while each.is_active():
            yield each
            each.next()

    # -- scores and their bounds

    @cached_property
    def _scores(self) -> list[float]:
        assert isinstance(self.scorer, ArrayScorer)
        scores: list[float] = self.scorer.scores(self._list).tolist()
        return scores

    def score(self) -> float:
        """Return the score of the current posting."""
        if isinstance(self.scorer, ArrayScorer):
            return self._scores[self._at]
        return float(super().score())

    def _block(self) -> int:
        return min(self._at, max(self._size - 1, 0)) // _BLOCK

    def block_max_weight(self) -> float:
        """Return the largest frequency in the current block."""
        return self._list.max_weights[self._block()]

    def block_min_length(self) -> int:
        """Return the smallest length of the field in the current block."""
        return self._list.length_bounds[0][self._block()]

    def block_max_length(self) -> int:
        """Return the largest length of the field in the current block."""
        return self._list.length_bounds[1][self._block()]

    def block_min_id(self) -> int:
        """Return the first document of the current block."""
        return self._ids[self._block() * _BLOCK]

    def block_max_id(self) -> int:
        """Return the last document of the current block."""
        return self._ids[min((self._block() + 1) * _BLOCK, max(self._size, 1)) - 1]

    @cached_property
    def _qualities(self) -> tuple[list[float], list[float]]:
        """What the postings of each block can score at most, and those from each block on."""
        starts = self._list.starts
        if not self._size:
            return [0.0], [0.0]
        scorer = self.scorer
        assert scorer is not None
        if isinstance(scorer, ArrayScorer):
            blocks = np.maximum.reduceat(np.array(self._scores), starts)
        else:
            there = self.copy()
            blocks = np.empty(len(starts))
            for block, there._at in enumerate(starts.tolist()):
                blocks[block] = scorer.block_quality(there)
        return blocks.tolist(), np.maximum.accumulate(blocks[::-1])[::-1].tolist()

    def block_quality(self) -> float:
        """Return what the postings of the current block, and of those after it, can score at most."""
        return self._qualities[1][self._block()]

    def max_quality(self) -> float:
        """Return infinity: by a smaller bound Whoosh replaces unions by its AndMaybeMatcher, which leaves scores out.

        (Its ``skip_to`` leaves the optional side behind the other. Stock Whoosh loses hits by that, too.)
        """
        return math.inf

    def skip_to_quality(self, minquality: float) -> int:
        """Go to the first posting of the next block that can score more; return how many blocks were skipped."""
        if not self.is_active():
            return 0
        blocks = self._qualities[0]
        first = block = self._block()
        while block < len(blocks) and blocks[block] <= minquality:
            block += 1
        if block > first:
            self._at = min(block * _BLOCK, self._size)
        return block - first
