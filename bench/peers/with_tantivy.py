"""tantivy-py, given our tokens: the same fields as ours, or syllables alone.

The tokens go through its "whitespace" tokenizer, which keeps case and marks and has no limit of length. What it stores
and makes snippets of is the text of the syllables: a text of the same length, which spares it a second copy of the text
beside the tokens. One writer thread, as much memory as ours.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import tantivy
from tantivy import Occur

from bench.data import Analysed, Query, analysed
from bench.peers.base import BODY, MEMORY_MB, PAIR, TITLE, Peer
from vnsearch import Report


class Tantivy(Peer):
    """The same fields: syllables with positions, pairs, words, of title and body; title and body stored."""

    name = "tantivy"
    all_fields: ClassVar[bool] = True

    def __init__(self, folder: Path, count: bool = True) -> None:
        super().__init__(folder)
        self.count = count
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
        for field in ("title", "body"):
            builder.add_text_field(field, stored=True, tokenizer_name="whitespace", index_option="position")
            if self.all_fields:
                for kind in ("pairs", "words"):
                    builder.add_text_field(f"{field}_{kind}", tokenizer_name="whitespace", index_option="freq")
        self._schema = builder.build()
        self._index: tantivy.Index
        self._searcher: tantivy.Searcher

    def document(self, one: Analysed) -> tantivy.Document:
        document = tantivy.Document()
        add = document.add_text
        add("id", one.id)
        add("title", one.title.syllables)
        add("body", one.body.syllables)
        if self.all_fields:
            add("title_pairs", one.title.pairs)
            add("body_pairs", one.body.pairs)
            add("title_words", one.title.words)
            add("body_words", one.body.words)
        return document

    def build(self, documents: Iterable[Analysed]) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._index = tantivy.Index(self._schema, str(self.folder))
        writer = self.writer()
        for one in documents:
            writer.add_document(self.document(one))
        writer.commit()
        writer.wait_merging_threads()
        self.reload()

    def open(self) -> None:
        self._index = tantivy.Index.open(str(self.folder))
        self._schema = self._index.schema
        self.reload()

    def writer(self) -> tantivy.IndexWriter:
        return self._index.writer(heap_size=MEMORY_MB * 1_000_000, num_threads=1)

    def reload(self) -> None:
        """See the latest commit."""
        self._index.reload()
        self._searcher = self._index.searcher()

    def make_query(self, query: Query) -> tantivy.Query:
        """Return the weighted query: the construction of its objects is part of a search."""
        term_query, boost_query = tantivy.Query.term_query, tantivy.Query.boost_query
        schema, should = self._schema, Occur.Should
        parts = []
        for term in query.syllables:
            parts.append((should, boost_query(term_query(schema, "title", term, "freq"), TITLE)))
            parts.append((should, term_query(schema, "body", term, "freq")))
        if self.all_fields:
            for term in query.pairs:
                parts.append((should, boost_query(term_query(schema, "title_pairs", term, "freq"), TITLE * PAIR)))
                parts.append((should, boost_query(term_query(schema, "body_pairs", term, "freq"), BODY * PAIR)))
        return tantivy.Query.boolean_query(parts)

    def run(self, made: tantivy.Query) -> Any:
        found = self._searcher.search(made, 10, count=self.count)
        return found, found.hits

    def search(self, query: Query) -> Any:
        return self.run(self.make_query(query))

    def search_body(self, query: Query, pairs: bool = False) -> Any:
        """Search the syllables of the body alone, unweighted: plain BM25; with its pairs if asked."""
        schema, should, term_query = self._schema, Occur.Should, tantivy.Query.term_query
        parts = [(should, term_query(schema, "body", term, "freq")) for term in query.syllables]
        for term in query.pairs if pairs else ():
            boosted = tantivy.Query.boost_query(term_query(schema, "body_pairs", term, "freq"), PAIR)
            parts.append((should, boosted))
        return self.run(tantivy.Query.boolean_query(parts))

    def ids(self, found: Any) -> list[str]:
        return [self._searcher.doc(address).get_first("id") for _, address in found[1]]

    def total(self, found: Any) -> int:
        return int(found[0].count)

    def run_with_snippets(self, made: tantivy.Query) -> list[str]:
        searcher = self._searcher
        _, hits = self.run(made)
        generator = tantivy.SnippetGenerator.create(searcher, made, self._schema, "body")
        snippets = []
        for _, address in hits:
            document = searcher.doc(address)
            document.get_first("title")
            snippets.append(generator.snippet_from_doc(document).to_html())
        return snippets

    def search_with_snippets(self, query: Query) -> list[str]:
        return self.run_with_snippets(self.make_query(query))

    def remarks(self) -> str:
        return f"segments: {self._searcher.num_segments}"


class TantivyPlain(Tantivy):
    """Syllables of title and body alone."""

    name = "tantivy, plain"
    all_fields = False


class TantivyAnalysing(Tantivy):
    """The same fields, from raw text: our analysis is inside the time of the build."""

    name = "tantivy + our analysis"
    takes_reports = True

    def build(self, documents: Iterable[Report]) -> None:
        super().build(analysed(documents))


class TantivyDefault(Tantivy):
    """The same fields, with the writer as it comes: 128 MB, as many threads as it likes."""

    name = "tantivy, default writer"

    def writer(self) -> tantivy.IndexWriter:
        return self._index.writer()
