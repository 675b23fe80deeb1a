"""The app: routes, errors and what all answers have in common."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vnsearch import __version__
from vnsearch.contract import AnyIndex
from vnsearch.errors import VnSearchError
from vnsearch.web import api, pages
from vnsearch.web.description import describe
from vnsearch.web.problems import JsonResponse, ProblemResponse, error_problem, problem
from vnsearch.web.site import Site, base_path, site_of

__all__ = ["make_app"]


def make_app(index: AnyIndex, *, allow_origins: tuple[str, ...], **options: Any) -> FastAPI:
    """Return the app; see ``create_app``."""
    # The usual pages of the API's documentation are left out: they load their scripts from elsewhere.
    app = FastAPI(
        title=options["title"],
        version=__version__,
        description="Search of Vietnamese reports, typed with marks, without them or with half of them.",
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.site = Site(index, **options)
    app.add_middleware(_HeadIsGet)
    if allow_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=allow_origins,
            allow_methods=_METHODS,
            allow_headers=["Authorization", "Content-Type", "If-None-Match"],
            expose_headers=["ETag", "Retry-After"],
        )
    app.include_router(api.reading)
    if options["writable"]:
        app.include_router(api.writing)
    app.router.routes.extend(pages.routes)
    description = describe(app)

    async def openapi(request: Request) -> Response:
        return JsonResponse({**description, "servers": [{"url": base_path(request) or "/"}]})

    app.add_api_route("/api/openapi.json", openapi, include_in_schema=False)
    app.add_api_route("/healthz", _healthz, include_in_schema=False)
    app.add_exception_handler(VnSearchError, _own_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _bug)
    return app


_METHODS = ("GET", "HEAD", "POST", "DELETE")


class _HeadIsGet:
    """Answers HEAD as GET without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        if scope["type"] == "http" and scope["method"] == "HEAD":
            await self._app({**scope, "method": "GET"}, receive, send_head)
        else:
            await self._app(scope, receive, send)


async def _healthz(request: Request) -> Response:
    site = site_of(request)
    # Not in the queue of the searches: who asks wants to know whether the app is alive, not whether it is busy.
    commit = await anyio.to_thread.run_sync(lambda: site.refreshed().commit_id)
    return JsonResponse({"status": "ok", "commit": commit}, headers={"Cache-Control": "no-store"})


def _tell(request: Request, refused: ProblemResponse) -> Response:
    """Tell what went wrong: programs with problem details, people with a page."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return refused if path.startswith(("/api/", "/healthz")) else pages.error_page(request, refused)


async def _own_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, VnSearchError)
    return _tell(request, error_problem(error))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    told = [(".".join(map(str, one["loc"][1:])), one["msg"].removeprefix("Value error, ")) for one in error.errors()]
    return _tell(request, problem(400, "; ".join(f"{name}: {why}" for name, why in told)))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(method for method in _METHODS if _is_known(request, method))
    return _tell(request, problem(error.status_code, str(error.detail), headers))


async def _gone(request: Request, error: Exception) -> Response:
    return problem(400, "the request ended too early")  # nobody reads it: it keeps the log free of what is no bug


def _is_known(request: Request, method: str) -> bool:
    """Tell whether some route takes this method at the request's path."""
    scope = {**request.scope, "method": "GET" if method == "HEAD" else method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


async def _bug(request: Request, error: Exception) -> Response:
    return _tell(request, problem(500, "the server made a mistake; its log says which"))
