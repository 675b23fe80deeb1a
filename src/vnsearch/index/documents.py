"""Reports -> what a segment is made of, and a stored report back."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence

import numpy as np

from vnsearch.analysis import syllables_of, tokenize_batch
from vnsearch.index.columnar.build import AnalysedReports
from vnsearch.index.columnar.stored import make_blocks
from vnsearch.index.schema import DEFINITIONS, TEXT_FIELDS, label_fields, report_labels
from vnsearch.report import Report

__all__ = ["analyse_reports", "pack_report", "unpack_report"]


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


def analyse_reports(reports: Sequence[Report], filterable: Iterable[str]) -> AnalysedReports:
    """Analyse reports; this is what worker processes do."""
    texts = tokenize_batch([getattr(report, text_field) for report in reports for text_field in TEXT_FIELDS])
    width = len(TEXT_FIELDS)
    definitions = [
        [
            f"{short}={' '.join(syllables_of(full).syllables)}"
            for found in texts.definitions[at * width : (at + 1) * width]
            for short, full in found
        ]
        for at in range(len(reports))
    ]
    extra_keys = tuple(filterable)
    labels = [report_labels(report, extra_keys) for report in reports]
    return AnalysedReports(
        [report.id for report in reports],
        texts,
        {
            "id": [[report.id] for report in reports],
            DEFINITIONS: definitions,
            **{name: [row.get(name, ()) for row in labels] for name in label_fields(extra_keys)},
        },
        np.array([report.day.toordinal() if report.day is not None else 0 for report in reports], np.int32),
        list(make_blocks(map(pack_report, reports))),
    )
