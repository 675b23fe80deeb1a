"""The texts of a page of hits, taken apart: what ``Wanted`` looks through where there are no stored tokens."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from vnsearch.analysis.finding import find_syllables, values_of
from vnsearch.index.columnar.container import Array
from vnsearch.index.columnar.tokens import Texts, joined
from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.report import Report

__all__ = ["PageTexts"]

Ints = npt.NDArray[np.int64]


class PageTexts:
    """Titles and bodies of some reports, as a ``TextSource`` of one segment; the documents are the reports, from 0.

    Of the syllables only those are known that may be asked for; all others are number 0. Values are looked for when they are
    asked for: that takes several times as long as all the rest.
    """

    def __init__(self, reports: Sequence[Report], syllables: Iterable[str]) -> None:
        self._texts = [getattr(report, text_field) for report in reports for text_field in TEXT_FIELDS]
        wanted = list(dict.fromkeys(syllables))
        self._numbers = {term: number for number, term in enumerate(wanted, 1)}
        self._values: dict[str, int] = {}
        found = find_syllables(self._texts, wanted)
        self._tokens = found.numbers
        self._lengths = found.lengths
        self._firsts = self._lengths.cumsum() - self._lengths
        self._ends = found.ends
        self._sizes = found.ends - found.starts

    # -- a source of one segment

    def leaf_of(self, number: int) -> tuple[int, int]:
        """Return which segment a document is in, and its number there."""
        return 0, number

    def segment(self, at: int) -> PageTexts:
        """Return the segment."""
        del at
        return self

    def reading(self, what: str) -> contextlib.AbstractContextManager[None]:
        """Nothing is read here that could be damaged."""
        del what
        return contextlib.nullcontext()

    # -- the segment

    @property
    def tokens(self) -> PageTexts:
        """The texts."""
        return self

    def size(self, kind: str) -> int:
        """Return how many different terms of a kind there are, known or not."""
        return 1 + len(self._values if kind == "value" else self._numbers)

    def syllable_numbers(self, syllables: Sequence[str]) -> list[int]:
        """Return the number of each syllable, or -1."""
        return [self._numbers.get(syllable, -1) for syllable in syllables]

    def find(self, kind: str, term: str) -> int:
        """Return the number of a term of a kind, or -1; a value that is asked for has one, there or not."""
        if kind == "value":
            return self._values.setdefault(term, len(self._values))
        return self._numbers.get(term, -1)

    def values_of(self, documents: Ints, field: int) -> tuple[Array, Array, Array, Array]:
        """Return the values of some texts, text after text and in order: (places of the documents, terms, starts, ends)."""
        found = [
            (row, self._values.get(value.term, -1), value.start, value.end)
            for row, document in enumerate(documents.tolist())
            for value in values_of(self._texts[len(TEXT_FIELDS) * document + field])
        ]
        rows, terms, starts, ends = np.array(found, np.int64).reshape(-1, 4).T
        return rows, terms, starts, ends

    # -- its token sequences

    def gather(self, tokens: Ints | slice) -> Array:
        """Return the syllables of some tokens."""
        return self._tokens[tokens]

    def places(self, texts: Texts) -> tuple[Ints, Array]:
        """Return where each token of some texts ends in its text, and how long it is."""
        ends, sizes = (joined([found[run] for run in texts.runs], np.int64) for found in (self._ends, self._sizes))
        return ends, sizes

    def sequence(self, document: int, field: int) -> Array:
        """Return the syllables of a document's title (0) or body (1)."""
        first, length = (int(found[len(TEXT_FIELDS) * document + field]) for found in (self._firsts, self._lengths))
        return self._tokens[first : first + length]

    def read(self, documents: Ints, field: int) -> Texts:
        """Return some documents' titles (0) or bodies (1), one after the other."""
        texts = len(TEXT_FIELDS) * documents + field
        return Texts(self, self._firsts[texts], self._lengths[texts])
