"""Adding and deleting on real nodes: counts, order, refusals, and a cluster that is busy."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from random_reports import draw_report

pytest.importorskip("opensearchpy", reason='OPENSEARCH IS NOT TESTED: pip install "vnsearch[opensearch]"')

from cluster import LocalCluster, RunningCluster
from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError, NotFoundError, TransportError
from proxy import Proxy
from test_cluster_documents import ODD_REPORTS, documents_of, frequencies_of

from vnsearch import AddStats, InvalidArgumentError, InvalidReportError, Limits, Report
from vnsearch.opensearch import bulk
from vnsearch.opensearch.bulk import Patience
from vnsearch.opensearch.documents import Lengths, report_of
from vnsearch.opensearch.mapping import index_body
from vnsearch.opensearch.terms import document_id
from vnsearch.opensearch.writing import add_reports, delete_reports, reference_lengths

FILTERABLE = ("tags",)
BUSY = {"error": {"type": "rejected_execution_exception", "reason": "the queue is full"}, "status": 429}


class Place(NamedTuple):
    """An index of ours on the cluster, empty at first, and its companion."""

    client: OpenSearch
    index: str
    url: str

    @property
    def counts(self) -> str:
        return f"{self.index}-counts"

    @property
    def writing(self) -> str:
        return f"{self.index}-writing"

    def create(self, body: Any) -> None:
        self.client.indices.create(index=self.index, body={**body, "aliases": {self.writing: {}}})

    def add(self, reports: Any, **options: Any) -> AddStats:
        options = {"filterable": FILTERABLE, **options}
        client = options.pop("client", self.client)
        return add_reports(client, self.writing, self.counts, reports, **options)

    def delete(self, ids: Any) -> int:
        return delete_reports(self.client, self.writing, ids)

    def documents(self) -> dict[str, Any]:
        """What is found of all documents, by ``_id``."""
        body = {"query": {"match_all": {}}, "size": 5000, "docvalue_fields": ["labels.*", "day", "id"]}
        found = self.client.search(index=self.index, body=body)["hits"]["hits"]
        return {hit["_id"]: (hit["_source"], hit.get("fields")) for hit in found}

    def reports(self) -> dict[str, Report]:
        return {report.id: report for report in (report_of(source) for source, _ in self.documents().values())}

    def scores(self, field: str, term: str) -> dict[str, float]:
        body = {"query": {"term": {field: term}}, "size": 5000}
        found = self.client.search(index=self.index, body=body, params={"search_type": "dfs_query_then_fetch"})
        return {hit["_id"]: hit["_score"] for hit in found["hits"]["hits"]}


@pytest.fixture
def place(cluster: LocalCluster | RunningCluster, request: pytest.FixtureRequest) -> Iterator[Place]:
    client = OpenSearch(list(cluster.urls), timeout=30, pool_maxsize=10)
    index = f"writing-{random.Random(request.node.nodeid).getrandbits(60):x}"
    place = Place(client, index, cluster.urls[0])
    names = f"{index},{place.counts}"
    client.indices.delete(index=names, params={"ignore_unavailable": "true"})
    place.create(index_body(FILTERABLE, 3, 1))
    client.indices.create(index=place.counts, body={"settings": {"number_of_shards": 1, "number_of_replicas": 0}})
    try:
        yield place
    finally:
        client.indices.delete(index=names, params={"ignore_unavailable": "true"})
        client.close()


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK_REPORTS", 5)


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("vnsearch-")] == []


def counted(stats: AddStats) -> tuple[int, int, int]:
    return stats.added, stats.updated, stats.skipped


class TestCounts:
    def test_what_is_added_again_is_updated(self, place: Place, reports: list[Report]) -> None:
        assert counted(place.add(reports)) == (len(reports), 0, 0)
        changed = [Report(report.id, "mới") for report in reports[:7]]
        assert counted(place.add([*changed, Report("khác")])) == (1, 7, 0)
        expected = {report.id: report for report in [*reports, *changed, Report("khác")]}
        assert place.reports() == expected

    def test_nothing_is_added(self, place: Place) -> None:
        assert counted(place.add([])) == (0, 0, 0)
        assert counted(place.add(iter(()))) == (0, 0, 0)

    @pytest.mark.parametrize("apart", [False, True])
    def test_of_the_same_id_the_last_counts(self, place: Place, monkeypatch: pytest.MonkeyPatch, apart: bool) -> None:
        if apart:
            monkeypatch.setattr(bulk, "CHUNK_REPORTS", 2)
        chance = random.Random(4)
        stream = [draw_report(chance, f"r{chance.randrange(40)}") for _ in range(120)]
        last = {report.id: report for report in stream}
        assert counted(place.add(stream, threads=8)) == (len(last), 120 - len(last), 0)
        assert place.reports() == last

    def test_one_report_many_times(self, place: Place) -> None:
        assert counted(place.add(Report("một", str(number)) for number in range(3000))) == (1, 2999, 0)
        assert place.reports() == {"một": Report("một", "2999")}

    def test_deleting_counts_what_was_there(self, place: Place) -> None:
        place.add([Report(f"r{number}") for number in range(20)] + [Report("_odd"), Report("n" * 600)])
        assert place.delete(["r1", "r2", "r1", "không có", "_odd", "n" * 600, "\ud800"]) == 4
        assert place.delete(["r1", "r2"]) == 0
        assert place.delete(iter(())) == 0
        assert set(place.reports()) == {f"r{number}" for number in range(20)} - {"r1", "r2"}

    def test_adding_again_after_an_interrupt_gives_the_same(self, place: Place, small_chunks: None) -> None:
        chance = random.Random(6)
        reports = [draw_report(chance, f"r{number % 90}") for number in range(120)]

        def interrupted() -> Iterator[Report]:
            yield from reports[:80]
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            place.add(interrupted())
        with pytest.raises(OSError, match="đứt"):
            place.add(broken(reports * 3, 300))
        place.add(reports)
        again = place.documents()
        scores = saturations(place)
        place.delete(report.id for report in reports)
        assert place.documents() == {}
        place.add(reports)
        assert place.documents() == again
        assert saturations(place) == pytest.approx(scores)

    def test_worker_processes_add_the_same(self, place: Place) -> None:
        chance = random.Random(8)
        reports = [draw_report(chance, f"r{number}") for number in range(600)]
        assert counted(place.add(reports, processes=2)) == (600, 0, 0)
        assert place.reports() == {report.id: report for report in reports}


def saturations(place: Place) -> dict[str, float]:
    """Scores as parts of the greatest: the idf is not in them, for which documents count that were replaced and not merged away yet."""
    scores = place.scores("both.syllables", "an")
    return {identity: score / max(scores.values()) for identity, score in scores.items()}


def broken(reports: list[Report], after: int) -> Iterator[Report]:
    yield from reports[:after]
    raise OSError("đứt")


class TestRefusals:
    MIXED: tuple[Any, ...] = (
        {"title": "không có id"},
        Report("tốt"),
        {"id": "x", "body": 5},
        Report("tốt 2"),
        Report("dài", "a" * 99),
    )

    def test_skipped_reports_are_listed_by_their_place(self, place: Place) -> None:
        stats = place.add(self.MIXED, on_error="skip", limits=Limits(report_chars=50))
        assert counted(stats) == (2, 0, 3)
        assert [(one.position, one.id) for one in stats.errors] == [(0, None), (2, "x"), (4, "dài")]
        assert set(place.reports()) == {"tốt", "tốt 2"}

    def test_a_bad_report_is_raised(self, place: Place) -> None:
        with pytest.raises(InvalidReportError, match="report number 0"):
            place.add(self.MIXED)

    @pytest.fixture
    def refusing(self, place: Place) -> Place:
        """A cluster that takes no reports of before our era's second year: a mapping of its own, for the field ``day``."""
        place.client.indices.delete(index=place.index)
        body = index_body(FILTERABLE, 3, 1)
        body["mappings"]["properties"]["day"] = {"type": "byte"}
        place.create(body)
        return place

    def test_reports_that_the_cluster_refuses_are_listed(self, refusing: Place, small_chunks: None) -> None:
        reports: list[Any] = [Report(f"r{number}") for number in range(30)]
        reports[12] = Report("r12", date="2020-01-01")
        reports[3] = {"không": "id"}
        stats = refusing.add(reports, on_error="skip")
        assert counted(stats) == (28, 0, 2)
        assert [(one.position, one.id) for one in stats.errors] == [(3, None), (12, "r12")]
        assert isinstance(stats.errors[1].error, InvalidReportError)
        assert "byte" in str(stats.errors[1].error)
        assert set(refusing.reports()) == {f"r{number}" for number in range(30)} - {"r3", "r12"}

    def test_a_report_that_the_cluster_refuses_is_raised(self, refusing: Place) -> None:
        with pytest.raises(InvalidReportError, match=r"number 1: report 'b': the cluster refuses it: .*byte"):
            refusing.add([Report("a"), Report("b", date="2020-01-01")])

    def test_what_a_refused_report_was_to_replace_stays(self, refusing: Place) -> None:
        bad = Report("a", "sau", date="2020-01-01")
        stats = refusing.add([Report("a", "đầu"), Report("a", "trước"), bad, bad], on_error="skip")
        assert counted(stats) == (1, 1, 2)
        assert [one.position for one in stats.errors] == [2, 3]
        assert refusing.reports() == {"a": Report("a", "trước")}

    def test_an_index_that_is_not_there_is_not_made(self, place: Place) -> None:
        place.client.indices.delete(index=place.index)
        with pytest.raises(NotFoundError):
            place.add([Report("a")])
        with pytest.raises(NotFoundError):
            place.delete(["a"])
        assert not place.client.indices.exists(index=place.index)
        place.client.indices.delete(index=place.counts)
        with pytest.raises(NotFoundError):
            place.add([Report("a")])
        assert not place.client.indices.exists(index=place.counts)

    def test_an_index_of_another_mapping_is_no_fault_of_the_reports(self, place: Place) -> None:
        place.client.indices.delete(index=place.index)
        place.create({"mappings": {"dynamic": "strict"}})
        with pytest.raises(TransportError, match="strict_dynamic_mapping_exception"):
            place.add([Report("a")], on_error="skip")

    def test_options_that_make_no_sense(self, place: Place) -> None:
        for options in ({"threads": 0}, {"processes": 0}, {"on_error": "skíp"}, {"memory_mb": 1}):
            with pytest.raises(InvalidArgumentError):
                place.add([Report("a")], **options)


class TestWhatReportsHold:
    def test_odd_reports_come_back_as_they_were(self, place: Place) -> None:
        assert counted(place.add(ODD_REPORTS)) == (len(ODD_REPORTS), 0, 0)
        found = place.reports()
        assert found == {report.id: report for report in ODD_REPORTS}
        assert {repr(report) for report in found.values()} == set(map(repr, ODD_REPORTS))
        assert set(place.documents()) == {document_id(report.id) for report in ODD_REPORTS}

    def test_odd_labels_are_kept(self, place: Place) -> None:
        labels = ["~", "\ud800", "a\x00b", "x" * 40_000, "ợ" * 40_000, " ", "\u2028", '"\\']
        assert counted(place.add([Report("a", source="\udfff" * 9000, extra={"tags": labels})])) == (1, 0, 0)
        ((_, fields),) = place.documents().values()
        assert len(fields["labels.tags"]) == len(labels)
        assert len(fields["labels.source"]) == 1

    def test_a_long_report(self, place: Place) -> None:
        body = "quận ủy họp bàn về cây cầu " * 60_000
        long = Report("dài", "ợ" * 100_000, body, extra={"k": "v" * 1_000_000})
        assert counted(place.add([Report("a"), long, Report("b")])) == (3, 0, 0)
        assert place.reports()["dài"] == long
        phrase = {"query": {"match_phrase": {"text.body": "cầu quận ủy"}}}
        assert place.client.search(index=place.index, body=phrase)["hits"]["total"]["value"] == 1


class TestScores:
    def test_the_cluster_scores_as_the_mapping_says(self, place: Place) -> None:
        reports = [Report("a", "cây cầu", "cây cầu mới"), Report("b", "", "cây đa"), Report("c", "cái ao"), Report("d")]
        place.add(reports)
        lengths = reference_lengths(place.client, place.counts, [], Patience(5))
        sent = {report.id: document for report, document in zip(reports, documents_of(reports, lengths), strict=True)}
        for field, term, k1, holders in (
            ("both.syllables", "cây", 1.2, ["a", "b"]),
            ("body.pairs", "cây_đa", 0.6, ["b"]),
            ("both.words", "mới", 1.2, ["a"]),
            ("title.syllables", "cầu", 1.2, ["a"]),
        ):
            found = place.scores(field, term)
            assert sorted(found) == holders
            idf = math.log(1 + (4 - len(holders) + 0.5) / (len(holders) + 0.5))
            for identity, score in found.items():
                frequency = frequencies_of(sent[identity], field)[term]
                assert score == pytest.approx(idf * (128 * k1 + 1) * frequency / (frequency + 128 * k1), rel=1e-5)


class TestReferenceLengths:
    def lengths(self, place: Place, *first: Report) -> Lengths:
        return reference_lengths(place.client, place.counts, first, Patience(5))

    def test_the_first_ones_stay(self, place: Place) -> None:
        place.add([Report("a", "một hai ba", "một " * 100)])
        assert self.lengths(place) == Lengths(3, 100)
        place.add([Report("b", "một " * 50)])
        assert self.lengths(place) == Lengths(3, 100)

    def test_those_of_far_more_reports_take_their_place(self, place: Place) -> None:
        place.add([Report("a", "một hai ba", "một " * 100)])
        place.add([Report(f"{number}", "", "một " * 50) for number in range(4)])
        assert self.lengths(place) == Lengths(12, 50)
        place.add([Report(f"{number}", "", "một " * 10) for number in range(15)])
        assert self.lengths(place) == Lengths(12, 50)

    def test_they_are_not_those_of_the_very_first_reports(self, place: Place) -> None:
        place.add([Report(f"{number}", "", "một " * (10 if number < 500 else 50)) for number in range(1000)])
        assert self.lengths(place) == Lengths(12, 30)

    def test_the_first_of_two_writers_wins(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        average = Lengths.of

        def beaten(reports: Any) -> Lengths:
            monkeypatch.undo()
            place.add([Report("a", "một hai ba", "một " * 100)])
            return average(reports)

        monkeypatch.setattr("vnsearch.opensearch.writing.Lengths.of", beaten)
        assert self.lengths(place, Report("b")) == Lengths(3, 100)


class TestBusyCluster:
    @pytest.fixture(autouse=True)
    def short_pauses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bulk, "_FIRST_PAUSE_S", 0.01)

    @pytest.fixture
    def proxy(self, place: Place) -> Iterator[Proxy]:
        with Proxy(place.url) as proxy:
            yield proxy

    @pytest.fixture
    def through(self, proxy: Proxy) -> Iterator[OpenSearch]:
        client = OpenSearch([proxy.url], max_retries=0, timeout=2, pool_maxsize=10)
        yield client
        client.close()

    @pytest.mark.parametrize("fault", ["busy", "gone", "cut", "hang"])
    @pytest.mark.parametrize("what", ["_bulk", "_mget"])
    def test_it_is_tried_again_and_counted_once(
        self, place: Place, proxy: Proxy, through: OpenSearch, fault: str, what: str, small_chunks: None
    ) -> None:
        place.add([Report(f"r{number}", "trước") for number in range(10)])
        path = f"/{place.writing}/{what}"
        if fault == "busy":
            proxy.answers(429, BUSY, path=path, times=3)
        elif fault == "gone":
            proxy.answers(503, "nobody there", path=path, times=3)
        elif fault == "cut":  # it was done, and we do not know
            proxy.cuts(path=path, times=3)
        else:
            proxy.hangs(path=path, times=1)
        reports = [Report(f"r{number}", "sau") for number in range(30)]
        assert counted(place.add(reports, client=through, threads=2)) == (20, 10, 0)
        assert place.reports() == {report.id: report for report in reports}
        proxy.heals()
        if fault == "cut":
            proxy.cuts(path=path, times=2)
        assert delete_reports(through, place.index, ["r1", "r2", "r99"]) == 2

    def test_only_what_was_not_taken_goes_again(self, place: Place, proxy: Proxy, through: OpenSearch) -> None:
        error = {"type": "unavailable_shards_exception", "reason": "primary shard is not active"}
        there = {"_index": place.index, "status": 201, "result": "created"}
        items = [{"index": {"_id": "a", **there}}, {"index": {"_id": "b", "status": 503, "error": error}}]
        proxy.answers(200, {"errors": True, "items": items}, path=f"/{place.writing}/_bulk", times=1)
        assert counted(place.add([Report("a"), Report("b")], client=through)) == (2, 0, 0)
        assert set(place.reports()) == {"b"}  # the proxy lied about the other

    def test_a_request_that_is_too_large_is_cut(self, place: Place, proxy: Proxy, through: OpenSearch) -> None:
        proxy.answers(413, "Request Entity Too Large", path=f"/{place.writing}/_bulk", times=3)
        stats = place.add([Report(f"r{number}") for number in range(4)], client=through, on_error="skip")
        assert counted(stats) == (3, 0, 1)
        assert "too large" in str(stats.errors[0].error)
        assert len(place.reports()) == 3

    @pytest.mark.parametrize("what", ["_bulk", "_mget", "_doc/lengths"])
    def test_in_vain_it_raises_what_the_cluster_said(
        self, place: Place, proxy: Proxy, through: OpenSearch, what: str, small_chunks: None
    ) -> None:
        index = place.counts if what.startswith("_doc") else place.writing
        proxy.answers(429, BUSY, path=f"/{index}/{what}")
        with pytest.raises(TransportError, match="429"):
            place.add((Report(f"r{number}") for number in range(600)), client=through, retry_s=0.3)

    def test_no_more_is_read_than_can_be_sent(self, place: Place, proxy: Proxy, through: OpenSearch) -> None:
        proxy.answers(429, BUSY, path=f"/{place.writing}/_bulk")
        read = 0

        def reports() -> Iterator[Report]:
            nonlocal read
            for read in range(1, 20_001):
                yield Report(f"r{read}")

        with pytest.raises(TransportError, match="429"):
            place.add(reports(), client=through, threads=1, retry_s=0.3)
        assert read <= 12 * 256

    def test_a_cluster_that_is_down(self, place: Place) -> None:
        client = OpenSearch(["http://127.0.0.1:9"], max_retries=0)
        with pytest.raises(ConnectionError):
            place.add([Report("a")], client=client, retry_s=0.1)

    @pytest.mark.parametrize(
        ("status", "kind"),
        [(403, "cluster_block_exception"), (429, "cluster_block_exception"), (401, "security_exception")],
    )
    def test_what_time_does_not_heal_is_raised_at_once(
        self, place: Place, proxy: Proxy, through: OpenSearch, status: int, kind: str
    ) -> None:
        error = {"type": kind, "reason": "so it is"}
        items = [{"index": {"_id": "a", "status": status, "error": error}}]
        proxy.answers(200, {"errors": True, "items": items}, path=f"/{place.writing}/_bulk", times=1)
        proxy.answers(
            status, {"error": {"root_cause": [error], **error}, "status": status}, path=f"/{place.writing}/_bulk"
        )
        for _ in range(2):
            with pytest.raises(TransportError, match="so it is"):
                place.add([Report("a")], client=through, on_error="skip", retry_s=3600)

    def test_an_error_of_the_callers_iterator_ends_it_while_the_cluster_is_busy(
        self, place: Place, proxy: Proxy, through: OpenSearch, small_chunks: None
    ) -> None:
        proxy.answers(429, BUSY, path=f"/{place.writing}/_bulk")

        def reports() -> Iterator[Report]:
            for number in range(264):  # a batch is sent, and waits
                yield Report(f"r{number}")
            raise OSError("đứt")

        with pytest.raises(OSError, match="đứt"):
            place.add(reports(), client=through, threads=100, retry_s=3600)


def test_progress_counts_every_report_once(place: Place, small_chunks: None) -> None:
    seen: list[tuple[int, int | None]] = []
    reports: list[Any] = [Report(f"r{number % 50}") for number in range(300)]
    reports[7] = {}
    place.add(reports, on_error="skip", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (300, 300)
    assert [done for done, _ in seen] == list(range(2, 301))


def test_the_batches_are_told_in_order(place: Place) -> None:
    seen: list[str] = []
    place.add([Report(f"r{number}") for number in range(600)], on_analysed=lambda analysed: seen.extend(analysed.ids))
    assert seen == [f"r{number}" for number in range(600)]
