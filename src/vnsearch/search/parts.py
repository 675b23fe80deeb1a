"""Query text -> what it asks of one commit: plain words as they ever were, or parts that stand under signs of the language.

``syntax`` says what is written and what the signs mean; here words become places (see ``query``), labels those that the
index has, and what analysis finds empty is left out. What stands side by side is read together, so that neighbours tell each
other's spellings and pairs go across quotes.

*Phrases.* A phrase beside words that are only wanted is wanted too: its words are searched like the others, and where they
stand as quoted they score a tenth more. A phrase under an operator, or with no words beside it, must stand in the report.
Marks that were typed are kept, and those that were not may be any likely ones.

*Prefixes.* What stands before a prefix (*quy* in ``quy ch*``) is words; the last of them and the prefix are a phrase. A prefix
stands for the syllables that begin so: without marks for all their marked forms, the commonest ones.

*Bounds.* How many words, phrases and prefixes there may be, and what becomes of the others, is in ``vnsearch.limits``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias
from weakref import WeakKeyDictionary

from vnsearch.analysis import Analysis, syllables_of
from vnsearch.limits import LIMITS, Limits
from vnsearch.search import syntax_tree as syntax
from vnsearch.search import tree
from vnsearch.search.parameters import PARAMETERS, Parameters
from vnsearch.search.query import Group, Option, ParsedQuery, Place, options_of, parse
from vnsearch.search.spelling import Spellings
from vnsearch.search.suggestions import beginning
from vnsearch.search.syntax import parse_syntax
from vnsearch.search.syntax_tree import Clause, describe
from vnsearch.search.vocabulary import Vocabulary
from vnsearch.text.fold import fold
from vnsearch.text.normalize import normalize

__all__ = [
    "AllOf",
    "AnyOf",
    "Filter",
    "InField",
    "Maybe",
    "Only",
    "Part",
    "Phrase",
    "Words",
    "leaves",
    "marked",
    "read",
]

# What a report scores that is found without any word: it comes after those that have one.
_UNSCORED = 1e-6
# The words of a phrase stand as they are written: other marks than those typed, and slips put right, are only offered.
_NO_PHRASE = ("folded", "slip", "sound")
# Spellings of the word before a prefix that are looked at, and syllables that start like it, at least: the commonest.
_CONTEXT = 8
_CONTINUATIONS = 512


@dataclass(frozen=True, slots=True)
class Words:
    """Plain words, any of them or all."""

    groups: tuple[Group, ...]
    needs_all: bool


@dataclass(frozen=True, slots=True)
class Phrase:
    """Places that follow each other, up to ``slop`` words between; what plain words score there is added.

    ``kind`` is "phrase" or "prefix", ``typed`` how the query has it. ``among_words``: its words are searched beside it, like the
    others, and it only adds to what they score.
    """

    kind: str
    typed: str
    places: tuple[Place, ...]
    slop: int
    weight: float
    groups: tuple[Group, ...] = ()
    among_words: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition without words, and how the query has it."""

    node: tree.Node
    typed: str


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Any of some parts; scores are added."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """All of some parts; scores are added."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Maybe:
    """What is required; what ``optional`` scores there is added."""

    required: Part
    optional: Part


@dataclass(frozen=True, slots=True)
class Only:
    """A part where all conditions match and nothing unwanted does; neither is scored."""

    part: Part
    conditions: tuple[Part, ...]
    unwanted: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class InField:
    """A part in one field."""

    name: str
    part: Part


Part: TypeAlias = Words | Phrase | Filter | AnyOf | AllOf | Maybe | Only | InField


def read(
    text: str,
    vocabulary: Vocabulary,
    match: str = "any",
    parameters: Parameters = PARAMETERS,
    limits: Limits = LIMITS,
) -> ParsedQuery:
    """Read a query; ``match``: whether any or all of what is side by side, under no operator, must be there."""
    text = text[: limits.query_chars]
    node = parse_syntax(text, vocabulary.filterable, limits)
    if isinstance(node, syntax.Words):
        return parse(text, vocabulary, parameters, limits)
    reader = _Reader(text, vocabulary, parameters, limits)
    part = reader.part(node, needs_all=match == "all")
    return reader.query(part, describe(node, text))


def marked(part: Part, text_field: str, fields: Container[str]) -> tuple[list[Group], list[Phrase]]:
    """Return what is to be marked in a field, where ``fields`` are searched: words, and phrases, which are marked whole."""
    found = list(_leaves_in(part, text_field, text_field in fields))
    groups = [group for leaf in found if isinstance(leaf, Words) for group in leaf.groups]
    return groups, [leaf for leaf in found if isinstance(leaf, Phrase)]


def leaves(part: Part) -> Iterator[Words | Phrase]:
    """Yield the words and phrases that a part asks for, in whatever field; not its conditions, nor what it does without."""
    if isinstance(part, Words | Phrase):
        yield part
    for inner in _inner(part):
        yield from leaves(inner)


def _leaves_in(part: Part, text_field: str, is_searched: bool) -> Iterator[Words | Phrase]:
    if isinstance(part, InField):
        is_searched = part.name == text_field
    if isinstance(part, Words | Phrase) and is_searched:
        yield part
    for inner in _inner(part):
        yield from _leaves_in(inner, text_field, is_searched)


def _inner(part: Part) -> Sequence[Part]:
    """Return the parts of a part whose words are asked for."""
    match part:
        case AnyOf(parts) | AllOf(parts):
            return parts
        case Maybe(required, optional):
            return (required, optional)
        case Only(inner) | InField(_, inner):
            return (inner,)
    return ()


class _Reader:
    """Reads one query, and remembers what was read for ``query``."""

    def __init__(self, text: str, vocabulary: Vocabulary, parameters: Parameters, limits: Limits) -> None:
        self._text = text
        self._vocabulary = vocabulary
        self._parameters = parameters
        self._limits = limits
        self._syllables_left = limits.query_syllables
        self._phrases_left = limits.query_phrases
        self._sloppy_left = limits.sloppy_syllables
        self._read: list[tuple[int, ParsedQuery]] = []

    def query(self, part: Part | None, asked: str) -> ParsedQuery:
        """Return the whole: all syllables that were read, in order."""
        syllables = sorted(
            (start + at, end + at, typed, readings)
            for at, run in self._read
            for start, end, typed, readings in zip(
                run.analysis.starts, run.analysis.ends, run.analysis.syllables, run.spellings.syllables, strict=True
            )
        )
        starts, ends, typed, readings = map(list, zip(*syllables, strict=True)) if syllables else ([], [], [], [])
        return ParsedQuery(self._text, Analysis(typed, starts, ends), Spellings(readings, []), (), part, asked)

    def part(self, node: syntax.Node, needs_all: bool) -> Part | None:
        """Return what a node asks for; None: nothing."""
        match node:
            case syntax.Group(clauses):
                return self._group(clauses, needs_all)
            case syntax.Either(nodes):
                return _either(self._parts(nodes))
            case syntax.Field(name, inner):
                part = self.part(inner, needs_all)
                return part and InField(name, part)
            case syntax.Labels(key, values):
                # One that is not known may be there all the same: of very many the rarest are not listed.
                known = tuple(
                    name for value in values for name in _known_labels(self._vocabulary, key, value) or [value]
                )
                return Filter(tree.Labels(key, known, _UNSCORED), describe(node, self._text))
            case syntax.Dates(first, last):
                return Filter(tree.Days(_ordinal(first), _ordinal(last), _UNSCORED), describe(node, self._text))
        return self._group([Clause("should", node)], needs_all)

    def _parts(self, nodes: Iterable[syntax.Node]) -> tuple[Part, ...]:
        """Return what some nodes under an operator ask for."""
        return tuple(part for node in nodes if (part := self.part(node, needs_all=True)) is not None)

    def _group(self, clauses: Sequence[Clause], needs_all: bool) -> Part | None:
        def of(occur: syntax.Occur) -> list[syntax.Node]:
            return [clause.node for clause in clauses if clause.occur == occur]

        wanted = self._wanted(of("should"), needs_all)
        needed, conditions, unwanted = (self._parts(of(occur)) for occur in ("must", "filter", "not"))
        part = _all((*needed, *wanted) if needs_all else needed)
        if wanted and not needs_all:
            either = _either(wanted)
            part = either if part is None or either is None else Maybe(part, either)
        if not (conditions or unwanted):
            return part
        return Only(part or Filter(tree.Every(_UNSCORED), "every report"), conditions, unwanted)

    def _wanted(self, nodes: Iterable[syntax.Node], needs_all: bool) -> tuple[Part, ...]:
        """Return what stands in a group under no sign."""
        runs: list[_Run] = []
        others: list[Part] = []
        for node in nodes:
            if isinstance(node, syntax.Words | syntax.Phrase | syntax.Prefix):
                runs.append(self._run(node))
            elif (part := self.part(node, needs_all)) is not None:
                others.append(part)
        if needs_all or not any(run.has_words for run in runs):
            return (*(part for run in runs if (part := self._alone(run, needs_all)) is not None), *others)
        start, words = self._words([(run.start, run.end) for run in runs])
        phrases = [
            replace(phrase, among_words=phrase.kind == "phrase")
            for run in runs
            if (phrase := self._phrase(run, start, words)) is not None
        ]
        return (*((Words(words.groups, needs_all=False),) if words.groups else ()), *phrases, *others)

    def _run(self, node: syntax.Words | syntax.Phrase | syntax.Prefix) -> _Run:
        if isinstance(node, syntax.Words) or not self._phrases_left:
            return _Run("words", node.start, node.end, has_words=isinstance(node, syntax.Words))
        self._phrases_left -= 1
        if isinstance(node, syntax.Phrase):
            return _Run("phrase", node.start, node.end, self._slop(node))
        analysis = syllables_of(self._text[node.start : node.end])
        if not analysis.syllables:
            return _Run("words", node.start, node.start)
        *before, stem = analysis.syllables
        return _Run("prefix", node.start, node.start + analysis.starts[-1], 0, stem, has_words=len(before) > 1)

    def _slop(self, node: syntax.Phrase) -> int:
        if not node.slop:
            return 0
        self._sloppy_left -= len(syllables_of(self._text[node.start : node.end]).syllables)
        return min(node.slop, self._limits.phrase_slop) if self._sloppy_left >= 0 else 0

    def _words(self, spans: Sequence[tuple[int, int]]) -> tuple[int, ParsedQuery]:
        """Read the words in some spans together; return where the first begins, and what was read from there."""
        start = at = spans[0][0]
        pieces: list[str] = []
        for first, past in spans:
            pieces += (" " * (first - at), self._text[first:past])
            at = past
        words = parse("".join(pieces), self._vocabulary, self._parameters, self._limits, self._syllables_left)
        self._syllables_left -= len(words.analysis.syllables)
        self._read.append((start, words))
        return start, words

    def _alone(self, run: _Run, needs_all: bool) -> Part | None:
        """Return what a run asks for that is read by itself; phrases and prefixes must stand in the report."""
        start, words = self._words([(run.start, run.end)])
        phrase = self._phrase(run, start, words)
        if not words.groups:
            return phrase
        if phrase is None:
            return Words(words.groups, needs_all)
        if run.kind == "phrase":
            return replace(phrase, groups=words.groups)
        if len(words.analysis.syllables) == 1:
            return phrase
        return AllOf((Words(words.groups, needs_all=True), phrase))

    def _phrase(self, run: _Run, start: int, words: ParsedQuery) -> Phrase | None:
        """Return the phrase that a run is, of words that were read from ``start`` on; None where it is none."""
        if run.kind == "words":
            return None
        analysis = words.analysis
        places = [
            Place("syllable", typed, tuple(option for option in options_of(readings) if option.tier not in _NO_PHRASE))
            for typed, readings, first, past in zip(
                analysis.syllables, words.spellings.syllables, analysis.starts, analysis.ends, strict=True
            )
            if run.start <= first + start and past + start <= run.end
        ]
        if run.stem:
            places = self._started(places, run.stem)
        typed = " ".join(place.typed for place in places)
        weight = 1.0 if run.stem else self._parameters.phrase
        return Phrase(run.kind, typed, tuple(places), run.slop, weight) if places else None

    def _started(self, before: Sequence[Place], stem: str) -> list[Place]:
        """Return a place for what starts so, the commonest first, behind the word before, if there is one."""
        typed = f"{stem}…"
        found = beginning(self._vocabulary, stem)[: max(_CONTINUATIONS, self._limits.prefix_spellings)]
        if not before:
            return [self._place(typed, found, "prefix")]
        word = before[-1]
        firsts, seconds = [option.term for option in word.options[:_CONTEXT]], [term for term, _ in found]
        counts = self._vocabulary.pair_counts([(firsts, seconds)])[0, : len(firsts), : len(seconds)]
        # What follows tells which spelling of the word is meant.
        if len(firsts) > 1:
            word = self._place(word.typed, zip(firsts, counts.sum(1).tolist(), strict=True), word.options[0].tier)
        return [word, self._place(typed, zip(seconds, counts.sum(0).tolist(), strict=True), "prefix")]

    def _place(self, typed: str, counts: Iterable[tuple[str, float]], tier: str) -> Place:
        """Return a place for the commonest of some syllables."""
        common = sorted(((count, term) for term, count in counts if count), key=lambda item: (-item[0], item[1]))
        whole, power = sum(count for count, _ in common), self._parameters.probability_power
        common = common[: self._limits.prefix_spellings]
        return Place("syllable", typed, tuple(Option(term, (count / whole) ** power, tier) for count, term in common))


@dataclass(frozen=True, slots=True)
class _Run:
    """Words, a phrase or a prefix: where its words stand in the query. ``has_words``: some of them are bare."""

    kind: str
    start: int
    end: int
    slop: int = 0
    stem: str = ""
    has_words: bool = False


def _ordinal(day: dt.date | None) -> int | None:
    return None if day is None else day.toordinal()


def _either(parts: tuple[Part, ...]) -> Part | None:
    return AnyOf(parts) if len(parts) > 1 else parts[0] if parts else None


def _all(parts: tuple[Part, ...]) -> Part | None:
    return AllOf(parts) if len(parts) > 1 else parts[0] if parts else None


# For each commit and key, its labels, and these by what they are in lower case, and folded.
_Tables: TypeAlias = tuple[dict[str, list[str]], ...]
_LABELS: WeakKeyDictionary[Vocabulary, dict[str, tuple[Sequence[str], _Tables]]] = WeakKeyDictionary()
_LOWER: tuple[Callable[[str], str], ...] = (
    lambda label: normalize(label).casefold(),
    lambda label: fold(label).casefold(),
)


def _known_labels(vocabulary: Vocabulary, key: str, typed: str) -> list[str]:
    """Return the labels that are meant: the one typed; where there is none, those that differ in case; in marks."""
    names = vocabulary.label_names(key)
    if typed in names:
        return [typed]
    tables = _LABELS.setdefault(vocabulary, {})
    if key not in tables or tables[key][0] is not names:
        made: _Tables = tuple({} for _ in _LOWER)
        for name in names:
            for table, lower in zip(made, _LOWER, strict=True):
                table.setdefault(lower(name), []).append(name)
        tables[key] = names, made
    return next(
        (table[lower(typed)] for table, lower in zip(tables[key][1], _LOWER, strict=True) if lower(typed) in table), []
    )
