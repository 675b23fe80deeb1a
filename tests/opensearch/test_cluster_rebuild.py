"""An index on a cluster made anew: searches without a gap, writers that lose nothing, and what is left by one that is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("opensearchpy", reason='OPENSEARCH IS NOT TESTED: pip install "vnsearch[opensearch]"')

from cluster import LocalCluster, RunningCluster

from vnsearch import (
    IndexLockedError,
    IndexNotFoundError,
    IndexVersionError,
    InvalidArgumentError,
    Report,
    SearchIndexError,
)
from vnsearch.opensearch import Cluster, OpenSearchIndex, names, rebuild_index
from vnsearch.opensearch import lease as lease_module
from vnsearch.opensearch.lease import Lease
from vnsearch.opensearch.mapping import MAPPING_VERSION
from vnsearch.opensearch.names import Place

Made = Callable[..., OpenSearchIndex]


@pytest.fixture(scope="module")
def connected(cluster: LocalCluster | RunningCluster) -> Iterator[Cluster]:
    with Cluster(cluster.urls) as made:
        yield made


@pytest.fixture
def name(connected: Cluster) -> Iterator[str]:
    name = f"rebuild-{uuid.uuid4().hex[:12]}"
    yield name
    connected.client.indices.delete(index=f"{name}-*", params={"ignore_unavailable": "true"})


@pytest.fixture
def index(cluster: LocalCluster | RunningCluster, name: str, reports: list[Report]) -> Iterator[OpenSearchIndex]:
    """An index of the collection, with replaced and deleted reports."""
    with OpenSearchIndex.create(cluster.urls, name, filterable=("tags",), shards=2, replicas=1) as made:
        made.add([*(Report(report.id, "bản nháp") for report in reports[:5]), Report("thừa", "Chợ nổi")])
        made.add(reports)
        made.delete(["thừa"])
        yield made


def place_of(connected: Cluster, name: str) -> Place:
    return names.found_or_raise(connected, name)


def on_cluster(connected: Cluster, name: str) -> set[str]:
    return set(connected.client.indices.get(index=f"{name}-*"))


def pretend(connected: Cluster, name: str, **changed: Any) -> None:
    """Let an index say that something else made it."""
    index = place_of(connected, name).index
    mapping = connected.client.indices.get_mapping(index=index)[index]["mappings"]
    meta = {"vnsearch": {**mapping["_meta"]["vnsearch"], **changed}}
    connected.client.indices.put_mapping(index=index, body={"_meta": meta})


def settings_of(connected: Cluster, name: str) -> dict[str, Any]:
    index = place_of(connected, name).index
    return dict(connected.client.indices.get_settings(index=index)[index]["settings"]["index"])


class TestMadeAnew:
    def test_it_has_the_same_reports_under_the_next_number(
        self, index: OpenSearchIndex, connected: Cluster, reports: list[Report]
    ) -> None:
        before = index.commit_id
        done: list[tuple[int, int | None]] = []
        result = rebuild_index(connected, index.name, progress=lambda *told: done.append(told))
        assert (bool(result), result.reports, result.lost) == (True, len(reports), ())
        assert done[-1] == (len(reports), len(reports))
        assert on_cluster(connected, index.name) == {f"{index.name}-000002", f"{index.name}-000002-counts"}
        settings = settings_of(connected, index.name)
        assert (settings["number_of_shards"], settings["number_of_replicas"]) == ("2", "1")
        # The object that was open goes on: it reads, knows the words, and writes to the new one.
        assert index.refresh()
        assert index.commit_id != before
        assert {report.id: report for report in index} == {report.id: report for report in reports}
        assert index.suggest("thuy l") == ["thủy lợi"]
        assert index.filterable == ("tags",)
        assert bool(index.check())
        assert index.add([Report("mới", "Khánh thành nhà rông")]).added == 1
        assert index.delete(["nfd"]) == 1
        assert index.search("khanh thanh nha rong")[0].id == "mới"
        assert len(index) == len(reports)

    def test_shards_replicas_and_keys_may_be_others(self, index: OpenSearchIndex, connected: Cluster) -> None:
        rebuild_index(connected, index.name, shards=1, replicas=0, filterable=["order"])
        settings = settings_of(connected, index.name)
        assert (settings["number_of_shards"], settings["number_of_replicas"]) == ("1", "0")
        index.refresh()
        assert index.filterable == ("order",)
        assert [hit.id for hit in index.search("uy", filters={"order": 1})] == ["quan-uy-cu"]

    def test_add_and_delete_find_the_new_one_at_once(self, index: OpenSearchIndex, connected: Cluster) -> None:
        rebuild_index(connected, index.name)
        assert index.add([Report("mới", "Nhà rông")]).added == 1
        rebuild_index(connected, index.name)
        assert index.delete(["mới"]) == 1
        rebuild_index(connected, index.name)
        assert index.stats().reports == len(index)
        assert on_cluster(connected, index.name) == {f"{index.name}-000004", f"{index.name}-000004-counts"}

    @pytest.mark.parametrize("changed", [{"analysis": "khác"}, {"version": MAPPING_VERSION - 1}])
    def test_what_cannot_be_opened_can_be_made_anew(
        self, index: OpenSearchIndex, cluster: LocalCluster, connected: Cluster, changed: dict[str, Any]
    ) -> None:
        pretend(connected, index.name, **changed)
        with pytest.raises(IndexVersionError, match="vnsearch rebuild --url"):
            OpenSearchIndex.open(cluster.urls, index.name)
        assert rebuild_index(cluster.urls, index.name)
        with OpenSearchIndex.open(cluster.urls, index.name) as again:
            assert again.search("quan uy").total

    def test_what_a_newer_version_made_is_left_alone(self, index: OpenSearchIndex, connected: Cluster) -> None:
        pretend(connected, index.name, version=MAPPING_VERSION + 1)
        with pytest.raises(IndexVersionError, match="newer vnsearch"):
            rebuild_index(connected, index.name)
        assert index.add([Report("mới")]).added == 1
        assert place_of(connected, index.name).index.endswith("-000001")

    def test_what_is_not_ours_is_left_alone(self, name: str, connected: Cluster) -> None:
        with pytest.raises(IndexNotFoundError):
            rebuild_index(connected, name)
        connected.client.indices.create(index=f"{name}-000001", body={"aliases": {name: {}}})
        with pytest.raises(IndexVersionError, match="not made by vnsearch"):
            rebuild_index(connected, name)
        assert on_cluster(connected, name) == {f"{name}-000001"}

    def test_options_that_make_no_sense(self, index: OpenSearchIndex, connected: Cluster) -> None:
        for options in ({"shards": 0}, {"replicas": -1}, {"shards": "2"}, {"filterable": "tags"}, {"filterable": [""]}):
            with pytest.raises(InvalidArgumentError):
                rebuild_index(connected, index.name, **options)
        assert index.add([Report("mới")]).added == 1

    def test_an_index_whose_counts_are_lost(self, index: OpenSearchIndex, connected: Cluster) -> None:
        connected.client.indices.delete(index=place_of(connected, index.name).counts)
        assert rebuild_index(connected, index.name)
        index.refresh()
        assert index.suggest("thuy l") == ["thủy lợi"]

    def test_what_cannot_be_read_is_listed_and_the_old_index_kept(
        self, index: OpenSearchIndex, connected: Cluster, reports: list[Report]
    ) -> None:
        old = place_of(connected, index.name)
        connected.client.index(index=old.index, id="hỏng", body={"report": {"id": 5}}, refresh=True)
        result = rebuild_index(connected, index.name)
        assert not result
        assert (result.reports, result.lost) == (len(reports), ("hỏng",))
        assert "makes no sense" in result.problems[0]
        assert f"kept as {old.index}" in result.problems[1]
        assert connected.client.count(index=old.index)["count"] == len(reports) + 1
        assert len(index) == len(reports)
        assert index.check()


def test_searches_run_without_a_gap(index: OpenSearchIndex, cluster: LocalCluster, connected: Cluster) -> None:
    expected = {hit.id for hit in index.search("quan uy", limit=50)}
    ended = threading.Event()
    failures: list[Any] = []
    searches = [0, 0, 0]

    def search(at: int) -> None:
        with OpenSearchIndex.open(cluster.urls, index.name) as own:
            while not ended.is_set():
                try:
                    if at == 1:
                        own.refresh()
                    found = {hit.id for hit in own.search("quan uy", limit=50)}
                    if found != expected or own.get("nfd") is None:
                        failures.append(found)
                except Exception as error:  # noqa: BLE001 - whatever it is
                    failures.append(error)
                searches[at] += 1

    threads = [threading.Thread(target=search, args=(at,)) for at in range(len(searches))]
    for thread in threads:
        thread.start()
    for number in range(4):
        before = list(searches)
        rebuild_index(connected, index.name, shards=1 + number % 2)
        while not all(now > then for now, then in zip(searches, before, strict=True)):
            time.sleep(0.01)
    ended.set()
    for thread in threads:
        thread.join()
    assert failures == []


class TestWriters:
    def test_they_are_told_and_lose_nothing(
        self, index: OpenSearchIndex, cluster: LocalCluster, connected: Cluster, reports: list[Report]
    ) -> None:
        """Writers that add one report after the other, again where they were refused, through several rebuildings."""
        ended = threading.Event()
        acknowledged: list[list[str]] = [[], []]
        refused: list[str] = []
        failures: list[Exception] = []

        def write(at: int) -> None:
            with OpenSearchIndex.open(cluster.urls, index.name) as own:
                while not ended.is_set():
                    identity = f"w{at}-{len(acknowledged[at])}"
                    try:
                        own.add([Report(identity, f"Bản tin {identity}")])
                        acknowledged[at].append(identity)
                    except IndexLockedError as error:
                        refused.append(str(error))
                    except Exception as error:  # noqa: BLE001 - whatever it is
                        failures.append(error)
                        return

        threads = [threading.Thread(target=write, args=(at,)) for at in range(len(acknowledged))]
        for thread in threads:
            thread.start()
        for _ in range(3):
            before = [len(written) for written in acknowledged]
            while not failures and not all(len(now) > then for now, then in zip(acknowledged, before, strict=True)):
                time.sleep(0.01)
            assert rebuild_index(connected, index.name)
        ended.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert any("until the rebuilding that process" in told for told in refused)
        index.refresh()
        wanted = {report.id for report in reports}.union(*acknowledged)
        assert {report.id for report in index} == wanted
        assert bool(index.check())
        assert on_cluster(connected, index.name) == {f"{index.name}-000004", f"{index.name}-000004-counts"}

    def test_an_add_that_the_rebuilding_overtakes_is_told(self, index: OpenSearchIndex, connected: Cluster) -> None:
        def given() -> Iterator[Report]:
            yield from (Report(f"trước {number}") for number in range(600))
            rebuild_index(connected, index.name)
            yield from (Report(f"sau {number}") for number in range(600))

        with pytest.raises(IndexLockedError, match="made anew meanwhile; do it again"):
            index.add(given())
        assert on_cluster(connected, index.name) == {f"{index.name}-000002", f"{index.name}-000002-counts"}
        again = [Report(f"{when} {number}") for when in ("trước", "sau") for number in range(600)]
        index.add(again)
        assert {report.id for report in index} >= {report.id for report in again}

    def test_deleting_is_refused_too(self, index: OpenSearchIndex, connected: Cluster) -> None:
        with pytest.raises(IndexLockedError, match="until the rebuilding"):
            rebuild_index(connected, index.name, progress=lambda *_: index.delete(["nfd"]))
        assert index.delete(["nfd"]) == 1


class TestFailures:
    def test_all_is_as_it_was(self, index: OpenSearchIndex, connected: Cluster, reports: list[Report]) -> None:
        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        before = index.commit_id
        with pytest.raises(KeyboardInterrupt):
            rebuild_index(connected, index.name, progress=stop)
        assert not index.refresh()
        assert index.commit_id == before
        assert bool(index.check())
        assert on_cluster(connected, index.name) == {f"{index.name}-000001", f"{index.name}-000001-counts"}
        assert index.add([Report("mới")]).added == 1
        assert rebuild_index(connected, index.name).reports == len(reports) + 1

    def test_a_block_of_the_operators_own_stays(self, index: OpenSearchIndex, connected: Cluster) -> None:
        connected.client.indices.add_block(index=place_of(connected, index.name).index, block="write")
        assert "index.blocks.write is true" in str(index.check().problems)
        with pytest.raises(ZeroDivisionError):
            rebuild_index(connected, index.name, progress=lambda *_: 1 // 0)
        assert settings_of(connected, index.name)["blocks"] == {"write": "true"}
        assert rebuild_index(connected, index.name)
        index.refresh()
        assert bool(index.check())

    def test_an_index_that_was_started_anew_meanwhile_stays(
        self, index: OpenSearchIndex, cluster: LocalCluster, connected: Cluster
    ) -> None:
        def overwrite(done: int, _: int | None) -> None:
            if done == 1:
                OpenSearchIndex.create(cluster.urls, index.name, overwrite=True, replicas=0).close()

        with pytest.raises(SearchIndexError):
            rebuild_index(connected, index.name, progress=overwrite)
        assert len(index) == 0
        assert index.add([Report("mới")]).added == 1
        assert len(on_cluster(connected, index.name)) == 2

    def test_only_one_at_a_time(
        self, index: OpenSearchIndex, connected: Cluster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lease_module, "BEAT_S", 0.1)
        monkeypatch.setattr(lease_module, "SILENT_S", 5.0)
        refused: list[str] = []

        def also(done: int, _: int | None) -> None:
            if done == 1:
                with pytest.raises(IndexLockedError) as told:
                    rebuild_index(connected, index.name)
                refused.append(str(told.value))

        assert rebuild_index(connected, index.name, progress=also)
        assert "goes on; wait until it is done" in refused[0]
        assert on_cluster(connected, index.name) == {f"{index.name}-000002", f"{index.name}-000002-counts"}

    def test_one_that_was_taken_for_dead_does_no_harm(
        self, index: OpenSearchIndex, connected: Cluster, monkeypatch: pytest.MonkeyPatch, reports: list[Report]
    ) -> None:
        monkeypatch.setattr(lease_module, "SILENT_S", 0.6)
        monkeypatch.setattr(lease_module, "BEAT_S", 3600.0)  # it is silent
        taken: list[int] = []

        def other(done: int, _: int | None) -> None:
            if done == 1:
                taken.append(rebuild_index(connected, index.name).reports)

        with pytest.raises(SearchIndexError):
            rebuild_index(connected, index.name, progress=other)
        assert taken == [len(reports)]
        index.refresh()
        assert len(index) == len(reports)
        assert on_cluster(connected, index.name) == {f"{index.name}-000003", f"{index.name}-000003-counts"}

    def test_a_lease_that_was_taken_over_is_lost(
        self, index: OpenSearchIndex, connected: Cluster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = place_of(connected, index.name)
        monkeypatch.setattr(lease_module, "BEAT_S", 3600.0)
        monkeypatch.setattr(lease_module, "SILENT_S", 0.6)
        lost = Lease(connected, place, Place("x"))
        lost.check()
        taken = Lease(connected, place, Place("y"))
        assert taken.before is not None
        assert taken.before.making == Place("x")
        lost.stop()
        lost._ended.clear()
        monkeypatch.setattr(lease_module, "BEAT_S", 0.01)
        lost._beat()  # it wakes up
        with pytest.raises(IndexLockedError, match="took its rebuilding over"):
            lost.check()
        taken.check()
        taken.give_back()
        assert lease_module.rebuilding(connected, place) is None


KILLED = """
import sys
from vnsearch.opensearch import rebuild_index
def wait(done, total):
    if done == 1:
        print("begun", flush=True)
        sys.stdin.read()
rebuild_index(sys.argv[2:], sys.argv[1], progress=wait)
"""


def test_one_that_is_killed_is_taken_over(
    index: OpenSearchIndex,
    cluster: LocalCluster,
    connected: Cluster,
    reports: list[Report],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    command = [sys.executable, "-c", KILLED, index.name, *cluster.urls]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGKILL)
    # Searches go on; writers and operators are told.
    assert index.search("quan uy").total
    with pytest.raises(IndexLockedError, match=f"that process {process.pid} of .* began at 20"):
        index.add([Report("mới")])
    told = index.check()
    assert not told
    assert f"process {process.pid}" in told.problems[0]
    assert f"vnsearch rebuild --url … --name {index.name}" in told.problems[0]
    assert f"{index.name}-000002" in on_cluster(connected, index.name)
    monkeypatch.setattr(lease_module, "SILENT_S", 3.0)
    assert rebuild_index(connected, index.name).reports == len(reports)
    assert f"takes over the rebuilding that process {process.pid} of" in caplog.text
    assert on_cluster(connected, index.name) == {f"{index.name}-000003", f"{index.name}-000003-counts"}
    assert index.add([Report("mới")]).added == 1
    assert bool(index.check())
