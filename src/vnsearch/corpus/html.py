"""HTML -> page, through trafilatura (extra ``html``); imported only when the first HTML file is read. No network.

trafilatura finds the main text and the metadata; its text then goes through the same rules as a page saved as text.
A date is taken from the metadata of the page, else from a date line that our rules know, else there is none: a date
guessed from anywhere in the page would too often be another report's.
"""

from __future__ import annotations

import datetime as dt
import html as entities
import re
import warnings
from typing import Any

from vnsearch.corpus.dates import find_dates
from vnsearch.corpus.folding import fold_key
from vnsearch.corpus.furniture import is_category, is_masthead
from vnsearch.corpus.page import Page, read_page
from vnsearch.errors import MissingExtraError, ReadError

__all__ = ["read_html", "strip_site"]

_SUFFIX = re.compile(r"\s+(?:[|–—-]|::|»)\s+")
_META_DATE = re.compile(
    r"""<meta\b(?=[^>]*\b(?:property|name|itemprop)\s*=\s*["']?(?:article:published_time|datepublished|date_published|pubdate|publishdate|publish_date|dc\.date(?:\.issued)?|dcterms\.(?:date|issued|created)|og:published_time|sailthru\.date)["'\s>])[^>]*\bcontent\s*=\s*["']([^"']{8,40})["']"""
    r"""|["']datePublished["']\s*:\s*["']([^"']{8,40})["']|<time\b(?=[^>]*\bitemprop\s*=\s*["']?datepublished)[^>]*\bdatetime\s*=\s*["']([^"']{8,40})["']""",
    re.IGNORECASE,
)
_H1 = re.compile(r"<h1\b[^>]*>(.*?)</h1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_FIGURE = re.compile(r"<(/?)(?:figcaption|figure)\b[^>]*>", re.IGNORECASE)
_UNSEEN = re.compile(r"<(script|style|head|noscript|template)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def strip_site(title: str) -> str:
    """Return a page's ``<title>`` without the names of section and site behind it.

    >>> strip_site("Khen thưởng 13 tập thể | Chính trị | Báo Hoa Mai")
    'Khen thưởng 13 tập thể'
    >>> strip_site("Hà Nội - Huế: hai đầu nỗi nhớ của một chuyến tàu")
    'Hà Nội - Huế: hai đầu nỗi nhớ của một chuyến tàu'
    """
    parts = _SUFFIX.split(title)
    cuts = _SUFFIX.findall(title)
    while len(parts) > 1:
        key = fold_key(parts[-1])
        kept = sum(len(part.split()) for part in parts[:-1])
        site = (
            is_masthead(key)
            or is_category(key)
            or "." in key.strip(".")
            or (cuts[-1].strip() == "|" and len(key.split()) <= 5)
        )
        if not site or kept < 2:
            break
        parts.pop()
        cuts.pop()
    text = parts[0]
    for cut, part in zip(cuts, parts[1:], strict=True):
        text += cut + part
    return text.strip()


def _meta_date(markup: str) -> dt.date | None:
    for match in _META_DATE.finditer(markup):
        dates = find_dates(fold_key(match[1] or match[2] or match[3]).replace("t", " ", 1))
        if dates:
            return dates[0][2]
    return None


def _heading(markup: str) -> str | None:
    found = [
        " ".join(entities.unescape(_TAG.sub(" ", inner)).split()) for inner in _H1.findall(_COMMENT.sub("", markup))
    ]
    found = [text for text in found if len(text.split()) >= 4 and not is_masthead(fold_key(text))]
    return found[0] if len(found) == 1 else None  # several: none of them is the headline for sure


def read_html(markup: str) -> Page:
    """Return what an HTML page tells.

    Raises:
        MissingExtraError: trafilatura is not installed.
        ReadError: the page holds no text.

    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its dependencies warn of their own future while they are imported
            import trafilatura  # noqa: PLC0415 - an extra, and slow to import
            from trafilatura.settings import use_config  # noqa: PLC0415
    except ImportError as error:
        # The cause is told too: trafilatura may be there and something that it needs not.
        raise MissingExtraError(f'reading HTML needs trafilatura: pip install "vnsearch[html]" ({error})') from error
    config = use_config()
    config.set("DEFAULT", "EXTRACTION_TIMEOUT", "0")  # its timer uses signals, which work in the main thread only
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found, whole = _extract(trafilatura, config, markup)
    except Exception as error:
        raise ReadError(f"it cannot be read as HTML: {type(error).__name__}: {error}") from error
    text = str(found.get("text") or "")
    if not whole.strip():
        whole = _bare(markup)
    if not text.strip() and not whole.strip():
        raise ReadError("it holds no text")
    heading = _heading(markup)
    title = heading or strip_site(str(found.get("title") or "")) or None
    # The whole page has the section, date and byline that extraction takes for boilerplate.
    around = read_page(whole, title=title) if whole.strip() else None
    page = read_page(text, title=title) if text.strip() else None
    main = page if page is not None and len(page.body) >= 60 else around or page
    assert main is not None
    other = around or main
    return Page(
        title=main.title,
        body=main.body,
        date=_meta_date(markup) or main.date or other.date or _found_date(found),
        author=main.author or other.author or _text(found, "author"),
        source=_text(found, "sitename") or main.source or other.source,
        category=_first(found.get("categories")) or main.category or other.category,
    )


def _bare(markup: str) -> str:
    """Return the text between the tags: for pages so small that extraction finds nothing worth its while."""
    seen = _UNSEEN.sub("\n", _COMMENT.sub("", markup))
    return entities.unescape(re.sub(r"\n\s*\n+", "\n\n", _TAG.sub("\n", seen))).strip()


def _extract(trafilatura: Any, config: Any, markup: str) -> tuple[dict[str, Any], str]:
    markup = _FIGURE.sub(r"<\1p>", markup)  # captions belong to the report; extraction would drop them
    document = trafilatura.bare_extraction(
        markup,
        with_metadata=True,
        include_comments=False,
        include_tables=True,
        config=config,
        date_extraction_params={"extensive_search": False, "original_date": True},
    )
    found = document if isinstance(document, dict) else document.as_dict() if document is not None else {}
    whole = trafilatura.html2txt(markup) or ""
    if not str(found.get("text") or "").strip():
        found["text"] = trafilatura.baseline(markup)[1]
    return found, whole


def _text(found: dict[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value.strip() or None if isinstance(value, str) else None


def _first(value: Any) -> str | None:
    return str(value[0]).strip() or None if isinstance(value, list) and value else None


def _found_date(found: dict[str, Any]) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(found.get("date"))[:10])
    except ValueError:
        return None
