"""Changing an index: reports in and out, one atomic commit for each call.

Whoosh writes a new segment and then a new table of contents, renamed into place: until that rename readers see the last
commit. Whatever goes wrong before it leaves the last commit and gives the lock back.
"""

from __future__ import annotations

import collections
import collections.abc
import contextlib
import itertools
import multiprocessing
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from whoosh.codec.whoosh3 import W3Codec, W3Segment
from whoosh.filedb.filestore import FileStorage
from whoosh.index import LockError
from whoosh.writing import SegmentWriter

from vnsearch.errors import IndexLockedError, InvalidArgumentError, InvalidReportError
from vnsearch.index.documents import prepare
from vnsearch.index.progress import OnProgress
from vnsearch.index.snapshot import Snapshot
from vnsearch.index.storage import VietnameseIndex, locked_message
from vnsearch.report import Report

__all__ = ["AddStats", "OnError", "SkippedReport", "add_reports", "delete_reports"]

OnError = Literal["raise", "skip"]

# Reports analysed together: enough for the segmenter to gain from it, little enough to keep in memory.
_BATCH = 64
# Batches that worker processes may be ahead of the writer, for each process.
_AHEAD = 3


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


class _Codec(W3Codec):  # type: ignore[misc]  # Whoosh has no types
    """Whoosh's codec; segments have names of their own even where somebody sets the seed of ``random``."""

    def new_segment(self, storage: FileStorage, indexname: str) -> W3Segment:
        return W3Segment(W3Codec(), indexname, segid=secrets.token_hex(8))


@contextlib.contextmanager
def _writing(index: VietnameseIndex, lock_timeout_s: float, memory_mb: int) -> Iterator[SegmentWriter]:
    """Give a writer that is committed at the end, or, if anything is raised, gone with all it wrote."""
    try:
        writer = SegmentWriter(index, timeout=lock_timeout_s, limitmb=memory_mb, codec=_Codec())
    except LockError:
        raise IndexLockedError(locked_message(index.storage.folder, lock_timeout_s)) from None
    try:
        yield writer
        writer.commit()
    except BaseException:
        with contextlib.suppress(Exception):
            writer.cancel()
        # A commit that failed half-way cannot be cancelled any more; Whoosh would keep the lock.
        if not writer.is_closed:
            with contextlib.suppress(Exception):
                writer._tempstorage.destroy()
            writer.is_closed = True
            writer.writelock.release()
        raise


def add_reports(
    index: VietnameseIndex,
    reports: Iterable[Report | Mapping[str, Any]],
    *,
    latest: Callable[[], Snapshot],
    on_error: OnError = "raise",
    progress: OnProgress | None = None,
    processes: int = 1,
    memory_mb: int = 512,
    lock_timeout_s: float = 10.0,
) -> AddStats:
    """Add reports, or replace those with the same id, in one commit; see ``Index.add``.

    ``latest`` gives the last commit. It is called when the lock is held: until then another writer may add reports.
    """
    if on_error not in ("raise", "skip"):
        raise InvalidArgumentError(f'on_error is "raise" or "skip", not {on_error!r}')
    if not isinstance(processes, int) or processes < 1:
        raise InvalidArgumentError(f"processes must be at least 1, not {processes}")
    if not isinstance(memory_mb, int | float) or not memory_mb >= 16:
        raise InvalidArgumentError(f"memory_mb must be at least 16, not {memory_mb}")
    started = time.perf_counter()
    total = len(reports) if isinstance(reports, collections.abc.Sized) else None
    errors: list[SkippedReport] = []
    written: dict[str, int] = {}  # id -> document number in the new segment
    counts = collections.Counter[str]()
    with _writing(index, lock_timeout_s, memory_mb) as writer:
        snapshot = latest()
        checked = _checked(reports, errors, on_error)
        for fields in _prepared(checked, snapshot.filterable, processes):
            identity = fields["id"]
            if identity in written:  # Whoosh replaces only what is committed
                writer.newsegment.delete_document(written[identity])
                counts["updated"] += 1
            elif snapshot.number(identity) is not None:
                writer.delete_by_term("id", identity)
                counts["updated"] += 1
            else:
                counts["added"] += 1
            written[identity] = writer.docnum
            writer.add_document(**fields)
            if progress is not None:
                progress(counts["added"] + counts["updated"] + len(errors), total)
    seconds = time.perf_counter() - started
    return AddStats(counts["added"], counts["updated"], len(errors), tuple(errors), seconds)


def _checked(
    reports: Iterable[Report | Mapping[str, Any]], errors: list[SkippedReport], on_error: OnError
) -> Iterator[Report]:
    """Yield the reports; records become reports, and bad ones are raised or listed in ``errors``."""
    for position, item in enumerate(reports):
        if isinstance(item, Report):
            yield item
            continue
        try:
            report = Report.from_mapping(item)
        except InvalidReportError as error:
            if on_error == "raise":
                raise InvalidReportError(f"report number {position}: {error}") from error
            identity = item.get("id") if isinstance(item, Mapping) else None
            errors.append(SkippedReport(position, identity if isinstance(identity, str) else None, error))
        else:
            yield report


def _batches(reports: Iterable[Report]) -> Iterator[list[Report]]:
    iterator = iter(reports)
    while batch := list(itertools.islice(iterator, _BATCH)):
        yield batch


def _prepared(reports: Iterable[Report], filterable: tuple[str, ...], processes: int) -> Iterator[dict[str, Any]]:
    """Yield the analysed documents in the order of the reports, from this process or from several."""
    if processes == 1:
        for batch in _batches(reports):
            yield from prepare(batch, filterable)
        return
    # "spawn" starts clean processes: forking one that has threads can deadlock.
    context = multiprocessing.get_context("spawn")
    waiting: collections.deque[Future[list[dict[str, Any]]]] = collections.deque()
    with ProcessPoolExecutor(min(processes, os.cpu_count() or 1), mp_context=context) as pool:
        try:
            for batch in _batches(reports):
                waiting.append(pool.submit(prepare, batch, filterable))
                if len(waiting) >= processes * _AHEAD:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def delete_reports(index: VietnameseIndex, ids: Iterable[str], *, lock_timeout_s: float = 10.0) -> int:
    """Delete the reports with these ids in one commit; return how many there were."""
    with _writing(index, lock_timeout_s, 16) as writer:
        return sum(writer.delete_by_term("id", identity) for identity in dict.fromkeys(ids))
