"""Queries of Whoosh 2.7.4 whose matchers have bugs, with the bugs out: what differential tests compare with.

- ``AndNotMatcher`` takes its first document without looking where its second side stands, and asks a first side that is at
  its end for its document.
- ``AndMaybeMatcher.skip_to`` leaves its second side behind the first, whose score then is missing.
- ``DisjunctionMaxMatcher.score`` compares sides that stand at different documents.
- ``Require`` makes an ``AndNotMatcher``; there is no repair of it here.
"""

from __future__ import annotations

from typing import Any

from whoosh import query
from whoosh.matching import Matcher, binary


class _AndNotMatcher(binary.AndNotMatcher):
    def _find_first(self) -> None:
        if self.a.is_active():
            self._find_next()

    def skip_to(self, id: int) -> None:
        if self.a.is_active() and id > self.a.id():  # ArrayUnionMatcher would go back
            self.a.skip_to(id)
            self._find_first()


class _AndMaybeMatcher(binary.AndMaybeMatcher):
    def skip_to(self, id: int) -> None:
        self.a.skip_to(id)
        self._first_b()

    def _first_b(self) -> None:
        if self.a.is_active() and self.b.is_active():
            self.b.skip_to(self.a.id())


class _BestMatcher(binary.UnionMatcher):
    def score(self) -> float:
        sides = [side for side in (self.a, self.b) if side.is_active()]
        here = min(side.id() for side in sides)
        return max(side.score() for side in sides if side.id() == here)

    def supports_block_quality(self) -> bool:
        return False


class AndNot(query.AndNot):
    def matcher(self, searcher: Any, context: Any = None) -> Matcher:
        return _AndNotMatcher(self.a.matcher(searcher, context), self.b.matcher(searcher, searcher.boolean_context()))


class AndMaybe(query.AndMaybe):
    matcherclass = _AndMaybeMatcher


class Best(query.DisjunctionMax):
    def _matcher(self, subs: Any, searcher: Any, context: Any) -> Matcher:
        return self._tree_matcher(
            subs, _BestMatcher, searcher, context, lambda sub: sub.estimate_size(searcher.reader())
        )
