"""Where documents hold what a query looks for: from the stored token sequences, several documents at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.columnar.terms import encode_term
from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.search.parameters import PARAMETERS
from vnsearch.search.query import Group
from vnsearch.search.scoring import Scorer

__all__ = ["Occurrences", "Wanted"]

# Spellings less likely than this are marked only where the report has no likelier one.
_MARKED_WEIGHT = 0.05**PARAMETERS.probability_power

Ints = npt.NDArray[np.int64]


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
    places: Ints
    weights: npt.NDArray[np.float64]

    def of(self, text: int) -> list[tuple[int, int]]:
        """Return the spans of one text."""
        low, high = np.searchsorted(self.texts, (text, text + 1))
        return list(zip(self.starts[low:high].tolist(), self.ends[low:high].tolist(), strict=True))

    def take(self, at: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> Occurrences:
        """Return some of them."""
        return Occurrences(
            self.texts[at], self.starts[at], self.ends[at], self.positions[at], self.places[at], self.weights[at]
        )


@dataclass(frozen=True, slots=True)
class _Form:
    """One way in which a place, or a group by a variant, may be written."""

    kind: str
    term: str
    place: int
    group: int
    weight: float
    likely: bool
    variant: bool


class Wanted:
    """The forms of a query that are to be marked, with how much each is worth: its share times its rarity."""

    def __init__(self, groups: Sequence[Group], scorer: Scorer) -> None:
        self._leaves = scorer.snapshot.leaves
        self._snapshot = scorer.snapshot
        self._tables: dict[int, tuple[npt.NDArray[np.uint16], dict[int, int], list[tuple[list[int], int]]]] = {}
        self._forms: list[_Form] = []
        self._sizes = [len(group.syllables) for group in groups]
        syllable_places = sum(self._sizes)
        place = 0
        for at, group in enumerate(groups):
            for of_query in group.syllables:
                for option in of_query.options:
                    likely = option.weight >= _MARKED_WEIGHT
                    self._add(scorer, "syllable", option.term, place, at, option.weight, likely)
                place += 1
            for variant in group.variants:
                self._add(scorer, variant.kind, variant.term, syllable_places + at, at, variant.share, True, True)
        # Where every form is likely, and stands for its place alone, what is found is marked.
        self._selective = any(not form.likely or form.variant for form in self._forms)
        self._weights = np.array([0.0, *(form.weight for form in self._forms)])
        self._places = np.array([-1, *(form.place for form in self._forms)])

    def _add(
        self, scorer: Scorer, kind: str, term: str, place: int, group: int, share: float, likely: bool, variant: bool = False
    ) -> None:
        count = scorer.term(kind, term).count
        if count:
            weight = share * scorer.idf(count)
            self._forms.append(_Form(kind, term, place, group, weight, likely, variant))

    def _table(self, leaf: int) -> tuple[npt.NDArray[np.uint16], dict[int, int], list[tuple[list[int], int]]]:
        """Return for each syllable of a segment its form (0: none), the forms of values, and those of phrases."""
        found = self._tables.get(leaf)
        if found is None:
            segment = self._leaves[leaf].segment
            syllables = segment.terms("syllable")
            table = np.zeros(max(len(syllables), 1), np.uint16)
            values: dict[int, int] = {}
            phrases: list[tuple[list[int], int]] = []
            # A syllable that several places look for goes to the one that it is worth most to.
            for number, form in sorted(enumerate(self._forms, 1), key=lambda item: item[1].weight):
                if form.kind == "value":
                    if (value := segment.find("value", form.term)) >= 0:
                        values[value] = number
                    continue
                numbers = syllables.find_all([encode_term(syllable) for syllable in form.term.split(" ")])
                if min(numbers) < 0:
                    continue
                if len(numbers) == 1:
                    table[numbers[0]] = number
                else:
                    phrases.append((numbers, number))
            found = self._tables[leaf] = table, values, phrases
        return found

    def occurrences(self, documents: Sequence[int], text_field: str) -> Occurrences:
        """Return where some documents hold the forms, in one field; ``texts`` count the documents given."""
        field = TEXT_FIELDS.index(text_field)
        places = [self._snapshot.leaf_of(number) for number in documents]
        parts = []
        with self._snapshot.reading("the tokens of reports"):
            for leaf in sorted({leaf for leaf, _ in places}):
                mine = [(text, document) for text, (at, document) in enumerate(places) if at == leaf]
                parts.append(self._in_leaf(leaf, mine, field))
        if len(parts) == 1:
            return parts[0]
        joined = [np.concatenate([getattr(part, name) for part in parts]) for name in Occurrences.__slots__]
        return Occurrences(*joined).take(np.lexsort((joined[2], joined[1], joined[0])))

    def _in_leaf(self, leaf: int, documents: Sequence[tuple[int, int]], field: int) -> Occurrences:
        table, values, phrases = self._table(leaf)
        segment = self._leaves[leaf].segment
        texts = np.array([text for text, _ in documents])
        numbers = np.array([document for _, document in documents])
        sequence, lengths, starts, ends = segment.tokens.read(numbers, field)
        forms = table[sequence]
        at = np.flatnonzero(forms)
        pasts = np.cumsum(lengths)
        rows = np.searchsorted(pasts, at, "right")
        found = [(rows, at - (pasts - lengths)[rows], starts[at], ends[at], forms[at].astype(np.int64))]
        for syllables, form in phrases:
            found.append(_phrases(sequence, pasts, lengths, starts, ends, syllables, form))
        if values:
            found += _values(segment, numbers, field, values, starts, pasts, lengths)
        rows, positions, starts, ends, forms = (
            found[0] if len(found) == 1 else tuple(np.concatenate(column) for column in zip(*found, strict=True))
        )
        if self._selective:
            kept = self._selected(rows, forms, len(documents))
            rows, positions, starts, ends, forms = (column[kept] for column in (rows, positions, starts, ends, forms))
        occurrences = Occurrences(texts[rows], starts, ends, positions, self._places[forms], self._weights[forms])
        return occurrences if len(found) == 1 else occurrences.take(np.lexsort((ends, starts, occurrences.texts)))

    def _selected(self, rows: Ints, forms: Ints, count: int) -> npt.NDArray[np.bool_]:
        """Return which of the occurrences are to be marked.

        An unlikely spelling only where its place has no likelier one there; a variant only where the document does not have
        the run as it was typed.
        """
        width = len(self._forms) + 1
        present = np.bincount(rows * width + forms, minlength=count * width).reshape(count, width) > 0
        chosen = np.zeros_like(present)
        for members, complete_by, typed_places in self._groups:
            complete = np.full(count, len(complete_by) == typed_places)
            for likely, others in complete_by:
                served = present[:, likely].any(axis=1)
                chosen[:, likely] = True
                for form in others:
                    take = ~served & present[:, form]
                    chosen[take, form] = True
                    served |= take
                complete &= served
            for form in members:
                chosen[~complete, form] = True
        return chosen[rows, forms]

    @cached_property
    def _groups(self) -> list[tuple[list[int], list[tuple[list[int], list[int]]], int]]:
        """The forms by groups: (variants, [(likely forms, other forms) of each place that has any], how many places)."""
        groups: dict[int, tuple[list[int], dict[int, tuple[list[int], list[int]]]]] = {}
        for number, form in enumerate(self._forms, 1):
            variants, places = groups.setdefault(form.group, ([], {}))
            if form.variant:
                variants.append(number)
            else:
                places.setdefault(form.place, ([], []))[not form.likely].append(number)
        return [(variants, list(places.values()), self._sizes[group]) for group, (variants, places) in groups.items()]


_Found = tuple[Ints, Ints, Ints, Ints, Ints]


def _phrases(
    sequence: npt.NDArray[np.generic], pasts: Ints, lengths: Ints, starts: Ints, ends: Ints, phrase: list[int], form: int
) -> _Found:
    """Return where syllables follow each other."""
    at = np.flatnonzero(sequence[: max(len(sequence) - len(phrase) + 1, 0)] == phrase[0])
    for offset, syllable in enumerate(phrase[1:], 1):
        at = at[sequence[at + offset] == syllable]
    rows = np.searchsorted(pasts, at, "right")
    inside = at + len(phrase) <= pasts[rows] if len(at) else np.zeros(0, np.bool_)
    at, rows = at[inside], rows[inside]
    return rows, at - (pasts - lengths)[rows], starts[at], ends[at + len(phrase) - 1], np.full(len(at), form)


def _values(
    segment: SegmentData, numbers: Ints, field: int, wanted: dict[int, int], starts: Ints, pasts: Ints, lengths: Ints
) -> list[_Found]:
    """Return where values stand."""
    found = []
    for row, document in enumerate(numbers.tolist()):
        terms, value_starts, value_ends = segment.values(document, field)
        at = [place for place, term in enumerate(terms.tolist()) if term in wanted]
        if at:
            first = int(pasts[row] - lengths[row])
            here = starts[first : int(pasts[row])]
            positions = np.searchsorted(here, value_starts[at], "right") - 1
            forms = np.array([wanted[term] for term in terms[at].tolist()])
            found.append((np.full(len(at), row), positions, value_starts[at], value_ends[at], forms))
    return found
