"""Our segments as the table of contents has them, and as Whoosh asks for them; it reads them by ``whoosh_codec``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.segment import SegmentData

if TYPE_CHECKING:
    from vnsearch.index.whoosh_codec import ColumnarCodec

__all__ = ["ColumnarSegment", "open_segment", "segment_path"]

_EXTENSION = ".seg"


class ColumnarSegment:
    """A segment as the table of contents has it: its name, how many documents, and which are deleted.

    It has those methods of ``whoosh.codec.base.Segment`` that reading takes.
    """

    def __init__(self, indexname: str, documents: int) -> None:
        self.indexname = indexname
        self.segid = os.urandom(8).hex()  # whatever seed somebody may have set
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
        from vnsearch.index.whoosh_codec import ColumnarCodec  # noqa: PLC0415 - our own search does without Whoosh

        return ColumnarCodec()

    def segment_id(self) -> str:
        """Return the name of its file, without the extension."""
        return f"{self.indexname}_{self.segid}"

    def is_compound(self) -> bool:
        """Tell whether its files are to be found in one; ours is one file anyway."""
        return False

    @property
    def live(self) -> npt.NDArray[np.bool_]:
        """Which documents are alive."""
        return ~self._deleted

    def doc_count_all(self) -> int:
        """Return how many documents there are, deleted ones included."""
        return self._documents

    def doc_count(self) -> int:
        """Return how many documents are alive."""
        return self._documents - self.deleted_count()

    def has_deletions(self) -> bool:
        """Tell whether documents are deleted."""
        return bool(self._deleted.any())

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
    return Path(folder, segment.segment_id() + _EXTENSION)


def open_segment(folder: str | Path, segment: ColumnarSegment) -> SegmentData:
    """Map the file of a segment."""
    return SegmentData(segment_path(folder, segment))
