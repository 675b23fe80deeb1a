"""Text -> tokens, the same way for documents and queries."""

from vnsearch.analysis.analyzer import analysis_fingerprint, analyze, analyze_batch, analyze_text, syllables_of
from vnsearch.analysis.batch import TokenBatch, tokenize_batch
from vnsearch.analysis.tokens import Analysis, Token

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
