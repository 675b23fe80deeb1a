"""Text -> tokens, the same way for documents and queries."""

from typing import TYPE_CHECKING, Any

from vnsearch.analysis.analyzer import analysis_fingerprint, analyze, analyze_batch, analyze_text, syllables_of
from vnsearch.analysis.tokens import Analysis, Token

if TYPE_CHECKING:
    from vnsearch.analysis.batch import TokenBatch, tokenize_batch

__all__ = [
    "Analysis",
    "Token",
    "TokenBatch",
    "analysis_fingerprint",
    "analyze",
    "analyze_batch",
    "analyze_text",
    "syllables_of",
    "tokenize_batch",
]


def __getattr__(name: str) -> Any:
    if name not in ("TokenBatch", "tokenize_batch"):
        raise AttributeError(f"module 'vnsearch.analysis' has no attribute {name!r}")
    from vnsearch.analysis import batch  # noqa: PLC0415 - only an index is made of batches; queries do not wait for it

    return getattr(batch, name)
