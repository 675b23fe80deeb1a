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

from vnsearch.analysis import Analysis

__all__ = ["Snippet", "make_snippet", "marked_html", "marks_of"]

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


def marks_of(text: str, analysis: Analysis, wanted: Sequence[dict[str, float]]) -> list[tuple[int, int]]:
    """Return the spans of a text that match, neighbours joined. ``wanted`` is one {term: weight} for each place."""
    return _join(text, [(match.start, match.end) for match in _matches(analysis, wanted)])


def _join(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and (start < joined[-1][1] or _JOINT.fullmatch(text, joined[-1][1], start)):
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


@dataclass(frozen=True, slots=True)
class _Match:
    position: int
    place: int
    weight: float
    start: int
    end: int


def _matches(analysis: Analysis, wanted: Sequence[dict[str, float]]) -> list[_Match]:
    """Return the matched tokens in order; a term wanted by several places goes to the one it is worth most to.

    A term with spaces is a phrase, matched where its syllables follow each other; one with a number sign is a value.
    """
    best: dict[str, tuple[float, int]] = {}
    for place, terms in enumerate(wanted):
        for term, weight in terms.items():
            if term not in best or weight > best[term][0]:
                best[term] = weight, place
    found = [
        _Match(position, best[term][1], best[term][0], analysis.starts[position], analysis.ends[position])
        for position, term in enumerate(analysis.syllables)
        if term in best
    ]
    others = [
        _Match(value.position, best[value.text][1], best[value.text][0], value.start, value.end)
        for value in analysis.values
        if value.text in best
    ]
    for phrase, (weight, place) in best.items():
        if " " in phrase:
            syllables = phrase.split(" ")
            for at in _occurrences(analysis.syllables, syllables):
                end = analysis.ends[at + len(syllables) - 1]
                others.append(_Match(at, place, weight, analysis.starts[at], end))
    return sorted([*found, *others], key=lambda match: (match.start, match.end)) if others else found


def _occurrences(syllables: Sequence[str], phrase: Sequence[str]) -> Iterator[int]:
    """Yield where a phrase starts in a run of syllables."""
    at = -1
    while True:
        try:
            at = syllables.index(phrase[0], at + 1)
        except ValueError:
            return
        if list(syllables[at : at + len(phrase)]) == list(phrase):
            yield at


def make_snippet(body: str, analysis: Analysis, wanted: Sequence[dict[str, float]], fragments: int = 2) -> Snippet:
    """Return the best ``fragments`` windows of a body; its beginning, unmarked, where nothing matches."""
    runs = [_matches(analysis, wanted)]  # what lies between the fragments chosen so far: no window goes across one
    chosen: list[tuple[int, int]] = []
    seen: set[int] = set()
    while len(chosen) < fragments and any(runs):
        worth, window = max(
            ((worth, run[first : last + 1]) for run in runs if run for worth, first, last in [_best_window(run, seen)]),
            key=lambda found: found[0],
        )
        if worth <= 0 or (chosen and not {match.place for match in window} - seen):
            break
        fragment = _widen(body, window[0].start, window[-1].end, chosen)
        chosen.append(fragment)
        seen.update(match.place for match in window)
        runs = [
            part
            for run in runs
            for part in (
                [match for match in run if match.end <= fragment[0]],
                [match for match in run if match.start >= fragment[1]],
            )
        ]
    if not chosen and fragments and body:
        chosen = [_widen(body, 0, 0, [])]
    chosen.sort()
    spans = [
        (match.start, match.end)
        for match in _matches(analysis, wanted)
        if any(start <= match.start and match.end <= end for start, end in chosen)
    ]
    marks = [
        (max(start, first), min(end, last))
        for first, last in chosen
        for start, end in _join(body, [span for span in spans if first <= span[0] and span[1] <= last])
    ]
    return Snippet(body, tuple(chosen), tuple(marks))


def _best_window(matches: list[_Match], seen: set[int]) -> tuple[float, int, int]:
    """Return the worth of the best window and its first and last match. Two pointers; places seen before count little."""
    best = (-1.0, 0, 0)
    last = -1
    counts: dict[int, int] = {}
    worth = 0.0

    def value(match: _Match) -> float:
        return match.weight * (0.1 if match.place in seen else 1.0)

    def together(at: int) -> float:
        before, after = matches[at], matches[at + 1]
        near = after.position == before.position + 1 and after.place == before.place + 1
        return 0.5 * min(value(before), value(after)) if near else 0.0

    for first, match in enumerate(matches):
        while last + 1 < len(matches) and matches[last + 1].end - match.start <= FRAGMENT_CHARS:
            last += 1
            place = matches[last].place
            counts[place] = counts.get(place, 0) + 1
            worth += value(matches[last]) * (1.0 if counts[place] == 1 else 0.1)
            if last > first:
                worth += together(last - 1)
        if last < first:  # one syllable longer than a fragment
            last = first
            counts[match.place] = counts.get(match.place, 0) + 1
            worth += value(match)
        if worth > best[0] + 1e-9:
            best = worth, first, last
        counts[match.place] -= 1
        worth -= value(match) * (1.0 if counts[match.place] == 0 else 0.1)
        if last > first:
            worth -= together(first)
    return best


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
