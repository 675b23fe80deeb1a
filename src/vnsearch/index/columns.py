"""Columns of labels as arrays, for filters and facets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["LabelColumn"]


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """The labels of all documents: document ``documents[i]`` has the label ``names[codes[i]]``."""

    names: list[str]
    documents: npt.NDArray[np.int32]
    codes: npt.NDArray[np.int32]
    size: int

    @classmethod
    def from_rows(cls, rows: Sequence[bytes]) -> LabelColumn:
        """Make a column of one JSON list for each document; empty bytes are no labels."""
        numbers: dict[str, int] = {}
        documents: list[int] = []
        codes: list[int] = []
        for document, row in enumerate(rows):
            for label in dict.fromkeys(json.loads(row.decode("utf-8", "surrogatepass"))) if row else ():
                documents.append(document)
                codes.append(numbers.setdefault(label, len(numbers)))
        return cls(list(numbers), np.array(documents, np.int32), np.array(codes, np.int32), len(rows))

    def having(self, wanted: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Return for every document whether it has any of these labels."""
        asked = set(wanted)
        mask = np.zeros(self.size, np.bool_)
        codes = [code for code, name in enumerate(self.names) if name in asked]
        mask[self.documents[np.isin(self.codes, codes)]] = True
        return mask

    def counts(self, among: npt.NDArray[np.bool_]) -> list[tuple[str, int]]:
        """Return how many of these documents have each label: the commonest first, equals by name."""
        totals = np.bincount(self.codes[among[self.documents]], minlength=len(self.names))
        found = [(name, int(total)) for name, total in zip(self.names, totals.tolist(), strict=True) if total]
        return sorted(found, key=lambda item: (-item[1], item[0]))
