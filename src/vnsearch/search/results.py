"""What a search gives back. Reports, snippets and explanations are made when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import overload

from vnsearch.analysis import Analysis, syllables_of
from vnsearch.errors import UnknownFieldError
from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.index.snapshot import Snapshot
from vnsearch.report import Report
from vnsearch.search.parameters import PARAMETERS
from vnsearch.search.query import ParsedQuery
from vnsearch.search.scoring import Contribution, contributions, postings_of, rarity
from vnsearch.search.snippets import Snippet, make_snippet, marked_html, marks_of

__all__ = ["Explanation", "Hit", "SearchResults"]

# Spellings less likely than this are marked only where the report has no likelier one.
_MARKED_WEIGHT = 0.05**PARAMETERS.probability_power


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a hit has its score. ``str()`` of it is for people; the contributions add up to the score."""

    score: float
    contributions: tuple[Contribution, ...]

    def __str__(self) -> str:
        lines = [f"score {self.score:.4f}"]
        for part in sorted(self.contributions, key=lambda part: -part.score):
            how = "" if part.tier == "typed" else f" ({part.tier}: typed {part.typed!r})"
            where = ", ".join(f"{count} x in {name}" for name, count in part.frequencies.items() if count)
            lines.append(
                f"  {part.score:8.4f}  {part.kind} {part.term!r}{how}: {where}, "
                f"in {part.reports} reports, weight {part.weight:.3f}"
            )
        return "\n".join(lines)


@dataclass(frozen=True)
class Hit:
    """One report found. ``score`` has no unit: it orders the hits of one search."""

    id: str
    score: float
    report: Report
    _document: int = field(repr=False)
    _query: ParsedQuery = field(repr=False)
    _snapshot: Snapshot = field(repr=False)
    _fields: Mapping[str, float] = field(repr=False)
    _fragments: int = field(repr=False)

    @cached_property
    def snippet(self) -> Snippet:
        """The best fragments of the body, with what matched in them; its beginning when only the title matched."""
        wanted = self._wanted("body") if "body" in self._fields else []
        return make_snippet(self.report.body, self._analysis("body"), wanted, self._fragments)

    def marks(self, text_field: str) -> list[tuple[int, int]]:
        """Return every match in a whole field as (start, end) in code points, end exclusive, neighbours joined.

        Raises:
            UnknownFieldError: the field is neither "title" nor "body".

        """
        if text_field not in TEXT_FIELDS:
            raise UnknownFieldError(f"there are marks in {' and '.join(TEXT_FIELDS)}, not in {text_field!r}")
        text = self.report.title if text_field == "title" else self.report.body
        return marks_of(text, self._analysis(text_field), self._wanted(text_field))

    def title_html(self, open_mark: str = "<mark>", close_mark: str = "</mark>") -> str:
        """Return the title as HTML: escaped, matches marked."""
        return marked_html(self.report.title, self.marks("title"), open_mark, close_mark)

    def explain(self) -> Explanation:
        """Return why this hit has its score."""
        found = contributions(self._snapshot, self._query.groups, self._fields, self._document)
        return Explanation(self.score, tuple(found))

    @cached_property
    def _analyses(self) -> dict[str, Analysis]:
        return {}

    def _analysis(self, text_field: str) -> Analysis:
        if text_field not in self._analyses:
            values = any(variant.kind == "value" for group in self._query.groups for variant in group.variants)
            self._analyses[text_field] = syllables_of(getattr(self.report, text_field), values=values)
        return self._analyses[text_field]

    def _wanted(self, text_field: str) -> list[dict[str, float]]:
        """Return for each syllable of the query the terms to mark, weighed by how rare they are."""
        present = set(self._analysis(text_field).syllables)
        wanted: list[dict[str, float]] = []
        for group in self._query.groups:
            before = len(wanted)
            for place in group.syllables:
                here = [option for option in place.options if option.term in present]
                # The likelier spellings; the best of the unlikely ones only where nothing else is there.
                likely = [option for option in here if option.weight >= _MARKED_WEIGHT] or here[:1]
                wanted.append(
                    {
                        option.term: option.weight * self._rarity(text_field, place.kind, option.term)
                        for option in likely
                    }
                )
            if group.variants and not all(wanted[before:]):  # the report does not have the run as it was typed
                wanted[before:before] = [
                    {
                        variant.term: variant.share * self._rarity(text_field, variant.kind, variant.term)
                        for variant in group.variants
                    }
                ]
        return wanted

    def _rarity(self, text_field: str, kind: str, term: str) -> float:
        return rarity(self._snapshot.count, len(postings_of(self._snapshot, text_field, kind, term).documents))


@dataclass(frozen=True)
class SearchResults(Sequence[Hit]):
    """The hits of one page, and what is known of the whole.

    ``total``: reports that match, on all pages. ``took_ms``: milliseconds the search took. ``facets``: for each field
    asked for, (value, reports) commonest first. ``suggestion``: the query with its likely marks, or None.
    ``complete``: False when ``timeout_s`` ended the search early; what was found by then is given.
    """

    hits: tuple[Hit, ...]
    total: int
    took_ms: float
    facets: dict[str, list[tuple[str, int]]]
    suggestion: str | None
    complete: bool = True

    def __len__(self) -> int:
        return len(self.hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, index: int | slice) -> Hit | tuple[Hit, ...]:
        return self.hits[index]
