"""Serving an app with uvicorn."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from vnsearch.errors import InvalidArgumentError, MissingExtraError

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["bind", "run"]

# Connections beyond these are told to come back later: better than everybody waiting.
_CONCURRENCY = 500
# Seconds that a client may still take for its answer once the server is to end.
_GRACE_S = 5
_BACKLOG = 2048


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens; with port 0 on a free one.

    Raises:
        InvalidArgumentError: the port is taken, or the host is none of this machine.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, TypeError, UnicodeError) as error:  # the latter two for what can be no name of a host
        why = getattr(error, "strerror", None) or error
        raise InvalidArgumentError(
            f"cannot listen on {host}, port {port}: {why}; give another --host or --port"
        ) from error
    # Connections inherit it. Without it the second half of an answer waits 40 ms for the client to confirm the first one; asyncio
    # sees to it only for sockets that it makes itself.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def run(app: FastAPI, *, host: str, port: int, root_path: str, on_ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or SIGTERM; what was asked for by then is answered. ``on_ready`` is told the URL.

    Raises:
        MissingExtraError: uvicorn is not installed.
        InvalidArgumentError: the port is taken, or the host is none of this machine.

    """
    try:
        import uvicorn  # noqa: PLC0415 - whoever runs the app with another server does without
    except ImportError as error:
        raise MissingExtraError(f'serving needs uvicorn: pip install "vnsearch[web]" ({error})') from error
    config = uvicorn.Config(
        app,
        root_path=root_path,
        lifespan="off",
        ws="none",
        log_level="warning",
        access_log=False,
        limit_concurrency=_CONCURRENCY,
        timeout_graceful_shutdown=_GRACE_S,
        server_header=False,
    )
    server = uvicorn.Server(config)
    # Uvicorn listens to signals once it serves, and raises them again when it has ended in order, to fail by them. This way they
    # are heard from the beginning, and to end so is no failure.
    for asked_to_end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked_to_end, server.handle_exit)
    with bind(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        on_ready(f"http://{shown}:{listening.getsockname()[1]}/")
        server.run(sockets=[listening])
