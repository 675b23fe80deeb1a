"""Texts -> arrays of term numbers: what ``analyze_batch`` finds, in the shape that an index is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from vnsearch.analysis.analyzer import analyze_batch

__all__ = ["TokenBatch", "tokenize_batch"]

Numbers = npt.NDArray[np.uint32]
Lengths = npt.NDArray[np.int64]


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


def _numbered(terms: Iterable[str]) -> tuple[list[str], Numbers]:
    numbers: dict[str, int] = {}
    found = [numbers.setdefault(term, len(numbers)) for term in terms]
    return list(numbers), np.array(found, np.uint32)


def tokenize_batch(texts: Sequence[str]) -> TokenBatch:
    """Return the analysis of every text as arrays.

    >>> batch = tokenize_batch(["Quận uỷ họp", "Họp quận ủy"])
    >>> batch.syllables, batch.tokens.tolist(), batch.lengths.tolist()
    (['quận', 'ủy', 'họp'], [0, 1, 2, 2, 0, 1], [3, 3])
    >>> batch.words, batch.word_tokens.tolist(), batch.word_lengths.tolist()
    (['quận_ủy', 'họp'], [0, 1, 1, 0], [2, 2])
    """
    analyses = analyze_batch(texts)
    flat = chain.from_iterable
    syllables, tokens = _numbered(flat(analysis.syllables for analysis in analyses))
    words, word_tokens = _numbered(flat(analysis.word_terms() for analysis in analyses))
    values, value_tokens = _numbered(flat(analysis.value_terms() for analysis in analyses))
    found = [value for analysis in analyses for value in analysis.values]
    return TokenBatch(
        syllables,
        tokens,
        np.fromiter(flat(analysis.starts for analysis in analyses), np.uint32),
        np.fromiter(flat(analysis.ends for analysis in analyses), np.uint32),
        np.array([len(analysis.syllables) for analysis in analyses], np.int64),
        words,
        word_tokens,
        np.array([len(analysis.words) for analysis in analyses], np.int64),
        values,
        value_tokens,
        np.array([value.position for value in found], np.uint32),
        np.array([value.start for value in found], np.uint32),
        np.array([value.end for value in found], np.uint32),
        np.array([len(analysis.values) for analysis in analyses], np.int64),
        [analysis.definitions for analysis in analyses],
    )
