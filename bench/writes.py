"""Small writes: one report, one commit, again and again, beside tantivy; and what they do to searches."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

from bench import data, work
from bench.drawn import new_word
from bench.measure import Row, interleaved, milliseconds, percentile, percentiles, ratio, table
from bench.peers.ours import Ours
from bench.peers.with_tantivy import Tantivy
from vnsearch import Index, Report

_QUERIES = 200
_ROUNDS = 3


def _ready(path: Path, articles: int, folder: Path) -> tuple[Ours, Tantivy]:
    """Return both indexes of the articles, open: those of the builds before, else new ones."""
    ours, tantivy = Ours(folder / "vnsearch"), Tantivy(folder / "tantivy")
    work.tokens(path, articles, folder)
    for peer in (ours, tantivy):
        if peer.folder.exists() and not (known := folder / f"{peer.folder.name}.json").exists():
            known.write_text(json.dumps({"documents": articles, "seconds": None, "bytes": None}), encoding="utf-8")
        work.built(peer, path, articles, folder)
    return ours, tantivy


def small_writes(path: Path, articles: int, folder: Path, adds: int, timed: int) -> bool:
    """Add single reports to copies of both indexes; print the tables; return whether every report was seen."""
    fresh, tantivy_fresh = _ready(path, articles, folder)
    copies = [folder / "writes-vnsearch", folder / "writes-tantivy"]
    for peer, copy in zip((fresh, tantivy_fresh), copies, strict=True):
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(peer.folder, copy)
    try:
        return _measured(path, articles, fresh, copies, adds, timed)
    finally:
        for copy in copies:
            shutil.rmtree(copy, ignore_errors=True)


def _measured(path: Path, articles: int, fresh: Ours, copies: list[Path], adds: int, timed: int) -> bool:
    ours, tantivy = Ours(copies[0]), Tantivy(copies[1])
    ours.open()
    tantivy.open()
    writer = tantivy.writer()
    watcher = Index.open(copies[0])
    size = len(watcher)
    known = list(data.reports(path, min(articles, max(1, adds))))
    new = [
        Report(f"new-{i:06d}", known[i % len(known)].title, f"{known[i % len(known)].body}\n{new_word(i)}")
        for i in range(adds)
    ]
    times: dict[str, list[float]] = {"add": [], "refresh": [], "commit": [], "reload": []}
    unseen: list[str] = []
    began = time.perf_counter()
    for number, (report, tokens) in enumerate(zip(new, data.analysed(new), strict=True)):
        times["add"].append(milliseconds(lambda report=report: ours.index.add([report])))
        times["refresh"].append(milliseconds(watcher.refresh))
        found = watcher.search(new_word(number))
        if len(watcher) != size + number + 1 or not len(found) or found[0].id != report.id:
            unseen.append(report.id)
        document = tantivy.document(tokens)

        def commit(document: object = document) -> None:
            writer.add_document(document)
            writer.commit()

        times["commit"].append(milliseconds(commit))
        times["reload"].append(milliseconds(tantivy.reload))
    seconds = time.perf_counter() - began
    timed = min(timed, adds)
    both = [commit + reload for commit, reload in zip(times["commit"], times["reload"], strict=True)]
    rows: list[Row] = []
    for name, all_times in (
        ("vnsearch: add, and seen by the same index", times["add"]),
        ("vnsearch: refresh of another open index", times["refresh"]),
        ("tantivy: add_document, commit", times["commit"]),
        ("tantivy: add_document, commit, reload", both),
    ):
        first = percentiles(all_times[:timed])
        rows.append((name, *first, percentile(all_times, 0.5), percentile(all_times, 0.95), max(all_times)))
    columns = ("", "p50 ms", "p95 ms", "p99 ms", f"all {adds:,}: p50", "p95", "largest")
    table(f"small writes to {size:,} reports: the first {timed} of {adds:,} single adds", columns, rows)
    ours_p50, theirs_p50 = percentile(times["add"][:timed], 0.5), percentile(both[:timed], 0.5)
    print(f"\nours / tantivy with its reload, p50: {ratio(ours_p50, theirs_p50) or 0:.2f} ({seconds:.0f} s in all)")
    print(f"check: every report seen after refresh(): {'ok' if not unseen else f'FAILED: {unseen[:5]}'}", flush=True)
    _searches(known, fresh, ours, adds)
    for peer in (fresh, ours):
        peer.close()
    watcher.close()
    return not unseen


def _searches(known: list[Report], fresh: Ours, after: Ours, adds: int) -> None:
    """Print what the adds did to searches."""
    titles = data.queries([report.title for report in known], min(_QUERIES, len(known)))["titles"]
    times = interleaved(
        {
            ("alone", "freshly built"): fresh.search,
            ("alone", "after"): after.search,
            ("with ten snippets", "freshly built"): fresh.search_with_snippets,
            ("with ten snippets", "after"): after.search_with_snippets,
        },
        titles,
        _ROUNDS,
    )
    rows = []
    for how in ("alone", "with ten snippets"):
        before, now = (percentiles(times[how, when]) for when in ("freshly built", "after"))
        rows.append((how, before[0], now[0], ratio(now[0], before[0]), before[1], now[1], ratio(now[1], before[1])))
    columns = ("", "fresh p50 ms", "after p50", "ratio", "fresh p95 ms", "after p95", "ratio")
    table(f"searches before and after {adds:,} single adds: {len(titles)} titles", columns, rows)
