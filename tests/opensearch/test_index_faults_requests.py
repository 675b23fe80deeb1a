"""Whatever request of whatever method of ``OpenSearchIndex`` goes wrong: an error of ours says what to do, and the object serves again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

pytest.importorskip("opensearchpy", reason='OPENSEARCH IS NOT TESTED: pip install "vnsearch[opensearch]"')

from cluster import LocalCluster, RunningCluster
from proxy import Proxy

from vnsearch import (
    ClusterAccessError,
    ClusterUnavailableError,
    IndexExistsError,
    IndexVersionError,
    IndexWriteError,
    Report,
    SearchIndexError,
    VnSearchError,
)
from vnsearch.index.check import CheckResult
from vnsearch.opensearch import OpenSearchIndex, stored
from vnsearch.opensearch.publishing import Publishing
from vnsearch.opensearch.writing import add_reports, delete_reports

TIMEOUT_S = 1.0
"""Of the clusters that are asked in vain."""
LONG_S = 15.0
"""No request may take so long there, on however busy a machine: those of the default time-out would take 30."""

REPORTS = [Report(f"r{number}", "Quy chế dân chủ", f"Quy chế dân chủ (QCDC) số {number}") for number in range(40)]

Use = Callable[[OpenSearchIndex], object]


def gone() -> str:
    """The id of a report to delete, of this thread."""
    return f"gone {threading.get_ident()}"


def prepare(use: Use, index: OpenSearchIndex) -> None:
    if use is USES["delete"]:
        index.add([Report(gone(), "tạm")])


def every_report(index: OpenSearchIndex) -> None:
    assert {report.id for report in index}.issuperset(report.id for report in REPORTS)


USES: dict[str, Use] = {
    "add": lambda index: index.add(REPORTS),
    "delete": lambda index: index.delete([gone(), "none"]),
    "search": lambda index: index.search("quy che dan chu", facets=["source"]).hits,
    "search in a time": lambda index: index.search("quy chế", timeout_s=0.1),
    "suggest": lambda index: index.suggest("quy ch"),
    "hit": lambda index: index.hit("r2", "quy chế"),
    "explain": lambda index: index.hit("r2", "quy chế").explain(),  # type: ignore[union-attr]
    "get": lambda index: index.get("r2"),
    "contains": lambda index: "r2" in index,
    "len": len,
    "iter": every_report,
    "check": lambda index: index.check(),
    "stats": lambda index: index.stats(),
    "refresh": lambda index: index.refresh(),
    "abbreviations": lambda index: index.abbreviations(),
    "more_like_this": lambda index: index.more_like_this("r2"),
}

# The fault, the error, what its message must say.
Fault = tuple[Callable[[Proxy, str], None], type[VnSearchError], str]


def error_of(kind: str, status: int) -> dict[str, Any]:
    error = {"type": kind, "reason": "so it is"}
    return {"error": {"root_cause": [error], **error}, "status": status}


def answers(status: int, body: Any, **options: Any) -> Callable[[Proxy, str], None]:
    return lambda proxy, path: proxy.answers(status, body, path=path, **options)


FAULTS: dict[str, Fault] = {
    "401": (answers(401, error_of("security_exception", 401)), ClusterAccessError, "give username and password"),
    "403": (answers(403, "Forbidden", content_type="text/plain"), ClusterAccessError, "give it a role"),
    "page": (answers(200, "<html>", content_type="text/html"), SearchIndexError, " OpenSearch"),
    "text": (answers(200, "OK", content_type="text/plain"), SearchIndexError, " OpenSearch"),
    "overloaded": (answers(429, error_of("rejected_execution_exception", 429)), ClusterUnavailableError, "try later"),
    "no manager": (answers(503, error_of("cluster_block_exception", 503)), ClusterUnavailableError, "_cluster/health"),
    "silent": (lambda proxy, path: proxy.hangs(path=path), ClusterUnavailableError, "give timeout_s more"),
    "cut": (lambda proxy, path: proxy.cuts(path=path), ClusterUnavailableError, "see that it runs"),
}
PASSING = ("overloaded", "no manager", "silent", "cut")


@pytest.fixture(scope="module")
def url(cluster: LocalCluster | RunningCluster) -> str:
    return cluster.urls[0]


@pytest.fixture(scope="module")
def name(url: str) -> Iterator[str]:
    """An index with reports; what is tried on it leaves them as they are."""
    made = f"requests-{uuid4().hex}"
    with OpenSearchIndex.create(url, made, replicas=0) as index:
        index.add(REPORTS)
        yield made
        index._cluster.client.indices.delete(index=f"{made}*")


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for function in (add_reports, delete_reports):
        monkeypatch.setitem(function.__kwdefaults__, "retry_s", TIMEOUT_S)
    monkeypatch.setattr(Publishing.__init__, "__defaults__", (TIMEOUT_S,))


def complaint(use: Callable[[], object]) -> VnSearchError | str | None:
    """What is told of something that goes wrong: an error, or the problems that ``check`` has found."""
    started = time.monotonic()
    try:
        done = use()
    except VnSearchError as error:
        assert time.monotonic() - started < LONG_S
        return error
    assert time.monotonic() - started < LONG_S
    return None if not isinstance(done, CheckResult) or not done.problems else "; ".join(done.problems)


def is_told(told: VnSearchError | str | None, fault: str) -> bool:
    _, kind, advice = FAULTS[fault]
    # On a busy machine the time may be over before that is met.
    slow = fault in PASSING and "no answer in time" in str(told)
    return isinstance(told, str | kind) and (slow or advice in str(told))


def paths_of(proxy: Proxy) -> list[str]:
    return list(dict.fromkeys(urlsplit(path).path for _, path, _ in proxy.requests))


@pytest.mark.parametrize("fault", FAULTS)
def test_every_request_of_every_method(url: str, name: str, fault: str) -> None:
    goes_wrong, _, _ = FAULTS[fault]

    def paths(use: Use) -> list[str]:
        with Proxy(url) as proxy, OpenSearchIndex.open(proxy.url, name) as index:
            prepare(use, index)
            proxy.requests.clear()
            use(index)
            return paths_of(proxy)

    def problem(what: tuple[str, str]) -> str:
        use, path = what
        with Proxy(url) as proxy, OpenSearchIndex.open(proxy.url, name) as index:
            prepare(USES[use], index)
            index._cluster.client.transport.kwargs["timeout"] = index._cluster.timeout_s = TIMEOUT_S
            goes_wrong(proxy, path)
            told = complaint(lambda: USES[use](index))
            proxy.heals()
            index._cluster.client.transport.kwargs["timeout"] = 30
            if (found := index.search("quy chế").total) != len(REPORTS):
                return f"{use}, {path}: {found} reports afterwards"
        # When all is done, it is only looked at how many operations there were; and who reads all begins again where he was.
        unseen = (use in ("add", "delete") and path.endswith("/_stats/docs")) or path == "/_search/scroll"
        passed = told is None and unseen and fault in PASSING
        return "" if passed or is_told(told, fault) else f"{use}, {path}: {told!r}"

    with ThreadPoolExecutor(12) as pool:
        tried = [(use, path) for use, its in zip(USES, pool.map(paths, USES.values()), strict=True) for path in its]
        assert len(tried) > 2 * len(USES)
        assert [told for told in pool.map(problem, tried) if told] == []


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("make", ["create", "open"])
def test_every_request_of_creating_and_opening(url: str, name: str, make: str, fault: str) -> None:
    goes_wrong, _, _ = FAULTS[fault]
    open_it: Callable[..., OpenSearchIndex] = getattr(OpenSearchIndex, make)
    options = {"replicas": 0} if make == "create" else {}

    def named() -> str:
        return f"{name}-{uuid4().hex}" if make == "create" else name

    with Proxy(url) as proxy:
        first = named()
        open_it(proxy.url, first, **options).close()
        paths = paths_of(proxy)
    for path in paths:
        with Proxy(url) as proxy:
            mine = named()
            goes_wrong(proxy, path.replace(first, mine))
            told = complaint(lambda: open_it(proxy.url, mine, timeout_s=1, **options).close())  # noqa: B023 - called at once
            # Nor is there anything to cut in the answer whether an index is there.
            passed = told is None and path.endswith(("/_stats/docs", first)) and fault in PASSING
            assert passed or is_told(told, fault), (path, told)
            if make == "open":
                proxy.heals()
                assert len(open_it(proxy.url, mine)) >= len(REPORTS)


def test_creating_when_answers_are_lost(url: str, name: str) -> None:
    """A request that was done is sent again."""
    with Proxy(url) as proxy:
        OpenSearchIndex.create(proxy.url, f"{name}-lost", replicas=0).close()
        proxy.requests.clear()
        OpenSearchIndex.create(proxy.url, f"{name}-lost", overwrite=True, replicas=0).close()
        paths = paths_of(proxy)
        for number, path in enumerate(paths):
            proxy.cuts(
                path=path.replace("-000002", f"-00000{3 + number}").replace("-000001", f"-00000{2 + number}"), times=1
            )
            with OpenSearchIndex.create(proxy.url, f"{name}-lost", overwrite=True, replicas=0) as index:
                assert len(index) == 0
        with pytest.raises(IndexExistsError):
            OpenSearchIndex.create(proxy.url, f"{name}-lost")


def test_reading_goes_on_where_a_lost_node_left_it(url: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "_TOGETHER", 4)
    reports = [*REPORTS[:10], *(Report(f"{letter * 9000}") for letter in "abcdefghi")]  # ids too long to be sorted by
    with Proxy(url) as proxy, OpenSearchIndex.create(proxy.url, f"{name}-read", replicas=0) as index:
        index.add(reports)
        for whole_pages in (0, 3):
            proxy.heals()
            found = iter(index)
            ids = [next(found).id for _ in range(1 + 4 * whole_pages)]
            attempts = 5
            proxy.answers(
                404, error_of("search_context_missing_exception", 404), path="/_search/scroll", times=attempts
            )
            assert sorted([*ids, *(report.id for report in found)]) == sorted(report.id for report in reports)
        assert index.check().problems == ()


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"number": "7.10.2", "build_flavor": "default"}, "Elasticsearch 7.10.2"),
        ({"distribution": "opensearch", "number": "1.3.20"}, "opensearch 1.3.20"),
    ],
)
def test_another_engine_behind_the_url(url: str, name: str, told: dict[str, str], message: str) -> None:
    with Proxy(url) as proxy:
        proxy.answers(200, {"version": told}, path="/")
        for make in (OpenSearchIndex.open, OpenSearchIndex.create):
            with pytest.raises(IndexVersionError, match=message):
                make(proxy.url, name)


def test_disks_that_are_full(url: str, name: str) -> None:
    """What a node does past its flood-stage watermark, done by hand. What is there can be read."""
    with OpenSearchIndex.open(url, name) as index:
        block = "index.blocks.read_only_allow_delete"
        client = index._cluster.client
        client.indices.put_settings(index=f"{name}-000001*", body={block: True})
        try:
            for use in (lambda: index.add(REPORTS), lambda: index.delete(["r1"])):
                with pytest.raises(IndexWriteError, match=r"disks of the cluster are full: add disk"):
                    use()
            (problem,) = index.check().problems
            assert problem.startswith(f"{name}-000001: nobody can write to it")
            for use in (every_report, len, OpenSearchIndex.stats, OpenSearchIndex.refresh):
                assert complaint(lambda: use(index)) is None  # noqa: B023 - called at once
            assert index.search("quy chế").total == len(REPORTS)
        finally:
            client.indices.put_settings(index=f"{name}-000001*", body={block: None})
        assert index.add(REPORTS).updated == len(REPORTS)


def test_looking_for_news_takes_little_of_the_time(url: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while without a look, a silent cluster is asked for the name, and for the words, before it is searched."""
    with Proxy(url) as proxy, OpenSearchIndex.open(proxy.url, name) as index:
        index.search("quy chế")
        index._looked = -1e9
        index._state_kept.lexicon._next_look = 0  # type: ignore[union-attr]
        proxy.hangs(path=f"/_alias/{name}")
        proxy.hangs(path=f"/{name}-000001-counts/_doc/lexicon")
        started = time.monotonic()
        assert index.search("quy chế").total == len(REPORTS)
        assert time.monotonic() - started < index._cluster.timeout_s
