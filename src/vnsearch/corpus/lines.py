"""Text -> paragraphs, each with what can be said of it alone: folded form, length, prose or not, furniture or not.

A line is a paragraph, unless it goes on in the next one (text wrapped at a fixed width): then they stay together, their
line ends with them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from vnsearch.corpus.dates import DateLine, read_date_line
from vnsearch.corpus.folding import fold_key
from vnsearch.corpus.furniture import Furniture, classify

__all__ = ["Line", "first_sentence", "has_two_sentences", "is_prose", "read_lines", "shorten"]

_PROSE_WORDS = 12
_LONG_WORDS = 45
_CLOSERS = "\"'”’»)]*_| /"
_SENTENCE_BREAK = re.compile(
    r"(?<!\bTP)(?<!\bTp)(?<!\bTS)(?<!\bThS)(?<!\bGS)(?<!\bPGS)(?<!\bSt)(?<!\bBS)(?<!\bKS)(?<!\bLS)(?<!\bCN)(?<!\bMr)(?<!\bNo)"
    r"(?<!\b[A-ZĐ])(?<!\d)[.!?…]+[\"”’»)]*\s+(?=[\"“‘«(]?[^\W\da-z_])"
)
_COMPANY = (Furniture.COMMENTS, Furniture.IMPRINT, Furniture.WEAK)
_WRAP_MIN = 40  # a line shorter than this was not ended by a margin


@dataclass(slots=True)
class Line:
    """One paragraph of a page: ``raw`` as written, ``text`` composed, which is what the rules look at."""

    raw: str
    text: str
    key: str
    words: int
    prose: bool
    furniture: Furniture | None
    date: DateLine | None
    after_blank: bool

    @property
    def upper(self) -> bool:
        """Whether its letters are all capitals."""
        return self.text.isupper()


def is_prose(text: str, words: int) -> bool:
    """Return whether a paragraph is running text: it ends like a sentence, or is longer than any headline.

    >>> is_prose("Quận ủy Đống Đa khen thưởng 10 tập thể thực hiện tốt quy chế dân chủ ở cơ sở", 18)
    False
    """
    if words >= _LONG_WORDS:
        return True
    if words < _PROSE_WORDS:
        return False
    end = text.rstrip(_CLOSERS)[-1:]
    trailing = text.rstrip(_CLOSERS).endswith(("...", "…"))  # headlines trail off too, where a list cuts them
    if end in ".;" and not trailing:
        return True
    return words >= 20 and (trailing or end == ":" or has_two_sentences(text))


def has_two_sentences(text: str) -> bool:
    """Return whether a sentence ends inside a line and another begins: no headline does that.

    >>> has_two_sentences("Tàu đã rời ga. Hãy lên tàu!"), has_two_sentences("TP. Huế mở hội")
    (True, False)
    """
    return _SENTENCE_BREAK.search(text) is not None


def _continues(previous: str, line: str) -> bool:
    # Wrapped text: a line that fills its width without ending a sentence, and a next one that begins in the middle of one.
    if len(previous) < _WRAP_MIN or (not line[:1].islower() and not (previous[-1:] in ",(" and line[:1].isalnum())):
        return False
    date = read_date_line(line)
    if date is not None and not date.rest and date.time is not None and not line.endswith("."):
        return False  # "ngày 27/8/2022 09:14 SA" below a headline
    return (
        previous.rstrip(_CLOSERS)[-1:] not in ".!?…:;"
        and classify(fold_key(line)) is None
        and classify(fold_key(previous)) is None
    )


def read_lines(text: str) -> list[Line]:
    r"""Return the paragraphs of a page's text, empty lines left out.

    >>> [line.raw for line in read_lines("Tin tức\n\nHội nghị khen thưởng 10 tập thể của quận\nvà phường ")]
    ['Tin tức', 'Hội nghị khen thưởng 10 tập thể của quận\nvà phường']
    """
    groups: list[tuple[list[str], bool]] = []
    blank = True
    for raw in text.split("\n"):
        line = raw.strip(" \t\u00a0\u200b\u200e\u200f\ufeff\f\v\u3000\u2003\u2002\u2009\u202f\x1c\x1d\x1e\x1f\x85")
        if not line:
            blank = True
            continue
        if not blank and groups and _continues(groups[-1][0][-1], line):
            groups[-1][0].append(line)
        else:
            groups.append(([line], blank))
        blank = False
    lines = [_line("\n".join(parts), after_blank) for parts, after_blank in groups]
    for index, paragraph in enumerate(lines[:-1]):
        # A whole sentence that begins like furniture is furniture in its company only.
        if paragraph.furniture in _COMPANY and is_prose(paragraph.text, paragraph.words):
            near = lines[max(0, index - 1) : index] + lines[index + 1 : index + 2]
            if not any(other.furniture is not None for other in near):
                paragraph.furniture, paragraph.prose = None, True
    return lines


def _line(raw: str, after_blank: bool) -> Line:
    text = unicodedata.normalize("NFC", raw)
    key = fold_key(text)
    words = len(text.split())
    furniture = classify(key)
    prose = furniture is None and is_prose(text, words)
    date = None if prose or "\n" in text else read_date_line(text)
    if date is not None and (furniture is Furniture.WEAK or (furniture is Furniture.DROP and date.sure)):
        furniture = None  # "26/12/2023 - 13:44" is all figures, but it says something
    return Line(raw, text, key, words, prose, furniture, date, after_blank)


def first_sentence(text: str) -> str:
    """Return the first sentence of a paragraph, on one line, without its full stop.

    >>> first_sentence("Sáng 13/12, TP. Hà Nội tổng kết. Nhiều tập thể được khen.")
    'Sáng 13/12, TP. Hà Nội tổng kết'
    """
    one_line = " ".join(text.split())
    match = _SENTENCE_BREAK.search(one_line)
    sentence = one_line[: match.end()].rstrip() if match else one_line
    return sentence[:-1] if sentence.endswith(".") and not sentence.endswith("..") else sentence


def shorten(text: str, limit_chars: int = 120) -> str:
    """Return ``text`` cut at a word to at most ``limit_chars`` characters, the ``…`` that marks the cut included.

    Marks that stand apart from their letters do not count, so that the same text is cut at the same word however it is
    encoded.

    >>> shorten("Hội nghị ký kết chương trình", 16)
    'Hội nghị ký kết…'
    """
    starts = [place for place, char in enumerate(text) if not unicodedata.combining(char)]
    if len(starts) <= limit_chars:
        return text
    cut = text[: starts[limit_chars]]
    at = cut.rfind(" ")
    head = cut[: starts[limit_chars - 1]] if at <= 0 else cut[:at]
    return head.rstrip(' ,;:-–—(“"') + "…"
