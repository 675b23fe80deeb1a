"""Files of records (.jsonl, .ndjson, .json, .csv, .tsv) -> Reports, one by one.

A record's keys are the fields of ``Report``; ``text`` and ``content`` are read as ``body``; the rest goes to ``extra``.
``date`` may be ISO or day/month/year. A record without an ``id`` is called ``path#n``, n counting the records of the
file from 1, bad ones included, so that a repaired record keeps its name. A bad record is told to ``bad`` with its line;
the rest of the file is read all the same.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from vnsearch.corpus.dates import parse_record_date
from vnsearch.corpus.encoding import decode, detect_encoding, normalize_line_ends
from vnsearch.errors import InvalidReportError, ReadError
from vnsearch.report import Report

__all__ = ["read_csv", "read_json", "read_jsonl", "to_report"]

Bad = Callable[[Exception], None]

_SAMPLE_BYTES = 1 << 20
_CELL_LIMIT_CHARS = (1 << 31) - 1  # Python's own, 131,072, is less than a long report
_TEXT_KEYS = frozenset(("title", "body", "text", "content"))
_DAMAGED = re.compile("[\udc80-\udcff]")


def to_report(record: Any, default_id: str) -> Report:
    """Return the report that a record of a file describes.

    >>> to_report({"title": "Tin", "date": "26/12/2023", "text": "Nội dung"}, "tin.jsonl#1").date
    datetime.date(2023, 12, 26)

    Raises:
        InvalidReportError: the record is no mapping, has neither title nor body, or a field of the wrong type.

    """
    if not isinstance(record, Mapping):
        raise InvalidReportError(f"a record must be an object with the fields of a report, not {type(record).__name__}")
    values = {key: normalize_line_ends(value) if isinstance(value, str) else value for key, value in record.items()}
    if isinstance(values.get("date"), str):
        values["date"] = parse_record_date(values["date"]) if values["date"].strip() else None
    report = Report.from_mapping(values, default_id=default_id)
    if not report.title.strip() and not report.body.strip():
        raise InvalidReportError(
            f"report {report.id!r} has neither a title nor a body; name the text's column or key body, text or content"
        )
    return report


def _open(path: Path) -> IO[str]:
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
        complete = not file.read(1)
    encoding = detect_encoding(sample, complete=complete)
    if encoding is None:
        raise ReadError("it holds NUL bytes: a binary file, not text; save it as UTF-8 text")
    # Damaged bytes are carried along as they are, so that the record they stand in can be named and the rest be read.
    errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    return path.open(encoding=encoding, errors=errors, newline="")


def _repair(text: str) -> str:
    """Return text read from UTF-8 with its damaged places decoded as windows-1258 where the whole agrees to that."""
    if _DAMAGED.search(text) is None:
        return text
    return decode(text.encode("utf-8", "surrogateescape")).text


def read_jsonl(path: Path, name: str, bad: Bad) -> Iterator[Report]:
    """Yield the reports of a file with one JSON object a line; ``name`` begins the ids of records without one."""
    count = 0
    with _open(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip(" \t\r\n\ufeff\x1a"):
                continue
            count += 1
            try:
                report = to_report(json.loads(_repair(line).strip(" \t\r\n\ufeff\x1a")), f"{name}#{count}")
            except (ValueError, RecursionError, ReadError) as error:
                bad(_at(f"line {number}", error))
                continue
            yield report
    if not count:
        raise ReadError("it holds no records")


def _at(where: str, error: Exception) -> Exception:
    if isinstance(error, InvalidReportError):
        return InvalidReportError(f"{where}: {error}")
    if isinstance(error, RecursionError):
        return ReadError(f"{where}: nested too deeply")
    if isinstance(error, json.JSONDecodeError):
        return ReadError(f"{where}: no valid JSON: {error.msg} (column {error.colno})")
    return ReadError(f"{where}: {error}")


def read_json(path: Path, name: str, bad: Bad) -> Iterator[Report]:
    """Yield the reports of a JSON file: an array of records, or one record (whose id is then ``name``)."""
    text = decode(path.read_bytes()).text
    if not text.strip():
        raise ReadError("it holds no records")
    try:
        value = json.loads(text.strip("\ufeff \t\n\x1a"))
    except RecursionError as error:
        raise ReadError("its JSON is nested too deeply") from error
    except ValueError as error:
        hint = "; for one record a line call the file .jsonl" if "Extra data" in str(error) else ""
        raise ReadError(f"it is no valid JSON: {error}{hint}") from error
    records = value if isinstance(value, list) else [value]
    if not records:
        raise ReadError("it holds no records")
    for count, record in enumerate(records, 1):
        try:
            report = to_report(record, f"{name}#{count}" if isinstance(value, list) else name)
        except InvalidReportError as error:
            bad(_at(f"record {count}", error))
            continue
        yield report


def _delimiter(header: str) -> str:
    outside = re.sub(r'"(?:[^"]|"")*"', "", header)
    return max(",;\t", key=outside.count)


def _first_line(file: IO[str]) -> str:
    start = file.read(1 << 16).lstrip("\r\n")
    return re.split(r"[\r\n]", start, maxsplit=1)[0]


def read_csv(path: Path, name: str, bad: Bad, *, delimiter: str | None = None) -> Iterator[Report]:
    """Yield the reports of a table with a header row; ``delimiter=None`` finds ``,``, ``;`` or tab by the header.

    An empty cell is no value. Quotation marks must be closed: an open one would swallow the rest of the file.
    """
    if csv.field_size_limit() < _CELL_LIMIT_CHARS:
        csv.field_size_limit(_CELL_LIMIT_CHARS)
    with _open(path) as file:
        if delimiter is None:
            delimiter = _delimiter(_first_line(file))
            file.seek(0)
        rows = csv.reader(file, delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t")
        header: list[str] | None = None
        count = 0
        while True:
            try:
                row = next(rows)
            except StopIteration:
                break
            except csv.Error as error:
                if header is None:
                    raise ReadError(f"its header row cannot be read: {error}") from error
                count += 1
                bad(ReadError(f"line {rows.line_num}: {error}"))
                continue
            if not any(cell.strip() for cell in row):
                continue
            if header is None:
                header = _header(row)
                continue
            count += 1
            try:
                report = to_report(_record(header, row), f"{name}#{count}")
            except (ValueError, ReadError) as error:
                bad(_at(f"line {rows.line_num}", error))
                continue
            yield report
    if header is None:
        raise ReadError("it holds no header row")
    if not count:
        raise ReadError("it holds a header row and no records")


def _header(row: list[str]) -> list[str]:
    names = [_repair(cell).strip().strip("\ufeff") for cell in row]
    known = {name.lower() for name in names}
    if not known & _TEXT_KEYS:
        raise ReadError(f"its header row names none of title, body, text, content: {', '.join(names)[:120]}")
    fields = {*Report.__dataclass_fields__, *_TEXT_KEYS}
    names = [name.lower() if name.lower() in fields else name or f"column_{n}" for n, name in enumerate(names, 1)]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ReadError(f"its header row names a column twice: {', '.join(repeated)}")
    return names


def _record(header: list[str], row: list[str]) -> dict[str, str | None]:
    if len(row) < len(header) or any(cell.strip() for cell in row[len(header) :]):
        raise InvalidReportError(f"{len(row)} cells where the header row has {len(header)}")
    return {key: _repair(cell) or None for key, cell in zip(header, row, strict=False)}
