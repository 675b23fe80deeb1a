"""Where a report matches, and the part of it worth showing.

Marks are the spans of matched syllables in the text as given; neighbours are joined into one mark. A snippet is the best
few windows of the whole text, not the first: a window is worth the sum of what it holds of the query, each place counted
once, with a bonus for places that stand together as they do in the query.
"""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from vnsearch.index.columnar.container import narrow
from vnsearch.search.marks import Occurrences

__all__ = ["Snippet", "joined", "make_snippets", "marked_html"]

ELLIPSIS = " … "
#: Characters of one fragment, about three lines.
FRAGMENT_CHARS = 180

_Escape = Callable[[str], str]

_JOINT = re.compile(r"[\s_]*")
_SENTENCE_END = re.compile(r"[.!?…;:]['\")\]”’»]*\s+|\n+")
_WORD_START = re.compile(r"(?<=\s)\S")


@dataclass(frozen=True, slots=True)
class Snippet:
    """Fragments of a report's body, with what matched in them.

    ``fragments`` and ``marks`` are (start, end) in code points of the body, end exclusive, ascending; every mark lies
    inside a fragment.
    """

    body: str
    fragments: tuple[tuple[int, int], ...]
    marks: tuple[tuple[int, int], ...]

    @property
    def text(self) -> str:
        """Return the fragments as plain text, an ellipsis where something was left out."""
        return self._render(_as_it_is, "", "")

    def html(self, open_mark: str = "<mark>", close_mark: str = "</mark>") -> str:
        """Return the fragments as HTML: text escaped, matches inside ``<mark>``."""
        return self._render(html.escape, open_mark, close_mark)

    def ansi(self, open_mark: str = "\x1b[1;33m", close_mark: str = "\x1b[0m") -> str:
        """Return the fragments for a terminal: matches bold and yellow, control characters of the text made visible."""
        return self._render(visible, open_mark, close_mark)

    def _render(self, escape: _Escape, open_mark: str, close_mark: str) -> str:
        pieces: list[str] = []
        for start, end in self.fragments:
            inside = [mark for mark in self.marks if start <= mark[0] and mark[1] <= end]
            piece = _marked(self.body, start, end, inside, escape, open_mark, close_mark)
            # Only the space is white and printable: as a rule there is nothing to squeeze.
            plain = piece.isprintable() and "  " not in piece
            pieces.append(piece.strip() if plain else " ".join(piece.split()))
        if not pieces:
            return ""
        head = "… " if self.fragments[0][0] > len(self.body) - len(self.body.lstrip()) else ""
        tail = " …" if self.fragments[-1][1] < len(self.body.rstrip()) else ""
        return head + ELLIPSIS.join(pieces) + tail


def visible(text: str) -> str:
    """Return the text with control and direction characters replaced, so that showing it cannot steer a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs") else "\ufffd" for char in text
    )


def _as_it_is(text: str) -> str:
    return text


def _marked(
    text: str, start: int, end: int, marks: Iterable[tuple[int, int]], escape: _Escape, open_mark: str, close_mark: str
) -> str:
    plain = text[start:end]
    if escape(plain) == plain:  # as most text is, and then in all its parts
        escape = _as_it_is
    pieces: list[str] = []
    at = start
    for first, last in marks:
        pieces += (escape(text[at:first]), open_mark, escape(text[first:last]), close_mark)
        at = last
    pieces.append(escape(text[at:end]))
    return "".join(pieces)


def marked_html(
    text: str, marks: Iterable[tuple[int, int]], open_mark: str = "<mark>", close_mark: str = "</mark>"
) -> str:
    """Return a whole text as HTML, escaped, with these spans marked."""
    return _marked(text, 0, len(text), marks, html.escape, open_mark, close_mark)


def joined(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans of a text, ascending, with neighbours joined."""
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found:
            before, last = found[-1]
            if start < last or text[last:start] == " " or _JOINT.fullmatch(text, last, start):
                found[-1] = before, max(end, last)
                continue
        found.append((start, end))
    return found


def make_snippets(bodies: Sequence[str], found: Occurrences, fragments: int = 2) -> list[Snippet]:
    """Return for each body its best ``fragments`` windows; its beginning, unmarked, where nothing matches."""
    chosen: list[list[tuple[int, int]]] = [[] for _ in bodies]
    # What lies between the fragments chosen so far is a run: no window goes across one.
    rest, runs = found, found.texts
    seen = np.zeros((len(bodies), int(found.places.max(initial=0)) + 1), np.bool_)
    for again in range(fragments):
        if not len(runs):
            break
        # The last fragment of each text; a text that has no more ends before it begins.
        lows, highs = np.zeros((2, len(bodies)), np.int64)
        for text, worth, first, last in _best_windows(rest, runs, seen if again else None):
            places = rest.places[first : last + 1]
            if worth <= 0 or (again and seen[text, places].all()):
                continue
            end = max(rest.ends[first : last + 1].tolist())
            fragment = _widen(bodies[text], int(rest.starts[first]), end, chosen[text])
            chosen[text].append(fragment)
            seen[text, places] = True
            lows[text], highs[text] = fragment
        if again + 1 < fragments:
            after = rest.starts >= highs[rest.texts]
            kept = (after | (rest.ends <= lows[rest.texts])) & (highs > 0)[rest.texts]
            rest, runs = rest.take(kept), (runs + after * (len(bodies) * (again + 1)))[kept]
    edges = found.texts.searchsorted(np.arange(len(bodies) + 1)).tolist()
    starts, ends = found.starts.tolist(), found.ends.tolist()
    snippets = []
    for body, windows, low, high in zip(bodies, chosen, edges, edges[1:], strict=False):
        if not windows and fragments and body:
            windows.append(_widen(body, 0, 0, []))
        windows.sort()
        marks: list[tuple[int, int]] = []
        for first, last in windows:
            here = range(bisect_left(starts, first, low, high), bisect_left(starts, last, low, high))
            marks += joined(body, [(starts[at], ends[at]) for at in here if ends[at] <= last])
        snippets.append(Snippet(body, tuple(windows), tuple(marks)))
    return snippets


def _best_windows(
    found: Occurrences, runs: npt.NDArray[np.int64], seen: npt.NDArray[np.bool_] | None
) -> Iterator[tuple[int, float, int, int]]:
    """Yield (text, worth, first, last) for each text that has anything: its best window, as occurrences.

    A window is worth the sum of what it holds, the second of a place counted a tenth, as is what was seen in another
    fragment; half as much again for neighbours that are neighbours in the query.
    """
    size = len(runs)
    numbers = np.arange(size)
    # Ends in runs of their own scale, ascending: one binary search finds where every window ends.
    scale = int(found.ends.max()) + FRAGMENT_CHARS + 1
    bases = np.concatenate(([0], (runs[1:] != runs[:-1]).cumsum())) * scale
    reach = np.maximum.accumulate(bases + found.ends)
    last = np.maximum(reach.searchsorted(bases + (found.starts + FRAGMENT_CHARS), "right") - 1, numbers)
    values = found.weights if seen is None else np.where(seen[found.texts, found.places], 0.1, 1.0) * found.weights
    total = _summed(values)
    # An occurrence counts whole in the windows that reach it and begin after the one of the same place before it.
    alike = narrow(found.places).argsort(kind="stable")  # in one pass over numbers of two bytes
    same = found.places[alike[1:]] == found.places[alike[:-1]]
    since = last.searchsorted(numbers)
    since[alike[1:][same]] = np.maximum(since[alike[1:][same]], alike[:-1][same] + 1)
    whole = np.bincount(since, values, size).cumsum() - total[:-1]
    worth = 0.1 * (total[last + 1] - total[:-1]) + 0.9 * whole
    near = (found.positions[1:] - found.positions[:-1] == 1) & (found.places[1:] - found.places[:-1] == 1)
    together = _summed(near * (0.5 * np.minimum(values[1:], values[:-1])))
    worth += together[last] - together
    worth = worth.round(9)  # equal windows stay equal: the first of them is shown

    edges = (found.texts[1:] != found.texts[:-1]).nonzero()[0] + 1
    for low, high in pairwise((0, *edges.tolist(), size)):
        first = low + int(worth[low:high].argmax())
        yield int(found.texts[low]), float(worth[first]), first, int(last[first])


def _summed(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the sums of the first none, one, two, … of the values."""
    sums = np.zeros(len(values) + 1)
    values.cumsum(out=sums[1:])
    return sums


def _widen(body: str, start: int, end: int, taken: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the window grown to ``FRAGMENT_CHARS``, from a sentence's start if one is near, cut between words."""
    low = max((last for _, last in taken if last <= start), default=0)
    high = min((first for first, _ in taken if first >= end), default=len(body))
    room = max(FRAGMENT_CHARS - (end - start), 40)
    left = max(low, start - room * 2 // 3)
    sentences = [found.end() for found in _SENTENCE_END.finditer(body, left, start)]
    if sentences:
        left = sentences[-1]
    elif left > low:
        word = _WORD_START.search(body, left, start)
        left = word.start() if word else start
    right = min(high, max(end, left + max(FRAGMENT_CHARS, end - left)))
    if right < high:
        while right > end and not body[right].isspace():
            right -= 1
    stop = _SENTENCE_END.search(body, max(end, left + (right - left) // 2), right)
    if stop is not None:
        right = stop.end()
    while left < start and body[left].isspace():
        left += 1
    while right > end and body[right - 1].isspace():
        right -= 1
    return left, right
