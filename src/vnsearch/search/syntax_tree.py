"""What a query asks for, as a tree; ``syntax`` makes it of the text, and says what it means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = [
    "Clause",
    "Dates",
    "Either",
    "Field",
    "Group",
    "Labels",
    "Node",
    "Occur",
    "Phrase",
    "Prefix",
    "Words",
    "describe",
]

Occur = Literal["should", "must", "filter", "not"]


# Spans are code points of the query as given, end exclusive; what stands there is left to the analysis.


@dataclass(frozen=True, slots=True)
class Words:
    """Words as they stand there, with whatever punctuation is between them."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Prefix:
    """Words as they stand there, the last of which is only the beginning of a word."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Phrase:
    """What stands between quotes. Between one word and the next, up to ``slop`` others (0: none)."""

    start: int
    end: int
    slop: int = 0


@dataclass(frozen=True, slots=True)
class Field:
    """A node whose words are looked for in one field only, "title" or "body". A field inside it says otherwise."""

    name: str
    node: Node


@dataclass(frozen=True, slots=True)
class Labels:
    """Reports with one of these values of a key; values as typed, without quotes."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dates:
    """Reports from one day to another, both included. None: open; one of them is a day."""

    first: dt.date | None
    last: dt.date | None


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a group: "should", "must", "filter" (must, but never scored) or "not"."""

    occur: Occur
    node: Node


@dataclass(frozen=True, slots=True)
class Group:
    """Parts side by side, at least one."""

    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Alternatives, at least two."""

    nodes: tuple[Node, ...]


Node: TypeAlias = Words | Prefix | Phrase | Field | Labels | Dates | Group | Either


# -- trees for people

_OCCURS = {"should": "wanted", "must": "needed", "filter": "only", "not": "left out"}


def describe(node: Node, text: str) -> str:
    """Return what a tree asks for, for people: a line for each part, indented below what it belongs to.

    >>> from vnsearch.search.syntax import parse_syntax
    >>> query = "họp (title:đê OR lũ lụt)"
    >>> print(describe(parse_syntax(query), query))
    wanted: words: họp
    wanted:
      either: in title: words: đê
      or: words: lũ lụt
    """
    return "\n".join(_lines(node, text))


def _lines(node: Node, text: str) -> list[str]:
    """Return the lines of the parts of a node, each under its label; a part of one line stands beside it."""
    parts: Sequence[tuple[str, Node]]
    match node:
        case Group(clauses):
            parts = [(_OCCURS[clause.occur], clause.node) for clause in clauses]
        case Either(nodes):
            parts = [("or" if at else "either", one) for at, one in enumerate(nodes)]
        case Field(name, inner):
            parts = [(f"in {name}", inner)]
        case _:
            return [_line(node, text)]
    found: list[str] = []
    for label, part in parts:
        lines = _lines(part, text)
        found += [f"{label}: {lines[0]}"] if len(lines) == 1 else [f"{label}:", *(f"  {line}" for line in lines)]
    return found


def _line(node: Words | Prefix | Phrase | Labels | Dates, text: str) -> str:
    match node:
        case Labels(key, values):
            return f"{key}: {' or '.join(' '.join(value.split()) for value in values)}"
        case Dates(first, last):
            return " ".join(f"{word} {day.isoformat()}" for word, day in (("from", first), ("to", last)) if day)
    written = " ".join(text[node.start : node.end].split())
    match node:
        case Prefix():
            return f"words: {written}…"
        case Phrase(slop=slop):
            return f"phrase: {written}" + (f", up to {slop} words between" if slop else "")
    return f"words: {written}"
