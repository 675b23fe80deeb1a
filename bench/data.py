"""Documents and queries of the benchmarks: news articles as they are, and as tokens ready for engines that have no analysis.

Every peer is given *our* tokens, joined by spaces, so that all engines index and seek the same terms; a pair is written
"quy_chế" for them, since their tokenizers cut at spaces.
"""

from __future__ import annotations

import itertools
import json
import lzma
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from vnsearch import Report
from vnsearch.analysis import Analysis, analyze_batch, syllables_of

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "vietnews" / "docs.jsonl.xz"
_BATCH = 200
Item = TypeVar("Item")


@dataclass(slots=True)
class Tokens:
    """The terms of one text by kind, each kind joined by spaces."""

    syllables: str
    pairs: str
    words: str


@dataclass(slots=True)
class Analysed:
    """A document whose tokens are ready."""

    id: str
    title: Tokens
    body: Tokens


@dataclass(frozen=True, slots=True)
class Query:
    """A query as typed, and its terms, each once."""

    text: str
    syllables: tuple[str, ...]
    pairs: tuple[str, ...]


def joined_pairs(syllables: Sequence[str]) -> list[str]:
    """Return the pairs as terms without a space."""
    return [f"{a}_{b}" for a, b in pairwise(syllables)]


def reports(path: Path, limit: int | None) -> Iterator[Report]:
    """Yield the first articles of the collection; their abstracts are left out."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in itertools.islice(lines, limit):
            article = json.loads(line)
            yield Report(article["id"], article["title"], article["text"])


def _tokens(analysis: Analysis) -> Tokens:
    syllables = analysis.syllables
    return Tokens(" ".join(syllables), " ".join(joined_pairs(syllables)), " ".join(analysis.word_terms()))


def analysed(documents: Iterable[Report]) -> Iterator[Analysed]:
    """Yield every document with its tokens, by our analysis."""
    source = iter(documents)
    while part := list(itertools.islice(source, _BATCH)):
        found = analyze_batch([text for report in part for text in (report.title, report.body)])
        for number, report in enumerate(part):
            yield Analysed(report.id, _tokens(found[2 * number]), _tokens(found[2 * number + 1]))


def write_tokens(documents: Iterable[Report], path: Path) -> None:
    """Keep the tokens of all documents in a file, so that processes that measure need not analyse."""
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as out:
        for one in analysed(documents):
            row = [one.id, one.title.syllables, one.title.words, one.body.syllables, one.body.words]
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    partial.replace(path)


def read_tokens(path: Path) -> Iterator[Analysed]:
    """Yield what ``write_tokens`` kept."""

    def tokens(syllables: str, words: str) -> Tokens:
        return Tokens(syllables, " ".join(joined_pairs(syllables.split(" "))), words)

    with path.open(encoding="utf-8") as lines:
        for line in lines:
            identity, title, title_words, body, body_words = json.loads(line)
            yield Analysed(identity, tokens(title, title_words), tokens(body, body_words))


def make_query(text: str) -> Query:
    """Return a query with its terms."""
    syllables = syllables_of(text).syllables
    return Query(text, tuple(dict.fromkeys(syllables)), tuple(dict.fromkeys(joined_pairs(syllables))))


def evenly(items: Sequence[Item], count: int) -> list[Item]:
    """Return so many of the items, evenly spread."""
    return list(items[:: max(1, len(items) // count)])[:count]


def queries(titles: Sequence[str], count: int) -> dict[str, list[Query]]:
    """Return the two sets of queries: titles, and the first three syllables of the same titles as written."""
    chosen = evenly([title for title in titles if syllables_of(title).syllables], count)
    starts = [title[: syllables_of(title).ends[:3][-1]] for title in chosen]
    return {"titles": [make_query(text) for text in chosen], "3 syllables": [make_query(text) for text in starts]}
