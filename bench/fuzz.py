"""Random and hostile queries and reports: nothing may raise, no query may be slow, memory may not grow.

Run: ``python -m bench.fuzz [INDEX] [--queries 1000000] [--reports 100000] [--seed 0] [--seconds S] [--processes 2]``. Without INDEX
an index is made of the sample reports and of passages of theirs. Everything is drawn by a seeded generator (``bench.drawn``), for each
process from a seed of its own, ``--seed`` and the numbers after it: what one run finds, the next finds again.

*Queries*: a share of them comes from each of: bytes decoded anyhow, characters of all of Unicode, syllables of the index with
their marks changed or dropped, the signs of query languages between syllables, and long queries of common syllables. From
Python 3.12 on coverage guides them: a query that takes a branch of our code a way it was not taken before is kept, and every other query
is made of kept ones, changed a little (``bench.guided``). Every twentieth is searched with other options (all of the syllables, other
fields, sorted by date, facets, a far page) and has its hits looked at; every twentieth is completed, too. One in ten goes to the
index of hostile reports.

*Reports* are mappings of such texts and of values of all types, added in commits to an index of their own; those of the commit
before are then deleted. One that ``Report`` refuses with ``InvalidReportError`` must be skipped, every other one be there. Some are read
back, and must be what was given; they are searched by a word of theirs that has marks, and must be found. The hits looked at keep the laws
of ``check_hit``.

*Memory* is the private memory of each process, sampled through its run, and its median in each tenth of the run: it has grown
when that of the last tenth is above that of the first one after the warm-up. What is kept between queries is bounded, and takes
150,000 hostile queries to fill: a process with fewer than twice as many is not judged.

After ``--seconds`` no more are run.
"""

from __future__ import annotations

import argparse
import heapq
import html
import itertools
import math
import multiprocessing
import random
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench.drawn import Queries, Records, passage
from bench.guided import GUIDED, Coverage, Guided
from bench.measure import Row, has_grown, private_memory_mb, table, tenths
from vnsearch import Hit, Index, InvalidReportError, Report, analyze, fold, read_corpus
from vnsearch.corpus.samples import samples_path

#: No query may take longer, in seconds of this process (the machine may be busy).
LIMIT_S = 2.0
#: Reports of a commit, and how often memory is looked at, at least.
COMMIT, SAMPLES = 100, 200
#: Memory may not grow (``has_grown``) once so many queries have filled what is kept between queries.
WARM_UP = 150_000
#: After so many problems it is not worth going on.
ENOUGH = 100
#: Reports of the index that is made when none is given, and characters of a report of which a word is searched.
MADE, READ = 2_000, 2_000


@dataclass
class Outcome:
    """What a process did, and what went wrong. ``slowest`` has (seconds, query, options), ``memory`` megabytes, in order.

    ``ways`` of branches were taken, and ``kept`` queries took new ones.
    """

    queries: int = 0
    ways: int = 0
    kept: int = 0
    reports: int = 0
    invalid: int = 0
    read_back: int = 0
    searched: int = 0
    hits: int = 0
    seconds: float = 0.0
    query_seconds: float = 0.0
    problems: list[str] = field(default_factory=list)
    slowest: list[tuple[float, str, str]] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def tenths(self) -> list[float]:
        """Return the median memory of each tenth of the run; nothing where it cannot be measured."""
        return tenths(self.memory)

    def growth(self) -> str:
        """Say what became of the memory after the tenths that warm up."""
        memory, warm_up = self.tenths(), math.ceil(max(1, 10 * WARM_UP / max(1, self.queries)))
        if not memory or warm_up > 5:
            return "not judged"
        return "grew" if has_grown(memory, warm_up) else "flat"


def _options(chance: random.Random) -> dict[str, Any]:
    if chance.random() < 0.95:
        return {}
    return {
        "match": chance.choice(("any", "all")),
        "fields": chance.choice((None, {"title": 1.0}, {"body": 1e-6})),
        "sort": chance.choice(("relevance", "date", "-date")),
        "facets": chance.choice(((), ("source", "category"))),
        "offset": chance.choice((0, 0, 50, 10_000)),
        "date_from": chance.choice((None, None, "2010-01-01")),
    }


#: Control characters but HTML's white space, and lone surrogates.
NOT_HTML = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def check_hit(hit: Hit) -> None:
    """Make all that is shown of a hit.

    Fragments are inside the body and ascend; marks are inside fragments, and inside their text; taken back from HTML, a text is
    as it was, but for what no page can hold; what explains the score adds up to it.
    """
    body, snippet, score = hit.report.body, hit.snippet, hit.score
    _check_spans(body, snippet.fragments)
    _check_spans(body, snippet.marks)
    for start, end in snippet.marks:
        assert any(first <= start and end <= last for first, last in snippet.fragments)
    _check_spans(body, hit.marks("body"))
    _check_spans(hit.report.title, hit.marks("title"))
    for made, text, marks in (
        (snippet.html(), snippet.text, snippet.marks),
        (hit.title_html(), hit.report.title, hit.marks("title")),
    ):
        assert made.count("<mark>") == made.count("</mark>") == len(marks)
        assert html.unescape(made.replace("<mark>", "").replace("</mark>", "")) == NOT_HTML.sub("\ufffd", text)
    snippet.ansi()
    explanation = hit.explain()
    assert score > 0
    assert math.isclose(sum(part.score for part in explanation.contributions), score, rel_tol=1e-4), str(explanation)


def _check_spans(text: str, spans: Sequence[tuple[int, int]]) -> None:
    """Spans ascend, and are inside the text."""
    edges = [0, *itertools.chain.from_iterable(spans), len(text)]
    assert edges == sorted(edges), f"{spans} in {len(text)} characters"


class Run:
    """A process's share of the queries and of the reports; the hostile reports are in ``hostile``."""

    def __init__(self, index: Index, hostile: Index, seed: int, coverage: Coverage) -> None:
        counts = index._current.terms("syllable")
        self.index = index
        self.hostile = hostile
        self.queries = Queries(sorted(counts, key=lambda term: (-counts[term], term)), seed)
        self.records = Records(self.queries)
        self.chance = self.queries.chance
        self.guided = Guided(self.queries.draw, self.chance, coverage)
        self.outcome = Outcome()
        self.last: list[str] = []  # the ids of the last commit of hostile reports

    def run(self, queries: int, reports: int, seconds: float) -> Outcome:
        """Draw so many of both, one among the other."""
        outcome, began = self.outcome, time.perf_counter()
        commits = -(-reports // COMMIT)
        parts = max(commits, SAMPLES)
        for part in range(parts):
            if time.perf_counter() - began > seconds or len(outcome.problems) >= ENOUGH:
                break
            if _share(commits, part, parts):
                self.attempt("a commit", partial(self.commit, min(COMMIT, reports - outcome.reports)))
            for _ in range(_share(queries, part, parts)):
                self.query()
            if (memory := private_memory_mb()) is not None:
                outcome.memory.append(memory)
        outcome.seconds = time.perf_counter() - began
        outcome.ways, outcome.kept = self.guided.coverage.ways, len(self.guided.kept)
        return outcome

    def attempt(self, what: str, action: Callable[[], None]) -> None:
        """Do it; whatever is raised is a problem."""
        try:
            action()
        except Exception:  # noqa: BLE001
            self.outcome.problems.append(f"{what}: {traceback.format_exc(limit=-3)}")

    def query(self) -> None:
        query, options = self.guided.draw(), _options(self.chance)
        index = self.hostile if self.chance.random() < 0.1 else self.index
        self.outcome.queries += 1
        self.timed(query, options, lambda: self.use(index, query, options))
        self.guided.saw(query)

    def timed(self, query: str, options: dict[str, Any], action: Callable[[], None]) -> None:
        """Do what a query is for, and see how long that takes."""
        began = time.process_time()
        self.attempt(f"{query!a} {options}", action)
        took = time.process_time() - began
        self.outcome.query_seconds += took
        slowest = self.outcome.slowest
        heapq.heappush(slowest, (took, ascii(query), str(options)))
        if len(slowest) > 10:
            heapq.heappop(slowest)

    def use(self, index: Index, query: str, options: dict[str, Any]) -> None:
        """Search, and now and then look at the hits and complete the query."""
        results = index.search(query, **options)
        assert len(results) <= results.total
        if options:
            self.look(results)
            assert isinstance(results.suggestion, str | None)
        if self.chance.random() < 0.05:
            index.suggest(query)

    def look(self, hits: Sequence[Hit]) -> None:
        for hit in hits:
            check_hit(hit)
            self.outcome.hits += 1

    def commit(self, count: int) -> None:
        """Add some reports, look at some of them, and delete those of the commit before."""
        drawn: list[Report | dict[Any, Any]] = []
        new: dict[str, Report] = {}
        valid = 0
        for number in range(self.outcome.reports, self.outcome.reports + count):
            record = self.records.draw(number, {"key": f"{number}"})
            drawn.append(record)
            try:
                report = Report.from_mapping(record)
            except InvalidReportError:
                continue
            new[report.id] = report
            valid += 1
            if self.chance.random() < 0.5:
                drawn[-1] = report
        self.outcome.reports += count
        self.outcome.invalid += count - valid
        stats = self.hostile.add(drawn, on_error="skip")
        assert (stats.added + stats.updated, stats.skipped) == (valid, count - valid), stats
        assert len(self.hostile) == len({*self.last, *new})
        for report in self.chance.sample(list(new.values()), len(new) // 5):
            self.attempt(f"{report!a}", partial(self.read_back, report))
        gone = [identity for identity in self.last if identity not in new]
        assert self.hostile.delete(gone) == len(gone)
        self.last = list(new)
        assert len(self.hostile) == len(new)

    def read_back(self, report: Report) -> None:
        """The report is what was given, in every type, and is found by a word of its own."""
        found = self.hostile.get(report.id)
        assert found == report, f"{found!a}"
        assert repr(found.to_dict()) == repr(report.to_dict()), f"{found!a}"
        self.outcome.read_back += 1
        text = self.chance.choice((report.title, report.body))[:READ]
        # Words with marks: one without them is read as its likelier spellings alone. What is cut may cut the last of them.
        words = [
            text[token.start : token.end]
            for token in analyze(text)[:-3]
            if token.kind == "syllable" and token.text != fold(token.text)
        ]
        if words and isinstance(key := report.extra.get("key"), str):
            self.outcome.searched += 1
            word, filters = self.chance.choice(words), {"key": key}
            self.timed(word, filters, lambda: self.find(word, filters, report))

    def find(self, word: str, filters: dict[str, Any], report: Report) -> None:
        results = self.hostile.search(word, filters=filters)
        assert [hit.id for hit in results] == [report.id], f"{results.hits} for {word!a}, not {report!a}"
        self.look(results)
        self.look(self.hostile.more_like_this(report.id, limit=1))


def _share(count: int, part: int, parts: int) -> int:
    """Return how many of a count fall to one of so many equal parts."""
    return count * (part + 1) // parts - count * part // parts


def work(folder: Path, scratch: Path, seed: int, queries: int, reports: int, seconds: float) -> Outcome:
    """Do a process's share; the hostile reports go to ``scratch``."""
    coverage = Coverage()
    with Index.open(folder) as index, Index.create(scratch, filterable=("key",)) as hostile:
        outcome = Run(index, hostile, seed, coverage).run(queries, reports, seconds)
        outcome.problems += hostile.check().problems
        return outcome


def make(folder: Path) -> None:
    """Make an index of the sample reports, and of passages of them."""
    chance = random.Random(0)
    with Index.create(folder) as index:
        index.add(read_corpus(samples_path()))
        index.add(
            Report(f"{number}", passage(chance, 8), passage(chance, chance.randrange(5, 200))) for number in range(MADE)
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path, nargs="?", help="only read (default: one is made)")
    parser.add_argument("--queries", type=int, default=1_000_000)
    parser.add_argument("--reports", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--processes", type=int, default=2, help="each does its part of the queries and reports")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vnsearch-fuzz-") as name:
        place = Path(name)
        if args.index is None:
            make(place / "made")
        # "spawn": the memory of a process is then all its own.
        with ProcessPoolExecutor(args.processes, multiprocessing.get_context("spawn")) as pool:
            futures = [
                pool.submit(
                    work,
                    args.index or place / "made",
                    place / f"{at}",
                    args.seed + at,
                    _share(args.queries, at, args.processes),
                    _share(args.reports, at, args.processes),
                    args.seconds,
                )
                for at in range(args.processes)
            ]
            outcomes = [future.result() for future in futures]
    return 0 if print_outcomes(outcomes, args.seed) else 1


def print_outcomes(outcomes: Sequence[Outcome], seed: int) -> bool:
    """Print what the processes did; return whether all is well."""
    heads = (
        "seed",
        "queries",
        "ways",
        "kept",
        "ms each",
        "reports",
        "invalid",
        "read back",
        "searched",
        "hits",
        "seconds",
        "problems",
    )
    rows: list[Row] = []
    memory: list[Row] = []
    for number, one in enumerate(outcomes, seed):
        each = 1000 * one.query_seconds / max(1, one.queries + one.searched)
        counts = (one.reports, one.invalid, one.read_back, one.searched, one.hits, one.seconds, len(one.problems))
        ways = (one.ways, one.kept) if GUIDED else (None, None)
        rows.append((f"{number}", one.queries, *ways, each, *counts))
        memory.append((f"{number}", *(one.tenths() or 10 * [None]), one.growth()))
    table("what each process did", heads, rows)
    if not GUIDED:
        print("\nnot guided by coverage: that takes Python 3.12")
    table("private memory, MB, in each tenth of the run", ("seed", *map(str, range(1, 11)), "after warm-up"), memory, 0)
    slowest = heapq.nlargest(10, itertools.chain.from_iterable(one.slowest for one in outcomes))
    print("\nslowest:")
    for took, query, options in slowest:
        shown = query if len(query) < 100 else f"{query[:80]}… ({len(query):,} characters)"
        print(f"  {took * 1000:8.1f} ms  {shown} {options}")
    problems = [f"--seed {number}: {text}" for number, one in enumerate(outcomes, seed) for text in one.problems]
    for problem in problems[:20]:
        print(f"\n{problem[:3000]}")
    slow, grown = bool(slowest) and slowest[0][0] > LIMIT_S, any(one.growth() == "grew" for one in outcomes)
    print(f"\n{len(problems)} problems; the slowest query {'took too long' if slow else 'was fast enough'}")
    return not (problems or slow or grown)


if __name__ == "__main__":
    sys.exit(main())
