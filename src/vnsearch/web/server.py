"""Serving an app with uvicorn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vnsearch.errors import MissingExtraError

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["run"]

# Connections beyond these are told to come back later: better than everybody waiting.
_CONCURRENCY = 500


def run(app: FastAPI, *, host: str, port: int, root_path: str) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    try:
        import uvicorn  # noqa: PLC0415 - whoever runs the app with another server does without
    except ImportError as error:
        raise MissingExtraError(f'serving needs uvicorn: pip install "vnsearch[web]" ({error})') from error
    uvicorn.run(
        app,
        host=host,
        port=port,
        root_path=root_path,
        log_level="warning",
        limit_concurrency=_CONCURRENCY,
        server_header=False,
    )
