"""Parts of a query -> the tree to run, and what each of them brought a document."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from vnsearch.search import tree
from vnsearch.search.choices import TIERS
from vnsearch.search.parts import AllOf, AnyOf, Filter, InField, Maybe, Only, Part, Phrase, Words
from vnsearch.search.phrases import phrase_count
from vnsearch.search.plan import Contribution, contributions, place_node, plan
from vnsearch.search.query import Option, Place
from vnsearch.search.scoring import Scorer
from vnsearch.search.stop_words import has_stop_word

__all__ = ["assemble", "explain"]

#: Returns the scorer of one field.
OfField = Callable[[str], Scorer]


def assemble(run: tree.Evaluator, part: Part, of_field: OfField) -> tree.Node:  # noqa: PLR0911 - one for each kind
    """Return the tree of a part."""
    match part:
        case Words(groups, needs_all):
            return plan(run, groups, _match(needs_all))
        case Phrase(groups=groups):
            phrase = _phrase(run, part)
            return tree.Maybe(phrase, plan(run, groups)) if groups else phrase
        case Filter(node):
            return node
        case AnyOf(parts):
            return _sum(run, parts, of_field)
        case AllOf(parts):
            return tree.All([assemble(run, one, of_field) for one in parts])
        case Maybe(required, optional):
            return tree.Maybe(assemble(run, required, of_field), assemble(run, optional, of_field))
        case Only(inner, conditions, unwanted):
            found = assemble(run, inner, of_field)
            # Side by side: a query may have more of them than calls could stand inside each other.
            if conditions:
                found = tree.Filtered(found, tree.All([assemble(run, one, of_field) for one in conditions]))
            if unwanted:
                found = tree.Without(found, tree.Any([assemble(run, one, of_field) for one in unwanted]))
            return found
        case InField(name, inner):
            scorer = of_field(name)
            return tree.InField(scorer, assemble(run.of(scorer), inner, of_field))


def _match(needs_all: bool) -> str:
    return "all" if needs_all else "any"


def _sum(run: tree.Evaluator, parts: Iterable[Part], of_field: OfField) -> tree.Any:
    """Return the sum of some parts: sums within a sum are part of it, and so is a phrase whose words are searched as well."""
    children: list[tree.Node] = []
    optional: list[tree.Optional] = []
    for part in parts:
        node = assemble(run, part, of_field)
        if isinstance(node, tree.Any):
            children += node.children
            optional += node.optional
        elif isinstance(part, Phrase) and part.among_words and not _has_stop_words_alone(part):
            optional.append((node, ()))
        else:
            children.append(node)
    return tree.Any(children, optional)


def _has_stop_words_alone(part: Phrase) -> bool:
    """Tell whether a phrase has nothing else: its words make no report match, but who quotes them means them."""
    return all(has_stop_word(place.options[0].term) for place in part.places if place.options)


def _phrase(run: tree.Evaluator, part: Phrase) -> tree.Phrase:
    run.prepare((place.kind, option.term) for place in part.places for option in place.options)
    return tree.Phrase(tuple(map(place_node, part.places)), part.slop + 1, part.weight)


def explain(  # noqa: PLR0911 - one for each kind
    run: tree.Evaluator, part: Part, document: int, of_field: OfField
) -> list[Contribution]:
    """Return what each leaf of a part brought a document; the scores add up to the document's."""
    if not _score(run, assemble(run, part, of_field), document):
        return []
    match part:
        case Words(groups, needs_all):
            return contributions(run.scorer, groups, document, _match(needs_all))
        case Phrase(groups=groups):
            return [_of_phrase(run, part, document), *contributions(run.scorer, groups, document)]
        case Filter(node, typed):
            matches = node.matches(run)
            score = _at(matches, document)
            return [Contribution("filter", typed, typed, "typed", score, {}, matches.count, score)]
        case AnyOf(parts):
            return [found for one in parts for found in _explain_summand(run, one, document, of_field)]
        case AllOf(parts):
            return [found for one in parts for found in explain(run, one, document, of_field)]
        case Maybe(required, optional):
            return explain(run, required, document, of_field) + explain(run, optional, document, of_field)
        case Only(inner):
            return explain(run, inner, document, of_field)
        case InField(name, inner):
            return explain(run.of(of_field(name)), inner, document, of_field)


def _explain_summand(run: tree.Evaluator, part: Part, document: int, of_field: OfField) -> list[Contribution]:
    """Return the same of a part of a sum that matches: stop words in it count, whatever part made it match."""
    match part:
        case Words(groups, needs_all=False):
            return contributions(run.scorer, groups, document)
        case AnyOf(parts):
            return [found for one in parts for found in _explain_summand(run, one, document, of_field)]
        case _:
            return explain(run, part, document, of_field)


def _score(run: tree.Evaluator, node: tree.Node, document: int) -> float:
    return _at(node.matches(run), document)


def _at(matches: tree.Found, document: int) -> float:
    return float(matches.at(np.array([document]))[0])


def _of_phrase(run: tree.Evaluator, part: Phrase, document: int) -> Contribution:
    node = _phrase(run, part)
    found = [_best(run, place, document) for place in part.places]
    frequencies = {
        text_field: phrase_count(run.scorer.snapshot, document, node.places, node.slop, text_field)
        for text_field in run.scorer.fields
    }
    tiers = [option.tier for option in found]
    tier = "prefix" if "prefix" in tiers else max(tiers, key=TIERS.index)
    term = " ".join(option.term for option in found)
    matches = node.matches(run)
    score = _at(matches, document)
    return Contribution(part.kind, part.typed, term, tier, node.weight, frequencies, matches.count, score)


def _best(run: tree.Evaluator, place: Place, document: int) -> Option:
    """Return the spelling by which a place scores a document."""
    return max(
        place.options, key=lambda option: _score(run, tree.Term(place.kind, option.term, option.weight), document)
    )
