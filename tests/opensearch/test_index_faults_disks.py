"""Disks past their flood-stage watermark, on a node of its own: the cluster takes nothing more, and loses nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("opensearchpy", reason='OPENSEARCH IS NOT TESTED: pip install "vnsearch[opensearch]"')

from cluster import LocalCluster
from cluster_fixtures import require_nodes

from vnsearch import IndexWriteError, Report
from vnsearch.opensearch import OpenSearchIndex

WAIT_S = 120.0
#: More free bytes than any disk has: every disk is too full.
NEVER_FREE = "4096tb"
WATERMARKS = [f"cluster.routing.allocation.disk.watermark.{stage}" for stage in ("low", "high", "flood_stage")]
REPORTS = [Report(f"r{number}", "Quy chế dân chủ", f"Nước ngập đến mức {number}") for number in range(30)]


@pytest.fixture
def node() -> Iterator[LocalCluster]:
    """A node that looks at its disks, as often as it may."""
    require_nodes()
    settings = {"cluster.routing.allocation.disk.threshold_enabled": "true", "cluster.info.update.interval": "10s"}
    # However full the disk of this machine is, it is not, until the test says so.
    settings |= dict.fromkeys(WATERMARKS, "1b")
    with LocalCluster(1, settings=settings) as made:
        yield made


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not done():
        assert time.monotonic() < deadline, "the node did not do in time what it does about its disks"
        time.sleep(0.2)


def test_disks_past_their_flood_stage(node: LocalCluster) -> None:
    with OpenSearchIndex.create(node.urls, "flooded", shards=1, replicas=0) as index:
        index.add(REPORTS[:10])
        client = index._cluster.client

        def set_watermarks(value: str | None) -> None:
            client.cluster.put_settings(body={"transient": dict.fromkeys(WATERMARKS, value)})

        def is_blocked() -> bool:
            found = client.indices.get_settings(index="flooded-*", flat_settings=True)
            return any("index.blocks.read_only_allow_delete" in one["settings"] for one in found.values())

        assert not is_blocked()
        set_watermarks(NEVER_FREE)
        wait_until(is_blocked)
        for use in (lambda: index.add(REPORTS), lambda: index.delete(["r1"])):
            began = time.monotonic()
            with pytest.raises(IndexWriteError, match="disks of the cluster are full: add disk"):
                use()
            # What stays in the way is not waited for, as what passes is, for a minute.
            assert time.monotonic() - began < 30
        assert index.search("muc nuoc ngap").total == len(index) == 10
        set_watermarks(None)
        wait_until(lambda: not is_blocked())
        stats = index.add(REPORTS)
        assert (stats.added, stats.updated, stats.errors) == (20, 10, ())
        assert index.search("muc nuoc ngap").total == len(index) == 30
