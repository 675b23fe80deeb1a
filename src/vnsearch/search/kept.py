"""What is worth keeping between queries, within bounds."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

from vnsearch.concurrency import lock_of

__all__ = ["Asked", "Kept", "MostUsed"]

Value = TypeVar("Value")


class Asked:
    """What was asked for lately, by hashes: what two have in common now and then costs nothing. About 100 bytes each.

    Where most is not asked for again, it is kept from the second time on.
    """

    def __init__(self, limit: int) -> None:
        self._hashes: set[int] = set()
        self._limit = limit

    def again(self, key: Hashable) -> bool:
        """Tell whether a key was asked for before; it is from now on."""
        if hash(key) in self._hashes:
            return True
        self._hashes.add(hash(key))
        # Not emptied but replaced: another thread may be in the middle of it.
        if len(self._hashes) > self._limit:
            self._hashes = set()
        return False


class _Bounded(Generic[Value]):
    """Values for terms, or other keys, with the size of each and how often it was used, up to a limit."""

    def __init__(self, limit: int) -> None:
        self._values: dict[Hashable, tuple[Value, int, int]] = {}  # value, size, uses
        self._limit = limit
        self._size = 0
        self._lock = lock_of(self, "_lock")

    def get(self, key: Hashable) -> Value | None:
        """Return the value of a term, if it is kept."""
        found = self._values.get(key)
        return None if found is None else found[0]

    def _put(self, key: Hashable, value: Value, size: int, uses: int = 0) -> None:
        self._values[key] = value, size, uses
        self._size += size

    def _drop(self, key: Hashable) -> None:
        self._size -= self._values.pop(key)[1]


class Kept(_Bounded[Value]):
    """Values for terms, those kept longest dropped when there are too many. Safe for many threads.

    Not those used least lately: to remember that would cost every look-up more than a value is worth that is made again.
    """

    def keep(self, key: Hashable, value: Value, size: int) -> Value:
        """Keep a value that takes so much of the limit; return the one that is kept, if another thread was faster."""
        with self._lock:
            found = self.get(key)
            if found is not None:
                return found
            self._put(key, value, size)
            while self._size > self._limit and len(self._values) > 1:
                self._drop(next(iter(self._values)))
            return value


class MostUsed(_Bounded[Value]):
    """Values for the terms that are used most: one more is kept only where there is room, or in the place of one used far less.

    Where most values that are asked for do not fit, keeping the latest would be nothing but making them. Safe for many threads.
    """

    def has_room(self, uses: int, size: int) -> bool:
        """Tell whether a value of this size, used so often by now, would be kept."""
        if self._size + size <= self._limit:
            return True
        # Asked at 2, 4, 8, ... uses only: it means looking at all that is kept.
        if uses & (uses - 1) or size > self._limit:
            return False
        with self._lock:
            return min((used for *_, used in self._values.values()), default=0) * 2 < uses

    def keep(self, key: Hashable, value: Value, size: int, uses: int) -> None:
        """Keep a value that takes so much of the limit; those that were used least when they came make room."""
        with self._lock:
            if key in self._values:
                return
            self._put(key, value, size, uses)
            while self._size > self._limit:
                self._drop(min(self._values, key=lambda kept: self._values[kept][2]))
