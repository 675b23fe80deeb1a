"""Maps from positions in a changed text back to the text as given."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["OffsetMap", "chain", "places"]


def places(numbers: Iterable[int] = ()) -> array[int]:
    """Return an array of places in a text: four bytes for each, where a list of numbers takes forty."""
    return array("i", numbers)


@dataclass(frozen=True, slots=True)
class OffsetMap:
    """For every character of a changed text, the slice of the text as given that it came from.

    Invariants: ``starts`` and ``ends`` never decrease, and ``starts[i] < ends[i]``. Characters that were composed of
    several share the slice of all of them, so that a span never cuts a letter from its marks.
    """

    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the text as given (code points, end exclusive) of a non-empty span of the changed text."""
        return self.starts[start], self.ends[end - 1]


def chain(inner: OffsetMap | None, outer: OffsetMap | None) -> OffsetMap | None:
    """Return the map of two changes made one after the other: ``inner`` first, ``outer`` on its result. None: no change."""
    if inner is None or outer is None:
        return outer or inner
    return OffsetMap(places(map(inner.starts.__getitem__, outer.starts)), places(inner.ends[i - 1] for i in outer.ends))
