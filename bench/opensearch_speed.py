"""How fast is the library over a cluster: beside the client without it, beside an index on this machine, and as both grow."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from opensearchpy import helpers

from bench import data, scale
from bench.data import Query
from bench.measure import Row, folder_bytes, interleaved, percentile, ratio, table, timed_build
from bench.nodes import index_on
from bench.peers.base import MEMORY_MB
from vnsearch import Index, Report
from vnsearch.contract import AnyIndex
from vnsearch.opensearch import Cluster, OpenSearchIndex
from vnsearch.opensearch.bulk import CHUNK_BYTES, CHUNK_REPORTS
from vnsearch.opensearch.documents import Lengths, prepare
from vnsearch.opensearch.names import found_or_raise

#: Reports/s of ours are to be so many times those of the plain client; and its search at most so many times as slow.
ADD_TARGET, SEARCH_TARGET = 0.7, 1.5
#: As ``OpenSearchIndex.add`` has them, for the plain client too.
_THREADS = 4
_BATCH = 256
_OURS, _BARE, _LOCAL = "vnsearch on the cluster", "the bare query", "vnsearch, local index"

#: What was reached, what was to be reached, and whether it was.
Line = tuple[str, float, str, bool]


# -- adding


def _ready_made(reports: Sequence[Report]) -> list[tuple[dict[str, Any], str]]:
    """Return the operations that ``add`` sends, as the client takes them ready-made."""
    lengths = Lengths.of(reports)
    made = []
    for start in range(0, len(reports), _BATCH):
        for key, source in prepare(reports[start : start + _BATCH], (), lengths).actions:
            made.append(({"index": {"_id": key}}, source.decode()))
    return made


def _plain(index: OpenSearchIndex, urls: Sequence[str], ready: Sequence[tuple[dict[str, Any], str]]) -> None:
    with Cluster(urls) as cluster:
        place = found_or_raise(cluster, index.name)
        left = list(ready)
        while left:  # it sends nothing twice: what a busy cluster refuses is given to it again
            done = helpers.parallel_bulk(
                cluster.client,
                left,
                thread_count=_THREADS,
                chunk_size=CHUNK_REPORTS,
                max_chunk_bytes=CHUNK_BYTES,
                expand_action_callback=lambda action: action,
                raise_on_error=False,
                index=place.index,
            )
            refused = {item["index"]["_id"] for taken, item in done if not taken}
            left = [action for action in left if action[0]["index"]["_id"] in refused]
        cluster.client.indices.refresh(index=place.index)


def adding(urls: Sequence[str], reports: Sequence[Report], rounds: int, options: Mapping[str, int]) -> list[Line]:
    """Print reports/s of ours and of the plain client; every round has new indices, and the other order.

    The first one is not counted: nodes that have just started get several times as fast while they compile what they run.
    """
    ready = _ready_made(reports)
    cases: dict[str, Callable[[OpenSearchIndex], object]] = {
        "vnsearch, one process": lambda index: index.add(reports, threads=_THREADS),
        "vnsearch, two processes": lambda index: index.add(reports, threads=_THREADS, processes=2),
        "helpers.parallel_bulk of ready-made JSON": lambda index: _plain(index, urls, ready),
    }
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name in list(cases) if number % 2 else reversed(list(cases)):
            with index_on(urls, "add", **options) as index:
                began = time.perf_counter()
                cases[name](index)
                elapsed = time.perf_counter() - began
                if number:
                    seconds[name].append(elapsed)
                index.refresh()
                assert len(index) == len(reports)
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    *_, plain = medians.values()
    rows: list[Row] = [
        (
            name,
            len(reports) / found,
            len(reports) / max(seconds[name]),
            len(reports) / min(seconds[name]),
            plain / found,
        )
        for name, found in medians.items()
    ]
    title = f"adding {len(reports):,} articles, {_THREADS} threads, chunks of {CHUNK_REPORTS}; medians of {rounds} runs on new indices"
    table(title, ("", "reports/s", "least", "most", "x parallel_bulk"), rows)
    reached = plain / next(iter(medians.values()))
    return [("adding, x parallel_bulk", reached, f"≥ {ADD_TARGET}", reached >= ADD_TARGET)]


# -- searching


def with_snippets(index: AnyIndex, query: str) -> list[str]:
    """Search, and make all that a page of results shows."""
    shown = []
    for hit in index.search(query):
        _ = hit.report.title
        shown.append(hit.snippet.html())
    return shown


class Sent:
    """What a client is asked by searches while this is recording."""

    def __init__(self, cluster: Cluster) -> None:
        self._search = cluster.client.search
        self._client: Any = cluster.client
        self.asked: list[dict[str, Any]] = []

    def of(self, index: AnyIndex, query: str) -> tuple[dict[str, Any], int]:
        """Return what asks for the hits of a query, and how many requests it takes in all."""
        self.asked = []
        self._client.search = self._record
        try:
            index.search(query)
        finally:
            self._client.search = self._search
        return self.asked[-1], len(self.asked)

    def _record(self, **asked: Any) -> Any:
        self.asked.append(asked)
        return self._search(**asked)


def searching(
    cluster: Cluster, there: AnyIndex, local: AnyIndex, sets: Mapping[str, Sequence[Query]], rounds: int
) -> list[Line]:
    """Print the times of a search with ten snippets, beside the bare query and the local index."""
    sent = Sent(cluster)
    lines: list[Line] = []
    for name, queries in sets.items():
        texts = [query.text for query in queries]
        found = {text: sent.of(there, text) for text in texts}
        cases: dict[str, Callable[[str], object]] = {
            _OURS: partial(with_snippets, there),
            _BARE: lambda text, found=found: cluster.client.search(**found[text][0]),
            _LOCAL: partial(with_snippets, local),
        }
        times = interleaved(cases, texts, rounds, by_query=True)
        title = f"{name}, with ten snippets and reports: {len(texts)} queries, medians of {rounds} rounds"
        shares = _print_times(title, times)
        alone = interleaved({case: cases[case] for case in (_OURS, _BARE)}, texts, rounds)
        _print_times(f"{name}, one after the other without a pause", alone)
        several = sum(count > 1 for _, count in found.values())
        print(f"queries that ask twice, since they need counts: {several}")
        for at, share in enumerate(("p50", "p95")):
            reached = shares[_OURS][at] / shares[_BARE][at]
            lines.append(
                (f"{name}, {share}, x the bare query", reached, f"≤ {SEARCH_TARGET}", reached <= SEARCH_TARGET)
            )
    return lines


def _print_times(title: str, times: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """Print p50 and p95 of every case, with ours as so many times those; return them."""
    shares = {case: [percentile(taken, share) for share in (0.5, 0.95)] for case, taken in times.items()}
    rows: list[Row] = [
        (case, *taken, *(ratio(ours, theirs) for ours, theirs in zip(shares[_OURS], taken, strict=True)))
        for case, taken in shares.items()
    ]
    table(title, ("", "p50 ms", "p95 ms", "cluster/it p50", "p95"), rows)
    return shares


# -- growing


def _growing(path: Path, sizes: Sequence[int]) -> Iterator[tuple[int, list[Report]]]:
    reports = scale.documents(path, sizes[-1])
    before = 0
    for size in sizes:
        yield size, list(itertools.islice(reports, size - before))
        before = size


def growth(
    cluster: Cluster,
    path: Path,
    sizes: Sequence[int],
    folder: Path,
    queries: int,
    rounds: int,
    options: Mapping[str, int],
) -> None:
    """Print what adding and searching cost as an index grows, here and on the cluster."""
    adding_rows: list[Row] = []
    search_rows: list[Row] = []
    sets: dict[str, list[Query]] = {}
    with index_on(cluster.urls, "growth", **options) as there, Index.create(folder / "growth") as local:
        before = 0
        for size, more in _growing(path, sizes):
            if not sets:
                titles = [report.title for report in more if not report.body.startswith(report.title)]
                sets = data.queries(titles, queries)
            rates = {}
            for name, index in ((_OURS, there), (_LOCAL, local)):
                room = {} if name == _OURS else {"memory_mb": MEMORY_MB}
                count, seconds = timed_build(partial(index.add, **room), more)
                rates[name] = count / seconds
            sizes_bytes = {_OURS: _primary_bytes(cluster, there.name), _LOCAL: folder_bytes(folder / "growth")}
            label = f"{size:,}"
            for name, rate in rates.items():
                adding_rows.append(
                    (f"{label}, {name}", size - before, rate, sizes_bytes[name] / 1e6, sizes_bytes[name] / size)
                )
            texts = {name: [query.text for query in found] for name, found in sets.items()}
            figures: dict[str, list[float]] = {_OURS: [], _LOCAL: []}
            for asked in texts.values():
                times = interleaved(
                    {_OURS: partial(with_snippets, there), _LOCAL: partial(with_snippets, local)}, asked, rounds
                )
                for name, taken in times.items():
                    figures[name] += [percentile(taken, share) for share in (0.5, 0.95)]
            search_rows += [(f"{label}, {name}", *found) for name, found in figures.items()]
            before = size
    columns = ("reports", "added", "reports/s", "MB on disk, one copy", "bytes/report")
    table("growth: adding passages of about 120 syllables", columns, adding_rows, digits=0)
    columns = ("reports", *(f"{name} {share} ms" for name in sets for share in ("p50", "p95")))
    table(
        f"growth: searches with ten snippets, {queries} queries of each set, medians of {rounds} rounds",
        columns,
        search_rows,
    )


def _primary_bytes(cluster: Cluster, name: str) -> int:
    place = found_or_raise(cluster, name)
    cluster.client.indices.flush(index=place.index)
    stats = cluster.client.indices.stats(index=f"{place.index},{place.counts}", metric="store")
    return int(stats["_all"]["primaries"]["store"]["size_in_bytes"])
