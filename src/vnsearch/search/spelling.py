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

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vnsearch.index.snapshot import Snapshot, group_key
from vnsearch.search.parameters import PARAMETERS, Parameters
from vnsearch.text.letters import split_tone
from vnsearch.text.syllable import other_i_y

__all__ = ["TIERS", "Spelling", "Spellings", "is_compatible", "spellings_of"]

#: How faithful a spelling is to what was typed, best first: as typed; no marks were typed, and these are likely; another
#: way to write the same (i for y); the marks typed are kept and others added; other marks than those typed.
TIERS = ("typed", "filled", "variant", "compatible", "folded")


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


def _options(snapshot: Snapshot, typed: str, parameters: Parameters) -> list[tuple[str, str]]:
    """Return the spellings a typed syllable may stand for, with the tier of each."""
    key = group_key(typed)
    group = [term for term, _ in snapshot.groups.get(key, ())]
    if typed == key:
        other = other_i_y(key)
        more = [(term, "variant") for term, _ in snapshot.groups.get(other, ())] if other else []
        options = [*((term, "filled") for term in group[: parameters.spellings]), *more[: parameters.spellings // 2]]
        return options or [(typed, "typed")]
    if typed in group or not group:
        return [(typed, "typed")]
    compatible = [term for term in group if is_compatible(typed, term)]
    tier = "compatible" if compatible else "folded"
    return [(term, tier) for term in (compatible or group)[: parameters.spellings]]


def spellings_of(snapshot: Snapshot, syllables: list[str], parameters: Parameters = PARAMETERS) -> Spellings:
    """Return the readings of the syllables of a query, likeliest first; empty for an empty query."""
    if not syllables:
        return Spellings([], [])
    found = [_options(snapshot, typed, parameters) for typed in syllables]
    options = [[term for term, _ in readings] for readings in found]
    steps = [_step(snapshot, a, b, parameters) for a, b in pairwise(options)]
    total = snapshot.syllable_count
    forward = [np.array([_prior(snapshot, term, total) for term in options[0]])]
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
                    Spelling(f"{a} {b}", float(joint[i, j]), max(tier_a, tier_b, key=TIERS.index))
                    for i, (a, tier_a) in enumerate(found[at])
                    for j, (b, tier_b) in enumerate(found[at + 1])
                    if joint[i, j] > parameters.least_probability
                ]
            )
        )
    return Spellings(readings, pairs)


def _sorted(spellings: list[Spelling]) -> list[Spelling]:
    return sorted(spellings, key=lambda spelling: (-spelling.probability, spelling.term))


def _prior(snapshot: Snapshot, term: str, total: int) -> float:
    return (snapshot.frequency("syllable", term) + 0.1) / (total + 1)


def _normal(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(weights / weights.sum())


def _step(snapshot: Snapshot, before: list[str], after: list[str], parameters: Parameters) -> npt.NDArray[np.float64]:
    """Return the probability of each spelling in ``after`` to follow each in ``before``."""
    if len(before) == len(after) == 1:
        return np.ones((1, 1))
    total = snapshot.syllable_count
    prior = [_prior(snapshot, term, total) for term in after]
    mu = parameters.smoothing
    rows = []
    for a in before:
        count = snapshot.frequency("syllable", a)
        rows.append(
            [
                (snapshot.frequency("pair", f"{a} {b}") + mu * p) / (count + mu)
                for b, p in zip(after, prior, strict=True)
            ]
        )
    return np.array(rows)
