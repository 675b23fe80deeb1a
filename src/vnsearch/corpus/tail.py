"""What stands behind the report: byline, date, captions of a gallery; and the owner that the foot of the site names."""

from __future__ import annotations

import re

from vnsearch.corpus.bylines import is_name, owner_in_imprint, read_credit
from vnsearch.corpus.extent import prose_chars
from vnsearch.corpus.furniture import Furniture, is_masthead, is_related_link
from vnsearch.corpus.headline import is_media
from vnsearch.corpus.lines import Line
from vnsearch.corpus.reading import Reading, names_site, site_name

__all__ = ["byline_near_end", "imprint_source", "read_tail"]

_GALLERY = re.compile(
    r"(?:mot so|mot vai|nhung|chum|cac)? ?(?:hinh )?anh(?: hoat dong)?(?: (?:tai|ve|trong|cua) .{3,80})?(?: khac)?:?|.{0,20}mot so hinh anh.{0,80}"
)
_SURE = 1.5  # a day with its hour above the headline, any day below it
_LIST_ITEM = re.compile(r"(?:[-+•*–·]|\d{1,2}[.)]|[a-zđ][.)])\s*\S")


def byline_near_end(page: Reading, kept: list[int]) -> None:
    """Take a byline out of ``kept`` when little running text stands behind it."""
    # A byline, and behind it a little running text that we did not know for furniture.
    assert page.last is not None
    if page.found.author is not None:
        return
    total = prose_chars(page.lines, 0, page.end)
    for at in range(len(kept) - 1, 0, -1):
        line = page.lines[kept[at]]
        if prose_chars(page.lines, kept[at], page.end) > 0.25 * total:
            return
        if not line.prose and is_name(line.text) and line.words >= 2 and page.lines[kept[at - 1]].prose:
            page.found.author = line.text
            del kept[at]
            return


def read_tail(page: Reading) -> list[int]:
    """Understand the lines behind the report; return the places of those that are of its body."""
    assert page.last is not None
    kept: list[int] = []
    over = False
    furnished = page.end < len(page.lines)
    for index in range(page.last + 1, page.end):
        line = page.lines[index]
        if page.gone[index]:
            over = over or _opens_furniture(line)
            continue
        if line.furniture is Furniture.WEAK and not page.plain:
            over = True
            continue
        if _dates_other(page, index):
            over = True
            kept = [i for i in kept if i != index - 1]
            continue
        if page.take_date(index, 1.2):
            over = True
            continue
        if _GALLERY.fullmatch(line.key) and line.words >= 3:
            over = False
            kept.append(index)
            continue
        heads_list = index + 1 < page.end and _LIST_ITEM.match(page.lines[index + 1].text) is not None
        credit = None if heads_list else read_credit(line.text, tail=True)
        if credit is not None and (credit.author or credit.source or credit.labelled):
            photo = credit.author is None and credit.source is None
            if photo and not is_name(line.text.partition(":")[2].strip(), single=True):
                kept.append(index)
                continue
            page.found.credit(credit.author, credit.source)
            over = over or not photo
            continue
        if not over and (page.plain or line.words >= 4 or not furnished or _LIST_ITEM.match(line.text)):
            kept.append(index)
    _labelled_behind_end(page)
    return kept


def _dates_other(page: Reading, index: int) -> bool:
    """Return whether a day behind the report is that of the other report whose title stands over it."""
    line, title = page.lines[index], page.lines[index - 1]
    if line.date is None or line.date.published or line.date.updated or page.date_credit(line) is None:
        return False
    if title.prose or title.furniture is not None or title.date is not None or title.words < 5:
        return False
    if is_media(page.lines[index - 2].key):
        return False  # a caption
    known = any(weight >= _SURE for weight, _ in page.found.dates)
    return known and read_credit(title.text, tail=True) is None


def _opens_furniture(line: Line) -> bool:
    """Return whether behind a dropped line more furniture is to be expected; a picture or one link may stand anywhere."""
    if line.furniture is None or not any(c.isalnum() for c in line.key):
        return False
    return not (is_media(line.key) or is_related_link(line.key))


def _labelled_behind_end(page: Reading) -> None:
    # Some sites print "Tác giả: …", "Nguồn: …" or the day behind the share bar and the key words.
    for index in range(page.end, min(page.end + 8, len(page.lines))):
        line = page.lines[index]
        if line.furniture is Furniture.LIST:
            return
        credit = read_credit(line.text)
        if credit is not None and credit.labelled:
            page.found.credit(credit.author, credit.source)
        if line.date is not None and (line.date.published or line.date.updated) and not line.date.rest:
            page.take_date(index, 0.0)


def imprint_source(page: Reading) -> str | None:
    """Return the owner that the foot of the site names."""
    for line in page.lines:
        if line.furniture is Furniture.IMPRINT:
            owner = owner_in_imprint(line.text)
            if owner is not None:
                return owner
    for line in page.lines[page.end :]:
        if line.furniture is None and is_masthead(line.key) and names_site(line.key) and line.words <= 14:
            return site_name(line.text)
    return None
