"""Syllables by what they are without marks: the spellings that a typed syllable may stand for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.columnar.terms import encode_term
from vnsearch.index.files import Reading
from vnsearch.text.memo import remembered

__all__ = ["Groups"]

# Folded groups kept: half a kilobyte each.
_KEPT_GROUPS = 1 << 14

#: Segments, and which documents of each are alive (None: all).
_Segments = Sequence[tuple[SegmentData, npt.NDArray[np.bool_] | None]]


class Groups:
    """The folded groups of the syllables: for a key its spellings and their counts, commonest first.

    Deleted reports are counted until their segment is merged, but where only they have a spelling: it is as one that never was.
    """

    def __init__(self, files: Path, segments: _Segments) -> None:
        # A partial function of the segments, not a method: in a cycle, a snapshot would stay until the garbage is collected.
        self._group = remembered(_KEPT_GROUPS)(partial(_group, files, segments))
        self._files, self._segments = files, segments

    def get(self, key: str, default: Sequence[tuple[str, int]] = ()) -> Sequence[tuple[str, int]]:
        """Return the spellings of a key."""
        return self._group(key) or default

    def held(self, keys: Sequence[str]) -> set[str]:
        """Return those of some keys that have spellings; one binary search a segment for all of them."""
        encoded = [encode_term(key) for key in keys]
        found: set[str] = set()
        with Reading(self._files, "the folded groups"):
            for segment, _ in self._segments:
                numbers = segment.terms("group").find_all(encoded)
                found.update(key for key, number in zip(keys, numbers, strict=True) if number >= 0)
        return found


def _group(files: Path, segments: _Segments, key: str) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    with Reading(files, f"the spellings of {key!r}"):
        for segment, live in segments:
            for term, count in segment.group(key, live):
                counts[term] = counts.get(term, 0) + count
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
