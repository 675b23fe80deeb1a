"""The table of letters, and that every way to encode each letter is the same letter."""

from __future__ import annotations

import unicodedata
from itertools import permutations

import pytest
from vietnamese import TONE_MARKS, in_code_page_1258, tone_first

from vnsearch.text.fold import fold
from vnsearch.text.letters import (
    BASE_VOWELS,
    LETTER_MARKS,
    MARKED_LETTERS,
    TONES,
    UNMARKED,
    VOWELS,
    split_tone,
    with_tone,
)
from vnsearch.text.normalize import normalize

VOWEL_LETTERS = [char for char in MARKED_LETTERS if char not in "đĐ"]


def expected_fold(letter: str) -> str:
    """Known without our table: what the Unicode name says. LATIN SMALL LETTER A WITH BREVE AND ACUTE."""
    _, case, _, name, *_ = unicodedata.name(letter).split()
    return name if case == "CAPITAL" else name.lower()


def test_sixty_seven_letters_in_two_cases() -> None:
    assert len(MARKED_LETTERS) == len(set(MARKED_LETTERS)) == 2 * 67
    assert "".join(sorted(MARKED_LETTERS)) == MARKED_LETTERS
    assert {char.lower() for char in MARKED_LETTERS} == {char for char in MARKED_LETTERS if char.islower()}
    assert all(unicodedata.is_normalized("NFC", char) and len(char) == 1 for char in MARKED_LETTERS)
    assert set(UNMARKED) == set(map(ord, MARKED_LETTERS))


def test_vowels_and_tones() -> None:
    assert len(VOWELS) == 12
    assert set(BASE_VOWELS) <= set(VOWELS)
    assert len(TONES) == 6
    assert not set(LETTER_MARKS) & set(TONE_MARKS)
    assert all(unicodedata.combining(mark) for mark in [*LETTER_MARKS, *TONE_MARKS])


@pytest.mark.parametrize("letter", MARKED_LETTERS)
def test_every_encoding_of_a_letter_is_that_letter(letter: str) -> None:
    base, *marks = unicodedata.normalize("NFD", letter)
    spellings = {letter, in_code_page_1258(letter), tone_first(letter)}
    spellings |= {base + "".join(order) for order in permutations(marks)}
    spellings |= {unicodedata.normalize("NFC", base + a) + b for a, b in permutations(marks, 2)}
    for spelling in spellings:
        assert normalize(spelling) == letter
        assert normalize(f"x{spelling}x") == f"x{letter}x"
        assert fold(spelling) == expected_fold(letter)


@pytest.mark.parametrize("letter", VOWEL_LETTERS)
def test_split_and_with_are_inverse(letter: str) -> None:
    bare, tone = split_tone(letter)
    assert with_tone(bare, tone) == letter
    assert bare.lower() in VOWELS
    assert split_tone(bare) == (bare, "")


@pytest.mark.parametrize("char", ["a", "b", "đ", "Đ", "ñ", "ç", "ö", "1", "я", "\u0301"])
def test_what_carries_no_tone_is_not_split(char: str) -> None:
    assert split_tone(char) == (char, "")


@pytest.mark.parametrize(("given", "letter", "plain"), ["ĐĐD", "ÐĐD", "ƉĐD", "đđd", "ðđd", "ɖđd", "DDD", "ddd"])
def test_d_and_its_look_alikes(given: str, letter: str, plain: str) -> None:
    assert normalize(given) == letter
    assert fold(given) == plain
