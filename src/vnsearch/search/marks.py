"""Where documents hold what a query looks for: from the stored token sequences, several documents at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from vnsearch.concurrency import cached_property
from vnsearch.index.columnar.container import Array
from vnsearch.index.columnar.tokens import Texts
from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.search.matches import TermKey
from vnsearch.search.parameters import PARAMETERS
from vnsearch.search.parts import Phrase
from vnsearch.search.phrases import Numbered, find_sequences, phrase_numbers
from vnsearch.search.query import Group

__all__ = ["Occurrences", "Rarities", "TextSegment", "TextSource", "Tokens", "Wanted"]

# Spellings less likely than this are marked only where the report has no likelier one.
_MARKED_WEIGHT = 0.05**PARAMETERS.probability_power

Ints = npt.NDArray[np.int64]
#: Returns, of some terms, those that some report has, with their rarity.
Rarities = Callable[[Sequence[TermKey]], Mapping[TermKey, float]]


class Tokens(Protocol):
    """Texts as sequences of numbered syllables."""

    def read(self, documents: Ints, field: int) -> Texts:
        """Return some documents' titles (0) or bodies (1), one after the other."""


class TextSegment(Numbered, Protocol):
    """Texts taken apart, with their syllables and values numbered; a segment of an index is one."""

    @property
    def tokens(self) -> Tokens:
        """The texts."""

    def size(self, kind: str) -> int:
        """Return how many different terms of a kind there are."""

    def find(self, kind: str, term: str) -> int:
        """Return the number of a term of a kind, or -1."""

    def values_of(self, documents: Ints, field: int) -> tuple[Array, Array, Array, Array]:
        """Return the values of some texts, text after text and in order: (places of the documents, terms, starts, ends)."""


class TextSource(Protocol):
    """Segments one after the other; a ``Snapshot`` is one."""

    def leaf_of(self, number: int) -> tuple[int, int]:
        """Return which segment a document is in, and its number there."""

    def segment(self, at: int) -> TextSegment:
        """Return one of the segments."""

    def reading(self, what: str) -> AbstractContextManager[None]:
        """Turn whatever bytes that make no sense raise into one clear error."""


@dataclass(slots=True)
class Occurrences:
    """What was found in some texts, text after text, and in the order of where it begins.

    ``texts`` says which text, ``starts`` and ``ends`` where in it, in code points of the text as given; ``positions`` count
    syllables; ``places`` are those of the query (neighbours have neighbouring numbers), ``weights`` what each is worth.
    """

    texts: Ints
    starts: Ints
    ends: Ints
    positions: Ints
    places: npt.NDArray[np.int16]
    weights: npt.NDArray[np.float64]

    def of(self, text: int) -> list[tuple[int, int]]:
        """Return the spans of one text."""
        low, high = np.searchsorted(self.texts, (text, text + 1))
        return list(zip(self.starts[low:high].tolist(), self.ends[low:high].tolist(), strict=True))

    def check(self, texts: Sequence[str]) -> None:
        """Raise ValueError where something is outside of its text: the texts are kept apart from where their tokens stand."""
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        if (self.starts < 0).any() or (self.starts > self.ends).any() or (self.ends > lengths[self.texts]).any():
            raise ValueError("tokens outside of their text")

    def take(self, at: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Occurrences:
        """Return some of them."""
        return Occurrences(
            self.texts[at], self.starts[at], self.ends[at], self.positions[at], self.places[at], self.weights[at]
        )


def _joined(parts: Sequence[Occurrences]) -> Occurrences:
    """Return what was found in different texts together."""
    joined = Occurrences(*(np.concatenate([getattr(part, name) for part in parts]) for name in Occurrences.__slots__))
    return joined.take(_order(joined))


def _order(found: Occurrences) -> npt.NDArray[np.intp]:
    """Return the order by text, start and end; one key for the three is sorted in a fraction of the time."""
    if not len(found.ends):
        return np.empty(0, np.intp)
    sizes = found.ends - found.starts
    keys = found.texts * (int(found.ends.max()) + 1)
    keys += found.starts
    keys *= int(sizes.max()) + 1
    keys += sizes
    return keys.argsort(kind="stable")


class _Form(NamedTuple):
    """One way in which a place, or a group by a variant, may be written."""

    kind: str
    term: str
    place: int
    group: int
    weight: float
    likely: bool
    variant: bool


def _forms(groups: Sequence[Group], rarities_of: Rarities) -> tuple[list[_Form], list[int]]:
    """Return the ways in which a query may be written that some report has, and how many syllables each group has."""
    found: list[tuple[str, str, int, int, float, bool, bool]] = []
    sizes = []
    place = 0
    for at, group in enumerate(groups):
        before = place
        for of_query in group.places:
            if of_query.kind == "syllable":
                for term, weight, _ in of_query.options:
                    share = weight * of_query.weight
                    found.append(("syllable", term, place, at, share, weight >= _MARKED_WEIGHT, False))
                place += 1
        sizes.append(place - before)
    # The places of variants come behind those of all syllables.
    found += [
        (variant.kind, variant.term, place + at, at, variant.share, True, True)
        for at, group in enumerate(groups)
        for variant in group.variants
    ]
    rarities = rarities_of([form[:2] for form in found])
    return [
        _Form(kind, term, place, group, share * rarities[kind, term], likely, variant)
        for kind, term, place, group, share, likely, variant in found
        if (kind, term) in rarities
    ], sizes


class Wanted:
    """The forms of a query that are to be marked in some texts, with how much each is worth: its share times its rarity.

    Phrases are marked whole, where they stand.
    """

    def __init__(
        self, source: TextSource, rarities_of: Rarities, groups: Sequence[Group], phrases: Sequence[Phrase] = ()
    ) -> None:
        self._source = source
        self._tables: dict[int, tuple[Array, dict[int, int], list[_Sequence]]] = {}
        self._forms, self._sizes = _forms(groups, rarities_of)
        first = sum(self._sizes) + len(groups)
        self._sequences = [
            (
                len(self._forms) + at,
                [[option.term for option in place.options] for place in phrase.places],
                phrase.slop + 1,
            )
            for at, phrase in enumerate(phrases, 1)
        ]
        self._forms += [
            _Form("sequence", "", place, -1, _worth(phrase, rarities_of), likely=True, variant=False)
            for place, phrase in enumerate(phrases, first)
        ]
        # Where every form is likely, and stands for its place alone, what is found is marked.
        self._selective = any(not form.likely or form.variant for form in self._forms)
        self._weights = np.array([0.0, *(form.weight for form in self._forms)])
        # Numbers of two bytes are sorted by counting.
        self._places = np.array([-1, *(form.place for form in self._forms)], np.int16)

    def _table(self, leaf: int) -> tuple[Array, dict[int, int], list[_Sequence]]:
        """Return for each syllable of a segment its form (0: none), the forms of values, and those of phrases."""
        found = self._tables.get(leaf)
        if found is None:
            segment = self._source.segment(leaf)
            table = np.zeros(max(segment.size("syllable"), 1), np.min_scalar_type(len(self._forms)))
            values: dict[int, int] = {}
            phrases = [
                (numbers, slop, form)
                for form, places, slop in self._sequences
                if all(numbers := phrase_numbers(segment, places))
            ]
            # A syllable that several places look for goes to the one that it is worth most to.
            ordered = sorted(enumerate(self._forms, 1), key=lambda item: item[1].weight)
            spelled = [(number, form.term) for number, form in ordered if form.kind == "syllable"]
            for (number, _), held in zip(spelled, segment.syllable_numbers([term for _, term in spelled]), strict=True):
                if held >= 0:
                    table[held] = number
            for number, form in ordered:
                if form.kind == "phrase":
                    syllables = segment.syllable_numbers(form.term.split(" "))
                    if min(syllables) >= 0:
                        phrases.append(([[syllable] for syllable in syllables], 1, number))
                elif form.kind == "value" and (value := segment.find("value", form.term)) >= 0:
                    values[value] = number
            found = self._tables[leaf] = table, values, phrases
        return found

    def occurrences(self, documents: Sequence[int], text_field: str, texts: Sequence[str]) -> Occurrences:
        """Return where some documents hold the forms, in one field, of which these are the texts; ``texts`` count them."""
        field = TEXT_FIELDS.index(text_field)
        places = [self._source.leaf_of(number) for number in documents]
        parts = []
        with self._source.reading("the tokens of reports"):
            for leaf in sorted({leaf for leaf, _ in places}):
                mine = [(text, document) for text, (at, document) in enumerate(places) if at == leaf]
                parts.append(self._in_leaf(leaf, mine, field))
            found = parts[0] if len(parts) == 1 else _joined(parts)
            found.check(texts)
        return found

    def _in_leaf(self, leaf: int, documents: Sequence[tuple[int, int]], field: int) -> Occurrences:
        table, values, phrases = self._table(leaf)
        segment = self._source.segment(leaf)
        texts = np.array([text for text, _ in documents])
        numbers = np.array([document for _, document in documents])
        read = segment.tokens.read(numbers, field)
        forms = table.take(read.syllables)
        at = (forms != 0).nonzero()[0]  # a mask has them several times as fast
        rows = read.owners(at)
        found: list[_Found] = [(rows, at - read.firsts(rows), *read.places(at), forms[at])]
        if phrases or values:
            lacking = self._lacking(rows, forms[at], len(documents))
            found += [_phrases(read, *phrase) for phrase in phrases if lacking[phrase[-1]].any()]
            if values := {value: form for value, form in values.items() if lacking[form].any()}:
                some = np.logical_or.reduce(lacking[list(values.values())]).nonzero()[0]
                found.append(_values(segment, numbers, some, field, values, read))
        rows, positions, starts, ends, forms = (
            found[0] if len(found) == 1 else tuple(np.concatenate(column) for column in zip(*found, strict=True))
        )
        if self._selective and not (selected := self._selected(rows, forms, len(documents))).all():
            kept = selected.nonzero()[0]
            rows, positions, starts, ends, forms = (column[kept] for column in (rows, positions, starts, ends, forms))
        occurrences = Occurrences(texts[rows], starts, ends, positions, self._places[forms], self._weights[forms])
        return occurrences if len(found) == 1 else occurrences.take(_order(occurrences))

    def _lacking(self, rows: Ints, forms: Ints, count: int) -> npt.NDArray[np.bool_]:
        """Return for each form (a row) in which documents it is to be looked for: a variant only where what was typed is lacking."""
        present = self._present(rows, forms, count)
        lacking = np.ones_like(present)
        for members, places in self._rules[2]:
            lacking[members] = ~_complete(present, places)
        return lacking

    def _present(self, rows: Ints, forms: Ints, count: int) -> npt.NDArray[np.bool_]:
        """Return for each form (a row) which of the documents have it."""
        present = np.zeros((len(self._forms) + 1, count), np.bool_)
        present[forms, rows] = True
        return present

    def _selected(self, rows: Ints, forms: Ints, count: int) -> npt.NDArray[np.bool_]:
        """Return which of the occurrences are to be marked.

        An unlikely spelling only where its place has no likelier one there; a variant only where the document does not have
        the run as it was typed.
        """
        always, unlikely, variants = self._rules
        settled: npt.NDArray[np.bool_] = always[forms]
        if settled.all():
            return settled
        present = self._present(rows, forms, count)
        chosen = present.copy()
        somewhere = set(forms[~settled].tolist())
        for likely, others in unlikely:
            if not somewhere.isdisjoint(others):
                served: npt.NDArray[np.bool_] = np.logical_or.reduce(present[likely])
                for form in others:
                    chosen[form] &= ~served
                    served |= present[form]
        for members, places in variants:
            if not somewhere.isdisjoint(members):
                chosen[members] &= ~_complete(present, places)
        kept: npt.NDArray[np.bool_] = chosen[forms, rows]
        return kept

    @cached_property
    def _rules(self) -> tuple[npt.NDArray[np.bool_], list[tuple[list[int], list[int]]], list[_VariantRule]]:
        """What is marked: (which forms always, (likely forms, other forms) of places that have others, variants of groups)."""
        always = np.array([False, *(form.likely and not form.variant for form in self._forms)])
        members: dict[int, list[int]] = {}
        places: dict[int, dict[int, tuple[list[int], list[int]]]] = {}
        for number, form in enumerate(self._forms, 1):
            if form.variant:
                members.setdefault(form.group, []).append(number)
            else:
                places.setdefault(form.group, {}).setdefault(form.place, ([], []))[not form.likely].append(number)
        unlikely = [place for group in places.values() for place in group.values() if place[1]]
        variants = []
        for group, numbers in members.items():
            spellings = [likely + others for likely, others in places.get(group, {}).values()]
            # A place that no report has in any spelling is missing everywhere.
            variants.append((numbers, spellings if len(spellings) == self._sizes[group] else [[]]))
        return always, unlikely, variants


#: Variants of a group, and the spellings of each of its places: the former are marked where one of the latter is missing.
_VariantRule = tuple[list[int], list[list[int]]]
_Found = tuple[Array, Array, Array, Array, Array]
#: A phrase: for each place the numbers of its syllables, how far one may be behind the other, and its form.
_Sequence = tuple[list[list[int]], int, int]


def _complete(present: npt.NDArray[np.bool_], places: list[list[int]]) -> npt.NDArray[np.bool_]:
    """Return which documents have every place, in any of its spellings."""
    return np.asarray(np.logical_and.reduce([np.logical_or.reduce(present[spellings]) for spellings in places]))


def _phrases(read: Texts, phrase: list[list[int]], slop: int, form: int) -> _Found:
    """Return where syllables follow each other, from the first to the last."""
    first, last = find_sequences(read.syllables, phrase, slop)
    rows = read.owners(first)
    inside = (last < read.pasts[rows]).nonzero()[0]
    first, last, rows = first[inside], last[inside], rows[inside]
    starts, _ = read.places(first)
    _, ends = read.places(last)
    return rows, first - read.firsts(rows), starts, ends, np.full(len(first), form)


def _worth(phrase: Phrase, rarities_of: Rarities) -> float:
    """Return what an occurrence of a phrase is worth: the rarity of all its syllables, in their likeliest spellings."""
    terms = [("syllable", place.options[0].term) for place in phrase.places if place.options]
    return sum(rarities_of(terms).values())


def _values(segment: TextSegment, numbers: Ints, some: Ints, field: int, wanted: dict[int, int], read: Texts) -> _Found:
    """Return where values stand in some of the texts: the position is that of the syllable in which one begins, or of the last before."""
    at, terms, starts, ends = segment.values_of(numbers[some], field)
    held = np.logical_or.reduce([terms == term for term in wanted]).nonzero()[0]  # few
    rows, terms, starts, ends = some[at[held]], terms[held], starts[held], ends[held]
    positions = np.empty(len(held), np.int64)
    for row in dict.fromkeys(rows.tolist()):
        past = int(read.pasts[row])
        begins, _ = read.places(np.arange(past - int(read.lengths[row]), past))
        mine = rows == row
        positions[mine] = begins.searchsorted(starts[mine], "right") - 1
    return rows, positions, starts, ends, np.array([wanted[term] for term in terms.tolist()], np.int64)
