"""Search, alone and with ten snippets: ours beside tantivy-py, stock Whoosh, SQLite FTS5 and bm25s, answers checked.

    python -m bench.search [--articles N] [--queries N] [--rounds N] [--keep DIR] [--peers NAME,NAME]

All engines hold the same articles and are asked the same queries: titles of articles, and the first three syllables of
the same titles. Ours is given the text of a query, and remembers how it read it the first time, as the next page or a filter
would find it; *read anew* it is asked in a text that it has not met, so that its analysis and the weighing of spellings are inside its
time. The others are given the terms and build the same weighted query: every syllable and every pair (x 0.6), in title
(x 2) and body. *Alone* is the ten best and the total. *With snippets* is the same, ten documents loaded, and a snippet of
each body as HTML. tantivy-py makes it of one fragment of about 150 characters, so ours is asked for one too (of 180); what it
does by default, two fragments, is a row of its own. Where "totals" says yes, all matching documents are counted, as ours does
(tantivy-py does by default).

Two tables stand beside these. *The first time*: an index opened anew is asked every query once, so that nothing of it is kept from
an earlier round, as scores of terms, levels and restored spellings are. *As typed*: titles with their marks, without them, and with
half of them (``bench.judged``), ours alone.

All run in one process, round by round, each engine all queries, every other round in reverse order; a round to warm up is
not counted. A query's time is its median over the rounds; p50, p95 and p99 are over the queries. Stock Whoosh and SQLite
are slow: they run once, on some of the queries, beside our figures for those. The script ends with 1 if a check of the
answers fails (``bench.checks``); it asserts no time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench import checks, data, judged, work
from bench.data import Query
from bench.measure import Row, interleaved, milliseconds, percentile, percentiles, print_setting, ratio, table
from bench.peers.base import Peer
from bench.peers.ours import Ours
from bench.peers.with_bm25s import Bm25s
from bench.peers.with_sqlite import Sqlite
from bench.peers.with_tantivy import Tantivy, TantivyPlain
from bench.peers.with_whoosh import Whoosh

PEERS: dict[str, type[Peer]] = {
    "vnsearch": Ours,
    "tantivy": Tantivy,
    "tantivy-plain": TantivyPlain,
    "whoosh": Whoosh,
    "sqlite": Sqlite,
    "bm25s": Bm25s,
}
#: The row that ours is held against.
MAIN = "tantivy, same fields"
#: Our row, and the one whose snippets are as long as those of the others.
OURS = {"alone": "vnsearch", "with ten snippets": "vnsearch, one fragment"}
Case = Callable[[Query], object]


def fast_cases(peers: Mapping[str, Peer], queries: Sequence[Query]) -> tuple[dict[str, Case], dict[str, Case]]:
    """Return what is timed in rounds: searches alone, and with snippets."""
    alone: dict[str, Case] = {}
    snippets: dict[str, Case] = {}
    if isinstance(ours := peers.get("vnsearch"), Ours):
        alone[OURS["alone"]] = ours.search
        snippets[OURS["with ten snippets"]] = ours.search_with_snippets
        snippets["vnsearch, two (its default)"] = ours.search_with_default_snippets
    if isinstance(tantivy := peers.get("tantivy"), Tantivy):
        made = {query: tantivy.make_query(query) for query in queries}
        uncounted = Tantivy(tantivy.folder, count=False)
        uncounted.open()
        alone[MAIN] = tantivy.search
        snippets[MAIN] = tantivy.search_with_snippets
        alone["tantivy, Query objects ready"] = lambda query: tantivy.run(made[query])
        snippets["tantivy, Query objects ready"] = lambda query: tantivy.run_with_snippets(made[query])
        alone["tantivy, count=False"] = uncounted.search
        snippets["tantivy, count=False"] = uncounted.search_with_snippets
    if (plain := peers.get("tantivy-plain")) is not None:
        alone["tantivy, plain: syllables"] = plain.search
        snippets["tantivy, plain: syllables"] = plain.search_with_snippets
    if (other := peers.get("bm25s")) is not None:
        alone["bm25s (in memory)"] = other.search
    return alone, snippets


def time_fast(
    peers: Mapping[str, Peer], queries: Sequence[Query], rounds: int, name: str
) -> tuple[list[float], list[float]]:
    """Print the tables of the fast engines; return our times, alone and with snippets."""
    alone, snippets = fast_cases(peers, queries)
    cases = {("alone", case): run for case, run in alone.items()}
    cases |= {("with ten snippets", case): run for case, run in snippets.items()}
    times = interleaved(cases, queries, rounds)
    for how, our_case in OURS.items():
        here = {case: found for (which, case), found in times.items() if which == how}
        ours = percentiles(here[our_case]) if our_case in here else None
        rows = []
        for case, found in here.items():
            theirs = percentiles(found)
            totals = "no" if "count=False" in case or "bm25s" in case else "yes"
            compared = [ratio(ours[i] if ours else None, theirs[i]) for i in range(3)]
            rows.append((case, totals, *theirs, *(compared if not case.startswith("vnsearch") else (None,) * 3)))
        columns = ("", "totals", "p50 ms", "p95 ms", "p99 ms", "ours/it p50", "p95", "p99")
        table(f"{name}, {how}: {len(queries)} queries, medians of {rounds} rounds", columns, rows)
    alone_times, snippet_times = (times.get(key, []) for key in OURS.items())
    return alone_times, snippet_times


def time_anew(peers: Mapping[str, Peer], queries: Sequence[Query], rounds: int, name: str) -> None:
    """Print how long a query takes that has to be read, while all else that is kept is at hand."""
    ours, tantivy = peers.get("vnsearch"), peers.get("tantivy")
    if not isinstance(ours, Ours) or not isinstance(tantivy, Tantivy):
        return
    rows: list[Row] = []
    for how, mine, theirs in (
        ("alone", ours.search_anew, tantivy.search),
        ("with ten snippets", ours.search_anew_with_snippets, tantivy.search_with_snippets),
    ):
        times = interleaved({"vnsearch": mine, MAIN: theirs}, queries, rounds)
        found = {case: percentiles(taken) for case, taken in times.items()}
        rows += [(f"{how}, {case}", *taken) for case, taken in found.items()]
        rows.append((f"{how}, ours/it", *map(ratio, *found.values())))
    table(f"{name}, every query read anew: medians of {rounds} rounds", ("", "p50 ms", "p95 ms", "p99 ms"), rows)


def time_first(peers: Mapping[str, Peer], queries: Sequence[Query], name: str) -> None:
    """Print how long every query takes that nobody has asked before."""
    rows: list[tuple[str, float, float, float]] = []
    for peer in (peers[name] for name in ("vnsearch", "tantivy") if name in peers):
        anew = type(peer)(peer.folder)
        anew.open()
        anew.search(queries[-1])
        rows.append((peer.name, *percentiles([milliseconds(partial(anew.search, query)) for query in queries[:-1]])))
        anew.close()
    lines: list[Row] = [*rows]
    if len(rows) > 1:
        lines.append(("ours/it", *map(ratio, rows[0][1:], rows[1][1:])))
    table(f"{name}, alone, the first time", ("", "p50 ms", "p95 ms", "p99 ms"), lines)


def time_forms(ours: Ours, queries: Sequence[Query], rounds: int) -> None:
    """Print how long titles take as given, without marks and with half of them."""
    texts = {query.text: query.text for query in queries}
    forms = {form: queried for form, queried in judged.variants(texts).items() if form != "flipped"}

    def search(form: str, query: Query) -> object:
        return ours.search_anew(replace(query, text=forms[form][query.text]))

    times = interleaved({form: partial(search, form) for form in forms}, queries, rounds)
    given = percentiles(times["as given"])
    rows = [(form, *(found := percentiles(times[form])), *map(ratio, found, given)) for form in forms]
    columns = ("", "p50 ms", "p95 ms", "p99 ms", "it/as given p50", "p95", "p99")
    table(f"titles as typed, alone: {len(queries)} queries, medians of {rounds} rounds", columns, rows)


def time_slow(
    peer: Peer, queries: Sequence[Query], count: int, name: str, ours: tuple[Sequence[float], Sequence[float]]
) -> None:
    """Print the table of an engine that takes its time, on some of the queries, once."""
    step = max(1, len(queries) // count)
    some = queries[::step][:count]
    peer.search(some[-1])
    rows = []
    for how, search, our_times in (
        ("alone", peer.search, ours[0]),
        ("with ten snippets", peer.search_with_snippets, ours[1]),
    ):
        times = [milliseconds(lambda query=query, search=search: search(query)) for query in some]
        same = our_times[::step][:count]
        p50, p95 = percentile(times, 0.5), percentile(times, 0.95)
        our_p50 = percentile(same, 0.5) if same else None
        rows.append((how, p50, p95, our_p50, ratio(p50, our_p50)))
    columns = ("", f"{peer.name} p50 ms", "p95 ms", "ours p50 ms", "it/ours p50")
    table(f"{name}, {peer.name}: {len(some)} queries, once, totals counted", columns, rows)


def check_answers(peers: Mapping[str, Any], sets: Mapping[str, Sequence[Query]], count: int, whoosh_count: int) -> bool:
    """Check the answers; return whether all checks passed."""
    passed = True
    ours = peers.get("vnsearch")
    if ours is None:
        print("check: none without vnsearch")
        return True
    for name, queries in sets.items():
        print(f"\n{name}:")
        some = queries[:: max(1, len(queries) // count)][:count]
        passed &= checks.check_against_whoosh(ours.index, some)
        passed &= checks.check_scores(ours.index, some)
        if "whoosh" in peers:
            passed &= checks.check_stock_whoosh(ours, peers["whoosh"], some[:whoosh_count])
        if "tantivy" in peers:
            passed &= checks.check_plain_against_tantivy(ours, peers["tantivy"], some)
            for form, overlap in checks.overlaps_with_tantivy(ours, peers["tantivy"], queries).items():
                print(f"for information: ten best of our search as it is and of tantivy's, {form}: {overlap:.3f}")
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__.partition("\n")[0])
    work.add_options(parser, articles=40_000, queries=500, rounds=5)
    work.add_choice(parser, "peers", PEERS)
    parser.add_argument("--whoosh-queries", type=int, default=10, help="how many for stock Whoosh (default: 10)")
    parser.add_argument("--sqlite-queries", type=int, default=50, help="how many for SQLite (default: 50)")
    parser.add_argument(
        "--check-queries", type=int, default=50, help="how many answers of a set to check (default: 50)"
    )
    options = parser.parse_args()
    work.require(options.data)
    print_setting("bench.search")
    with work.workplace(options.keep, str(options.articles)) as folder:
        return run(options, folder)


def run(options: argparse.Namespace, folder: Path) -> int:
    titles = [report.title for report in data.reports(options.data, options.articles)]
    sets = data.queries(titles, options.queries)
    work.tokens(options.data, options.articles, folder)
    peers: dict[str, Peer] = {}
    rows = []
    for name in options.peers:
        peers[name] = PEERS[name](folder / name)
        facts = work.built(peers[name], options.data, options.articles, folder)
        rows.append((peers[name].name, facts["documents"], facts["bytes"] / 1e6, peers[name].remarks()))
    table("the indexes", ("", "documents", "MB", "remarks"), rows, digits=1)
    passed = check_answers(peers, sets, options.check_queries, options.whoosh_queries)
    for name, queries in sets.items():
        ours = time_fast(peers, queries, options.rounds, name)
        time_anew(peers, queries, options.rounds, name)
        time_first(peers, queries, name)
        if name == "titles" and isinstance(mine := peers.get("vnsearch"), Ours):
            time_forms(mine, queries, options.rounds)
        for slow, count in (("whoosh", options.whoosh_queries), ("sqlite", options.sqlite_queries)):
            if slow in peers:
                time_slow(peers[slow], queries, min(count, len(queries)), name, ours)
    for peer in peers.values():
        peer.close()
    print(f"\nchecks of the answers: {'all passed' if passed else 'FAILED, see above'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
