"""One commit, read: postings, counts, columns and reports as the search needs them.

A snapshot never changes; a search uses one from first to last. Document numbers run through its segments, one after the
other. Everything is read from mapped arrays, so threads need no lock; what is worth keeping is kept for all of them.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import groupby, islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vnsearch.analysis.abbreviations import AbbreviationTable, abbreviation_key
from vnsearch.concurrency import cached_property
from vnsearch.index.codec import NAME, open_segment
from vnsearch.index.columnar.container import checksum
from vnsearch.index.columnar.known import KnownGrids
from vnsearch.index.columnar.postings import PostingLists, find_among, read_runs
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.columnar.terms import encode_term
from vnsearch.index.columns import LabelColumn
from vnsearch.index.documents import unpack_report
from vnsearch.index.files import Reading, is_there
from vnsearch.index.groups import Groups
from vnsearch.index.schema import DEFINITIONS, TEXT_FIELDS, label_field, pairs_of
from vnsearch.index.storage import Contents, IndexFolder
from vnsearch.report import Report

__all__ = [
    "CHECKED_BYTES",
    "Leaf",
    "LearntAbbreviation",
    "Postings",
    "Runs",
    "Snapshot",
    "learnt_abbreviations",
    "run_size",
]

Floats = npt.NDArray[np.float32]

#: What is opened together, and no larger, is compared with its checksums at once; of more, each array when it is first used.
CHECKED_BYTES = 1 << 26
# A writer may remove segments between our reading the table of contents and opening them.
_RETRIES = 10
_RETRY_S = 0.05


@dataclass(frozen=True, slots=True)
class Postings:
    """The documents that hold a term in their title or body, ascending.

    ``bodies`` says how often each body holds it. ``titled`` are the places of the documents whose title holds it, and
    ``titles`` how often each of those does. ``openings`` has a 1 for each body that opens with it, else a 0.
    """

    documents: npt.NDArray[np.intp]
    bodies: Floats
    titled: npt.NDArray[np.intp]
    titles: Floats
    openings: npt.NDArray[np.uint8]

    def frequencies(self, text_field: str) -> Floats:
        """Return how often a field holds the term, for each document."""
        if text_field == "body":
            return self.bodies
        frequencies = np.zeros(len(self.documents), np.float32)
        frequencies[self.titled] = self.titles
        return frequencies

    def take(self, places: npt.NDArray[np.intp]) -> Postings:
        """Return some of them; ``places`` ascend."""
        titles = self.frequencies("title")[places]
        titled = np.flatnonzero(titles)
        return Postings(self.documents[places], self.bodies[places], titled, titles[titled], self.openings[places])


@dataclass(frozen=True, slots=True)
class LearntAbbreviation:
    """An abbreviation as reports write it, its full form in normalized lower-case syllables, and how many define it so."""

    abbreviation: str
    expansion: str
    reports: int


def learnt_abbreviations(reports: Mapping[str, int]) -> list[LearntAbbreviation]:
    """Return what is learnt of definitions ("QCDC=quy chế dân chủ") that so many reports each give, what most give first.

    Two letters prove little: such a definition counts when two reports agree.
    """
    found = []
    for text, count in reports.items():
        short, _, full = text.partition("=")
        if count > 1 or len(abbreviation_key(short)) > 2:
            found.append(LearntAbbreviation(short, full, count))
    return sorted(found, key=lambda item: (-item.reports, item.abbreviation, item.expansion))


@dataclass(frozen=True, slots=True)
class Leaf:
    """A segment, the number of its first document, and which of its documents are alive (None: all)."""

    segment: SegmentData
    base: int
    live: npt.NDArray[np.bool_] | None


#: Where a term's postings lie: (number of the segment, its lists, first, past the last).
Runs = list[tuple[int, PostingLists, int, int]]


def run_size(runs: Runs) -> int:
    """Return how many postings there are, those of deleted documents included."""
    if len(runs) == 1:
        return runs[0][3] - runs[0][2]
    return sum([end - start for _, _, start, end in runs])


_NO_POSTINGS = Postings(
    np.empty(0, np.intp), np.empty(0, np.float32), np.empty(0, np.intp), np.empty(0, np.float32), np.empty(0, np.uint8)
)


class Snapshot:
    """The index as one commit left it.

    ``previous`` is the snapshot before, if there is one: segments that it has open are not opened again.
    """

    def __init__(self, index: IndexFolder, previous: Snapshot | None = None) -> None:
        # What an error names where it is not known which of them is damaged.
        self._files = Path(index.folder, f"{NAME}_*.seg")
        opened: dict[str, SegmentData] = {} if previous is None else dict(previous._opened)
        with self.reading("its table of contents and its segments"):
            contents = self._open(index, opened)
        self.generation = contents.generation
        self.filterable = contents.filterable
        segments = contents.segments
        self._opened: dict[str, SegmentData] = {segment.segid: opened[segment.segid] for segment in segments}
        self.leaves: list[Leaf] = []
        base = 0
        for segment in segments:
            live = segment.live if segment.has_deletions() else None
            self.leaves.append(Leaf(self._opened[segment.segid], base, live))
            base += segment.doc_count_all()
        self.size = base  #: document numbers run from 0 to here, deleted ones included
        self.has_deletions = any(leaf.live is not None for leaf in self.leaves)
        self.count: int = sum(segment.doc_count() for segment in segments)  #: reports
        self._labels: dict[str, LabelColumn] = {}
        self._lengths: dict[str, tuple[Floats, float]] = {}
        self._grids = KnownGrids()
        self.groups = Groups(self._files, [(leaf.segment, leaf.live) for leaf in self.leaves])

    def _open(self, index: IndexFolder, opened: dict[str, SegmentData]) -> Contents:
        for attempt in range(_RETRIES):
            try:
                contents = index.contents()
                fresh = [segment for segment in contents.segments if segment.segid not in opened]
                opened |= {segment.segid: open_segment(index.folder, segment) for segment in fresh}
            except FileNotFoundError:  # noqa: PERF203 - it is retried
                if attempt == _RETRIES - 1:
                    raise
                time.sleep(_RETRY_S)
            else:
                if sum(segment.seal.size for segment in fresh) <= CHECKED_BYTES:
                    for segment in fresh:
                        opened[segment.segid].file.check()
                return contents
        raise AssertionError

    @property
    def identity(self) -> str:
        """Return what no other commit has: an index made anew in the folder may count its commits from the start."""
        return f"{self.generation}-{checksum(','.join(self._opened).encode()):x}"

    def is_there(self) -> bool:
        """Tell whether its segments are still in the folder."""
        return all(is_there(leaf.segment.file.path) for leaf in self.leaves)

    def reading(self, what: str) -> contextlib.AbstractContextManager[None]:
        """Turn whatever bytes that make no sense raise into one clear error."""
        return Reading(self._files, what)

    # -- documents

    @cached_property
    def live(self) -> npt.NDArray[np.bool_]:
        """Return for every document number whether its report is still there."""
        live = np.ones(self.size, np.bool_)
        for leaf in self.leaves:
            if leaf.live is not None:
                live[leaf.base : leaf.base + len(leaf.live)] = leaf.live
        return live

    def number(self, identity: str) -> int | None:
        """Return the document number of the report with this id; None for what cannot be one."""
        if not isinstance(identity, str):
            return None
        with self.reading("the ids"):
            for leaf in self.leaves:
                for document in leaf.segment.documents_of([identity]):
                    if leaf.live is None or leaf.live[document]:
                        return document + leaf.base
        return None

    def leaf_of(self, number: int) -> tuple[int, int]:
        """Return which segment a document is in, and its number there."""
        at = len(self.leaves) - 1
        while self.leaves[at].base > number:
            at -= 1
        return at, number - self.leaves[at].base

    def segment(self, at: int) -> SegmentData:
        """Return one of its segments."""
        return self.leaves[at].segment

    def report(self, number: int) -> Report:
        """Return the report with this document number."""
        return self.some_reports([number])[0]

    def some_reports(self, numbers: Sequence[int]) -> list[Report]:
        """Return the reports with these document numbers."""
        with self.reading("stored reports"):
            found = []
            for number in numbers:
                at, document = self.leaf_of(number)
                found.append(unpack_report(self.leaves[at].segment.stored.report(document)))
            return found

    def reports(self) -> Iterator[Report]:
        """Yield every report, in the order of the document numbers."""
        for number in np.flatnonzero(self.live).tolist():
            yield self.report(number)

    # -- terms

    def postings(self, kind: str, term: str) -> Postings:
        """Return the postings of a term of a kind ("syllable", "pair", "word", "value"); empty when no report has it."""
        postings = self.read(self.find([(kind, term)]))
        return postings.take(np.flatnonzero(self.live[postings.documents])) if self.has_deletions else postings

    def held_by(self, kind: str, terms: Iterable[str]) -> list[int]:
        """Return how many reports hold each of some terms of a kind."""
        return [len(self.postings(kind, term).documents) for term in terms]

    def phrase(self, term: str) -> Postings:
        """Return the documents that hold all the pairs of some syllables, and how often the rarest of them in each field.

        A body opens with them if it opens with every pair. For two syllables that is the phrase itself. For more it is near
        enough to score an abbreviation by its full form.
        """
        if " " not in term:
            return self.postings("syllable", term)
        found = [self.postings("pair", pair) for pair in pairs_of(term)]
        first, *others = sorted(found, key=lambda postings: len(postings.documents))
        documents, titles, bodies, openings = first.documents, first.frequencies("title"), first.bodies, first.openings
        for other in others:
            if not len(documents):
                break
            at = np.minimum(np.searchsorted(other.documents, documents), len(other.documents) - 1)
            titles = np.minimum(titles, other.frequencies("title")[at])
            bodies = np.minimum(bodies, other.bodies[at])
            openings = openings & other.openings[at]
            both = (other.documents[at] == documents) & ((titles > 0) | (bodies > 0))
            documents, titles, bodies, openings = documents[both], titles[both], bodies[both], openings[both]
        titled = titles.nonzero()[0]
        return Postings(documents, bodies, titled, titles[titled], openings)

    def first_held(self, terms: Iterable[str], most: int) -> list[str]:
        """Return the first of some terms, syllables apart by spaces, that reports have; counts may remember deleted ones."""
        return list(islice((term for term in terms if len(self.phrase(term).documents)), most))

    def together(self, triples: Sequence[tuple[str, str, str]]) -> list[tuple[int, int, int, int]]:
        """Return for threes of syllables *a b c* how many reports have *a b*, have *b c*, have both, and have *b*.

        Deleted ones count; what is needed is read in one go.
        """
        pairs = dict.fromkeys(pair for a, b, c in triples for pair in ((a, b), (b, c)))
        middles = dict.fromkeys(b for _, b, _ in triples)
        runs = self.find([*(("pair", f"{a} {b}") for a, b in pairs), *(("syllable", b) for b in middles)])
        documents, sizes = self.documents(runs[: len(pairs)])
        ends = np.cumsum(sizes).tolist()
        of = {pair: documents[end - size : end] for pair, size, end in zip(pairs, sizes, ends, strict=True)}
        counts = dict(zip(middles, map(run_size, runs[len(pairs) :]), strict=True))
        found = []
        for a, b, c in triples:
            first, second = of[a, b], of[b, c]
            short, long = sorted((first, second), key=len)
            both = len(find_among(long, short)[0]) if len(short) else 0
            found.append((len(first), len(second), both, counts[b]))
        return found

    def find(self, terms: Sequence[tuple[str, str]]) -> list[Runs]:
        """Return where the postings of some terms, (kind, text) each, lie: the runs of each, one for each segment."""
        found: list[Runs] = [[] for _ in terms]
        with self.reading("the dictionaries"):
            for which, leaf in enumerate(self.leaves):
                postings = {kind: leaf.segment.postings(kind) for kind in {kind for kind, _ in terms}}
                for (kind, _), runs, number in zip(terms, found, leaf.segment.find_all(terms), strict=True):
                    if number >= 0:
                        lists = postings[kind]
                        runs.append((which, lists, lists.bounds[number], lists.bounds[number + 1]))
        return found

    def documents(self, wanted: Sequence[Runs]) -> tuple[npt.NDArray[np.intp], list[int]]:
        """Return the documents that hold each of several terms, deleted ones too, term after term, and how many for each."""
        runs = [run for term in wanted for run in term]
        sizes = list(map(run_size, wanted))
        if not runs:
            return np.empty(0, np.intp), sizes
        with self.reading("postings"):
            found = np.concatenate([lists.documents[start:end] for _, lists, start, end in runs], dtype=np.intp)
            if len(self.leaves) > 1:
                found += np.repeat(
                    [self.leaves[which].base for which, *_ in runs], [end - start for *_, start, end in runs]
                )
        return found, sizes

    def read(self, wanted: Sequence[Runs], documents: npt.NDArray[np.intp] | None = None) -> Postings:
        """Return the postings of several terms, one after the other, deleted documents too.

        ``documents``, if they are known already, are what the method of that name returns.
        """
        if documents is None:
            documents, _ = self.documents(wanted)
        if not len(documents):
            return _NO_POSTINGS
        with self.reading("postings"):
            raw = read_runs([(lists, slice(start, end)) for term in wanted for _, lists, start, end in term])
        return Postings(documents, raw.bodies, raw.titled, raw.titles, raw.openings)

    def read_at(self, runs: Runs, documents: npt.NDArray[np.intp]) -> tuple[Postings, npt.NDArray[np.intp]]:
        """Return those postings of a term that are of some documents, ascending, and the places of these documents."""
        found = []
        places = []
        with self.reading("postings"):
            for which, lists, start, end in runs:
                leaf = self.leaves[which]
                low, high = 0, len(documents)
                if len(self.leaves) > 1:
                    low, high = documents.searchsorted((leaf.base, leaf.base + leaf.segment.documents)).tolist()
                    if low == high:
                        continue
                at, there = lists.find(start, end, documents[low:high] - leaf.base)
                found.append((lists, at))
                places.append(there + low if low else there)
            if not found:
                return _NO_POSTINGS, _NO_POSTINGS.documents
            raw = read_runs(found)
        held = places[0] if len(places) == 1 else np.concatenate(places)
        return Postings(documents[held], raw.bodies, raw.titled, raw.titles, raw.openings), held

    def lengths(self, text_field: str) -> tuple[Floats, float]:
        """Return the length of a field in syllables for every document number, and the average over reports that have it."""
        found = self._lengths.get(text_field)
        if found is None:
            field = TEXT_FIELDS.index(text_field)
            with self.reading(f"the lengths of {text_field}"):
                lengths = np.zeros(self.size, np.float32)
                for leaf in self.leaves:
                    mine = leaf.segment.lengths("syllable", field)
                    lengths[leaf.base : leaf.base + len(mine)] = mine
            held = lengths[(lengths > 0) & self.live]
            found = self._lengths[text_field] = lengths, float(held.mean(dtype=np.float64)) if len(held) else 1.0
        return found

    def neighbours(self, syllables: Sequence[str]) -> list[tuple[int, int]]:
        """Return for each syllable how many different ones stand before it, and after it; summed over the segments."""
        found = [(0, 0)] * len(syllables)
        with self.reading("the dictionary of pairs"):
            for leaf in self.leaves:
                mine = map(leaf.segment.pairs.neighbours, leaf.segment.syllable_numbers(syllables))
                found = [(before + a, after + b) for (before, after), (a, b) in zip(found, mine, strict=True)]
        return found

    def pair_counts(
        self, steps: Sequence[tuple[Sequence[str], Sequence[str]]], discount: float = 0.0
    ) -> npt.NDArray[np.float64]:
        """Return for every step, (syllables, syllables), how often each of the second follows each of the first.

        ``discount`` is taken from the count of each segment that has the pair; at most 1, so that nothing gets below 0.
        The array has a row and a column for as many syllables as there are at most; the rest of it is 0.
        """
        return self._grids.counts(steps, discount, self._count_pairs)

    def _count_pairs(
        self, steps: Sequence[tuple[Sequence[str], Sequence[str]]], discount: float
    ) -> list[npt.NDArray[np.float64]]:
        """Return the counts of every step, a row for each of the first syllables and a column for each of the second."""
        size = max(len(side) for step in steps for side in step)
        counts = np.zeros(len(steps) * size * size)
        with self.reading("the counts of pairs"):
            for leaf in self.leaves:
                numbers = leaf.segment.syllable_numbers
                grids = [(numbers(before), numbers(after)) for before, after in steps]
                places, pairs = leaf.segment.pairs.find_grids(grids, size)
                if len(pairs):
                    counts[places] += leaf.segment.postings("pair").counts[pairs] - discount
        found = counts.reshape(len(steps), size, size)
        return [grid[: len(before), : len(after)].copy() for grid, (before, after) in zip(found, steps, strict=True)]

    def terms(self, kind: str, prefix: str = "") -> dict[str, int]:
        """Return the terms of a kind that start with a prefix, with their counts in all text fields together.

        A prefix of the kind "pair" is a syllable and a space, or empty.
        """
        counts: dict[str, int] = {}
        with self.reading(f"the terms of kind {kind}"):
            for leaf in self.leaves:
                segment = leaf.segment
                lists = segment.postings(kind)
                if kind != "pair":
                    numbers = segment.terms(kind).with_prefix(encode_term(prefix))
                elif prefix:
                    first = segment.terms("syllable").find(encode_term(prefix.removesuffix(" ")))
                    numbers = segment.pairs.followers(first) if first >= 0 else range(0)
                else:
                    numbers = range(segment.size(kind))
                for number in numbers:
                    text = segment.term(kind, number).decode("utf-8", "surrogatepass")
                    counts[text] = counts.get(text, 0) + lists.count(number)
        return counts

    def having_prefix(self, kind: str, prefix: str, fields: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Return for every document whether one of the fields has a term of a kind that starts so."""
        mask = np.zeros(self.size, np.bool_)
        with self.reading(f"the terms that start with {prefix!r}"):
            for leaf in self.leaves:
                lists = leaf.segment.postings(kind)
                start = encode_term(prefix)
                first = leaf.segment.lower_bound(kind, start)
                past = leaf.segment.lower_bound(kind, start + b"\xff")  # no UTF-8 has this byte
                documents, found = lists.run(first, past)
                if len(fields) < len(TEXT_FIELDS):
                    documents = documents[(found.title_frequencies() if fields[0] == "title" else found.bodies) > 0]
                mask[documents.astype(np.int64) + leaf.base] = True
        return mask

    def term_count(self, kind: str) -> int:
        """Return how many different terms of a kind other than "pair" there are."""
        with self.reading(f"the terms of kind {kind}"):
            every = merge(*(leaf.segment.terms(kind) for leaf in self.leaves))
            return sum(1 for _ in groupby(every))

    def keys(self, prefix: str) -> list[str]:
        """Return the keys of folded groups that start with a prefix, in order."""
        with self.reading("the folded groups"):
            return sorted(set().union(*(leaf.segment.group_keys(prefix) for leaf in self.leaves)))

    @cached_property
    def definitions(self) -> list[LearntAbbreviation]:
        """Return the abbreviations that the reports define, those that most reports give first."""
        reports: dict[str, int] = {}
        name = f"field.{DEFINITIONS}"
        with self.reading("the abbreviations"):
            for leaf in self.leaves:
                lists = leaf.segment.postings(name)
                for number, term in enumerate(leaf.segment.terms(name)):
                    documents = lists.documents_of(number)
                    held = len(documents) if leaf.live is None else int(np.count_nonzero(leaf.live[documents]))
                    if held:
                        text = term.decode()
                        reports[text] = reports.get(text, 0) + held
        return learnt_abbreviations(reports)

    @cached_property
    def abbreviations(self) -> AbbreviationTable:
        """Return the same as a table, for lookups both ways."""
        return AbbreviationTable((found.abbreviation, found.expansion) for found in self.definitions)

    @cached_property
    def syllable_count(self) -> int:
        """Return how many syllables the text fields hold, in all."""
        return sum(len(leaf.segment.tokens) for leaf in self.leaves)

    @cached_property
    def pair_types(self) -> int:
        """Return how many different pairs there are, summed over the segments."""
        return sum(len(leaf.segment.pairs) for leaf in self.leaves)

    # -- columns

    @cached_property
    def days(self) -> npt.NDArray[np.int32]:
        """Return the day of every document as ``datetime.date.toordinal``; 0 without a date."""
        with self.reading("the dates"):
            return np.concatenate([np.empty(0, np.int32), *(leaf.segment.days for leaf in self.leaves)])

    def dated(self, first: int | None, last: int | None) -> npt.NDArray[np.bool_]:
        """Return for every document whether it is dated from one day to another, as ordinals; None: however early or late."""
        days = self.days
        mask: npt.NDArray[np.bool_] = days > 0
        if first is not None:
            mask &= days >= first
        if last is not None:
            mask &= days <= last
        return mask

    def label_names(self, name: str) -> list[str]:
        """Return the labels that reports have in a field that can be filtered, each once."""
        return self.labels(name).names

    def labels(self, name: str) -> LabelColumn:
        """Return the column of a field that can be filtered."""
        found = self._labels.get(name)
        if found is None:
            field = f"field.{label_field(name)}"
            with self.reading(f"the column {name}"):
                found = self._labels[name] = LabelColumn.from_lists(
                    ((leaf.segment.terms(field), leaf.segment.postings(field), leaf.base) for leaf in self.leaves),
                    self.size,
                )
        return found
