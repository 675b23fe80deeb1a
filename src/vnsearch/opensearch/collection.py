"""The reports of an index on a cluster, asked: one request for each question."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from opensearchpy.exceptions import TransportError

from vnsearch.index.schema import label_field
from vnsearch.opensearch.cluster import Cluster
from vnsearch.opensearch.compiling import Query
from vnsearch.opensearch.failures import is_out_of_time
from vnsearch.opensearch.names import asked_again
from vnsearch.opensearch.terms import label_of

__all__ = ["FACET_VALUES", "Collection", "facet", "values_of"]

#: Different values of a field that are counted at most.
FACET_VALUES = 10_000
_COPIES = 1 << 10
# No clock takes any number of seconds.
_LONGEST_S = 86_400.0


def facet(key: str) -> Query:
    """Return what asks for the values of a field, with their counts."""
    return {"terms": {"field": f"labels.{label_field(key)}", "size": FACET_VALUES}}


def values_of(counted: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return what a facet found, the commonest first, equals by name."""
    found = [(label_of(bucket["key"]), int(bucket["doc_count"])) for bucket in counted["buckets"]]
    return sorted(found, key=lambda item: (-item[1], item[0]))


def _nothing_in_time(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the cluster would have answered, had it not made an error of it that no shard was in time."""
    return {
        "timed_out": True,
        "hits": {"total": {"value": 0}, "hits": []},
        "aggregations": {name: {"buckets": []} for name in body.get("aggs", ())},
    }


class Collection:
    """Asks one index of a cluster, by the name of its alias."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name

    @property
    def is_scaled(self) -> bool:
        """Whether the cluster multiplies scores by ``k1 + 1``: OpenSearch 2 does."""
        return self.cluster.major == 2

    def ask(
        self,
        body: Mapping[str, Any],
        *,
        timeout_s: float | None = None,
        copy: object = None,
        named_scores: bool = False,
        scored: bool = True,
    ) -> dict[str, Any]:
        """Return the answer to a search.

        Document frequencies are those of all shards together. ``timeout_s``: after it what was found is given, and the answer says
        ``timed_out``; otherwise there is a whole answer, or an error. Searches with one ``copy`` go to the same copies of the
        shards: pages of one search fit together, though the copies may have forgotten deleted reports at different times.
        Where nothing is to be ``scored`` they are of no use, and the shards remember what they answered last.
        ``named_scores``: every hit has the scores of the queries with a name that it matches, in ``matched_queries``.
        """
        params: dict[str, Any] = {
            "search_type": "dfs_query_then_fetch" if scored else "query_then_fetch",
            "allow_partial_search_results": "true" if timeout_s else "false",
            "preference": f"vnsearch{zlib.crc32(repr(copy).encode('utf-8', 'surrogatepass')) % _COPIES}",
        }
        if named_scores:
            params["include_named_queries_score"] = "true"
        asked = dict(body)
        if timeout_s is not None:
            allowed_s = min(timeout_s, _LONGEST_S)
            asked["timeout"] = f"{max(1, round(allowed_s * 1000))}ms"
            params["request_timeout"] = allowed_s + self.cluster.timeout_s
        return asked_again(lambda: self._ask(asked, params))

    def _ask(self, body: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
        with self.cluster.errors(f"searching {self.name}"):
            try:
                answer: dict[str, Any] = self.cluster.client.search(index=self.name, body=body, params=dict(params))
            except TransportError as error:
                if "timeout" not in body or not is_out_of_time(error):
                    raise
                answer = _nothing_in_time(body)
        return answer

    def count(self) -> int:
        """Return how many reports there are, in all shards."""
        return self.count_all(())[0]

    def count_all(self, queries: Sequence[Query]) -> tuple[int, list[int]]:
        """Return how many reports there are, and how many of them each query matches; no scores, no order."""
        body: dict[str, Any] = {"size": 0, "track_total_hits": True}
        if queries:
            body["aggs"] = {"counts": {"filters": {"filters": list(queries)}}}
        answer = self.ask(body, scored=False)
        buckets = answer["aggregations"]["counts"]["buckets"] if queries else ()
        return int(answer["hits"]["total"]["value"]), [int(bucket["doc_count"]) for bucket in buckets]

    def label_names(self, key: str) -> list[str]:
        """Return the labels that reports have for a key, the commonest first."""
        answer = self.ask({"size": 0, "aggs": {"labels": facet(key)}})
        return [name for name, _ in values_of(answer["aggregations"]["labels"])]
