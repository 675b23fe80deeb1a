"""Lists of documents for each term, and how often each document's title and body hold it.

A document number has two bytes, so a segment holds at most 65,536 documents. The two frequencies share one byte, two bits
for the title and six for the body; the few that do not fit are kept apart, whole, and found by the place of their posting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.container import Array, ArrayFile, ArrayFileWriter, narrow

__all__ = ["DOCUMENTS_MAX", "Inverted", "PostingLists", "RunPostings", "encode_frequencies", "invert", "read_runs", "write_postings"]

#: Documents in a segment, at most.
DOCUMENTS_MAX = 1 << 16
_DOCUMENT_BITS = 16

_TITLE_MAX, _BODY_MAX = 3, 63  # what these say is looked up among the escapes
_ESCAPE = 255

U16 = npt.NDArray[np.uint16]
Floats = npt.NDArray[np.float32]

# What a frequency byte says of the title and of the body, escapes aside.
_TITLES = (np.arange(256) >> 6).astype(np.float32)
_BODIES = (np.arange(256) & _BODY_MAX).astype(np.float32)


@dataclass(slots=True)
class Inverted:
    """Posting lists in memory: the postings of term i are ``starts[i]`` to ``starts[i + 1]``, documents ascending.

    ``codes`` are frequencies as ``encode_frequencies`` gives them, or None where every posting counts once. ``escapes`` holds
    for each escaped posting its place and its two frequencies.
    """

    starts: npt.NDArray[np.int64]
    documents: U16
    codes: npt.NDArray[np.uint8] | None = None
    escapes: tuple[Array, Array, Array] | None = None
    counts: npt.NDArray[np.int64] | None = None


def encode_frequencies(titles: Array, bodies: Array) -> tuple[npt.NDArray[np.uint8], tuple[Array, Array, Array]]:
    """Return the frequencies as one byte each, and the escaped ones: (places, titles, bodies)."""
    at = np.flatnonzero((titles >= _TITLE_MAX) | (bodies >= _BODY_MAX))
    codes = (titles << 6 | bodies).astype(np.uint8)
    codes[at] = _ESCAPE
    return codes, (at, titles[at], bodies[at])


def invert(terms: Array, documents: Array, fields: Array) -> tuple[npt.NDArray[np.uint64], Inverted]:
    """Return the different terms of some occurrences, ascending, and the posting list of each; by one sort.

    Args:
        terms: the term of each occurrence, a number below 2 ** 47.
        documents: its document.
        fields: 0 for the title, 1 for the body.

    """
    keys = terms.astype(np.uint64)
    keys <<= np.uint64(_DOCUMENT_BITS)
    keys |= documents.astype(np.uint64)
    keys <<= np.uint64(1)
    keys |= fields.astype(np.uint64)
    keys.sort()
    sorted_terms, sorted_documents, titles, bodies = _grouped(keys)
    firsts = np.flatnonzero(_changes(sorted_terms))
    starts = np.append(firsts, len(sorted_terms))
    codes, escapes = encode_frequencies(titles, bodies)
    titles += bodies
    return sorted_terms[firsts], Inverted(starts, sorted_documents, codes, escapes, sums_by_term(titles, starts))


def _grouped(keys: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.uint64], U16, Array, Array]:
    """Return (terms, documents, title frequencies, body frequencies) of sorted keys ``term << 17 | document << 1 | field``."""
    first = np.flatnonzero(_changes(keys))
    frequencies = np.diff(np.append(first, len(keys))).astype(np.uint32)
    keys = keys[first]
    in_body = (keys & np.uint64(1)).astype(np.bool_)
    keys >>= np.uint64(1)
    changes = _changes(keys)
    at = np.cumsum(changes) - 1
    keys = keys[changes]
    titles = np.zeros(len(keys), np.uint32)
    bodies = np.zeros(len(keys), np.uint32)
    titles[at[~in_body]] = frequencies[~in_body]
    bodies[at[in_body]] = frequencies[in_body]
    return keys >> np.uint64(_DOCUMENT_BITS), keys.astype(np.uint16), titles, bodies


def _changes(keys: Array) -> npt.NDArray[np.bool_]:
    """Return where a sorted array has a value for the first time."""
    changes = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=changes[1:])
    return changes


def sums_by_term(values: Array, starts: Array) -> npt.NDArray[np.int64]:
    """Return the sum over each term's postings."""
    sums = np.concatenate(([0], np.cumsum(values, dtype=np.int64)))
    return np.asarray(sums[starts[1:]] - sums[starts[:-1]])


def write_postings(file: ArrayFileWriter, name: str, lists: Inverted) -> None:
    """Write the posting lists of one dictionary."""
    file.add(f"{name}.starts", narrow(lists.starts))
    file.add(f"{name}.documents", lists.documents)
    if lists.codes is not None and lists.escapes is not None and lists.counts is not None:
        file.add(f"{name}.frequencies", lists.codes)
        for part, values in zip(("at", "title", "body"), lists.escapes, strict=True):
            file.add(f"{name}.escape_{part}", narrow(values))
        file.add(f"{name}.counts", narrow(lists.counts))


class PostingLists:
    """The posting lists of one dictionary, mapped."""

    def __init__(self, file: ArrayFile, name: str) -> None:
        self.starts = file[f"{name}.starts"]
        self.documents: U16 = file[f"{name}.documents"]
        self.codes: npt.NDArray[np.uint8] | None = None
        if f"{name}.frequencies" in file:
            self.codes = file[f"{name}.frequencies"]
            self.escape_at = file[f"{name}.escape_at"]
            self.escape_title = file[f"{name}.escape_title"]
            self.escape_body = file[f"{name}.escape_body"]
            self.counts = file[f"{name}.counts"]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def span(self, number: int) -> tuple[int, int]:
        """Return which postings a term has: (first, past the last)."""
        return int(self.starts[number]), int(self.starts[number + 1])

    def document_count(self, number: int) -> int:
        """Return how many documents hold a term, deleted ones included."""
        return int(self.starts[number + 1]) - int(self.starts[number])

    def documents_of(self, number: int) -> U16:
        """Return the documents that hold a term, ascending."""
        return self.documents[self.starts[number] : self.starts[number + 1]]

    def frequencies_of(self, number: int) -> tuple[Floats, Floats]:
        """Return how often the title and the body of each of those documents hold the term; (0, 1) in lists of values."""
        found = read_runs([(self, *self.span(number))])
        return found.title_frequencies(), found.bodies

    def frequencies_at(self, places: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return the title and body frequencies of some postings."""
        if self.codes is None:
            return np.zeros(len(places), np.float32), np.ones(len(places), np.float32)
        codes = self.codes[places]
        titles, bodies = _TITLES[codes], _BODIES[codes]
        escaped = np.flatnonzero(codes == _ESCAPE)
        if len(escaped):
            at = np.searchsorted(self.escape_at, places[escaped])
            titles[escaped] = self.escape_title[at]
            bodies[escaped] = self.escape_body[at]
        return titles, bodies

    def run(self, first: int, past: int) -> tuple[U16, Floats, Floats]:
        """Return the postings of several terms, one after the other: documents, title and body frequencies."""
        found = read_runs([(self, int(self.starts[first]), int(self.starts[past]))])
        return found.documents, found.title_frequencies(), found.bodies

    def count(self, number: int) -> int:
        """Return how often a term occurs in all titles and bodies together, deleted documents included."""
        return int(self.counts[number]) if self.codes is not None else self.document_count(number)


@dataclass(frozen=True, slots=True)
class RunPostings:
    """Postings read: documents, how often the body of each holds the term, and the same of those titles that do.

    ``titled`` are the places of the postings whose title holds it, and ``titles`` how often each of those does.
    """

    documents: U16
    bodies: Floats
    titled: npt.NDArray[np.intp]
    titles: Floats

    def title_frequencies(self) -> Floats:
        """Return how often the title of each document holds the term."""
        frequencies = np.zeros(len(self.documents), np.float32)
        frequencies[self.titled] = self.titles
        return frequencies


def read_runs(runs: Sequence[tuple[PostingLists, int, int]]) -> RunPostings:
    """Return runs of postings, each (lists, first, past the last), one after the other.

    In lists of whole values every body has one, and no title.
    """
    documents = np.concatenate([lists.documents[start:end] for lists, start, end in runs])
    codes = np.concatenate(
        [
            lists.codes[start:end] if lists.codes is not None else np.ones(end - start, np.uint8)
            for lists, start, end in runs
        ]
    )
    bodies = (codes & _BODY_MAX).astype(np.float32)
    titled = np.flatnonzero(codes > _BODY_MAX)
    heads = codes[titled]
    titles = (heads >> 6).astype(np.float32)
    escaped = titled[heads == _ESCAPE]
    if len(escaped):
        at_title = np.flatnonzero(heads == _ESCAPE)
        firsts = np.cumsum([0, *(end - start for _, start, end in runs)])
        which = np.searchsorted(firsts, escaped, "right") - 1
        for at in np.unique(which).tolist():
            lists, start, _ = runs[at]
            mine = which == at
            places = np.searchsorted(lists.escape_at, escaped[mine] - firsts[at] + start)
            titles[at_title[mine]] = lists.escape_title[places]
            bodies[escaped[mine]] = lists.escape_body[places]
        held = np.flatnonzero(titles)  # a body's escape says nothing of the title
        titled, titles = titled[held], titles[held]
    return RunPostings(documents, bodies, titled, titles)
