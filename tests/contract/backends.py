"""Where the contract tests keep their indices: a folder, a cluster. What a test may know of either is ``Backend``."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import urllib.request
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from vnsearch import AnyIndex, Index, Limits

DEFAULT = Limits()


def why_no_cluster() -> str | None:
    """Return why the contract is not tried on a cluster here; None if it is. Asked once, or each test would say so."""
    if os.environ.get("VNSEARCH_OPENSEARCH") == "0":
        return "VNSEARCH_OPENSEARCH=0"
    for module in ("opensearchpy", "vnsearch.opensearch", "vnsearch.opensearch.index"):
        if importlib.util.find_spec(module) is None:
            return f"there is no {module}"
    if os.environ.get("VNSEARCH_OPENSEARCH_URLS"):
        return None
    missing = [command for command in ("java", "javac", "mvn") if shutil.which(command) is None]
    return f"a cluster needs {', '.join(missing)}" if missing else None


class Backend(ABC):
    """Makes indices under names of its own, opens them again, and removes them."""

    def __init__(self) -> None:
        self._objects: dict[str, list[AnyIndex]] = {}  # by the name of the index that they are of

    def create(self, *, filterable: Sequence[str] = (), limits: Limits = DEFAULT) -> AnyIndex:
        """Return a new empty index."""
        name = f"contract-{uuid.uuid4().hex}"
        index = self._create(name, filterable, limits)
        self._objects[name] = [index]
        return index

    def open(self, index: AnyIndex, *, limits: Limits = DEFAULT) -> AnyIndex:
        """Return another object for the same index, as another process would have; ``index`` may be closed."""
        name = self._name(index)
        other = self._open(name, limits)
        self._objects[name].append(other)
        return other

    def filled(
        self, batches: Iterable[Iterable[Any]], *, filterable: Sequence[str] = (), deleted: Sequence[str] = ()
    ) -> AnyIndex:
        """Return a new index that took in the batches one after the other, and lost some reports again."""
        index = self.create(filterable=filterable)
        for batch in batches:
            index.add(batch)
        assert index.delete(deleted) == len(deleted)
        return index

    def remove(self, index: AnyIndex) -> None:
        """Close all objects of an index, and remove what it kept."""
        name = self._name(index)
        for each in self._objects.pop(name):
            each.close()
        self._remove(name)

    def close(self) -> None:
        """Remove what is left."""
        for objects in list(self._objects.values()):
            self.remove(objects[0])

    def _name(self, index: AnyIndex) -> str:
        return next(name for name, objects in self._objects.items() if any(index is each for each in objects))

    @abstractmethod
    def _create(self, name: str, filterable: Sequence[str], limits: Limits) -> AnyIndex: ...

    @abstractmethod
    def _open(self, name: str, limits: Limits) -> AnyIndex: ...

    @abstractmethod
    def _remove(self, name: str) -> None: ...


class Folders(Backend):
    """Indices in folders, below one."""

    def __init__(self, below: Path) -> None:
        super().__init__()
        self._below = below

    def _create(self, name: str, filterable: Sequence[str], limits: Limits) -> AnyIndex:
        return Index.create(self._below / name, filterable=filterable, limits=limits)

    def _open(self, name: str, limits: Limits) -> AnyIndex:
        return Index.open(self._below / name, limits=limits)

    def _remove(self, name: str) -> None:
        shutil.rmtree(self._below / name)


class Nodes(Backend):
    """Indices on a cluster."""

    def __init__(self, urls: Sequence[str]) -> None:
        super().__init__()
        self._kind: Any = importlib.import_module("vnsearch.opensearch.index").OpenSearchIndex
        self._urls = urls

    def _create(self, name: str, filterable: Sequence[str], limits: Limits) -> AnyIndex:
        return self._kind.create(self._urls, name, filterable=filterable, limits=limits)

    def _open(self, name: str, limits: Limits) -> AnyIndex:
        return self._kind.open(self._urls, name, limits=limits)

    def _remove(self, name: str) -> None:
        request = urllib.request.Request(f"{self._urls[0]}/{name}-*", method="DELETE")
        with urllib.request.urlopen(request, timeout=30):
            pass
