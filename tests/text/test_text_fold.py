"""Marks dropped: the cases in ``cases/fold.json``, and laws."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from vietnamese import ANY_TEXT, CASES, ENCODINGS, OPEN_SYLLABLES, TONE_MARKS, load_cases, syllables, with_mark

from vnsearch.text.fold import fold, fold_normalized
from vnsearch.text.normalize import normalize


@pytest.mark.parametrize("case", load_cases("fold.json"))
def test_case(case: dict[str, Any]) -> None:
    assert fold(case["original"]) == case["expected"]


@given(ANY_TEXT)
@settings(max_examples=400)
@example("я\u200d")  # a joiner comes to stand after a Latin letter
@example("\u09c7\u0301\u09be")  # two vowel signs that would compose without the mark between
def test_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT)
@settings(max_examples=300)
def test_normalizes_first(text: str) -> None:
    assert fold(normalize(text)) == fold(text) == fold_normalized(normalize(text))


@given(ANY_TEXT)
def test_leaves_no_mark(text: str) -> None:
    assert not any(unicodedata.category(char)[0] == "M" for char in fold(text))


@given(syllables())
def test_a_syllable_is_plain_letters(word: str) -> None:
    folded = {fold(encode(word)) for encode in ENCODINGS}
    assert len(folded) == 1
    (plain,) = folded
    assert plain.isascii()
    assert plain.isalpha()
    assert len(plain) == len(word)
    assert fold(word.upper()) == plain.upper()


@given(st.sampled_from(OPEN_SYLLABLES), st.sampled_from(TONE_MARKS), st.sampled_from(CASES))
def test_placement_does_not_matter(bare: tuple[str, str], mark: str, case: Any) -> None:
    initial, rime = bare
    for at in (0, 1):
        assert fold(case(with_mark(initial + rime, len(initial) + at, mark))) == case(initial.replace("đ", "d") + rime)


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_stays(text: str) -> None:
    assert fold(text) == text


def test_every_character_folds() -> None:
    """All of Unicode, one by one: nothing raises or warns, and what is no letter and no mark stays."""
    kept = dropped = 0
    for code in range(0x110000):
        char = chr(code)
        folded = fold_normalized(char)
        category = unicodedata.category(char)[0]
        if category == "M":
            dropped += 1
        elif category != "L":
            kept += 1
            assert folded == char
        else:
            assert folded
    assert dropped > 2000
    assert kept > 100_000


@pytest.mark.parametrize("text", ["a" + "\u0301" * 100_000, "đ" * 100_000, "北" * 50_000, "\u0301" * 100_000])
def test_floods_end(text: str) -> None:
    assert fold(fold(text)) == fold(text)
