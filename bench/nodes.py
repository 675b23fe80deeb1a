"""A cluster to measure: the one that is named, or three nodes of our own; and indices on it that go afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from tests.opensearch.cluster import LocalCluster

from vnsearch.opensearch import Cluster, OpenSearchIndex
from vnsearch.opensearch.names import drop, found_or_raise

#: Of each node that is started here.
HEAP = "1g"


@contextmanager
def urls_of(given: str | None) -> Iterator[list[str]]:
    """Give the URLs that are named, between commas; without, those of three nodes, which end afterwards."""
    if given:
        yield [url for url in given.split(",") if url]
        return
    with LocalCluster(3, heap=HEAP) as nodes:
        yield nodes.urls


@contextmanager
def index_on(urls: Sequence[str], name: str, **options: Any) -> Iterator[OpenSearchIndex]:
    """Give an empty index of a name that nobody else has; it is removed afterwards. Options are those of ``create``."""
    own = f"bench-{name.replace('_', '-')}-{uuid4().hex[:8]}"
    with OpenSearchIndex.create(urls, own, **options) as index:
        try:
            yield index
        finally:
            with Cluster(urls) as cluster:
                place = found_or_raise(cluster, own)
                drop(cluster, place.index, place.counts)
