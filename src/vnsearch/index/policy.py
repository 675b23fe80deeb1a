"""Which segments to merge after a commit: few enough for searches to be fast, seldom enough for writes to be."""

from __future__ import annotations

from collections.abc import Sequence

from vnsearch.index.columnar.postings import DOCUMENTS_MAX

__all__ = ["plan_merge"]

# Segments below this size are of one level; each level above it holds four times more.
_FLOOR = 256
_FACTOR = 4
# A segment with more deleted documents than this is written anew.
_DELETED_MAX = 0.5


def _level(documents: int) -> int:
    level = 0
    while documents >= _FLOOR * _FACTOR**level:
        level += 1
    return level


def plan_merge(sizes: Sequence[tuple[int, int]]) -> range | None:
    """Return the run of neighbouring segments to merge into one next, or None when all is well.

    ``sizes`` are (living documents, all documents) of each segment, oldest first.

    Four neighbours of a level are merged, with the smaller ones between them and behind, so that there are at most three of
    each level in a row; a segment that is mostly deleted is merged alone. Neighbours only: reports keep their order.

    >>> plan_merge([(40_000, 40_000), (1, 1), (1, 1), (1, 1)]) is None
    True
    >>> plan_merge([(40_000, 40_000), (2, 2), (1, 1), (1, 1), (1, 1)])
    range(1, 5)
    """
    for at, (count, documents) in enumerate(sizes):
        if documents - count > documents * _DELETED_MAX:
            return range(at, at + 1)
    live = [count for count, _ in sizes]
    levels = [_level(count) for count in live]
    for level in sorted(set(levels)):
        start = 0
        while start < len(live):
            end, size, equals = start, 0, 0
            while end < len(live) and levels[end] <= level and size + live[end] <= DOCUMENTS_MAX:
                size += live[end]
                equals += levels[end] == level
                end += 1
            full = end < len(live) and levels[end] <= level  # the next one would be too much
            if equals >= _FACTOR or (full and equals > 1):
                return range(start, end)
            start = max(end, start + 1)
    return None
