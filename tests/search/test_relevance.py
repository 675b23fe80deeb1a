"""Is the right report first? A floor under the ranking, on reports with judgements of our own (``tests/collection``)."""

from __future__ import annotations

import json
import math
import random
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vnsearch import Index, analyze, fold, normalize
from vnsearch.text.normalize import place_tones_second

COLLECTION = Path(__file__).resolve().parents[1] / "collection"
#: Reached when this was written: 0.978 as typed, 0.973 unmarked, 0.976 half-marked, the mean of five draws.
FLOORS = {"typed": 0.968, "unmarked": 0.960, "half-marked": 0.965}

Search = Callable[[str], list[str]]


def rows(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (COLLECTION / name).read_text(encoding="utf-8").splitlines()]


REPORTS = rows("corpus.jsonl")
QUERIES = {row["id"]: row["text"] for row in rows("queries.jsonl")}
RELEVANCE: dict[str, dict[str, int]] = defaultdict(dict)
for judgement in (COLLECTION / "qrels.tsv").read_text(encoding="utf-8").splitlines():
    query_id, report_id, grade = judgement.split("\t")
    RELEVANCE[query_id][report_id] = int(grade)


def ndcg(search: Search, forms: Callable[[str], str] = str) -> float:
    """The mean nDCG@10 of all queries: gains as judged, discounted by log2(rank + 1)."""

    def dcg(grades: list[int]) -> float:
        return sum(grade / math.log2(at + 2) for at, grade in enumerate(grades[:10]))

    found = {name: search(forms(text)) for name, text in QUERIES.items()}
    return sum(
        dcg([RELEVANCE[name].get(report, 0) for report in ids]) / dcg(sorted(RELEVANCE[name].values(), reverse=True))
        for name, ids in found.items()
    ) / len(QUERIES)


def half_marked(seed: int) -> Callable[[str], str]:
    draw = random.Random(seed).random
    return lambda text: re.sub(r"\w+", lambda syllable: syllable[0] if draw() < 0.5 else fold(syllable[0]), text)


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Search]:
    with Index.create(tmp_path_factory.mktemp("relevance")) as index:
        index.add(REPORTS)
        yield lambda query: [hit.id for hit in index.search(query)]


def syllables(text: str) -> list[str]:
    return [token.text for token in analyze(text) if token.kind == "syllable"]


def plain(terms: Callable[[str], list[str]]) -> Search:
    """BM25 over one kind of term and nothing else, k1 = 1.2 and b = 0.9."""
    counts = {row["id"]: Counter(terms(f"{row['title']}\n{row['text']}")) for row in REPORTS}
    lengths = {report: sum(count.values()) for report, count in counts.items()}
    mean = sum(lengths.values()) / len(lengths)
    reports = Counter(term for count in counts.values() for term in count)

    def score(report: str, asked: set[str]) -> float:
        total = 0.0
        for term in sorted(asked & counts[report].keys()):
            tf = counts[report][term]
            idf = math.log(1 + (len(counts) - reports[term] + 0.5) / (reports[term] + 0.5))
            total += idf * tf / (tf + 1.2 * (0.1 + 0.9 * lengths[report] / mean))
        return total

    def ranked(query: str) -> list[str]:
        asked = set(terms(query))
        scores = {report: score(report, asked) for report in counts}
        return sorted((report for report in scores if scores[report]), key=lambda report: -scores[report])

    return ranked


def test_judgements_name_what_is_there() -> None:
    assert RELEVANCE.keys() == QUERIES.keys()
    assert {report for found in RELEVANCE.values() for report in found} <= {row["id"] for row in REPORTS}
    assert {grade for found in RELEVANCE.values() for grade in found.values()} == {1, 2}


def test_typed(search: Search) -> None:
    assert ndcg(search) >= FLOORS["typed"]


def test_unmarked(search: Search) -> None:
    assert ndcg(search, fold) >= FLOORS["unmarked"]


def test_half_marked(search: Search) -> None:
    assert sum(ndcg(search, half_marked(seed)) for seed in range(5)) / 5 >= FLOORS["half-marked"]


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda text: place_tones_second(normalize(text)), id="hoà for hòa"),
        pytest.param(normalize, id="hòa for hoà"),
        pytest.param(lambda text: unicodedata.normalize("NFD", text), id="NFD"),
        pytest.param(str.upper, id="capitals"),
    ],
)
def test_other_forms_of_the_same_text_find_the_same(search: Search, form: Callable[[str], str]) -> None:
    assert any(form(text) != text for text in QUERIES.values())
    assert {text: search(form(text)) for text in QUERIES.values()} == {text: search(text) for text in QUERIES.values()}


class TestTheCollectionIsHardEnough:
    """Rankings that lack what ours is for stay below the floor by a clear margin."""

    def test_everything_folded(self) -> None:
        assert ndcg(plain(lambda text: syllables(fold(text)))) < FLOORS["unmarked"] - 0.03

    def test_marks_not_restored(self) -> None:
        assert ndcg(plain(syllables), fold) < FLOORS["unmarked"] - 0.5

    def test_only_the_number_of_syllables_in_common(self) -> None:
        terms: dict[str, set[str]] = {row["id"]: set(syllables(f"{row['title']}\n{row['text']}")) for row in REPORTS}

        def ranked(query: str) -> list[str]:
            asked = set(syllables(query))
            return sorted(terms, key=lambda report: -len(asked & terms[report]))

        assert ndcg(ranked) < FLOORS["typed"] - 0.01
