"""Syncing again and again: whenever something changes among some files, until told to stop (extra ``watch``)."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from vnsearch.corpus.files import OnError, is_hidden, warn, watched_folder
from vnsearch.errors import IndexClosedError, InvalidArgumentError, MissingExtraError, ReadError, VnSearchError
from vnsearch.index.sync import SyncStats

__all__ = ["OnFailure", "StopEvent", "watch_files"]

_log = logging.getLogger("vnsearch")

#: Called with the error of a sync that failed.
OnFailure = Callable[[VnSearchError], object]

_LOOK_S = 0.5  # between two looks at whether the folders are still the same ones, and at files that were named
_RETRY_S = 5.0  # after a sync that failed
_QUIET_MS = 200  # a file is hardly being written any more
_LONGEST_MS = 3_000  # however much goes on


class StopEvent(Protocol):
    """What tells the watching to end; a ``threading.Event`` does."""

    def is_set(self) -> bool:
        """Tell whether it is to end."""


def watch_files(
    sync: Callable[[OnError], SyncStats],
    paths: Sequence[str],
    index: Path,
    on_read_error: OnError | None = None,
    on_failure: OnFailure | None = None,
    stop_event: StopEvent | None = None,
) -> Iterator[SyncStats]:
    """Yield what each sync did; see ``Index.watch``. What happens in the folder of the index counts as no change."""
    try:
        import watchfiles  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError(f'watching needs watchfiles: pip install "vnsearch[watch]" ({error})') from error
    return _Watch(watchfiles, sync, paths, index, on_read_error or warn, on_failure or _warn, stop_event).syncs()


def _warn(error: VnSearchError) -> None:
    _log.warning("%s", error)


class _Watch:
    def __init__(
        self,
        watchfiles: Any,
        sync: Callable[[OnError], SyncStats],
        paths: Sequence[str],
        index: Path,
        on_read_error: OnError,
        on_failure: OnFailure,
        stop_event: StopEvent | None,
    ) -> None:
        self._watchfiles = watchfiles
        self._sync = sync
        self._paths = paths
        self._index = index.resolve()
        self._on_read_error = on_read_error
        self._on_failure = on_failure
        self._stop = stop_event or threading.Event()
        self._told: set[tuple[Path, str]] = set()
        self._failure = ""  # of the last sync

    def syncs(self) -> Iterator[SyncStats]:
        """Yield what each sync did."""
        while not self._stop.is_set():
            looks = self._looks()
            folders = {folder.resolve() for folder, _ in looks if folder is not None}
            due: float | None = 0.0  # what changed before the watching began
            for changed in self._changes(folders):
                if changed or (due is not None and time.monotonic() >= due):
                    stats = self._synced()
                    due = None if stats is not None else time.monotonic() + _RETRY_S
                    if stats is not None:
                        yield stats
                if self._looks() != looks:
                    break

    def _synced(self) -> SyncStats | None:
        """Sync once; return what that did, or None, and tell, if it failed."""
        told, self._told = self._told, set()

        def tell(path: Path, error: Exception) -> None:
            self._told.add((path, str(error)))
            if (path, str(error)) not in told:
                self._on_read_error(path, error)

        try:
            stats = self._sync(tell)
        except (InvalidArgumentError, IndexClosedError):
            raise
        except VnSearchError as error:
            self._told |= told
            if str(error) != self._failure:
                self._failure = str(error)
                self._on_failure(error)
            return None
        self._failure = ""
        return stats

    def _looks(self) -> list[tuple[Path | None, object]]:
        """Return for each path the folder to watch, if there is one, and what is different when it is not the same any more."""
        found: list[tuple[Path | None, object]] = []
        for path in self._paths:
            folder = watched_folder(path)
            try:
                status = (folder or Path(path)).stat()
            except (OSError, ValueError):
                found.append((None, None))
            else:
                same = status.st_dev, status.st_ino
                found.append((folder, same) if folder else (None, (*same, status.st_size, status.st_mtime_ns)))
        return found

    def _changes(self, folders: set[Path]) -> Iterator[bool]:
        """Yield every now and then whether anything changed in some folders, until told to stop or one of them is gone."""
        if not folders:
            while not self._stop.is_set():
                yield False
                time.sleep(_LOOK_S)
            return

        def matters(_: object, name: str) -> bool:
            path = Path(name)
            below = [path.relative_to(folder).parts for folder in folders if path.is_relative_to(folder)]
            return not path.is_relative_to(self._index) and not any(map(is_hidden, chain.from_iterable(below)))

        try:
            for changes in self._watchfiles.watch(
                *folders,
                watch_filter=matters,
                debounce=_LONGEST_MS,
                step=_QUIET_MS,
                stop_event=self._stop,
                rust_timeout=int(_LOOK_S * 1000),
                yield_on_timeout=True,
                ignore_permission_denied=True,
            ):
                yield bool(changes)
                if any((self._watchfiles.Change.deleted, str(folder)) in changes for folder in folders):
                    return  # one that comes back has to be watched anew, and may look the same
        except FileNotFoundError:  # it has just gone
            time.sleep(_LOOK_S)
        except (OSError, RuntimeError) as error:
            raise ReadError(
                f"the system does not let us watch {', '.join(map(str, folders))}: {error}; see to its limits "
                "(fs.inotify.max_user_watches), or set WATCHFILES_FORCE_POLLING=1"
            ) from error
