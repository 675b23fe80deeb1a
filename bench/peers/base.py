"""What a benchmark asks of an engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from bench.data import Query
from bench.measure import folder_bytes

#: The weights every engine is given.
TITLE, BODY, PAIR = 2.0, 1.0, 0.6
#: What a writer may hold in memory, in all engines that let one say.
MEMORY_MB = 512


class Peer(ABC):
    """One engine with one index in one folder.

    ``search`` is what is timed as the search alone: the ten best and the total, no document loaded. ``ids`` and
    ``total`` read its answer afterwards, untimed.
    """

    name: ClassVar[str]
    #: Whether ``build`` takes reports (the analysis is inside its time) or documents whose tokens are ready.
    takes_reports: ClassVar[bool] = False
    counts_totals: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def build(self, documents: Iterable[Any]) -> None:
        """Make the index in one commit, and leave it open for searches."""

    @abstractmethod
    def open(self) -> None:
        """Open an index made before."""

    @abstractmethod
    def search(self, query: Query) -> Any:
        """Return the ten best and how many there are, in the engine's own form."""

    @abstractmethod
    def ids(self, found: Any) -> list[str]:
        """Return the ids of what ``search`` found, the best first."""

    @abstractmethod
    def total(self, found: Any) -> int:
        """Return how many documents match."""

    def search_with_snippets(self, query: Query) -> list[str]:
        """Search, load the ten documents and make a snippet of the body of each, as HTML."""
        raise NotImplementedError(f"{self.name} has no snippets")

    def remarks(self) -> str:
        """Return what should be known about the index, such as its segments."""
        return ""

    def size_bytes(self) -> int:
        return folder_bytes(self.folder)

    def close(self) -> None:  # noqa: B027  # not every engine holds files
        """Let go of the files."""
