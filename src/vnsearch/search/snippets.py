"""Where a report matches, and the part of it worth showing.

Marks are the spans of matched syllables in the text as given; neighbours are joined into one mark. A snippet is the best
few windows of the whole text, not the first: a window is worth the sum of what it holds of the query, each place counted
once, with a bonus for places that stand together as they do in the query.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

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
        return self._render(lambda piece: piece, "", "")

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
            pieces.append(" ".join(piece.split()))
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


def _marked(
    text: str, start: int, end: int, marks: Iterable[tuple[int, int]], escape: _Escape, open_mark: str, close_mark: str
) -> str:
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
        if found and (start < found[-1][1] or _JOINT.fullmatch(text, found[-1][1], start)):
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def make_snippets(bodies: Sequence[str], found: Occurrences, fragments: int = 2) -> list[Snippet]:
    """Return for each body its best ``fragments`` windows; its beginning, unmarked, where nothing matches."""
    chosen: list[list[tuple[int, int]]] = [[] for _ in bodies]
    rest = found
    seen = np.zeros((len(bodies), int(found.places.max()) + 1 if len(found.places) else 1), np.bool_)
    # What lies between the fragments chosen so far is a run: no window goes across one.
    runs = rest.texts
    for again in range(fragments):
        if not len(rest.texts):
            break
        keep = np.ones(len(rest.texts), np.bool_)
        runs = runs.copy()
        for text, worth, first, last in _best_windows(rest, runs, seen):
            if worth <= 0 or (again and seen[text, rest.places[first : last + 1]].all()):
                keep[rest.texts == text] = False  # this text is done
                continue
            window = int(rest.starts[first]), int(rest.ends[first : last + 1].max())
            fragment = _widen(bodies[text], *window, chosen[text])
            chosen[text].append(fragment)
            if again + 1 < fragments:
                seen[text, rest.places[first : last + 1]] = True
                low, high = np.searchsorted(rest.texts, (text, text + 1))
                starts, ends = rest.starts[low:high], rest.ends[low:high]
                keep[low:high] = (ends <= fragment[0]) | (starts >= fragment[1])
                runs[low:high] += (starts >= fragment[1]) * len(bodies) * (again + 1)
        if again + 1 < fragments:
            rest, runs = rest.take(keep), runs[keep]
    return [
        _snippet(body, sorted(windows) or ([_widen(body, 0, 0, [])] if fragments and body else []), found.of(text))
        for text, (body, windows) in enumerate(zip(bodies, chosen, strict=True))
    ]


def _snippet(body: str, chosen: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> Snippet:
    marks: list[tuple[int, int]] = []
    for first, last in chosen:
        marks += joined(body, [span for span in spans if first <= span[0] and span[1] <= last])
    return Snippet(body, tuple(chosen), tuple(marks))


def _best_windows(
    found: Occurrences, runs: npt.NDArray[np.int64], seen: npt.NDArray[np.bool_]
) -> Iterator[tuple[int, float, int, int]]:
    """Yield (text, worth, first, last) for each text that has anything: its best window, as occurrences.

    A window is worth the sum of what it holds, the second of a place counted a tenth, as is what was seen in another
    fragment; half as much again for neighbours that are neighbours in the query.
    """
    size = len(found.texts)
    numbers = np.arange(size)
    # Ends in runs of their own scale, ascending: one binary search finds where every window ends.
    scale = int(found.ends.max()) + FRAGMENT_CHARS + 1
    order = np.cumsum(np.concatenate(([0], runs[1:] != runs[:-1])))
    reach = np.maximum.accumulate(order * scale + found.ends)
    last = np.maximum(np.searchsorted(reach, order * scale + found.starts + FRAGMENT_CHARS, "right") - 1, numbers)
    values = np.where(seen[found.texts, found.places], 0.1, 1.0) * found.weights
    # The occurrence of the same place before it, if it is in the same run.
    alike = np.lexsort((numbers, found.places, order))
    again = (order[alike[1:]] == order[alike[:-1]]) & (found.places[alike[1:]] == found.places[alike[:-1]])
    before = np.full(size, -1)
    before[alike[1:][again]] = alike[:-1][again]

    sizes = last - numbers + 1
    firsts = np.cumsum(sizes) - sizes
    owners = np.repeat(numbers, sizes)
    members = np.arange(len(owners)) - np.repeat(firsts - numbers, sizes)
    worth = np.add.reduceat(values[members] * np.where(before[members] < owners, 1.0, 0.1), firsts)
    near = (np.diff(found.positions) == 1) & (np.diff(found.places) == 1) & (order[1:] == order[:-1])
    together = np.concatenate(([0.0], np.cumsum(np.where(near, 0.5 * np.minimum(values[1:], values[:-1]), 0.0))))
    worth += together[last] - together[numbers]
    worth = np.round(worth, 9)  # equal windows stay equal: the first of them is shown

    edges = np.flatnonzero(np.concatenate(([True], found.texts[1:] != found.texts[:-1], [True]))).tolist()
    for low, high in pairwise(edges):
        first = low + int(worth[low:high].argmax())
        yield int(found.texts[low]), float(worth[first]), first, int(last[first])


def _widen(body: str, start: int, end: int, taken: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the window grown to ``FRAGMENT_CHARS``, from a sentence's start if one is near, cut between words."""
    low = max((last for _, last in taken if last <= start), default=0)
    high = min((first for first, _ in taken if first >= end), default=len(body))
    room = max(FRAGMENT_CHARS - (end - start), 40)
    left = max(low, start - room * 2 // 3)
    sentence = max((found.end() for found in _SENTENCE_END.finditer(body, left, start)), default=None)
    if sentence is not None:
        left = sentence
    elif left > low:
        word = _WORD_START.search(body, left, start)
        left = word.start() if word else start
    right = min(high, max(end, left + max(FRAGMENT_CHARS, end - left)))
    if right < high:
        right = next((at for at in range(right, end, -1) if body[at].isspace()), end)
    stop = _SENTENCE_END.search(body, max(end, left + (right - left) // 2), right)
    if stop is not None:
        right = stop.end()
    while left < start and body[left].isspace():
        left += 1
    while right > end and body[right - 1].isspace():
        right -= 1
    return left, right
