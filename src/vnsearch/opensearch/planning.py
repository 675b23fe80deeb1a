"""What making the tree of a query needs to know of a collection on a cluster."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from vnsearch.opensearch.collection import Collection
from vnsearch.opensearch.compiling import term_filter
from vnsearch.opensearch.lexicon_parts import LOOK_EVERY_S
from vnsearch.search.matches import TermKey
from vnsearch.search.parameters import PARAMETERS, Parameters
from vnsearch.search.scoring import rarity
from vnsearch.text.memo import make_room

__all__ = ["ClusterPlanner", "KnownCounts"]

_COUNTS_KEPT = 1 << 13


class KnownCounts:
    """How many reports hold a term, as the cluster said lately; safe for many threads. Numbers and abbreviations come again and again."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._counts: dict[TermKey, int] = {}
        self.reports = 0  #: in all, as it last said

    def of(self, collection: Collection, keys: Sequence[TermKey]) -> dict[TermKey, int]:
        """Return the counts of terms; what was not asked for lately is asked for in one request."""
        if time.monotonic() - self._since > LOOK_EVERY_S:
            self._counts, self._since = {}, time.monotonic()
        kept = self._counts
        found = {key: kept[key] for key in keys if key in kept}
        if unknown := [key for key in keys if key not in found]:
            self.reports, counts = collection.count_all([term_filter(*key) for key in unknown])
            new = dict(zip(unknown, counts, strict=True))
            make_room(kept, _COUNTS_KEPT)
            kept.update(new)
            found.update(new)
        return found


class ClusterPlanner:
    """A ``Planner`` that asks the cluster, if it is asked: a query without variants needs no counts. Of one search.

    All that was heard of is asked for in one request.
    """

    parameters: Parameters = PARAMETERS

    def __init__(self, collection: Collection, known: KnownCounts) -> None:
        self._collection = collection
        self._known = known
        self._heard: dict[TermKey, int | None] = {}

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
            self._heard.update(self._known.of(self._collection, unknown))
            found = self._heard[kind, term]
            assert found is not None
        return found

    def worth(self, kind: str, count: int) -> float:
        """Return the most that a term which so many reports hold can score."""
        bm25 = self.parameters.pair if kind == "pair" else self.parameters.syllable
        return bm25.weight * (bm25.k1 + 1) * rarity(max(self._known.reports, count), count)

    def in_field(self, name: str) -> ClusterPlanner:
        """Return one for what is looked for in one field: counts are of both fields, for all."""
        del name
        return self
