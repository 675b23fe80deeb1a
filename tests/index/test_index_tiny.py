"""Indexes of a few reports, many of them without any text: sound after every commit, and all questions can be asked."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from vnsearch import Index, Report

TEXTS = (
    *("", "", "đường", "đường làng", "a", "2021", "12/3/2020", "một hai ba", "Quy chế dân chủ (QCDC)"),
    *("東京", "-", "…", "x y", "kỹ"),
)
QUERIES = ("đường", "lang", "qcdc", '"một hai"', "k:v", "2021", "quy ch*")


def draw(chance: random.Random) -> Report:
    extra = chance.choice(({}, {}, {"k": "v"}, {"l": ["a", "b"]}, {"k": chance.choice(TEXTS)}))
    source, date = chance.choice((None, None, "Báo A")), chance.choice((None, "2020-01-01"))
    identity, title, body = f"{chance.randrange(12)}", chance.choice(TEXTS), chance.choice(TEXTS)
    return Report(identity, title, body, date=date, source=source, extra=extra)


@pytest.mark.parametrize("seed", range(60))
def test_sound_after_every_commit(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    held: dict[str, Report] = {}
    with Index.create(tmp_path / "index", filterable=("k", "l")) as index:
        for _ in range(chance.randrange(1, 14)):
            if chance.random() < 0.6 or not held:
                reports = [draw(chance) for _ in range(chance.choice((1, 1, 2, 5)))]
                index.add(reports)
                held.update((report.id, report) for report in reports)
            else:
                gone = chance.sample(sorted(held), chance.randrange(1, len(held) + 1))
                assert index.delete(gone) == len(gone)
                held = {identity: report for identity, report in held.items() if identity not in gone}
            assert index.check().problems == ()
            assert {report.id: report for report in index} == held
            for query in QUERIES:
                for hit in index.search(query, facets=("k", "source")):
                    hit.snippet.html()
                    hit.explain()
            index.suggest("d")
            index.abbreviations()
            index.stats()
            list(index.whoosh.reader().all_terms())
