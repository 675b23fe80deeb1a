"""What a typed syllable may stand for: a distribution over the spellings that this index holds.

One mechanism for queries with marks, without them, and with half of them. A syllable typed without marks is a wildcard
over the spellings of its folded group; one typed with marks stands for itself. Which spelling is likely depends on the
neighbours: a first-order Markov chain over the index's own counts of syllables and pairs, solved by forward-backward
(Rabiner 1989), gives each syllable its posterior distribution, and each pair its own.

The probability of *b* after *a* is smoothed with the unconditional one by a Dirichlet prior (MacKay and Peto 1995):
``(count(a b) + mu * p(b)) / (count(a) + mu)``. It needs no statistics beyond the counts themselves, which every commit
keeps up to date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vnsearch.search.parameters import PARAMETERS, Parameters
from vnsearch.text.fold import group_key
from vnsearch.text.letters import split_tone
from vnsearch.text.syllable import other_i_y

__all__ = ["TIERS", "Counts", "Spelling", "Spellings", "is_compatible", "spellings_of"]

#: How faithful a spelling is to what was typed, best first: as typed; no marks were typed, and these are likely; another
#: way to write the same (i for y); the marks typed are kept and others added; other marks than those typed.
TIERS = ("typed", "filled", "variant", "compatible", "folded")


class Counts(Protocol):
    """What restoring marks needs to know of a collection; a ``Snapshot`` is one.

    ``groups`` has for each folded key (see ``group_key``) the spellings of a syllable with their counts, commonest first.
    """

    @property
    def groups(self) -> Mapping[str, Sequence[tuple[str, int]]]:
        """The folded groups of the syllables."""

    @property
    def syllable_count(self) -> int:
        """How many syllables there are, in all."""

    def frequency(self, kind: str, term: str) -> int:
        """Return how often a term of the kind "syllable" or "pair" ("a b") occurs."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to read what was typed; ``tier`` is one of ``TIERS``."""

    term: str
    probability: float
    tier: str


@dataclass(frozen=True, slots=True)
class Spellings:
    """The readings of a query: of every syllable, and of every two neighbours."""

    syllables: list[list[Spelling]]
    pairs: list[list[Spelling]]


def is_compatible(typed: str, spelling: str) -> bool:
    """Tell whether a spelling keeps every mark that was typed (*đuong* -> *đường*, not *đuổng* -> *đường*).

    Both are terms of the same folded group.
    """
    if len(typed) != len(spelling):
        return False
    kept, tone, other_tone = True, "", ""
    for a, b in zip(map(split_tone, typed), map(split_tone, spelling), strict=True):
        kept &= a[0] == b[0] or a[0].isascii()
        tone += a[1]
        other_tone += b[1]
    return kept and tone in ("", other_tone)


def _options(counts: Counts, typed: str, parameters: Parameters) -> list[tuple[str, str]]:
    """Return the spellings a typed syllable may stand for, with the tier of each."""
    key = group_key(typed)
    group = [term for term, _ in counts.groups.get(key, ())]
    if typed == key:
        other = other_i_y(key)
        more = [(term, "variant") for term, _ in counts.groups.get(other, ())] if other else []
        options = [*((term, "filled") for term in group[: parameters.spellings]), *more[: parameters.spellings // 2]]
        return options or [(typed, "typed")]
    if typed in group or not group:
        return [(typed, "typed")]
    compatible = [term for term in group if is_compatible(typed, term)]
    tier = "compatible" if compatible else "folded"
    return [(term, tier) for term in (compatible or group)[: parameters.spellings]]


def spellings_of(counts: Counts, syllables: list[str], parameters: Parameters = PARAMETERS) -> Spellings:
    """Return the readings of the syllables of a query, likeliest first; empty for an empty query."""
    if not syllables:
        return Spellings([], [])
    found = [_options(counts, typed, parameters) for typed in syllables]
    options = [[term for term, _ in readings] for readings in found]
    steps = [_step(counts, a, b, parameters) for a, b in pairwise(options)]
    total = counts.syllable_count
    forward = [np.array([_prior(counts, term, total) for term in options[0]])]
    for step in steps:
        forward.append(_normal(forward[-1] @ step))
    backward = [np.ones(len(options[-1]))]
    for step in reversed(steps):
        backward.append(_normal(step @ backward[-1]))
    backward.reverse()

    readings = []
    for typed, terms, before, after in zip(syllables, found, forward, backward, strict=True):
        posterior = _normal(before * after).tolist()
        readings.append(
            _sorted(
                [
                    Spelling(term, p, "typed" if term == typed else tier)
                    for (term, tier), p in zip(terms, posterior, strict=True)
                ]
            )
        )
    pairs = []
    for at, step in enumerate(steps):
        joint = forward[at][:, None] * step * backward[at + 1]
        joint /= joint.sum()
        pairs.append(
            _sorted(
                [
                    Spelling(
                        f"{a} {b}",
                        float(joint[i, j]),
                        "typed" if [a, b] == syllables[at : at + 2] else max(tier_a, tier_b, key=TIERS.index),
                    )
                    for i, (a, tier_a) in enumerate(found[at])
                    for j, (b, tier_b) in enumerate(found[at + 1])
                    if joint[i, j] > parameters.least_probability
                ]
            )
        )
    return Spellings(readings, pairs)


def _sorted(spellings: list[Spelling]) -> list[Spelling]:
    return sorted(spellings, key=lambda spelling: (-spelling.probability, spelling.term))


def _prior(counts: Counts, term: str, total: int) -> float:
    return (counts.frequency("syllable", term) + 0.1) / (total + 1)


def _normal(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(weights / weights.sum())


def _step(counts: Counts, before: list[str], after: list[str], parameters: Parameters) -> npt.NDArray[np.float64]:
    """Return the probability of each spelling in ``after`` to follow each in ``before``."""
    if len(before) == len(after) == 1:
        return np.ones((1, 1))
    total = counts.syllable_count
    prior = [_prior(counts, term, total) for term in after]
    mu = parameters.smoothing
    rows = []
    for a in before:
        count = counts.frequency("syllable", a)
        rows.append(
            [(counts.frequency("pair", f"{a} {b}") + mu * p) / (count + mu) for b, p in zip(after, prior, strict=True)]
        )
    return np.array(rows)
