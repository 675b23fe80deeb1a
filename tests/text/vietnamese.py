"""Vietnamese made by chance, for laws: syllables of the tables, tones on any vowel, every way to encode them."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from vnsearch.text.letters import TONES, VOWELS, split_tone, with_tone
from vnsearch.text.syllable import _INITIALS, _RIMES, _RIMES_AFTER_QU, place_tone, place_tone_second, split_syllable

# Whoever imports this runs without deadlines: a machine may be busy.
settings.register_profile("vietnamese", deadline=None)
settings.load_profile("vietnamese")

TONE_MARKS = [mark for mark in TONES.values() if mark]
OPEN_RIMES = ("oa", "oe", "uy")
#: Every syllable without its tone.
SYLLABLES = sorted(
    {i + r for i in [*_INITIALS, ""] for r in [*_RIMES, *_RIMES_AFTER_QU] if split_syllable(i + r) is not None}
)
#: Those whose tone has two places, as initial and rime.
OPEN_SYLLABLES = [
    (initial, rime)
    for initial in [*_INITIALS, ""]
    for rime in OPEN_RIMES
    if initial != "qu" and split_syllable(initial + rime) is not None
]
CASES = (str.lower, str.title, str.upper)
INVISIBLE = "\u00ad\u034f\u200b\u200e\u2060\ufeff"
SEPARATORS = [
    *" " * 12,
    *",.;:!?_-–/()\"'“”’…@#%\t\n\r\u00a0\u2009\u3000！，\x00\x1c\x85\u2028",
    *"0123456789２٣",
    *("😀", "🇻🇳", "👩\u200d💻", "×", "北京", "Москва", "ไทย", " - ", "...", "http://", "a@b.vn", "\ud800"),
]


def load_cases(name: str) -> list[Any]:
    """The cases of a file as parameters; a known failure is expected to fail, and told when it no longer does."""
    cases = json.loads((Path(__file__).parents[1] / "cases" / name).read_text("utf-8"))
    return [
        pytest.param(
            case,
            id=case["label"],
            marks=[pytest.mark.xfail(strict=True, reason=str(case["known_failure"]))]
            if "known_failure" in case
            else [],
        )
        for case in cases
    ]


def with_mark(bare: str, at: int, mark: str) -> str:
    """The syllable with a tone on one of its letters."""
    return bare[:at] + (with_tone(bare[at], mark) if mark else bare[at]) + bare[at + 1 :]


def in_code_page_1258(text: str) -> str:
    """Letters composed with their letter marks, tones combining: what is converted from Windows code page 1258."""
    return "".join("".join(split_tone(char)) for char in unicodedata.normalize("NFC", text))


def tone_first(text: str) -> str:
    """Every letter with two marks has the tone composed, and the letter mark after it."""
    pieces = []
    for char in unicodedata.normalize("NFC", text):
        base, *marks = unicodedata.normalize("NFD", split_tone(char)[0])
        tone = split_tone(char)[1]
        pieces.append(unicodedata.normalize("NFC", base + tone) + "".join(marks) if tone and marks else char)
    return "".join(pieces)


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


ENCODINGS = (nfc, nfc, nfd, in_code_page_1258, tone_first)


@st.composite
def syllables(draw: st.DrawFn) -> str:
    """A syllable in NFC; its tone where we write it, or in the other place, or on any vowel."""
    bare = draw(st.sampled_from(SYLLABLES))
    at = draw(st.sampled_from([at for at, char in enumerate(bare) if char in VOWELS]))
    word = with_mark(bare, at, draw(st.sampled_from(list(TONES.values()))))
    word = draw(st.sampled_from([place_tone, place_tone, place_tone_second, str]))(word)
    return draw(st.sampled_from(CASES))(word)


@st.composite
def vietnamese(draw: st.DrawFn) -> str:
    """Syllables and what may stand between them, in any encoding, with invisible characters inside."""
    pieces = []
    for _ in range(draw(st.integers(0, 6))):
        word = draw(st.sampled_from(ENCODINGS))(draw(syllables()))
        if draw(st.integers(0, 9)) == 9:
            at = draw(st.integers(0, len(word)))
            word = word[:at] + draw(st.sampled_from(INVISIBLE + "\u200c\u200d")) + word[at:]
        pieces += [word, *draw(st.lists(st.sampled_from(SEPARATORS), min_size=1, max_size=2))]
    return "".join(pieces)


#: Letters, marks and invisible characters without order: what rules are most easily caught with.
LATIN_AND_MARKS = st.text(
    st.sampled_from(
        "aoeuyghqtnAOEUYQđĐÐðƉăâêôơưàòùỳéíảõạậộöñçæ÷× 12_.-'’“ＡＨ２"
        "\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031b\u0327\u0308\u0345" + INVISIBLE + "\u200c\u200d\u212a\u212b"
    ),
    max_size=12,
)
ANY_CHARACTER = st.text(st.characters(exclude_categories=()))  # lone surrogates too
#: Anything at all.
ANY_TEXT = st.one_of(st.text(), ANY_CHARACTER, LATIN_AND_MARKS, vietnamese())
