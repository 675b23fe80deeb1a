"""The Whoosh schema of an index: which terms of a report go into which field.

Every text field of a report (``TEXT_FIELDS``) becomes four Whoosh fields: its syllables under its own name, with
positions, and its pairs, words and values beside it. Terms arrive ready-made from the analysis; the field types here only
count them, so that Whoosh's own token pipeline is not in the way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from whoosh import columns, fields, formats
from whoosh.system import pack_uint

from vnsearch.analysis import analyze_text, syllables_of
from vnsearch.errors import InvalidArgumentError
from vnsearch.report import Report

__all__ = ["FACETS", "KINDS", "TEXT_FIELDS", "Labels", "Terms", "field_name", "labels", "make_schema", "report_labels"]

#: The fields of a report that are searched by their words.
TEXT_FIELDS = ("title", "body")
#: The kinds of terms kept for each of them.
KINDS = ("syllable", "pair", "word", "value")
#: The fields of a report that can always be filtered and faceted.
FACETS = ("source", "category", "author")

_RESERVED = frozenset((*TEXT_FIELDS, *FACETS, "id", "date", "url", "extra", "report"))


def field_name(text_field: str, kind: str) -> str:
    """Return the Whoosh field that holds the terms of one kind: "body", "body_pairs", "body_words", "body_values"."""
    return text_field if kind == "syllable" else f"{text_field}_{kind}s"


class Terms(fields.FieldType):  # type: ignore[misc]  # Whoosh has no types
    """A field of ready-made terms; their order gives the positions.

    ``process_text`` analyses what Whoosh's query parser hands over, so that its queries meet our terms.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(formats.Positions() if kind == "syllable" else formats.Frequency(), None, scorable=True)
        self.kind = kind

    def index(self, value: Sequence[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield (term, frequency, weight, payload) of each different term."""
        places: dict[str, list[int]] = {}
        for position, term in enumerate(value):
            places.setdefault(term, []).append(position)
        for term, at in places.items():
            payload = self.format.encode(at) if self.kind == "syllable" else pack_uint(len(at))
            yield term.encode(), len(at), float(len(at)), payload

    def process_text(self, qstring: str, mode: str = "", **_: Any) -> Iterator[str]:
        """Yield the terms of a query text."""
        if self.kind == "syllable":
            return iter(syllables_of(qstring).syllables)
        if self.kind == "pair":
            return iter(syllables_of(qstring).pairs())
        analysis = analyze_text(qstring)
        return iter(analysis.word_terms() if self.kind == "word" else [value[0] for value in analysis.values])


class Labels(fields.FieldType):  # type: ignore[misc]  # Whoosh has no types
    """A field of exact values, one or several for a document, as terms and as a column for filters and facets."""

    def __init__(self) -> None:
        super().__init__(formats.Existence(), None, sortable=columns.VarBytesColumn())

    def index(self, value: Sequence[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield each different label as a term."""
        for label in dict.fromkeys(value):
            yield self.to_bytes(label), 1, 1.0, b""

    def to_bytes(self, value: str | bytes | Sequence[str]) -> bytes:
        """Return a label as a term; lone surrogates cannot be UTF-8 and become question marks."""
        if isinstance(value, list | tuple):
            value = value[0]
        return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")

    def to_column_value(self, value: Sequence[str]) -> bytes:
        """Return the labels as JSON. Any ``str`` survives, also two lone surrogates side by side."""
        return json.dumps(list(value), ensure_ascii=False).encode("utf-8", "surrogatepass")

    def process_text(self, qstring: str, mode: str = "", **_: Any) -> Iterator[str]:
        """Yield the query text as it is: labels are matched whole."""
        return iter([qstring])


def labels(value: Any) -> list[str]:
    """Return the labels of a JSON value: text as it is, numbers and booleans as JSON writes them, lists item by item."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, list | tuple | set | frozenset):
        return [label for item in value for label in labels(item)]
    return [json.dumps(value, ensure_ascii=False, sort_keys=True)]


def report_labels(report: Report, filterable: Iterable[str]) -> dict[str, list[str]]:
    """Return the labels of every field that can be filtered; fields without any are left out."""
    found = {name: labels(getattr(report, name)) for name in FACETS}
    found.update((name, labels(report.extra.get(name))) for name in filterable)
    return {name: values for name, values in found.items() if values}


def make_schema(filterable: Iterable[str]) -> fields.Schema:
    """Return the schema of an index in which these keys of ``extra`` can be filtered too.

    Raises:
        InvalidArgumentError: a key is a field of a report, or cannot name a Whoosh field.

    """
    schema = fields.Schema(
        id=fields.ID(unique=True),
        date=fields.DATETIME(sortable=True),
        report=fields.STORED,
    )
    for text_field in TEXT_FIELDS:
        for kind in KINDS:
            schema.add(field_name(text_field, kind), Terms(kind))
    for name in (*FACETS, *filterable):
        if name in schema or (name in _RESERVED and name not in FACETS):
            raise InvalidArgumentError(f"filterable: {name!r} is a field of every report already; name keys of extra")
        if name.startswith("_") or " " in name:
            raise InvalidArgumentError(f"filterable: {name!r} cannot be a field name; no spaces, no leading underscore")
        schema.add(name, Labels())
    return schema
