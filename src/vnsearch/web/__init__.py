"""The search page and the JSON API as an ASGI app, to run by itself or inside another app. Needs the extra ``web``.

``app`` puts it together. Behind it: ``site`` (what the routes share), ``parameters`` (what a URL may ask), ``api`` (JSON),
``answers`` and ``description`` (what the API says of itself), ``pages`` (HTML, with ``messages``, ``templates`` and ``static``), ``problems`` (errors).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from vnsearch.contract import AnyIndex
from vnsearch.engine import Index
from vnsearch.errors import InvalidArgumentError, MissingExtraError

if TYPE_CHECKING:  # whoever does not ask for an app does not wait for the framework
    from fastapi import FastAPI

__all__ = ["create_app"]


def create_app(
    index: AnyIndex | str | os.PathLike[str],
    *,
    title: str = "vnsearch",
    language: Literal["vi", "en"] = "vi",
    facets: Iterable[str] = ("source", "category"),
    writable: bool = False,
    token: str | None = None,
    allow_origins: Iterable[str] = (),
    timeout_s: float = 2.0,
    refresh_s: float = 1.0,
) -> FastAPI:
    """Return an ASGI app that searches an index: a page for people, and a JSON API under ``/api``.

    It may be mounted under any path of another ASGI app; its links are made from the path it is reached by. It sees what other
    processes commit to the index within ``refresh_s``.

    Args:
        index: the index, in a folder or on a cluster, which stays the caller's to close; or its folder, which is opened as long
            as the app lives.
        title: the name of the site.
        language: of the page, where the browser asks for neither Vietnamese nor English.
        facets: fields whose values the page offers to filter by.
        writable: whether the API takes and deletes reports, from those who send ``Authorization: Bearer`` and the token.
        token: the token; needed for a writable app, and best from the environment.
        allow_origins: origins (``https://example.org``) whose pages may read the API, or ``["*"]``: all; by default none.
        timeout_s: the most seconds that a search may score; see ``Index.search``.
        refresh_s: how often to look for new commits, in seconds.

    Raises:
        MissingExtraError: FastAPI is not installed.
        InvalidArgumentError: an option makes no sense; a writable app without a token.
        UnknownFieldError: a facet that the index does not have.
        SearchIndexError: there is no index in the folder, or it cannot be opened; see ``Index.open``.

    >>> app = create_app("index/")  # doctest: +SKIP
    >>> other_app.mount("/tim-kiem", app)  # doctest: +SKIP

    """
    for name, value in (("facets", facets), ("allow_origins", allow_origins)):
        if isinstance(value, str):
            raise InvalidArgumentError(f"{name} is a sequence; write {name}=({value!r},)")
    try:
        from vnsearch.web.app import make_app  # noqa: PLC0415 - see above
    except ImportError as error:
        raise MissingExtraError(f'the web app needs FastAPI: pip install "vnsearch[web]" ({error})') from error
    return make_app(
        Index.open(index) if isinstance(index, str | os.PathLike) else index,
        title=title,
        language=language,
        facets=tuple(facets),
        writable=writable,
        token=token,
        allow_origins=tuple(allow_origins),
        timeout_s=timeout_s,
        refresh_s=refresh_s,
    )
