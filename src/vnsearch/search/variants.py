"""Other ways to write a run of the query: values in other forms, abbreviations for full forms and the other way round."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from vnsearch.analysis import Analysis, syllables_of
from vnsearch.analysis.abbreviations import AbbreviationTable, abbreviation_key, builtin_table
from vnsearch.search.vocabulary import Vocabulary
from vnsearch.text.memo import Memo

__all__ = ["Run", "Variant", "find_variants"]

# An abbreviation with several meanings, and a reading of a value that is not the first one, count for less.
_AMBIGUOUS = 0.5
# Two letters are found as an abbreviation when typed as one, but are not looked for where the full form was typed.
_SHORTEST_LOOKED_FOR = 3
# "LĐ-TB&XH" is three syllables.
_LONGEST_WRITTEN = 3

# Words that say that a date follows, and that other ways to write the date leave out.
_DATE_CUES = ("ngày", "tháng", "năm")

# An abbreviation as it is written -> its syllables, apart by spaces.
_SYLLABLES = Memo(lambda written: " ".join(syllables_of(written).syllables))

Run = tuple[int, int, tuple["Variant", ...]]


class Variant(NamedTuple):
    """Another way to write a run of the query, and its share of what the run is worth.

    ``kind`` is "value" (a value term), "syllable", or "phrase" (syllables that follow each other, apart by spaces).
    """

    kind: str
    term: str
    share: float


def find_variants(text: str, analysis: Analysis, readings: list[str], vocabulary: Vocabulary) -> list[Run]:
    """Return the runs of the query that can be written otherwise: (first, past-the-last position, variants), in order.

    ``readings`` is the likeliest spelling of each syllable. Runs do not overlap; values come before abbreviations, longer
    runs before shorter ones.
    """
    found = [*_values(analysis, readings), *_abbreviations(text, analysis, readings, vocabulary)]
    if not found:
        return []
    taken = [False] * len(readings)
    runs = []
    for start, end, variants in found:
        if not any(taken[start:end]):
            taken[start:end] = [True] * (end - start)
            runs.append((start, end, variants))
    return sorted(runs)


def _longest_first(runs: Iterable[Run]) -> list[Run]:
    return sorted(runs, key=lambda run: (run[0] - run[1], run[0]))


def _values(analysis: Analysis, readings: list[str]) -> list[Run]:
    """Return the values of the query; for one span the most exact reading comes first and counts most."""
    if not analysis.values:
        return []
    spans: dict[tuple[int, int], list[str]] = {}
    for value in analysis.values:
        start, end = value.position, max(bisect_left(analysis.starts, value.end), value.position + 1)
        if value.kind == "date" and start and readings[start - 1] in _DATE_CUES:
            start -= 1
        if end <= len(readings):
            spans.setdefault((start, end), []).append(value.text)
    return _longest_first(
        (start, end, tuple(Variant("value", term, _AMBIGUOUS if at else 1.0) for at, term in enumerate(terms)))
        for (start, end), terms in spans.items()
    )


def _abbreviations(text: str, analysis: Analysis, readings: list[str], vocabulary: Vocabulary) -> list[Run]:
    """Return the abbreviations and full forms in the query, those that the reports define before the common ones."""
    tables = (vocabulary.abbreviations, builtin_table())
    query = " ".join(["", *readings, ""])
    written = _written(text, analysis, readings, tables)
    runs: dict[tuple[int, int], dict[str, Variant]] = {}
    for table in tables:
        found = table.find_expansions(readings)
        for start, end, spelled, key in written:
            if key in table.by_abbreviation and table.expansions(spelled):
                found.append((start, end, key))
        for start, end, key in found:
            here = runs.setdefault((start, end), {})
            typed = " ".join(readings[start:end])
            for form, share in _forms(table, key, abbreviated=typed not in table.full_forms(key)):
                # A form that the query has as well is looked for anyway.
                if f" {form} " not in query:
                    here.setdefault(form, Variant("phrase" if " " in form else "syllable", form, share))
    return _longest_first((start, end, tuple(found.values())) for (start, end), found in runs.items() if found)


def _written(
    text: str, analysis: Analysis, readings: list[str], tables: tuple[AbbreviationTable, AbbreviationTable]
) -> list[tuple[int, int, str, str]]:
    """Return what a table has as an abbreviation: one syllable, or several with no space between (TP.HCM, GD&ĐT).

    Each with its start and end, as it is spelled, and its key. Typed without marks (hdnd) it is spelled as is likeliest,
    in the case it was typed in.
    """
    found = []
    learnt, common = (table.by_abbreviation for table in tables)
    starts, ends, count = analysis.starts, analysis.ends, len(readings)
    for start in range(count):
        spelled = readings[start]
        longest = min(start + _LONGEST_WRITTEN, count)
        past = start + 1
        while True:
            key = abbreviation_key(spelled)
            if key in common or key in learnt:
                capitals = sum(map(str.isupper, text[starts[start] : ends[past - 1]]))
                found.append((start, past, spelled.upper() if capitals > 1 else spelled, key))
            if past == longest:
                break
            between = text[ends[past - 1] : starts[past]]
            if between == " " or any(map(str.isspace, between)):
                break
            spelled += readings[past]
            past += 1
    return found


def _forms(table: AbbreviationTable, key: str, *, abbreviated: bool) -> Iterator[tuple[str, float]]:
    """Yield the other forms of an abbreviation, as syllables, with their shares."""
    full = table.full_forms(key)
    share = 1.0 if len(full) == 1 else _AMBIGUOUS
    if abbreviated:
        for form in full:
            yield form, share
    # Looked for by itself it must not be a word (CA, công an; ca, to sing).
    if len(key) >= _SHORTEST_LOOKED_FOR and table.expansions(key):
        yield key, share
        written = _SYLLABLES[table.written[key]]
        if written != key:
            yield written, share
