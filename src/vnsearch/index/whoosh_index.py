"""An index as Whoosh has it, for those who know Whoosh; our own search and writer do without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, FileIndex
from whoosh.reading import IndexReader

from vnsearch.index.codec import NAME
from vnsearch.index.storage import IndexFolder
from vnsearch.index.whoosh_schema import make_schema

__all__ = ["VietnameseIndex"]


class VietnameseIndex(IndexFolder, FileIndex):  # type: ignore[misc]  # Whoosh has no types
    """A Whoosh index whose table of contents is read without unpickling it."""

    def __init__(self, folder: str | Path) -> None:
        super().__init__(folder)
        self.storage = FileStorage(self.folder)
        self._schema = None
        self.indexname = NAME

    def _read_toc(self) -> TOC:
        contents = self.contents()
        return TOC(make_schema(contents.filterable), contents.segments, contents.generation)

    def writer(self, *_: Any, **__: Any) -> Any:
        """Raise: segments are made whole, of analysed reports, by ``Index.add``."""
        self._read_toc()
        raise NotImplementedError("reports go in through vnsearch.Index.add, and out through Index.delete")

    @classmethod
    def _reader(
        cls, storage: FileStorage, schema: Any, segments: Any, generation: int, reuse: Any = None
    ) -> IndexReader:
        # Nothing is used again: Whoosh would keep a segment's old deletions, and to open one takes next to no time.
        reader = super()._reader(storage, schema, segments, generation)
        if not segments:  # Whoosh's reader of an empty index does not know its generation
            reader.generation = lambda: generation
        return reader
