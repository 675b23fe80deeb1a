"""Several segments -> one, as arrays: nothing is analysed or sorted again.

Terms of every segment are numbered anew in the union of their dictionaries. Numbers keep their order, so the postings of a
segment stay sorted, and each goes straight to its place: behind those that earlier segments have for the term. Deleted
documents are left out first, and with them the terms that nothing else has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.container import Array, ArrayFileWriter, narrow
from vnsearch.index.columnar.postings import Inverted, PostingLists, sums_by_term, write_postings
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.columnar.stored import Block, make_blocks, unpack_block, write_blocks
from vnsearch.index.columnar.terms import write_groups, write_pairs, write_terms
from vnsearch.index.columnar.tokens import Places, join_places, write_tokens

__all__ = ["Source", "merge"]

# Postings moved at a time: what bounds the memory.
_AT_ONCE = 1 << 21

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


def merge(sources: Sequence[Source], path: Path) -> None:
    """Write the living documents of several segments, in order, as one segment."""
    bases = np.cumsum([0, *(source.count for source in sources)]).tolist()
    with ArrayFileWriter(path) as file:
        file.facts["documents"] = bases[-1]
        names = sorted(set(chain.from_iterable(source.segment.list_names for source in sources)))
        file.facts["lists"] = names
        file.add("days", np.concatenate([source.segment.days[source.live] for source in sources]))
        write_blocks(file, [block for source in sources for block in _blocks(source)])
        for name in names:
            _merge_terms(file, f"field.{name}", sources, bases)
        numbers = _merge_terms(file, "value", sources, bases)
        _merge_values(file, sources, numbers)
        _merge_terms(file, "word", sources, bases)
        numbers = _merge_terms(file, "syllable", sources, bases)
        _merge_tokens(file, sources, numbers)
        _merge_pairs(file, sources, bases, numbers)
        for kind in ("value", "word", "syllable"):
            for field, part in enumerate(("title", "body")):
                lengths = [source.segment.lengths(kind, field)[source.live] for source in sources]
                file.add(f"{kind}.{part}_lengths", narrow(np.concatenate(lengths)))


def _blocks(source: Source) -> list[Block]:
    """Return the stored reports of a segment; blocks that hold deleted ones are made anew."""
    stored = source.segment.stored
    blocks: list[Block] = []
    for number in range(len(stored)):
        documents = stored.documents(number)
        live = source.live[documents.start : documents.stop]
        if live.all():
            blocks.append(stored.block(number))
        elif live.any():
            records = unpack_block(*stored.block(number))
            blocks += make_blocks(record for record, alive in zip(records, live.tolist(), strict=True) if alive)
    return blocks


def _living(lists: PostingLists, source: Source, base: int) -> tuple[Array, Inverted]:
    """Return the terms that living documents have, and their postings with new document numbers."""
    starts = lists.starts.astype(np.int64)
    renumbered = (np.cumsum(source.live) - 1 + base).astype(np.uint16)
    escapes = None
    counts = None
    if lists.codes is not None:
        escapes = lists.escape_at.astype(np.int64), lists.escape_title, lists.escape_body
        counts = lists.counts.astype(np.int64)
    if source.whole:
        return np.arange(len(lists)), Inverted(starts, renumbered[lists.documents], lists.codes, escapes, counts)
    keep = source.live[lists.documents]
    sizes = sums_by_term(keep, starts)
    used = np.flatnonzero(sizes)
    codes = None
    if escapes is not None and lists.codes is not None:
        at, titles, bodies = escapes
        frequencies = (lists.codes >> 6).astype(np.int64) + (lists.codes & 63)
        frequencies[at] = titles.astype(np.int64) + bodies
        frequencies[~keep] = 0
        counts = sums_by_term(frequencies, starts)[used]
        kept = keep[at]
        escapes = (np.cumsum(keep) - 1)[at[kept]], titles[kept], bodies[kept]
        codes = lists.codes[keep]
    starts = np.concatenate(([0], np.cumsum(sizes[used])))
    return used, Inverted(starts, renumbered[lists.documents[keep]], codes, escapes, counts)


def _join(parts: Sequence[tuple[Array, Inverted]], size: int) -> Inverted:
    """Return the posting lists of several segments as one; each part has the new numbers of its terms, ascending."""
    totals = np.zeros(size, np.int64)
    for numbers, lists in parts:
        totals[numbers] += np.diff(lists.starts)
    starts = np.concatenate(([0], np.cumsum(totals)))
    documents = np.empty(int(starts[-1]), np.uint16)
    weighted = parts[0][1].codes is not None
    codes = np.empty(len(documents), np.uint8) if weighted else None
    counts = np.zeros(size, np.int64) if weighted else None
    escapes: list[tuple[Array, Array, Array]] = []
    filled = starts[:-1].copy()
    for numbers, lists in parts:
        sizes = np.diff(lists.starts)
        shifts = filled[numbers] - lists.starts[:-1]
        filled[numbers] += sizes
        low = 0
        while low < len(sizes):
            high = max(int(np.searchsorted(lists.starts, lists.starts[low] + _AT_ONCE, "right")) - 1, low + 1)
            first, past = int(lists.starts[low]), int(lists.starts[high])
            to = np.repeat(shifts[low:high], sizes[low:high])
            to += np.arange(first, past)
            documents[to] = lists.documents[first:past]
            if codes is not None and lists.codes is not None:
                codes[to] = lists.codes[first:past]
            low = high
        if counts is not None and lists.counts is not None and lists.escapes is not None:
            counts[numbers] += lists.counts
            at, titles, bodies = lists.escapes
            terms = np.searchsorted(lists.starts, at, "right") - 1
            escapes.append((at + shifts[terms], titles, bodies))
    if not weighted:
        return Inverted(starts, documents)
    at, titles, bodies = (np.concatenate([part[which] for part in escapes]) for which in range(3))
    order = np.argsort(at)
    return Inverted(starts, documents, codes, (at[order], titles[order], bodies[order]), counts)


def _merge_terms(
    file: ArrayFileWriter, name: str, sources: Sequence[Source], bases: Sequence[int]
) -> list[npt.NDArray[np.int64]]:
    """Merge a dictionary of texts and its postings; return for each segment the new numbers of its terms."""
    parts = []
    dictionaries: list[list[bytes]] = []
    for source, base in zip(sources, bases, strict=False):
        if f"{name}.terms" not in source.segment.file:  # a list that only other segments have
            parts.append((np.empty(0, np.int64), None))
            dictionaries.append([])
            continue
        used, lists = _living(source.segment.postings(name), source, base)
        terms = list(source.segment.terms(name))
        parts.append((used, lists))
        dictionaries.append(terms if len(used) == len(terms) else [terms[number] for number in used.tolist()])
    union = sorted(set().union(*dictionaries))
    places = {term: number for number, term in enumerate(union)}
    write_terms(file, name, union)
    if name == "syllable":
        write_groups(file, union)
    joined = []
    new_numbers = []
    for (used, lists), terms, source in zip(parts, dictionaries, sources, strict=True):
        numbers = np.fromiter(map(places.__getitem__, terms), np.int64, len(terms))
        if lists is None:
            new_numbers.append(numbers)
            continue
        joined.append((numbers, lists))
        everywhere = np.zeros(len(source.segment.terms(name)), np.int64)
        everywhere[used] = numbers
        new_numbers.append(everywhere)
    write_postings(file, name, _join(joined, len(union)))
    return new_numbers


def _merge_pairs(
    file: ArrayFileWriter, sources: Sequence[Source], bases: Sequence[int], numbers: Sequence[npt.NDArray[np.int64]]
) -> None:
    """Merge the pairs; ``numbers`` are the new numbers of each segment's syllables."""
    size = sum(map(len, numbers))  # more than there are: only a factor that keeps the keys apart
    parts = []
    keys = []
    for source, base, syllables in zip(sources, bases, numbers, strict=False):
        used, lists = _living(source.segment.postings("pair"), source, base)
        pairs = source.segment.pairs
        firsts = np.repeat(syllables, np.diff(pairs.first_starts.astype(np.int64)))
        keys.append((firsts * size + syllables[pairs.seconds])[used])
        parts.append(lists)
    union = np.unique(np.concatenate(keys))
    different = max((int(part.max()) + 1 for part in numbers if len(part)), default=0)
    firsts, seconds = np.divmod(union, max(size, 1))
    write_pairs(file, firsts, seconds, different)
    joined = [(np.searchsorted(union, mine), lists) for mine, lists in zip(keys, parts, strict=True)]
    del keys
    write_postings(file, "pair", _join(joined, len(union)))


def _merge_tokens(
    file: ArrayFileWriter, sources: Sequence[Source], numbers: Sequence[npt.NDArray[np.int64]]
) -> None:
    tokens = []
    places = []
    for source, syllables in zip(sources, numbers, strict=True):
        segment = source.segment
        held = segment.tokens
        smallest = narrow(syllables)
        mine = smallest[held.numbers(0, len(held))]
        at, gaps, sizes = held.escapes
        if source.whole:
            tokens.append(mine)
            places.append(Places(held.codes, (at, gaps, sizes)))
            continue
        keep = np.repeat(source.live, segment.lengths("syllable", 0).astype(np.int64) + segment.lengths("syllable", 1))
        kept = keep[at]
        tokens.append(mine[keep])
        places.append(Places(held.codes[keep], ((np.cumsum(keep) - 1)[at[kept]], gaps[kept], sizes[kept])))
    write_tokens(file, np.concatenate(tokens), join_places(places))


def _merge_values(
    file: ArrayFileWriter, sources: Sequence[Source], numbers: Sequence[npt.NDArray[np.int64]]
) -> None:
    parts: dict[str, list[Array]] = {"value_tokens": [], "value_starts": [], "value_lengths": []}
    for source, values in zip(sources, numbers, strict=True):
        segment = source.segment
        keep = np.repeat(source.live, segment.lengths("value", 0).astype(np.int64) + segment.lengths("value", 1))
        parts["value_tokens"].append(values[segment.file["value_tokens"][keep]])
        parts["value_starts"].append(segment.file["value_starts"][keep])
        parts["value_lengths"].append(segment.file["value_lengths"][keep])
    for name, arrays in parts.items():
        file.add(name, narrow(np.concatenate(arrays)))
