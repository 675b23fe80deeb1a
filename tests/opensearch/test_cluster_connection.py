"""The way to a cluster: what goes wrong is told clearly and in time."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from cluster import LocalCluster, RunningCluster
from proxy import Proxy

from vnsearch import (
    ClusterAccessError,
    ClusterUnavailableError,
    IndexExistsError,
    IndexNotFoundError,
    IndexVersionError,
    IndexWriteError,
    InvalidArgumentError,
    SearchIndexError,
)

pytest.importorskip("opensearchpy")

from vnsearch.opensearch import Cluster

OURS = {"version": {"distribution": "opensearch", "number": "2.19.4"}}


@pytest.fixture
def real(cluster: LocalCluster | RunningCluster) -> Iterator[Cluster]:
    with Cluster(cluster.urls) as made:
        yield made


@pytest.fixture
def index_name(real: Cluster) -> Iterator[str]:
    name = f"connection-{uuid4().hex}"
    yield name
    real.client.indices.delete(index=name, params={"ignore_unavailable": "true"})


def write(cluster: Cluster, index: str) -> Any:
    with cluster.errors(f"writing to {index}"):
        return cluster.client.index(index=index, id="1", body={"a": "b"}, refresh=True)


def search(cluster: Cluster, index: str) -> Any:
    with cluster.errors(f"searching {index}"):
        return cluster.client.search(index=index, body={"query": {"match_all": {}}}, allow_partial_search_results=False)


# ---------------------------------------------------------------------------------------------- a cluster in good order


def test_version_of_a_real_cluster(real: Cluster) -> None:
    assert real.check_version() == real.major == 2


def test_threads_share_a_cluster(real: Cluster, index_name: str) -> None:
    write(real, index_name)
    found: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: found.extend(search(real, index_name)["hits"]["total"]["value"] for _ in range(10))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 80


def test_version_is_asked_for_once(proxy: Proxy) -> None:
    proxy.answers(200, OURS)
    with Cluster(proxy.url) as cluster:
        assert proxy.requests == []
        assert [cluster.check_version(), cluster.major, cluster.check_version()] == [2, 2, 2]
    assert [path for _, path, _ in proxy.requests] == ["/"]


def test_opensearch_3_is_known(proxy: Proxy) -> None:
    proxy.answers(200, {"version": {"distribution": "opensearch", "number": "3.1.0"}})
    with Cluster(proxy.url) as cluster:
        assert cluster.major == 3


def test_what_the_cluster_may_take_over_a_write_is_told_to_the_cluster(
    cluster: LocalCluster | RunningCluster, index_name: str
) -> None:
    with Proxy(cluster.urls[0]) as proxy, Cluster(proxy.url) as through:
        through.client.index(index=index_name, id="1", body={}, timeout="25s")
        assert "timeout=25s" in proxy.requests[-1][1]


# ------------------------------------------------------------------------------------------------------- lost nodes


def test_a_node_that_is_down_is_passed_by(
    cluster: LocalCluster | RunningCluster, dead_url: str, index_name: str
) -> None:
    with Cluster([dead_url, cluster.urls[0]]) as half:
        write(half, index_name)
        assert [search(half, index_name)["hits"]["total"]["value"] for _ in range(5)] == [1] * 5


def test_a_search_leaves_a_node_that_is_silent(
    cluster: LocalCluster | RunningCluster, silent_url: str, index_name: str
) -> None:
    with Cluster([silent_url, cluster.urls[0]], timeout_s=4) as half:
        with half.errors("preparing"):
            for _ in range(2):  # one of the two meets the silent node
                half.client.indices.exists(index=index_name)
        write(half, index_name)
        assert search(half, index_name)["hits"]["total"]["value"] == 1


def test_an_answer_cut_in_the_middle_is_asked_for_again(
    cluster: LocalCluster | RunningCluster, index_name: str
) -> None:
    with Proxy(cluster.urls[0]) as proxy, Cluster(proxy.url) as through:
        proxy.cuts(times=1)
        write(through, index_name)
        proxy.cuts(times=2)
        assert search(through, index_name)["hits"]["total"]["value"] == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, "rejected_execution_exception"),
        (502, None),
        (503, "search_phase_execution_exception"),
        (503, "cluster_block_exception"),
        (504, None),
        (500, "node_disconnected_exception"),
        (500, "task_cancelled_exception"),  # another node was lost while this one waited for it
        (404, "search_context_missing_exception"),
    ],
)
def test_a_cluster_that_is_busy_is_asked_again(proxy: Proxy, status: int, kind: str | None) -> None:
    body = (
        {"error": {"type": "search_phase_execution_exception", "caused_by": {"type": kind}}} if kind else "Bad gateway"
    )
    proxy.answers(status, body, times=2)
    proxy.answers(200, {"hits": {}})
    with Cluster(proxy.url) as cluster:
        assert search(cluster, "news") == {"hits": {}}
    assert len(proxy.requests) == 3
    proxy.heals()
    proxy.answers(status, body)
    with Cluster(proxy.url, timeout_s=0.3) as cluster, pytest.raises(ClusterUnavailableError):
        search(cluster, "news")


def test_a_node_killed_and_brought_back(killable: LocalCluster) -> None:
    with Cluster(killable.urls) as cluster:
        # On all three nodes. The one that is killed may hold what a search is about, the way in, or the manager.
        cluster.client.indices.create(index="kept", body={"settings": {"number_of_shards": 3, "number_of_replicas": 1}})
        killable.wait_for_nodes()
        write(cluster, "kept")
        killable.kill(1)
        assert [search(cluster, "kept")["hits"]["total"]["value"] for _ in range(20)] == [1] * 20
        assert write(cluster, "kept")["result"] == "updated"
        killable.restart(1)
        killable.kill(0)
        assert [search(cluster, "kept")["hits"]["total"]["value"] for _ in range(20)] == [1] * 20
        killable.restart(0)
        cluster.client.indices.delete(index="kept")


# ------------------------------------------------------------------------------------- what goes wrong, and what to do


def test_down(dead_url: str) -> None:
    with (
        Cluster([dead_url, dead_url]) as cluster,
        pytest.raises(ClusterUnavailableError, match=r"refused.*see that it runs"),
    ):
        cluster.check_version()


@pytest.mark.parametrize("nodes", [1, 3])
def test_silent(silent_url: str, nodes: int) -> None:
    with Cluster([silent_url] * nodes, timeout_s=0.5) as cluster:
        with pytest.raises(ClusterUnavailableError, match=r"no answer in time.*timeout_s"):
            cluster.check_version()
        with pytest.raises(ClusterUnavailableError, match="no answer in time"):
            write(cluster, "news")


def test_a_write_that_got_no_answer_is_not_sent_again(proxy: Proxy) -> None:
    proxy.hangs()
    with Cluster([proxy.url, proxy.url], timeout_s=0.5) as cluster, pytest.raises(ClusterUnavailableError):
        write(cluster, "news")
    assert len(proxy.requests) == 1


def test_a_call_may_have_a_timeout_of_its_own(proxy: Proxy) -> None:
    proxy.hangs()
    with (
        Cluster(proxy.url, timeout_s=3600) as cluster,
        pytest.raises(ClusterUnavailableError, match="no answer in time"),
        cluster.errors("asking"),
    ):
        cluster.client.info(params={"request_timeout": 0.3})


def test_a_name_that_is_no_host() -> None:
    with (
        Cluster("http://no-such-host.invalid:9200") as cluster,
        pytest.raises(ClusterUnavailableError, match="URL is right"),
    ):
        cluster.check_version()


def test_red(real: Cluster, index_name: str) -> None:
    settings = {"index.routing.allocation.require.no_such_attribute": "x", "index.number_of_replicas": 0}
    real.client.indices.create(index=index_name, body={"settings": settings}, wait_for_active_shards="0")
    with pytest.raises(ClusterUnavailableError, match=r"missing shards.*allocation/explain"):
        search(real, index_name)
    with pytest.raises(ClusterUnavailableError, match=index_name), real.errors(f"writing to {index_name}"):
        real.client.index(index=index_name, id="1", body={}, timeout="200ms")


def test_manager_missing(killable: LocalCluster) -> None:
    with Cluster(killable.urls) as cluster:
        killable.kill(0)
        killable.kill(1)
        with pytest.raises(ClusterUnavailableError, match="creating"), cluster.errors("creating"):
            cluster.client.indices.create(index="late", params={"cluster_manager_timeout": "1s", "request_timeout": 10})


@pytest.mark.parametrize(
    ("block", "advice"),
    [("read_only_allow_delete", "disks of the cluster are full"), ("write", "read-only"), ("read_only", "read-only")],
)
def test_read_only(real: Cluster, index_name: str, block: str, advice: str) -> None:
    write(real, index_name)
    real.client.indices.put_settings(index=index_name, body={f"index.blocks.{block}": True})
    try:
        with pytest.raises(IndexWriteError, match=advice) as caught:
            write(real, index_name)
        assert caught.value.errno is None
        assert search(real, index_name)["hits"]["total"]["value"] == 1
    finally:
        real.client.indices.put_settings(index=index_name, body={f"index.blocks.{block}": None})


def test_full_disks_are_not_waited_for(cluster: LocalCluster | RunningCluster, real: Cluster, index_name: str) -> None:
    write(real, index_name)
    real.client.indices.put_settings(index=index_name, body={"index.blocks.read_only_allow_delete": True})
    with Proxy(cluster.urls[0]) as proxy, Cluster(proxy.url) as through:
        with pytest.raises(IndexWriteError):
            write(through, index_name)
        assert len(proxy.requests) == 1


def test_no_such_index_and_one_too_many(real: Cluster, index_name: str) -> None:
    with pytest.raises(IndexNotFoundError, match=index_name):
        search(real, index_name)
    real.client.indices.create(index=index_name)
    with pytest.raises(IndexExistsError, match=index_name), real.errors("creating"):
        real.client.indices.create(index=index_name)
    with pytest.raises(InvalidArgumentError, match="lowercase"), real.errors("creating"):
        real.client.indices.create(index="UPPER")


def test_what_the_cluster_refuses_otherwise_is_told_with_its_reason(real: Cluster, index_name: str) -> None:
    real.client.indices.create(index=index_name)
    with pytest.raises(SearchIndexError, match=r"no_such_query.*answered 400") as caught, real.errors("searching"):
        real.client.search(index=index_name, body={"query": {"no_such_query": {}}})
    assert type(caught.value) is SearchIndexError


@pytest.mark.parametrize(
    "body", ["Unauthorized", {"error": {"type": "security_exception", "reason": "no"}}, "<html>401</html>"]
)
def test_credentials_asked_for(proxy: Proxy, body: Any) -> None:
    proxy.answers(401, body, content_type="text/plain" if isinstance(body, str) else "application/json")
    with Cluster(proxy.url) as cluster, pytest.raises(ClusterAccessError, match="give username and password") as caught:
        cluster.check_version()
    assert "<" not in str(caught.value)


def test_not_allowed(proxy: Proxy) -> None:
    reason = "no permissions for [indices:data/write/index] and User [name=reader]"
    proxy.answers(403, {"error": {"type": "security_exception", "reason": reason}})
    with Cluster(proxy.url) as cluster, pytest.raises(ClusterAccessError, match=r"data/write/index.*give it a role"):
        write(cluster, "news")


@pytest.mark.parametrize(
    ("version", "told"),
    [
        ({"number": "8.15.0"}, "Elasticsearch 8.15.0"),
        ({"number": "7.10.2", "distribution": "other"}, "other 7.10.2"),
        ({"number": "1.3.20", "distribution": "opensearch"}, "opensearch 1.3.20"),
        ({"number": "4.0.0", "distribution": "opensearch"}, "opensearch 4.0.0"),
        ({"number": "twenty", "distribution": "opensearch"}, "opensearch twenty"),
    ],
)
def test_another_version(proxy: Proxy, version: dict[str, str], told: str) -> None:
    proxy.answers(200, {"version": version})
    with (
        Cluster(proxy.url) as cluster,
        pytest.raises(IndexVersionError, match=f"{told}: vnsearch needs OpenSearch 2 or 3"),
    ):
        cluster.check_version()


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (200, "<html>It works!</html>", "text/html"),
        (200, "{", "application/json"),
        (200, "[]", "application/json"),
        (404, "nothing here", "text/plain"),
        (400, "plain HTTP was sent to an HTTPS port", "text/html"),
    ],
)
def test_no_opensearch_at_all(proxy: Proxy, status: int, body: str, content_type: str) -> None:
    proxy.answers(status, body, content_type=content_type)
    with Cluster(proxy.url) as cluster, pytest.raises(IndexVersionError, match="is no OpenSearch"):
        cluster.check_version()


def test_a_version_that_could_not_be_asked_for_is_asked_for_again(proxy: Proxy) -> None:
    proxy.answers(401, {}, times=1)
    proxy.answers(200, OURS)
    with Cluster(proxy.url) as cluster:
        with pytest.raises(ClusterAccessError):
            cluster.check_version()
        assert cluster.check_version() == 2


# -------------------------------------------------------------------------------------------------------- the extra


def test_nothing_is_imported_before_it_is_needed_and_the_extra_is_named() -> None:
    code = (
        "import sys, vnsearch, vnsearch.opensearch\n"
        "assert 'opensearchpy' not in sys.modules\n"
        "sys.modules['opensearchpy'] = None\n"
        "try:\n    vnsearch.opensearch.Cluster\n"
        "except vnsearch.MissingExtraError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 'pip install "vnsearch[opensearch]"' in done.stdout


def test_lost_nodes_are_not_printed_where_no_logging_is_set_up(dead_url: str) -> None:
    code = (
        "import sys\nfrom vnsearch.opensearch import Cluster\n"
        "from vnsearch import ClusterUnavailableError\n"
        "try:\n    Cluster(sys.argv[1]).check_version()\n"
        "except ClusterUnavailableError:\n    print('told')"
    )
    done = subprocess.run([sys.executable, "-c", code, dead_url], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("told\n", "")
