"""Full-text search for Vietnamese: type with marks, without them or with half of them, and the right report comes first.

>>> from vnsearch import fold, normalize, segment
>>> segment("Quy chế dân chủ ở cơ sở")
'Quy_chế dân_chủ ở cơ_sở'
>>> normalize("hoà"), fold("Đường")
('hòa', 'Duong')
"""

import importlib
from typing import TYPE_CHECKING, Any

from vnsearch.segment import segment
from vnsearch.text.fold import fold
from vnsearch.text.normalize import normalize

if TYPE_CHECKING:
    from vnsearch.analysis import Token, analyze
    from vnsearch.contract import AnyIndex, AnyStats
    from vnsearch.corpus import read_corpus
    from vnsearch.engine import Index, IndexStats
    from vnsearch.errors import (
        ClusterAccessError,
        ClusterUnavailableError,
        IndexClosedError,
        IndexCorruptedError,
        IndexExistsError,
        IndexLockedError,
        IndexNotFoundError,
        IndexReadError,
        IndexVersionError,
        IndexWriteError,
        InvalidArgumentError,
        InvalidReportError,
        MissingExtraError,
        ReadError,
        SearchIndexError,
        SegmentationModelError,
        UnknownFieldError,
        VnSearchError,
    )
    from vnsearch.index.batches import AddStats, SkippedReport
    from vnsearch.index.check import CheckResult, check_index
    from vnsearch.index.rebuild import RebuildResult, rebuild_index
    from vnsearch.index.snapshot import LearntAbbreviation
    from vnsearch.index.sync import SyncStats
    from vnsearch.limits import Limits
    from vnsearch.report import Report
    from vnsearch.search.plan import Contribution
    from vnsearch.search.results import Explanation, Hit, SearchResults
    from vnsearch.search.snippets import Snippet

__version__ = "0.1.0"

__all__ = [
    "AddStats",
    "AnyIndex",
    "AnyStats",
    "CheckResult",
    "ClusterAccessError",
    "ClusterUnavailableError",
    "Contribution",
    "Explanation",
    "Hit",
    "Index",
    "IndexClosedError",
    "IndexCorruptedError",
    "IndexExistsError",
    "IndexLockedError",
    "IndexNotFoundError",
    "IndexReadError",
    "IndexStats",
    "IndexVersionError",
    "IndexWriteError",
    "InvalidArgumentError",
    "InvalidReportError",
    "LearntAbbreviation",
    "Limits",
    "MissingExtraError",
    "ReadError",
    "RebuildResult",
    "Report",
    "SearchIndexError",
    "SearchResults",
    "SegmentationModelError",
    "SkippedReport",
    "Snippet",
    "SyncStats",
    "Token",
    "UnknownFieldError",
    "VnSearchError",
    "analyze",
    "check_index",
    "fold",
    "normalize",
    "read_corpus",
    "rebuild_index",
    "segment",
]

# Where the names live that are imported when they are first asked for, so that `import vnsearch` stays light: whoever wants
# words does not wait for Whoosh. What is not named here is an error.
_MODULES = {
    "AddStats": "index.batches",
    "AnyIndex": "contract",
    "AnyStats": "contract",
    "CheckResult": "index.check",
    "Contribution": "search.plan",
    "Explanation": "search.results",
    "Hit": "search.results",
    "Index": "engine",
    "IndexStats": "engine",
    "LearntAbbreviation": "index.snapshot",
    "Limits": "limits",
    "RebuildResult": "index.rebuild",
    "Report": "report",
    "SearchResults": "search.results",
    "SkippedReport": "index.batches",
    "Snippet": "search.snippets",
    "SyncStats": "index.sync",
    "Token": "analysis",
    "analyze": "analysis",
    "check_index": "index.check",
    "read_corpus": "corpus",
    "rebuild_index": "index.rebuild",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'vnsearch' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"vnsearch.{_MODULES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
