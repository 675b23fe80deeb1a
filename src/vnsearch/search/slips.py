"""Spellings of an index that are one typing slip away from a syllable that it does not hold.

The slips are those of fingers: a letter struck twice, two letters in the wrong order, the key beside the right one, a key
too many, a letter too few (four of five misspellings are one of these: Damerau 1964); and, last, those of the ear: initials
and finals that some dialect does not tell apart. Spellings come in the order of a noisy channel (Kernighan, Church and
Gale 1990): how often the index has a spelling, times the share of its slips that look like what was typed.

What was typed with care is kept. A tone is no slip, nor is a letter mark: a spelling must have the tone that was typed,
if one was, and a letter typed with its mark is never taken for another (only *đ* may be a *d* struck twice). Letters
typed without marks may get some, and a syllable without a tone may get one, as everywhere in the search.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from string import ascii_lowercase
from typing import TYPE_CHECKING, NamedTuple

from vnsearch.text.letters import UNMARKED, split_tone
from vnsearch.text.memo import remembered

if TYPE_CHECKING:  # choices.py imports this module
    from vnsearch.search.choices import Groups

__all__ = ["SLIPS", "Slip", "slips_of"]

#: The kinds of slips, and their weights: all kinds are taken to be equally frequent, and divided by the ways to make one
#: at a place. Letters change places in one way, and are struck twice or left out in one; a key has some five neighbours, and
#: a neighbour struck as well comes before it or after. Slips made of 500 titles are righted by the first spelling in 85 cases
#: of 100 (by kind first and count second, in 72). What only sounds alike comes after all others, and weighs little.
SLIPS = {
    "stroke": 1.0,  # đ for d
    "swapped": 1.0,
    "doubled": 1.0,
    "missing": 1.0,
    "neighbour": 1 / 5,
    "extra": 1 / 10,
    "sound": 1e-2,
}

# One letter says nothing; no syllable has more than seven, and every letter of a longer word takes more time.
_SHORTEST, _LONGEST = 2, 12

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_ADJACENT = {
    *(pair for row in _ROWS for pair in pairwise(row)),
    # The key at a column of one row stands above two of the next, the one before that column and the one in it.
    *(pair for row, below in pairwise(_ROWS) for pair in zip(row, below, strict=False)),
    *(pair for row, below in pairwise(_ROWS) for pair in zip(row[1:], below, strict=False)),
}
# Key -> the keys around it, on a QWERTY keyboard.
_NEIGHBOURS = {key: [b if a == key else a for a, b in _ADJACENT if key in (a, b)] for key in ascii_lowercase}


def _both_ways(*pairs: str) -> list[tuple[str, str]]:
    return [(one, other) for pair in pairs for one, other in (pair.split(), reversed(pair.split()))]


# How syllables begin and end that some dialect says alike. In the North (da, ra, gia) and (dì, rì, gì) are one.
_INITIALS = _both_ways("tr ch", "s x", "l n", "d r", "d gi", "r gi", "di gi", "ri gi")
_FINALS = _both_ways("n ng", "c t")


class Slip(NamedTuple):
    """A spelling that the index has, how much speaks for it, and the slip (of ``SLIPS``) that may have made of it what was typed.

    ``weight`` is how often the index has the spelling, times that of the slip: good for comparing slips of one term.
    """

    term: str
    weight: float
    kind: str


def slips_of(typed: str, groups: Groups, limit: int = 10, least: int = 1) -> list[Slip]:
    """Return the spellings that a typed term may be a slip of, those that most speaks for first, at most ``limit``.

    It is for the caller to ask for terms that the index does not hold. For one that it hardly holds, ``least`` leaves out
    spellings that occur less often. There are none for a term of one letter, of more than twelve, or with anything in it but
    letters of Vietnamese and of English (a digit is no slip).

    At most 430 folded groups are looked up, for a syllable of five letters some 180.

    >>> class Index(dict):
    ...     def held(self, keys):
    ...         return self.keys() & keys
    >>> index = Index({"quy": [("quy", 9), ("quý", 4)], "qua": [("qua", 7)]})
    >>> slips_of("qyu", index)
    [Slip(term='quy', weight=9.0, kind='swapped'), Slip(term='quý', weight=4.0, kind='swapped')]
    >>> slips_of("qúyy", index)
    [Slip(term='quý', weight=4.0, kind='doubled')]
    """
    letters, tone = _split(typed)
    found: dict[str, Slip] = {}
    candidates = [*_candidates(letters)]
    held = groups.held([key for *_, key in candidates])
    for kind, pattern, key in candidates:
        for term, count in groups.get(key, ()) if key in held else ():
            if count >= least and term not in found and term != typed and _fits(kind, pattern, tone, term):
                found[term] = Slip(term, count * SLIPS[kind], kind)
    return sorted(found.values(), key=lambda slip: (slip.kind == "sound", -slip.weight, slip.term))[:limit]


@remembered(16384)
def _split(term: str) -> tuple[str, str]:
    """Return a term without its tone, and the tone (all of them, in a word that has several)."""
    pairs = [split_tone(char) for char in term]
    return "".join([letter for letter, _ in pairs]), "".join([mark for _, mark in pairs])


def _fits(kind: str, pattern: str, tone: str, term: str) -> bool:
    """Tell whether a term of the folded group of a pattern has the marks of the pattern, and the tone, if there is one."""
    letters, its_tone = _split(term)
    if tone not in ("", its_tone) or len(letters) != len(pattern) or (kind == "stroke" and letters[0] == "đ"):
        return False
    return pattern.isascii() or all(a == b or a.isascii() for a, b in zip(pattern, letters, strict=True))


def _candidates(letters: str) -> Iterator[tuple[str, str, str]]:
    """Yield what toneless letters may stand for: the kind of slip, the letters meant, their folded key. No letters twice."""
    plain = letters.translate(UNMARKED)
    if not (plain.isascii() and plain.isalpha() and _SHORTEST <= len(plain) <= _LONGEST):
        return
    # What sounds alike is that, whatever else it may be: s and x are neighbours too, and ng is an n with a letter more.
    meant = dict.fromkeys(_sounds(letters), "sound")
    for kind, pattern in _struck(letters, plain):
        meant.setdefault(pattern, kind)
    meant.pop(letters, None)
    for pattern, kind in meant.items():
        yield kind, pattern, pattern.translate(UNMARKED)


def _struck(letters: str, plain: str) -> Iterator[tuple[str, str]]:
    """Yield every slip of the fingers that may have given these letters, and what was meant."""
    size = len(letters)
    if letters[0] == "đ":
        yield "stroke", "d" + letters[1:]
    for at in range(size - 1):
        yield "swapped", letters[:at] + letters[at + 1] + letters[at] + letters[at + 2 :]
    if size > _SHORTEST:
        for at in range(size):
            if letters[at - 1 : at] == letters[at]:
                yield "doubled", letters[:at] + letters[at + 1 :]
        for at in range(size):
            if letters[at] == plain[at]:
                yield "extra", letters[:at] + letters[at + 1 :]
    for at in range(size):
        if letters[at] == plain[at]:
            for other in _NEIGHBOURS.get(plain[at], ()):
                yield "neighbour", letters[:at] + other + letters[at + 1 :]
    for at in range(size + 1):
        for other in ascii_lowercase:
            yield "missing", letters[:at] + other + letters[at:]


def _sounds(letters: str) -> Iterator[str]:
    """Yield what some dialect says like these letters."""
    for one, other in _INITIALS:
        if letters.startswith(one):
            yield other + letters.removeprefix(one)
    for one, other in _FINALS:
        if letters.endswith(one):
            yield letters.removesuffix(one) + other
