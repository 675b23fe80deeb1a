"""Clocks, percentiles, memory and tables: what the benchmarks share, and nothing about any engine."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
import resource
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

#: Memory may grow by this share and so many megabytes.
GROWTH, GROWTH_MB = 0.05, 5
Row = Sequence[str | float | None]
Key = TypeVar("Key")


class Source(Iterator[Any]):
    """An iterable that counts what it yields and the seconds it takes itself, so that reading data is not timed."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(items)
        self.seconds = 0.0
        self.count = 0

    def __next__(self) -> Any:
        began = time.perf_counter()
        try:
            item = next(self._items)
            self.count += 1
        finally:
            self.seconds += time.perf_counter() - began
        return item


def timed_build(build: Callable[[Iterable[Any]], object], items: Iterable[Any]) -> tuple[int, float]:
    """Build from the items; return how many there were, and the seconds without those that the items took."""
    source = Source(items)
    began = time.perf_counter()
    build(source)
    return source.count, time.perf_counter() - began - source.seconds


def milliseconds(function: Callable[[], object]) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    function()
    return (time.perf_counter() - began) * 1000


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that this share of the values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def interleaved(
    cases: Mapping[Key, Callable[[Any], object]], queries: Sequence[Any], rounds: int, *, by_query: bool = False
) -> dict[Key, list[float]]:
    """Time every case on every query; return each query's median milliseconds over the rounds, by case.

    One round to warm up is not counted. In a round each case runs all queries; every other round goes backward, so that
    none always comes after the same one. ``by_query``: it is all cases that run each query in turn, so that a server is as rested
    for one as for the other. Garbage is collected as ever.
    """
    times: dict[Key, list[list[float]]] = {name: [[] for _ in queries] for name in cases}
    clock = time.perf_counter
    for number in range(rounds + 1):
        for names, at in _turns(list(cases), len(queries), backward=not number % 2, by_query=by_query):
            for name in names:
                run, query = cases[name], queries[at]
                began = clock()
                run(query)
                elapsed = clock() - began
                if number:
                    times[name][at].append(elapsed * 1000)
    return {name: [statistics.median(slot) for slot in slots] for name, slots in times.items()}


def _turns(names: list[Key], count: int, *, backward: bool, by_query: bool) -> Iterator[tuple[list[Key], int]]:
    """Yield which cases run next, and on which query."""
    if by_query:
        yield from ((names[::-1] if backward != bool(at % 2) else names, at) for at in range(count))
    else:
        yield from (([name], at) for name in (names[::-1] if backward else names) for at in range(count))


def percentiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return p50, p95 and p99."""
    return percentile(values, 0.5), percentile(values, 0.95), percentile(values, 0.99)


def ratio(ours: float | None, theirs: float | None) -> float | None:
    """Return ours / theirs, if both were measured."""
    return ours / theirs if ours is not None and theirs else None


def _kilobytes(file: str, field: str) -> int | None:
    try:
        lines = Path(file).read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{field}:")), None)


def peak_memory_mb() -> float:
    """Return the largest resident memory this process ever had, mapped files included.

    Linux: VmHWM, since ``ru_maxrss`` also counts the parent's memory at the time a process was started.
    """
    if (peak := _kilobytes("/proc/self/status", "VmHWM")) is not None:
        return peak / 2**10
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / 2**20 if sys.platform == "darwin" else used / 2**10


def private_memory_mb(process: int | str = "self") -> float | None:
    """Return the anonymous memory of a process: what it holds itself, mapped files aside (Linux only)."""
    anonymous = _kilobytes(f"/proc/{process}/smaps_rollup", "Anonymous")
    return None if anonymous is None else anonymous / 2**10


def tenths(samples: Sequence[float]) -> list[float]:
    """Return the median of each tenth of a run's samples; nothing where there are too few."""
    count = len(samples) // 10
    return [statistics.median(samples[at * count : (at + 1) * count]) for at in range(10)] if count else []


def has_grown(memory: Sequence[float], warm_up: int) -> bool:
    """Tell whether memory, in megabytes for each tenth of a run, grew after those that warm up."""
    return bool(memory) and memory[-1] > memory[warm_up] * (1 + GROWTH) + GROWTH_MB


def folder_bytes(folder: Path) -> int:
    """Return the size of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _cell(value: str | float | None, digits: int) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{digits}f}"


def table(title: str, columns: Sequence[str], rows: Iterable[Row], digits: int = 2) -> None:
    """Print a table: the first column to the left, the others to the right."""
    cells = [list(columns), *([_cell(value, digits) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    print(f"\n{title}\n")
    for number, row in enumerate(cells):
        line = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        line[0] = row[0].ljust(widths[0])
        print("  ".join(line).rstrip())
        if number == 0:
            print("-" * (sum(widths) + 2 * (len(widths) - 1)))
    sys.stdout.flush()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(name: str) -> str:
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return f"{name} is not here"


def print_setting(module: str) -> None:
    """Print the command line, the day, the machine and the versions."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    names = ("vnsearch", "numpy", "Whoosh", "pyvi", "tantivy", "bm25s")
    print(f"python -m {module} {' '.join(sys.argv[1:])}".rstrip())
    print(f"{dt.date.today().isoformat()} · {os.cpu_count()} cores, {_processor()} · load {load}")
    print(f"Python {platform.python_version()} · {' · '.join(map(_version, names))} · SQLite {sqlite3.sqlite_version}")
    sys.stdout.flush()
