"""The terms of one Whoosh field in one segment, with their postings: what Whoosh's readers are made of.

Titles and bodies share a dictionary for each kind of terms; the field "title" has those that occur in a title. Dates have
no terms in the file: they are made here of the days, as Whoosh's DATETIME makes them, so that its queries on dates work.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from whoosh import fields

from vnsearch.concurrency import cached_property
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.schema import DEFINITIONS, KINDS, ORIGIN, TEXT_FIELDS, field_name

__all__ = ["DATE_FIELD", "FieldTerms", "Statistics", "TextTerms", "field_terms", "label_names"]

DATE_FIELD = "date"

Documents = npt.NDArray[np.integer]
Floats = npt.NDArray[np.float32]
Openings = npt.NDArray[np.uint8]

# Terms whose statistics are made at once, when many are asked for in a row.
_RUN = 1024


@dataclass(frozen=True, slots=True)
class Statistics:
    """What Whoosh's ``TermInfo`` says of a term. Weights are frequencies, lengths are in terms of the field."""

    weight: float
    documents: int
    min_length: int
    max_length: int
    max_weight: float
    min_document: int
    max_document: int


class FieldTerms(ABC):
    """The terms of a field. A term's number is its place in the dictionary, which may hold terms of other fields too."""

    @property
    @abstractmethod
    def numbers(self) -> Documents:
        """The numbers of the terms that occur in the field, ascending, which is the order of their bytes."""

    @property
    @abstractmethod
    def lengths(self) -> npt.NDArray[np.integer]:
        """How many terms each document has."""

    @abstractmethod
    def term(self, number: int) -> bytes:
        """Return the term of a number."""

    @abstractmethod
    def lower_bound(self, term: bytes) -> int:
        """Return the number of the first term of the dictionary that is not less."""

    @abstractmethod
    def run(self, first: int, past: int) -> tuple[Documents, Floats, npt.NDArray[np.int64]]:
        """Return the postings of terms *first* to *past*, one after the other: documents, frequencies, counts of each term."""

    def postings(self, number: int) -> tuple[Documents, Floats]:
        """Return the documents that hold a term, ascending, and how often each does. Deleted ones are among them."""
        documents, frequencies, _ = self.run(number, number + 1)
        return documents, frequencies

    def openings(self, number: int) -> Openings:
        """Return for each posting of a term whether the text opens with it. Only bodies know."""
        return np.zeros(len(self.postings(number)[0]), np.uint8)

    def positions(self, number: int, document: int) -> list[int]:
        """Return where a term stands in a document. Only fields of syllables know."""
        raise NotImplementedError

    def find(self, term: bytes) -> int:
        """Return the number of a term that occurs in the field, or -1."""
        number = self.lower_bound(term)
        try:
            return number if self.term(number) == term and len(self.postings(number)[0]) else -1
        except IndexError:  # past the last one
            return -1

    def numbers_from(self, term: bytes) -> Documents:
        """Return the numbers of the terms that occur and are not less."""
        return self.numbers[np.searchsorted(self.numbers, self.lower_bound(term)) :]

    def statistics(self, numbers: Documents) -> Iterator[tuple[int, Statistics]]:
        """Yield (number, statistics) of terms that occur, ascending; many at a time."""
        for start in range(0, len(numbers), _RUN):
            asked = numbers[start : start + _RUN].tolist()
            yield from self._statistics(asked, asked[0], asked[-1] + 1)

    def _statistics(self, asked: list[int], first: int, past: int) -> Iterator[tuple[int, Statistics]]:
        documents, frequencies, counts = self.run(first, past)
        firsts = np.cumsum(counts) - counts
        at = firsts[counts > 0]
        lengths = self.lengths[documents]
        columns = (
            np.add.reduceat(frequencies, at, dtype=np.float64),
            counts[counts > 0],
            np.minimum.reduceat(lengths, at),
            np.maximum.reduceat(lengths, at),
            np.maximum.reduceat(frequencies, at),
            documents[at],
            documents[at + counts[counts > 0] - 1],
        )
        rows = zip((np.flatnonzero(counts) + first).tolist(), *(column.tolist() for column in columns), strict=True)
        wanted = set(asked)
        return ((number, Statistics(*values)) for number, *values in rows if number in wanted)


def _steps(starts: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return how far each start is from the one before."""
    return starts[1:].astype(np.int64) - starts[:-1]


class TextTerms(FieldTerms):
    """The terms of one kind in the titles (0) or bodies (1)."""

    def __init__(self, data: SegmentData, kind: str, field: int) -> None:
        self._data = data
        self.kind = kind
        self.field = field
        self._lists = data.postings(kind)

    @cached_property
    def numbers(self) -> Documents:
        """The numbers of the terms that occur in the field."""
        size = self._data.size(self.kind)
        steps = [*range(0, size, _RUN), size]
        found = [np.flatnonzero(self.run(first, past)[2]) + first for first, past in pairwise(steps)]
        return np.concatenate([np.empty(0, np.int64), *found]).astype(np.uint32)

    @cached_property
    def lengths(self) -> npt.NDArray[np.integer]:
        """How many terms of the kind each document's field has."""
        return self._data.lengths(self.kind, self.field)

    def term(self, number: int) -> bytes:
        """Return the term of a number."""
        return self._data.term(self.kind, number)

    def lower_bound(self, term: bytes) -> int:
        """Return the number of the first term that is not less."""
        return self._data.lower_bound(self.kind, term)

    def run(self, first: int, past: int) -> tuple[Documents, Floats, npt.NDArray[np.int64]]:
        """Return the postings of some terms, those of this field alone."""
        documents, found = self._lists.run(first, past)
        frequencies = found.bodies if self.field else found.title_frequencies()
        there = frequencies > 0
        starts = self._lists.starts[first : past + 1].astype(np.int64)
        counts = _steps(np.concatenate(([0], np.cumsum(there)))[starts - starts[0]])
        return documents[there], frequencies[there], counts

    def openings(self, number: int) -> Openings:
        """Return for each posting of a term whether the body opens with it; titles do not."""
        if not self.field:
            return super().openings(number)
        _, found = self._lists.run(number, number + 1)
        return found.openings[found.bodies > 0]

    def positions(self, number: int, document: int) -> list[int]:
        """Return where a syllable stands in a document, from 0 in each field."""
        tokens = self._data.tokens
        found: list[int] = np.flatnonzero(tokens.numbers(*tokens.span(document, self.field)) == number).tolist()
        return found


class ListTerms(FieldTerms):
    """The terms of a list: ids, definitions, or the labels of a field; each once for a document."""

    def __init__(self, data: SegmentData, name: str) -> None:
        self._terms = data.terms(f"field.{name}")
        self._lists = data.postings(f"field.{name}")
        self._documents = data.documents

    @cached_property
    def numbers(self) -> Documents:
        """The numbers of all terms."""
        return np.arange(len(self._terms), dtype=np.uint32)

    @cached_property
    def lengths(self) -> npt.NDArray[np.integer]:
        """How many terms each document has."""
        return np.bincount(self._lists.documents, minlength=self._documents)

    def term(self, number: int) -> bytes:
        """Return the term of a number."""
        return self._terms[number]

    def lower_bound(self, term: bytes) -> int:
        """Return the number of the first term that is not less."""
        return self._terms.lower_bound(term)

    def run(self, first: int, past: int) -> tuple[Documents, Floats, npt.NDArray[np.int64]]:
        """Return the postings of some terms."""
        documents, found = self._lists.run(first, past)
        return documents, found.bodies, _steps(self._lists.starts[first : past + 1])


class DateTerms(FieldTerms):
    """The terms of the days, at every precision that Whoosh's DATETIME gives them."""

    def __init__(self, days: npt.NDArray[np.int32]) -> None:
        self._days = days
        self._field = fields.DATETIME()

    @cached_property
    def _postings(self) -> list[tuple[bytes, Documents]]:
        """Every term with its documents. Different days are few."""
        found: dict[bytes, list[Documents]] = {}
        order = np.argsort(self._days, kind="stable")
        days, firsts = np.unique(self._days[order], return_index=True)
        for day, documents in zip(days.tolist(), np.split(order, firsts[1:]), strict=True):
            if day:
                for term, *_ in self._field.index(dt.datetime.fromordinal(day)):
                    found.setdefault(term, []).append(documents)
        return sorted((term, np.sort(np.concatenate(parts))) for term, parts in found.items())

    @cached_property
    def numbers(self) -> Documents:
        """The numbers of all terms."""
        return np.arange(len(self._postings), dtype=np.uint32)

    @cached_property
    def lengths(self) -> npt.NDArray[np.integer]:
        """How many terms each document has."""
        return np.where(self._days != 0, len(range(0, self._field.bits, self._field.shift_step)), 0)

    def term(self, number: int) -> bytes:
        """Return the term of a number."""
        return self._postings[number][0]

    def lower_bound(self, term: bytes) -> int:
        """Return the number of the first term that is not less."""
        return bisect_left(self._postings, term, key=lambda posting: posting[0])

    def run(self, first: int, past: int) -> tuple[Documents, Floats, npt.NDArray[np.int64]]:
        """Return the postings of some terms."""
        lists = [documents for _, documents in self._postings[first:past]]
        documents = np.concatenate(lists)
        return documents, np.ones(len(documents), np.float32), np.array([len(each) for each in lists])


def label_names(data: SegmentData) -> list[str]:
    """Return the fields of labels."""
    return [name for name in data.list_names if name not in ("id", DEFINITIONS, ORIGIN)]


def field_terms(data: SegmentData) -> dict[str, FieldTerms]:
    """Return the terms of every field that has some in this segment, by the field's name, in the order of the names."""
    found: dict[str, FieldTerms] = {name: ListTerms(data, name) for name in data.list_names if name != ORIGIN}
    found[DATE_FIELD] = DateTerms(data.days)
    for kind in KINDS:
        for field, text_field in enumerate(TEXT_FIELDS):
            found[field_name(text_field, kind)] = TextTerms(data, kind, field)
    return dict(sorted(_filled(found.items())))


def _filled(found: Iterable[tuple[str, FieldTerms]]) -> Iterator[tuple[str, FieldTerms]]:
    return ((name, terms) for name, terms in found if np.any(terms.lengths))
