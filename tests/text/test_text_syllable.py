"""Which words are syllables, and where their tone goes."""

from __future__ import annotations

import importlib.util
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vietnamese import ANY_TEXT, CASES, OPEN_SYLLABLES, SYLLABLES, TONE_MARKS, load_cases, syllables, with_mark

from vnsearch.text.letters import TONES, VOWELS
from vnsearch.text.normalize import normalize
from vnsearch.text.syllable import is_syllable, place_tone, place_tone_second, split_syllable

STOPS = ("c", "ch", "p", "t")


@pytest.mark.parametrize("case", load_cases("tone_placement.json"))
def test_case(case: dict[str, Any]) -> None:
    assert place_tone(case["original"]) == case["expected"]
    assert place_tone_second(case["original"]) == case.get("second", case["expected"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
@pytest.mark.parametrize("mark", TONE_MARKS, ids=[name for name, mark in TONES.items() if mark])
def test_the_two_placements_meet(mark: str, case: Callable[[str], str]) -> None:
    assert len(OPEN_SYLLABLES) == 72  # 24 initials, and none, with oa, oe, uy; k, gh, ngh only stand before e, ê, i, y
    for initial, rime in OPEN_SYLLABLES:
        bare, at = initial + rime, len(initial)
        first, second = case(with_mark(bare, at, mark)), case(with_mark(bare, at + 1, mark))
        assert first != second
        assert place_tone(first) == place_tone(second) == first
        assert place_tone_second(first) == place_tone_second(second) == second
        assert normalize(first) == normalize(second) == first
        assert is_syllable(first)
        assert is_syllable(second)


@pytest.mark.parametrize("word", "quý quà quả quỳ quẹ quỷ giá gìn giếng giọng gì quỳnh quýt giòn giặt quốc".split())
def test_qu_and_gi_keep_their_letter(word: str) -> None:
    for case in CASES:
        assert place_tone(case(word)) == place_tone_second(case(word)) == normalize(case(word)) == case(word)


def test_every_syllable_has_one_place_for_its_tone() -> None:
    """Whatever vowel the tone is typed on, it comes to the same one; the one that carries a letter mark, if any does."""
    for bare in SYLLABLES:
        vowels = [at for at, char in enumerate(bare) if char in VOWELS]
        for mark in [TONES["sắc"], TONES["nặng"]] if bare.endswith(STOPS) else TONE_MARKS:
            for place in (place_tone, place_tone_second):
                placed = {place(with_mark(bare, at, mark)) for at in vowels}
                assert len(placed) == 1
                (word,) = placed
                assert place(word) == word
                if any(not char.isascii() for char in bare if char != "đ"):
                    toned = next(at for at, char in enumerate(word) if char != bare[at])
                    assert bare[toned] in "ăâêôơư"


def test_a_stop_takes_two_tones_only() -> None:
    for bare in SYLLABLES:
        if bare.endswith(STOPS):
            at = next(at for at in range(len(bare) - 1, -1, -1) if bare[at] in VOWELS)
            for name, mark in TONES.items():
                assert is_syllable(with_mark(bare, at, mark)) == (name in ("sắc", "nặng"))


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("nghiêng", ("ngh", "iêng")),
        ("quyêt", ("qu", "yêt")),
        ("gi", ("g", "i")),
        ("gin", ("g", "in")),
        ("giêng", ("g", "iêng")),
        ("gia", ("gi", "a")),
        ("ươt", ("", "ươt")),
        ("y", ("", "y")),
        ("đương", ("đ", "ương")),
        ("xoong", ("x", "oong")),
        ("", None),
        ("q", None),
        ("ng", None),
        ("ge", None),
        ("ngi", None),
        ("ka", None),
        ("ghu", None),
        ("wa", None),
        ("street", None),
    ],
)
def test_split(word: str, parts: tuple[str, str] | None) -> None:
    assert split_syllable(word) == parts


def test_no_word_of_pyvi_is_changed() -> None:
    """pyvi's word list is written in the second placement: a word that changed would no longer be found in it."""
    spec = importlib.util.find_spec("pyvi")
    found = list(Path(str(spec.origin)).parent.rglob("words.txt")) if spec is not None else []
    if not found:
        pytest.skip("pyvi's word list is not installed")
    words = unicodedata.normalize("NFC", found[0].read_text("utf-8"))
    written = set(re.findall(r"[^\W\d_]+", words))
    assert len(written) > 7000
    assert [word for word in sorted(written) if place_tone_second(word) != word] == []
    # And it knows the syllables that our tables know: what is left are borrowed words and abbreviations.
    marked = {word for word in written if not word.isascii() and not word.isupper()}
    strange = {word for word in marked if not is_syllable(word)}
    assert len(strange) < 0.01 * len(marked), sorted(strange)


@given(syllables())
def test_placing_keeps_length_and_letters(word: str) -> None:
    for placed in (place_tone(word), place_tone_second(word)):
        assert len(placed) == len(word)
        assert sorted(unicodedata.normalize("NFD", placed)) == sorted(unicodedata.normalize("NFD", word))
        assert place_tone(placed) == place_tone(word)
        assert place_tone_second(placed) == place_tone_second(word)
        assert is_syllable(placed) == is_syllable(word)
        assert place_tone(placed.upper()) == place_tone(placed).upper()


@given(ANY_TEXT)
@settings(max_examples=150)
def test_nothing_raises(text: str) -> None:
    for place in (place_tone, place_tone_second):
        assert len(place(text)) == len(text)
        assert place(place(text)) == place(text)
    assert isinstance(is_syllable(text), bool)
    assert split_syllable(text) is None or "".join(split_syllable(text) or ()) == text


@given(st.sampled_from(SYLLABLES), st.sampled_from(CASES))
def test_what_has_no_tone_stays(bare: str, case: Callable[[str], str]) -> None:
    assert place_tone(case(bare)) == place_tone_second(case(bare)) == case(bare)


def test_a_very_long_word_is_no_syllable() -> None:
    assert place_tone("hoà" * 100_000) == "hoà" * 100_000
    assert not is_syllable("a" * 1_000_000)
