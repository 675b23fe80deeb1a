"""Lexicons of analysed reports, and one lexicon of several, within bounds.

Counts are added up by sorting 64-bit keys. What is past a bound goes, the rarest first; among equally rare ones it is as good as
drawn by lot, for any other order would favour some letters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.build import AnalysedReports, Vocabulary, pair_firsts
from vnsearch.index.columnar.container import Array, changes
from vnsearch.index.columnar.terms import encode_term
from vnsearch.index.schema import DEFINITIONS
from vnsearch.opensearch.lexicon import I64, KINDS, Content, Lexicon, Pairs, TermCounts

__all__ = ["BOUNDS", "EMPTY", "Bounds", "LexiconBuilder", "lexicon_of", "merged"]


class Bounds(NamedTuple):
    """How many different pairs, syllables, words and definitions a lexicon holds at most."""

    pairs: int = 1_000_000
    syllables: int = 1_000_000
    words: int = 500_000
    definitions: int = 100_000


#: The bounds where no others are given.
BOUNDS = Bounds()
# Bytes of a syllable, a word or a definition; longer ones are no language, and are left out.
_LONGEST = 256
# A builder folds what it has into one lexicon when so many pairs, or different syllables and words, have come together.
_PAIRS_WAITING = 1 << 21
_TERMS_WAITING = 1 << 18
# Odd, and without a pattern: it strews the numbers of things over 64 bits (Knuth's multiplicative hashing).
_STREW = np.uint64(0x9E3779B97F4A7C15)
_NONE = np.empty(0, np.int64)


def _numbers(values: Iterable[int], count: int) -> I64:
    return np.fromiter(values, np.int64, count)


def _summed(keys: I64, counts: I64) -> Pairs:
    """Return different keys, ascending, with the sums of their counts."""
    order = np.argsort(keys, kind="stable")  # which finds runs that are sorted already
    keys = keys[order]
    firsts = np.flatnonzero(changes(keys))
    return Pairs(keys[firsts], np.add.reduceat(counts[order], firsts) if len(firsts) else counts[:0])


def _commonest(counts: I64, most: int) -> npt.NDArray[np.bool_]:
    """Return which ones are kept of things with these counts, ``most`` of them at most."""
    if len(counts) <= most:
        return np.ones(len(counts), np.bool_)
    least = int(np.partition(counts, len(counts) - most)[len(counts) - most]) if most else int(counts.max()) + 1
    kept = counts > least
    equal = np.flatnonzero(counts == least)
    lots = equal.astype(np.uint64) * _STREW
    kept[equal[np.argsort(lots, kind="stable")[: most - int(np.count_nonzero(kept))]]] = True
    return kept


def _united(parts: Sequence[TermCounts]) -> tuple[TermCounts, list[I64]]:
    """Return all terms of the parts with the sums of their counts, and for each part the places of its terms among them."""
    terms = sorted(dict.fromkeys(chain.from_iterable(part.terms for part in parts)))
    place = dict(zip(terms, range(len(terms)), strict=True))
    counts = np.zeros(len(terms), np.int64)
    places = []
    for part in parts:
        at = _numbers(map(place.__getitem__, part.terms), len(part.terms))
        counts[at] += part.counts
        places.append(at)
    return TermCounts(terms, counts), places


def _choice(held: TermCounts, most: int) -> npt.NDArray[np.bool_]:
    """Return which terms are kept."""
    short = _numbers(map(len, held.terms), len(held.terms)) <= _LONGEST
    return short & _commonest(np.where(short, held.counts, 0), most)


def _chosen(held: TermCounts, kept: npt.NDArray[np.bool_]) -> TermCounts:
    if kept.all():
        return held
    return TermCounts([held.terms[at] for at in np.flatnonzero(kept).tolist()], held.counts[kept])


def _within(content: Content, most: Bounds) -> Content:
    """Return what is left within the bounds."""
    syllables, pairs, words, definitions = content.syllables, content.pairs, content.words, content.definitions
    kept_syllables = _choice(syllables, most.syllables)
    firsts, seconds = pairs.keys >> 32, pairs.keys & 0xFFFFFFFF
    kept = kept_syllables[firsts] & kept_syllables[seconds]
    kept &= _commonest(np.where(kept, pairs.counts, 0), most.pairs)
    gone, size = ~kept, len(syllables.terms)
    before = content.pruned_before + np.bincount(seconds[gone], minlength=size)
    after = content.pruned_after + np.bincount(firsts[gone], minlength=size)
    renumbered = np.cumsum(kept_syllables) - 1
    return Content(
        _chosen(syllables, kept_syllables),
        Pairs(renumbered[firsts[kept]] << 32 | renumbered[seconds[kept]], pairs.counts[kept]),
        _chosen(words, _choice(words, most.words)),
        _chosen(definitions, _choice(definitions, most.definitions)),
        before[kept_syllables],
        after[kept_syllables],
        content.pruned_pairs + int(np.count_nonzero(gone)),
        content.syllable_count,
    )


def merged(lexicons: Iterable[Lexicon], most: Bounds = BOUNDS) -> Lexicon:
    """Return one lexicon of several: counts added up; of what is past a bound, the commonest.

    How many different neighbours a syllable has is exact of the pairs that are kept. Of those left out it is what each part
    knew: a pair that two parts left out counts as two.
    """
    lexicons = list(lexicons)
    if len(lexicons) == 1 and all(lexicons[0].size(kind) <= bound for kind, bound in zip(KINDS, most, strict=True)):
        return lexicons[0]
    parts = [lexicon.content() for lexicon in lexicons]
    syllables, places = _united([part.syllables for part in parts])
    before, after = np.zeros((2, len(syllables.terms)), np.int64)
    keys, counts = [_NONE], [_NONE]
    for part, at in zip(parts, places, strict=True):
        before[at] += part.pruned_before
        after[at] += part.pruned_after
        keys.append(at[part.pairs.keys >> 32] << 32 | at[part.pairs.keys & 0xFFFFFFFF])
        counts.append(part.pairs.counts)
    content = Content(
        syllables,
        _summed(np.concatenate(keys), np.concatenate(counts)),
        _united([part.words for part in parts])[0],
        _united([part.definitions for part in parts])[0],
        before,
        after,
        sum(part.pruned_pairs for part in parts),
        sum(part.syllable_count for part in parts),
    )
    return Lexicon(_within(content, most))


class LexiconBuilder:
    """Counts analysed reports, batch after batch, in bounded memory. For one thread."""

    def __init__(self, most: Bounds = BOUNDS) -> None:
        self._most = most
        self._done: list[Lexicon] = []
        self._begin()

    def _begin(self) -> None:
        self._vocabulary = Vocabulary()
        self._syllables: Counter[str] = Counter()
        self._words: Counter[str] = Counter()
        self._definitions: Counter[str] = Counter()
        self._pairs: list[Pairs] = []
        self._waiting = 0

    def add(self, reports: AnalysedReports) -> None:
        """Count some reports."""
        texts = reports.texts
        _count(self._syllables, texts.syllables, texts.tokens)
        _count(self._words, texts.words, texts.word_tokens)
        for row in reports.lists.get(DEFINITIONS, ()):
            self._definitions.update(set(row))
        numbers = _numbers(map(self._vocabulary.__getitem__, texts.syllables), len(texts.syllables))
        tokens = numbers[texts.tokens]
        firsts = pair_firsts(texts.lengths)
        pairs = _summed(tokens[firsts] << 32 | tokens[firsts + 1], np.ones(len(firsts), np.int64))
        self._pairs.append(pairs)
        self._waiting += len(pairs.keys)
        if self._waiting > _PAIRS_WAITING or len(self._vocabulary) + len(self._words) > _TERMS_WAITING:
            self._done = [self.lexicon()]
            self._begin()

    def lexicon(self) -> Lexicon:
        """Return the counts of all reports so far."""
        terms = sorted(self._vocabulary)
        places = np.empty(len(terms), np.int64)
        places[_numbers(map(self._vocabulary.__getitem__, terms), len(terms))] = np.arange(len(terms))
        counts = _numbers(map(self._syllables.__getitem__, terms), len(terms))
        keys = np.concatenate([_NONE, *(pairs.keys for pairs in self._pairs)])
        pairs = _summed(
            places[keys >> 32] << 32 | places[keys & 0xFFFFFFFF],
            np.concatenate([_NONE, *(pairs.counts for pairs in self._pairs)]),
        )
        none = np.zeros(len(terms), np.int64)
        content = Content(
            TermCounts([encode_term(term) for term in terms], counts),
            pairs,
            _term_counts(self._words),
            _term_counts(self._definitions),
            none,
            none,
            0,
            int(counts.sum()),
        )
        return merged([*self._done, Lexicon(_within(content, self._most))], self._most)


def _count(counter: Counter[str], terms: Sequence[str], tokens: Array) -> None:
    counter.update(dict(zip(terms, np.bincount(tokens, minlength=len(terms)).tolist(), strict=True)))


def _term_counts(counts: dict[str, int]) -> TermCounts:
    terms = sorted(counts)
    return TermCounts([encode_term(term) for term in terms], _numbers(map(counts.__getitem__, terms), len(terms)))


def lexicon_of(analysed: Iterable[AnalysedReports], most: Bounds = BOUNDS) -> Lexicon:
    """Return the counts of analysed reports."""
    builder = LexiconBuilder(most)
    for reports in analysed:
        builder.add(reports)
    return builder.lexicon()


#: The lexicon of no report.
EMPTY = LexiconBuilder().lexicon()
