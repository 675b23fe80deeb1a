"""Scores: against the formula written out by hand, and against Whoosh's own matchers."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from whoosh import matching, query
from whoosh.scoring import BaseScorer, WeightingModel

from vnsearch import Index, Report, analyze, fold
from vnsearch.index.snapshot import Snapshot
from vnsearch.search.parameters import BM25, PARAMETERS
from vnsearch.search.stop_words import STOP_SYLLABLES

MARKED = ["đường", "quận ủy", "khen thưởng tập thể", "nuôi cá lóc trong vèo lưới", "lễ hội xuống đồng", "lúa lúa lúa"]
UNMARKED = [
    "duong",
    "quan uy",
    "khen thuong tap the",
    "cho noi hop som",
    "trong rung ngap man",
    "bo doi giup dan cho lua",
]
HALF_MARKED = ["đuong lang", "quan ủy", "hat xẩm truyen nghe", "nông dan phan khởi", "Cầu treo bac qua suoi"]

# A body's first 30 syllables, and the pairs of these.
OPENINGS = {"syllable": 30, "pair": 29}


class ByHand:
    """BM25F over the tokens of ``analyze``, and the likeliest spellings by trying every combination of them."""

    def __init__(self, index: Index) -> None:
        self.reports = {report.id: report for report in index}
        self.tokens: dict[str, dict[str, dict[str, list[str]]]] = {}
        for report in self.reports.values():
            self.tokens[report.id] = {}
            for field in ("title", "body"):
                kinds = defaultdict(list)
                for token in analyze(getattr(report, field)):
                    kinds[token.kind].append(token.text)
                self.tokens[report.id][field] = kinds
        self.counts: Counter[tuple[str, str]] = Counter(
            (kind, term)
            for fields in self.tokens.values()
            for kinds in fields.values()
            for kind in ("syllable", "pair")
            for term in kinds[kind]
        )
        # Lengths as the index keeps them: how exactly is its own affair.
        reader = index.whoosh.reader()
        self.lengths = {}
        for number in reader.all_doc_ids():
            identity = reader.stored_fields(number)["id"]
            for field in ("title", "body"):
                self.lengths[identity, field] = reader.doc_field_length(number, field) or 0

    def readings(self, syllables: list[str]) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
        """Return the probability of every spelling of every syllable, and of every two neighbours."""
        options = []
        for typed in syllables:
            group = [term for kind, term in self.counts if kind == "syllable" and fold(term) == fold(typed)]
            group.sort(key=lambda term: (-self.counts["syllable", term], term))
            if typed == fold(typed):
                options.append(group[: PARAMETERS.spellings] or [typed])
            elif typed in group or not group:
                options.append([typed])
            else:  # the marks that were typed stay
                options.append([term for term in group if compatible(typed, term)])
                assert options[-1], "the queries of this test are all in the index"
        singles: list[Counter[str]] = [Counter() for _ in syllables]
        pairs: list[Counter[str]] = [Counter() for _ in syllables[1:]]
        whole = 0.0
        for path in itertools.product(*options):
            p = self.counts["syllable", path[0]] + 0.1
            for at, (a, b) in enumerate(itertools.pairwise(path)):
                if len(options[at]) > 1 or len(options[at + 1]) > 1:
                    p *= self.step(a, b)
            whole += p
            for at, term in enumerate(path):
                singles[at][term] += p  # type: ignore[assignment]
            for at, (a, b) in enumerate(itertools.pairwise(path)):
                pairs[at][f"{a} {b}"] += p  # type: ignore[assignment]
        return (
            [{term: p / whole for term, p in found.items()} for found in singles],
            [{term: p / whole for term, p in found.items()} for found in pairs],
        )

    def step(self, a: str, b: str) -> float:
        theta, discount = PARAMETERS.concentration, PARAMETERS.discount
        pairs = [term.split(" ") for kind, term in self.counts if kind == "pair"]
        spread = theta + discount * sum(first == a for first, _ in pairs)
        ready = (sum(second == b for _, second in pairs) + 0.1) / (len(pairs) + 1)
        seen = max(self.counts["pair", f"{a} {b}"] - discount, 0)
        return (seen + spread * ready) / (self.counts["syllable", a] + theta)

    def term_score(self, kind: str, term: str, identity: str, fields: dict[str, float], bm25: BM25) -> float:
        frequency = 0.0
        for field, weight in fields.items():
            found = self.tokens[identity][field][kind].count(term)
            if found:
                held = [length for (_, name), length in self.lengths.items() if name == field and length]
                norm = 1 - bm25.b + bm25.b * self.lengths[identity, field] / (sum(held) / len(held))
                frequency += weight * found / norm
            if field == "body" and term in self.tokens[identity][field][kind][: OPENINGS[kind]]:
                frequency += weight * PARAMETERS.opening
        df = sum(any(term in self.tokens[i][field][kind] for field in fields) for i in self.reports)
        idf = math.log(1 + (len(self.reports) - df + 0.5) / (df + 0.5))
        return idf * (bm25.k1 + 1) * frequency / (bm25.k1 + frequency) if frequency else 0.0

    def search(self, text: str, fields: dict[str, float]) -> dict[str, float]:
        syllables = [token.text for token in analyze(text) if token.kind == "syllable"]
        singles, pairs = self.readings(syllables)
        places = {}
        for kind, bm25, typed, found in (
            ("syllable", PARAMETERS.syllable, syllables, singles),
            ("pair", PARAMETERS.pair, [f"{a} {b}" for a, b in itertools.pairwise(syllables)], pairs),
        ):
            for one, readings in zip(typed, found, strict=True):
                best = max(readings.values())
                # What is repeated counts once.
                places[kind, tuple(sorted((term, round(p, 9)) for term, p in readings.items()))] = (
                    bm25,
                    {
                        term: p**PARAMETERS.probability_power * (PARAMETERS.compatible if filled_up(one, term) else 1.0)
                        for term, p in readings.items()
                        if p > PARAMETERS.least_probability or p == best
                    },
                )
        scores = {}
        for identity in self.reports:
            found_scores = {
                key: bm25.weight
                * place_weight(options)
                * max(share * self.term_score(key[0], term, identity, fields, bm25) for term, share in options.items())
                for key, (bm25, options) in places.items()
            }
            telling = (
                self.term_score("syllable", term, identity, fields, PARAMETERS.syllable)
                for (kind, _), (_, options) in places.items()
                if kind == "syllable"
                for term in options
                if term not in STOP_SYLLABLES
            )
            if any(telling):
                scores[identity] = sum(found_scores.values())
        return scores


def place_weight(options: dict[str, float]) -> float:
    """Return what a place counts for: less, where its likeliest spelling is a stop word or has one."""
    likeliest = max(options, key=lambda term: options[term]).split()
    if STOP_SYLLABLES.isdisjoint(likeliest):
        return 1.0
    return PARAMETERS.stop_pair if len(likeliest) > 1 else PARAMETERS.stop_syllable


def filled_up(typed: str, term: str) -> bool:
    """Tell whether a syllable was typed with some of its marks, but not all."""
    return any(a not in (b, fold(a)) for a, b in zip(typed.split(), term.split(), strict=True))


def compatible(typed: str, spelling: str) -> bool:
    """Tell whether every letter of ``typed`` is that of ``spelling`` with marks left out."""
    import unicodedata

    def letters(text: str) -> list[set[str]]:
        text = unicodedata.normalize("NFD", text.replace("đ", "d\u0335"))
        clusters: list[set[str]] = []
        for char in text:
            if unicodedata.combining(char):
                clusters[-1].add(char)
            else:
                clusters.append({char})
        return clusters

    return all(a <= b for a, b in zip(letters(typed), letters(spelling), strict=True))


@pytest.fixture(scope="module")
def by_hand(collection: Index) -> ByHand:
    return ByHand(collection)


@pytest.mark.parametrize("fields", [{"title": 2.0, "body": 1.0}, {"body": 1.0}, {"title": 0.5, "body": 3.0}], ids=str)
@pytest.mark.parametrize("text", MARKED + UNMARKED + HALF_MARKED)
def test_scores_are_those_of_the_formula(
    collection: Index, by_hand: ByHand, text: str, fields: dict[str, float]
) -> None:
    expected = by_hand.search(text, fields)
    found = {hit.id: hit.score for hit in collection.search(text, limit=1000, fields=fields)}
    assert expected
    assert set(found) == set(expected)
    for identity, score in expected.items():
        assert found[identity] == pytest.approx(score, abs=1e-4), identity


@pytest.mark.parametrize("text", MARKED + UNMARKED + HALF_MARKED)
@pytest.mark.parametrize("fields", [None, {"body": 1.0}, {"title": 3.0}], ids=str)
def test_explanations_add_up(collection: Index, segmented: Index, text: str, fields: dict[str, float] | None) -> None:
    seen = 0
    for index in (collection, segmented):
        for hit in index.search(text, limit=1000, fields=fields):
            explanation = hit.explain()
            assert explanation.score == hit.score
            assert sum(part.score for part in explanation.contributions) == pytest.approx(hit.score, rel=1e-5)
            assert f"{hit.score:.4f}" in str(explanation)
            for part in explanation.contributions:
                assert part.score > 0
                assert part.term in str(explanation)
                assert set(part.frequencies) == set(fields or ("title", "body"))
                assert sum(part.frequencies.values()) > 0
                body = [token.text for token in analyze(hit.report.body) if token.kind == part.kind]
                assert part.opening == ("body" in part.frequencies and part.term in body[: OPENINGS[part.kind]])
                for field, frequency in part.frequencies.items():
                    tokens = [token.text for token in analyze(getattr(hit.report, field)) if token.kind == part.kind]
                    assert tokens.count(part.term) == frequency
            seen += 1
    assert seen or fields == {"title": 3.0}


def test_explanations_say_how_faithful_a_term_is(collection: Index) -> None:
    def tiers(text: str) -> dict[str, str]:
        return {part.term: part.tier for part in collection.search(text)[0].explain().contributions}

    assert tiers("giấy khen") == {"giấy": "typed", "khen": "typed", "giấy khen": "typed"}
    assert tiers("giay khen") == {"giấy": "filled", "khen": "typed", "giấy khen": "filled"}
    assert tiers("giây khen") == {"giấy": "compatible", "khen": "typed", "giấy khen": "compatible"}
    assert tiers("giẩy khen") == {"giấy": "folded", "khen": "typed", "giấy khen": "folded"}


class WhooshBM25(WeightingModel):
    """The same BM25 for one field, as a weighting model of Whoosh."""

    def __init__(self, bm25: BM25) -> None:
        self.bm25 = bm25

    def scorer(self, searcher: Any, fieldname: str, text: bytes, qf: float = 1) -> BaseScorer:
        return Scorer(searcher, fieldname, text, self.bm25)


class Scorer(BaseScorer):
    def __init__(self, searcher: Any, fieldname: str, text: bytes, bm25: BM25) -> None:
        # A searcher of several segments scores each by its own searcher; what is counted is the whole.
        whole = searcher.get_parent()
        reader = whole.reader()
        lengths = [reader.doc_field_length(number, fieldname) or 0 for number in reader.all_doc_ids()]
        held = [length for length in lengths if length]
        self.average = sum(held) / len(held)
        df = sum(1 for _ in reader.postings(fieldname, text).all_ids())
        self.idf = math.log(1 + (reader.doc_count() - df + 0.5) / (df + 0.5))
        self.searcher, self.fieldname, self.bm25 = searcher, fieldname, bm25

    def supports_block_quality(self) -> bool:
        return False

    def score(self, matcher: Any) -> float:
        length = self.searcher.doc_field_length(matcher.id(), self.fieldname)
        tf = matcher.weight() / (1 - self.bm25.b + self.bm25.b * length / self.average)
        tf += PARAMETERS.opening * matcher.value_as("opening")
        return self.idf * (self.bm25.k1 + 1) * tf / (self.bm25.k1 + tf)


class DisjunctionMaxMatcher(matching.DisjunctionMaxMatcher):
    """Whoosh's, which takes the greater score of both sides also where they stand at different documents."""

    def score(self) -> float:
        if not (self.a.is_active() and self.b.is_active()) or self.a.id() == self.b.id():
            return super().score()
        return (self.a if self.a.id() < self.b.id() else self.b).score()


class DisjunctionMax(query.DisjunctionMax):
    def _matcher(self, subs: Any, searcher: Any, context: Any) -> Any:
        return self._tree_matcher(subs, DisjunctionMaxMatcher, searcher, context, None)


@pytest.mark.parametrize("name", ["collection", "segmented"])
@pytest.mark.parametrize("field", ["title", "body"])
@pytest.mark.parametrize("text", MARKED + UNMARKED + HALF_MARKED)
def test_syllables_score_as_whooshs_matchers_do(
    request: pytest.FixtureRequest, name: str, field: str, text: str
) -> None:
    index = request.getfixturevalue(name)
    found = {}
    options: dict[str, dict[str, float]] = defaultdict(dict)
    for hit in index.search(text, limit=1000, fields={field: 1.0}):
        parts = [part for part in hit.explain().contributions if part.kind == "syllable"]
        found[hit.id] = sum(part.score for part in parts)
        for part in parts:  # a spelling that is nobody's best has no part in any score
            options[part.typed][part.term] = part.weight
    places = [
        DisjunctionMax([query.Term(field, term, boost=weight) for term, weight in terms.items()])
        for terms in options.values()
    ]
    with index.whoosh.searcher(weighting=WhooshBM25(PARAMETERS.syllable)) as searcher:
        hits = searcher.search(query.Or(places), limit=None, optimize=False) if places else []
        theirs = {searcher.stored_fields(hit.docnum)["id"]: hit.score for hit in hits}
    assert theirs or field == "title"
    # What holds nothing but stop words of the query is no hit.
    telling = {term for terms in options.values() for term in terms} - STOP_SYLLABLES
    tokens = {report.id: {token.text for token in analyze(getattr(report, field))} for report in index}
    assert {identity for identity in theirs if tokens[identity] & telling} == set(found)
    for identity, score in found.items():
        assert score == pytest.approx(theirs[identity], rel=1e-4), identity


def test_more_of_it_in_a_shorter_report_scores_more(tmp_path: Any) -> None:
    with Index.create(tmp_path / "i") as index:
        index.add(
            [
                Report("once", "", "Chợ họp " + "sớm chiều " * 20),
                Report("twice", "", "Chợ chợ " + "sớm chiều " * 20),
                Report("short", "", "Chợ họp"),
                Report("title", "Chợ", "họp " + "sớm chiều " * 20),
                *(Report(f"other {n}", "", "khác hẳn " * 10) for n in range(5)),
            ]
        )
        scores = {hit.id: hit.score for hit in index.search("chợ")}
    assert scores["short"] > scores["once"]
    assert scores["twice"] > scores["once"]
    assert scores["title"] > scores["once"]
    assert np.isfinite(list(scores.values())).all()


def test_what_a_report_opens_with_counts_more(new_index: Callable[..., Index]) -> None:
    """Reports alike but for where the word stands; 30 syllables are the opening, of a title there is none."""
    others = "sớm chiều".split() * 30

    def scores(places: dict[str, int], **options: Any) -> dict[str, float]:
        index = new_index()
        for name, at in places.items():
            index.add([Report(name, "chợ nổi", " ".join([*others[:at], "chợ nổi", *others[at:]]))])
        return {hit.id: hit.score for hit in index.search("chợ nổi", **options)}

    found = scores({"behind": 30, "first": 0, "last": 28, "across": 29})
    assert found["first"] == found["last"] > found["across"] > found["behind"]
    assert list(scores({"late": 60, "first": 0}, fields={"body": 1.0})) == ["first", "late"]
    assert len(set(scores({"late": 60, "first": 0}, fields={"title": 1.0}).values())) == 1


def test_a_body_opens_with_a_phrase_if_with_all_its_pairs(new_index: Callable[..., Index]) -> None:
    index = new_index()
    others = "sớm chiều " * 15
    index.add([Report("a", "", f"quy chế dân {others} chế dân chủ"), Report("b", "", f"quy chế dân chủ {others}")])
    snapshot = Snapshot(index.whoosh)
    for phrase, opens in (("quy chế", [1, 1]), ("quy chế dân", [1, 1]), ("quy chế dân chủ", [0, 1]), ("chủ", [0, 1])):
        assert snapshot.phrase(phrase).openings.tolist() == opens, phrase


def test_rare_words_count_more(collection: Index) -> None:
    results = collection.search("bà con hát xẩm")
    assert results[0].id == "hat-xam"


def test_deleted_reports_have_no_part_in_scores(tmp_path: Any, reports: list[Report]) -> None:
    with Index.create(tmp_path / "a") as clean, Index.create(tmp_path / "b") as index:
        clean.add(reports)
        index.add([*reports, *(Report(f"x{n}", "Đường làng", "quận ủy " * 30) for n in range(20))])
        index.delete(f"x{n}" for n in range(20))
        for text in ("đường", "quận ủy", "lễ hội xuống đồng"):
            one, two = clean.search(text, limit=99), index.search(text, limit=99)
            assert [(hit.id, round(hit.score, 4)) for hit in one] == [(hit.id, round(hit.score, 4)) for hit in two]


@pytest.mark.parametrize("text", MARKED + UNMARKED + HALF_MARKED)
def test_what_is_kept_changes_nothing(collection: Index, segmented: Index, text: str) -> None:
    """Scores of terms, and counts for spellings, are kept between queries, those of pairs from the second time on."""
    for index in (collection, segmented):
        with Index.open(index.path) as anew:
            first, *others = ([(hit.id, hit.score) for hit in anew.search(text, limit=1000)] for _ in range(4))
            assert all(again == first for again in others)
            anew.search("quy chế dân chủ ở cơ sở, hội nghị quận ủy")
            assert [(hit.id, hit.score) for hit in anew.search(text, limit=1000)] == first


def test_stop_words_tell_less(new_index: Callable[..., Index]) -> None:
    index = new_index()
    others = [Report(f"x{number}", "", "sông núi biển") for number in range(8)]
    index.add([Report("style", "", "phải thì còn lúa"), Report("subject", "", "ruộng mạ còn cấy"), *others])
    found = {hit.id: hit.score for hit in index.search("phải thì ruộng mạ còn lúa cấy")}
    assert found["subject"] > found["style"] > 0
