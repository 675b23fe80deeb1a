"""The pages for people: the search, a report, and errors. Plain HTML by templates; the script only adds suggestions.

Whatever a report or a query holds is text here: templates escape it, ``valid_html`` replaces what HTML cannot hold, elements
of their own (``<bdi>``, ``dir="auto"``) keep its direction from turning what stands around it, and no page may run or load
anything but our own files.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, request_response

from vnsearch.contract import AnyIndex
from vnsearch.index.schema import FACETS, labels
from vnsearch.report import Report
from vnsearch.search.results import Hit, SearchResults
from vnsearch.search.snippets import marked_html, valid_html
from vnsearch.web.messages import LANGUAGES, Language, negotiated
from vnsearch.web.parameters import PageParameters
from vnsearch.web.problems import ProblemResponse
from vnsearch.web.site import answer, base_path, site_of

__all__ = ["error_page", "routes"]

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
_STATIC_TYPES = {"style.css": "text/css", "search.js": "text/javascript", "icon.svg": "image/svg+xml"}
_STATIC = {name: (files(__package__) / "static" / name).read_bytes() for name in _STATIC_TYPES}
#: Changes with the files, so that they may be kept forever.
_VERSION = hashlib.sha256(b"".join(_STATIC.values())).hexdigest()[:8]

# Fields whose names are in the table of messages; others are called what they are.
_NAMED = (*FACETS, "date_from", "date_to")
# Values of a facet that are shown at once, and those behind "more".
_VALUES, _MORE_VALUES = 6, 40
_RELATED = 5
_PARAGRAPH = re.compile(r"\S[^\r\n]*")


def _finalized(value: object) -> object:
    return value if isinstance(value, Markup) else valid_html(str(value))


_templates = Environment(
    loader=PackageLoader("vnsearch.web"),
    autoescape=True,
    finalize=_finalized,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class _Value:
    """A value that one may filter by; as the URL has it: ``source=Báo A``."""

    pair: str
    name: str
    count: int
    checked: bool


@dataclass(frozen=True, slots=True)
class _Facet:
    """A field to filter by: the values shown at once, and those behind "more"."""

    name: str
    values: list[_Value]
    more: list[_Value]


@dataclass(frozen=True, slots=True)
class _Chip:
    """A filter that is on, and the link without it."""

    name: str
    value: str
    url: str


def _language(request: Request) -> Language:
    accepted = request.headers.get("accept-language", "")
    return negotiated(request.query_params.get("lang", ""), accepted, site_of(request).language)


def _render(
    request: Request, template: str, asked: PageParameters, *, path: str = "/", status: int = 200, **values: Any
) -> Response:
    base, say = base_path(request), _language(request)
    text = _templates.get_template(template).render(
        site=site_of(request),
        base=base,
        home=asked.only("lang").url(f"{base}/"),
        static=lambda name: f"{base}/static/{name}?v={_VERSION}",
        say=say,
        field_name=lambda name: say(name) if name in _NAMED else name,
        languages=[(code, name, asked.url(base + path, lang=code)) for code, name in LANGUAGES.items()],
        asked=asked,
        **values,
    )
    return Response(text.encode(), status, _HEADERS, "text/html")


def error_page(request: Request, refused: ProblemResponse) -> Response:
    """Return the page for a request that could not be served; what broke on our side is not told."""
    status = refused.status_code
    kind = 500 if status >= 500 else 404 if status == 404 else 400
    query_params = request.query_params
    asked = PageParameters.model_validate({name: query_params.get(name, "") for name in ("query", "lang")})
    page = _render(request, "error.html", asked, status=status, kind=kind, detail=refused.detail if kind == 400 else "")
    kept = {name: value for name, value in refused.headers.items() if name in ("cache-control", "retry-after", "allow")}
    page.headers.update({**kept, "Vary": "Accept-Language"})
    return page


async def _answer(request: Request, make: Callable[[AnyIndex], Response]) -> Response:
    return await answer(request, make, f"-{_language(request).code}-{_VERSION}", {"Vary": "Accept-Language"})


async def _search(request: Request) -> Response:
    asked = PageParameters.of(request.query_params)
    return await _answer(request, partial(_found if asked.query else _start, request, asked))


def _start(request: Request, asked: PageParameters, index: AnyIndex) -> Response:
    return _render(request, "start.html", asked, count=len(index))


def _found(request: Request, asked: PageParameters, index: AnyIndex) -> Response:
    site, path = site_of(request), f"{base_path(request)}/"
    options = asked.options(site.timeout_s)
    names = [name for name in site.facets if name in site.filterable]  # another index may have taken its place
    results = index.search(asked.query, **{**options, "facets": names})
    previous_url, next_url = asked.neighbours(path, results)
    filtered = options["filters"] or options["date_from"] or options["date_to"]
    unfiltered = {"filters": [], "date_from": "", "date_to": "", "offset": 0}
    restored = results.suggestion
    page = _render(
        request,
        "results.html",
        asked,
        results=results,
        report_url=lambda hit: asked.url(f"{path}report", id=hit.id),
        suggestion=restored,
        suggestion_url=restored and asked.url(path, query=restored, offset=0),
        facets=list(_facets(index, asked, options, results, names)),
        hidden=_hidden(asked, names),
        chips=_chips(asked, path, _language(request)),
        clear_url=asked.url(path, **unfiltered) if filtered else None,
        unfiltered_total=_total_without_filters(index, asked, options) if filtered and not results.total else 0,
        any_url=asked.url(path, match="any", offset=0),
        first_url=asked.url(path, offset=0),
        sorts=[(sort, asked.url(path, sort=sort, offset=0)) for sort in ("relevance", "-date", "date")],
        next_url=next_url,
        previous_url=previous_url,
        page=-(-asked.offset // asked.limit) + 1,
        pages=-(-results.total // asked.limit),
    )
    if not results.complete:
        page.headers["Cache-Control"] = "no-store"  # the next time there may be more
    return page


def _facets(
    index: AnyIndex, asked: PageParameters, options: dict[str, Any], results: SearchResults, names: Sequence[str]
) -> Iterator[_Facet]:
    """Yield the values that each field may be filtered by; of one that is filtered, also what others would bring."""
    filters: dict[str, list[str]] = options["filters"] or {}
    for name in names:
        counted, chosen = results.facets[name], filters.get(name, [])
        if chosen:
            others = {field: values for field, values in filters.items() if field != name}
            widened = {**options, "filters": others, "facets": (name,), "limit": 0, "offset": 0}
            counted = index.search(asked.query, **widened).facets[name]
        counts = dict.fromkeys(chosen, 0) | dict(counted)
        first = {*chosen, *islice(dict(counted), _VALUES)}
        shown = [value for value in counts if value in first]
        rest = islice((value for value in counts if value not in first), _MORE_VALUES)
        values, more = (
            [_Value(f"{name}={value}", value, counts[value], value in chosen) for value in some]
            for some in (shown, rest)
        )
        yield _Facet(name, values, more)


def _total_without_filters(index: AnyIndex, asked: PageParameters, options: dict[str, Any]) -> int:
    free = {**options, "filters": None, "date_from": None, "date_to": None, "limit": 0, "offset": 0}
    return index.search(asked.query, **free).total


def _hidden(asked: PageParameters, facets: Sequence[str]) -> list[tuple[str, str]]:
    """Return what a new search keeps though no control of the form shows it."""
    shown = {"query", "match", "date_from", "date_to", "offset", "id"}
    kept = asked.model_dump(exclude_defaults=True, exclude=shown)
    kept["filters"] = [pair for pair in asked.filters if pair.partition("=")[0] not in facets]
    return [(name, str(one)) for name, value in kept.items() for one in (value if isinstance(value, list) else [value])]


def _chips(asked: PageParameters, path: str, say: Language) -> list[_Chip]:
    chips = []
    for pair in dict.fromkeys(asked.filters):
        name, _, value = pair.partition("=")
        others = [other for other in asked.filters if other != pair]
        chips.append(_Chip(name, value, asked.url(path, filters=others, offset=0)))
    days = {"date_from": asked.date_from, "date_to": asked.date_to}
    return chips + [
        _Chip(name, say.date(dt.date.fromisoformat(day)), asked.url(path, offset=0, **{name: ""}))
        for name, day in days.items()
        if day
    ]


async def _report(request: Request) -> Response:
    asked = PageParameters.of(request.query_params)
    return await _answer(request, partial(_shown, request, asked))


def _shown(request: Request, asked: PageParameters, index: AnyIndex) -> Response:
    base, timeout_s = base_path(request), site_of(request).timeout_s
    options = asked.options(timeout_s)
    hit = None
    if asked.query:
        hit = index.hit(asked.id, asked.query, options["match"], options["fields"], options["timeout_s"])
    report = hit.report if hit else index.get(asked.id)
    if report is None:
        raise HTTPException(404)
    marks = hit.marks("body") if hit else []
    return _render(
        request,
        "report.html",
        asked,
        path="/report",
        report=report,
        title=_title(report, hit),
        paragraphs=_paragraphs(report.body, marks),
        hit=hit,
        matches=len(marks) + len(hit.marks("title")) if hit else 0,
        is_marked=bool(marks),
        labels=[(key, labels(report.extra.get(key))) for key in index.filterable if report.extra.get(key) is not None],
        link=report.url if _is_web(report.url) else None,
        back_url=asked.url(f"{base}/", id="") if asked.query else None,
        related=[other.report for other in index.more_like_this(asked.id, _RELATED)],
        related_url=lambda other: asked.only("lang").url(f"{base}/report", id=other.id),
    )


def _title(report: Report, hit: Hit | None) -> Markup | str:
    return Markup(hit.title_html()) if hit else report.title  # noqa: S704 - escaped by the library


def _paragraphs(text: str, marks: Sequence[tuple[int, int]]) -> list[Markup]:
    """Return each line of a text that has something, marked; the first mark of all has the id "match"."""
    starts, ends = [start for start, _ in marks], [end for _, end in marks]
    found, is_first = [], True
    for line in _PARAGRAPH.finditer(text):
        low, high = line.span()
        inside = marks[bisect_right(ends, low) : bisect_left(starts, high)]
        html = marked_html(line[0], [(max(start - low, 0), min(end, high) - low) for start, end in inside])
        if inside and is_first:
            html, is_first = html.replace("<mark>", '<mark id="match">', 1), False
        found.append(Markup(html))  # noqa: S704 - escaped by the library
    return found


def _is_web(url: str | None) -> bool:
    """Tell whether a report's address is one that a browser may follow; others may be scripts."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


async def _file(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _STATIC:
        raise HTTPException(404)
    headers = {**_HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
    return Response(_STATIC[name], 200, headers, _STATIC_TYPES[name])


def _route(path: str, endpoint: Callable[..., Any]) -> Route:
    return Route(path, GZipMiddleware(request_response(endpoint), minimum_size=1000, compresslevel=6), methods=["GET"])


routes = [_route("/", _search), _route("/report", _report), _route("/static/{name}", _file)]
