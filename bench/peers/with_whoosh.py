"""Stock Whoosh 2.7.4, with its own codec: given our tokens, and with pyvi as a user would write it."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.data import Analysed, Query
from bench.peers.base import BODY, MEMORY_MB, PAIR, TITLE, Peer
from vnsearch import Report

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its source predates Python 3.12
    from whoosh import analysis, fields, index, query, scoring


def _schema(syllables: analysis.Analyzer, pairs: analysis.Analyzer, words: analysis.Analyzer) -> fields.Schema:
    schema = fields.Schema(id=fields.ID(stored=True, unique=True))
    for name in ("title", "body"):
        schema.add(name, fields.TEXT(analyzer=syllables, phrase=True, stored=True))
        schema.add(f"{name}_pairs", fields.TEXT(analyzer=pairs, phrase=False))
        schema.add(f"{name}_words", fields.TEXT(analyzer=words, phrase=False))
    return schema


class Whoosh(Peer):
    """Syllables with positions, pairs and words of title and body; BM25F; its default codec, writer and collector."""

    name = "stock Whoosh"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.index: index.Index
        self.searcher: Any

    def build(self, documents: Iterable[Analysed]) -> None:
        spaced = analysis.RegexTokenizer(r"[^ ]+")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.index = index.create_in(str(self.folder), _schema(spaced, spaced, spaced))
        writer = self.index.writer(limitmb=MEMORY_MB)
        for one in documents:
            writer.add_document(
                id=one.id,
                title=one.title.syllables,
                body=one.body.syllables,
                title_pairs=one.title.pairs,
                body_pairs=one.body.pairs,
                title_words=one.title.words,
                body_words=one.body.words,
            )
        writer.commit()
        self._open_searcher()

    def _open_searcher(self) -> None:
        self.searcher = self.index.searcher(weighting=scoring.BM25F(B=0.75, K1=1.2))

    def open(self) -> None:
        self.index = index.open_dir(str(self.folder))
        self._open_searcher()

    @staticmethod
    def make_query(given: Query) -> query.Query:
        """Return the weighted query."""
        parts = []
        for kind, terms, weight in (("", given.syllables, 1.0), ("_pairs", given.pairs, PAIR)):
            for term in terms:
                parts.append(query.Term(f"title{kind}", term, boost=TITLE * weight))
                parts.append(query.Term(f"body{kind}", term, boost=BODY * weight))
        return query.Or(parts)

    def search(self, query: Query) -> Any:
        found = self.searcher.search(self.make_query(query), limit=10)
        return len(found), found

    def ids(self, found: Any) -> list[str]:
        return [hit["id"] for hit in found[1]]

    def total(self, found: Any) -> int:
        return int(found[0])

    def search_with_snippets(self, query: Query) -> list[str]:
        _, found = self.search(query)
        return [hit.highlights("body") for hit in found]

    def remarks(self) -> str:
        return f"segments: {len(self.index._segments())}"

    def close(self) -> None:
        self.searcher.close()


class PyviTokenizer(analysis.Tokenizer):  # type: ignore[misc]  # Whoosh has no types
    """The words of a text, by pyvi, in lower case; what holds no letter or digit is none."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pyvi import ViTokenizer  # noqa: PLC0415
        self._tokenize = ViTokenizer.tokenize

    def __call__(
        self,
        value: str,
        positions: bool = False,
        chars: bool = False,
        keeporiginal: bool = False,
        removestops: bool = True,
        start_pos: int = 0,
        start_char: int = 0,
        tokenize: bool = True,
        mode: str = "",
        **_: Any,
    ) -> Iterator[analysis.Token]:
        token = analysis.Token(positions, chars, removestops=removestops, mode=mode)
        for position, word in enumerate(self._tokenize(value).split(), start_pos):
            if any(letter.isalnum() for letter in word):
                token.text = word.lower()
                token.boost = 1.0
                token.pos = position
                yield token


class WhooshPyvi(Whoosh):
    """The same fields from raw text, as a user would write it: a regular expression, shingles, pyvi, default writer."""

    name = "stock Whoosh + pyvi"
    takes_reports = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._pyvi = PyviTokenizer()  # its import and first call are no part of the build
        list(self._pyvi("Hà Nội"))

    def build(self, documents: Iterable[Report]) -> None:
        syllables = analysis.RegexTokenizer(r"\w+") | analysis.LowercaseFilter()
        schema = _schema(syllables, syllables | analysis.ShingleFilter(2, sep=" "), self._pyvi)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.index = index.create_in(str(self.folder), schema)
        writer = self.index.writer()
        for one in documents:
            writer.add_document(
                id=one.id,
                title=one.title,
                body=one.body,
                title_pairs=one.title,
                body_pairs=one.body,
                title_words=one.title,
                body_words=one.body,
            )
        writer.commit()
        self._open_searcher()
