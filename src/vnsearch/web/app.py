"""The app: routes, errors and what all answers have in common."""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from vnsearch import __version__
from vnsearch.engine import Index
from vnsearch.errors import VnSearchError
from vnsearch.web import api, pages
from vnsearch.web.problems import JsonResponse, problem, status_of
from vnsearch.web.site import Site

__all__ = ["make_app"]


def make_app(index: Index, *, allow_origins: tuple[str, ...], **options: Any) -> FastAPI:
    """Return the app; see ``create_app``."""
    # The usual page of the API's documentation is left out: it loads its scripts from elsewhere.
    app = FastAPI(
        title=options["title"],
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.site = Site(index, **options)
    if allow_origins:
        app.add_middleware(CORSMiddleware, allow_origins=allow_origins, allow_methods=["*"], allow_headers=["*"])
    app.include_router(api.reading)
    if options["writable"]:
        app.include_router(api.writing)
    app.router.routes.extend(pages.routes)
    app.add_api_route("/healthz", _healthz, include_in_schema=False)
    app.add_exception_handler(VnSearchError, _own_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _failed)
    return app


async def _healthz(request: Request) -> Response:
    return JsonResponse({"status": "ok"})


def _refuse(request: Request, status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Tell what went wrong: people with a page, programs with problem details."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    tell = problem if path.startswith("/api/") else partial(pages.error_page, request)
    return tell(status, detail, headers)


async def _own_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, VnSearchError)
    status = status_of(error)
    return _refuse(request, status, str(error), {"Retry-After": "1"} if status == 503 else None)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    told = "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors())
    return _refuse(request, 400, told)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _refuse(request, error.status_code, str(error.detail), dict(error.headers or {}))


async def _failed(request: Request, error: Exception) -> Response:
    return _refuse(request, 500, "something broke; the log of the server says what")
