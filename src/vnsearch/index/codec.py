"""Our segments as Whoosh sees them: the state kept in the table of contents, and the readers of a segment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from whoosh.codec import base
from whoosh.filedb.filestore import FileStorage

from vnsearch.index.columnar.segment import SegmentData

if TYPE_CHECKING:
    from vnsearch.index.whoosh_documents import ColumnarDocuments
    from vnsearch.index.whoosh_terms import ColumnarTermsReader

__all__ = ["ColumnarCodec", "ColumnarSegment", "segment_path"]

_EXTENSION = ".seg"


class ColumnarSegment(base.Segment):  # type: ignore[misc]  # Whoosh has no types
    """A segment as the table of contents has it: its name, how many documents, and which are deleted."""

    def __init__(self, indexname: str, documents: int) -> None:
        self.indexname = indexname
        self.segid = os.urandom(8).hex()  # not Whoosh's, which follows the seed that somebody may have set
        self.compound = False
        self._documents = documents
        self._deleted = np.zeros(documents, np.bool_)

    def __getstate__(self) -> dict[str, Any]:
        """Return plain values: deletions are the bits of one whole number."""
        deleted = int.from_bytes(np.packbits(self._deleted, bitorder="little").tobytes(), "little")
        return {"name": self.indexname, "id": self.segid, "documents": self._documents, "deleted": deleted}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(str(state["name"]), int(state["documents"]))  # type: ignore[misc]  # the state is all there is
        self.segid = str(state["id"])
        data = int(state["deleted"]).to_bytes((self._documents + 7) // 8, "little")
        bits = np.unpackbits(np.frombuffer(data, np.uint8), count=self._documents, bitorder="little")
        self._deleted = bits.astype(np.bool_)

    def codec(self) -> ColumnarCodec:
        """Return the codec that reads it."""
        return ColumnarCodec()

    @property
    def live(self) -> npt.NDArray[np.bool_]:
        """Which documents are alive."""
        return ~self._deleted

    def doc_count_all(self) -> int:
        """Return how many documents there are, deleted ones included."""
        return self._documents

    def deleted_count(self) -> int:
        """Return how many documents are deleted."""
        return int(np.count_nonzero(self._deleted))

    def deleted_docs(self) -> Iterator[int]:
        """Return the deleted documents."""
        return iter(np.flatnonzero(self._deleted).tolist())

    def delete_document(self, docnum: int, delete: bool = True) -> None:
        """Delete a document, or take that back."""
        self._deleted[docnum] = delete

    def is_deleted(self, docnum: int) -> bool:
        """Tell whether a document is deleted."""
        return bool(self._deleted[docnum])


def segment_path(folder: str | Path, segment: ColumnarSegment) -> Path:
    """Return the file of a segment."""
    return Path(folder, str(segment.make_filename(_EXTENSION)))


class ColumnarCodec(base.Codec):  # type: ignore[misc]  # Whoosh has no types
    """Reads segments. Reports go in through ``Index.add``: a segment is made whole, not document by document."""

    def __init__(self) -> None:
        self._opened: tuple[str, SegmentData] | None = None  # both readers of a segment use the same mapping

    def terms_reader(self, storage: FileStorage, segment: ColumnarSegment) -> ColumnarTermsReader:
        """Return the reader of terms and postings."""
        from vnsearch.index.whoosh_terms import ColumnarTermsReader  # noqa: PLC0415 - our own search does without

        return ColumnarTermsReader(self._open(storage, segment), segment.live if segment.has_deletions() else None)

    def per_document_reader(self, storage: FileStorage, segment: ColumnarSegment) -> ColumnarDocuments:
        """Return the reader of stored fields, lengths, columns and vectors."""
        from vnsearch.index.whoosh_documents import ColumnarDocuments  # noqa: PLC0415

        return ColumnarDocuments(self._open(storage, segment), segment)

    def _open(self, storage: FileStorage, segment: ColumnarSegment) -> SegmentData:
        if self._opened is None or self._opened[0] != segment.segid:
            self._opened = segment.segid, open_segment(storage.folder, segment)
        return self._opened[1]


def open_segment(folder: str | Path, segment: ColumnarSegment) -> SegmentData:
    """Map the file of a segment."""
    return SegmentData(segment_path(folder, segment))
