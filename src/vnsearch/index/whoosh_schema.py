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
from whoosh.analysis import Token
from whoosh.system import pack_uint

from vnsearch import analysis
from vnsearch.analysis import analyze_text, syllables_of
from vnsearch.index.schema import DEFINITIONS, FACETS, KINDS, TEXT_FIELDS, field_name, label_field

__all__ = ["Labels", "TermAnalyzer", "Terms", "make_schema"]

# As tables of contents name the classes that they hold.
_MODULE = "vnsearch.index.schema"


class TermAnalyzer:
    """Cuts text into the terms of a kind, as Whoosh's highlighting and its parser of phrases ask for them."""

    __module__ = _MODULE

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __call__(self, value: str, mode: str = "", **_: Any) -> Iterator[Token]:
        """Yield the terms of a text with their positions and offsets; one object again and again, as Whoosh has it."""
        token = Token(positions=True, chars=True, mode=mode)
        for found in self._found(value):
            token.text, token.original, token.boost, token.stopped = found.text, found.text, 1.0, False
            token.pos, token.startchar, token.endchar = found.position, found.start, found.end
            yield token

    def _found(self, value: str) -> Iterable[analysis.Token]:
        if self.kind == "value":
            return analyze_text(value).values
        analysed = analyze_text(value) if self.kind == "word" else syllables_of(value)
        return (found for found in analysed.tokens() if found.kind == self.kind)


class Terms(fields.FieldType):  # type: ignore[misc]  # Whoosh has no types
    """A field of ready-made terms; their order gives the positions.

    ``process_text`` analyses what Whoosh's query parser hands over, so that its queries meet our terms.
    """

    __module__ = _MODULE

    def __init__(self, kind: str) -> None:
        positions = kind == "syllable"  # the sequences of syllables are kept; they are Whoosh's term vectors too
        format_ = formats.Positions() if positions else formats.Frequency()
        super().__init__(format_, TermAnalyzer(kind), scorable=True, vector=positions)
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
        analysed = analyze_text(qstring)
        return iter(analysed.word_terms() if self.kind == "word" else analysed.value_terms())


class Labels(fields.FieldType):  # type: ignore[misc]  # Whoosh has no types
    """A field of exact values, one or several for a document, as terms and as a column for filters and facets.

    ``key`` is the field of the report, or the key of its ``extra``, that the values come from.
    """

    __module__ = _MODULE

    def __init__(self, key: str) -> None:
        super().__init__(formats.Existence(), None, sortable=columns.VarBytesColumn())
        self.key = key

    def index(self, value: Sequence[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield each different label as a term."""
        for label in dict.fromkeys(value):
            yield self.to_bytes(label), 1, 1.0, b""

    def to_bytes(self, value: str | bytes | Sequence[str]) -> bytes:
        """Return a label as a term. Lone surrogates survive."""
        if isinstance(value, list | tuple):
            value = value[0]
        return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")

    def from_bytes(self, bs: bytes) -> str:
        """Return a term as the label it is."""
        return bs.decode("utf-8", "surrogatepass")

    def to_column_value(self, value: Sequence[str]) -> bytes:
        """Return the labels as JSON. Any ``str`` survives, also two lone surrogates side by side."""
        return json.dumps(list(value), ensure_ascii=False).encode("utf-8", "surrogatepass")

    def process_text(self, qstring: str, mode: str = "", **_: Any) -> Iterator[str]:
        """Yield the query text as it is: labels are matched whole."""
        return iter([qstring])


def make_schema(filterable: Iterable[str]) -> fields.Schema:
    """Return the schema of an index in which these keys of ``extra`` can be filtered too; see ``checked_keys``."""
    schema = fields.Schema(
        id=fields.ID(unique=True),
        date=fields.DATETIME(sortable=True),
        report=fields.STORED,
    )
    for text_field in TEXT_FIELDS:
        for kind in KINDS:
            schema.add(field_name(text_field, kind), Terms(kind))
    schema.add(DEFINITIONS, Terms("definition"))
    for name in FACETS:
        schema.add(name, Labels(name))
    for key in filterable:
        schema.add(label_field(key), Labels(key))
    return schema
