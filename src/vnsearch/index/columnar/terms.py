"""Sorted dictionaries of terms: a term's number is its place in the order of its UTF-8 bytes.

Terms lie one after the other as bytes. The first eight bytes of each, read as one big-endian number, are an array of their
own: one binary search over it finds many terms at once, and only terms that share those bytes are compared.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.container import Array, ArrayFile, ArrayFileWriter, narrow
from vnsearch.text.fold import group_key

__all__ = ["PairTerms", "Terms", "encode_term", "write_groups", "write_pairs", "write_terms"]

_HEAD_BYTES = 8
# Fewer pairs than this are faster found one by one.
_FEW = 20


def encode_term(term: str) -> bytes:
    """Return a term as it is kept. Lone surrogates survive."""
    return term.encode("utf-8", "surrogatepass")


def _heads(terms: Iterable[bytes]) -> Array:
    padded = b"".join([term[:_HEAD_BYTES].ljust(_HEAD_BYTES, b"\0") for term in terms])
    return np.frombuffer(padded, ">u8").astype(np.uint64)


def write_terms(file: ArrayFileWriter, name: str, terms: Sequence[bytes]) -> None:
    """Write a dictionary of different terms, sorted."""
    lengths = np.fromiter(map(len, terms), np.int64, len(terms))
    file.add(f"{name}.terms", np.frombuffer(b"".join(terms), np.uint8))
    file.add(f"{name}.term_starts", narrow(np.concatenate(([0], np.cumsum(lengths)))))
    file.add(f"{name}.term_heads", _heads(terms))


class Terms(Sequence[bytes]):
    """A dictionary, mapped. ``terms[i]`` is the term of number i."""

    def __init__(self, file: ArrayFile, name: str) -> None:
        self._data = file[f"{name}.terms"].data
        self._starts = file[f"{name}.term_starts"]
        self._heads = file[f"{name}.term_heads"]

    def __len__(self) -> int:
        return len(self._heads)

    def __getitem__(self, number: int) -> bytes:  # type: ignore[override]  # no slices
        if not 0 <= number < len(self._heads):
            raise IndexError(number)
        return bytes(self._data[self._starts[number] : self._starts[number + 1]])

    def __iter__(self) -> Iterator[bytes]:
        data = bytes(self._data)
        starts = self._starts.tolist()
        return (data[start:end] for start, end in pairwise(starts))

    def lower_bound(self, term: bytes) -> int:
        """Return the number of the first term that is not less."""
        low, high = self._same_head(term)
        return bisect_left(self, term, low, high)

    def _same_head(self, term: bytes) -> tuple[int, int]:
        (head,) = _heads([term])
        return int(np.searchsorted(self._heads, head, "left")), int(np.searchsorted(self._heads, head, "right"))

    def find(self, term: bytes) -> int:
        """Return the number of a term, or -1."""
        number = self.lower_bound(term)
        return number if number < len(self) and self[number] == term else -1

    def find_all(self, terms: Sequence[bytes]) -> list[int]:
        """Return the number of each term, or -1; one binary search for all of them."""
        if not terms:
            return []
        heads = _heads(terms)
        lows = np.searchsorted(self._heads, heads, "left").tolist()
        found = []
        size = len(self)
        for term, low in zip(terms, lows, strict=True):
            if low < size and self[low] == term:
                found.append(low)
            elif len(term) < _HEAD_BYTES:  # no longer term shares these bytes and zeros
                found.append(-1)
            else:
                found.append(self.find(term))
        return found

    def with_prefix(self, prefix: bytes) -> range:
        """Return the numbers of the terms that start so."""
        first = self.lower_bound(prefix)
        shortened = prefix.rstrip(b"\xff")
        if not shortened:
            return range(first, len(self))
        return range(first, self.lower_bound(shortened[:-1] + bytes([shortened[-1] + 1])))


def write_groups(file: ArrayFileWriter, syllables: Sequence[bytes]) -> None:
    """Write the folded groups of the syllables: a dictionary of keys, and for each the numbers of its spellings."""
    groups: dict[str, list[int]] = {}
    for number, syllable in enumerate(syllables):
        groups.setdefault(group_key(syllable.decode()), []).append(number)
    keys = sorted(groups)
    write_terms(file, "group", [encode_term(key) for key in keys])
    counts = np.fromiter((len(groups[key]) for key in keys), np.int64, len(keys))
    file.add("group.starts", narrow(np.concatenate(([0], np.cumsum(counts)))))
    file.add("group.members", narrow(np.fromiter(chain.from_iterable(groups[key] for key in keys), np.int64)))


def write_pairs(file: ArrayFileWriter, firsts: Array, seconds: Array, syllables: int) -> None:
    """Write the dictionary of pairs: the numbers of their two syllables, sorted; ``syllables`` is how many there are."""
    counts = np.bincount(firsts, minlength=syllables) if len(firsts) else np.zeros(syllables, np.int64)
    file.add("pair.first_starts", narrow(np.concatenate(([0], np.cumsum(counts)))))
    file.add("pair.seconds", narrow(seconds))


class PairTerms:
    """The dictionary of pairs, mapped. It holds numbers of syllables only; "a b" sorts as (a, b) does.

    The pairs that begin with syllable *a* have the numbers ``first_starts[a]`` to ``first_starts[a + 1]``, and ``seconds``
    ascend among them.
    """

    def __init__(self, file: ArrayFile) -> None:
        self.first_starts = file["pair.first_starts"]
        self.seconds = file["pair.seconds"]

    def __len__(self) -> int:
        return len(self.seconds)

    def followers(self, first: int) -> range:
        """Return the numbers of the pairs that begin with a syllable."""
        return range(int(self.first_starts[first]), int(self.first_starts[first + 1]))

    def find(self, first: int, second: int) -> int:
        """Return the number of a pair of syllables, or -1; a syllable of -1 is in no pair."""
        if first < 0 or second < 0:
            return -1
        start, end = int(self.first_starts[first]), int(self.first_starts[first + 1])
        at = start + int(self.seconds[start:end].searchsorted(second))
        return at if at < end and self.seconds[at] == second else -1

    def find_all(self, firsts: Sequence[int], seconds: Sequence[int]) -> list[int]:
        """Return the number of each pair, or -1."""
        if len(firsts) < _FEW:
            return [self.find(first, second) for first, second in zip(firsts, seconds, strict=True)]
        found: list[int] = self._search(np.array(firsts), np.array(seconds)).tolist()
        return found

    def find_grid(self, firsts: Sequence[int], seconds: Sequence[int]) -> npt.NDArray[np.int64]:
        """Return the numbers of the pairs of each first syllable with each second one, -1 where there is none."""
        if len(firsts) * len(seconds) < _FEW:
            return np.array([[self.find(first, second) for second in seconds] for first in firsts])
        found = self._search(np.repeat(firsts, len(seconds)), np.tile(seconds, len(firsts)))
        return found.reshape(len(firsts), len(seconds))

    def _search(self, firsts: npt.NDArray[np.int64], seconds: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Find many pairs at once: binary searches that go in step."""
        known = firsts >= 0
        lows = np.where(known, self.first_starts[firsts], 0).astype(np.int64)
        ends = np.where(known, self.first_starts[firsts + 1], 0).astype(np.int64)
        highs = ends
        last = max(len(self.seconds) - 1, 0)
        for _ in range(int((ends - lows).max(initial=0)).bit_length()):
            middles = (lows + highs) >> 1
            less = (self.seconds[np.minimum(middles, last)] < seconds) & (middles < highs)
            lows = np.where(less, middles + 1, lows)
            highs = np.where(less, highs, middles)
        there = lows < ends
        there &= self.seconds[np.minimum(lows, last)] == seconds
        return np.where(there, lows, -1)

    def first_of(self, number: int) -> int:
        """Return the first syllable of a pair."""
        return int(np.searchsorted(self.first_starts, number, "right")) - 1
