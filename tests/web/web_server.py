"""An app behind a real server, in a thread: what only HTTP itself shows."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn

from vnsearch.web.server import bind


@contextlib.contextmanager
def served(app: Any, root_path: str = "") -> Iterator[str]:
    """Serve an app; the value is the URL of its root, without a slash at the end."""
    with bind("127.0.0.1", 0) as listening:
        server = uvicorn.Server(uvicorn.Config(app, root_path=root_path, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
