"""Is an index sound? All of it is read once, compared with its checksums, decoded, and counted."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from vnsearch.errors import IndexCorruptedError
from vnsearch.index.codec import ColumnarSegment, open_segment, segment_path
from vnsearch.index.columnar.postings import slices
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.files import damaged
from vnsearch.index.salvage import Salvage, all_of
from vnsearch.index.schema import KINDS, ORIGIN, TEXT_FIELDS
from vnsearch.index.storage import Contents, IndexFolder, open_index

__all__ = ["CheckResult", "check_index", "opened_segments"]

_IDS_SHOWN = 5
_REPORTS_TOGETHER = 256


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found; true when all is sound.

    ``reports``: how many the last commit has, as far as one can tell. ``problems``: what is wrong, each with the file and what it
    affects. ``unreadable``: the reports that cannot be read back, by id; one whose id is lost too as its file and number there.
    """

    reports: int
    problems: tuple[str, ...]
    unreadable: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not self.problems


def check_index(path: str | os.PathLike[str]) -> CheckResult:
    """Read the last commit of an index whole and return what is wrong with it, if anything; it need not open for that.

    >>> from vnsearch import Index, Report, check_index
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Index.create(folder) as ix:
    ...         stats = ix.add([Report("1", "Chợ nổi", "Chợ họp lúc tờ mờ sáng.")])
    ...     check_index(folder)
    CheckResult(reports=1, problems=(), unreadable=())

    Raises:
        IndexNotFoundError: there is none.
        IndexVersionError: another version of the library made it.
        IndexReadError: the system does not let us read it.

    """
    folder = Path(path)
    index = open_index(folder)
    problems: list[str] = []
    unreadable: list[str] = []
    seen: set[str] = set()
    try:
        contents, segments = opened_segments(index)
    except IndexCorruptedError as error:
        return CheckResult(0, (f"{error.file}: {error.why}: which reports there are is not known",))
    for segment, data in zip(contents.segments, segments, strict=True):
        if isinstance(data, SegmentData):
            found = _Segment(segment, data)
            problems += found.problems(seen)
            unreadable += found.unreadable
            data.file.release()
        else:
            problems.append(f"{data.file}: {data.why}: none of its {segment.doc_count()} reports can be read")
            unreadable += all_of(segment)
    return CheckResult(sum(segment.doc_count() for segment in contents.segments), tuple(problems), tuple(unreadable))


def opened_segments(index: IndexFolder) -> tuple[Contents, list[SegmentData | IndexCorruptedError]]:
    """Return the last commit, and for each of its segments the segment, or why it cannot be opened.

    Raises:
        IndexCorruptedError: the table of contents is damaged.

    """
    while True:
        with contextlib.suppress(FileNotFoundError):  # a writer has just replaced it
            contents = index.contents(any_analysis=True)
            found = [_try_to_open(index.folder, segment) for segment in contents.segments]
            if index.latest_generation() == contents.generation:  # or a writer may have removed some meanwhile
                return contents, found


def _try_to_open(folder: str, segment: ColumnarSegment) -> SegmentData | IndexCorruptedError:
    try:
        return open_segment(folder, segment)
    except IndexCorruptedError as error:
        return error
    except FileNotFoundError:
        return damaged(segment_path(folder, segment), "it is gone")


class _Segment:
    """One segment under examination."""

    def __init__(self, segment: ColumnarSegment, data: SegmentData) -> None:
        self._data = data
        self._count = segment.doc_count()
        self._salvage = Salvage(data, segment.live)
        self._name = self._salvage.name
        self.unreadable: list[str] = []

    def problems(self, seen: set[str]) -> Iterator[str]:
        """Yield what is wrong; ``seen`` are the ids of the reports of other segments, to which this one's are added."""
        unsound = self._data.file.damaged()
        for name in unsound:
            yield f"{self._name}: {name} does not match its checksum: {self._affected(name)}"
        texts: list[tuple[int, str, Sequence[int]]] = []
        yield from map(self._told, self._reports(seen, texts))
        if unsound:
            return
        try:
            yield from map(self._told, self._miscounts(texts))
        except Exception as error:  # noqa: BLE001 - whatever bytes that make no sense raise
            yield self._told(f"it cannot be decoded ({type(error).__name__}: {error}): {self._affected()}")

    def _told(self, problem: str) -> str:
        return f"{self._name}: {problem}"

    def _affected(self, name: str = "") -> str:
        if name.startswith("stored"):
            return f"some of its {self._count} reports cannot be read"
        if name.startswith("field.id."):
            return f"its {self._count} reports may not be found by their ids"
        if name.startswith(f"field.{ORIGIN}."):
            return f"which files its {self._count} reports came from may not be known"
        return f"searches may not find its {self._count} reports"

    def _reports(self, seen: set[str], texts: list[tuple[int, str, Sequence[int]]]) -> Iterator[str]:
        """Read every living report back, and note of each (document, id, length of each text)."""
        for document, report in self._salvage.reports():
            texts.append((document, report.id, [len(getattr(report, text_field)) for text_field in TEXT_FIELDS]))
            if (known := self._salvage.ids.get(document, report.id)) != report.id:
                yield f"report {report.id!r} has the id of another, {known!r}"
            if report.id in seen:
                yield f"report {report.id!r} is there twice"
            seen.add(report.id)
        self.unreadable = lost = self._salvage.lost()
        if lost:
            why = f" ({self._salvage.problem})" if self._salvage.problem else ""
            more = f" and {len(lost) - _IDS_SHOWN} more" if len(lost) > _IDS_SHOWN else ""
            yield f"reports that cannot be read{why}: {', '.join(map(repr, lost[:_IDS_SHOWN]))}{more}"

    def _miscounts(self, texts: Sequence[tuple[int, str, Sequence[int]]]) -> Iterator[str]:
        """Compare what is kept twice, or can be counted."""
        data = self._data
        for start in range(0, len(texts), _REPORTS_TOGETHER):
            yield from self._misplaced(texts[start : start + _REPORTS_TOGETHER])
        for name in ("syllable", "word", "value", "group", *(f"field.{name}" for name in data.list_names)):
            if not all(a < b for a, b in pairwise(data.terms(name))):
                yield f"the terms of {name} are not in order"
        for kind in KINDS:
            yield from self._miscounts_of(kind)
        tokens = np.bincount(data.tokens.numbers(0, len(data.tokens)), minlength=data.size("syllable"))
        if not np.array_equal(tokens, data.postings("syllable").counts):
            yield "the texts have other syllables than the lists"

    def _misplaced(self, reports: Sequence[tuple[int, str, Sequence[int]]]) -> Iterator[str]:
        """Compare where the last token of every text ends with how long the text is."""
        documents = np.array([document for document, *_ in reports], np.int64)
        for field, text_field in enumerate(TEXT_FIELDS):
            found = self._data.tokens.read(documents, field)
            some = np.flatnonzero(found.lengths)
            _, ends = found.places(found.pasts[some] - 1)
            for at, end in zip(some.tolist(), ends.tolist(), strict=True):
                _, identity, lengths = reports[at]
                if end > lengths[field]:
                    yield f"the {text_field} of report {identity!r} has tokens behind its end"

    def _miscounts_of(self, kind: str) -> Iterator[str]:
        data, lists = self._data, self._data.postings(kind)
        if len(lists) != data.size(kind):
            yield f"{kind} has {data.size(kind)} terms and {len(lists)} lists"
        lengths = [np.zeros(data.documents) for _ in TEXT_FIELDS]
        every = lists.starts.astype(np.int64)
        for first, past in slices(every):
            documents, found = lists.run(first, past)
            starts = every[first:past] - every[first]
            frequencies = found.title_frequencies(), found.bodies
            both = np.add(*frequencies, dtype=np.float64)
            rises = documents[1:] > documents[:-1]
            rises[starts[1:] - 1] = True  # another term begins
            if not rises.all() or not both.all():
                yield f"{kind} has postings out of order"
            if not np.array_equal(np.add.reduceat(both, starts), lists.counts[first:past]):
                yield f"{kind} has terms that are not counted right"
            for field, some in enumerate(frequencies):
                lengths[field] += np.bincount(documents, some, data.documents)
        for field, text_field in enumerate(TEXT_FIELDS):
            if not np.array_equal(lengths[field], data.lengths(kind, field)):
                yield f"{text_field} has texts of another length than their {kind}s"
