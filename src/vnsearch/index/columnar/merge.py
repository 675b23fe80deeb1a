"""Several segments -> one, as arrays: nothing is analysed or sorted again.

Terms of every segment are numbered anew in the union of their dictionaries. Numbers keep their order, so the postings of a
segment stay sorted, and each goes straight to its place: behind those that earlier segments have for the term. Deleted
documents are left out first, and with them the terms that nothing else has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.container import Array, ArrayFileWriter, Seal, narrow
from vnsearch.index.columnar.postings import (
    Inverted,
    PostingLists,
    join_escapes,
    plain_frequencies,
    slices,
    write_postings,
)
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.columnar.stored import Block, make_blocks, unpack_block, write_blocks
from vnsearch.index.columnar.terms import write_groups, write_pairs, write_terms
from vnsearch.index.columnar.tokens import Places, write_tokens
from vnsearch.index.files import Reading

__all__ = ["Source", "merge"]

_NONE = np.empty(0, np.int64)

Live = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Source:
    """A segment to merge, and which of its documents are alive."""

    segment: SegmentData
    live: Live

    @property
    def count(self) -> int:
        """How many documents it contributes."""
        return int(np.count_nonzero(self.live))

    @property
    def whole(self) -> bool:
        """Tell whether nothing was deleted."""
        return bool(self.live.all())


def merge(sources: Sequence[Source], path: Path) -> Seal:
    """Write the living documents of several segments, in order, as one segment; return its seal."""
    bases = np.cumsum([0, *(source.count for source in sources)]).tolist()
    with Reading(path.with_name("*.seg"), "what is merged"), ArrayFileWriter(path) as file:
        file.facts["documents"] = bases[-1]
        names = sorted(set(chain.from_iterable(source.segment.list_names for source in sources)))
        file.facts["lists"] = names
        file.facts["age"] = max(source.segment.age for source in sources)
        file.add("days", np.concatenate([source.segment.days[source.live] for source in sources]))
        write_blocks(file, chain.from_iterable(map(_blocks, sources)))
        _release(sources)
        for name in names:
            _merge_terms(file, f"field.{name}", sources, bases)
        numbers, _ = _merge_terms(file, "value", sources, bases)
        _merge_values(file, sources, numbers)
        _merge_terms(file, "word", sources, bases)
        numbers, syllables = _merge_terms(file, "syllable", sources, bases)
        _release(sources)
        _merge_tokens(file, sources, numbers, syllables)
        _release(sources)
        _merge_pairs(file, sources, bases, numbers, syllables)
        _release(sources)
        for kind in ("value", "word", "syllable"):
            for field, part in enumerate(("title", "body")):
                lengths = [source.segment.lengths(kind, field)[source.live] for source in sources]
                file.add(f"{kind}.{part}_lengths", narrow(np.concatenate(lengths)))
    return file.seal


def _release(sources: Sequence[Source]) -> None:
    """Give back the memory of what was read and is not needed again."""
    for source in sources:
        source.segment.file.release()


def _blocks(source: Source) -> Iterator[Block]:
    """Yield the stored reports of a segment; blocks that hold deleted ones are made anew."""
    stored = source.segment.stored
    stored.check()  # most are copied unread
    for number in range(len(stored)):
        documents = stored.documents(number)
        live = source.live[documents.start : documents.stop]
        if live.all():
            yield stored.block(number)
        elif live.any():
            records = unpack_block(*stored.block(number))
            yield from make_blocks(record for record, alive in zip(records, live.tolist(), strict=True) if alive)


class _Lists:
    """The posting lists of a segment, read slice by slice, without what deleted documents have.

    ``used`` are the terms that living documents have, and ``sizes`` how many each of them has of those.
    """

    def __init__(self, lists: PostingLists, source: Source, base: int) -> None:
        self.lists = lists
        self._live = None if source.whole else source.live
        self._numbers = (np.cumsum(source.live) - 1 + base).astype(np.uint16)
        starts = lists.starts.astype(np.int64)
        self.counts = lists.counts.astype(np.int64) if lists.codes is not None else None
        sizes = np.diff(starts)
        if self._live is not None:
            for first, past in slices(starts):
                span = slice(int(starts[first]), int(starts[past]))
                within = starts[first:past] - starts[first]
                keep = self._live[lists.documents[span]]
                sizes[first:past] = np.add.reduceat(keep, within, dtype=np.int64)
                if self.counts is not None and lists.codes is not None:
                    codes, (at, titles, bodies) = lists.codes[span], _escapes(lists, span)
                    frequencies = np.add(*plain_frequencies(codes), dtype=np.int64)
                    frequencies[at] = titles.astype(np.int64) + bodies
                    self.counts[first:past] = np.add.reduceat(frequencies * keep, within)
        self._starts = starts
        self.used = np.flatnonzero(sizes)
        self.sizes = sizes[self.used]
        if self.counts is not None:
            self.counts = self.counts[self.used]

    def slices(self) -> Iterator[tuple[Array, Array, Array | None, tuple[Array, Array, Array]]]:
        """Yield postings in their order, some at a time: (the term of each, documents, codes, escapes).

        Terms are places in ``used``; the places of the escapes count from the first posting of the slice.
        """
        lists = self.lists
        past_used = 0
        for first, past in slices(self._starts):
            low, past_used = past_used, int(np.searchsorted(self.used, past))
            span = slice(int(self._starts[first]), int(self._starts[past]))
            documents = lists.documents[span]
            terms = np.repeat(np.arange(low, past_used), self.sizes[low:past_used])
            codes, escapes = None, (_NONE, _NONE, _NONE)
            if lists.codes is not None:
                codes, escapes = lists.codes[span], _escapes(lists, span)
            if self._live is not None:
                keep = self._live[documents]
                documents = documents[keep]
                if codes is not None:
                    codes = codes[keep]
                    at, titles, bodies = escapes
                    kept = keep[at]
                    escapes = (np.cumsum(keep) - 1)[at[kept]], titles[kept], bodies[kept]
            yield terms, self._numbers[documents], codes, escapes


def _escapes(lists: PostingLists, span: slice) -> tuple[Array, Array, Array]:
    """Return the escapes of some postings; their places count from the first of these."""
    some = slice(*np.searchsorted(lists.escape_at, (span.start, span.stop)).tolist())
    return lists.escape_at[some].astype(np.int64) - span.start, lists.escape_title[some], lists.escape_body[some]


def _join(parts: Sequence[tuple[Array, _Lists]], size: int) -> Inverted:
    """Return the posting lists of several segments as one; each part has the new numbers of its used terms, ascending."""
    totals = np.zeros(size, np.int64)
    for numbers, lists in parts:
        totals[numbers] += lists.sizes
    starts = np.concatenate(([0], np.cumsum(totals)))
    documents = np.empty(int(starts[-1]), np.uint16)
    weighted = parts[0][1].counts is not None
    codes = np.empty(len(documents), np.uint8) if weighted else None
    counts = np.zeros(size, np.int64) if weighted else None
    escapes: list[tuple[Array, Array, Array]] = []
    filled = starts[:-1].copy()
    for numbers, lists in parts:
        if counts is not None and lists.counts is not None:
            counts[numbers] += lists.counts
        shifts = filled[numbers] - (np.cumsum(lists.sizes) - lists.sizes)
        filled[numbers] += lists.sizes
        done = 0
        for terms, found, found_codes, (at, titles, bodies) in lists.slices():
            to = shifts[terms]
            to += np.arange(done, done + len(found))
            done += len(found)
            documents[to] = found
            if codes is not None and found_codes is not None:
                codes[to] = found_codes
                escapes.append((to[at], titles, bodies))
    if not weighted:
        return Inverted(starts, documents)
    at, titles, bodies = join_escapes(escapes)
    order = np.argsort(at)
    return Inverted(starts, documents, codes, (at[order], titles[order], bodies[order]), counts)


def _merge_terms(
    file: ArrayFileWriter, name: str, sources: Sequence[Source], bases: Sequence[int]
) -> tuple[list[npt.NDArray[np.int64]], int]:
    """Merge a dictionary of texts and its postings; return for each segment the new numbers of its terms, and how many there are."""
    found: list[tuple[_Lists, list[bytes]] | None] = []
    for source, base in zip(sources, bases, strict=False):
        if f"{name}.terms" not in source.segment.file:  # a list that only other segments have
            found.append(None)
            continue
        lists = _Lists(source.segment.postings(name), source, base)
        terms = list(source.segment.terms(name))
        found.append((lists, terms if source.whole else [terms[number] for number in lists.used.tolist()]))
    union = sorted(set().union(*(part[1] for part in found if part is not None)))
    places = {term: number for number, term in enumerate(union)}
    write_terms(file, name, union)
    if name == "syllable":
        write_groups(file, union)
    joined = []
    new_numbers = [np.empty(0, np.int64)] * len(sources)
    for at, part in enumerate(found):
        if part is not None:
            lists, terms = part
            numbers = np.fromiter(map(places.__getitem__, terms), np.int64, len(terms))
            joined.append((numbers, lists))
            new_numbers[at] = np.zeros(len(lists.lists), np.int64)
            new_numbers[at][lists.used] = numbers
    size = len(union)
    del found, union, places
    write_postings(file, name, _join(joined, size))
    return new_numbers, size


def _merge_pairs(
    file: ArrayFileWriter,
    sources: Sequence[Source],
    bases: Sequence[int],
    numbers: Sequence[npt.NDArray[np.int64]],
    syllables: int,
) -> None:
    """Merge the pairs; ``numbers`` are the new numbers of each segment's syllables, of which there are so many."""
    size = sum(map(len, numbers))  # more than there are: only a factor that keeps the keys apart
    parts = []
    keys = []
    for source, base, mine in zip(sources, bases, numbers, strict=False):
        lists = _Lists(source.segment.postings("pair"), source, base)
        pairs = source.segment.pairs
        firsts = np.repeat(mine, np.diff(pairs.first_starts.astype(np.int64)).astype(np.int64))
        keys.append((firsts * size + mine[pairs.seconds])[lists.used])
        parts.append(lists)
    union = np.unique(np.concatenate(keys))
    firsts, seconds = np.divmod(union, max(size, 1))
    write_pairs(file, firsts, seconds, syllables)
    joined = [(np.searchsorted(union, mine), lists) for mine, lists in zip(keys, parts, strict=True)]
    del keys
    write_postings(file, "pair", _join(joined, len(union)))


def _merge_tokens(
    file: ArrayFileWriter, sources: Sequence[Source], numbers: Sequence[npt.NDArray[np.int64]], syllables: int
) -> None:
    tokens = []
    places = []
    for source, new in zip(sources, numbers, strict=True):
        segment = source.segment
        held = segment.tokens
        mine = narrow(new)[held.numbers(0, len(held))]
        at, gaps, sizes = held.escapes
        if source.whole:
            tokens.append(mine)
            places.append(Places(held.codes, (at, gaps, sizes)))
            continue
        keep = np.repeat(source.live, segment.lengths("syllable", 0).astype(np.int64) + segment.lengths("syllable", 1))
        kept = keep[at]
        tokens.append(mine[keep])
        places.append(Places(held.codes[keep], ((np.cumsum(keep) - 1)[at[kept]], gaps[kept], sizes[kept])))
    write_tokens(file, tokens, places, syllables)


def _merge_values(file: ArrayFileWriter, sources: Sequence[Source], numbers: Sequence[npt.NDArray[np.int64]]) -> None:
    parts: dict[str, list[Array]] = {"value_tokens": [], "value_starts": [], "value_lengths": []}
    for source, values in zip(sources, numbers, strict=True):
        segment = source.segment
        keep = np.repeat(source.live, np.diff(segment.value_runs[::2]))
        parts["value_tokens"].append(values[segment.file["value_tokens"][keep]])
        parts["value_starts"].append(segment.file["value_starts"][keep])
        parts["value_lengths"].append(segment.file["value_lengths"][keep])
    for name, arrays in parts.items():
        file.add(name, narrow(np.concatenate(arrays)))
