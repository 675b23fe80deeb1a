"""bm25s: an index in memory of syllables and pairs in one field. No positions, no snippets, no stored text, no totals."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import bm25s
from bm25s.tokenization import Tokenized

from bench.data import Analysed, Query
from bench.peers.base import Peer


class Bm25s(Peer):
    """Lucene's BM25 over arrays; every term has the same weight. On disk is what its ``save`` writes."""

    name = "bm25s (in memory)"
    counts_totals = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._engine: Any
        self._ids: list[str] = []

    def build(self, documents: Iterable[Analysed]) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        numbers: dict[str, int] = {}

        def number(terms: Iterable[str]) -> list[int]:
            return [numbers.setdefault(term, len(numbers)) for term in terms]

        texts: list[Sequence[int]] = []
        self._ids = []
        for one in documents:
            texts.append(
                number(f"{one.title.syllables} {one.body.syllables} {one.title.pairs} {one.body.pairs}".split())
            )
            self._ids.append(one.id)
        self._engine = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        self._engine.index(Tokenized(ids=texts, vocab=numbers), show_progress=False)
        self._engine.save(str(self.folder))
        (self.folder / "ids.json").write_text(json.dumps(self._ids), encoding="utf-8")

    def open(self) -> None:
        self._engine = bm25s.BM25.load(str(self.folder))
        self._ids = json.loads((self.folder / "ids.json").read_text(encoding="utf-8"))

    def search(self, query: Query) -> Any:
        terms = [[*query.syllables, *query.pairs]]
        return self._engine.retrieve(terms, k=min(10, len(self._ids)), show_progress=False)

    def ids(self, found: Any) -> list[str]:
        numbers, scores = found
        return [self._ids[number] for number, score in zip(numbers[0], scores[0], strict=True) if score > 0]

    def total(self, found: Any) -> int:
        raise NotImplementedError("bm25s counts no totals")

    def remarks(self) -> str:
        return "no positions, text, snippets, totals"
