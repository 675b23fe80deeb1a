"""``AnyIndex``: what every index gives, wherever it is kept. Code written for it runs on a folder and on a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # types alone: whoever names the contract waits for none of the layers
    import datetime as dt
    from types import TracebackType

    from vnsearch.index.check import CheckResult
    from vnsearch.index.progress import OnProgress
    from vnsearch.index.snapshot import LearntAbbreviation
    from vnsearch.index.batches import AddStats, OnError
    from vnsearch.report import Report
    from vnsearch.search.results import Hit, SearchResults
    from vnsearch.search.searcher import Match, Sort

__all__ = ["AnyIndex", "AnyStats"]


class AnyStats(Protocol):
    """What the stats of every index have. Terms are different ones, in all text fields."""

    @property
    def reports(self) -> int:
        """Reports in the index."""

    @property
    def size_bytes(self) -> int:
        """Bytes on disk, as near as can be told."""

    @property
    def syllables(self) -> int:
        """Syllables of all titles and bodies."""

    @property
    def syllable_terms(self) -> int:
        """Different syllables."""

    @property
    def word_terms(self) -> int:
        """Different words."""

    @property
    def filterable(self) -> tuple[str, ...]:
        """As ``AnyIndex.filterable``."""

    @property
    def format(self) -> int:
        """Version of the layout that the index is kept in."""

    @property
    def analysis(self) -> str:
        """What identifies the analysis that made its terms."""


class AnyIndex(Protocol):
    """An index, wherever it is kept: ``vnsearch.Index`` in a folder, ``vnsearch.opensearch.OpenSearchIndex`` on a cluster.

    Annotate with it what shall take either; making and opening one is told of each class, the rest is the same.

    >>> from vnsearch import AnyIndex, Index
    >>> def titles(index: AnyIndex, query: str) -> list[str]:
    ...     return [hit.report.title for hit in index.search(query)]
    >>> import tempfile
    >>> with Index.create(tempfile.mkdtemp()) as ix:
    ...     stats = ix.add([{"id": "1", "title": "Chợ nổi", "body": "Chợ họp sớm."}])
    ...     titles(ix, "cho noi")
    ['Chợ nổi']

    *The same everywhere:* which reports a query finds, in which tiers, and how they are read, marked, filtered, counted and
    sorted; reports equal to those that were added; what an object adds or deletes is seen by its searches from then on; the
    errors, all of them ``VnSearchError``; use from many threads. ``tests/contract`` holds each index to it.

    *Not the same:* ``Index.add`` is atomic, all reports of a call or none; on a cluster each report is, and an ``add`` that
    ends with an error has kept some: run it again, ids make that harmless. Hits and iterators of ``Index`` keep the commit
    that they come from; on a cluster others' changes may show between one page and the next. Scores have no unit and are not
    to be compared between indices; reports with equal scores may be in another order. What belongs to a folder alone is not
    in here: ``path``, ``commit``, ``sync``, ``watch``, ``whoosh``.
    """

    @property
    def commit_id(self) -> str:
        """Short text that changes with what searches see, and that an index which took the place of this one has not."""

    @property
    def filterable(self) -> tuple[str, ...]:
        """The keys of ``Report.extra`` that can be filtered and faceted, beside source, category and author."""

    # -- changing

    def add(
        self,
        reports: Iterable[Report | Mapping[str, Any]],
        on_error: OnError = "raise",
        progress: OnProgress | bool | None = None,
        processes: int = 1,
        memory_mb: int = 512,
    ) -> AddStats:
        """Add reports, or replace those with the same id; see ``Index.add``. Atomic for a report, perhaps for all."""

    def delete(self, ids: Iterable[str]) -> int:
        """Delete reports by id; return how many there were. Unknown ids are passed over."""

    def refresh(self) -> bool:
        """See what others added and deleted; return whether there was anything new."""

    # -- searching

    def search(
        self,
        query: str,
        limit: int = 10,
        offset: int = 0,
        match: Match = "any",
        fields: Mapping[str, float] | None = None,
        filters: Mapping[str, Any] | None = None,
        date_from: dt.date | str | None = None,
        date_to: dt.date | str | None = None,
        sort: Sort = "relevance",
        facets: Iterable[str] = (),
        fragments: int = 2,
        timeout_s: float | None = None,
    ) -> SearchResults:
        """Find reports, the best first; see ``Index.search``, which tells of the query language and the options."""

    def hit(
        self,
        id: str,
        query: str,
        match: Match = "any",
        fields: Mapping[str, float] | None = None,
        timeout_s: float | None = None,
    ) -> Hit | None:
        """Return one report as a hit of a query, None if that does not find it; see ``Index.hit``."""

    def suggest(self, prefix: str, limit: int = 8) -> list[str]:
        """Return completions of what is being typed, with marks, commonest first; see ``Index.suggest``."""

    def abbreviations(self) -> list[LearntAbbreviation]:
        """Return the abbreviations that the reports define themselves, commonest first; see ``Index.abbreviations``."""

    def more_like_this(self, id: str, limit: int = 10) -> SearchResults:
        """Return the reports that share most with the one of this id, which is not among them; none for an unknown id."""

    # -- reports

    def get(self, id: str) -> Report | None:
        """Return the report with this id, or None."""

    def __contains__(self, id: object) -> bool: ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Report]: ...

    # -- the index itself

    def check(self) -> CheckResult:
        """Return what is wrong with the index, if anything."""

    def stats(self) -> AnyStats:
        """Return the size of the index."""

    def close(self) -> None:
        """Let go of it; hits that are still held keep working. Closing twice does no harm."""

    def __enter__(self) -> AnyIndex: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...
