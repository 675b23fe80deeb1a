"""Ways to type a query, for tests."""

from __future__ import annotations

from vnsearch import fold


def half_marked(text: str) -> str:
    """Keep the marks of every other syllable."""
    return " ".join(word if at % 2 else fold(word) for at, word in enumerate(text.split()))
