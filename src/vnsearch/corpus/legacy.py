"""Text in the encodings of before Unicode -> Unicode: TCVN3 (ABC, fonts ``.Vn…``) and VNI (fonts ``VNI-…``).

Both write Vietnamese with the characters of Western European text, and fonts that draw them otherwise. Read as what it is
not, *Cộng hoà xã hội* stands there as *Céng hoµ x· héi* (TCVN3) or *Coäng hoøa xaõ hoäi* (VNI).

- **TCVN3** has a character for each lower-case letter and for the capitals Ă Â Đ Ê Ô Ơ Ư; other marked capitals are lower-case
  letters in a font of capitals, whose name ends in H (``.VnTimeH``). Source: TCVN 5712:1993, table VN3.
- **VNI** writes the letter, then one character for all its marks (*oä*); i, đ, ơ, ư and ỵ are characters of their own.
  Source: the VNI-Win table of VNI Software.

**Recognition** is by what a text becomes. A line with a letter that only Unicode has (ế, ư) is Unicode. Of the others, nearly
all marked words must be Vietnamese syllables once they are decoded, and few before; so must most other words, and there
must be some variety. All lines together are asked first, then each by itself (a file that was gone on with later). Short or
doubtful text stays as it is: nothing is better than wrong.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from vnsearch.text.letters import TONES, with_tone
from vnsearch.text.syllable import is_syllable

__all__ = ["Converted", "convert", "convert_pieces", "convert_runs", "is_legacy_font"]

_TCVN3 = str.maketrans(
    "¡¢§£¤¥¦µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\u00adõøö÷ùúýûüþ",
    "ĂÂĐÊÔƠƯàáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ",
)


def _vni() -> dict[str, str]:
    tones = ("huyền", "sắc", "hỏi", "ngã", "nặng")
    table = dict(zip("ñôöîíìæóò", "đơưỵíìỉĩị", strict=True))
    for bases, letters, marks in (
        ("aeouyôö", "aeouyơư", "øùûõï"),
        ("aeo", "âêô", "àáåãä"),
        ("a", "ă", "èéúüë"),
    ):
        for base, letter in zip(bases, letters, strict=True):
            table.update({base + mark: with_tone(letter, TONES[tone]) for mark, tone in zip(marks, tones, strict=True)})
    table.update({"aâ": "â", "eâ": "ê", "oâ": "ô", "aê": "ă"})
    del table["yï"]  # it has a character of its own
    capitals = {written.upper(): letter.upper() for written, letter in table.items()}
    mixed = {written[0].upper() + written[1:]: letter.upper() for written, letter in table.items()}
    return {**mixed, **capitals, **table}


_VNI = _vni()
_VNI_LETTER = re.compile("|".join(sorted(_VNI, key=len, reverse=True)))  # a letter with its mark before one alone
_UNICODE_ONLY = re.compile("[ăđĩũơưĂĐĨŨƠƯ\u0300-\u036f\u1ea0-\u1ef9]")
# Between words: spaces, ASCII punctuation, and the quotation marks and dashes that both encodings share with Unicode.
_TOKEN = re.compile(r"[^\s!-/:-@\[-`{-~\u2010-\u203a]+")
_FONT = re.compile(r"(?:[A-Z]{6}\+)?(?:(\.vn)|vni[- ])[^,-]*", re.IGNORECASE)  # "ABCDEF+" stands before a font in a PDF
_HYPHENED = re.compile(r"[^\s.,;:()/-]{0,8}-[^\s.,;:()/-]{0,8}")
_SYMBOLS = {0xF000 + code: code for code in range(0x20, 0x100)}  # where Word keeps the characters of a font of symbols

_VARIETY = 4  # different words that speak for an encoding
_DECODED = 0.85  # of the marked words, so many are syllables when they are decoded
_BEFORE = 0.35  # and at most so many as they stand
_ALL = 0.6  # and of all words, marked or not, so many after


@dataclass(frozen=True, slots=True)
class _Encoding:
    name: str
    marks: re.Pattern[str]
    decode: Callable[[str], str]


_ENCODINGS = (
    _Encoding("TCVN3", re.compile(f"[{''.join(map(chr, sorted(_TCVN3)))}]"), lambda text: text.translate(_TCVN3)),
    _Encoding(
        "VNI",
        re.compile(f"[{''.join(sorted({c for written in _VNI for c in written if not c.isascii()}))}]"),
        lambda text: _VNI_LETTER.sub(lambda match: _VNI[match[0]], text),
    ),
)
_TCVN3_FONT, _VNI_FONT = _ENCODINGS


@dataclass(frozen=True, slots=True)
class Converted:
    """Text, and the names of the encodings that parts of it were in; without any it is the text that was given."""

    text: str
    encodings: frozenset[str] = frozenset()


def convert(text: str) -> Converted:
    """Return ``text`` with what is in TCVN3 or VNI as Unicode; any other text as it is.

    >>> convert("Céng hoµ x· héi chñ nghÜa ViÖt Nam")
    Converted(text='Cộng hoà xã hội chủ nghĩa Việt Nam', encodings=frozenset({'TCVN3'}))
    >>> convert("Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam").text
    'Cộng hòa xã hội chủ nghĩa Việt Nam'
    >>> convert("À la fête, le thé né du café").encodings
    frozenset()
    """
    lines = text.split("\n")
    pieces, encodings = convert_pieces(lines)
    return Converted("\n".join(pieces), encodings) if encodings else Converted(text)


def convert_pieces(pieces: Sequence[str]) -> tuple[Sequence[str], frozenset[str]]:
    """Return the lines (or other pieces) of one text as ``convert`` reads them, and the encodings that were found."""
    doubtful = [
        at
        for at, piece in enumerate(pieces)
        if any(encoding.marks.search(piece) for encoding in _ENCODINGS) and not _UNICODE_ONLY.search(piece)
    ]
    if not doubtful:
        return pieces, frozenset()
    whole = _recognize([pieces[at] for at in doubtful])
    if whole is not None:
        found = dict.fromkeys(doubtful, whole)
    else:
        found = {at: encoding for at in doubtful if (encoding := _recognize([pieces[at]])) is not None}
        for at in doubtful if found else ():  # beside such lines, one word is enough
            beside = _recognize([pieces[at]], variety=1)
            if beside in found.values() and beside is not None:
                found[at] = beside
    result = [found[at].decode(piece) if at in found else piece for at, piece in enumerate(pieces)]
    return result, frozenset(encoding.name for encoding in found.values())


def _recognize(pieces: list[str], variety: int = _VARIETY) -> _Encoding | None:
    tokens = [token for piece in pieces for token in _TOKEN.findall(piece) if not any(c.isdigit() for c in token)]
    best, most = None, 0
    for encoding in _ENCODINGS:
        marked = [token for token in tokens if len(token) > 1 and encoding.marks.search(token)]
        good = [token for token in marked if is_syllable(encoding.decode(token))]
        if (
            len(set(good)) >= variety
            and len(good) > most
            and len(good) >= _DECODED * len(marked)
            and sum(map(is_syllable, marked)) <= _BEFORE * len(marked)
            and (variety == 1 or _mostly_syllables(map(encoding.decode, tokens)))
        ):
            best, most = encoding, len(good)
    return best


def _mostly_syllables(tokens: Iterable[str]) -> bool:
    words = [token for token in tokens if token.isalpha()]
    return sum(map(is_syllable, words)) >= _ALL * len(words)


def is_legacy_font(font: str | None) -> bool:
    """Tell whether a font draws TCVN3 or VNI.

    >>> [is_legacy_font(name) for name in (".VnTimeH", "VNI-Times", "ABCDEF+.VnArial,Bold", "Arial", None)]
    [True, True, True, False, False]
    """
    return font is not None and _FONT.match(font) is not None


def _with_horns(text: str) -> str:
    """Return TCVN3 with its ư (U+00AD, which programs take for a hyphen and write as one) where that makes a syllable."""

    def repaired(match: re.Match[str]) -> str:
        horned = match[0].replace("-", "\u00ad")
        return horned if len(horned) > 1 and is_syllable(horned.translate(_TCVN3)) else match[0]

    return _HYPHENED.sub(repaired, text)


def convert_runs(runs: Iterable[tuple[str, str | None]]) -> Converted:
    """Return a paragraph whose runs (text, font) name their fonts: what stands in a font of TCVN3 or VNI is decoded.

    Not when the paragraph is Unicode for all that, whose fonts were never chosen: programs draw it in another. So it is with a letter
    that only Unicode has, and where less would be Vietnamese than before.

    >>> convert_runs([("Uû ", ".VnTimeH"), ("ban nh©n d©n", ".VnTime"), (" 2019 café", "Arial")]).text
    'UỶ ban nhân dân 2019 café'
    >>> convert_runs([("Bà Hoà là cô giáo", ".VnTime")])
    Converted(text='Bà Hoà là cô giáo', encodings=frozenset())
    """
    # A letter and its mark may stand in two runs.
    joined = [("".join(text for text, _ in same), font) for font, same in itertools.groupby(runs, key=itemgetter(1))]
    whole = "".join(text for text, _ in joined)
    if any(_UNICODE_ONLY.search(text) for text, font in joined if is_legacy_font(font)):
        return Converted(whole)
    decoded: list[str] = []
    encodings: set[str] = set()
    for text, font in joined:
        match = _FONT.match(font) if font else None
        if match is None:
            decoded.append(text)
            continue
        encoding = _TCVN3_FONT if match[1] else _VNI_FONT
        plain = text.translate(_SYMBOLS)
        unicode = encoding.decode(_with_horns(plain) if match[1] else plain)
        if unicode != text:
            encodings.add(encoding.name)
        decoded.append(unicode.upper() if match[1] and match[0].endswith("H") else unicode)
    result = "".join(decoded)
    before, after = (sum(map(is_syllable, _TOKEN.findall(text))) for text in (whole, result))
    return Converted(whole) if after < before > 1 else Converted(result, frozenset(encodings))
