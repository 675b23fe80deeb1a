"""The reports of a segment that can be read, whatever else in it is damaged."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from vnsearch.errors import IndexCorruptedError
from vnsearch.index.codec import ColumnarSegment, segment_path
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.columnar.stored import salvage
from vnsearch.index.documents import unpack_report
from vnsearch.report import Report

__all__ = ["Salvage", "all_of"]


class Salvage:
    """The reports of the living documents of a segment; once they have been read, those that cannot be, and why."""

    def __init__(self, data: SegmentData, live: npt.NDArray[np.bool_]) -> None:
        self._data = data
        self.ids = _ids_of(data)
        self.name = data.file.path.name
        self.problem = ""  #: why none of those that are left could be found
        self._left = dict.fromkeys(np.flatnonzero(live).tolist())

    def reports(self) -> Iterator[tuple[int, Report]]:
        """Yield what can be read: documents and their reports."""
        try:
            for document, record in salvage(self._data.file):
                report = _unpacked(record) if document in self._left else None
                if report is not None:
                    del self._left[document]
                    yield document, report
        except IndexCorruptedError as error:
            self.problem = error.why

    def lost(self) -> list[str]:
        """Return what could not be read, by id, or by file and document where that is lost too."""
        return [self.ids.get(document) or _called(self.name, document) for document in self._left]


def all_of(segment: ColumnarSegment) -> list[str]:
    """Return what to call the reports of a segment that cannot be opened."""
    name = segment_path("", segment).name
    return [_called(name, document) for document in np.flatnonzero(segment.live).tolist()]


def _called(file: str, document: int) -> str:
    return f"{file}: document {document}"


def _ids_of(data: SegmentData) -> dict[int, str]:
    """Return the ids of the documents of a segment, without reading the reports; none where they cannot be read either."""
    ids: dict[int, str] = {}
    with contextlib.suppress(Exception):  # whatever bytes that make no sense raise
        lists = data.postings("field.id")
        for number, term in enumerate(data.terms("field.id")):
            ids.update(dict.fromkeys(lists.documents_of(number).tolist(), term.decode()))
    return ids


def _unpacked(record: bytes | None) -> Report | None:
    """Return a packed report, or None for what is none."""
    try:
        return unpack_report(record) if record is not None else None
    except Exception:  # noqa: BLE001 - whatever bytes that make no sense raise
        return None
