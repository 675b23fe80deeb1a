"""Collections with judgements, and the ways in which their queries are typed.

A collection is a folder with ``corpus.jsonl`` (id, title, text), ``queries.jsonl`` (id, text) and ``qrels.tsv`` (query,
document, relevance; tabs between). One with ``docs.jsonl.xz`` holds articles whose own titles are the queries: their
texts alone are indexed, and the first 1,000 of ``queries_title.jsonl`` are asked.
"""

from __future__ import annotations

import json
import lzma
import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vnsearch import Report

#: How many titles are asked.
TITLES = 1000
_WORD = re.compile(r"\w+")
_TONES = "\u0300\u0301\u0303\u0309\u0323"
# oa, oe and uy at the end of a syllable, decomposed; uy after q is another thing.
_OPEN = re.compile(
    f"(o(?=[{_TONES}]?[ae])|(?<!q)u(?=[{_TONES}]?y))([{_TONES}]?)([aey])([{_TONES}]?)(?![\\w\u0300-\u036f])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Collection:
    """Reports, queries in order, and for each query the relevance of reports (above 0: relevant).

    Only the queries in ``judgements`` count: they have a relevant report. ``texts`` are those whose marks are restored:
    all queries, asked or not.
    """

    name: str
    reports: list[Report]
    queries: dict[str, str]
    judgements: dict[str, dict[str, int]]
    texts: list[str]


def find(folder: Path) -> list[Path]:
    """Return the folders in a folder that hold a collection with judgements, by name."""
    return sorted({path.parent for name in ("qrels.tsv", "qrels_title.tsv") for path in folder.glob(f"*/{name}")})


def read(path: Path) -> Collection:
    """Read the collection in a folder."""
    if (articles := path / "docs.jsonl.xz").exists():
        with lzma.open(articles, "rt", encoding="utf-8") as lines:
            reports = [Report(row["id"], "", row["text"]) for row in map(json.loads, lines)]
        queries = read_queries(path / "queries_title.jsonl")
        asked = dict(list(queries.items())[:TITLES])
        judged = path / "qrels_title.tsv"
    else:
        with (path / "corpus.jsonl").open(encoding="utf-8") as lines:
            reports = [Report(row["id"], row.get("title") or "", row["text"]) for row in map(json.loads, lines)]
        queries = asked = read_queries(path / "queries.jsonl")
        judged = path / "qrels.tsv"
    known = {report.id for report in reports}
    judgements = {
        query: {report: relevance for report, relevance in found.items() if report in known}
        for query, found in read_judgements(judged).items()
        if query in asked
    }
    relevant = {query: found for query, found in judgements.items() if any(value > 0 for value in found.values())}
    return Collection(path.name, reports, asked, relevant, list(queries.values()))


def read_judgements(path: Path) -> dict[str, dict[str, int]]:
    """Return the relevance of reports for each query, in order."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for line in path.read_text(encoding="utf-8").splitlines():
        query, report, relevance = line.split("\t")[:3]
        found[query][report] = int(relevance)
    return found


def read_queries(path: Path) -> dict[str, str]:
    """Return queries by id, in order."""
    with path.open(encoding="utf-8") as lines:
        return {row["id"]: row["text"] for row in map(json.loads, lines)}


def variants(queries: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the queries as given, unmarked, half-marked and flipped; punctuation and case stay as given."""
    return {
        "as given": dict(queries),
        "unmarked": {name: unmarked(text) for name, text in queries.items()},
        "half-marked": dict(zip(queries, half_marked(queries.values()), strict=True)),
        "flipped": {name: flipped(text) for name, text in queries.items()},
    }


def unmarked(text: str) -> str:
    """Return the text without its marks."""
    plain = text.replace("đ", "d").replace("Đ", "D")
    kept = (char for char in unicodedata.normalize("NFD", plain) if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", "".join(kept))


def half_marked(texts: Iterable[str], seed: int = 3) -> list[str]:
    r"""Return the texts, each syllable (``\w+``) without its marks with probability ½: one draw each, in order."""
    draw = random.Random(seed).random
    return [
        _WORD.sub(lambda run: run[0] if draw() < 0.5 else unmarked(run[0]), unicodedata.normalize("NFC", text))
        for text in texts
    ]


def flipped(text: str) -> str:
    """Return the text with the other tone placement where there are two (hòa, hoà), composed.

    >>> flipped("Hoà thuỷ quý khỏe hoàn")
    'Hòa thủy quý khoẻ hoàn'
    """
    moved = _OPEN.sub(r"\1\4\3\2", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", moved)
