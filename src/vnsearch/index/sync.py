"""An index kept in step with files: what changed is read again, what is gone may leave, and all else is left alone.

Beside each report that a file gave, the index keeps its *origin*: the file's name, as in the ids, a digest of all that decides
what is read from it, and, with the last report of the file, how many it gave. So the index itself says whether it has all of a
file: nothing is remembered elsewhere, a commit holds reports and origins or neither, and whoever replaces or deletes a report
takes its origin away with it. Times of files are not trusted: copies and checkouts set them, and clocks differ.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vnsearch.corpus.files import Corpus
from vnsearch.index.batches import AddStats, OnError, check_options
from vnsearch.index.columnar.merge import Source
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.documents import FiledReport
from vnsearch.index.progress import OnProgress
from vnsearch.index.schema import ORIGIN
from vnsearch.index.snapshot import Snapshot
from vnsearch.index.storage import IndexFolder
from vnsearch.index.writer import Commit, add_reports
from vnsearch.limits import Limits
from vnsearch.report import Report

__all__ = ["Seen", "SyncStats", "sync_files"]

# What a file system may take for the same moment: a file changed within it, and again, may look the same.
_MOMENT_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class SyncStats(AddStats):
    """What a ``sync`` did, in reports. ``unchanged``: those left alone; ``removed``: those that left the index.

    ``added``, ``updated``, ``skipped``, ``errors`` and ``seconds`` are as in ``AddStats``.
    """

    unchanged: int
    removed: int


class _Origin(NamedTuple):
    """Where a report came from. ``given``: of how many reports of the file it is the last one; 0 with the others."""

    digest: str
    given: int
    name: str

    def __str__(self) -> str:
        return f"{self.digest} {self.given} {self.name}"

    @classmethod
    def read(cls, term: bytes) -> _Origin:
        digest, given, name = term.decode("utf-8", "surrogatepass").split(" ", 2)
        return cls(digest, int(given), name)


class _Segment(NamedTuple):
    """A segment as it was before a sync: which of its documents are alive, their origins, and for each the number of its own."""

    data: SegmentData
    live: npt.NDArray[np.bool_]
    origins: list[_Origin]
    numbers: npt.NDArray[np.intp]  # -1: none

    @classmethod
    def of(cls, source: Source) -> _Segment:
        data = source.segment
        if ORIGIN not in data.list_names:
            return cls(data, source.live, [], np.full(data.documents, -1))
        with data.file.reading("where its reports came from"):
            origins = list(map(_Origin.read, data.terms(f"field.{ORIGIN}")))
            return cls(data, source.live, origins, data.numbers_of(ORIGIN))


class _Held:
    """What an index has of which files."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._segments = list(map(_Segment.of, sources))
        #: name -> digest -> (how many reports there are, how many the file gave)
        self.files: dict[str, dict[str, tuple[int, int]]] = {}
        for segment in self._segments:
            numbers = segment.numbers[segment.live]
            counts = np.bincount(numbers[numbers >= 0], minlength=len(segment.origins)).tolist()
            for (digest, given, name), count in zip(segment.origins, counts, strict=True):
                if count:
                    file = self.files.setdefault(name, {})
                    there, known = file.get(digest, (0, 0))
                    file[digest] = there + count, max(known, given)

    def whole(self, name: str, digest: str) -> int:
        """Return how many reports a file gave, if they are all there, and no others of it; else 0."""
        file = self.files.get(name, {})
        there, given = file.get(digest, (0, 0))
        return there if there == given and len(file) == 1 else 0

    def origin(self, identity: str) -> _Origin | None:
        """Return where the report of this id came from."""
        for segment in self._segments:
            for document in segment.data.documents_of([identity]):
                if segment.live[document]:
                    number = segment.numbers[document]
                    return segment.origins[number] if number >= 0 else None
        return None

    def ids(self, names: set[str]) -> dict[str, str]:
        """Return the ids of the reports of some files, each with the name of its file."""
        found: dict[str, str] = {}
        for segment in self._segments:
            wanted = np.array([*(origin.name in names for origin in segment.origins), False])  # of those without, -1
            documents = np.flatnonzero(segment.live & wanted[segment.numbers])
            origins = [segment.origins[number].name for number in segment.numbers[documents].tolist()]
            found.update(zip(segment.data.ids_of(documents), origins, strict=True))
        return found


class Seen:
    """Digests of the files that this process has seen: a file that looks the same as then is not read again for its digest."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, ...], str]] = {}

    def digests(self, corpus: Corpus) -> Iterator[tuple[Path, str, str | None]]:
        """Yield every file, its name, and its digest or None."""
        known, self._known = self._known, {}
        for path, name in corpus.files():
            look = self._look(path)
            before, digest = known.get(path, ((), None))
            if digest is None or look != before:
                digest = corpus.digest(path)
            if look and digest is not None:
                self._known[path] = look, digest
            yield path, name, digest

    @staticmethod
    def _look(path: Path) -> tuple[int, ...]:
        """Return what changes with a file; nothing if it may have changed just now."""
        with contextlib.suppress(OSError):
            found = path.stat()
            if max(found.st_mtime_ns, found.st_ctime_ns) < time.time_ns() - _MOMENT_NS:
                return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
        return ()


class _File(NamedTuple):
    """One of the files: which of them it is, counted from 0, and its digest if it can be read."""

    place: int
    path: Path
    digest: str | None


class _Sync:
    """Files on their way into an index that has some of them."""

    def __init__(self, corpus: Corpus, seen: Seen, prune: bool) -> None:
        self._corpus = corpus
        self._prune = prune
        found = enumerate(seen.digests(corpus))
        self._files = {name: _File(place, path, digest) for place, (path, name, digest) in found}
        self.unchanged = 0
        self.removed = 0

    def compare(self, held: _Held) -> tuple[dict[str, str], set[str]]:
        """Return the files to read, by name with their digests, and the names of those that are gone; count what is unchanged."""
        readable = {name: file.digest for name, file in self._files.items() if file.digest is not None}
        counts = {name: held.whole(name, digest) for name, digest in readable.items()}
        self.unchanged = sum(counts.values())
        stale = {name: digest for name, digest in readable.items() if not counts[name]}
        gone = held.files.keys() - self._files.keys() if self._prune else ()
        return stale, {name for name in gone if not self._corpus.may_hold(name)}

    def reports(self, commit: Commit) -> Iterator[Report]:
        """Yield the reports that the index has not; and then delete those that the files have no more."""
        commit.needed = False
        held = _Held(commit.sources())
        stale, gone = self.compare(held)
        leaving = held.ids({*stale, *gone})
        for name, digest in stale.items():
            told = self._corpus.told
            for report in self._file(name, digest):
                leaving.pop(report.id, None)
                if not self._is_there(held, report.id, name):
                    yield report
            if self._corpus.told == told:  # or what else is in it is not known
                gone.add(name)
        self.removed = commit.delete([identity for identity, name in leaving.items() if name in gone])

    def _file(self, name: str, digest: str) -> Iterator[Report]:
        """Yield the reports of a file with their origin. What could not be read of it counts: it is read again next time."""
        told = self._corpus.told
        ids: set[str] = set()
        last: Report | None = None
        for report in self._corpus.read(self._files[name].path, name):
            if last is not None:
                yield FiledReport.of(last, str(_Origin(digest, 0, name)))
            last = report
            ids.add(report.id)
        if last is not None:
            yield FiledReport.of(last, str(_Origin(digest, len(ids) + self._corpus.told - told, name)))

    def _is_there(self, held: _Held, identity: str, name: str) -> bool:
        """Tell whether the index has what a file says under an id, or what one that comes later, and has not changed, says."""
        origin = held.origin(identity)
        file = self._files.get(origin.name) if origin is not None else None
        if origin is None or file is None or file.digest not in (origin.digest, None):
            return False
        self.unchanged += origin.name == name
        return file.place >= self._files[name].place


def sync_files(
    index: IndexFolder,
    current: Snapshot,
    corpus: Corpus,
    *,
    seen: Seen,
    prune: bool,
    on_error: OnError,
    progress: OnProgress | None,
    processes: int,
    memory_mb: int,
    lock_timeout_s: float,
    limits: Limits,
) -> SyncStats:
    """Bring an index in step with files, in one commit, or in none if it is in step; see ``Index.sync``.

    ``current`` is its last commit. What is to be done is found out by it, without the lock, and again with the lock.
    """
    check_options(on_error, processes, memory_mb)
    started = time.perf_counter()
    sync = _Sync(corpus, seen, prune)
    stats = AddStats(0, 0, 0, (), 0.0)
    live = (current.live[leaf.base : leaf.base + leaf.segment.documents] for leaf in current.leaves)
    if any(sync.compare(_Held(Source(leaf.segment, mine) for leaf, mine in zip(current.leaves, live, strict=True)))):
        stats = add_reports(
            index,
            sync.reports,
            on_error=on_error,
            progress=progress,
            processes=processes,
            memory_mb=memory_mb,
            lock_timeout_s=lock_timeout_s,
            limits=limits,
            opened=[leaf.segment for leaf in current.leaves],
        )
    return SyncStats(
        stats.added,
        stats.updated,
        stats.skipped,
        stats.errors,
        time.perf_counter() - started,
        unchanged=sync.unchanged,
        removed=sync.removed,
    )
