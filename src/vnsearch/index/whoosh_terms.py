"""The terms and postings of a segment as Whoosh reads them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt
from whoosh.codec import base
from whoosh.fields import FieldType
from whoosh.formats import Format
from whoosh.reading import TermInfo, TermNotFound
from whoosh.scoring import BaseScorer

from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.whoosh_fields import FieldTerms, Statistics, field_terms
from vnsearch.index.whoosh_matcher import ListMatcher, PostingList

__all__ = ["ColumnarTermsReader", "TermCursor"]

# Terms that are kept: for one query Whoosh asks four times for each.
_KEPT = 4096


def _term_info(found: Statistics) -> TermInfo:
    """Return a new one each time: Whoosh changes those of several segments."""
    return TermInfo(
        found.weight,
        found.documents,
        found.min_length,
        found.max_length,
        found.max_weight,
        found.min_document,
        found.max_document,
    )


class TermCursor(base.FieldCursor):  # type: ignore[misc]  # Whoosh has no types
    """Walks through the terms of a field, in order."""

    def __init__(self, terms: FieldTerms | None, field: FieldType) -> None:
        self._terms = terms
        self._field = field
        self._numbers = np.empty(0, np.uint32) if terms is None else terms.numbers
        self._at = 0

    def first(self) -> Any:
        """Go to the first term; return its text, None when there is none."""
        self._at = 0
        return self.text()

    def find(self, term: Any) -> Any:
        """Go to the first term that is not less; return its text, None past the last."""
        if self._terms is not None:
            encoded = term if isinstance(term, bytes) else self._field.to_bytes(term)
            self._at = int(np.searchsorted(self._numbers, self._terms.lower_bound(encoded)))
        return self.text()

    def next(self) -> Any:
        """Go to the next term; return its text, None past the last."""
        self._at += 1
        return self.text()

    def is_valid(self) -> bool:
        """Tell whether there is a current term."""
        return self._at < len(self._numbers)

    def term(self) -> bytes | None:
        """Return the current term as it is kept."""
        if self._terms is None or not self.is_valid():
            return None
        return self._terms.term(int(self._numbers[self._at]))

    def text(self) -> Any:
        """Return the current term as the field decodes it."""
        term = self.term()
        return None if term is None else self._field.from_bytes(term)

    def term_info(self) -> TermInfo | None:
        """Return the statistics of the current term."""
        if self._terms is None or not self.is_valid():
            return None
        _, found = next(self._terms.statistics(self._numbers[self._at : self._at + 1]))
        return _term_info(found)


class ColumnarTermsReader(base.TermsReader):  # type: ignore[misc]  # Whoosh has no types
    """The terms of a segment. Statistics count deleted documents too, as in all of Whoosh; matchers leave them out."""

    def __init__(self, data: SegmentData, live: npt.NDArray[np.bool_] | None) -> None:
        self._fields = field_terms(data)
        self._live = live
        # Partial functions of the fields, not methods: a reader in a cycle would stay until the garbage is collected.
        self._find = lru_cache(_KEPT)(partial(_find, self._fields))
        self._statistics = lru_cache(_KEPT)(partial(_statistics, self._fields))

    def indexed_field_names(self) -> list[str]:
        """Return the fields that have terms, in order."""
        return list(self._fields)

    def __contains__(self, term: tuple[str, bytes]) -> bool:
        return self._find(*term) >= 0

    def cursor(self, fieldname: str, fieldobj: FieldType) -> TermCursor:
        """Return a cursor at the first term of a field."""
        return TermCursor(self._fields.get(fieldname), fieldobj)

    def terms(self) -> Iterator[tuple[str, bytes]]:
        """Yield (field, term) of all fields."""
        for name, terms in self._fields.items():
            for number in terms.numbers.tolist():
                yield name, terms.term(number)

    def terms_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, bytes]]:
        """Yield (field, term) from a term of a field on, and on through the fields behind it."""
        for name, terms, numbers in self._from(fieldname, prefix):
            for number in numbers.tolist():
                yield name, terms.term(number)

    def items(self) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        """Yield ((field, term), statistics) of all fields."""
        first = next(iter(self._fields), "")
        return self.items_from(first, b"")

    def items_from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[tuple[str, bytes], TermInfo]]:
        """Yield ((field, term), statistics) from a term of a field on, and on through the fields behind it."""
        for name, terms, numbers in self._from(fieldname, prefix):
            for number, found in terms.statistics(numbers):
                yield (name, terms.term(number)), _term_info(found)

    def _from(self, fieldname: str, prefix: bytes) -> Iterator[tuple[str, FieldTerms, npt.NDArray[np.integer]]]:
        if fieldname not in self._fields:
            return
        for name, terms in self._fields.items():
            if name >= fieldname:
                yield name, terms, terms.numbers_from(prefix) if name == fieldname else terms.numbers

    def term_info(self, fieldname: str, text: bytes) -> TermInfo:
        """Return the statistics of a term, or raise ``TermNotFound``."""
        return _term_info(self._found(fieldname, text))

    def frequency(self, fieldname: str, text: bytes) -> float:
        """Return how often a field holds a term, in all documents; 0 for an unknown one."""
        found = self._statistics(fieldname, text)
        return 0.0 if found is None else found.weight

    def doc_frequency(self, fieldname: str, text: bytes) -> int:
        """Return how many documents hold a term in a field; 0 for an unknown one."""
        found = self._statistics(fieldname, text)
        return 0 if found is None else found.documents

    def _found(self, fieldname: str, text: bytes) -> Statistics:
        found = self._statistics(fieldname, text)
        if found is None:
            raise TermNotFound(f"No term {fieldname}:{text!r}")
        return found

    def matcher(self, fieldname: str, text: bytes, format_: Format, scorer: BaseScorer | None = None) -> ListMatcher:
        """Return a matcher of the living documents that hold a term, or raise ``TermNotFound``."""
        number = self._find(fieldname, text)
        if number < 0:
            raise TermNotFound(f"No term {fieldname}:{text!r}")
        terms = self._fields[fieldname]
        # Without deleted ones here already: after skipping blocks, Whoosh does not look again what it stands on.
        postings = PostingList(*self._living(terms, number), terms.lengths, partial(terms.positions, number))
        return ListMatcher(postings, (fieldname, text), format_, scorer)

    def living_frequency(self, fieldname: str, text: bytes) -> int:
        """Return how many living documents hold a term in a field."""
        number = self._find(fieldname, text)
        if number < 0:
            return 0
        documents, _ = self._fields[fieldname].postings(number)
        return len(documents) if self._live is None else int(np.count_nonzero(self._live[documents]))

    def _living(
        self, terms: FieldTerms, number: int
    ) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
        documents, frequencies = terms.postings(number)
        openings = terms.openings(number)
        if self._live is None:
            return documents, frequencies, openings
        keep = self._live[documents]
        return documents[keep], frequencies[keep], openings[keep]


def _find(fields: dict[str, FieldTerms], fieldname: str, text: bytes) -> int:
    return fields[fieldname].find(text) if fieldname in fields else -1


def _statistics(fields: dict[str, FieldTerms], fieldname: str, text: bytes) -> Statistics | None:
    number = _find(fields, fieldname, text)
    return None if number < 0 else next(fields[fieldname].statistics(np.array([number])))[1]
