"""Analysed reports -> the arrays of a segment: numbers for terms, and one sort for each kind of terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vnsearch.analysis.batch import TokenBatch
from vnsearch.index.columnar.container import Array, ArrayFileWriter, Seal, narrow
from vnsearch.index.columnar.postings import (
    DOCUMENTS_MAX,
    FIELD_BITS,
    IN_BODY,
    IN_OPENING,
    IN_TITLE,
    TEXT_BITS,
    Inverted,
    invert,
    write_postings,
)
from vnsearch.index.columnar.segment import Age
from vnsearch.index.columnar.stored import Block, write_blocks
from vnsearch.index.columnar.terms import encode_term, write_groups, write_pairs, write_terms
from vnsearch.index.columnar.tokens import Places, encode_places, write_tokens

__all__ = ["OPENING", "AnalysedReports", "SegmentBuilder", "pair_firsts", "text_keys"]

#: The opening of a body: so many of its syllables and the pairs of these, so many of its words, of its values.
OPENING = 30
# Three numbers have to share 64 bits in the key of a pair: two syllables, and 18 bits of document and field.
_SYLLABLES_MAX = 1 << 23
# What building takes at its peak, measured: bytes for each syllable, and for each different term.
_BYTES_PER_TOKEN = 20
_BYTES_PER_TERM = 400


class Vocabulary(dict[str, int]):
    """Term -> number, given out in the order of first appearance: a term looked up is known from then on."""

    def __missing__(self, term: str) -> int:
        number = self[term] = len(self)
        return number


@dataclass(slots=True)
class AnalysedReports:
    """Some reports, analysed: what worker processes hand over.

    ``texts`` holds each report's title and body, in turn. ``lists`` has for each dictionary of whole values (ids,
    definitions, labels) the terms of every report. ``days`` are ordinals, 0 for no date.
    """

    ids: list[str]
    texts: TokenBatch
    lists: Mapping[str, Sequence[Sequence[str]]]
    days: npt.NDArray[np.int32]
    blocks: list[Block]


def _number(vocabulary: Vocabulary, terms: Iterable[str]) -> npt.NDArray[np.uint32]:
    """Return the numbers of the terms, giving new ones to those not seen before."""
    return np.fromiter(map(vocabulary.__getitem__, terms), np.uint32)


def _sorted(vocabulary: Vocabulary) -> tuple[list[bytes], npt.NDArray[np.uint32]]:
    """Return the terms in order, and the place in that order of each number."""
    terms = sorted(vocabulary)
    ranks = np.empty(len(terms), np.uint32)
    ranks[np.fromiter(map(vocabulary.__getitem__, terms), np.int64, len(terms))] = np.arange(len(terms))
    return [encode_term(term) for term in terms], ranks


@dataclass(slots=True)
class _Kind:
    """The occurrences of one kind of terms, report after report, title before body."""

    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    tokens: list[npt.NDArray[np.uint32]] = field(default_factory=list)
    lengths: list[npt.NDArray[np.int64]] = field(default_factory=list)

    def add(self, terms: Sequence[str], tokens: Array, lengths: Array) -> None:
        numbers = _number(self.vocabulary, terms)
        self.tokens.append(numbers[tokens])
        self.lengths.append(lengths)


class SegmentBuilder:
    """Collects analysed reports and writes them as one segment."""

    def __init__(self) -> None:
        self.documents = 0
        self._size = 0
        self._kinds = {kind: _Kind() for kind in ("syllable", "word", "value")}
        self._places: list[Places] = []
        self._value_starts: list[Array] = []
        self._value_ends: list[Array] = []
        self._lists: dict[str, tuple[Vocabulary, list[Array], list[Array]]] = {}
        self._days: list[Array] = []
        self._blocks: list[Block] = []

    def memory(self) -> int:
        """Return about how many bytes building takes at its peak."""
        return self._size * _BYTES_PER_TOKEN + _BYTES_PER_TERM * sum(
            len(kind.vocabulary) for kind in self._kinds.values()
        )

    def has_room(self, reports: AnalysedReports) -> bool:
        """Tell whether these reports still fit into this segment."""
        syllables = len(self._kinds["syllable"].vocabulary) + len(reports.texts.syllables)
        return self.documents + len(reports.ids) <= DOCUMENTS_MAX and syllables <= _SYLLABLES_MAX

    def add(self, reports: AnalysedReports) -> None:
        """Take reports in; they get the next document numbers."""
        texts = reports.texts
        self._kinds["syllable"].add(texts.syllables, texts.tokens, texts.lengths)
        self._kinds["word"].add(texts.words, texts.word_tokens, texts.word_lengths)
        self._kinds["value"].add(texts.values, texts.value_tokens, texts.value_lengths)
        self._places.append(encode_places(texts.starts, texts.ends, texts.lengths))
        self._value_starts.append(texts.value_starts)
        self._value_ends.append(texts.value_ends)
        for name, rows in reports.lists.items():
            vocabulary, numbers, documents = self._lists.setdefault(name, (Vocabulary(), [], []))
            different = [list(dict.fromkeys(row)) for row in rows]
            numbers.append(_number(vocabulary, chain.from_iterable(different)))
            counts = np.fromiter(map(len, different), np.int64, len(different))
            documents.append(np.repeat(np.arange(self.documents, self.documents + len(rows)), counts))
        self._days.append(reports.days)
        self._blocks += reports.blocks
        self.documents += len(reports.ids)
        self._size += len(texts.tokens)

    def write(self, path: Path, age: Age) -> Seal:
        """Write the segment and return its seal; the builder is used up, so that memory goes as the file grows."""
        with ArrayFileWriter(path) as file:
            file.facts["documents"] = self.documents
            file.facts["lists"] = sorted(self._lists)
            file.facts["age"] = age
            file.add("days", np.concatenate(self._days).astype(np.int32))
            write_blocks(file, self._blocks)
            self._blocks.clear()
            self._write_lists(file)
            self._write_values(file)
            self._write_kind(file, "word")
            self._write_syllables(file)
        return file.seal

    def _write_lists(self, file: ArrayFileWriter) -> None:
        for name, (vocabulary, numbers, documents) in self._lists.items():
            terms, ranks = _sorted(vocabulary)
            keys = ranks[np.concatenate(numbers)].astype(np.uint64) << np.uint64(16)
            keys |= np.concatenate(documents).astype(np.uint64)
            keys.sort()
            starts = np.searchsorted(keys >> np.uint64(16), np.arange(len(terms) + 1, dtype=np.uint64))
            write_terms(file, f"field.{name}", terms)
            write_postings(file, f"field.{name}", Inverted(starts, keys.astype(np.uint16)))

    def _write_kind(self, file: ArrayFileWriter, name: str) -> tuple[list[Array], list[Array], int]:
        """Write dictionary, postings and lengths of a kind; return (tokens by part, lengths by part, different terms)."""
        kind = self._kinds.pop(name)
        terms, ranks = _sorted(kind.vocabulary)
        kind.vocabulary.clear()
        write_terms(file, name, terms)
        if name == "syllable":
            write_groups(file, terms)
        size = len(terms)
        del terms
        for part in kind.tokens:
            np.take(ranks, part, out=part, mode="clip")  # every number is a rank; "raise" would make a copy
        write_postings(file, name, invert(_keys(kind.tokens, kind.lengths))[1])  # every term occurs
        lengths = np.concatenate(kind.lengths)
        file.add(f"{name}.title_lengths", narrow(lengths[::2]))
        file.add(f"{name}.body_lengths", narrow(lengths[1::2]))
        return kind.tokens, kind.lengths, size

    def _write_values(self, file: ArrayFileWriter) -> None:
        tokens, *_ = self._write_kind(file, "value")
        starts = np.concatenate(self._value_starts)
        file.add("value_tokens", narrow(np.concatenate(tokens)))
        file.add("value_starts", narrow(starts))
        file.add("value_lengths", narrow(np.concatenate(self._value_ends) - starts))

    def _write_syllables(self, file: ArrayFileWriter) -> None:
        tokens, lengths, size = self._write_kind(file, "syllable")
        write_tokens(file, tokens, self._places, size)
        self._places.clear()
        keys = _pair_keys(tokens, lengths, size)
        del tokens
        pairs, lists = invert(keys)
        del keys
        firsts, seconds = np.divmod(pairs, np.uint64(max(size, 1)))
        write_pairs(file, firsts.astype(np.int64), seconds, size)
        write_postings(file, "pair", lists)


def _keys(tokens: Sequence[Array], lengths: Sequence[Array]) -> npt.NDArray[np.uint64]:
    """Return the keys of all tokens, for ``invert``; the texts' lengths say which text, title or body, holds each."""
    keys = np.empty(sum(map(len, tokens)), np.uint64)
    filled = document = 0
    for part, sizes in zip(tokens, lengths, strict=True):
        mine = keys[filled : filled + len(part)]
        mine[:] = part
        mine <<= TEXT_BITS
        mine |= text_keys(document, sizes, OPENING)
        filled, document = filled + len(part), document + len(sizes) // 2
    return keys


def _pair_keys(tokens: Sequence[Array], lengths: Sequence[Array], syllables: int) -> npt.NDArray[np.uint64]:
    """Return the keys of all pairs, each ``first * syllables + second``."""
    keys = np.empty(sum(int(np.maximum(sizes - 1, 0).sum()) for sizes in lengths), np.uint64)
    filled = document = 0
    for part, sizes in zip(tokens, lengths, strict=True):
        firsts = pair_firsts(sizes)
        mine = keys[filled : filled + len(firsts)]
        mine[:] = part[firsts]
        mine *= np.uint64(syllables)
        mine += part[firsts + 1]
        mine <<= TEXT_BITS
        mine |= text_keys(document, np.maximum(sizes - 1, 0), OPENING - 1)
        filled, document = filled + len(firsts), document + len(sizes) // 2
    return keys


def pair_firsts(lengths: Array) -> npt.NDArray[np.intp]:
    """Return which tokens of some texts begin a pair: all but the last of each text."""
    within = np.ones(int(lengths.sum()), np.bool_)
    within[np.cumsum(lengths)[lengths > 0] - 1] = False
    return np.flatnonzero(within)


def text_keys(first: int, lengths: Array, opening: int) -> npt.NDArray[np.uint64]:
    """Return ``document << 2 | field`` for each token of some texts, title and body in turn; so many open a body."""
    titles, bodies = lengths[::2], lengths[1::2]
    openings = np.minimum(bodies, opening)
    documents = np.arange(first, first + len(titles), dtype=np.uint64) << FIELD_BITS
    fields = np.array((IN_TITLE, IN_OPENING, IN_BODY), np.uint64)
    sizes = np.column_stack((titles, openings, bodies - openings))
    return np.repeat(documents[:, None] | fields, sizes.ravel())
