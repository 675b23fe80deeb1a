"""Where syllables follow each other: phrases, exact or with slop, from the token sequences.

Candidates come from the posting lists; of their texts the sequences of syllable numbers are read, and compared all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.container import Array
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.columnar.terms import encode_term
from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.index.snapshot import Snapshot

__all__ = ["phrase_documents"]

# Tokens compared at a time.
_AT_ONCE = 1 << 20


def phrase_documents(
    snapshot: Snapshot,
    syllables: Sequence[str],
    slop: int,
    fields: Iterable[str],
    check: Callable[[], None] = lambda: None,
) -> npt.NDArray[np.intp]:
    """Return the documents where the syllables follow each other in one of the fields, ascending.

    Each stands behind the one before, at most ``slop`` places (1: right behind it). ``check`` is called now and then.
    """
    parts = [np.empty(0, np.intp)]
    chosen = [TEXT_FIELDS.index(text_field) for text_field in fields]
    with snapshot.reading("a phrase"):
        for leaf in snapshot.leaves:
            numbers = leaf.segment.terms("syllable").find_all([encode_term(syllable) for syllable in syllables])
            if not numbers or min(numbers) < 0:
                continue
            candidates = _candidates(leaf.segment, numbers, slop)
            if leaf.live is not None:
                candidates = candidates[leaf.live[candidates]]
            found = [_holding(leaf.segment, candidates, field, numbers, slop, check) for field in chosen]
            documents = found[0] if len(found) == 1 else _different(np.sort(np.concatenate(found)))
            parts.append(documents.astype(np.intp) + leaf.base)
    return np.concatenate(parts)


def _candidates(segment: SegmentData, numbers: Sequence[int], slop: int) -> npt.NDArray[np.int64]:
    """Return the documents that hold all the syllables, or all the pairs of an exact phrase."""
    lists = segment.postings("syllable")
    found = list(dict.fromkeys(numbers))
    if slop == 1 and len(numbers) > 1:
        lists = segment.postings("pair")
        found = [segment.pairs.find(a, b) for a, b in dict.fromkeys(pairwise(numbers))]
        if min(found) < 0:
            return np.empty(0, np.int64)
    found.sort(key=lists.document_count)
    documents = lists.documents_of(found[0]).astype(np.int64)
    for number in found[1:]:
        _, there = lists.find(*lists.span(number), documents)
        documents = documents[there]
    return documents


def _holding(
    segment: SegmentData,
    documents: npt.NDArray[np.int64],
    field: int,
    numbers: Sequence[int],
    slop: int,
    check: Callable[[], None],
) -> npt.NDArray[np.int64]:
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
        sequence = segment.tokens.gather(tokens)
        # Texts stand so far apart that no phrase goes across.
        places = np.arange(len(owners)) + (owners - low) * (slop + 1)
        ends = np.flatnonzero(sequence == numbers[0])
        for number in numbers[1:]:
            if not len(ends):
                break
            here = np.flatnonzero(sequence == number)
            before_here = np.searchsorted(ends, here) - 1
            behind = places[here] - places[ends[np.maximum(before_here, 0)]]
            ends = here[(before_here >= 0) & (behind <= slop)]
        held.append(documents[_different(owners[ends])])
        low = high
    return np.concatenate(held)


def _different(numbers: Array) -> Array:
    """Return each of some numbers once; they ascend, from 0 up. Importing what ``np.unique`` needs takes 9 ms."""
    return numbers[np.diff(numbers, prepend=-1) > 0]
