"""What reading a query needs to know of a collection: counts of its syllables, pairs and words, and what it abbreviates.

A searching process keeps it in memory, so that reading a query asks the cluster nothing. It answers what a local ``Snapshot``
of one segment answers, from the same dictionaries (``index.columnar.terms``): a syllable's number is its place in their order.

What is bounded is bounded by leaving out the rarest (see ``lexicon_making``). Of a pair left out its syllables remember that
there was one: how many different neighbours they have is known all the same.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import zstandard

from vnsearch.analysis.abbreviations import AbbreviationTable
from vnsearch.concurrency import cached_property
from vnsearch.index.columnar.container import Array, check_starts, narrow
from vnsearch.index.columnar.known import KnownGrids, KnownNumbers
from vnsearch.index.columnar.terms import PairTerms, Terms, encode_term, write_groups, write_pairs, write_terms
from vnsearch.index.snapshot import LearntAbbreviation, learnt_abbreviations
from vnsearch.text.memo import remembered

__all__ = ["CONTENT_BYTES_MAX", "KINDS", "Content", "Lexicon", "Pairs", "TermCounts"]

I64 = npt.NDArray[np.int64]

#: A lexicon has no more bytes than this before it is compressed: many times what the bounds of ``lexicon_making`` come to.
CONTENT_BYTES_MAX = 1 << 28
# No frame of Zstandard holds more bytes for each of its own: runs of one byte, 128 KB in four bytes.
_EXPANSION_MAX = 1 << 15
_LEVEL = 6
# Sums stay far below what 64 bits hold, whoever made the parts.
_SUM_MAX = 1 << 52

#: What is counted, pairs first; the others are dictionaries of terms.
KINDS = ("pair", "syllable", "word", "definition")
_KINDS = KINDS[1:]
_MAGIC = b"VNLEX\x00\x00\x01"
_TERM_ARRAYS = tuple(f"{kind}.{what}" for kind in _KINDS for what in ("terms", "term_starts", "counts"))
_STORED = (
    *("facts", "syllable.pruned_before", "syllable.pruned_after", "pair.first_starts", "pair.seconds", "pair.counts"),
    *_TERM_ARRAYS,
)
_HEAD = struct.Struct("<" + "BQ" * len(_STORED))  # of each array: the bytes of a number, and how many numbers
_DTYPES = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8"}

# Folded groups kept, as many as of an index on disk.
_KEPT_GROUPS = 1 << 14


class TermCounts(NamedTuple):
    """Different terms in the order of their bytes, and how often each occurs."""

    terms: list[bytes]
    counts: I64


class Pairs(NamedTuple):
    """Different pairs, ascending, each ``number of the first syllable << 32 | that of the second``, and their counts."""

    keys: I64
    counts: I64


class Content(NamedTuple):
    """All that a lexicon holds.

    ``pruned_before`` and ``pruned_after`` say for every syllable how many different ones stood before it, and after it, in pairs
    that were left out; ``pruned_pairs`` how many pairs that are. ``syllable_count`` counts syllables that were left out, too.
    """

    syllables: TermCounts
    pairs: Pairs
    words: TermCounts
    definitions: TermCounts
    pruned_before: I64
    pruned_after: I64
    pruned_pairs: int
    syllable_count: int


class _Arrays(dict[str, Array]):
    """Arrays by name, as the dictionaries are read from and written to."""

    def add(self, name: str, array: Array) -> None:
        self[name] = array


class Groups:
    """The folded groups of the syllables: for a key its spellings and their counts, commonest first."""

    def __init__(self, syllables: Terms, counts: Array) -> None:
        arrays = _Arrays()
        write_groups(arrays, list(syllables))
        self._keys = Terms(arrays, "group")
        # A function of the arrays, not a method: in a cycle, a lexicon would stay until the garbage is collected.
        find = partial(_group, self._keys, arrays["group.starts"], arrays["group.members"], syllables, counts)
        self._group = remembered(_KEPT_GROUPS)(find)

    def get(self, key: str, default: Sequence[tuple[str, int]] = ()) -> Sequence[tuple[str, int]]:
        """Return the spellings of a key."""
        return self._group(key) or default

    def held(self, keys: Sequence[str]) -> set[str]:
        """Return those of some keys that have spellings."""
        numbers = self._keys.find_all([encode_term(key) for key in keys])
        return {key for key, number in zip(keys, numbers, strict=True) if number >= 0}

    def starting(self, prefix: str) -> list[str]:
        """Return the keys that start with a prefix, in order."""
        return [_decode(self._keys[number]) for number in self._keys.with_prefix(encode_term(prefix))]


def _group(
    keys: Terms, starts: Array, members: Array, syllables: Terms, counts: Array, key: str
) -> list[tuple[str, int]]:
    number = keys.find(encode_term(key))
    if number < 0:
        return []
    found = [
        (_decode(syllables[member]), int(counts[member]))
        for member in members[starts[number] : starts[number + 1]].tolist()
    ]
    return sorted(found, key=lambda item: (-item[1], item[0]))


class Lexicon:
    """The counts of a collection, or of a part of it. It never changes; threads share it."""

    def __init__(self, content: Content) -> None:
        arrays = _Arrays()
        for kind, held in zip(_KINDS, (content.syllables, content.words, content.definitions), strict=True):
            write_terms(arrays, kind, held.terms)
            arrays.add(f"{kind}.counts", narrow(held.counts))
        keys, counts = content.pairs
        write_pairs(arrays, keys >> 32, keys & 0xFFFFFFFF, len(content.syllables.terms))
        arrays.add("pair.counts", narrow(counts))
        arrays.add("syllable.pruned_before", narrow(content.pruned_before))
        arrays.add("syllable.pruned_after", narrow(content.pruned_after))
        arrays.add("facts", np.array((content.syllable_count, content.pruned_pairs), np.uint64))
        self._hold(arrays)

    def _hold(self, arrays: _Arrays) -> None:
        for array in arrays.values():
            array.flags.writeable = False
        self._arrays = arrays
        self._terms = {kind: Terms(arrays, kind) for kind in _KINDS}
        self._pairs = PairTerms(arrays, len(self._terms["syllable"]))
        self._pair_counts_held = arrays["pair.counts"]
        #: How many syllables there are in all, and how many different pairs.
        self.syllable_count, pruned = map(int, arrays["facts"])
        self.pair_types = len(self._pairs) + pruned
        self._numbers = KnownNumbers()
        self._grids = KnownGrids()

    def size(self, kind: str) -> int:
        """Return how many different terms of a kind ("syllable", "pair", "word", "definition") are held."""
        return len(self._pairs) if kind == "pair" else len(self._terms[kind])

    @cached_property
    def size_bytes(self) -> int:
        """How much memory its arrays take."""
        return sum(array.nbytes for array in self._arrays.values())

    def content(self) -> Content:
        """Return all that it holds."""
        held = {
            kind: TermCounts(list(terms), self._arrays[f"{kind}.counts"].astype(np.int64))
            for kind, terms in self._terms.items()
        }
        starts = self._arrays["pair.first_starts"].astype(np.int64)
        sizes = starts[1:] - starts[:-1]
        keys: I64 = np.repeat(np.arange(len(sizes), dtype=np.int64) << 32, sizes)
        keys |= self._pairs.seconds.astype(np.int64)
        return Content(
            held["syllable"],
            Pairs(keys, self._pair_counts_held.astype(np.int64)),
            held["word"],
            held["definition"],
            self._arrays["syllable.pruned_before"].astype(np.int64),
            self._arrays["syllable.pruned_after"].astype(np.int64),
            self.pair_types - len(self._pairs),
            self.syllable_count,
        )

    # -- what restoring marks asks

    @cached_property
    def groups(self) -> Groups:
        """The folded groups of the syllables."""
        return Groups(self._terms["syllable"], self._arrays["syllable.counts"])

    def neighbours(self, syllables: Sequence[str]) -> list[tuple[int, int]]:
        """Return for each syllable how many different ones stand before it, and after it."""
        before, after = self._arrays["syllable.pruned_before"], self._arrays["syllable.pruned_after"]
        found = []
        for number in self._numbers_of(syllables):
            first, second = self._pairs.neighbours(number)
            found.append((first, second) if number < 0 else (first + int(before[number]), second + int(after[number])))
        return found

    def pair_counts(
        self, steps: Sequence[tuple[Sequence[str], Sequence[str]]], discount: float = 0.0
    ) -> npt.NDArray[np.float64]:
        """Return for every step, (syllables, syllables), how often each of the second follows each of the first.

        ``discount`` is taken from the count of every pair that is there; nothing gets below 0. The array has a row and a column
        for as many syllables as there are at most; the rest of it is 0.
        """
        return self._grids.counts(steps, discount, self._count_pairs)

    def _count_pairs(
        self, steps: Sequence[tuple[Sequence[str], Sequence[str]]], discount: float
    ) -> Iterator[npt.NDArray[np.float64]]:
        """Yield the counts of every step, a row for each of the first syllables and a column for each of the second."""
        size = max(len(side) for step in steps for side in step)
        counts = np.zeros(len(steps) * size * size)
        numbers = self._numbers_of
        places, pairs = self._pairs.find_grids([(numbers(before), numbers(after)) for before, after in steps], size)
        if len(pairs):
            counts[places] = np.maximum(self._pair_counts_held[pairs] - discount, 0.0)
        for grid, (before, after) in zip(counts.reshape(len(steps), size, size), steps, strict=True):
            yield grid[: len(before), : len(after)].copy()

    def _numbers_of(self, syllables: Sequence[str]) -> list[int]:
        """Return the number of each syllable, or -1; those asked for lately are remembered."""
        return self._numbers.of(syllables, self._terms["syllable"])

    # -- what suggestions and variants ask

    def keys(self, prefix: str) -> list[str]:
        """Return the keys of folded groups that start with a prefix, in order."""
        return self.groups.starting(prefix)

    def terms(self, kind: str, prefix: str = "") -> dict[str, int]:
        """Return the terms of a kind ("syllable", "word", "pair") that start so, with their counts.

        A prefix of the kind "pair" is a syllable and a space, or empty.
        """
        if kind != "pair":
            terms, counts = self._terms[kind], self._arrays[f"{kind}.counts"]
            return {_decode(terms[number]): int(counts[number]) for number in terms.with_prefix(encode_term(prefix))}
        syllables = self._terms["syllable"]
        firsts: Iterable[int] = range(len(syllables)) if not prefix else self._numbers_of([prefix.removesuffix(" ")])
        found = {}
        for first in firsts:
            run = self._pairs.followers(first) if first >= 0 else range(0)
            counts = self._pair_counts_held[run.start : run.stop].tolist()
            start = _decode(syllables[first]) if run else ""
            for second, count in zip(self._pairs.seconds[run.start : run.stop].tolist(), counts, strict=True):
                found[f"{start} {_decode(syllables[second])}"] = count
        return found

    def count(self, kind: str, term: str) -> int:
        """Return how often a syllable, a pair or a word occurs; 0 for what is not held."""
        if kind == "pair":
            first, _, second = term.partition(" ")
            number = self._pairs.find(*self._numbers_of([first, second]))
        else:
            number = self._terms[kind].find(encode_term(term))
        return int(self._arrays[f"{kind}.counts"][number]) if number >= 0 else 0

    @cached_property
    def definitions(self) -> list[LearntAbbreviation]:
        """The abbreviations that the reports define, those that most reports give first."""
        counts = self._arrays["definition.counts"].tolist()
        return learnt_abbreviations(dict(zip(map(_decode, self._terms["definition"]), counts, strict=True)))

    @cached_property
    def abbreviations(self) -> AbbreviationTable:
        """The same as a table, for lookups both ways."""
        return AbbreviationTable((found.abbreviation, found.expansion) for found in self.definitions)

    # -- bytes

    def to_bytes(self) -> bytes:
        """Return it as bytes, compressed; ``from_bytes`` reads them.

        Raises ValueError where they would be more than ``CONTENT_BYTES_MAX`` before that.
        """
        arrays = [self._arrays[name] for name in _STORED]
        if sum(array.nbytes for array in arrays) > CONTENT_BYTES_MAX - len(_MAGIC) - _HEAD.size:
            raise ValueError("a lexicon of too many terms: prune it")
        head = _HEAD.pack(*(number for array in arrays for number in (array.itemsize, len(array))))
        compressor = zstandard.ZstdCompressor(_LEVEL, write_checksum=True, write_content_size=True)
        return compressor.compress(b"".join((_MAGIC, head, *map(_shuffled, arrays))))

    @classmethod
    def from_bytes(cls, data: bytes) -> Lexicon:
        """Return the lexicon that gave these bytes. Raises ValueError for any others, whoever made them."""
        try:
            size = zstandard.frame_content_size(data)
            if not len(_MAGIC) + _HEAD.size <= size <= min(len(data) * _EXPANSION_MAX, CONTENT_BYTES_MAX):
                raise ValueError("a lexicon of no length that it can have")
            content = zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False)
        except (zstandard.ZstdError, MemoryError) as error:
            raise ValueError(f"not the bytes of a lexicon: {error}") from error
        if len(content) != size or not content.startswith(_MAGIC):
            raise ValueError("not a lexicon, or one of another version")
        arrays = _read(content)
        _check(arrays)
        lexicon = cls.__new__(cls)
        lexicon._hold(arrays)
        return lexicon


def _decode(term: bytes) -> str:
    return term.decode("utf-8", "surrogatepass")


def _shuffled(array: Array) -> bytes:
    """Return the first bytes of all numbers, then the second ones…: most numbers are small, and zeros take no space."""
    size = array.itemsize
    columns = np.frombuffer(array.astype(_DTYPES[size], copy=False).tobytes(), np.uint8).reshape(-1, size)
    return bytes(columns.T.tobytes())


def _read(content: bytes) -> _Arrays:
    """Return the arrays that bytes hold behind their head."""
    head = _HEAD.unpack_from(content, len(_MAGIC))
    arrays = _Arrays()
    at = len(_MAGIC) + _HEAD.size
    for name, size, count in zip(_STORED, head[::2], head[1::2], strict=True):
        if size not in _DTYPES or size * count > len(content) - at:
            raise ValueError(f"{name} does not fit")
        shuffled = np.frombuffer(content, np.uint8, size * count, at).reshape(size, count)
        wide = np.ascontiguousarray(shuffled.T).reshape(-1).view(_DTYPES[size])
        arrays.add(name, wide.astype(wide.dtype.newbyteorder("="), copy=False))
        at += size * count
    if at != len(content):
        raise ValueError("more bytes than arrays")
    return arrays


def _check(arrays: _Arrays) -> None:
    """Raise ValueError unless the arrays make a lexicon; add what the dictionaries have besides."""
    for name in ("facts", "pair.counts", *(f"{kind}.counts" for kind in _KINDS)):
        if arrays[name].sum(dtype=np.float64) > _SUM_MAX or (name != "facts" and not arrays[name].all()):
            raise ValueError(f"{name} that cannot be")
    for name in ("syllable.pruned_before", "syllable.pruned_after"):
        if arrays[name].sum(dtype=np.float64) > _SUM_MAX or len(arrays[name]) != len(arrays["syllable.counts"]):
            raise ValueError(f"{name} that cannot be")
    if len(arrays["facts"]) != 2:
        raise ValueError("no facts")
    for kind in _KINDS:
        if arrays[f"{kind}.terms"].itemsize != 1:
            raise ValueError("terms that are not bytes")
        data, starts = arrays[f"{kind}.terms"].tobytes(), arrays[f"{kind}.term_starts"]
        check_starts(starts, len(arrays[f"{kind}.counts"]), len(data), strict=True)
        terms = [data[start:end] for start, end in pairwise(starts.tolist())]
        if any(a >= b for a, b in pairwise(terms)):
            raise ValueError(f"terms of kind {kind} in no order")
        for term in terms:
            _decode(term)  # UnicodeDecodeError is a ValueError
        write_terms(arrays, kind, terms)
    syllables = len(arrays["syllable.counts"])
    firsts, seconds = arrays["pair.first_starts"], arrays["pair.seconds"]
    check_starts(firsts, syllables, len(seconds))
    if len(arrays["pair.counts"]) != len(seconds) or int(seconds.max(initial=0)) >= max(syllables, 1):
        raise ValueError("pairs of syllables that there are none of")
    ascends = seconds[1:] > seconds[:-1]
    begins = firsts[(firsts > 0) & (firsts < len(seconds))].astype(np.int64)
    ascends[begins - 1] = True
    if not ascends.all():
        raise ValueError("pairs in no order")
