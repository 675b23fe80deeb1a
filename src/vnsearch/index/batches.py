"""Reports on their way into an index: checked, in batches, worked on in this process or in several."""

from __future__ import annotations

import collections
import itertools
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

from vnsearch.errors import InvalidArgumentError, InvalidReportError, VnSearchError
from vnsearch.index.documents import check_size
from vnsearch.limits import Limits
from vnsearch.report import Report

__all__ = ["AddStats", "OnError", "SkippedReport", "batches", "check_options", "checked_reports", "in_processes"]

OnError = Literal["raise", "skip"]
Result = TypeVar("Result")

# Reports analysed together, and characters of theirs: enough for the arrays to be long, little enough to keep in memory.
_BATCH = 256
_BATCH_CHARS = 2_000_000


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


def check_options(on_error: OnError, processes: int, memory_mb: float) -> None:
    """Raise InvalidArgumentError for options of ``add_reports`` that make no sense."""
    if on_error not in ("raise", "skip"):
        raise InvalidArgumentError(f'on_error is "raise" or "skip", not {on_error!r}')
    if not isinstance(processes, int) or processes < 1:
        raise InvalidArgumentError(f"processes must be at least 1, not {processes}")
    if not isinstance(memory_mb, int | float) or not memory_mb >= 16:
        raise InvalidArgumentError(f"memory_mb must be at least 16, not {memory_mb}")


def checked_reports(
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


def batches(reports: Iterable[Report]) -> Iterator[list[Report]]:
    """Yield the reports in lists of a size that is good to analyse."""
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


def in_processes(
    work: Callable[[list[Report]], Result], given: Iterable[list[Report]], processes: int, ahead: int
) -> Generator[Result, None, None]:
    """Yield what ``work`` makes of each batch, in order, in this process or in several, no more than there are processors.

    ``ahead`` batches may wait for each process. What is given and got, and ``work``, can be pickled.
    """
    processes = min(processes, os.cpu_count() or 1)
    if processes == 1:
        yield from map(work, given)
        return
    rest = iter(given)
    head = list(itertools.islice(rest, 2))
    if len(head) < 2:  # too little to start processes for
        yield from map(work, head)
        return
    # "spawn" starts clean processes: forking one that has threads can deadlock.
    context = multiprocessing.get_context("spawn")
    waiting: collections.deque[Future[Result]] = collections.deque()
    with ProcessPoolExecutor(processes, context, _stay_with_parent) as pool:
        try:
            for batch in itertools.chain(head, rest):
                waiting.append(pool.submit(work, batch))
                if len(waiting) > processes * ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise VnSearchError(
                "a worker process ended before its work was done, and this change with it; if the system killed it for want of "
                "memory, try again with fewer processes; with more than one, the calling script needs the usual "
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
