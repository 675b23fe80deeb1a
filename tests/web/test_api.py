"""The JSON API, read-only: what it answers, in what words, and through which paths."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from vnsearch import Index, InvalidArgumentError, UnknownFieldError

pytest.importorskip("fastapi", reason='needs the extra "web"')
pytest.importorskip("httpx", reason='needs the extra "test"')

from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.routing import Mount
from web_server import served

from vnsearch.web import create_app

ODD_IDS = [
    "../x",
    ".",
    "..",
    "a/../b",
    "a//b",
    "/a/",
    "a%2Fb",
    "%",
    "50% + 1",
    "xã/thôn Thượng",
    "dòng\nmới",
    "?id=1&x#y",
    "a;b",
    "\x00",
    "\\",
    "🙂",
]
HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(1)> \x1b[31m\u202e\x00'


@pytest.fixture(scope="module")
def client(collection):
    with TestClient(create_app(collection, facets=())) as client:
        yield client


@pytest.fixture
def new_app(new_index):
    """A function that makes an app for some reports, and its client."""

    def make(reports=(), **options):
        index = new_index()
        index.add(reports)
        return TestClient(create_app(index, refresh_s=0, **options))

    return make


def told(response, status):
    """Return the detail of a problem with this status."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["status"] == status
    return response.json()["detail"]


def test_a_search_answers_what_the_library_gives(client, collection):
    asked = {"query": "quan uy dong hai", "limit": 2, "offset": 1, "facets": ["source", "category"], "fragments": 1}
    found = client.get("/api/search", params=asked).json()
    query = asked.pop("query")
    results = collection.search(query, **asked).to_dict()
    assert found.pop("took_ms") >= 0
    assert found.pop("query") == query
    assert [client.get(hit.pop("document")).json()["id"] for hit in found["hits"]] == [
        hit["id"] for hit in results["hits"]
    ]
    del found["links"], results["took_ms"]
    results["facets"] = {name: [list(pair) for pair in counts] for name, counts in results["facets"].items()}
    for hit in results["hits"]:
        hit["snippet"] = {**hit["snippet"], "marks": [list(span) for span in hit["snippet"]["marks"]]}
        hit["snippet"]["fragments"] = [list(span) for span in hit["snippet"]["fragments"]]
    assert found == results


@pytest.mark.parametrize(
    ("asked", "options"),
    [
        ({"match": "all"}, {"match": "all"}),
        ({"fields": ["title=2", "body=0.5"]}, {"fields": {"title": 2.0, "body": 0.5}}),
        ({"fields": "title=1"}, {"fields": {"title": 1.0}}),
        (
            {"filters": ["source=Báo Sông Lam", "source=Tin Y tế", "category=y tế"]},
            {"filters": {"source": ["Báo Sông Lam", "Tin Y tế"], "category": ["y tế"]}},
        ),
        ({"date_from": "2022-01-01", "date_to": ""}, {"date_from": "2022-01-01"}),
        ({"sort": "-date"}, {"sort": "-date"}),
    ],
)
def test_options_mean_what_they_mean_to_the_library(client, collection, asked, options):
    query = "duong lang"
    found = client.get("/api/search", params={"query": query, "limit": 100, **asked}).json()
    results = collection.search(query, limit=100, **options)
    assert [hit["id"] for hit in found["hits"]] == [hit.id for hit in results]
    assert len(results) > 0


def test_completions_and_stats(client, collection):
    assert client.get("/api/suggest", params={"prefix": "huyện u", "limit": 1}).json() == ["huyện ủy"]
    stats = client.get("/api/stats").json()
    assert stats["reports"] == len(collection)
    assert "path" not in stats


def test_links_lead_through_all_pages_and_keep_what_was_asked(client, collection):
    asked = {"query": "duong & lua", "limit": 2, "filters": "source=Báo Sông Lam", "date_from": "2021-01-01"}
    page = client.get("/api/search", params=asked).json()
    assert page["links"]["previous"] is None
    seen = [hit["id"] for hit in page["hits"]]
    while page["links"]["next"]:
        before = page
        page = client.get(page["links"]["next"]).json()
        assert client.get(page["links"]["previous"]).json()["hits"] == before["hits"]
        seen += [hit["id"] for hit in page["hits"]]
    found = collection.search(
        asked["query"], limit=100, filters={"source": "Báo Sông Lam"}, date_from=asked["date_from"]
    )
    assert seen == [hit.id for hit in found]
    assert len(seen) > 2


def test_what_cannot_be_asked_is_said(client):
    for asked, detail in [
        ({"limit": "nhiều"}, "limit: "),
        ({"limit": 101}, "limit: "),
        ({"offset": 10**30}, "offset: "),
        ({"offset": -1}, "offset: "),
        ({"match": "some"}, "match: "),
        ({"sort": "title"}, "sort: "),
        ({"filters": "source"}, "filters.0: write it like source=Báo A, not 'source'"),
        ({"filters": [f"source={number}" for number in range(101)]}, "filters: "),
        ({"filters": "size=1"}, "'size' cannot be filtered"),
        ({"fields": "title"}, "fields.0: write it like title=2.5"),
        ({"fields": "title=nan"}, "fields.0: write it like title=2.5"),
        ({"fields": "title=0"}, "the weight of title must be a number from"),
        ({"fields": "url=1"}, "'url' cannot be searched"),
        ({"facets": ""}, "'' cannot be filtered"),
        ({"date_from": "26/12/2023"}, "date_from: write it like 2023-12-26"),
        ({"date_to": "2023-02-30"}, "date_to: "),
        ({"timeout_s": "nan"}, "timeout_s: "),
        ({"qurey": "x"}, "qurey: "),
    ]:
        assert told(client.get("/api/search", params=asked), 400).startswith(detail)
    assert told(client.get("/api/search", params={"query": "đê " * 3_000}), 414)
    assert told(client.get("/api/documents", params={"id": "không có"}), 404) == "there is no report 'không có'"
    assert told(client.get("/api/documents/"), 404)
    assert told(client.get("/api/nothing"), 404)
    assert told(client.get("/api/documents"), 400).startswith("id: ")


def test_any_text_is_a_query(client):
    for raw in ("%00", "%ED%A0%80", "%FF", "%22%22~9999", "((((", quote("\u202eđường"), "a" * 20_000):
        assert client.get(f"/api/search?query={raw}&facets=source&facets=source").status_code == 200
        assert client.get(f"/api/suggest?prefix={raw}").status_code == 200


def test_it_is_read_only(client):
    response = client.post("/api/documents", json={"id": "1"}, headers={"Authorization": "Bearer x"})
    assert told(response, 405)
    assert response.headers["allow"] == "GET, HEAD"
    assert told(client.delete("/api/documents/hoa-binh"), 405)


def test_head_is_get_without_a_body(client):
    for path in ("/api/stats", "/api/documents/hoa-binh", "/api/documents/none", "/healthz"):
        got, head = client.get(path), client.head(path)
        assert head.status_code == got.status_code
        assert head.content == b""
        assert {**head.headers, "date": ""} == {**got.headers, "date": ""}


def test_a_client_is_told_when_nothing_has_changed(new_app):
    client = new_app([{"id": "1", "title": "Đắp đê"}], writable=True, token="x")
    path = "/api/documents/1"
    tag = client.get(path).headers["etag"]
    for known in (tag, f'"khac", {tag}', tag.removeprefix("W/"), "*"):
        response = client.get(path, headers={"If-None-Match": known})
        assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", tag)
    assert client.get(path, headers={"If-None-Match": '"khac"'}).status_code == 200
    assert client.get("/api/documents/2", headers={"If-None-Match": "*"}).status_code == 404
    client.post("/api/documents", json={"id": "2"}, headers={"Authorization": "Bearer x"})
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_a_search_cut_short_has_no_tag(collection):
    client = TestClient(create_app(collection, timeout_s=1e-9))
    response = client.get("/api/search", params={"query": "duong"})
    assert response.json()["complete"] is False
    assert "etag" not in response.headers


def test_other_origins_read_it_only_where_allowed(collection, client):
    origin = {"Origin": "https://bao.example"}
    assert "access-control-allow-origin" not in client.get("/api/stats", headers=origin).headers
    allowing = TestClient(create_app(collection, allow_origins=["https://bao.example"]))
    answer = allowing.get("/api/stats", headers=origin).headers
    assert answer["access-control-allow-origin"] == "https://bao.example"
    assert "access-control-allow-credentials" not in answer
    assert (
        "access-control-allow-origin" not in allowing.get("/api/stats", headers={"Origin": "https://x.example"}).headers
    )
    assert (
        TestClient(create_app(collection, allow_origins=["*"]))
        .get("/api/stats", headers=origin)
        .headers["access-control-allow-origin"]
        == "*"
    )


def test_odd_ids_are_reached_through_http(new_app):
    import httpx

    client = new_app([{"id": identity, "title": "Lụt"} for identity in ODD_IDS])
    with served(client.app) as url, httpx.Client(base_url=url) as http:
        hits = http.get("/api/search", params={"query": "lụt", "limit": 100}).json()["hits"]
        assert sorted(hit["id"] for hit in hits) == sorted(ODD_IDS)
        for hit in hits:
            assert http.get(hit["document"]).json()["id"] == hit["id"]
        for identity in ("xã/thôn Thượng", "a%2Fb", "50% + 1", "?id=1&x#y", "\x00"):
            assert http.get(f"/api/documents/{quote(identity, safe='')}").json()["id"] == identity
        assert http.head("/api/stats").headers["content-length"] != "0"


def test_a_hostile_report_is_text(new_app):
    client = new_app([{"id": HOSTILE, "title": HOSTILE, "body": f"Đê vỡ. {HOSTILE} {chr(0xD800)}", "source": HOSTILE}])
    response = client.get("/api/search", params={"query": "đê alert", "facets": "source"})
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-content-type-options"] == "nosniff"
    found = response.json()
    (hit,) = found["hits"]
    assert hit["title"] == hit["id"] == HOSTILE
    assert found["facets"]["source"] == [[HOSTILE, 1]]
    for shown in (hit["title_html"], hit["snippet"]["html"]):
        assert "<" not in shown.replace("<mark>", "").replace("</mark>", "")
        assert not {"\x00", "\x1b"} & set(shown)
    assert client.get(hit["document"]).json()["body"].endswith(chr(0xD800))


# -- the index changes under the app


def test_commits_of_others_are_seen(new_app, new_index):
    index = new_index()
    client = TestClient(create_app(index, refresh_s=0))
    patient = TestClient(create_app(index, refresh_s=1000))
    assert patient.get("/healthz").json() == {"status": "ok", "commit": index.commit_id}
    with Index.open(index.path) as other:
        other.add([{"id": "1", "title": "Gặt lúa"}])
    assert client.get("/api/search?query=gat").json()["total"] == 1
    with Index.open(index.path) as other:
        assert client.get("/healthz").json()["commit"] == other.commit_id
        other.add([{"id": "2", "title": "Gặt lúa"}])
    assert patient.get("/api/search?query=gat").json()["total"] == 1  # it looks later


def test_an_index_that_goes_and_comes_back(tmp_path):
    folder = tmp_path / "index"

    def make(title):
        with Index.create(folder, overwrite=True) as index:
            index.add([{"id": "1", "title": title}])

    make("Gặt lúa")
    with Index.open(folder) as index:
        client = TestClient(create_app(index, refresh_s=0))
        path = "/api/search?query=lua"
        tag = client.get(path).headers["etag"]
        shutil.rmtree(folder)
        for where in (path, "/api/stats", "/api/documents/1", "/healthz"):
            response = client.get(where)
            assert str(folder) not in told(response, 503)
            assert response.headers["retry-after"]
        make("Cấy lúa")  # counts its commits from the start
        response = client.get(path, headers={"If-None-Match": tag})
        assert response.json()["hits"][0]["title"] == "Cấy lúa"
        assert client.get("/healthz").status_code == 200


def test_an_app_of_a_folder_and_options_that_make_no_sense(collection):
    assert TestClient(create_app(collection.path)).get("/healthz").status_code == 200
    for wrong in (
        {"writable": True},
        {"writable": True, "token": ""},
        {"language": "fr"},
        {"timeout_s": 0},
        {"timeout_s": "2"},
        {"refresh_s": float("nan")},
        {"facets": "source"},
        {"allow_origins": "https://bao.example"},
    ):
        with pytest.raises(InvalidArgumentError):
            create_app(collection, **wrong)
    with pytest.raises(UnknownFieldError):
        create_app(collection, facets=["size"])


def test_several_event_loops_may_ask_one_app(collection):
    app = create_app(collection)  # each client has a loop of its own

    def ask(number: int) -> set[int]:
        with TestClient(app) as client:
            return {client.get("/api/search", params={"query": f"đê {number}"}).status_code for _ in range(20)}

    with ThreadPoolExecutor(6) as pool:
        assert set().union(*pool.map(ask, range(6), timeout=60)) == {200}


# -- under the path of another app


def in_starlette(app):
    return Starlette(routes=[Mount("/báo chí/tim", app=Starlette(routes=[Mount("/b", app=app)]))]), "/báo chí/tim/b"


def in_fastapi(app):
    outer = FastAPI()
    outer.mount("/tin", app)
    return outer, "/tin"


def by_hand(app):
    """As beside Django's own ASGI application."""

    async def dispatch(scope, receive, send):
        if scope["type"] == "http" and scope["path"].startswith("/tim/"):
            scope = {**scope, "root_path": scope.get("root_path", "") + "/tim"}
            await app(scope, receive, send)
        else:
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body"})

    return dispatch, "/tim"


@pytest.mark.parametrize("mounted", [in_starlette, in_fastapi, by_hand])
def test_all_links_work_where_it_is_mounted(collection, mounted):
    import httpx

    outer, base = mounted(create_app(collection))
    with served(outer) as url, httpx.Client(base_url=url) as http:
        follow(http, quote(base))


@pytest.mark.parametrize("root_path", ["/trang tin", "trang tin", "//trang tin/"])
def test_all_links_work_behind_a_proxy(collection, root_path):
    import httpx

    with served(create_app(collection), root_path=root_path) as url, httpx.Client() as http:
        # The proxy takes the path away that the app is told of.
        http.event_hooks["request"] = [
            lambda request: setattr(request, "url", httpx.URL(str(request.url).replace("/trang%20tin", "")))
        ]
        http.base_url = url
        follow(http, "/trang%20tin")


def follow(http, base):
    """Follow every link of the API, from its description on."""
    description = http.get(f"{base}/api/openapi.json").json()
    assert description["servers"] == [{"url": base}]
    pages = 0
    link = f"{base}/api/search?query=duong+lua&limit=4"
    while link:
        pages += 1
        page = http.get(link).json()
        for hit in page["hits"]:
            assert hit["document"].startswith(f"{base}/")
            assert http.get(hit["document"]).json()["id"] == hit["id"]
        assert http.get(page["links"]["self"]).json()["hits"] == page["hits"]
        link = page["links"]["next"]
    assert pages > 1
