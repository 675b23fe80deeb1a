"""Where a report matches, and the part of it worth showing.

Marks are the spans of matched syllables in the text as given; neighbours are joined into one mark. A snippet is the best
few windows of the whole text, not the first: a window is worth the sum of what it holds of the query, each place counted
once, with a bonus for places that stand together as they do in the query.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vnsearch.search.marks import Occurrences
from vnsearch.text.visible import visible

__all__ = ["Snippet", "joined", "make_snippets", "marked_html", "valid_html"]

ELLIPSIS = " … "
#: Characters of one fragment, about three lines.
FRAGMENT_CHARS = 180

_Escape = Callable[[str], str]

_JOINT = re.compile(r"[\s_]*")
# One set to begin with, not one of two patterns: a text is then gone over ten times as fast.
_SENTENCE_END = re.compile(r"[.!?…;:\n](?:(?<=\n)|['\")\]”’»]*\s)\s*")
_WORD_START = re.compile(r"(?<=\s)\S")
# Control characters but HTML's white space, and lone surrogates.
_NOT_HTML = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


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
        """Return the fragments as plain text, nothing escaped, an ellipsis where something was left out."""
        return self._render(_as_it_is, _as_it_is, "", "")

    def html(self, open_mark: str = "<mark>", close_mark: str = "</mark>") -> str:
        """Return the fragments as HTML: text escaped, quotation marks too, matches inside ``<mark>``.

        U+FFFD stands for what HTML cannot hold: control characters, lone surrogates. Characters of direction are text
        and stay; they turn nothing outside the element that the snippet is put into if that is a block or a ``<bdi>``.
        """
        return self._render(_html_escape(), valid_html, open_mark, close_mark)

    def ansi(self, open_mark: str = "\x1b[1;33m", close_mark: str = "\x1b[0m") -> str:
        """Return the fragments in one line for a terminal: matches bold and yellow.

        U+FFFD stands for characters of the text that would steer the terminal: control, direction, lone surrogates.
        """
        return self._render(visible, _as_it_is, open_mark, close_mark)

    def _render(self, escape: _Escape, validate: _Escape, open_mark: str, close_mark: str) -> str:
        pieces: list[str] = []
        for start, end in self.fragments:
            inside = [mark for mark in self.marks if start <= mark[0] and mark[1] <= end]
            piece = _marked(self.body, start, end, inside, escape, open_mark, close_mark)
            # Only the space is white and printable: as a rule there is nothing more to squeeze than the ends of lines.
            line = piece.replace("\n", " ")
            plain = line.isprintable() and "  " not in line
            pieces.append(line.strip() if plain else validate(" ".join(line.split())))
        if not pieces:
            return ""
        head = "… " if self.fragments[0][0] > len(self.body) - len(self.body.lstrip()) else ""
        tail = " …" if self.fragments[-1][1] < len(self.body.rstrip()) else ""
        return head + ELLIPSIS.join(pieces) + tail


def _as_it_is(text: str) -> str:
    return text


def _html_escape() -> _Escape:
    import html  # noqa: PLC0415 - whoever shows no HTML does not wait for its table of entities

    return html.escape


def valid_html(text: str) -> str:
    """Return a text, or HTML, with U+FFFD for what HTML cannot hold: control characters, lone surrogates."""
    return _NOT_HTML.sub("\ufffd", text)


def _marked(
    text: str, start: int, end: int, marks: Iterable[tuple[int, int]], escape: _Escape, open_mark: str, close_mark: str
) -> str:
    pieces: list[str] = []
    at = start
    for first, last in marks:
        pieces += (text[at:first], open_mark, text[first:last], close_mark)
        at = last
    pieces.append(text[at:end])
    plain = text[start:end]
    if escape(plain) != plain:  # as hardly any text is
        pieces[::2] = map(escape, pieces[::2])
    return "".join(pieces)


def marked_html(
    text: str, marks: Iterable[tuple[int, int]], open_mark: str = "<mark>", close_mark: str = "</mark>"
) -> str:
    """Return a whole text as ``Snippet.html`` would, white space as it is, with these spans marked."""
    marked = _marked(text, 0, len(text), marks, _html_escape(), open_mark, close_mark)
    return marked if marked.isprintable() else valid_html(marked)


def joined(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans of a text, ascending, with neighbours joined."""
    found: list[tuple[int, int]] = []
    first = last = -1
    for start, end in spans:
        if last < 0:
            first, last = start, end
        elif start < last or text[last:start] == " " or _JOINT.fullmatch(text, last, start):
            last = max(last, end)
        else:
            found.append((first, last))
            first, last = start, end
    if last >= 0:
        found.append((first, last))
    return found


def make_snippets(bodies: Sequence[str], found: Occurrences, fragments: int = 2) -> list[Snippet]:
    """Return for each body its best ``fragments`` windows; its beginning, unmarked, where nothing matches."""
    chosen: list[list[tuple[int, int]]] = [[] for _ in bodies]
    starts, ends = found.starts.tolist(), found.ends.tolist()
    if len(starts) and fragments:
        _choose(bodies, found, (starts, ends), min(fragments, len(starts)), chosen)
    edges = found.texts.searchsorted(np.arange(len(bodies) + 1)).tolist()
    snippets = []
    for body, windows, low, high in zip(bodies, chosen, edges, edges[1:], strict=False):
        if not windows and fragments and body:
            windows.append(_widen(body, 0, 0, []))
        windows.sort()
        marks: list[tuple[int, int]] = []
        for first, last in windows:
            at, past = bisect_left(starts, first, low, high), bisect_left(starts, last, low, high)
            inside = zip(starts[at:past], ends[at:past], strict=True)
            marks += joined(body, [mark for mark in inside if mark[1] <= last])
        snippets.append(Snippet(body, tuple(windows), tuple(marks)))
    return snippets


def _choose(
    bodies: Sequence[str],
    found: Occurrences,
    spans: tuple[list[int], list[int]],
    fragments: int,
    chosen: list[list[tuple[int, int]]],
) -> None:
    """Choose so many fragments of each body, the best first. ``spans`` are the starts and ends of what was found."""
    # What lies between the fragments chosen so far is a run: no window goes across one. Their numbers ascend.
    rest, runs = found, found.texts * fragments
    seen = np.zeros((len(bodies), int(found.places.max()) + 1), np.bool_) if fragments > 1 else None
    starts, ends = spans
    for left in range(fragments - 1, -1, -1):
        again = left < fragments - 1
        # The last fragment of each text; a text that has no more ends before it begins.
        lows, highs = [0] * len(bodies), [0] * len(bodies)
        for text, worth, first, last in _best_windows(rest, runs, seen if again else None):
            if worth <= 0:
                continue
            if seen is not None:
                places = rest.places[first : last + 1]
                if again and seen[text, places].all():
                    continue
                seen[text, places] = True
            fragment = _widen(bodies[text], starts[first], max(ends[first : last + 1]), chosen[text])
            chosen[text].append(fragment)
            lows[text], highs[text] = fragment
        if not left:
            break
        past = np.array(highs)[rest.texts]
        after = rest.starts >= past
        kept = (after | (rest.ends <= np.array(lows)[rest.texts])) & (past > 0)
        rest, runs = rest.take(kept), (runs + after)[kept]
        if not len(runs):
            break
        starts, ends = rest.starts.tolist(), rest.ends.tolist()


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
    bases = runs * (int(found.ends.max()) + FRAGMENT_CHARS + 1)
    reach = np.maximum.accumulate(bases + found.ends)
    last = np.maximum(reach.searchsorted(bases + (found.starts + FRAGMENT_CHARS), "right") - 1, numbers)
    values = found.weights if seen is None else np.where(seen[found.texts, found.places], 0.1, 1.0) * found.weights
    # An occurrence counts whole in the windows that reach it and begin after the one of the same place before it.
    since = last.searchsorted(numbers)
    alike = found.places.argsort(kind="stable")
    places, before, behind = found.places[alike], alike[:-1], alike[1:]
    since[behind] = np.maximum(since[behind], np.where(places[1:] == places[:-1], before + 1, 0))
    # Every window's worth from the one before: what of it counts whole there comes, and goes with its first.
    whole = np.bincount(since, values, size) - values
    # A tenth of what it holds behind its first, and what neighbours bring.
    tenths = 0.1 * values
    near = (found.positions[1:] - found.positions[:-1] == 1) & (found.places[1:] - found.places[:-1] == 1)
    tenths[1:] += near * (0.5 * np.minimum(values[1:], values[:-1]))
    sums = tenths.cumsum()
    worth = (0.9 * whole).cumsum() - sums + sums[last] + values
    worth = worth.round(9)  # equal windows stay equal: the first of them is shown

    edges = np.concatenate([[0], (found.texts[1:] != found.texts[:-1]).nonzero()[0] + 1])
    highest = np.maximum.reduceat(worth, edges)
    reached = (worth == highest.repeat(np.diff(edges, append=size))).nonzero()[0]
    firsts = reached[reached.searchsorted(edges)]
    yield from zip(found.texts[firsts].tolist(), highest.tolist(), firsts.tolist(), last[firsts].tolist(), strict=True)


def _widen(body: str, start: int, end: int, taken: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return the window grown to ``FRAGMENT_CHARS``, from a sentence's start if one is near, cut between words."""
    low, high = 0, len(body)
    for first, last in taken:
        if last <= start:
            low = max(low, last)
        if first >= end:
            high = min(high, first)
    room = max(FRAGMENT_CHARS - (end - start), 40)
    left = max(low, start - room * 2 // 3)
    sentences = [found.end() for found in _SENTENCE_END.finditer(body, left, start)]
    if sentences:
        left = sentences[-1]
    elif left > low:
        word = _WORD_START.search(body, left, start)
        left = word.start() if word else start
    right = min(high, max(end, left + FRAGMENT_CHARS))
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
