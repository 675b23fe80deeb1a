"""Real nodes for tests, or a reason why there are none. ``tests/conftest.py`` has these fixtures for all folders."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from cluster import ClusterError, LocalCluster, RunningCluster, prepare


def require_nodes() -> None:
    """Skip where no nodes can be made: no JDK, no Maven, or nothing to fetch from. That nodes do not start is a failure."""
    if os.environ.get("VNSEARCH_OPENSEARCH") == "0":
        pytest.skip("OPENSEARCH IS NOT TESTED: VNSEARCH_OPENSEARCH=0")
    try:
        prepare()
    except ClusterError as error:
        pytest.skip(f"OPENSEARCH IS NOT TESTED: {error}")


@pytest.fixture(scope="session")
def local_cluster() -> Iterator[LocalCluster]:
    """Three nodes of this test run, where there can be some. A test that kills some asks for ``killable``."""
    require_nodes()
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
