"""pyvi's word list as numbers: which pairs of syllables are in it, and which begin a triple that is.

Only two places matter to the model: a pair of tokens side by side, and three in a row. Every syllable that the list has at a
first place gets a *left* number, every one that it has later gets a *right* number; 0 is for all the rest, so that nothing
unknown can match. A pair is then one small integer, and a table of two bits for each of them (5 MB) answers at once for
whole arrays: bit 0, the pair is an entry; bit 1, some entry of three syllables begins with it.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from vnsearch.concurrency import cached_property
from vnsearch.errors import SegmentationModelError

__all__ = ["PAIR", "PREFIX", "Lexicon"]

PAIR, PREFIX = 1, 2
# Of pairs, known or not: they fit 32 bits, and the table stays below 64 MB. pyvi's list makes 22 million.
_MOST_KEYS = 1 << 28


class Lexicon:
    """The entries of two and three syllables.

    Invariant: the key of a pair is ``left[first] + right[second]``, where ``left`` values are multiples of ``width`` and
    ``right`` values are below it; the key of a triple is ``key of its first two × width + right[third]``.
    """

    def __init__(self, pairs: Iterable[str], triples: Iterable[str]) -> None:
        # Cut all at once: a list for every entry would cost more than the rest of it.
        twos, threes = " ".join(pairs).split(), " ".join(triples).split()
        later = dict.fromkeys([*twos[1::2], *threes[1::3], *threes[2::3]])
        self.right: dict[str, int] = dict(zip(later, itertools.count(1), strict=False))
        self.width = len(self.right) + 1
        first = dict.fromkeys([*twos[0::2], *threes[0::3]])
        self.left: dict[str, int] = dict(zip(first, itertools.count(self.width, self.width), strict=False))
        if (len(self.left) + 1) * self.width > _MOST_KEYS:
            raise SegmentationModelError(
                "the word list of the installed pyvi is too large for us: pip install 'pyvi==0.1.1'"
            )
        left, right = self.left.__getitem__, self.right.__getitem__
        prefixes = list(map(operator.add, map(left, threes[0::3]), map(right, threes[1::3])))
        self.pairs: dict[int, int] = dict.fromkeys(
            map(operator.add, map(left, twos[0::2]), map(right, twos[1::2])), PAIR
        )
        for key in prefixes:
            self.pairs[key] = self.pairs.get(key, 0) | PREFIX
        self.triples = {key * self.width + third for key, third in zip(prefixes, map(right, threes[2::3]), strict=True)}

    @cached_property
    def table(self) -> npt.NDArray[np.uint8]:
        """Two bits for every key of a pair, four keys to a byte."""
        table = np.zeros((len(self.left) + 1) * self.width // 4 + 1, np.uint8)
        keys = np.fromiter(self.pairs.keys(), np.int64, len(self.pairs))
        bits = np.fromiter(self.pairs.values(), np.uint8, len(self.pairs))
        for place in range(4):  # keys of one place never share a byte
            here = keys % 4 == place
            table[keys[here] // 4] |= bits[here] << (2 * place)
        return table

    @cached_property
    def sorted_triples(self) -> npt.NDArray[np.int64]:
        """The keys of all triples, in order."""
        return np.sort(np.fromiter(self.triples, np.int64, len(self.triples)))

    def bits(self, keys: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
        """Return the two bits (``PAIR``, ``PREFIX``) of every key of a pair."""
        found: npt.NDArray[np.uint8] = (self.table[keys >> 2] >> ((keys & 3) << 1).astype(np.uint8)) & 3
        return found

    def has_triples(self, keys: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Tell for every key of a triple whether it is an entry."""
        known = self.sorted_triples
        if not len(known):
            return np.zeros(len(keys), np.bool_)
        found: npt.NDArray[np.bool_] = known[np.minimum(np.searchsorted(known, keys), len(known) - 1)] == keys
        return found
