"""A real cluster of three nodes for the tests of this folder, or a reason why there is none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Protocol

import pytest
from cluster import ClusterError, LocalCluster, prepare


class Nodes(Protocol):
    """What a test may ask of the cluster that all share."""

    @property
    def urls(self) -> list[str]: ...


class RunningCluster:
    """A cluster that somebody else started, and that nobody here may stop."""

    def __init__(self, urls: list[str]) -> None:
        self.urls = urls


@pytest.fixture(scope="session")
def local_nodes() -> None:
    """Skips where no nodes can be made: no JDK, no Maven, or nothing to fetch from. That nodes do not start is a failure."""
    if os.environ.get("VNSEARCH_OPENSEARCH") == "0":
        pytest.skip("OPENSEARCH IS NOT TESTED: VNSEARCH_OPENSEARCH=0")
    try:
        prepare()
    except ClusterError as error:
        pytest.skip(f"OPENSEARCH IS NOT TESTED: {error}")


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Nodes]:
    """Three nodes, for the whole test run: tests make indices of their own and delete them. Has ``urls``.

    ``VNSEARCH_OPENSEARCH_URLS`` (with commas) names a running cluster to take in their place.
    """
    pytest.importorskip("opensearchpy", reason='OPENSEARCH IS NOT TESTED: pip install "vnsearch[opensearch]"')
    if running := os.environ.get("VNSEARCH_OPENSEARCH_URLS"):
        yield RunningCluster(running.split(","))
        return
    request.getfixturevalue("local_nodes")
    with LocalCluster(3) as nodes:
        yield nodes


@pytest.fixture
def own_cluster(local_nodes: None) -> Iterator[LocalCluster]:
    """Three nodes for one test, which may kill and restart them."""
    with LocalCluster(3) as nodes:
        yield nodes
