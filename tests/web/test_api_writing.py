"""The JSON API of a writable app: who may change the index, with what, and what becomes of the rest."""

from __future__ import annotations

import json
import threading

import pytest

pytest.importorskip("fastapi", reason='needs the extra "web"')
pytest.importorskip("httpx", reason='needs the extra "test"')

import anyio
from fastapi.testclient import TestClient

from vnsearch import Index
from vnsearch.web import api, create_app

TOKEN = "bí mật"
MAY = {"Authorization": f"Bearer {TOKEN}".encode()}
JSON = {**MAY, "Content-Type": "application/json"}


@pytest.fixture
def index(new_index):
    index = new_index(lock_timeout_s=0.05)
    index.add([{"id": "cũ/1", "title": "Bản tin cũ"}])
    return index


@pytest.fixture
def client(index):
    return TestClient(create_app(index, refresh_s=0, writable=True, token=TOKEN))


def told(response, status):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return response.json()["detail"]


def test_reports_are_added_replaced_and_deleted(client, index):
    added = client.post(
        "/api/documents", json=[{"id": "1", "text": "Gặt lúa"}, {"id": "cũ/1", "xã": "An"}], headers=MAY
    )
    assert added.status_code == 200
    assert {**added.json(), "seconds": 0} == {"added": 1, "updated": 1, "skipped": 0, "errors": [], "seconds": 0}
    assert index.get("cũ/1").extra == {"xã": "An"}
    assert client.get("/api/search?query=gat").json()["total"] == 1
    assert client.post("/api/documents", json={"id": 7, "title": "Một"}, headers=MAY).json()["added"] == 1
    assert client.delete("/api/documents/7", headers=MAY).status_code == 204
    assert client.delete("/api/documents", params={"id": "cũ/1"}, headers=MAY).content == b""
    assert told(client.delete("/api/documents/7", headers=MAY), 404) == "there is no report '7'"
    assert [report.id for report in index] == ["1"]


def test_a_bad_report_stops_all_or_is_left_out(client, index):
    records = [{"id": "1"}, {"title": "không có id"}, "không phải bản ghi", {"id": "2", "title": 5}]
    assert "report number 1" in told(client.post("/api/documents", json=records, headers=MAY), 400)
    assert len(index) == 1
    kept = client.post("/api/documents?on_error=skip", json=records, headers=MAY).json()
    assert (kept["added"], kept["skipped"]) == (1, 3)
    assert [(one["position"], one["id"]) for one in kept["errors"]] == [(1, None), (2, None), (3, "2")]


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer x", f"Basic {TOKEN}", TOKEN, f"Bearer  {TOKEN}", "Bearer \xff"]
)
def test_nobody_else_changes_the_index(client, index, authorization):
    def body():
        raise AssertionError("the body was read")
        yield b""

    header = {"Authorization": authorization.encode()}
    for response in (
        client.request("POST", "/api/documents?on_error=x", content=body(), headers=header),
        client.delete("/api/documents", params={"id": "cũ/1"}, headers=header),
    ):
        assert told(response, 401)
        assert response.headers["www-authenticate"] == "Bearer"
    assert len(index) == 1


def test_the_scheme_is_written_either_way(client):
    header = {"Authorization": f"bearer {TOKEN}".encode()}
    assert client.delete("/api/documents", params={"id": "cũ/1"}, headers=header).status_code == 204


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'{"id": 1' + b"0" * 5000 + b"}",
        b'{"id": "1", "extra": {"x": NaN}}',
        b"7",
        b'"1"',
        b"null",
        b'{"id": "1", "extra": ' + b'{"x": ' * 200 + b"1" + b"}" * 201,
        b'{"id": "\\ud800"}',
    ],
)
def test_a_body_that_makes_no_sense_is_refused(client, index, body):
    assert told(client.post("/api/documents", content=body, headers=JSON), 400)
    assert len(index) == 1


def test_only_json_of_some_size_is_read(client, monkeypatch):
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert told(client.post("/api/documents", content=b"{}", headers={**MAY, "Content-Type": kind}), 415)
    monkeypatch.setattr(api, "BODY_BYTES_MAX", 100)
    body = json.dumps({"id": "1", "title": "x" * 100}).encode()
    assert told(client.post("/api/documents", content=body, headers=JSON), 413)
    assert told(client.post("/api/documents", content=iter([body[:90], body[90:]]), headers=JSON), 413)
    kind = {**MAY, "Content-Type": "Application/JSON; charset=utf-8"}
    assert client.post("/api/documents", content=b'{"id": "1"}', headers=kind).status_code == 200


def test_who_hangs_up_is_no_bug_of_ours(client, index):
    sent = [{"type": "http.request", "body": b'{"id": "1"}', "more_body": True}, {"type": "http.disconnect"}]
    headers = [(b"authorization", MAY["Authorization"]), (b"content-type", b"application/json")]
    path = "/api/documents"
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers, "root_path": ""}

    async def receive():
        return sent.pop(0)

    async def send(message):
        pass

    anyio.run(client.app, scope, receive, send)  # what it raises would be in the log as a traceback
    assert not sent
    assert len(index) == 1


def test_a_locked_index_asks_to_come_again(client, index, tmp_path):
    begun, done = threading.Event(), threading.Event()

    def slowly():
        begun.set()
        done.wait(60)
        yield {"id": "2"}

    with Index.open(index.path) as other:
        writer = threading.Thread(target=lambda: other.add(slowly()))
        writer.start()
        assert begun.wait(60)
        try:
            response = client.post("/api/documents", json={"id": "1"}, headers=MAY)
            assert "try again" in told(response, 503)
            assert response.headers["retry-after"]
            assert client.get("/api/search?query=ban+tin").json()["total"] == 1
        finally:
            done.set()
            writer.join()
    assert client.post("/api/documents", json={"id": "1"}, headers=MAY).status_code == 200


def test_searches_do_not_wait_for_a_change(client, index, monkeypatch):
    begun, done = threading.Event(), threading.Event()

    def slowly(ids):
        begun.set()
        done.wait(60)
        return 1

    monkeypatch.setattr(index, "delete", slowly)
    with client:  # one event loop for both requests
        change = threading.Thread(target=lambda: client.delete("/api/documents/x", headers=MAY))
        change.start()
        assert begun.wait(60)
        try:
            assert client.get("/api/search?query=ban+tin").json()["total"] == 1
        finally:
            done.set()
            change.join()


def test_the_allowed_methods_are_said(client):
    assert client.put("/api/documents/1").headers["allow"] == "GET, HEAD, DELETE"
    assert client.patch("/api/documents").headers["allow"] == "GET, HEAD, POST, DELETE"
