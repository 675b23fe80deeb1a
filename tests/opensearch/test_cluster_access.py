"""Addresses, credentials and certificates of a cluster: where they come from, and that no password is ever shown."""

from __future__ import annotations

import base64
import logging
import shutil
import ssl
import subprocess
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from proxy import Proxy

from vnsearch import (
    ClusterAccessError,
    ClusterUnavailableError,
    InvalidArgumentError,
    SearchIndexError,
)

pytest.importorskip("opensearchpy")

from vnsearch.opensearch import Cluster

SECRET = "mật:khẩu/@?#1"
SECRET_IN_URL = "m%E1%BA%ADt%3Akh%E1%BA%A9u%2F%40%3F%231"
OURS = {"version": {"distribution": "opensearch", "number": "2.19.4"}}


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
