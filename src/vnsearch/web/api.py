"""The JSON API: one route for each call of the library, under its names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from vnsearch.engine import Index
from vnsearch.web.parameters import LIMIT_MAX, SearchParameters
from vnsearch.web.problems import JsonResponse, Problem, problem
from vnsearch.web.site import answer, base_path, site_of

__all__ = ["reading", "writing"]

#: Bytes of a request that brings reports.
BODY_BYTES_MAX = 32 << 20

_PROBLEM = {"model": Problem, "content": {"application/problem+json": {}}}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return dict.fromkeys(statuses, _PROBLEM)


reading = APIRouter(prefix="/api", responses={304: {"description": "Nothing was committed since (``If-None-Match``)."}})
writing = APIRouter(prefix="/api")


class Links(BaseModel):
    """Pages of the same search."""

    self: str
    next: str | None
    previous: str | None


class SnippetAnswer(BaseModel):
    """``fragments`` and ``marks`` are (start, end) in code points of the body, end exclusive."""

    text: str
    html: str
    fragments: list[tuple[int, int]]
    marks: list[tuple[int, int]]


class HitAnswer(BaseModel):
    """One report found, without its body."""

    id: str
    score: float
    title: str
    date: str | None
    source: str | None
    author: str | None
    category: str | None
    url: str | None
    extra: dict[str, Any]
    title_html: str
    snippet: SnippetAnswer
    document: str = Field(description="Where the whole report is.")


class SearchAnswer(BaseModel):
    """A page of hits; see ``SearchResults``."""

    query: str
    total: int
    took_ms: float
    complete: bool
    suggestion: str | None
    facets: dict[str, list[tuple[str, int]]]
    hits: list[HitAnswer]
    links: Links


class ReportAnswer(BaseModel):
    """A report as it was added."""

    id: str
    title: str
    body: str
    date: str | None
    source: str | None
    author: str | None
    category: str | None
    url: str | None
    extra: dict[str, Any]


async def _answer(request: Request, make: Callable[[Index], Any]) -> Response:
    """Answer with what is made of the index, or that the client has it already."""

    def made(index: Index) -> Response:
        content = make(index)
        if isinstance(content, Response):
            return content
        # Where time ran out, there may be more the next time.
        cut = isinstance(content, dict) and not content.get("complete", True)
        return JsonResponse(content, headers={"Cache-Control": "no-store"} if cut else None)

    return await answer(request, made)


def _document_path(request: Request, identity: str) -> str:
    return f"{base_path(request)}/api/documents/{quote(identity, safe='/')}"


@reading.get("/search", response_model=SearchAnswer, responses=_problems(400))
async def search(request: Request, asked: Annotated[SearchParameters, Query()]) -> Response:
    """Find reports, the best first."""
    path = f"{base_path(request)}/api/search"

    def make(index: Index) -> dict[str, Any]:
        results = index.search(asked.query, **asked.options(site_of(request).timeout_s))
        found = {"query": asked.query, **results.to_dict()}
        for hit in found["hits"]:
            hit["document"] = _document_path(request, hit["id"])
        after, before = asked.next_offset(results.total), asked.previous_offset()
        found["links"] = {
            "self": asked.url(path),
            "next": None if after is None else asked.url(path, offset=after),
            "previous": None if before is None else asked.url(path, offset=before),
        }
        return found

    return await _answer(request, make)


@reading.get("/suggest", response_model=list[str], responses=_problems(400))
async def suggest(
    request: Request,
    prefix: Annotated[str, Query(description="What has been typed so far.")] = "",
    limit: Annotated[int, Query(ge=0, le=LIMIT_MAX, description="Completions, at most.")] = 8,
) -> Response:
    """Complete what is being typed, with marks."""
    return await _answer(request, lambda index: index.suggest(prefix, limit))


@reading.get("/documents/{id:path}", response_model=ReportAnswer, responses=_problems(400, 404))
async def document(request: Request, id: Annotated[str, Path(min_length=1)]) -> Response:
    """Return the whole report with this id."""

    def make(index: Index) -> Any:
        report = index.get(id)
        return problem(404, f"there is no report {id!r}") if report is None else report.to_dict()

    return await _answer(request, make)


@reading.get("/stats", responses=_problems(400))
async def stats(request: Request) -> Response:
    """Return the size of the index."""

    def make(index: Index) -> dict[str, Any]:
        found = asdict(index.stats())
        del found["path"]  # nobody's but the server's
        return found

    return await _answer(request, make)
