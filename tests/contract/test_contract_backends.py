"""On which indices the contract was tried."""

from __future__ import annotations

import pytest
from backends import Backend, Folders, Nodes, why_no_cluster

from vnsearch import AnyIndex, Report


def test_the_contract_is_tried_on_a_cluster_too() -> None:
    if reason := why_no_cluster():
        pytest.skip(f"OPENSEARCH IS NOT TESTED: the contract was tried on folders alone: {reason}")


def test_each_backend_gives_its_own_kind(backend: Backend, news: AnyIndex) -> None:
    kind = {Folders: "Index", Nodes: "OpenSearchIndex"}[type(backend)]
    assert type(news).__name__ == kind


def test_what_is_removed_is_gone(backend: Backend) -> None:
    index = backend.create()
    index.add([Report("1", "Chợ nổi")])
    other = backend.open(index)
    assert len(other) == 1
    backend.remove(index)
    again = backend.create()
    assert len(again) == 0
    backend.remove(again)
