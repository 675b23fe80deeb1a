"""vnsearch, by its public API alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.data import Query
from bench.peers.base import MEMORY_MB, Peer
from vnsearch import Index, Report


class Ours(Peer):
    """Everything on; a search is given the query's text, so its analysis and spellings are inside the time."""

    name = "vnsearch"
    takes_reports = True

    def __init__(self, folder: Path, processes: int = 1) -> None:
        super().__init__(folder)
        self.processes = processes
        self.index: Index
        self._asked: Counter[str] = Counter()

    def build(self, documents: Iterable[Report]) -> None:
        self.index = Index.create(self.folder, overwrite=True)
        self.index.add(documents, processes=self.processes, memory_mb=MEMORY_MB)

    def open(self) -> None:
        self.index = Index.open(self.folder)

    def search(self, query: Query) -> Any:
        found = self.index.search(query.text)
        return found.total, [(hit.score, hit) for hit in found]

    def ids(self, found: Any) -> list[str]:
        return [hit.id for _, hit in found[1]]

    def total(self, found: Any) -> int:
        return int(found[0])

    def search_with_snippets(self, query: Query) -> list[str]:
        """As the others make them: one fragment each."""
        return self._with_snippets(query, fragments=1)

    def search_with_default_snippets(self, query: Query) -> list[str]:
        """As they are made unless something else is asked for: of two fragments."""
        return self._with_snippets(query)

    def search_anew(self, query: Query) -> Any:
        """Search for a query as one that was not asked before, so that it is read anew."""
        return self.search(self._anew(query))

    def search_anew_with_snippets(self, query: Query) -> list[str]:
        """As ``search_anew``."""
        return self.search_with_snippets(self._anew(query))

    def _anew(self, query: Query) -> Query:
        """Return the same query, which no text that was asked before is: every time it ends with one space more."""
        self._asked[query.text] += 1
        return replace(query, text=query.text + " " * self._asked[query.text])

    def _with_snippets(self, query: Query, **options: int) -> list[str]:
        snippets = []
        for hit in self.index.search(query.text, **options):
            _ = hit.report.title
            snippets.append(hit.snippet.html())
        return snippets

    def close(self) -> None:
        self.index.close()
