"""Parts of a query -> the tree to run, and what each of them brought a document."""

from __future__ import annotations

from collections.abc import Iterable

from vnsearch.search import tree
from vnsearch.search.choices import TIERS
from vnsearch.search.parts import AllOf, AnyOf, Filter, InField, Maybe, Only, Part, Phrase, Words
from vnsearch.search.plan import Contribution, Ledger, Planner, contributions, place_node, plan
from vnsearch.search.query import Option, Place
from vnsearch.search.stop_words import has_stop_word

__all__ = ["assemble", "explain"]


def assemble(run: Planner, part: Part) -> tree.Node:  # noqa: PLR0911 - one for each kind
    """Return the tree of a part."""
    match part:
        case Words(groups, needs_all):
            return plan(run, groups, "all" if needs_all else "any")
        case Phrase(groups=groups):
            phrase = _phrase(run, part)
            return tree.Maybe(phrase, plan(run, groups)) if groups else phrase
        case Filter(node):
            return node
        case AnyOf(parts):
            return _sum(run, parts)
        case AllOf(parts):
            return tree.All([assemble(run, one) for one in parts])
        case Maybe(required, optional):
            return tree.Maybe(assemble(run, required), assemble(run, optional))
        case Only(inner, conditions, unwanted):
            found = assemble(run, inner)
            # Side by side: a query may have more of them than calls could stand inside each other.
            if conditions:
                found = tree.Filtered(found, tree.All([assemble(run, one) for one in conditions]))
            if unwanted:
                found = tree.Without(found, tree.Any([assemble(run, one) for one in unwanted]))
            return found
        case InField(name, inner):
            return tree.InField(name, assemble(run.in_field(name), inner))


def _sum(run: Planner, parts: Iterable[Part]) -> tree.Any:
    """Return the sum of some parts: sums within a sum are part of it, and so is a phrase whose words are searched as well."""
    children: list[tree.Node] = []
    optional: list[tree.Optional] = []
    for part in parts:
        node = assemble(run, part)
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


def _phrase(run: Planner, part: Phrase) -> tree.Phrase:
    run.prepare((place.kind, option.term) for place in part.places for option in place.options)
    return tree.Phrase(tuple(map(place_node, part.places)), part.slop + 1, part.weight)


def explain(ledger: Ledger, part: Part) -> list[Contribution]:  # noqa: PLR0911 - one for each kind
    """Return what each leaf of a part brought a document; the scores add up to the document's."""
    if not ledger.score(assemble(ledger, part)):
        return []
    match part:
        case Words(groups, needs_all):
            return contributions(ledger, groups, needs_all=needs_all)
        case Phrase(groups=groups):
            return [_of_phrase(ledger, part), *contributions(ledger, groups)]
        case Filter(node, typed):
            score = ledger.score(node)
            return [Contribution("filter", typed, typed, "typed", score, {}, ledger.matching(node), score)]
        case AnyOf(parts):
            return [found for one in parts for found in _explain_summand(ledger, one)]
        case AllOf(parts):
            return [found for one in parts for found in explain(ledger, one)]
        case Maybe(required, optional):
            return explain(ledger, required) + explain(ledger, optional)
        case Only(inner):
            return explain(ledger, inner)
        case InField(name, inner):
            return explain(ledger.in_field(name), inner)


def _explain_summand(ledger: Ledger, part: Part) -> list[Contribution]:
    """Return the same of a part of a sum that matches: stop words in it count, whatever part made it match."""
    match part:
        case Words(groups, needs_all=False):
            return contributions(ledger, groups)
        case AnyOf(parts):
            return [found for one in parts for found in _explain_summand(ledger, one)]
        case _:
            return explain(ledger, part)


def _of_phrase(ledger: Ledger, part: Phrase) -> Contribution:
    node = _phrase(ledger, part)
    found = [_best(ledger, place) for place in part.places]
    tiers = [option.tier for option in found]
    tier = "prefix" if "prefix" in tiers else max(tiers, key=TIERS.index)
    term = " ".join(option.term for option in found)
    frequencies, reports, score = ledger.phrase_frequencies(node), ledger.matching(node), ledger.score(node)
    return Contribution(part.kind, part.typed, term, tier, node.weight, frequencies, reports, score)


def _best(ledger: Ledger, place: Place) -> Option:
    """Return the spelling by which a place scores a document."""
    return max(place.options, key=lambda option: ledger.score(tree.Term(place.kind, option.term, option.weight)))
