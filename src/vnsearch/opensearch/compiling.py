"""The tree of a query -> OpenSearch's query language.

The tree is the one that an index on disk is searched with (``vnsearch.search.tree``); every node has one translation. A term is
a ``term`` query on a weighed field, boosted so that it scores what it scores there (see ``mapping``): the best of several is a ``dis_max``, a
sum a ``bool``. The inverse document frequencies are the cluster's own.

Where both fields are searched with other weights than the usual ones, a term scores the better of what it scores in each:
frequencies of both together are there for the usual weights only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, product
from typing import Any

from vnsearch.index.schema import TEXT_FIELDS, label_field
from vnsearch.opensearch.mapping import SCALE, field_of
from vnsearch.opensearch.terms import written, written_label
from vnsearch.search import tree
from vnsearch.search.parameters import DEFAULT_FIELDS, PARAMETERS
from vnsearch.search.plan import Planner

__all__ = ["NOTHING", "Compiler", "Query", "any_of", "clauses_of", "day_filter", "label_filter", "term_filter"]

Query = dict[str, Any]

NOTHING: Query = {"match_none": {}}


def any_of(queries: Sequence[Query]) -> Query:
    """Return a query for what any of some match; their scores are added."""
    if len(queries) == 1:
        return queries[0]
    return {"bool": {"should": list(queries), "minimum_should_match": 1}} if queries else NOTHING


def _all_of(queries: Sequence[Query]) -> Query:
    if len(queries) == 1:
        return queries[0]
    return {"bool": {"must": list(queries)}} if queries else NOTHING


def _unscored(query: Query, score: float = 0.0) -> Query:
    return {"constant_score": {"filter": query, "boost": score}}


def label_filter(key: str, labels: Iterable[str]) -> Query:
    """Return a query for the reports that have any of some labels."""
    return {"terms": {f"labels.{label_field(key)}": [written_label(label) for label in labels]}}


def day_filter(first: int | None, last: int | None) -> Query:
    """Return a query for the reports dated from one day to another, as ordinals."""
    bounds = {name: day for name, day in (("gte", first), ("lte", last)) if day is not None}
    return {"range": {"day": bounds}} if bounds else {"exists": {"field": "day"}}


def term_filter(kind: str, term: str, group: str = "both") -> Query:
    """Return a query for the reports that hold a term; of kind "phrase", all the pairs of its syllables."""
    if kind == "phrase":
        return {"bool": {"filter": [term_filter("pair", pair, group) for pair in _pairs_of(term)]}}
    return {"term": {field_of(group, kind): written(kind, term)}}


def _pairs_of(phrase: str) -> list[str]:
    return [f"{a} {b}" for a, b in pairwise(phrase.split(" "))]


class Compiler:
    """Compiles the trees of one search. ``fields`` are those searched, with their weights.

    ``run`` is what the tree was planned with; it is asked only for what a phrase is worth. ``scaled``: whether the cluster multiplies
    scores by ``k1 + 1`` (OpenSearch 2) or not (3).
    """

    def __init__(self, fields: Mapping[str, float], run: Planner, *, scaled: bool) -> None:
        self._fields = dict(fields)
        self._run = run
        self._scaled = scaled
        if self._fields == DEFAULT_FIELDS:
            self._groups = [("both", 1.0)]
        else:
            self._groups = [(name, weight / DEFAULT_FIELDS[name]) for name, weight in self._fields.items()]
            # A single field is a ranking by itself: its weight changes nothing in the order.

    def compile(self, node: tree.Node) -> Query:  # noqa: PLR0911 - one for each kind of node
        """Return the query that a node is."""
        match node:
            case tree.Term(kind, term, weight):
                return self._term(kind, term, weight)
            case tree.Best(children):
                return self._best(children)
            case tree.Any(children, optional):
                return self._any(children, optional)
            case tree.All(children):
                return _all_of([self.compile(child) for child in children])
            case tree.Maybe(required, extra):
                return {"bool": {"must": [self.compile(required)], "should": [self.compile(extra)]}}
            case tree.Filtered(wanted, condition):
                return {"bool": {"must": [self.compile(wanted)], "filter": [self.compile(condition)]}}
            case tree.Without(wanted, unwanted):
                return {"bool": {"must": [self.compile(wanted)], "must_not": [self.compile(unwanted)]}}
            case tree.InField(name, inner):
                fields = {name: self._fields.get(name, DEFAULT_FIELDS[name])}
                return Compiler(fields, self._run.in_field(name), scaled=self._scaled).compile(inner)
            case tree.Phrase(syllables, slop, weight):
                return self._phrase(syllables, node.places, slop, weight)
            case tree.Labels(key, values, weight):
                return _unscored(label_filter(key, values), weight)
            case tree.Days(first, last, weight):
                return _unscored(day_filter(first, last), weight)
            case tree.Every(weight):
                return {"match_all": {"boost": weight}}
        raise TypeError(f"no translation of {type(node).__name__}")

    def _term(self, kind: str, term: str, weight: float) -> Query:
        if kind == "phrase":
            return self._joined(term, weight)
        found = [self._scored(group, kind, term, weight * share) for group, share in self._groups]
        return found[0] if len(found) == 1 else {"dis_max": {"queries": found}}

    def _scored(self, group: str, kind: str, term: str, weight: float) -> Query:
        bm25 = PARAMETERS.pair if kind == "pair" else PARAMETERS.syllable
        boost = weight * bm25.weight * (bm25.k1 + 1)
        if self._scaled:
            boost /= SCALE * bm25.k1 + 1
        return {"term": {field_of(group, kind): {"value": written(kind, term), "boost": boost}}}

    def _joined(self, phrase: str, weight: float) -> Query:
        """Return what finds all the pairs of some syllables, scored by the rarest of them as if it were as rare as they all are."""
        pairs = _pairs_of(phrase)
        rarest = min(pairs, key=lambda pair: self._run.count("pair", pair))
        worth = self._run.worth("phrase", max(self._run.count("phrase", phrase), 1))
        share = worth / self._run.worth("pair", max(self._run.count("pair", rarest), 1))
        scored = self._term("pair", rarest, weight * share)
        if len(pairs) == 1:
            return scored
        others = [any_of([term_filter("pair", pair, group) for group, _ in self._groups]) for pair in pairs]
        return {"bool": {"must": [scored], "filter": others}}

    def _best(self, children: Sequence[tree.Node]) -> Query:
        queries = [self.compile(child) for child in children]
        if len(queries) == 1:
            return queries[0]
        return {"dis_max": {"queries": queries}} if queries else NOTHING

    def _any(self, children: Sequence[tree.Node], optional: Sequence[tree.Optional]) -> Query:
        # Elsewhere a variant adds what it scores beyond its places; here it is the best of both.
        instead = [child for child in children if isinstance(child, tree.Instead)]
        replaced = {id(place) for child in instead for place in child.places}
        queries = [
            self.compile(child)
            for child in children
            if id(child) not in replaced and not isinstance(child, tree.Instead)
        ]
        for child in instead:
            places = any_of([self.compile(place) for place in child.places])
            queries.append({"dis_max": {"queries": [places, *map(self.compile, child.variants)]}})
        if not optional:
            return any_of(queries)
        extra = [self.compile(child) for child, _ in optional]
        telling = [_unscored(self.compile(node)) for _, nodes in optional for node in nodes]
        return {"bool": {"must": [any_of([*queries, *telling])], "should": extra}}

    def _phrase(
        self, syllables: Sequence[tree.Term | tree.Best], places: Sequence[Sequence[str]], slop: int, weight: float
    ) -> Query:
        scored = [self.compile(place) for place in syllables]
        if len(scored) == 1:
            return {"bool": {"must": scored, "boost": weight}}
        if not all(places):
            return NOTHING
        if len(places) == 2 and slop == 1:
            pairs = [written("pair", f"{a} {b}") for a, b in product(*places)]
            found: list[Query] = [{"terms": {field_of(group, "pair"): pairs}} for group, _ in self._groups]
        else:
            fields = TEXT_FIELDS if self._groups[0][0] == "both" else [group for group, _ in self._groups]
            found = [{"intervals": {f"text.{name}": _in_order(places, slop)}} for name in fields]
        return {"bool": {"filter": [any_of(found)], "should": scored, "boost": weight}}


def _in_order(places: Sequence[Sequence[str]], slop: int) -> Query:
    """Return the rule for places that follow each other, each at most ``slop`` behind the one before."""
    rule, *others = [_spelled(place) for place in places]
    if slop == 1:
        return {"all_of": {"ordered": True, "max_gaps": 0, "intervals": [rule, *others]}} if others else rule
    for other in others:
        rule = {"all_of": {"ordered": True, "max_gaps": slop - 1, "intervals": [rule, other]}}
    return rule


def _spelled(place: Sequence[str]) -> Query:
    rules = [{"match": {"query": written("syllable", spelling)}} for spelling in place]
    return rules[0] if len(rules) == 1 else {"any_of": {"intervals": rules}}


def clauses_of(query: Any) -> int:
    """Return about how many clauses Lucene counts in a query: it takes 1,024."""
    count = 0
    left = [query]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            for name, inner in part.items():
                if name in _LEAVES:
                    count += 1
                else:
                    left.append(inner)
        elif isinstance(part, list):
            left += part
    return count


_LEAVES = frozenset(("term", "terms", "match", "match_all", "range"))
