"""Do the cluster and the local index find the same? The first ten of both, and what moves the others apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from statistics import fmean
from typing import Any
from uuid import uuid4

from opensearchpy import OpenSearch, helpers

from bench import judged
from bench.data import Analysed, analysed, make_query
from bench.measure import Row, table
from bench.nodes import index_on
from vnsearch import Report
from vnsearch.contract import AnyIndex
from vnsearch.opensearch import Cluster
from vnsearch.opensearch.documents import Lengths
from vnsearch.opensearch.names import found_or_raise
from vnsearch.search.parameters import PARAMETERS

#: The part of the first ten that both have, on average, as typed and unmarked.
TARGET = 0.95
TEN = 10
# Scores that differ by less are equal: the order says nothing.
_EQUAL = 1e-5
_PLAIN_FIELDS = {"syllables": PARAMETERS.syllable, "pairs": PARAMETERS.pair}

Ranking = list[tuple[str, float]]
Search = Callable[[str], Ranking]


def ranked(index: AnyIndex) -> Search:
    """Return what finds the first ten, and one more to know ties by, with their scores."""

    def search(query: str) -> Ranking:
        return [(hit.id, hit.score) for hit in index.search(query, limit=TEN + 1, fragments=0)]

    return search


def _ids(ranking: Ranking) -> list[str]:
    return [name for name, _ in ranking[:TEN]]


def overlap(one: Ranking, other: Ranking) -> float:
    """Return which part of the first ten both have; of none and none, all."""
    first, second = set(_ids(one)), set(_ids(other))
    return len(first & second) / max(len(first), len(second)) if first or second else 1.0


def overlap_but_for_ties(one: Ranking, other: Ranking) -> float:
    """Return the same where a report counts as had that scores there what the tenth does, give or take the last digit."""
    if len(one) <= TEN or len(other) <= TEN:
        return overlap(one, other)
    tied = [abs(ranking[TEN - 1][1] - ranking[TEN][1]) <= _EQUAL * ranking[TEN - 1][1] for ranking in (one, other)]
    return 1.0 if any(tied) and overlap(one, other) >= 1 - 1 / TEN else overlap(one, other)


class Local:
    """BM25 over syllables and pairs of bodies, computed here: what a plain index computes, with exact or with coarse lengths."""

    def __init__(self, documents: Sequence[Analysed]) -> None:
        self.ids = [one.id for one in documents]
        self._postings: dict[str, dict[str, dict[int, int]]] = {field: {} for field in _PLAIN_FIELDS}
        self._lengths: dict[str, list[int]] = {field: [] for field in _PLAIN_FIELDS}
        for number, one in enumerate(documents):
            for field in _PLAIN_FIELDS:
                terms = getattr(one.body, field).split()
                self._lengths[field].append(len(terms))
                postings = self._postings[field]
                for term in terms:
                    found = postings.setdefault(term, {})
                    found[number] = found.get(number, 0) + 1

    def search(self, query: str, *, in_bytes: bool) -> Ranking:
        """Return the first ten; ``in_bytes``: with lengths as Lucene keeps them."""
        asked = make_query(query)
        scores: dict[int, float] = {}
        for field, bm25 in _PLAIN_FIELDS.items():
            lengths = self._lengths[field]
            average = sum(lengths) / len(lengths)
            for term in getattr(asked, field):
                postings = self._postings[field].get(term, {})
                idf = math.log(1 + (len(lengths) - len(postings) + 0.5) / (len(postings) + 0.5))
                for number, count in postings.items():
                    length = in_a_byte(lengths[number]) if in_bytes else lengths[number]
                    norm = bm25.k1 * (1 - bm25.b + bm25.b * length / average)
                    more = bm25.weight * (bm25.k1 + 1) * idf * count / (count + norm)
                    scores[number] = scores.get(number, 0.0) + more
        best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[: TEN + 1]
        return [(self.ids[number], score) for number, score in best]


def in_a_byte(length: int) -> int:
    """Return what is left of a length in Lucene's byte (``SmallFloat.intToByte4``): four bits of it, above 24 + 16.

    >>> [in_a_byte(length) for length in (24, 39, 41, 100, 450, 1000)]
    [24, 39, 40, 96, 440, 984]
    """
    free = 24  # as many are kept exactly
    if length < free:
        return length
    rest = length - free
    shift = max(rest.bit_length() - 4, 0)
    return free + (rest >> shift << shift)


@contextmanager
def plain_index(client: OpenSearch, documents: Sequence[Analysed], shards: int) -> Iterator[Search]:
    """Give what searches a plain index of the cluster: fields with norms, BM25 with the same k1 and b."""
    name = f"bench-plain-{uuid4().hex[:8]}"
    body = {
        "settings": {
            "number_of_shards": shards,
            "number_of_replicas": 0,
            "similarity": {name: {"type": "BM25", "k1": bm25.k1, "b": bm25.b} for name, bm25 in _PLAIN_FIELDS.items()},
        },
        "mappings": {
            "_source": {"enabled": False},
            "properties": {
                name: {"type": "text", "analyzer": "whitespace", "similarity": name} for name in _PLAIN_FIELDS
            },
        },
    }
    client.indices.create(index=name, body=body)
    try:
        actions = (
            {"_index": name, "_id": one.id, "syllables": one.body.syllables, "pairs": one.body.pairs}
            for one in documents
        )
        helpers.bulk(client, actions, chunk_size=250, request_timeout=120)
        client.indices.refresh(index=name)
        yield lambda query: _plain(client, name, query)
    finally:
        client.indices.delete(index=name)


def _plain(client: OpenSearch, name: str, query: str) -> Ranking:
    asked = make_query(query)
    terms = [
        {"term": {field: {"value": term, "boost": bm25.weight}}}
        for field, bm25 in _PLAIN_FIELDS.items()
        for term in getattr(asked, field)
    ]
    body = {"query": {"bool": {"should": terms}}, "size": TEN + 1, "_source": False}
    answer = client.search(index=name, body=body, params={"search_type": "dfs_query_then_fetch"})
    return [(hit["_id"], float(hit["_score"])) for hit in answer["hits"]["hits"]]


def compare(local: AnyIndex, there: AnyIndex, sets: Mapping[str, Sequence[str]], what: str) -> list[tuple[str, float]]:
    """Print how much of the first ten the two have in common; return that for each form of all queries."""
    every = {f"{name} {at}": query for name, queries in sets.items() for at, query in enumerate(queries)}
    forms = {form: found for form, found in judged.variants(every).items() if form != "flipped"}
    one, other = ranked(local), ranked(there)
    rows: list[Row] = []
    lines = []
    for form, queries in forms.items():
        found = {key: (one(query), other(query)) for key, query in queries.items()}
        for name in (*sets, "all"):
            pairs = [both for key, both in found.items() if name == "all" or key.rpartition(" ")[0] == name]
            overlaps = [overlap(*both) for both in pairs]
            same = [_ids(both[0]) == _ids(both[1]) for both in pairs]
            first = [_ids(both[0])[:1] == _ids(both[1])[:1] for both in pairs]
            rows.append(
                (
                    f"{form}, {name}",
                    len(pairs),
                    fmean(overlaps),
                    min(overlaps),
                    100 * fmean([value == 1 for value in overlaps]),
                    100 * fmean(same),
                    100 * fmean(first),
                    fmean([overlap_but_for_ties(*both) for both in pairs]),
                )
            )
            if name == "all":
                lines.append((f"{what}: first ten, {form}", fmean(overlaps)))
    columns = ("", "queries", "overlap", "least", "same ten, %", "same order, %", "same first, %", "but for ties")
    table(f"the first ten of the local index and of the cluster, {what}", columns, rows, digits=4)
    return lines


def what_explains(
    cluster: Cluster, local: AnyIndex, reports: Sequence[Report], queries: Sequence[str], options: Mapping[str, int]
) -> None:
    """Print what the overlap would be if frequencies were made with the average lengths that the local index has."""
    lengths = Lengths.of(reports)
    found = {"title": lengths.title, "body": lengths.body, "reports": len(reports)}
    with index_on(cluster.urls, "exact", **options) as there:
        place = found_or_raise(cluster, there.name)
        cluster.client.index(index=place.counts, id="lengths", body=found, params={"refresh": "true"})
        there.add(reports)
        one, other = ranked(local), ranked(there)
        both = [(one(query), other(query)) for query in queries]
    row = (fmean([overlap(*pair) for pair in both]), 100 * fmean([_ids(a) == _ids(b) for a, b in both]))
    columns = ("", "overlap", "same order, %")
    table(
        "what is left with the lengths of the local index: rounding to 1/128",
        columns,
        [("as given, all", *row)],
        digits=4,
    )


def lengths_in_bytes(client: OpenSearch, reports: Sequence[Report], queries: Sequence[str], shards: int) -> None:
    """Print what Lucene's byte for a length costs a plain index, held against BM25 of exact lengths."""
    documents = list(analysed(replace(report, title="") for report in reports))
    local = Local(documents)
    exact = {query: local.search(query, in_bytes=False) for query in queries}
    coarse = {query: local.search(query, in_bytes=True) for query in queries}
    with plain_index(client, documents, shards) as search:
        theirs: dict[str, Any] = {query: search(query) for query in queries}
    rows: list[Row] = [
        (name, fmean([overlap(one[query], other[query]) for query in queries]))
        for name, one, other in (
            ("a plain index on the cluster, with norms, and exact lengths", theirs, exact),
            ("a plain index on the cluster, with norms, and lengths in a byte, computed here", theirs, coarse),
            ("lengths in a byte and exact lengths, both computed here", coarse, exact),
        )
    ]
    title = f"what one byte for a length costs: BM25 over syllables and pairs of bodies, {len(queries)} queries"
    table(title, ("", "overlap of the first ten"), rows, digits=4)
