"""How digits read as numbers and as days: small pure functions on strings, no scanning.

Numbers stay decimal strings from end to end: nothing overflows, nothing is rounded, and ``int`` is never given more
digits than it takes.
"""

from __future__ import annotations

from typing import NamedTuple

from vnsearch.text.value_forms import DECIMAL, GROUPED

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_DIGITS_MAX = 30  # past this a run of digits is an identifier: nobody writes it in another way


class Number(NamedTuple):
    """A decimal number: ``whole`` without leading zeros, ``fraction`` as written."""

    whole: str
    fraction: str = ""

    def term(self) -> str:
        """Return the number in one spelling: trailing zeros dropped, but ``4.0`` (a version, a score) is not ``4``."""
        if not self.fraction:
            return self.whole
        return f"{self.whole}.{self.fraction.rstrip('0') or '0'}"

    def shifted(self, zeros: int) -> str:
        """Return the number times ten to the power ``zeros``, without trailing decimal zeros."""
        whole = (self.whole + self.fraction[:zeros].ljust(zeros, "0")).lstrip("0") or "0"
        fraction = self.fraction[zeros:].rstrip("0")
        return f"{whole}.{fraction}" if fraction else whole

    def order(self) -> tuple[int, str, str]:
        """Return a key that sorts numbers by size."""
        return len(self.whole), self.whole, self.fraction


def read_number(run: str) -> list[Number]:
    """Return what digits with dots and commas may mean, the likeliest reading first; none: it is no number.

    A dot with three digits after it groups thousands, a comma begins decimals. One group alone may be meant the other
    way; that reading is left out where it would end in zeros, which groups often do and decimals do not.

    >>> [number.term() for number in read_number("1.081")], [number.term() for number in read_number("98.510")]
    (['1081', '1.081'], ['98510'])
    >>> [number.term() for number in read_number("99,15")], read_number("1.2.3")
    (['99.15'], [])
    """
    if run.isdecimal():
        return [Number(run.lstrip("0") or "0")] if len(run) <= _DIGITS_MAX else []
    if grouped := GROUPED.fullmatch(run):
        mark, fraction = grouped.groups()
        whole = run[: grouped.start(2) - 1] if fraction else run
        number = Number(whole.replace(mark, ""), fraction or "")
        if fraction or run.count(mark) > 1:
            return [number]
        decimal = Number(*run.split(mark))
        if mark == ".":
            return [number] if run.endswith("0") else [number, decimal]
        return [number] if run.endswith("000") else [decimal, number]
    if decimals := DECIMAL.fullmatch(run):
        return [Number(decimals[1], decimals[2])]
    return []


def written_otherwise(run: str) -> bool:
    """Return whether the number of ``run`` has another spelling (``98.510``, ``05``), so that a value pays for itself.

    ``10`` has none: the syllable as written finds it already. ``5`` may be written ``05``, ``1000`` ``1.000``.
    """
    if not run.isdecimal():
        return True
    if run.startswith("0"):
        return len(run) == 2 and run != "00"
    return len(run) == 1 or len(run) >= 4


def is_day(day: str, month: str, year: str = "") -> bool:
    """Return whether the calendar has that day; without a year, 29 February passes.

    >>> is_day("31", "02"), is_day("29", "2"), is_day("29", "2", "2023")
    (False, True, False)
    """
    d, m = int(day), int(month)
    if not (1 <= m <= 12 and 1 <= d <= _DAYS[m - 1]):
        return False
    if (d, m) == (29, 2) and year:
        y = int(year)
        return y % 4 == 0 and (y % 100 != 0 or y % 400 == 0)
    return True


def is_month(month: str) -> bool:
    """Return whether one or two digits are a month."""
    return 1 <= int(month) <= 12


def is_recent_year(digits: str) -> bool:
    """Return whether four digits, with no word to say so, may well be a year: 1800 to 2099."""
    return len(digits) == 4 and "1800" <= digits <= "2099"


def full_year(two_digits: str) -> str:
    """Return the year that two digits mean, as POSIX reads ``%y``: 69-99 in the 1900s, 00-68 in the 2000s."""
    return ("19" if two_digits >= "69" else "20") + two_digits


def date_terms(day: str = "", month: str = "", year: str = "") -> list[str]:
    """Return the terms of a day, a month or a year, the most exact first.

    >>> date_terms("5", "7", "2024")
    ['#d:2024-07-05', '#d:07-05', '#d:2024-07', '#d:2024']
    >>> date_terms("22", "12"), date_terms("", "1", "2020")
    (['#d:12-22'], ['#d:2020-01', '#d:2020'])
    """
    month, day = month.zfill(2), day.zfill(2)
    if not year:
        return [f"#d:{month}-{day}"]
    if month == "00":
        return [f"#d:{year}"]
    months = [f"#d:{year}-{month}", f"#d:{year}"]
    return months if day == "00" else [f"#d:{year}-{month}-{day}", f"#d:{month}-{day}", *months]
