"""The web app of an index on a cluster: the pages and the API are the same; what is told apart is when the cluster is gone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

pytest.importorskip("fastapi", reason='needs the extra "web"')
pytest.importorskip("httpx", reason='needs the extra "test"')
pytest.importorskip("opensearchpy", reason='OPENSEARCH IS NOT TESTED: pip install "vnsearch[opensearch]"')

from cluster import LocalCluster, RunningCluster
from fastapi.testclient import TestClient
from proxy import Proxy

from vnsearch import Index, Report
from vnsearch.opensearch import Cluster, OpenSearchIndex
from vnsearch.web import create_app

MAY = {"Authorization": "Bearer mật".encode()}


@pytest.fixture(scope="module")
def index(cluster: LocalCluster | RunningCluster, reports: list[Report]) -> Iterator[OpenSearchIndex]:
    name = f"web-{uuid.uuid4().hex[:12]}"
    with OpenSearchIndex.create(cluster.urls, name, filterable=("order", "tags"), replicas=0) as made:
        made.add(reports)
        yield made
    with Cluster(cluster.urls) as connected:
        connected.client.indices.delete(index=f"{name}-*")


@pytest.fixture
def client(index: OpenSearchIndex) -> TestClient:
    return TestClient(create_app(index, refresh_s=0, facets=("source", "tags"), writable=True, token="mật"))


def test_the_api_answers_as_that_of_a_folder(client: TestClient, collection: Index) -> None:
    local = TestClient(create_app(collection))
    for path in (
        "/api/search?query=quan+uy&facet=source&limit=3",
        "/api/search?query=giay+khen&filters=source%3DBáo+Đông+Hải",
        "/api/search?query=xyz",
        "/api/search?query=quan&limit=-1",
        "/api/suggest?prefix=thuy+l",
        "/api/documents/hoa-binh",
        "/api/documents?id=xa/uy-vuon",
        "/api/documents/none",
    ):
        here, there = client.get(path), local.get(path)
        assert here.status_code == there.status_code
        found, expected = here.json(), there.json()
        if isinstance(found, dict) and "hits" in found:
            for hits in (found, expected):
                hits.pop("took_ms")
                hits["hits"] = {hit["id"]: {**hit, "score": 0} for hit in hits["hits"]}
        assert found == expected
    stats = client.get("/api/stats").json()
    assert stats["reports"] == len(collection)
    assert not {"name", "urls", "path"} & stats.keys()


def test_the_pages(client: TestClient) -> None:
    page = client.get("/?query=quan+uy&filters=source%3DBáo+Đông+Hải")
    assert page.status_code == 200
    assert "<mark>Quận ủy</mark>" in page.text
    assert "Báo Đông Hải" in page.text
    report = client.get("/report?id=quan-uy-moi&query=quan+uy")
    assert "<mark" in report.text
    assert "Đông Hải ra nghị quyết" in report.text
    assert client.get("/report?id=none").status_code == 404


def test_an_answer_is_kept_until_something_is_written(client: TestClient) -> None:
    path = "/api/search?query=nha+rong"
    tag = client.get(path).headers["etag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    added = client.post("/api/documents", json=[{"id": "mới", "title": "Khánh thành nhà rông"}], headers=MAY)
    assert added.json()["added"] == 1
    answer = client.get(path, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.json()["hits"][0]["id"] == "mới"
    assert client.delete("/api/documents/mới", headers=MAY).status_code == 204
    assert client.get(path, headers={"If-None-Match": answer.headers["etag"]}).status_code == 200
    assert client.post("/api/documents", json={"id": "x"}).status_code == 401


def test_a_cluster_that_is_gone(index: OpenSearchIndex, cluster: LocalCluster | RunningCluster) -> None:
    with Proxy(cluster.urls[0]) as proxy, OpenSearchIndex.open(proxy.url, index.name, timeout_s=2.0) as through:
        client = TestClient(create_app(through, refresh_s=0))
        assert client.get("/healthz").json() == {"status": "ok", "commit": through.commit_id}
        proxy.answers(503, "nobody there")
        for path in ("/api/search?query=uy", "/api/stats", "/healthz"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["retry-after"]
            assert "127.0.0.1" not in answer.text
        assert client.get("/?query=uy").status_code == 503
        proxy.heals()
        assert client.get("/api/search?query=uy").json()["total"]
