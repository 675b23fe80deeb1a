"""Where syllables follow each other: phrases, exact or with slop, from the token sequences.

A place of a phrase may be any of several syllables: the spellings of one typed without marks, or all that start in some way.
Candidates come from the posting lists; of their texts the sequences of syllable numbers are read, and compared all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice, pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.container import Array, changes
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.index.snapshot import Snapshot

__all__ = ["Numbered", "find_sequences", "phrase_count", "phrase_documents", "phrase_numbers"]

# Tokens compared at a time.
_AT_ONCE = 1 << 20
# Where the candidates have this part of all tokens, all are looked at.
_MANY = 16
# What may follow is looked at alone where it is less than this part of all.
_NEAR = 32

#: For each place of a phrase the syllables that may stand there.
Places = Sequence[Sequence[str]]
Ints = npt.NDArray[np.int64]


def phrase_documents(
    snapshot: Snapshot,
    places: Places,
    slop: int,
    fields: Iterable[str],
    check: Callable[[], None] = lambda: None,
    among: npt.NDArray[np.intp] | None = None,
) -> npt.NDArray[np.intp]:
    """Return the documents where the places follow each other in one of the fields, ascending.

    Each stands behind the one before, at most ``slop`` places (1: right behind it). ``check`` is called now and then.
    ``among``: the documents, ascending, that are looked at; None for all.
    """
    parts = [np.empty(0, np.intp)]
    chosen = [TEXT_FIELDS.index(text_field) for text_field in fields]
    with snapshot.reading("a phrase"):
        for leaf in snapshot.leaves:
            numbers = phrase_numbers(leaf.segment, places)
            if not all(numbers):
                continue
            segment = leaf.segment
            if among is None:
                candidates = _candidates(segment, numbers, slop)
            else:
                low, high = among.searchsorted((leaf.base, leaf.base + segment.documents))
                candidates = among[low:high] - leaf.base
            sizes = [segment.tokens.spans(candidates, field)[1].sum() for field in chosen]
            if among is None and sum(sizes) * _MANY > len(segment.tokens):
                found = _scanned(segment, chosen, numbers, slop)
            else:
                found = [_holding(segment, candidates, field, numbers, slop, check) for field in chosen]
            check()
            documents = found[0] if len(found) == 1 else _different(np.sort(np.concatenate(found)))
            if leaf.live is not None:
                documents = documents[leaf.live[documents]]
            parts.append(documents.astype(np.intp) + leaf.base)
    return np.concatenate(parts)


def phrase_count(snapshot: Snapshot, document: int, places: Places, slop: int, text_field: str) -> int:
    """Return how often a document holds a phrase in a field."""
    with snapshot.reading("a phrase"):
        at, number = snapshot.leaf_of(document)
        segment = snapshot.leaves[at].segment
        sequence = segment.tokens.numbers(*segment.tokens.span(number, TEXT_FIELDS.index(text_field)))
        return len(find_sequences(sequence, phrase_numbers(segment, places), slop)[0])


class Numbered(Protocol):
    """What numbers its syllables; a segment does."""

    def syllable_numbers(self, syllables: Sequence[str]) -> Sequence[int]:
        """Return the number of each syllable, or -1."""


def phrase_numbers(segment: Numbered, places: Places) -> list[list[int]]:
    """Return the numbers of the syllables of each place that a segment has."""
    found = iter(segment.syllable_numbers([syllable for place in places for syllable in place]))
    return [[number for number in islice(found, len(place)) if number >= 0] for place in places]


def find_sequences(sequence: Array, numbers: Sequence[Sequence[int]], slop: int) -> tuple[Ints, Ints]:
    """Return where in a sequence of syllable numbers the places follow each other: the firsts and the lasts of them.

    Where a place can be behind several, or before several, the nearest counts; both ascend. So of texts that stand one
    behind the other all is found: what begins in one and ends in another is to be left out.
    """
    begins = ends = np.flatnonzero(_is_any(sequence, numbers[0])) if numbers else np.empty(0, np.int64)
    if slop == 1:
        begins = begins[: begins.searchsorted(len(sequence) - len(numbers), "right")]
        for at, place in enumerate(numbers[1:], 1):
            begins = begins[_is_any(sequence[begins + at], place)]
        return begins, begins + (len(numbers) - 1)
    for place in numbers[1:]:
        if not len(ends):
            break
        if len(ends) * slop * _NEAR < len(sequence):
            near = (ends[:, None] + np.arange(1, slop + 1)).ravel()
            near = near[near < len(sequence)]
            here = _different(np.sort(near[_is_any(sequence[near], place)]))
        else:
            here = np.flatnonzero(_is_any(sequence, place))
        before = ends.searchsorted(here) - 1
        follows = (before >= 0) & (here - ends[np.maximum(before, 0)] <= slop)
        begins, ends = begins[before[follows]], here[follows]
    first = changes(begins)
    return begins[first], ends[first]


def _is_any(sequence: Array, numbers: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Tell where any of some numbers stands."""
    if len(numbers) == 1:
        return np.asarray(sequence == numbers[0])
    wanted = np.zeros(max(int(sequence.max(initial=0)), *numbers, 0) + 1, np.bool_)
    wanted[list(numbers)] = True
    return np.asarray(wanted[sequence])


def _candidates(segment: SegmentData, numbers: Sequence[Sequence[int]], slop: int) -> Ints:
    """Return the documents that hold all the places, or all the pairs of an exact phrase."""
    held = np.ones(segment.documents, np.bool_)
    if slop == 1 and len(numbers) > 1:
        lists = segment.postings("pair")
        terms: Iterable[Sequence[int]] = (
            list(segment.pairs.find_grids([step], max(map(len, step)))[1]) for step in pairwise(numbers)
        )
    else:
        lists = segment.postings("syllable")
        terms = numbers
    for place in terms:
        mine = np.zeros(segment.documents, np.bool_)
        for number in place:
            mine[lists.documents_of(int(number))] = True
        held &= mine
        if not held.any():
            break
    return held.nonzero()[0]


def _holding(
    segment: SegmentData,
    documents: Ints,
    field: int,
    numbers: Sequence[Sequence[int]],
    slop: int,
    check: Callable[[], None],
) -> Ints:
    """Return those of the documents that hold the phrase in a field."""
    firsts, lengths = segment.tokens.spans(documents, field)
    held = [np.empty(0, np.int64)]
    low = 0
    totals = np.cumsum(lengths)
    while low < len(documents):
        check()
        before = int(totals[low - 1]) if low else 0
        high = max(int(np.searchsorted(totals, before + _AT_ONCE, "right")), low + 1)
        sizes = lengths[low:high]
        owners = np.repeat(np.arange(low, high), sizes)
        starts = np.cumsum(sizes) - sizes
        tokens = np.arange(len(owners)) + np.repeat(firsts[low:high] - starts, sizes)
        begins, ends = find_sequences(segment.tokens.gather(tokens), numbers, slop)
        held.append(documents[_different(owners[ends[owners[begins] == owners[ends]]])])
        low = high
    return np.concatenate(held)


def _scanned(segment: SegmentData, fields: Iterable[int], numbers: Sequence[Sequence[int]], slop: int) -> list[Ints]:
    """Return for each field the documents that hold the phrase, of all: faster than to read a good part of the texts."""
    begins, ends = find_sequences(segment.tokens.numbers(0, len(segment.tokens)), numbers, slop)
    every = np.arange(segment.documents)
    found = []
    for field in fields:
        firsts, lengths = segment.tokens.spans(every, field)
        owners = firsts.searchsorted(begins, "right") - 1
        inside = (owners >= 0) & (ends < (firsts + lengths)[owners])  # before the first body stands a title
        found.append(_different(owners[inside]))
    return found


def _different(numbers: Ints) -> Ints:
    """Return each of some numbers, ascending, once."""
    return numbers[changes(numbers)]
