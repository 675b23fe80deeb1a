"""The command line with ``--url``: the same commands for an index on a cluster, and copies between it and a folder."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("opensearchpy", reason='OPENSEARCH IS NOT TESTED: pip install "vnsearch[opensearch]"')

from cluster import LocalCluster, RunningCluster

from test_cli import COMMAND, PAGE
from vnsearch import Index, Report

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def name(cluster: LocalCluster | RunningCluster) -> Iterator[str]:
    name = f"cli-{uuid.uuid4().hex[:12]}"
    yield name
    request = urllib.request.Request(f"{cluster.urls[0]}/{name}-*", method="DELETE")
    urllib.request.urlopen(request, timeout=30).close()


@pytest.fixture
def run(cluster: LocalCluster | RunningCluster, name: str, tmp_path: Path) -> Run:
    """Runs a command on the index of the test."""
    at = ["--url", ",".join(cluster.urls[:2]), "--url", cluster.urls[2], "--name", name]

    def run(command: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        called = [COMMAND, command, *at, *arguments]
        return subprocess.run(
            called, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=120, **options
        )

    return run


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "qua.txt").write_text(PAGE, encoding="utf-8")
    records = [
        {"id": "a", "title": "Đường mới", "text": "Con đường dài 3 km.", "source": "Báo A", "district": "Ba Đình"},
        {"id": "b", "title": "Ông Dương", "text": "Ông Dương nhận bằng khen của Hội đồng nhân dân (HĐND)."},
    ]
    (folder / "tin.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    (folder / "hong.txt").write_bytes(b"\x00\x01\x02\xff" * 50)
    return folder


def told(done: subprocess.CompletedProcess[str], code: int = 0) -> Any:
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_every_command(run: Run, name: str, files: Path) -> None:
    done = run("index", "reports", "--filterable", "district", "--shards", "2", "--replicas", "0")
    assert done.returncode == 0, done.stderr
    assert f"{name}: 3 added, 0 updated, 0 left out, 1 files or records not read; 3 reports now" in done.stdout
    assert "passed over: " in done.stderr
    again = told(run("index", "reports", "--json"))
    assert (again["added"], again["updated"], again["reports"]) == (0, 3, 3)

    done = run("search", "uy ban phuong")
    assert "1. Phường Tân Hoà trao quà cho hộ nghèo" in done.stdout
    assert "**Uỷ ban**" in done.stdout
    found = told(run("search", "duong", "--filter", "district=Ba Đình", "--facet", "source", "--json"))
    assert [hit["id"] for hit in found["hits"]] == ["a"]
    assert found["facets"] == {"source": [["Báo A", 1]]}
    assert run("search", "xyzxyz").returncode == 1
    assert told(run("suggest", "uy b", "--json")) == ["ủy ban"]
    assert [one["abbreviation"] for one in told(run("abbreviations", "--json"))] == ["HĐND"]
    assert told(run("delete", "b", "không", "--json")) == {"deleted": 1, "reports": 2}
    assert run("check").stdout == f"{name}: 2 reports, sound\n"
    assert told(run("rebuild", "--shards", "1", "--json")) == {"whole": True, "reports": 2, "lost": [], "problems": []}
    stats = told(run("stats", "--json"))
    assert (stats["name"], stats["reports"], stats["filterable"]) == (name, 2, ["district"])


def test_a_copy_and_back(run: Run, tmp_path: Path, name: str, reports: list[Report]) -> None:
    with Index.create(tmp_path / "index", filterable=("tags",)) as index:
        index.add(reports)
    done = told(run("copy", "--shards", "2", "--replicas", "0", "--json"))
    assert (done["added"], done["source"], done["reports"]) == (len(reports), len(reports), len(reports))
    done = run("copy")  # as after an interruption
    assert f"index/ to {name}: 0 added, {len(reports)} updated, 0 left out" in done.stdout
    assert run("search", "uy", "--filter", "tags=ba").returncode == 0
    assert told(run("copy", "--back", "--index", "back", "--json"))["reports"] == len(reports)
    with Index.open(tmp_path / "back") as index:
        assert {report.id: report for report in index} == {report.id: report for report in reports}
        assert index.filterable == ("tags",)
    assert run("delete", "nfd").returncode == 0
    done = told(run("copy", "--back", "--index", "back", "--overwrite", "--json"))
    assert (done["added"], done["reports"]) == (len(reports) - 1, len(reports) - 1)


def test_a_served_site(run: Run, cluster: LocalCluster | RunningCluster, name: str, files: Path) -> None:
    pytest.importorskip("fastapi", reason='needs the extra "web"')
    assert run("index", "reports").returncode == 0
    command = [COMMAND, "serve", "--port", "0", "--url", cluster.urls[0], "--name", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            assert line.startswith(f"{name}: 3 reports at http://127.0.0.1:")
            url = line.split(" at ")[1].split()[0]
            with urllib.request.urlopen(f"{url}api/search?query=tan+hoa", timeout=60) as answer:
                assert json.load(answer)["hits"][0]["id"] == "qua.txt"
        finally:
            server.terminate()
    assert server.returncode == 0


@pytest.fixture
def dead_url() -> Iterator[str]:
    with socket.socket() as held:  # and nobody listens
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def test_credentials_are_never_printed(files: Path, tmp_path: Path, dead_url: str) -> None:
    secret = dead_url.replace("://", "://admin:m%E1%BA%ADt-kh%E1%BA%A9u@")
    environment = {**os.environ, "VNSEARCH_OPENSEARCH_USERNAME": "admin", "VNSEARCH_OPENSEARCH_PASSWORD": "mật-khẩu"}
    for url, commands in (
        (secret, (["search", "uy"], ["rebuild"], ["copy"])),
        (dead_url, (["index", "reports"], ["serve"])),
    ):
        for command in commands:
            if command == ["serve"] and not shutil.which("uvicorn", path=str(Path(sys.executable).parent)):
                continue
            called = [COMMAND, *command, "--url", url]
            if command == ["copy"]:
                Index.create(tmp_path / "index", overwrite=True).close()
            done = subprocess.run(
                called, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment, timeout=120
            )
            assert done.returncode == 2
            assert dead_url in done.stderr
            assert len(done.stderr.splitlines()) == 1
            assert not any(word in done.stdout + done.stderr for word in ("mật-khẩu", "m%E1", "admin"))


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (["search", "uy", "--index", "index", "--url", "http://x"], "give one of them"),
        (["search", "uy", "--name", "x"], "give its --url too"),
        (["index", ".", "--url", "http://x", "--watch"], "--prune and --watch need an index in a folder"),
        (["index", ".", "--url", "http://x", "--prune"], "--prune and --watch need an index in a folder"),
        (["index", ".", "--shards", "2"], "--shards and --replicas are those of an index on a cluster"),
        (["rebuild", "--url", "http://x", "--target", "x"], "the new index takes the old name"),
        (["rebuild"], "give --target"),
        (["rebuild", "--target", "x", "--replicas", "2"], "are those of an index on a cluster"),
        (["copy", "--index", "index"], "give the --url"),
        (["copy", "--url", "http://x", "--back", "--shards", "2"], "are those of an index on a cluster"),
        (["search", "uy", "--url", "x"], "URL number 1 makes no sense"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_wrong_use(call: list[str], why: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [COMMAND, *call], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=120
    )
    assert done.returncode == 2
    assert why in " ".join(done.stderr.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []
