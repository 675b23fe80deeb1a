"""The same library over an OpenSearch cluster: shards, replicas and many writers. Needs the extra ``opensearch``."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from vnsearch.errors import MissingExtraError

if TYPE_CHECKING:
    from vnsearch.opensearch.cluster import Cluster
    from vnsearch.opensearch.index import ClusterStats, OpenSearchIndex
    from vnsearch.opensearch.rebuild import rebuild_index

__all__ = ["Cluster", "ClusterStats", "OpenSearchIndex", "rebuild_index"]

# Where the names live that need opensearch-py: imported when they are first asked for.
_MODULES = {
    "Cluster": "cluster",
    "ClusterStats": "index",
    "OpenSearchIndex": "index",
    "rebuild_index": "rebuild",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'vnsearch.opensearch' has no attribute {name!r}")
    try:
        value = getattr(importlib.import_module(f"vnsearch.opensearch.{_MODULES[name]}"), name)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f'OpenSearch needs opensearch-py: pip install "vnsearch[opensearch]" ({error})'
        ) from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
