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
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import sqrt
from operator import neg
from typing import NamedTuple, Protocol
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from vnsearch.search.keystrokes import KEYSTROKES, keystrokes_meant, keystrokes_of
from vnsearch.search.parameters import PARAMETERS, Parameters
from vnsearch.search.slips import SLIPS, slips_of
from vnsearch.text.fold import group_key
from vnsearch.text.letters import split_tone
from vnsearch.text.memo import Memo
from vnsearch.text.syllable import other_i_y

__all__ = ["GUESSES", "TIERS", "Counts", "Spelling", "Spellings", "is_compatible", "spellings_of"]

#: How faithful a spelling is to what was typed, best first: as typed; as meant by keystrokes (Telex, VNI); no marks were
#: typed, and these are likely; another way to write the same (i for y); the marks typed are kept and others added; a slip
#: of the fingers; other marks than those typed; what sounds alike in some dialect. The last three, and keystrokes, are for
#: what this index does not hold, nor with marks added.
TIERS = ("typed", "keystrokes", "filled", "variant", "compatible", "slip", "folded", "sound")
#: The tiers of what is not held and guessed.
GUESSES = frozenset(("keystrokes", "slip", "sound"))

_WORSE = {(a, b): max(a, b, key=TIERS.index) for a in TIERS for b in TIERS}
_GROUP_KEYS = Memo(group_key)
# A step of the chain multiplies by 1e-18 at the least in a collection of a thousand million syllables: this many steps
# stay far inside what a double holds.
_STEPS_UNSCALED = 8
# What a syllable counts for that the collection never had in a place.
_UNSEEN = 0.1
# Two letters may be anybody's abbreviation, or any syllable.
_SHORTEST_SLIPPED = 3
# Typed syllables remembered for a collection.
_PLACES_KEPT = 1 << 15

# Probabilities of the spellings of one syllable; and of two neighbours: (spelling of the first, of the second, p).
Floats = npt.NDArray[np.float64]
_Odds = list[float]
# Of every spelling of a place: how often there is it, how many different syllables stand before it, and after it.
_Numbers = list[list[float]]
_Joint = list[tuple[int, int, float]]


class Groups(Protocol):
    """For a folded key (see ``group_key``) the spellings of a syllable with their counts, commonest first."""

    def get(self, key: str, default: Sequence[tuple[str, int]], /) -> Sequence[tuple[str, int]]:
        """Return the spellings of a key."""

    def held(self, keys: Sequence[str], /) -> set[str]:
        """Return those of some keys that have spellings."""


class Counts(Protocol):
    """What restoring marks needs to know of a collection; a ``Snapshot`` is one."""

    @property
    def groups(self) -> Groups:
        """The folded groups of the syllables."""

    @property
    def syllable_count(self) -> int:
        """How many syllables there are, in all."""

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
    """The readings of a query, likeliest first: of every syllable, and of every two neighbours.

    ``unknown`` are the positions of the syllables that the collection does not hold, whatever their marks.
    """

    syllables: list[list[Spelling]]
    pairs: list[list[Spelling]]
    unknown: list[int] = field(default_factory=list)


@dataclass(slots=True)
class _Place:
    """What one typed syllable may stand for: spellings, how often the collection has each, and their tiers.

    ``certain`` is the reading of a place with one spelling; empty where there are more. ``shares``, one for each spelling
    where they differ: how many of its typings look like this. ``unknown`` is how often the collection would hold what was
    typed, if that is a word that is new to it. ``numbers`` are filled in when the place is in a run that is solved.
    """

    terms: list[str]
    counts: list[int]
    tiers: list[str]
    certain: tuple[Spelling, ...]
    shares: tuple[float, ...] = ()
    unknown: float = 0.0
    numbers: _Numbers | None = None


class _Places(dict[tuple[str, int, float, str], _Place]):
    """What syllables may stand for in one collection, remembered: ``places[typed, limit, unknown, method]``."""

    def __init__(self, counts: Counts) -> None:
        self._groups = counts.groups
        self._root = sqrt(counts.syllable_count)

    def __missing__(self, key: tuple[str, int, float, str]) -> _Place:
        if len(self) >= _PLACES_KEPT:
            self.clear()
        typed, limit, unknown, method = key
        meant = keystrokes_meant(typed, method, self._groups) if method else None
        place = _place(self._groups, typed, limit, unknown * self._root) if meant is None else _read(*meant)
        self[key] = place
        return place


# A collection's places go when it goes.
_PLACES: WeakKeyDictionary[Counts, _Places] = WeakKeyDictionary()


def _places(counts: Counts, syllables: list[str], method: str, parameters: Parameters) -> list[_Place]:
    places = _PLACES.get(counts)
    if places is None:
        places = _PLACES[counts] = _Places(counts)
    limit, unknown = parameters.spellings, parameters.unknown
    return [places[typed, limit, unknown, method] for typed in syllables]


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


def _read(term: str, count: int) -> _Place:
    """Return the place of a syllable that was typed as keystrokes."""
    return _Place([term], [count], ["keystrokes"], (Spelling(term, 1.0, "keystrokes"),))


def _place(groups: Groups, typed: str, limit: int, unknown: float) -> _Place:
    """Return the spellings a typed syllable may stand for.

    One that the groups do not hold may be what it is, a word that is new here, or a guess: ``unknown`` is how often the
    collection would have to hold it for that.
    """
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
    shares: tuple[float, ...] = ()
    if not found or tiers[0] == "folded":
        found, tiers = found or [(typed, 0)], tiers or ["typed"]
        guesses = _guesses(groups, typed, dict(found), limit - len(found))
        if guesses:
            shares = (*[1.0] * len(found), *[share for *_, share, _ in guesses])
            found = [*found, *[(term, count) for term, count, *_ in guesses]]
            tiers = [*tiers, *[tier for *_, tier in guesses]]
    terms = [term for term, _ in found]
    certain = (Spelling(terms[0], 1.0, "typed" if terms[0] == typed else tiers[0]),) if len(found) == 1 else ()
    counts = [count for _, count in found]
    return _Place(terms, counts, tiers, certain, shares, unknown if shares and not counts[0] else 0.0)


def _guesses(groups: Groups, typed: str, known: Container[str], limit: int) -> list[tuple[str, int, float, str]]:
    """Return what a syllable that is not held may have been meant for: term, count, share of its typings, tier."""
    guesses = {term: (term, count, KEYSTROKES, "keystrokes") for term, count in keystrokes_of(typed, groups)}
    for slip in slips_of(typed, groups, limit) if len(typed) >= _SHORTEST_SLIPPED else ():
        share = SLIPS[slip.kind]
        tier = "sound" if slip.kind == "sound" else "slip"
        guesses.setdefault(slip.term, (slip.term, round(slip.weight / share), share, tier))
    return [guess for guess in guesses.values() if guess[0] not in known][: max(limit, 0)]


def spellings_of(
    counts: Counts, syllables: list[str], parameters: Parameters = PARAMETERS, method: str = ""
) -> Spellings:
    """Return the readings of the syllables of a query, and of its pairs those likely enough to be searched.

    ``method`` is the input method by which the query was typed as raw keystrokes, if it was: see ``method_of``.
    """
    places = _places(counts, syllables, method, parameters)
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
    """Return of every spelling of a place: how often there is it, how many different ones stand before and after it, its share.

    A word that is new stands between others every time.
    """
    if place.numbers is None:
        before, after = zip(*counts.neighbours(place.terms), strict=True)
        numbers: _Numbers = [[*place.counts], [*before], [*after]]
        if place.unknown:
            for row in numbers:
                row[0] = place.unknown
        place.numbers = [*numbers, [*place.shares] or [1.0] * len(place.terms)]
    return place.numbers


def _solve_one(
    followed: Floats, numbers: list[_Numbers], pairs: int, at: int, parameters: Parameters
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
