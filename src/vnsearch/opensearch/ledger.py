"""What explaining a hit of a cluster needs to know: what nodes of its query score there, asked all in one request.

An explanation is made twice: the first time with a ledger that only notes what is asked for, the second time with the answers.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

from vnsearch.analysis import syllables_of
from vnsearch.concurrency import cached_property
from vnsearch.index.columnar.build import OPENING
from vnsearch.index.schema import TEXT_FIELDS, pairs_of
from vnsearch.opensearch.collection import Collection
from vnsearch.opensearch.compiling import CLAUSES, NOTHING, Compiler, Query, clauses_of
from vnsearch.opensearch.page_texts import PageTexts
from vnsearch.opensearch.planning import ClusterPlanner, KnownCounts
from vnsearch.report import Report
from vnsearch.search import tree
from vnsearch.search.phrases import find_sequences, phrase_numbers
from vnsearch.search.plan import Ledger

__all__ = ["explained"]

Found = TypeVar("Found")


def explained(
    make: Callable[[Ledger], list[Found]],
    collection: Collection,
    fields: Mapping[str, float],
    one: Query,
    report: Report,
    copy: object,
) -> list[Found]:
    """Return what ``make`` makes of the ledger of a report, which the query ``one`` finds; none if it is there no more."""
    answers = _Answers()
    ledger = _ClusterLedger(
        answers, ClusterPlanner.of(collection, KnownCounts(), fields), fields, collection, _Texts(report)
    )
    make(ledger)
    return make(ledger) if answers.ask(collection, one, copy) else []


class _Answers:
    """What nodes score in a report, and how many reports they match. Before they are asked: 1, so that all is noted."""

    def __init__(self) -> None:
        self._queries: dict[str, Query] = {}
        self._counted: dict[str, Query] = {}
        self._scores: dict[str, float] | None = None
        self._counts: dict[str, int] = {}

    def score(self, query: Query) -> float:
        key = json.dumps(query)
        if self._scores is None and query != NOTHING:
            self._queries[key] = query
            return 1.0
        return (self._scores or {}).get(key, 0.0)

    def count(self, query: Query) -> int:
        key = json.dumps(query)
        self._counted[key] = query
        return self._counts.get(key, 0)

    def ask(self, collection: Collection, one: Query, copy: object) -> bool:
        """Ask for all that was noted; return whether the report is there. One request, for very long queries a few."""
        self._scores = {}
        for part in _together(self._queries):
            # A name of its own for each: they come back with their scores.
            named = [{"bool": {"must": [self._queries[key]], "_name": str(at)}} for at, key in enumerate(part)]
            body: dict[str, Any] = {
                "query": {"bool": {"filter": [one], "should": named}},
                "size": 1,
                "_source": False,
            }
            if counted := {key: query for key, query in self._counted.items() if key not in self._counts}:
                counts = {"filters": {"filters": list(counted.values())}}
                body["aggs"] = {"all": {"global": {}, "aggs": {"counts": counts}}}
            answer = collection.ask(body, copy=copy, named_scores=True)
            if counted:
                buckets = answer["aggregations"]["all"]["counts"]["buckets"]
                self._counts.update((key, int(one["doc_count"])) for key, one in zip(counted, buckets, strict=True))
            if not answer["hits"]["hits"]:
                return False
            scores = answer["hits"]["hits"][0].get("matched_queries", {})
            self._scores.update((key, float(scores[str(at)])) for at, key in enumerate(part) if str(at) in scores)
        return True


def _together(queries: Mapping[str, Query]) -> Iterator[list[str]]:
    """Yield the keys of queries that fit into one request."""
    part: list[str] = []
    clauses = 0
    for key, query in queries.items():
        more = clauses_of(query)
        if part and clauses + more > CLAUSES:
            yield part
            part, clauses = [], 0
        part.append(key)
        clauses += more
    yield part


class _Texts:
    """The texts of one report, and how often they hold terms."""

    def __init__(self, report: Report) -> None:
        self._report = report

    @cached_property
    def _terms(self) -> dict[tuple[str, str], Sequence[str]]:
        found: dict[tuple[str, str], Sequence[str]] = {}
        for name in TEXT_FIELDS:
            analysis = syllables_of(getattr(self._report, name), values=True)
            found[name, "syllable"], found[name, "pair"] = analysis.syllables, analysis.pairs()
            found[name, "value"] = analysis.value_terms()
        return found

    @cached_property
    def _counts(self) -> dict[tuple[str, str], Counter[str]]:
        return {key: Counter(terms) for key, terms in self._terms.items()}

    def frequency(self, name: str, kind: str, term: str) -> int:
        """Return how often a field holds a term; of a phrase, the rarest of its pairs."""
        return min(self._counts[name, kind][term] for kind, term in _parts(kind, term))

    def opens_with(self, kind: str, term: str) -> bool:
        return all(term in self._terms["body", kind][: OPENING - (kind == "pair")] for kind, term in _parts(kind, term))

    def phrase_frequency(self, name: str, node: tree.Phrase) -> int:
        tokens = PageTexts([self._report], chain.from_iterable(node.places))
        sequence = tokens.sequence(0, TEXT_FIELDS.index(name))
        return len(find_sequences(sequence, phrase_numbers(tokens, node.places), node.slop)[0])


def _parts(kind: str, term: str) -> list[tuple[str, str]]:
    if kind != "phrase":
        return [(kind, term)]
    return [("pair", pair) for pair in pairs_of(term)] or [("syllable", term)]


class _ClusterLedger:
    """A ``Ledger`` of one report."""

    def __init__(
        self,
        answers: _Answers,
        planner: ClusterPlanner,
        fields: Mapping[str, float],
        collection: Collection,
        texts: _Texts,
    ) -> None:
        self._answers = answers
        self._planner = planner
        self._fields = fields
        self._collection = collection
        self._texts = texts
        self._compiler = Compiler(fields, planner, scaled=collection.is_scaled)
        self.parameters = planner.parameters
        self.prepare = planner.prepare
        self.count = planner.count
        self.worth = planner.worth

    def in_field(self, name: str) -> _ClusterLedger:
        fields = self._compiler.in_field(name)
        return _ClusterLedger(self._answers, self._planner.in_field(name), fields, self._collection, self._texts)

    def score(self, node: tree.Node) -> float:
        return self._answers.score(self._compiler.compile(node))

    def matching(self, node: tree.Node) -> int:
        return self._answers.count(self._compiler.compile(node))

    def frequencies(self, kind: str, term: str) -> dict[str, int]:
        return {name: self._texts.frequency(name, kind, term) for name in self._fields}

    def opens_with(self, kind: str, term: str) -> bool:
        return "body" in self._fields and self._texts.opens_with(kind, term)

    def phrase_frequencies(self, node: tree.Phrase) -> dict[str, int]:
        return {name: self._texts.phrase_frequency(name, node) for name in self._fields}
