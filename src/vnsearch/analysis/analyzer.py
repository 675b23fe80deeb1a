"""Text -> syllables, pairs, words, values, text by text. What an index is made of comes as arrays, from ``batch``: the same
terms (tests hold them together), made of the same parts, so that documents and queries cannot disagree.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from vnsearch.analysis.abbreviations import find_definitions
from vnsearch.analysis.syllables import TERMS, syllable_spans
from vnsearch.analysis.tokens import Analysis, Token
from vnsearch.segment import model_fingerprint, segment_spans, segment_spans_batch
from vnsearch.text.normalize import clean, place_tones_second
from vnsearch.text.offsets import OffsetMap
from vnsearch.text.values import find_values

__all__ = ["analysis_fingerprint", "analyze", "analyze_batch", "analyze_text", "syllables_of"]

#: Counts up whenever the same text would give other terms than before: an older index is then refused.
ANALYSIS_VERSION = 1


def _syllables(cleaned: str) -> Analysis:
    terms: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in syllable_spans(cleaned):
        terms.append(TERMS[cleaned[start:end]])
        starts.append(start)
        ends.append(end)
    return Analysis(terms, starts, ends)


def _values(cleaned: str, analysis: Analysis) -> list[Token]:
    """Return the values of a text as tokens; each stands at the position of the first syllable it covers."""
    ends = analysis.ends
    return [
        Token(value.term, value.kind, value.start, value.end, bisect_right(ends, value.start))
        for value in find_values(cleaned)
    ]


def _mapped(analysis: Analysis, offsets: OffsetMap | None) -> Analysis:
    """Lead every offset back to the text as given."""
    if offsets is not None:
        analysis.starts = [offsets.starts[start] for start in analysis.starts]
        analysis.ends = [offsets.ends[end - 1] for end in analysis.ends]
        analysis.values = [
            Token(value.text, value.kind, *offsets.span(value.start, value.end), value.position)
            for value in analysis.values
        ]
    return analysis


def syllables_of(text: str, *, values: bool = False) -> Analysis:
    """Return the syllables of a text and where they stand, and its values if asked; no words. Several times faster."""
    cleaned, offsets = clean(text)
    analysis = _syllables(cleaned)
    if values:
        analysis.values = _values(cleaned, analysis)
    return _mapped(analysis, offsets)


def analyze_batch(texts: Sequence[str]) -> list[Analysis]:
    """Return ``analyze_text`` of every text; the segmenter takes them together, which is several times faster."""
    cleaned = [clean(text) for text in texts]
    # pyvi's model and word list know one placement of tones only; moving a tone keeps every offset.
    placed = [text if text.isascii() else place_tones_second(text) for text, _ in cleaned]
    spans: Iterable[Iterable[Sequence[int]]]
    spans = [segment_spans(placed[0])] if len(texts) == 1 else (found.tolist() for found in segment_spans_batch(placed))
    analyses = []
    for (text, offsets), words in zip(cleaned, spans, strict=True):
        analysis = _syllables(text)
        analysis.words = _words(analysis.starts, words)
        analysis.values = _values(text, analysis)
        analysis.definitions = [(found.abbreviation, found.expansion) for found in find_definitions(text)]
        analyses.append(_mapped(analysis, offsets))
    return analyses


def _words(starts: list[int], spans: Iterable[Sequence[int]]) -> list[tuple[int, int]]:
    """Return the words as ranges of syllables; what holds no syllable (a comma) is none."""
    words = []
    first, count = 0, len(starts)
    for _, end in spans:
        if first >= count:
            break
        if starts[first] >= end:
            continue
        past = first + 1
        while past < count and starts[past] < end:
            past += 1
        words.append((first, past))
        first = past
    return words


def analyze_text(text: str) -> Analysis:
    """Return the analysis of one text."""
    return analyze_batch([text])[0]


def analyze(text: str) -> list[Token]:
    """Return every token of a text: syllables, pairs of adjacent syllables, words, values.

    Ordered by position; offsets are code points of the text as given, whatever its normalization form. Never raises on
    any ``str``.

    >>> for token in analyze("Quận uỷ họp"):
    ...     print(token.text, token.kind, token.start, token.end, token.position)
    quận syllable 0 4 0
    quận ủy pair 0 7 0
    quận_ủy word 0 7 0
    ủy syllable 5 7 1
    ủy họp pair 5 11 1
    họp syllable 8 11 2
    họp word 8 11 2
    """
    return analyze_text(text).tokens()


def analysis_fingerprint() -> str:
    """Return a short text that changes whenever this analysis would make other terms of the same text."""
    return f"{ANALYSIS_VERSION}-{model_fingerprint()}"
