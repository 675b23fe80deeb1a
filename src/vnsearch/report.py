"""A report: the unit that is read, indexed, found and given back."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vnsearch.errors import InvalidReportError

__all__ = ["Report", "parse_date"]

_TEXT_FIELDS = ("source", "author", "category", "url")
_ALIASES = {"text": "body", "content": "body"}
# What JSON readers manage, with room to spare: levels of nesting, and bits of a whole number.
_DEEPEST = 100
_LONGEST_BITS = 10_000


def parse_date(value: dt.date | str) -> dt.date:
    """Return ``value`` as a date or a datetime; text is read as ISO 8601.

    >>> parse_date("2023-12-26")
    datetime.date(2023, 12, 26)
    >>> parse_date("2023-12-26T13:44")
    datetime.datetime(2023, 12, 26, 13, 44)

    Raises:
        ValueError: the text is no ISO 8601 date, or the value is of another type.

    """
    if isinstance(value, dt.date):  # a datetime is a date too
        return value
    if not isinstance(value, str):
        raise ValueError(f"a date, a datetime or ISO text is needed, not {type(value).__name__}")
    from dateutil.parser import isoparse  # noqa: PLC0415 - takes a while to import, and most dates are read from an index

    text = value.strip()
    try:
        parsed = isoparse(text.replace(" ", "T", 1))
    except (ValueError, OverflowError) as error:  # 24:00 on the last day there is
        raise ValueError(f"{value!r} is no ISO 8601 date; write it like 2023-12-26 or 2023-12-26T13:44") from error
    return parsed if "T" in text or " " in text else parsed.date()


@dataclass(frozen=True, slots=True)
class Report:
    """One report.

    ``date`` is a date or a datetime (ISO text is accepted and parsed); filters and sorting go by the calendar day it
    names, in its own offset. ``extra`` holds JSON values: stored and given back as they were.

    >>> Report("r1", "Hội nghị dân vận", "Sáng 13/12, quận tổ chức…", date="2019-12-13").date
    datetime.date(2019, 12, 13)

    Raises:
        InvalidReportError: a field has the wrong type, the id is empty, the date is no date, or ``extra`` holds
            something that JSON cannot.

    """

    id: str
    title: str = ""
    body: str = ""
    date: dt.date | None = None
    source: str | None = None
    author: str | None = None
    category: str | None = None
    url: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id:
            given = "''" if self.id == "" else type(self.id).__name__
            raise InvalidReportError(f"a report needs an id that is non-empty text, not {given}")
        if any("\ud800" <= char <= "\udfff" for char in self.id):
            raise InvalidReportError(
                f"the id {self.id!r} holds lone surrogates, which no file can keep; give another id"
            )
        for name in ("title", "body"):
            if not isinstance(getattr(self, name), str):
                raise self._wrong(name, "text")
        for name in _TEXT_FIELDS:
            if not isinstance(getattr(self, name), str | None):
                raise self._wrong(name, "text or None")
        if self.date is not None:
            try:
                object.__setattr__(self, "date", parse_date(self.date))
            except ValueError as error:
                raise InvalidReportError(f"report {self.id!r}: date: {error}") from error
        if not isinstance(self.extra, Mapping):
            raise self._wrong("extra", "a mapping")
        object.__setattr__(self, "extra", _json_value(self.extra, f"report {self.id!r}: extra"))

    def _wrong(self, name: str, wanted: str) -> InvalidReportError:
        return InvalidReportError(
            f"report {self.id!r}: {name} must be {wanted}, not {type(getattr(self, name)).__name__}"
        )

    @classmethod
    def _trusted(cls, values: Mapping[str, Any]) -> Report:
        """Return a report of values that were checked when it was added: all fields, by name, as the constructor left them."""
        report = object.__new__(cls)
        for name in cls.__dataclass_fields__:
            object.__setattr__(report, name, values[name])
        return report

    @classmethod
    def from_mapping(cls, record: Mapping[str, Any], *, default_id: str | None = None) -> Report:
        """Make a report of a record: the fields of ``Report``, ``text`` or ``content`` read as ``body``, the rest ``extra``.

        A missing or empty value counts as none; a number given as id becomes text.

        >>> Report.from_mapping({"id": 7, "title": "Tin", "content": "Nội dung", "district": "Ba Đình"})
        Report(id='7', title='Tin', body='Nội dung', date=None, source=None, author=None, category=None, url=None, \
extra={'district': 'Ba Đình'})

        Raises:
            InvalidReportError: as the constructor; also for a record that is no mapping.

        """
        if not isinstance(record, Mapping):
            raise InvalidReportError(f"a report or a mapping with its fields is needed, not {type(record).__name__}")
        values: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for key, value in record.items():
            if key == "extra" and isinstance(value, Mapping):
                extra.update(value)
            elif key in cls.__dataclass_fields__:
                if value is not None and value != "":
                    values[key] = value
            elif _ALIASES.get(key) == "body" and "body" not in values and not record.get("body"):
                if value is not None:
                    values["body"] = value
            else:
                extra[key] = value
        identity = values.get("id", default_id)
        if isinstance(identity, int) and not isinstance(identity, bool) and identity.bit_length() <= _LONGEST_BITS:
            identity = str(identity)
        values["id"] = identity if identity is not None else ""
        return cls(**{"extra": extra, **values})  # an extra that is no mapping is refused there

    @property
    def day(self) -> dt.date | None:
        """The calendar day of ``date``, in its own offset; None without a date."""
        return self.date.date() if isinstance(self.date, dt.datetime) else self.date

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values; ``date`` as ISO text. ``from_mapping`` reads it back."""
        return {
            "id": self.id,
            "title": self.title,
            "body": self.body,
            "date": self.date.isoformat() if self.date is not None else None,
            "source": self.source,
            "author": self.author,
            "category": self.category,
            "url": self.url,
            "extra": dict(self.extra),
        }


def _json_value(value: Any, where: str, depth: int = 0) -> Any:
    """Return a copy of ``value`` made of JSON types only, so that what is stored equals what was given."""
    if depth > _DEEPEST:
        raise InvalidReportError(f"{where[:200]}…: nested deeper than {_DEEPEST} levels; store it as text")
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if value.bit_length() > _LONGEST_BITS:
            raise InvalidReportError(f"{where}: a whole number of {value.bit_length()} bits; store it as text")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidReportError(f"{where}: {value} cannot be stored as JSON")
        return value
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise InvalidReportError(f"{where}: keys must be text, not {type(key).__name__}")
        return {key: _json_value(item, f"{where}[{key!r}]", depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(item, f"{where}[{n}]", depth + 1) for n, item in enumerate(value)]
    raise InvalidReportError(f"{where}: {type(value).__name__} cannot be stored as JSON; convert it to text or numbers")
