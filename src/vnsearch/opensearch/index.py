"""``OpenSearchIndex``: the public face over a cluster. No logic of its own: each method hands over to the module that does the work."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from vnsearch.analysis import analysis_fingerprint
from vnsearch.concurrency import lock_of
from vnsearch.errors import (
    ClusterUnavailableError,
    IndexClosedError,
    IndexExistsError,
    IndexLockedError,
    IndexNotFoundError,
    IndexWriteError,
    VnSearchError,
)
from vnsearch.index.arguments import check_reports, wanted_ids
from vnsearch.index.check import CheckResult
from vnsearch.index.progress import OnProgress, progress_bar
from vnsearch.index.schema import checked_keys
from vnsearch.index.snapshot import LearntAbbreviation
from vnsearch.limits import LIMITS, Limits, checked_limits
from vnsearch.opensearch import names
from vnsearch.opensearch.cluster import Cluster
from vnsearch.opensearch.collection import Collection
from vnsearch.opensearch.failures import MISSING
from vnsearch.opensearch.lease import rebuilding
from vnsearch.opensearch.lexicon_parts import LOOK_EVERY_S, LexiconParts, SharedLexicon
from vnsearch.opensearch.mapping import MAPPING_VERSION, check_meta
from vnsearch.opensearch.searcher import ClusterSearcher
from vnsearch.opensearch.stored import checked, every_report, one_report
from vnsearch.opensearch.vocabulary import ClusterVocabulary
from vnsearch.report import Report
from vnsearch.search import similar, suggestions
from vnsearch.search.results import Hit, SearchResults
from vnsearch.search.searcher import Match, SearchOptions, Sort

if TYPE_CHECKING:  # whoever only searches does not wait for the writer
    from vnsearch.index.batches import AddStats, OnError

__all__ = ["ClusterStats", "OpenSearchIndex"]

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class ClusterStats:
    """The size of an index on a cluster; bytes are those of all copies. Terms are different ones, in all text fields."""

    name: str
    urls: tuple[str, ...]
    reports: int
    size_bytes: int
    syllables: int
    syllable_terms: int
    word_terms: int
    filterable: tuple[str, ...]
    format: int
    analysis: str


class _State:
    """What is known of the index that the name stands for: its place, its keys, its words."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.place = names.found_or_raise(cluster, name)
        with cluster.errors(f"opening {name}"):
            found = cluster.client.indices.get(index=self.place.index)[self.place.index]
        self.filterable = check_meta(found["mappings"]).filterable
        self.shards = int(found["settings"]["index"]["number_of_shards"])
        self.lexicon = SharedLexicon(LexiconParts(cluster.client, self.place.counts, cluster.look_s))
        self._vocabulary: ClusterVocabulary | None = None
        self._collection = Collection(cluster, name)

    def vocabulary(self) -> ClusterVocabulary:
        """Return the words as they are now; the same object for as long as they are the same."""
        with self._collection.cluster.errors(f"reading the counts of {self._collection.name}"):
            lexicon = self.lexicon.current
        known = self._vocabulary
        if known is None or known.lexicon is not lexicon:
            known = self._vocabulary = ClusterVocabulary(lexicon, self._collection, self.filterable)
        return known

    def changed(self) -> None:
        """Hear that there may be new labels."""
        self._vocabulary = None


class OpenSearchIndex:
    """An index on an OpenSearch cluster. Made by ``OpenSearchIndex.create`` or ``OpenSearchIndex.open``; use it as an ``Index``.

    What differs: an ``add`` is no transaction (its reports are found one after the other, and an interrupted one is to be run
    again), and other processes see a change within a second; their searches know new words within ten. One object may be used from
    many threads.
    """

    def __init__(self, cluster: Cluster, name: str, limits: Limits) -> None:
        self.name = name
        self._cluster = cluster
        self._limits = limits
        self._lock = lock_of(self, "_lock")
        self._looked = time.monotonic()
        self._state_kept: _State | None
        state = self._state_kept = _State(cluster, name)
        self._identity: str | None = None
        self._changed(state)

    # -- opening and closing

    @classmethod
    def create(
        cls,
        url: str | Sequence[str] | Cluster,
        name: str = "vnsearch",
        overwrite: bool = False,
        *,
        filterable: Iterable[str] = (),
        shards: int = 1,
        replicas: int = 1,
        limits: Limits = LIMITS,
        **connection: Any,
    ) -> OpenSearchIndex:
        """Make an empty index on a cluster.

        Args:
            url: of a node, or of several of the same cluster; or a ``Cluster``.
            name: of the index there, an alias.
            overwrite: start anew where there is an index of that name already.
            filterable: keys of ``Report.extra`` that can be filtered and faceted, beside source, category and author.
            shards: parts that the index is cut into; it stays so.
            replicas: further copies of each.
            limits: the most that queries, results and reports may be; see ``Limits``.
            connection: credentials, certificates and time-out, as for ``Cluster``.

        Raises:
            IndexExistsError: there is an index already, and ``overwrite`` is False; or the name is another's.
            InvalidArgumentError: a name, key or number makes no sense.
            ClusterUnavailableError: the cluster does not answer.
            ClusterAccessError: it does not let us in.
            IndexVersionError: it is no OpenSearch, or of a version that we do not know.

        """
        keys = checked_keys(filterable, checked_limits(limits).filterable_keys)
        names.check_size(shards, replicas)
        cluster = _cluster(url, connection)
        cluster.check_version()
        names.create(cluster, name, keys, shards, replicas, overwrite=overwrite)
        return cls(cluster, name, limits)

    @classmethod
    def open(
        cls,
        url: str | Sequence[str] | Cluster,
        name: str = "vnsearch",
        create: bool = False,
        *,
        limits: Limits = LIMITS,
        **connection: Any,
    ) -> OpenSearchIndex:
        """Open the index of a name; with ``create``, make an empty one where there is none. Arguments are as for ``create``.

        Raises:
            IndexNotFoundError: there is none, and ``create`` is False.
            IndexVersionError: another version of the library made it, or it is on no OpenSearch that we know.
            ClusterUnavailableError: the cluster does not answer.
            ClusterAccessError: it does not let us in.

        """
        checked_limits(limits)
        cluster = _cluster(url, connection)
        cluster.check_version()
        names.check_name(name)
        if create and names.find(cluster, name) is None:
            with contextlib.suppress(IndexExistsError):  # somebody was faster
                return cls.create(cluster, name, limits=limits)
        return cls(cluster, name, limits)

    def close(self) -> None:
        """Let go of the connections; hits that are still held keep what they have. Closing twice does no harm."""
        if self._state_kept is not None:
            self._state_kept = None
            self._cluster.close()

    def __enter__(self) -> OpenSearchIndex:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = ": closed" if self._state_kept is None else ""
        return f"<OpenSearchIndex {self.name!r} at {', '.join(self._cluster.urls)}{state}>"

    @property
    def _state(self) -> _State:
        """What is known of the index; looked at again now and then, since the name may stand for another by now."""
        state = self._state_kept
        if state is None:
            raise IndexClosedError(f"the index {self.name} was closed; open it again with OpenSearchIndex.open(…)")
        if time.monotonic() - self._looked < LOOK_EVERY_S or not self._lock.acquire(blocking=False):
            return state
        try:
            self._looked = time.monotonic()
            # While the cluster does not answer, what was known stays; the request itself will tell.
            with contextlib.suppress(VnSearchError):
                state = self._renewed(state, self._cluster.look_s)
        finally:
            self._lock.release()
        return state

    def _with_latest(self, work: Callable[[_State], Result]) -> Result:
        """Do something with the index that the name stands for now; again where it has gone just then."""
        return names.asked_again(lambda: work(self._latest()))

    def _latest(self) -> _State:
        state = self._state
        with self._lock:
            return self._renewed(state)

    @contextlib.contextmanager
    def _writing(self, what: str, place: names.Place) -> Iterator[None]:
        """Turn what stops a writer into errors of ours; also that the index is made anew, or was."""
        try:
            with self._cluster.errors(what):
                yield
        except IndexWriteError as error:
            if (told := rebuilding(self._cluster, place)) is None:
                raise
            raise IndexLockedError(f"{what}: nobody can write to it until {told} is done; then do it again") from error
        except IndexNotFoundError as error:
            if names.find(self._cluster, self.name) in (None, place):
                raise
            raise IndexLockedError(
                f"{what}: the index was made anew meanwhile; do it again, for what was left"
            ) from error

    def _renewed(self, state: _State, timeout_s: float | None = None) -> _State:
        if names.find(self._cluster, self.name, timeout_s) != state.place:
            state = _State(self._cluster, self.name)
            if self._state_kept is not None:
                self._state_kept = state
        return state

    @property
    def _searcher(self) -> ClusterSearcher:
        state = self._state
        return ClusterSearcher(Collection(self._cluster, self.name), state.vocabulary(), self._limits)

    def refresh(self) -> bool:
        """See the latest changes, of whatever process; return whether there were new ones since this was last called."""

        def look(state: _State) -> str:
            with self._cluster.errors(f"refreshing {self.name}"):
                self._cluster.client.indices.refresh(index=self.name)
                state.lexicon.look()
            state.changed()
            return self._identify(state)

        before, now = self._identity, self._with_latest(look)
        self._identity = now
        return before != now

    @property
    def commit_id(self) -> str:
        """Short text that stands for what was there at the last ``refresh``, or change by this object: no other state has the same."""
        state = self._state
        if self._identity is None:
            self._identity = self._identify(state)
        return self._identity

    def _changed(self, state: _State) -> None:
        """Note what is there now, for ``commit_id``. If the cluster does not tell, what was done is done all the same."""
        state.changed()
        self._identity = None
        with contextlib.suppress(ClusterUnavailableError):
            self._identity = self._identify(state)

    def _identify(self, state: _State) -> str:
        """Return what changes with every write: how many operations each shard has seen."""
        with self._cluster.errors(f"looking at {self.name}"):
            stats = self._cluster.client.indices.stats(index=state.place.index, metric="docs", level="shards")
        found = stats["indices"].get(state.place.index, {"shards": {}})
        if len(found["shards"]) < state.shards:
            raise ClusterUnavailableError(f"looking at {self.name}: shards of it are missing: {MISSING}")
        operations = sum(
            max(copy["seq_no"]["max_seq_no"] for copy in copies) + 1 for copies in found["shards"].values()
        )
        return f"{found['uuid']}-{operations}"

    @property
    def filterable(self) -> tuple[str, ...]:
        """The keys of ``Report.extra`` that can be filtered and faceted, beside source, category and author."""
        return self._state.filterable

    # -- changing

    def add(
        self,
        reports: Iterable[Report | Mapping[str, Any]],
        on_error: OnError = "raise",
        progress: OnProgress | bool | None = None,
        processes: int = 1,
        memory_mb: int = 512,
        *,
        threads: int = 4,
    ) -> AddStats:
        """Add reports, or replace those with the same id (the last one counts). Searches after it see them.

        Nodes may go and come back meanwhile: what is not acknowledged is sent again. What was sent before an error stays; to
        run the same ``add`` again gives the same index. Where several add a report at the same moment, each may say that it was new.

        Args:
            reports: reports, or mappings with their fields (see ``Report.from_mapping``).
            on_error: what to do with a bad report, or one that the cluster refuses: "raise", or "skip" (it is listed in the result).
            progress: called with (done, total or None) after each report; True shows a bar on the terminal.
            processes: worker processes for the analysis. With more than one, the calling script needs the usual
                ``if __name__ == "__main__":``.
            memory_mb: what may be held in memory on the way.
            threads: how many requests are under way at once.

        Raises:
            InvalidReportError: a bad report, with ``on_error="raise"``.
            ClusterUnavailableError: the cluster took nothing for a minute.
            IndexWriteError: the index is read-only, as when disks are nearly full.
            IndexLockedError: the index is being rebuilt, or was in the middle of this call: to be run again.

        """
        check_reports(reports)
        from vnsearch.opensearch.publishing import Publishing  # noqa: PLC0415 - see above
        from vnsearch.opensearch.writing import add_reports  # noqa: PLC0415 - see above

        state = self._latest()
        publishing = Publishing(state.lexicon)
        with progress_bar(progress) as report_progress, self._writing(f"adding to {self.name}", state.place):
            stats = add_reports(
                self._cluster.client,
                state.place.writing,
                state.place.counts,
                reports,
                filterable=state.filterable,
                on_error=on_error,
                progress=report_progress,
                processes=processes,
                memory_mb=memory_mb,
                threads=threads,
                limits=self._limits,
                on_analysed=publishing.take,
            )
            publishing.finish()
        self._changed(state)
        return stats

    def delete(self, ids: Iterable[str]) -> int:
        """Delete reports by id; return how many there were. Unknown ids are passed over. It raises what ``add`` does."""
        wanted = wanted_ids(ids)
        from vnsearch.opensearch.writing import delete_reports  # noqa: PLC0415 - see above

        state = self._latest()
        with self._writing(f"deleting from {self.name}", state.place):
            deleted = delete_reports(self._cluster.client, state.place.writing, wanted)
        self._changed(state)
        return deleted

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
        """Find reports, the best first; all as ``Index.search`` says.

        What differs: equals are ordered by their ids; the 10,000 commonest values of a facet are counted; with other weights of both
        fields than the usual ones, a word counts where it scores more, not in both.

        Raises:
            InvalidArgumentError: an option makes no sense; a query never raises.
            UnknownFieldError: a field that cannot be searched, filtered or faceted here.
            ClusterUnavailableError: the cluster does not answer, or not for all shards.

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
        return self._searcher.search(query, options)

    def hit(
        self,
        id: str,
        query: str,
        match: Match = "any",
        fields: Mapping[str, float] | None = None,
        timeout_s: float | None = None,
    ) -> Hit | None:
        """Return one report as a hit of a query; None if the query does not find it, and for an unknown id."""
        options = SearchOptions(limit=1, match=match, fields=fields, timeout_s=timeout_s)
        searcher = self._searcher
        found = searcher.search(query, options, only=id).hits if isinstance(id, str) else ()
        return found[0] if found else None

    def suggest(self, prefix: str, limit: int = 8) -> list[str]:
        """Return completions of what is being typed, with marks, commonest first: words and pairs of this index."""
        SearchOptions(limit=limit).check()
        return suggestions.complete(self._state.vocabulary(), prefix, limit, self._limits)

    def abbreviations(self) -> list[LearntAbbreviation]:
        """Return the abbreviations that the reports define themselves ("Quy chế dân chủ (QCDC)"), commonest first."""
        return list(self._state.vocabulary().lexicon.definitions)

    def more_like_this(self, id: str, limit: int = 10) -> SearchResults:
        """Return the reports that share most with the one of this id, which is not among them; none for an unknown id."""
        options = SearchOptions(limit=limit)
        options.check()
        report = self.get(id)
        if report is None:
            return SearchResults((), 0, 0.0, {})
        searcher = self._searcher
        lexicon = searcher.vocabulary.lexicon

        def held_by(kind: str, terms: Mapping[str, int]) -> list[int]:
            # Each other occurrence may be in a report of its own.
            return [1 + max(lexicon.count(kind, term) - count, 0) for term, count in terms.items()]

        query = similar.like(report, max(len(self), 1), held_by)
        return searcher.like(query, options, without=id)

    # -- reports

    def get(self, id: str) -> Report | None:
        """Return the report with this id, or None."""
        self._state  # noqa: B018 - closed?
        return one_report(self._cluster, self.name, id) if isinstance(id, str) and id else None

    def __contains__(self, id: object) -> bool:
        return isinstance(id, str) and self.get(id) is not None

    def __len__(self) -> int:
        self._state  # noqa: B018 - closed?
        return Collection(self._cluster, self.name).count()

    def __iter__(self) -> Iterator[Report]:
        self._state  # noqa: B018 - closed?
        return every_report(self._cluster, self.name)

    # -- the index itself

    def check(self) -> CheckResult:
        """Read every report back, and the counts; return what is wrong with them, if anything."""
        return self._with_latest(lambda state: checked(self._cluster, self.name, state.place))

    def stats(self) -> ClusterStats:
        """Return the size of the index."""
        return self._with_latest(self._stats)

    def _stats(self, state: _State) -> ClusterStats:
        lexicon = state.vocabulary().lexicon
        with self._cluster.errors(f"looking at {self.name}"):
            stats = self._cluster.client.indices.stats(
                index=f"{state.place.index},{state.place.counts}", metric="store"
            )
        return ClusterStats(
            name=self.name,
            urls=self._cluster.urls,
            reports=len(self),
            size_bytes=int(stats["_all"]["total"]["store"]["size_in_bytes"]),
            syllables=lexicon.syllable_count,
            syllable_terms=lexicon.size("syllable"),
            word_terms=lexicon.size("word"),
            filterable=state.filterable,
            format=MAPPING_VERSION,
            analysis=analysis_fingerprint(),
        )


def _cluster(url: str | Sequence[str] | Cluster, connection: Mapping[str, Any]) -> Cluster:
    return url if isinstance(url, Cluster) else Cluster(url, **connection)


if TYPE_CHECKING:
    from vnsearch.contract import AnyIndex

    _keeps_the_contract: type[AnyIndex] = OpenSearchIndex
