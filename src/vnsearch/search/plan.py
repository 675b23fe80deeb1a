"""A parsed query -> a tree to run, and what each place of it brought a document.

A group is scored by the sum of its places, each by its best spelling, or by its best variant if that is more. A variant
stands for the whole: it has the saturation of its own frequency, and is worth a share of what the places would bring at most
(their idf, but none rarer than the variant itself, since a spelling that no report has is not information).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from vnsearch.search import tree
from vnsearch.search.matches import TermKey
from vnsearch.search.query import Group, Option, Place
from vnsearch.search.scoring import Scorer, phrase_postings
from vnsearch.search.stop_words import stop_words
from vnsearch.search.variants import Variant

__all__ = ["Contribution", "contributions", "place_node", "plan"]


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


def plan(run: tree.Evaluator, groups: Sequence[Group], match: str = "any") -> tree.Node:
    """Return the tree of a query. ``match``: "any" or "all" of the syllables must be there, each in any of the fields.

    A variant of a group stands for all its syllables. The terms of the query are scored here, all in one go.
    """
    terms = dict.fromkeys(_terms(groups))
    run.prepare(terms)
    return _any(run, groups, stop_words([term for _, term in terms])) if match == "any" else _all(run, groups)


def _any(run: tree.Evaluator, groups: Sequence[Group], stops: frozenset[str]) -> tree.Node:
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


def _all(run: tree.Evaluator, groups: Sequence[Group]) -> tree.Node:
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


def _variants(run: tree.Evaluator, group: Group) -> list[tree.Term]:
    weights = ((variant, _variant_weight(run.scorer, run.prepared, group, variant)) for variant in group.variants)
    return [tree.Term(variant.kind, variant.term, weight) for variant, weight in weights if weight > 0]


def _variant_weight(scorer: Scorer, matches: Callable[[str, str], tree.Found], group: Group, variant: Variant) -> float:
    """Return what the score of a variant's term is to be multiplied by."""
    held = matches(variant.kind, variant.term).count
    if not held:
        return 0.0
    worth = sum(
        scorer.worth(place.kind, max(held, matches(place.kind, place.options[0].term).count)) * place.weight
        for place in group.places
    )
    return worth / scorer.worth(variant.kind, held) * scorer.parameters.variant * variant.share


def contributions(scorer: Scorer, groups: Iterable[Group], document: int, match: str = "any") -> list[Contribution]:
    """Return what each place brought a document, or the variant of its group; the scores add up to the document's.

    ``match`` is that of the plan: where all syllables must be there, some of them bring nothing to what a variant matched.
    """
    found: list[Contribution] = []
    for group in groups:
        parts = [_of_place(scorer, place, document) for place in group.places]
        here = [part for part in parts if part is not None]
        if match == "all" and any(
            part is None and place.kind == "syllable" for part, place in zip(parts, group.places, strict=True)
        ):
            here = []
        for variant in group.variants:
            weight = _variant_weight(scorer, scorer.term, group, variant)
            score = _score(scorer, variant.kind, variant.term, document) * weight
            if score > sum(part.score for part in here):
                typed = " ".join(place.typed for place in group.syllables)
                share = variant.share * scorer.parameters.variant
                option = Option(variant.term, share, "variant")
                here = [_contribution(scorer, variant.kind, typed, option, document, share, score)]
        found += here
    return found


def _score(scorer: Scorer, kind: str, term: str, document: int) -> float:
    return float(scorer.term(kind, term).at(np.array([document]))[0])


def _of_place(scorer: Scorer, place: Place, document: int) -> Contribution | None:
    best: tuple[float, Option] | None = None
    for option in place.options:
        score = _score(scorer, place.kind, option.term, document) * option.weight * place.weight
        if score > 0 and (best is None or score > best[0]):
            best = score, option
    if best is None:
        return None
    score, option = best
    weight = option.weight * place.weight * scorer.bm25(place.kind).weight
    return _contribution(scorer, place.kind, place.typed, option, document, weight, score)


def _contribution(
    scorer: Scorer, kind: str, typed: str, option: Option, document: int, weight: float, score: float
) -> Contribution:
    snapshot = scorer.snapshot
    postings = phrase_postings(snapshot, option.term) if kind == "phrase" else snapshot.postings(kind, option.term)
    at = int(np.searchsorted(postings.documents, document))
    frequencies = {text_field: int(postings.frequencies(text_field)[at]) for text_field in scorer.fields}
    reports = scorer.term(kind, option.term).count
    opening = "body" in scorer.fields and bool(postings.openings[at])
    return Contribution(kind, typed, option.term, option.tier, weight, frequencies, reports, score, opening)
