"""A query as a tree of nodes.

Every node gives ``Matches``: the documents that it matches, each with a score above 0. So the sum of some nodes matches where
it is above 0, and nothing but scores has to be carried along. Here are the nodes that have children; ``leaves`` has the others.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise, product

import numpy as np
import numpy.typing as npt

from vnsearch.search.best_of import Weighted, add_best, best_at, best_of, best_sparse, collected
from vnsearch.search.late import Late, LateBest, LateNode, bound_of
from vnsearch.search.leaves import Days, Evaluator, Every, Found, Labels, Node, Prefix, Term, TimeUp
from vnsearch.search.long_lists import LongMatches
from vnsearch.search.matches import NO_MATCHES, Documents, Floats, Matches, TermKey, held
from vnsearch.search.phrases import phrase_documents

__all__ = [
    "All",
    "Any",
    "Best",
    "Days",
    "Evaluator",
    "Every",
    "Filtered",
    "Found",
    "InField",
    "Instead",
    "Labels",
    "Maybe",
    "Node",
    "Phrase",
    "Prefix",
    "Term",
    "TimeUp",
    "Without",
]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Syllables that follow each other in one field, each at most ``slop`` places behind the one before.

    Each is a term, or the best of several spellings. Scored as the sum of its syllables.
    """

    syllables: tuple[Term | Best, ...]
    slop: int = 1
    weight: float = 1.0

    @property
    def places(self) -> list[list[str]]:
        """For each syllable its spellings."""
        return [
            [place.term]
            if isinstance(place, Term)
            else [term.term for term in place.children if isinstance(term, Term)]
            for place in self.syllables
        ]

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""
        run.check()
        if len(self.syllables) == 1:
            return self.syllables[0].matches(run).times(self.weight)
        documents = self._documents(run)
        return Matches(documents, self._scores(run, documents), len(documents))

    def late(self, run: Evaluator) -> Late:
        """Return it as a child that adds to what matches anyway."""
        bound = self.weight * sum([bound_of(parts_of(place, run)) for place in self.syllables])
        return LateNode(self, run, bound)

    def at(self, run: Evaluator, documents: Documents) -> Floats:
        """Return what it scores in some documents, ascending."""
        run.check()
        places = self.places
        scores = np.zeros(len(documents), np.float32)
        if not all(places):
            return scores
        found = documents
        for pairs in (_pairs(a, b) for a, b in pairwise(places)) if self.slop == 1 else ():
            found = found[np.logical_or.reduce([matches.at(found) > 0 for matches in run.terms(pairs)])]
        if len(found) and (len(places) > 2 or self.slop > 1):
            found = phrase_documents(run.scorer.snapshot, places, self.slop, run.scorer.fields, run.check, found)
        if len(found):
            scores[documents.searchsorted(found)] = self._scores(run, found)
        return scores

    def _scores(self, run: Evaluator, documents: Documents) -> Floats:
        scores = np.zeros(len(documents), np.float32)
        for place in self.syllables:
            scores += _at(place, run, documents)
        scores *= np.float32(self.weight)
        return scores

    def _documents(self, run: Evaluator) -> Documents:
        scorer, places = run.scorer, self.places
        if len(places) > 2 or self.slop > 1:
            return phrase_documents(scorer.snapshot, places, self.slop, scorer.fields, run.check)
        # Pairs are in the index: no text has to be read.
        mask = np.zeros(scorer.snapshot.size, np.bool_)
        for matches in run.terms(_pairs(*places)):
            mask[matches.sparse()[0]] = True
        return np.flatnonzero(mask)


def _pairs(firsts: Iterable[str], seconds: Iterable[str]) -> list[TermKey]:
    return [("pair", f"{a} {b}") for a, b in product(firsts, seconds)]


@dataclass(slots=True)
class Any:
    """Any of the children; their scores are added.

    An optional child, given with those of its nodes that do so, does not make a document match otherwise: it adds to the
    scores of those that match (stop words, and phrases of words that are children as well).
    """

    children: Sequence[Node]
    optional: Sequence[Optional] = ()

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""
        if len(self.children) == 1 and not self.optional:
            return self.children[0].matches(run)
        totals = run.scorer.row()
        self.add_to(totals, run)
        return collected(totals, run.scorer)

    def add_to(self, totals: Floats, run: Evaluator, put_off: list[Late] | None = None) -> None:
        """Add the scores of all children to a row of zeros.

        With ``put_off``, children that are better scored late are put there instead.
        """
        sparse: list[Matches] = []
        for child in self.children:
            if type(child) is Term:
                matches, weight = run.term(child.kind, child.term), child.weight
                if type(matches) is LongMatches and put_off is not None:
                    put_off.append(LateBest([(matches, weight)], None, run.scorer))
                elif type(matches) is Matches and matches.documents is not None:
                    sparse.append(matches if weight == 1.0 else matches.times(weight))
                else:
                    matches.add_to(totals, weight)
            elif type(child) is Best:
                found = child.found(run)
                if put_off is not None and any(type(matches) is LongMatches for matches, _ in found):
                    put_off.append(LateBest(found, None, run.scorer))
                elif found:
                    add_best(found, totals, run.scorer)
            else:
                child.matches(run).add_to(totals)
        if sparse:  # all in one go
            documents = [matches.documents for matches in sparse if matches.documents is not None]
            np.add.at(totals, np.concatenate(documents), np.concatenate([matches.scores for matches in sparse]))
        if put_off is not None:
            put_off += self._late_optional(run)
        elif self.optional:
            self._add_optional(totals, run)

    def _late_optional(self, run: Evaluator) -> Iterator[Late]:
        """Yield the optional children as such to be scored late."""
        for child, telling in self.optional:
            if isinstance(child, Phrase):
                yield child.late(run)
            elif found := parts_of(child, run):
                yield LateBest(found, [matches for node in telling for matches, _ in parts_of(node, run)], run.scorer)

    def _add_optional(self, totals: Floats, run: Evaluator) -> None:
        """Add to a row of all else what optional children score in documents that match."""
        matched = totals > 0
        for _, telling in self.optional:
            for matches, _ in chain.from_iterable(parts_of(node, run) for node in telling):
                matched[matches.sparse()[0]] = True
        try:
            for child, _ in self.optional:
                if found := parts_of(child, run):
                    add_best(found, totals, run.scorer)
        finally:  # whether or not time was up
            totals *= matched

    def exact_scores(self, run: Evaluator, documents: Documents) -> npt.NDArray[np.float64]:
        """Return the scores of some documents that match, ascending: in double precision, always added in one order."""
        totals = np.zeros(len(documents))
        for child in chain(self.children, (child for child, _ in self.optional)):
            # A phrase is not looked for everywhere for that.
            totals += child.at(run, documents) if type(child) is Phrase else best_at(parts_of(child, run), documents)
        return totals


#: An optional child of a sum, and those of its nodes that make a document match.
Optional = tuple["Node", Sequence["Node"]]


def parts_of(node: Node, run: Evaluator) -> Weighted:
    """Return what a node matches, or of the best of several what each matches, with their weights; nothing if that is nothing."""
    if type(node) is Best:
        return node.found(run)
    found = [(run.term(node.kind, node.term), node.weight)] if type(node) is Term else [(node.matches(run), 1.0)]
    return found if found[0][0].count else []


@dataclass(slots=True)
class Best:
    """Any of the children; the highest of their scores counts."""

    children: Sequence[Node]

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""
        return best_of(self.found(run), run.scorer)

    def found(self, run: Evaluator) -> Weighted:
        """Return what the children match, with a weight for each."""
        found = [
            (run.term(child.kind, child.term), child.weight) if type(child) is Term else (child.matches(run), 1.0)
            for child in self.children
        ]
        return [item for item in found if item[0].count]


@dataclass(frozen=True, slots=True)
class Instead:
    """What the best of some variants scores beyond the sum of the places that it stands for.

    Beside these places in an ``Any``, it makes the better of both count.
    """

    places: Sequence[Term | Best]
    variants: Sequence[Term]

    def matches(self, run: Evaluator) -> Matches:
        """Return what it matches: as a rule little, and the same for every query that has this number or abbreviation."""
        key = tuple(map(_key, self.variants)), tuple(map(_key, self.places))
        return run.scorer.made(key, partial(self._matches, run))

    def _matches(self, run: Evaluator) -> Matches:
        documents, scores = best_sparse(Best(self.variants).found(run), run.scorer)
        for place in self.places:
            scores = scores - _at(place, run, documents)
        more = held(scores)
        return Matches(documents[more], scores[more], len(more))


def _key(node: Node) -> Hashable:
    """Return what tells a place from others."""
    if isinstance(node, Best):
        return tuple(map(_key, node.children))
    assert isinstance(node, Term)
    return node.kind, node.term, node.weight


def _at(place: Term | Best, run: Evaluator, documents: Documents) -> Floats:
    """Return what a place scores in some documents."""
    if isinstance(place, Term):
        return run.term(place.kind, place.term).at(documents, place.weight)
    return best_at(place.found(run), documents)


@dataclass(frozen=True, slots=True)
class All:
    """All of the children; their scores are added."""

    children: Sequence[Node]

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""
        found = []
        for child in self.children:
            matches = child.matches(run)
            if not matches.count:
                return NO_MATCHES
            found.append(matches)
        if not found:
            return NO_MATCHES
        found.sort(key=lambda matches: matches.count)
        documents, scores = found[0].sparse()
        for other in found[1:]:
            more = other.at(documents)
            both = held(more)
            documents, scores = documents[both], scores[both] + more[both]
        return Matches(documents, scores, len(documents))


@dataclass(frozen=True, slots=True)
class Maybe:
    """What ``required`` matches; what ``optional`` scores there is added."""

    required: Node
    optional: Node

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""
        found = self.required.matches(run)
        if not found.count:
            return NO_MATCHES
        documents, scores = found.sparse()
        return Matches(documents, scores + self.optional.matches(run).at(documents), found.count)


@dataclass(frozen=True, slots=True)
class Without:
    """What ``wanted`` matches and ``unwanted`` does not."""

    wanted: Node
    unwanted: Node

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""
        documents, scores = self.wanted.matches(run).sparse()
        kept = np.flatnonzero(self.unwanted.matches(run).at(documents) == 0)
        return Matches(documents[kept], scores[kept], len(kept))

    def mask(self, run: Evaluator) -> npt.NDArray[np.bool_]:
        """Return which documents it leaves of all."""
        return ~_mask(self.unwanted, run)


@dataclass(frozen=True, slots=True)
class Filtered:
    """What ``wanted`` matches and ``condition`` does as well; what that scores does not count."""

    wanted: Node
    condition: Node

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""
        documents, scores = self.wanted.matches(run).sparse()
        kept = held(self.condition.matches(run).at(documents))
        return Matches(documents[kept], scores[kept], len(kept))

    def mask(self, run: Evaluator) -> npt.NDArray[np.bool_]:
        """Return which documents it leaves of all."""
        return _mask(self.condition, run)


@dataclass(frozen=True, slots=True)
class InField:
    """What a node matches in one field, as it scores there."""

    name: str
    node: Node

    def matches(self, run: Evaluator) -> Found:
        """Return what it matches."""
        return self.node.matches(run.in_field(self.name))


def _mask(node: Node, run: Evaluator) -> npt.NDArray[np.bool_]:
    mask = np.zeros(run.scorer.snapshot.size, np.bool_)
    mask[node.matches(run).sparse()[0]] = True
    return mask
