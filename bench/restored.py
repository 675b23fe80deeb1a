"""How many syllables a suggestion restores."""

from __future__ import annotations

import re

from bench import judged
from vnsearch import normalize

#: A syllable may be of several kinds; those of the last are mostly names.
KINDS = ("all", "with marks", "capitalized, not first, with marks")
_RUN = re.compile(r"\w+")


class Restored:
    """Counts of syllables, those restored and all, by kind.

    A syllable is a run of letters and digits. The text as given and the suggestion, both normalized and case-folded, are
    held against each other run by run; the same run is restored, a missing one is not. Names, numbers and foreign words
    count like all others, and so do runs that have no marks.
    """

    def __init__(self) -> None:
        self.right = dict.fromkeys(KINDS, 0)
        self.count = dict.fromkeys(KINDS, 0)

    def add(self, given: str, suggested: str) -> None:
        """Count one text."""
        read = _RUN.findall(normalize(suggested).casefold())
        for at, run in enumerate(_RUN.findall(normalize(given))):
            right = at < len(read) and read[at] == run.casefold()
            marked = judged.unmarked(run) != run
            for kind, belongs in zip(KINDS, (True, marked, marked and at > 0 and run[0].isupper()), strict=True):
                self.right[kind] += belongs and right
                self.count[kind] += belongs

    def share(self, kind: str) -> float | None:
        """Return how many of a kind were restored, in per cent; None where there are none."""
        return 100 * self.right[kind] / self.count[kind] if self.count[kind] else None
