"""The evaluator beside Whoosh's own matchers over the same segments, with the same BM25: same documents, same scores."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from whoosh import query, scoring
from whoosh.matching import ArrayUnionMatcher, Matcher, NullMatcher, UnionMatcher, WrappingMatcher
from whoosh.searching import Searcher

from random_reports import DAYS, FIRST_DAY, SOURCES, SYLLABLES, TAGS, draw_commits, phrases_of
from vnsearch import Index, Report
from vnsearch.analysis import syllables_of
from vnsearch.index.schema import TEXT_FIELDS, field_name
from vnsearch.index.snapshot import Snapshot
from vnsearch.search import tree
from vnsearch.search.evaluate import Evaluation, evaluate
from vnsearch.search.parameters import PARAMETERS
from vnsearch.search.scoring import Scorer, rarity
from vnsearch.search.tree import Evaluator
from vnsearch.search.weighting import BM25
from whoosh_repairs import AndMaybe, AndNot, Best

TREES = 500
KIND_WEIGHTS = {"pair": PARAMETERS.pair.weight}

# -- what Whoosh lacks: a term of several fields with one saturation, and something that matches but does not score


class FieldsMatcher(UnionMatcher):
    """A term in the title or in the body: BM25F."""

    def __init__(self, a: Matcher, b: Matcher, term: BothFields, searcher: Searcher) -> None:
        super().__init__(a, b)
        self.term_ = term
        self.searcher = searcher

    def replace(self, minquality: float = 0) -> Matcher:
        return self

    def supports_block_quality(self) -> bool:
        return False

    def score(self) -> float:
        document = self.id()
        bm25 = PARAMETERS.pair if self.term_.kind == "pair" else PARAMETERS.syllable
        tf = 0.0
        for matcher, text_field in zip((self.a, self.b), TEXT_FIELDS, strict=True):
            if matcher.is_active() and matcher.id() == document:
                length = self.searcher.doc_field_length(document, text_field)
                norm = 1 - bm25.b + bm25.b * length / self.term_.averages[text_field]
                tf += self.term_.weights[text_field] * (
                    matcher.weight() / norm + PARAMETERS.opening * matcher.value_as("opening")
                )
        return bm25.weight * self.term_.idf * (bm25.k1 + 1) * tf / (bm25.k1 + tf)


@dataclass
class BothFields(query.Query):
    kind: str
    text: str
    weights: dict[str, float]
    averages: dict[str, float]
    idf: float
    boost: float = 1.0

    def estimate_size(self, reader: Any) -> int:
        return reader.doc_count_all()

    def matcher(self, searcher: Searcher, context: Any = None) -> Matcher:
        terms = [query.Term(field_name(text_field, self.kind), self.text) for text_field in TEXT_FIELDS]
        matcher = FieldsMatcher(*(term.matcher(searcher, context) for term in terms), self, searcher)
        return WrappingMatcher(matcher, boost=self.boost) if matcher.is_active() else NullMatcher()


@dataclass
class Unscored(query.Query):
    child: query.Query

    def estimate_size(self, reader: Any) -> int:
        return self.child.estimate_size(reader)

    def matcher(self, searcher: Searcher, context: Any = None) -> Matcher:
        # Next to nothing: in unions Whoosh takes a score of 0 for no match.
        return WrappingMatcher(self.child.matcher(searcher, context), boost=1e-9)


class Translation:
    """Our nodes as Whoosh's queries."""

    def __init__(self, searcher: Searcher, fields: dict[str, float]) -> None:
        self.searcher = searcher
        self.fields = fields
        self.averages = {}
        for text_field in TEXT_FIELDS:
            living = [number for number, _ in searcher.reader().iter_docs()]
            lengths = [searcher.doc_field_length(number, text_field) for number in living]
            self.averages[text_field] = float(np.mean([length for length in lengths if length]))

    def query(self, node: tree.Node) -> query.Query:
        match node:
            case tree.Term(kind, text, weight):
                return self.term(kind, text, weight)
            case tree.Phrase(syllables, slop, weight):
                return self.phrase([place.term for place in syllables], slop, weight)
            case tree.Prefix(kind, prefix, weight):
                found = [query.Prefix(field_name(text_field, kind), prefix) for text_field in self.fields]
                return query.ConstantScoreQuery(query.Or(found), weight)
            case tree.Labels(key, values, weight):
                return query.ConstantScoreQuery(query.Or([query.Term(key, value) for value in values]), weight)
            case tree.Days(first, last, weight):
                start, end = (day and dt.datetime.fromordinal(day) for day in (first, last))
                dated = query.DateRange("date", start, end) if start or end else query.Every("date")
                return query.ConstantScoreQuery(dated, weight)
            case tree.Any(children, ()):
                return query.Or([self.query(child) for child in children])
            case tree.Any(children, optional):
                others = [Unscored(self.query(node)) for _, telling in optional for node in telling]
                required = query.Or([*(self.query(child) for child in children), *others])
                return AndMaybe(required, query.Or([self.query(child) for child, _ in optional]))
            case tree.All(children):
                return query.And([self.query(child) for child in children])
            case tree.Best(children):
                return Best([self.query(child) for child in children])
            case tree.Without(wanted, unwanted):
                return AndNot(self.query(wanted), self.query(unwanted))
            case tree.Filtered(wanted, condition):
                return query.And([self.query(wanted), Unscored(self.query(condition))])
            case tree.Every(weight):
                return query.ConstantScoreQuery(query.Every(), weight)
            case tree.Maybe(required, optional):
                return AndMaybe(self.query(required), self.query(optional))
        raise TypeError(node)

    def term(self, kind: str, text: str, weight: float) -> query.Query:
        if len(self.fields) == 1:
            (text_field,) = self.fields
            return query.Term(field_name(text_field, kind), text, boost=weight * KIND_WEIGHTS.get(kind, 1.0))
        terms = query.Or([query.Term(field_name(text_field, kind), text) for text_field in TEXT_FIELDS])
        idf = rarity(self.searcher.doc_count(), len(set(self.searcher.docs_for_query(terms))))
        return BothFields(kind, text, self.fields, self.averages, idf, weight)

    def phrase(self, syllables: Sequence[str], slop: int, weight: float) -> query.Query:
        found = [query.Phrase(text_field, list(syllables), slop, boost=weight) for text_field in self.fields]
        if len(found) == 1:
            return found[0]
        terms = [self.term("syllable", syllable, weight) for syllable in syllables]
        return query.And([*terms, Unscored(query.Or(found))])


class Nodes:
    """Draws trees of nodes."""

    def __init__(self, chance: random.Random, phrases: list[tuple[str, list[str]]]) -> None:
        self.chance = chance
        self.phrases = phrases

    def node(self, depth: int) -> tree.Node:
        chance = self.chance
        if depth == 0 or chance.random() < 0.2:
            return self.leaf()
        children = tuple(self.node(depth - 1) for _ in range(chance.randint(1, 4)))
        first, last = children[0], children[-1]
        return chance.choice(
            (
                lambda: tree.Any(children),
                lambda: tree.Any(children),
                lambda: tree.Any(children[:-1], [self.optional() for _ in range(chance.randint(1, 3))]),
                lambda: tree.All(children[:3]),
                lambda: tree.Best(children),
                lambda: tree.Maybe(first, last),
                lambda: tree.Without(first, last),
                lambda: tree.Filtered(first, last),
            )
        )()

    def optional(self) -> tuple[tree.Node, list[tree.Node]]:
        """A place with stop words among its spellings, or a phrase."""
        if self.chance.random() < 0.3:
            return self.phrase(), []
        terms = [self.term() for _ in range(self.chance.randint(1, 3))]
        telling = self.chance.sample(terms, self.chance.randrange(len(terms)))
        return (tree.Best(terms) if len(terms) > 1 else terms[0]), telling

    def leaf(self) -> tree.Node:
        return self.chance.choice((*(self.term for _ in range(6)), self.phrase, self.prefix, self.labels, self.days))()

    def weight(self) -> float:
        return self.chance.choice((1.0, 1.0, 0.3, 2.5))

    def syllable(self) -> str:
        return self.chance.choice((*SYLLABLES[:14], *SYLLABLES[:14], *SYLLABLES, "khôngcó"))

    def term(self) -> tree.Node:
        _, syllables = self.chance.choice(self.phrases)
        at = self.chance.randrange(len(syllables) - 1)
        kind, text = self.chance.choice(
            (
                ("syllable", self.syllable()),
                ("syllable", self.syllable()),
                ("pair", " ".join(syllables[at : at + 2])),
                ("word", self.chance.choice(("dân_chủ", "nông_dân", syllables[at]))),
                ("value", self.chance.choice(("2021", "7", "12000"))),
            )
        )
        return tree.Term(kind, text, self.weight())

    def phrase(self) -> tree.Node:
        if self.chance.random() < 0.2:
            return tree.Phrase(
                tuple(tree.Term("syllable", self.syllable()) for _ in range(2)),
                self.chance.randint(1, 6),
                self.weight(),
            )
        _, syllables = self.chance.choice(self.phrases)
        at = self.chance.randrange(len(syllables) - 2)
        words = syllables[at : at + self.chance.randint(1, 4)]
        if len(words) > 2 and self.chance.random() < 0.4:
            del words[1]
        return tree.Phrase(
            tuple(tree.Term("syllable", word) for word in words), self.chance.randint(1, 4), self.weight()
        )

    def prefix(self) -> tree.Node:
        kind = self.chance.choice(("syllable", "word"))
        if self.chance.random() < 0.3:
            return tree.Prefix("pair", f"{self.syllable()} ", self.weight())
        return tree.Prefix(kind, self.syllable()[: self.chance.randint(1, 3)], self.weight())

    def labels(self) -> tree.Node:
        key, values = self.chance.choice((("source", (*SOURCES, "khác")), ("tags", TAGS)))
        return tree.Labels(key, tuple(self.chance.sample(values, self.chance.randint(1, 2))), self.weight())

    def days(self) -> tree.Node:
        first = FIRST_DAY.toordinal() + self.chance.randrange(-30, DAYS)
        last = first + self.chance.choice((0, 10, 300))
        return tree.Days(*self.chance.choice(((first, last), (first, None), (None, last), (None, None))), self.weight())


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Several segments, deleted and replaced reports."""
    with Index.create(tmp_path_factory.mktemp("differential"), filterable=("tags",)) as made:
        for added, deleted in draw_commits(11, 220, 3):
            made.add(added)
            made.delete(deleted)
        yield made


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoosh clears an array of 2048 places for every union of three or more; our segments are smaller."""
    monkeypatch.setattr(ArrayUnionMatcher.__init__, "__defaults__", (1.0, True, 64))


BOTH = {"title": 2.0, "body": 1.0}


@pytest.mark.parametrize(
    ("fields", "long", "few"),
    [({"body": 1.0}, 1024, 8), ({"title": 1.0}, 1024, 8), (BOTH, 1024, 8), (BOTH, 1, 8), (BOTH, 1, 0)],
    ids=["body", "title", "both", "long lists", "long lists, looked up among the postings"],
)
def test_random_trees(
    index: Index, fields: dict[str, float], long: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vnsearch.search.scoring._LONG_LEAST", long)
    monkeypatch.setattr("vnsearch.search.long_lists._FEW", few)
    if long < 1024:
        monkeypatch.setattr("vnsearch.search.evaluate._STRAIGHT", 0)
    if not few:
        monkeypatch.setattr("vnsearch.search.scoring._ROW_BYTES", 0)
    compare_with_whoosh(index, fields, random.Random(f"{fields} {long} {few}"), TREES)


@pytest.mark.parametrize("few", [8, 0], ids=["rows", "looked up among the postings"])
def test_random_trees_over_more_documents(long: Index, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many that only a part of the lanes leads."""
    monkeypatch.setattr("vnsearch.search.scoring._LONG_LEAST", 1)
    monkeypatch.setattr("vnsearch.search.evaluate._STRAIGHT", 0)
    monkeypatch.setattr("vnsearch.search.long_lists._FEW", few)
    if not few:
        monkeypatch.setattr("vnsearch.search.scoring._ROW_BYTES", 0)
    compare_with_whoosh(long, BOTH, random.Random(few), TREES // 5)


def test_fewer_lead_than_are_asked_for(long: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rare term beside common ones, and filters: what has no score yet must not set the bar."""
    monkeypatch.setattr("vnsearch.search.scoring._LONG_LEAST", 64)
    monkeypatch.setattr("vnsearch.search.evaluate._STRAIGHT", 0)
    snapshot = Snapshot(long.whoosh)
    scorer = Scorer(snapshot, BOTH)
    counts = {term: scorer.term("syllable", term).count for term in snapshot.terms("syllable")}
    common = sorted(counts, key=lambda term: -counts[term])[:4]
    rare = sorted((term for term in counts if 0 < counts[term] < 30), key=lambda term: (counts[term], term))[:40]
    assert rare
    chance = random.Random(5)
    for term in rare:
        node = tree.Any([tree.Term("syllable", found) for found in (term, *chance.sample(common, 2))])
        masks = [np.array([chance.random() < 0.02 for _ in range(snapshot.size)])]
        run = Evaluator(scorer)
        scores = evaluate(run, node, masks).scores.copy()
        check_best(evaluate(run, node, masks, 8), {at: float(scores[at]) for at in np.flatnonzero(scores).tolist()}, 8)


def compare_with_whoosh(index: Index, fields: dict[str, float], chance: random.Random, trees: int) -> None:
    """Compare documents, totals and scores of random trees, of all documents and of the best ones."""
    snapshot = Snapshot(index.whoosh)
    assert len(snapshot.leaves) > 1
    assert not snapshot.live.all()
    scorer = Scorer(snapshot, fields)
    nodes = Nodes(chance, phrases_of(list(index)))
    with index.whoosh.searcher(weighting=BM25()) as searcher:
        translation = Translation(searcher, fields)
        found = 0
        for _ in range(trees):
            node = nodes.node(chance.choice((1, 2, 2, 2, 3)))
            masks = [np.array([chance.random() < 0.7 for _ in range(snapshot.size)])] if chance.random() < 0.2 else []
            run = Evaluator(scorer)
            if chance.random() < 0.5:
                run.prepare(terms_of(node))
            left = set(np.flatnonzero(masks[0]).tolist()) if masks else None
            wanted = translation.query(node)
            theirs = {number: score for score, number in searcher.search(wanted, limit=None, filter=left).top_n}
            check_all(evaluate(run, node, masks), theirs)
            check_best(evaluate(run, node, masks, best := chance.randint(1, 12)), theirs, best)
            found += len(theirs) > 0
        assert found > trees / 3


def terms_of(node: Any) -> Iterator[tuple[str, str]]:
    """Yield the terms that a tree scores by."""
    if isinstance(node, Sequence):
        for part in node:
            yield from terms_of(part)
    if isinstance(node, tree.Term):
        yield node.kind, node.term
    elif isinstance(node, tree.Phrase):
        yield from (("syllable", place.term) for place in node.syllables)
    for name in ("children", "wanted", "unwanted", "condition", "required", "optional"):
        part = getattr(node, name, ())
        for child in part if isinstance(part, Sequence) else (part,):
            yield from terms_of(child)


def check_all(found: Evaluation, theirs: dict[int, float]) -> None:
    documents = np.flatnonzero(found.scores).tolist()
    assert documents == sorted(theirs) == np.flatnonzero(found.matched).tolist()
    assert found.total == len(theirs)
    assert np.allclose(found.scores[documents], [theirs[number] for number in documents], rtol=1e-4, atol=1e-6)


def check_best(found: Evaluation, theirs: dict[int, float], best: int) -> None:
    """Which documents match, and of the best ones the scores."""
    assert np.flatnonzero(found.matched).tolist() == sorted(theirs)
    assert found.total == len(theirs)
    candidates = found.best(best)
    scores = np.sort(found.row[candidates])[::-1][:best]
    assert np.allclose(scores, sorted(theirs.values(), reverse=True)[:best], rtol=1e-4, atol=1e-6)
    for document in candidates[np.argsort(-found.row[candidates])][:best].tolist():
        assert found.row[document] == pytest.approx(theirs[document], rel=1e-4)


# -- Whoosh's own search for the best


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """Lists of several blocks, so that Whoosh has something to skip."""
    with Index.create(tmp_path_factory.mktemp("long"), filterable=("tags",)) as made:
        for added, deleted in draw_commits(12, 2000, 2):
            made.add([Report(report.id, report.title, report.body[: 10 + len(report.body) // 3]) for report in added])
            made.delete(deleted)
        yield made


def union(children: Sequence[query.Query]) -> query.Query:
    """A union in the form that it has in large indexes."""
    made = query.Or(children)
    made.matcher_type = query.Or.DEFAULT_MATCHER
    return made


@pytest.mark.parametrize("weighting", [BM25(), scoring.BM25F()], ids=["ours", "BM25F"])
def test_skipping_blocks_finds_the_best(long: Index, weighting: scoring.WeightingModel) -> None:
    chance = random.Random(13)
    skipped = 0
    with long.whoosh.searcher(weighting=weighting) as searcher:
        assert searcher.doc_count_all() > 1000
        for _ in range(150):
            terms = [
                query.Term("body", syllable, boost=chance.choice((1.0, 0.2, 3.0)))
                for syllable in chance.sample(SYLLABLES[:30], chance.randint(2, 6))
            ]
            wanted = chance.choice(
                (
                    union,
                    union,
                    lambda parts: parts[0],
                    lambda parts: query.And(parts[:2]),
                    lambda parts: query.And([union(parts[1:]), parts[0]]),
                    lambda parts: union([query.And(parts[:2]), *parts[2:]]),
                    lambda parts: AndMaybe(parts[0], union(parts[1:])),
                )
            )(terms)
            every = sorted((score for score, _ in searcher.search(wanted, limit=None).top_n), reverse=True)
            collector = searcher.collector(limit=10)
            searcher.search_with_collector(wanted, collector)
            scores = [score for score, _ in collector.results().top_n]
            assert scores == pytest.approx(every[:10], rel=1e-9)
            skipped += collector.skipped_times
    assert skipped


@pytest.mark.parametrize("weighting", [BM25(), scoring.BM25F(), scoring.TF_IDF()], ids=["ours", "BM25F", "TF_IDF"])
def test_qualities_are_bounds(long: Index, weighting: scoring.WeightingModel) -> None:
    with long.whoosh.searcher(weighting=weighting) as whole:
        for searcher, _ in whole.leaf_searchers():
            for syllable in SYLLABLES[::6]:
                for field in ("body", "title_pairs", "title"):
                    if (field, syllable.encode()) not in searcher.reader():
                        continue
                    matcher = searcher.postings(field, syllable)
                    bounds, scores = [], []
                    most = matcher.max_quality()
                    while matcher.is_active():
                        bounds.append(matcher.block_quality())
                        scores.append(matcher.score())
                        matcher.next()
                    assert max(scores) <= most * (1 + 1e-12)
                    rest = np.maximum.accumulate(scores[::-1])[::-1]
                    assert np.all(rest <= np.array(bounds) * (1 + 1e-12))


def test_the_model_by_the_formula(long: Index) -> None:
    """Counted one by one, with the deleted reports out."""
    reports = list(long)
    bodies = [syllables_of(report.body).syllables for report in reports]
    average = sum(map(len, bodies)) / sum(map(bool, bodies))
    pairs = [list(map(" ".join, pairwise(body))) for body in bodies]
    for field, term, k1, texts in (("body", "bê", 1.2, bodies), ("body_pairs", "anh bàn", 0.6, pairs)):
        held = [
            (report.id, text.count(term), len(body), term in text[: 30 if field == "body" else 29])
            for report, text, body in zip(reports, texts, bodies, strict=True)
            if term in text
        ]
        idf = math.log(1 + (len(reports) - len(held) + 0.5) / (len(held) + 0.5))
        expected = {}
        assert len({opens for *_, opens in held}) == 2
        for identity, frequency, length, opens in held:
            tf = frequency / (0.1 + 0.9 * length / average) + 0.5 * opens
            expected[identity] = idf * (k1 + 1) * tf / (k1 + tf)
        with long.whoosh.searcher(weighting=BM25()) as searcher:
            found = searcher.search(query.Term(field, term), limit=None)
            assert {hit["id"]: hit.score for hit in found} == pytest.approx(expected, rel=1e-5)
            context = searcher.context(weighting=BM25())  # another model than the searcher's own
            assert query.Term(field, term).matcher(searcher.leaf_searchers()[0][0], context).score() in [
                hit.score for hit in found
            ]
