"""Indexing: documents a second, memory, disk, small writes, and the first answer of a fresh process.

    python -m bench.index [--articles N] [--rounds N] [--keep DIR] [--engines NAME,NAME] [--parts build,writes,cold]

*Build*: the articles to one committed index, everything on (syllables with positions, pairs, words, stored text; ours also
token offsets and values). Ours and stock Whoosh + pyvi start from raw text; the others are given our tokens, and tantivy
once with our analysis inside its time. Each build is a process of its own (``--only NAME``), with the documents in memory
beforehand and reading them not in the time; its peak memory is taken in a second process, which streams them. tantivy
indexes in a thread beside Python's: with "one thread" it still uses up to two cores. Stock Whoosh + pyvi takes a
sample, as it does some 40 documents a second. Disk is measured after the commit and all merges.

*Small writes*: single reports added to the index, one commit each, ours (from raw text, then seen by the index itself)
in turn with tantivy (tokens ready: add, commit, reload). A second ``Index``, opened before, must see every report
after ``refresh()``: checked, the script ends with 1 if it does not. Search p50 on titles, freshly built and after all the adds,
in interleaved rounds.

*Cold start*: fresh processes, in turn: import, open, one search, the first hit printed; and the import of pyvi alone.
It asserts no time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import cold, data, work, writes
from bench.measure import peak_memory_mb, print_setting, ratio, table, timed_build
from bench.peers.base import MEMORY_MB, Peer

PARTS = ("build", "writes", "cold")


def _ours(folder: Path) -> Peer:
    from bench.peers.ours import Ours  # noqa: PLC0415  # every peer is imported where it is used: see peak memory

    return Ours(folder)


def _ours_twice(folder: Path) -> Peer:
    from bench.peers.ours import Ours  # noqa: PLC0415

    return Ours(folder, processes=2)


def _tantivy(form: str) -> Callable[[Path], Peer]:
    def make(folder: Path) -> Peer:
        from bench.peers import with_tantivy  # noqa: PLC0415

        peer: Peer = getattr(with_tantivy, form)(folder)
        return peer

    return make


def _whoosh(folder: Path) -> Peer:
    from bench.peers.with_whoosh import WhooshPyvi  # noqa: PLC0415

    return WhooshPyvi(folder)


def _sqlite(folder: Path) -> Peer:
    from bench.peers.with_sqlite import Sqlite  # noqa: PLC0415

    return Sqlite(folder)


def _bm25s(folder: Path) -> Peer:
    from bench.peers.with_bm25s import Bm25s  # noqa: PLC0415

    return Bm25s(folder)


#: What is built, and what a row says about it.
ENGINES: dict[str, tuple[Callable[[Path], Peer], str]] = {
    "vnsearch": (_ours, "vnsearch, raw text"),
    "vnsearch-2": (_ours_twice, "vnsearch, raw text, processes=2"),
    "tantivy": (_tantivy("Tantivy"), "tantivy, tokens ready"),
    "tantivy-analysing": (_tantivy("TantivyAnalysing"), "tantivy, our analysis inside"),
    "tantivy-default": (_tantivy("TantivyDefault"), "tantivy, tokens ready, default writer"),
    "tantivy-plain": (_tantivy("TantivyPlain"), "tantivy, syllables alone, ready"),
    "whoosh-pyvi": (_whoosh, "stock Whoosh + pyvi, raw text"),
    "sqlite": (_sqlite, "SQLite FTS5, tokens ready"),
    "bm25s": (_bm25s, "bm25s, tokens ready, in memory"),
}


def build_one(options: argparse.Namespace) -> int:
    """Build one index in this process and print what was measured, as JSON."""
    peer = ENGINES[options.only][0](options.folder / options.only)
    reports = data.reports(options.data, options.articles)
    given: Any = reports if peer.takes_reports else data.read_tokens(options.folder / "tokens.jsonl")
    before = peak_memory_mb()
    count, seconds = timed_build(peer.build, given if options.stream else list(given))
    facts = {
        "documents": count,
        "seconds": seconds,
        "peak_mb": peak_memory_mb(),
        "before_mb": before,
        "bytes": peer.size_bytes(),
        "remarks": peer.remarks(),
    }
    peer.close()
    print(json.dumps(facts))
    return 0


def _child(options: argparse.Namespace, name: str, folder: Path, stream: bool) -> dict[str, Any]:
    articles = min(options.articles, options.whoosh_articles) if name == "whoosh-pyvi" else options.articles
    arguments = ["--only", name, "--folder", folder, "--data", options.data, "--articles", articles]
    return dict(work.child("bench.index", *arguments, *(["--stream"] if stream else [])))


def build(options: argparse.Namespace, names: Sequence[str], folder: Path) -> None:
    """Build with every engine, round by round, and print the table."""
    if any(name not in ("vnsearch", "vnsearch-2", "tantivy-analysing", "whoosh-pyvi") for name in names):
        work.tokens(options.data, options.articles, folder)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    peaks: dict[str, tuple[float, float] | None] = dict.fromkeys(names)
    for _ in range(options.rounds):
        for name in names:
            found[name].append(_child(options, name, folder, stream=False))
            last = found[name][-1]
            print(f"{name}: {last['documents']:,} documents in {last['seconds']:,.1f} s", flush=True)
    for name in names if options.memory else ():
        if name != "vnsearch-2":  # its workers have memory of their own
            facts = _child(options, name, folder, stream=True)
            peaks[name] = facts["peak_mb"], facts["before_mb"]
    rates = {
        name: statistics.median(facts["documents"] / facts["seconds"] for facts in runs) for name, runs in found.items()
    }
    sizes = {name: runs[-1]["bytes"] / runs[-1]["documents"] for name, runs in found.items()}
    rows = []
    for name, runs in found.items():
        peak = peaks[name]
        rows.append(
            (
                ENGINES[name][1],
                runs[-1]["documents"],
                rates[name],
                ratio(rates.get("vnsearch"), rates[name]) if name != "vnsearch" else None,
                runs[-1]["bytes"] / 1e6,
                ratio(sizes[name], sizes.get("tantivy")) if name != "whoosh-pyvi" else None,
                peak[0] if peak else None,
                peak[1] if peak else None,
                runs[-1]["remarks"],
            )
        )
    columns = ("", "documents", "docs/s", "ours/it", "MB on disk", "x tantivy", "peak MB", "of it before", "remarks")
    table(f"build: medians of {options.rounds} builds, writers given {MEMORY_MB} MB", columns, rows)
    if (twice := ratio(rates.get("vnsearch-2"), rates.get("vnsearch"))) is not None:
        print(f"\nours with two processes: {twice:.2f} x one process")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.index", description=__doc__.partition("\n")[0])
    work.add_options(parser, articles=40_000, rounds=1)
    work.add_choice(parser, "engines", ENGINES)
    work.add_choice(parser, "parts", PARTS)
    work.add_child_options(parser, ENGINES)
    parser.add_argument("--whoosh-articles", type=int, default=300, help="how many for Whoosh + pyvi (default: 300)")
    parser.add_argument("--no-memory", dest="memory", action="store_false", help="leave out the builds for peak memory")
    parser.add_argument("--adds", type=int, default=1000, help="single-report adds in all (default: 1000)")
    parser.add_argument("--timed-adds", type=int, default=200, help="how many of them are timed (default: 200)")
    parser.add_argument("--processes", type=int, default=7, help="fresh processes for the cold start (default: 7)")
    parser.add_argument("--stream", action="store_true", help="with --only: do not hold the documents in memory")
    options = parser.parse_args()
    work.require(options.data)
    if options.only:
        if options.folder is None:
            parser.error("--only needs --folder")
        return build_one(options)
    print_setting("bench.index")
    with work.workplace(options.keep, f"index-{options.articles}") as folder:
        if "build" in options.parts:
            build(options, options.engines, folder)
        passed = True
        if "writes" in options.parts:
            passed = writes.small_writes(options.data, options.articles, folder, options.adds, options.timed_adds)
        if "cold" in options.parts:
            cold.cold_start(options.data, options.articles, folder, options.processes)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
