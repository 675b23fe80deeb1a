"""The way to a cluster: what goes wrong is told clearly, in time, and without anybody's password."""

from __future__ import annotations

import base64
import logging
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
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

SECRET = "mật:khẩu/@?#1"
SECRET_IN_URL = "m%E1%BA%ADt%3Akh%E1%BA%A9u%2F%40%3F%231"
OURS = {"version": {"distribution": "opensearch", "number": "2.19.4"}}


@pytest.fixture(autouse=True)
def no_credentials_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USERNAME", "PASSWORD", "CA_CERTS"):
        monkeypatch.delenv(f"VNSEARCH_OPENSEARCH_{name}", raising=False)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as made:
        yield made


@pytest.fixture
def dead_url() -> Iterator[str]:
    """A port of this machine where nobody listens, held so that nobody will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def silent_url() -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


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
        (500, "node_disconnected_exception"),  # another node was lost while this one waited for it
        (404, "search_context_missing_exception"),
    ],
)
def test_a_cluster_that_is_busy_is_asked_again(proxy: Proxy, status: int, kind: str | None) -> None:
    cause = {"type": kind, "reason": "n1"}
    body = {"error": {"root_cause": [cause], "type": "search_phase_execution_exception"}} if kind else "Bad gateway"
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
        answer = real.client.bulk(index=index_name, body=[{"index": {"_id": "2"}}, {}])
        error = real.item_error(answer["items"][0]["index"], "adding")
        assert isinstance(error, IndexWriteError)
        assert advice in str(error)
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


# ------------------------------------------------------------------------------------------------------------- URLs


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://localhost", "http://localhost:9200"),
        ("https://search.example/", "https://search.example:443"),
        ("https://search.example/vn/", "https://search.example:443/vn"),
        ("http://[::1]:9201", "http://[::1]:9201"),
        (" http://localhost:9200\n", "http://localhost:9200"),
    ],
)
def test_urls(url: str, told: str) -> None:
    with Cluster(url) as cluster:
        assert cluster.urls == (told,)
        assert repr(cluster) == f"Cluster({told!r})"


def test_a_path_goes_before_that_of_each_request(proxy: Proxy) -> None:
    proxy.answers(200, OURS)
    with Cluster(f"{proxy.url}/vn/") as cluster:
        cluster.check_version()
    assert proxy.requests[0][1] == "/vn/"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:9200",
        "search.example",
        "ftp://admin:tOpSecret@host:9200",
        "http://",
        "http://:9200",
        "http://admin:tOpSecret@",
        "http://admin:tOpSecret@host:port",
        "http://admin:tOp#Secret@host:9200",
        "http://admin:tOp?Secret@host:9200",
        "http://tOp/Secret@host:9200",
        "http://admin:tOp/Secret@host:9200",
        "http://admin:tOpSecret@ho st:9200",
        "http://admin:tOpSecret@[::1:9200",
        "http://host:9200?token=tOpSecret",
        "http://admin@host:9200",
        None,
        9200,
    ],
)
def test_urls_that_make_no_sense(url: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Cluster(["http://localhost:9200", url])
    printed = "".join(traceback.format_exception(caught.value))
    assert "Secret" not in str(caught.value)
    assert "Secret" not in printed
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "options",
    [
        {"urls": []},
        {"timeout_s": 0},
        {"timeout_s": float("nan")},
        {"username": "admin"},
        {"password": "x"},
        {"username": "ad:min", "password": "x"},
        {"urls": "https://localhost:9200", "ca_certs": "/no/such/file.pem"},
        {"urls": ["http://a:x@localhost:9200", "http://b:x@localhost:9201"]},
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError):
        Cluster(**{"urls": "http://localhost:9200", **options})


# ------------------------------------------------------------------------------------------------------ credentials


def sent(proxy: Proxy) -> str:
    scheme, _, code = proxy.requests[-1][2].get("authorization", "").partition(" ")
    assert scheme in ("", "Basic")
    return base64.b64decode(code).decode()


def test_where_credentials_come_from(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy.answers(200, OURS)
    with_user = proxy.url.replace("://", f"://in-url:{SECRET_IN_URL}@")
    with Cluster(proxy.url) as cluster:
        cluster.check_version()
        assert sent(proxy) == ""
    monkeypatch.setenv("VNSEARCH_OPENSEARCH_USERNAME", "in-environment")
    monkeypatch.setenv("VNSEARCH_OPENSEARCH_PASSWORD", SECRET)
    with Cluster(proxy.url) as cluster:
        cluster.check_version()
        assert sent(proxy) == f"in-environment:{SECRET}"
    with Cluster([proxy.url, with_user]) as cluster:  # one user for all nodes
        for _ in range(4):
            cluster.client.info()
            assert sent(proxy) == f"in-url:{SECRET}"
    with Cluster(with_user, username="given", password="x") as cluster:
        cluster.check_version()
        assert sent(proxy) == "given:x"


def test_credentials_are_never_shown(
    proxy: Proxy, dead_url: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    user = f"://admin:{SECRET_IN_URL}@"
    shown: list[str] = []

    def fails(cluster: Cluster) -> None:
        with pytest.raises(SearchIndexError) as caught:
            cluster.check_version()
        shown.extend(traceback.format_exception(caught.value))
        error: BaseException | None = caught.value
        while error is not None:
            shown.extend([str(error), repr(error), repr(error.args)])
            error = error.__cause__ or error.__context__

    with Cluster([url.replace("://", user) for url in (proxy.url, dead_url)], timeout_s=0.5) as cluster:
        shown.extend(
            [
                repr(cluster),
                str(cluster),
                repr(cluster.urls),
                repr(cluster.client),
                repr(cluster.client.transport.hosts),
            ]
        )
        for status, body in [
            (401, {}),
            (403, {}),
            (503, {}),
            (500, "no"),
            (200, {"version": {"number": "8"}}),
            (200, "<"),
        ]:
            proxy.heals()
            proxy.answers(status, body)
            fails(cluster)
        proxy.heals()
        proxy.hangs()
        fails(cluster)
    with Cluster(dead_url.replace("://", user)) as cluster:
        fails(cluster)
    shown += [caplog.text, *capsys.readouterr()]
    everything = "\n".join(shown)
    assert "401" in caplog.text
    assert sent(proxy) == f"admin:{SECRET}"
    for secret in (SECRET, SECRET_IN_URL, "khẩu", "admin", base64.b64encode(f"admin:{SECRET}".encode()).decode()):
        assert secret not in everything


# -------------------------------------------------------------------------------------------------------------- TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody signed but itself, with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to make a certificate")
    made = tmp_path_factory.mktemp("tls") / "node.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        *subject,
        "-keyout",
        str(made),
        "-out",
        "-",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    with made.open("a") as file:
        file.write(done.stdout)
    return made


@pytest.fixture
def secure(certificate: Path) -> Iterator[Proxy]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Proxy(tls=context) as made:
        made.answers(200, OURS)
        yield made


def test_a_certificate_that_is_not_trusted(secure: Proxy) -> None:
    with Cluster(secure.url) as cluster, pytest.raises(ClusterAccessError, match=r"not trusted.*ca_certs"):
        cluster.check_version()
    assert secure.requests == []


def test_a_certificate_of_an_authority_that_is_given(
    secure: Proxy, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Cluster(secure.url, ca_certs=certificate) as cluster:
        assert cluster.major == 2
    monkeypatch.setenv("VNSEARCH_OPENSEARCH_CA_CERTS", str(certificate))
    with Cluster(secure.url) as cluster:
        assert cluster.major == 2


def test_any_certificate_when_that_is_wanted(secure: Proxy) -> None:
    with Cluster(secure.url, verify_certs=False) as cluster:
        assert cluster.major == 2


def test_https_where_http_is_spoken(proxy: Proxy, tmp_path: Path) -> None:
    with (
        Cluster(proxy.url.replace("http", "https")) as cluster,
        pytest.raises(ClusterAccessError, match="write http://"),
    ):
        cluster.check_version()


def test_http_where_https_is_spoken(secure: Proxy) -> None:
    with (
        Cluster(secure.url.replace("https", "http")) as cluster,
        pytest.raises(ClusterUnavailableError, match="https://"),
    ):
        cluster.check_version()


def test_authorities_that_are_no_certificates(secure: Proxy, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    with Cluster(secure.url, ca_certs=tmp_path / "ca.pem") as cluster, pytest.raises(ClusterAccessError, match="PEM"):
        cluster.check_version()


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
