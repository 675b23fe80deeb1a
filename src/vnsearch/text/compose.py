"""NFC with offsets: composed text, and the way back to the text as given."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from array import array

import numpy as np
import numpy.typing as npt

from vnsearch.text.offsets import OffsetMap, places

__all__ = ["MARKS", "compose"]

# UAX #15, "Stream-Safe Text Process": no text needs more than thirty marks on one letter. unicodedata sorts a longer run in
# quadratic time, which would let a hostile document stop an indexer: such a run is sorted beforehand.
_LONGEST_RUN = 30
# Where the characters are that canonical composition changes: planes 0 and 1, and the compatibility ideographs.
_SCANNED = (range(0x80, 0x20000), range(0x2F800, 0x2FA20))
_HANGUL_VOWELS_AND_FINALS = [*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)]
#: The marks that letters of Latin script have: the first, and past the last.
MARKS = (0x300, 0x370)


@functools.cache
def _joining() -> tuple[set[int], set[int]]:
    """Return the characters that may join the one before them, and those that NFC changes wherever they stand."""
    joining = set(_HANGUL_VOWELS_AND_FINALS)
    decomposed: list[tuple[int, str]] = []
    for code in itertools.chain(*_SCANNED):
        char = chr(code)
        if unicodedata.combining(char):
            joining.add(code)
        if unicodedata.decomposition(char) and not unicodedata.decomposition(char).startswith("<"):
            whole = unicodedata.normalize("NFD", char)
            decomposed.append((code, whole))
            if unicodedata.normalize("NFC", whole) == char:
                joining.update(ord(second) for second in whole[1:])
    joining.update(code for code, whole in decomposed if ord(whole[0]) in joining)
    return joining, {code for code, _ in decomposed if unicodedata.normalize("NFC", chr(code)) != chr(code)}


@functools.cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return a pattern for the runs of characters that NFC may change, and one for the pieces around and inside them.

    The pieces can be composed one by one: a character and what may join it. NFC of a text is the NFC of such pieces side
    by side, because every piece starts where the Unicode standard sees a boundary (UAX #15, section 9): at a character
    that is neither a mark nor the second half of a composition.
    """
    joining, alone = _joining()
    members = "".join(re.escape(chr(code)) for code in sorted(joining))
    # The first pattern is a single class, with all past the basic plane as one range: a text is searched with it many times
    # as fast as with the second.
    changing = (
        "".join(re.escape(chr(code)) for code in sorted(joining | alone) if code < 0x10000) + "\U00010000-\U0010ffff"
    )
    return re.compile(f"[{changing}]+"), re.compile(f"[^{members}]?[{members}]+|[^{members}]", re.DOTALL)


def _in_canonical_order(piece: str) -> str:
    """Return a long piece decomposed, its marks sorted as the standard wants them."""
    chars = [char for given in piece for char in unicodedata.normalize("NFD", given)]
    classes = [unicodedata.combining(char) for char in chars]
    # What is no mark (class 0) stays where it is, and marks do not pass it.
    groups = itertools.accumulate(not combining for combining in classes)
    return "".join(chars[at] for _, _, at in sorted(zip(groups, classes, range(len(chars)), strict=True)))


@functools.cache
def _others_join() -> npt.NDArray[np.bool_]:
    """Return for every character but ``MARKS`` whether it may join the one before it; all past the basic plane may."""
    found = np.zeros(0x10001, np.bool_)
    found[[code for code in _joining()[0] if code < 0x10000]] = found[-1] = True
    found[slice(*MARKS)] = False
    return found


def _letter_by_letter(text: str) -> tuple[str, OffsetMap] | None:
    """Return what ``compose`` does, where every character with its marks becomes one, as in decomposed Vietnamese; or None."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    starts = np.flatnonzero((codes < MARKS[0]) | (codes >= MARKS[1]))
    if not len(starts) or starts[0] or _others_join().take(codes, mode="clip").any():
        return None
    ends = np.append(starts[1:], len(text))
    if int((ends - starts).max()) > _LONGEST_RUN:
        return None
    composed = unicodedata.normalize("NFC", text)
    # None of them vanishes. So if there are as many as before, each has become one.
    return (composed, OffsetMap(_array(starts), _array(ends))) if len(composed) == len(starts) else None


def _array(found: npt.NDArray[np.int64]) -> array[int]:
    numbers = places()
    numbers.frombytes(found.astype(np.intc).tobytes())
    return numbers


def compose(text: str) -> tuple[str, OffsetMap | None]:
    r"""Return ``text`` in NFC and the map onto the text as given; no map when nothing had to change.

    The same as ``unicodedata.normalize("NFC", text)``, but in linear time whatever the text.

    >>> composed, offsets = compose("ho\u0300a")
    >>> composed, offsets.span(1, 2)
    ('hòa', (1, 3))
    """
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text, None
    return _letter_by_letter(text) or _piece_by_piece(text)


def _piece_by_piece(text: str) -> tuple[str, OffsetMap]:
    pieces: list[str] = []
    starts, ends = places(), places()
    at = 0
    changing, pieces_of = _patterns()
    for run in changing.finditer(text):
        first = max(at, run.start() - 1)  # the letter that the marks join
        pieces.append(text[at:first])
        starts.extend(range(at, first))
        ends.extend(range(at + 1, first + 1))
        composed: list[str] = []  # joined run by run: one by one, characters take twenty times as much memory
        for match in pieces_of.finditer(text, first, run.end()):
            start, end = match.span()
            piece = match[0] if end - start <= _LONGEST_RUN else _in_canonical_order(match[0])
            piece = unicodedata.normalize("NFC", piece)
            composed.append(piece)
            if len(piece) == 1:
                starts.append(start)
                ends.append(end)
            else:
                starts.extend((start,) * len(piece))
                ends.extend((end,) * len(piece))
        pieces.append("".join(composed))
        at = run.end()
    pieces.append(text[at:])
    starts.extend(range(at, len(text)))
    ends.extend(range(at + 1, len(text) + 1))
    return "".join(pieces), OffsetMap(starts, ends)
