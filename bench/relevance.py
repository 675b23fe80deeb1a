"""Is the right report first? nDCG@10, MRR@10 and recall@100 on collections with judgements, beside three baselines.

    python -m bench.relevance [FOLDER] [--sets NAME,NAME] [--baselines NAME,NAME] [--keep DIR] [--url URL[,URL]]

Every collection in the folder (``bench.judged`` has the layout) is indexed through ``Index.create`` and ``Index.add``, and
its queries go through ``Index.search``, in four forms: as given; *unmarked*; *half-marked*, where each syllable loses its
marks with probability ½ (seed 3, the draws of ``prototypes/ranking.py``); *flipped*, with the other tone placement. The
baselines (``bench.baselines``) are asked the same. Measures are those of ir-measures, over the queries that have a relevant
report in the collection; a mean counts every collection once.

*Restored*: every query is typed without marks, and ``SearchResults.suggestion`` (where it is None, the query as typed) is
held against the query as given, syllable by syllable (``bench.restored`` says how). Titles of articles are restored by an
index that holds the bodies only: all of them, where the first 1,000 are asked.

*On a cluster* (``--url``): the same reports and queries through ``OpenSearchIndex``, in an index of three shards that goes
afterwards. Its nDCG@10 is to be within .005 of the local index, for every set and form.

Index seconds: for ours, of ``Index.add`` with one process; for a baseline, of analysis and index in memory. The script
ends with 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import fmean

import ir_measures
from ir_measures import RR, R, nDCG

from bench import data, judged
from bench.baselines import BASELINES, K1, B, Baseline
from bench.judged import Collection
from bench.measure import print_setting, table
from bench.nodes import index_on
from bench.restored import KINDS, Restored
from bench.work import workplace
from vnsearch import Index, VnSearchError
from vnsearch.contract import AnyIndex

OURS = "vnsearch"
CLUSTER = "on a cluster"
FORMS = ("as given", "unmarked", "half-marked", "flipped")
MEASURES = {"nDCG@10": nDCG @ 10, "MRR@10": RR @ 10, "R@100": R @ 100}
LIMIT = 100
#: nDCG@10 to be reached by the queries as given, and by their mean.
TARGETS = {
    "bkai_legal_test": 0.825,
    "viquad2_1000": 0.914,
    "alqac2022": 0.948,
    "xquad_vi": 0.966,
    "nanibot_wiki_reg": 0.934,
    "vietnews": 0.792,
}
MEAN_TARGET = 0.8965
#: What unmarked and half-marked queries are to keep of the mean, and what is to be restored of the titles, in per cent.
KEPT_TARGETS = {"unmarked": 99.4, "half-marked": 99.7}
RESTORED_TARGET, RESTORED_SET = 96.0, "vietnews"
#: How far the nDCG@10 on a cluster may be from that of the local index.
APART = 0.005
SHARDS = 3

Search = Callable[[str], list[str]]
#: By form, then by measure.
Figures = Mapping[str, Mapping[str, float]]


@dataclass(slots=True)
class Outcome:
    """What one collection gave."""

    collection: str
    reports: int
    queries: int
    figures: dict[str, Figures] = field(default_factory=dict)
    index_s: dict[str, float | None] = field(default_factory=dict)
    restored: Restored = field(default_factory=Restored)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measured(collection: Collection, search: Search) -> Figures:
    """Return the figures of the queries in every form."""
    figures = {}
    for form, queries in judged.variants(collection.queries).items():
        # Scores that fall with the rank: the library would order equal scores in its own way.
        run = {
            name: {report: float(-rank) for rank, report in enumerate(search(queries[name]))}
            for name in collection.judgements
        }
        found = ir_measures.calc_aggregate(list(MEASURES.values()), collection.judgements, run)
        figures[form] = {name: float(found[measure]) for name, measure in MEASURES.items()}
    return figures


def opened(collection: Collection, folder: Path) -> tuple[Index, float | None]:
    """Return the index of a collection and the seconds that adding took, None for one that was kept."""
    with suppress(VnSearchError):  # there is none, or of another version
        index = Index.open(folder)
        if len(index) == len(collection.reports):
            return index, None
    index = Index.create(folder, overwrite=True)
    began = time.perf_counter()
    index.add(collection.reports)
    return index, time.perf_counter() - began


def asked(index: AnyIndex, collection: Collection) -> Figures:
    """Return the figures of an index."""
    return measured(collection, lambda query: [hit.id for hit in index.search(query, limit=LIMIT, fragments=0)])


def outcome(collection: Collection, baselines: Sequence[str], folder: Path, urls: Sequence[str]) -> Outcome:
    """Index a collection, and ask."""
    found = Outcome(collection.name, len(collection.reports), len(collection.judgements))
    index, found.index_s[OURS] = opened(collection, folder)
    with index:
        say(f"{collection.name}: {len(index):,} reports, {found.queries:,} queries")
        found.figures[OURS] = asked(index, collection)
        for text in collection.texts:
            typed = judged.unmarked(text)
            found.restored.add(text, index.search(typed, limit=1).suggestion or typed)
    if urls:
        say(f"{collection.name}: {CLUSTER}")
        with index_on(urls, collection.name, shards=SHARDS) as there:
            found.index_s[CLUSTER] = there.add(collection.reports).seconds
            found.figures[CLUSTER] = asked(there, collection)
    for name in baselines:
        say(f"{collection.name}: {name}")
        began = time.perf_counter()
        baseline = Baseline(collection.reports, BASELINES[name])
        found.index_s[name] = time.perf_counter() - began
        found.figures[name] = measured(collection, partial(baseline.search, limit=LIMIT))
    return found


def means(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the mean over the collections."""
    mean = Outcome("mean", sum(one.reports for one in outcomes), sum(one.queries for one in outcomes))
    for system in outcomes[0].figures:
        mean.figures[system] = {
            form: {name: fmean(one.figures[system][form][name] for one in outcomes) for name in MEASURES}
            for form in FORMS
        }
        mean.index_s[system] = None
    return mean


def kept(one: Outcome, form: str) -> float:
    """Return what a form of the queries keeps of the nDCG@10 as given, in per cent."""
    ours = one.figures[OURS]
    return 100 * ours[form]["nDCG@10"] / (ours["as given"]["nDCG@10"] or 1.0)


def flip_changes(one: Outcome) -> float:
    """Return the largest change of a measure by the other tone placement."""
    ours = one.figures[OURS]
    return max(abs(ours["flipped"][name] - ours["as given"][name]) for name in MEASURES)


def apart(one: Outcome, form: str) -> float:
    """Return how much higher the nDCG@10 is on the cluster."""
    return one.figures[CLUSTER][form]["nDCG@10"] - one.figures[OURS][form]["nDCG@10"]


def print_figures(rows: Sequence[Outcome]) -> None:
    forms = ("given", "unm.", "half", "flip.")
    columns = ["", "index s", *(f"{name} {form}" if form == "given" else form for name in MEASURES for form in forms)]
    lines = []
    for one in rows:
        for system, figures in one.figures.items():
            label = f"{one.collection}, {system}" if system == OURS else f"  {system}"
            seconds = one.index_s[system]
            values = (figures[form][name] for name in MEASURES for form in FORMS)
            lines.append([label, seconds and f"{seconds:.1f}", *(f"{value:.4f}" for value in values)])
    table(f"relevance (baselines: BM25, k1 = {K1}, b = {B})", columns, lines)


def print_kept(rows: Sequence[Outcome]) -> None:
    """Print what ours keeps of its own nDCG@10, and what it restores."""
    columns = ("", "reports", "queries", "unmarked %", "half-marked %", "flip changes", "syllables", *KINDS)
    lines = []
    for one in rows:
        shares = [one.restored.share(kind) for kind in KINDS]
        forms = [kept(one, form) for form in KEPT_TARGETS]
        count = one.restored.count["all"] or None
        lines.append((one.collection, one.reports, one.queries, *forms, f"{flip_changes(one):.6f}", count, *shares))
    table(f"{OURS}: kept of the nDCG@10 as given; syllables, and per cent restored", columns, lines)


def print_targets(outcomes: Sequence[Outcome], mean: Outcome) -> bool:
    """Print the targets; return whether all were met."""

    def given(one: Outcome) -> float:
        return one.figures[OURS]["as given"]["nDCG@10"]

    lines = [
        (f"nDCG@10 as given, {one.collection}", given(one), TARGETS[one.collection])
        for one in outcomes
        if one.collection in TARGETS
    ]
    if {one.collection for one in outcomes} == set(TARGETS):
        lines.append(("nDCG@10 as given, mean", given(mean), MEAN_TARGET))
        lines += [(f"nDCG@10 {form}, % of that mean", kept(mean, form), share) for form, share in KEPT_TARGETS.items()]
    for one in outcomes:
        if one.collection == RESTORED_SET and (share := one.restored.share("all")) is not None:
            lines.append((f"syllables restored, %, {RESTORED_SET}", share, RESTORED_TARGET))
    rows = [(name, f"{reached:.4f}", f"{target:g}", _verdict(reached >= target)) for name, reached, target in lines]
    near = [
        (f"nDCG@10 {form}, {CLUSTER}, {one.collection}", apart(one, form))
        for one in outcomes
        if CLUSTER in one.figures
        for form in FORMS
    ]
    rows += [(name, f"{more:+.4f}", f"±{APART:g}", _verdict(abs(more) <= APART)) for name, more in near]
    changes = max(map(flip_changes, outcomes))
    same = changes < 0.00005  # to the fourth decimal
    rows.append(("change by flipping, any measure of any set", f"{changes:.6f}", "0.0000", _verdict(same)))
    table("targets", ("", "reached", "target", ""), rows)
    reached_all = all(reached >= target for _, reached, target in lines)
    return same and reached_all and all(abs(more) <= APART for _, more in near)


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.relevance", description=__doc__.partition("\n")[0])
    default = data.DATA.parents[1]
    parser.add_argument("folder", type=Path, nargs="?", default=default, help=f"collections (default: {default})")
    parser.add_argument("--sets", metavar="NAME,NAME", help="which collections (default: all)")
    parser.add_argument("--baselines", default=",".join(BASELINES), help=f"which (default: {','.join(BASELINES)})")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep our indexes here, and reuse them")
    parser.add_argument("--url", metavar="URL,URL", help="ask a cluster too, at these addresses")
    options = parser.parse_args()
    paths = {path.name: path for path in judged.find(options.folder)}
    if not paths:
        parser.error(f"no collection with judgements in {options.folder}")
    names = options.sets.split(",") if options.sets else list(paths)
    baselines = [name for name in options.baselines.split(",") if name]
    for given, known in ((names, paths), (baselines, BASELINES)):
        if unknown := set(given) - set(known):
            parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    print_setting("bench.relevance")
    print(f"ir-measures {importlib.metadata.version('ir-measures')}")
    with workplace(options.keep, "relevance") as folder:
        urls = options.url.split(",") if options.url else []
        outcomes = [outcome(judged.read(paths[name]), baselines, folder / name, urls) for name in names]
    mean = means(outcomes)
    rows = [*outcomes, mean] if len(outcomes) > 1 else outcomes
    print_figures(rows)
    print_kept(rows)
    return 0 if print_targets(outcomes, mean) else 1


if __name__ == "__main__":
    sys.exit(main())
