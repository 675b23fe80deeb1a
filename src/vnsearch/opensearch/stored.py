"""Reports as they are stored on a cluster: one by its id, all of them, and whether they are sound."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, TransportError

from vnsearch.errors import ClusterUnavailableError, VnSearchError
from vnsearch.index.check import CheckResult
from vnsearch.opensearch.cluster import Cluster
from vnsearch.opensearch.collection import Collection
from vnsearch.opensearch.documents import report_of
from vnsearch.opensearch.failures import RAISED
from vnsearch.opensearch.lease import rebuilding
from vnsearch.opensearch.lexicon_parts import LexiconParts
from vnsearch.opensearch.names import Place, asked_again
from vnsearch.opensearch.terms import document_id
from vnsearch.report import Report

__all__ = ["checked", "documents", "every_report", "one_report"]

_TOGETHER = 500
_KEPT = "5m"
# Ids that are too long to be sorted by; they come last.
_UNNAMED = {"bool": {"must_not": {"exists": {"field": "id"}}}}


def one_report(cluster: Cluster, name: str, id: str) -> Report | None:
    """Return a report by its id, as it was last written."""
    return asked_again(lambda: _one_report(cluster, name, id))


def _one_report(cluster: Cluster, name: str, id: str) -> Report | None:
    with cluster.errors(f"reading from {name}"):
        try:
            found = cluster.client.get(index=name, id=document_id(id))
        except NotFoundError as error:
            if isinstance(error.info, Mapping) and error.info.get("found") is False:
                return None
            raise
    report = report_of(found["_source"])
    return report if report.id == id else None


def documents(cluster: Cluster, name: str) -> Iterator[dict[str, Any]]:
    """Yield the documents as they are now. After a node was lost that held them ready: the others as they are then."""
    what = f"reading {name}"
    left: dict[str, Any] = {"match_all": {}}
    unnamed: set[str] = set()
    while True:
        went_on = False
        try:
            with cluster.errors(what):
                for document in _scrolled(cluster.client, name, left):
                    (last,) = document["sort"]
                    if last is not None:
                        left = {"bool": {"should": [{"range": {"id": {"gt": last}}}, _UNNAMED]}}
                    elif document["_id"] in unnamed:
                        continue
                    else:
                        left = _UNNAMED
                        unnamed.add(document["_id"])
                    went_on = True
                    yield document
        except ClusterUnavailableError:
            if not went_on:
                raise
        else:
            return


def _scrolled(client: OpenSearch, name: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the documents that a query finds, in the order of their ids."""
    body = {"query": query, "sort": [{"id": "asc"}], "size": _TOGETHER}
    answer = client.search(index=name, body=body, params={"scroll": _KEPT, "allow_partial_search_results": "false"})
    try:
        while answer["hits"]["hits"]:
            yield from answer["hits"]["hits"]
            answer = client.scroll(body={"scroll_id": answer["_scroll_id"], "scroll": _KEPT})
            if answer["_shards"]["successful"] < answer["_shards"]["total"]:
                raise TransportError(503, "", {"error": {"reason": "a node was lost that held reports ready"}})
    finally:
        with contextlib.suppress(*RAISED):  # it ends by itself
            client.clear_scroll(body={"scroll_id": [answer["_scroll_id"]]}, ignore=404)


def every_report(cluster: Cluster, name: str) -> Iterator[Report]:
    """Yield the reports as they were when the first was asked for; in no order that means anything."""
    for document in documents(cluster, name):
        yield report_of(document["_source"])


def checked(cluster: Cluster, name: str, place: Place) -> CheckResult:
    """Read every report back, and the counts, and look at the shards; return what is wrong, if anything."""
    client = cluster.client
    problems: list[str] = []
    unreadable: list[str] = []
    with cluster.errors(f"checking {name}"):
        health = client.cluster.health(index=f"{place.index},{place.counts}", level="indices")
        for index, told in health["indices"].items():
            if told["status"] == "red":
                missing = told["number_of_shards"] - told["active_primary_shards"]
                problems.append(f"{index}: {missing} of its shards are missing")
        if problems:
            return CheckResult(0, tuple(problems))
        problems += _blocks(cluster, name, place)
        client.indices.refresh(index=place.index)
    expected = Collection(cluster, place.index).count()
    reports = 0
    for document in documents(cluster, place.index):
        reports += 1
        try:
            report = report_of(document["_source"])
        except ValueError as error:
            problems.append(f"{place.index}: the document {document['_id']!r} makes no sense: {error}")
            unreadable.append(document["_id"])
        else:
            if document_id(report.id) != document["_id"]:
                problems.append(f"{place.index}: the document {document['_id']!r} holds the report {report.id!r}")
                unreadable.append(document["_id"])
    if reports != expected:
        problems.append(
            f"{place.index}: {reports} reports were read of {expected}; if nobody wrote meanwhile, some are lost"
        )
    try:
        with cluster.errors(f"checking {place.counts}"):
            LexiconParts(client, place.counts).load()
    except VnSearchError as error:
        problems.append(str(error))
    return CheckResult(expected, tuple(problems), tuple(unreadable))


def _blocks(cluster: Cluster, name: str, place: Place) -> Iterator[str]:
    """Yield why nothing can be written."""
    told = rebuilding(cluster, place)
    if told is not None:
        yield (
            f"{place.index}: nobody can write to it until {told} is done; if that was killed, rebuild it again: "
            f"`vnsearch rebuild --url … --name {name}`"
        )
        return
    settings = cluster.client.indices.get_settings(index=place.index)[place.index]["settings"]["index"]
    for block, value in settings.get("blocks", {}).items():
        if value == "true":
            yield f"{place.index}: nobody can write to it: its setting index.blocks.{block} is true"
