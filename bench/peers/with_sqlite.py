"""SQLite FTS5, given our tokens: one row for each document, a column for each kind of term.

The text of title and body lies in a table beside (``content=``), so that pairs and words are not stored as text too.
FTS5 keeps positions for all columns or none. Its totals come from a second statement; there is no other way.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.data import Analysed, Query
from bench.peers.base import BODY, PAIR, TITLE, Peer

_COLUMNS = "title, body, title_pairs, body_pairs, title_words, body_words"
_RANK = f"bm25(docs, {TITLE}, {BODY}, {TITLE * PAIR}, {BODY * PAIR}, 0.0, 0.0)"


class Sqlite(Peer):
    """bm25() with a weight for each column; snippet() of the body."""

    name = "SQLite FTS5"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._file = folder / "fts5.db"
        self._db: sqlite3.Connection

    def build(self, documents: Iterable[Analysed]) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._db = sqlite3.connect(self._file)
        columns = ", ".join(f"{name} TEXT" for name in _COLUMNS.split(", "))
        self._db.execute(f"CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT UNIQUE, {columns})")
        self._db.execute(
            f"CREATE VIRTUAL TABLE docs USING fts5({_COLUMNS}, content='documents', content_rowid='number', "
            "tokenize=\"unicode61 remove_diacritics 0 tokenchars '_'\")"
        )
        with self._db:
            for number, one in enumerate(documents):
                title, body = one.title, one.body
                self._db.execute(
                    "INSERT INTO documents (number, id, title, body) VALUES (?, ?, ?, ?)",
                    (number, one.id, title.syllables, body.syllables),
                )
                row = (number, title.syllables, body.syllables, title.pairs, body.pairs, title.words, body.words)
                self._db.execute(f"INSERT INTO docs (rowid, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def open(self) -> None:
        self._db = sqlite3.connect(self._file)

    @staticmethod
    def make_query(query: Query) -> str:
        """Return the query in FTS5's language."""

        def parts() -> Iterator[str]:
            for columns, terms in (("title body", query.syllables), ("title_pairs body_pairs", query.pairs)):
                if terms:
                    yield f"{{{columns}}} : (" + " OR ".join(f'"{term}"' for term in terms) + ")"

        return " OR ".join(parts())

    def _run(self, query: Query, columns: str) -> tuple[int, list[Any]]:
        made = self.make_query(query)
        total = self._db.execute("SELECT count(*) FROM docs WHERE docs MATCH ?", (made,)).fetchone()[0]
        sql = f"SELECT {columns} FROM docs WHERE docs MATCH ? ORDER BY {_RANK} LIMIT 10"
        return total, self._db.execute(sql, (made,)).fetchall()

    def search(self, query: Query) -> Any:
        return self._run(query, "rowid")

    def ids(self, found: Any) -> list[str]:
        one = "SELECT id FROM documents WHERE number = ?"
        return [self._db.execute(one, row).fetchone()[0] for row in found[1]]

    def total(self, found: Any) -> int:
        return int(found[0])

    def search_with_snippets(self, query: Query) -> list[str]:
        _, rows = self._run(query, "title, body, snippet(docs, 1, '<b>', '</b>', '…', 30)")
        return [snippet for _, _, snippet in rows]

    def close(self) -> None:
        self._db.close()
