"""Answers remembered, within bounds: texts are made by strangers, and must not fill the memory."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Memo"]

_LIMIT = 1 << 16
_KEPT_CHARS = 64  # a longer word hardly comes again


class Memo(dict[str, str]):
    """A function of a word as a dictionary: ``memo[word]`` calls it for words it has not met.

    >>> shout = Memo(str.upper)
    >>> shout["hoà"], len(shout)
    ('HOÀ', 1)
    """

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[str], str]) -> None:
        self._function = function

    def __missing__(self, word: str) -> str:
        if len(self) >= _LIMIT:
            self.clear()
        answer = self._function(word)
        if len(word) <= _KEPT_CHARS:
            self[word] = answer
        return answer
