"""Queries drawn at random, of plain words and of all that the query language has, about the reports of ``random_reports``."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from typing import Any

from random_reports import SOURCES, SYLLABLES, TAGS, VALUES, WORDS
from vnsearch import fold

_COMMON = SYLLABLES[:12]


class Drawn:
    """Draws queries and options of searches."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def word(self) -> str:
        word = self.chance.choice((*_COMMON, *SYLLABLES))
        rare = self.chance.random()
        if rare < 0.1:
            word = self.chance.choice((*WORDS, *VALUES))
        elif rare < 0.15:
            word = self.chance.choice(
                ("xyzt", "thoon", "dduowngf", "của", "và", "ơ", "HTX", "QCDC", "hợp tác xã", "7,5 %")
            )
        changes: list[Callable[[str], str]] = [
            str,
            str,
            fold,
            fold,
            str.upper,
            lambda one: unicodedata.normalize("NFD", one),
        ]
        return self.chance.choice(changes)(word)

    def words(self, most: int = 5) -> str:
        return " ".join(self.word() for _ in range(self.chance.randint(1, most)))

    def phrase(self) -> str:
        some = [self.chance.choice(_COMMON) for _ in range(self.chance.randint(1, 4))]
        if self.chance.random() < 0.3:
            some = [some[0]] * len(some)
        if self.chance.random() < 0.3:
            some = [fold(one) for one in some]
        slop = self.chance.choice(("", "", "~1", "~2", "~5")) if len(some) < 3 else ""
        return f'"{" ".join(some)}"{slop}'

    def prefix(self) -> str:
        word = self.chance.choice(SYLLABLES)
        before = f"{self.chance.choice(_COMMON)} " if self.chance.random() < 0.5 else ""
        return f"{before}{self.chance.choice((word, fold(word)))[: self.chance.randint(1, 3)]}*"

    def label(self) -> str:
        value = self.chance.choice(SOURCES)
        value = self.chance.choice((value, value.lower(), fold(value), value.split()[0]))
        return self.chance.choice(
            (f'source:"{value}"', f"tags:{self.chance.choice(TAGS).split()[0]}", 'category:"du lịch"')
        )

    def dates(self) -> str:
        year = self.chance.choice((2020, 2021, 2022, 2023))
        return self.chance.choice((f"date:{year}", f"date:{year}-03..{year}-09", f"date:..{year}", f"date:{year}-05.."))

    def query(self, depth: int = 0) -> str:
        kinds: list[Callable[[], str]] = [self.words, self.words, self.phrase, self.prefix, self.label, self.dates]
        parts = []
        for _ in range(self.chance.randint(1, 3)):
            if depth < 3 and self.chance.random() < 0.3:
                part = f"({self.query(depth + 1)})"
                part = self.chance.choice(("", "", "title:", "body:")) + part
            else:
                part = self.chance.choice(kinds)()
                if part[0] not in "stcd" or '"' not in part:
                    part = self.chance.choice(("", "", "", "title:", "body:")) + part
            parts.append(self.chance.choice(("", "", "", "+", "-")) + part)
        return self.chance.choice((" ", " ", " OR ", " AND ", " NOT ")).join(parts)

    def options(self) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if self.chance.random() < 0.3:
            options["match"] = "all"
        if self.chance.random() < 0.2:
            options["filters"] = {
                self.chance.choice(("source", "tags", "category")): self.chance.choice((*SOURCES, *TAGS, "du lịch"))
            }
        if self.chance.random() < 0.2:
            options["date_from"] = "2021-08-01"
        if self.chance.random() < 0.2:
            options["date_to"] = "2022-08-01"
        if self.chance.random() < 0.2:
            options["fields"] = self.chance.choice(({"title": 2.0}, {"body": 1.0}))
        return options
