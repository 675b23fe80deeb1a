"""Regular expressions that are compiled when they are first used: to compile all of them takes longer than a search."""

from __future__ import annotations

import re
from typing import Any, cast

from vnsearch.concurrency import cached_property

__all__ = ["lazy_pattern"]


class _LazyPattern:
    """Stands for a compiled pattern. Its methods are looked up once, and then cost what those of a pattern cost."""

    def __init__(self, source: str, flags: int) -> None:
        self._source = source
        self._flags = flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._source, self._flags)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._compiled, name)
        setattr(self, name, found)
        return found


def lazy_pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    r"""Return a pattern to be used as one of ``re.compile``; what is wrong with it is found out at its first use.

    >>> lazy_pattern(r"[0-9]+").sub("#", "12 km")
    '# km'
    """
    return cast("re.Pattern[str]", _LazyPattern(source, flags))
