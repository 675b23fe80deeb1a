"""What is asked again and again of syllables and their pairs, remembered: numbers of syllables, counts of pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.terms import Terms, encode_term
from vnsearch.text.memo import KEPT_CHARS, make_room

__all__ = ["Grid", "KnownGrids", "KnownNumbers", "Steps"]

# Half a kilobyte to three each.
_KEPT_GRIDS = 1 << 11
_KEPT_NUMBERS = 10_000

#: Syllables, and syllables that may follow them.
Steps = Sequence[tuple[Sequence[str], Sequence[str]]]
Grid = npt.NDArray[np.float64]


class KnownNumbers:
    """The numbers of syllables in a dictionary: those asked for lately. Safe for many threads."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def of(self, syllables: Sequence[str], terms: Terms) -> list[int]:
        """Return the number of each syllable, or -1."""
        known = self._known
        try:
            return [known[syllable] for syllable in syllables]
        except KeyError:
            missing = [syllable for syllable in dict.fromkeys(syllables) if syllable not in known]
        found = dict(zip(missing, terms.find_all([encode_term(text) for text in missing]), strict=True))
        numbers = [known[syllable] if syllable in known else found[syllable] for syllable in syllables]
        # Not emptied but replaced: another thread may be in the middle of it.
        if len(known) > _KEPT_NUMBERS:
            self._known = {}
        self._known.update((syllable, number) for syllable, number in found.items() if len(syllable) <= KEPT_CHARS)
        return numbers


class KnownGrids:
    """The counts of the pairs of some syllables with some others: those asked for lately. Safe for many threads."""

    def __init__(self) -> None:
        self._kept: dict[tuple[tuple[str, ...], tuple[str, ...], float], Grid] = {}

    def counts(self, steps: Steps, discount: float, count: Callable[[Steps, float], Iterable[Grid]]) -> Grid:
        """Return for every step how often each of the second syllables follows each of the first.

        ``count`` counts those that are not known: for each step a grid, a row for each of the first and a column for each of the
        second. The array has a row and a column for as many syllables as there are at most; the rest of it is 0.
        """
        keys = [((*before,), (*after,), discount) for before, after in steps]
        grids = {key: self._kept.get(key) for key in keys}
        if missing := [key for key, grid in grids.items() if grid is None]:
            new = dict(zip(missing, count([key[:2] for key in missing], discount), strict=True))
            grids |= new
            make_room(self._kept, _KEPT_GRIDS)
            self._kept |= {
                key: grid for key, grid in new.items() if max(map(len, chain(*key[:2])), default=0) <= KEPT_CHARS
            }
        size = max((len(side) for step in steps for side in step), default=0)
        counts = np.zeros((len(keys), size, size))
        for at, key in enumerate(keys):
            counts[at, : len(key[0]), : len(key[1])] = grids[key]
        return counts
