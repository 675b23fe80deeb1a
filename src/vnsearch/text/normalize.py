"""The same text in one spelling: nothing that a reader sees is lost, and every character knows where it came from.

Four steps, in this order, because each may make work for the next: look-alike characters, invisible characters,
composition (NFC), tone placement. Words and case stay.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from vnsearch.text.compose import compose
from vnsearch.text.letters import LETTER_MARKS, TONE_MARKS, VOWELS, split_tone, with_tone
from vnsearch.text.memo import Memo
from vnsearch.text.offsets import OffsetMap, chain, places
from vnsearch.text.patterns import lazy_pattern
from vnsearch.text.syllable import place_tone, place_tone_second

__all__ = ["LOOKALIKES", "clean", "normalize", "normalize_with_offsets", "place_tones", "place_tones_second"]

#: One character for one. Eth and African D look like Đ and are typed for it; the rest is typography.
LOOKALIKES = {
    **dict.fromkeys("ÐƉ", "Đ"),
    **dict.fromkeys("ðɖ", "đ"),
    **dict.fromkeys("‘’‚‛\u02bb\u02bc", "'"),  # the last two are letters, in names such as Hʼleo
    **dict.fromkeys("“”„‟", '"'),
    **dict.fromkeys("\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))), " "),
    **{chr(0xFEE0 + code): chr(code) for code in range(0x21, 0x7F)},  # full-width forms
}
_LOOKALIKE = re.compile("[" + "".join(LOOKALIKES) + "]")  # none of them means anything inside brackets

# × and ÷ stand among the letters, and are none.
_LATIN = "A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ"

# Soft hyphen, grapheme joiner, zero-width space, direction marks, word joiner, byte order mark, tags' cousins.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
# The two joiners mean something in other scripts and in emoji: they go only after a Latin letter and its marks.
_JOINERS = "\u200c\u200d"
_JOINED = lazy_pattern(f"(?<=[{_LATIN}])[\u0300-\u036f{_JOINERS}]+")

# A tone typed before the circumflex or breve (é + ^ for ế): no canonical equivalent, so NFC leaves it. (The horn sorts
# before every tone, and the dot below before every letter mark, so these four tones and two marks are all.)
_TONE_FIRST = lazy_pattern(
    "(["
    + "".join(c for v in "aeoAEO" for m in TONE_MARKS if (c := with_tone(v, m)) != v)
    + "])(["
    + LETTER_MARKS
    + "])"
)
# With the marks that found no letter to join: what carries one is no syllable, and is left alone.
_LATIN_WORD = re.compile(f"[{_LATIN}\u0300-\u036f]{{2,}}")

# A word seen before is not taken apart again.
_PLACED = Memo(place_tone)
_PLACED_SECOND = Memo(place_tone_second)


def _without(gone: list[int], text: str) -> tuple[str, OffsetMap | None]:
    if not gone:
        return text, None
    pieces: list[str] = []
    starts, ends = places(), places()
    at = 0
    for place in (*gone, len(text)):
        pieces.append(text[at:place])
        starts.extend(range(at, place))
        ends.extend(range(at + 1, place + 1))
        at = place + 1
    return "".join(pieces), OffsetMap(starts, ends)


def _remove_joiners(composed: str) -> tuple[str, OffsetMap | None]:
    if not any(joiner in composed for joiner in _JOINERS):
        return composed, None
    runs = map(re.Match.span, _JOINED.finditer(composed))
    text, offsets = _without(
        [at for start, end in runs for at in range(start, end) if composed[at] in _JOINERS], composed
    )
    recomposed, joined = compose(text)  # a letter may have met its marks
    return recomposed, chain(offsets, joined)


def _reorder_marks(text: str) -> tuple[str, OffsetMap | None]:
    if not any(mark in text for mark in LETTER_MARKS) or not _TONE_FIRST.search(text):
        return text, None
    pieces: list[str] = []
    starts = places()
    at = 0
    for match in _TONE_FIRST.finditer(text):
        letter, tone = split_tone(match[1])
        marked = compose(letter + match[2])[0]
        if marked.lower() not in VOWELS:
            continue
        pieces += (text[at : match.start()], with_tone(marked, tone))
        starts.extend(range(at, match.start() + 1))
        at = match.end()
    pieces.append(text[at:])
    starts.extend(range(at, len(text)))
    ends = starts[1:]
    ends.append(len(text))
    return "".join(pieces), OffsetMap(starts, ends)


def clean(text: str) -> tuple[str, OffsetMap | None]:
    """Return the text without look-alikes and invisible characters, composed; tones stay where they were written.

    The map leads from each character back to its slice of the text as given; None when the length did not change.
    """
    if text.isascii():
        return text, None
    plain = _LOOKALIKE.sub(lambda char: LOOKALIKES[char[0]], text)
    cleaned, removed = _without([match.start() for match in _INVISIBLE.finditer(plain)], plain)
    cleaned, composed = compose(cleaned)
    cleaned, joined = _remove_joiners(cleaned)
    cleaned, reordered = _reorder_marks(cleaned)
    return cleaned, chain(chain(removed, composed), chain(joined, reordered))


def _place(placement: Memo, word: re.Match[str]) -> str:
    written = word[0]
    placed = placement[written]
    if placed != written and unicodedata.combining(word.string[word.end() : word.end() + 1] or " "):
        return written  # a mark of another script stands on its last letter
    return placed


def place_tones(cleaned: str) -> str:
    """Return a text that ``clean`` gave, with the tone of every syllable where we write it. Same length."""
    return _LATIN_WORD.sub(functools.partial(_place, _PLACED), cleaned)


def place_tones_second(cleaned: str) -> str:
    """Return the same in the other placement (hoà, thuỷ), the one that pyvi's model and word list know. Same length."""
    return _LATIN_WORD.sub(functools.partial(_place, _PLACED_SECOND), cleaned)


def normalize_with_offsets(text: str) -> tuple[str, OffsetMap | None]:
    """Return ``normalize(text)`` and the map onto the text as given; None where every character kept its place."""
    if text.isascii():
        return text, None
    cleaned, offsets = clean(text)
    return place_tones(cleaned), offsets


def normalize(text: str) -> str:
    """Return the same text in one spelling: NFC, Đ for Ð, one tone placement, no invisible characters.

    Case and words stay; typographic quotation marks, spaces and full-width forms become the plain ones. i and y are not
    touched (*kỹ, kĩ* differ here; search treats them as variants). Idempotent. Never raises on any ``str``.

    >>> normalize("hoà"), normalize("Ðường thuỷ"), normalize("qúy"), normalize("quý"), normalize("Hoa Kỳ")
    ('hòa', 'Đường thủy', 'quý', 'quý', 'Hoa Kỳ')
    """
    return normalize_with_offsets(text)[0]
