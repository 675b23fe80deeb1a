"""Keystrokes of Telex and VNI, read as what they mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vietnamese import ANY_TEXT, SYLLABLES, TONE_MARKS, load_cases, with_mark

from vnsearch.text.keystrokes import read_telex, read_vni
from vnsearch.text.letters import VOWELS, split_tone
from vnsearch.text.normalize import normalize
from vnsearch.text.syllable import is_syllable, place_tone

#: Every syllable with every tone it can have, but for uơn and uơt: one w or 7 makes them ươn and ươt, which are meant
#: in nearly all cases.
WORDS = [
    word
    for bare in SYLLABLES
    for mark in ("", *TONE_MARKS)
    if is_syllable(word := place_tone(with_mark(bare, max(map(bare.rfind, VOWELS)), mark)))
    and (bare.startswith("q") or not bare.endswith(("uơn", "uơt")))
]


class Method(NamedTuple):
    """An input method: what reads it, how a letter with a mark is typed, and a tone."""

    read: Callable[[str], str | None]
    letters: dict[str, str]
    tones: dict[str, str]


TELEX = Method(
    read_telex,
    {"ă": "aw", "â": "aa", "đ": "dd", "ê": "ee", "ô": "oo", "ơ": "ow", "ư": "uw"},
    {"\u0300": "f", "\u0301": "s", "\u0309": "r", "\u0303": "x", "\u0323": "j", "": ""},
)
VNI = Method(
    read_vni,
    {"ă": "a8", "â": "a6", "đ": "d9", "ê": "e6", "ô": "o6", "ơ": "o7", "ư": "u7"},
    {"\u0300": "2", "\u0301": "1", "\u0309": "3", "\u0303": "4", "\u0323": "5", "": ""},
)
METHODS = pytest.mark.parametrize("method", [TELEX, VNI], ids=["telex", "vni"])


def keys_of(word: str, method: Method, tone_last: bool = True, marks_last: bool = False, horns: str = "ươ") -> str:
    """The keys of a word: its tone after the vowel or last of all, marks after their letters or after all letters; in ươ
    only the letters in ``horns`` are typed with theirs.
    """
    split = list(map(split_tone, word))
    bare = "".join(letter for letter, _ in split)
    keys = marks = tones = ""
    for at, (letter, tone) in enumerate(split):
        key, mark = method.letters.get(letter, letter + " ")
        if "ươ" in bare and letter in "ươ" and letter not in horns:
            mark = ""
        if method is TELEX and bare[at - 1 : at + 1] == "oo":  # the third key undoes the circumflex
            key = "oo"
        keys += key + ("" if marks_last else mark) + ("" if tone_last else method.tones[tone])
        marks += mark if marks_last else ""
        tones += method.tones[tone] if tone_last else ""
    return (keys + marks + tones).replace(" ", "")


@pytest.mark.parametrize("case", load_cases("keystrokes.json"))
def test_case(case: dict[str, Any]) -> None:
    assert read_telex(case["original"]) == case["telex"]
    assert read_vni(case["original"]) == case["vni"]


@METHODS
def test_every_syllable_reads_back(method: Method) -> None:
    assert len(WORDS) > 18_000
    for word in WORDS:
        keys = keys_of(word, method)
        assert method.read(keys) == (None if keys == word else word)


@METHODS
@given(
    word=st.sampled_from(WORDS),
    tone_last=st.booleans(),
    marks_last=st.booleans(),
    horns=st.sampled_from(("ươ", "ư", "ơ")),
    case=st.sampled_from((str.lower, str.capitalize, str.upper)),
)
def test_keys_may_come_later(
    method: Method, word: str, tone_last: bool, marks_last: bool, horns: str, case: Callable[[str], str]
) -> None:
    keys = keys_of(word, method, tone_last, marks_last, horns)
    assert method.read(case(keys)) == (None if keys == word else case(word))


#: Keys in any order: most is no syllable.
MASHED = st.text(st.sampled_from("aeiouydwsfrxjznghtcmpvlbkq0123456789AEDWS"), max_size=9)


@METHODS
@given(text=ANY_TEXT | MASHED)
def test_what_is_read_is_a_normalized_syllable(method: Method, text: str) -> None:
    reading = method.read(text)
    if reading is not None:
        assert is_syllable(reading)
        assert normalize(reading) == reading
        assert reading != text
