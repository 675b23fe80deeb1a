"""The documents of a segment as Whoosh reads them: stored fields, lengths, columns, vectors."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from whoosh.codec import base
from whoosh.columns import Column, ColumnReader
from whoosh.formats import Format
from whoosh.matching import ListMatcher

from vnsearch.concurrency import cached_property
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.documents import unpack_report
from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.index.whoosh_fields import DATE_FIELD, FieldTerms, field_terms, label_names

if TYPE_CHECKING:
    from vnsearch.index.codec import ColumnarSegment

__all__ = ["ColumnarDocuments", "DateColumnReader", "LabelColumnReader"]

_MICROSECONDS_PER_DAY = 86_400_000_000


class DateColumnReader(ColumnReader):  # type: ignore[misc]  # Whoosh has no types
    """The dates, as Whoosh counts them: microseconds since the first day; those without a date have the column's default."""

    def __init__(self, days: npt.NDArray[np.int32], column: Column) -> None:
        default = column.default_value()
        self._values: list[int] = [(day - 1) * _MICROSECONDS_PER_DAY if day else default for day in days.tolist()]
        self._sign = 1
        self._doccount = len(days)  # what Whoosh's own methods go by

    def __getitem__(self, docnum: int) -> int:
        return self._values[docnum]

    def __iter__(self) -> Iterator[int]:
        return iter(self._values)

    def load(self) -> list[int]:
        """Return all values."""
        return list(self._values)

    def set_reverse(self) -> None:
        """Sort the other way round."""
        self._sign = -1

    def sort_key(self, docnum: int) -> int:
        """Return what to sort a document by."""
        return self._sign * self._values[docnum]


class LabelColumnReader(ColumnReader):  # type: ignore[misc]  # Whoosh has no types
    """The labels of each document as a JSON list, in their order as terms; nothing for a document without."""

    def __init__(self, data: SegmentData, name: str) -> None:
        terms, lists = data.terms(f"field.{name}"), data.postings(f"field.{name}")
        owners = np.repeat(np.arange(len(terms)), [lists.document_count(number) for number in range(len(terms))])
        order = np.argsort(lists.documents, kind="stable")
        self._terms = terms
        self._numbers = owners[order]
        self._starts = np.searchsorted(lists.documents[order], np.arange(data.documents + 1))
        self._values: dict[bytes, bytes] = {}
        self._doccount = data.documents  # what Whoosh's own methods go by

    def __getitem__(self, docnum: int) -> bytes:
        numbers = self._numbers[self._starts[docnum] : self._starts[docnum + 1]]
        key = numbers.tobytes()
        value = self._values.get(key)
        if value is None:  # documents that have the same labels share them
            labels = [self._terms[number].decode("utf-8", "surrogatepass") for number in numbers.tolist()]
            value = json.dumps(labels, ensure_ascii=False).encode("utf-8", "surrogatepass") if labels else b""
            self._values[key] = value
        return value


class ColumnarDocuments(base.PerDocumentReader):  # type: ignore[misc]  # Whoosh has no types
    """The documents of a segment."""

    def __init__(self, data: SegmentData, segment: ColumnarSegment) -> None:
        self._data = data
        self._segment = segment
        self._length_lists: dict[str, list[int]] = {}
        self._living_lengths: dict[str, tuple[int, int]] = {}

    @cached_property
    def _fields(self) -> dict[str, FieldTerms]:
        return field_terms(self._data)

    # -- which there are

    def doc_count(self) -> int:
        """Return how many documents are alive."""
        return int(self._segment.doc_count())

    def doc_count_all(self) -> int:
        """Return how many documents there are, deleted ones included."""
        return self._segment.doc_count_all()

    def has_deletions(self) -> bool:
        """Tell whether any document is deleted."""
        return bool(self._segment.has_deletions())

    def is_deleted(self, docnum: int) -> bool:
        """Tell whether a document is deleted. Whoosh's InverseMatcher asks past the last one too."""
        return docnum < self.doc_count_all() and self._segment.is_deleted(docnum)

    def deleted_docs(self) -> Iterator[int]:
        """Return the deleted documents."""
        return self._segment.deleted_docs()

    def all_doc_ids(self) -> Iterator[int]:
        """Return the living documents."""
        return iter(np.flatnonzero(self._segment.live).tolist())

    # -- stored fields

    def stored_fields(self, docnum: int) -> dict[str, Any]:
        """Return the report of a document, packed ("report"), and of its parts those that Whoosh's users ask for.

        These are "id", "title", "body", and "date" if there is one, as a datetime.
        """
        packed = self._data.stored.report(docnum)
        report = unpack_report(packed)
        stored: dict[str, Any] = {"report": packed, "id": report.id, "title": report.title, "body": report.body}
        if report.day is not None:
            stored[DATE_FIELD] = dt.datetime.combine(report.day, dt.time())
        return stored

    # -- lengths, in terms; those of deleted documents count too, as in all of Whoosh

    def doc_field_length(self, docnum: int, fieldname: str, default: int = 0) -> int:
        """Return how many terms a field of a document has; the default when it has none."""
        lengths = self._length_lists.get(fieldname)
        if lengths is None:
            lengths = self._length_lists[fieldname] = self.lengths(fieldname).tolist()
        return lengths[docnum] or default

    def lengths(self, fieldname: str) -> npt.NDArray[np.integer]:
        """Return how many terms a field of each document has."""
        terms = self._fields.get(fieldname)
        return np.zeros(self.doc_count_all(), np.uint8) if terms is None else terms.lengths

    def field_length(self, fieldname: str) -> int:
        """Return how many terms a field has, in all documents."""
        return int(self.lengths(fieldname).sum(dtype=np.int64))

    def min_field_length(self, fieldname: str) -> int:
        """Return the smallest length of a field."""
        return int(self.lengths(fieldname).min())

    def max_field_length(self, fieldname: str) -> int:
        """Return the largest length of a field."""
        return int(self.lengths(fieldname).max())

    def living_length(self, fieldname: str) -> tuple[int, int]:
        """Return how many terms a field has in the living documents, and how many of those have the field at all."""
        found = self._living_lengths.get(fieldname)
        if found is None:
            lengths = self.lengths(fieldname)[self._segment.live]
            found = self._living_lengths[fieldname] = int(lengths.sum(dtype=np.int64)), int(np.count_nonzero(lengths))
        return found

    # -- columns

    def supports_columns(self) -> bool:
        """Return True."""
        return True

    def has_column(self, fieldname: str) -> bool:
        """Tell whether a field has a column: dates and labels have."""
        return fieldname in self.list_columns()

    def list_columns(self) -> list[str]:
        """Return the fields that have columns."""
        return [DATE_FIELD, *label_names(self._data)]

    def column_reader(self, fieldname: str, column: Column) -> ColumnReader:
        """Return the reader of a column."""
        if fieldname == DATE_FIELD:
            return DateColumnReader(self._data.days, column)
        return LabelColumnReader(self._data, fieldname)

    # -- vectors

    def has_vector(self, docnum: int, fieldname: str) -> bool:
        """Tell whether the terms of a field of a document can be listed: the syllables of titles and bodies can."""
        return fieldname in TEXT_FIELDS and self.doc_field_length(docnum, fieldname) > 0

    def vector(self, docnum: int, fieldname: str, format_: Format) -> ListMatcher:
        """Return a matcher of the syllables of a field: its ids are the terms, its weights how often each occurs."""
        tokens = self._data.tokens
        sequence = tokens.numbers(*tokens.span(docnum, TEXT_FIELDS.index(fieldname)))
        numbers, counts = np.unique(sequence, return_counts=True)
        places = np.split(np.argsort(sequence, kind="stable"), np.cumsum(counts)[:-1])
        syllables = self._data.terms("syllable")
        texts = [syllables[number].decode() for number in numbers.tolist()]
        values = [format_.encode(at.tolist()) for at in places]
        return ListMatcher(texts, counts.astype(float).tolist(), values, format_)
