"""What an ``add`` counted, published part by part."""

from __future__ import annotations

from functools import partial

import xxhash

from vnsearch.index.columnar.build import AnalysedReports
from vnsearch.opensearch.bulk import Patience
from vnsearch.opensearch.lexicon_making import LexiconBuilder
from vnsearch.opensearch.lexicon_parts import SharedLexicon

__all__ = ["Publishing"]

#: Reports of one part, at least. An ``add`` that is run again makes the same parts, and they have the same names.
PART_REPORTS = 20_000


class Publishing:
    """Counts the words of analysed reports, and publishes the counts. What an interrupted ``add`` had left, the next one counts."""

    def __init__(self, lexicon: SharedLexicon, retry_s: float = 60.0) -> None:
        self._lexicon = lexicon
        self._retry_s = retry_s
        self._begin()

    def _begin(self) -> None:
        self._builder = LexiconBuilder()
        self._digest = xxhash.xxh128()
        self._reports = 0

    def take(self, analysed: AnalysedReports) -> None:
        """Count a batch of reports."""
        if self._reports >= PART_REPORTS:
            self.finish()
        self._builder.add(analysed)
        self._reports += len(analysed.ids)
        for words, end in ((analysed.ids, "\n"), (analysed.texts.syllables, " ")):
            self._digest.update(end.join([*words, ""]).encode("utf-8", "surrogatepass"))
        self._digest.update(analysed.texts.tokens.tobytes())

    def finish(self) -> None:
        """Publish what was counted."""
        if self._reports:
            publish = partial(self._lexicon.publish, self._digest.hexdigest(), self._builder.lexicon())
            Patience(self._retry_s).call(publish)
            self._begin()
