"""Changing an index: reports in and out, one atomic commit for each call.

New segments are written beside the old ones, and then a new table of contents, renamed into place: until that rename
readers see the last commit. Whatever goes wrong before it leaves the last commit and gives the lock back.
"""

from __future__ import annotations

import collections
import collections.abc
import contextlib
import itertools
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from vnsearch.errors import IndexLockedError, InvalidArgumentError, InvalidReportError, VnSearchError
from vnsearch.index.codec import ColumnarSegment, open_segment, segment_path
from vnsearch.index.columnar.build import AnalysedReports, SegmentBuilder
from vnsearch.index.columnar.container import Seal
from vnsearch.index.columnar.merge import Source, merge
from vnsearch.index.columnar.postings import DOCUMENTS_MAX
from vnsearch.index.columnar.segment import Age, SegmentData
from vnsearch.index.documents import analyse_reports, check_size
from vnsearch.index.files import remove
from vnsearch.index.lock import write_lock
from vnsearch.index.policy import plan_merge
from vnsearch.index.progress import OnProgress
from vnsearch.index.storage import Contents, IndexFolder, commit, committed
from vnsearch.limits import Limits
from vnsearch.report import Report

__all__ = ["AddStats", "Commit", "OnError", "SkippedReport", "add_reports", "check_options", "delete_reports"]

OnError = Literal["raise", "skip"]

# Reports analysed together, and characters of theirs: enough for the arrays to be long, little enough to keep in memory.
_BATCH = 256
_BATCH_CHARS = 2_000_000
# Batches that each worker process may be ahead of the writer, so that it has something to do while a segment is written;
# and the memory that this may take, of what the writer may have: some megabytes for each.
_AHEAD = 8
_AHEAD_MB = 8


@dataclass(frozen=True, slots=True)
class SkippedReport:
    """A report that was left out: its place in the input (from 0), its id if it has one, and why."""

    position: int
    id: str | None
    error: Exception


@dataclass(frozen=True, slots=True)
class AddStats:
    """What an ``add`` did. ``updated`` counts reports that replaced one of the same id, in the index or in the same call."""

    added: int
    updated: int
    skipped: int
    errors: tuple[SkippedReport, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values, each error as its message."""
        errors = [{"position": one.position, "id": one.id, "error": str(one.error)} for one in self.errors]
        return {**{one.name: getattr(self, one.name) for one in fields(self)}, "errors": errors}


class Commit:
    """The next commit, in the making: segments with their deletions, and the files that are new."""

    def __init__(self, index: IndexFolder, opened: Iterable[SegmentData] = ()) -> None:
        self._folder = Path(index.folder)
        self._process = os.getpid()
        contents = index.contents()
        self._generation = contents.generation + 1
        self._new: list[Path] = []
        self._opened = {data.file.path.name: data for data in opened}
        self._schema = contents.schema
        self.segments = contents.segments
        self.filterable = contents.filterable
        #: Whether it is made at the end. Set it to False to make it only if something changes from then on.
        self.needed = True

    def _open(self, segment: ColumnarSegment) -> SegmentData:
        name = segment_path(self._folder, segment).name
        found = self._opened.get(name)
        if found is None:
            found = self._opened[name] = open_segment(self._folder, segment)
        return found

    def delete(self, ids: Sequence[str]) -> int:
        """Delete the reports with these ids; return how many there were."""
        deleted = 0
        for segment in self.segments:
            for document in self._open(segment).documents_of(ids):
                if not segment.is_deleted(document):
                    segment.delete_document(document)
                    deleted += 1
        self.needed |= deleted > 0
        return deleted

    def sources(self) -> list[Source]:
        """Return the segments, open, each with the documents that are alive now."""
        return self._sources(slice(None))

    def _sources(self, some: slice) -> list[Source]:
        return [Source(self._open(segment), segment.live) for segment in self.segments[some]]

    def append(self, builder: SegmentBuilder, deleted: Iterable[int]) -> None:
        """Write a new segment, of which some documents are deleted already."""
        segment = self._new_segment(builder.documents, builder.write)
        for document in deleted:
            segment.delete_document(document)
        self.segments.append(segment)

    def _new_segment(self, documents: int, write: Callable[[Path, Age], Seal]) -> ColumnarSegment:
        self._refuse_child()
        self.needed = True
        segment = ColumnarSegment(documents)
        path = segment_path(self._folder, segment)
        self._new.append(path)
        segment.seal = write(path, (self._generation, len(self._new)))
        return segment

    def merge(self) -> None:
        """Merge what the policy says, and drop segments that have nothing left."""
        while True:
            self.segments = [segment for segment in self.segments if segment.doc_count()]
            sizes = [(segment.doc_count(), segment.doc_count_all()) for segment in self.segments]
            run = plan_merge(sizes)
            if run is None:
                return
            self._merge(run)

    def pack(self, first: int) -> None:
        """Merge the segments from one on into as few as possible."""
        while first < len(self.segments):
            past, size = first, 0
            while past < len(self.segments) and size + self.segments[past].doc_count() <= DOCUMENTS_MAX:
                size += self.segments[past].doc_count()
                past += 1
            if past - first > 1:
                self._merge(range(first, past))
            first += 1

    def _merge(self, run: range) -> None:
        sources = self._sources(slice(run.start, run.stop))
        segment = self._new_segment(sum(source.count for source in sources), lambda path, _: merge(sources, path))
        for source in sources:
            self._opened.pop(source.segment.file.path.name, None)
        self.segments[run.start : run.stop] = [segment]

    def _refuse_child(self) -> None:
        if self._process != os.getpid():
            raise IndexLockedError(
                "a forked child cannot finish what its parent is adding; let it open the index itself"
            )

    def finish(self) -> None:
        """Make it the last commit."""
        self._refuse_child()
        commit(self._folder, Contents(self._generation, self.segments, self._schema, self.filterable))

    def abandon(self) -> None:
        """Remove what was written, unless it is the last commit by now: an interrupt may come late.

        A child that was forked meanwhile leaves it alone: its parent goes on.
        """
        if self._process == os.getpid() and not committed(self._folder, self._generation):
            for path in self._new:
                with contextlib.suppress(OSError):  # the next commit removes it
                    remove(path)


@contextlib.contextmanager
def _committing(index: IndexFolder, lock_timeout_s: float, opened: Iterable[SegmentData]) -> Iterator[Commit]:
    """Give a commit that is finished at the end, if it is needed, or, if anything is raised, gone with all it wrote."""
    with write_lock(Path(index.folder), lock_timeout_s):
        making = Commit(index, opened)
        try:
            yield making
            if making.needed:
                making.merge()
                making.finish()
        except BaseException:
            making.abandon()
            raise


class _Adding:
    """Analysed reports on their way into segments; a report replaces those of the same id that came before it."""

    def __init__(self, commit: Commit, memory_mb: float) -> None:
        self._commit = commit
        self._memory = memory_mb * 1024 * 1024
        self._builder = SegmentBuilder()
        self._current: dict[str, int] = {}  # id -> document of the segment in the making
        self._replaced: list[int] = []
        self._first = len(commit.segments)
        self.added = 0
        self.updated = 0

    def add(self, reports: AnalysedReports) -> None:
        if not self._builder.has_room(reports) or self._builder.memory() > self._memory:
            self.flush()
        replaced = self._commit.delete(list(dict.fromkeys(reports.ids)))
        for document, identity in enumerate(reports.ids, self._builder.documents):
            if identity in self._current:
                self._replaced.append(self._current[identity])
                replaced += 1
            self._current[identity] = document
        self._builder.add(reports)
        self.updated += replaced
        self.added += len(reports.ids) - replaced

    def finish(self) -> None:
        """Write what is left. What one call adds is searched as few segments."""
        several = len(self._commit.segments) > self._first
        self.flush()
        if several:
            self._commit.pack(self._first)

    def flush(self) -> None:
        """Write the segment in the making, and merge, so that there are never many."""
        if self._builder.documents:
            self._commit.append(self._builder, self._replaced)
            self._builder, self._current, self._replaced = SegmentBuilder(), {}, []
            self._commit.merge()


def check_options(on_error: OnError, processes: int, memory_mb: float) -> None:
    """Raise InvalidArgumentError for options of ``add_reports`` that make no sense."""
    if on_error not in ("raise", "skip"):
        raise InvalidArgumentError(f'on_error is "raise" or "skip", not {on_error!r}')
    if not isinstance(processes, int) or processes < 1:
        raise InvalidArgumentError(f"processes must be at least 1, not {processes}")
    if not isinstance(memory_mb, int | float) or not memory_mb >= 16:
        raise InvalidArgumentError(f"memory_mb must be at least 16, not {memory_mb}")


def add_reports(
    index: IndexFolder,
    reports: Iterable[Report | Mapping[str, Any]] | Callable[[Commit], Iterable[Report]],
    *,
    on_error: OnError = "raise",
    progress: OnProgress | None = None,
    processes: int = 1,
    memory_mb: int = 512,
    lock_timeout_s: float = 10.0,
    limits: Limits | None = None,
    opened: Iterable[SegmentData] = (),
) -> AddStats:
    """Add reports, or replace those with the same id, in one commit; see ``Index.add``.

    ``reports`` may be a function: it is given the commit, whose lock is held by then, and may delete by it, too.
    ``limits``: what a report may be at most; None takes any, as they come from another index. ``opened`` are segments that the caller
    has open: they are not opened again.
    """
    check_options(on_error, processes, memory_mb)
    started = time.perf_counter()
    total = len(reports) if isinstance(reports, collections.abc.Sized) else None
    errors: list[SkippedReport] = []
    with _committing(index, lock_timeout_s, opened) as making:
        adding = _Adding(making, memory_mb)
        done = 0
        ahead = max(1, min(_AHEAD, int(memory_mb / _AHEAD_MB / processes)))
        given = reports if isinstance(reports, Iterable) else reports(making)
        checked = _checked(given, errors, on_error, making.filterable, limits)
        for analysed in _analysed(checked, making.filterable, min(processes, os.cpu_count() or 1), ahead):
            adding.add(analysed)
            if progress is not None:
                for _ in analysed.ids:
                    done += 1
                    progress(done + len(errors), total)
        adding.finish()
    seconds = time.perf_counter() - started
    return AddStats(adding.added, adding.updated, len(errors), tuple(errors), seconds)


def _checked(
    reports: Iterable[Report | Mapping[str, Any]],
    errors: list[SkippedReport],
    on_error: OnError,
    filterable: tuple[str, ...],
    limits: Limits | None,
) -> Iterator[Report]:
    """Yield the reports; records become reports, and bad ones are raised or listed in ``errors``."""
    for position, item in enumerate(reports):
        try:
            report = item if isinstance(item, Report) else Report.from_mapping(item)
            if limits is not None:
                check_size(report, filterable, limits)
        except InvalidReportError as error:  # noqa: PERF203 - the others go on
            if on_error == "raise":
                raise InvalidReportError(f"report number {position}: {error}") from error
            identity = item.id if isinstance(item, Report) else item.get("id") if isinstance(item, Mapping) else None
            errors.append(SkippedReport(position, identity if isinstance(identity, str) else None, error))
        else:
            yield report


def _batches(reports: Iterable[Report]) -> Iterator[list[Report]]:
    batch: list[Report] = []
    chars = 0
    for report in reports:
        batch.append(report)
        chars += len(report.body)
        if len(batch) == _BATCH or chars > _BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch


def _analysed(
    reports: Iterable[Report], filterable: tuple[str, ...], processes: int, ahead: int
) -> Iterator[AnalysedReports]:
    """Yield the analysed reports batch by batch, in order, from this process or from several.

    The batches are the same however many processes there are; ``ahead`` of them may wait for each one.
    """
    if processes == 1:
        for batch in _batches(reports):
            yield analyse_reports(batch, filterable)
        return
    batches = _batches(reports)
    head = list(itertools.islice(batches, 2))
    if len(head) < 2:  # too little to start processes for
        for batch in head:
            yield analyse_reports(batch, filterable)
        return
    # "spawn" starts clean processes: forking one that has threads can deadlock.
    context = multiprocessing.get_context("spawn")
    waiting: collections.deque[Future[AnalysedReports]] = collections.deque()
    with ProcessPoolExecutor(processes, context, _stay_with_parent) as pool:
        try:
            for batch in itertools.chain(head, batches):
                waiting.append(pool.submit(analyse_reports, batch, filterable))
                if len(waiting) > processes * ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise VnSearchError(
                "a worker process ended before its work was done; nothing of this change was kept; if the system killed it "
                "for want of memory, try again with fewer processes; with more than one, the calling script needs the usual "
                '`if __name__ == "__main__":`'
            ) from error
        finally:
            for future in waiting:
                future.cancel()


def _stay_with_parent() -> None:
    """Make this worker process leave when its parent is killed, and leave interrupts to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def watch(sentinel: int) -> None:
            multiprocessing.connection.wait([sentinel])
            os._exit(1)

        threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()


def delete_reports(
    index: IndexFolder, ids: Iterable[str], *, lock_timeout_s: float = 10.0, opened: Iterable[SegmentData] = ()
) -> int:
    """Delete the reports with these ids in one commit; return how many there were. ``opened``: see ``add_reports``."""
    with _committing(index, lock_timeout_s, opened) as making:
        return making.delete(list(dict.fromkeys(ids)))
