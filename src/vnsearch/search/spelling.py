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

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from operator import neg

import numpy as np
import numpy.typing as npt

from vnsearch.search.choices import TIERS, Choices, Counts, Numbers, Spelling, choices_of
from vnsearch.search.parameters import PARAMETERS, Parameters

__all__ = ["Spellings", "spellings_of"]

_WORSE = {(a, b): max(a, b, key=TIERS.index) for a in TIERS for b in TIERS}
# A step of the chain multiplies by 1e-18 at the least in a collection of a thousand million syllables: this many steps
# stay far inside what a double holds.
_STEPS_UNSCALED = 8
# What a syllable counts for that the collection never had in a place.
_UNSEEN = 0.1
# Probabilities of the spellings of one syllable; and of two neighbours: (spelling of the first, of the second, p).
Floats = npt.NDArray[np.float64]
_Odds = list[float]
_Joint = list[tuple[int, int, float]]


@dataclass(frozen=True, slots=True)
class Spellings:
    """The readings of a query, likeliest first: of every syllable, and of every two neighbours.

    ``unknown`` are the positions of the syllables that the collection does not hold, whatever their marks.
    """

    syllables: list[list[Spelling]]
    pairs: list[list[Spelling]]
    unknown: list[int] = field(default_factory=list)


def spellings_of(
    counts: Counts, syllables: list[str], parameters: Parameters = PARAMETERS, method: str = ""
) -> Spellings:
    """Return the readings of the syllables of a query, and of its pairs those likely enough to be searched.

    ``method`` is the input method by which the query was typed as raw keystrokes, if it was: see ``method_of``.
    """
    places = choices_of(counts, syllables, method, parameters)
    readings = [[*place.certain] for place in places]
    pairs = [
        [Spelling(f"{a[0].term} {b[0].term}", 1.0, _WORSE[a[0].tier, b[0].tier])] if a and b else []
        for a, b in pairwise(readings)
    ]
    # That is all of it where every syllable is certain. The others, and their pairs, are replaced.
    uncertain = list(_uncertain(places))
    unknown = [at for at, place in enumerate(places) if not place.counts[0]]
    if not uncertain:
        return Spellings(readings, pairs, unknown)
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
    return Spellings(readings, pairs, unknown)


def _likeliest_first(typed: str, readings: Iterable[tuple[float, str, str]]) -> list[Spelling]:
    """Return readings, given with their probabilities negated so that they sort; the one typed is named so."""
    return [Spelling(term, -p, "typed" if term == typed else tier) for p, term, tier in sorted(readings)]


def _uncertain(places: list[Choices]) -> Iterator[tuple[int, int]]:
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


def _numbers(counts: Counts, place: Choices) -> Numbers:
    """Return of every spelling of a place: how often there is it, how many different ones stand before and after it, its share.

    A word that is new stands between others every time.
    """
    if place.numbers is None:
        before, after = zip(*counts.neighbours(place.terms), strict=True)
        numbers: Numbers = [[*place.counts], [*before], [*after]]
        if place.unknown:
            for row in numbers:
                row[0] = place.unknown
        place.numbers = [*numbers, [*place.shares] or [1.0] * len(place.terms)]
    return place.numbers


def _solve_one(
    followed: Floats, numbers: list[Numbers], pairs: int, at: int, parameters: Parameters
) -> tuple[list[_Odds], list[_Joint]]:
    """Solve one uncertain place, the one at ``at``, between certain ones: Bayes' rule. Its pairs are as likely as itself.

    ``followed`` holds for every step how often one spelling follows the other, less the discount; ``pairs`` is how many
    different ones there are.
    """
    theta, discount, whole = parameters.concentration, parameters.discount, pairs + 1
    counts, before, after, shares = numbers[at]
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
    odds = [p * share for p, share in zip(odds, shares, strict=True)]
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
    followed: Floats, numbers: list[Numbers], pairs: int, parameters: Parameters
) -> tuple[list[_Odds], list[_Joint]]:
    """Solve places by forward-backward, all steps in one array; rows are filled up with spellings that never occur.

    For ``followed`` and ``pairs`` see ``_solve_one``.
    """
    theta, discount = parameters.concentration, parameters.discount
    sizes = [len(counts) for counts, *_ in numbers]
    # Whole blocks of four: BLAS then adds up every column the same way, and equal counts give equal probabilities.
    size = (max(sizes) + 3) // 4 * 4
    filled = np.array([[row + [0] * (size - len(row)) for row in place] for place in numbers], np.float64)
    occurrences, before, after, shares = filled.swapaxes(0, 1)
    ready = (before + _UNSEEN) / (pairs + 1)
    steps = np.zeros((len(numbers) - 1, size, size))
    width = min(size, followed.shape[1])
    steps[:, :width, :width] = followed[:, :width, :width]
    steps += (theta + discount * after[:-1])[:, :, None] * ready[1:, None]
    steps /= (occurrences[:-1] + theta)[:, :, None]
    steps *= shares[1:, None]

    forward, backward = np.empty_like(ready), np.empty_like(ready)
    forward[0], backward[-1] = (occurrences[0] + _UNSEEN) * shares[0], 1.0
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
