"""The leaves of a query's tree, and what they are run with.

Every node gives ``Matches``: the documents that it matches, each with a score above 0.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vnsearch.search.long_lists import LongMatches
from vnsearch.search.matches import Matches, TermKey
from vnsearch.search.scoring import Scorer

__all__ = ["Days", "Evaluator", "Every", "Found", "Labels", "Node", "Prefix", "Term", "TimeUp"]

#: What a node matches.
Found = Matches | LongMatches


# No Exception: nothing on its way up may take it for an error, such as one of reading the index.
class TimeUp(BaseException):
    """No time is left: it ends the evaluation early."""


def unsearched(name: str) -> Scorer:
    """Stand where no query names a field."""
    raise AssertionError(name)


class Evaluator:
    """Runs one tree; past ``deadline``, a value of ``time.perf_counter``, it stops between two nodes.

    ``of_field`` returns the scorer of one field, which a query may name.
    """

    def __init__(
        self, scorer: Scorer, of_field: Callable[[str], Scorer] = unsearched, deadline: float | None = None
    ) -> None:
        self.scorer = scorer
        self.parameters = scorer.parameters
        self._of_field = of_field
        self._deadline = deadline
        self._terms: dict[TermKey, Found] = {}
        self._others: dict[Scorer, Evaluator] = {}

    def in_field(self, name: str) -> Evaluator:
        """Return one like this for one field: always the same."""
        scorer = self._of_field(name)
        if scorer is self.scorer:
            return self
        if scorer not in self._others:
            self._others[scorer] = Evaluator(scorer, self._of_field, self._deadline)
            self._others[scorer]._others = self._others
        return self._others[scorer]

    def count(self, kind: str, term: str) -> int:
        """Return how many reports hold a term, however late it is."""
        return self.prepared(kind, term).count

    def worth(self, kind: str, count: int) -> float:
        """Return the most that a term which so many reports hold can score."""
        return self.scorer.worth(kind, count)

    def prepare(self, terms: Iterable[TermKey]) -> None:
        """Score terms in one go; ``term`` has them ready."""
        self._terms.update(self.scorer.terms(dict.fromkeys(terms)))

    def term(self, kind: str, term: str) -> Found:
        """Return the matches of a term, unless time is up."""
        self.check()
        return self.prepared(kind, term)

    def prepared(self, kind: str, term: str) -> Found:
        """Return the matches of a term, however late it is."""
        found = self._terms.get((kind, term))
        return self.scorer.term(kind, term) if found is None else found

    def terms(self, keys: Sequence[TermKey]) -> list[Found]:
        """Return the matches of some terms; those that are not ready are scored in one go."""
        self.check()
        if missing := [key for key in keys if key not in self._terms]:
            self.prepare(missing)
        return [self._terms[key] for key in keys]

    def check(self) -> None:
        """Stop here when time is up."""
        if self._deadline is not None and time.perf_counter() > self._deadline:
            raise TimeUp

    def constant(self, documents: npt.NDArray[np.bool_] | npt.NDArray[np.intp], weight: float) -> Matches:
        """Return documents, given as numbers or as a mask, without deleted ones, all with one score."""
        if documents.dtype == np.bool_:
            documents = np.flatnonzero(documents & self.scorer.snapshot.live)
        return Matches(documents.astype(np.intp), np.full(len(documents), weight, np.float32), len(documents))


class Node(Protocol):
    """A part of a query."""

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""


# Not frozen, nor are Any and Best: a query makes many, and a frozen one takes five times as long.
@dataclass(slots=True)
class Term:
    """One term of a kind ("syllable", "pair", "word", "value", "phrase"), scored by BM25F times ``weight``."""

    kind: str
    term: str
    weight: float = 1.0

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""
        return run.term(self.kind, self.term).times(self.weight)


@dataclass(frozen=True, slots=True)
class Prefix:
    """Any term of a kind that starts so; every document scores ``weight``."""

    kind: str
    prefix: str
    weight: float = 1.0

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""
        mask = run.scorer.snapshot.having_prefix(self.kind, self.prefix, tuple(run.scorer.fields))
        return run.constant(mask, self.weight)


@dataclass(frozen=True, slots=True)
class Labels:
    """Reports that have any of these values in a field that can be filtered; every one scores ``weight``."""

    key: str
    values: tuple[str, ...]
    weight: float = 1.0

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""
        return run.constant(run.scorer.snapshot.labels(self.key).having(self.values), self.weight)


@dataclass(frozen=True, slots=True)
class Days:
    """Reports dated from one day to another, as ordinals, both included; every one scores ``weight``."""

    first: int | None
    last: int | None
    weight: float = 1.0

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""
        return run.constant(run.scorer.snapshot.dated(self.first, self.last), self.weight)


@dataclass(frozen=True, slots=True)
class Every:
    """Every report there is; each scores ``weight``."""

    weight: float = 1.0

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""
        return run.constant(run.scorer.snapshot.live, self.weight)
