"""One commit, read: postings, counts, columns and reports as the search needs them.

A snapshot never changes; a search uses one from first to last. Whoosh's readers share file positions, so every read of
theirs happens under one lock; what was read is kept as arrays, and scoring runs outside the lock.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import weakref
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

import numpy as np
import numpy.typing as npt
from whoosh.reading import IndexReader

from vnsearch.analysis.abbreviations import AbbreviationTable, abbreviation_key
from vnsearch.errors import IndexCorruptedError, VnSearchError
from vnsearch.index.columns import LabelColumn
from vnsearch.index.documents import unpack_report
from vnsearch.index.schema import DEFINITIONS, FACETS, TEXT_FIELDS, Labels, field_name, label_field
from vnsearch.index.storage import VietnameseIndex
from vnsearch.report import Report
from vnsearch.text.fold import group_key

__all__ = ["LearntAbbreviation", "Postings", "Snapshot"]

# Kept postings, in all: about eight bytes each.
_KEPT_POSTINGS = 4_000_000
_KEPT_COUNTS = 500_000


@dataclass(frozen=True, slots=True)
class Postings:
    """The documents that hold a term, ascending, and how often each holds it. Deleted documents are not among them."""

    documents: npt.NDArray[np.int32]
    frequencies: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LearntAbbreviation:
    """An abbreviation as reports write it, its full form in normalized lower-case syllables, and how many define it so."""

    abbreviation: str
    expansion: str
    reports: int


_NONE = Postings(np.empty(0, np.int32), np.empty(0, np.float32))


class Snapshot:
    """The index as one commit left it."""

    def __init__(self, index: VietnameseIndex) -> None:
        self._folder = index.storage.folder
        self._lock = threading.RLock()
        self._reader = self._open(index)
        # Hits may outlive the index object: the files stay open until the last of them is gone.
        weakref.finalize(self, self._reader.close)
        with self._reading("its schema and its segments"):
            self.generation: int = self._reader.generation() or 0
            # From the schema, not from the settings: a commit and its schema are one file.
            keys = [field.key for _, field in self._reader.schema.items() if isinstance(field, Labels)]
            self.filterable: tuple[str, ...] = tuple(key for key in keys if key not in FACETS)
            self.size: int = self._reader.doc_count_all()  #: document numbers run from 0 to here, deleted ones included
            self.count: int = self._reader.doc_count()  #: reports
            self._leaves: list[tuple[IndexReader, int]] = self._reader.leaf_readers() if self.size else []
        self._postings: OrderedDict[tuple[str, str], Postings] = OrderedDict()
        self._kept = 0
        self._frequencies: dict[tuple[str, str], int] = {}
        self._lengths: dict[str, tuple[npt.NDArray[np.float32], float]] = {}
        self._labels: dict[str, LabelColumn] = {}

    def _open(self, index: VietnameseIndex) -> IndexReader:
        with self._reading("its segments"):
            return index.reader()

    @contextlib.contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        """Turn whatever Whoosh raises on bytes that make no sense into one clear error."""
        with self._lock:
            try:
                yield
            except (VnSearchError, MemoryError):
                raise
            except Exception as error:
                raise IndexCorruptedError(
                    f"the index in {self._folder} is damaged: cannot read {what} ({type(error).__name__}: {error}); "
                    "restore the folder from a copy, or make the index again with Index.create(…, overwrite=True)"
                ) from error

    # -- documents

    @cached_property
    def live(self) -> npt.NDArray[np.bool_]:
        """Return for every document number whether its report is still there."""
        live = np.ones(self.size, np.bool_)
        with self._reading("the deletions"):
            if self._reader.has_deletions():
                live[:] = [not self._reader.is_deleted(number) for number in range(self.size)]
        return live

    def number(self, identity: str) -> int | None:
        """Return the document number of the report with this id; None for what cannot be one."""
        if not isinstance(identity, str):
            return None
        try:
            term = identity.encode()
        except UnicodeEncodeError:
            return None
        with self._reading("the ids"):
            for leaf, base in self._leaves:
                if ("id", term) in leaf:
                    matcher = leaf.postings("id", term)
                    if matcher.is_active():
                        return int(matcher.id()) + base
        return None

    def report(self, number: int) -> Report:
        """Return the report with this document number."""
        with self._reading(f"report number {number}"):
            return unpack_report(self._reader.stored_fields(number)["report"])

    def reports(self) -> Iterator[Report]:
        """Yield every report, in the order of the document numbers."""
        for number in np.flatnonzero(self.live).tolist():
            yield self.report(number)

    # -- terms

    def postings(self, field: str, term: str) -> Postings:
        """Return the postings of a term; empty when no report has it."""
        key = (field, term)
        with self._lock:
            found = self._postings.get(key)
            if found is not None:
                self._postings.move_to_end(key)
                return found
        with self._reading(f"the postings of {term!r}"):
            documents: list[int] = []
            frequencies: list[float] = []
            for leaf, base in self._leaves:
                if (field, term) not in leaf:
                    continue
                matcher = leaf.postings(field, term)
                while matcher.is_active():
                    documents.append(matcher.id() + base)
                    frequencies.append(matcher.weight())
                    matcher.next()
            found = Postings(np.array(documents, np.int32), np.array(frequencies, np.float32)) if documents else _NONE
            self._postings[key] = found
            self._kept += len(documents) + 1
            while self._kept > _KEPT_POSTINGS:
                _, dropped = self._postings.popitem(last=False)
                self._kept -= len(dropped.documents) + 1
            return found

    def lengths(self, field: str) -> tuple[npt.NDArray[np.float32], float]:
        """Return the length of a field in terms for every document number, and the average over reports that have it.

        Whoosh keeps a length in a byte, about 10 % off for long ones.
        """
        with self._reading(f"the lengths of {field}"):
            found = self._lengths.get(field)
            if found is None:
                length = self._reader.doc_field_length
                lengths = np.fromiter((length(number, field) for number in range(self.size)), np.float32, self.size)
                held = lengths[(lengths > 0) & self.live]
                found = self._lengths[field] = lengths, float(held.mean()) if len(held) else 1.0
            return found

    def frequency(self, kind: str, term: str) -> int:
        """Return how often a term occurs in all text fields together."""
        key = (kind, term)
        with self._reading(f"the counts of {term!r}"):
            found = self._frequencies.get(key)
            if found is None:
                if len(self._frequencies) >= _KEPT_COUNTS:
                    self._frequencies.clear()
                found = self._frequencies[key] = sum(
                    int(self._reader.frequency(field_name(text_field, kind), term)) for text_field in TEXT_FIELDS
                )
            return found

    def pair_counts(self, before: Sequence[str], after: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return how often each syllable of ``after`` (columns) follows each of ``before`` (rows) in all text fields."""
        counts = [self.frequency("pair", f"{a} {b}") for a in before for b in after]
        return np.array(counts, np.float64).reshape(len(before), len(after))

    def terms(self, kind: str, prefix: str = "") -> dict[str, int]:
        """Return the terms of a kind that start with a prefix, with their counts in all text fields together."""
        counts: dict[str, int] = {}
        start = prefix.encode()
        with self._reading(f"the terms of kind {kind}"):
            for text_field in TEXT_FIELDS:
                name = field_name(text_field, kind)
                for (field, term), info in self._reader.iter_from(name, start):
                    if field != name or not term.startswith(start):
                        break
                    text = term.decode()
                    counts[text] = counts.get(text, 0) + int(info.weight())
        return counts

    @cached_property
    def groups(self) -> dict[str, list[tuple[str, int]]]:
        """Return the folded groups of the syllables: key -> [(spelling, count)], commonest first."""
        groups: dict[str, list[tuple[str, int]]] = {}
        for term, count in self.terms("syllable").items():
            groups.setdefault(group_key(term), []).append((term, count))
        for spellings in groups.values():
            spellings.sort(key=lambda item: (-item[1], item[0]))
        return groups

    @cached_property
    def _keys(self) -> list[str]:
        return sorted(self.groups)

    def keys(self, prefix: str) -> list[str]:
        """Return the keys of folded groups that start with a prefix."""
        keys = self._keys
        first = bisect_left(keys, prefix)
        return list(takewhile(lambda key: key.startswith(prefix), keys[first:]))

    @cached_property
    def definitions(self) -> list[LearntAbbreviation]:
        """Return the abbreviations that the reports define, those that most reports give first.

        Two letters prove little: such a definition counts when two reports agree.
        """
        found: list[LearntAbbreviation] = []
        with self._reading("the abbreviations"):
            for (field, term), info in self._reader.iter_from(DEFINITIONS, b""):
                if field != DEFINITIONS:
                    break
                short, _, full = term.decode().partition("=")
                if info.doc_frequency() > 1 or len(abbreviation_key(short)) > 2:
                    found.append(LearntAbbreviation(short, full, info.doc_frequency()))
        return sorted(found, key=lambda item: (-item.reports, item.abbreviation, item.expansion))

    @cached_property
    def abbreviations(self) -> AbbreviationTable:
        """Return the same as a table, for lookups both ways."""
        return AbbreviationTable((found.abbreviation, found.expansion) for found in self.definitions)

    @cached_property
    def syllable_count(self) -> int:
        """Return how many syllables the text fields hold, in all."""
        return sum(count for spellings in self.groups.values() for _, count in spellings)

    # -- columns

    @cached_property
    def days(self) -> npt.NDArray[np.int32]:
        """Return the day of every document as ``datetime.date.toordinal``; 0 without a date."""
        days = np.zeros(self.size, np.int32)
        with self._reading("the dates"):
            for leaf, base in self._leaves:
                if leaf.has_column("date"):
                    column = leaf.column_reader("date", translate=False)
                    values = np.array([column[number] for number in range(leaf.doc_count_all())], np.uint64)
                    # Whoosh keeps microseconds since the first day of year 1, whose ordinal is 1; no date is the
                    # largest number.
                    ordinals = values // np.uint64(86_400_000_000) + np.uint64(1)
                    days[base : base + len(values)] = np.where(ordinals <= dt.date.max.toordinal(), ordinals, 0)
        return days

    def labels(self, name: str) -> LabelColumn:
        """Return the column of a field that can be filtered."""
        with self._reading(f"the column {name}"):
            found = self._labels.get(name)
            if found is None:
                field = label_field(name)
                rows: list[bytes] = []
                for leaf, _ in self._leaves:
                    column = leaf.column_reader(field, translate=False) if leaf.has_column(field) else None
                    rows.extend(column[number] if column else b"" for number in range(leaf.doc_count_all()))
                found = self._labels[name] = LabelColumn.from_rows(rows)
            return found

    # -- the whole

    def verify(self) -> list[str]:
        """Read everything once; return what is wrong, in words. An empty list: all is sound."""
        problems: list[str] = []
        for number in np.flatnonzero(self.live).tolist():
            try:
                report = self.report(number)
            except VnSearchError as error:
                problems.append(str(error))
                continue
            if self.number(report.id) != number:
                problems.append(f"report {report.id!r} (number {number}) is not found by its id")
        try:
            problems += self._verify_postings()
        except VnSearchError as error:
            problems.append(str(error))
        return problems

    def _verify_postings(self) -> Iterator[str]:
        with self._reading("the postings"):
            for leaf, _ in self._leaves:
                limit = leaf.doc_count_all()
                for (field, term), info in leaf:
                    matcher = leaf.postings(field, term)
                    ids = list(matcher.all_ids())
                    if any(not 0 <= number < limit for number in ids) or len(ids) > info.doc_frequency():
                        yield f"the postings of {term!r} in {field} do not fit the index"
