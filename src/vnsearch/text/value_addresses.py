"""Values known by a sign: URLs, e-mail addresses, hashtags; telephone and document numbers."""

from __future__ import annotations

from vnsearch.text import value_forms as forms
from vnsearch.text.fold import fold_normalized
from vnsearch.text.value_numbers import date_terms, read_number, written_otherwise
from vnsearch.text.value_scan import Scan

_URL_CHARS_MAX = 500  # longer addresses give their host only: a term is a key of the index


def addresses(scan: Scan) -> None:
    """Claim URLs, e-mail addresses, bare domains and hashtags, in this order."""
    text = scan.text
    if "://" in text or (("w." in text or "W." in text) and "www." in text.lower()):
        for match in forms.URL.finditer(text):
            _url(scan, match.start(), match.end())
    if "@" in text:
        _emails(scan)
        scan.claims.sort()
    end = 0
    domains: list[tuple[int, int]] = []
    for match in forms.DOMAIN_END.finditer(text):
        head = forms.DOMAIN_HEAD.search(text, max(end, match.start() - forms.DOMAIN_CHARS), match.start())
        if head and match.start() >= end and not scan.claimed(head.start()):
            path = forms.DOMAIN_PATH.match(text, match.end())
            end = path.end() if path else match.end()
            domains.append((head.start(), end))
    for start, end in domains:
        _url(scan, start, end)
    scan.claims.sort()
    if "#" in text:
        _hashtags(scan)
        scan.claims.sort()


def _emails(scan: Scan) -> None:
    text = scan.text
    emails: list[tuple[int, int]] = []
    end = 0
    at = text.find("@")
    while at >= 0:
        local = forms.EMAIL_LOCAL.search(text, max(end, at - forms.EMAIL_LOCAL_CHARS), at)
        domain = forms.EMAIL_DOMAIN.match(text, at + 1)
        if local and domain and "." in domain[0] and not scan.claimed(local.start()):
            end = domain.end()
            emails.append((local.start(), end))
        at = text.find("@", at + 1)
    for start, end in emails:
        scan.claim("email", [f"#mail:{text[start:end].lower()}"], start, end)


def _url(scan: Scan, start: int, end: int) -> None:
    """Claim the URL there, less the punctuation that ends its sentence; its host is a value of its own."""
    url = scan.text[start:end].rstrip(".,;:!?)]}'*…")
    bare = url.lower()
    bare = bare.partition("://")[2] or bare
    bare = bare.removeprefix("www.").rstrip("/")
    if host := forms.HOST.match(bare):
        terms = [term for term in dict.fromkeys((bare, host[0])) if len(term) <= _URL_CHARS_MAX]
        scan.claim("url", [f"#url:{term}" for term in terms], start, start + len(url))


def _hashtags(scan: Scan) -> None:
    tags = [
        match.span()
        for match in forms.HASHTAG.finditer(scan.text)
        if not match[1].replace("_", "").isdigit() and not scan.claimed(match.start())
    ]
    for start, end in tags:
        scan.claim("hashtag", [f"#tag:{scan.text[start + 1 : end].lower()}"], start, end)


def phone(scan: Scan, start: int) -> int:
    """Read a Vietnamese telephone number; ``+84`` and ``0`` are one."""
    text = scan.text
    abroad = text.startswith("84", start) and start > 0 and text[start - 1] == "+"
    if not abroad and text[start] != "0":
        return _service_phone(scan, start) if text.startswith(("1800", "1900"), start) else 0
    number, at = ("0", start + 2) if abroad else ("", start)
    found, end = "", 0
    while part := forms.PHONE_PART.match(text, at):
        if (found and part[2].startswith("0")) or (part[1] and not number):  # the next number begins
            break
        number += part[2].removeprefix("0") if number == "0" else part[2]
        if len(number) > forms.PHONE_CHARS_MAX:
            return 0
        at = part.end()
        if forms.PHONE.fullmatch(number):
            found, end = number, at
    if not found or at != end or scan.goes_on(end):
        return 0
    return scan.add("phone", [f"#tel:{found}"], start - abroad, end)


def _service_phone(scan: Scan, start: int) -> int:
    """*1900 1234*: no digits of a year."""
    match = forms.PHONE_SERVICE.match(scan.text, start)
    if match is None or scan.word_before(start)[0].lower() in forms.YEAR_WORDS:
        return 0
    digits = "".join(filter(str.isdecimal, match[0]))
    if digits == match[0]:  # may be a plain number too
        scan.add("number", [f"#n:{digits}"], start, match.end())
    return scan.add("phone", [f"#tel:{digits}"], start, match.end())


def document(scan: Scan, start: int, end: int, run: str) -> int:
    """Read the number of a document, whole and by part, from the cluster ``run`` at ``start``."""
    text = scan.text
    match = None
    if run.count("/") < 2 and text[end : end + 2].strip()[:1] in ("/", "-"):
        match = forms.DOCUMENT.match(text, start)
    if match is None:
        return _cited_document(scan, start, end, run)
    number, year, code, party = match.groups()
    segments = forms.SEGMENT_BREAK.split(code or party)
    if not _is_document(segments, year, hyphened="-" in (code or "")):
        return 0
    canonical = "-".join(map(fold_normalized, segments)).lower()
    if written_otherwise(number):
        scan.add("number", [f"#n:{reading.term()}" for reading in read_number(number)], start, match.end(1))
    number = number.lstrip("0") or "0"
    terms = [f"#doc:{number}/{year}/{canonical}", f"#doc:{number}/{year}"] if year else [f"#doc:{number}/{canonical}"]
    if year:
        scan.add("date", date_terms(year=year), match.start(2), match.end(2))
    scan.add("document", [f"#doc:{canonical}"], match.start(3 if code else 4), match.end())
    return scan.add("document", terms, start, match.end())


def _cited_document(scan: Scan, start: int, end: int, run: str) -> int:
    """*Nghị định 100/2019*: number and year alone, after the kind of document."""
    match = forms.NUMBER_YEAR.fullmatch(run)
    if match is None or scan.text[end : end + 1] == "/":
        return 0
    if not forms.DOCUMENT_CUE.search(scan.text, max(0, start - forms.DOCUMENT_CUE_CHARS), start):
        return 0
    scan.add("date", date_terms(year=match[2]), start + match.start(2), end)
    return scan.add("document", [f"#doc:{match[1].lstrip('0') or '0'}/{match[2]}"], start, end)


def _is_document(segments: list[str], year: str | None, *, hyphened: bool) -> bool:
    """Return whether letters after a number are a document's: a known kind, or capitals (*60/KM/H* is none)."""
    if segments[0].rstrip("0123456789").lower() in forms.DOCUMENT_TYPES:
        return segments[0][0].isupper() or len(segments) > 1 or bool(year)
    in_capitals = all(map(forms.CAPITALS.fullmatch, segments))
    return in_capitals and len(segments[0]) > 1 and (hyphened or bool(year))
