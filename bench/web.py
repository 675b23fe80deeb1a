"""The web app under load: the rate that one worker holds, how late its answers are, and its memory, beside the library's own.

    python -m bench.web [--articles N] [--queries N] [--seconds S] [--requests N] [--index DIR]

*The library alone* answers the queries one after the other in a process of its own: the search, its suggestion and ten snippets, as
``to_dict`` gives them and ``/api/search`` answers them; before the app and after it, and the faster of both counts. *The app* is ``vnsearch serve`` in a process of its own, one worker; requests
come from this process, over connections that are kept alive. Queries are titles of articles and the first three syllables of the same
titles, in turn; every answer is compared: its hits are the library's, in their order.

*The highest rate held*: requests arrive evenly spread, whether or not those before are answered, for ``--seconds``; a rate is held if
every answer is right and p95 stays under ``LATE_MS``, also in the last quarter, where a queue that grows would show. It is searched
for by bisection, and a rate that fails is tried once more, since other things run on a machine. *At half of that rate*, and for
comparison one request at a time: how long answers take from the moment that the request was due.

*Memory* is the private memory of the server: its median in each tenth of ``--requests``, titles and starts of all the articles. Before
that each of them is asked once, since what is kept between queries is bounded, and fills. It has grown when that of the last tenth
is above that of the first one, by ``bench.measure.has_grown``.

The script ends with 1 if the rate is less than half of the library's, p95 at half of it 6 times the library's or more, an answer is
wrong, or memory grew.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bench import data, work
from bench.measure import has_grown, percentile, percentiles, print_setting, private_memory_mb, ratio, table, tenths
from vnsearch import Index

#: What is promised: of the library's rate at least this share, at half of the rate less than so many times its p95.
SHARE, TIMES = 0.5, 6
#: A rate is held while p95 is under so many milliseconds; it is known to this share.
LATE_MS, PRECISION = 250, 0.02
#: Requests at a time while memory is watched, and how often it is looked at.
AT_A_TIME, SAMPLES = 4, 200


@dataclass(frozen=True, slots=True)
class Alone:
    """What the library alone does: answers a second, p95 in milliseconds, and the ids that each query finds."""

    rate: float
    times: list[float]
    ids: list[list[str]]


def alone(folder: Path, queries: Sequence[str], seconds: float) -> Alone:
    """Answer all queries once, to warm up, and then for so long."""
    with Index.open(folder) as index:
        ids = [[hit["id"] for hit in index.search(query).to_dict()["hits"]] for query in queries]
        times = []
        began = time.perf_counter()
        for query in itertools.cycle(queries):
            start = time.perf_counter()
            index.search(query).to_dict()
            times.append((time.perf_counter() - start) * 1000)
            if time.perf_counter() - began > seconds and len(times) >= len(queries):
                break
        return Alone(len(times) / (time.perf_counter() - began), times, ids)


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Run ``vnsearch serve``; the values are host, port and the number of the process."""
    command = [sys.executable, "-m", "vnsearch", "serve", "--index", str(folder), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        printed = ""
        while not printed.endswith("}\n"):
            line = server.stdout.readline()
            if not line:
                sys.exit("the server did not start")
            printed += line
        url = urlsplit(json.loads(printed)["url"])
        assert url.hostname is not None
        assert url.port is not None
        try:
            yield url.hostname, url.port, server.pid
        finally:
            server.terminate()
            assert server.wait(60) == 0, "the server did not end in order"


class Connection(asyncio.Protocol):
    """One connection that is kept alive; one request at a time. No more than it takes: the client must not be the bottleneck."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._needed = 0
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ask(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        """Send a request; the result is the status and the body of its answer, or ConnectionError."""
        if self._transport is None:
            raise ConnectionError("the server hung up")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, part: bytes) -> None:
        self._buffer += part
        if not self._needed:
            end = self._buffer.find(b"\r\n\r\n") + 4
            if end < 4:
                return
            head = bytes(self._buffer[:end]).lower()
            self._needed = end + int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            self._body = end
        if len(self._buffer) >= self._needed and self._answer is not None:
            status = int(self._buffer[9:12])
            answer, body = self._answer, bytes(self._buffer[self._body : self._needed])
            self._buffer.clear()
            self._needed, self._answer = 0, None
            if not answer.done():
                answer.set_result((status, body))

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the server hung up"))


class Client:
    """Connections to a server, and the requests that it is sent."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._idle: list[Connection] = []

    def request(self, query: str) -> bytes:
        """Return a search as it is sent."""
        return f"GET /api/search?{urlencode({'query': query})} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode()

    async def ask(self, request: bytes, ids: list[str] | None) -> bool:
        """Tell whether the answer is right: a page of hits and, if they are known, these."""
        while self._idle:
            connection = self._idle.pop()
            try:
                status, body = await connection.ask(request)
                break
            except ConnectionError:  # it was idle for too long: others are newer, or a new one is made
                continue
        else:
            try:
                _, connection = await asyncio.get_running_loop().create_connection(Connection, self._host, self._port)
                status, body = await connection.ask(request)
            except OSError:
                return False
        self._idle.append(connection)
        return status == 200 and (ids is None or [hit["id"] for hit in json.loads(body)["hits"]] == ids)


@dataclass
class Trial:
    """What became of requests that arrived at a rate: milliseconds from when each was due, by the order of arrival."""

    rate: float
    times: list[float] = field(default_factory=list)
    wrong: int = 0

    def is_held(self) -> bool:
        last = self.times[-len(self.times) // 4 :]
        return not self.wrong and max(percentile(self.times, 0.95), percentile(last, 0.95)) < LATE_MS


#: A request and the ids of its answer, if they are known.
Asked = tuple[bytes, list[str] | None]


async def arrive(client: Client, asked: Iterator[Asked], rate: float, seconds: float) -> Trial:
    """Let requests arrive evenly spread, and wait for all answers."""
    loop = asyncio.get_running_loop()
    count = max(1, int(rate * seconds))
    trial = Trial(rate, [0.0] * count)
    began = loop.time() + 0.05

    async def one(number: int, request: bytes, ids: list[str] | None) -> None:
        right = await client.ask(request, ids)
        trial.times[number] = (loop.time() - began - number / rate) * 1000
        trial.wrong += not right

    tasks = []
    for number, (request, ids) in enumerate(itertools.islice(asked, count)):
        if (wait := began + number / rate - loop.time()) > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(one(number, request, ids)))
    await asyncio.gather(*tasks)
    return trial


async def highest(attempt: Callable[[float], Awaitable[Trial]], low: float, high: float) -> Trial | None:
    """Return the trial of the highest rate held between two, by bisection; None if none is."""
    best = None
    while high - low > PRECISION * high:
        rate = (low + high) / 2
        trial = await attempt(rate)
        if not trial.is_held():
            trial = await attempt(rate)
        print(f"  {rate:6.0f}/s: {'held' if trial.is_held() else 'not held'}", flush=True)
        if trial.is_held():
            low, best = rate, trial
        else:
            high = rate
    return best


async def one_at_a_time(client: Client, asked: Iterator[Asked], seconds: float) -> Trial:
    """Send each request when the one before is answered."""
    loop = asyncio.get_running_loop()
    trial, began = Trial(0), loop.time()
    while loop.time() - began < seconds:
        start = loop.time()
        trial.wrong += not await client.ask(*next(asked))
        trial.times.append((loop.time() - start) * 1000)
    trial.rate = len(trial.times) / (loop.time() - began)
    return trial


async def watched(client: Client, asked: Iterator[Asked], count: int, pid: int) -> tuple[list[float], int]:
    """Send so many requests, some at a time; return the memory of the server all along, and how many answers were wrong."""
    memory: list[float] = []
    wrong = 0

    async def some(part: Sequence[Asked]) -> None:
        nonlocal wrong
        for request, ids in part:
            wrong += not await client.ask(request, ids)

    size = max(1, count // SAMPLES)
    for _ in range(SAMPLES):
        part = list(itertools.islice(asked, size))
        await asyncio.gather(*(some(part[at::AT_A_TIME]) for at in range(AT_A_TIME)))
        if (megabytes := private_memory_mb(pid)) is not None:
            memory.append(megabytes)
    return memory, wrong


async def load(
    options: argparse.Namespace,
    place: tuple[str, int, int],
    queries: Sequence[str],
    more: Sequence[str],
    measure: Callable[[], Alone],
) -> bool:
    """Put the server under load and print what it does; return whether all is as promised."""
    host, port, pid = place
    client = Client(host, port)
    library = measure()
    asked = itertools.cycle([(client.request(query), ids) for query, ids in zip(queries, library.ids, strict=True)])
    await arrive(client, asked, library.rate / 4, 4 * len(queries) / library.rate)  # to warm up, as the library did
    print("\nrates tried:")
    best = await highest(lambda rate: arrive(client, asked, rate, options.seconds), 0, 1.5 * library.rate)
    if best is None:
        print("no rate is held")
        return False
    half = await arrive(client, asked, best.rate / 2, 3 * options.seconds)
    single = await one_at_a_time(client, asked, options.seconds)
    library = max(library, measure(), key=lambda one: one.rate)
    own = percentiles(library.times)
    rows = [("the library alone", library.rate, *own, None, None, 0)]
    for name, trial in (
        ("/api/search, highest rate held", best),
        ("/api/search, at half of that rate", half),
        ("/api/search, one at a time", single),
    ):
        found = percentiles(trial.times)
        rows.append((name, trial.rate, *found, ratio(trial.rate, library.rate), ratio(found[1], own[1]), trial.wrong))
    heads = ("", "a second", "p50 ms", "p95 ms", "p99 ms", "rate/library's", "p95/library's", "wrong")
    table(f"{len(queries):,} queries, titles and their first three syllables", heads, rows)
    requests = itertools.cycle([(client.request(query), None) for query in more])
    filling, wrong_first = await watched(client, requests, len(more), pid)
    memory, wrong = await watched(client, requests, options.requests, pid)
    grown = has_grown(tenths(memory), 0)
    table(
        "private memory of the server, MB, in each tenth of the requests",
        ("", *map(str, range(1, 11)), "wrong"),
        [
            (f"the first {len(more):,}: each query once", *(tenths(filling) or 10 * [None]), wrong_first),
            (f"{options.requests:,} more", *(tenths(memory) or 10 * [None]), wrong),
        ],
        0,
    )
    passed = {
        f"the rate is at least {SHARE} of the library's": best.rate >= SHARE * library.rate,
        f"p95 at half of it is under {TIMES} times the library's": percentile(half.times, 0.95) < TIMES * own[1],
        "every answer was right": not (half.wrong or single.wrong or wrong_first or wrong),
        "memory is flat": not grown,
    }
    print()
    for promise, kept in passed.items():
        print(f"{promise}: {'yes' if kept else 'NO'}")
    return all(passed.values())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.web", description=__doc__.partition("\n")[0])
    work.add_options(parser, articles=40_000, queries=1_000)
    parser.add_argument("--index", type=Path, metavar="DIR", help="an index of these articles, only read")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long each rate is tried (default: 8)")
    parser.add_argument("--requests", type=int, default=100_000, help="while memory is watched (default: 100,000)")
    options = parser.parse_args()
    work.require(options.data)
    print_setting("bench.web")
    titles = [report.title for report in data.reports(options.data, options.articles)]
    queries, more = (
        [query.text for both in zip(*data.queries(titles, count).values(), strict=True) for query in both]
        for count in (options.queries, len(titles))
    )
    with work.workplace(options.keep, str(options.articles)) as folder:
        place = options.index or folder / "web"
        if options.index is None:
            with Index.create(place, overwrite=True) as index:
                index.add(data.reports(options.data, options.articles))
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool, serving(place) as server:

            def measure() -> Alone:
                return pool.submit(alone, place, queries, options.seconds).result()

            return 0 if asyncio.run(load(options, server, queries, more, measure)) else 1


if __name__ == "__main__":
    sys.exit(main())
