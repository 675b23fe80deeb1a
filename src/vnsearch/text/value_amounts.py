"""Rules for numbers and what follows them: scales, currencies, per cent."""

from __future__ import annotations

from dataclasses import dataclass

from vnsearch.text import value_forms as forms
from vnsearch.text.value_numbers import Number, date_terms, is_recent_year, read_number, written_otherwise
from vnsearch.text.value_scan import Scan


@dataclass(frozen=True, slots=True)
class _Suffix:
    """What follows a number: ``zeros`` to append, ``more`` to add (*1 tỷ 200 triệu*), and where that ends."""

    end: int
    scale_end: int
    percent: bool = False
    zeros: int = 0
    more: int = 0
    currency: str = ""


def number(scan: Scan, start: int, end: int, *, alone: bool) -> int:
    """Read the number there with what follows it. ``alone``: one digit by itself counts too."""
    run = scan.text[start:end]
    readings = read_number("".join(run.split()))
    if not readings:
        return end
    suffix = _suffix(scan, end) or _suffix_of_range(scan, end, readings[0])
    sign = forms.CURRENCY_SIGNS.get(scan.text[start - 1 : start], "")
    if not (suffix or sign) and forms.ADDRESS_IP.fullmatch(run):
        return end
    if not (suffix and suffix.zeros):
        _plain(scan, start, end, run, readings, alone=alone and not suffix)
    if suffix is None:
        suffix = _Suffix(end, end)
    if suffix.percent:
        return scan.add("percent", [f"#p:{reading.shifted(0)}" for reading in readings], start, suffix.end)
    if (suffix.zeros and "." in run) or (not suffix.zeros and suffix.currency == "vnd"):
        # "1.200 tỷ" is never 1,2 tỷ, and no price has half a đồng: thousands only.
        readings = [max(readings, key=Number.order)]
    return _amount(scan, start, readings, suffix, sign)


def _amount(scan: Scan, start: int, readings: list[Number], suffix: _Suffix, sign: str) -> int:
    """*1,2 tỷ*, *500.000 đồng*, *$5 triệu*; nothing for a number with neither scale nor currency."""
    amounts = [reading.shifted(suffix.zeros) for reading in readings]
    if suffix.more and amounts[0].isdecimal():
        amounts = [str(int(amounts[0]) + suffix.more)]
    if suffix.zeros:
        scan.add("number", [f"#n:{amount}" for amount in amounts], start, suffix.scale_end)
    if currency := suffix.currency or sign:
        scan.add("money", [f"#m:{currency}:{amount}" for amount in amounts], start - bool(sign), suffix.end)
    return suffix.end


def _plain(scan: Scan, start: int, end: int, run: str, readings: list[Number], *, alone: bool) -> None:
    """The digits themselves, where another spelling exists and no letter is glued on (*5G*, *1A*; *2.000m2* is)."""
    after = scan.text[end : end + 1]
    plain = run.isdecimal()
    if not written_otherwise(run) or (len(run) <= 2 and (not alone or after.isalnum())):
        return
    if plain and after and (after.isupper() or after == "_"):
        return
    scan.add("number", [f"#n:{reading.term()}" for reading in readings], start, end)
    if plain and is_recent_year(run) and not after.isalnum():
        scan.add("date", date_terms(year=run), start, end)


def spaced_number(scan: Scan, start: int) -> int:
    """Read *98 510* as one number, unless a label before it (*quận 1 200 hộ*) or another number says otherwise."""
    match = forms.SPACED_GROUPS.match(scan.text, start)
    if match is None or scan.text[max(0, start - 2) : start - 1].isdecimal():
        return 0
    word, between = scan.word_before(start)
    if match[1] == " " and match[0].count(" ") == 1 and word and not between.strip():
        if word.lower() in forms.LABELS:
            return 0
        if word != word.lower() and word.lower() not in forms.QUANTITY_CUES:  # "iPhone 15 256 GB"
            return 0
    return number(scan, start, match.end(), alone=True)


def _suffix(scan: Scan, end: int) -> _Suffix | None:
    text = scan.text
    if match := forms.PERCENT.match(text, end):
        return _Suffix(percent=True, end=match.end(), scale_end=match.end())
    zeros = more = 0
    at = end
    if glued := forms.SCALE_GLUED.match(text, at):
        zeros, at = forms.SCALES_GLUED[glued[1]], glued.end()
    else:
        while zeros < 15 and (scale := forms.SCALE.match(text, at)):  # "nghìn tỷ"
            if (scale[2] or "").lower() in forms.NOT_SCALE_BEFORE:
                break
            zeros, at = zeros + forms.SCALES[scale[1].lower()], scale.end()
        last = zeros
        while zeros and (part := forms.MORE.match(text, at)) and forms.SCALES[part[2].lower()] < last:
            last = forms.SCALES[part[2].lower()]
            more, at = more + int(part[1]) * 10**last, part.end()
    currency, currency_end = _currency(scan, at)
    if not zeros and not currency:
        return None
    return _Suffix(zeros=zeros, more=more, currency=currency, scale_end=at, end=currency_end)


def _currency(scan: Scan, at: int) -> tuple[str, int]:
    match = forms.CURRENCY.match(scan.text, at)
    if match is None or (match[2] or "").lower() in forms.NOT_MONEY_BEFORE:
        return "", at
    name = match[1]
    # "Đ" alone is a letter, "Đồng" a place: Đồng Nai.
    if name == "Đ" or (name.istitle() and name.lower() in ("đồng", "dong", "yên")):
        return "", at
    return forms.CURRENCIES[" ".join(name.lower().split())], match.end()


def _suffix_of_range(scan: Scan, end: int, first: Number) -> _Suffix | None:
    """What follows the second number of a range holds for the first: *1,2-1,5 tỉ USD*, *80-90%*."""
    link = forms.RANGE_LINK.match(scan.text, end)
    other = forms.NUMBER.match(scan.text, link.end()) if link else None
    if other is None or not (suffix := _suffix(scan, other.end())) or suffix.more:
        return None
    readings = read_number(other[0])
    if not readings or first.order() > readings[0].order():
        return None
    return _Suffix(percent=suffix.percent, zeros=suffix.zeros, currency=suffix.currency, scale_end=end, end=end)
