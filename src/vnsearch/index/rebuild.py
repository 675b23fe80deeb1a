"""A new index from the reports of one that is damaged, or that another analysis made."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vnsearch.errors import IndexCorruptedError, InvalidArgumentError
from vnsearch.index import storage
from vnsearch.index.check import opened_segments
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.progress import OnProgress, progress_bar
from vnsearch.index.salvage import Salvage, all_of
from vnsearch.index.schema import DEFINITIONS, FACETS, ORIGIN
from vnsearch.index.snapshot import Snapshot
from vnsearch.index.writer import add_reports
from vnsearch.report import Report

__all__ = ["RebuildResult", "rebuild_index"]


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """What a rebuilding saved, and what it could not; true when nothing was lost.

    ``reports``: how many the new index has. ``lost``: those that could not be read, by id; one whose id is lost too as its file and
    number there. ``problems``: what else is wrong, in words.
    """

    reports: int
    lost: tuple[str, ...]
    problems: tuple[str, ...]

    def __bool__(self) -> bool:
        return not self.lost and not self.problems


def rebuild_index(
    path: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    filterable: Iterable[str] | None = None,
    progress: OnProgress | bool | None = None,
    processes: int = 1,
    memory_mb: int = 512,
) -> RebuildResult:
    """Make a new index of all reports of an index that can still be read. The old one is only read, and stays as it is.

    Where the table of contents is lost, every segment in the folder is read, the newest version of a report counts, and reports that
    were deleted may be back: ``problems`` says so.

    >>> from vnsearch import Index, Report, rebuild_index
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Index.create(f"{folder}/old") as ix:
    ...         stats = ix.add([Report("1", "Chợ nổi", "Chợ họp lúc tờ mờ sáng.")])
    ...     rebuild_index(f"{folder}/old", f"{folder}/new")
    RebuildResult(reports=1, lost=(), problems=())

    Args:
        path: the folder of the index.
        target: a folder for the new one.
        overwrite: start anew where there is an index in that folder already.
        filterable: keys of ``Report.extra`` that can be filtered; by default those of the old index.
        progress: as in ``Index.add``.
        processes: as in ``Index.add``.
        memory_mb: as in ``Index.add``.

    Raises:
        IndexNotFoundError: there is no index at ``path``.
        IndexExistsError: there is one at ``target``, and ``overwrite`` is False.
        IndexVersionError: another layout, which this version cannot read.
        IndexReadError: the system does not let us read.
        IndexWriteError: the system does not let us write.
        InvalidArgumentError: both are the same folder; ``filterable`` makes no sense.

    """
    source, folder = Path(path), Path(target)
    if isinstance(filterable, str):
        raise InvalidArgumentError(f"filterable is a sequence of names; write filterable=({filterable!r},)")
    if folder.exists() and source.exists() and folder.samefile(source):
        raise InvalidArgumentError("the new index needs a folder of its own: the old one is only read")
    saving = _Saving(source)
    keys = tuple(saving.filterable if filterable is None else filterable)
    made = storage.create(folder, overwrite=overwrite, filterable=keys, lock_timeout_s=10.0)
    with progress_bar(progress) as report_progress:
        stats = add_reports(made, saving.reports(), progress=report_progress, processes=processes, memory_mb=memory_mb)
    snapshot = Snapshot(made)
    lost = [name for name in saving.lost if snapshot.number(name) is None]  # no newer version was saved
    return RebuildResult(stats.added, tuple(lost), tuple(saving.problems))


class _Saving:
    """The reports of an index that can be read; and, once they have been, what could not."""

    def __init__(self, source: Path) -> None:
        self.lost: list[str] = []
        self.problems: list[str] = []
        self.filterable: tuple[str, ...] = ()
        self._segments: list[tuple[SegmentData, npt.NDArray[np.bool_]]] = []
        index = storage.open_index(source)
        try:
            contents, opened = opened_segments(index)
        except IndexCorruptedError as error:
            self.problems.append(f"{error.file}: {error.why}: reports that were deleted may be back")
            self._search(source)
            return
        self.filterable = contents.filterable
        for segment, data in zip(contents.segments, opened, strict=True):
            if isinstance(data, SegmentData):
                self._segments.append((data, segment.live))
            else:
                self._give_up(data, all_of(segment))

    def _search(self, folder: Path) -> None:
        """Take every segment that there is in the folder, the oldest first, as nobody says which are current."""
        found: list[SegmentData] = []
        for path in storage.segment_files(folder):
            try:
                found.append(SegmentData(path))
            except IndexCorruptedError as error:  # noqa: PERF203 - every file is tried
                self._give_up(error, (f"{path.name}: all documents",))
        found.sort(key=lambda data: data.age)
        self._segments = [(data, np.ones(data.documents, np.bool_)) for data in found]
        names = {name for data in found for name in data.list_names}
        self.filterable = tuple(sorted(names - {"id", DEFINITIONS, ORIGIN, *FACETS}))

    def _give_up(self, error: IndexCorruptedError, lost: Iterable[str]) -> None:
        self.problems.append(f"{error.file}: {error.why}")
        self.lost += lost

    def reports(self) -> Iterator[Report]:
        """Yield the reports, the oldest first."""
        for data, live in self._segments:
            salvage = Salvage(data, live)
            yield from salvage.filed_reports()
            if salvage.problem:
                self.problems.append(f"{salvage.name}: {salvage.problem}")
            self.lost += salvage.lost()
            data.file.release()
