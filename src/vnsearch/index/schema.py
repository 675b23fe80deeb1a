"""The fields of an index: their names, and what reports have in them. The same as a Whoosh schema: ``whoosh_schema``."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from vnsearch.errors import InvalidArgumentError
from vnsearch.report import Report

__all__ = [
    "DEFINITIONS",
    "FACETS",
    "KINDS",
    "ORIGIN",
    "RESERVED",
    "TEXT_FIELDS",
    "checked_keys",
    "field_name",
    "label_field",
    "label_fields",
    "labels",
    "pairs_of",
    "report_labels",
]

#: The fields of a report that are searched by their words.
TEXT_FIELDS = ("title", "body")
#: The kinds of terms kept for each of them.
KINDS = ("syllable", "pair", "word", "value")
#: The field of the abbreviations that reports define themselves: terms "QCDC=quy chế dân chủ".
DEFINITIONS = "definitions"
#: The list of where reports came from (see ``sync``). For us alone: no key of ``extra`` is kept under such a name, and Whoosh
#: knows no field of it.
ORIGIN = "_origin"
#: The fields of a report that can always be filtered and faceted.
FACETS = ("source", "category", "author")

#: Names that no key of ``Report.extra`` may have that can be filtered.
RESERVED = frozenset((*TEXT_FIELDS, *FACETS, "id", "date", "url", "extra", "report"))


def field_name(text_field: str, kind: str) -> str:
    """Return the Whoosh field that holds the terms of one kind: "body", "body_pairs", "body_words", "body_values"."""
    return text_field if kind == "syllable" else f"{text_field}_{kind}s"


def checked_keys(filterable: Iterable[str], most: int) -> tuple[str, ...]:
    """Return the keys of ``extra`` that are to be filterable, each once.

    Raises:
        InvalidArgumentError: they are no keys, those of fields that every report has, or too many.

    """
    if isinstance(filterable, str) or not isinstance(filterable, Iterable):
        raise InvalidArgumentError(f"filterable is a sequence of names; write filterable=({filterable!r},)")
    keys = tuple(filterable)
    if len(keys) > most:
        raise InvalidArgumentError(
            f"{len(keys):,} filterable keys; there may be {most:,}: give fewer, or limits=Limits(filterable_keys=…)"
        )
    own = {field_name(text_field, kind) for text_field in TEXT_FIELDS for kind in KINDS} | {DEFINITIONS}
    for key in keys:
        if not isinstance(key, str) or not key:
            raise InvalidArgumentError(f"filterable: {key!r} is no key of extra; keys are non-empty text")
        if key in RESERVED or key in own:
            raise InvalidArgumentError(f"filterable: {key!r} is a field of every report already; name keys of extra")
    return tuple(dict.fromkeys(keys))


def pairs_of(phrase: str) -> list[str]:
    """Return the pairs of a phrase, syllables apart by spaces; of one syllable none.

    >>> pairs_of("quy chế dân chủ")
    ['quy chế', 'chế dân', 'dân chủ']
    """
    return [f"{a} {b}" for a, b in pairwise(phrase.split(" "))]


_SAFE = re.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def label_field(key: str) -> str:
    """Return the Whoosh field that holds the labels of one key.

    Whoosh makes file names of field names; a key that is no safe one (*quận/huyện*) has a digest for its field.

    >>> label_field("district"), label_field("quận/huyện")
    ('district', 'label_4313d8eaec8d5881')
    """
    if _SAFE.fullmatch(key):
        return key
    return f"label_{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def label_fields(filterable: Iterable[str]) -> list[str]:
    """Return the Whoosh fields of all labels: those of every report, and these keys of ``extra``."""
    return [*FACETS, *map(label_field, filterable)]


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
    """Return the labels of every Whoosh field that can be filtered; fields without any are left out."""
    found = {name: labels(getattr(report, name)) for name in FACETS}
    found.update((label_field(key), labels(report.extra.get(key))) for key in filterable)
    return {name: values for name, values in found.items() if values}


def __getattr__(name: str) -> Any:
    """Return what is Whoosh's of the schema. Tables of contents name its classes here; who only searches does without."""
    if name not in ("Labels", "TermAnalyzer", "Terms", "make_schema"):
        raise AttributeError(f"module 'vnsearch.index.schema' has no attribute {name!r}")
    from vnsearch.index import whoosh_schema  # noqa: PLC0415 - see above

    return getattr(whoosh_schema, name)
