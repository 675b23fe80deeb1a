"""A cluster beside an index on disk: the same reports, the same queries, the same answers.

By design some things are near, not equal: frequencies are rounded; the full form of an abbreviation is scored a little lower; where
a snippet is cut depends on how rare words are, which a cluster takes from how often they occur; equals are ordered by their ids.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from drawn_queries import Drawn

from random_reports import draw_report, draw_text
from vnsearch import Index, Report
from vnsearch.search.results import SearchResults

REPORTS = 300
ALL = 400
# A frequency is rounded to 1/128, of the lowest ones some hundredths.
NEAR: dict[str, float] = {"rel": 0.05, "abs": 0.01}


class Both(NamedTuple):
    """The same reports in an index on disk and on a cluster."""

    local: Index
    cluster: Any

    def search(self, query: str, **options: Any) -> tuple[SearchResults, SearchResults]:
        options = {"limit": ALL, **options}
        return self.local.search(query, **options), self.cluster.search(query, **options)


def _reports() -> list[Report]:
    chance = random.Random(3)
    reports = [draw_report(chance, str(number)) for number in range(REPORTS)]
    reports += [
        Report("htx", "Hợp tác xã (HTX) mới", "Hợp tác xã (HTX) mua gạo"),
        Report("qcdc", "HTX và hợp tác xã (HTX)", "Quy chế dân chủ (QCDC) của làng"),
        Report("odd", "nhãn", "bàn", extra={"tags": ["a|b", "A|B", "~5", 5, True]}),
        Report("empty", "", ""),
    ]
    return reports


@pytest.fixture(scope="module")
def both(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    kind = pytest.importorskip("vnsearch.opensearch.index").OpenSearchIndex
    name = f"differential-{uuid.uuid4().hex}"
    on_cluster = kind.create(cluster.urls, name, shards=5, replicas=0, filterable=("tags",))
    local = Index.create(tmp_path_factory.mktemp("differential") / "index", filterable=("tags",))
    with on_cluster, local:
        for index in (on_cluster, local):
            # In one go: the lengths that frequencies are divided by are those of the first reports.
            assert index.add(_reports()).errors == ()
        yield Both(local, on_cluster)
        on_cluster._cluster.client.indices.delete(index=f"{name}-*")


def scores(results: SearchResults) -> dict[str, float]:
    return {hit.id: hit.score for hit in results}


def has_variants(results: SearchResults) -> bool:
    """Tell whether something in a query stands for a phrase: an abbreviation does."""
    return any(
        part.kind == "phrase" and part.tier == "variant" for hit in results[:10] for part in hit.explain().contributions
    )


def check(both: Both, query: str, options: Mapping[str, Any]) -> None:
    here, there = both.search(query, facets=("source", "tags"), **options)
    assert set(scores(there)) == set(scores(here))
    assert there.total == here.total
    assert there.facets == here.facets
    assert there.suggestion == here.suggestion
    if scores(there) != pytest.approx(scores(here), **NEAR):
        assert has_variants(here)
        assert scores(there) == pytest.approx(scores(here), rel=0.15)
    theirs = {hit.id: hit for hit in there}
    for hit in here[:3]:
        assert theirs[hit.id].report == hit.report
        assert theirs[hit.id].title_html() == hit.title_html()
        assert theirs[hit.id].marks("body") == hit.marks("body")


@pytest.mark.parametrize("seed", range(4))
def test_queries_of_all_kinds_find_and_score_the_same(both: Both, seed: int) -> None:
    drawn = Drawn(seed)
    found = 0
    for at in range(40):
        query = drawn.words(8) if at % 3 == 0 else drawn.query()
        options = drawn.options()
        try:
            check(both, query, options)
        except AssertionError as error:
            raise AssertionError(f"{query!r}, {options}") from error
        found += both.local.search(query, limit=0, **options).total > 0
    assert found > 12  # or the queries are no test


@pytest.mark.parametrize("query", ["ban bo", "cà chợ", "ban OR title:bò", "cấy"])
@pytest.mark.parametrize(
    ("fields", "alike"),
    [
        ({"title": 1.0, "body": 1.0}, 0.8),
        ({"title": 5.0, "body": 1.0}, 0.6),
        ({"title": 3.0}, 0.8),
        ({"title": 1e6}, 0),
        ({"body": 1e-6}, 0),
        ({"title": 1e-6, "body": 1e6}, 0),
    ],
    ids=str,
)
def test_other_weights_find_the_same_and_rank_it_nearly_so(
    both: Both, query: str, fields: dict[str, float], alike: float
) -> None:
    here, there = both.search(query, fields=fields)
    assert set(scores(there)) == set(scores(here))
    assert all(hit.score > 0 for hit in there)
    best = [hit.id for hit in here[:10]]
    assert len(set(best) & {hit.id for hit in there[:20]}) >= alike * len(best)


def test_words_between_those_of_a_phrase(both: Both) -> None:
    chance = random.Random(5)
    everything = found = 0
    for _ in range(40):
        query = f'"{draw_text(chance, 3).replace(".", "")}"~{chance.randint(1, 6)}'
        here, there = both.search(query)
        assert set(scores(there)) <= set(scores(here)), query
        everything += here.total
        found += there.total
    # By design: of a syllable that is there several times between two others the outer ones are looked at.
    assert found > 0.97 * everything > 0


ODD = (
    '"ba ba ba"', '"bê a bê a"', '"bàn bàn"~3', "xa*", "THÔN", "", '" ( ) ~', "của", "-của", "+của ban", "tags:LẺ", "-tags:le",
    "tags:~5", "tags:5", "tags:A|b", 'source:"bao song lam"', "source:none", "date:2021-13", "-date:2021",
    "title:(body:bò) body:(title:bò -ban)", "body:(ban -(title:ban))", "-(+ban -bò)", "(-ban) OR (-bò)", "+ban +-bò",
)  # fmt: skip


@pytest.mark.parametrize("query", ODD)
@pytest.mark.parametrize("match", ["any", "all"])
def test_odd_queries(both: Both, query: str, match: str) -> None:
    check(both, query, {"match": match})


@pytest.mark.parametrize(
    "options",
    [
        {"limit": 0, "facets": ("tags", "tags", "source")},
        {"offset": 99_999, "limit": 10},
        {"offset": 10**12, "limit": 10**12},
        {"filters": {"tags": [f"v{number}" for number in range(70_000)] + ["lẻ"]}},
        {"filters": {"tags": []}},
        {"filters": {"tags": [5, True, "~5"]}},
        {"date_from": "2022-01-01", "date_to": "2021-01-01"},
        {"timeout_s": 60},
    ],
    ids=lambda options: str(options)[:40],
)
def test_odd_options(both: Both, options: dict[str, Any]) -> None:
    here, there = both.search("ban nhãn", **options)
    assert (set(scores(there)), there.total, there.facets) == (set(scores(here)), here.total, here.facets)
    assert there.complete


@pytest.mark.parametrize("sort", ["date", "-date"])
def test_days_come_in_the_same_order(both: Both, sort: str) -> None:
    for query in ("ban", "-đò"):
        here, there = both.search(query, sort=sort)
        assert [hit.report.date for hit in there] == [hit.report.date for hit in here]


@pytest.mark.parametrize("seed", range(2))
def test_explanations_tell_the_same(both: Both, seed: int) -> None:
    drawn = Drawn(100 + seed)
    told = 0
    for at in range(30):
        query, options = drawn.words() if at % 2 else drawn.query(), drawn.options()
        here, there = both.search(query, **options)
        theirs = {hit.id: hit for hit in there}
        for hit in here[:2]:
            ours, other = hit.explain(), theirs[hit.id].explain()
            assert sum(part.score for part in other.contributions) == pytest.approx(other.score, rel=1e-3, abs=1e-5)
            if not any(part.tier == "variant" for part in (*ours.contributions, *other.contributions)):
                assert sorted(map(_told, other.contributions)) == sorted(map(_told, ours.contributions)), query
                told += len(ours.contributions)
    assert told > 80


def _told(part: Any) -> tuple[Any, ...]:
    frequencies = sorted(part.frequencies.items())
    return part.kind, part.typed, part.term, part.tier, f"{part.weight:.3g}", frequencies, part.reports, part.opening


@pytest.mark.parametrize(
    "query",
    [
        " ".join(f"{letter}*" for letter in "abcdghlmnotvx"),
        "ban bo ca co dan be an canh " * 16,
        " ".join(f"-(title:{word} OR body:{word[0]}*)" for word in "ban bo ca co dan be an canh".split() * 8),
        '"ban bo ca co dan be"~5 ' * 8,
        " OR ".join(f"source:x{number}" for number in range(300)),
        " ".join(f"{day}/{month}/2023" for day in range(1, 29) for month in (1, 2)),
        "w" * 9000,
        " ".join(f"w{number}" for number in range(3000)),
        "(" * 20 + "+bê OR bàn" + ")" * 20,
    ],
    ids=["prefixes", "unmarked", "nots", "slop", "labels", "dates", "word", "words", "deep"],
)
@pytest.mark.parametrize("options", [{}, {"match": "all"}, {"fields": {"title": 1.0, "body": 1.0}}], ids=str)
def test_a_query_of_more_clauses_than_lucene_takes_is_cut_not_refused(
    both: Both, query: str, options: dict[str, Any]
) -> None:
    here, there = both.search(query, limit=5, **options)
    assert there.complete
    assert bool(there.total) == bool(here.total)
    for hit in there[:1]:
        parts = hit.explain().contributions
        assert sum(part.score for part in parts) == pytest.approx(hit.score, rel=1e-3)
