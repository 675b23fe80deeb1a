"""The words of a collection on a cluster: from the lexicon what reading every query needs, from the cluster what few need."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from vnsearch.analysis.abbreviations import AbbreviationTable
from vnsearch.opensearch.collection import Collection
from vnsearch.opensearch.compiling import Query, term_filter
from vnsearch.opensearch.lexicon import Lexicon
from vnsearch.opensearch.planning import KnownCounts
from vnsearch.search.choices import Groups
from vnsearch.search.vocabulary import Triple

__all__ = ["ClusterVocabulary"]

# A query may name many labels of one key.
_LABELS_KEPT_S = 1.0
# Completions looked up together: more than are asked for, since some may have gone.
_LOOKED_UP = 32


class ClusterVocabulary:
    """A ``Vocabulary`` of a collection, as one state of its lexicon has it."""

    def __init__(self, lexicon: Lexicon, collection: Collection, filterable: tuple[str, ...]) -> None:
        self.lexicon = lexicon
        self.filterable = filterable
        self.counts = KnownCounts()
        self._collection = collection
        self._labels: dict[str, tuple[float, Sequence[str]]] = {}

    @property
    def groups(self) -> Groups:
        """The folded groups of the syllables."""
        return self.lexicon.groups

    @property
    def syllable_count(self) -> int:
        """How many syllables there are, in all."""
        return self.lexicon.syllable_count

    @property
    def pair_types(self) -> int:
        """How many different pairs there are."""
        return self.lexicon.pair_types

    @property
    def abbreviations(self) -> AbbreviationTable:
        """The abbreviations that the reports define."""
        return self.lexicon.abbreviations

    def neighbours(self, syllables: Sequence[str]) -> Sequence[tuple[int, int]]:
        """Return for each syllable how many different ones stand before it, and after it."""
        return self.lexicon.neighbours(syllables)

    def pair_counts(
        self, steps: Sequence[tuple[Sequence[str], Sequence[str]]], discount: float = 0.0
    ) -> npt.NDArray[np.float64]:
        """Return for every step how often each of the second syllables follows each of the first."""
        return self.lexicon.pair_counts(steps, discount)

    def keys(self, prefix: str) -> list[str]:
        """Return the keys of folded groups that start with a prefix, in order."""
        return self.lexicon.keys(prefix)

    def terms(self, kind: str, prefix: str = "") -> Mapping[str, int]:
        """Return the terms of a kind that start with a prefix, with their counts."""
        return self.lexicon.terms(kind, prefix)

    def label_names(self, key: str) -> Sequence[str]:
        """Return the labels that reports have for a key; one request, a second later another."""
        now = time.monotonic()
        asked, names = self._labels.get(key, (now - _LABELS_KEPT_S, ()))
        if now - asked >= _LABELS_KEPT_S:
            found = self._collection.label_names(key)
            names = names if found == names else found
            self._labels[key] = now, names
        return names

    def together(self, triples: Sequence[Triple]) -> list[tuple[int, int, int, int]]:
        """Return for threes of syllables *a b c* how many reports have *a b*, *b c*, both, and *b*; one request."""
        wanted: dict[str, Query] = {}
        names = [(f"{a} {b}", f"{b} {c}", f"{a} {b} {c}", b) for a, b, c in triples]
        for term in dict.fromkeys(name for four in names for name in four):
            kind = ("syllable", "pair", "phrase")[term.count(" ")]
            wanted[term] = term_filter(kind, term)
        _, counts = self._collection.count_all(list(wanted.values()))
        count = dict(zip(wanted, counts, strict=True))
        return [(count[first], count[second], count[both], count[middle]) for first, second, both, middle in names]

    def first_held(self, terms: Iterable[str], most: int) -> list[str]:
        """Return the first of some terms, syllables apart by spaces, that reports have; as a rule one request."""
        left = iter(terms)
        found: list[str] = []
        while len(found) < most and (some := list(islice(left, max(_LOOKED_UP, most - len(found))))):
            kinds = [("phrase" if " " in term else "syllable", term) for term in some]
            _, counts = self._collection.count_all([term_filter(kind, term) for kind, term in kinds])
            found += [term for term, count in zip(some, counts, strict=True) if count]
        return found[:most]
