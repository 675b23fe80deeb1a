"""What making the tree of a query needs to know of a collection on a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.opensearch.collection import Collection
from vnsearch.opensearch.compiling import term_filter
from vnsearch.search.matches import TermKey
from vnsearch.search.parameters import DEFAULT_FIELDS, PARAMETERS, Parameters
from vnsearch.search.scoring import rarity

__all__ = ["ClusterPlanner"]


class _Counts:
    """How many reports hold terms. All that was heard of is asked for in one request, when the first count is wanted."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._heard: dict[tuple[str, str, str], int | None] = {}
        self.reports = 0

    def hear(self, group: str, kind: str, term: str) -> None:
        self._heard.setdefault((kind, term, group), None)
        if kind == "phrase":  # it is scored by one of its pairs
            syllables = term.split(" ")
            for at in range(len(syllables) - 1):
                self._heard.setdefault(("pair", f"{syllables[at]} {syllables[at + 1]}", group), None)

    def of(self, group: str, kind: str, term: str) -> int:
        found = self._heard.get((kind, term, group))
        if found is None:
            self.hear(group, kind, term)
            unknown = [key for key, count in self._heard.items() if count is None]
            self.reports, counts = self._collection.count_all([term_filter(*key) for key in unknown])
            self._heard.update(zip(unknown, counts, strict=True))
            found = self._heard[kind, term, group]
            assert found is not None
        return found


class ClusterPlanner:
    """A ``Planner`` that asks the cluster, if it is asked: a query without variants needs no counts. Of one search.

    ``group`` is where terms are counted. ``others`` are where terms that are heard of here will be asked for as well.
    """

    parameters: Parameters = PARAMETERS

    def __init__(self, counts: _Counts, group: str, others: Sequence[str] = ()) -> None:
        self._counts = counts
        self._group = group
        self._others = others

    @classmethod
    def of(cls, collection: Collection, fields: Mapping[str, float]) -> ClusterPlanner:
        """Return one for what is looked for in some fields, with these weights."""
        if len(fields) == 1:
            return cls(_Counts(collection), next(iter(fields)))
        return cls(_Counts(collection), "both", () if fields == DEFAULT_FIELDS else TEXT_FIELDS)

    def prepare(self, terms: Iterable[TermKey]) -> None:
        """Hear which terms the tree will have."""
        for kind, term in terms:
            for group in (self._group, *self._others):
                self._counts.hear(group, kind, term)

    def count(self, kind: str, term: str) -> int:
        """Return how many reports hold a term."""
        return self._counts.of(self._group, kind, term)

    def worth(self, kind: str, count: int) -> float:
        """Return the most that a term which so many reports hold can score."""
        bm25 = self.parameters.pair if kind == "pair" else self.parameters.syllable
        return bm25.weight * (bm25.k1 + 1) * rarity(max(self._counts.reports, count), count)

    def in_field(self, name: str) -> ClusterPlanner:
        """Return one for what is looked for in one field."""
        return ClusterPlanner(self._counts, name)
