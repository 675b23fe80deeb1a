"""How Whoosh reads our segments."""

from __future__ import annotations

from whoosh.codec import base
from whoosh.filedb.filestore import FileStorage

from vnsearch.index.codec import ColumnarSegment, open_segment
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.whoosh_documents import ColumnarDocuments
from vnsearch.index.whoosh_terms import ColumnarTermsReader

__all__ = ["ColumnarCodec"]


class ColumnarCodec(base.Codec):  # type: ignore[misc]  # Whoosh has no types
    """Reads segments. Reports go in through ``Index.add``: a segment is made whole, not document by document."""

    def __init__(self) -> None:
        self._opened: tuple[str, SegmentData] | None = None  # both readers of a segment use the same mapping

    def terms_reader(self, storage: FileStorage, segment: ColumnarSegment) -> ColumnarTermsReader:
        """Return the reader of terms and postings."""
        return ColumnarTermsReader(self._open(storage, segment), segment.live if segment.has_deletions() else None)

    def per_document_reader(self, storage: FileStorage, segment: ColumnarSegment) -> ColumnarDocuments:
        """Return the reader of stored fields, lengths, columns and vectors."""
        return ColumnarDocuments(self._open(storage, segment), segment)

    def _open(self, storage: FileStorage, segment: ColumnarSegment) -> SegmentData:
        if self._opened is None or self._opened[0] != segment.segid:
            self._opened = segment.segid, open_segment(storage.folder, segment)
        return self._opened[1]
