"""An index on a cluster, made anew of its own reports, while searches go on: by today's analysis and mapping, with other shards."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from vnsearch.errors import IndexNotFoundError, IndexVersionError, SearchIndexError, VnSearchError
from vnsearch.index.progress import OnProgress, progress_bar
from vnsearch.index.rebuild import RebuildResult
from vnsearch.index.schema import checked_keys
from vnsearch.limits import LIMITS
from vnsearch.opensearch import names
from vnsearch.opensearch.cluster import Cluster
from vnsearch.opensearch.documents import report_of
from vnsearch.opensearch.lease import Lease
from vnsearch.opensearch.lexicon_parts import LexiconParts, SharedLexicon
from vnsearch.opensearch.mapping import MAPPING_VERSION, Meta, read_meta
from vnsearch.opensearch.names import Place
from vnsearch.opensearch.publishing import Publishing
from vnsearch.opensearch.stored import documents
from vnsearch.opensearch.writing import add_reports
from vnsearch.report import Report

__all__ = ["rebuild_index"]

_LOGGER = logging.getLogger("vnsearch")


def rebuild_index(
    url: str | Sequence[str] | Cluster,
    name: str = "vnsearch",
    *,
    shards: int | None = None,
    replicas: int | None = None,
    filterable: Iterable[str] | None = None,
    progress: OnProgress | bool | None = None,
    processes: int = 1,
    memory_mb: int = 512,
    threads: int = 4,
    **connection: Any,
) -> RebuildResult:
    """Make an index anew of its own reports, by today's mapping and analysis, and put it in place of the old one, in one step.

    Searches find the old one until then, and the new one from then on. Nothing can be added or deleted meanwhile: that raises
    IndexLockedError, and is to be done again afterwards. So nothing is lost. It takes about as long as adding all reports, and
    as much disk again as the index has.

    If it fails or is interrupted, all is as it was. If it is killed, the index stays blocked for writers, and ``check`` says so; the
    next rebuilding takes over once the killed one has been silent for ten seconds, and begins anew (it logs a warning, of the logger
    ``vnsearch``).

    Args:
        url: as for ``OpenSearchIndex.open``.
        name: of the index.
        shards: parts that the new index is cut into; by default as the old one is.
        replicas: further copies of each; by default as the old one has.
        filterable: keys of ``Report.extra`` that can be filtered; by default those of the old index.
        progress: as in ``OpenSearchIndex.add``.
        processes: as in ``OpenSearchIndex.add``.
        memory_mb: as in ``OpenSearchIndex.add``.
        threads: as in ``OpenSearchIndex.add``.
        connection: credentials, certificates and time-out, as for ``Cluster``.

    Returns:
        How many reports the new index has. Where some could not be read or were refused, they are in ``lost``, and the old index is
        kept, without the name: ``problems`` says where.

    Raises:
        IndexNotFoundError: there is none.
        IndexVersionError: a newer version of the library made it, or it is not ours.
        IndexLockedError: it is being rebuilt by another process.
        InvalidArgumentError: a name, key or number makes no sense.
        ClusterUnavailableError: the cluster does not answer.
        ClusterAccessError: it does not let us in.

    """
    names.check_size(1 if shards is None else shards, 0 if replicas is None else replicas)
    owned = not isinstance(url, Cluster)
    cluster = url if isinstance(url, Cluster) else Cluster(url, **connection)
    try:
        cluster.check_version()
        names.check_name(name)
        old = names.found_or_raise(cluster, name)
        meta = _rebuildable(cluster, old)
        keys = checked_keys(meta.filterable if filterable is None else filterable, LIMITS.filterable_keys)
        with cluster.errors(f"rebuilding {name}"):
            settings = cluster.client.indices.get_settings(index=old.index)[old.index]["settings"]["index"]
        new = names.next_place(cluster, name)
        was_blocked = settings.get("blocks", {}).get("write") == "true"
        with cluster.errors(f"rebuilding {name}"):
            if not cluster.client.indices.exists(index=old.counts):  # lost: all the more reason
                names.make_counts(cluster, old, 0)
        rebuilding = _Rebuilding(cluster, name, old, new, was_blocked=was_blocked)
        size = (
            int(settings["number_of_shards"]) if shards is None else shards,
            int(settings["number_of_replicas"]) if replicas is None else replicas,
        )
        options: dict[str, Any] = {"processes": processes, "memory_mb": memory_mb, "threads": threads}
        with progress_bar(progress) as report_progress:
            return rebuilding.run(keys, size, report_progress, options)
    finally:
        if owned:
            cluster.close()


def _rebuildable(cluster: Cluster, place: Place) -> Meta:
    with cluster.errors(f"rebuilding {place.index}"):
        mapping = cluster.client.indices.get_mapping(index=place.index)[place.index]["mappings"]
    meta = read_meta(mapping)
    if meta.version > MAPPING_VERSION:
        raise IndexVersionError(
            f"the index has mapping {meta.version}, this vnsearch makes {MAPPING_VERSION}: rebuild it with the newer vnsearch that made it"
        )
    return meta


class _Rebuilding:
    """One rebuilding, from ``old`` to ``new``."""

    def __init__(self, cluster: Cluster, name: str, old: Place, new: Place, *, was_blocked: bool) -> None:
        self._cluster = cluster
        self._name = name
        self._old = old
        self._new = new
        self._was_blocked = was_blocked  # by an operator, if not by a rebuilding that was killed
        self._lost: list[str] = []
        self._problems: list[str] = []
        self._read = 0

    def run(
        self, keys: Sequence[str], size: tuple[int, int], progress: OnProgress | None, options: dict[str, Any]
    ) -> RebuildResult:
        lease = self._lease = Lease(self._cluster, self._old, self._new)
        try:
            if lease.before is not None:
                _LOGGER.warning("%s: takes over %s, and begins anew", self._name, lease.before)
                names.drop(self._cluster, lease.before.making.index, lease.before.making.counts)
                self._was_blocked = False
            self._block(blocked=True)
            names.make(self._cluster, self._new, keys, *size)
            added = self._copy(keys, progress, options)
            lease.check()
            if self._lost:
                self._problems.append(f"the old index is kept as {self._old.index}: delete it when nobody needs it")
            names.move(self._cluster, self._name, self._old, self._new, keep=bool(self._lost))
        except BaseException:
            lease.stop()
            with contextlib.suppress(VnSearchError):
                self._undo()
            raise
        lease.stop()
        if self._lost:
            lease.give_back()
        return RebuildResult(added, tuple(self._lost), tuple(self._problems))

    def _undo(self) -> None:
        """Leave all as it was; what another does who took over is left alone, and what has its name already."""
        if names.find(self._cluster, self._name) == self._new:
            return
        names.drop(self._cluster, self._new.index, self._new.counts)
        with contextlib.suppress(SearchIndexError):
            self._lease.check()
            with contextlib.suppress(IndexNotFoundError):
                if not self._was_blocked:
                    self._block(blocked=False)
                self._lease.give_back()

    def _block(self, *, blocked: bool) -> None:
        """Let nobody write to the old index, or everybody. What had begun to be written is there when this returns."""
        indices = self._cluster.client.indices
        with self._cluster.errors(f"rebuilding {self._name}"):
            if blocked:
                indices.add_block(index=self._old.index, block="write")
                indices.refresh(index=self._old.index)
            else:
                indices.put_settings(index=self._old.index, body={"index.blocks.write": None})

    def _copy(self, keys: Sequence[str], progress: OnProgress | None, options: dict[str, Any]) -> int:
        client = self._cluster.client
        with self._cluster.errors(f"rebuilding {self._name}"):
            expected = int(client.count(index=self._old.index)["count"])
            publishing = Publishing(SharedLexicon(LexiconParts(client, self._new.counts)))
            stats = add_reports(
                client,
                self._new.writing,
                self._new.counts,
                self._reports(),
                filterable=keys,
                on_error="skip",
                progress=None if progress is None else lambda done, _: progress(done, expected),
                on_analysed=publishing.take,
                **options,
            )
            publishing.finish()
            made = int(client.count(index=self._new.index)["count"])
        self._lost += [one.id or f"report {one.position}" for one in stats.errors]
        self._problems += [str(one.error) for one in stats.errors]
        if self._read != expected or made + len(self._lost) != expected:
            raise SearchIndexError(
                f"rebuilding {self._name}: of {expected} reports {self._read} were read and {made} written; nothing was changed: try again"
            )
        return made

    def _reports(self) -> Iterator[Report]:
        for document in documents(self._cluster, self._old.index):
            self._lease.check()
            self._read += 1
            try:
                report = report_of(document["_source"])
            except ValueError as error:
                self._lost.append(document["_id"])
                self._problems.append(f"{self._old.index}: the document {document['_id']!r} makes no sense: {error}")
            else:
                yield report
