"""One segment, mapped: what the search and Whoosh's readers ask of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vnsearch.concurrency import cached_property
from vnsearch.index.columnar.container import Array, ArrayFile, Seal, check_starts
from vnsearch.index.columnar.known import KnownNumbers
from vnsearch.index.columnar.postings import DOCUMENTS_MAX, PostingLists
from vnsearch.index.columnar.stored import StoredReports
from vnsearch.index.columnar.terms import PairTerms, Terms, encode_term
from vnsearch.index.columnar.tokens import TokenSequences
from vnsearch.index.files import damaged

__all__ = ["Age", "SegmentData"]

#: When a segment was written: the number of the commit, and which of its files it was. A merged one is as old as its newest part.
Age = tuple[int, int]

# The types that arrays may have, by the last part of their names; all others are counts and numbers of things. So nothing in a
# segment is negative, nor too large to be added up, whoever made it.
_TYPES = {
    "days": ("i4",),
    "documents": ("u2",),
    "frequencies": ("u1",),
    "place_escape_gap": ("i4",),
    "places": ("u1",),
    "stored": ("u1",),
    "term_heads": ("u8",),
    "terms": ("u1",),
    "tokens": ("u2",),
    **dict.fromkeys(("starts", "term_starts", "first_starts", "stored_starts"), ("u1", "u2", "u4", "u8")),
}
_COUNTS = ("u1", "u2", "u4")
# So many documents of a list are looked at before all the others.
_FIRST = 64


@lru_cache(1 << 10)  # the names are nearly the same in all segments
def _fits(name: str, kind: str) -> bool:
    return kind in _TYPES.get(name.rpartition(".")[2], _COUNTS)


def _any_live(documents: Array, live: npt.NDArray[np.bool_]) -> bool:
    # Of many documents one of the first is, as a rule.
    return bool(live[documents[:_FIRST]].any() or live[documents[_FIRST:]].any())


def _facts(file: ArrayFile) -> tuple[int, Sequence[str], Age]:
    """Return how many documents a file has, the names of its lists, and its age."""
    try:
        documents, names, (commit, part) = (file.facts[name] for name in ("documents", "lists", "age"))
        found = int(documents), [str(name) for name in names], (int(commit), int(part))
    except Exception as error:  # whatever values that make no sense raise
        raise damaged(file.path, error) from error
    if not 0 <= found[0] <= DOCUMENTS_MAX:
        raise damaged(file.path, f"it says that it has {documents} documents")
    return found


class SegmentData:
    """The arrays of a segment. They never change; which documents are deleted is kept elsewhere.

    A *kind* is "syllable", "pair", "word" or "value": the terms of titles and bodies together. A *list* is a dictionary
    of whole values: "id", "definitions", a field of labels, or where reports came from.
    """

    def __init__(self, path: Path, seal: Seal | None = None) -> None:
        self.file = ArrayFile(path, seal)
        types = self.file.types()
        if not all(map(_fits, types, types.values())):
            raise damaged(path, "it has arrays of types that they cannot have")
        self.documents, self.list_names, self.age = _facts(self.file)
        self._terms: dict[str, Terms] = {}
        self._numbers = KnownNumbers()
        self._postings: dict[str, PostingLists] = {}

    def terms(self, name: str) -> Terms:
        """Return the dictionary of a kind other than "pair", or of a list (as "field.id")."""
        found = self._terms.get(name)
        if found is None:
            with self.file.reading(name):
                found = self._terms[name] = Terms(self.file, name)
        return found

    def postings(self, name: str) -> PostingLists:
        """Return the posting lists of a kind, or of a list (as "field.id")."""
        found = self._postings.get(name)
        if found is None:
            with self.file.reading(name):
                found = self._postings[name] = PostingLists(self.file, name, self.size(name))
        return found

    @cached_property
    def pairs(self) -> PairTerms:
        """The dictionary of pairs."""
        with self.file.reading("pair"):
            return PairTerms(self.file, self.size("syllable"))

    @cached_property
    def stored(self) -> StoredReports:
        """The reports."""
        with self.file.reading("stored"):
            return StoredReports(self.file)

    @cached_property
    def tokens(self) -> TokenSequences:
        """The texts as sequences of syllables."""
        lengths = self.lengths("syllable", 0), self.lengths("syllable", 1)
        with self.file.reading("tokens"):
            return TokenSequences(self.file, *lengths, self.size("syllable"))

    @property
    def days(self) -> npt.NDArray[np.int32]:
        """The day of each document as an ordinal; 0 without a date."""
        days = self.file["days"]
        if len(days) != self.documents:
            raise damaged(self.file.path, f"days of {len(days)} documents, not of {self.documents}")
        return days

    def lengths(self, kind: str, field: int) -> Array:
        """Return how many terms of a kind each document's title (0) or body (1) has."""
        if kind == "pair":
            return np.maximum(self.lengths("syllable", field).astype(np.int64) - 1, 0)
        lengths = self.file[f"{kind}.{'body' if field else 'title'}_lengths"]
        if len(lengths) != self.documents:
            raise damaged(self.file.path, f"lengths of {len(lengths)} texts, not of {self.documents}")
        return lengths

    # -- single terms

    def find(self, kind: str, term: str) -> int:
        """Return the number of a term of a kind, or -1."""
        return self.find_all([(kind, term)])[0]

    def find_all(self, terms: Sequence[tuple[str, str]]) -> list[int]:
        """Return the number of each term, (kind, text), or -1."""
        numbers = [-1] * len(terms)
        by_kind: dict[str, list[int]] = {}
        for at, (kind, _) in enumerate(terms):
            by_kind.setdefault(kind, []).append(at)
        for kind, places in by_kind.items():
            texts = [terms[at][1] for at in places]
            if kind == "syllable":
                found = self.syllable_numbers(texts)
            elif kind == "pair":
                halves = [half for text in texts for half in text.split(" ", 1)]
                syllables = self.syllable_numbers(halves)
                found = self.pairs.find_all(syllables[::2], syllables[1::2])
            else:
                found = self.terms(kind).find_all([encode_term(text) for text in texts])
            for at, number in zip(places, found, strict=True):
                numbers[at] = number
        return numbers

    def syllable_numbers(self, syllables: Sequence[str]) -> list[int]:
        """Return the number of each syllable, or -1; those asked for lately are remembered."""
        return self._numbers.of(syllables, self.terms("syllable"))

    def term(self, kind: str, number: int) -> bytes:
        """Return the term of a number."""
        if kind != "pair":
            return self.terms(kind)[number]
        syllables = self.terms("syllable")
        return syllables[self.pairs.first_of(number)] + b" " + syllables[int(self.pairs.seconds[number])]

    def size(self, kind: str) -> int:
        """Return how many different terms of a kind there are."""
        return len(self.pairs) if kind == "pair" else len(self.terms(kind))

    def lower_bound(self, kind: str, term: bytes) -> int:
        """Return the number of the first term of a kind that is not less."""
        if kind != "pair":
            return self.terms(kind).lower_bound(term)
        end = next((at for at, byte in enumerate(term) if byte <= ord(" ")), len(term))
        syllables = self.terms("syllable")
        a = syllables.lower_bound(term[:end])
        if a == len(syllables):
            return len(self.pairs)
        numbers = self.pairs.followers(a)
        if term[end : end + 1] != b" " or syllables[a] != term[:end]:  # no byte of a syllable is less than the space
            return numbers.start
        row = self.pairs.seconds[numbers.start : numbers.stop]
        return numbers.start + int(np.searchsorted(row, syllables.lower_bound(term[end + 1 :])))

    def group(self, key: str, live: npt.NDArray[np.bool_] | None = None) -> list[tuple[str, int]]:
        """Return the spellings of a folded group, and how often each occurs.

        ``live``: which documents are not deleted. A spelling that only deleted ones have is left out; others count them.
        """
        number = self.terms("group").find(encode_term(key))
        if number < 0:
            return []
        starts, groups = self._groups
        syllables, lists = self.terms("syllable"), self.postings("syllable")
        members = groups[starts[number] : starts[number + 1]].tolist()
        if live is not None:
            members = [member for member in members if _any_live(lists.documents_of(member), live)]
        return [(syllables[member].decode(), lists.count(member)) for member in members]

    @cached_property
    def _groups(self) -> tuple[Array, Array]:
        """Where the spellings of each folded group begin, and the syllables that they are."""
        starts, members = self.file["group.starts"], self.file["group.members"]
        with self.file.reading("group"):
            check_starts(starts, self.size("group"), len(members))
            if int(members.max(initial=0)) >= max(self.size("syllable"), 1):
                raise ValueError("groups of syllables that there are none of")
        return starts, members

    def group_keys(self, prefix: str) -> list[str]:
        """Return the keys of the folded groups that start with a prefix, in order."""
        keys = self.terms("group")
        return [keys[number].decode() for number in keys.with_prefix(encode_term(prefix))]

    # -- documents

    def documents_of(self, ids: Sequence[str]) -> Iterator[int]:
        """Yield for each id the document that has it, the last one added; none for an unknown id."""
        lists = self.postings("field.id")
        for number in self.terms("field.id").find_all([encode_term(identity) for identity in ids]):
            if number >= 0:
                yield int(lists.documents_of(number)[-1])

    def ids_of(self, documents: npt.NDArray[np.intp]) -> list[str]:
        """Return the ids of some documents."""
        numbers = self.numbers_of("id")[documents]
        return [self.terms("field.id")[number].decode() for number in numbers.tolist()]

    def numbers_of(self, name: str) -> npt.NDArray[np.intp]:
        """Return for each document the number of its term in a list that has one at most for each, or -1."""
        lists = self.postings(f"field.{name}")
        numbers = np.full(self.documents, -1, np.intp)
        numbers[lists.documents] = np.repeat(np.arange(len(lists)), lists.sizes())
        return numbers

    def values_of(self, documents: npt.NDArray[np.int64], field: int) -> tuple[Array, Array, Array, Array]:
        """Return the values of some texts, text after text and in order: (places of the documents, terms, starts, ends)."""
        texts = 2 * documents + field
        firsts, pasts = self.value_runs[texts], self.value_runs[texts + 1]
        rows = np.repeat(np.arange(len(documents)), pasts - firsts)
        at = np.arange(len(rows)) - (np.cumsum(pasts - firsts) - pasts)[rows]
        starts = self.file["value_starts"][at].astype(np.int64)
        return rows, self.file["value_tokens"][at], starts, starts + self.file["value_lengths"][at]

    @cached_property
    def value_runs(self) -> npt.NDArray[np.int64]:
        """Where the values of each text begin among all of them, title before body; and, last, how many there are."""
        both = np.empty(2 * self.documents, np.int64)
        both[::2], both[1::2] = self.lengths("value", 0), self.lengths("value", 1)
        starts = np.concatenate(([0], np.cumsum(both)))
        for name in ("value_tokens", "value_starts", "value_lengths"):
            if len(self.file[name]) != starts[-1]:
                raise damaged(self.file.path, f"{name} has {len(self.file[name])} values, not {starts[-1]}")
        return starts
