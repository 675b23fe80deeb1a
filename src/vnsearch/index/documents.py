"""Reports -> what a segment is made of, and a stored report back."""

from __future__ import annotations

import datetime as dt
import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vnsearch.analysis import syllables_of
from vnsearch.errors import InvalidReportError
from vnsearch.index.columnar.charset import decode, encode
from vnsearch.index.columnar.stored import RECORD_BYTES_MAX, make_blocks
from vnsearch.index.schema import DEFINITIONS, ORIGIN, TEXT_FIELDS, label_fields, report_labels
from vnsearch.limits import Limits
from vnsearch.report import Report

if TYPE_CHECKING:
    from vnsearch.index.columnar.build import AnalysedReports

__all__ = ["NO_OTHERS", "FiledReport", "analyse_reports", "check_size", "other_fields", "pack_report", "unpack_report"]


# How the text is written (see ``charset``), and the lengths of id, title and body in code points.
_HEAD = struct.Struct("<?3I")
#: The fields of a report but its id, texts and ``extra``, as it has them when it has none.
NO_OTHERS = dict.fromkeys(("date", "source", "author", "category", "url"))
_TYPES = {**dict.fromkeys(NO_OTHERS, str), "extra": dict}


@dataclass(frozen=True, slots=True)
class FiledReport(Report):
    """A report on its way into an index, and where it came from. The index keeps that beside it, in the list ``ORIGIN``."""

    origin: str = ""

    @classmethod
    def of(cls, report: Report, origin: str) -> Report:
        """Return a report with its origin."""
        values = {name: getattr(report, name) for name in Report.__dataclass_fields__}
        return cls._trusted({**values, "origin": origin})


def pack_report(report: Report) -> bytes:
    """Return a report as bytes: a head, then its id, title and body, then the other fields it has as JSON.

    Any ``str`` survives, also two lone surrogates side by side.
    """
    fields = report.to_dict()
    texts = [fields.pop(name) for name in ("id", "title", "body")]
    others = {name: value for name, value in fields.items() if value is not None and value != {}}
    lengths = [len(text) for text in texts]
    if others:
        texts.append(json.dumps(others, ensure_ascii=False))
    data, single = encode("".join(texts))
    if len(data) > RECORD_BYTES_MAX - _HEAD.size:
        raise InvalidReportError(f"report {report.id!r} has {len(data)} bytes, which no segment can hold; split it")
    return _HEAD.pack(single, *lengths) + data


def unpack_report(data: bytes) -> Report:
    """Return the report that ``pack_report`` was given; equal to it."""
    single, title, body, others = _HEAD.unpack_from(data)
    try:
        text = decode(data[_HEAD.size :], single)
    except MemoryError:
        raise ValueError("a stored report has more characters than there is memory for") from None
    body += title
    others += body
    if others > len(text):
        raise ValueError("a stored report is shorter than it says")
    fields: dict[str, Any] = {
        **NO_OTHERS,
        "extra": {},
        "id": text[:title],
        "title": text[title:body],
        "body": text[body:others],
    }
    if others < len(text):
        fields |= other_fields(json.loads(text[others:]))
    return Report._trusted(fields)


def other_fields(found: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a report but its id and texts, as they were before ``to_dict``; those that it has.

    Raises:
        ValueError: there are others, or some of another type.

    """
    if any(not isinstance(value, _TYPES.get(name, ())) for name, value in found.items()):
        raise ValueError("a stored report has fields of another name or type")
    if date := found.get("date"):  # with offsets of seconds, as local mean times have them
        found["date"] = dt.datetime.fromisoformat(date) if "T" in date else dt.date.fromisoformat(date)
    return found


def check_size(report: Report, filterable: Iterable[str], limits: Limits) -> None:
    """Raise InvalidReportError for a report past the limits."""
    texts = (report.id, report.title, report.body, report.source, report.author, report.category, report.url)
    chars = sum([len(text) for text in texts if text])
    if report.extra:
        chars += len(json.dumps(report.extra, ensure_ascii=False))
    if chars > limits.report_chars:
        raise InvalidReportError(
            f"report {report.id[:200]!r}: {chars:,} characters; there may be {limits.report_chars:,}: make several reports "
            "of it, or open the index with limits=Limits(report_chars=…)"
        )
    count = sum(map(len, report_labels(report, filterable).values()))
    if count > limits.report_labels:
        raise InvalidReportError(
            f"report {report.id[:200]!r}: {count:,} labels; there may be {limits.report_labels:,}: give fewer values to "
            "what can be filtered, or open the index with limits=Limits(report_labels=…)"
        )


def analyse_reports(reports: Sequence[Report], filterable: Iterable[str], *, packed: bool = True) -> AnalysedReports:
    """Analyse reports; this is what worker processes do. ``packed``: whether the reports themselves are in it."""
    # Whoever only reads reports does not wait for these.
    from vnsearch.analysis.batch import tokenize_batch  # noqa: PLC0415
    from vnsearch.index.columnar.build import AnalysedReports  # noqa: PLC0415

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
    lists: dict[str, Sequence[Sequence[str]]] = {
        "id": [[report.id] for report in reports],
        DEFINITIONS: definitions,
        **{name: [row.get(name, ()) for row in labels] for name in label_fields(extra_keys)},
    }
    origins = [[report.origin] if isinstance(report, FiledReport) else [] for report in reports]
    if any(origins):
        lists[ORIGIN] = origins
    return AnalysedReports(
        [report.id for report in reports],
        texts,
        lists,
        np.array([report.day.toordinal() if report.day is not None else 0 for report in reports], np.int32),
        list(make_blocks(map(pack_report, reports))) if packed else [],
    )
