"""Paging: each report once, in one order, however many are asked for at a time, also where scores are nearly equal."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from vnsearch import Index, Report
from vnsearch.search.evaluate import Evaluation

WORDS = "lúa gạo mưa nắng đồng ruộng kênh mương cầu đường làng xóm chợ thuyền cá tôm".split()
#: Each is in as many reports as the others, in every report so often in some order: the sums are equal but for rounding.
EQUALS = "sách vở bút mực thước phấn bảng ghế".split()
FREQUENCIES = [1, 1, 2, 2, 3, 4, 5, 7]
OTHERS = "xuân hạ thu đông vàng đỏ xanh tím".split()


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Thousands of reports of one length: the same few words oftener or less often, so that sums of scores are close."""
    chance = random.Random(4)
    with Index.create(tmp_path_factory.mktemp("near")) as index:
        for part in range(3):
            reports = []
            for at in range(1200):
                words = [word for word in WORDS if chance.random() < 0.6]
                words += [chance.choice(OTHERS) for _ in range(20 - len(words))]
                chance.shuffle(words)
                day = dt.date(2024, 1, 1) + dt.timedelta(chance.randrange(30)) if chance.random() < 0.9 else None
                source = chance.choice(("Báo Sông Lam", "Báo Đông Hải", "Tin Y tế"))
                reports.append(Report(f"{part}-{at}", "Tin đồng", " ".join(words), day, source))
            for at in range(60):
                counts = chance.sample(FREQUENCIES, len(FREQUENCIES))
                body = " ".join(f"{word}. " * count for word, count in zip(EQUALS, counts, strict=True))
                reports.append(Report(f"{part}={at}", "Tin đồng", body, dt.date(2024, 1, 9), "Tin Y tế"))
            index.add(reports)
            index.delete(f"{part}-{at}" for at in chance.sample(range(1200), 100))
        yield index


QUERIES = [
    "lúa gạo mưa nắng đồng ruộng kênh mương",
    "cầu đường làng xóm và chợ của thuyền cá tôm lúa gạo",
    "lua gao mua nang dong ruong",
    "tím mưa",
    "sách vở bút mực thước phấn bảng ghế",
    'mưa "lúa gạo" nắng "đồng ruộng kênh" và cá',
    'xom "cau duong" cho thuyen "lua mua nang"~2',
]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"match": "all"},
    {"filters": {"source": ["Tin Y tế", "Báo Sông Lam"]}, "date_from": "2024-01-05", "date_to": "2024-01-25"},
    {"sort": "date"},
    {"sort": "-date", "filters": {"source": "Tin Y tế"}},
    {"fields": {"body": 1.0}},
]


@pytest.mark.parametrize("long", [1024, 64], ids=["short lists", "long lists"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_pages_are_parts_of_one_order(
    near: Index, options: dict[str, Any], long: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vnsearch.search.scoring._LONG_LEAST", long)
    if long < 1024:
        monkeypatch.setattr("vnsearch.search.evaluate._STRAIGHT", 0)
    with Index.open(near.path) as index:
        for query in QUERIES:
            every = index.search(query, limit=10_000, **options)
            whole = [hit.id for hit in every]
            assert len(whole) == len(set(whole)) == index.search(query, limit=0, **options).total
            assert whole or options == {"match": "all"}
            for size, end in ((1, 30), (7, 150), (50, 1000), (333, len(whole) + 1)):
                pages = [index.search(query, limit=size, offset=at, **options) for at in range(0, end, size)]
                assert [hit.id for page in pages for hit in page] == whole[: len(pages) * size]
                assert {page.total for page in pages} == {len(whole)}
                for page in pages:
                    scores = [hit.score for hit in page]
                    assert "sort" in options or scores == sorted(scores, reverse=True)
                shown = [hit.score for page in pages for hit in page]
                assert shown == pytest.approx([hit.score for hit in every][: len(shown)], rel=1e-4)
            assert len(index.search(query, offset=len(whole), **options)) == 0
            assert len(index.search(query, limit=5, offset=10**9, **options)) == 0


def test_close_scores_are_told_apart_by_exact_ones() -> None:
    """Documents 1 to 4 are closer than rounding: the exact scores order them; equals keep their order."""
    row = np.array([9.0, 5.0, 5.0000005, 4.9999995, 5.0, 1.0], np.float32)
    exact = np.array([9.0, 5.1, 5.0, 5.0, 5.2, 1.0])
    for start in range(6):
        for end in range(start + 1, 8):
            found = Evaluation(np.concatenate([row, np.zeros(58, np.float32)]), 6)
            found._exact = lambda documents: exact[documents]
            found._apart = 1 - 1e-6
            assert found.ranked(start, end).tolist() == [0, 4, 1, 2, 3, 5][start:end]
