"""Errors as the API tells them: problem details (RFC 9457), with what to do in ``detail``."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from starlette.responses import Response

from vnsearch.errors import (
    IndexLockedError,
    InvalidArgumentError,
    InvalidReportError,
    VnSearchError,
)

__all__ = ["JsonResponse", "Problem", "problem", "status_of"]


class JsonResponse(Response):
    """A JSON answer; any text survives, lone surrogates too."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the bytes of the answer."""
        # JSON escapes a lone surrogate just as Python does.
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


class Problem(BaseModel):
    """What went wrong."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Return the answer to a request that could not be served."""
    content = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail).model_dump()
    return JsonResponse(content, status, headers, media_type="application/problem+json")


def status_of(error: VnSearchError) -> int:
    """Return the HTTP status of an error of ours."""
    if isinstance(error, InvalidArgumentError | InvalidReportError):
        return HTTPStatus.BAD_REQUEST
    if isinstance(error, IndexLockedError):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.INTERNAL_SERVER_ERROR
