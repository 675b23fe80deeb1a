"""What is drawn at random: passages of the sample reports, words that no report holds, hostile queries and hostile reports."""

from __future__ import annotations

import datetime as dt
import functools
import math
import random
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from vnsearch import fold, read_corpus
from vnsearch.corpus.samples import samples_path

SIGNS = '" ( ) [ ] { } * ? ~ ~3 ^ ^2 : + - | & ! \\ / . , ; \u0301 \u0323 \u200b \ud800 \x00'.split(" ")
OPERATORS = (
    "AND OR NOT TO title: body: author: source: category: date: date:2023-01..2023-12 date:9999-99 100% 98.510".split()
)

#: Characters of the longest body.
_LONGEST = 1_000_000


@functools.cache
def _words() -> list[str]:
    return [word for report in read_corpus(samples_path()) for word in report.body.split()]


def passage(chance: random.Random, length: int) -> str:
    """Return so many words of the sample reports, as they stand there."""
    words = _words()
    start = chance.randrange(len(words) - length)
    return " ".join(words[start : start + length])


def new_word(number: int) -> str:
    """Return a word that no report holds yet: one syllable."""
    return f"vnsearchbench{number:06d}"


class Queries:
    """Draws queries; ``syllables`` are those of the index, the commonest first."""

    def __init__(self, syllables: Sequence[str], seed: int) -> None:
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
        common = self.syllables[:400]
        words = [fold(self.chance.choice(common)) for _ in range(self.chance.randrange(300))]
        return " ".join(words) * self.chance.choice((1, 1, 50))


class Records:
    """Draws reports as mappings, for ``Report.from_mapping``: texts like hostile queries, and values of all types.

    About one in twenty cannot be a report: a date that is none, an ``extra`` that JSON cannot hold.
    """

    def __init__(self, queries: Queries) -> None:
        self.queries = queries
        self.chance = queries.chance

    def draw(self, number: int, extra: dict[str, Any]) -> dict[Any, Any]:
        """Return the next one; ``number`` makes most of the ids different, and ``extra`` is in its extra where that can be."""
        rare = self.chance.random
        record: dict[Any, Any] = {"id": self.identity(number), "title": self.text(2), self.body_key(): self.body()}
        for name in ("source", "author", "category", "url"):
            if rare() < 0.5:
                record[name] = self.text(1) if rare() < 0.99 else self.value()
        if rare() < 0.7:
            record["date"] = self.date()
        record["extra"] = {**self.mapping(), **extra} if rare() < 0.99 else self.value()
        if rare() < 0.1:
            record[self.text(1)] = self.value()
        if rare() < 0.005:
            record[self.chance.choice(("id", "title", "body", "date", 7, None))] = self.value()
        return record

    def identity(self, number: int) -> object:
        kinds: tuple[Callable[[], object], ...] = (
            lambda: number,
            lambda: f"{number}",
            lambda: f"{number} {self.text(1)}",
            lambda: self.text(1)[:2] or " ",  # one that comes again: an update
        )
        return self.chance.choices(kinds, (30, 30, 30, 10))[0]()

    def body_key(self) -> str:
        return self.chance.choice(("body", "body", "text", "content"))

    def text(self, longest: int) -> str:
        """Return up to so many draws of queries, some with lone surrogates, some decomposed."""
        text = " \n"[self.chance.random() < 0.2].join(
            self.queries.draw() for _ in range(self.chance.randrange(longest + 1))
        )
        change = self.chance.random()
        if change < 0.05:
            return unicodedata.normalize("NFD", text)
        if change < 0.08:
            at = self.chance.randrange(len(text) + 1)
            return text[:at] + chr(self.chance.randrange(0xD800, 0xE000)) + text[at:]
        return text

    def body(self) -> str:
        """Return a passage among hostile texts, nothing at all, or, seldom, a text far longer than any report."""
        rare = self.chance.random()
        if rare < 0.05:
            return ""
        text = f"{self.text(3)} {passage(self.chance, self.chance.randrange(120))} {self.text(2)}"
        return (text * self.chance.randrange(2, 300))[:_LONGEST] if rare > 0.999 else text

    def date(self) -> object:
        day = dt.date.fromordinal(self.chance.randrange(1, dt.date.max.toordinal() + 1))
        at = dt.datetime.combine(day, dt.time(self.chance.randrange(24), self.chance.randrange(60)))
        zone = dt.timezone(dt.timedelta(minutes=self.chance.randrange(-1439, 1440)))
        kinds = (day, at, at.replace(tzinfo=zone), day.isoformat(), at.isoformat(), f"{day}T23:59Z", None, "")
        return self.chance.choice(kinds) if self.chance.random() < 0.98 else self.value()

    def mapping(self) -> dict[Any, Any]:
        return {self.text(1)[:20]: self.value() for _ in range(self.chance.randrange(4))}

    def value(self, depth: int = 0) -> Any:
        """Return a value: most often one that JSON holds, in lists and mappings of its like."""
        kinds: tuple[Callable[[], Any], ...] = (
            lambda: None,
            lambda: self.chance.random() < 0.5,
            lambda: self.chance.randrange(-(1 << 70), 1 << 70),
            lambda: self.chance.uniform(-1, 1) * 10.0 ** self.chance.randrange(-320, 309),
            lambda: self.text(1),
            lambda: [self.value(depth + 1) for _ in range(self.chance.randrange(4 - depth))],
            lambda: tuple(self.value(depth + 1) for _ in range(self.chance.randrange(4 - depth))),
            lambda: {self.text(1): self.value(depth + 1) for _ in range(self.chance.randrange(4 - depth))},
            self.no_json,
        )
        return self.chance.choices(kinds, (2, 2, 2, 2, 4, 2, 1, 2, 0.1))[0]()

    def no_json(self) -> Any:
        deep: list[Any] = []
        for _ in range(200):
            deep = [deep]
        endless: dict[str, Any] = {}
        endless["again"] = endless
        odd = (math.nan, math.inf, 10**5000, b"bytes", {1, 2}, {3: "three"}, {None: 0}, 1j, object(), deep, endless)
        return self.chance.choice(odd)
