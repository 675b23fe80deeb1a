"""Query -> hits, on a cluster: read as everywhere, compiled, answered in one request."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from vnsearch.limits import Limits
from vnsearch.opensearch.collection import Collection, facet, values_of
from vnsearch.opensearch.compiling import CLAUSES, Compiler, Query, clauses_of, day_filter, label_filter
from vnsearch.opensearch.documents import report_of
from vnsearch.opensearch.ledger import explained
from vnsearch.opensearch.page import ClusterPage
from vnsearch.opensearch.planning import ClusterPlanner
from vnsearch.opensearch.terms import document_id
from vnsearch.opensearch.vocabulary import ClusterVocabulary
from vnsearch.report import Report
from vnsearch.search.assemble import assemble, explain
from vnsearch.search.parts import read
from vnsearch.search.plan import Contribution, Ledger, contributions, plan
from vnsearch.search.query import ParsedQuery
from vnsearch.search.results import Hit, SearchResults
from vnsearch.search.searcher import SearchOptions, check_query, known_label, wanted_labels
from vnsearch.search.suggestions import restored

__all__ = ["ClusterSearcher"]

# A long query without marks may have more clauses than Lucene takes. What is likeliest is searched then.
_FEWER_SPELLINGS = (512, 128, 1)
_FEWER_SYLLABLES = (64, 32, 16)
_SHOWN = ["report", "packed"]


@dataclass(frozen=True, slots=True)
class ClusterSearcher:
    """Searches a collection, with the words that it has now. Safe for many threads."""

    collection: Collection
    vocabulary: ClusterVocabulary
    limits: Limits

    def search(self, text: str, options: SearchOptions, *, only: str | None = None) -> SearchResults:
        """Run a query; see ``Index.search``. ``only`` is the id of the one report that may be found."""
        started = time.perf_counter()
        options.check()
        check_query(text)
        for limits in _ever_less(self.limits):
            query = read(text, self.vocabulary, options.match, limits=limits)
            compiled = self._compiled(query, options)
            if clauses_of(compiled) <= CLAUSES:
                break
        among = [_one(only)] if only is not None else []
        suggest = partial(restored, query, self.vocabulary)
        return self._run(query, compiled, options, among, (), suggest, started)

    def like(self, query: ParsedQuery, options: SearchOptions, without: str) -> SearchResults:
        """Run a query that was made of a report, which is left out."""
        started = time.perf_counter()
        return self._run(query, self._compiled(query, options), options, (), [_one(without)], lambda: None, started)

    def _compiled(self, query: ParsedQuery, options: SearchOptions) -> Query:
        planner = ClusterPlanner.of(self.collection, self.vocabulary.counts, options.weights())
        node = plan(planner, query.groups, options.match) if query.part is None else assemble(planner, query.part)
        return Compiler(options.weights(), planner, scaled=self.collection.is_scaled).compile(node)

    def _run(
        self,
        query: ParsedQuery,
        compiled: Query,
        options: SearchOptions,
        among: Sequence[Query],
        without: Sequence[Query],
        suggest: Any,
        started: float,
    ) -> SearchResults:
        start, end = options.offset, min(options.offset + options.limit, self.limits.result_window)
        names = list(dict.fromkeys(options.facets))
        for name in names:
            self._known(name)
        filtered: Query = {
            "bool": {"must": [compiled], "filter": [*among, *self._filters(options)], "must_not": list(without)}
        }
        body: dict[str, Any] = {
            "query": filtered,
            "from": start if end > start else 0,
            "size": max(end - start, 0),
            "track_total_hits": True,
            "track_scores": True,
            "sort": _order(options.sort),
            "_source": _SHOWN,
        }
        if names:
            body["aggs"] = {str(at): facet(name) for at, name in enumerate(names)}
        timeout_s = options.timeout_s
        if timeout_s is not None:
            timeout_s -= time.perf_counter() - started
            if timeout_s <= 0:  # reading it took all the time
                took_ms = (time.perf_counter() - started) * 1000
                return SearchResults((), 0, took_ms, {name: [] for name in names}, complete=False, _suggest=suggest)
        copy = (query.text, options.match, options.sort)
        answer = self.collection.ask(body, timeout_s=timeout_s, copy=copy)
        found = answer["hits"]["hits"]
        reports = [report_of(one["_source"]) for one in found]
        page = ClusterPage(
            query,
            options.weights(),
            options.fragments,
            reports,
            self.vocabulary,
            partial(self._explained, query, options, copy),
        )
        page.hits = tuple(Hit(float(one["_score"]), at, page) for at, one in enumerate(found))
        facets = {name: values_of(answer["aggregations"][str(at)]) for at, name in enumerate(names)}
        # A shard without any copy is not counted among those that failed.
        complete = not answer["timed_out"] and answer["_shards"]["successful"] == answer["_shards"]["total"]
        took_ms = (time.perf_counter() - started) * 1000
        return SearchResults(
            tuple(page.hits), int(answer["hits"]["total"]["value"]), took_ms, facets, complete, suggest
        )

    def _explained(
        self, query: ParsedQuery, options: SearchOptions, copy: object, report: Report
    ) -> list[Contribution]:
        def make(ledger: Ledger) -> list[Contribution]:
            if query.part is not None:
                return explain(ledger, query.part)
            return contributions(ledger, query.groups, needs_all=options.match == "all")

        return explained(make, self.collection, options.weights(), _one(report.id), report, copy)

    def _known(self, name: str) -> str:
        return known_label(name, self.vocabulary.filterable)

    def _filters(self, options: SearchOptions) -> list[Query]:
        found = [
            label_filter(self._known(name), wanted_labels(name, values))
            for name, values in (options.filters or {}).items()
        ]
        if (days := options.days()) is not None:
            found.append(day_filter(*days))
        return found


def _one(id: str) -> Query:
    return {"ids": {"values": [document_id(id)]}}


def _ever_less(limits: Limits) -> Iterator[Limits]:
    """Yield the limits, and then ever lower ones: for queries of more clauses than the cluster takes."""
    yield limits
    for spellings in _FEWER_SPELLINGS:
        limits = replace(limits, query_spellings=min(spellings, limits.query_spellings))
        limits = replace(limits, prefix_spellings=min(limits.prefix_spellings, 16))
        yield limits
    for syllables in _FEWER_SYLLABLES:
        limits = replace(limits, query_syllables=min(syllables, limits.query_syllables), query_phrases=4)
        yield limits


def _order(sort: str) -> list[Any]:
    """Return the order of the hits. Equals go by their ids, so that pages fit together."""
    by_score: list[Any] = [{"_score": "desc"}, {"id": "asc"}]
    if sort == "relevance":
        return by_score
    return [{"day": {"order": "desc" if sort == "-date" else "asc", "missing": "_last"}}, *by_score]
