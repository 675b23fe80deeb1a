"""What making the tree of a query needs to know of a collection on a cluster."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from vnsearch.index.schema import TEXT_FIELDS, pairs_of
from vnsearch.opensearch.collection import Collection
from vnsearch.opensearch.compiling import term_filter
from vnsearch.opensearch.lexicon_parts import LOOK_EVERY_S
from vnsearch.search.matches import TermKey
from vnsearch.search.parameters import DEFAULT_FIELDS, PARAMETERS, Parameters
from vnsearch.search.scoring import rarity
from vnsearch.text.memo import make_room

__all__ = ["ClusterPlanner", "KnownCounts"]

_COUNTS_KEPT = 1 << 13
# A count weighs by its logarithm: that it grew is not noticed. Added reports bring a new vocabulary, and with it new counts.
_COUNTS_KEPT_S = 60.0

#: A kind, a term, and the group of fields that is to hold it.
_Key = tuple[str, str, str]


class KnownCounts:
    """How many reports hold a term, as the cluster said lately; safe for many threads. Numbers and abbreviations come again and again.

    What no report held is asked again sooner: what is held by none is not looked for.
    """

    def __init__(self) -> None:
        self._counts: dict[_Key, int] = {}
        self._since = self._zeros_since = time.monotonic()
        self.reports = 0  #: in all, as it last said

    def of(self, collection: Collection, keys: Sequence[_Key]) -> dict[_Key, int]:
        """Return the counts of terms; what was not asked for lately is asked for in one request."""
        now = time.monotonic()
        if now - self._since > _COUNTS_KEPT_S:
            self._counts, self._since = {}, now
        elif now - self._zeros_since > LOOK_EVERY_S:
            self._counts = {key: count for key, count in self._counts.copy().items() if count}
            self._zeros_since = now
        kept = self._counts
        found = {key: kept[key] for key in keys if key in kept}
        if unknown := [key for key in keys if key not in found]:
            self.reports, counts = collection.count_all([term_filter(*key) for key in unknown])
            new = dict(zip(unknown, counts, strict=True))
            make_room(kept, _COUNTS_KEPT)
            kept.update(new)
            found.update(new)
        return found


class _Heard:
    """The terms of one search, with their counts when the first is wanted: all that was heard of by then is asked for together."""

    def __init__(self, collection: Collection, known: KnownCounts) -> None:
        self._collection = collection
        self._known = known
        self._counts: dict[_Key, int | None] = {}

    @property
    def reports(self) -> int:
        return self._known.reports

    def hear(self, group: str, kind: str, term: str) -> None:
        self._counts.setdefault((kind, term, group), None)
        if kind == "phrase":  # it is scored by one of its pairs
            for pair in pairs_of(term):
                self._counts.setdefault(("pair", pair, group), None)

    def count(self, group: str, kind: str, term: str) -> int:
        found = self._counts.get((kind, term, group))
        if found is None:
            self.hear(group, kind, term)
            unknown = [key for key, count in self._counts.items() if count is None]
            self._counts.update(self._known.of(self._collection, unknown))
            found = self._counts[kind, term, group]
            assert found is not None
        return found


class ClusterPlanner:
    """A ``Planner`` that asks the cluster, if it is asked: a query without variants needs no counts. Of one search.

    All that was heard of is asked for in one request.
    """

    parameters: Parameters = PARAMETERS

    def __init__(self, heard: _Heard, group: str, others: Sequence[str] = ()) -> None:
        self._heard = heard
        self._group = group
        self._others = others

    @classmethod
    def of(cls, collection: Collection, known: KnownCounts, fields: Mapping[str, float]) -> ClusterPlanner:
        """Return one for what is looked for in some fields, with these weights."""
        heard = _Heard(collection, known)
        if len(fields) == 1:
            return cls(heard, next(iter(fields)))
        return cls(heard, "both", () if fields == DEFAULT_FIELDS else TEXT_FIELDS)

    def prepare(self, terms: Iterable[TermKey]) -> None:
        """Hear which terms the tree will have."""
        for kind, term in terms:
            for group in (self._group, *self._others):
                self._heard.hear(group, kind, term)

    def count(self, kind: str, term: str) -> int:
        """Return how many reports hold a term."""
        return self._heard.count(self._group, kind, term)

    def worth(self, kind: str, count: int) -> float:
        """Return the most that a term which so many reports hold can score."""
        bm25 = self.parameters.pair if kind == "pair" else self.parameters.syllable
        return bm25.weight * (bm25.k1 + 1) * rarity(max(self._heard.reports, count), count)

    def in_field(self, name: str) -> ClusterPlanner:
        """Return one for what is looked for in one field."""
        return ClusterPlanner(self._heard, name)
