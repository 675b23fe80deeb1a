"""``vnsearch serve`` as a process: where it listens, how it ends, what it says when it cannot start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

pytest.importorskip("fastapi", reason='needs the extra "web"')

WITHOUT = "import sys; sys.modules[{!r}] = None; from vnsearch.cli import main; main()"


def serve(*options, index, without=None):
    program = ["-m", "vnsearch"] if without is None else ["-c", WITHOUT.format(without)]
    command = [sys.executable, *program, "serve", "--index", str(index), *options]
    environment = {key: value for key, value in os.environ.items() if key != "VNSEARCH_TOKEN"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def refused(*options, index, without=None):
    """Return the one line that it says."""
    with serve(*options, index=index, without=without) as server:
        out, err = server.communicate(timeout=60)
    assert (server.returncode, out) == (2, "")
    (line,) = err.splitlines()
    return line


@pytest.mark.skipif(sys.platform == "win32", reason="signals are Unix")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_ends_in_order(collection, end):
    with serve("--port", "0", "--json", index=collection.path) as server:
        told = "".join(iter(server.stdout.readline, "}\n")) + "}"
        url = json.loads(told)["url"]
        with socket.create_connection(("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]))) as slow:
            slow.sendall(b"GET /api/stats HTTP/1.1\r\n")  # and no more
            with urllib.request.urlopen(f"{url}healthz") as answer:
                assert json.load(answer)["status"] == "ok"
            server.send_signal(end)
            assert server.wait(60) == 0
        assert server.stderr.read() == ""


def test_it_says_so_for_people_too(collection):
    with serve("--port", "0", index=collection.path) as server:
        line = server.stdout.readline()
        server.terminate()
    assert f"{len(collection)} reports at http://127.0.0.1:" in line


def test_what_stops_it_is_one_line(collection, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"cannot listen on 127.0.0.1, port {port}" in refused("--port", port, index=collection.path)
    assert "cannot listen on máy..chủ" in refused("--host", "máy..chủ", index=collection.path)
    assert "no index" in refused(index=tmp_path)
    assert "token" in refused("--writable", index=collection.path)
    assert "'size' is no facet" in refused("--facet", "size", index=collection.path)
    for missing in ("fastapi", "uvicorn"):
        assert 'pip install "vnsearch[web]"' in refused("--port", "0", index=collection.path, without=missing)
