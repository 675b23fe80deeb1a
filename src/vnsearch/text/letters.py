"""The letters of Vietnamese, and what their marks are. Tables only.

The alphabet has 29 letters: the vowels *a ă â e ê i o ô ơ u ư y* and the consonants, *đ* among them; every vowel can
carry one of five tone marks. Source: Quy tắc chính tả tiếng Việt, and the Unicode block Latin Extended Additional.
"""

from __future__ import annotations

import unicodedata

__all__ = [
    "BASE_VOWELS",
    "LETTER_MARKS",
    "MARKED_LETTERS",
    "TONES",
    "TONE_MARKS",
    "UNMARKED",
    "VOWELS",
    "split_tone",
    "with_tone",
]

#: The twelve vowel letters without tone.
VOWELS = "aăâeêioôơuưy"
#: The same letters with their letter marks dropped.
BASE_VOWELS = "aeiouy"
#: Tone name -> combining character; *ngang*, the level tone, is written without a mark.
TONES = {"ngang": "", "huyền": "\u0300", "sắc": "\u0301", "hỏi": "\u0309", "ngã": "\u0303", "nặng": "\u0323"}
TONE_MARKS = "".join(TONES.values())
#: Circumflex (â ê ô), breve (ă), horn (ơ ư).
LETTER_MARKS = "\u0302\u0306\u031b"

_COMPOSED = {
    (letter, mark): unicodedata.normalize("NFC", letter + mark)
    for low in VOWELS
    for letter in (low, low.upper())
    for mark in TONES.values()
}
_SPLIT = {composed: (letter, mark) for (letter, mark), composed in _COMPOSED.items() if mark}

#: Every marked letter, both cases, composed: 66 vowels and đ, twice.
MARKED_LETTERS = "".join(sorted({c for c in _COMPOSED.values() if not c.isascii()} | {"đ", "Đ"}))
#: Marked letter -> letter of the Latin alphabet, for ``str.translate``.
UNMARKED = {
    ord(c): unicodedata.normalize("NFD", c)[0] if c not in "đĐ" else {"đ": "d", "Đ": "D"}[c] for c in MARKED_LETTERS
}


def split_tone(letter: str) -> tuple[str, str]:
    r"""Return a composed letter without its tone mark, and the combining tone mark ("" when it has none).

    >>> split_tone("ộ") == ("ô", "\u0323"), split_tone("a")
    (True, ('a', ''))
    """
    return _SPLIT.get(letter, (letter, ""))


def with_tone(letter: str, mark: str) -> str:
    """Return a toneless vowel letter with a combining tone mark, composed."""
    return _COMPOSED[letter, mark]
