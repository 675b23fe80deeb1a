"""JSON answers, and errors as the API tells them: problem details (RFC 9457), with what to do in ``detail``."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from vnsearch.errors import IndexLockedError, InvalidArgumentError, InvalidReportError, VnSearchError

__all__ = ["JsonResponse", "ProblemResponse", "error_problem", "problem"]

_LOGGER = logging.getLogger("vnsearch.web")


class JsonResponse(Response):
    """A JSON answer; any text survives, lone surrogates too. No browser takes it for a page."""

    media_type = "application/json"

    def __init__(self, content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(content, status, {"X-Content-Type-Options": "nosniff", **(headers or {})})

    def render(self, content: Any) -> bytes:
        """Return the bytes of the answer."""
        # JSON escapes a lone surrogate just as Python does.
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


class ProblemResponse(JsonResponse):
    """What went wrong, and what to do."""

    media_type = "application/problem+json"

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
        super().__init__(content, status, {"Cache-Control": "no-store", **(headers or {})})
        self.detail = detail


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> ProblemResponse:
    """Return the answer to a request that could not be served."""
    return ProblemResponse(status, detail, headers)


def error_problem(error: VnSearchError) -> ProblemResponse:
    """Return the answer that an error of the library makes. What it says of the server's files is for the log alone."""
    if isinstance(error, InvalidArgumentError | InvalidReportError):
        return problem(400, str(error))
    if isinstance(error, IndexLockedError):
        return problem(503, "the index is being changed; try again", {"Retry-After": "1"})
    _LOGGER.error("%s", error)
    return problem(503, "the index cannot be used now; the log of the server says why", {"Retry-After": "10"})
