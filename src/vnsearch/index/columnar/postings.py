"""Lists of documents for each term, and how often each document's title and body hold it.

A document number has two bytes, so a segment holds at most 65,536 documents. One byte says the rest, its code: whether the
body opens with the term (one bit), and how often title (two bits) and body (five) hold it. The few frequencies that do not
fit are kept apart, whole, and found by the place of their posting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.container import (
    Array,
    ArrayFile,
    ArrayFileWriter,
    changes,
    check_starts,
    narrow,
    numbers_of,
)

__all__ = [
    "DOCUMENTS_MAX",
    "FIELD_BITS",
    "IN_BODY",
    "IN_OPENING",
    "IN_TITLE",
    "TEXT_BITS",
    "Inverted",
    "PostingLists",
    "RunPostings",
    "encode_postings",
    "find_among",
    "invert",
    "join_escapes",
    "plain_frequencies",
    "read_runs",
    "slices",
    "write_postings",
]

#: Documents in a segment, at most.
DOCUMENTS_MAX = 1 << 16
_DOCUMENT_BITS = np.uint64(16)
#: Where a token stands, as the key of an occurrence says it. The opening comes first: whether a body opens with a term, the
#: first key of the posting tells.
IN_OPENING, IN_BODY, IN_TITLE = 0, 1, 2
FIELD_BITS = np.uint64(2)
_FIELD = np.uint64(3)
#: The bits of document and field below the term of a key.
TEXT_BITS = _DOCUMENT_BITS + FIELD_BITS
_NONE = np.empty(0, np.int64)
_AT_ONCE = 1 << 16  # keys looked at together
_IN_MEMORY = 1 << 19  # postings worked on together

# The code of a posting. Frequencies of so many are looked up among the escapes.
_TITLE_MAX, _BODY_MAX = np.uint8(3), np.uint8(31)
_BODY_BITS, _OPENING_BITS = np.uint8(5), np.uint8(7)  # what stands below the title, and below the opening
_FREQUENCIES = np.uint8(127)  # the bits of both; all of them set: escaped

U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]
Floats = npt.NDArray[np.float32]
#: Postings that follow each other, or any, by their places.
Run = slice | npt.NDArray[np.intp]


@dataclass(slots=True)
class Inverted:
    """Posting lists in memory: the postings of term i are ``starts[i]`` to ``starts[i + 1]``, documents ascending.

    ``codes`` are what ``encode_postings`` gives, or None where every posting counts once. ``escapes`` holds for each escaped
    posting its place and its two frequencies.
    """

    starts: npt.NDArray[np.int64]
    documents: U16
    codes: U8 | None = None
    escapes: tuple[Array, Array, Array] | None = None
    counts: npt.NDArray[np.int64] | None = None


def encode_postings(
    titles: Array, bodies: Array, openings: npt.NDArray[np.bool_]
) -> tuple[U8, tuple[Array, Array, Array]]:
    """Return the code of each posting, and the escaped frequencies: (places, titles, bodies)."""
    at = np.flatnonzero((titles >= _TITLE_MAX) | (bodies >= _BODY_MAX))
    codes = (titles << _BODY_BITS | bodies).astype(np.uint8)
    codes[at] = _FREQUENCIES
    codes |= openings.view(np.uint8) << _OPENING_BITS
    return codes, (at, titles[at], bodies[at])


def plain_frequencies(codes: U8) -> tuple[U8, U8]:
    """Return the title and body frequencies of codes; of those escaped, the bits."""
    return (codes & _FREQUENCIES) >> _BODY_BITS, codes & _BODY_MAX


def invert(keys: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.uint64], Inverted]:
    """Return the different terms of some occurrences, ascending, and the posting list of each; by one sort, in place.

    A key is ``term << 18 | document << 2 | field``, the field as ``IN_OPENING`` and the others say. The sorted keys are
    gone through in slices that stay in the processor's cache, so that next to nothing but the keys and the lists is in memory.
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
        past = int(np.searchsorted(keys, keys[past - 1] | _FIELD, "right"))  # the whole of a posting
        held, occurrences, *what = _grouped(keys[start:past])
        found = held >> _DOCUMENT_BITS
        first = changes(found)
        first[0] = found[0] != last
        new = np.flatnonzero(first)
        last = found[-1]
        terms.append(found[new])
        starts.append(new + filled)
        firsts.append(occurrences[new] + start)
        documents[filled : filled + len(held)] = held  # the low 16 bits
        codes[filled : filled + len(held)], (at, *whole) = encode_postings(*what)
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


def _grouped(
    keys: npt.NDArray[np.uint64],
) -> tuple[npt.NDArray[np.uint64], Array, Array, Array, npt.NDArray[np.bool_]]:
    """Return of sorted keys: ``term << 16 | document`` of each posting, where it begins, title and body frequencies, and
    whether the body opens with the term.
    """
    held = keys >> FIELD_BITS
    firsts = np.flatnonzero(changes(held))
    bodies = np.diff(firsts, append=len(keys))
    titles = np.zeros(len(firsts), np.int64)
    fields = keys & _FIELD
    titled = np.flatnonzero(fields == IN_TITLE)  # few
    if len(titled):
        titles += np.bincount(np.searchsorted(firsts, titled, "right") - 1, minlength=len(firsts))
        bodies -= titles
    return held[firsts], firsts, titles, bodies, fields[firsts] == IN_OPENING


def join_escapes(parts: Sequence[tuple[Array, Array, Array]]) -> tuple[Array, Array, Array]:
    """Return escapes of several parts, one after the other."""
    places, titles, bodies = (np.concatenate([_NONE, *(part[at] for part in parts)]) for at in range(3))
    return places, titles, bodies


def slices(starts: Array) -> Iterator[tuple[int, int]]:
    """Yield runs of terms, (first, past the last), of not too many postings to be in memory; ``starts`` are those of every term."""
    first = 0
    while first < len(starts) - 1:
        past = max(int(np.searchsorted(starts, starts[first] + _IN_MEMORY, "right")) - 1, first + 1)
        yield first, past
        first = past


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
    """The posting lists of one dictionary of so many terms, mapped."""

    def __init__(self, file: ArrayFile, name: str, size: int) -> None:
        self.starts = file[f"{name}.starts"]
        self.bounds = numbers_of(self.starts)
        self.documents: U16 = file[f"{name}.documents"]
        check_starts(self.starts, size, len(self.documents), strict=True)
        if int(self.documents.max(initial=0)) >= max(file.facts["documents"], 1):
            raise ValueError(f"{name} has postings of documents that there are none of")
        self.codes: U8 | None = None
        if f"{name}.frequencies" in file:
            self.codes = file[f"{name}.frequencies"]
            self.escape_at = file[f"{name}.escape_at"]
            self.escape_title = file[f"{name}.escape_title"]
            self.escape_body = file[f"{name}.escape_body"]
            self.counts = file[f"{name}.counts"]
            lengths = (len(self.codes), len(self.counts), len(self.escape_title), len(self.escape_body))
            if lengths != (len(self.documents), len(self), len(self.escape_at), len(self.escape_at)):
                raise ValueError(f"{name} has arrays of different lengths")

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

    def run(self, first: int, past: int) -> tuple[U16, RunPostings]:
        """Return the postings of several terms, one after the other: the documents, and what is said of each."""
        start, end = int(self.starts[first]), int(self.starts[past])
        return self.documents[start:end], read_runs([(self, slice(start, end))])

    def count(self, number: int) -> int:
        """Return how often a term occurs in all titles and bodies together, deleted documents included."""
        return int(self.counts[number]) if self.codes is not None else self.document_count(number)


@dataclass(frozen=True, slots=True)
class RunPostings:
    """How often the body of each document of some postings holds the term, and the same of those titles that do.

    ``titled`` are the places of the postings whose title holds it, and ``titles`` how often each of those does. ``openings``
    has a 1 for each body that opens with the term, else a 0.
    """

    bodies: Floats
    titled: npt.NDArray[np.intp]
    titles: Floats
    openings: U8

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
    """Return what some postings of some lists say, one after the other.

    In lists of whole values every body has one, and no title; none opens with it.
    """
    parts = [
        lists.codes[run] if lists.codes is not None else np.ones(len(lists.documents[run]), np.uint8)
        for lists, run in runs
    ]
    codes = parts[0] if len(parts) == 1 else np.concatenate(parts)
    openings = codes >> _OPENING_BITS
    codes = codes & _FREQUENCIES
    bodies = (codes & _BODY_MAX).astype(np.float32)
    titled = (codes > _BODY_MAX).nonzero()[0]
    if not len(titled):
        return RunPostings(bodies, titled, bodies[:0], openings)
    heads = codes[titled]
    titles = (heads >> _BODY_BITS).astype(np.float32)
    at_escape = (heads == _FREQUENCIES).nonzero()[0]
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
    return RunPostings(bodies, titled, titles, openings)
