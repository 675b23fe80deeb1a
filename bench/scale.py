"""Growth: from 10,000 to 640,000 documents, what indexing and searching cost. Ours alone.

    python -m bench.scale [--sizes 10000,40000,160000,640000] [--keep DIR] [--svg FILE]

The documents are passages of about 120 syllables, cut from the articles; when these run out they come again with one
syllable in eight changed for one drawn from the collection (a fixed seed: the same documents every time). The first
passage of an article has its title, the others the beginning of their own text. The queries are the same at every size:
titles from the part that all sizes hold, and their first three syllables.

Every size is built in a process of its own, and searched in another one; a query's time is its median over the rounds.
*Peak* is the largest resident memory while indexing, mapped files included. *Private* is the ``Anonymous`` line of
/proc/self/smaps_rollup after all searches: what the process holds itself, mapped pages aside; the line it is held against
is 100 MB + 64 bytes a document. *Power*: p95 grows as documents to that power; 1 is linear. The plot is written by hand as SVG.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
from collections.abc import Iterator, Sequence
from math import log
from pathlib import Path
from typing import Any

from bench import data, plot, work
from bench.measure import (
    Row,
    interleaved,
    peak_memory_mb,
    percentiles,
    print_setting,
    private_memory_mb,
    table,
    timed_build,
)
from bench.peers.base import MEMORY_MB
from bench.peers.ours import Ours
from vnsearch import Report

SIZES = "10000,40000,160000,640000"
SVG = Path(__file__).resolve().parents[1] / "docs" / "scale.svg"
_PASSAGE, _TITLE = 120, 12
_CHANGED = 1 / 8
_SETS = ("titles", "3 syllables")


def _passages(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield (title, words) of every passage of every article; a short rest stays with the passage before it."""
    for report in data.reports(path, None):
        words = report.body.split()
        cuts = list(range(0, max(1, len(words) - _PASSAGE // 2), _PASSAGE))
        for start, end in itertools.pairwise([*cuts, len(words)]):
            passage = words[start:end]
            yield (" ".join(passage[:_TITLE]) if start else report.title), passage


def documents(path: Path, count: int, seed: int = 1) -> Iterator[Report]:
    """Yield so many passages, again and again with changed words when there are not enough."""
    made = 0
    drawn: list[str] = []
    for copy in itertools.count():
        rng = random.Random(seed + copy)
        for title, passage in _passages(path):
            if made == count:
                return
            words = passage
            if copy:
                words = [rng.choice(drawn) if rng.random() < _CHANGED else word for word in passage]
            else:
                drawn.extend(passage[::100])
            yield Report(f"{made:07d}", title if not copy else f"{title} {copy}", " ".join(words))
            made += 1


def build(options: argparse.Namespace) -> dict[str, Any]:
    """Index in this process; return what was measured."""
    ours = Ours(options.folder)
    count, seconds = timed_build(ours.build, documents(options.data, options.size))
    return {"documents": count, "seconds": seconds, "peak_mb": peak_memory_mb(), "bytes": ours.size_bytes()}


def search(options: argparse.Namespace) -> dict[str, Any]:
    """Search in this process; return what was measured."""
    texts: dict[str, list[str]] = json.loads(options.queries_file.read_text(encoding="utf-8"))
    ours = Ours(options.folder)
    ours.open()
    facts: dict[str, Any] = {}
    for name, queries in texts.items():
        made = [data.make_query(text) for text in queries]
        facts[name] = percentiles(interleaved({"ours": ours.search}, made, options.rounds)["ours"])
    facts["private_mb"] = private_memory_mb()
    ours.close()
    return facts


def _child(options: argparse.Namespace, what: str, size: int, folder: Path, queries: Path) -> dict[str, Any]:
    arguments = ["--only", what, "--size", size, "--folder", folder, "--queries-file", queries]
    return dict(work.child("bench.scale", *arguments, "--data", options.data, "--rounds", options.rounds))


def measure(options: argparse.Namespace, sizes: Sequence[int], folder: Path) -> list[dict[str, Any]]:
    """Build and search every size; return what was measured."""
    # Titles of articles; those of later passages are the beginning of their text.
    titles = [report.title for report in documents(options.data, sizes[0]) if not report.body.startswith(report.title)]
    sets = data.queries(titles, options.queries)
    queries = folder / "queries.json"
    made = {name: [query.text for query in found] for name, found in sets.items()}
    queries.write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
    found = []
    for size in sizes:
        place, known = folder / f"index-{size}", folder / f"index-{size}.json"
        if known.exists():
            facts = json.loads(known.read_text(encoding="utf-8"))
            print(f"{size:,} documents: the kept index is used", flush=True)
        else:
            facts = _child(options, "build", size, place, queries)
            known.write_text(json.dumps(facts), encoding="utf-8")
            print(f"{size:,} documents indexed in {facts['seconds']:,.0f} s", flush=True)
        found.append(facts | _child(options, "search", size, place, queries))
    return found


def show(sizes: Sequence[int], found: Sequence[dict[str, Any]], rounds: int) -> None:
    """Print the tables."""
    rows: list[Row] = []
    for size, facts in zip(sizes, found, strict=True):
        allowed = 100 + 64 * size / 2**20
        rate = facts["documents"] / facts["seconds"]
        disk = facts["bytes"]
        rows.append((f"{size:,}", rate, facts["peak_mb"], disk / 1e6, disk / size, facts["private_mb"], allowed))
    columns = ("documents", "docs/s", "peak MB", "MB on disk", "bytes/doc", "private MB", "100 MB + 64 B/doc")
    table(f"indexing, and the memory of a searching process (writer given {MEMORY_MB} MB)", columns, rows, digits=0)
    rows = [
        (f"{size:,}", *(value for name in _SETS for value in facts[name]))
        for size, facts in zip(sizes, found, strict=True)
    ]
    columns = ("documents", *(f"{name} {share}" for name in _SETS for share in ("p50 ms", "p95 ms", "p99 ms")))
    table(f"searches alone, totals counted, medians of {rounds} rounds", columns, rows)
    if len(sizes) > 1:
        for name in _SETS:
            power = log(found[-1][name][1] / found[0][name][1]) / log(sizes[-1] / sizes[0])
            print(f"\n{name}: p95 grows as documents to the power {power:.2f}", end="")
        print()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__.partition("\n")[0])
    work.add_options(parser, queries=300, rounds=3)
    work.add_child_options(parser, ("build", "search"))
    parser.add_argument("--sizes", default=SIZES, help=f"numbers of documents (default: {SIZES})")
    parser.add_argument("--svg", type=Path, default=SVG, help=f"where the plot goes (default: {SVG})")
    parser.add_argument("--size", type=int, help="with --only: how many documents")
    parser.add_argument("--queries-file", type=Path, help="with --only search: the queries")
    options = parser.parse_args()
    work.require(options.data)
    if options.only:
        print(json.dumps(build(options) if options.only == "build" else search(options)))
        return 0
    sizes = sorted({int(size) for size in options.sizes.split(",")})
    print_setting("bench.scale")
    with work.workplace(options.keep, "scale") as folder:
        found = measure(options, sizes, folder)
    show(sizes, found, options.rounds)
    lines = {
        f"{name}, {share}": [(size, facts[name][at]) for size, facts in zip(sizes, found, strict=True)]
        for name in _SETS
        for at, share in enumerate(("p50", "p95"))
    }
    options.svg.parent.mkdir(parents=True, exist_ok=True)
    options.svg.write_text(plot.log_log(lines, "Search time against documents", "documents", "ms"), encoding="utf-8")
    print(f"\nplot: {options.svg}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
