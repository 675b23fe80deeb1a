"""Chunks -> numbers: what analysis says about each chunk, worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, chain

import numpy as np
import numpy.typing as npt

from vnsearch.analysis.cut import SIGNS
from vnsearch.analysis.syllables import TERMS, syllable_spans
from vnsearch.segment.segmenter import Segmenter, default_segmenter
from vnsearch.segment.tokens import BREAK, Growing
from vnsearch.segment.tokens import Vocabulary as Words
from vnsearch.text.normalize import place_tones_second

__all__ = ["BREAK", "Chunks", "Columns", "chunks_known"]

# A vocabulary past this size is dropped after the batch and begun anew: a stream of ever new chunks takes no more.
_VOCABULARY_BYTES = 64 << 20

Column = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Columns:
    """For every chunk its number in the segmenter's vocabulary, and its syllables: ``first`` row and their ``count``.

    For every syllable its ``term`` (an index into ``Chunks.terms``), its ``offset`` in the chunk and its ``length`` in
    code points, and its ``slot``: which of the chunk's tokens decides of what word it is.
    """

    number: Column
    first: Column
    count: Column
    term: Column
    offset: Column
    length: Column
    slot: Column


class Chunks(dict[str, int]):
    """Chunk -> number; a chunk looked up for the first time is given the next one.

    The invariants are those of the segmenter's ``Vocabulary``, which this one goes with: what was handed out stays.
    Number ``BREAK`` stands before, between and after texts, and every one of ``SIGNS`` has a number as well.
    """

    def __init__(self, segmenter: Segmenter, words: Words) -> None:
        super().__init__()
        self.segmenter = segmenter
        self.words = words
        self.terms: list[str] = []
        self.size_bytes = 0
        self._numbers: dict[str, int] = {}
        self._new: list[tuple[int, list[int], list[int], list[int], list[int]]] = [(BREAK, [], [], [], [])]
        self._count = 1
        self._rows = 0
        self._arrays = [Growing(np.dtype(np.int32)) for _ in range(7)]
        self._columns: Columns | None = None
        #: Number of every sign, by its code point.
        self.signs = np.zeros(128, np.int32)
        for sign in SIGNS:
            self.signs[ord(sign)] = self[sign]

    def __missing__(self, chunk: str) -> int:
        placed = chunk if chunk.isascii() else place_tones_second(chunk)
        number = self.words[placed]
        spans = [(0, len(chunk))] if chunk.isalpha() else syllable_spans(chunk)
        terms = [TERMS[chunk[start:end]] for start, end in spans]
        lengths = [end - start for start, end in spans]
        offsets = [start for start, _ in spans]
        slots = self._slots(number, offsets) if len(self.words.chunks[number]) > 1 else [0] * len(spans)
        with self.segmenter.lock:
            known = self.get(chunk)
            if known is None:
                known = self._count
                self._new.append((number, [self._term(term) for term in terms], offsets, lengths, slots))
                self._count += 1
                self.size_bytes += 250 + 4 * len(chunk) + 24 * len(spans)
                self[chunk] = known
        return known

    def _slots(self, number: int, offsets: list[int]) -> list[int]:
        """Return for every syllable the first of the tokens that ends behind its start."""
        ends = accumulate(len(row.text) for row in self.words.chunks[number])
        slots = []
        end, slot = next(ends), 0
        for offset in offsets:
            while end <= offset:
                end, slot = next(ends), slot + 1
            slots.append(slot)
        return slots

    def _term(self, term: str) -> int:
        number = self._numbers.setdefault(term, len(self.terms))
        if number == len(self.terms):
            self.terms.append(term)
            self.size_bytes += 150 + 4 * len(term)
        return number

    def columns(self) -> Columns:
        """Return arrays of, at least, every chunk whose number the caller has."""
        with self.segmenter.lock:
            if self._new:
                numbers, *rows = zip(*self._new, strict=True)
                self._new = []
                counts = list(map(len, rows[0]))
                firsts = list(accumulate(counts, initial=self._rows))
                self._rows = firsts.pop()
                parts = [numbers, firsts, counts, *(list(chain.from_iterable(part)) for part in rows)]
                self._columns = Columns(*[a.extend(part) for a, part in zip(self._arrays, parts, strict=True)])
            assert self._columns is not None
            return self._columns


_known: Chunks | None = None


def chunks_known() -> Chunks:
    """Return the vocabulary to number chunks with: the one that goes with the segmenter's, while it is not too large."""
    global _known  # noqa: PLW0603 - threads that do this at once each get one, and the last stays
    segmenter = default_segmenter()
    words = segmenter.vocabulary()
    known = _known
    if known is None or known.words is not words or known.size_bytes > _VOCABULARY_BYTES:
        known = _known = Chunks(segmenter, words)
    return known
