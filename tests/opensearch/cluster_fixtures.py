"""Real nodes for tests, or a reason why there are none. ``tests/conftest.py`` has these fixtures for all folders."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest
from cluster import ClusterError, LocalCluster, RunningCluster, prepare
from proxy import Proxy


@pytest.fixture(scope="session")
def local_cluster() -> Iterator[LocalCluster]:
    """Three nodes of this test run. A test that kills some asks for ``killable``.

    Skips where no nodes can be made: no JDK, no Maven, or nothing to fetch from. That nodes do not start is a failure.
    """
    if os.environ.get("VNSEARCH_OPENSEARCH") == "0":
        pytest.skip("OPENSEARCH IS NOT TESTED: VNSEARCH_OPENSEARCH=0")
    try:
        prepare()
    except ClusterError as error:
        pytest.skip(f"OPENSEARCH IS NOT TESTED: {error}")
    with LocalCluster(3) as nodes:
        yield nodes


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> LocalCluster | RunningCluster:
    """Three nodes, for all tests; its ``urls`` are what to use. Tests give their indices names of their own and delete them.

    ``VNSEARCH_OPENSEARCH_URLS`` (with commas) names a running cluster to take in their place.
    """
    pytest.importorskip("opensearchpy", reason='OPENSEARCH IS NOT TESTED: pip install "vnsearch[opensearch]"')
    if os.environ.get("VNSEARCH_OPENSEARCH") != "0" and (running := os.environ.get("VNSEARCH_OPENSEARCH_URLS")):
        return RunningCluster(running.split(","))
    return request.getfixturevalue("local_cluster")


@pytest.fixture
def killable(local_cluster: LocalCluster) -> Iterator[LocalCluster]:
    """Nodes that may be killed; those that are missing afterwards are started again."""
    yield local_cluster
    local_cluster.restore()


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
