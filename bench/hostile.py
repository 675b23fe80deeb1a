"""Random and hostile queries against an index: none may raise, and none may be slow.

Run: ``python -m bench.hostile INDEX [--queries 200000] [--seed 0] [--seconds S]``. A share of the queries comes from each of: bytes decoded
anyhow, characters of all of Unicode, syllables of the index with their marks changed or dropped, the signs of query languages
between syllables, and long queries of common syllables. Every twentieth is searched with other options (all of the syllables, other
fields, sorted by date, facets, a far page) and has the snippets of its hits made; every twentieth is completed, too.
After ``--seconds`` no more are run.
"""

from __future__ import annotations

import argparse
import heapq
import random
import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vnsearch import Index, fold

#: No query may take longer, in seconds of this process (the machine may be busy).
LIMIT_S = 2.0

SIGNS = '" ( ) [ ] { } * ? ~ ~3 ^ ^2 : + - | & ! \\ / . , ; \u0301 \u0323 \u200b \ud800 \x00'.split(" ")
OPERATORS = (
    "AND OR NOT TO title: body: author: source: category: date: date:2023-01..2023-12 date:9999-99 100% 98.510".split()
)


class Queries:
    """Draws queries; ``syllables`` are those of the index, the commonest first."""

    def __init__(self, syllables: list[str], seed: int) -> None:
        self.chance = random.Random(seed)
        self.syllables = syllables
        self.kinds: list[Callable[[], str]] = [self.decoded, self.unicode, self.changed, self.signs, self.long]

    def draw(self) -> str:
        """Return the next query."""
        return self.chance.choice(self.kinds)()

    def syllable(self) -> str:
        return self.syllables[min(int(self.chance.expovariate(0.005)), len(self.syllables) - 1)]

    def decoded(self) -> str:
        raw = self.chance.randbytes(self.chance.randrange(120))
        encoding = self.chance.choice(("utf-8", "utf-16-le", "latin-1", "cp1258"))
        return raw.decode(encoding, self.chance.choice(("replace", "ignore", "backslashreplace")))

    def unicode(self) -> str:
        ranges = ((0, 0x250), (0x300, 0x370), (0x1E00, 0x2070), (0, 0x110000))
        return "".join(
            chr(self.chance.randrange(*self.chance.choice(ranges))) for _ in range(self.chance.randrange(60))
        )

    def changed(self) -> str:
        """Syllables without their marks, with some of them, decomposed, in upper case, with letters swapped."""
        words = [self.syllable() for _ in range(self.chance.randrange(1, 16))]
        changes: list[Callable[[str], str]] = [
            str,
            fold,
            str.upper,
            lambda word: unicodedata.normalize("NFD", word),
            lambda word: "".join(self.chance.sample(word, len(word))),
            lambda word: word + self.chance.choice(("\u0301", "\u0300\u0302", "j", "s", "1", "99")),
        ]
        return " ".join(self.chance.choice(changes)(word) for word in words)

    def signs(self) -> str:
        pools: tuple[Callable[[], str], ...] = (
            self.syllable,
            lambda: self.chance.choice(SIGNS),
            lambda: self.chance.choice(OPERATORS),
            lambda: f'"{self.syllable()} {self.syllable()}"',
            lambda: f"{self.syllable()[:2]}*",
            lambda: "(" * self.chance.randrange(1, 40),
        )
        between = self.chance.choice(("", " ", " "))
        return between.join(self.chance.choice(pools)() for _ in range(self.chance.randrange(1, 25)))

    def long(self) -> str:
        """Up to the longest that is read, and beyond; most of it common, without marks."""
        if self.chance.random() < 0.95:
            return self.changed()
        words = [fold(self.syllables[self.chance.randrange(400)]) for _ in range(self.chance.randrange(300))]
        return " ".join(words) * self.chance.choice((1, 1, 50))


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


def use(index: Index, query: str, options: dict[str, Any], chance: random.Random) -> None:
    """Search, and now and then look at the hits and complete the query."""
    results = index.search(query, **options)
    assert len(results) <= results.total
    if options:
        for hit in results:
            assert hit.score > 0
            hit.snippet.html()
            hit.title_html()
    if chance.random() < 0.05:
        index.suggest(query)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("index", type=Path)
    parser.add_argument("--queries", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    args = parser.parse_args()
    slowest: list[tuple[float, str, str]] = []
    failed: list[str] = []
    started = time.perf_counter()
    with Index.open(args.index) as index:
        counts = index._current.terms("syllable")
        queries = Queries(sorted(counts, key=lambda term: (-counts[term], term)), args.seed)
        done = 0
        while done < args.queries and time.perf_counter() - started < args.seconds:
            done += 1
            query, options = queries.draw(), _options(queries.chance)
            began = time.process_time()
            try:
                use(index, query, options, queries.chance)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
                failed.append(f"{query!a} {options}: {error!r}")
            took = time.process_time() - began
            heapq.heappush(slowest, (took, ascii(query), str(options)))
            if len(slowest) > 10:
                heapq.heappop(slowest)
    seconds = time.perf_counter() - started
    print(f"{done:,} queries in {seconds:.0f} s, {seconds / done * 1000:.2f} ms each; {len(failed)} raised")
    print("slowest:")
    for took, query, options in sorted(slowest, reverse=True):
        shown = query if len(query) < 100 else f"{query[:80]}… ({len(query):,} characters)"
        print(f"  {took * 1000:8.1f} ms  {shown} {options}")
    for problem in failed[:20]:
        print(f"raised: {problem[:1000]}")
    return 1 if failed or (slowest and max(slowest)[0] > LIMIT_S) else 0


if __name__ == "__main__":
    sys.exit(main())
