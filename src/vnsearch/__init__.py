"""Full-text search for Vietnamese: type with marks, without them or with half of them, and the right report comes first.

>>> from vnsearch import fold, normalize, segment
>>> segment("Quy chế dân chủ ở cơ sở")
'Quy_chế dân_chủ ở cơ_sở'
>>> normalize("hoà"), fold("Đường")
('hòa', 'Duong')
"""

from vnsearch.analysis import Token, analyze
from vnsearch.corpus import read_corpus
from vnsearch.engine import CheckResult, Index, IndexStats
from vnsearch.errors import (
    IndexClosedError,
    IndexCorruptedError,
    IndexExistsError,
    IndexLockedError,
    IndexNotFoundError,
    IndexVersionError,
    InvalidArgumentError,
    InvalidReportError,
    MissingExtraError,
    ReadError,
    SearchIndexError,
    SegmentationModelError,
    UnknownFieldError,
    VnSearchError,
)
from vnsearch.index.writer import AddStats, SkippedReport
from vnsearch.report import Report
from vnsearch.search.results import Explanation, Hit, SearchResults
from vnsearch.search.scoring import Contribution
from vnsearch.search.snippets import Snippet
from vnsearch.segment import segment
from vnsearch.text.fold import fold
from vnsearch.text.normalize import normalize

__version__ = "0.1.0"

__all__ = [
    "AddStats",
    "CheckResult",
    "Contribution",
    "Explanation",
    "Hit",
    "Index",
    "IndexClosedError",
    "IndexCorruptedError",
    "IndexExistsError",
    "IndexLockedError",
    "IndexNotFoundError",
    "IndexStats",
    "IndexVersionError",
    "InvalidArgumentError",
    "InvalidReportError",
    "MissingExtraError",
    "ReadError",
    "Report",
    "SearchIndexError",
    "SearchResults",
    "SegmentationModelError",
    "SkippedReport",
    "Snippet",
    "Token",
    "UnknownFieldError",
    "VnSearchError",
    "analyze",
    "fold",
    "normalize",
    "read_corpus",
    "segment",
]
