"""NFC with offsets: composed text, and the way back to the text as given."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata

from vnsearch.text.offsets import OffsetMap

__all__ = ["compose"]

# UAX #15, "Stream-Safe Text Process": no text needs more than thirty marks on one letter. unicodedata sorts a longer run in
# quadratic time, which would let a hostile document stop an indexer: such a run is sorted beforehand.
_LONGEST_RUN = 30
# Past the last character of Unicode's planes 0 and 1 that takes part in a canonical composition.
_SCANNED = 0x20000
_HANGUL_VOWELS_AND_FINALS = [*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)]


@functools.cache
def _clusters() -> re.Pattern[str]:
    """Return a pattern for the pieces of a text that can be composed one by one: a character and what may join it.

    NFC of a text is the NFC of such pieces side by side, because every piece starts where the Unicode standard sees a
    boundary (UAX #15, section 9): at a character that is neither a mark nor the second half of a composition.
    """
    joining = set(_HANGUL_VOWELS_AND_FINALS)
    decomposed: list[tuple[int, str]] = []
    for code in range(0x80, _SCANNED):
        char = chr(code)
        if unicodedata.combining(char):
            joining.add(code)
        if unicodedata.decomposition(char) and not unicodedata.decomposition(char).startswith("<"):
            whole = unicodedata.normalize("NFD", char)
            decomposed.append((code, whole))
            if unicodedata.normalize("NFC", whole) == char:
                joining.update(ord(second) for second in whole[1:])
    joining.update(code for code, whole in decomposed if ord(whole[0]) in joining)
    members = "".join(re.escape(chr(code)) for code in sorted(joining))
    return re.compile(f"[^{members}]?[{members}]+|[^{members}]", re.DOTALL)


def _in_canonical_order(piece: str) -> str:
    """Return a long piece decomposed, its marks sorted as the standard wants them."""
    chars = [char for given in piece for char in unicodedata.normalize("NFD", given)]
    classes = [unicodedata.combining(char) for char in chars]
    # What is no mark (class 0) stays where it is, and marks do not pass it.
    groups = itertools.accumulate(not combining for combining in classes)
    return "".join(chars[at] for _, _, at in sorted(zip(groups, classes, range(len(chars)), strict=True)))


def compose(text: str) -> tuple[str, OffsetMap | None]:
    r"""Return ``text`` in NFC and the map onto the text as given; no map when nothing had to change.

    The same as ``unicodedata.normalize("NFC", text)``, but in linear time whatever the text.

    >>> composed, offsets = compose("ho\u0300a")
    >>> composed, offsets.span(1, 2)
    ('hòa', (1, 3))
    """
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text, None
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _clusters().finditer(text):
        piece = match[0]
        start, end = match.span()
        if len(piece) > _LONGEST_RUN:
            piece = _in_canonical_order(piece)
        if len(piece) > 1 or not piece.isascii():
            piece = unicodedata.normalize("NFC", piece)
        pieces.append(piece)
        for _ in piece:
            starts.append(start)
            ends.append(end)
    return "".join(pieces), OffsetMap(starts, ends)
