"""Answers remembered, within bounds: texts are made by strangers, and must not fill the memory."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

__all__ = ["KEPT_CHARS", "Memo", "make_room", "remembered"]

Others = ParamSpec("Others")
Answer = TypeVar("Answer")

_LIMIT = 1 << 14
#: Characters of a word whose answer is remembered: a longer one hardly comes again, and may be as long as a text.
KEPT_CHARS = 64


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
        if len(word) <= KEPT_CHARS:
            make_room(self, _LIMIT)
            self[word] = answer
        return answer


def remembered(
    limit: int,
) -> Callable[[Callable[Concatenate[str, Others], Answer]], Callable[Concatenate[str, Others], Answer]]:
    """Return what makes a function of a word, and of more values, remember so many answers: those that were asked for lately.

    >>> calls = []
    >>> @remembered(100)
    ... def shout(word):
    ...     calls.append(word)
    ...     return word.upper()
    >>> [shout(word) for word in ("hoà", "hoà", "a" * 65, "a" * 65)].count("HOÀ"), len(calls)
    (2, 3)
    """

    def remembering(
        function: Callable[Concatenate[str, Others], Answer],
    ) -> Callable[Concatenate[str, Others], Answer]:
        kept: Any = functools.lru_cache(limit)(function)

        def answer(word: str, /, *others: Others.args, **named: Others.kwargs) -> Answer:
            found: Answer = (kept if len(word) <= KEPT_CHARS else function)(word, *others, **named)
            return found

        functools.update_wrapper(answer, function)
        return answer

    return remembering
