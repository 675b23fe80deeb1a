"""What making the tree of a query needs to know of a collection on a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vnsearch.opensearch.collection import Collection
from vnsearch.opensearch.compiling import term_filter
from vnsearch.search.matches import TermKey
from vnsearch.search.parameters import PARAMETERS, Parameters
from vnsearch.search.scoring import rarity

__all__ = ["ClusterPlanner"]


class ClusterPlanner:
    """A ``Planner`` that asks the cluster, if it is asked: a query without variants needs no counts. Of one search.

    All that was heard of is asked for in one request.
    """

    parameters: Parameters = PARAMETERS

    def __init__(self, collection: Collection, group: str = "both") -> None:
        self._collection = collection
        self._group = group
        self._others: dict[str, ClusterPlanner] = {group: self}
        self._heard: dict[TermKey, int | None] = {}
        self._reports = 0

    @classmethod
    def of(cls, collection: Collection, fields: Mapping[str, float]) -> ClusterPlanner:
        """Return one for what is looked for in some fields."""
        return cls(collection, next(iter(fields)) if len(fields) == 1 else "both")

    def prepare(self, terms: Iterable[TermKey]) -> None:
        """Hear which terms the tree will have."""
        for key in terms:
            self._heard.setdefault(key, None)
            if key[0] == "phrase":  # it is scored by one of its pairs
                syllables = key[1].split(" ")
                for at in range(len(syllables) - 1):
                    self._heard.setdefault(("pair", f"{syllables[at]} {syllables[at + 1]}"), None)

    def count(self, kind: str, term: str) -> int:
        """Return how many reports hold a term."""
        found = self._heard.get((kind, term))
        if found is None:
            self.prepare([(kind, term)])
            unknown = [key for key, count in self._heard.items() if count is None]
            self._reports, counts = self._collection.count_all([term_filter(*key, self._group) for key in unknown])
            self._heard.update(zip(unknown, counts, strict=True))
            found = self._heard[kind, term]
            assert found is not None
        return found

    def worth(self, kind: str, count: int) -> float:
        """Return the most that a term which so many reports hold can score."""
        bm25 = self.parameters.pair if kind == "pair" else self.parameters.syllable
        return bm25.weight * (bm25.k1 + 1) * rarity(max(self._reports, count), count)

    def in_field(self, name: str) -> ClusterPlanner:
        """Return one for what is looked for in one field: always the same."""
        if name not in self._others:
            self._others[name] = ClusterPlanner(self._collection, name)
            self._others[name]._others = self._others
        return self._others[name]
