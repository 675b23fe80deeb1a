"""Answers remembered, within bounds: texts are made by strangers, and must not fill the memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Memo", "make_room"]

_LIMIT = 1 << 14
_KEPT_CHARS = 64  # a longer word hardly comes again


def make_room(kept: dict[Any, Any], limit: int) -> None:
    """Forget the oldest eighth of what is kept once there are ``limit`` entries: a part at a time, so that memory stays level.

    >>> kept = dict.fromkeys(range(16))
    >>> make_room(kept, 16)
    >>> list(kept)[:2], len(kept)
    ([2, 3], 14)
    """
    if len(kept) >= limit:
        # A list of its own, and no error for what is gone: other threads may keep and forget meanwhile.
        for key in list(kept)[: limit // 8]:
            kept.pop(key, None)


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
        answer = self._function(word)
        if len(word) <= _KEPT_CHARS:
            make_room(self, _LIMIT)
            self[word] = answer
        return answer
