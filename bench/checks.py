"""Whether the engines give the same answers; a benchmark of wrong answers says nothing."""

from __future__ import annotations

import statistics
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.data import Query
from bench.peers.ours import Ours
from bench.peers.with_tantivy import Tantivy
from bench.peers.with_whoosh import Whoosh
from bench.weighting import BM25F, PlainBM25
from vnsearch import Index, fold
from vnsearch.index.schema import field_name
from vnsearch.index.snapshot import Snapshot
from vnsearch.search import tree
from vnsearch.search.evaluate import Evaluation, evaluate
from vnsearch.search.parameters import DEFAULT_FIELDS, PARAMETERS
from vnsearch.search.scoring import Scorer
from vnsearch.search.stop_words import STOP_SYLLABLES
from vnsearch.search.weighting import BM25

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its source predates Python 3.12
    from whoosh import query as wq

LEAST_OVERLAP = 0.9
#: Scores are equal when they differ by at most this part of Whoosh's, and this much.
RELATIVE, ABSOLUTE = 1e-4, 1e-6


def report(what: str, problems: Sequence[str], checked: str) -> bool:
    """Print the outcome of a check; return whether it passed."""
    print(f"check: {what}: {'ok' if not problems else 'FAILED'} ({checked})", flush=True)
    for problem in problems[:5]:
        print(f"    {problem}", flush=True)
    if len(problems) > 5:
        print(f"    and {len(problems) - 5} more", flush=True)
    return not problems


def _any_of(field: str, terms: Iterable[str]) -> wq.Query:
    return wq.Or([wq.Term(field, term) for term in terms])


def _our_pairs(query: Query) -> list[str]:
    return [pair.replace("_", " ") for pair in query.pairs]


def _numbers(searcher: Any, query: wq.Query) -> set[int]:
    return set(searcher.docs_for_query(query))


def check_against_whoosh(index: Index, queries: Sequence[Query]) -> bool:
    """Our search against Whoosh's own matchers over our index, on the body: the documents that match.

    A search finds what holds a syllable as typed, and whatever else the syllable may stand for: other spellings where
    marks are missing, abbreviations and their full forms, other forms of numbers. So every document that holds a term
    must be counted, no fewer; stop words left out, unless the query has nothing else. Printed beside: totals that are equal, totals within those of all spellings that differ
    by marks or by i and y alone, and hits beyond these.
    """

    def bare(term: str) -> str:
        return fold(term).casefold().replace("y", "i")

    problems: list[str] = []
    equal = within = hits = elsewhere = 0
    with index.whoosh.searcher() as searcher:
        spellings: dict[str, list[str]] = {}
        for term in searcher.reader().lexicon("body"):
            text = term.decode() if isinstance(term, bytes) else term
            spellings.setdefault(bare(text), []).append(text)
        for query in queries:
            found = index.search(query.text, fields={"body": 1.0})
            telling = [term for term in query.syllables if term not in STOP_SYLLABLES] or query.syllables
            typed = _numbers(searcher, _any_of("body", telling))
            others = {text for term in query.syllables for text in spellings.get(bare(term), ())}
            wide = _numbers(searcher, _any_of("body", others)) if others else set()
            equal += found.total == len(typed)
            if found.total < len(typed):
                problems.append(f"{query.text!r}: {found.total} found, {len(typed)} hold a term")
            within += len(typed) <= found.total <= len(wide)
            hits += len(found)
            elsewhere += sum(searcher.document_number(id=hit.id) not in wide for hit in found)
    checked = (
        f"{len(queries)} queries; totals: {equal} equal to those of the terms as typed, {within} within those of all "
    )
    checked += f"their spellings; {elsewhere} of {hits} hits hold neither, but an abbreviation or a number's other form"
    return report("ours and Whoosh's matchers over our index", problems, checked)


def _whoosh_scores(
    searcher: Any, terms: Sequence[tree.Term], fields: Mapping[str, float], size: int
) -> npt.NDArray[np.float64]:
    """Return what Whoosh's own search scores each document by the sum of the terms in all the fields; 0 for no match."""
    weights = {"syllable": PARAMETERS.syllable.weight, "pair": PARAMETERS.pair.weight}
    parts = [
        wq.Term(field_name(field, term.kind), term.term, boost=term.weight * weights[term.kind])
        for term in terms
        for field in fields
    ]
    scores = np.zeros(size)
    for score, number in searcher.search(wq.Or(parts), limit=None).top_n:
        scores[number] = score
    return scores


def _differences(every: Evaluation, best: Evaluation, theirs: npt.NDArray[np.float64]) -> list[str]:
    """Return in words how all scores, and those of the ten best, differ from Whoosh's."""
    matched = theirs > 0
    found = [
        f"{differ} documents differ, {asked}"
        for asked, ours in (("all asked for", every), ("ten asked for", best))
        if (differ := np.count_nonzero(ours.matched != matched))
    ]
    if differ := np.count_nonzero(~np.isclose(every.scores, theirs, RELATIVE, ABSOLUTE)):
        found.append(f"{differ} of {every.total} scores differ")
    candidates = best.best(10)
    ten = candidates[np.argsort(-best.scores[candidates])][:10]
    highest = -np.sort(-theirs[matched])[:10]
    if len(ten) != len(highest) or not (
        np.allclose(best.scores[ten], theirs[ten], RELATIVE, ABSOLUTE)
        and np.allclose(best.scores[ten], highest, RELATIVE, ABSOLUTE)
    ):
        found.append("the ten best differ")
    return found


def check_scores(index: Index, queries: Sequence[Query]) -> bool:
    """Our evaluator and Whoosh's own searcher over our index, given the same tree: the same documents, equal scores.

    The tree is the sum of all syllables and pairs of a query. In one field Whoosh ranks by our weighting model, which
    knows no more than one; in both by BM25F. All documents are compared, and the ten best as a search finds them, which
    adds up no more than it must.
    """
    problems: list[str] = []
    compared, largest = 0, 0.0
    snapshot = Snapshot(index.whoosh)
    with index.whoosh.reader() as reader:
        both = BM25F(reader)
    for fields, model in (({"title": 1.0}, BM25()), ({"body": 1.0}, BM25()), (DEFAULT_FIELDS, both)):
        scorer = Scorer(snapshot, fields)
        with index.whoosh.searcher(weighting=model) as searcher:
            for query in queries:
                terms = [tree.Term("syllable", term) for term in query.syllables]
                terms += [tree.Term("pair", pair) for pair in _our_pairs(query)]
                run, node = tree.Evaluator(scorer), tree.Any(terms)
                every, best = evaluate(run, node), evaluate(run, node, best=10)
                theirs = _whoosh_scores(searcher, terms, fields, snapshot.size)
                where = f"{query.text!r} in {' and '.join(fields)}"
                problems += [f"{where}: {difference}" for difference in _differences(every, best, theirs)]
                held = theirs > 0
                compared += np.count_nonzero(held)
                apart = np.abs(every.scores[held] - theirs[held]) / theirs[held]
                largest = max(largest, float(apart.max(initial=0.0)))
    checked = f"{len(queries)} queries in title, in body and in both; {compared:,} scores, largest difference {largest:.1e} of one"
    what = f"scores of ours and of Whoosh's searcher over our index, equal within {RELATIVE:g} of them + {ABSOLUTE:g}"
    return report(what, problems, checked)


def check_stock_whoosh(ours: Ours, stock: Whoosh, queries: Sequence[Query]) -> bool:
    """Our postings against those of stock Whoosh on its own codec: the same documents for the same terms."""
    problems: list[str] = []
    compared = 0
    with ours.index.whoosh.searcher() as searcher:
        identities = [fields["id"] for fields in stock.searcher.reader().all_stored_fields()]
        number_of = [searcher.document_number(id=identity) for identity in identities]
        for query in queries:
            our_pairs = _our_pairs(query)
            for field, our_terms, their_terms in (
                ("title", query.syllables, query.syllables),
                ("body", query.syllables, query.syllables),
                ("title_pairs", our_pairs, query.pairs),
                ("body_pairs", our_pairs, query.pairs),
            ):
                if their_terms:
                    here = _numbers(searcher, _any_of(field, our_terms))
                    there = {number_of[n] for n in _numbers(stock.searcher, _any_of(field, their_terms))}
                    compared += len(there)
                    if here != there:
                        problems.append(f"{query.text!r} in {field}: {len(here ^ there)} documents differ")
    return report("our index and stock Whoosh", problems, f"{len(queries)} queries, {compared:,} matches in 4 fields")


def _overlap(one: Sequence[Any], other: Sequence[Any]) -> float:
    return len(set(one) & set(other)) / max(len(one), len(other), 1)


def check_plain_against_tantivy(ours: Ours, tantivy: Tantivy, queries: Sequence[Query]) -> bool:
    """Plain BM25 over our index (Whoosh's matchers, tantivy's formula) and tantivy: totals, and the ten best."""
    problems: list[str] = []
    overlaps = []
    with ours.index.whoosh.searcher(weighting=PlainBM25()) as searcher:
        for query in queries:
            found = tantivy.search_body(query)
            any_term = _any_of("body", query.syllables)
            total = len(_numbers(searcher, any_term))
            if total != tantivy.total(found):
                problems.append(f"{query.text!r}: {total} documents here, {tantivy.total(found)} there")
            there = [searcher.document_number(id=identity) for identity in tantivy.ids(found)]
            here = [number for _, number in searcher.search(any_term, limit=10).top_n]
            overlaps.append(_overlap(here, there))
    mean = statistics.fmean(overlaps)
    if mean < LEAST_OVERLAP:
        problems.append(f"mean overlap of the ten best {mean:.3f}, below {LEAST_OVERLAP}")
    checked = f"{len(queries)} queries, mean overlap of the ten best {mean:.3f}"
    return report("plain BM25 over our index and tantivy, body", problems, checked)


def overlaps_with_tantivy(ours: Ours, tantivy: Tantivy, queries: Sequence[Query]) -> dict[str, float]:
    """Return the mean overlap of the ten best of our search as it is with tantivy's weighted query.

    Not the same ranking by design: ours has other k1 and b, sums the fields before the saturation (BM25F), and scores
    every spelling that a syllable may stand for.
    """
    found: dict[str, Callable[[Query], list[str]]] = {
        "title and body": lambda query: [hit.id for hit in ours.index.search(query.text)],
        "body alone": lambda query: [hit.id for hit in ours.index.search(query.text, fields={"body": 1.0})],
    }
    theirs: dict[str, Callable[[Query], Any]] = {
        "title and body": tantivy.search,
        "body alone": lambda query: tantivy.search_body(query, pairs=True),
    }
    return {
        name: statistics.fmean(_overlap(found[name](query), tantivy.ids(theirs[name](query))) for query in queries)
        for name in found
    }
