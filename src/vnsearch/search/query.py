"""Query text -> groups of places: what has to be looked for, and in which spellings.

A *place* is one syllable of the query, or two neighbours; a document scores it by its best spelling. What is repeated
counts once. Places that are written together as one value or abbreviation form a *group* with *variants*: other ways to
write the whole (98.510 and 98510, QCDC and quy chế dân chủ). A document scores a group by its places or by its best
variant, whichever is more. Any text is a query: what is no word is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from vnsearch.analysis import Analysis, syllables_of
from vnsearch.limits import LIMITS, Limits
from vnsearch.search.choices import GUESSES, Spelling
from vnsearch.search.keystrokes import method_of, text_meant
from vnsearch.search.parameters import PARAMETERS, Parameters
from vnsearch.search.spelling import Spellings, spellings_of
from vnsearch.search.stop_words import has_stop_word
from vnsearch.search.variants import Run, Variant, find_variants
from vnsearch.search.vocabulary import Vocabulary
from vnsearch.text.memo import remembered
from vnsearch.text.syllable import other_i_y

if TYPE_CHECKING:
    from vnsearch.search.parts import Part

__all__ = ["Group", "Option", "ParsedQuery", "Place", "options_of", "parse"]

# A spelling of a place, and what is made of it.
_READING_BYTES = 250


class Option(NamedTuple):
    """One term that a place may be found by, and its share of the score, at most 1."""

    term: str
    weight: float
    tier: str


class Place(NamedTuple):
    """One thing to look for. ``kind`` is "syllable" or "pair"; ``typed`` is how the query has it.

    ``weight`` is what all its options score times: stop words tell less than their rarity says.
    """

    kind: str
    typed: str
    options: tuple[Option, ...]
    weight: float = 1.0


class Group(NamedTuple):
    """Places that stand and fall together: those of one run of the query, and other ways to write that run."""

    places: tuple[Place, ...]
    variants: tuple[Variant, ...] = ()

    @property
    def syllables(self) -> list[Place]:
        """Return the places that are syllables: they decide what matches at all."""
        return [place for place in self.places if place.kind == "syllable"]


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query, read against one commit of an index.

    ``groups`` is what plain words ask for. A query with signs of the language has a ``part`` instead, and ``asked`` describes it.
    """

    text: str
    analysis: Analysis
    spellings: Spellings
    groups: tuple[Group, ...]
    part: Part | None = None
    asked: str = ""

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes: most of it are spellings, of syllables and of pairs, and what is made of them."""
        readings = sum(map(len, chain(self.spellings.syllables, self.spellings.pairs)))
        return _READING_BYTES * readings + (2 * len(repr(self.part)) if self.part is not None else 0)


def parse(
    text: str,
    vocabulary: Vocabulary,
    parameters: Parameters = PARAMETERS,
    limits: Limits = LIMITS,
    most: int | None = None,
) -> ParsedQuery:
    """Read plain words, cut at the limits. ``most``: syllables that are left to them; None for all that a query may have."""
    text = text[: limits.query_chars]
    most = limits.query_syllables if most is None else most
    analysis = _analyze(text, most)
    spellings = spellings_of(vocabulary, analysis.syllables, parameters)
    meant = text, analysis
    if spellings.unknown and (method := method_of(analysis.syllables, spellings)):
        spellings = spellings_of(vocabulary, analysis.syllables, parameters, method)
        # "5 trie65u" is a value once it is read.
        read = text_meant(text, analysis, spellings)
        again = _analyze(read, most)
        if len(again.syllables) == len(analysis.syllables):  # else its places are not those of the readings
            meant = read, again
    runs = find_variants(*meant, [readings[0].term for readings in spellings.syllables], vocabulary)
    return ParsedQuery(
        text, analysis, spellings, tuple(_groups(analysis, spellings, runs, parameters, limits.query_spellings))
    )


def _analyze(text: str, most: int) -> Analysis:
    analysis = syllables_of(text, values=True)
    if len(analysis.syllables) > most:
        values = [value for value in analysis.values if value.position < most]
        analysis = Analysis(analysis.syllables[:most], analysis.starts[:most], analysis.ends[:most], values=values)
    return analysis


def _groups(
    analysis: Analysis,
    spellings: Spellings,
    runs: list[Run],
    parameters: Parameters,
    left: int,
) -> list[Group]:
    """Return the places of the query by groups; a place that is there already is not repeated.

    ``left``: how many spellings of those in doubt are searched.
    """
    factors = _factors(parameters)
    stops = {"syllable": parameters.stop_syllable, "pair": parameters.stop_pair}
    # By the likeliest spelling: "cong tac cong an" has công once, "ban ban" may be two.
    seen: set[str] = set()
    # "công tác cong an": what is typed with its marks, and likeliest meant without them, is one place, for both.
    doubtful = {readings[0].term: readings for readings in spellings.syllables if not _is_certain(readings)}

    def new(kind: str, start: int, end: int) -> list[Group]:
        """Return the places that are not there yet, each in a group of its own."""
        nonlocal left
        groups = []
        typed, every = (analysis.syllables, spellings.syllables) if kind == "syllable" else (pairs, spellings.pairs)
        for at, readings in enumerate(every[start:end], start):
            term = readings[0].term
            if term in seen:
                continue
            seen.add(term)
            if _is_certain(readings):
                group = _certain(term, kind, parameters.variant, stops[kind])
                if kind == "syllable" and term in doubtful:
                    group = _widened(group, _options(doubtful[term], factors, parameters))
                groups.append(group)
            else:
                options = _options(readings if left > 0 else readings[:1], factors, parameters)
                left -= len(options)
                weight = stops[kind] if has_stop_word(term) else 1.0
                groups.append(Group((Place(kind, typed[at], options, weight),)))
        return groups

    pairs = analysis.pairs()
    groups = []
    at = 0
    for start, end, variants in runs:
        groups += new("syllable", at, start)
        together = new("syllable", start, end)
        together += new("pair", start, end - 1)
        if together:
            groups.append(Group(tuple(group.places[0] for group in together), variants))
        at = end
    groups += new("syllable", at, len(analysis.syllables))
    # The pairs within runs are seen by now: these are the rest.
    groups += new("pair", 0, len(pairs))
    return groups


def _is_certain(readings: Sequence[Spelling]) -> bool:
    return readings[0].tier == "typed" and readings[0].probability == 1.0


def _widened(group: Group, options: Sequence[Option]) -> Group:
    """Return the group of one place with more options."""
    (place,) = group.places
    known = {option.term for option in place.options}
    more = [option for option in options if option.term not in known]
    return Group((place._replace(options=(*place.options, *more)),))


@remembered(8192)
def _certain(term: str, kind: str, variant: float, stop: float) -> Group:
    """Return the group of a place with one spelling, and its other i/y spelling: most of a query typed with its marks.

    ``stop`` is its weight if there is a stop word in it.
    """
    other = _other_i_y(term)
    more = () if other == term else (Option(other, variant, "variant"),)
    weight = stop if has_stop_word(term) else 1.0
    return Group((Place(kind, term, (Option(term, 1.0, "typed"), *more), weight),))


@remembered(8192)
def _other_i_y(term: str) -> str:
    """Return a term with its syllables in their other i/y spelling, where they have one."""
    return " ".join(other_i_y(syllable) or syllable for syllable in term.split(" "))


def options_of(readings: Sequence[Spelling], parameters: Parameters = PARAMETERS) -> tuple[Option, ...]:
    """Return the spellings of a syllable worth looking for."""
    if _is_certain(readings):
        return _certain(readings[0].term, "syllable", parameters.variant, parameters.stop_syllable).places[0].options
    return _options(readings, _factors(parameters), parameters)


def _factors(parameters: Parameters) -> dict[str, float]:
    return {
        "variant": parameters.variant,
        "compatible": parameters.compatible,
        "folded": parameters.folded,
        "slip": parameters.slip,
        "sound": parameters.sound,
    }


def _options(readings: Sequence[Spelling], factors: Mapping[str, float], parameters: Parameters) -> tuple[Option, ...]:
    """Return the spellings worth looking for, and for those typed with marks their other i/y spelling."""
    power, least = parameters.probability_power, parameters.least_probability
    options: list[Option] = []
    for term, probability, tier in readings:
        if options and probability <= least:
            break
        if options and probability < parameters.least_guess and tier in GUESSES:
            continue
        # Six places are plenty, and half the time of round().
        options.append(Option(term, int(probability**power * factors.get(tier, 1.0) * 1e6 + 0.5) / 1e6, tier))
    typed = [option for option in options if option.tier in ("typed", "keystrokes")]
    if typed:
        terms = [option.term for option in options]
        others = [(_other_i_y(term), weight * parameters.variant, "variant") for term, weight, _ in typed]
        options += [Option(*other) for other in others if other[0] not in terms]
    return tuple(options)
