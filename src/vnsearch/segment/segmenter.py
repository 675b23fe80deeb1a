"""Texts -> words: the parts put together, in batches of texts as arrays and, for one short text, without them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vnsearch.segment.decode import Decoder, Mask, Places
from vnsearch.segment.exact import exact_labels
from vnsearch.segment.lexicon import Lexicon
from vnsearch.segment.model import Model, load_model
from vnsearch.segment.tokens import BREAK, NEWLINE, Columns, Row, Vocabulary
from vnsearch.text.compose import compose
from vnsearch.text.offsets import OffsetMap

__all__ = ["Decoded", "Segmenter", "default_segmenter"]

Spans = npt.NDArray[np.int64]

# Texts are decoded together up to about so many characters: large enough that array operations cost next to nothing per
# call, small enough for their arrays to stay near the processor.
_BATCH_CHARS = 1 << 18
# Below this, going token by token is faster than the fixed cost of the arrays (``python -m bench.segmentation``).
_SHORT_CHARS = 1000
# A vocabulary past this size is dropped after the batch and begun anew: a stream of ever new tokens takes no more.
_VOCABULARY_BYTES = 64 << 20

_SPACE = np.fromiter(map(str.isspace, map(chr, range(0x3002))), np.bool_)  # no white space lies past U+3000


class Decoded(NamedTuple):
    """Decoded texts: chunk by chunk, and slot by slot.

    ``slots`` are the rows of ``columns`` one after the other; those of chunk c begin at ``first[c]``. Text t lies between
    ``breaks[t]`` and ``breaks[t + 1]`` of them, both left out. ``joins``: this token goes on with the word before it.
    """

    chunks: npt.NDArray[np.int32]
    columns: Columns
    first: Places
    slots: Places
    breaks: Places
    joins: Mask


class Segmenter:
    """A model, and the vocabulary that it has met. May be used from many threads, and over a fork."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._lexicon = Lexicon(model.pairs, model.triples)
        self._decoder = Decoder(model, self._lexicon)
        self.lock = threading.Lock()
        self._vocabulary = Vocabulary(model, self._lexicon, self.lock)

    # One text.

    def words(self, text: str) -> str:
        """Return the words of one text, as ``segment`` does."""
        if len(text) > _SHORT_CHARS:
            return self.words_of([text])[0]
        rows, _ = self._short_rows(compose(text)[0].split("\n"))
        if not rows:
            return text
        return "".join([row[8] if joins else row[7] for row, joins in zip(rows, self._short_joins(rows), strict=True)])[
            1:
        ]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the words of one text, as ``segment_spans`` does."""
        if len(text) > _SHORT_CHARS:
            return [(start, end) for start, end in self.spans_of([text])[0].tolist()]
        composed, offsets = compose(text)
        rows, chunks = self._short_rows(composed.split("\n"))
        starts: list[int] = []
        ends: list[int] = []
        joins = iter(self._short_joins(rows))
        at = 0
        for chunk, tokens in chunks:
            at = composed.index(chunk, at)
            for row in tokens:
                end = at + len(row[6])
                if next(joins):
                    ends[-1] = end
                else:
                    starts.append(at)
                    ends.append(end)
                at = end
        if offsets is not None:
            return [offsets.span(start, end) for start, end in zip(starts, ends, strict=True)]
        return list(zip(starts, ends, strict=True))

    def _short_rows(self, lines: list[str]) -> tuple[list[Row], list[tuple[str, tuple[Row, ...]]]]:
        """Return the tokens of a text given as its lines, and its chunks, each with its tokens."""
        vocabulary = self.vocabulary()
        numbers, known = vocabulary, vocabulary.chunks
        found: list[tuple[str, tuple[Row, ...]]] = []
        for n, line in enumerate(lines):
            if n:
                found.append(("\n", known[NEWLINE]))
            found += [(chunk, known[numbers[chunk]]) for chunk in line.split()]
        return [row for _, rows in found for row in rows], found

    def _short_joins(self, rows: list[Row]) -> list[bool]:
        labels = self._decoder.short_labels(rows)
        if labels is None:
            labels = exact_labels([row.text for row in rows], self.model)
        joins: list[bool] = []
        before = 0
        for row, inside in zip(rows, labels, strict=True):
            kind = row[5]
            joins.append(inside and 0 < kind <= before)
            before = kind
        return joins

    # Many texts.

    def words_of(self, texts: Sequence[str]) -> list[str]:
        """Return the words of many texts, as ``segment_batch`` does."""
        result: list[str] = []
        for part in _parts(texts):
            batch = self._decode([compose(text)[0] for text in part])
            pieces = batch.columns.pieces[batch.slots * 2 + batch.joins].tolist()
            bounds = batch.breaks.tolist()
            for text, start, end in zip(part, bounds, bounds[1:], strict=False):
                result.append("".join(pieces[start + 1 : end])[1:] if end > start + 1 else text)
        return result

    def spans_of(self, texts: Sequence[str]) -> list[Spans]:
        """Return the words of many texts, as ``segment_spans_batch`` does."""
        result: list[Spans] = []
        for part in _parts(texts):
            composed = [compose(text) for text in part]
            result += self._spans([text for text, _ in composed], [offsets for _, offsets in composed])
        return result

    def _spans(self, texts: list[str], maps: list[OffsetMap | None]) -> list[Spans]:
        batch = self._decode(texts)
        columns, slots, breaks = batch.columns, batch.slots, batch.breaks
        # The texts with line breaks for the breaks: its chunks are those of the batch, one by one.
        starts = _chunk_starts("\n".join(["", *texts, ""]))
        origin = starts[np.flatnonzero(batch.chunks == BREAK)] + 1
        begin = np.repeat(starts, columns.count[batch.chunks]) + columns.offset[slots]
        end = begin + columns.length[slots]
        # A word starts where nothing joins, and ends where the next one starts. Breaks are words of their own here.
        heads = np.flatnonzero(~batch.joins)
        words = np.stack((begin[heads], end[np.append(heads[1:], len(slots)) - 1]), axis=1)
        bounds = np.searchsorted(heads, breaks).tolist()
        result: list[Spans] = []
        for offsets, base, first, last in zip(maps, origin.tolist(), bounds, bounds[1:], strict=False):
            spans = words[first + 1 : last] - base
            if offsets is not None and len(spans):
                given_starts, given_ends = np.asarray(offsets.starts), np.asarray(offsets.ends)
                spans = np.stack((given_starts[spans[:, 0]], given_ends[spans[:, 1] - 1]), axis=1).astype(np.int64)
            result.append(spans)
        return result

    def _decode(self, texts: list[str]) -> Decoded:
        vocabulary = self.vocabulary()
        look_up = vocabulary.__getitem__
        numbers = [BREAK]
        for text in texts:
            lines = text.split("\n")
            numbers.extend(map(look_up, lines[0].split()))
            for line in lines[1:]:
                numbers.append(NEWLINE)
                numbers.extend(map(look_up, line.split()))
            numbers.append(BREAK)
        return self.decode(vocabulary, np.array(numbers, np.int32))

    def decode(self, vocabulary: Vocabulary, chunks: npt.NDArray[np.int32]) -> Decoded:
        """Return the words of texts given as the numbers of their chunks, with a ``BREAK`` before, between and after."""
        columns = vocabulary.columns()
        counts = columns.count[chunks]
        ends = np.cumsum(counts)
        slots = np.arange(ends[-1]) + np.repeat(columns.first[chunks] - (ends - counts), counts)
        breaks = np.flatnonzero(slots == BREAK)
        inside, doubtful = self._decoder.labels(self._decoder.scores(columns, slots), breaks)
        for index in doubtful:
            place = slice(breaks[index] + 1, breaks[index + 1])
            tokens = [piece[1:] for piece in columns.pieces[slots[place] * 2]]
            inside[place] = exact_labels(tokens, self.model)
        kind = columns.kind[slots]
        joins = inside & (kind > 0)
        joins[1:] &= kind[1:] <= kind[:-1]
        return Decoded(chunks, columns, ends - counts, slots, breaks, joins)

    def vocabulary(self) -> Vocabulary:
        """Return the vocabulary to number chunks with: the present one, or a new one if that has grown too large."""
        vocabulary = self._vocabulary
        if vocabulary.size_bytes > _VOCABULARY_BYTES:
            # Whoever still uses the old one keeps it until done.
            vocabulary = self._vocabulary = Vocabulary(self.model, self._lexicon, self.lock)
        return vocabulary


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield the texts in groups of about ``_BATCH_CHARS``, each of at least one text."""
    part: list[str] = []
    size = 0
    for text in texts:
        if part and size + len(text) > _BATCH_CHARS:
            yield part
            part, size = [], 0
        part.append(text)
        size += len(text) + 1
    if part:
        yield part


def _chunk_starts(text: str) -> npt.NDArray[np.int64]:
    """Return where the chunks of a text begin; every line break is one."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    space = _SPACE.take(codes, mode="clip")
    starts = ~space
    starts[1:] &= space[:-1]
    starts |= codes == ord("\n")
    return np.flatnonzero(starts)


_lock = threading.Lock()
_segmenter: Segmenter | None = None


def default_segmenter() -> Segmenter:
    """Return the segmenter of the pyvi installed, loaded on first use."""
    global _segmenter  # noqa: PLW0603 - one model per process: loading it takes tens of milliseconds and some memory
    found = _segmenter
    if found is None:
        with _lock:
            if _segmenter is None:
                _segmenter = Segmenter(load_model())
            found = _segmenter
    return found


def _before_fork() -> None:
    _lock.acquire()
    if _segmenter is not None:
        _segmenter.lock.acquire()


def _after_fork() -> None:
    if _segmenter is not None:
        _segmenter.lock.release()
    _lock.release()


# A child begins with copies of the locks as they are: forked while another thread holds one, it would wait for ever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
