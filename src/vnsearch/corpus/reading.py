"""A page while it is being read: its lines, what is known of each, and what has been understood so far."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from vnsearch.corpus.bylines import is_name, read_credit
from vnsearch.corpus.extent import drop_furniture, find_end
from vnsearch.corpus.folding import fold_key
from vnsearch.corpus.furniture import Furniture, classify, is_category, is_masthead
from vnsearch.corpus.lines import Line, first_sentence
from vnsearch.corpus.places import is_place

__all__ = ["BELOW_HEADLINE", "Found", "Reading", "names_site", "site_name"]

BELOW_HEADLINE = 2.0  # what a date weighs between headline and report; elsewhere it weighs less
_DASH = re.compile(r"\s[-–—]\s")


@dataclass(slots=True)
class Found:
    """What has been understood so far; the first word on each stays, the date by its weight."""

    author: str | None = None
    source: str | None = None
    category: str | None = None
    dates: list[tuple[float, dt.date]] = field(default_factory=list)

    def credit(self, author: str | None, source: str | None) -> None:
        """Take an author and a source where there is none yet."""
        self.author = self.author or author
        self.source = self.source or source

    @property
    def date(self) -> dt.date | None:
        """The date of most weight."""
        return max(self.dates, key=lambda item: item[0])[1] if self.dates else None


def _parts(rest: tuple[str, ...]) -> list[str]:
    """Return what stands beside a date, taken apart at dashes; two names that a dash joins stay together."""
    parts: list[str] = []
    for piece in rest:
        apart = _DASH.split(piece)
        keys = [fold_key(part) for part in apart]
        whole = is_name(piece) and not any(is_place(key) or is_category(key) for key in keys)
        parts += [piece] if whole else apart
    return parts


def site_name(text: str) -> str:
    """Return a masthead without what it adds about itself: "Báo Hoa Mai - Cơ quan của …"."""
    head, dash, rest = text.partition(" - ")
    return (
        head
        if dash
        and fold_key(rest).startswith(("co quan", "tieng noi", "dien dan", "kenh", "doc bao", "tin tuc", "dia chi"))
        else text
    )


def names_site(key: str) -> bool:
    """Return whether a folded line begins like the name of a site."""
    return re.match(r"(?:cong|trang|bao|tap chi)\b", key) is not None


class Reading:
    """The lines of a page and what its parts have told; ``head``, ``page`` and ``tail`` add to it."""

    def __init__(self, lines: list[Line], title: str | None) -> None:
        self.lines = lines
        self.found = Found()
        self.above: str | None = None  # a name above the headline: the byline when there is no other
        self.given = " ".join(title.split()) if title else None
        self._headlines_with_full_stop()
        self.end = find_end(lines)
        self.gone = drop_furniture(lines, self.end)  # lines that are not the report's
        zone = range(self.end)
        prose = [i for i in zone if lines[i].prose and not self.gone[i]]
        self.first = prose[0] if prose else None
        self.last = prose[-1] if prose else None
        # Somebody's own note has neither furniture nor a date line: nothing of it may go.
        self.plain = not any(
            line.furniture not in (None, Furniture.WEAK) or self.date_credit(line) is not None for line in lines
        )

    def _headlines_with_full_stop(self) -> None:
        for here, line in enumerate(self.lines):
            if not line.prose:
                continue
            following = self.lines[here + 1] if here + 1 < len(self.lines) else None
            headed = any(earlier.furniture is None and earlier.words >= 5 for earlier in self.lines[:here])
            if headed or line.words > 35:
                return
            if following is not None and self.date_credit(following) is not None:
                one = first_sentence(line.text)
                if len(one) + 2 >= len(" ".join(line.text.split())):
                    line.prose = False
            return

    def date_credit(self, line: Line) -> tuple[str | None, str | None, str | None] | None:
        """Return author, source and category beside a page's date; None when the line is no date line of a page."""
        date = line.date
        if date is None or line.prose or line.furniture in (Furniture.IMPRINT, Furniture.COMMENTS):
            return None
        author = source = category = None
        for part in _parts(date.rest):
            key = fold_key(part)
            if date.place or is_place(key) or classify(key) is not None:
                continue
            if is_category(key):
                category = part
                continue
            credit = read_credit(part, tail=True)
            if credit is None:
                if is_masthead(key):
                    source = source or part
                    continue
                if date.time is not None and (date.weekday or date.published or date.updated):
                    continue  # a day, an hour and a label: whatever else it says, it is no sentence of the report
                return None
            author, source = author or credit.author, source or credit.source
        return author, source, category

    def take_date(self, index: int, weight: float) -> bool:
        """Take the date of a line and what stands beside it; False when it is no date line of a page."""
        line = self.lines[index]
        beside = self.date_credit(line)
        if beside is None or line.date is None:
            return False
        author, source, category = beside
        self.found.credit(author, source)
        self.found.category = self.found.category or category
        date = line.date
        weight += (
            (3.0 if date.published else 0.0) + (0.5 if date.time is not None else 0.0) - (0.6 if date.updated else 0.0)
        )
        self.found.dates.append((weight, date.date))
        return True
