"""What a typed syllable may stand for: a distribution over the spellings that this index holds.

One mechanism for queries with marks, without them, and with half of them. A syllable typed without marks is a wildcard
over the spellings of its folded group; one typed with marks stands for itself. Which spelling is likely depends on the
neighbours: a first-order Markov chain over the index's own counts of syllables and pairs, solved by forward-backward
(Rabiner 1989), gives each syllable its posterior distribution, and each pair its own.

The probability of *b* after *a* is that of the Pitman-Yor process (Teh 2006), of which Kneser-Ney smoothing is a case:
``(count(a b) - d + (theta + d * after(a)) * p(b)) / (count(a) + theta)``. What the discount *d* takes from the pairs that
were seen goes to all, as readily as they stand after different syllables: ``p(b) = before(b) / pairs``. Here *after*,
*before* and *pairs* count different ones. Discounts are taken in every segment, where these are known without counting
anew; so the whole still sums up to 1, however many segments there are.

A syllable with one spelling is certain, and cuts the chain: what stands before it tells nothing of what comes after. So
only the runs of uncertain ones are solved, each between its certain neighbours.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import neg
from typing import NamedTuple, Protocol
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from vnsearch.search.parameters import PARAMETERS, Parameters
from vnsearch.text.fold import group_key
from vnsearch.text.letters import split_tone
from vnsearch.text.memo import Memo
from vnsearch.text.syllable import other_i_y

__all__ = ["TIERS", "Counts", "Spelling", "Spellings", "is_compatible", "spellings_of"]

#: How faithful a spelling is to what was typed, best first: as typed; no marks were typed, and these are likely; another
#: way to write the same (i for y); the marks typed are kept and others added; other marks than those typed.
TIERS = ("typed", "filled", "variant", "compatible", "folded")

_WORSE = {(a, b): max(a, b, key=TIERS.index) for a in TIERS for b in TIERS}
_GROUP_KEYS = Memo(group_key)
# A step of the chain multiplies by 1e-18 at the least in a collection of a thousand million syllables: this many steps
# stay far inside what a double holds.
_STEPS_UNSCALED = 8
# What a syllable counts for that the collection never had in a place.
_UNSEEN = 0.1
# Typed syllables remembered for a collection.
_PLACES_KEPT = 1 << 15

# Probabilities of the spellings of one syllable; and of two neighbours: (spelling of the first, of the second, p).
Floats = npt.NDArray[np.float64]
_Odds = list[float]
# Of every spelling of a place: how often there is it, how many different syllables stand before it, and after it.
_Numbers = list[list[int]]
_Joint = list[tuple[int, int, float]]


class Groups(Protocol):
    """For a folded key (see ``group_key``) the spellings of a syllable with their counts, commonest first."""

    def get(self, key: str, default: Sequence[tuple[str, int]], /) -> Sequence[tuple[str, int]]:
        """Return the spellings of a key."""


class Counts(Protocol):
    """What restoring marks needs to know of a collection; a ``Snapshot`` is one."""

    @property
    def groups(self) -> Groups:
        """The folded groups of the syllables."""

    @property
    def pair_types(self) -> int:
        """How many different pairs there are, summed over the segments."""

    def neighbours(self, syllables: Sequence[str]) -> Sequence[tuple[int, int]]:
        """Return for each syllable how many different ones stand before it, and after it; summed over the segments."""

    def pair_counts(
        self, steps: Sequence[tuple[Sequence[str], Sequence[str]]], discount: float = 0.0
    ) -> npt.NDArray[np.float64]:
        """Return for every step, (syllables, syllables), how often each of the second (columns) follows each of the first.

        ``discount`` is taken from the count of each segment that has the pair. The array may have more rows and columns
        than a step has syllables; those hold 0.
        """


class Spelling(NamedTuple):
    """One way to read what was typed; ``tier`` is one of ``TIERS``."""

    term: str
    probability: float
    tier: str


@dataclass(frozen=True, slots=True)
class Spellings:
    """The readings of a query, likeliest first: of every syllable, and of every two neighbours."""

    syllables: list[list[Spelling]]
    pairs: list[list[Spelling]]


@dataclass(slots=True)
class _Place:
    """What one typed syllable may stand for: spellings, how often the collection has each, and their tiers.

    ``certain`` is the reading of a place with one spelling; empty where there are more. ``numbers`` are filled in when the
    place is in a run that is solved: how often there is each spelling, how many different ones stand before and after it.
    """

    terms: list[str]
    counts: list[int]
    tiers: list[str]
    certain: tuple[Spelling, ...]
    numbers: _Numbers | None = None


class _Places(dict[tuple[str, int], _Place]):
    """What syllables may stand for in one collection, remembered: ``places[typed, limit]``."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups

    def __missing__(self, key: tuple[str, int]) -> _Place:
        if len(self) >= _PLACES_KEPT:
            self.clear()
        place = self[key] = _place(self._groups, *key)
        return place


# A collection's places go when it goes.
_PLACES: WeakKeyDictionary[Counts, _Places] = WeakKeyDictionary()


def _places(counts: Counts, syllables: list[str], limit: int) -> list[_Place]:
    places = _PLACES.get(counts)
    if places is None:
        places = _PLACES[counts] = _Places(counts.groups)
    return [places[typed, limit] for typed in syllables]


@functools.lru_cache(maxsize=16384)
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


def _place(groups: Groups, typed: str, limit: int) -> _Place:
    """Return the spellings a typed syllable may stand for."""
    key = _GROUP_KEYS[typed]
    group = groups.get(key, ())
    if typed == key:
        other = other_i_y(key)
        more = groups.get(other, ())[: limit // 2] if other else ()
        filled = group[:limit]
        found, tiers = [*filled, *more], ["filled"] * len(filled) + ["variant"] * len(more)
    else:
        found, tiers = [item for item in group if item[0] == typed], ["typed"]
        if not found:
            compatible = [item for item in group if is_compatible(typed, item[0])]
            found = [*(compatible or group)][:limit]
            tiers = ["compatible" if compatible else "folded"] * len(found)
    if not found:
        found, tiers = [(typed, 0)], ["typed"]
    terms = [term for term, _ in found]
    certain = (Spelling(terms[0], 1.0, "typed" if terms[0] == typed else tiers[0]),) if len(found) == 1 else ()
    return _Place(terms, [count for _, count in found], tiers, certain)


def spellings_of(counts: Counts, syllables: list[str], parameters: Parameters = PARAMETERS) -> Spellings:
    """Return the readings of the syllables of a query, and of its pairs those likely enough to be searched."""
    places = _places(counts, syllables, parameters.spellings)
    readings = [[*place.certain] for place in places]
    pairs = [
        [Spelling(f"{a[0].term} {b[0].term}", 1.0, _WORSE[a[0].tier, b[0].tier])] if a and b else []
        for a, b in pairwise(readings)
    ]
    # That is all of it where every syllable is certain. The others, and their pairs, are replaced.
    uncertain = list(_uncertain(places))
    if not uncertain:
        return Spellings(readings, pairs)
    runs = [(max(first - 1, 0), places[max(first - 1, 0) : past + 1], first, past) for first, past in uncertain]
    steps = counts.pair_counts(
        [(a.terms, b.terms) for _, run, *_ in runs for a, b in pairwise(run)], parameters.discount
    )
    at_step = 0
    for start, run, first, past in runs:
        followed = steps[at_step : at_step + len(run) - 1]
        at_step += len(followed)
        numbers = [_numbers(counts, place) for place in run]
        if past - first == 1:
            odds, joints = _solve_one(followed, numbers, counts.pair_types, first - start, parameters)
        else:
            odds, joints = _solve_run(followed, numbers, counts.pair_types, parameters)
        for at, (here, place) in enumerate(zip(odds, run, strict=True), start):
            if not place.certain:
                readings[at] = _likeliest_first(
                    syllables[at], zip(map(neg, here), place.terms, place.tiers, strict=True)
                )
        for at, (joint, a, b) in enumerate(zip(joints, run, run[1:], strict=False), start):
            pairs[at] = _likeliest_first(
                f"{syllables[at]} {syllables[at + 1]}",
                [(-p, f"{a.terms[i]} {b.terms[j]}", _WORSE[a.tiers[i], b.tiers[j]]) for i, j, p in joint],
            )
    return Spellings(readings, pairs)


def _likeliest_first(typed: str, readings: Iterable[tuple[float, str, str]]) -> list[Spelling]:
    """Return readings, given with their probabilities negated so that they sort; the one typed is named so."""
    return [Spelling(term, -p, "typed" if term == typed else tier) for p, term, tier in sorted(readings)]


def _uncertain(places: list[_Place]) -> Iterator[tuple[int, int]]:
    """Yield the runs of places with more than one spelling: first, past the last."""
    first = -1
    for at, place in enumerate(places):
        if len(place.terms) > 1:
            first = at if first < 0 else first
        elif first >= 0:
            yield first, at
            first = -1
    if first >= 0:
        yield first, len(places)


def _numbers(counts: Counts, place: _Place) -> _Numbers:
    """Return of every spelling of a place: how often there is it, how many different ones stand before and after it."""
    if place.numbers is None:
        before, after = map(list, zip(*counts.neighbours(place.terms), strict=True))
        place.numbers = [place.counts, before, after]
    return place.numbers


def _solve_one(
    followed: Floats, numbers: list[_Numbers], pairs: int, at: int, parameters: Parameters
) -> tuple[list[_Odds], list[_Joint]]:
    """Solve one uncertain place, the one at ``at``, between certain ones: Bayes' rule. Its pairs are as likely as itself.

    ``followed`` holds for every step how often one spelling follows the other, less the discount; ``pairs`` is how many
    different ones there are.
    """
    theta, discount, whole = parameters.concentration, parameters.discount, pairs + 1
    counts, before, after = numbers[at]
    if at:
        spread = (theta + discount * numbers[at - 1][2][0]) / whole
        seen = followed[0, 0].tolist()
        odds = [pair + spread * (n + _UNSEEN) for pair, n in zip(seen, before, strict=False)]
    else:
        odds = [count + _UNSEEN for count in counts]
    if at + 1 < len(numbers):
        ready = (numbers[at + 1][1][0] + _UNSEEN) / whole
        seen = followed[-1, :, 0].tolist()
        odds = [
            p * (pair + (theta + discount * n) * ready) / (count + theta)
            for p, pair, n, count in zip(odds, seen, after, counts, strict=False)
        ]
    total = sum(odds)
    odds = [p / total for p in odds]
    likely = [(i, p) for i, p in enumerate(odds) if p > parameters.least_probability]
    solved, joints = [odds], []
    if at:
        solved.insert(0, [1.0])
        joints.append([(0, i, p) for i, p in likely])
    if at + 1 < len(numbers):
        solved.append([1.0])
        joints.append([(i, 0, p) for i, p in likely])
    return solved, joints


def _solve_run(
    followed: Floats, numbers: list[_Numbers], pairs: int, parameters: Parameters
) -> tuple[list[_Odds], list[_Joint]]:
    """Solve places by forward-backward, all steps in one array; rows are filled up with spellings that never occur.

    For ``followed`` and ``pairs`` see ``_solve_one``.
    """
    theta, discount = parameters.concentration, parameters.discount
    sizes = [len(counts) for counts, *_ in numbers]
    # Whole blocks of four: BLAS then adds up every column the same way, and equal counts give equal probabilities.
    size = (max(sizes) + 3) // 4 * 4
    filled = np.array([[row + [0] * (size - len(row)) for row in place] for place in numbers], np.float64)
    occurrences, before, after = filled.swapaxes(0, 1)
    held = np.arange(size) < np.array(sizes)[:, None]
    ready = (before + _UNSEEN) / (pairs + 1) * held
    steps = np.zeros((len(numbers) - 1, size, size))
    width = min(size, followed.shape[1])
    steps[:, :width, :width] = followed[:, :width, :width]
    steps += (theta + discount * after[:-1])[:, :, None] * ready[1:, None]
    steps /= (occurrences[:-1] + theta)[:, :, None]

    forward, backward = np.empty_like(ready), np.empty_like(ready)
    forward[0], backward[-1] = (occurrences[0] + _UNSEEN) * held[0], 1.0
    for at, step in enumerate(steps):
        np.dot(forward[at], step, out=forward[at + 1])
        if at % _STEPS_UNSCALED == 0:
            forward[at + 1] /= forward[at + 1].sum()
    for at in range(len(steps) - 1, -1, -1):
        np.dot(steps[at], backward[at + 1], out=backward[at])
        if at % _STEPS_UNSCALED == 0:
            backward[at] /= backward[at].sum()

    posterior = forward * backward
    posterior /= posterior.sum(1, keepdims=True)
    steps *= forward[:-1, :, None]
    steps *= backward[1:, None]
    steps /= steps.sum((1, 2), keepdims=True)
    odds = [row[:length] for row, length in zip(posterior.tolist(), sizes, strict=True)]
    joints: list[_Joint] = [[] for _ in steps]
    likely = np.nonzero(steps > parameters.least_probability)
    for at, i, j, p in zip(*(index.tolist() for index in likely), steps[likely].tolist(), strict=True):
        joints[at].append((i, j, p))
    return odds, joints
