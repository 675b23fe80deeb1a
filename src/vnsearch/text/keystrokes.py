"""Syllables typed while the input method was off: "chees", "che61" are read as *chế*.

Two ways to type Vietnamese on a keyboard without its letters, as UniKey documents and carries them out (unikey.org;
``TelexMethodMapping`` and ``VniMethodMapping`` in ``inputproc.cpp`` of its engine):

=====================  ==========================  ==============
mark                   Telex                       VNI
=====================  ==========================  ==============
sắc, huyền, hỏi        s, f, r                     1, 2, 3
ngã, nặng, no tone     x, j, z                     4, 5, 0
â, ê, ô                the letter again            6
ơ, ư, ươ               w                           7
ă                      w                           8
đ                      d again                     9
=====================  ==========================  ==============

A key may follow its letter or come later, as late as the end of the syllable: *tieengs, tieesng, tienges*. What stands
on the screen is not followed key by key, as an input method does it: the keys are set apart, and put on the letters in the
one way that makes a syllable. In *ươ* one w or 7 is enough for both; a w without a vowel before it is *ư*; a key
struck again stands for itself ("xooong" is *xoong*, "ass" *as* and so no syllable).

One thing is other than in an input method: a second tone does not replace the first. Nobody who types blind corrects a
tone, and *lop12, u23, virus* are no such attempts.
"""

from __future__ import annotations

import re

from vnsearch.text.letters import TONES, with_tone
from vnsearch.text.syllable import is_syllable, place_tone, split_syllable

__all__ = ["read_telex", "read_vni"]

# No syllable takes more keys, corrections included.
_TELEX = re.compile("[A-Za-z]{2,16}")
_VNI = re.compile("[A-Za-z][A-Za-z0-9]{1,15}")
_TELEX_TONES = dict(zip("zfsrxj", TONES.values(), strict=True))
_VNI_TONES = dict(zip("021345", TONES.values(), strict=True))

# For the keys typed that mark a vowel: what each may have marked, likeliest first. Open, uơ is the rime (thuở); else ươ.
_Marks = dict[str, tuple[tuple[str, str], ...]]
_HORNS = (("uo", "ươ"), ("o", "ơ"), ("u", "ư"))
_TELEX_MARKS: _Marks = {
    "": (("", ""),),
    "a": (("a", "â"),),
    "e": (("e", "ê"),),
    "o": (("o", "ô"),),
    "w": (*_HORNS, ("a", "ă")),
    "ww": (("uo", "ươ"),),
}
_VNI_MARKS: _Marks = {
    "": (("", ""),),
    "6": (("a", "â"), ("e", "ê"), ("o", "ô")),
    "7": _HORNS,
    "77": (("uo", "ươ"),),
    "8": (("a", "ă"),),
}


def read_telex(syllable: str) -> str | None:
    """Return the syllable that was meant by Telex keystrokes, normalized and in their case; None if they mean none.

    None also for a syllable that no key marks. A word of another language may well be a reading: whether it is one is for
    those to say who know which words there are.

    >>> [read_telex(keys) for keys in ("chees", "chur", "dduowngf", "Duongwfd", "quy", "has", "street")]
    ['chế', 'chủ', 'đường', 'Đường', None, 'há', None]
    """
    if not _TELEX.fullmatch(syllable):
        return None
    letters: list[str] = []
    marks = tone = ""
    vowel = False
    for key in syllable:
        low = key.lower()
        if vowel and low in _TELEX_TONES:
            if (low == "z") != bool(tone):  # a second tone, or none to remove
                return None
            tone = "" if low == "z" else low
        elif low == "w":
            marks += low
            if not vowel:  # alone it is ư
                letters.append("U" if key == "W" else "u")
        elif low == "d" and letters and letters[0] in "dD":
            letters[0] = "đ" if letters[0] == "d" else "Đ"
        elif low in "aeo" and _is_repeated(low, letters):
            if low in marks:
                marks = marks.replace(low, "")
                letters.append(key)
            else:
                marks += low
        else:
            letters.append(key)
        vowel = vowel or low in "aeiouyw"
    reading = _syllable(letters, _TELEX_MARKS.get(marks, ()), _TELEX_TONES[tone or "z"])
    return reading if reading != syllable else None


def read_vni(syllable: str) -> str | None:
    """Return the syllable that was meant by VNI keystrokes, normalized and in their case; None if they mean none.

    None also for a syllable that is left without any mark: *lop10* ends in a number.

    >>> [read_vni(keys) for keys in ("che61", "chu3", "d9uo7ng2", "Duong972", "quy", "u23", "covid19")]
    ['chế', 'chủ', 'đường', 'Đường', None, None, None]
    """
    if not _VNI.fullmatch(syllable):
        return None
    letters: list[str] = []
    marks = tone = ""
    vowel = False
    for key in syllable:
        if not key.isdigit():
            letters.append(key)
            vowel = vowel or key in "aeiouyAEIOUY"
        elif key == "9" and letters[0] in "dD":
            letters[0] = "đ" if letters[0] == "d" else "Đ"
        elif not vowel or key == "9" or (key in _VNI_TONES and (key == "0") != bool(tone)):
            return None
        elif key in _VNI_TONES:
            tone = "" if key == "0" else key
        else:
            marks += key
    reading = _syllable(letters, _VNI_MARKS.get(marks, ()), _VNI_TONES[tone or "0"])
    return reading if reading and not reading.isascii() else None


def _is_repeated(vowel: str, letters: list[str]) -> bool:
    """Tell whether a vowel typed after some letters is there already, for a circumflex to go on (in *ngoao, ngoeo* none can)."""
    typed = "".join(letters).lower()
    return vowel in typed and not (vowel == "o" and typed.endswith(("oa", "oe")))


def _syllable(letters: list[str], marks: tuple[tuple[str, str], ...], tone: str) -> str | None:
    """Return the first syllable that letters make with one of some marks and a tone, in the case of the letters."""
    low = "".join(letters).lower()
    for plain, marked in marks:
        parts = split_syllable(low.replace(plain, marked, 1)) if plain in low else None
        if parts is None:
            continue
        initial, rime = parts
        reading = place_tone(initial + with_tone(rime[0], tone) + rime[1:])
        if is_syllable(reading):  # a final c, ch, p, t has sắc or nặng
            return "".join(m.upper() if letter.isupper() else m for letter, m in zip(letters, reading, strict=True))
    return None
