"""The JSON API: one route for each call of the library, under its names."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from vnsearch.contract import AnyIndex
from vnsearch.web.answers import AddStatsAnswer, Record, ReportAnswer, SearchAnswer, StatsAnswer
from vnsearch.web.description import problems
from vnsearch.web.parameters import AddParameters, SearchParameters, SuggestParameters
from vnsearch.web.problems import JsonResponse, problem
from vnsearch.web.site import answer, base_path, site_of

__all__ = ["BODY_BYTES_MAX", "reading", "writing"]

#: Bytes of a request that brings reports.
BODY_BYTES_MAX = 32 << 20

_NOT_MODIFIED: dict[int | str, Any] = {304: {"description": "Nothing was committed since (`If-None-Match`)."}}


async def _authorized(request: Request) -> None:
    if not site_of(request).admits(request.headers.get("authorization", "")):
        raise HTTPException(401, "send the header Authorization: Bearer and the token", {"WWW-Authenticate": "Bearer"})


reading = APIRouter(prefix="/api", responses={**_NOT_MODIFIED, **problems(400, 414, 503)})
writing = APIRouter(
    prefix="/api",
    dependencies=[Depends(HTTPBearer(auto_error=False, description="The token of the site.")), Depends(_authorized)],
    responses=problems(400, 401, 503),
)


async def _answer(request: Request, make: Callable[[AnyIndex], Any]) -> Response:
    """Answer with what is made of the index, or that the client has it already."""

    def made(index: AnyIndex) -> Response:
        content = make(index)
        if isinstance(content, Response):
            return content
        # Where time ran out, there may be more the next time.
        cut = isinstance(content, dict) and not content.get("complete", True)
        return JsonResponse(content, headers={"Cache-Control": "no-store"} if cut else None)

    return await answer(request, made)


@reading.get("/search", response_model=SearchAnswer)
async def search(request: Request, asked: Annotated[SearchParameters, Query()]) -> Response:
    """Find reports, the best first."""
    base = base_path(request)
    path = f"{base}/api/search"

    def make(index: AnyIndex) -> dict[str, Any]:
        results = index.search(asked.query, **asked.options(site_of(request).timeout_s))
        found = {"query": asked.query, **results.to_dict()}
        for hit in found["hits"]:
            # Not in the path: on the way, dots and slashes of an id would be tidied up.
            hit["document"] = f"{base}/api/documents?{urlencode({'id': hit['id']})}"
        previous, following = asked.neighbours(path, results)
        found["links"] = {"self": asked.url(path), "next": following, "previous": previous}
        return found

    return await _answer(request, make)


@reading.get("/suggest", response_model=list[str])
async def suggest(request: Request, asked: Annotated[SuggestParameters, Query()]) -> Response:
    """Complete what is being typed, with marks."""
    return await _answer(request, lambda index: index.suggest(asked.prefix, asked.limit))


_Id = Annotated[str, Query(description="The id, whatever is in it.")]
_PathId = Annotated[str, Path(description="The id; one with dots, `//` or line feeds goes as `?id=`.")]


def _none(identity: str) -> Response:
    return problem(404, f"there is no report {identity!r}")


@reading.get("/documents", response_model=ReportAnswer, responses=problems(404))
async def document(request: Request, id: _Id) -> Response:
    """Return the whole report with this id."""

    def make(index: AnyIndex) -> Any:
        report = index.get(id)
        return _none(id) if report is None else report.to_dict()

    return await _answer(request, make)


@reading.get("/documents/{id:path}", response_model=ReportAnswer, responses=problems(404))
async def document_in_path(request: Request, id: _PathId) -> Response:
    """Return the whole report with this id."""
    return await document(request, id)


@reading.get("/stats", response_model=StatsAnswer)
async def stats(request: Request) -> Response:
    """Return the size of the index."""

    def make(index: AnyIndex) -> dict[str, Any]:
        stats: Any = index.stats()
        # Where the index is, in a folder or on a cluster, is nobody's but the server's.
        return {name: value for name, value in asdict(stats).items() if name in StatsAnswer.model_fields}

    return await _answer(request, make)


async def _body(request: Request) -> bytes:
    """Return the body of a request, which is JSON and not too large."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "send reports as application/json")
    told = request.headers.get("content-length", "")
    body = bytearray()
    if not (told.isdecimal() and int(told) > BODY_BYTES_MAX):
        async for part in request.stream():
            body += part
            if len(body) > BODY_BYTES_MAX:
                break
        else:
            return bytes(body)
    raise HTTPException(413, f"more than {BODY_BYTES_MAX:,} bytes; send the reports in several requests")


def _not_json(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


_RECORD = Record.model_json_schema()


@writing.post(
    "/documents",
    response_model=AddStatsAnswer,
    responses=problems(413, 415),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": f"A report, or many; {BODY_BYTES_MAX:,} bytes at most.",
            "content": {"application/json": {"schema": {"anyOf": [_RECORD, {"type": "array", "items": _RECORD}]}}},
        }
    },
)
async def add(request: Request, asked: Annotated[AddParameters, Query()]) -> Response:
    """Add reports, or replace those with the same id, in one commit."""
    body = await _body(request)

    def change(index: AnyIndex) -> Response:
        try:
            records = json.loads(body, parse_constant=_not_json)
        except (ValueError, RecursionError) as error:
            return problem(400, f"the body is no JSON that can be read: {error}")
        if isinstance(records, dict):
            records = [records]
        if not isinstance(records, list):
            return problem(400, "the body is a report, or an array of them")
        return JsonResponse(index.add(records, on_error=asked.on_error).to_dict())

    return await site_of(request).write(change)


@writing.delete("/documents", status_code=204, responses=problems(404))
async def delete(request: Request, id: _Id) -> Response:
    """Delete the report with this id."""
    deleted = await site_of(request).write(lambda index: index.delete([id]))
    return Response(status_code=204) if deleted else _none(id)


@writing.delete("/documents/{id:path}", status_code=204, responses=problems(404))
async def delete_in_path(request: Request, id: _PathId) -> Response:
    """Delete the report with this id."""
    return await delete(request, id)
