"""Changing an index: reports in and out, one atomic commit for each call.

New segments are written beside the old ones, and then a new table of contents, renamed into place: until that rename
readers see the last commit. Whatever goes wrong before it leaves the last commit and gives the lock back.
"""

from __future__ import annotations

import collections.abc
import contextlib
import functools
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vnsearch.errors import IndexLockedError
from vnsearch.index.batches import (
    AddStats,
    OnError,
    SkippedReport,
    batches,
    check_options,
    checked_reports,
    in_processes,
)
from vnsearch.index.codec import ColumnarSegment, open_segment, segment_path
from vnsearch.index.columnar.build import AnalysedReports, SegmentBuilder
from vnsearch.index.columnar.container import Seal
from vnsearch.index.columnar.merge import Source, merge
from vnsearch.index.columnar.postings import DOCUMENTS_MAX
from vnsearch.index.columnar.segment import Age, SegmentData
from vnsearch.index.documents import analyse_reports
from vnsearch.index.files import remove
from vnsearch.index.lock import write_lock
from vnsearch.index.policy import plan_merge
from vnsearch.index.progress import OnProgress
from vnsearch.index.storage import Contents, IndexFolder, commit, committed
from vnsearch.limits import Limits
from vnsearch.report import Report

__all__ = ["Commit", "add_reports", "delete_reports"]

# Batches that each worker process may be ahead of the writer, so that it has something to do while a segment is written;
# and the memory that this may take, of what the writer may have: some megabytes for each.
_AHEAD = 8
_AHEAD_MB = 8


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
        checked = checked_reports(given, errors, on_error, making.filterable, limits)
        analyse = functools.partial(analyse_reports, filterable=making.filterable)
        for analysed in in_processes(analyse, batches(checked), processes, ahead):
            adding.add(analysed)
            if progress is not None:
                for _ in analysed.ids:
                    done += 1
                    progress(done + len(errors), total)
        adding.finish()
    seconds = time.perf_counter() - started
    return AddStats(adding.added, adding.updated, len(errors), tuple(errors), seconds)


def delete_reports(
    index: IndexFolder, ids: Iterable[str], *, lock_timeout_s: float = 10.0, opened: Iterable[SegmentData] = ()
) -> int:
    """Delete the reports with these ids in one commit; return how many there were. ``opened``: see ``add_reports``."""
    with _committing(index, lock_timeout_s, opened) as making:
        return making.delete(list(dict.fromkeys(ids)))
