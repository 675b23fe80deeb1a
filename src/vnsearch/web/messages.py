"""What the pages say, in Vietnamese and in English, and how each writes numbers and dates."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

__all__ = ["LANGUAGES", "MESSAGES", "Language", "negotiated"]

#: The languages of the pages, each by its own name.
LANGUAGES = {"vi": "Tiếng Việt", "en": "English"}

#: Each message in both languages. Where "|" stands, what is before it is for one, what is behind it for more.
MESSAGES: dict[str, dict[str, str]] = {
    "add_marks": {"vi": "Có phải bạn muốn tìm:", "en": "Did you mean:"},
    "all_reports": {"vi": "Trong kho có {count} bài.", "en": "There is {count} report here.|There are {count} reports here."},
    "all_words": {"vi": "Bài phải có đủ các từ", "en": "Reports with every word"},
    "apply": {"vi": "Áp dụng", "en": "Apply"},
    "author": {"vi": "Tác giả", "en": "Author"},
    "back": {"vi": "Trở lại kết quả", "en": "Back to the results"},
    "beyond": {"vi": "Không còn kết quả ở trang này.", "en": "There are no results this far down."},
    "category": {"vi": "Chuyên mục", "en": "Section"},
    "clear_filters": {"vi": "Bỏ mọi bộ lọc", "en": "Remove all filters"},
    "close": {"vi": "Đóng bộ lọc", "en": "Close filters"},
    "date": {"vi": "Ngày", "en": "Date"},
    "date_from": {"vi": "Từ ngày", "en": "From"},
    "date_to": {"vi": "Đến ngày", "en": "To"},
    "error_400": {"vi": "Yêu cầu chưa hợp lệ", "en": "That request makes no sense"},
    "error_400_help": {
        "vi": "Địa chỉ của trang có chỗ không đọc được. Hãy sửa lại, hoặc tìm lại từ đầu bằng ô ở trên.",
        "en": "Something in the address of this page cannot be read. Mend it, or search anew with the box above.",
    },
    "error_404": {"vi": "Không tìm thấy trang này", "en": "There is no such page"},
    "error_404_help": {
        "vi": "Bài có thể đã bị gỡ, hoặc địa chỉ chưa đầy đủ. Hãy tìm bằng ô ở trên.",
        "en": "The report may have been removed, or the address is not whole. Try the search box above.",
    },
    "error_500": {"vi": "Có lỗi ở phía chúng tôi", "en": "Something broke on our side"},
    "error_500_help": {
        "vi": "Đó không phải lỗi của bạn. Hãy thử lại sau ít phút.",
        "en": "It is not your doing. Please try again in a few minutes.",
    },
    "example_all": {"vi": "có từ này, không có từ kia", "en": "with one word, without the other"},
    "example_date": {"vi": "trong một khoảng thời gian", "en": "within some days"},
    "example_phrase": {"vi": "đúng cụm từ ấy", "en": "these words in this order"},
    "example_unmarked": {"vi": "gõ không dấu cũng được", "en": "no marks needed"},
    "examples": {"vi": "Gõ thế nào cũng được", "en": "Type it any way you like"},
    "fewer_words": {"vi": "Dùng ít từ hơn, hoặc từ phổ biến hơn.", "en": "Use fewer words, or more common ones."},
    "filters": {"vi": "Bộ lọc", "en": "Filters"},
    "filters_to_blame": {
        "vi": "Bỏ bộ lọc thì có {count} bài.",
        "en": "Without the filters there is {count} report.|Without the filters there are {count} reports.",
    },
    "first_match": {"vi": "Tới chỗ khớp đầu tiên", "en": "Go to the first match"},
    "first_page": {"vi": "Về trang đầu", "en": "Go to the first page"},
    "home": {"vi": "Trang chủ", "en": "Start page"},
    "incomplete": {
        "vi": "Tìm kiếm mất quá nhiều thời gian nên đã dừng giữa chừng; kết quả có thể chưa đầy đủ.",
        "en": "This search took too long and was stopped: there may be more to find.",
    },
    "language": {"vi": "Ngôn ngữ", "en": "Language"},
    "like_this": {"vi": "Bài liên quan", "en": "Related reports"},
    "marked": {"vi": "{count} chỗ khớp với", "en": "{count} match for|{count} matches for"},
    "more": {"vi": "Thêm {count} mục", "en": "{count} more"},
    "next": {"vi": "Trang sau", "en": "Next page"},
    "no_title": {"vi": "(không có tiêu đề)", "en": "(no title)"},
    "not_every_word": {"vi": "Tìm cả bài chỉ có vài từ trong đó", "en": "Find reports with only some of the words"},
    "nothing": {"vi": "Không tìm thấy bài nào", "en": "Nothing was found"},
    "original": {"vi": "Đọc ở trang gốc", "en": "Read it where it was published"},
    "page_of": {"vi": "Trang {page} / {pages}", "en": "Page {page} of {pages}"},
    "pages": {"vi": "Các trang kết quả", "en": "Pages of results"},
    "previous": {"vi": "Trang trước", "en": "Previous page"},
    "query": {"vi": "Từ khóa", "en": "Search words"},
    "remove": {"vi": "Bỏ:", "en": "Remove:"},
    "results": {"vi": "Kết quả tìm kiếm", "en": "Search results"},
    "search": {"vi": "Tìm kiếm", "en": "Search"},
    "skip": {"vi": "Tới nội dung chính", "en": "Skip to the content"},
    "sort": {"vi": "Xếp theo", "en": "Sort by"},
    "sort_-date": {"vi": "Mới nhất", "en": "Newest"},
    "sort_date": {"vi": "Cũ nhất", "en": "Oldest"},
    "sort_relevance": {"vi": "Phù hợp nhất", "en": "Best match"},
    "source": {"vi": "Nguồn", "en": "Source"},
    "spelling": {"vi": "Xem lại chính tả; thiếu dấu thì không sao.", "en": "Check the spelling; missing marks do no harm."},
    "suggestions": {"vi": "{count} gợi ý", "en": "{count} suggestion|{count} suggestions"},
    "total": {"vi": "{count} bài", "en": "{count} report|{count} reports"},
    "took": {"vi": "{seconds} giây", "en": "{seconds} s"},
    "type_here": {"vi": "Gõ có dấu hoặc không dấu", "en": "With or without marks"},
    "unmatched": {"vi": "Không có trong bài này:", "en": "Not found in this report:"},
}  # fmt: skip

_MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True)
class Language:
    """One of the two languages: called with the name of a message, it says it.

    >>> Language("vi")("total", count=1234), Language("en")("total", count=1)
    ('1.234 bài', '1 report')
    """

    code: str

    def __call__(self, name: str, **values: object) -> str:
        """Return a message; whole numbers among the values as the language writes them."""
        one, _, many = MESSAGES[name][self.code].partition("|")
        told = {key: self.number(value) if isinstance(value, int) else value for key, value in values.items()}
        return (one if values.get("count") == 1 or not many else many).format_map(told)

    def template(self, name: str) -> str:
        """Return a message as it stands in the table, for whoever fills it in elsewhere."""
        return MESSAGES[name][self.code]

    def number(self, value: float, digits: int = 0) -> str:
        """Return a number with so many digits behind the decimal sign."""
        written = f"{value:,.{digits}f}"
        return written.translate(str.maketrans(",.", ".,")) if self.code == "vi" else written

    def date(self, value: dt.date) -> str:
        """Return a day, and the time of day of a datetime.

        >>> Language("vi").date(dt.date(2023, 5, 3)), Language("en").date(dt.datetime(2023, 5, 3, 8, 30))
        ('3/5/2023', '3 May 2023, 08:30')
        """
        month = f" {_MONTHS[value.month - 1]} " if self.code == "en" else f"/{value.month}/"
        clock = f", {value:%H:%M}" if isinstance(value, dt.datetime) else ""
        return f"{value.day}{month}{value.year}{clock}"


def negotiated(asked: str, accepted: str, otherwise: str) -> Language:
    """Return the language to answer in: the one asked for, else what an Accept-Language header likes best, else another.

    >>> negotiated("", "fr, en-GB;q=0.8, vi;q=0.7", "vi").code
    'en'
    """
    if asked in LANGUAGES:
        return Language(asked)
    best, most = otherwise, 0.0
    for part in accepted.split(","):
        tag, _, weight = part.partition(";")
        code = tag.strip()[:2].lower() if tag.strip()[2:3] in ("", "-") else ""
        try:
            liked = float(weight.partition("=")[2] or 1)
        except ValueError:
            continue
        if code in LANGUAGES and liked > most:
            best, most = code, liked
    return Language(best)
