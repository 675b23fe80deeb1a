"""Children of a sum that are scored late: only in documents that can still be among the best, if that is few of them.

Long lists are such children, and phrases whose words are searched anyway: they cost much to find and bring little. What a late
child scores at most is known beforehand, and which documents it makes match.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

from vnsearch.search.best_of import Weighted, add_best, best_at
from vnsearch.search.leaves import Evaluator, Found
from vnsearch.search.long_lists import Levels, LongMatches
from vnsearch.search.matches import Documents, Floats
from vnsearch.search.scoring import Scorer

__all__ = ["Late", "LateBest", "LateNode", "Scoring", "bound_of"]


class Late(ABC):
    """A child of a sum.

    No document has more than ``bound`` by it. ``telling`` makes documents match. A child that is optional adds to the scores of
    those that match, and may score others, which is to be left out.
    """

    __slots__ = ("bound", "is_optional", "telling")
    bound: float
    telling: Sequence[Found]
    is_optional: bool

    @abstractmethod
    def at(self, documents: Documents) -> Floats:
        """Return what it scores in some documents, ascending."""

    @abstractmethod
    def add_to(self, totals: Floats) -> None:
        """Add what it scores to a row of all documents."""


class LateBest(Late):
    """The best of what some terms match, with their weights. ``telling``: what makes a document match, if that is not all of it.

    ``levels_at`` and ``worth`` are those of a long list that stands alone: several such are looked up together.
    """

    __slots__ = ("_scorer", "found", "levels_at", "worth")

    def __init__(self, found: Weighted, telling: Sequence[Found] | None, scorer: Scorer) -> None:
        self.found = found
        self._scorer = scorer
        self.is_optional = telling is not None
        self.levels_at: Callable[[Documents], Levels] | None = None
        matches, weight = found[0]
        if len(found) == 1 and type(matches) is LongMatches:
            self.levels_at = matches.lookup()
            self.worth = matches.worth * weight
        self.telling = [matches for matches, _ in found] if telling is None else telling
        self.bound = bound_of(found)  # after the look-up, which may lower it

    def at(self, documents: Documents) -> Floats:
        """Return what it scores in some documents, ascending."""
        return best_at(self.found, documents)

    def add_to(self, totals: Floats) -> None:
        """Add what it scores to a row of all documents."""
        add_best(self.found, totals, self._scorer)


class Scoring(Protocol):
    """A node that can be asked for the scores of some documents."""

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""

    def at(self, run: Evaluator, documents: Documents) -> Floats:
        """Return what it scores in some documents, ascending."""


class LateNode(Late):
    """A node that is asked for scores where it is needed, and makes no document match."""

    __slots__ = ("_node", "_run")

    def __init__(self, node: Scoring, run: Evaluator, bound: float) -> None:
        self._node = node
        self._run = run
        self.bound = bound
        self.telling = ()
        self.is_optional = True

    def at(self, documents: Documents) -> Floats:
        """Return what it scores in some documents, ascending."""
        return self._node.at(self._run, documents)

    def add_to(self, totals: Floats) -> None:
        """Add what it scores to a row of all documents."""
        self._node.matches(self._run).add_to(totals)


def bound_of(found: Weighted) -> float:
    """Return what the best of some terms scores at most; 0 where there are none."""
    return max([weight * matches.bound for matches, weight in found], default=0.0)
