"""Rules for days, months, quarters, years and times of day. What they share with numbers is read here too: *1/4*."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vnsearch.text import value_forms as forms
from vnsearch.text.value_numbers import date_terms, full_year, is_day, is_month, is_recent_year, read_number
from vnsearch.text.value_scan import Scan

_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}


def quarters(scan: Scan) -> None:
    """Claim *quý I/2024*: its number may be Roman."""
    for pattern in forms.MAY_BE_QUARTER:
        if pattern.search(scan.text):
            break
    else:
        return
    quarters = [match for match in forms.QUARTER.finditer(scan.text) if not scan.claimed(match.start())]
    for match in quarters:
        number, year = _ROMAN.get(match[1].lower(), match[1]), match[2]
        terms = [f"#d:{year}-q{number}", f"#d:q{number}", f"#d:{year}"] if year else [f"#d:q{number}"]
        scan.claim("date", terms, match.start(), match.end())
    scan.claims.sort()


def date(scan: Scan, start: int, end: int, run: str) -> int:
    """Read a date that the whole cluster ``run`` writes, or that words continue."""
    if run.isdecimal():
        return _year(scan, start, end, run) if len(run) == 4 else _in_words(scan, start, end, run)
    if scan.goes_on(end) and not scan.text.startswith("T", end):  # the T of ISO 8601
        return 0
    if match := forms.DATE_DMY.fullmatch(run):
        return _day(scan, start, end, (match[1], match[3], match[4])) or end
    if match := forms.DATE_YMD.fullmatch(run):
        return _day(scan, start, end, (match[4], match[3], match[1])) or end
    if match := forms.YEARS.fullmatch(run):
        return _years(scan, start, end, match[1], match[2])
    return _short(scan, start, end, run)


def _day(scan: Scan, start: int, end: int, parts: Sequence[str]) -> int:
    day, month, year = (*parts, "")[:3]
    if not is_day(day, month, year) or (year and not "1000" <= year <= "2999"):
        return 0
    return scan.add("date", date_terms(day, month, year), start, end)


def _short(scan: Scan, start: int, end: int, run: str) -> int:
    """*26/12/23*, *26-12*, *12-2023*: often something else, so words and sizes must vouch."""
    word, between = scan.word_before(start)
    word = word.lower()
    cued = word in forms.DATE_CUES and ("(" not in between or word in forms.BRACKET_CUES)
    if match := forms.DATE_DMY_SHORT.fullmatch(run):
        day, sign, month, short = match.groups()
        sure = cued or (sign == "/" and len(day) == len(month) == 2)
        return _day(scan, start, end, (day, month, full_year(short))) if sure else 0
    if "/" in run:
        return 0
    if (match := forms.DATE_MY.fullmatch(run)) and is_month(match[1]):
        # "12.2023" is a decimal, unless "tháng" stands before.
        sure = word in forms.MONTH_WORDS or ("." not in run and is_recent_year(match[2]))
        return scan.add("date", date_terms("", match[1], match[2]), start, end) if sure else 0
    if not (match := forms.DATE_DM.fullmatch(run)):
        return 0
    if not cued and 0 <= scan.last_date_end >= start - 6:
        cued = scan.text[scan.last_date_end : start].strip().lower() in forms.DATE_LINKS
    # Ranges go up and scores are low: "26-12" can only be a day, "2-1" and "5-6" can be anything.
    likely = "." not in run and int(match[1]) >= 10 and int(match[1]) > int(match[2])
    if not cued and (not likely or forms.MEASURE.match(scan.text, end)):
        return 0
    return _day(scan, start, end, (match[1], match[2]))


def _in_words(scan: Scan, start: int, end: int, run: str) -> int:
    """*26 tháng 12 năm 2023*, *26 - 12 - 2023*, and *12 năm 2023* after *tháng*."""
    text = scan.text
    word = scan.word_before(start)[0].lower()
    match = forms.DAY_MONTH_WORDS.match(text, start)
    if len(run) > 2 or (match and not match[3] and word in forms.DURATION_CUES):
        return 0
    if match:
        return _day(scan, start, match.end(), (match[1], match[2], match[3] or ""))
    if match := forms.DATE_SPACED.match(text, start):
        return _day(scan, start, match.end(), (match[1], match[3], match[4]))
    if word in forms.MONTH_WORDS and is_month(run) and (match := forms.OF_YEAR.match(text, end)):
        return scan.add("date", date_terms("", run, match[1]), start, match.end())
    match = forms.DAYS_SPACED.match(text, start)  # "24 - 28/6": the second day is read by itself
    if match and int(run) < int(match[1]) and is_day(match[1], match[2]):
        _day(scan, start, match.end(), [run, match[2], match[3] or ""])
    return end if match else 0


def _year(scan: Scan, start: int, end: int, run: str) -> int:
    """*năm 2023*, or the first of two years with a dash or *đến* between; a bare year is left to the numbers."""
    named = scan.word_before(start)[0].lower() in forms.YEAR_WORDS
    if scan.goes_on(end) or run < "1000" or not (named or is_recent_year(run)):
        return 0
    last = forms.TO_YEAR.match(scan.text, end)
    if last and (to := _years(scan, start, last.end(), run, last[1])):
        return to
    return scan.add("date", date_terms(year=run), start, end) if named else 0


def _years(scan: Scan, start: int, end: int, first: str, last: str) -> int:
    if not (first < last and is_recent_year(first) and is_recent_year(last)):
        return 0
    scan.add("date", date_terms(year=first), start, start + 4)
    scan.add("date", [f"#d:{first}/{last}"], start, end)
    return scan.add("date", date_terms(year=last), end - 4, end)


def slashed(scan: Scan, start: int, end: int, word: str, earlier: list[tuple[int, str]]) -> None:
    """Read *22/12*, *12/2023*, *26/12/2023* and ratios; ``earlier`` are the days (or months) of *16-19/4*."""
    parts = scan.text[start:end].split("/")
    if scan.goes_on(end) or len(parts) > 3:
        return
    word = word.lower()
    short = all(part.isdecimal() and len(part) <= 2 for part in parts[:2])
    if len(parts) == 3:
        if short and parts[2].isdecimal() and len(parts[2]) == 4:
            _days(scan, start, end, parts, earlier)
    elif len(parts) == 2 and short and is_day(*parts):
        _days(scan, start, end, parts, earlier)
        if not earlier and word not in forms.DATE_CUES:
            ratio(scan, start, end, parts)
    elif match := forms.NUMBER_YEAR.fullmatch(scan.text, start, end):
        _month_or_document(scan, match, word, earlier)
    else:
        ratio(scan, start, end, parts)


def _days(scan: Scan, start: int, end: int, parts: list[str], earlier: list[tuple[int, str]]) -> None:
    for at, day in earlier:
        _day(scan, at, end, [day, *parts[1:]])
    _day(scan, start, end, parts)


def _month_or_document(scan: Scan, match: re.Match[str], word: str, earlier: list[tuple[int, str]]) -> None:
    number, year = match.groups()
    start, end = match.span()
    if len(number) <= 2 and is_month(number):
        for at, month in earlier:
            if is_month(month):
                scan.add("date", date_terms("", month, year), at, end)
        scan.add("date", date_terms("", number, year), start, end)
    if earlier or word in forms.DATE_CUES or word in forms.MONTH_WORDS:
        return
    ratio(scan, start, end, [number, year])
    if not is_recent_year(number):
        scan.add("document", [f"#doc:{number.lstrip('0') or '0'}/{year}"], start, end)


def ratio(scan: Scan, start: int, end: int, parts: list[str]) -> None:
    """Add *462/510*, *1/2.000*, if every part is a number."""
    numbers = [read_number(part) for part in parts]
    if all(numbers):
        scan.add("ratio", ["#r:" + "/".join(readings[0].term() for readings in numbers)], start, end)


def spaced_slash(scan: Scan, start: int, end: int, word: str) -> int:
    """Read *22 / 12* and *1 / 2.000*."""
    text = scan.text
    other = forms.NUMBER.match(text, end + 3) if text.startswith(" / ", end) else None
    if other is None or scan.goes_on(other.end()) or text.startswith(" /", other.end()):
        return 0
    first, last = text[start:end], other[0]
    if (first + last).isdecimal() and len(first) <= 2 >= len(last):
        _day(scan, start, other.end(), (first, last))
    if word.lower() not in forms.DATE_CUES:
        ratio(scan, start, other.end(), [first, last])
    return other.end()


def time(scan: Scan, start: int, end: int, run: str) -> int:
    """Read *17:44*, *17h44*, *8 giờ 30 phút*, *8h*. Other digits around a colon mean nothing: *05:2013*."""
    clock = ":" in run
    match = forms.CLOCK.fullmatch(run) if clock else forms.TIME.match(scan.text, start)
    if match and int(match[1]) <= 24 and not scan.goes_on(start + len(match[0])):
        minutes = next(filter(None, match.groups()[1:]), "0")
        return scan.add("time", [f"#t:{match[1].zfill(2)}:{minutes.zfill(2)}"], start, start + len(match[0]))
    return end if clock else 0
