"""The hits of one search on a cluster: their reports came with the answer; marks and snippets are made of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from vnsearch.concurrency import cached_property
from vnsearch.opensearch.page_texts import PageTexts
from vnsearch.opensearch.vocabulary import ClusterVocabulary
from vnsearch.report import Report
from vnsearch.search.marks import Wanted
from vnsearch.search.matches import TermKey
from vnsearch.search.parts import Phrase, leaves
from vnsearch.search.plan import Contribution
from vnsearch.search.query import Group, ParsedQuery
from vnsearch.search.results import Page
from vnsearch.search.scoring import rarity

__all__ = ["ClusterPage"]

# How many reports are taken to have what the lexicon does not count: values, and phrases.
_RARE = 10

#: Returns what brought a report its score.
Explain = Callable[[Report], list[Contribution]]


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
    def _texts(self) -> PageTexts:
        found = list(leaves(self.query.part)) if self.query.part else []
        groups = chain(self.query.groups, *(leaf.groups for leaf in found))
        return PageTexts(self._reports, _syllables_of(groups, [leaf for leaf in found if isinstance(leaf, Phrase)]))

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
        """Return what each term of the query brought a hit; asks the cluster."""
        return self._explain(self._reports[document])


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
