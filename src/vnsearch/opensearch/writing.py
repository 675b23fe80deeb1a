"""Reports into an index of the cluster, and out of it.

Reports are analysed batch after batch and sent in chunks by several threads, of which a few are on their way at a time. What the
cluster does not take just now is sent again: an operation names the document, so that doing it twice is doing it once.
"""

from __future__ import annotations

import collections
import collections.abc
import contextlib
import functools
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from opensearchpy.exceptions import HTTP_EXCEPTIONS, ConflictError, ConnectionError, NotFoundError, SSLError, TransportError

from vnsearch.errors import InvalidArgumentError, InvalidReportError
from vnsearch.index.batches import AddStats, OnError, SkippedReport, batches, check_options, checked_reports, in_processes
from vnsearch.index.documents import analyse_reports
from vnsearch.index.progress import OnProgress
from vnsearch.limits import Limits
from vnsearch.opensearch.documents import Lengths, prepare
from vnsearch.opensearch.terms import document_id
from vnsearch.report import Report

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from vnsearch.index.columnar.build import AnalysedReports

__all__ = ["add_reports", "delete_reports", "reference_lengths"]

Result = TypeVar("Result")

# A chunk: bytes and reports of one request. And the chunks for each thread that are on their way or wait for it.
_CHUNK_BYTES = 2 << 20
_CHUNK_REPORTS = 250
_FLYING = 2
# The ids of one request to delete.
_DELETED_TOGETHER = 1000
# Batches that each worker process may be ahead, and megabytes that one takes with its documents.
_AHEAD = 8
_AHEAD_MB = 16
# Seconds before the second attempt, and at most before another.
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 8.0
#: The document of the companion index that holds the reference lengths.
_LENGTHS = "lengths"
_TOO_LARGE = 413
_TOO_MANY = 429


class _Stopped(Exception):  # noqa: N818 - nothing is wrong
    """The caller wants no more of it."""


class _Patience:
    """How long it is tried again: ``seconds`` after anything last went on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = time.monotonic()
        self._stop = threading.Event()

    def stop(self) -> None:
        """Let no thread begin anything more."""
        self._stop.set()

    def went_on(self) -> None:
        """Note that something was done."""
        self._last = time.monotonic()

    def attempts(self) -> Iterator[Callable[[Exception], None]]:
        """Yield for each attempt what to call when it failed: it waits, or raises the error if it was in vain for too long."""
        started = time.monotonic()
        for attempt in itertools.count():
            if self._stop.is_set():
                raise _Stopped
            yield functools.partial(self._failed, started, attempt)

    def _failed(self, started: float, attempt: int, error: Exception) -> None:
        pause = min(_FIRST_PAUSE_S * 2**min(attempt, 10), _LONGEST_PAUSE_S) * random.uniform(0.5, 1)  # noqa: S311 - jitter
        if time.monotonic() + pause > max(started, self._last) + self._seconds:
            raise error
        self._stop.wait(pause)

    def call(self, request: Callable[[], Result]) -> Result:
        """Return what a request that can be made twice returns."""
        for failed in self.attempts():
            try:
                return request()
            except TransportError as error:
                if not _may_pass(error):
                    raise
                failed(error)
        raise AssertionError


def _may_pass(error: TransportError) -> bool:
    """Tell whether the same request may succeed later."""
    if isinstance(error, ConnectionError):
        return not isinstance(error, SSLError)
    return isinstance(error.status_code, int) and _status_may_pass(error.status_code, error.error)


def _status_may_pass(status: int, kind: str) -> bool:
    # A disk past its flood-stage watermark is a 429 for hours, too; no manager just now is a block of 503.
    return status >= 500 or (status == _TOO_MANY and kind != "cluster_block_exception")


class _Item(NamedTuple):
    """A report on its way: its place in the input, its id, the lines of its operation; and one that it replaced before that was sent."""

    position: int
    id: str
    lines: bytes
    earlier: _Item | None = None

    def versions(self) -> int:
        """Return how many reports it stands for."""
        return 1 if self.earlier is None else 1 + self.earlier.versions()


#: Documents on their way together, by ``_id``.
_Chunk = dict[str, _Item]


class _Done(NamedTuple):
    """What became of a chunk."""

    added: int
    updated: int
    refused: list[SkippedReport]


class _Sender:
    """Sends chunks to an index, in any number of threads."""

    def __init__(self, client: OpenSearch, index: str, retry_s: float) -> None:
        self.patience = _Patience(retry_s)
        self._client = client
        self._index = index

    def send(self, chunk: _Chunk) -> _Done:
        """Send a chunk until everything is taken or refused."""
        there = self.existing(chunk)
        left, refused = self._operate(chunk)
        # What is left of an id counts with all that it replaced: the first is an addition, unless the report was there.
        versions = sum([item.versions() for item in left.values()])
        added = sum([key not in there for key in left])
        return _Done(added, versions - added, refused)

    def existing(self, keys: Iterable[str]) -> set[str]:
        """Return which documents are there."""
        there: set[str] = set()
        asked = list(keys)
        for failed in self.patience.attempts():
            body = {"ids": asked}
            found = self.patience.call(lambda: self._client.mget(body=body, index=self._index, params={"_source": "false"}))
            there.update([document["_id"] for document in found["docs"] if document.get("found")])
            errors = [document for document in found["docs"] if "error" in document]
            if not errors:
                return there
            error = errors[0]["error"]
            if error.get("type") == "index_not_found_exception":
                raise _as_raised(404, error)
            asked = [document["_id"] for document in errors]
            failed(_as_raised(503, error))
        raise AssertionError
