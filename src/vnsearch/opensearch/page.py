"""The hits of one search on a cluster: their reports came with the answer; marks and snippets are made of these."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from vnsearch.analysis import Analysis, syllables_of
from vnsearch.concurrency import cached_property
from vnsearch.index.columnar.build import OPENING
from vnsearch.opensearch.page_texts import PageTexts
from vnsearch.opensearch.terms import written
from vnsearch.opensearch.vocabulary import ClusterVocabulary
from vnsearch.report import Report
from vnsearch.search.marks import Wanted
from vnsearch.search.matches import TermKey
from vnsearch.search.parameters import PARAMETERS
from vnsearch.search.parts import AllOf, AnyOf, InField, Maybe, Only, Part, Phrase, Words
from vnsearch.search.plan import Contribution
from vnsearch.search.query import Group, ParsedQuery
from vnsearch.search.results import Page
from vnsearch.search.scoring import rarity

__all__ = ["ClusterPage"]

# How many reports are taken to have what the lexicon does not count: values, and phrases.
_RARE = 10

#: Returns why the cluster gives a hit its score, in Lucene's words; None if it does not find it any more.
Explain = Callable[[str], Mapping[str, Any] | None]


class ClusterPage(Page):
    """A page of hits, with their reports."""

    def __init__(
        self,
        query: ParsedQuery,
        fields: Mapping[str, float],
        fragments: int,
        reports: Sequence[Report],
        vocabulary: ClusterVocabulary,
        explain: Explain,
    ) -> None:
        super().__init__(query, fields, fragments)
        self._reports = reports
        self._vocabulary = vocabulary
        self._explain = explain

    def reports(self, documents: Sequence[int]) -> list[Report]:
        """Return the reports of some hits, by their numbers."""
        return [self._reports[document] for document in documents]

    @cached_property
    def _groups(self) -> list[Group]:
        """All groups that the query has, wherever."""
        return [*self.query.groups, *(_groups_of(self.query.part) if self.query.part else ())]

    @cached_property
    def _texts(self) -> PageTexts:
        phrases = _phrases_of(self.query.part) if self.query.part else ()
        return PageTexts(self._reports, _syllables_of(self._groups, phrases))

    def looked_for(self, text_field: str, groups: Sequence[Group], phrases: Sequence[Phrase]) -> Wanted:
        """Return what finds groups and phrases in a field of the reports."""
        del text_field
        return Wanted(self._texts, self._rarities, groups, phrases)

    def _rarities(self, keys: Sequence[TermKey]) -> dict[TermKey, float]:
        """Return how rare terms are: by how often there are syllables; of all else little is known, and little needed."""
        lexicon = self._vocabulary.lexicon
        total = max(lexicon.syllable_count, 1)
        counts = {key: lexicon.count(*key) if key[0] == "syllable" else _RARE for key in dict.fromkeys(keys)}
        return {key: rarity(total, count) for key, count in counts.items() if count}

    def contributions(self, document: int) -> list[Contribution]:
        """Return what each term of the query brought a hit, as the cluster explains it; one request."""
        report = self._reports[document]
        told = self._explain(report.id)
        if told is None:
            return []
        asked = _Asked(self._groups, self.query.part)
        scored: dict[tuple[str, str], _Scored] = {}
        for leaf in _leaves(told):
            known = scored.get(leaf.key)
            scored[leaf.key] = leaf if known is None else replace(leaf, score=leaf.score + known.score)
        analyses = {name: syllables_of(getattr(report, name), values=True) for name in ("title", "body")}
        return [asked.contribution(leaf, analyses, self.fields) for leaf in scored.values()]


@dataclass(frozen=True, slots=True)
class _Scored:
    """A term as the cluster explains it: its kind, as it is written there, its score, how many reports have it."""

    kind: str
    term: str
    score: float
    reports: int

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.term


_WEIGHT = re.compile(r"weight\((?:both|title|body)\.(\w+)s:(.*) in \d+\)", re.DOTALL)
_REPORTS = re.compile(r"n, number of documents containing term")


def _leaves(told: Mapping[str, Any]) -> Iterator[_Scored]:
    """Yield the terms that an explanation adds up; of the best of several, the best one."""
    if not told["value"]:
        return
    said = str(told["description"])
    if (found := _WEIGHT.match(said)) is not None:
        yield _Scored(found[1], found[2], float(told["value"]), _reports(told["details"]))
    elif said.startswith("max"):
        yield from _leaves(max(told["details"], key=lambda part: float(part["value"])))
    elif said.startswith("sum"):
        for part in told["details"]:
            yield from _leaves(part)
    else:
        yield _Scored("filter", said.partition("(")[0], float(told["value"]), 0)


def _reports(details: Sequence[Mapping[str, Any]]) -> int:
    for part in details:
        if _REPORTS.match(str(part["description"])):
            return int(part["value"])
        if count := _reports(part["details"]):
            return count
    return 0


class _Asked:
    """What the terms on the cluster were in the query."""

    def __init__(self, groups: Iterable[Group], part: Part | None) -> None:
        self._known: dict[tuple[str, str], tuple[str, str, str, float]] = {}
        for group in groups:
            for place in group.places:
                for option in place.options:
                    key = place.kind, written(place.kind, option.term)
                    self._known.setdefault(key, (option.term, place.typed, option.tier, option.weight * place.weight))
            typed = " ".join(place.typed for place in group.syllables)
            for variant in group.variants:
                kinds = [(variant.kind, variant.term)]
                if variant.kind == "phrase":
                    kinds = [("pair", f"{a} {b}") for a, b in pairwise(variant.term.split(" "))]
                for kind, term in kinds:
                    share = PARAMETERS.variant * variant.share
                    self._known.setdefault((kind, written(kind, term)), (variant.term, typed, "variant", share))
        for phrase in _phrases_of(part) if part else ():
            for place in phrase.places:
                for option in place.options:
                    key = "syllable", written("syllable", option.term)
                    self._known.setdefault(key, (option.term, place.typed, option.tier, option.weight))

    def contribution(self, leaf: _Scored, analyses: Mapping[str, Analysis], fields: Iterable[str]) -> Contribution:
        """Return what a term brought, with how often the report has it."""
        term, typed, tier, weight = self._known.get(leaf.key, (leaf.term, leaf.term, "typed", 1.0))
        frequencies = {}
        opening = False
        for name in fields if leaf.kind != "filter" else ():
            terms = _terms_of(analyses[name], leaf.kind)
            frequencies[name] = sum(1 for one in terms if written(leaf.kind, one) == leaf.term)
            if name == "body":
                opening = any(written(leaf.kind, one) == leaf.term for one in terms[:OPENING])
        return Contribution(leaf.kind, typed, term, tier, weight, frequencies, leaf.reports, leaf.score, opening)


def _terms_of(analysis: Analysis, kind: str) -> list[str]:
    if kind == "pair":
        return analysis.pairs()
    return analysis.value_terms() if kind == "value" else analysis.syllables


def _inner(part: Part) -> Sequence[Part]:
    match part:
        case AnyOf(parts) | AllOf(parts):
            return parts
        case Maybe(required, optional):
            return (required, optional)
        case Only(inner) | InField(_, inner):
            return (inner,)
    return ()


def _groups_of(part: Part) -> Iterator[Group]:
    if isinstance(part, Words | Phrase):
        yield from part.groups
    for inner in _inner(part):
        yield from _groups_of(inner)


def _syllables_of(groups: Iterable[Group], phrases: Iterable[Phrase]) -> Iterator[str]:
    """Yield the syllables that are looked for, in all their spellings."""
    for group in groups:
        for place in group.places:
            if place.kind == "syllable":
                yield from [option.term for option in place.options]
        for variant in group.variants:
            if variant.kind == "phrase":
                yield from variant.term.split(" ")
    for phrase in phrases:
        for place in phrase.places:
            yield from [option.term for option in place.options]


def _phrases_of(part: Part) -> Iterator[Phrase]:
    if isinstance(part, Phrase):
        yield part
    for inner in _inner(part):
        yield from _phrases_of(inner)
