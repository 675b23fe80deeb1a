"""What the hits of one search in an index share: where their reports are, what is marked in them, and why they score."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from vnsearch.index.snapshot import Postings, run_size
from vnsearch.report import Report
from vnsearch.search import tree
from vnsearch.search.assemble import explain
from vnsearch.search.marks import Wanted
from vnsearch.search.matches import TermKey
from vnsearch.search.parameters import Parameters
from vnsearch.search.parts import Phrase
from vnsearch.search.phrases import phrase_count
from vnsearch.search.plan import Contribution, contributions
from vnsearch.search.query import Group, ParsedQuery
from vnsearch.search.results import Page
from vnsearch.search.scoring import Scorer
from vnsearch.search.tree import Evaluator

__all__ = ["IndexPage"]


class IndexPage(Page):
    """A page of hits from one commit of an index."""

    def __init__(
        self,
        query: ParsedQuery,
        scorer: Scorer,
        fragments: int,
        of_field: Callable[[str], Scorer],
        *,
        needs_all: bool,
    ) -> None:
        super().__init__(query, scorer.fields, fragments)
        self._scorer = scorer
        self._of_field = of_field
        self._needs_all = needs_all

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
            ledger = _IndexLedger(Evaluator(self._scorer, self._of_field), document)
            if self.query.part is None:
                return contributions(ledger, self.query.groups, needs_all=self._needs_all)
            return explain(ledger, self.query.part)


class _IndexLedger:
    """What explaining the score of a document needs to know: a ``Ledger``."""

    def __init__(self, run: Evaluator, document: int) -> None:
        self._run = run
        self._snapshot = run.scorer.snapshot
        self._document = document
        self.parameters: Parameters = run.parameters
        self.prepare = run.prepare
        self.count = run.count
        self.worth = run.worth

    def in_field(self, name: str) -> _IndexLedger:
        return _IndexLedger(self._run.in_field(name), self._document)

    def score(self, node: tree.Node) -> float:
        return float(node.matches(self._run).at(np.array([self._document]))[0])

    def matching(self, node: tree.Node) -> int:
        return node.matches(self._run).count

    def frequencies(self, kind: str, term: str) -> dict[str, int]:
        postings, at = self._posting(kind, term)
        return {name: int(postings.frequencies(name)[at]) for name in self._run.scorer.fields}

    def opens_with(self, kind: str, term: str) -> bool:
        postings, at = self._posting(kind, term)
        return "body" in self._run.scorer.fields and bool(postings.openings[at])

    def phrase_frequencies(self, node: tree.Phrase) -> dict[str, int]:
        return {
            name: phrase_count(self._snapshot, self._document, node.places, node.slop, name)
            for name in self._run.scorer.fields
        }

    def _posting(self, kind: str, term: str) -> tuple[Postings, int]:
        postings = self._snapshot.phrase(term) if kind == "phrase" else self._snapshot.postings(kind, term)
        return postings, int(np.searchsorted(postings.documents, self._document))


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
