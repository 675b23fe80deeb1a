"""The tree of a query -> OpenSearch's query language.

The tree is the one that an index on disk is searched with (``vnsearch.search.tree``); every node has one translation. A term is
a ``term`` query on a weighed field, boosted so that it scores what it scores there (see ``mapping``): the best of several is a ``dis_max``, a
sum a ``bool``. The inverse document frequencies are the cluster's own.

Where both fields are searched with other weights than the usual ones, a term scores the better of what it scores in each:
frequencies of both together are there for the usual weights only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from vnsearch.index.schema import TEXT_FIELDS, label_field, pairs_of
from vnsearch.opensearch.mapping import SCALE, field_of
from vnsearch.opensearch.terms import written, written_label
from vnsearch.search import tree
from vnsearch.search.parameters import BM25, DEFAULT_FIELDS, PARAMETERS
from vnsearch.search.plan import Planner

__all__ = [
    "CLAUSES",
    "NOTHING",
    "Compiler",
    "Query",
    "any_of",
    "clauses_of",
    "day_filter",
    "label_filter",
    "term_filter",
]

Query = dict[str, Any]

# Terms that one query for any of several may have.
_TERMS = 1 << 16
# Saturations of a pair from which on a variant that holds it scores more, see ``Compiler._joined``.
_STEPS = (0.0, 0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9)

#: Clauses that a query may have. Lucene takes 1,024; some are left to filters.
CLAUSES = 1000
NOTHING: Query = {"match_none": {}}


def any_of(queries: Sequence[Query]) -> Query:
    """Return a query for what any of some match; their scores are added."""
    if len(queries) == 1:
        return queries[0]
    return {"bool": {"should": list(queries), "minimum_should_match": 1}} if queries else NOTHING


def _all_of(queries: Sequence[Query], **others: Any) -> Query:
    """Return a query for what all of some match; their scores are added. ``others`` are what else a ``bool`` may have."""
    if not queries or NOTHING in queries:
        return NOTHING
    return queries[0] if len(queries) == 1 and not others else {"bool": {"must": list(queries), **others}}


def _best_of(queries: Sequence[Query]) -> Query:
    if len(queries) == 1:
        return queries[0]
    return {"dis_max": {"queries": list(queries)}} if queries else NOTHING


def _bm25(kind: str) -> BM25:
    return PARAMETERS.pair if kind == "pair" else PARAMETERS.syllable


def _unscored(query: Query, score: float = 0.0) -> Query:
    return {"constant_score": {"filter": query, "boost": score}}


def label_filter(key: str, labels: Iterable[str]) -> Query:
    """Return a query for the reports that have any of some labels."""
    wanted = [written_label(label) for label in labels]
    parts = [wanted[start : start + _TERMS] for start in range(0, max(len(wanted), 1), _TERMS)]
    return any_of([{"terms": {f"labels.{label_field(key)}": part}} for part in parts])


def day_filter(first: int | None, last: int | None) -> Query:
    """Return a query for the reports dated from one day to another, as ordinals."""
    bounds = {name: day for name, day in (("gte", first), ("lte", last)) if day is not None}
    return {"range": {"day": bounds}} if bounds else {"exists": {"field": "day"}}


def term_filter(kind: str, term: str, group: str = "both") -> Query:
    """Return a query for the reports that hold a term; of kind "phrase", all the pairs of its syllables."""
    if kind == "phrase":
        return {"bool": {"filter": [term_filter("pair", pair, group) for pair in pairs_of(term)]}}
    return {"term": {field_of(group, kind): written(kind, term)}}


class Compiler:
    """Compiles the trees of one search. ``fields`` are those searched, with their weights.

    ``run`` is what the tree was planned with; it is asked only for what a phrase is worth, and for how rare a term is where two
    fields have other weights than the usual ones. ``scaled``: whether the cluster multiplies
    scores by ``k1 + 1`` (OpenSearch 2) or not (3).
    """

    def __init__(self, fields: Mapping[str, float], run: Planner, *, scaled: bool) -> None:
        self._fields = dict(fields)
        self._run = run
        self._scaled = scaled
        if self._fields == DEFAULT_FIELDS:
            self._groups = ["both"]
        else:
            self._groups = list(self._fields)

    def compile(self, node: tree.Node) -> Query:  # noqa: PLR0911 - one for each kind of node
        """Return the query that a node is."""
        match node:
            case tree.Term(kind, term, weight):
                return self._term(kind, term, weight)
            case tree.Best(children):
                return _best_of([self.compile(child) for child in children])
            case tree.Any(children, optional):
                return self._any(children, optional)
            case tree.All(children):
                return _all_of([self.compile(child) for child in children])
            case tree.Maybe(required, extra):
                return _all_of([self.compile(required)], should=[self.compile(extra)])
            case tree.Filtered(wanted, condition):
                return _all_of([self.compile(wanted)], filter=[self.compile(condition)])
            case tree.Without(wanted, unwanted):
                return _all_of([self.compile(wanted)], must_not=[self.compile(unwanted)])
            case tree.InField(name, inner):
                return Compiler(self.in_field(name), self._run.in_field(name), scaled=self._scaled).compile(inner)
            case tree.Phrase(syllables, slop, weight):
                return self._phrase(syllables, node.places, slop, weight)
            case tree.Labels(key, values, weight):
                return _unscored(label_filter(key, values), weight)
            case tree.Days(first, last, weight):
                return _unscored(day_filter(first, last), weight)
            case tree.Every(weight):
                return {"match_all": {"boost": weight}}
        raise TypeError(f"no translation of {type(node).__name__}")

    def in_field(self, name: str) -> dict[str, float]:
        """Return what is searched where a query names one field: that, with its own weight where it is not searched otherwise."""
        return {name: self._fields.get(name, DEFAULT_FIELDS[name])}

    def _term(self, kind: str, term: str, weight: float) -> Query:
        if kind == "phrase" and " " in term:
            return self._joined(term, weight)
        kind = "syllable" if kind == "phrase" else kind
        return _best_of([self._scored(group, kind, term, weight) for group in self._groups])

    def _scored(self, group: str, kind: str, term: str, weight: float) -> Query:
        bm25 = _bm25(kind)
        share = self._share(group, bm25.k1) * self._rarity_share(group, kind, term)
        boost = weight * share * bm25.weight * (bm25.k1 + 1)
        if self._scaled:
            boost /= SCALE * bm25.k1 + 1
        return {"term": {field_of(group, kind): {"value": written(kind, term), "boost": boost}}}

    def _share(self, group: str, k1: float) -> float:
        """Return what one occurrence in an average field scores with the weight asked for, of what it does with the usual one."""
        if group == "both":
            return 1.0
        weight, usual = self._fields[group], DEFAULT_FIELDS[group]
        return weight / (weight + k1) * (usual + k1) / usual

    def _rarity_share(self, group: str, kind: str, term: str) -> float:
        """Return how rare a term is in all fields together, of how rare it is in one, which the cluster scores it by there."""
        if len(self._groups) == 1:
            return 1.0
        here = self._run.in_field(group).count(kind, term)
        return self._run.worth(kind, self._run.count(kind, term)) / self._run.worth(kind, here) if here else 1.0

    def _joined(self, phrase: str, weight: float) -> Query:
        """Return what finds all the pairs of some syllables, and scores them like one term that is as rare as they all are.

        Its frequency is that of the rarest pair, which is saturated as pairs are. The share of it that a syllable would score,
        ``1 / (2 - saturation)``, is approached from below in a few steps: what was typed comes before another way to write it.
        """
        pairs = pairs_of(phrase)
        # Of equals the last: where the opening ends between them, that is the one outside.
        rarest = min(reversed(pairs), key=lambda pair: self._run.count("pair", pair))
        held = max(self._run.count("pair", rarest), 1)
        worth = weight * self._run.worth("phrase", max(self._run.count("phrase", phrase), 1))
        found = []
        for group in self._groups:
            most = worth * self._share(group, PARAMETERS.pair.k1)
            for least in _STEPS:
                share = 1 / (2 - least)
                scored = self._scored(group, "pair", rarest, share * worth / self._run.worth("pair", held))
                found.append(
                    {"function_score": {"query": scored, "min_score": least * share * most}} if least else scored
                )
        others = [any_of([term_filter("pair", pair, group) for group in self._groups]) for pair in pairs]
        return {"bool": {"must": [_best_of(found)], "filter": others if len(pairs) > 1 else []}}

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
        if not all(places):
            return NOTHING
        if len(scored) == 1:
            return {"bool": {"must": scored, "boost": weight}}
        if len(places) == 2 and slop == 1:
            pairs = [written("pair", f"{a} {b}") for a, b in product(*places)]
            found: list[Query] = [{"terms": {field_of(group, "pair"): pairs}} for group in self._groups]
        else:
            fields = TEXT_FIELDS if self._groups[0] == "both" else self._groups
            found = [{"intervals": {f"text.{name}": _in_order(places, slop)}} for name in fields]
        return {"bool": {"filter": [any_of(found)], "should": scored, "boost": weight}}


def _in_order(places: Sequence[Sequence[str]], slop: int) -> Query:
    """Return the rule for places that follow each other, each at most ``slop`` behind the one before.

    Lucene looks at the nearest of what can follow alone. So with slop it is asked from the left and from the right; only
    where a syllable in the middle is right in neither way, but is between, something is not found.
    """
    rules = [_spelled(place) for place in places]
    if slop == 1 or len(rules) < 3:
        return _ordered(rules, slop)
    left, right = rules[0], rules[-1]
    for rule in rules[1:]:
        left = _ordered([left, rule], slop)
    for rule in rules[-2::-1]:
        right = _ordered([rule, right], slop)
    return {"any_of": {"intervals": [left, right]}}


def _ordered(rules: Sequence[Query], slop: int) -> Query:
    if len(rules) == 1:
        return rules[0]
    return {"all_of": {"ordered": True, "max_gaps": slop - 1, "intervals": list(rules)}}


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
