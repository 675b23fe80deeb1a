"""Reports into an index of the cluster, and out of it.

Reports are analysed batch after batch, here or in worker processes, and sent in chunks by threads: see ``bulk``.
"""

from __future__ import annotations

import collections
import collections.abc
import contextlib
import functools
import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opensearchpy.exceptions import ConflictError, NotFoundError

from vnsearch.errors import InvalidArgumentError
from vnsearch.index.batches import (
    AddStats,
    OnError,
    SkippedReport,
    batches,
    check_options,
    checked_reports,
    in_processes,
)
from vnsearch.index.progress import OnProgress
from vnsearch.limits import Limits
from vnsearch.opensearch.bulk import Item, Patience, Sender, Sending
from vnsearch.opensearch.documents import Lengths, prepare
from vnsearch.opensearch.terms import document_id
from vnsearch.report import Report

if TYPE_CHECKING:
    from opensearchpy import OpenSearch

    from vnsearch.index.columnar.build import AnalysedReports

__all__ = ["add_reports", "delete_reports", "reference_lengths"]

# The ids of one request to delete.
_DELETED_TOGETHER = 1000
# Batches that each worker process may be ahead, and megabytes that one takes with its documents.
_AHEAD = 8
_AHEAD_MB = 16
# The document of the companion index that holds the reference lengths; batches that they are taken from, since reports often come in
# an order that begins with short or long ones; and how many of their reports are looked at.
_LENGTHS = "lengths"
_LOOKED_AHEAD = 8
_LOOKED_AT = 500
_FAR_MORE = 4


def add_reports(
    client: OpenSearch,
    index: str,
    counts_index: str,
    reports: Iterable[Report | Mapping[str, Any]],
    *,
    filterable: Sequence[str] = (),
    on_error: OnError = "raise",
    progress: OnProgress | None = None,
    processes: int = 1,
    memory_mb: int = 512,
    threads: int = 4,
    limits: Limits | None = None,
    on_analysed: Callable[[AnalysedReports], object] | None = None,
    retry_s: float = 60.0,
) -> AddStats:
    """Add reports, or replace those with the same id; they are found when this returns.

    Reports that come in the same call with the same id are added in their order, so that the last one stays. It is no transaction:
    whatever is raised, what was sent before stays, and adding all again gives the index that one undisturbed call gives. Nothing
    is left running.

    Args:
        client: what leads to the cluster.
        index: the index, by an alias of this one alone: see ``names``.
        counts_index: its companion, which holds the reference lengths.
        reports: also records, see ``Report.from_mapping``. Read as they are needed.
        filterable: the keys of ``extra`` that can be filtered, as the index has them.
        on_error: "raise", or "skip" to list bad reports, and those that the cluster refuses, in ``errors``.
        progress: called with (done, total or None) after each report that the cluster has taken, or that is skipped.
        processes: that analyse.
        memory_mb: about what may wait to be sent; on its way are two chunks of 8 MB for each thread, and single reports larger than that.
        threads: that send.
        limits: what a report may be at most; None takes any.
        on_analysed: called with each batch of reports, analysed, before they are sent.
        retry_s: for so long after anything last went on, what the cluster does not take is sent again.

    Raises:
        InvalidReportError: with "raise": a report that cannot be indexed.
        opensearchpy.exceptions.TransportError: what the cluster last said, when it was in vain. Also of ``urllib3.exceptions.HTTPError``.

    """
    check_options(on_error, processes, memory_mb)
    if not isinstance(threads, int) or threads < 1:
        raise InvalidArgumentError(f"threads must be at least 1, not {threads}")
    started = time.perf_counter()
    total = len(reports) if isinstance(reports, collections.abc.Sized) else None
    errors: list[SkippedReport] = []
    positions: collections.deque[int] = collections.deque()
    done = 0

    def placed() -> Iterator[Report]:
        for number, report in enumerate(checked_reports(reports, errors, on_error, tuple(filterable), limits)):
            positions.append(number + len(errors))
            yield report

    def settled(count: int) -> None:
        nonlocal done
        for _ in range(count):
            done += 1
            if progress is not None:
                progress(done + len(errors), total)

    sender = Sender(client, index, retry_s)
    given = batches(placed())
    with Sending(sender, threads, on_error, settled) as sending:
        if first := list(itertools.islice(given, _LOOKED_AHEAD)):
            lengths = reference_lengths(client, counts_index, list(itertools.chain(*first)), sender.patience)
            work = functools.partial(prepare, filterable=filterable, lengths=lengths)
            ahead = max(1, min(_AHEAD, int(memory_mb / _AHEAD_MB / processes)))
            with contextlib.closing(in_processes(work, itertools.chain(first, given), processes, ahead)) as prepared:
                for analysed, actions in prepared:
                    if on_analysed is not None:
                        on_analysed(analysed)
                    for identity, (key, source) in zip(analysed.ids, actions, strict=True):
                        lines = b'{"index":{"_id":%s}}\n%s\n' % (_json(key), source)
                        sending.put(key, Item(positions.popleft(), identity, lines))
            sending.finish()
            sender.refresh()
    every = sorted(errors + sending.refused, key=lambda one: one.position)
    return AddStats(sending.added, sending.updated, len(every), tuple(every), time.perf_counter() - started)


def _json(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()


def reference_lengths(client: OpenSearch, counts_index: str, first: Sequence[Report], patience: Patience) -> Lengths:
    """Return the reference lengths of an index, for an ``add`` that begins with these reports.

    Where it has none yet, those of these reports, from now on. So too where it has those of far fewer: an index may begin with one
    report, which says little.
    """
    get = functools.partial(client.get, index=counts_index, id=_LENGTHS)
    expected: dict[str, Any] = {"op_type": "create"}
    try:
        document = patience.call(get)
    except NotFoundError as error:
        if error.error == "index_not_found_exception":  # else creating the document would create one
            raise
    else:
        if len(first) < _FAR_MORE * int(document["_source"]["reports"]):
            return _read_lengths(document)
        expected = {"if_seq_no": document["_seq_no"], "if_primary_term": document["_primary_term"]}
    found = Lengths.of(first[:: max(1, len(first) // _LOOKED_AT)])
    body = {"title": found.title, "body": found.body, "reports": len(first)}
    write = functools.partial(client.index, index=counts_index, id=_LENGTHS, body=body, params=expected)
    try:
        patience.call(write)
    except ConflictError:  # another writer's, or our own by an attempt that seemed to fail
        return _read_lengths(patience.call(get))
    return found


def _read_lengths(document: Mapping[str, Any]) -> Lengths:
    found = document["_source"]
    return Lengths(float(found["title"]), float(found["body"]))


def delete_reports(client: OpenSearch, index: str, ids: Iterable[str], *, retry_s: float = 60.0) -> int:
    """Delete the reports with these ids; return how many there were. They are found no more when this returns.

    ``index`` is as for ``add_reports``.

    What is raised: as ``add_reports``; what was deleted before stays deleted.
    """
    sender = Sender(client, index, retry_s)
    different = {document_id(identity): identity for identity in ids}
    deleted = 0
    for start in range(0, len(different), _DELETED_TOGETHER):
        some = list(different)[start : start + _DELETED_TOGETHER]
        there = sender.existing(some)
        lines = {key: b'{"delete":{"_id":%s}}\n' % _json(key) for key in some if key in there}
        if lines:
            done, _ = sender.operate({key: Item(-1, different[key], line) for key, line in lines.items()})
            deleted += len(done)
    if deleted:
        sender.refresh()
    return deleted
