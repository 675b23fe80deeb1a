"""Which of the lines before the report is its headline, and which tell the section.

No single sign decides. A headline shares its words with the report, is neither very short nor very long, stands beside
the date, comes back lower down (as a caption, in the tail), and comes before the captions; a section's or a site's name
does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vnsearch.corpus.bylines import is_name, read_credit
from vnsearch.corpus.folding import fold_key
from vnsearch.corpus.furniture import Furniture, classify, is_category, is_masthead
from vnsearch.corpus.lines import Line

__all__ = ["breadcrumb", "choose_headline", "same_title", "title_key"]

_CRUMB_SPLIT = re.compile(r"\s*(?:[>»›❯→\\|]|/(?!\d)|::)+\s*")
_HOME = ("trang chu", "home", "trang nhat")
_PUNCTUATION = re.compile(r"[^\w ]+")
_PICTURE_NUMBER = re.compile(r" ?(?:anh|hinh|photo)? ?\d{1,3}")
_THRESHOLD = 0.6


def title_key(text: str) -> str:
    """Return what two spellings of a title have in common: folded, without punctuation."""
    return " ".join(_PUNCTUATION.sub(" ", fold_key(text)).split())


def same_title(line: str, title: str) -> bool:
    """Return whether ``line`` (a ``title_key``) only repeats ``title`` (another), a picture's number aside."""
    if not title or not line.startswith(title):
        return False
    return line == title or _PICTURE_NUMBER.fullmatch(line[len(title) :]) is not None


def breadcrumb(text: str, key: str) -> list[str] | None:
    """Return the steps of a breadcrumb line, home left out; None for another line.

    >>> breadcrumb("Trang chủ / Thời sự / Chính trị", "trang chu / thoi su / chinh tri")
    ['Thời sự', 'Chính trị']
    >>> breadcrumb("Khen thưởng 13/15 tập thể", "khen thuong 13/15 tap the") is None
    True
    """
    if "\n" in text or len(key) > 260:
        return None
    parts = [part.strip() for part in _CRUMB_SPLIT.split(text) if part.strip()]
    if text[0] in "/›»→" and len(key.split()) <= 6:
        return parts[:1]  # a breadcrumb with a step on each line
    home = key.startswith(_HOME)
    if len(parts) < 2:
        return [] if home and len(key.split()) > 2 and not key.endswith(".") else None
    short = all(len(part.split()) <= 7 for part in parts[:-1])
    if home and short:
        return parts[1:] if fold_key(parts[0]) in _HOME else []
    arrows = any(sign in text for sign in "»›❯→") or " > " in text
    if (arrows and short and len(parts[-1].split()) <= 7) or all(is_category(fold_key(part)) for part in parts):
        return parts
    return None


def _score(line: Line, place: int, vocabulary: frozenset[str], *, beside_date: float, repeated: bool) -> float:
    words = line.words
    score = -1.5 if words <= 3 else -0.3 if words == 4 else 0.6 if words <= 6 else 1.2 if words <= 40 else 0.3
    own = {word for word in title_key(line.text).split() if len(word) > 1}
    if own and vocabulary:
        score += 2.0 * len(own & vocabulary) / len(own)
    score += beside_date + (1.0 if repeated and words >= 4 else 0.0) - 0.2 * min(place, 6)
    if is_category(line.key):
        score -= 2.5
    if is_masthead(line.key):
        score -= 1.6
    if is_name(line.text) or ((credit := read_credit(line.text)) is not None and (credit.author or credit.source)):
        score -= 3.0
    if line.text.endswith((".", ",", ";")) and not line.text.endswith("..."):
        score -= 0.7
    if re.search(r"\banh ?:|\(anh\b", line.key):
        score -= 1.5
    return score


def choose_headline(lines: Sequence[Line], candidates: Sequence[int], vocabulary: frozenset[str]) -> int | None:
    """Return which of ``candidates`` (places in ``lines``) is the headline, or None."""
    if not candidates:
        return None
    counts: dict[str, int] = {}
    for line in lines:
        key = title_key(line.text)
        counts[key] = counts.get(key, 0) + 1
    best, best_score = None, float("-inf")
    for place, index in enumerate(candidates):
        line = lines[index]
        score = _score(
            line,
            place,
            vocabulary,
            beside_date=_beside_date(lines, index),
            repeated=counts[title_key(line.text)] > 1,
        )
        if score > best_score:
            best, best_score = index, score
    if best is not None and best_score >= _THRESHOLD:
        return best
    rest = [
        i for i in candidates if not (is_category(lines[i].key) or is_masthead(lines[i].key) or is_name(lines[i].text))
    ]
    return rest[0] if len(rest) == 1 and lines[rest[0]].words >= 2 else None


def _beside_date(lines: Sequence[Line], index: int) -> float:
    # What follows at once tells more than what stands before, which may be the clock of the site.
    for line in lines[index + 1 : index + 4]:
        if line.date is not None and len(line.date.rest) <= 2:
            return 1.2
        if line.furniture is None and read_credit(line.text) is None:
            break
    before = lines[index - 1] if index else None
    if before is not None and (before.date is not None or breadcrumb(before.text, before.key) is not None):
        return 0.6
    return 0.0


def is_media(key: str) -> bool:
    """Return whether a folded line is the name of a picture's or a sound's file."""
    return (
        classify(key) is Furniture.DROP
        and re.search(r"\.(?:jpe?g|png|gif|webp|bmp|svg|jfif|heic|avif|tiff?|mp4|mp3)\b", key) is not None
    )
