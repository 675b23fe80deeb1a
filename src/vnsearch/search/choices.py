"""What one typed syllable may stand for, whatever its neighbours: spellings that this index holds, or guesses.

A syllable typed without marks may be any of its folded group; one typed with marks is itself. What the index does not hold may
have been typed as raw keystrokes, or be a slip; or it is a word that is new.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple, Protocol
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from vnsearch.search.keystrokes import KEYSTROKES, keystrokes_meant, keystrokes_of
from vnsearch.search.parameters import Parameters
from vnsearch.search.slips import SLIPS, slips_of
from vnsearch.text.fold import group_key
from vnsearch.text.letters import split_tone
from vnsearch.text.memo import KEPT_CHARS, Memo, make_room, remembered
from vnsearch.text.syllable import other_i_y

__all__ = ["GUESSES", "TIERS", "Choices", "Counts", "Groups", "Numbers", "Spelling", "choices_of", "is_compatible"]

#: How faithful a spelling is to what was typed, best first: as typed; as meant by keystrokes (Telex, VNI); no marks were
#: typed, and these are likely; another way to write the same (i for y); the marks typed are kept and others added; a slip
#: of the fingers; other marks than those typed; what sounds alike in some dialect. The last three, and keystrokes, are for
#: what this index does not hold, nor with marks added.
TIERS = ("typed", "keystrokes", "filled", "variant", "compatible", "slip", "folded", "sound")
#: The tiers of what is not held and guessed.
GUESSES = frozenset(("keystrokes", "slip", "sound"))

_GROUP_KEYS = Memo(group_key)
# Two letters may be anybody's abbreviation, or any syllable.
_SHORTEST_SLIPPED = 3
# Typed syllables remembered for a collection.
_CHOICES_KEPT = 1 << 14

#: Of every spelling of a place: how often there is it, how many different syllables stand before it, and after it.
Numbers = list[list[float]]


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


@dataclass(slots=True)
class Choices:
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
    numbers: Numbers | None = None


class _Kept(dict[tuple[str, int, float, str], Choices]):
    """What syllables may stand for in one collection, remembered: ``kept[typed, limit, unknown, method]``."""

    def __init__(self, counts: Counts) -> None:
        self._groups = counts.groups
        self._root = sqrt(counts.syllable_count)

    def __missing__(self, key: tuple[str, int, float, str]) -> Choices:
        typed, limit, unknown, method = key
        meant = keystrokes_meant(typed, method, self._groups) if method else None
        place = _choices(self._groups, typed, limit, unknown * self._root) if meant is None else _read(*meant)
        if len(typed) <= KEPT_CHARS:
            make_room(self, _CHOICES_KEPT)
            self[key] = place
        return place


# A collection's choices go when it goes.
_KEPT: WeakKeyDictionary[Counts, _Kept] = WeakKeyDictionary()


def choices_of(counts: Counts, syllables: Sequence[str], method: str, parameters: Parameters) -> list[Choices]:
    """Return the choices of each syllable; ``method`` is that of raw keystrokes, if the query was typed as such."""
    places = _KEPT.get(counts)
    if places is None:
        places = _KEPT[counts] = _Kept(counts)
    limit, unknown = parameters.spellings, parameters.unknown
    return [places[typed, limit, unknown, method] for typed in syllables]


@remembered(16384)
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


def _read(term: str, count: int) -> Choices:
    """Return the choice of a syllable that was typed as keystrokes."""
    return Choices([term], [count], ["keystrokes"], (Spelling(term, 1.0, "keystrokes"),))


def _choices(groups: Groups, typed: str, limit: int, unknown: float) -> Choices:
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
    return Choices(terms, counts, tiers, certain, shares, unknown if shares and not counts[0] else 0.0)


def _guesses(groups: Groups, typed: str, known: Container[str], limit: int) -> list[tuple[str, int, float, str]]:
    """Return what a syllable that is not held may have been meant for: term, count, share of its typings, tier."""
    guesses = {term: (term, count, KEYSTROKES, "keystrokes") for term, count in keystrokes_of(typed, groups)}
    for slip in slips_of(typed, groups, limit) if len(typed) >= _SHORTEST_SLIPPED else ():
        share = SLIPS[slip.kind]
        tier = "sound" if slip.kind == "sound" else "slip"
        guesses.setdefault(slip.term, (slip.term, round(slip.weight / share), share, tier))
    return [guess for guess in guesses.values() if guess[0] not in known][: max(limit, 0)]
