"""What stands before the report: section, headline, byline, date."""

from __future__ import annotations

from collections.abc import Sequence

from vnsearch.corpus.bylines import is_name, read_credit
from vnsearch.corpus.furniture import Furniture, is_category, is_masthead
from vnsearch.corpus.headline import breadcrumb, is_media, same_title, title_key
from vnsearch.corpus.lines import Line
from vnsearch.corpus.places import is_place
from vnsearch.corpus.reading import BELOW_HEADLINE, Reading, names_site, site_name

__all__ = ["beside_furniture", "find_given", "head_candidates", "joined_headline", "read_head"]

_MENU = 4  # so many short lines in a row are a menu


def head_candidates(page: Reading, first: int) -> list[int]:
    """Return the places of lines that may be the headline."""
    return [
        i
        for i in range(first)
        if not page.gone[i]
        and page.lines[i].furniture is None
        and page.date_credit(page.lines[i]) is None
        and breadcrumb(page.lines[i].text, page.lines[i].key) is None
    ]


def find_given(page: Reading, first: int) -> int | None:
    """Return where the headline that is known already stands."""
    if page.given is None:
        return None
    key = title_key(page.given)
    return next((i for i in range(first) if title_key(page.lines[i].text) == key), None)


def joined_headline(page: Reading, place: int) -> str:
    """Return the headline at ``place``, with the line above or below that belongs to it."""
    line = page.lines[place]
    text = line.raw
    after = page.lines[place + 1] if place + 1 < len(page.lines) else None
    if after is not None and after.upper and line.upper and not after.after_blank and _goes_on(after):
        page.gone[place + 1] = 1  # a headline in capitals on two lines
        text += " " + after.raw
    before = page.lines[place - 1] if place else None
    if (
        before is not None
        and before.text.endswith(":")
        and _goes_on(before)
        and breadcrumb(before.text, before.key) is None
    ):
        text = before.raw + " " + text  # "Hội Phụ nữ phường:" over what it did
    return " ".join(text.split())


def _goes_on(line: Line) -> bool:
    return line.furniture is None and line.date is None and line.words >= 3 and not is_name(line.text)


def read_head(page: Reading, place: int | None, first: int) -> list[int]:
    """Understand the lines before the report; return the places of those that are of its body."""
    kept: list[int] = []
    shorts: list[int] = []
    above: str | None = None
    key = title_key(page.given) if page.given else title_key(page.lines[place].text) if place is not None else ""
    for index in range(first):
        line = page.lines[index]
        before = place is not None and index < place
        if index == place or page.gone[index] or (line.furniture is Furniture.WEAK and not page.plain):
            # "Tin tức khác" and the like name a section when they lead to a headline.
            if index != place and before and line.furniture is not Furniture.DROP and is_category(line.key):
                shorts.append(index)
            continue
        if page.take_date(index, 1.0 if before else BELOW_HEADLINE):
            continue
        crumbs = breadcrumb(line.text, line.key)
        if crumbs is not None:
            steps = [step for step in crumbs if not same_title(title_key(step), key) and len(step.split()) <= 7]
            if steps and (page.found.category is None or len(crumbs) == 1):  # one step a line: the last is nearest
                page.found.category = steps[-1]
            continue
        if before or place is None:
            signed = _signs_above(page, index)
            if signed is not None:
                above = signed
            elif is_masthead(line.key) and line.words >= 4 and not is_category(line.key):
                page.found.source = page.found.source or (site_name(line.text) if names_site(line.key) else None)
            elif line.words <= 7:
                shorts.append(index)
            if page.plain and not is_category(line.key):
                kept.append(index)
        elif not _head_line(page, line) and not (line.words <= 3 and not page.plain and beside_furniture(page, index)):
            kept.append(index)
    _section(page, shorts, first if place is None else place)
    page.above = above
    return kept


def _signs_above(page: Reading, index: int) -> str | None:
    """Return who signs above the headline: who says so, or a name beside the date and no city of a weather box."""
    line = page.lines[index]
    credit = read_credit(line.text)
    if credit is not None and credit.labelled and (credit.author or credit.source):
        page.found.credit(credit.author, credit.source)
        return credit.author
    near = page.lines[max(0, index - 1) : index] + page.lines[index + 1 : index + 2]
    if is_place(line.key) or is_category(line.key):
        return None
    if not any(other.date is not None and page.date_credit(other) is not None for other in near):
        return None
    return credit.author if credit is not None else None


def _head_line(page: Reading, line: Line) -> bool:
    """Take a line between headline and report if it is a byline or the section."""
    if line.text.endswith(("-", "–", "—")):
        return False  # a dateline that a line break cut off from its paragraph
    if is_category(line.key) and line.words <= 5:
        page.found.category = page.found.category or line.text
        return True
    credit = read_credit(line.text)
    if credit is None or (not credit.labelled and page.found.author and not credit.source):
        return credit is not None and credit.author == page.found.author
    page.found.credit(credit.author, credit.source)
    return True


def _section(page: Reading, shorts: Sequence[int], below: int) -> None:
    if page.found.category is not None or not shorts:
        return
    named = [i for i in shorts if is_category(page.lines[i].key)]
    # One or two lines lead to the report; more are the site's menu, and what the menu says is the section only
    # where it is said again.
    last = shorts[-1]
    again = bool(named) and sum(1 for line in page.lines if line.key == page.lines[named[-1]].key) > 1
    if named and (again or not _in_menu(page, named[-1], shorts, below)):
        page.found.category = page.lines[named[-1]].text
    elif len(shorts) <= 2 and not (is_name(page.lines[last].text) or page.plain or _in_menu(page, last, shorts, below)):
        page.found.category = page.lines[last].text


def _in_menu(page: Reading, index: int, shorts: Sequence[int], below: int) -> bool:
    """Return whether a short line stands in a row of them: section over section, or the menu of a site."""
    if index - 1 in shorts and index - 2 in shorts:
        return True

    def item(at: int) -> bool:
        line = page.lines[at]
        return line.furniture in (None, Furniture.WEAK) and line.date is None and line.words <= 7

    start = index
    # A gap ends the row, unless there is one after every line.
    while start and item(start - 1) and page.lines[start].after_blank == page.lines[index].after_blank:
        start -= 1
    end = index + 1
    while end < below and item(end) and page.lines[end].after_blank == page.lines[index].after_blank:
        end += 1
    return end - start >= _MENU


def beside_furniture(page: Reading, index: int) -> bool:
    """Return whether a line stands beside furniture that is no picture."""
    near = page.lines[max(0, index - 1) : index] + page.lines[index + 1 : index + 2]
    return any(line.furniture is not None and not is_media(line.key) for line in near)
