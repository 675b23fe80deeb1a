"""A proxy before a node, for the faults that a plain node cannot be brought to: 401, another version, silence, a cut line."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit


@dataclass
class _Fault:
    kind: Literal["answer", "hang", "cut"]
    times: int | None  # None: always
    path: str | None  # None: all
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"


class Proxy:
    """Forwards to a node, until told to do something else; ``requests`` tells what came, as (method, path, headers).

    Args:
        target: the node's URL; None for nobody, then everything is answered 502.
        tls: to speak TLS with the client.

    """

    def __init__(self, target: str | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self._target = urlsplit(target).netloc if target else None
        self._faults: list[_Fault] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def answers(
        self,
        status: int,
        body: Any,
        *,
        path: str | None = None,
        times: int | None = None,
        content_type: str = "application/json",
    ) -> None:
        """Answer for the node from now on; what is no text is sent as JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        self._faults.append(_Fault("answer", times, path, status, text.encode(), content_type))

    def hangs(self, *, path: str | None = None, times: int | None = None) -> None:
        """Take requests and never answer."""
        self._faults.append(_Fault("hang", times, path))

    def cuts(self, *, path: str | None = None, times: int | None = None) -> None:
        """Forward requests, and cut the line in the middle of the answers."""
        self._faults.append(_Fault("cut", times, path))

    def heals(self) -> None:
        """Forward everything again."""
        self._faults.clear()

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _next_fault(self, path: str) -> _Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.path in (None, path) and fault.times != 0:
                    if fault.times is not None:
                        fault.times -= 1
                    return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    proxy: Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away, or do not trust us, are what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        proxy.requests.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}))
        fault = proxy._next_fault(urlsplit(self.path).path)
        if fault and fault.kind == "hang":
            proxy._over.wait()
            self.close_connection = True
        elif fault and fault.kind == "answer":
            self._send(fault.status, fault.content_type, fault.body)
        else:
            self._send(*self._forwarded(body), cut=fault is not None)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve

    def _forwarded(self, body: bytes) -> tuple[int, str, bytes]:
        target = self.server.proxy._target
        if target is None:
            return 502, "text/plain", b"nobody behind this proxy"
        connection = http.client.HTTPConnection(target, timeout=60)
        try:
            kept = {name: value for name, value in self.headers.items() if name.lower() in ("content-type", "accept")}
            connection.request(self.command, self.path, body, kept)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("content-type") or "text/plain", answer.read()
        finally:
            connection.close()

    def _send(self, status: int, content_type: str, body: bytes, *, cut: bool = False) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing: the tests read ``requests``."""
