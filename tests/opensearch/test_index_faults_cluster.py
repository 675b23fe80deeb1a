"""``OpenSearchIndex`` on nodes that are killed, by writers that are killed, and by many at once: nothing is lost, and nothing counted twice."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from forked import ended_well, forked

pytest.importorskip("opensearchpy", reason='OPENSEARCH IS NOT TESTED: pip install "vnsearch[opensearch]"')

from cluster import LocalCluster, RunningCluster, _answer

from vnsearch import ClusterUnavailableError, Report
from vnsearch.index.documents import analyse_reports
from vnsearch.opensearch import OpenSearchIndex, publishing
from vnsearch.opensearch.lexicon_making import LexiconBuilder
from vnsearch.opensearch.publishing import Publishing
from vnsearch.opensearch.writing import add_reports, delete_reports

PLACES = ("Sông Lam", "Đông Hải", "Phước Tân", "Bến Tre", "Nậm Pha")
WORK = ("quy chế dân chủ (QCDC)", "nạo vét kênh thuỷ lợi", "trồng rừng ngập mặn", "phân loại rác", "hoà giải ở cơ sở")
QUERIES = ("quy che dan chu", "thuỷ lợi", "rung ngap man", '"phân loại rác"', "hoa giai co so", "kênh OR rừng")


def report_of(number: int, prefix: str = "r") -> Report:
    place, work = PLACES[number % len(PLACES)], WORK[number % 7 % len(WORK)]
    body = f"Bà con {place} bàn việc {work}. " * (1 + number % 4) + f"Biên bản số {number} của thôn {number % 50}."
    return Report(f"{prefix}{number}", f"{place}: {work}", body, source=place)


REPORTS = [report_of(number) for number in range(2000)]


def counts_of(reports: Iterable[Report]) -> dict[str, dict[str, int]]:
    """What the lexicon of an index of these reports holds."""
    builder = LexiconBuilder()
    builder.add(analyse_reports(list(reports), (), packed=False))
    return held_by(builder.lexicon())


def held_by(lexicon: Any) -> dict[str, dict[str, int]]:
    return {kind: dict(lexicon.terms(kind)) for kind in ("syllable", "pair", "word")}


def words_of(index: OpenSearchIndex) -> dict[str, dict[str, int]]:
    index.refresh()
    return held_by(index._state.vocabulary().lexicon)


def assert_whole(index: OpenSearchIndex, reports: Iterable[Report]) -> None:
    """Every report is there, once, as it was given, and counted everywhere."""
    wanted = {report.id: report for report in reports}
    assert len(index) == index.stats().reports == len(wanted)
    assert {report.id: report for report in index} == wanted
    assert index.check().problems == ()
    found = index.search("bà con", facets=["source"], limit=1)
    assert found.total == len(wanted)
    assert dict(found.facets["source"]) == {
        place: sum(report.source == place for report in wanted.values()) for place in PLACES
    }


@pytest.fixture
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for function in (add_reports, delete_reports):
        monkeypatch.setitem(function.__kwdefaults__, "retry_s", 1.0)
    monkeypatch.setattr(Publishing.__init__, "__defaults__", (1.0,))


def manager_of(nodes: LocalCluster, asked: int = 0) -> int:
    """The number of the node that is the cluster manager."""
    state = _answer(f"{nodes.urls[asked]}/_cluster/state/cluster_manager_node,nodes")
    return int(state["nodes"][state["cluster_manager_node"]]["name"].removeprefix("n"))


def made(nodes: LocalCluster | RunningCluster, **options: Any) -> OpenSearchIndex:
    return OpenSearchIndex.create(nodes.urls, f"faults-{uuid4().hex}", shards=3, **options)


def removed(index: OpenSearchIndex) -> None:
    index._cluster.client.indices.delete(index=f"{index.name}-*")
    index.close()


def at(done: int, do: Callable[[], object]) -> Callable[[int, int | None], None]:
    """Return what does something once, when so many reports are done."""
    over = False

    def progress(now: int, total: int | None) -> None:
        nonlocal over
        if now >= done and not over:
            over = True
            do()

    return progress


def test_nodes_killed_in_the_middle_of_add(killable: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of three nodes holds primaries, and the client talks to all. First the manager goes, then one that is none."""
    monkeypatch.setattr(publishing, "PART_REPORTS", 300)
    index = made(killable)
    killable.wait_for_nodes()
    expected = counts_of(REPORTS)

    lost = manager_of(killable)
    stats = index.add(iter(REPORTS), progress=at(300, lambda: killable.kill(lost)))
    assert (stats.added, stats.updated, stats.skipped) == (len(REPORTS), 0, 0)
    assert words_of(index) == expected
    assert_whole(index, REPORTS)

    killable.restart(lost)
    lost = next(number for number in range(3) if number != manager_of(killable))
    more = [report_of(number, "s") for number in range(500)]
    stats = index.add([*REPORTS, *more], progress=at(300, lambda: killable.kill(lost)))
    assert (stats.added, stats.updated, stats.skipped) == (len(more), len(REPORTS), 0)
    assert_whole(index, [*REPORTS, *more])
    removed(index)


def test_a_node_killed_and_back_in_the_middle_of_searches(killable: LocalCluster) -> None:
    index = made(killable)
    reports = REPORTS[:600]
    index.add(reports)
    killable.wait_for_nodes()

    def asked(query: str) -> tuple[Any, ...]:
        found = index.search(query, facets=["source"], limit=3)
        assert all(hit.snippet for hit in found.hits)
        return found.total, found.complete, sorted(found.facets["source"])

    expected = {query: asked(query) for query in QUERIES}
    assert all(total and complete for total, complete, _ in expected.values())
    similar = index.more_like_this("r7").total
    searched = 0
    back = threading.Event()

    def search_on(number: int) -> None:
        nonlocal searched
        # A thousand searches, and as many more as it takes the node to come back.
        for turn in itertools.count():
            query = QUERIES[(turn + number) % len(QUERIES)]
            assert asked(query) == expected[query], query
            searched += 1
            if turn == 50 * number:
                deleted.append(index.delete([f"none {number}"]))
                assert index.suggest("quy ch")[0] == "quy chế"
                assert index.more_like_this("r7").total == similar
                assert index.get("r9") == reports[9]
                assert sum(1 for _ in index) == len(reports)
            if back.is_set() and searched >= 1000:
                return

    deleted: list[int] = []
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(search_on, number) for number in range(4)]
        while searched < 100 and not any(each.done() for each in running):
            time.sleep(0.01)
        lost = manager_of(killable)
        killable.kill(lost)
        try:
            while searched < 300 and not any(each.done() and each.exception() for each in running):
                time.sleep(0.01)
            killable.restart(lost)
        finally:
            back.set()
        for each in running:
            each.result()
    assert deleted == [0, 0, 0, 0]
    killable.kill(2)
    assert index.delete(report.id for report in reports[:50]) == 50
    assert_whole(index, reports[50:])
    removed(index)


def test_shards_that_are_lost_and_a_cluster_that_is_down(killable: LocalCluster, little_patience: None) -> None:
    """An index without replicas, and one node less; then none at all; then all of them again."""
    reports = REPORTS[:300]
    with made(killable, replicas=0) as patient:
        patient.add(reports)
    index = OpenSearchIndex.open(killable.urls, patient.name, timeout_s=8)
    index.search("quy chế")  # the words are known
    killable.kill(1)
    killable.wait_for_loss(1)

    partial = index.search("bà con", timeout_s=20)
    assert not partial.complete
    assert 0 < partial.total < len(reports)
    with pytest.raises(ClusterUnavailableError):  # not None: nobody knows
        assert [index.get(report.id) for report in reports[:20]] == reports[:20]
    uses: Mapping[str, Callable[[], object]] = {
        "add": lambda: index.add(reports),
        "delete": lambda: index.delete(report.id for report in reports[:20]),
        "search": lambda: index.search("quy chế"),
        "len": lambda: len(index),
        "iter": lambda: list(index),
        "stats": index.stats,
        "refresh": index.refresh,
        "more_like_this": lambda: [index.more_like_this(report.id) for report in reports[:20]],
    }
    for use in uses.values():
        with pytest.raises(ClusterUnavailableError, match="_cluster/health"):
            use()
    assert any("missing" in problem for problem in index.check().problems)
    known = index.commit_id
    with OpenSearchIndex.open([killable.urls[0]], index.name) as another, pytest.raises(ClusterUnavailableError):
        another.commit_id  # noqa: B018 - it is asked for

    killable.kill(0)
    killable.kill(2)
    for use in (
        *uses.values(),
        index.check,
        lambda: index.hit("r1", "quy chế"),
        lambda: index.get("r1"),
        lambda: OpenSearchIndex.open(killable.urls, index.name),
        lambda: OpenSearchIndex.create(killable.urls, "none"),
    ):
        with pytest.raises(ClusterUnavailableError, match="see that it runs"):
            use()
    assert index.abbreviations()
    assert index.commit_id == known

    killable.restore()
    assert index.add(reports).seconds > 0
    assert_whole(index, reports)
    removed(index)


# ------------------------------------------------------------------------------- writers that end, and many at once


def _killed(urls: list[str], name: str, number: int) -> None:
    """A writer that is killed when so many reports are done. Of a process of its own."""
    publishing.PART_REPORTS = 300
    with OpenSearchIndex.open(urls, name) as index:
        index.add(iter(REPORTS[:1000]), progress=at(number, lambda: os.kill(os.getpid(), signal.SIGKILL)))


@pytest.fixture
def index(cluster: LocalCluster | RunningCluster) -> Iterator[OpenSearchIndex]:
    made_here = made(cluster, replicas=0)
    yield made_here
    removed(made_here)


def in_order(index: OpenSearchIndex) -> list[Any]:
    """What searches find, with scores; replaced reports are out of the way, which the engine counts until then."""
    index._cluster.client.indices.forcemerge(index=index.name, params={"max_num_segments": 1})
    index.refresh()
    found = [index.search(query, limit=50) for query in QUERIES]
    return [(each.total, [hit.id for hit in each.hits], [hit.score for hit in each.hits]) for each in found]


def test_an_interrupted_add_run_again_gives_the_same_index(
    index: OpenSearchIndex, cluster: LocalCluster | RunningCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "PART_REPORTS", 300)
    reports = REPORTS[:1000]
    process = multiprocessing.get_context("spawn").Process(target=_killed, args=(cluster.urls, index.name, 500))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    index.refresh()
    assert 500 <= len(index) < 1000

    def broken() -> Iterator[Report]:
        yield from reports[:700]
        raise OSError("đứt")

    with pytest.raises(OSError, match="đứt"):
        index.add(broken())
    with pytest.raises(KeyboardInterrupt):
        index.add(iter(reports), progress=at(300, lambda: signal.raise_signal(signal.SIGINT)))
    stats = index.add(iter(reports))
    assert stats.added + stats.updated == len(reports)
    assert stats.updated >= 500
    assert words_of(index) == counts_of(reports)
    assert_whole(index, reports)

    undisturbed = made(cluster, replicas=0)
    undisturbed.add(iter(reports))
    for (total, ids, scores), (its_total, its_ids, its_scores) in zip(
        in_order(index), in_order(undisturbed), strict=True
    ):
        assert (total, ids) == (its_total, its_ids)
        # The cluster counts what was replaced until it has merged it away, and that is when it likes.
        assert scores == pytest.approx(its_scores, rel=5e-3)
    removed(undisturbed)


def _writes(urls: list[str], name: str, number: int, told: Any) -> None:
    """A writer of reports of its own, and of some that all write. Of a process of its own."""
    with OpenSearchIndex.open(urls, name) as index:
        mine = [report_of(each, f"{'abc'[number]}-") for each in range(250)]
        mine.append(Report(f"own {number}", f"Riêng của người viết {'một hai ba'.split()[number]}", "Bà con."))
        stats = index.add([*mine, *REPORTS[:250]], threads=2)
        told.put((stats.added, stats.updated, stats.skipped))


def test_several_writers_while_threads_search(index: OpenSearchIndex, cluster: LocalCluster | RunningCluster) -> None:
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    writers = [context.Process(target=_writes, args=(cluster.urls, index.name, number, told)) for number in range(3)]
    over = threading.Event()

    def read() -> int:
        most = 0
        while not over.is_set():
            found = index.search("bà con", facets=["source"], limit=2)
            assert all(hit.snippet for hit in found.hits)
            assert found.total >= most
            most = found.total
            assert index.suggest("b") is not None
            assert len(index) >= most
            index.refresh()
        return most

    with ThreadPoolExecutor(3) as pool:
        reading = [pool.submit(read) for _ in range(3)]
        try:
            for writer in writers:
                writer.start()
            stats = [told.get(timeout=120) for _ in writers]
            for writer in writers:
                writer.join()
        finally:
            over.set()
        assert all(each.result() >= 0 for each in reading)
    total = 3 * 251 + 250
    index.refresh()
    assert len(index) == index.search("bà con").total == total
    assert [added + updated for added, updated, _ in stats] == [501] * 3
    # Of those that write a report at the same moment, each may say that it was new.
    assert sum(added for added, _, _ in stats) >= total
    assert {report.id for report in index}.issuperset(report.id for report in REPORTS[:250])
    words = index._state.vocabulary().lexicon
    for number in ("một", "hai", "ba"):
        assert index.search(f"nguoi viet {number}").hits[0].report.title.endswith(number)
        assert words.count("pair", f"viết {number}") == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of forking beside threads
def test_a_forked_child_has_connections_of_its_own(index: OpenSearchIndex) -> None:
    index.add(REPORTS[:100])
    expected = {query: index.search(query).total for query in QUERIES}

    def search() -> None:
        for _ in range(5):
            assert {query: index.search(query).total for query in QUERIES} == expected

    children = [forked(search) for _ in range(2)]
    search()
    assert all(ended_well(child, 60) for child in children)
    search()
