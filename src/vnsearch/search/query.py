"""Query text -> places: what has to be looked for, and in which spellings.

A *place* is one syllable of the query, or two neighbours; a document scores it by its best spelling. What is repeated
counts once. Any text is a query: what is no word is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from vnsearch.analysis import Analysis, syllables_of
from vnsearch.index.snapshot import Snapshot
from vnsearch.search.parameters import PARAMETERS, Parameters
from vnsearch.search.spelling import Spelling, Spellings, spellings_of

__all__ = ["Option", "ParsedQuery", "Place", "parse"]


@dataclass(frozen=True, slots=True)
class Option:
    """One term that a place may be found by, and its share of the score, at most 1."""

    term: str
    weight: float
    tier: str


@dataclass(frozen=True, slots=True)
class Place:
    """One thing to look for. ``kind`` is "syllable" or "pair"; ``typed`` is how the query has it."""

    kind: str
    typed: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query, read against one commit of an index."""

    text: str
    analysis: Analysis
    spellings: Spellings
    places: tuple[Place, ...]

    @property
    def syllables(self) -> list[Place]:
        """Return the places that are syllables: they decide what matches at all."""
        return [place for place in self.places if place.kind == "syllable"]


def parse(text: str, snapshot: Snapshot, parameters: Parameters = PARAMETERS) -> ParsedQuery:
    """Read a query. Past ``parameters.query_chars`` characters or ``query_syllables`` syllables it is cut."""
    analysis = syllables_of(text[: parameters.query_chars])
    cut = parameters.query_syllables
    analysis = Analysis(analysis.syllables[:cut], analysis.starts[:cut], analysis.ends[:cut])
    spellings = spellings_of(snapshot, analysis.syllables, parameters)
    places = [
        Place(kind, typed, _options(readings, parameters))
        for kind, terms, found in (
            ("syllable", analysis.syllables, spellings.syllables),
            ("pair", analysis.pairs(), spellings.pairs),
        )
        for typed, readings in zip(terms, found, strict=True)
    ]
    once = {(place.kind, place.options): place for place in places}
    return ParsedQuery(text, analysis, spellings, tuple(once.values()))


def _options(readings: list[Spelling], parameters: Parameters) -> tuple[Option, ...]:
    factors = {"compatible": parameters.compatible, "folded": parameters.folded}
    return tuple(
        Option(
            reading.term,
            round(reading.probability**parameters.probability_power * factors.get(reading.tier, 1.0), 6),
            reading.tier,
        )
        for at, reading in enumerate(readings)
        if at == 0 or reading.probability > parameters.least_probability
    )
