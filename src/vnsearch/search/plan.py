"""A parsed query -> a tree to run, and what each place of it brought a document.

A group is scored by the sum of its places, each by its best spelling, or by its best variant if that is more. A variant
stands for the whole: it has the saturation of its own frequency, and is worth a share of what the places would bring at most
(their idf, but none rarer than the variant itself, since a spelling that no report has is not information).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from vnsearch.search import tree
from vnsearch.search.matches import TermKey
from vnsearch.search.parameters import Parameters
from vnsearch.search.query import Group, Option, Place
from vnsearch.search.stop_words import stop_words
from vnsearch.search.variants import Variant

__all__ = ["Contribution", "Ledger", "Planner", "contributions", "place_node", "plan"]


class Planner(Protocol):
    """What making a tree needs to know of the collection that it will be run on; an ``Evaluator`` knows it."""

    @property
    def parameters(self) -> Parameters:
        """What terms are weighed by."""

    def prepare(self, terms: Iterable[TermKey]) -> None:
        """Hear which terms the tree will have."""

    def count(self, kind: str, term: str) -> int:
        """Return how many reports hold a term."""

    def worth(self, kind: str, count: int) -> float:
        """Return the most that a term which so many reports hold can score."""

    def in_field(self, name: str) -> Planner:
        """Return one for what is looked for in one field."""


class Ledger(Planner, Protocol):
    """What explaining the score of one document needs to know, besides: of that document, and of what the nodes of a tree match."""

    def score(self, node: tree.Node) -> float:
        """Return what a node scores in the document; 0 if it does not match."""

    def matching(self, node: tree.Node) -> int:
        """Return how many reports a node matches."""

    def frequencies(self, kind: str, term: str) -> dict[str, int]:
        """Return how often each field that is searched holds a term."""

    def opens_with(self, kind: str, term: str) -> bool:
        """Tell whether the body, if it is searched, opens with a term."""

    def phrase_frequencies(self, node: tree.Phrase) -> dict[str, int]:
        """Return how often each field that is searched holds a phrase."""

    def in_field(self, name: str) -> Ledger:
        """Return one for what is looked for in one field."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one place of the query brought one document.

    ``term`` is the spelling the document was scored by, ``tier`` how faithful it is to what was ``typed``, ``weight`` its
    share, ``frequencies`` how often each field has it, ``reports`` how many reports do, ``opening`` whether the body, if it is
    searched, opens with it.
    """

    kind: str
    typed: str
    term: str
    tier: str
    weight: float
    frequencies: dict[str, int]
    reports: int
    score: float
    opening: bool = False


def plan(run: Planner, groups: Sequence[Group], match: str = "any") -> tree.Node:
    """Return the tree of a query. ``match``: "any" or "all" of the syllables must be there, each in any of the fields.

    A variant of a group stands for all its syllables. The terms of the query are scored here, all in one go.
    """
    terms = dict.fromkeys(_terms(groups))
    run.prepare(terms)
    return _any(run, groups, stop_words([term for _, term in terms])) if match == "any" else _all(run, groups)


def _any(run: Planner, groups: Sequence[Group], stops: frozenset[str]) -> tree.Node:
    """Return the sum of all places. Stop words are optional in it, unless the query, as it is likely read, has nothing else."""
    if stops and all(place.options[0].term in stops for group in groups for place in group.syllables):
        stops = frozenset()
    nodes: list[tree.Node] = []
    optional: list[tree.Optional] = []
    for group in groups:
        if not group.variants:
            for place in group.places:
                options = place.options
                # Spelling by spelling: "cua" may be của, which is a stop word, or cửa.
                if stops and (
                    options[0][0] in stops
                    or (len(options) > 1 and not stops.isdisjoint([term for term, *_ in options]))
                ):
                    optional.append((place_node(place), _others(place, stops)))
                else:
                    nodes.append(place_node(place))
            continue
        # What has variants stands for something, whatever it looks like.
        places = [place_node(place) for place in group.places]
        nodes += places
        if variants := _variants(run, group):
            nodes.append(tree.Instead(places, variants))
    return tree.Any(nodes, optional)


def _others(place: Place, stops: frozenset[str]) -> list[tree.Term]:
    return [tree.Term(place.kind, option.term) for option in place.options if option.term not in stops]


def _all(run: Planner, groups: Sequence[Group]) -> tree.Node:
    required: list[tree.Node] = []
    optional: list[tree.Node] = []
    for group in groups:
        places: tree.Node | None = None
        pairs = [place_node(place) for place in group.places if place.kind != "syllable"]
        if group.syllables:
            places = tree.All([place_node(place) for place in group.syllables])
            if pairs:
                places = tree.Maybe(places, tree.Any(pairs))
            required.append(tree.Best([places, *_variants(run, group)]) if group.variants else places)
        else:
            optional += pairs
    found = tree.All(required)
    return tree.Maybe(found, tree.Any(optional)) if optional else found


def _terms(groups: Iterable[Group]) -> Iterator[TermKey]:
    for group in groups:
        for place in group.places:
            for option in place.options:
                yield place.kind, option.term
        for variant in group.variants:
            yield variant.kind, variant.term


def place_node(place: Place) -> tree.Term | tree.Best:
    """Return the node that scores a place by its best spelling."""
    options = place.options
    if len(options) == 1:
        return tree.Term(place.kind, options[0].term, options[0].weight * place.weight)
    return tree.Best([tree.Term(place.kind, option.term, option.weight * place.weight) for option in options])


def _variants(run: Planner, group: Group) -> list[tree.Term]:
    return [node for node, _ in _weighed(run, group)]


def _weighed(run: Planner, group: Group) -> list[tuple[tree.Term, Variant]]:
    """Return the nodes of the variants of a group that reports have."""
    weights = ((variant, _variant_weight(run, group, variant)) for variant in group.variants)
    return [(tree.Term(variant.kind, variant.term, weight), variant) for variant, weight in weights if weight > 0]


def _variant_weight(run: Planner, group: Group, variant: Variant) -> float:
    """Return what the score of a variant's term is to be multiplied by."""
    held = run.count(variant.kind, variant.term)
    if not held:
        return 0.0
    worth = sum(
        run.worth(place.kind, max(held, run.count(place.kind, place.options[0].term))) * place.weight
        for place in group.places
    )
    return worth / run.worth(variant.kind, held) * run.parameters.variant * variant.share


def contributions(ledger: Ledger, groups: Sequence[Group], *, needs_all: bool = False) -> list[Contribution]:
    """Return what each place brought a document, or the variant of its group; the scores add up to the document's.

    ``needs_all``: all syllables of the query had to be there.
    """
    ledger.prepare(dict.fromkeys(_terms(groups)))
    found: list[Contribution] = []
    for group in groups:
        parts = [_of_place(ledger, place) for place in group.places]
        here = [part for part in parts if part is not None]
        if needs_all and any(
            part is None for part, place in zip(parts, group.places, strict=True) if place.kind == "syllable"
        ):
            here = []  # a variant stood for them
        # Syllables that stand in the query before are not needed again, nor another way to write them.
        for node, variant in _weighed(ledger, group) if group.syllables or not needs_all else ():
            score = ledger.score(node)
            if score > sum(part.score for part in here):
                typed = " ".join(place.typed for place in group.syllables)
                share = variant.share * ledger.parameters.variant
                option = Option(variant.term, share, "variant")
                here = [_contribution(ledger, variant.kind, typed, option, share, score)]
        found += here
    return found


def _of_place(ledger: Ledger, place: Place) -> Contribution | None:
    best: tuple[float, Option] | None = None
    for option in place.options:
        score = ledger.score(tree.Term(place.kind, option.term, option.weight * place.weight))
        if score > 0 and (best is None or score > best[0]):
            best = score, option
    if best is None:
        return None
    score, option = best
    parameters = ledger.parameters
    weight = option.weight * place.weight * (parameters.pair if place.kind == "pair" else parameters.syllable).weight
    return _contribution(ledger, place.kind, place.typed, option, weight, score)


def _contribution(ledger: Ledger, kind: str, typed: str, option: Option, weight: float, score: float) -> Contribution:
    frequencies = ledger.frequencies(kind, option.term)
    reports = ledger.count(kind, option.term)
    opening = ledger.opens_with(kind, option.term)
    return Contribution(kind, typed, option.term, option.tier, weight, frequencies, reports, score, opening)
