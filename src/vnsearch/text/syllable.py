"""The structure of a Vietnamese syllable: initial + rime + tone, and the letter on which the tone is written.

Every syllable that Vietnamese can have is an initial (or none) and a rime out of a closed list; a rime that ends in
*c, ch, p* or *t* takes only the tones sắc and nặng. Source of the lists: Đoàn Thiện Thuật, *Ngữ âm tiếng Việt* (1977);
Hoàng Phê (ed.), *Từ điển tiếng Việt* (the rimes of its headwords, rare and borrowed ones such as *oong* included).

Knowing the structure tells a misplaced tone from a foreign word: *hoà, hòan, qúy* are syllables with the tone on
another letter than we write it on; *café* is none, and stays as it is.

Where the tone goes (the rule that dictionaries share, and the one place where they differ):

1. on the letter-marked vowel, if there is one (*tiếng*; the second in *ươ*: *nước*);
2. else, before a final consonant or semivowel, on the vowel nearest to it (*toàn, xoáy, khuỷu*);
3. else on the first of two vowels (*mía, của*) — **and for open oa, oe, uy both are in use**: *hòa, khỏe, thủy* and
   *hoà, khoẻ, thuỷ*. We normalize to the first, which most keyboards and newspapers write today.

The *u* of *qu* and the *i* of *gi* belong to the initial: *quý, già*.
"""

from __future__ import annotations

import functools

from vnsearch.text.letters import BASE_VOWELS, TONES, VOWELS, split_tone, with_tone
from vnsearch.text.memo import remembered

__all__ = ["is_syllable", "other_i_y", "place_tone", "place_tone_second", "split_syllable"]

# Longest first, so that "ngh" is not read as "n".
_INITIALS = "ngh ch gh gi kh ng nh ph qu th tr b c d đ g h k l m n p r s t v x".split()
_RIMES = frozenset(
    """
    a ac ach ai am an ang anh ao ap at au ay
    ăc ăm ăn ăng ăp ăt
    âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et
    ê êch êm ên ênh êp êt êu
    i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oem oen oeng oeo oet oi om on ong
    ooc oong op ot
    ô ôc ôi ôm ôn ông ôp ôt
    ơ ơi ơm ơn ơng ơp ơt
    u ua uâc uân uâng uât uây uc uê uên uêch uênh ui um un ung uôc uôi uôm uôn uông uôt uơ uơn uơt up ut uy uya uych uyên
    uyêt uyn uynh uyp uyt uyu
    ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương ươp ươt ươu ưt ưu
    y yêm yên yêng yêt yêu
    """.split()
)
# After "qu" the rime may start with y (quyết, quýt), which elsewhere stands alone or before ê.
_RIMES_AFTER_QU = frozenset(
    """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng ât âu ây e en eo et ê êch ên ênh êt êu
    i in it o ơ ôc y ych yên yêt yn ynh yp yt yu ơn ơt
    """.split()
)
_STOP_FINALS = ("c", "ch", "p", "t")
_STOP_TONES = (TONES["sắc"], TONES["nặng"])
_FRONT = "eêiy"
_BEFORE_FRONT_ONLY = ("gh", "ngh", "k")
_NOT_BEFORE_FRONT = ("c", "ng")
_LONGEST = max(map(len, _INITIALS)) + max(map(len, _RIMES))
# Open rimes whose tone may stand on either letter.
_TWO_PLACEMENTS = ("oa", "oe", "uy")
# Initials after which a closing i and a closing y are one sound and both are written (kỹ and kĩ, quý and quí). The Ministry
# of Education's rules of 1984 (Quyết định 240/QĐ) ask for i, the press mostly keeps y; after u they differ: thúy, thúi.
_I_OR_Y = ("h", "k", "l", "m", "qu", "s", "t")


@functools.lru_cache(maxsize=16384)
def split_syllable(letters: str) -> tuple[str, str] | None:
    """Return initial and rime of a lower-case toneless syllable, or None if Vietnamese has no such syllable.

    >>> split_syllable("quyên"), split_syllable("giêng"), split_syllable("cafe")
    (('qu', 'yên'), ('g', 'iêng'), None)
    """
    for initial in (*_INITIALS, ""):
        if not letters.startswith(initial):
            continue
        rime = letters[len(initial) :]
        if rime not in (_RIMES_AFTER_QU if initial == "qu" else _RIMES):
            continue
        front = rime[0] in _FRONT
        if (front and initial in _NOT_BEFORE_FRONT) or (not front and initial in _BEFORE_FRONT_ONLY):
            continue
        if initial == "g" and rime[0] in "eêy":  # "ge" is written "ghe"; "gi" and "giêng" stand
            continue
        return initial, rime
    return None


def _tone_of(word: str) -> tuple[str, str, int] | None:
    """Return the word without tone, its tone mark and where it stands (-1 without one); None with several tones or too long."""
    if len(word) > _LONGEST:
        return None
    bare: list[str] = []
    tone, place = "", -1
    for at, char in enumerate(word):
        letter, mark = split_tone(char)
        bare.append(letter)
        if mark:
            if tone:
                return None
            tone, place = mark, at
    return "".join(bare), tone, place


def is_syllable(word: str) -> bool:
    """Tell whether a word (composed, any case) is a syllable that Vietnamese can have, its tone on whatever vowel.

    >>> [is_syllable(w) for w in ("Nguyễn", "hoà", "tạt", "tàt", "Hoa", "street", "café")]
    [True, True, True, False, True, False, False]
    """
    found = _tone_of(word.lower())
    if found is None:
        return False
    bare, tone, place = found
    parts = split_syllable(bare)
    if parts is None or (tone and place < len(parts[0]) and bare[place] not in VOWELS):
        return False
    return not parts[1].endswith(_STOP_FINALS) or tone in _STOP_TONES


@functools.lru_cache(maxsize=16384)
def _nucleus(bare: str) -> tuple[int, int] | None:
    """Return where the tone of a toneless lower-case syllable goes, canonically and in the other placement."""
    parts = split_syllable(bare)
    if parts is None:
        return None
    initial, rime = parts
    vowels = [at for at, char in enumerate(rime) if char in VOWELS]
    marked = [at for at in vowels if rime[at] not in BASE_VOWELS]
    if marked:
        first = second = marked[-1]
    elif rime in _TWO_PLACEMENTS:
        first, second = 0, 1
    elif len(vowels) == 1:
        first = second = vowels[0]
    elif vowels[-1] != len(rime) - 1:  # a final consonant
        first = second = vowels[-1]
    else:  # two vowels: the first; three: the middle one
        first = second = vowels[-2]
    return len(initial) + first, len(initial) + second


def _moved(word: str, which: int) -> str:
    found = _tone_of(word)
    if found is None or not found[1]:
        return word
    bare, tone, place = found
    at = _nucleus(bare.lower())
    if at is None or at[which] == place or (bare.lower().endswith(_STOP_FINALS) and tone not in _STOP_TONES):
        return word
    target = at[which]
    return bare[:target] + with_tone(bare[target], tone) + bare[target + 1 :]


def place_tone(word: str) -> str:
    """Return a syllable (composed, any case) with its tone where we write it; any other word as it is. Same length.

    >>> [place_tone(w) for w in ("hoà", "Thuỷ", "hòan", "qúy", "gía", "quý", "già", "café")]
    ['hòa', 'Thủy', 'hoàn', 'quý', 'giá', 'quý', 'già', 'café']
    """
    return _moved(word, 0)


def place_tone_second(word: str) -> str:
    """Return a syllable in the other placement where there are two (hòa -> hoà), else as ``place_tone`` does.

    pyvi's model and word list know only this one.

    >>> [place_tone_second(w) for w in ("hòa", "Thủy", "hòan", "quý", "mía")]
    ['hoà', 'Thuỷ', 'hoàn', 'quý', 'mía']
    """
    return _moved(word, 1)


@remembered(16384)
def other_i_y(word: str) -> str | None:
    """Return a lower-case syllable with i for its y or y for its i, where both are written; else None.

    >>> [other_i_y(w) for w in ("kỹ", "kĩ", "quý", "lí", "thúy", "thi", "mì")]
    ['kĩ', 'kỹ', 'quí', 'lý', None, None, 'mỳ']
    """
    found = _tone_of(word)
    parts = split_syllable(found[0]) if found else None
    if found is None or parts is None or parts[1] not in ("i", "y") or parts[0] not in _I_OR_Y:
        return None
    other = "y" if parts[1] == "i" else "i"
    return parts[0] + with_tone(other, found[1])
