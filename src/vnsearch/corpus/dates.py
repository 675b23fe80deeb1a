"""Dates as Vietnamese pages write them: a line that holds a date and nothing but what goes with one.

    Thứ Tư, ngày 15 tháng 1 năm 2025
    Ngày đăng 13/12/2019 | 17:44 | Lượt xem: 72
    Hiền Phương 26/12/2023 - 13:44

A line is read by taking away the dates, times, weekdays, labels, counters and separators. What is left decides: nothing
(a date line), something short (a byline or a category beside the date, for the caller to judge), or more (prose).
Day stands before month, as everywhere in Viet Nam. An impossible date is no date.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from vnsearch.corpus.folding import fold_line
from vnsearch.corpus.places import is_place

__all__ = ["DateLine", "find_dates", "parse_record_date", "read_date_line"]

_MONTHS = {
    "mot": 1, "gieng": 1, "hai": 2, "ba": 3, "tu": 4, "bon": 4, "nam": 5, "sau": 6, "bay": 7, "tam": 8,
    "chin": 9, "muoi": 10, "muoi mot": 11, "muoi hai": 12, "chap": 12,
}  # fmt: skip
_MONTH = r"(?:thang\s*|th\.?\s*)(?P<m>\d{1,2}|muoi (?:mot|hai)|" + "|".join(k for k in _MONTHS if " " not in k) + r")"
_SEPARATOR = r"\s*[/.\-–]\s*"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?<![\d/.,-])(?P<d>\d{{1,2}}){_SEPARATOR}(?P<m>\d{{1,2}}){_SEPARATOR}(?P<y>\d{{4}})(?![\d/]|[.,-]\d)",
        r"(?<![\d/.,-])(?P<y>\d{4})[/.-](?P<m>\d{1,2})[/.-](?P<d>\d{1,2})(?![\d/]|[.,-]\d)",
        rf"(?<!\d)(?P<d>\d{{1,2}})[ ,]*{_MONTH}\s*(?:,|nam|[/-])?\s*(?:nam\s*)?(?P<y>\d{{4}})(?!\d)",
        rf"{_MONTH}\s+(?P<d>\d{{1,2}})\s*,\s*(?P<y>\d{{4}})(?!\d)",
    )
)
_TIME = re.compile(
    r"(?<![\d:/.,-])(?P<h>[01]?\d|2[0-3])\s?(?:[:h]\s?|\s?gio\s?)(?P<min>[0-5]\d)(?:\s?:\s?(?P<s>[0-5]\d)(?:\.\d+)?)?"
    r"\s?(?:phut|['’′])?(?:\s?(?P<half>am|pm|sa|ch)\b)?(?![\d:])"
)
_WEEKDAY = re.compile(r"\b(?:thu\s+(?:hai|ba|tu|nam|sau|bay|[2-7])|chu\s+nhat|cn|t[2-7])\b")
_UPDATED = re.compile(
    r"\b(?:(?:ngay |lan )?cap nhat(?: lan cuoi)?|sua(?: doi)?(?: lan cuoi)?|last update[d]?|updated|modified)\b"
)
_PUBLISHED = re.compile(
    r"\b(?:(?:ngay|thoi gian|gio) (?:dang|xuat ban|gui|phat hanh|viet|tao)(?: (?:tin|bai|tai))?"
    r"|(?:da )?(?:dang|xuat ban|gui|phat hanh)(?: tin| bai| tai)?(?: (?:vao )?(?:luc|ngay))|xuat ban|dang tai|posted(?: on)?"
    r"|published(?: on)?)\b"
)
_FILLER = re.compile(
    r"\b(?:ngay|thang|nam|vao|luc|thoi gian|date|time|gmt|utc|hom nay|on|at|cap nhat luc|(?:ngay )?dang)\b|\+\s?0?7(?::00)?"
)
_COUNTER = re.compile(
    r"\b(?:so |tong )?(?:luot|lan|nguoi)? ?(?:xem|doc|truy cap|view[s]?|hits?)(?: tin| bai)?\s?[:\-]?\s?\(?[\d.,]+\)?"
    r"|\b[\d.,]+ ?(?:luot|lan)? ?(?:xem|doc|views?|truy cap|binh luan)\b|\b(?:da xem|luot xem|luot doc|views?)\s?:?\s?[\d.,]*"
    r"|\b(?:binh luan|comments?)\s?[:(]\s?\d+\)?"
)
_EDGES = " \t\u00a0|/\\-–—•·,;:()[]<>«»►▶*…._@'\"’+~\u2022\uf017"


@dataclass(frozen=True, slots=True)
class DateLine:
    """What a line with a date says: the date, its time of day, and what else stands on the line."""

    date: dt.date
    time: dt.time | None
    rest: tuple[str, ...]
    published: bool
    updated: bool
    weekday: bool
    place: bool

    @property
    def sure(self) -> bool:
        """Whether something beside the bare date marks it as one of a page: a time, a weekday, a label."""
        return self.time is not None or self.published or self.updated or self.weekday


def _make(match: re.Match[str]) -> dt.date | None:
    month = match["m"]
    number = int(month) if month.isdigit() else _MONTHS[month]
    year = int(match["y"])
    if not 1900 <= year <= 2100:
        return None
    try:
        return dt.date(year, number, int(match["d"]))
    except ValueError:
        return None


def find_dates(key: str) -> list[tuple[int, int, dt.date]]:
    """Return (start, end, date) of every full and possible date in folded text.

    >>> find_dates("ngay 15 thang 1 nam 2025")
    [(5, 24, datetime.date(2025, 1, 15))]
    >>> find_dates("31/02/2024"), find_dates("so 76/nq-cp, 5/11")
    ([], [])
    """
    found: list[tuple[int, int, dt.date]] = []
    for form in _FORMS:
        for match in form.finditer(key):
            date = _make(match)
            if date is not None and not any(match.start() < end and start < match.end() for start, end, _ in found):
                found.append((match.start(), match.end(), date))
    return sorted(found)


def _time_of(match: re.Match[str] | None) -> dt.time | None:
    if match is None:
        return None
    hour = int(match["h"])
    if match["half"] in ("pm", "ch") and hour < 12:
        hour += 12
    elif match["half"] in ("am", "sa") and hour == 12:
        hour = 0
    return dt.time(hour, int(match["min"]), int(match["s"] or 0))


def read_date_line(text: str) -> DateLine | None:
    """Return what a short line with a full date says; None when it has none or is too long for a date line.

    >>> line = read_date_line("Hiền Phương 26/12/2023 - 13:44")
    >>> line.date, line.time, line.rest
    (datetime.date(2023, 12, 26), datetime.time(13, 44), ('Hiền Phương',))
    >>> read_date_line("Ngày đăng 13/12/2019 | 17:44 | Lượt xem: 72").rest
    ()
    >>> read_date_line("Chiều 22/12, quận tổng kết") is None
    True
    """
    if len(text) > 200 or not any(c.isdigit() for c in text):
        return None
    line = fold_line(text)
    key = line.key
    dates = find_dates(key)
    if not dates:
        return None
    chosen = dates[0]
    for date in dates:  # of several, the one that is not of the last change
        before = key[max(0, date[0] - 28) : date[0]]
        if not _UPDATED.search(before):
            chosen = date
            break
    before = key[: chosen[0]]
    where, comma, ngay = before.rpartition(",")  # "Cần Thơ, 26-07-2023", "Hoa Mai, ngày 5 tháng 3 năm 2024"
    ngay = ngay.strip()
    place = (
        bool(comma)
        and (is_place(where.strip(_EDGES)) if not ngay else ngay == "ngay" and re.fullmatch(r"[^,]{2,40}", where))
        and _WEEKDAY.search(before) is None
    )
    taken = bytearray(len(key))
    for start, end, _ in dates:
        taken[start:end] = b"\1" * (end - start)
    flags: dict[str, re.Match[str] | None] = {}
    for name, pattern in (
        ("time", _TIME), ("published", _PUBLISHED), ("updated", _UPDATED), ("weekday", _WEEKDAY),
        ("counter", _COUNTER), ("filler", _FILLER),
    ):  # fmt: skip
        for match in pattern.finditer(_without(key, taken)):
            flags.setdefault(name, match)
            taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    rest: list[str] = []
    start = 0
    for index in range(len(key) + 1):
        if index == len(key) or taken[index]:
            piece = line.original(start, index).strip(_EDGES) if index > start else ""
            if piece:
                rest += [part for part in (p.strip(_EDGES) for p in re.split(r"[|•·»]", piece)) if part]
            start = index + 1
    return DateLine(
        chosen[2],
        _time_of(flags.get("time")),
        tuple(rest),
        published="published" in flags,
        updated="updated" in flags and len(dates) == 1,
        weekday="weekday" in flags,
        place=bool(place),
    )


def _without(key: str, taken: bytearray) -> str:
    # A stand-in that no pattern matches keeps the positions.
    return "".join("\x01" if gone else char for char, gone in zip(key, taken, strict=True))


def parse_record_date(value: str) -> dt.date | str:
    """Return the date (or datetime) of a Vietnamese form such as ``26/12/2023 13:44``; other text as it was, to be read as ISO.

    >>> parse_record_date("26-12-2023"), parse_record_date("26/12/2023 13:44")
    (datetime.date(2023, 12, 26), datetime.datetime(2023, 12, 26, 13, 44))
    >>> parse_record_date("2023-12-26T13:44+07:00")
    '2023-12-26T13:44+07:00'
    """
    text = value.strip()
    if re.match(r"\d{4}-\d{2}", text):
        return value
    line = read_date_line(text)
    if line is None or line.rest:
        return value
    return line.date if line.time is None else dt.datetime.combine(line.date, line.time)
