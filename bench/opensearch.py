"""The library over a cluster, beside the same on this machine and beside the client without it: the same hits, and how fast.

    python -m bench.opensearch [--url URL,URL] [--parts NAME,NAME] [--articles N] [--reports N,N] [--queries N] [--rounds N]

Without ``--url`` it starts three nodes of its own, by ``tests/opensearch/cluster.py``. Indices have three shards and one replica,
the plain ones as well, and go afterwards.

*Parity*: titles and abstracts of articles, half of the queries each, are asked of the local index and of the cluster, as given,
unmarked and half-marked (``bench.judged``): in the texts of the articles alone, which is how known articles are looked for in
``bench.relevance``, and in titles and texts. *Overlap* is the part of the first ten that both have; *but for ties* counts a report
as had where the tenth and the eleventh score the same. Locally a term is weighed by the average lengths of the index as it is; on the
cluster by those that its first ``add`` found, in steps of 1/128. What a byte for each length would cost, as Lucene keeps them where it
weighs terms itself, is measured on a plain index of the same texts.

*Adding*: ours takes reports; ``helpers.parallel_bulk`` the same documents as ready-made JSON, into an equal index, with as many threads
and chunks of the same size, and again what a busy cluster refused. Both end with a refresh. *Searching*: ours is given the text of a
query and gives hits with reports and snippets; the bare query is what ours sends, by the same client, its answer parsed as JSON. The
queries are those of ``bench.search``. All are asked each query in turn. *Without a pause* each is asked all queries, one after the other: while the bare query is, nobody
does anything with the answers, so nodes and processors do not come to rest, and answer sooner, whoever asks.
*Growth*: the documents of ``bench.scale`` are added to one index, size after size.

The script ends with 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench import data, judged, opensearch_parity, opensearch_speed, work
from bench.data import evenly
from bench.measure import print_setting, table
from bench.nodes import index_on, urls_of
from bench.opensearch_speed import Line
from vnsearch import Index, Report
from vnsearch.opensearch import Cluster, OpenSearchIndex

PARTS = ("parity", "add", "search", "growth")
ON_CLUSTER = {"shards": 3, "replicas": 1}
SIZES = "10000,50000,200000"


def parity(options: argparse.Namespace, cluster: Cluster, folder: Path, articles: Sequence[Report]) -> list[Line]:
    """Hold the hits of both against each other."""
    half = options.queries // 2
    known = {report.id for report in articles}
    sets = {}
    for name in ("title", "abstract"):
        every = judged.read_queries(options.data.with_name(f"queries_{name}.jsonl"))
        about = judged.read_judgements(options.data.with_name(f"qrels_{name}.tsv"))
        mine = [text for key, text in every.items() if known & about[key].keys()]
        sets[f"{name}s"] = evenly(mine, half)
    queries = list(itertools.chain(*sets.values()))
    lines: list[Line] = []
    for what, reports in (
        ("texts alone", [replace(report, title="") for report in articles]),
        ("titles and texts", articles),
    ):
        with Index.create(folder / what) as local, index_on(cluster.urls, "parity", **ON_CLUSTER) as there:
            local.add(reports)
            there.add(reports)
            for name, reached in opensearch_parity.compare(local, there, sets, what):
                target = opensearch_parity.TARGET
                lines.append((name, reached, f"≥ {target}", reached >= target))
            if reports is not articles:
                opensearch_parity.what_explains(cluster, local, reports, queries, ON_CLUSTER)
    opensearch_parity.lengths_in_bytes(cluster.client, articles, queries, ON_CLUSTER["shards"])
    return lines


def search(options: argparse.Namespace, cluster: Cluster, folder: Path, articles: Sequence[Report]) -> list[Line]:
    """Time searches in the articles."""
    sets = data.queries([report.title for report in articles], options.queries)
    with Index.create(folder / "search") as local, index_on(cluster.urls, "search", **ON_CLUSTER) as made:
        local.add(articles)
        made.add(articles)
        there = OpenSearchIndex.open(cluster, made.name)
        return opensearch_speed.searching(cluster, there, local, sets, options.rounds)


def run(options: argparse.Namespace, urls: Sequence[str], folder: Path) -> list[Line]:
    articles = list(data.reports(options.data, options.articles))
    lines: list[Line] = []
    with Cluster(urls) as cluster:
        print(f"OpenSearch {cluster.client.info()['version']['number']}, {len(urls)} nodes; indices: {ON_CLUSTER}")
        for part in options.parts:
            if part == "parity":
                lines += parity(options, cluster, folder, articles)
            elif part == "add":
                some = articles[: options.added]
                lines += opensearch_speed.adding(urls, some, options.rounds, ON_CLUSTER)
            elif part == "search":
                lines += search(options, cluster, folder, articles)
            else:
                sizes = sorted({int(size) for size in options.reports.split(",")})
                opensearch_speed.growth(
                    cluster, options.data, sizes, folder, options.growth_queries, options.rounds, ON_CLUSTER
                )
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.opensearch", description=__doc__.partition("\n")[0])
    work.add_options(parser, articles=10_000, queries=500, rounds=3)
    work.add_choice(parser, "parts", PARTS)
    parser.add_argument("--url", metavar="URL,URL", help="a cluster that runs (default: three nodes of our own)")
    parser.add_argument(
        "--added", type=int, default=5000, help="articles that are added again and again (default: 5000)"
    )
    parser.add_argument("--reports", default=SIZES, help=f"sizes to grow to (default: {SIZES})")
    parser.add_argument("--growth-queries", type=int, default=100, help="of each set, at every size (default: 100)")
    options = parser.parse_args()
    work.require(options.data)
    print_setting("bench.opensearch")
    chosen = options.parts if isinstance(options.parts, list) else options.parts.split(",")
    options.parts = [part for part in PARTS if part in chosen]
    with urls_of(options.url) as urls, work.workplace(None, "opensearch") as folder:
        lines = run(options, urls, folder)
    rows = [(name, f"{reached:.3f}", target, "met" if met else "MISSED") for name, reached, target, met in lines]
    if rows:
        table("targets", ("", "reached", "target", ""), rows)
    return 0 if all(met for *_, met in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
