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
from dataclasses import dataclass
from itertools import pairwise, takewhile

from vnsearch.corpus.bylines import dateline_source, is_name
from vnsearch.corpus.furniture import Furniture, is_category
from vnsearch.corpus.head import find_given, head_candidates, joined_headline, read_head
from vnsearch.corpus.headline import choose_headline, is_media, same_title, title_key
from vnsearch.corpus.lines import Line, first_sentence, read_lines, shorten
from vnsearch.corpus.reading import BELOW_HEADLINE, Reading
from vnsearch.corpus.tail import byline_near_end, imprint_source, read_tail

__all__ = ["Page", "read_page"]

# The office stands beside the nation, where a document has them in two columns; a headline may end with the nation's name.
_OFFICIAL = re.compile(
    r"(?:.{2,100} \| )?cong hoa xa hoi chu nghia viet nam|(?:.{2,100} )?doc lap ?[-–] ?tu do ?[-–] ?hanh phuc"
)
_OFFICIAL_KIND = re.compile(
    r"(?:quyet dinh|nghi quyet|thong bao|ke hoach|bao cao|chi thi|to trinh|cong van|huong dan|giay moi|chuong trinh|quy che|quy dinh|ket luan|thong tu|nghi dinh|luat|bien ban|cong dien|thu moi|de an|phuong an)(?: .{0,60})?"
)
_SUBJECT = re.compile(r"v/v\b|ve viec\b")  # of a letter, which has no title
_BELOW_TITLE = re.compile(r"(?:[ivx]{1,5}|\d{1,2}|[a-z])[.)] |kinh gui\b")


@dataclass(frozen=True, slots=True)
class Page:
    """What was read from a page."""

    title: str
    body: str
    date: dt.date | None = None
    author: str | None = None
    source: str | None = None
    category: str | None = None


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


class _Reader(Reading):
    def read(self) -> Page:
        if self.first is None:
            return self._read_without_prose()
        if any(_OFFICIAL.fullmatch(line.key) for line in self.lines[: self.first]):
            return self._read_official()
        head = head_candidates(self, self.first)
        place = find_given(self, self.first)
        if place is None and self.given is None:
            place = choose_headline(self.lines, head, self._vocabulary())
            if self.plain and place is not None:  # without a site around it, what stands first is the headline
                place = next((i for i in head if not is_category(self.lines[i].key)), place)
        title = self.given or (joined_headline(self, place) if place is not None else None)
        kept = read_head(self, place, self.first)
        if title is None:
            opening = self.lines[self.first].raw
            dateline = dateline_source(opening)
            title = shorten(first_sentence(opening[dateline[1] :] if dateline else opening))
        kept += self._read_middle()
        kept += read_tail(self)
        return self._page(title, kept, place)

    def _page(self, title: str, kept: list[int], place: int | None = None) -> Page:
        keys = {title_key(title)} | ({title_key(self.lines[place].text)} if place is not None else set())
        body: list[str] = []
        if self.found.author is not None:
            keys.add(title_key(self.found.author))  # the byline again, below a picture
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
            found.source = imprint_source(self)
        return Page(title, "\n\n".join(body), found.date, found.author, found.source, found.category)

    def _vocabulary(self) -> frozenset[str]:
        words = (title_key(line.text).split() for line in self.lines[: self.end] if line.prose)
        return frozenset(word for found in words for word in found if len(word) > 1)

    def _read_middle(self) -> list[int]:
        assert self.first is not None
        assert self.last is not None
        kept: list[int] = []
        dated = any(weight >= BELOW_HEADLINE for weight, _ in self.found.dates)
        for index in range(self.first, self.last + 1):
            line = self.lines[index]
            if self.gone[index]:
                continue
            if line.furniture is Furniture.WEAK and self._beside_bar(index):
                continue
            if self.first < index <= self.first + 2 and line.date is not None and not dated:
                beside = self.date_credit(line)
                if beside is not None and (line.date.sure or any(beside)) and self.take_date(index, 1.9):
                    continue
            if self.first < index <= self.first + 1 and not line.prose and self.found.author is None:
                following = self.lines[index + 1]
                if is_name(line.text) and not is_category(line.key) and self.date_credit(following) is not None:
                    self.found.author = line.text
                    continue
            kept.append(index)
        byline_near_end(self, kept)
        return kept

    def _beside_bar(self, index: int) -> bool:
        near = self.lines[max(0, index - 1) : index] + self.lines[index + 1 : index + 2]
        return any(
            (line.furniture not in (None, Furniture.WEAK) and not is_media(line.key))
            or (line.date is not None and line.date.sure and self.date_credit(line) is not None)
            for line in near
        )

    def _read_without_prose(self) -> Page:
        content = [i for i in range(self.end) if not self.gone[i] and (self.plain or self.lines[i].furniture is None)]
        content = content or [i for i in range(len(self.lines)) if self.lines[i].furniture in (None, Furniture.WEAK)]
        if not content:
            return self._page(self.given or shorten(" ".join(self.lines[0].raw.split())), list(range(len(self.lines))))
        if self.plain:
            place: int | None = content[0]
        else:
            candidates = [i for i in head_candidates(self, self.end) if i in content]
            place = choose_headline(self.lines, candidates[:6], frozenset())
        place = find_given(self, len(self.lines)) if self.given else place
        head = self.lines[place if place is not None else content[0]].raw
        title = self.given or (first_sentence(head) if len(content) == 1 else " ".join(head.split()))
        if self.plain:
            kept = [i for i in content if i != place] or content
        else:
            start = place + 1 if place is not None else content[0]
            kept = read_head(self, place, start) if place is not None else []
            self.last = start - 1
            furnished, self.plain = self.plain, True
            kept += read_tail(self)
            self.plain = furnished
        return self._page(shorten(title), kept)

    def _read_official(self) -> Page:
        # A decision, a plan, a report of an office: its head belongs to its text.
        assert self.first is not None
        title, subject = self.given, None
        for index in range(self.first):
            line = self.lines[index]
            if line.date is not None and self.date_credit(line) is not None:
                self.take_date(index, 2.0 if line.date.place else 1.0)
            if title is None and line.upper and _OFFICIAL_KIND.fullmatch(line.key):
                parts = [line.raw]
                for before, after in pairwise(self.lines[index : self.first]):
                    other = after.furniture is not None or _BELOW_TITLE.match(after.key)
                    if other or (after.upper and not before.upper):  # who decides it
                        break
                    parts.append(after.raw)
                    if len(parts) == 4:
                        break
                title = " ".join(" ".join(parts).split())
            elif subject is None and _SUBJECT.match(line.key):
                rest = takewhile(lambda after: after.raw[:1].islower(), self.lines[index + 1 : self.first])
                subject = " ".join([line.raw.partition(" | ")[0], *(after.raw for after in rest)])
        title = title or subject
        kept = [i for i in range(self.end) if not self.gone[i]]
        if title is None:
            return self._page(shorten(first_sentence(self.lines[self.first].raw)), kept)
        page = self._page("", kept)
        return Page(title, page.body, page.date, page.author, page.source, page.category)
