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
from vnsearch.index.documents import FiledReport, unpack_report
from vnsearch.index.schema import ORIGIN
from vnsearch.report import Report

__all__ = ["Salvage", "all_of"]


class Salvage:
    """The reports of the living documents of a segment; once they have been read, those that cannot be, and why."""

    def __init__(self, data: SegmentData, live: npt.NDArray[np.bool_]) -> None:
        self._data = data
        self.ids = _list_of(data, "id")
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

    def filed_reports(self) -> Iterator[Report]:
        """Yield what can be read, with its origin where that can be read."""
        origins = _list_of(self._data, ORIGIN)
        for document, report in self.reports():
            yield FiledReport.of(report, origins[document]) if document in origins else report

    def lost(self) -> list[str]:
        """Return what could not be read, by id, or by file and document where that is lost too."""
        return [self.ids.get(document) or _called(self.name, document) for document in self._left]


def all_of(segment: ColumnarSegment) -> list[str]:
    """Return what to call the reports of a segment that cannot be opened."""
    name = segment_path("", segment).name
    return [_called(name, document) for document in np.flatnonzero(segment.live).tolist()]


def _called(file: str, document: int) -> str:
    return f"{file}: document {document}"


def _list_of(data: SegmentData, name: str) -> dict[int, str]:
    """Return what a list has for each document of a segment, without reading the reports; nothing where it cannot be read."""
    found: dict[int, str] = {}
    with contextlib.suppress(Exception):  # whatever bytes that make no sense raise
        lists = data.postings(f"field.{name}")
        for number, term in enumerate(data.terms(f"field.{name}")):
            found.update(dict.fromkeys(lists.documents_of(number).tolist(), term.decode("utf-8", "surrogatepass")))
    return found


def _unpacked(record: bytes | None) -> Report | None:
    """Return a packed report, or None for what is none."""
    try:
        return unpack_report(record) if record is not None else None
    except Exception:  # noqa: BLE001 - whatever bytes that make no sense raise
        return None
