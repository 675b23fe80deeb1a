"""What a ranking is held against: BM25 over one kind of term, by bm25s.

Lucene's form (idf = ln(1 + (N - n + 0.5) / (n + 0.5))) with k1 = 1.2 and b = 0.9 for every kind; title and body are one
text; a term of the query counts once. The terms are those of our analysis, so every kind knows both tone placements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import bm25s
import numpy as np
from bm25s.tokenization import Tokenized

from vnsearch import Report
from vnsearch.analysis import analyze_batch, syllables_of
from vnsearch.text.fold import group_key

K1, B = 1.2, 0.9
_BATCH = 200
Terms = Callable[[Sequence[str]], Iterator[list[str]]]


def words(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield the words of every text, as pyvi finds them."""
    for start in range(0, len(texts), _BATCH):
        for analysis in analyze_batch(texts[start : start + _BATCH]):
            yield analysis.word_terms()


def syllables(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield the syllables of every text."""
    for text in texts:
        yield syllables_of(text).syllables


def folded(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield the syllables of every text without their marks."""
    keys: dict[str, str] = {}
    for terms in syllables(texts):
        yield [keys[term] if term in keys else keys.setdefault(term, group_key(term)) for term in terms]


#: By the name that the tables give them.
BASELINES: dict[str, Terms] = {"pyvi words": words, "syllables": syllables, "folded": folded}


class Baseline:
    """An index in memory."""

    def __init__(self, reports: Sequence[Report], terms: Terms) -> None:
        self._terms = terms
        self._ids = [report.id for report in reports]
        numbers: dict[str, int] = {}
        texts = [f"{report.title}\n{report.body}" for report in reports]
        documents = [[numbers.setdefault(term, len(numbers)) for term in found] for found in terms(texts)]
        self._engine: Any = bm25s.BM25(method="lucene", k1=K1, b=B)
        self._engine.index(Tokenized(ids=documents, vocab=numbers), show_progress=False)

    def search(self, query: str, limit: int) -> list[str]:
        """Return the ids of the best reports; equal scores in the order of the reports."""
        asked = list(dict.fromkeys(next(self._terms([query]))))
        if not asked:
            return []
        scores = self._engine.get_scores(asked)
        best = np.argsort(-scores, kind="stable")[:limit]
        return [self._ids[number] for number in best if scores[number] > 0]
