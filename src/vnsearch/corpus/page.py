"""A page saved as text -> title, body, date, author, source, category.

What such pages have in common decides, not the name of a site:

1. paragraphs are told apart into running text, furniture and short lines (``lines``, ``furniture``);
2. the report ends at the first opening of a reader's corner, an imprint or a list of other reports that is *believed*:
   enough running text stands before it, and none goes on behind it (else it was a box in the middle);
3. its running text, from the first paragraph to the last, is the body, with the short lines between (sub-headings,
   captions); lists of other reports between paragraphs go;
4. what stands before is the head (section, headline, byline, date), what stands behind is the tail (byline, date).

A line goes only if the whole of it is furniture, repeats the headline, or was understood as something else. Paragraphs
of the body are separated by an empty line and stand as they were written.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from vnsearch.corpus.bylines import dateline_source, is_name, owner_in_imprint, read_credit
from vnsearch.corpus.extent import drop_furniture, find_end, prose_chars
from vnsearch.corpus.folding import fold_key
from vnsearch.corpus.furniture import Furniture, classify, is_category, is_masthead, is_related_link
from vnsearch.corpus.headline import breadcrumb, choose_headline, is_media, same_title, title_key
from vnsearch.corpus.lines import Line, first_sentence, read_lines, shorten

__all__ = ["Page", "read_page"]

_OFFICIAL = re.compile(r"cong hoa xa hoi chu nghia viet nam|doc lap ?[-–] ?tu do ?[-–] ?hanh phuc")
_OFFICIAL_KIND = re.compile(
    r"(?:quyet dinh|nghi quyet|thong bao|ke hoach|bao cao|chi thi|to trinh|cong van|huong dan|giay moi|chuong trinh|quy che|quy dinh|ket luan|thong tu|nghi dinh|luat|bien ban|cong dien|thu moi|de an|phuong an)(?: .{0,60})?"
)
_CITY = re.compile(
    r"ha noi|hai phong|da nang|can tho|thua thien hue|(?:tp\.? ?)?(?:ho chi minh|hcm)|sai gon|nha trang|da lat|quang ninh"
)
_GALLERY = re.compile(
    r"(?:mot so|mot vai|nhung|chum|cac)? ?(?:hinh )?anh(?: hoat dong)?(?: (?:tai|ve|trong|cua) .{3,80})?(?: khac)?:?|.{0,20}mot so hinh anh.{0,80}"
)
_LIST_ITEM = re.compile(r"(?:[-+•*–·]|\d{1,2}[.)]|[a-zđ][.)])\s*\S")


@dataclass(frozen=True, slots=True)
class Page:
    """What was read from a page."""

    title: str
    body: str
    date: dt.date | None = None
    author: str | None = None
    source: str | None = None
    category: str | None = None


@dataclass(slots=True)
class _Found:
    """What has been understood so far; the first word on each stays, the date by its weight."""

    author: str | None = None
    source: str | None = None
    category: str | None = None
    dates: list[tuple[float, dt.date]] = field(default_factory=list)

    def credit(self, author: str | None, source: str | None) -> None:
        self.author = self.author or author
        self.source = self.source or source

    @property
    def date(self) -> dt.date | None:
        return max(self.dates, key=lambda item: item[0])[1] if self.dates else None


def read_page(text: str, *, title: str | None = None) -> Page:
    """Return what a page saved as text tells; ``title`` is the headline when it is known already.

    >>> page = read_page('''Chính trị
    ...
    ... Phường Hoa Mai khen thưởng 12 tổ dân phố
    ... Ngày đăng 13/12/2019 | 17:44 | Lượt xem: 72
    ...
    ... Sáng 13/12, phường Hoa Mai tổ chức hội nghị tổng kết công tác dân vận của năm.
    ...
    ... Lan Chi
    ... Tin khác''')
    >>> page.title, page.date, page.author, page.category
    ('Phường Hoa Mai khen thưởng 12 tổ dân phố', datetime.date(2019, 12, 13), 'Lan Chi', 'Chính trị')
    >>> page.body
    'Sáng 13/12, phường Hoa Mai tổ chức hội nghị tổng kết công tác dân vận của năm.'
    """
    lines = read_lines(text)
    if not lines:
        return Page(title or "", "")
    return _Reader(lines, title).read()


def _site_name(text: str) -> str:
    # "Báo Hoa Mai - Cơ quan của …": the name, without what it adds about itself
    head, dash, rest = text.partition(" - ")
    return (
        head
        if dash
        and fold_key(rest).startswith(("co quan", "tieng noi", "dien dan", "kenh", "doc bao", "tin tuc", "dia chi"))
        else text
    )


class _Reader:
    def __init__(self, lines: list[Line], title: str | None) -> None:
        self.lines = lines
        self.found = _Found()
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
            line.furniture not in (None, Furniture.WEAK) or self._date_credit(line) is not None for line in lines
        )

    # -- the whole page

    def read(self) -> Page:
        if self.first is None:
            return self._read_without_prose()
        if any(_OFFICIAL.fullmatch(line.key) for line in self.lines[: self.first]):
            return self._read_official()
        head = self._head_candidates(self.first)
        place = self._find_given(self.first)
        if place is None and self.given is None:
            place = choose_headline(self.lines, head, self._vocabulary())
            if self.plain and place is not None:  # without a site around it, what stands first is the headline
                place = next((i for i in head if not is_category(self.lines[i].key)), place)
        title = self.given or (self._joined_headline(place) if place is not None else None)
        kept = self._read_head(place, self.first)
        if title is None:
            opening = self.lines[self.first].raw
            dateline = dateline_source(opening)
            title = shorten(first_sentence(opening[dateline[1] :] if dateline else opening))
        kept += self._read_middle()
        kept += self._read_tail()
        return self._page(title, kept, place)

    def _page(self, title: str, kept: list[int], place: int | None = None) -> Page:
        keys = {title_key(title)} | ({title_key(self.lines[place].text)} if place is not None else set())
        body: list[str] = []
        previous: Line | None = None
        for line in (self.lines[i] for i in kept):
            twice = previous is not None and previous.key == line.key and not line.prose  # a caption and its alt text
            previous = line
            if not twice and not any(same_title(title_key(line.text), key) for key in keys):
                body.append(line.raw)
        if not body:  # rules that leave nothing were wrong about this page
            body = [line.raw for line in self.lines if line.furniture is None and title_key(line.text) not in keys]
            body = body or [line.raw for line in self.lines]
        found = self.found
        found.author = found.author or self.above
        if found.source is None:
            for paragraph in body[:3]:
                dateline = dateline_source(unicodedata.normalize("NFC", paragraph) + " …")
                if dateline is not None:
                    found.source = dateline[0]
                    break
        if found.source is None:
            found.source = self._imprint_source()
        return Page(title, "\n\n".join(body), found.date, found.author, found.source, found.category)

    def _vocabulary(self) -> frozenset[str]:
        words = (title_key(line.text).split() for line in self.lines[: self.end] if line.prose)
        return frozenset(word for found in words for word in found if len(word) > 1)

    # -- the head

    def _headlines_with_full_stop(self) -> None:
        for here, line in enumerate(self.lines):
            if not line.prose:
                continue
            following = self.lines[here + 1] if here + 1 < len(self.lines) else None
            headed = any(earlier.furniture is None and earlier.words >= 5 for earlier in self.lines[:here])
            if headed or line.words > 35:
                return
            if following is not None and self._date_credit(following) is not None:
                one = first_sentence(line.text)
                if len(one) + 2 >= len(" ".join(line.text.split())):
                    line.prose = False
            return

    def _head_candidates(self, first: int) -> list[int]:
        return [
            i
            for i in range(first)
            if not self.gone[i]
            and self.lines[i].furniture is None
            and self._date_credit(self.lines[i]) is None
            and breadcrumb(self.lines[i].text, self.lines[i].key) is None
        ]

    def _find_given(self, first: int) -> int | None:
        if self.given is None:
            return None
        key = title_key(self.given)
        return next((i for i in range(first) if title_key(self.lines[i].text) == key), None)

    def _joined_headline(self, place: int) -> str:
        line = self.lines[place]
        text = line.raw
        after = self.lines[place + 1] if place + 1 < len(self.lines) else None
        if after is not None and after.upper and line.upper and not after.after_blank and self._goes_on(after):
            self.gone[place + 1] = 1  # a headline in capitals on two lines
            text += " " + after.raw
        before = self.lines[place - 1] if place else None
        if (
            before is not None
            and before.text.endswith(":")
            and self._goes_on(before)
            and breadcrumb(before.text, before.key) is None
        ):
            text = before.raw + " " + text  # "Hội Phụ nữ phường:" over what it did
        return " ".join(text.split())

    @staticmethod
    def _goes_on(line: Line) -> bool:
        return line.furniture is None and line.date is None and line.words >= 3 and not is_name(line.text)

    def _date_credit(self, line: Line) -> tuple[str | None, str | None, str | None] | None:
        """Return author, source and category beside a page's date; None when the line is no date line of a page."""
        date = line.date
        if date is None or line.prose or line.furniture in (Furniture.IMPRINT, Furniture.COMMENTS):
            return None
        author = source = category = None
        for part in date.rest:
            key = fold_key(part)
            if date.place or classify(key) is not None:
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

    def _take_date(self, index: int, weight: float) -> bool:
        line = self.lines[index]
        beside = self._date_credit(line)
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

    def _read_head(self, place: int | None, first: int) -> list[int]:
        kept: list[int] = []
        shorts: list[int] = []
        above: str | None = None
        key = title_key(self.given) if self.given else title_key(self.lines[place].text) if place is not None else ""
        for index in range(first):
            line = self.lines[index]
            before = place is not None and index < place
            if index == place or self.gone[index] or (line.furniture is Furniture.WEAK and not self.plain):
                # "Tin tức khác" and the like name a section when they lead to a headline.
                if index != place and before and line.furniture is not Furniture.DROP and is_category(line.key):
                    shorts.append(index)
                continue
            if self._take_date(index, 1.0 if before else 2.0):
                continue
            crumbs = breadcrumb(line.text, line.key)
            if crumbs is not None:
                steps = [step for step in crumbs if not same_title(title_key(step), key) and len(step.split()) <= 7]
                if steps and (self.found.category is None or len(crumbs) == 1):  # one step a line: the last is nearest
                    self.found.category = steps[-1]
                continue
            if before or place is None:
                signed = self._signs_above(index)
                if signed is not None:
                    above = signed
                elif is_masthead(line.key) and line.words >= 4 and not is_category(line.key):
                    self.found.source = self.found.source or (
                        _site_name(line.text) if self._names_site(line.key) else None
                    )
                elif line.words <= 7:
                    shorts.append(index)
                if self.plain and not is_category(line.key):
                    kept.append(index)
            elif not self._head_line(line) and not (
                line.words <= 3 and not self.plain and self._beside_furniture(index)
            ):
                kept.append(index)
        self._section(shorts)
        self.above = above
        return kept

    def _signs_above(self, index: int) -> str | None:
        """Return who signs above the headline: a name beside the date, and no city of a weather box."""
        line = self.lines[index]
        near = self.lines[max(0, index - 1) : index] + self.lines[index + 1 : index + 2]
        if _CITY.fullmatch(line.key) or is_category(line.key):
            return None
        if not any(other.date is not None and self._date_credit(other) is not None for other in near):
            return None
        credit = read_credit(line.text)
        return credit.author if credit is not None else None

    @staticmethod
    def _names_site(key: str) -> bool:
        return re.match(r"(?:cong|trang|bao|tap chi)\b", key) is not None

    def _head_line(self, line: Line) -> bool:
        """Take a line between headline and report if it is a byline or the section."""
        if line.text.endswith(("-", "–", "—")):
            return False  # a dateline that a line break cut off from its paragraph
        if is_category(line.key) and line.words <= 5:
            self.found.category = self.found.category or line.text
            return True
        credit = read_credit(line.text)
        if credit is None or (not credit.labelled and self.found.author and not credit.source):
            return credit is not None and credit.author == self.found.author
        self.found.credit(credit.author, credit.source)
        return True

    def _section(self, shorts: Sequence[int]) -> None:
        if self.found.category is not None or not shorts:
            return
        named = [i for i in shorts if is_category(self.lines[i].key)]
        # One or two lines lead to the report; more are the site's menu, and what the menu says is the section only
        # where it is said again.
        last = shorts[-1]
        again = bool(named) and sum(1 for line in self.lines if line.key == self.lines[named[-1]].key) > 1
        run = 1
        while named and named[-1] - run in shorts:
            run += 1
        if named and (run <= 2 or again):
            self.found.category = self.lines[named[-1]].text
        elif len(shorts) <= 2 and not is_name(self.lines[last].text) and not self.plain:
            self.found.category = self.lines[last].text

    # -- the report itself

    def _read_middle(self) -> list[int]:
        assert self.first is not None
        assert self.last is not None
        kept: list[int] = []
        for index in range(self.first, self.last + 1):
            line = self.lines[index]
            if self.gone[index]:
                continue
            if line.furniture is Furniture.WEAK and self._beside_bar(index):
                continue
            if self.first < index <= self.first + 2 and line.date is not None:
                beside = self._date_credit(line)
                if beside is not None and (line.date.sure or any(beside)) and self._take_date(index, 1.9):
                    continue
            if self.first < index <= self.first + 1 and not line.prose and self.found.author is None:
                following = self.lines[index + 1]
                if is_name(line.text) and not is_category(line.key) and self._date_credit(following) is not None:
                    self.found.author = line.text
                    continue
            kept.append(index)
        self._byline_near_end(kept)
        return kept

    def _beside_furniture(self, index: int) -> bool:
        near = self.lines[max(0, index - 1) : index] + self.lines[index + 1 : index + 2]
        return any(line.furniture is not None and not is_media(line.key) for line in near)

    def _beside_bar(self, index: int) -> bool:
        near = self.lines[max(0, index - 1) : index] + self.lines[index + 1 : index + 2]
        return any(line.furniture not in (None, Furniture.WEAK) and not is_media(line.key) for line in near)

    def _byline_near_end(self, kept: list[int]) -> None:
        # A byline, and behind it a little running text that we did not know for furniture.
        assert self.last is not None
        if self.found.author is not None:
            return
        total = prose_chars(self.lines, 0, self.end)
        for at in range(len(kept) - 1, 0, -1):
            line = self.lines[kept[at]]
            if prose_chars(self.lines, kept[at], self.end) > 0.25 * total:
                return
            if not line.prose and is_name(line.text) and line.words >= 2 and self.lines[kept[at - 1]].prose:
                self.found.author = line.text
                del kept[at]
                return

    # -- the tail

    def _read_tail(self) -> list[int]:
        assert self.last is not None
        kept: list[int] = []
        over = False
        furnished = self.end < len(self.lines)
        for index in range(self.last + 1, self.end):
            line = self.lines[index]
            if self.gone[index]:
                over = over or self._opens_furniture(line)
                continue
            if line.furniture is Furniture.WEAK and not self.plain:
                over = True
                continue
            if self._take_date(index, 1.2):
                over = True
                continue
            if _GALLERY.fullmatch(line.key) and line.words >= 3:
                over = False
                kept.append(index)
                continue
            heads_list = index + 1 < self.end and _LIST_ITEM.match(self.lines[index + 1].text) is not None
            credit = None if heads_list else read_credit(line.text, tail=True)
            if credit is not None and (credit.author or credit.source or credit.labelled):
                photo = credit.author is None and credit.source is None
                if photo and not is_name(line.text.partition(":")[2].strip(), single=True):
                    kept.append(index)
                    continue
                self.found.credit(credit.author, credit.source)
                over = over or not photo
                continue
            if not over and (self.plain or line.words >= 4 or not furnished or _LIST_ITEM.match(line.text)):
                kept.append(index)
        self._labelled_behind_end()
        return kept

    @staticmethod
    def _opens_furniture(line: Line) -> bool:
        """Return whether behind a dropped line more furniture is to be expected; a picture or one link may stand anywhere."""
        if line.furniture is None or not any(c.isalnum() for c in line.key):
            return False
        return not (is_media(line.key) or is_related_link(line.key))

    def _labelled_behind_end(self) -> None:
        # Some sites print "Tác giả: …", "Nguồn: …" or the day behind the share bar and the key words.
        for index in range(self.end, min(self.end + 8, len(self.lines))):
            line = self.lines[index]
            if line.furniture is Furniture.LIST:
                return
            credit = read_credit(line.text)
            if credit is not None and credit.labelled:
                self.found.credit(credit.author, credit.source)
            if line.date is not None and (line.date.published or line.date.updated) and not line.date.rest:
                self._take_date(index, 0.0)

    def _imprint_source(self) -> str | None:
        for line in self.lines:
            if line.furniture is Furniture.IMPRINT:
                owner = owner_in_imprint(line.text)
                if owner is not None:
                    return owner
        for line in self.lines[self.end :]:
            if line.furniture is None and is_masthead(line.key) and self._names_site(line.key) and line.words <= 14:
                return _site_name(line.text)
        return None

    # -- pages of other kinds

    def _read_without_prose(self) -> Page:
        content = [i for i in range(self.end) if not self.gone[i] and (self.plain or self.lines[i].furniture is None)]
        content = content or [i for i in range(len(self.lines)) if self.lines[i].furniture in (None, Furniture.WEAK)]
        if not content:
            return self._page(self.given or shorten(" ".join(self.lines[0].raw.split())), list(range(len(self.lines))))
        if self.plain:
            place: int | None = content[0]
        else:
            candidates = [i for i in self._head_candidates(self.end) if i in content]
            place = choose_headline(self.lines, candidates[:6], frozenset())
        place = self._find_given(len(self.lines)) if self.given else place
        head = self.lines[place if place is not None else content[0]].raw
        title = self.given or (first_sentence(head) if len(content) == 1 else " ".join(head.split()))
        if self.plain:
            kept = [i for i in content if i != place] or content
        else:
            start = place + 1 if place is not None else content[0]
            kept = self._read_head(place, start) if place is not None else []
            self.last = start - 1
            furnished, self.plain = self.plain, True
            kept += self._read_tail()
            self.plain = furnished
        return self._page(shorten(title), kept)

    def _read_official(self) -> Page:
        # A decision, a plan, a report of an office: its head belongs to its text.
        assert self.first is not None
        title = self.given
        for index in range(self.first):
            line = self.lines[index]
            if line.date is not None and self._date_credit(line) is not None:
                self._take_date(index, 2.0 if line.date.place else 1.0)
            if title is None and line.upper and _OFFICIAL_KIND.fullmatch(line.key):
                parts = [line.raw]
                for after in self.lines[index + 1 : self.first]:
                    if after.furniture is not None or (after.upper and not line.upper):
                        break
                    parts.append(after.raw)
                    if len(parts) == 4:
                        break
                title = " ".join(" ".join(parts).split())
        kept = [i for i in range(self.end) if not self.gone[i]]
        if title is None:
            return self._page(shorten(first_sentence(self.lines[self.first].raw)), kept)
        page = self._page("", kept)
        return Page(title, page.body, page.date, page.author, page.source, page.category)
