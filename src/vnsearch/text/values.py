"""Numbers, dates and their like as values: however a value is written, it gives one term.

``find_values`` reads a normalized text once, from digit to digit. A term begins with ``#``, holds no space, is lower
case, and says its kind, so that it never meets a word:

============  ==============================  ==========================================================
kind          term                            written
============  ==============================  ==========================================================
``number``    ``#n:98510``, ``#n:99.15``      98.510, 98 510, 98510; 99,15, 99.15; 05, 5; 1,2 triệu
``percent``   ``#p:15``                       15%, 15 %, 15 phần trăm, 15,0%
``money``     ``#m:vnd:1200000000``           1,2 tỷ đồng, 1.200.000.000đ, 1 tỉ 200 triệu VND
``date``      ``#d:2023-12-26``               26/12/2023, 26-12-2023, 26.12.2023, 26 tháng 12 năm 2023
``date``      ``#d:12-22``                    22/12, ngày 22-12, ngày 22 tháng 12
``date``      ``#d:2020-01``                  tháng 1/2020, tháng 01 năm 2020
``date``      ``#d:2024-q1``, ``#d:q1``       quý I/2024, quý 1 năm 2024; quý I
``date``      ``#d:2023``                     năm 2023, and 1800-2099 anywhere
``date``      ``#d:2021/2026``                2021-2026, 2021 – 2026, 2021 đến 2026 (as ISO 8601 writes an interval)
``time``      ``#t:17:44``                    17h44, 17:44, 17 giờ 44 phút, 17g44; 8h, 8 giờ
``ratio``     ``#r:1/2000``                   1/2.000, 1 / 2000
``document``  ``#doc:45/2022/qd-ubnd``        45/2022/QĐ-UBND; parts: ``#doc:45/2022``, ``#doc:qd-ubnd``
``phone``     ``#tel:0912345678``             0912 345 678, +84 912.345.678
``email``     ``#mail:a@b.vn``                any case
``url``       ``#url:vnsearch.vn/a``          https://www.vnsearch.vn/a/; part: ``#url:vnsearch.vn``
``hashtag``   ``#tag:vnsearch``               #VnSearch
============  ==============================  ==========================================================

*Wider values.* A full date also gives its day and month, its month and its year; a month gives its year; all over the
same span, the most exact first. So *26/12* and *tháng 12/2023* find 26/12/2023, and a whole date written out finds the
same date without its year. The exact term is the one to weigh most.

*Both readings.* What may be two things is given as both: *1.081* (1081, or a decimal), *1/4* (1 April, a quarter),
*2023* (a year, a number), *01/2023* (January, a document). A word before it decides: *ngày 1/4*, *năm 2023*.

*Economy.* A number with one spelling gives nothing: *10* is found by the syllable. The test is the same for documents
and queries (:func:`~vnsearch.text.value_numbers.written_otherwise`), so two spellings of a value always meet.

Words (*ngày*, *triệu*, *đồng*) are known with their marks and without any.
"""

from __future__ import annotations

from operator import itemgetter

from vnsearch.text import value_forms as forms
from vnsearch.text.value_addresses import addresses, document, phone
from vnsearch.text.value_amounts import number, spaced_number
from vnsearch.text.value_dates import date, quarters, slashed, spaced_slash, time
from vnsearch.text.value_scan import Scan, Value

__all__ = ["Value", "find_values"]


def find_values(text: str) -> list[Value]:
    """Return the values in a normalized text, by start, then end; for one span, the most exact first.

    Values overlap where a form has parts or two readings. Offsets are code points of ``text``. Case may be as written.
    Linear in the length of the text; never raises on any ``str``.

    >>> [value.term for value in find_values("Sáng 22/12, có 98.510 hộ, đạt 99,15%")]
    ['#d:12-22', '#n:98510', '#n:99.15', '#p:99.15']
    >>> find_values("ngày 26 tháng 12 năm 2023")[0]
    Value(kind='date', term='#d:2023-12-26', start=5, end=25)
    >>> find_values("Covid-19, phiên bản 1.2.3, quốc lộ 1A")
    []
    """
    scan = Scan(text)
    addresses(scan)
    quarters(scan)
    _digits(scan)
    if not scan.found:
        return []
    # Stable: what one rule gave for one span keeps its order.
    return sorted(dict.fromkeys(scan.found), key=itemgetter(2, 3))


def _digits(scan: Scan) -> None:
    """Go from digit to digit, outside what is claimed, and give each cluster of digits to the rules."""
    text = scan.text
    claims = scan.claims[::-1]
    scan.last_end = scan.last_date_end = -1
    at = 0
    while match := forms.DIGIT.search(text, at):
        start = match.start()
        while claims and claims[-1][1] <= start:
            claims.pop()
        if claims and claims[-1][0] <= start:
            at = claims[-1][1]
        elif start and (text[start - 1].isalnum() or text[start - 1] == "_"):  # "H5N1", "Covid19"
            word = forms.WORD.match(text, start)
            at = word.end() if word else start + 1
        elif (plain := forms.PLAIN.match(text, start)) and text[start - 1 : start] not in forms.PLAIN_NOT_AFTER:
            at = _plain(scan, start, plain.end())
        else:
            at = _cluster(scan, start)


def _plain(scan: Scan, start: int, end: int) -> int:
    """Do what ``_cluster`` would do, in the end, with a small number that nothing is tied to: *5* may be written *05*."""
    if end == start + 1:
        after = scan.text[end : end + 1]
        if not (after.isalnum() or after == "_"):
            scan.add("number", [f"#n:{scan.text[start]}"], start, end)
    return end


def _cluster(scan: Scan, start: int) -> int:
    """Try the rules on the digits at ``start``, the surest form first; return where to read on."""
    cluster = forms.CLUSTER.match(scan.text, start)
    assert cluster is not None  # a digit stands there
    end, run = cluster.end(), cluster[0]
    sign = scan.tied(start)
    if sign == "+":
        return phone(scan, start) or end
    if sign and sign not in ".,:":
        return end
    return (
        (phone(scan, start) if run[0] in "018" else 0)  # 0912…, 1900…, +84…
        or document(scan, start, end, run)
        or date(scan, start, end, run)
        or time(scan, start, end, run)
        or spaced_number(scan, start)
        or _pieces(scan, start, end, tied=bool(sign))
    )


def _pieces(scan: Scan, start: int, end: int, *, tied: bool) -> int:
    """Read what stands between dashes: *85.000-87.000*, *30/4-1/5*, *16-19/4*; or one number, ratio or date."""
    text = scan.text
    word = scan.word_before(start)[0]
    if forms.NUMBER.fullmatch(text, start, end):
        return spaced_slash(scan, start, end, word) or number(scan, start, end, alone=not tied)
    pieces = [match.span() for match in forms.BETWEEN_DASHES.finditer(text, start, end)]
    with_slash = "/" in text[start:end]
    if len(pieces) > (4 if with_slash else 2):  # a code, a lottery's numbers
        return end
    earlier: list[tuple[int, str]] = []
    to = end
    for a, b in pieces:
        piece = text[a:b]
        if "/" in piece:
            slashed(scan, a, b, word, earlier)
            earlier = []
        elif with_slash and piece.isdecimal() and len(piece) <= 2:
            earlier.append((a, piece))
        elif forms.NUMBER.fullmatch(piece):
            to = number(scan, a, b, alone=False)
    scan.last_end = max(to, end)
    return scan.last_end
