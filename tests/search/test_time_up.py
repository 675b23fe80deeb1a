"""When time runs out, wherever that is: what was found by then matches, and nothing is taken for an error."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Literal

import pytest

from vnsearch import Index, Report
from vnsearch.search.leaves import Evaluator, TimeUp

WORDS = "lúa gạo mưa nắng đồng ruộng kênh mương cầu đường làng xóm là của các và dân chủ cơ sở".split()
QUERIES = [
    'mưa "lúa gạo" nắng "đồng ruộng kênh" và của',
    '"các là" "là của" cầu đường làng',
    'lua "dan chu" cho "cau duong"~3 ruong',
    '+mưa -"là của" (nắng OR "dân chủ cơ sở") title:lúa',
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    chance = random.Random(9)
    with Index.create(tmp_path_factory.mktemp("time") / "index") as made:
        for part in range(2):
            made.add(
                Report(
                    f"{part}-{at}", chance.choice(WORDS), " ".join(chance.choices(WORDS, k=12)), source=f"Báo {at % 3}"
                )
                for at in range(700)
            )
        made.delete(f"0-{at}" for at in range(0, 700, 9))
        yield made


@pytest.mark.parametrize("sort", ["relevance", "date"])
@pytest.mark.parametrize("query", QUERIES)
def test_what_is_found_matches(
    index: Index, query: str, sort: Literal["relevance", "date"], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vnsearch.search.scoring._LONG_LEAST", 64)
    monkeypatch.setattr("vnsearch.search.evaluate._STRAIGHT", 0)
    filters = {"source": ["Báo 0", "Báo 1"]}
    with Index.open(index.path) as anew:
        whole = {hit.id for hit in anew.search(query, limit=10_000, filters=filters)}
        assert whole
        left = 0

        def check(_: Evaluator) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise TimeUp

        monkeypatch.setattr(Evaluator, "check", check)
        incomplete = 0
        for left_at_first in range(200):
            left = left_at_first
            results = anew.search(query, limit=10, sort=sort, filters=filters, timeout_s=100)
            assert {hit.id for hit in results} <= whole
            assert len(results) <= results.total <= len(whole)
            incomplete += not results.complete
            if results.complete:
                break
        assert results.complete
        assert incomplete == left_at_first > 5
