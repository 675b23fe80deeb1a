r"""The words and the written forms that :mod:`vnsearch.text.values` knows: tables and patterns, no logic.

Digits are ASCII (``[0-9]``, never ``\d``): other scripts' digits are left to the syllables. Every repetition is bounded,
or matches one class up to its end, so that no pattern takes more than linear time. Those that not every text
needs are compiled when one does.

Sources:

* numbers: a dot (or a space) between groups of three digits, a comma before decimals, as Vietnamese text writes
  them; English style, with the two swapped, is read too, because newspapers translate;
* document numbers: Nghị định 30/2020/NĐ-CP (number, "/", abbreviation of the kind of document, "-", abbreviation of the
  issuer); legal acts put the year between ("91/2015/QH13"); the Party writes "22-QĐ/TW";
* two-digit years: 69-99 are 19xx, 00-68 are 20xx, as POSIX ``strptime`` reads ``%y``.
"""

from __future__ import annotations

import re

from vnsearch.text.fold import fold_normalized
from vnsearch.text.patterns import lazy_pattern

_I = re.IGNORECASE


def _words(text: str) -> frozenset[str]:
    """Return the words of ``text``, each with its marks and without any; ``_`` stands for a space inside one."""
    words = [word.replace("_", " ") for word in text.split()]
    return frozenset(words) | frozenset(map(fold_normalized, words))


def _any_of(words: frozenset[str]) -> str:
    """Return an alternation of ``words``, longest first, that takes any white space for a space."""
    return "|".join(re.escape(word).replace(r"\ ", r"\s") for word in sorted(words, key=lambda w: (-len(w), w)))


# --- words ---

DATE_CUES = _words("ngày sáng trưa chiều tối đêm khuya hôm mùng mồng lễ dịp tết khánh nữ đường nay qua mai nhật")
"""A word before "5-6" that makes it the fifth of June, not five to six: *sáng 5-6*, *hôm nay (5-6)*, *Quốc khánh 2-9*."""

BRACKET_CUES = frozenset(["nay", "qua", "mai"])
"""Those that vouch for a day in brackets: *hôm nay (5-6)*, but not *chiều (2-1)*."""

DATE_LINKS = _words("đến tới và") | {"-", "–", ",", ""}
"""What may stand between two dates, so that the first vouches for the second: *từ ngày 5-1 đến 8-1*."""

MONTH_WORDS = _words("tháng")
YEAR_WORDS = _words("năm")

DURATION_CUES = _words("sau trong được hơn gần khoảng tròn suốt mỗi cứ đã mất hạn tù phạt")
"""A word before "6 tháng 3" that makes it a duration, not the sixth of March."""

LABELS = _words(
    "quận phường xã thôn ấp tổ khu khóm khối điều khoản mục điểm chương phần bài trang tập quyển số lớp khóa khoá lần thứ"
    " đường phố ngõ ngách hẻm nhà tầng lầu phòng lô thửa năm tháng ngày quý tuần lộ giải kênh câu vòng bảng nhóm cấp hạng"
    " loại ga cổng đội kỳ kì đợt mức top km kilomet bậc đời giờ lúc tuổi áo ghế hàng trạm cầu mã"
)
"""Words that give the number after them as a name: *quận 1 200 hộ* is two numbers."""

QUANTITY_CUES = _words("có hơn gần khoảng tổng trên dưới với gồm là được đã còn thêm tới đến từ và số_lượng toàn cả")
"""Words that may open a sentence, capital and all, before a number written with spaces: *Có 98 510 hộ*."""

SCALES: dict[str, int] = {
    "trăm": 2,
    "nghìn": 3,
    "nghin": 3,
    "ngàn": 3,
    "ngan": 3,
    "vạn": 4,
    "triệu": 6,
    "trieu": 6,
    "tỷ": 9,
    "tỉ": 9,
    "ty": 9,
    "ti": 9,
}
"""Words after digits, and the zeros they stand for. Bare *tram* and *van* are left out: *3 trạm*, *5 văn bản*."""

SCALES_GLUED: dict[str, int] = {"k": 3, "tr": 6}
"""Informal, only written on to the digits: *500k*, *5tr*."""

NOT_SCALE_BEFORE = _words("lệ phú số trọng suất giá mỉ vi hang") - {"trong"}
"""*5 tỷ phú*, *2 tỉ lệ*, *3 ti vi*, *2 ngan hang*: no scale."""

CURRENCIES: dict[str, str] = {
    "đồng": "vnd",
    "dong": "vnd",
    "đ": "vnd",
    "vnđ": "vnd",
    "vnd": "vnd",
    "đồng việt nam": "vnd",
    "usd": "usd",
    "us$": "usd",
    "$": "usd",
    "đô la mỹ": "usd",
    "đô la": "usd",
    "đô-la": "usd",
    "đô-la mỹ": "usd",
    "đôla": "usd",
    "do la": "usd",
    "do la my": "usd",
    "euro": "eur",
    "eur": "eur",
    "€": "eur",
    "bảng anh": "gbp",
    "gbp": "gbp",
    "£": "gbp",
    "nhân dân tệ": "cny",
    "nhan dan te": "cny",
    "cny": "cny",
    "yên nhật": "jpy",
    "yên": "jpy",
    "jpy": "jpy",
}
"""Names of currencies after (or signs before) digits, and their ISO 4217 codes in lower case."""

CURRENCY_SIGNS: dict[str, str] = {"$": "usd", "€": "eur", "£": "gbp"}

NOT_MONEY_BEFORE = _words(
    "chí bào phạm nghiệp đội hồ tác minh hương môn chủ sở lõa loã ruộng cỏ hành bằng nai tháp xoài hới văn bọn dạng thau"
    " ca quê tính tử nhân tiền xu loạt thuận giám tộc thời úc australia canada singapore hồng hong đài new bái tâm ổn"
)
"""Words after *đồng* (or *đô la*, *yên*) that make another word of it: *13 đồng chí*, *2 đồng hồ*, *5 đô la Úc*."""

# Nghị định 30/2020/NĐ-CP lists the abbreviations of administrative documents; NĐ, TT, L, PL, QH, UBTVQH are legal acts'.
DOCUMENT_TYPES = _words(
    "nq qđ ct qc qyđ tc tb hd ctr kh pa đa da bc bb ttr hđ cđ bgn btt guq gm ggt gnp pg pc pb"
    " nđ tt ttlt nqlt l pl lct qh ubtvqh kl cv vb qđnd sl tl"
)
"""Kinds of document, in lower case; typed without marks too."""

DOCUMENT_CUE = lazy_pattern(
    "(?:"
    + _any_of(
        _words("nghị_định thông_tư luật quyết_định nghị_quyết pháp_lệnh chỉ_thị công_văn thông_báo kế_hoạch văn_bản")
    )
    + r")(?:\s(?:liên tịch|lien tich))?(?:\s(?:số|so))?:?\s{0,2}\Z",
    _I,
)
"""The end of the text before "162/2018" when that is a document: *Nghị định số 162/2018*."""
DOCUMENT_CUE_CHARS = 32

# --- forms that do not start with a digit ---

_URL_TAIL = r"[^\s\x00-\x1f\x7f\ud800-\udfff<>\"“”‘’«»|\\^`{}]*"
_TLD = r"(?:vn|com|net|org|edu|gov|info|asia)"
URL = lazy_pattern(rf"(?:https?://|www\.){_URL_TAIL}", _I)
DOMAIN_END = re.compile(rf"\.{_TLD}(?![\w@])(?!\.[A-Za-z0-9])")
"""The last label of a domain written without a scheme; what stands before it is read backwards, within a bound."""
DOMAIN_HEAD = lazy_pattern(r"(?<![\w@.-])[A-Za-z0-9][A-Za-z0-9-]*(?:\.[A-Za-z0-9][A-Za-z0-9-]*)*\Z")
DOMAIN_PATH = lazy_pattern(rf"(?::[0-9]{{1,5}})?(?:[/?]{_URL_TAIL})?")
DOMAIN_CHARS = 64
HOST = lazy_pattern(r"[^\W_](?:[\w.-]*[^\W_])?\.[^\W\d_]{2,}(?::[0-9]{1,5})?(?=[/?#]|\Z)")
EMAIL_LOCAL = lazy_pattern(r"(?<![\w.%+-])[A-Za-z0-9][A-Za-z0-9._%+-]*\Z")
EMAIL_LOCAL_CHARS = 64  # RFC 5321, 4.5.3.1.1
EMAIL_DOMAIN = lazy_pattern(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,7}")
HASHTAG = lazy_pattern(r"(?<![\w&#/])#(\w{1,100})(?!\w)")
QUARTER = lazy_pattern(
    r"(?<!\w)qu[ýíyi]\s(IV|I{1,3}|[1-4])(?:(?:\s?[/-]\s?|\s(?:năm|nam)\s)([12][0-9]{3}))?(?![\w])(?!/[0-9])", _I
)

MAY_BE_QUARTER = [re.compile(rf"{start}[ýíyiÝÍYIıİ]\s[IiıİVv1-4]") for start in ("qu", "Qu", "QU", "qU")]
"""Where they find nothing there is no ``QUARTER``; a search for letters as they are is many times as fast."""

# --- forms that start with a digit ---

DIGIT = re.compile(r"[0-9]")
WORD = re.compile(r"\w+")
CLUSTER = re.compile(r"[0-9]+(?:[./,:\-–][0-9]+)*")
"""Digits with single signs between them, up to the end: what is looked at as a whole, never in the middle."""

PREVIOUS_WORD = re.compile(r"([^\W\d_]+)([\s(:,]*)\Z")
PREVIOUS_WORD_CHARS = 16

DATE_DMY = lazy_pattern(r"([0-9]{1,2})([/.\-–])([0-9]{1,2})\2([0-9]{4})")
DATE_YMD = lazy_pattern(r"([0-9]{4})([/\-])([0-9]{1,2})\2([0-9]{1,2})")
DATE_DMY_SHORT = lazy_pattern(r"([0-9]{1,2})([/.\-])([0-9]{1,2})\2([0-9]{2})")
DATE_DM = lazy_pattern(r"([0-9]{1,2})[/.\-–]([0-9]{1,2})")
DATE_MY = lazy_pattern(r"([0-9]{1,2})[/.\-–]([12][0-9]{3})")
DATE_SPACED = lazy_pattern(r"([0-9]{1,2})\s([/-])\s([0-9]{1,2})\s\2\s([0-9]{4})(?!\w)")
DAYS_SPACED = lazy_pattern(r"[0-9]{1,2}\s[-–]\s([0-9]{1,2})/([0-9]{1,2})(?:/([12][0-9]{3}))?(?!\w|[.,/-][0-9])")
NUMBER_YEAR = lazy_pattern(r"([0-9]{1,5})/((?:19|20)[0-9]{2})")
YEARS = lazy_pattern(r"([12][0-9]{3})[\-–]([12][0-9]{3})")
DAY_MONTH_WORDS = lazy_pattern(
    r"([0-9]{1,2})(?:,?\s{1,2}|/)(?:tháng|thang)\s{1,2}([0-9]{1,2})"
    r"(?:(?:\s?[,/-]\s?|\s{1,2}|,?\s{1,2}(?:năm|nam)\s{1,2})([12][0-9]{3})(?![.,/-]?\w))?(?!\w)",
    _I,
)
OF_YEAR = lazy_pattern(r"(?:\s?[/-]\s?|,?\s{1,2}(?:năm|nam)\s{1,2})([12][0-9]{3})(?!\w)", _I)
TO_YEAR = lazy_pattern(r"\s(?:[-–]|đến|tới|den)\s(?:(?:năm|nam)\s)?([12][0-9]{3})(?!\w|[.,/:-][0-9])", _I)

TIME = lazy_pattern(
    r"([0-9]{1,2})(?:[hg]([0-5][0-9])(?:\s?(?:phút|phut|ph|p|['’′])(?!\w))?|h(?![^\W_])"
    r"|\s?(?:giờ|gio)(?!\w)(?:\s(?:([0-5]?[0-9])\s?(?:phút|phut)|([0-5][0-9])(?![.,/:%-]?\w))(?!\w))?)(?!\w)",
    _I,
)
CLOCK = lazy_pattern(r"([0-9]{1,2}):([0-5][0-9])(?::[0-5][0-9])?")

PHONE_PART = lazy_pattern(r"(\)?[ .\-\N{NO-BREAK SPACE}]?)([0-9]{2,11})(?![0-9])")
PHONE_CHARS_MAX = 11
PHONE = lazy_pattern(r"0(?:[35789][0-9]{8}|1[2-9][0-9]{8}|2[0-9]{8,9})")
"""Mobile numbers (ten digits; eleven before 2018) and fixed lines (area codes begin with 2)."""
PHONE_SERVICE = lazy_pattern(
    r"(1[89]00)([ .]?)([0-9]{4}(?:[0-9]{2})?|[0-9]{3}[ .][0-9]{3}|[0-9]{2}[ .][0-9]{2}[ .][0-9]{2})(?![ .,/-]?[0-9])(?!\w)"
)

_SEGMENT = r"[a-zđ][a-zđ0-9&]{0,11}"
DOCUMENT = lazy_pattern(
    rf"([0-9]{{1,6}})(?:(?:\s?/\s?([0-9]{{4}}))?\s?/\s?({_SEGMENT}(?:(?:[-/]|\s-\s(?=[A-ZĐ]{{2}})){_SEGMENT}){{0,4}})"
    rf"|-({_SEGMENT}/{_SEGMENT}(?:-{_SEGMENT})?))(?!\w)",
    _I,
)
SEGMENT_BREAK = lazy_pattern(r"\s?[-/]\s?")
CAPITALS = lazy_pattern(r"[A-ZĐ](?:[A-ZĐ0-9&][A-Za-zĐđ0-9&]*)?")

BETWEEN_DASHES = lazy_pattern(r"[^\-–]+")
NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
GROUPED = lazy_pattern(r"[1-9][0-9]{0,2}([.,])[0-9]{3}(?:\1[0-9]{3}){0,9}(?:(?!\1)[.,]([0-9]{1,12}))?")
DECIMAL = lazy_pattern(r"(0|[1-9][0-9]{0,29})[.,]([0-9]{1,30})")
SPACED_GROUPS = lazy_pattern(
    "[1-9][0-9]{0,2}([ \N{NO-BREAK SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}])[0-9]{3}(?:\\1[0-9]{3}){0,8}"
    "(?:,[0-9]{1,12})?(?!\\w)(?!\\s[0-9]|[.,/:\\-–][0-9])"
)
ADDRESS_IP = lazy_pattern(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!\Z)|\Z)){4}")

PERCENT = lazy_pattern(r"\s?%|\s(?:phần trăm|phan tram)(?!\w)", _I)
MEASURE = lazy_pattern(rf"\s?%|\s?(?:{_any_of(frozenset(SCALES) | frozenset(CURRENCIES))}|phần trăm)(?!\w)", _I)
SCALE = lazy_pattern(rf"\s?({_any_of(frozenset(SCALES))})(?!\w)(?:(?=\s(\w+)))?", _I)
SCALE_GLUED = lazy_pattern(r"(k|tr)(?!\w)")
CURRENCY = lazy_pattern(rf"\s?({_any_of(frozenset(CURRENCIES))})(?!\w)(?:(?=\s(\w+)))?", _I)
MORE = lazy_pattern(rf"\s([0-9]{{1,3}})\s({_any_of(frozenset(SCALES))})(?!\w)", _I)
RANGE_LINK = lazy_pattern(r"(?:\s?[-–]\s?|\s(?:đến|tới|den)\s)(?=[0-9])", _I)

_READ_AFTER = frozenset(SCALES) | frozenset(CURRENCIES) | _words("tháng năm giờ phần đến tới")
PLAIN = lazy_pattern(
    rf"[1-9][0-9]{{0,2}}(?![0-9]|[.,:][0-9]|[hgk]|tr|\s?[-–/%]|[ \N{{NO-BREAK SPACE}}\N{{THIN SPACE}}\N{{NARROW NO-BREAK SPACE}}][0-9]"
    rf"|,?\s{{0,2}}(?:{_any_of(_READ_AFTER)}))",
    _I,
)
"""Up to three digits with nothing after them that any form goes on with: half of all digits in a text."""
PLAIN_NOT_AFTER = frozenset("-–−/.,:+&=_'") | frozenset(CURRENCY_SIGNS)
"""What before them may tie them to something else."""
