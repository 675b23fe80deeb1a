"""Sorted dictionaries of terms: a term's number is its place in the order of its UTF-8 bytes.

Terms lie one after the other as bytes. The first eight bytes of each, read as one big-endian number, are an array of their
own: one binary search over it finds many terms at once, and only terms that share those bytes are compared.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vnsearch.concurrency import cached_property
from vnsearch.index.columnar.container import Array, check_starts, narrow, numbers_of
from vnsearch.text.fold import group_key

__all__ = ["Arrays", "ArraysTaken", "PairTerms", "Terms", "encode_term", "write_groups", "write_pairs", "write_terms"]

_HEAD_BYTES = 8
# Fewer pairs than this are faster found one by one.
_FEW = 80

Places = Sequence[int] | npt.NDArray[np.intp]


class Arrays(Protocol):
    """Arrays by name, to read: a file of them, or a dictionary."""

    def __getitem__(self, name: str, /) -> Array:
        """Return an array."""


class ArraysTaken(Protocol):
    """What takes arrays by name: the writer of a file, for one."""

    def add(self, name: str, array: Array) -> None:
        """Take an array."""


def encode_term(term: str) -> bytes:
    """Return a term as it is kept. Lone surrogates survive."""
    return term.encode("utf-8", "surrogatepass")


def _heads(terms: Iterable[bytes]) -> Array:
    padded = b"".join([term[:_HEAD_BYTES].ljust(_HEAD_BYTES, b"\0") for term in terms])
    return np.frombuffer(padded, ">u8").astype(np.uint64)


def write_terms(file: ArraysTaken, name: str, terms: Sequence[bytes]) -> None:
    """Write a dictionary of different terms, sorted."""
    lengths = np.fromiter(map(len, terms), np.int64, len(terms))
    file.add(f"{name}.terms", np.frombuffer(b"".join(terms), np.uint8))
    file.add(f"{name}.term_starts", narrow(np.concatenate(([0], np.cumsum(lengths)))))
    file.add(f"{name}.term_heads", _heads(terms))


class Terms(Sequence[bytes]):
    """A dictionary, mapped. ``terms[i]`` is the term of number i."""

    def __init__(self, file: Arrays, name: str) -> None:
        self._data = file[f"{name}.terms"].data
        self._starts = file[f"{name}.term_starts"]
        self._heads = file[f"{name}.term_heads"]
        check_starts(self._starts, len(self._heads), len(self._data))

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


def write_groups(file: ArraysTaken, syllables: Sequence[bytes]) -> None:
    """Write the folded groups of the syllables: a dictionary of keys, and for each the numbers of its spellings."""
    groups: dict[str, list[int]] = {}
    for number, syllable in enumerate(syllables):
        groups.setdefault(group_key(syllable.decode("utf-8", "surrogatepass")), []).append(number)
    keys = sorted(groups)
    write_terms(file, "group", [encode_term(key) for key in keys])
    counts = np.fromiter((len(groups[key]) for key in keys), np.int64, len(keys))
    file.add("group.starts", narrow(np.concatenate(([0], np.cumsum(counts)))))
    file.add("group.members", narrow(np.fromiter(chain.from_iterable(groups[key] for key in keys), np.int64)))


def write_pairs(file: ArraysTaken, firsts: Array, seconds: Array, syllables: int) -> None:
    """Write the dictionary of pairs: the numbers of their two syllables, sorted; ``syllables`` is how many there are."""
    counts = np.bincount(firsts, minlength=syllables) if len(firsts) else np.zeros(syllables, np.int64)
    file.add("pair.first_starts", narrow(np.concatenate(([0], np.cumsum(counts)))))
    file.add("pair.seconds", narrow(seconds))


class PairTerms:
    """The dictionary of pairs, mapped. It holds numbers of syllables only; "a b" sorts as (a, b) does.

    The pairs that begin with syllable *a* have the numbers ``first_starts[a]`` to ``first_starts[a + 1]``, and ``seconds``
    ascend among them.
    """

    def __init__(self, file: Arrays, syllables: int) -> None:
        self.first_starts = file["pair.first_starts"]
        self.seconds = file["pair.seconds"]
        check_starts(self.first_starts, syllables, len(self.seconds))
        if int(self.seconds.max(initial=0)) >= max(syllables, 1):
            raise ValueError("pairs of syllables that there are none of")
        self._starts, self._seconds = numbers_of(self.first_starts), numbers_of(self.seconds)

    def __len__(self) -> int:
        return len(self.seconds)

    def followers(self, first: int) -> range:
        """Return the numbers of the pairs that begin with a syllable."""
        return range(int(self.first_starts[first]), int(self.first_starts[first + 1]))

    @cached_property
    def preceding(self) -> npt.NDArray[np.intp]:
        """For every syllable up to the last that ends a pair, how many different ones stand before it; made once."""
        return np.bincount(self.seconds)

    def neighbours(self, syllable: int) -> tuple[int, int]:
        """Return how many different syllables stand before a syllable, and how many after it; one of -1 has none."""
        if syllable < 0:
            return 0, 0
        before = int(self.preceding[syllable]) if syllable < len(self.preceding) else 0
        return before, len(self.followers(syllable))

    def find(self, first: int, second: int) -> int:
        """Return the number of a pair of syllables, or -1; a syllable of -1 is in no pair."""
        if first < 0 or second < 0:
            return -1
        end = self._starts[first + 1]
        at = bisect_left(self._seconds, second, self._starts[first], end)
        return at if at < end and self._seconds[at] == second else -1

    def find_all(self, firsts: Sequence[int], seconds: Sequence[int]) -> list[int]:
        """Return the number of each pair, or -1."""
        if len(firsts) < _FEW:
            return list(map(self.find, firsts, seconds))
        found: list[int] = self._search(np.array(firsts), np.array(seconds)).tolist()
        return found

    def find_grids(self, grids: Sequence[tuple[Sequence[int], Sequence[int]]], size: int) -> tuple[Places, Places]:
        """Find the pairs of every first syllable of a grid with every second one of it.

        Returns which are there, as flat indices into (grids, ``size`` first syllables, ``size`` second ones), and their numbers.
        """
        if sum(len(firsts) * len(seconds) for firsts, seconds in grids) < _FEW:
            found = [
                ((grid * size + row) * size + column, number)
                for grid, (firsts, seconds) in enumerate(grids)
                for row, first in enumerate(firsts)
                for column, second in enumerate(seconds)
                if (number := self.find(first, second)) >= 0
            ]
            return [place for place, _ in found], [number for _, number in found]
        filled = np.array([[*side, *[-1] * (size - len(side))] for grid in grids for side in grid])
        firsts, seconds = filled[::2, :, None], filled[1::2, None, :]
        known = (firsts >= 0) & (seconds >= 0)
        numbers = self._search(
            np.broadcast_to(firsts, known.shape)[known], np.broadcast_to(seconds, known.shape)[known]
        )
        held = np.flatnonzero(numbers >= 0)
        return np.flatnonzero(known).take(held), numbers.take(held)

    def _search(self, firsts: npt.NDArray[np.int64], seconds: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
        """Find many pairs at once: binary searches that go in step. Returns the number of each pair, or -1."""
        if not len(self.seconds):
            return np.full(len(firsts), -1, np.intp)
        # The last of the row known to be less, at first the one before the row; and the last of the row. Clipped, the row of
        # a syllable of -1 is empty.
        at = self.first_starts.take(firsts, mode="clip").astype(np.intp) - 1
        last = self.first_starts.take(firsts + 1, mode="clip").astype(np.intp) - 1
        step = 1 << int((last - at).max(initial=0)).bit_length()
        wanted = seconds.astype(self.seconds.dtype)
        while step > 1:
            step >>= 1
            probes = np.minimum(at + step, last)
            # Clipped is what stands before the first row: an empty row.
            at = np.where(self.seconds.take(probes, mode="clip") < wanted, probes, at)
        at += 1
        there = (at <= last) & (seconds >= 0)
        there &= self.seconds.take(at, mode="clip") == wanted
        return np.where(there, at, -1)

    def first_of(self, number: int) -> int:
        """Return the first syllable of a pair."""
        return int(np.searchsorted(self.first_starts, number, "right")) - 1
