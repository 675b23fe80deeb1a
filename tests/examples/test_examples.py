"""The examples under docs/examples, run as their READMEs say, each in a copy of its folder."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import vnsearch

httpx = pytest.importorskip("httpx", reason="needs the extra test")

from crawler import crawl  # noqa: E402 - it needs httpx

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
MOUNT = "/tim-kiem"
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(Path(vnsearch.__file__).parents[1]),
    "PYTHONDONTWRITEBYTECODE": "1",
    "NO_COLOR": "1",
}


@pytest.fixture
def example(tmp_path: Path) -> Callable[[str], Path]:
    """A function that copies an example, and the sample reports beside it."""

    def copy(name: str) -> Path:
        folder = tmp_path / name
        shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("__pycache__", "db.sqlite3", "index"))
        shutil.copytree(ROOT / "corpus", folder / "corpus")
        return folder

    return copy


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextlib.contextmanager
def _served(folder: Path, app: str) -> Iterator[Any]:
    """Serve an app of the folder with uvicorn; give a client for it."""
    pytest.importorskip("uvicorn", reason="needs the extra web")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--log-level", "warning"]
    server = subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
            while True:
                with contextlib.suppress(httpx.ConnectError):
                    client.get("/")
                    break
                assert server.poll() is None, server.stdout.read()
                time.sleep(0.1)
            yield client
    finally:
        server.terminate()
        server.communicate(timeout=30)


def _working_links(client: Any, query: str, *starts: str) -> list[str]:
    """Return every address that the site, and vnsearch's app inside it, links to, having seen that all are there."""
    paths = client.get(f"{MOUNT}/api/openapi.json").json()["paths"]
    assert "/api/search" in paths
    starts += ("/", f"{MOUNT}/api/search?query={query}&limit=2", f"{MOUNT}/api/stats", f"{MOUNT}/healthz")
    starts += (f"{MOUNT}/", f"{MOUNT}/?query={query}")
    seen = crawl(client, starts)
    broken = {urlsplit(address).path: status for address, status in seen.items() if status != 200}
    assert broken == {}
    of_app = [address for address in seen if f"{MOUNT}/" in address]
    assert any("offset=" in address for address in of_app)
    assert any("/api/documents" in address for address in of_app)
    assert any("/report?" in address for address in of_app)
    return list(seen)


def test_django_keeps_the_index_in_step(example):
    pytest.importorskip("django", reason="needs the extra examples")
    folder = example("django")
    _run(folder, "manage.py", "makemigrations", "--check")
    _run(folder, "manage.py", "test")


def test_all_links_work_in_django(example):
    pytest.importorskip("django", reason="needs the extra examples")
    folder = example("django")
    _run(folder, "manage.py", "migrate")
    _run(folder, "manage.py", "loaddata", "articles")
    assert "12 articles now" in _run(folder, "manage.py", "index_articles")
    with _served(folder, "newsroom.asgi:application") as client:
        links = _working_links(client, "hop", "/?q=hop")
        assert any("page=2" in address for address in links)
        assert any("/bai/" in address for address in links)


def test_all_links_work_in_fastapi(example):
    pytest.importorskip("fastapi", reason="needs the extra web")
    folder = example("fastapi")
    _run(folder, "-m", "vnsearch", "index", "corpus/")
    with _served(folder, "main:app") as client:
        _working_links(client, "dan")
        first = client.get("/titles", params={"query": "quy che dan chu", "limit": 1}).json()[0]
        assert first["id"] == "10-quy-che-dan-chu.txt"
        assert "<mark>Dân</mark>" in first["title_html"]


def test_notebook_shows_marked_results(example):
    pytest.importorskip("nbclient", reason="needs the extra examples")
    pytest.importorskip("ipykernel", reason="needs the extra examples")
    folder = example("notebook")
    _run(folder, "-m", "jupyter", "execute", "search.ipynb", "--output=done")
    cells = json.loads((folder / "done.ipynb").read_text(encoding="utf-8"))["cells"]
    shown = [
        "".join(output["data"]["text/html"])
        for cell in cells
        for output in cell.get("outputs", ())
        if "text/html" in output.get("data", {})
    ]
    assert len(shown) == 3
    assert all("<mark>" in html for html in shown)


def test_notebook_is_kept_without_outputs():
    cells = json.loads((EXAMPLES / "notebook" / "search.ipynb").read_text(encoding="utf-8"))["cells"]
    assert [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []


def test_langchain_retrieves(example):
    pytest.importorskip("langchain_core", reason="needs the extra langchain")
    folder = example("langchain")
    _run(folder, "-m", "vnsearch", "index", "corpus/")
    assert "[05-tiem-chung.txt] " in _run(folder, "retrieve.py", "bao gio tram y te tiem chung")
