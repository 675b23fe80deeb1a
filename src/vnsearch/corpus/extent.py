"""Where a report ends on its page, and which lines before that are none of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vnsearch.corpus.bylines import dateline_source, is_name, read_credit
from vnsearch.corpus.furniture import Furniture, is_related_link
from vnsearch.corpus.headline import title_key
from vnsearch.corpus.lines import Line, has_two_sentences

__all__ = ["drop_furniture", "find_end", "prose_chars"]

_OPENS_END = (Furniture.COMMENTS, Furniture.IMPRINT, Furniture.LIST)
# How many paragraphs in a row behind such a line prove that the report was not over.
_RUN_DISPROVES = {Furniture.COMMENTS: 4, Furniture.IMPRINT: 2, Furniture.LIST: 2}
_MAX_DATED = 2  # boxes with a day in the middle of one report
_MIN_BEFORE = 0.35  # running text before the end, as a share of that behind it
_SENTENCE_END = re.compile(r"(?<!\.)\.[\"”’»)\s]*$|[!?][\"”’»)]+\.?$|[,;]$")
_PHOTO_CREDIT = re.compile(r"\banh ?:|\(anh\b|\bnguon anh\b")


def _is_sentence(text: str) -> bool:
    return _SENTENCE_END.search(text) is not None or has_two_sentences(text)


def _ends_sentence(line: Line) -> bool:
    # Too short for running text by itself, but no headline ends so.
    return line.furniture is None and line.words >= 4 and _is_sentence(line.text)


def _run_after(lines: Sequence[Line], index: int) -> int:
    best = run = 0
    for line in lines[index + 1 :]:
        if line.prose:
            run += 1
            best = max(best, run)
        elif line.furniture is not Furniture.DROP and not _ends_sentence(line):
            run = 0
    return best


def prose_chars(lines: Sequence[Line], start: int, end: int) -> int:
    """Return how many characters of running text stand in ``lines[start:end]``."""
    return sum(len(line.text) for line in lines[start:end] if line.prose)


def find_end(lines: Sequence[Line]) -> int:
    """Return the place of the line that ends the report: ``len(lines)`` when none does."""
    count = len(lines)
    total = prose_chars(lines, 0, count)
    before = content = 0
    for index, line in enumerate(lines):
        if line.prose:
            before += len(line.text)
        if line.furniture is None and line.words >= 4:
            content += 1
        if line.furniture not in _OPENS_END:
            continue
        after = total - before
        if total == 0:
            believed = content > 0
        else:
            believed = before > 0 and (
                after == 0
                or (before >= _MIN_BEFORE * after and _run_after(lines, index) < _RUN_DISPROVES[line.furniture])
            )
        if believed:
            return index
    return count


def drop_furniture(lines: Sequence[Line], end: int) -> bytearray:
    """Return for each line whether it goes wherever it stands: furniture, and lists of other reports in the middle."""
    gone = bytearray(len(lines))
    for index, line in enumerate(lines[:end]):
        if line.furniture in (Furniture.INLINE, Furniture.LIST):
            _drop_list(lines, end, gone, index)
        elif line.furniture not in (None, Furniture.WEAK):
            gone[index] = 1
    _drop_boxes(lines, end, gone)
    return gone


def _is_title(line: Line) -> bool:
    if line.prose or line.furniture is not None or line.date is not None or line.words < 4:
        return False
    return not (_is_sentence(line.text) or _PHOTO_CREDIT.search(line.key) or read_credit(line.text, tail=True))


def _drop_boxes(lines: Sequence[Line], end: int, gone: bytearray) -> None:
    """Drop single other reports that stand without a heading over them: a title with its own dateline, day or link."""
    prose = [i for i in range(end) if lines[i].prose]
    if not prose:
        return
    opening = dateline_source(lines[prose[0]].text)
    links = [title_key(line.text) for line in lines if line.furniture is not None and is_related_link(line.key)]
    # The day and hour of another report, with its title above or below in one block. Many of them are a chronicle.
    dated = [
        i
        for i in range(prose[0] + 1, prose[-1])
        if (date := lines[i].date) is not None and date.time is not None and sum(map(_words, date.rest)) <= 4
    ]
    dated = dated if len(dated) <= _MAX_DATED else []
    for index in range(prose[0] + 1, end):
        line = lines[index]
        after = lines[index + 1] if index + 1 < end else None
        if gone[index] or line.prose:
            continue
        if line.date is not None:
            if index not in dated or index <= prose[0] + 2:
                continue
            above = not line.after_blank and _is_title(lines[index - 1])
            below = after is not None and not after.after_blank and _is_title(after)
            if above or below:
                gone[index] = gone[index + 1 if below else index - 1] = 1
            continue
        if not _is_title(line):
            continue
        if after is not None and after.prose and opening is not None:
            again = dateline_source(after.text)  # a report opens with its source once
            if again is not None and again[0] == opening[0]:
                gone[index] = gone[index + 1] = 1
                continue
        key = title_key(line.text)
        if any(link.endswith(key) for link in links):
            gone[index] = 1
            if after is not None and index + 1 == prose[-1] and not has_two_sentences(after.text):
                gone[index + 1] = 1  # its summary


def _words(text: str) -> int:
    return len(text.split())


def _drop_list(lines: Sequence[Line], end: int, gone: bytearray, index: int) -> None:
    """Drop the opening of a list of other reports at ``index`` and, past the head, its items."""
    gone[index] = 1
    if prose_chars(lines, 0, index) == 0:
        return  # the headline may be among what follows: the head sorts it out
    at = index + 1
    spaced = at < end and lines[at].after_blank
    while at < end and not lines[at].prose and lines[at].furniture not in (Furniture.COMMENTS, Furniture.IMPRINT):
        line = lines[at]
        if at > index + 1 and line.after_blank and not spaced:
            return  # the list stood in one block: what comes after the gap is the report's again
        credit = None if line.date is not None else read_credit(line.text, tail=True)
        signed = credit is not None and (
            is_name(line.text) or (credit.labelled and bool(credit.author or credit.source))
        )
        # A caption, a byline, a sentence: none of them is another report's headline.
        if signed or _PHOTO_CREDIT.search(line.key) or _is_sentence(line.text):
            return
        gone[at] = 1
        at += 1
    if at >= end:
        return
    # Items may bring a summary each: title, sentence, title, sentence, and no two sentences in a row, nor two titles.
    alone = _run_after(lines, at - 1) < 2
    titled = at - 1 > index and lines[at - 1].furniture is None and lines[at - 1].date is None
    again = at + 2 < end and not lines[at + 1].prose and not _ends_sentence(lines[at + 1]) and lines[at + 2].prose
    titles = sum(1 for line in lines[index + 1 : at] if line.furniture is None and line.date is None)
    if titled and titles == 1 and alone and (again or lines[at].text.endswith(("...", "…", "[...]"))):
        for later in range(index, end):
            gone[later] = 1
