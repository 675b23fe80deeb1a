"""Readers and writers at one index, all at once: each search sees one commit, whole, and never an older one than before.

Run: ``python -m bench.readers [--seconds 120] [--readers 8] [--writers 2] [--seed 0]``. Every process opens the index itself. A
writer has groups of reports of its own: each of its commits puts a new version of some groups in place, or deletes
some, and is acknowledged in memory that all processes share. Which, is drawn from the seed, so that a reader knows what a writer's
groups look like after any of its commits. Readers refresh, or open the index anew, and search: the hits must be the whole
groups of one commit, not older than what was acknowledged before the refresh, nor than what the reader saw last; totals
and facets must agree with them, and every snippet is made. One more process has four threads that share an index while one of them
refreshes it.

A writer may find the index locked: that is counted. Nothing else may be raised. In the end the index must hold what the writers did.
"""

from __future__ import annotations

import argparse
import ctypes
import functools
import multiprocessing
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.synchronize import Barrier
from pathlib import Path

from bench.drawn import new_word, passage
from bench.measure import Row, table
from vnsearch import Index, IndexLockedError, Report, SearchResults

#: Groups of a writer, and reports of a group.
GROUPS, MEMBERS = 8, 20
#: Threads that share an index.
THREADS = 4
#: Seconds between two commits of a writer, on average; and how long it waits for the other ones.
PAUSE_S, LOCK_TIMEOUT_S = 0.02, 0.05
#: After so many violations a process ends.
ENOUGH = 10
#: Commits that each writer makes at least, however slow the machine is; and seconds to wait for that, or for processes to start.
LEAST, PATIENCE_S = 10, 300

#: The version of each group that is there.
State = dict[int, int]

#: For each writer the number of its last acknowledged commit: shared by all processes.
_acknowledged: ctypes.Array[ctypes.c_int64]


def _start(acknowledged: ctypes.Array[ctypes.c_int64], ready: Barrier) -> None:
    """Begin when all processes are there, and have loaded what is loaded once."""
    global _acknowledged  # noqa: PLW0603 - shared memory can only be given to a process as it starts
    _acknowledged = acknowledged
    with tempfile.TemporaryDirectory() as folder, Index.create(folder) as index:
        index.add([report(0, 0, 0, 0)])
        assert index.search(new_word(0))[0].snippet.html()
    ready.wait(PATIENCE_S)


def _goes_on(deadline: float, outcome: Outcome) -> bool:
    """Tell whether the time is not up, or, on a slow machine, not enough was done."""
    late = time.monotonic() - deadline
    return len(outcome.violations) < ENOUGH and (late < 0 or (late < PATIENCE_S and min(_acknowledged) < LEAST))


@functools.lru_cache(2 * GROUPS * MEMBERS)
def report(writer: int, group: int, member: int, version: int) -> Report:
    """Return a report of a group in a version: always the same one."""
    chance = random.Random(f"{writer} {group} {member} {version}")
    words = f"{new_word(writer)} {new_word(1000 + writer * GROUPS + group)}"
    extra = {"group": group, "version": version}
    body = f"{passage(chance, chance.randrange(80))} {words} bản {version}. {passage(chance, 20)}"
    return Report(f"{writer}-{group}-{member}", passage(chance, 6), body, source=f"{writer}", extra=extra)


class History:
    """What a writer does: ``self[n]`` is the state of its groups after its commit number n, from 1 on."""

    def __init__(self, seed: int, writer: int) -> None:
        self._seed = f"{seed} {writer}"
        self._states: list[State] = [{}]

    def __getitem__(self, commit: int) -> State:
        while commit >= len(self._states):
            self._states.append(self._next(self._states[-1]))
        return self._states[commit]

    def _next(self, state: State) -> State:
        version = len(self._states)
        chance = random.Random(f"{self._seed} {version}")
        chosen = chance.sample(range(GROUPS), chance.randrange(1, 4))
        if chance.random() < 0.3 and state.keys() & chosen:
            return {group: held for group, held in state.items() if group not in chosen}
        return state | dict.fromkeys(chosen, version)


@dataclass
class Outcome:
    """What a process or a thread did, and what went wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def count(self, what: str, how_many: int = 1) -> None:
        self.counts[what] += how_many

    def attempt(self, action: Callable[[], None]) -> None:
        """Do it; whatever it raises is a violation."""
        try:
            action()
        except Exception:  # noqa: BLE001
            self.violations.append(traceback.format_exc(limit=-3))

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(self.counts + other.counts, self.violations + other.violations)


def write(folder: Path, seed: int, writer: int, seconds: float) -> Outcome:
    """Make one commit after another."""
    history, outcome, chance = History(seed, writer), Outcome(), random.Random(f"{seed} writer {writer}")
    commit = 1

    def change() -> None:
        nonlocal commit
        before, after = history[commit - 1], history[commit]
        gone = [f"{writer}-{group}-{member}" for group in before.keys() - after.keys() for member in range(MEMBERS)]
        new = [
            report(writer, group, member, version)
            for group, version in after.items()
            if version == commit
            for member in range(MEMBERS)
        ]
        chance.shuffle(new)
        try:
            if gone:
                assert (deleted := index.delete(gone)) == len(gone), f"{deleted} of {len(gone)} deleted"
            else:
                index.add(new)
        except IndexLockedError:
            outcome.count("lock time-outs")
            return
        _acknowledged[writer] = commit
        outcome.count("commits")
        commit += 1
        time.sleep(chance.expovariate(1 / PAUSE_S))

    deadline = time.monotonic() + seconds
    with Index.open(folder, lock_timeout_s=LOCK_TIMEOUT_S) as index:
        while _goes_on(deadline, outcome):
            outcome.attempt(change)
    return outcome


class Reader:
    """Searches, and knows what may be found."""

    def __init__(self, seed: int) -> None:
        self.histories = [History(seed, writer) for writer in range(len(_acknowledged))]
        self.last = [0] * len(_acknowledged)  #: the number of the commit of each writer that was seen last
        self.outcome = Outcome()

    def look(self, index: Index, acknowledged: Sequence[int], chance: random.Random, alone: bool) -> None:
        """Search for all groups and for some; ``alone`` with the index, all searches must see one commit."""
        for writer, floor in enumerate(acknowledged):
            self.last[writer] = max(self.last[writer], floor)
            state = self._search(index, new_word(writer), writer, range(GROUPS))
            for group in chance.sample(range(GROUPS), 2):
                one = self._search(index, new_word(1000 + writer * GROUPS + group), writer, [group])
                if alone and one.get(group) != state.get(group):
                    raise AssertionError(f"group {group} of writer {writer} has changed: {state}, then {one}")
        if alone and chance.random() < 0.1:
            assert len(list(index)) == len(index)
            assert not (problems := index.check().problems), problems
            self.outcome.count("checks")

    def _search(self, index: Index, word: str, writer: int, groups: Sequence[int]) -> State:
        """Search for some groups of a writer; return their versions."""
        results = index.search(f'"{word}"', limit=GROUPS * MEMBERS, facets=("group", "version", "source"))
        self.outcome.count("searches")
        state = _state(results, writer)
        self.outcome.count("snippets", len(results))
        commits = range(self.last[writer], _acknowledged[writer] + 2)  # one may be made and not yet be acknowledged
        history = self.histories[writer]
        for commit in commits:
            held = history[commit]
            if state == {group: held[group] for group in groups if group in held}:
                self.last[writer] = commit
                return state
        raise AssertionError(
            f"groups {list(groups)} of writer {writer} are {state}: so in none of its commits {commits}"
        )


def _state(results: SearchResults, writer: int) -> State:
    """Return the version of each group that was found, all of whose reports must be there, as they were added."""
    found: dict[tuple[int, int], list[int]] = {}
    for hit in results:
        assert hit.snippet.marks
        hit.snippet.html()
        own, group, member = map(int, hit.id.split("-"))
        version = hit.report.extra["version"]
        assert own == writer, f"{hit} is not of writer {writer}"
        assert hit.report == report(writer, group, member, version), f"{hit} is not as it was added"
        found.setdefault((group, version), []).append(member)
    state = dict(found.keys())
    assert len(state) == len(found), f"groups in two versions: {sorted(found)}"
    for of_one, members in found.items():
        assert sorted(members) == list(range(MEMBERS)), f"of group and version {of_one} only {sorted(members)}"
    sizes = [Counter(f"{key[at]}" for key in found for _ in range(MEMBERS)) for at in (0, 1)]
    sources = Counter({f"{writer}": len(results)}) if results else Counter()
    assert results.total == len(results), f"{len(results)} of {results.total} hits"
    assert [*map(dict, results.facets.values())] == [*sizes, sources], f"{results.facets}, but {sizes} and {sources}"
    return state


def read(folder: Path, seed: int, number: int, seconds: float) -> Outcome:
    """Refresh, or open anew, and search, again and again."""
    reader, chance = Reader(seed), random.Random(f"{seed} reader {number}")
    index = Index.open(folder)

    def once() -> None:
        nonlocal index
        acknowledged = list(_acknowledged)
        if chance.random() < 0.2:
            index.close()
            index = Index.open(folder)
            reader.outcome.count("opens")
        else:
            reader.outcome.count("refreshes")
            reader.outcome.count("new", index.refresh())
        reader.look(index, acknowledged, chance, alone=True)

    deadline = time.monotonic() + seconds
    while _goes_on(deadline, reader.outcome):
        reader.outcome.attempt(once)
    index.close()
    return reader.outcome


def read_in_threads(folder: Path, seed: int, seconds: float) -> Outcome:
    """The same with threads that share one index; the first of them refreshes it."""
    index = Index.open(folder)
    refreshed = list(_acknowledged)  # what was acknowledged before the last refresh
    deadline = time.monotonic() + seconds

    def work(number: int) -> Outcome:
        reader, chance = Reader(seed), random.Random(f"{seed} thread {number}")

        def once() -> None:
            nonlocal refreshed
            if not number:
                acknowledged = list(_acknowledged)
                reader.outcome.count("refreshes")
                reader.outcome.count("new", index.refresh())
                refreshed = acknowledged
            reader.look(index, refreshed, chance, alone=False)

        while _goes_on(deadline, reader.outcome):
            reader.outcome.attempt(once)
        return reader.outcome

    with index, ThreadPoolExecutor(THREADS) as pool:
        return functools.reduce(Outcome.__add__, pool.map(work, range(THREADS)))


def final_problems(folder: Path, seed: int, acknowledged: Sequence[int]) -> list[str]:
    """Return what is wrong with the index that the writers left."""
    wanted = {
        made.id: made
        for writer, commit in enumerate(acknowledged)
        for group, version in History(seed, writer)[commit].items()
        for made in (report(writer, group, member, version) for member in range(MEMBERS))
    }
    with Index.open(folder, lock_timeout_s=0) as index:
        problems = list(index.check().problems)
        if len(index) != len(wanted) or {found.id: found for found in index} != wanted:
            problems.append(f"the index holds other reports than the {len(wanted)} that the writers left")
        return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    acknowledged = context.RawArray(ctypes.c_int64, args.writers)
    processes = args.readers + args.writers + 1
    with tempfile.TemporaryDirectory(prefix="vnsearch-readers-") as name:
        folder = Path(name) / "index"
        Index.create(folder, filterable=("group", "version")).close()
        with ProcessPoolExecutor(
            processes, context, initializer=_start, initargs=(acknowledged, context.Barrier(processes))
        ) as pool:
            writing = [pool.submit(write, folder, args.seed, at, args.seconds) for at in range(args.writers)]
            reading = [pool.submit(read, folder, args.seed, at, args.seconds) for at in range(args.readers)]
            sharing = pool.submit(read_in_threads, folder, args.seed, args.seconds)
            outcomes = {
                "readers": [future.result() for future in reading],
                f"{THREADS} threads, one index": [sharing.result()],
                "writers": [future.result() for future in writing],
            }
        problems = final_problems(folder, args.seed, list(acknowledged))
    columns = ("searches", "snippets", "refreshes", "new", "opens", "checks", "commits", "lock time-outs")
    rows: list[Row] = []
    for who, some in outcomes.items():
        outcome = functools.reduce(Outcome.__add__, some, Outcome())
        problems += outcome.violations
        rows.append((who, len(some), *(outcome.counts[what] for what in columns), len(outcome.violations)))
    heads = ("", "processes", *columns, "violations")
    table(f"{processes} processes at one index for {args.seconds:g} s, --seed {args.seed}", heads, rows)
    for problem in problems[:ENOUGH]:
        print(f"\n{problem}")
    print(f"\nthe index that the writers left, and all that was seen of it: {'FAILED' if problems else 'ok'}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
