"""Operations on the documents of an index, many in one request, several requests at a time, and again what was not taken.

An operation names its document, so that doing it twice is doing it once: whatever may succeed later is sent again, with pauses that
grow, until nothing has gone on for too long.
"""

from __future__ import annotations

import functools
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from opensearchpy.exceptions import HTTP_EXCEPTIONS, ConnectionError, SSLError, TransportError
from urllib3.exceptions import HTTPError

from vnsearch.errors import InvalidReportError
from vnsearch.index.batches import OnError, SkippedReport

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

__all__ = ["CHUNK_BYTES", "CHUNK_REPORTS", "Chunk", "Done", "Item", "Patience", "Sender", "Sending"]

Result = TypeVar("Result")

#: Bytes and reports of one request, at most: a chunk.
CHUNK_BYTES = 8 << 20
CHUNK_REPORTS = 250
# Chunks for each thread that are on their way or wait for it.
_FLYING = 2
# Seconds before the second attempt, and at most before another.
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 8.0
# Seconds that a request may take, for clients that do not say.
_WAIT_S = 10.0
_TOO_LARGE = 413
_TOO_MANY = 429
# What may be wrong with a report, and what is wrong with the index.
_REFUSALS = (400, _TOO_LARGE)
_NOT_REFUSALS = ("strict_dynamic_mapping_exception", "index_closed_exception")
# What requests raise; a line that is cut in the middle of an answer is urllib3's.
_FAILURES = (TransportError, HTTPError)


class _Stopped(Exception):  # noqa: N818 - nothing is wrong
    """The caller wants no more of it."""


class Patience:
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
        pause = min(_FIRST_PAUSE_S * 2 ** min(attempt, 10), _LONGEST_PAUSE_S) * random.uniform(0.5, 1)  # noqa: S311 - jitter
        if time.monotonic() + pause > max(started, self._last) + self._seconds:
            raise error
        self._stop.wait(pause)

    def call(self, request: Callable[[], Result]) -> Result:
        """Return what a request that can be made twice returns."""
        for failed in self.attempts():
            try:
                return request()
            except _FAILURES as error:  # noqa: PERF203 - it is tried again
                if not _may_pass(error):
                    raise
                failed(error)
        raise AssertionError


def _may_pass(error: TransportError | HTTPError) -> bool:
    """Tell whether the same request may succeed later."""
    if isinstance(error, ConnectionError | HTTPError):
        return not isinstance(error, SSLError)
    return isinstance(error.status_code, int) and _status_may_pass(error.status_code, error.error)


def _status_may_pass(status: int, kind: str) -> bool:
    # A disk past its flood-stage watermark is a 429 for hours, too; no manager just now is a block of 503.
    return status >= 500 or (status == _TOO_MANY and kind != "cluster_block_exception")


def _as_raised(status: int, error: Mapping[str, Any]) -> TransportError:
    """Return what the client would raise, had not one operation of many, but the request failed with this error."""
    info = {"error": {"root_cause": [error], **error}, "status": status}
    kind = HTTP_EXCEPTIONS.get(status, TransportError)
    return cast("TransportError", kind(status, str(error.get("type", "")), info))


class Item(NamedTuple):
    """An operation on its way: the report's place in the input and its id, the lines to send, and what it replaced unsent."""

    position: int
    id: str
    lines: bytes
    earlier: Item | None = None

    def versions(self) -> int:
        """Return how many reports it stands for."""
        count, item = 1, self
        while item.earlier is not None:
            count, item = count + 1, item.earlier
        return count


#: Operations that are sent together, by the ``_id`` of their documents.
Chunk = dict[str, Item]


class Done(NamedTuple):
    """What became of a chunk."""

    added: int
    updated: int
    refused: list[SkippedReport]


class Sender:
    """Sends chunks to an index, by an alias of it, in any number of threads. The index may go: see ``names``."""

    def __init__(self, client: OpenSearch, index: str, retry_s: float) -> None:
        self.patience = Patience(retry_s)
        self._client = client
        self._index = index
        # The cluster is to say itself that a shard is missing, before it is taken for silent.
        wait_s = float(client.transport.kwargs.get("timeout") or _WAIT_S)
        self._in_time = {"timeout": f"{max(1, int(wait_s / 3))}s", "request_timeout": wait_s}

    def add(self, chunk: Chunk) -> Done:
        """Send reports until each is taken or refused."""
        there = self.existing(chunk)
        taken, refused = self.operate(chunk)
        versions = sum([item.versions() for item in taken.values()])
        # Not what the answers say: nodes try again among themselves, and the second time the report is there.
        added = sum([key not in there for key in taken])
        return Done(added, versions - added, refused)

    def refresh(self) -> None:
        """Let every shard show what it was told."""
        for failed in self.patience.attempts():
            answer = self.patience.call(functools.partial(self._client.indices.refresh, index=self._index))
            failures = answer["_shards"].get("failures")
            if not failures:
                return
            failed(_as_raised(503, failures[0]["reason"]))

    def existing(self, keys: Iterable[str]) -> set[str]:
        """Return which documents are there."""
        there: set[str] = set()
        asked = list(keys)
        for failed in self.patience.attempts():
            ask = functools.partial(
                self._client.mget, body={"ids": asked}, index=self._index, params={"_source": "false"}
            )
            found = self.patience.call(ask)["docs"]
            there.update([document["_id"] for document in found if document.get("found")])
            errors = [document for document in found if "error" in document]
            if not errors:
                break
            error = errors[0]["error"]
            if error.get("type") == "index_not_found_exception":
                raise _as_raised(404, error)
            asked = [document["_id"] for document in errors]
            failed(_as_raised(503, error))
        return there

    def operate(self, chunk: Chunk) -> tuple[Chunk, list[SkippedReport]]:
        """Do all operations that the cluster takes; return those, and the reports that it refuses, whenever it is asked."""
        taken: Chunk = {}
        refused: list[SkippedReport] = []
        requests = [chunk]
        while requests:
            left = requests.pop()
            for failed in self.patience.attempts():
                try:
                    lines = b"".join([item.lines for item in left.values()])
                    params = {**self._in_time, "require_alias": "true"}
                    answer = self._client.bulk(body=lines, index=self._index, params=params)
                except _FAILURES as error:
                    if isinstance(error, TransportError) and error.status_code == _TOO_LARGE:
                        requests += _smaller(left, error, refused)
                        break
                    if not _may_pass(error):
                        raise
                    failed(error)
                    continue
                left, failure = self._sort(left, answer["items"], taken, refused)
                if not left:
                    break
                if failure is not None:
                    failed(failure)
        return taken, refused

    def _sort(
        self, chunk: Chunk, answers: Sequence[Mapping[str, Any]], taken: Chunk, refused: list[SkippedReport]
    ) -> tuple[Chunk, TransportError | None]:
        """Say what became of each operation; return those to send again, and why; with no reason, they were not sent yet."""
        again: Chunk = {}
        failure = None
        for (key, item), answer in zip(chunk.items(), answers, strict=True):
            (outcome,) = answer.values()
            error, status = outcome.get("error"), outcome["status"]
            if error is None:  # also for a document to delete that is not there
                taken[key] = item
            elif _status_may_pass(status, error["type"]):
                again[key] = item
                failure = _as_raised(status, error)
            elif status in _REFUSALS and error["type"] not in _NOT_REFUSALS:
                refused.append(_refused(item, error))
                if item.earlier is not None:
                    again[key] = item.earlier
            else:
                raise _as_raised(status, error)
        if len(again) < len(chunk):
            self.patience.went_on()
        return again, failure


def _smaller(chunk: Chunk, error: TransportError, refused: list[SkippedReport]) -> list[Chunk]:
    """Return the smaller requests that one is cut into which is too large; of a single report that is, what it replaced."""
    items = list(chunk.items())
    if len(items) > 1:
        half = len(items) // 2
        return [dict(items[:half]), dict(items[half:])]
    ((key, item),) = items
    refused.append(_refused(item, {"type": "too large", "reason": str(error)}))
    return [] if item.earlier is None else [{key: item.earlier}]


def _refused(item: Item, error: Mapping[str, Any]) -> SkippedReport:
    causes = [error]
    while isinstance(cause := causes[-1].get("caused_by"), Mapping):
        causes.append(cause)
    why = ": ".join([str(cause.get("reason"))[:300] for cause in causes])
    message = f"report {item.id[:200]!r}: the cluster refuses it: {error['type']}: {why}"
    return SkippedReport(item.position, item.id, InvalidReportError(message))


class Sending:
    """Operations in chunks, and chunks on their way, in threads; a document is never in two of them."""

    def __init__(self, sender: Sender, threads: int, on_error: OnError, on_settled: Callable[[int], None]) -> None:
        self.added = 0
        self.updated = 0
        self.refused: list[SkippedReport] = []
        self._sender = sender
        self._on_error = on_error
        self._on_settled = on_settled
        self._flying: dict[Future[Done], Chunk] = {}
        self._most = _FLYING * threads
        self._pool = ThreadPoolExecutor(threads, "vnsearch-opensearch")
        self._begin()

    def _begin(self) -> None:
        self._chunk: Chunk = {}
        self._reports = self._bytes = 0

    def __enter__(self) -> Sending:
        return self

    def __exit__(self, *_: object) -> None:
        self._sender.patience.stop()
        self._pool.shutdown(cancel_futures=True)

    def put(self, key: str, item: Item) -> None:
        """Take an operation; it replaces one on the same document."""
        if self._chunk and (self._reports == CHUNK_REPORTS or self._bytes + len(item.lines) > CHUNK_BYTES):
            self.send()
        self._chunk[key] = item._replace(earlier=self._chunk.get(key))
        self._reports += 1
        self._bytes += len(item.lines)

    def send(self) -> None:
        """Let what was put go, when there is room, and nothing on the same documents is on its way."""
        chunk = self._chunk
        self._collect(lambda: len(self._flying) >= self._most or self._meets(chunk))
        self._flying[self._pool.submit(self._sender.add, chunk)] = chunk
        self._begin()

    def finish(self) -> None:
        """Send what is left, and wait for all."""
        if self._chunk:
            self.send()
        self._collect(lambda: True)

    def _meets(self, chunk: Chunk) -> bool:
        return not all(map(chunk.keys().isdisjoint, self._flying.values()))

    def _collect(self, waiting: Callable[[], bool]) -> None:
        """Take the chunks that are done, and, as long as that holds, wait for more."""
        while self._flying:
            done, _ = wait(self._flying, None if waiting() else 0, FIRST_COMPLETED)
            if not done:
                return
            for future in done:
                del self._flying[future]
                self._take(future.result())

    def _take(self, done: Done) -> None:
        self.added += done.added
        self.updated += done.updated
        self.refused += done.refused
        if done.refused and self._on_error == "raise":
            first = min(done.refused, key=lambda one: one.position)
            raise InvalidReportError(f"report number {first.position}: {first.error}") from first.error
        self._on_settled(done.added + done.updated + len(done.refused))
