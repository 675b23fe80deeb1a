"""Abbreviations and their full forms: a table that travels with the package, and the definitions a text makes itself.

Two independent halves, both pure:

- **The table** (``abbreviations.tsv``): what Vietnamese newspapers and offices abbreviate without explaining it (*UBND*,
  *HĐND*, *NTM*). :func:`expansions` reads it one way, :func:`abbreviations_of` the other, and :func:`find_expansions`
  finds every full form in a run of syllables.
- **The learner**, :func:`find_definitions`: "Quy chế dân chủ (QCDC)" tells by itself what QCDC is. The idea is that of
  A. S. Schwartz and M. A. Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical text",
  PSB 2003 (a short form in brackets, matched backward against the words before it, the shortest match wins), made
  stricter for a language of syllables: a letter is the *initial* of a syllable, not any letter of a word, and only
  small words (*và, của, về*…) may be left out.

**Keys.** One abbreviation is written in many ways: TP.HCM, TPHCM, TP HCM; GD&ĐT, GD-ĐT, GDĐT. Its *key* is its letters
and digits alone, normalized and in lower case (*tphcm, gdđt*). Full forms are keyed by the tuple of their normalized
lower-case syllables.
"""

from __future__ import annotations

import functools
import itertools
import re
from bisect import insort
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from vnsearch.text.letters import split_tone
from vnsearch.text.memo import Memo
from vnsearch.text.normalize import normalize
from vnsearch.text.patterns import lazy_pattern
from vnsearch.text.syllable import split_syllable

__all__ = [
    "AbbreviationTable",
    "Definition",
    "abbreviation_key",
    "abbreviations_of",
    "builtin_table",
    "expansions",
    "find_definitions",
    "find_expansions",
]

# ---------------------------------------------------------------------------------------------------------------------
# The table

_NOT_KEY = re.compile(r"[\W_]+")
_SYLLABLE = re.compile(r"[^\W_]+")
# Left out as often as not: "khoa học và công nghệ", "khoa học - công nghệ", "khoa học công nghệ".
_AND = "và"
# The letters that a vowel typed without its letter mark may stand for.
_VOWEL_READINGS = {"a": "aăâ", "e": "eê", "o": "oôơ", "u": "uư"}
# English words that texts hold in lower case, and that are no abbreviations then.
_LOWER_CASE_WORDS = frozenset({"is", "who"})


def _key(normalized: str) -> str:
    return _NOT_KEY.sub("", normalized).lower()


_KEYS = Memo(lambda abbreviation: _key(normalize(abbreviation)))


def abbreviation_key(abbreviation: str) -> str:
    """Return what all spellings of one abbreviation share: its letters and digits, normalized, in lower case.

    >>> [abbreviation_key(a) for a in ("TP.HCM", "TP HCM", "TPHCM", "GD-ĐT", "GD&ĐT")]
    ['tphcm', 'tphcm', 'tphcm', 'gdđt', 'gdđt']
    """
    return _KEYS[abbreviation]


@functools.lru_cache(maxsize=4096)
def _may_be_syllable(key: str) -> bool:
    """Tell whether a lower-case key could be a syllable, typed with its marks or without (*ca, tư, bot*; *eu* for *êu*)."""
    if key in _LOWER_CASE_WORDS:
        return True
    bare = [split_tone(char)[0] for char in key]
    if len(bare) > 7:  # nghiêng: no syllable is longer
        return False
    return any(
        split_syllable("".join(letters)) for letters in itertools.product(*(_VOWEL_READINGS.get(c, c) for c in bare))
    )


class AbbreviationTable:
    """Abbreviations with their full forms, for lookups both ways; made of normalized (abbreviation, expansion) pairs.

    The package's own is :func:`builtin_table`; one made of ``(d.abbreviation, d.expansion)`` of what
    :func:`find_definitions` finds serves a corpus the same way. Not to be changed once made.
    """

    __slots__ = ("_full_forms", "_lengths", "by_abbreviation", "by_expansion", "written")

    #: Key -> its expansions, as given, in the order given.
    by_abbreviation: dict[str, tuple[str, ...]]
    #: Syllables of a full form -> the keys that stand for it; forms with *và* also without it.
    by_expansion: dict[tuple[str, ...], tuple[str, ...]]
    #: Key -> the abbreviation as it was first given.
    written: dict[str, str]

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self.by_abbreviation = {}
        self.by_expansion = {}
        self.written = {}
        self._full_forms: dict[str, tuple[str, ...]] = {}
        # First syllable -> how many syllables the forms have that begin with it, ascending.
        self._lengths: dict[str, list[int]] = {}
        for abbreviation, expansion in pairs:
            key = _key(abbreviation)
            syllables = tuple(_SYLLABLE.findall(expansion.lower()))
            if not key or not syllables:
                continue
            self.written.setdefault(key, abbreviation)
            known = self.by_abbreviation.get(key, ())
            if expansion not in known:
                self.by_abbreviation[key] = (*known, expansion)
                self._full_forms[key] = (*self._full_forms.get(key, ()), " ".join(syllables))
            self._add_form(syllables, key)
            if _AND in syllables:
                self._add_form(tuple(s for s in syllables if s != _AND), key)

    def _add_form(self, form: tuple[str, ...], key: str) -> None:
        keys = self.by_expansion.get(form, ())
        if form and key not in keys:
            self.by_expansion[form] = (*keys, key)
            lengths = self._lengths.setdefault(form[0], [])
            if len(form) not in lengths:
                insort(lengths, len(form))

    def expansions(self, abbreviation: str) -> tuple[str, ...]:
        """Return the expansions of an abbreviation (see :func:`expansions`)."""
        key = abbreviation_key(abbreviation)
        found = self.by_abbreviation.get(key, ())
        if found and sum(map(str.isupper, abbreviation)) < 2 and _may_be_syllable(key):
            return ()
        return found

    def full_forms(self, key: str) -> tuple[str, ...]:
        """Return the full forms of a key as they are indexed: normalized lower-case syllables, apart by one space."""
        return self._full_forms.get(key, ())

    def abbreviations_of(self, expansion_syllables: Sequence[str]) -> tuple[str, ...]:
        """Return the abbreviations of a full form (see :func:`abbreviations_of`)."""
        return tuple(self.written[key] for key in self.by_expansion.get(tuple(expansion_syllables), ()))

    def find_expansions(self, syllables: Sequence[str]) -> list[tuple[int, int, str]]:
        """Return the full forms in a run of syllables (see :func:`find_expansions`)."""
        return [
            (start, start + length, key)
            for start, syllable in enumerate(syllables)
            for length in self._lengths.get(syllable, ())
            if start + length <= len(syllables)
            for key in self.by_expansion.get(tuple(syllables[start : start + length]), ())
        ]


@functools.lru_cache(maxsize=1)
def builtin_table() -> AbbreviationTable:
    """Return the table that travels with the package; read once."""
    text = Path(__file__).with_name("abbreviations.tsv").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return AbbreviationTable((abbreviation, expansion) for abbreviation, expansion in lines)


def expansions(abbreviation: str) -> tuple[str, ...]:
    """Return what an abbreviation stands for in the built-in table, the most usual first; () when it is not there.

    Spelling (dots, ``&``, hyphens, spaces) never matters. Case matters only where a word could be meant: without two
    capitals, what may be a Vietnamese syllable, with its marks or without, is a syllable (*ca* is to sing, *CA* is
    công an), and anything else an abbreviation (*ubnd, tphcm, bs*). Marks always matter (Đ is not D).
    A headline in capitals is the caller's to recognise: there *CA* may be a word.

    >>> expansions("UBND"), expansions("ubnd"), expansions("TP. HCM")
    (('ủy ban nhân dân',), ('ủy ban nhân dân',), ('Thành phố Hồ Chí Minh',))
    >>> expansions("BCT"), expansions("CA"), expansions("ca")
    (('Bộ Chính trị', 'Bộ Công Thương'), ('công an',), ())
    """
    return builtin_table().expansions(abbreviation)


def abbreviations_of(expansion_syllables: Sequence[str]) -> tuple[str, ...]:
    """Return the abbreviations, as the built-in table writes them, of a full form given as normalized lower-case syllables.

    A form with *và* is also known without it.

    >>> abbreviations_of(["ủy", "ban", "nhân", "dân"]), abbreviations_of("giáo dục đào tạo".split())
    (('UBND',), ('GD&ĐT',))
    """
    return builtin_table().abbreviations_of(expansion_syllables)


def find_expansions(syllables: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return every full form of the built-in table in a run of syllables: (start, end, key of its abbreviation).

    Syllables are normalized and in lower case; start and end are indices into them, end exclusive. Forms inside or
    across others are reported too, by start and then by end, and one form once per abbreviation it has. The time is
    linear: from each syllable the search goes no further than the longest form.

    >>> find_expansions("họp ủy ban nhân dân thành phố hồ chí minh".split())
    [(1, 3, 'ub'), (1, 5, 'ubnd'), (5, 7, 'tp'), (5, 10, 'tphcm'), (7, 10, 'hcm')]
    """
    return builtin_table().find_expansions(syllables)


# ---------------------------------------------------------------------------------------------------------------------
# The learner


class Definition(NamedTuple):
    """An abbreviation that a text defines. Spans are code points of the text given, end exclusive."""

    abbreviation: str
    expansion: str
    abbreviation_span: tuple[int, int]
    expansion_span: tuple[int, int]


_UP = "A-ZĂÂĐÊÔƠƯ"
_LOW = "a-zăâđêôơư"
# What may stand between two letters; a space only before a run of capitals (TP HCM), so that "Ban QLDA" is two words.
_BETWEEN = rf"(?:[.&/–-]|\. | [&–-] |(?<=[{_UP}]) (?=[{_UP}]{{2}}))"
# Two capitals with nothing but small letters between them, then at most ten more characters that count. The digits
# are not \d, which has the digits of other scripts.
_ABBREVIATION = rf"[{_UP}](?=[{_LOW}0-9]{{0,3}}{_BETWEEN}?[{_UP}])(?:{_BETWEEN}?[{_UP}{_LOW}0-9]){{1,11}}(?![^\W_])"
_QUOTES = "\"'“”‘’«»"
_DASH = "[-–—]"
_LETTERS_MIN, _LETTERS_MAX = 2, 10

# "(viết tắt là …", "(sau đây gọi tắt là: …", "(gọi chung là …".
_LEAD = r"(?:sau đây |tên |được |xin )*(?:(?:gọi|viết) (?:tắt|chung)|gọi)(?: là)?:? |(?:sau đây|tức|hay)(?: là)?:? |là "
_OPENING = lazy_pattern(
    rf"\(\s?(?i:{_LEAD})?[{_QUOTES}]?"
    rf"(?P<before>(?:[^\W\d_]{{1,7}} ){{0,3}}?)(?P<abbreviation>{_ABBREVIATION})\.?(?P<after>(?: [^\W_]{{1,7}}){{0,4}})"
    rf"[{_QUOTES}]?\s?(?:[),;]|{_DASH}\s)"
)
# The same outside brackets: "Quy chế dân chủ, viết tắt là QCDC". Starts at a word that is rare.
_CALLED = lazy_pattern(
    rf"(?i:(?:viết|gọi) tắt(?: là)?:?) [{_QUOTES}]?(?P<before>)(?P<abbreviation>{_ABBREVIATION})(?P<after>)"
)
_CALLED_BEFORE = lazy_pattern(r",? ?(?:sau đây |tên |được |có |và |xin )*\Z", re.IGNORECASE)
_CALLED_BEFORE_CHARS = 40
# "Quy chế dân chủ - QCDC": no bracket vouches for it, so three capitals at least and nothing after that could belong.
# The expression is tried where one dash or another may be one: a search for a single character takes next to no time.
_DASHED_MAYBE = [lazy_pattern(rf"{dash}\s(?=[{_UP}])") for dash in "-–—"]
_DASHED = lazy_pattern(rf"(?<=\w\s){_DASH}\s(?P<before>)(?P<abbreviation>{_ABBREVIATION})(?!\s?[-–—&/])(?P<after>)")
# "QCDC (Quy chế dân chủ)": the abbreviation is looked for in the few characters before the bracket.
_ABBREVIATION_BEFORE = lazy_pattern(rf"(?<![^\W_])(?<![{_UP}][.&/–-])({_ABBREVIATION})[{_QUOTES}]?\s?\Z")
_ABBREVIATION_BEFORE_CHARS = 26
_LEAD_FULL = lazy_pattern(
    rf"\(\s?(?i:(?:là )?viết tắt (?:của|cho|từ)|tức(?: là)?|nghĩa là|hay|là)?(?: cụm từ)?:?\s?[{_QUOTES}]?"
)
# Inside the brackets the full form ends here, if not at the bracket.
_END_FULL = lazy_pattern(rf"[,;:]|\s{_DASH}\s")

# A full form does not reach over these. A comma or a hyphen may be part of one: "văn hóa, thể thao và du lịch".
_BREAK = lazy_pattern(r"[.;:!?…()\[\]{}<>|\"“”«»\r\n\t]")
# 10 syllables + small words + those after the form, each with a space; a window, so that the time stays linear.
_WINDOW_CHARS = 160
_EXPANSION_CHARS = 120
_SKIPPED_MAX = 4


class _Unit(NamedTuple):
    """What of an abbreviation comes from one syllable: "T", "Th", "08"."""

    initial: str
    tail: str


_UNIT = lazy_pattern(rf"([{_UP}])([{_LOW}]*)|([0-9]+)|([{_LOW}])")


@functools.lru_cache(maxsize=4096)
def _units(abbreviation: str) -> tuple[_Unit, ...]:
    """Return the units of an abbreviation, () when it has too few letters or too many to be one."""
    letters = sum(map(str.isalpha, abbreviation))
    if not _LETTERS_MIN <= letters <= _LETTERS_MAX or sum(map(str.isupper, abbreviation)) < 2:
        return ()
    units = []
    for match in _UNIT.finditer(abbreviation):
        if match[3]:
            units.append(_Unit(match[3], ""))
        else:
            units.append(_Unit((match[1] or match[4]).lower(), (match[2] or "").lower()))
    return tuple(units)


# Left out of abbreviations, though some take them in (DNNVV = doanh nghiệp nhỏ *và* vừa): they may match, too.
# The fewer the letters, the less they prove, and the less may be left out.
_JOINING = frozenset(["và", "của", "of", "the", "and"])
_SMALL = (
    _JOINING
    | {"về", "ở", "các", "những", "cho", "với", "trong", "trên", "tại", "từ", "theo", "do", "là", "để", "bằng"}
    | {"đối", "hoặc", "for", "in", "on", "to", "de"}
)


def _skippable(units: Sequence[_Unit]) -> frozenset[str]:
    return _SMALL if len(units) > 3 else _JOINING if len(units) == 3 else frozenset()


@functools.lru_cache(maxsize=1024)
def _initials(char: str) -> str:
    """Return the letters that may stand for a syllable starting with this one: a mark may be dropped, never added."""
    bare = split_tone(char)[0]
    return bare + {"đ": "d", "ư": "uw", "ơ": "o", "ô": "o", "ê": "e", "ă": "a", "â": "a"}.get(bare, "")


def _matches(unit: _Unit, syllable: str) -> bool:
    if unit.initial[0].isdigit():
        return syllable == unit.initial
    if unit.initial not in _initials(syllable[0]):
        return False
    if not unit.tail:
        return True
    rest = iter(map(split_tone, syllable[1:]))
    return all(any(letter in (bare, _initials(bare)[-1]) for bare, _ in rest) for letter in unit.tail)


def _align(
    units: Sequence[_Unit], syllables: Sequence[str], end: int, small: frozenset[str], *, start: int | None = None
) -> int | None:
    """Match the units, last to last, with the syllables before ``end``; return where the run starts.

    Every unit takes one syllable, in order; words of ``small`` in between may be skipped. The shortest run, or the one
    from ``start``. Dynamic programming over how many units are left, so that a text of nothing but small words costs no
    more than another.
    """
    left = {len(units): 0}  # units not matched yet -> fewest syllables skipped so far
    for at in range(end - 1, -1, -1):
        syllable = syllables[at]
        after: dict[int, int] = {}
        for count, skipped in left.items():
            if _matches(units[count - 1], syllable):
                after[count - 1] = min(skipped, after.get(count - 1, skipped))
            if syllable in small and count < len(units) and skipped < _SKIPPED_MAX:
                after[count] = min(skipped + 1, after.get(count, skipped + 1))
        if 0 in after:
            if start is None or start == at:
                return at
            del after[0]
        if not after:
            return None
        left = after
    return None


def _syllables(text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [match.span() for match in _SYLLABLE.finditer(text, start, end)]


def _clause_before(text: str, end: int) -> list[tuple[int, int]]:
    """Return the spans of the syllables before ``end`` in the same clause, within the window."""
    window = max(0, end - _WINDOW_CHARS)
    end = window + len(text[window:end].rstrip(_QUOTES + " "))
    start = window
    for match in _BREAK.finditer(text, window, end):
        start = match.end()
    spans = _syllables(text, start, end)
    if start == window > 0 and spans and spans[0][0] == window:  # cut in the middle of a word, perhaps
        del spans[0]
    return spans


def _is_name(abbreviation: str, expansion: str) -> bool:
    """Tell whether letters with a dot after each are the initials of somebody's name (N.T.H.), not an abbreviation."""
    return (
        "." in abbreviation
        and "".join(abbreviation.split(".")).isalpha()
        and (
            len(abbreviation) == 2 * abbreviation.count(".") + 1
            and all(syllable[0].isupper() for syllable in expansion.split())
        )
    )


def _defined_before(text: str, match: re.Match[str], end: int, *, strict: bool) -> Definition | None:
    """Return the definition of the abbreviation of ``match`` by the words that end at ``end``."""
    abbreviation = match["abbreviation"]
    units = _units(abbreviation)
    if not units or (strict and len(units) < 3):
        return None
    spans = _clause_before(text, end)
    words = [text[a:b].lower() for a, b in spans]
    last = len(words)
    after = match["after"].lower().split()
    if after:  # "Công an thành phố Cần Thơ (CATP Cần Thơ)": the same words must stand there
        last -= len(after)
        if last <= 0 or words[last:] != after:
            return None
    before = match["before"].lower().split()
    # "Ngân hàng Nhà nước Việt Nam (NHNN)": words may follow the form, if three letters or more agree with it.
    trailing = 0 if strict or after or len(units) < 3 else 3 if len(units) == 3 else 5
    small = frozenset[str]() if strict else _skippable(units)
    for stop in range(last, max(0, last - trailing - 1), -1):
        first = _align(units, words, stop, small)
        if first is None or (before and words[max(0, first - len(before)) : first] != before):
            continue
        span = spans[first][0], spans[stop - 1][1]
        if stop < last and "," in text[span[1] : end]:
            return None
        if stop == last - 1 and text[slice(*spans[stop])].istitle():  # half a name cut off: "Công nghiệp Sài" Gòn
            continue
        expansion = text[slice(*span)]
        if _is_name(abbreviation, expansion) or abbreviation_key(abbreviation) == abbreviation_key(expansion):
            return None
        return Definition(abbreviation, expansion, match.span("abbreviation"), span)
    return None


def _defined_after(text: str, bracket: int) -> Definition | None:
    """Return the definition "ABBREVIATION (full form)" whose opening bracket is at ``bracket``."""
    lead = _LEAD_FULL.match(text, bracket)
    start = lead.end() if lead else bracket + 1
    window = max(0, bracket - _ABBREVIATION_BEFORE_CHARS)
    match = _ABBREVIATION_BEFORE.search(text[window:bracket])
    if match is None or (window and match.start() == 0):
        return None
    close = text.find(")", start, start + _EXPANSION_CHARS)
    units = _units(match[1])
    if close < 0 or not units:
        return None
    ends = [close, *(m.start() for m in itertools.islice(_END_FULL.finditer(text, start, close), 3))]
    for end in ends:
        if _BREAK.search(text, start, len(text[start:end].rstrip(_QUOTES + " ")) + start):
            continue
        spans = _syllables(text, start, end)
        words = [text[a:b].lower() for a, b in spans]
        if not words or len(words) > len(units) + _SKIPPED_MAX:
            continue
        if _align(units, words, len(words), _skippable(units), start=0) is None:
            continue
        span = spans[0][0], spans[-1][1]
        expansion = text[slice(*span)]
        if _is_name(match[1], expansion):
            return None
        return Definition(match[1], expansion, (window + match.start(1), window + match.end(1)), span)
    return None


def find_definitions(text: str) -> list[Definition]:
    """Return the abbreviations that a normalized text defines, in the order of the text.

    It knows "Quy chế dân chủ (QCDC)", also with "viết tắt là", "gọi tắt là", "sau đây gọi là" in the brackets or after
    a comma; "Bộ Giao thông vận tải (Bộ GTVT)"; "QCDC (Quy chế dân chủ)"; and, from three letters on, "Quy chế dân chủ -
    QCDC". The abbreviation has 2 to 10 letters, two of them capitals; its letters are the initials of the syllables of
    the full form, in order, *Đ* only of đ and *D* of both; digits are syllables of their own; small words (*và, của,
    về*…) may be left out. The full form is the shortest run that agrees, in one clause.

    Precision comes before recall: an abbreviation of English words beside a Vietnamese name is passed over.
    Never raises on any ``str``; the time is linear in the length of the text.

    >>> for d in find_definitions("Phường thực hiện Quy chế dân chủ (QCDC) ở cơ sở; HTX (hợp tác xã) cũng vậy."):
    ...     print(d.abbreviation, "=", d.expansion, d.abbreviation_span, d.expansion_span)
    QCDC = Quy chế dân chủ (34, 38) (17, 32)
    HTX = hợp tác xã (49, 52) (54, 64)
    """
    found: dict[tuple[int, int], Definition] = {}
    at = text.find("(")
    while at >= 0:
        match = _OPENING.match(text, at)
        definition = _defined_before(text, match, at, strict=False) if match else None
        definition = definition or _defined_after(text, at)
        if definition:
            found.setdefault(definition.abbreviation_span, definition)
        at = text.find("(", at + 1)
    if " tắt " in text:
        for match in _CALLED.finditer(text):
            window = max(0, match.start() - _CALLED_BEFORE_CHARS)
            end = window + len(_CALLED_BEFORE.sub("", text[window : match.start()]))
            definition = _defined_before(text, match, end, strict=False)
            if definition:
                found.setdefault(definition.abbreviation_span, definition)
    end = 0
    for dash in sorted([dash.start() for pattern in _DASHED_MAYBE for dash in pattern.finditer(text)]):
        match = _DASHED.match(text, dash) if dash >= end else None
        if match:
            end = match.end()
            definition = _defined_before(text, match, dash - 1, strict=True)
            if definition:
                found.setdefault(definition.abbreviation_span, definition)
    return [found[span] for span in sorted(found)]
