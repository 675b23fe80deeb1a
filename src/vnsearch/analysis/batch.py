"""Texts -> arrays of term numbers: what ``analyze_text`` finds, for many texts at once, in the shape an index is made of.

The texts are cut into chunks all together (``cut``); a chunk is looked up (``vocabulary``), and from its number follow its
syllables and its tokens for the segmenter. All the rest is array operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from vnsearch.analysis.abbreviations import find_definitions
from vnsearch.analysis.cut import Cut, cut
from vnsearch.analysis.vocabulary import BREAK, Chunks, chunks_known
from vnsearch.text.offsets import OffsetMap
from vnsearch.text.values import Value, find_values

__all__ = ["TokenBatch", "tokenize_batch"]

Numbers = npt.NDArray[np.uint32]
Lengths = npt.NDArray[np.int64]
Places = npt.NDArray[np.signedinteger[Any]]

_PACKED = 3  # so many syllables make one number; a longer word is rare


@dataclass(slots=True)
class TokenBatch:
    """The analysis of several texts, text after text: different terms once, and arrays that point to them.

    ``syllables``, ``words`` and ``values`` are the different terms, in order of first appearance; ``tokens``,
    ``word_tokens`` and ``value_tokens`` the occurrences as indices into them; ``lengths``, ``word_lengths`` and
    ``value_lengths`` how many of them each text has. ``starts`` and ``ends`` are where each syllable stands,
    ``value_starts`` and ``value_ends`` each value: code points of its text as given, end exclusive.
    ``value_positions`` counts syllables, as in ``Analysis.values``. ``definitions`` holds for each text the
    abbreviations that it defines: (abbreviation, full form).
    """

    syllables: list[str]
    tokens: Numbers
    starts: Numbers
    ends: Numbers
    lengths: Lengths
    words: list[str]
    word_tokens: Numbers
    word_lengths: Lengths
    values: list[str]
    value_tokens: Numbers
    value_positions: Numbers
    value_starts: Numbers
    value_ends: Numbers
    value_lengths: Lengths
    definitions: list[list[tuple[str, str]]]


def tokenize_batch(texts: Sequence[str]) -> TokenBatch:
    """Return the analysis of every text as arrays; the same as ``analyze_text`` finds, several times faster.

    Raises ``SegmentationModelError``: see ``vnsearch.segment.segment``.

    >>> batch = tokenize_batch(["Quận uỷ họp", "Họp quận ủy"])
    >>> batch.syllables, batch.tokens.tolist(), batch.lengths.tolist()
    (['quận', 'ủy', 'họp'], [0, 1, 2, 2, 0, 1], [3, 3])
    >>> batch.words, batch.word_tokens.tolist(), batch.word_lengths.tolist()
    (['quận_ủy', 'họp'], [0, 1, 1, 0], [2, 2])
    """
    pieces = cut(texts)
    origins = pieces.bounds[:-1] + 1
    terms, tokens, starts, ends, heads, bounds = _syllables(chunks_known(), pieces)
    lengths = np.diff(bounds)
    used, _, tokens = _renumbered(tokens, len(terms))
    syllables = [terms[number] for number in used.tolist()]
    words, word_tokens = _words(syllables, tokens, heads)

    values, counts, definitions = _scanned(pieces)
    names: dict[str, int] = {}
    value_tokens = [names.setdefault(value.term, len(names)) for value in values]
    value_lengths = np.array(counts, np.int64)
    value_starts = np.array([value.start for value in values], np.int64)
    value_ends = np.array([value.end for value in values], np.int64)
    positions = np.searchsorted(ends, value_starts + np.repeat(origins, value_lengths), side="right")
    positions -= np.repeat(bounds[:-1], value_lengths)

    starts -= np.repeat(origins, lengths)
    ends -= np.repeat(origins, lengths)
    _lead_back(pieces.maps, bounds, starts, ends)
    _lead_back(pieces.maps, _bounds(value_lengths), value_starts, value_ends)
    return TokenBatch(
        syllables,
        tokens.astype(np.uint32),
        starts.astype(np.uint32),
        ends.astype(np.uint32),
        lengths.astype(np.int64),
        words,
        word_tokens.astype(np.uint32),
        np.diff(np.searchsorted(heads, bounds)).astype(np.int64),
        list(names),
        np.array(value_tokens, np.uint32),
        positions.astype(np.uint32),
        value_starts.astype(np.uint32),
        value_ends.astype(np.uint32),
        value_lengths,
        definitions,
    )


def _syllables(known: Chunks, pieces: Cut) -> tuple[list[str], Places, Places, Places, Places, Places]:
    """Return the terms known, and of every syllable: its term, start and end in the texts as cut; then which syllables
    begin words, and which begin texts (with one more at the end).
    """
    numbers = np.fromiter(map(known.__getitem__, pieces.chunks), np.int32, len(pieces.chunks))
    # Chunks and signs in their order: before a sign stand the chunks that begin before it, and the signs.
    chunks = np.empty(len(numbers) + len(pieces.signs), np.int32)
    begins = np.empty(len(chunks), np.intp)
    at = np.searchsorted(pieces.starts, pieces.signs) + np.arange(len(pieces.signs))
    between = np.ones(len(chunks), np.bool_)
    between[at] = False
    chunks[at] = known.signs[pieces.codes]
    chunks[between] = numbers
    begins[between] = pieces.starts
    breaks = at[np.searchsorted(pieces.signs, pieces.bounds)]
    chunks[breaks] = BREAK

    columns = known.columns()
    decoded = known.segmenter.decode(known.words, columns.number[chunks])
    counts = columns.count[chunks]
    past = np.cumsum(counts)
    owners = np.repeat(np.arange(len(chunks)), counts)
    rows = np.arange(len(owners)) + (columns.first[chunks] - (past - counts))[owners]
    starts = begins[owners] + columns.offset[rows]
    words = np.cumsum(~decoded.joins)[decoded.first[owners] + columns.slot[rows]]
    heads = np.flatnonzero(np.diff(words, prepend=0))
    return known.terms, columns.term[rows], starts, starts + columns.length[rows], heads, past[breaks]


def _words(syllables: list[str], tokens: Places, heads: Places) -> tuple[list[str], Places]:
    """Return the different words and the number of every word; ``heads`` are the tokens that begin them."""
    sizes = np.diff(heads, append=len(tokens))
    base = len(syllables) + 1
    packed = _PACKED if base**_PACKED < 1 << 63 else 1
    numbers = np.zeros(len(heads), np.int64)
    for place in range(packed):
        longer = np.flatnonzero(sizes > place)
        numbers[longer] = numbers[longer] * base + tokens[heads[longer] + place] + 1
    several = np.flatnonzero(sizes > 1)
    different, numbers[several] = np.unique(numbers[several], return_inverse=True)
    numbers[several] += base
    total = base + len(different)
    long: dict[bytes, int] = {}
    for word in np.flatnonzero(sizes > packed).tolist():
        key = tokens[heads[word] : heads[word] + sizes[word]].tobytes()
        numbers[word] = long.setdefault(key, total + len(long))
    _, firsts, numbers = _renumbered(numbers, total + len(long))
    words = []
    for start, size in zip(heads[firsts].tolist(), sizes[firsts].tolist(), strict=True):
        words.append("_".join([syllables[token] for token in tokens[start : start + size].tolist()]))
    return words, numbers


def _renumbered(numbers: Places, limit: int) -> tuple[Places, Places, Places]:
    """Return the different numbers (all below ``limit``) in order of first appearance, where each appears first, and
    for every number its place in that order.
    """
    first = np.full(limit, -1)
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]  # the last to be set stays
    used = np.flatnonzero(first >= 0)
    used = used[np.argsort(first[used])]
    rank = np.empty(limit, np.intp)
    rank[used] = np.arange(len(used))
    return used, first[used], rank[numbers]


def _scanned(pieces: Cut) -> tuple[list[Value], list[int], list[list[tuple[str, str]]]]:
    """Return the values of all texts, how many each has, and the definitions of each."""
    values: list[Value] = []
    counts: list[int] = []
    definitions: list[list[tuple[str, str]]] = []
    bounds = pieces.bounds.tolist()
    for start, end in pairwise(bounds):
        text = pieces.text[start + 1 : end]
        found = find_values(text)
        values += found
        counts.append(len(found))
        definitions.append([(defined.abbreviation, defined.expansion) for defined in find_definitions(text)])
    return values, counts, definitions


def _bounds(lengths: Lengths) -> Places:
    return np.concatenate(([0], np.cumsum(lengths)))


def _lead_back(maps: Sequence[OffsetMap | None], bounds: Places, starts: Places, ends: Places) -> None:
    """Lead the spans of every text back to the text as given, in place; those of text t begin at ``bounds[t]``."""
    for number, offsets in enumerate(maps):
        if offsets is not None:
            spans = slice(bounds[number], bounds[number + 1])
            starts[spans] = np.asarray(offsets.starts, np.intp)[starts[spans]]
            ends[spans] = np.asarray(offsets.ends, np.intp)[ends[spans] - 1]
