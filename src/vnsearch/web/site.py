"""What the routes of an app share: the index, how it is shown, and the threads that search it."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar
from urllib.parse import quote

import anyio.to_thread
from anyio.lowlevel import RunVar
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from vnsearch import __version__
from vnsearch.contract import AnyIndex
from vnsearch.errors import InvalidArgumentError, UnknownFieldError
from vnsearch.index.schema import FACETS

__all__ = ["Site", "answer", "base_path", "site_of"]

T = TypeVar("T")

#: Searches at a time. They take turns at one interpreter: more of them only make each other late, and with one alone a long search
#: would hold up all others.
THREADS = 2
#: Bytes of what a URL asks: each link of an answer repeats it.
QUERY_STRING_MAX = 1 << 15

#: A limiter belongs to one event loop, and an app may be asked from several: each has its own.
_Limiter = RunVar[anyio.CapacityLimiter]


@dataclass
class Site:
    """An index and how it is shown; the options are those of ``create_app``."""

    index: AnyIndex
    title: str
    language: str
    facets: tuple[str, ...]
    writable: bool
    token: str | None
    timeout_s: float
    refresh_s: float
    _looked: float = field(default=float("-inf"), init=False)
    _searching: _Limiter = field(default_factory=lambda: RunVar("searching"), init=False)
    _writing: _Limiter = field(default_factory=lambda: RunVar("writing"), init=False)

    def __post_init__(self) -> None:
        if self.language not in ("vi", "en"):
            raise InvalidArgumentError(f'language is "vi" or "en", not {self.language!r}')
        if self.writable and not self.token:
            raise InvalidArgumentError("a writable app needs a token: whoever has it may change the index")
        for name, least in (("timeout_s", "above"), ("refresh_s", "from")):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not (value > 0 if least == "above" else value >= 0):
                raise InvalidArgumentError(f"{name} must be a number {least} 0, not {value!r}")
        for name in self.facets:
            if name not in self.filterable:
                known = ", ".join(self.filterable)
                raise UnknownFieldError(f"{name!r} is no facet of this index; there are {known}")

    @property
    def filterable(self) -> tuple[str, ...]:
        """The fields that can be filtered and faceted."""
        return (*FACETS, *self.index.filterable)

    async def run(self, work: Callable[[], T]) -> T:
        """Do the work of a request in a thread, so that others are heard meanwhile."""
        return await anyio.to_thread.run_sync(work, limiter=_limiter(self._searching, THREADS))

    async def write(self, change: Callable[[AnyIndex], T]) -> T:
        """Change the index in a thread; changes wait for each other, and no search for them."""
        # The index takes one change at a time anyway.
        return await anyio.to_thread.run_sync(change, self.index, limiter=_limiter(self._writing, 1))

    def refreshed(self) -> AnyIndex:
        """Return the index, with the latest commit if it is time to look for one.

        Raises:
            SearchIndexError: the latest commit cannot be read; so it is until it can.

        """
        now = time.monotonic()
        if now - self._looked >= self.refresh_s:
            self.index.refresh()
            self._looked = now
        return self.index

    @cached_property
    def _settings(self) -> str:
        told = repr((__version__, self.title, self.language, self.facets, self.writable, self.timeout_s))
        return hashlib.sha256(told.encode()).hexdigest()[:8]

    def tag(self, variant: str = "") -> str:
        """Return the ETag of whatever is made of the current commit; weak, since answers tell how long they took.

        ``variant`` is what it depends on besides the URL.
        """
        return f'W/"{self.index.commit_id}-{self._settings}{variant}"'

    def admits(self, authorization: str) -> bool:
        """Tell whether a request with this header may change the index."""
        scheme, _, given = authorization.encode("latin-1").partition(b" ")  # the bytes that were sent
        token = (self.token or "").encode("utf-8", "surrogateescape")  # as the environment may have it
        return bool(token) and scheme.lower() == b"bearer" and hmac.compare_digest(given, token)


def _limiter(kept: _Limiter, most: int) -> anyio.CapacityLimiter:
    limiter = kept.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(most)
        kept.set(limiter)
    return limiter


def site_of(request: Request) -> Site:
    """Return the site of a request's app."""
    site: Site = request.app.state.site
    return site


async def answer(
    request: Request, make: Callable[[AnyIndex], Response], variant: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with what is made of the index, or that the client has it already.

    Errors, and what says itself how long it may be kept, are given without an ETag. ``headers`` are for all answers.

    Raises:
        HTTPException: the URL is too long.

    """
    if len(request.scope["query_string"]) > QUERY_STRING_MAX:
        raise HTTPException(414, f"more than {QUERY_STRING_MAX:,} bytes behind the question mark; ask for less")
    site = site_of(request)
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]

    def work() -> Response:
        index = site.refreshed()
        tag = site.tag(variant)
        fresh = {"ETag": tag, "Cache-Control": "no-cache", **(headers or {})}
        if tag.removeprefix("W/") in known:
            return Response(status_code=304, headers=fresh)
        made = make(index)
        if made.status_code != 200 or "Cache-Control" in made.headers:
            made.headers.update(headers or {})
            return made
        if "*" in known:
            return Response(status_code=304, headers=fresh)
        made.headers.update(fresh)
        return made

    return await site.run(work)


def base_path(request: Request) -> str:
    """Return the path that the app is mounted under, escaped, without a slash at the end; one slash at its beginning."""
    path = request.scope.get("root_path", "").strip("/")
    return f"/{quote(path)}" if path else ""
