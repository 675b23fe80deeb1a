"""What reading a query needs to know of a collection: its spellings and their counts, its abbreviations, its labels.

A ``Snapshot`` of an index on disk is one; a cluster has another. Queries are read the same way with either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from vnsearch.analysis.abbreviations import AbbreviationTable
from vnsearch.search.choices import Counts

__all__ = ["Triple", "Vocabulary"]

#: Three syllables that follow each other.
Triple = tuple[str, str, str]


class Vocabulary(Counts, Protocol):
    """The words of a collection, counted. What it returns may be remembered for as long as the object lives."""

    @property
    def filterable(self) -> tuple[str, ...]:
        """The keys of ``Report.extra`` that can be filtered."""

    @property
    def abbreviations(self) -> AbbreviationTable:
        """The abbreviations that the reports define."""

    def keys(self, prefix: str) -> list[str]:
        """Return the keys of folded groups that start with a prefix, in order."""

    def terms(self, kind: str, prefix: str = "") -> Mapping[str, int]:
        """Return the terms of a kind that start with a prefix, with their counts; a prefix of "pair" is a syllable and a space."""

    def label_names(self, key: str) -> Sequence[str]:
        """Return the labels that reports have for a key, each once; the same object, as long as they are the same."""

    def together(self, triples: Sequence[Triple]) -> list[tuple[int, int, int, int]]:
        """Return for threes of syllables *a b c* how many reports have *a b*, have *b c*, have both, and have *b*."""

    def first_held(self, terms: Iterable[str], most: int) -> list[str]:
        """Return the first of some terms, syllables apart by spaces, that reports have; counts may remember deleted ones."""
