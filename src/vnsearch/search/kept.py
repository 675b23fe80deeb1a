"""What is worth keeping between queries, within bounds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

from vnsearch.search.matches import TermKey

__all__ = ["Kept"]

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values for terms, those used least lately dropped when there are too many. Safe for many threads."""

    def __init__(self, limit: int) -> None:
        self._values: OrderedDict[TermKey, tuple[Value, int]] = OrderedDict()
        self._limit = limit
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: TermKey) -> Value | None:
        """Return the value of a term, if it is kept."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def keep(self, key: TermKey, value: Value, size: int) -> Value:
        """Keep a value that takes so much of the limit; return the one that is kept, if another thread was faster."""
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                return found[0]
            self._values[key] = value, size
            self._size += size
            while self._size > self._limit and len(self._values) > 1:
                _, (_, dropped) = self._values.popitem(last=False)
                self._size -= dropped
            return value
