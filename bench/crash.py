"""A writer killed at any moment: what it acknowledged is there, whole, and the next writer goes on.

Run: ``python -m bench.crash [--runs 1000] [--seed 0] [--minutes M]``. In each run a child opens the index and adds, updates,
deletes and starts anew, as drawn from the seed, until it is killed (SIGKILL): half of the times after a random wait, half of the
times in the middle of a merge or of a commit. What it has finished it counts in memory that outlives it. The index
must then be sound and hold, report by report, what it held after the last acknowledged operation, or after the one in hand;
searches must find it; the next writer must not have to wait, and leaves no file behind that no commit needs.

It is the process that dies, not the machine: what the system has been given to write, it writes. Processes are forked, so this
runs on POSIX alone.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import mmap
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy is imported: a process with threads is not forked safely

from bench.drawn import new_word, passage
from bench.measure import Row, table
from vnsearch import Index, Report
from vnsearch.index import storage, writer

#: An index with more reports is started anew.
MOST = 1500
#: The longest of the random waits, in seconds: some ten operations.
WAIT_S = 0.1
#: The longest that a merge or a commit is waited for, in seconds.
PATIENCE_S = 60
#: After so many problems it is not worth going on.
ENOUGH = 10
#: From so many runs on, one kill in five must be in a merge or a commit.
RUNS_JUDGED = 100

#: What the writer is doing, and how that is called in the table.
OUTSIDE, WORKING, MERGE, COMMIT, FAILED = range(5)
PHASES = {
    OUTSIDE: "between two operations",
    WORKING: "in an operation",
    MERGE: "in a merge",
    COMMIT: "in a commit",
    FAILED: "after it failed",
}
#: Where the child writes: operations acknowledged, its phase, and (from TOOK on) nanoseconds that the last of each phase took.
ACKNOWLEDGED, PHASE, TOOK = 0, 1, 2

Shared = memoryview
Reports = dict[str, Report]


@dataclass(frozen=True)
class Operation:
    """A call that changes the index, and what the index holds ``after`` it."""

    after: Reports
    given: Sequence[Report | dict[str, Any]] = ()
    ids: Sequence[str] = ()

    def run(self, index: Index) -> Index:
        """Do it; return the index to go on with."""
        if self.given:
            stats = index.add(self.given, on_error="skip")
            assert stats.added + stats.updated == sum(isinstance(item, Report) for item in self.given)
        elif self.ids:
            assert index.delete(self.ids) == len(self.ids)
        else:
            return Index.create(index.path, overwrite=True, filterable=("tags",), lock_timeout_s=0)
        return index


def draw_operation(seed: int, number: int, held: Reports) -> Operation:
    """Return operation ``number`` on an index that holds these reports: always the same one."""
    chance = random.Random(f"{seed} operation {number}")
    kind = chance.random()
    if len(held) > MOST or kind < 0.005:
        return Operation({})
    if held and kind < 0.3:
        ids = chance.sample(list(held), min(len(held), chance.choice((1, 2, 20, 200))))
        gone = set(ids)
        return Operation({identity: report for identity, report in held.items() if identity not in gone}, ids=ids)
    count = chance.choice((1, 1, 1, 3, 10, 30, 100, 300))
    again = chance.sample(list(held), min(len(held), count // 3 if count > 1 else chance.randrange(2)))
    ids = again + [f"{number}-{at}" for at in range(count - len(again))]
    chance.shuffle(ids)
    reports = [_report(chance, identity, 1000 * number + at) for at, identity in enumerate(ids)]
    given: list[Report | dict[str, Any]] = list(reports)
    if chance.random() < 0.2:
        given.insert(chance.randrange(count + 1), {"id": "", "title": "không có mã"})
    return Operation(held | {report.id: report for report in reports}, given)


def _report(chance: random.Random, identity: str, number: int) -> Report:
    """Return a report with a word of its own, by which it is found."""
    body = f"{new_word(number)} {passage(chance, chance.randrange(60))}"
    source = chance.choice(("Báo Sông Lam", "Tin Y tế", None))
    extra = {"word": new_word(number), "tags": chance.sample(("chẵn", "lẻ", "ba"), chance.randrange(3))}
    return Report(identity, f"Tin số {passage(chance, 5)}", body, source=source, extra=extra)


def write(folder: Path, seed: int, number: int, held: Reports, shared: Shared) -> NoReturn:
    """Do one operation after another, from ``number`` on, and acknowledge each; in a child, until it is killed."""

    def phased(phase: int, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            before, shared[PHASE] = shared[PHASE], phase
            began = time.perf_counter_ns()
            try:
                return real(*args, **named)
            finally:
                shared[TOOK + phase], shared[PHASE] = time.perf_counter_ns() - began, before

        return call

    try:
        for module, name, phase in ((writer, "merge", MERGE), (writer, "commit", COMMIT), (storage, "commit", COMMIT)):
            setattr(module, name, phased(phase, getattr(module, name)))
        index = Index.open(folder, lock_timeout_s=0)
        for number in itertools.count(number):  # noqa: B020 - the numbers go on
            operation = draw_operation(seed, number, held)
            shared[PHASE] = WORKING
            index = operation.run(index)
            shared[PHASE] = OUTSIDE
            shared[ACKNOWLEDGED] += 1
            held = operation.after
    except BaseException:  # noqa: BLE001 - the parent is told, whatever it is
        traceback.print_exc()
        shared[PHASE] = FAILED
    os._exit(1)


def wait(chance: random.Random, shared: Shared) -> None:
    """Wait for the moment to kill."""
    at_random = chance.random() < 0.5
    first = 0 if at_random else chance.randrange(8)
    phase = WORKING if at_random else chance.choice((MERGE, COMMIT))
    latest = time.monotonic() + PATIENCE_S
    while shared[PHASE] != phase or shared[ACKNOWLEDGED] < first:
        if shared[PHASE] == FAILED or time.monotonic() > latest:
            return
        time.sleep(0)
    if at_random:
        time.sleep(chance.uniform(0, WAIT_S))
        return
    moment = time.perf_counter_ns() + chance.random() * shared[TOOK + phase]
    while time.perf_counter_ns() < moment:  # to sleep would be to oversleep
        pass


def killed(folder: Path, seed: int, number: int, held: Reports, shared: Shared, chance: random.Random) -> bool:
    """Let a child write and kill it; return whether it lived till then."""
    shared[ACKNOWLEDGED], shared[PHASE] = 0, OUTSIDE
    if not (child := os.fork()):
        write(folder, seed, number, held, shared)
    wait(chance, shared)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def contents(index: Index) -> Reports:
    """Return the reports of an index by their ids."""
    reports = list(index)
    held = {report.id: report for report in reports}
    assert len(held) == len(reports) == len(index), f"{len(index)} reports, {len(reports)} read, {len(held)} ids"
    return held


def other_files(index: Index) -> list[str]:
    """Return the names in the folder that are no segment of the last commit, with # for every number."""
    segments = {leaf.segment.file.path.name for leaf in index._current.leaves}
    return sorted(re.sub(r"\d+", "#", path.name) for path in index.path.iterdir() if path.name not in segments)


def differences(found: Reports, wanted: Reports) -> str:
    """Say how many reports are missing, too many, and others than they should be."""
    changed = sum(found[identity] != wanted[identity] for identity in found.keys() & wanted.keys())
    return f"{len(wanted.keys() - found)} missing, {len(found.keys() - wanted)} too many, {changed} changed"


def search_problems(index: Index, held: Reports, chance: random.Random) -> Iterator[str]:
    """Yield what is wrong with searches of an index that holds these reports."""
    results = index.search("title:tin", limit=1, facets=("source", "tags"))
    sources = Counter(report.source for report in held.values() if report.source)
    tags = Counter(tag for report in held.values() for tag in report.extra["tags"])
    if (results.total, *map(dict, results.facets.values())) != (len(held), sources, tags):
        yield f"{len(held)} reports, but {results.total} hits and {results.facets}"
    for report in chance.sample(list(held.values()), min(len(held), 5)):
        if [hit.report for hit in index.search(f'"{report.extra["word"]}"')] != [report]:
            yield f"report {report.id!r} is not found by its word {report.extra['word']}"


@dataclass
class Crashes:
    """Runs on an index, and what came of them."""

    seed: int
    folder: Path
    shared: Shared
    made: int = 0  #: indexes made: one, and one more after each run that found a problem
    usual: list[str] = field(default_factory=list)
    held: Reports = field(default_factory=dict)
    next: int = 0  #: number of the next operation
    counts: Counter[tuple[str, int]] = field(default_factory=Counter)  #: of what, in which phase

    @property
    def path(self) -> Path:
        return self.folder / f"{self.made}"

    def start(self) -> None:
        """Make a new index, and see which files belong to one."""
        self.made += 1
        self.held = {}
        with Index.create(self.path, filterable=("tags",)) as index:
            index.add([Report("first"), Report("second")])
            index.delete(["first", "second"])
            self.usual = other_files(index)

    def run(self, number: int) -> None:
        """Let a writer be killed, and look at what it left. If anything is wrong, the index is kept, and there is a new one."""
        chance = random.Random(f"{self.seed} run {number}")
        alive = killed(self.path, self.seed, self.next, self.held, self.shared, chance)
        phase = self.shared[PHASE]
        for _ in range(self.shared[ACKNOWLEDGED]):
            self._go_on()
        problems = [] if alive else ["the writer ended by itself: see above"]
        try:
            problems += self._problems(chance, phase)
        except Exception:  # noqa: BLE001 - whatever is raised is a problem
            problems.append(traceback.format_exc())
        self.counts["runs", phase] += 1
        self.counts["acknowledged", phase] += self.shared[ACKNOWLEDGED]
        self.counts["problems", phase] += len(problems)
        for problem in problems:
            print(
                f"--seed {self.seed}, run {number}, killed {PHASES[phase]}: {problem}\nkept: {self.path}",
                flush=True,
            )
        if problems:
            self.start()

    def _go_on(self) -> None:
        self.held = draw_operation(self.seed, self.next, self.held).after
        self.next += 1

    def _problems(self, chance: random.Random, phase: int) -> Iterator[str]:
        """Yield what is wrong with what the writer left, and after writing once more."""
        with contextlib.ExitStack() as stack:
            index = stack.enter_context(Index.open(self.path, lock_timeout_s=0))
            yield from index.check().problems
            found = contents(index)
            if found != self.held:
                acknowledged = self.held
                self._go_on()
                if found != self.held:
                    self.counts["losses", phase] += 1
                    yield f"after the acknowledged operations: {differences(found, acknowledged)}"
                    return
                self.counts["unacknowledged", phase] += 1
            yield from search_problems(index, found, chance)
            index = stack.enter_context(draw_operation(self.seed, self.next, self.held).run(index))
            self._go_on()
            if (found := contents(index)) != self.held:
                yield f"after the next writer: {differences(found, self.held)}"
            yield from search_problems(index, self.held, chance)
            if (files := other_files(index)) != self.usual:
                yield f"files left: {files}; usual are {self.usual}"

    def print_table(self) -> bool:
        """Print the counts by phase; return whether there is no problem, and enough of the kills were in the middle."""
        columns = ("runs", "acknowledged", "unacknowledged", "losses", "problems")
        phases: list[Row] = [(PHASES[phase], *(self.counts[name, phase] for name in columns)) for phase in PHASES]
        sums = [sum(self.counts[name, phase] for phase in PHASES) for name in columns]
        heads = ("killed", "runs", "operations acknowledged", "whole, not acknowledged", "losses", "problems")
        table("writers killed", heads, [*phases, ("all", *sums)])
        runs, inside = sums[0], self.counts["runs", MERGE] + self.counts["runs", COMMIT]
        if runs >= RUNS_JUDGED and inside < runs / 5:
            print(f"\nonly {inside} of {runs} kills were in a merge or a commit: one in five is needed")
            return False
        return not sums[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no run after so many")
    args = parser.parse_args()
    if not hasattr(os, "fork"):
        print("bench.crash forks the process that it kills: run it on Linux or macOS", file=sys.stderr)
        return 2
    began = time.monotonic()
    shared = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("Q")
    crashes = Crashes(args.seed, Path(tempfile.mkdtemp(prefix="vnsearch-crash-")), shared)
    crashes.start()
    done = 0
    while done < args.runs and crashes.made <= ENOUGH and time.monotonic() - began < args.minutes * 60:
        crashes.run(done)
        done += 1
    shutil.rmtree(crashes.path)
    with contextlib.suppress(OSError):  # what is to be kept is in it
        crashes.folder.rmdir()
    sound = crashes.print_table()
    seconds = time.monotonic() - began
    print(f"\n{done:,} runs in {seconds:.0f} s, {seconds / max(1, done):.2f} s each; {'ok' if sound else 'FAILED'}")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
