"""Every error that vnsearch raises on purpose. Each message says what went wrong and what to do next.

::

    VnSearchError
    ├── InvalidArgumentError (ValueError)   an option has a value that makes no sense
    │   └── UnknownFieldError               a field or filter that this index does not have
    ├── InvalidReportError (ValueError)     a report that cannot be indexed: no id, a body that is not text…
    ├── ReadError                           a file that holds no report we can read
    ├── MissingExtraError (ImportError)     an optional dependency is not installed
    ├── SegmentationModelError              the installed pyvi has a model we do not know
    └── SearchIndexError                    anything about an index, on disk or on a cluster
        ├── IndexExistsError                create() where an index is already
        ├── IndexNotFoundError              open() where there is none
        ├── IndexVersionError               made by another layout version or another analysis; a cluster of another version
        ├── IndexCorruptedError             damaged files
        ├── IndexReadError (OSError)        the system does not let us read: no permission, too many open files…
        ├── IndexWriteError (OSError)       the disk is full, or does not let us write
        ├── IndexLockedError                another writer holds the lock
        ├── IndexClosedError                used after close()
        ├── ClusterUnavailableError         a cluster that is down, silent, overloaded, or misses shards
        └── ClusterAccessError              a cluster that does not let us in, or that we do not trust
"""

from __future__ import annotations

import datetime as dt

__all__ = [
    "ClusterAccessError",
    "ClusterUnavailableError",
    "IndexClosedError",
    "IndexCorruptedError",
    "IndexExistsError",
    "IndexLockedError",
    "IndexNotFoundError",
    "IndexReadError",
    "IndexVersionError",
    "IndexWriteError",
    "InvalidArgumentError",
    "InvalidReportError",
    "MissingExtraError",
    "ReadError",
    "SearchIndexError",
    "SegmentationModelError",
    "UnknownFieldError",
    "VnSearchError",
]


class VnSearchError(Exception):
    """Base of every error of this library."""


class InvalidArgumentError(VnSearchError, ValueError):
    """An option was given a value that makes no sense."""


class UnknownFieldError(InvalidArgumentError):
    """A field or filter that this index does not have."""


class InvalidReportError(VnSearchError, ValueError):
    """A report that cannot be indexed."""


class ReadError(VnSearchError):
    """A file that holds no report we can read."""


class MissingExtraError(VnSearchError, ImportError):
    """An optional dependency is not installed."""


class SegmentationModelError(VnSearchError):
    """The installed pyvi has a model that we do not know how to read."""


class SearchIndexError(VnSearchError):
    """Base of the errors about an index, on disk or on a cluster."""


class IndexExistsError(SearchIndexError):
    """There is an index in this folder, or of this name, already."""


class IndexNotFoundError(SearchIndexError):
    """There is no index in this folder, or of this name."""


class IndexVersionError(SearchIndexError):
    """The index was made by another layout version or with another analysis; or its cluster is of another version than we know."""


class IndexCorruptedError(SearchIndexError):
    """Files of the index are damaged or missing: ``file`` says which, where one can tell, and ``why`` what is wrong with it."""

    def __init__(self, message: str, file: str | None = None, why: str = "") -> None:
        super().__init__(message)
        self.file = file
        self.why = why


class _SystemError(SearchIndexError, OSError):
    def __init__(self, message: str, errno: int | None = None) -> None:
        super().__init__(message)
        self.errno = errno


class IndexReadError(_SystemError):
    """The system did not let us read; ``errno`` says why, as in any OSError. The files may be sound."""


class IndexWriteError(_SystemError):
    """The system did not let us write; ``errno`` says why, as in any OSError. The last commit stays as it is."""


class IndexLockedError(SearchIndexError):
    """Another writer holds the lock of this index: the process ``pid``, since ``since`` (None: it has not said)."""

    def __init__(self, message: str, pid: int | None = None, since: dt.datetime | None = None) -> None:
        super().__init__(message)
        self.pid = pid
        self.since = since


class IndexClosedError(SearchIndexError):
    """The index was used after ``close()``."""


class ClusterUnavailableError(SearchIndexError):
    """The cluster is down, did not answer in time, is overloaded, or misses shards or its manager. Trying again later may help."""


class ClusterAccessError(SearchIndexError):
    """The cluster does not let this user in or do this, or its TLS certificate is not trusted."""
