"""Our segments as the table of contents has them, and as Whoosh asks for them; it reads them by ``whoosh_codec``."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.container import Seal
from vnsearch.index.columnar.postings import DOCUMENTS_MAX
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.files import damaged

if TYPE_CHECKING:
    from vnsearch.index.whoosh_codec import ColumnarCodec

__all__ = ["NAME", "SEGMENT_FILE", "ColumnarSegment", "open_segment", "segment_path"]

#: What Whoosh calls the index in a folder.
NAME = "MAIN"
_EXTENSION = ".seg"
_ID = re.compile("[0-9a-f]{16}")
#: The name of a segment's file.
SEGMENT_FILE = re.compile(rf"{NAME}_{_ID.pattern}{re.escape(_EXTENSION)}")


class ColumnarSegment:
    """A segment as the table of contents has it: its name, how many documents, which are deleted, and its file's seal.

    It has those methods of ``whoosh.codec.base.Segment`` that reading takes.
    """

    indexname = NAME

    def __init__(self, documents: int) -> None:
        self.segid = os.urandom(8).hex()  # whatever seed somebody may have set
        self.seal = Seal(0, 0)  #: that of the file, once it is written
        self._documents = documents
        self._deleted = np.zeros(documents, np.bool_)

    def __getstate__(self) -> dict[str, Any]:
        """Return what the table of contents has of it, as JSON values; deletions as bits, a document each."""
        deleted = np.packbits(self._deleted, bitorder="little").tobytes() if self.has_deletions() else b""
        return {
            "id": self.segid,
            "documents": self._documents,
            "size": self.seal.size,
            "checksum": f"{self.seal.checksum:016x}",
            "deleted": base64.b64encode(deleted).decode(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take it back. Raises ValueError, or what bad values raise, for what no writer writes."""
        documents, identity = int(state["documents"]), str(state["id"])
        if not 0 <= documents <= DOCUMENTS_MAX or not _ID.fullmatch(identity):
            raise ValueError(f"no segment is called {identity!r}, with {documents} documents")
        self.__init__(documents)  # type: ignore[misc]  # the state is all there is
        self.segid = identity
        self.seal = Seal(int(state["size"]), int(state["checksum"], 16))
        if deleted := base64.b64decode(state["deleted"], validate=True):
            bits = np.unpackbits(np.frombuffer(deleted, np.uint8), count=documents, bitorder="little")
            if len(deleted) != (documents + 7) // 8:
                raise ValueError(f"deletions of another number of documents than {documents}")
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
    """Map the file of a segment.

    Raises:
        IndexCorruptedError: it is not the file that the table of contents names.
        FileNotFoundError: there is none.

    """
    data = SegmentData(segment_path(folder, segment), segment.seal)
    if data.documents != segment.doc_count_all():
        raise damaged(data.file.path, "it has another number of documents than the table of contents says")
    return data
