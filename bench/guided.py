"""Drawing guided by coverage: queries that take the code a way it was not taken before are kept, and changed a little to go on.

From Python 3.12 on, whose ``sys.monitoring`` watches each branch only until both of its ways were taken: after that it costs nothing.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import vnsearch
from bench.drawn import SIGNS
from vnsearch import fold

#: Whether this Python can watch branches.
GUIDED = sys.version_info >= (3, 12)
#: Longer queries are not kept: they are slow, and what is new in them is mostly in a part.
KEPT_CHARS = 2_000
_OURS = str(Path(vnsearch.__file__).parent)


class Coverage:
    """The ways that the branches of vnsearch's own code were taken in this process, counted in ``ways``."""

    def __init__(self) -> None:
        self.ways = 0
        self._taken: dict[tuple[int, int], set[int]] = {}  # of a code object, and a place in it
        if GUIDED:
            monitoring = sys.monitoring
            events = monitoring.events
            monitoring.use_tool_id(monitoring.COVERAGE_ID, "bench.guided")
            # From 3.14 on each way is an event of its own.
            wanted = [getattr(events, name) for name in ("BRANCH_LEFT", "BRANCH_RIGHT") if hasattr(events, name)]
            for event in wanted or [events.BRANCH]:
                monitoring.register_callback(monitoring.COVERAGE_ID, event, self._branch)
            monitoring.set_events(monitoring.COVERAGE_ID, sum(wanted or [events.BRANCH]))

    def _branch(self, code: CodeType, at: int, to: int) -> Any:
        if not code.co_filename.startswith(_OURS):
            return sys.monitoring.DISABLE
        taken = self._taken.setdefault((id(code), at), set())
        if to not in taken:
            taken.add(to)
            self.ways += 1
        return sys.monitoring.DISABLE if len(taken) > 1 else None


class Guided:
    """Draws queries, every other one made of those that were kept."""

    def __init__(self, draw: Callable[[], str], chance: random.Random, coverage: Coverage) -> None:
        self.kept: list[str] = []
        self.coverage = coverage
        self._draw = draw
        self._chance = chance
        self._ways = coverage.ways

    def draw(self) -> str:
        """Return the next query."""
        if not self.kept or self._chance.random() < 0.5:
            query = self._draw()
        else:
            query = self._chance.choice(self.kept)
            for _ in range(self._chance.randrange(1, 5)):
                query = self._changed(query)
        self._ways = self.coverage.ways
        return query

    def saw(self, query: str) -> None:
        """Keep a query, the last one drawn, if it took a new way."""
        if self.coverage.ways > self._ways and len(query) <= KEPT_CHARS:
            self.kept.append(query)

    def _changed(self, query: str) -> str:
        chance = self._chance
        start, end = sorted(chance.randrange(len(query) + 1) for _ in range(2))
        slice_, other = query[start:end], chance.choice(self.kept)
        first, last = sorted(chance.randrange(len(other) + 1) for _ in range(2))
        put: str = chance.choice(
            ("", slice_ * 2, other[first:last], chance.choice(SIGNS), fold(slice_), slice_.upper(), slice_[::-1])
        )
        return query[:start] + put + query[end:]
