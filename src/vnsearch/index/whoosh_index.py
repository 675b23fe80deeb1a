"""An index as Whoosh has it, for those who know Whoosh; our own search and writer do without."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, FileIndex
from whoosh.reading import IndexReader

from vnsearch.errors import IndexCorruptedError
from vnsearch.index.storage import NAME, IndexFolder, admit, damaged

__all__ = ["VietnameseIndex"]


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        admit(module, name)
        return super().find_class(module, name)


class VietnameseIndex(IndexFolder, FileIndex):  # type: ignore[misc]  # Whoosh has no types
    """A Whoosh index whose table of contents is read without running anything from it."""

    def __init__(self, folder: str | Path) -> None:
        super().__init__(folder)
        self.storage = FileStorage(self.folder)
        self._schema = None
        self.indexname = NAME

    def _read_toc(self) -> TOC:
        contents = self.contents()
        try:
            schema = _Unpickler(io.BytesIO(contents.schema)).load()
        except Exception as error:  # whatever a pickle of any content raises
            name = TOC._filename(NAME, contents.generation)
            raise IndexCorruptedError(damaged(self.folder, name, error)) from error
        return TOC(schema, contents.segments, contents.generation)

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
