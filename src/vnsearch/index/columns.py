"""Columns of labels as arrays, for filters and facets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.postings import PostingLists

__all__ = ["LabelColumn"]


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """The labels of all documents: document ``documents[i]`` has the label ``names[codes[i]]``."""

    names: list[str]
    documents: npt.NDArray[np.int32]
    codes: npt.NDArray[np.int32]
    size: int

    @classmethod
    def from_lists(cls, lists: Iterable[tuple[Iterable[bytes], PostingLists, int]], size: int) -> LabelColumn:
        """Make a column of the posting lists of the labels: (labels, lists, first document number) of each segment.

        Raises ValueError when they are damaged, here, where whoever reads them looks out for it.
        """
        numbers: dict[str, int] = {}
        documents = [np.empty(0, np.int32)]
        codes = [np.empty(0, np.int32)]
        for terms, postings, base in lists:
            names = [term.decode("utf-8", "surrogatepass") for term in terms]
            mine = np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int32)
            documents.append(postings.documents.astype(np.int32) + np.int32(base))
            codes.append(np.repeat(mine, postings.sizes()))
        column = cls(list(numbers), np.concatenate(documents), np.concatenate(codes), size)
        if len(column.documents) != len(column.codes) or column.documents.max(initial=-1) >= size:
            raise ValueError("labels of documents that there are none of")
        return column

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
