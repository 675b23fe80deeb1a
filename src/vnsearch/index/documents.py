"""A report as the fields of a Whoosh document, and back."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import Any

from vnsearch.analysis import Analysis, analyze_batch, syllables_of
from vnsearch.index.schema import DEFINITIONS, TEXT_FIELDS, field_name, report_labels
from vnsearch.report import Report

__all__ = ["pack_report", "prepare", "unpack_report"]


def pack_report(report: Report) -> bytes:
    """Return a report as JSON bytes. Any ``str`` survives, also two lone surrogates side by side."""
    fields = {key: value for key, value in report.to_dict().items() if value is not None}
    return json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass")


def unpack_report(data: bytes) -> Report:
    """Return the report that ``pack_report`` was given; equal to it."""
    fields = json.loads(data.decode("utf-8", "surrogatepass"))
    if date := fields.get("date"):  # with offsets of seconds, as local mean times have them
        fields["date"] = dt.datetime.fromisoformat(date) if "T" in date else dt.date.fromisoformat(date)
    return Report(**fields)


def _terms(text_field: str, analysis: Analysis) -> dict[str, Sequence[str]]:
    terms: dict[str, Sequence[str]] = {
        field_name(text_field, "syllable"): analysis.syllables,
        field_name(text_field, "pair"): analysis.pairs(),
        field_name(text_field, "word"): analysis.word_terms(),
        field_name(text_field, "value"): analysis.value_terms(),
    }
    return {name: values for name, values in terms.items() if values}


def prepare(reports: Sequence[Report], filterable: Iterable[str]) -> list[dict[str, Any]]:
    """Analyse reports and return the fields of their documents; this is what worker processes do."""
    texts = [getattr(report, text_field) for report in reports for text_field in TEXT_FIELDS]
    analyses = iter(analyze_batch(texts))
    documents = []
    for report in reports:
        fields: dict[str, Any] = {"id": report.id, "report": pack_report(report), **report_labels(report, filterable)}
        definitions: list[str] = []
        for text_field in TEXT_FIELDS:
            analysis = next(analyses)
            fields.update(_terms(text_field, analysis))
            definitions += (f"{short}={' '.join(syllables_of(full).syllables)}" for short, full in analysis.definitions)
        if definitions:
            fields[DEFINITIONS] = definitions
        if report.day is not None:
            fields["date"] = dt.datetime.combine(report.day, dt.time())
        documents.append(fields)
    return documents
