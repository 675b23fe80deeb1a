"""A text being read for values: what was found, what is spoken for, and what stands around a place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from vnsearch.text import value_forms as forms

__all__ = ["Scan", "Value"]


class Value(NamedTuple):
    """A value in a text: its ``kind``, its ``term``, and where it is (code points, ``end`` exclusive)."""

    kind: str
    term: str
    start: int
    end: int


class Scan:
    """One text, and the values found in it so far. The rules are functions of it, in the modules beside this one.

    A rule returns where to read on, or 0 when the form is not its own.
    """

    __slots__ = ("_word", "claims", "found", "last_date_end", "last_end", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Value] = []
        self.claims: list[tuple[int, int]] = []  # spans in which digits are nobody else's; apart from each other
        self.last_end = -1  # a sign right after a value ties nothing to it: "8h30-10h"
        self.last_date_end = -1
        self._word = (-1, "", "")  # before which place, and what it is: several rules ask in turn

    def add(self, kind: str, terms: Iterable[str], start: int, end: int) -> int:
        """Note the terms for that span and return its end."""
        for term in terms:
            self.found.append(Value(kind, term, start, end))
        self.last_end = end
        if kind == "date":
            self.last_date_end = end
        return end

    def claim(self, kind: str, terms: Iterable[str], start: int, end: int) -> int:
        """Note the terms and keep every later rule out of the span. To be followed by a sort of ``claims``."""
        self.claims.append((start, end))
        return self.add(kind, terms, start, end)

    def claimed(self, at: int) -> bool:
        """Return whether a claim (of the sorted ones) covers a place."""
        index = bisect_right(self.claims, (at, len(self.text) + 1)) - 1
        return index >= 0 and at < self.claims[index][1]

    def tied(self, start: int) -> str:
        """Return the sign that ties digits to what stands before (*Covid-19*, *I.2*, *51 A -123*), or nothing."""
        text = self.text
        sign = text[start - 1] if start else ""
        if not sign or sign not in "-–−/.,:+&=_'" or start - 1 == self.last_end:
            return ""
        before = text[start - 2] if start > 1 else ""
        if before.isalnum() or before in (")", "]", "…") or sign == "+":
            return sign
        # A licence plate with a space: "51 A -123.45".
        return sign if sign in "-–" and before == " " and text[start - 3 : start - 2].isupper() else ""

    def word_before(self, start: int) -> tuple[str, str]:
        """Return the word before a place, as written, and what is between: spaces, maybe a bracket or a comma."""
        if self._word[0] != start:
            match = forms.PREVIOUS_WORD.search(self.text, max(0, start - forms.PREVIOUS_WORD_CHARS), start)
            self._word = (start, match[1], match[2]) if match else (start, "", "")
        return self._word[1:]

    def goes_on(self, end: int) -> bool:
        """Return whether a letter, a digit or ``_`` stands right after."""
        after = self.text[end : end + 1]
        return after.isalnum() or after == "_"
