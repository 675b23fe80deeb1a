"""Reports as they are stored on a cluster: one by its id, all of them, and whether they are sound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opensearchpy import helpers
from opensearchpy.exceptions import NotFoundError

from vnsearch.errors import IndexNotFoundError, VnSearchError
from vnsearch.index.check import CheckResult
from vnsearch.opensearch.cluster import Cluster
from vnsearch.opensearch.documents import report_of
from vnsearch.opensearch.lease import rebuilding
from vnsearch.opensearch.lexicon_parts import LexiconParts
from vnsearch.opensearch.names import Place
from vnsearch.opensearch.terms import document_id
from vnsearch.report import Report

__all__ = ["checked", "documents", "every_report", "one_report"]

_TOGETHER = 500
_KEPT = "5m"


def one_report(cluster: Cluster, name: str, id: str) -> Report | None:
    """Return a report by its id, as it was last written."""
    try:
        return _one_report(cluster, name, id)
    except IndexNotFoundError:  # another has its name since this began
        return _one_report(cluster, name, id)


def _one_report(cluster: Cluster, name: str, id: str) -> Report | None:
    with cluster.errors(f"reading from {name}"):
        try:
            found = cluster.client.get(index=name, id=document_id(id))
        except NotFoundError as error:
            if error.error == "index_not_found_exception":
                raise
            return None
    report = report_of(found["_source"])
    return report if report.id == id else None


def documents(cluster: Cluster, name: str) -> Iterator[dict[str, Any]]:
    """Yield the documents as they were when the first was asked for, in no order."""
    with cluster.errors(f"reading {name}"):
        yield from helpers.scan(cluster.client, index=name, size=_TOGETHER, scroll=_KEPT)


def every_report(cluster: Cluster, name: str) -> Iterator[Report]:
    """Yield the reports as they were when the first was asked for, in no order."""
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
        expected = int(client.count(index=place.index)["count"])
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
