"""Reports -> documents of the cluster, and a report back.

A document holds the report as it was given, what it is filtered and sorted by, its syllables in order, and in the weighed fields
(see ``mapping``) each term once, with its frequency: that of the local ``Scorer``, ``weight * n / (1 - b + b * length / reference)`` for
title and body, ``weight * opening`` more where the body opens with the term. Locally the reference is the average length in the index
at that moment; here it is written into frequencies, and so chosen once, by the first reports that come (``Lengths``).
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import zstandard

from vnsearch.analysis.finding import find_syllables
from vnsearch.index.columnar.build import OPENING, AnalysedReports, pair_firsts, text_keys
from vnsearch.index.columnar.container import Array
from vnsearch.index.columnar.postings import FIELD_BITS, IN_OPENING, IN_TITLE
from vnsearch.index.columnar.stored import make_blocks, unpack_block
from vnsearch.index.documents import NO_OTHERS, analyse_reports, other_fields, pack_report, unpack_report
from vnsearch.index.schema import DEFINITIONS, ORIGIN, TEXT_FIELDS
from vnsearch.opensearch.mapping import GROUPS, SCALE, WEIGHED_KINDS, field_of
from vnsearch.opensearch.terms import EVERY, TERM_CHARS, document_id, written, written_label
from vnsearch.report import Report
from vnsearch.search.parameters import DEFAULT_FIELDS, PARAMETERS
from vnsearch.text.memo import Memo

__all__ = ["Lengths", "Prepared", "actions", "prepare", "report_of"]

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
# Arrays of strings are put together several times as fast as lists.
_Strings = npt.NDArray[np.object_]

# Of titles and bodies where there are none to go by.
_TITLE_LENGTH, _BODY_LENGTH = 12.0, 300.0
# Those below are at hand as text.
_USUAL_FREQUENCIES = 1 << 12
# What readers of JSON are sure to keep; a report with other things in it is packed.
_DEEPEST = 20
_KEY_CHARS = 1000
_WHOLE_BITS = 63

_quoted = json.encoder.encode_basestring


@dataclass(frozen=True, slots=True)
class Lengths:
    """The syllables of an average title and body, which the frequencies of an index are normalized with."""

    title: float
    body: float

    @classmethod
    def of(cls, reports: Iterable[Report]) -> Lengths:
        """Return those of some reports, of those that have a title, and a body; 12 and 300 where none has."""
        from vnsearch.index.batches import batches  # noqa: PLC0415 - whoever only reads reports does not wait for it

        parts = [np.empty(0, np.int64)]
        for some in batches(reports):
            texts = [getattr(report, name) for report in some for name in TEXT_FIELDS]
            parts.append(find_syllables(texts, ()).lengths)
        titles, bodies = np.concatenate(parts).reshape(-1, len(TEXT_FIELDS)).T
        return cls(_average(titles, _TITLE_LENGTH), _average(bodies, _BODY_LENGTH))

    def norms(self, lengths: Array) -> tuple[Floats, Floats]:
        """Return what one occurrence counts, in the title and in the body of every report; their lengths are given in turn."""
        b = PARAMETERS.syllable.b
        title, body = (
            DEFAULT_FIELDS[name] / (1 - b + b / reference * lengths[field::2])
            for field, (name, reference) in enumerate(zip(TEXT_FIELDS, (self.title, self.body), strict=True))
        )
        return title, body


class Prepared(NamedTuple):
    """Some reports on their way to the cluster: analysed, and as ``actions`` gives them."""

    analysed: AnalysedReports
    actions: list[tuple[str, bytes]]


def _average(lengths: Array, default: float) -> float:
    held = lengths[lengths > 0]
    return float(held.mean()) if len(held) else default


def prepare(reports: Sequence[Report], filterable: Sequence[str], lengths: Lengths) -> Prepared:
    """Analyse reports and make their documents; this is what worker processes do.

    Raises:
        InvalidReportError: a report is larger than can be kept.

    """
    analysed = analyse_reports(reports, filterable, packed=False)
    return Prepared(analysed, actions(analysed, reports, lengths))


def actions(analysed: AnalysedReports, reports: Sequence[Report], lengths: Lengths) -> list[tuple[str, bytes]]:
    """Return the ``_id`` of each report, and its document as JSON in UTF-8.

    Raises:
        InvalidReportError: a report is larger than can be kept.

    """
    columns = dict(_text_columns(analysed, lengths))
    template = "".join([f',"{name}":"%s"' for name in columns])
    labels = [(name, rows) for name, rows in analysed.lists.items() if name not in ("id", DEFINITIONS, ORIGIN)]
    made = []
    texts = zip(*columns.values(), strict=True)
    for at, (report, day, row) in enumerate(zip(reports, analysed.days.tolist(), texts, strict=True)):
        rest = [f',"id":{_quoted(report.id)}', template % row, "}"]
        if day:
            rest.insert(1, f',"day":{day}')
        for name, rows in labels:
            if rows[at]:
                found = [written_label(label) for label in dict.fromkeys(rows[at])]
                rest.insert(1, f',"labels.{name}":{json.dumps(found, ensure_ascii=False)}')
        made.append((document_id(report.id), b"".join((b"{", _stored(report), "".join(rest).encode()))))
    return made


def _text_columns(analysed: AnalysedReports, lengths: Lengths) -> Iterator[tuple[str, list[str]]]:
    """Yield the name of every text field, and what each report has in it, as JSON has it between quotes."""
    texts = analysed.texts
    tokens = texts.tokens.astype(np.int64)
    syllables = _Terms("syllable", texts.syllables)
    (names,) = syllables.of(tokens)
    spoken = names.tolist()
    bounds = [0, *np.cumsum(texts.lengths).tolist()]
    sequences = [" ".join(spoken[start:end]) for start, end in pairwise(bounds)]
    for field, text_field in enumerate(TEXT_FIELDS):
        yield f"text.{text_field}", sequences[field :: len(TEXT_FIELDS)]

    norms = lengths.norms(texts.lengths)
    for kind, terms, numbers, sizes in (
        ("syllable", syllables, tokens, texts.lengths),
        ("word", _Terms("word", texts.words), texts.word_tokens.astype(np.int64), texts.word_lengths),
        ("value", _Terms("value", texts.values), texts.value_tokens.astype(np.int64), texts.value_lengths),
    ):
        weighed = _weigh(numbers, text_keys(0, sizes, OPENING), norms)
        yield from _weighed_columns(kind, weighed, terms.of(weighed.terms))
    firsts, different = pair_firsts(texts.lengths), max(len(texts.syllables), 1)
    pairs = tokens[firsts] * different + tokens[firsts + 1]
    weighed = _weigh(pairs, text_keys(0, np.maximum(texts.lengths - 1, 0), OPENING - 1), norms)
    yield from _weighed_columns("pair", weighed, syllables.pairs(*np.divmod(weighed.terms, different)))


class _Terms:
    """The different terms of a kind, and how each stands in JSON: as strings side by side."""

    def __init__(self, kind: str, terms: Sequence[str]) -> None:
        self._terms = terms
        names = [_NAMES[term] for term in terms] if kind == "syllable" else [_name(kind, term) for term in terms]
        self._names: _Strings = np.array(names, np.object_)
        # A pair of these is written as the two are.
        self._plain = np.array(
            [len(term) < TERM_CHARS // 2 and term == name for term, name in zip(terms, names, strict=True)], np.bool_
        )

    def of(self, numbers: Numbers) -> list[_Strings]:
        return [self._names.take(numbers)]

    def pairs(self, firsts: Numbers, seconds: Numbers) -> list[_Strings]:
        """Return how pairs of these, as syllables, stand in JSON."""
        found = [self._names.take(firsts), np.full(len(firsts), "_", np.object_), self._names.take(seconds)]
        for at in np.flatnonzero(~(self._plain[firsts] & self._plain[seconds])).tolist():
            name = _name("pair", f"{self._terms[firsts[at]]} {self._terms[seconds[at]]}")
            found[0][at], found[1][at], found[2][at] = name, "", ""
        return found


def _name(kind: str, term: str) -> str:
    return _quoted(written(kind, term))[1:-1]


# The syllables of one batch are those of the next.
_NAMES = Memo(partial(_name, "syllable"))


class _Weighed(NamedTuple):
    """The terms of a kind in some reports: posting i is term ``terms[i]`` in report ``reports[i]``, reports ascending.

    ``frequencies`` has that of each posting for every group, 0 where it has none there.
    """

    size: int  # how many reports
    reports: Numbers
    terms: Numbers
    frequencies: dict[str, Numbers]


def _weigh(terms: Numbers, keys: npt.NDArray[np.uint64], norms: tuple[Floats, Floats]) -> _Weighed:
    """Weigh the occurrences of terms; ``keys`` say where each stands, as ``text_keys`` gives them."""
    bits = int(FIELD_BITS)
    different = int(terms.max(initial=0)) + 1
    places = keys.astype(np.int64)
    fields = places & (1 << bits) - 1
    places >>= bits
    places *= different
    places += terms
    places <<= bits
    places |= fields
    places.sort()
    fields = places & (1 << bits) - 1
    places >>= bits
    heads = np.flatnonzero(np.diff(places, prepend=-1))
    reports, numbers = np.divmod(places[heads], different)
    before = np.concatenate(([0], np.cumsum(fields == IN_TITLE)))
    titles = np.diff(before[heads], append=before[-1])
    bodies = np.diff(heads, append=len(places)) - titles
    opening = DEFAULT_FIELDS["body"] * PARAMETERS.opening
    title = titles * norms[0][reports]
    # Of the fields the opening comes first.
    body = bodies * norms[1][reports] + opening * (fields[heads] == IN_OPENING)
    tf = {"both": title + body, "title": title, "body": body}
    frequencies = {group: _rounded(tf[group]) for group in GROUPS}
    return _Weighed(len(norms[0]), reports, numbers, frequencies)


def _rounded(tf: Floats) -> Numbers:
    frequencies: Numbers = np.rint(SCALE * tf).astype(np.int64)
    frequencies[(frequencies == 0) & (tf > 0)] = 1
    return frequencies


def _weighed_columns(kind: str, weighed: _Weighed, names: Sequence[_Strings]) -> Iterator[tuple[str, list[str]]]:
    """Yield the fields of a kind; ``names`` have what the term of each posting is called, part by part."""
    for group in GROUPS if kind in WEIGHED_KINDS else ("both",):
        frequencies = weighed.frequencies[group]
        held = np.flatnonzero(frequencies)
        parts = np.empty((len(held), len(names) + 1), np.object_)
        for column, name in enumerate(names):
            parts[:, column] = name.take(held)
        parts[:, -1] = _suffixes(frequencies[held])
        pieces = parts.ravel().tolist()
        bounds = parts.shape[1] * np.searchsorted(weighed.reports[held], np.arange(weighed.size + 1))
        rows = [f"{EVERY}|1 {''.join(pieces[start:end])}" for start, end in pairwise(bounds.tolist())]
        yield field_of(group, kind), rows


@cache
def _usual_suffixes() -> _Strings:
    return np.array([f"|{frequency} " for frequency in range(_USUAL_FREQUENCIES)], np.object_)


def _suffixes(frequencies: Numbers) -> _Strings:
    """Return how each frequency stands behind its term."""
    usual = _usual_suffixes()
    found = usual.take(frequencies, mode="clip")
    for at in np.flatnonzero(frequencies >= len(usual)).tolist():
        found[at] = f"|{frequencies[at]} "
    return found


def _stored(report: Report) -> bytes:
    """Return the member of the document that has the report."""
    fields = {name: value for name, value in report.to_dict().items() if value is not None and value != {}}
    if not report.extra or _is_kept(report.extra):
        try:
            return b'"report":' + json.dumps(fields, ensure_ascii=False).encode()
        except UnicodeEncodeError:  # lone surrogates
            pass
    (block, _), *_ = make_blocks([pack_report(report)])
    return b'"packed":"%s"' % base64.b64encode(block)


def _is_kept(value: Any, depth: int = 0) -> bool:
    """Tell whether all readers of JSON keep a value as it is."""
    if isinstance(value, Mapping):
        kept = all(len(key) <= _KEY_CHARS and _is_kept(item, depth + 1) for key, item in value.items())
        return kept and depth < _DEEPEST
    if isinstance(value, list):
        return depth < _DEEPEST and all(_is_kept(item, depth + 1) for item in value)
    return not isinstance(value, int) or value.bit_length() <= _WHOLE_BITS


def report_of(source: Mapping[str, Any]) -> Report:
    """Return the report of a document, equal to the one that was added.

    >>> report_of({"report": {"id": "r1", "title": "Tin", "body": "", "date": "2019-12-13"}}).day
    datetime.date(2019, 12, 13)

    Raises:
        ValueError: it is no document of ours.

    """
    try:
        if "packed" in source:
            return unpack_report(unpack_block(base64.b64decode(source["packed"], validate=True), 1)[0])
        found = dict(source["report"])
        texts = {name: found.pop(name) for name in ("id", *TEXT_FIELDS)}
        return Report._trusted({**NO_OTHERS, "extra": {}, **other_fields(found), **_checked(texts)})
    except (KeyError, TypeError, ValueError, struct.error, zstandard.ZstdError) as error:
        raise ValueError(f"a document holds no report that makes sense: {error!r}") from error


def _checked(texts: dict[str, Any]) -> dict[str, str]:
    if not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("texts that are no texts")
    return texts
