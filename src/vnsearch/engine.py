"""``Index``: the public face. No logic of its own: each method hands over to the layer that does the work."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from vnsearch.analysis import analysis_fingerprint
from vnsearch.concurrency import lock_of
from vnsearch.errors import (
    IndexClosedError,
    IndexCorruptedError,
    IndexExistsError,
    IndexReadError,
)
from vnsearch.index import storage
from vnsearch.index.arguments import check_reports, wanted_ids
from vnsearch.index.columnar.container import LAYOUT_VERSION
from vnsearch.index.progress import OnProgress, progress_bar
from vnsearch.index.schema import checked_keys
from vnsearch.index.snapshot import LearntAbbreviation, Snapshot
from vnsearch.limits import LIMITS, Limits, checked_limits
from vnsearch.report import Report
from vnsearch.search import similar, suggestions
from vnsearch.search.results import Hit, SearchResults
from vnsearch.search.searcher import Match, Searcher, SearchOptions, Sort

if TYPE_CHECKING:  # whoever only searches does not wait for Whoosh, or the writer, and multiprocessing with it
    from vnsearch.contract import AnyIndex
    from vnsearch.corpus.files import Corpus, OnConverted, PathArgument
    from vnsearch.corpus.files import OnError as OnReadError
    from vnsearch.index.batches import AddStats, OnError
    from vnsearch.index.check import CheckResult
    from vnsearch.index.sync import Seen, SyncStats
    from vnsearch.index.watch import OnFailure, StopEvent
    from vnsearch.index.whoosh_index import VietnameseIndex

__all__ = ["Index", "IndexStats"]


@dataclass(frozen=True, slots=True)
class IndexStats:
    """The size of an index. ``commit`` counts up with every change; terms are different ones, in all text fields."""

    path: str
    reports: int
    commit: int
    size_bytes: int
    syllables: int
    syllable_terms: int
    word_terms: int
    filterable: tuple[str, ...]
    format: int
    analysis: str


@contextlib.contextmanager
def _reading_back() -> Iterator[None]:
    """Say of an error that the change was made before it."""
    told = "the change is made, but cannot be read back"
    try:
        yield
    except IndexCorruptedError as error:
        raise IndexCorruptedError(f"{told}: {error}", error.file, error.why) from error
    except IndexReadError as error:
        raise IndexReadError(f"{told}: {error}", error.errno) from error


class Index:
    """An index in a folder. Made by ``Index.create`` or ``Index.open``; close it, or use it in a ``with``.

    One object may be used from many threads. A search sees one commit from first to last: what this object adds or
    deletes is seen by the searches after it; what other processes do, after ``refresh``.
    """

    def __init__(self, path: Path, folder: storage.IndexFolder, lock_timeout_s: float, limits: Limits) -> None:
        self.path = path
        self._folder = folder
        self._lock_timeout_s = lock_timeout_s
        self._limits = limits
        # One refreshes at a time, or a slow one could put an older commit back.
        self._refreshing = lock_of(self, "_refreshing")
        self._searcher: Searcher | None = Searcher(Snapshot(folder), limits)

    # -- opening and closing

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        overwrite: bool = False,
        *,
        filterable: Iterable[str] = (),
        lock_timeout_s: float = 10.0,
        limits: Limits = LIMITS,
    ) -> Index:
        """Make an empty index in a folder, and the folder if need be; other files in it are left alone.

        Args:
            path: the folder.
            overwrite: start anew where there is an index already.
            filterable: keys of ``Report.extra`` that can be filtered and faceted, beside source, category and author.
            lock_timeout_s: seconds to wait for another writer before giving up.
            limits: the most that queries, results and reports may be; see ``Limits``. They are not kept in the folder.

        Raises:
            IndexExistsError: there is an index already, and ``overwrite`` is False.
            InvalidArgumentError: a key cannot be filterable, there are too many (100 by default), or the path is a file.
            IndexLockedError: another writer did not finish within ``lock_timeout_s``.
            IndexWriteError: the system does not let us write, as on a full disk.

        """
        folder, keys = Path(path), checked_keys(filterable, checked_limits(limits).filterable_keys)
        made = storage.create(folder, overwrite=overwrite, filterable=keys, lock_timeout_s=lock_timeout_s)
        with _reading_back():
            return cls(folder, made, lock_timeout_s, limits)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        create: bool = False,
        *,
        lock_timeout_s: float = 10.0,
        limits: Limits = LIMITS,
    ) -> Index:
        """Open the index in a folder; with ``create``, make an empty one where there is none.

        ``lock_timeout_s`` and ``limits`` are as for ``create``, whatever the index was made with.

        Raises:
            IndexNotFoundError: there is none, and ``create`` is False.
            IndexVersionError: another version of the library made it.
            IndexCorruptedError: its files are damaged.
            InvalidArgumentError: ``limits`` is no ``Limits``.

        """
        folder = Path(path)
        if create and not storage.exists(folder):
            with contextlib.suppress(IndexExistsError):  # somebody was faster
                return cls.create(folder, lock_timeout_s=lock_timeout_s, limits=limits)
        return cls(folder, storage.open_index(folder), lock_timeout_s, checked_limits(limits))

    def close(self) -> None:
        """Let go of the files; hits that are still held keep working. Closing twice does no harm."""
        with self._refreshing:
            self._searcher = None

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._searcher is None else f"{self._searcher.snapshot.count} reports"
        return f"<Index {str(self.path)!r}: {state}>"

    @property
    def _current(self) -> Snapshot:
        return self._open_searcher.snapshot

    @property
    def _open_searcher(self) -> Searcher:
        searcher = self._searcher
        if searcher is None:
            raise self._closed()
        return searcher

    def _closed(self) -> IndexClosedError:
        return IndexClosedError(
            f"the index in {self.path} was closed; open it again with Index.open({str(self.path)!r})"
        )

    def refresh(self) -> bool:
        """See the latest commit, of whatever process; return whether there was a new one."""
        with self._refreshing:
            if self._current.generation == self._folder.latest_generation() and self._current.is_there():
                return False
            self._searcher = Searcher(Snapshot(self._folder, self._current), self._limits)
            return True

    @property
    def commit(self) -> int:
        """The number of the commit that searches see; it counts up with every change."""
        return self._current.generation

    @property
    def commit_id(self) -> str:
        """Short text that no other commit has, of this index or of one that took its place."""
        return self._current.identity

    @property
    def filterable(self) -> tuple[str, ...]:
        """The keys of ``Report.extra`` that can be filtered and faceted, beside source, category and author."""
        return self._current.filterable

    @property
    def whoosh(self) -> VietnameseIndex:
        """The Whoosh index, for people who know Whoosh: fields are described in ``vnsearch.index.whoosh_schema``."""
        if self._searcher is None:
            raise self._closed()
        from vnsearch.index.whoosh_index import VietnameseIndex  # noqa: PLC0415 - see above

        return VietnameseIndex(self.path)

    # -- changing

    def add(
        self,
        reports: Iterable[Report | Mapping[str, Any]],
        on_error: OnError = "raise",
        progress: OnProgress | bool | None = None,
        processes: int = 1,
        memory_mb: int = 512,
    ) -> AddStats:
        """Add reports, or replace those with the same id (the last one counts), in one atomic commit.

        A report is bad if it is no report, or past the limits: 10,000,000 characters, 1,000 labels (see ``Limits``).

        Args:
            reports: reports, or mappings with their fields (see ``Report.from_mapping``).
            on_error: what to do with a bad report: "raise" (nothing of this call is kept) or "skip" (it is listed in
                the result).
            progress: called with (done, total or None) after each report; True shows a bar on the terminal.
            processes: worker processes for the analysis. With more than one, the calling script needs the usual
                ``if __name__ == "__main__":``.
            memory_mb: what the writer may hold in memory before it spills to disk.

        Raises:
            InvalidReportError: a bad report, with ``on_error="raise"``.
            IndexLockedError: another writer did not finish within ``lock_timeout_s``.
            IndexWriteError: the system does not let us write, as on a full disk.

        """
        check_reports(reports)
        current = self._refreshed()  # closed or damaged: say so before waiting for the lock
        with progress_bar(progress) as report_progress:
            from vnsearch.index import writer  # noqa: PLC0415 - see above

            stats = writer.add_reports(
                self._folder,
                reports,
                on_error=on_error,
                progress=report_progress,
                processes=processes,
                memory_mb=memory_mb,
                lock_timeout_s=self._lock_timeout_s,
                limits=self._limits,
                opened=[leaf.segment for leaf in current.leaves],
            )
            with _reading_back():
                self.refresh()
        return stats

    def sync(
        self,
        paths: PathArgument | Iterable[PathArgument],
        *,
        prune: bool = False,
        on_error: OnError = "raise",
        on_read_error: OnReadError | None = None,
        on_converted: OnConverted | None = None,
        progress: OnProgress | bool | None = None,
        processes: int = 1,
        memory_mb: int = 512,
    ) -> SyncStats:
        r"""Bring the index in step with files, in one atomic commit; files that did not change are not read as reports again.

        A file is compared by its content with what the index has of it, so it is also read again when one of its reports was
        replaced or deleted otherwise. Reports that a changed file has no more leave the index. Of a file that cannot be read
        whole nothing leaves; it is read, and told, every time. When several files have a report of the same id, the last counts.
        Reports that came through ``add`` are only ever replaced.

        >>> import tempfile
        >>> folder, reports = Path(tempfile.mkdtemp()), Path(tempfile.mkdtemp())
        >>> _ = (reports / "tin.txt").write_text("Họp tổ dân phố\n\nTối nay họp lúc 19 giờ.", encoding="utf-8")
        >>> with Index.create(folder) as ix:
        ...     first, second = ix.sync(reports), ix.sync(reports)
        >>> (first.added, first.unchanged), (second.added, second.unchanged)
        ((1, 0), (0, 1))

        Args:
            paths: files, folders and globs, as for ``read_corpus``.
            prune: let the reports of all other files leave: of files that are gone, and of files that these paths do not lead
                to, so give all paths together. While a path leads to no file at all, or a folder cannot be listed, what may
                be in there stays.
            on_error: what to do with a bad report, as in ``add``.
            on_read_error: called with (path, error) for what cannot be read; by default it is logged as a warning.
            on_converted: called with (path, encoding) for what is read from an encoding of before Unicode, as in ``read_corpus``.
            progress: as in ``add``; counts the reports of files that are read.
            processes: as in ``add``.
            memory_mb: as in ``add``.

        Raises:
            InvalidArgumentError: ``paths`` are no paths, or an option makes no sense.
            InvalidReportError: a bad report, with ``on_error="raise"``.
            IndexLockedError: another writer did not finish within ``lock_timeout_s``.
            IndexWriteError: the system does not let us write, as on a full disk.

        """
        from vnsearch.corpus.files import Corpus  # noqa: PLC0415 - see above
        from vnsearch.index.sync import Seen  # noqa: PLC0415 - see above

        return self._sync(
            Corpus(paths, on_read_error, on_converted), Seen(), prune, on_error, progress, processes, memory_mb
        )

    def _sync(
        self,
        corpus: Corpus,
        seen: Seen,
        prune: bool,
        on_error: OnError,
        progress: OnProgress | bool | None,
        processes: int,
        memory_mb: int,
    ) -> SyncStats:
        from vnsearch.index.sync import sync_files  # noqa: PLC0415 - see above

        current = self._refreshed()
        with progress_bar(progress) as report_progress:
            stats = sync_files(
                self._folder,
                current,
                corpus,
                seen=seen,
                prune=prune,
                on_error=on_error,
                progress=report_progress,
                processes=processes,
                memory_mb=memory_mb,
                lock_timeout_s=self._lock_timeout_s,
                limits=self._limits,
            )
            with _reading_back():
                self.refresh()
        return stats

    def watch(
        self,
        paths: PathArgument | Iterable[PathArgument],
        *,
        prune: bool = False,
        on_error: OnError = "skip",
        on_read_error: OnReadError | None = None,
        on_converted: OnConverted | None = None,
        on_failure: OnFailure | None = None,
        progress: OnProgress | bool | None = None,
        processes: int = 1,
        memory_mb: int = 512,
        stop_event: StopEvent | None = None,
    ) -> Iterator[SyncStats]:
        """Sync, wait until something changes, and sync again, until told to stop; yield what each ``sync`` did.

        Needs the extra ``watch``. A sync that fails, as when another writer has the index, is told to ``on_failure`` and tried
        again some seconds later. Folders may go and come back. What cannot be read is told once, until it changes. A file
        that a link in a folder leads to is looked at when anything else changes.

        Args:
            paths: as in ``sync``.
            prune: as in ``sync``.
            on_error: as in ``add``.
            on_read_error: as in ``sync``.
            on_converted: as in ``sync``.
            on_failure: called with the error of a sync that failed; by default it is logged as a warning.
            progress: as in ``sync``.
            processes: as in ``add``.
            memory_mb: as in ``add``.
            stop_event: set it, as a ``threading.Event``, to end the waiting; a sync that is under way is finished first.

        Raises:
            MissingExtraError: watchfiles is not installed.
            InvalidArgumentError: an option makes no sense.
            IndexClosedError: the index was closed.
            ReadError: the system does not let us watch, as when a limit of it is reached.

        """
        from vnsearch.corpus.files import Corpus  # noqa: PLC0415 - see above
        from vnsearch.index.sync import Seen  # noqa: PLC0415 - see above
        from vnsearch.index.watch import watch_files  # noqa: PLC0415 - see above

        given, seen = Corpus(paths).paths, Seen()

        def sync(tell: OnReadError) -> SyncStats:
            return self._sync(Corpus(given, tell, on_converted), seen, prune, on_error, progress, processes, memory_mb)

        return watch_files(sync, given, self.path, on_read_error, on_failure, stop_event)

    def delete(self, ids: Iterable[str]) -> int:
        """Delete reports by id, in one atomic commit; return how many there were. Unknown ids are passed over.

        Raises:
            IndexLockedError: another writer did not finish within ``lock_timeout_s``.
            IndexWriteError: the system does not let us write, as on a full disk.
            InvalidArgumentError: ``ids`` are no ids.

        """
        wanted = wanted_ids(ids)
        current = self._refreshed()
        if all(current.number(identity) is None for identity in wanted):
            return 0
        from vnsearch.index import writer  # noqa: PLC0415 - see above

        opened = [leaf.segment for leaf in current.leaves]
        deleted = writer.delete_reports(self._folder, wanted, lock_timeout_s=self._lock_timeout_s, opened=opened)
        with _reading_back():
            self.refresh()
        return deleted

    def _refreshed(self) -> Snapshot:
        self.refresh()
        return self._current

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
        """Find reports, the best first. Any text is a query: marks may be there, missing, or half of them.

        A query may have signs: ``"exact phrase"``, ``"words nearby"~3``, ``+must``, ``-not``, ``a OR b``, ``(a b)``,
        ``quy ch*``, ``title:a``, ``body:a``, ``source:"Báo A"``, ``author:``, ``category:`` and the index's filterable keys,
        ``date:2023``, ``date:2023-01..2023-06``. What does not parse is plain words. ``vnsearch.search.syntax`` has the rules.

        A report that shares nothing but stop words with the query (*của, và, là*: ``vnsearch.search.stop_words``) is no hit
        with ``match="any"``, and not counted; a query of nothing but stop words finds what holds any of them. Pages are parts
        of one order: going through all of them gives each report once.

        Args:
            query: what to look for; past the limits (10,000 characters, 128 syllables, 256 signs: see ``Limits``) it is cut.
            limit: hits on a page.
            offset: hits to pass over. Past rank 100,000 (``Limits.result_window``) none are given, but counted.
            match: whether "any" or "all" of the syllables must be in the report; what stands under a sign, all.
            fields: where to look and how much each field counts; by default ``{"title": 2.0, "body": 1.0}``.
            filters: for each field, the values of which a report must have one (several fields: all of them).
            date_from: the first day, as date, datetime or ISO text; reports without a date are left out.
            date_to: the last day, included.
            sort: "relevance", "date" (oldest first) or "-date"; undated reports come last.
            facets: fields whose values are to be counted over all matching reports.
            fragments: how many fragments a snippet has at most.
            timeout_s: seconds from the call on after which scoring stops; what was found by then is given, and ``complete`` is
                False. Looked at between two steps, so it may take a little longer.

        Raises:
            InvalidArgumentError: an option makes no sense; a query never raises.
            UnknownFieldError: a field that cannot be searched, filtered or faceted here.

        """
        options = SearchOptions(
            limit=limit,
            offset=offset,
            match=match,
            fields=fields,
            filters=filters,
            date_from=date_from,
            date_to=date_to,
            sort=sort,
            facets=facets,
            fragments=fragments,
            timeout_s=timeout_s,
        )
        return self._open_searcher.search(query, options)

    def hit(
        self,
        id: str,
        query: str,
        match: Match = "any",
        fields: Mapping[str, float] | None = None,
        timeout_s: float | None = None,
    ) -> Hit | None:
        """Return one report as a hit of a query, for a page that shows it: the same marks and score as from ``search``.

        None if the query does not find the report, or not within ``timeout_s``, and for an unknown id.

        >>> import tempfile
        >>> with Index.create(tempfile.mkdtemp()) as ix:
        ...     stats = ix.add([{"id": "1", "title": "Chợ nổi", "body": "Chợ họp sớm."}])
        ...     ix.hit("1", "cho hop").marks("body"), ix.hit("1", "bóng đá")
        ([(0, 7)], None)

        Raises:
            InvalidArgumentError: an option makes no sense; a query never raises.
            UnknownFieldError: a field that cannot be searched.

        """
        searcher = self._open_searcher
        options = SearchOptions(limit=1, match=match, fields=fields, timeout_s=timeout_s)
        number = searcher.snapshot.number(id)
        found = () if number is None else searcher.search(query, options, only=number).hits
        return found[0] if found else None

    def suggest(self, prefix: str, limit: int = 8) -> list[str]:
        """Return completions of what is being typed, with marks, commonest first: words and pairs of this index.

        Of a long prefix the end is read, as much as ``Limits`` gives a query.

        Raises:
            InvalidArgumentError: ``limit`` makes no sense; a prefix never raises.

        """
        SearchOptions(limit=limit).check()
        return suggestions.complete(self._current, prefix, limit, self._limits)

    def abbreviations(self) -> list[LearntAbbreviation]:
        """Return the abbreviations that the reports define themselves ("Quy chế dân chủ (QCDC)"), commonest first.

        A query with either form finds the other one too; so do those of a built-in table.
        """
        return list(self._current.definitions)

    def more_like_this(self, id: str, limit: int = 10) -> SearchResults:
        """Return the reports that share most with the one of this id, which is not among them; none for an unknown id.

        Raises:
            InvalidArgumentError: ``limit`` makes no sense.

        """
        searcher = self._open_searcher
        current = searcher.snapshot
        number = current.number(id)
        options = SearchOptions(limit=limit)
        options.check()
        if number is None:
            return SearchResults((), 0, 0.0, {})
        return searcher.run(
            similar.like(current.report(number), current.count, current.held_by), options, without=number
        )

    # -- reports

    def get(self, id: str) -> Report | None:
        """Return the report with this id, or None."""
        current = self._current
        number = current.number(id)
        return None if number is None else current.report(number)

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self._current.number(id) is not None

    def __len__(self) -> int:
        return self._current.count

    def __iter__(self) -> Iterator[Report]:
        return self._current.reports()

    # -- the index itself

    def check(self) -> CheckResult:
        """Read the last commit whole, from the disk, and return what is wrong with it, if anything; see ``check_index``."""
        from vnsearch.index.check import check_index  # noqa: PLC0415 - see above

        if self._searcher is None:
            raise self._closed()
        return check_index(self.path)

    def stats(self) -> IndexStats:
        """Return the size of the index."""
        current = self._current
        return IndexStats(
            path=str(self.path),
            reports=current.count,
            commit=current.generation,
            size_bytes=storage.size_bytes(self.path),
            syllables=current.syllable_count,
            syllable_terms=current.term_count("syllable"),
            word_terms=current.term_count("word"),
            filterable=current.filterable,
            format=LAYOUT_VERSION,
            analysis=analysis_fingerprint(),
        )


if TYPE_CHECKING:
    _keeps_the_contract: type[AnyIndex] = Index
