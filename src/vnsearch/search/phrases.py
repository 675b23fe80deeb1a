"""Where syllables follow each other: phrases, exact or with slop, from the token sequences.

A place of a phrase may be any of several syllables: the spellings of one typed without marks, or all that start in some way.
Candidates come from the posting lists; of their texts the sequences of syllable numbers are read, and compared all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice, pairwise

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.container import Array
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.index.snapshot import Snapshot

__all__ = ["find_sequences", "phrase_count", "phrase_documents", "phrase_numbers"]

# Tokens compared at a time.
_AT_ONCE = 1 << 20

#: For each place of a phrase the syllables that may stand there.
Places = Sequence[Sequence[str]]
Ints = npt.NDArray[np.int64]


def phrase_documents(
    snapshot: Snapshot, places: Places, slop: int, fields: Iterable[str], check: Callable[[], None] = lambda: None
) -> npt.NDArray[np.intp]:
    """Return the documents where the places follow each other in one of the fields, ascending.

    Each stands behind the one before, at most ``slop`` places (1: right behind it). ``check`` is called now and then.
    """
    parts = [np.empty(0, np.intp)]
    chosen = [TEXT_FIELDS.index(text_field) for text_field in fields]
    with snapshot.reading("a phrase"):
        for leaf in snapshot.leaves:
            numbers = phrase_numbers(leaf.segment, places)
            if not all(numbers):
                continue
            candidates = _candidates(leaf.segment, numbers, slop)
            if leaf.live is not None:
                candidates = candidates[leaf.live[candidates]]
            found = [_holding(leaf.segment, candidates, field, numbers, slop, check) for field in chosen]
            documents = found[0] if len(found) == 1 else np.union1d(*found)
            parts.append(documents.astype(np.intp) + leaf.base)
    return np.concatenate(parts)


def phrase_count(snapshot: Snapshot, document: int, places: Places, slop: int, text_field: str) -> int:
    """Return how often a document holds a phrase in a field."""
    with snapshot.reading("a phrase"):
        at, number = snapshot.leaf_of(document)
        segment = snapshot.leaves[at].segment
        sequence = segment.tokens.numbers(*segment.tokens.span(number, TEXT_FIELDS.index(text_field)))
        return len(find_sequences(sequence, np.arange(len(sequence)), phrase_numbers(segment, places), slop)[0])


def phrase_numbers(segment: SegmentData, places: Places) -> list[list[int]]:
    """Return the numbers of the syllables of each place that a segment has."""
    found = iter(segment.syllable_numbers([syllable for place in places for syllable in place]))
    return [[number for number in islice(found, len(place)) if number >= 0] for place in places]


def find_sequences(sequence: Array, positions: Ints, numbers: Sequence[Sequence[int]], slop: int) -> tuple[Ints, Ints]:
    """Return where in a sequence of syllable numbers the places follow each other: the firsts and the lasts of them.

    ``positions`` ascend with the sequence; one place is at most ``slop`` positions behind the other. Where it can be behind
    several, the nearest counts.
    """
    begins = ends = _standing(sequence, numbers[0]) if numbers else np.empty(0, np.int64)
    for place in numbers[1:]:
        if not len(ends):
            break
        here = _standing(sequence, place)
        before = ends.searchsorted(here) - 1
        behind = positions[here] - positions[ends[np.maximum(before, 0)]]
        near = (before >= 0) & (behind <= slop)
        begins, ends = begins[before[near]], here[near]
    return begins, ends


def _standing(sequence: Array, numbers: Sequence[int]) -> Ints:
    """Return where any of some numbers stands."""
    if len(numbers) == 1:
        return np.flatnonzero(sequence == numbers[0])
    wanted = np.zeros(max(int(sequence.max(initial=0)), *numbers, 0) + 1, np.bool_)
    wanted[list(numbers)] = True
    return np.flatnonzero(wanted[sequence])


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
        # Texts stand so far apart that no phrase goes across.
        positions = np.arange(len(owners)) + (owners - low) * (slop + 1)
        _, ends = find_sequences(segment.tokens.gather(tokens), positions, numbers, slop)
        held.append(documents[np.unique(owners[ends])])
        low = high
    return np.concatenate(held)
