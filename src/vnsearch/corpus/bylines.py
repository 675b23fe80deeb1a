"""Who wrote it and where it comes from: bylines, credits and datelines.

A name is told by its shape (a few capitalised syllables and nothing else), not by a list of names; where such a line
stands decides whether it is a byline, and that is for ``page`` to know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vnsearch.corpus.folding import fold_key, fold_line

__all__ = ["Credit", "dateline_source", "is_name", "owner_in_imprint", "read_credit"]

_WORD = re.compile(r"[^\W\d_]+(?:[.’'\-][^\W\d_]+)*\.?")
_JOIN = re.compile(r"\s*(?:[,;&/]|\s[-–—]\s|(?<=[^\W\d_])[–—](?=[^\W\d_])|\bvà\b)\s*")
_ROLE = re.compile(
    r"p\.?v\.?|nhom (?:pv|phong vien)|bbt|ban bien tap|ctv|phong vien|bien tap vien|tong hop|nhom tac gia|t\.?h\.?|h\.?t\.?"
)
_ORGANISATION = re.compile(
    r"(?:bao|tap chi|cong ttdt|cong thong tin|trang ttdt|trang thong tin|ttxvn|vov|vtv|dai |phong |ban |van phong|trung tam|ubnd|uy ban|hdnd|hoi dong|mttq|ubmttq|cong an|bo |so |cuc |vu |chi cuc"
    r"|quan |huyen |phuong |xa |dang uy|quan uy|thanh uy|huyen uy|tinh uy|thanh doan|quan doan|doan |hoi |lien doan|vien |truong |dang bo)"
)
_PUBLICATION = re.compile(r"(?:bao|tap chi|cong ttdt|cong thong tin|trang ttdt|trang thong tin|ttxvn|vov|vtv|dai)\b")
# Folded, "Bảo Anh" and "Công Hải" are like "Báo …" and "Cổng …": their marks tell people from publications.
_PERSON_FIRST = re.compile(r"(?:bảo|bào|bạo|đại|công|trang)\s+(?!thông|tin\b|điện|ttđt)", re.IGNORECASE)
_SITE = re.compile(
    r"(?:[\w-]+\.)+(?:vn|com|net|org|info|gov)(?:/.*)?|ttxvn|vietnam\+|vietnamplus|vov\d?|vtv\d?|vgp|chinhphu|dcsvn|plo|tto|tpo|hnm|sggp|vnexpress|vietnamnet|dan tri|lao dong|nhan dan"
)
_VERB = re.compile(
    r"\b(?:trao|tang|phat bieu|chup|tham|kiem tra|du|chu tri|tai|ky|khen|tham quan|tang qua|cung|trong|bieu duong|chuc mung|dang|duoc|cho|tham gia|den|phat|to chuc|voi|va cac|cac|mot|nhung|toan canh|quang canh)\b"
)
_AUTHOR_LABEL = re.compile(
    r"(?:tac gia(?: bai viet| tin)?|nguoi viet|nguoi dang|dang boi|viet boi|bai viet|bai|tin|tin ?[,/]? ?(?:va )?(?:bai|anh)|bai ?[,/]? ?(?:va )?anh|tin ?[,/]? ?bai ?[,/]? ?(?:va )?anh|tin ?, ?clip|pv|phong vien"
    r"|thuc hien|noi dung|bai, anh va video|text|by|ctv|author|ghi|luoc ghi|bien soan)(?: ?: ?| (?=by ))|(?:viet|dang|gui|tao) boi ?:? |(?:ghi chep|ghi nhanh|phong su|but ky|ky su|tuy but|tan van|bai|bai viet|bai,? (?:va )?anh) cua ?:? "
)
_SOURCE_LABEL = re.compile(
    r"(?:\(?(?:nguon|nguon tin|source|nguon bai viet|dan nguon|theo nguon)\)? ?: ?|\(?theo ?:? (?=\S))"
)
_NOT_AUTHOR = re.compile(
    r"(?:anh|photo|do hoa|video|clip|bien tap|hieu dinh|nguoi duyet|duyet|minh hoa|trinh bay|ky thuat|nguon anh|anh minh hoa|editor) ?:"
)
_TAIL_PHRASE = re.compile(r"\s+(?:copy link|sao chép liên kết)\b.*$", re.IGNORECASE)
_PHOTO_BY = re.compile(r"\s*[-–|,;.]\s*(?:Ảnh|Video|Clip|Đồ họa|ảnh|video|clip)\s*:.*$")
_ADMIN = re.compile(r"admin(?:istrator)?|quan tri(?: vien)?|webmaster|user|root|editor")
_MAX_CREDIT = 90


@dataclass(frozen=True, slots=True)
class Credit:
    """What a byline says; ``labelled`` when it says so itself ("Tác giả: …") instead of by its shape."""

    author: str | None
    source: str | None
    labelled: bool = False


def _is_person(text: str) -> bool:
    words = text.split()
    if not 1 <= len(words) <= 5 or len(text) > 40:
        return False
    if any(not _WORD.fullmatch(word) or not word[0].isupper() for word in words):
        return False
    if len(words) == 1:
        return text.isupper() or "." in text or len(text) <= 9
    return True


def is_name(text: str, *, single: bool = False) -> bool:
    """Return whether ``text`` has the shape of a person's name, or of several; ``single`` admits one syllable too.

    >>> is_name("Hiền Phương"), is_name("X.Sinh"), is_name("THANH HẢI - MINH ANH"), is_name("Toàn cảnh hội nghị")
    (True, True, True, False)
    """
    if _ROLE.fullmatch(fold_key(text)):
        return True
    parts = [part for part in _JOIN.split(text.strip()) if part]
    if not parts or len(parts) > 4 or not all(_is_person(part) or _ROLE.fullmatch(fold_key(part)) for part in parts):
        return False
    return single or len(text.split()) > 1 or "." in text or (text.isupper() and len(text) <= 4)


def _is_publication(text: str) -> bool:
    return _PUBLICATION.match(fold_key(text)) is not None and _PERSON_FIRST.match(text) is None


def _is_source(text: str) -> bool:
    key = fold_key(text)
    if _PERSON_FIRST.match(text) and is_name(text):
        return False
    return bool(
        _SITE.fullmatch(key)
        or _ORGANISATION.match(key)
        or (text.isupper() and len(text.split()) == 1 and 3 <= len(text) <= 8)
    )


def read_credit(text: str, *, tail: bool = False) -> Credit | None:  # noqa: PLR0911 - one form of byline after the other
    """Return the author and the source that a short line names; None when it is no byline.

    ``tail`` says that the line stands after the report, where an office may sign and one syllable may be a name.

    >>> read_credit("Trung Hiếu (HĐND Ba Đình)", tail=True)
    Credit(author='Trung Hiếu', source='HĐND Ba Đình', labelled=False)
    >>> read_credit("Bài và ảnh: Xuân Hòa"), read_credit("(TTXVN/Vietnam+)")
    (Credit(author='Xuân Hòa', source=None, labelled=True), Credit(author=None, source='TTXVN/Vietnam+', labelled=False))
    """
    text = _TAIL_PHRASE.sub("", " ".join(text.split())).strip(" *_|•–—-")
    if (
        not text
        or len(text) > _MAX_CREDIT
        or (text.endswith(".") and len(text.split()) > 5)
        or text.endswith((":", ";", "?", "!"))
    ):
        return None
    line = fold_line(text)
    if _NOT_AUTHOR.match(line.key):
        return Credit(None, None, labelled=True) if tail else None
    match = _SOURCE_LABEL.match(line.key)
    if match:
        value = line.original(match.end(), len(line.key)).strip(" .()[]")
        explicit = ":" in match[0]
        if not value or not (explicit or _is_source(value) or is_name(value) or "/" in value or "(" in value):
            return None
        inner = _shape(value, tail=tail, single=True)
        if inner is not None and (inner.author is None or inner.source is not None):
            return Credit(inner.author, inner.source, labelled=True)
        if not explicit and len(value.split()) > 8:
            return None
        return Credit(None, value, labelled=True)
    match = _AUTHOR_LABEL.match(line.key)
    if match:
        value = _PHOTO_BY.sub("", line.original(match.end(), len(line.key))).strip(" .")
        if not value or _ADMIN.fullmatch(fold_key(value)):
            return Credit(None, None, labelled=True) if value else None
        inner = _shape(value, tail=True, single=True)
        if inner is None:
            office = _ORGANISATION.match(fold_key(value)) is not None and len(value.split()) <= 12
            return Credit(value, None, labelled=True) if office and not value.endswith(".") else None
        return Credit(inner.author, inner.source, labelled=True)
    return _shape(text, tail=tail, single=tail)


def _is_office(text: str, words: list[str]) -> bool:
    # Offices are written with capitals; a sentence about one has fewer of them, and a verb.
    letters = [word for word in words if word[0].isalpha()]
    capitals = sum(1 for word in letters if word[0].isupper())
    lower = fold_key(" ".join(word for word in words if word[0].islower()))
    return not text.endswith(".") and _VERB.search(lower) is None and capitals >= 0.45 * len(letters)


def _shape(text: str, *, tail: bool, single: bool) -> Credit | None:  # noqa: PLR0911 - as above
    whole = re.fullmatch(r"\(\s*([^()]{2,60})\s*\)", text)
    if whole:
        inner = whole[1].strip()
        theo = _SOURCE_LABEL.match(fold_line(inner).key)
        if theo:
            return read_credit(inner, tail=tail)
        return (
            Credit(None, inner)
            if _is_source(inner.split("/")[0].strip())
            else _shape(inner, tail=tail, single=False)
            if tail
            else None
        )
    bracket = re.fullmatch(r"(.{2,60}?)\s*\(\s*([^()]{2,60})\s*\)\.?", text)
    if bracket and is_name(bracket[1], single=single):
        note = bracket[2].strip()
        theo = _SOURCE_LABEL.match(fold_line(note).key)
        if theo:
            return Credit(
                bracket[1],
                fold_line(note).original(theo.end(), len(note)).strip()
                if len(fold_line(note).key) == len(note)
                else note,
            )
        if _ROLE.fullmatch(fold_key(note)) or fold_key(note) in (
            "tong hop",
            "ghi",
            "luoc ghi",
            "thuc hien",
            "bien soan",
            "t/h",
            "bien dich",
            "dich",
        ):
            return Credit(bracket[1], None)
        return Credit(bracket[1], note)
    slash = re.fullmatch(r"(.{2,50}?)\s*/\s*(.{2,50})", text) or re.fullmatch(r"(.{2,50}?)\s*[-–—]\s+(.{2,60})", text)
    publication = slash is not None and _is_publication(slash[2])
    if slash and _is_source(slash[2]) and (publication or not is_name(slash[2])) and is_name(slash[1], single=single):
        return Credit(slash[1], slash[2].strip())
    words = text.split()
    key = fold_key(text)
    if re.match(r"(?:bao|tap chi|cong|trang) \S", key) and is_name(text) and not _PERSON_FIRST.match(text):
        return Credit(None, text)  # "Báo Hoa Mai" has the shape of a name
    if is_name(text, single=single):
        return Credit(text, None)
    if tail and 2 <= len(words) <= 12 and _ORGANISATION.match(key) and _is_office(text, words):
        return Credit(None, text) if _is_publication(text) else Credit(text, None)
    return Credit(None, text) if tail and _SITE.fullmatch(key) and len(words) <= 3 else None


_DATELINE = re.compile(
    r"^\s*[*_]*(?:[(\[]\s*([^()\[\]]{2,40}?)\s*[)\]]\s*[-–—:.]*\s*|((?:[\w-]+\.)+(?:vn|com|net|org)|[A-ZĐ]{2,8}\d?|Báo [^\W\d_]+(?: [^\W\d_]+){0,3}|[A-Z][a-z]{7,})\s*[-–—]\s+)(?=\S)"
)
_NOT_DATELINE = re.compile(
    r"(?:hai phong|da nang|can tho|hue|sai gon|quang ninh|tp ?\.?hcm|tphcm|ubnd|hdnd|mttq|hn|ha noi|hcm|tp|sg|covid|usd|vnd|clb|hlv|nxb|anh|theo|video|gdp|fdi|oda|luat|nhac|asean|wto|who|nato)"
)


def dateline_source(paragraph: str) -> tuple[str, int] | None:
    """Return the source that a dateline at the start of a paragraph names, and where the text goes on.

    >>> dateline_source("(Thanhuytphcm.vn) – Sáng 14/01, Quận ủy tổ chức")
    ('Thanhuytphcm.vn', 20)
    >>> dateline_source("TTO - Chiều nay"), dateline_source("UBND - HĐND quận")
    (('TTO', 6), None)
    """
    match = _DATELINE.match(paragraph)
    if match is None:
        return None
    name = (match[1] or match[2]).strip()
    key = fold_key(name)
    if _NOT_DATELINE.fullmatch(key) or (any(c.isdigit() for c in name) and not _SITE.fullmatch(key)):
        return None
    if match[1] is not None:
        dashed = re.search(r"[)\]]\s*[-–—]", match[0]) is not None
        if ((not dashed or "[" in match[0]) and not _SITE.fullmatch(key)) or len(name.split()) > 5:
            return None
    return name, match.end()


_OWNER = re.compile(
    r"(?:ban quyen (?:thuoc(?: ve)?|cua|©|20\d\d)|(?:dong y|chap thuan|cho phep)(?: bang van ban)? cua|(?:ghi )?ro nguon(?: tu| la)?|© ?(?:copyright )?(?:ban quyen )?(?:20\d\d)?(?: ?- ?20\d\d)?(?: ?thuoc(?: ve)?)?"
    r"|copyright ?(?:©|\(c\))?(?: ?20\d\d)?(?: by)?(?: ?- ?20\d\d)?) ?[:\-]? ?"
)
_OWNER_END = re.compile(r"\.(?!\w)|[,;|\"”]| khi | - | tren | neu |\. | all rights")


def owner_in_imprint(text: str) -> str | None:
    """Return the owner that a copyright line names.

    >>> owner_in_imprint("(*) Không sao chép khi chưa có sự đồng ý bằng văn bản của Báo Hànộimới.")
    'Báo Hànộimới'
    """
    line = fold_line(" ".join(text.split()))
    match = _OWNER.search(line.key)
    if match is None:
        return None
    start = match.end()
    while start < len(line.key) and line.key[start] in " \"“'‘:-":
        start += 1
    end = _OWNER_END.search(line.key, start)
    name = line.original(start, end.start() if end else len(line.key)).strip(" .\"“”'’*)")
    key = fold_key(name)
    if not 2 <= len(name) <= 90 or not re.match(
        r"(?:bao|tap chi|cong|trang|dai|thong tan|ttxvn|dang|quan|huyen|ubnd|uy ban|thanh|tinh|so |bo |\S+\.\S+)", key
    ):
        return None
    return name
