"""Lists of documents for each term, and how often each document's title and body hold it.

A document number has two bytes, so a segment holds at most 65,536 documents. The two frequencies share one byte, two bits
for the title and six for the body; the few that do not fit are kept apart, whole, and found by the place of their posting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.container import Array, ArrayFile, ArrayFileWriter, changes, narrow, numbers_of

__all__ = [
    "DOCUMENTS_MAX",
    "Inverted",
    "PostingLists",
    "RunPostings",
    "encode_frequencies",
    "find_among",
    "invert",
    "join_escapes",
    "read_runs",
    "write_postings",
]

#: Documents in a segment, at most.
DOCUMENTS_MAX = 1 << 16
_DOCUMENT_BITS = np.uint64(16)
_ONE = np.uint64(1)
_NONE = np.empty(0, np.int64)
_AT_ONCE = 1 << 16  # keys looked at together

_TITLE_MAX, _BODY_MAX = 3, 63  # what these say is looked up among the escapes
_ESCAPE = 255

U16 = npt.NDArray[np.uint16]
Floats = npt.NDArray[np.float32]
#: Postings that follow each other, or any, by their places.
Run = slice | npt.NDArray[np.intp]


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


def invert(keys: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.uint64], Inverted]:
    """Return the different terms of some occurrences, ascending, and the posting list of each; by one sort, in place.

    A key is ``term << 17 | document << 1 | field``, the field 0 for a title and 1 for a body. The sorted keys are gone
    through in slices that stay in the processor's cache, so that next to nothing but the keys and the lists is in memory.
    """
    keys.sort()
    documents = np.empty(len(keys), np.uint16)  # more than needed: what is not written to takes no memory
    codes = np.empty(len(keys), np.uint8)
    terms, starts, firsts = [np.empty(0, np.uint64)], [_NONE], [_NONE]
    escapes: list[tuple[Array, Array, Array]] = []
    start = filled = 0
    last: object = None
    while start < len(keys):
        past = min(start + _AT_ONCE, len(keys))
        past = int(np.searchsorted(keys, keys[past - 1] | _ONE, "right"))  # the whole of a posting
        held, occurrences, titles, bodies = _grouped(keys[start:past])
        found = held >> _DOCUMENT_BITS
        first = changes(found)
        first[0] = found[0] != last
        new = np.flatnonzero(first)
        last = found[-1]
        terms.append(found[new])
        starts.append(new + filled)
        firsts.append(occurrences[new] + start)
        documents[filled : filled + len(held)] = held  # the low 16 bits
        codes[filled : filled + len(held)], (at, *whole) = encode_frequencies(titles, bodies)
        escapes.append((at + filled, whole[0], whole[1]))
        start, filled = past, filled + len(held)
    every = np.concatenate([*firsts, [len(keys)]]).astype(np.int64)
    return np.concatenate(terms), Inverted(
        np.concatenate([*starts, [filled]]).astype(np.int64),
        documents[:filled],
        codes[:filled],
        join_escapes(escapes),
        every[1:] - every[:-1],
    )


def _grouped(keys: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.uint64], Array, Array, Array]:
    """Return of sorted keys: ``term << 16 | document`` of each posting, where it begins, title and body frequencies."""
    held = keys >> _ONE
    firsts = np.flatnonzero(changes(held))
    bodies = np.diff(firsts, append=len(keys))
    titles = np.zeros(len(firsts), np.int64)
    titled = np.flatnonzero((keys & _ONE) == 0)  # few
    if len(titled):
        titles += np.bincount(np.searchsorted(firsts, titled, "right") - 1, minlength=len(firsts))
        bodies -= titles
    return held[firsts], firsts, titles, bodies


def join_escapes(parts: Sequence[tuple[Array, Array, Array]]) -> tuple[Array, Array, Array]:
    """Return escapes of several parts, one after the other."""
    places, titles, bodies = (np.concatenate([_NONE, *(part[at] for part in parts)]) for at in range(3))
    return places, titles, bodies


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
        self.bounds = numbers_of(self.starts)
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

    def sizes(self) -> npt.NDArray[np.int64]:
        """Return how many documents hold each term, deleted ones included."""
        return np.asarray(np.diff(self.starts.astype(np.int64)), np.int64)

    def span(self, number: int) -> tuple[int, int]:
        """Return which postings a term has: (first, past the last)."""
        return self.bounds[number], self.bounds[number + 1]

    def document_count(self, number: int) -> int:
        """Return how many documents hold a term, deleted ones included."""
        start, end = self.span(number)
        return end - start

    def documents_of(self, number: int) -> U16:
        """Return the documents that hold a term, ascending."""
        start, end = self.span(number)
        return self.documents[start:end]

    def find(
        self, start: int, end: int, documents: npt.NDArray[np.intp]
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return which of some postings are those of the documents given, ascending, and the places of these documents."""
        at, there = find_among(self.documents[start:end], documents.astype(np.uint16))
        return at + start, there

    def run(self, first: int, past: int) -> tuple[U16, Floats, Floats]:
        """Return the postings of several terms, one after the other: documents, title and body frequencies."""
        start, end = int(self.starts[first]), int(self.starts[past])
        found = read_runs([(self, slice(start, end))])
        return self.documents[start:end], found.title_frequencies(), found.bodies

    def count(self, number: int) -> int:
        """Return how often a term occurs in all titles and bodies together, deleted documents included."""
        return int(self.counts[number]) if self.codes is not None else self.document_count(number)


@dataclass(frozen=True, slots=True)
class RunPostings:
    """How often the body of each document of some postings holds the term, and the same of those titles that do.

    ``titled`` are the places of the postings whose title holds it, and ``titles`` how often each of those does.
    """

    bodies: Floats
    titled: npt.NDArray[np.intp]
    titles: Floats

    def title_frequencies(self) -> Floats:
        """Return how often the title of each document holds the term."""
        frequencies = np.zeros(len(self.bodies), np.float32)
        frequencies[self.titled] = self.titles
        return frequencies


def find_among(held: Array, wanted: Array) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return where some documents stand among those held, both ascending, and the places of those found."""
    at = held.searchsorted(wanted)
    if len(at) and at[-1] == len(held):
        at[at == len(held)] = 0  # not there: another document stands there
    there = (held[at] == wanted).nonzero()[0]
    return at[there], there


def read_runs(runs: Sequence[tuple[PostingLists, Run]]) -> RunPostings:
    """Return the frequencies of some postings of some lists, one after the other.

    In lists of whole values every body has one, and no title.
    """
    parts = [
        lists.codes[run] if lists.codes is not None else np.ones(len(lists.documents[run]), np.uint8)
        for lists, run in runs
    ]
    codes = parts[0] if len(parts) == 1 else np.concatenate(parts)
    bodies = (codes & _BODY_MAX).astype(np.float32)
    titled = (codes > _BODY_MAX).nonzero()[0]
    if not len(titled):
        return RunPostings(bodies, titled, bodies[:0])
    heads = codes[titled]
    titles = (heads >> 6).astype(np.float32)
    at_escape = (heads == _ESCAPE).nonzero()[0]
    if len(at_escape):
        escaped = titled[at_escape]
        firsts = np.cumsum([0, *map(len, parts)])
        which = np.searchsorted(firsts, escaped, "right") - 1
        for at in dict.fromkeys(which.tolist()):  # ascending, as they are
            lists, run = runs[at]
            mine = np.flatnonzero(which == at)
            offsets = escaped[mine] - firsts[at]
            places = np.searchsorted(lists.escape_at, offsets + run.start if isinstance(run, slice) else run[offsets])
            titles[at_escape[mine]] = lists.escape_title[places]
            bodies[escaped[mine]] = lists.escape_body[places]
        held = np.flatnonzero(titles)  # an escaped body may have no title
        titled, titles = titled[held], titles[held]
    return RunPostings(bodies, titled, titles)
