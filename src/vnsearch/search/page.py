"""What the hits of one search in an index share: where their reports are, what is marked in them, and why they score."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vnsearch.index.snapshot import run_size
from vnsearch.report import Report
from vnsearch.search.assemble import explain
from vnsearch.search.marks import Wanted
from vnsearch.search.matches import TermKey
from vnsearch.search.parts import Phrase
from vnsearch.search.plan import Contribution, contributions
from vnsearch.search.query import Group, ParsedQuery
from vnsearch.search.results import Page
from vnsearch.search.scoring import Scorer
from vnsearch.search.tree import Evaluator

__all__ = ["IndexPage"]


class IndexPage(Page):
    """A page of hits from one commit of an index."""

    def __init__(self, query: ParsedQuery, scorer: Scorer, fragments: int, of_field: Callable[[str], Scorer]) -> None:
        super().__init__(query, scorer.fields, fragments)
        self._scorer = scorer
        self._of_field = of_field

    def reports(self, documents: Sequence[int]) -> list[Report]:
        """Return the reports with these numbers."""
        return self._scorer.snapshot.some_reports(documents)

    def looked_for(self, text_field: str, groups: Sequence[Group], phrases: Sequence[Phrase]) -> Wanted:
        """Return what is to be marked in a field."""
        is_searched = text_field in self._scorer.fields or self.query.part is None
        scorer = self._scorer if is_searched else self._of_field(text_field)
        return Wanted(scorer.snapshot, lambda keys: _rarities(keys, scorer), groups, phrases)

    def contributions(self, document: int) -> list[Contribution]:
        """Return what each place of the query brought a document."""
        with self._scorer.snapshot.reading("what a score is made of"):
            if self.query.part is None:
                return contributions(self._scorer, self.query.groups, document)
            return explain(Evaluator(self._scorer, self._of_field), self.query.part, document)


def _rarities(keys: Sequence[TermKey], scorer: Scorer) -> dict[TermKey, float]:
    """Return how rare each term is that reports hold.

    How many do is known from scoring it lately, or from the lengths of lists, where all in these count.
    """
    known_count = scorer.known_count
    counts = {key: count for key in keys if (count := known_count(key)) is not None}
    rest = [key for key in dict.fromkeys(keys) if key not in counts]
    listed = [key for key in rest if key[0] != "phrase"] if scorer.is_whole else []
    if listed:
        with scorer.snapshot.reading("the dictionaries"):
            counts.update(zip(listed, map(run_size, scorer.snapshot.find(listed)), strict=True))
        rest = [key for key in rest if key not in counts]
    if rest:
        counts.update((key, found.count) for key, found in scorer.terms(rest).items())
    return {key: scorer.idf(count) for key, count in counts.items() if count}
