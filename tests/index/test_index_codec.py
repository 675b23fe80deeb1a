"""Our segments beside stock Whoosh's own: the same reports, the same queries of Whoosh, the same answers."""

from __future__ import annotations

import datetime as dt
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from whoosh import query, sorting
from whoosh.collectors import TimeLimitCollector
from whoosh.filedb.filestore import RamStorage
from whoosh.matching import ArrayUnionMatcher, ReadTooFar
from whoosh.qparser import QueryParser
from whoosh.query import spans
from whoosh.reading import TermNotFound
from whoosh.scoring import Frequency
from whoosh.searching import Searcher
from whoosh.support.levenshtein import levenshtein as distance_of

from random_reports import DAYS, FIRST_DAY, SOURCES, SYLLABLES, TAGS, draw_commits, phrases_of
from vnsearch import Index, Report
from vnsearch.analysis import analyze_batch
from vnsearch.index.documents import pack_report, unpack_report
from vnsearch.index.schema import TEXT_FIELDS, field_name, make_schema, report_labels
from whoosh_repairs import AndMaybe, AndNot, Best

TREES = 800


def whoosh_document(report: Report) -> dict[str, Any]:
    """What stock Whoosh is given for a report: the terms of our analysis."""
    document: dict[str, Any] = {"id": report.id, "report": pack_report(report), **report_labels(report, ("tags",))}
    for text_field, found in zip(TEXT_FIELDS, analyze_batch([report.title, report.body]), strict=True):
        for kind, terms in (
            ("syllable", found.syllables),
            ("pair", found.pairs()),
            ("word", found.word_terms()),
            ("value", found.value_terms()),
        ):
            if terms:
                document[field_name(text_field, kind)] = terms
    if report.day is not None:
        document["date"] = dt.datetime.combine(report.day, dt.time())
    return document


@dataclass
class Pair:
    """The same reports in our index and in Whoosh's; with the id of every document, and its report."""

    ours: Searcher
    theirs: Searcher
    reports: dict[str, Report]

    def __post_init__(self) -> None:
        self.ids = {
            id(searcher): {
                number: unpack_report(stored["report"]).id for number, stored in searcher.reader().iter_docs()
            }
            for searcher in (self.ours, self.theirs)
        }

    def found(self, searcher: Searcher, wanted: query.Query, **options: Any) -> dict[str, float]:
        """The ids that match, and their scores."""
        ids = self.ids[id(searcher)]
        return {ids[number]: score for score, number in searcher.search(wanted, limit=None, **options).top_n}


def make_pair(index: Index, commits: list[tuple[list[Report], list[str]]]) -> Pair:
    theirs = RamStorage().create_index(make_schema(("tags",)))
    reports: dict[str, Report] = {}
    for added, deleted in commits:
        index.add(added)
        index.delete(deleted)
        writer = theirs.writer()
        for report in added:
            writer.update_document(**whoosh_document(report))
        writer.commit(merge=False)
        writer = theirs.writer()
        for identity in deleted:
            writer.delete_by_term("id", identity)
        writer.commit(merge=False)
        reports.update((report.id, report) for report in added)
        for identity in deleted:
            reports.pop(identity, None)
    return Pair(index.whoosh.searcher(weighting=Frequency()), theirs.searcher(weighting=Frequency()), reports)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Several segments, with deleted and replaced reports."""
    with Index.create(tmp_path_factory.mktemp("codec"), filterable=("tags",)) as index:
        made = make_pair(index, draw_commits(1, 180, 3))
        assert len(made.ours.leaf_searchers()) > 1
        assert made.ours.reader().has_deletions()
        yield made


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """One segment without deletions: the same document numbers on both sides."""
    with Index.create(tmp_path_factory.mktemp("whole"), filterable=("tags",)) as index:
        added, _ = draw_commits(2, 200, 1)[0]
        yield make_pair(index, [(added, [])])


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoosh clears an array of 2048 places for every union of three or more; our segments are smaller."""
    monkeypatch.setattr(ArrayUnionMatcher.__init__, "__defaults__", (1.0, True, 64))


class Trees:
    """Draws queries of every kind."""

    def __init__(self, chance: random.Random, reports: list[Report]) -> None:
        self.chance = chance
        self.phrases = phrases_of(reports)

    def tree(self, depth: int = 2) -> query.Query:
        chance = self.chance
        if depth == 0 or chance.random() < 0.25:
            return self.leaf()
        kind = chance.choice(("and", "and", "or", "or", "or", "not", "andnot", "maybe", "dismax"))
        children = [self.tree(depth - 1) for _ in range(chance.randint(2, 4))]
        if kind == "and":
            return query.And(children)
        if kind == "or":
            return query.Or(children)
        if kind == "not":
            return query.And([children[0], query.Not(children[1])])
        if kind == "andnot":
            return AndNot(children[0], children[1])
        return AndMaybe(children[0], children[1]) if kind == "maybe" else Best(children)

    def leaf(self) -> query.Query:
        chance = self.chance
        field = chance.choice(TEXT_FIELDS)
        return chance.choice(
            (
                *(self.term for _ in range(6)),
                self.phrase,
                lambda: self.constant(self.expanding(field)),
                lambda: self.constant(self.range()),
                lambda: query.Term(*chance.choice([("source", SOURCES[0]), ("tags", TAGS[1]), ("source", "khác")])),
                lambda: self.constant(query.Every(chance.choice((None, field, "date", "tags")))),
            )
        )()

    def syllable(self) -> str:
        return self.chance.choice(("không-có", "zzz", *SYLLABLES)) if self.chance.random() < 0.3 else SYLLABLES[self.chance.randrange(12)]  # fmt: skip

    def term(self) -> query.Query:
        field, syllables = self.chance.choice(self.phrases)
        kind = self.chance.choice(("syllable", "syllable", "pair", "word", "value"))
        at = self.chance.randrange(len(syllables) - 1)
        text = {
            "syllable": self.syllable(),
            "pair": " ".join(syllables[at : at + 2]),
            "word": self.chance.choice(("dân_chủ", "nông_dân", syllables[at])),
            "value": self.chance.choice(("2021", "7", "12000", "12.000")),
        }[kind]
        field = field if self.chance.random() < 0.8 else self.chance.choice(TEXT_FIELDS)
        return query.Term(field_name(field, kind), text, boost=self.chance.choice((1.0, 1.0, 2.5)))

    def phrase(self) -> query.Query:
        field, syllables = self.chance.choice(self.phrases)
        at = self.chance.randrange(len(syllables) - 2)
        words = syllables[at : at + self.chance.randint(2, 4)]
        if self.chance.random() < 0.3:
            del words[1]
        return query.Phrase(field, words, slop=self.chance.randint(1, 4))

    def spans(self) -> query.Query:
        """Draw a query of spans of syllables that every segment holds: Whoosh's raise where there is nothing.

        Nor do they know their size, so that they cannot be parts of other queries.
        """
        a, b, c = (query.Term("body", syllable) for syllable in self.chance.choices(SYLLABLES[:10], k=3))
        return self.chance.choice(
            (
                lambda: spans.SpanFirst(a, limit=self.chance.randrange(3)),
                lambda: spans.SpanNear(a, b, slop=self.chance.randint(1, 5), ordered=self.chance.random() < 0.5),
                lambda: spans.SpanNear2([a, b], slop=self.chance.randint(1, 5), ordered=self.chance.random() < 0.5),
                lambda: spans.SpanOr([a, b]),
                lambda: spans.SpanNot(spans.SpanNear(a, b, slop=5), c),
                lambda: spans.SpanContains(spans.SpanNear(a, b, slop=6), c),
                lambda: spans.SpanBefore(a, b),
                lambda: spans.SpanCondition(a, b),
            )
        )()

    def expanding(self, field: str) -> query.Query:
        chance = self.chance
        syllable = self.syllable()
        kinds = field_name(field, chance.choice(("syllable", "syllable", "pair", "word")))
        return chance.choice(
            (
                lambda: query.Prefix(kinds, syllable[: chance.randint(1, 3)]),
                lambda: query.Wildcard(kinds, chance.choice(("b?n", "*n", "c*a*", "b* *", "?"))),
                lambda: query.Regex(kinds, chance.choice(("b[aà]n", "(ca|cá).*", "đ.*"))),
                lambda: query.FuzzyTerm(field, syllable, maxdist=chance.randint(1, 2), prefixlength=chance.randint(0, 1)),
                lambda: query.FuzzyTerm(field_name(field, "pair"), f"an {syllable}", maxdist=chance.randint(1, 2)),
                lambda: query.Variations(field, syllable),
                lambda: query.TermRange(kinds, *sorted((syllable, self.syllable())), *chance.choices((False, True), k=2)),
            )
        )()  # fmt: skip

    def range(self) -> query.Query:
        first = FIRST_DAY + dt.timedelta(self.chance.randrange(-50, DAYS))
        last = first + dt.timedelta(self.chance.choice((0, 1, 30, 200, 2000)))
        start, end = (dt.datetime.combine(day, dt.time()) for day in (first, last))
        excluded = self.chance.choices((False, True), k=2)
        chosen = self.chance.choice(((start, end), (start, end), (start, None), (None, end)))
        return query.DateRange("date", *chosen, *excluded)

    def constant(self, child: query.Query) -> query.Query:
        """Whoosh scores a term that was expanded by how many segments and terms there are: give it one score."""
        return query.ConstantScoreQuery(child, 1.5)


def compare(pair: Pair, wanted: query.Query, scored: bool = True, **options: Any) -> int:
    ours = pair.found(pair.ours, wanted, **options)
    try:
        theirs = pair.found(pair.theirs, wanted, **options)
    except IndexError:  # AndNotMatcher and SpanNot ask a matcher at its end for its document; only ours has an answer
        return 0
    assert ours.keys() == theirs.keys(), wanted
    if scored:
        assert ours == pytest.approx(theirs), wanted
    return len(ours)


def test_random_trees(pair: Pair) -> None:
    chance = random.Random(3)
    trees = Trees(chance, list(pair.reports.values()))
    found = 0
    for _ in range(TREES):
        wanted = trees.tree()
        options = {}
        if chance.random() < 0.2:
            options[chance.choice(("filter", "mask"))] = query.Or([trees.leaf(), trees.leaf()])
        found += compare(pair, wanted, **options) > 0
    assert found > TREES / 2


def test_random_spans(pair: Pair) -> None:
    trees = Trees(random.Random(4), list(pair.reports.values()))
    assert sum(compare(pair, trees.spans(), scored=False) > 0 for _ in range(400)) > 100


# -- the parts of Whoosh one by one


def same(pair: Pair, ask: Callable[[Searcher], Any]) -> Any:
    ours, theirs = ask(pair.ours), ask(pair.theirs)
    assert ours == theirs
    return ours


INDEXED = ["body", "body_pairs", "body_values", "body_words", "category", "date", "id", "source", "tags", "title"]


@pytest.mark.parametrize("field", [*INDEXED, "title_pairs", "title_words", "title_values"])
def test_terms_and_their_statistics(whole: Pair, field: str) -> None:
    def statistics(searcher: Searcher) -> list[tuple[Any, ...]]:
        exact = lambda info: (info.weight(), info.doc_frequency(), info.max_weight(), info.min_id(), info.max_id())  # noqa: E731
        return [(text, *exact(info)) for text, info in searcher.reader().iter_field(field, b"")]

    terms = same(whole, statistics)
    assert terms
    reader = whole.ours.reader()
    assert [text for text, *_ in terms] == list(reader.lexicon(field)) == sorted(reader.lexicon(field))
    for text, weight, holding, *_ in terms[::7]:
        assert (field, text) in reader
        assert (reader.frequency(field, text), reader.doc_frequency(field, text)) == (weight, holding)
        info = reader.term_info(field, text)
        lengths = [reader.doc_field_length(number, field) for number in reader.postings(field, text).all_ids()]
        assert (info.min_length(), info.max_length()) == (min(lengths), max(lengths))


def test_field_names_and_order_of_all_terms(whole: Pair) -> None:
    names = same(whole, lambda searcher: sorted(searcher.reader().indexed_field_names()))
    reader = whole.ours.reader()
    every = list(reader.all_terms())
    assert every == sorted(every)
    assert sorted({name for name, _ in every}) == names == list(reader.indexed_field_names())
    assert every == [term for term, _ in reader]
    assert (
        list(reader.terms_from("body_words", "nông_dân")) == every[every.index(("body_words", "nông_dân".encode())) :]
    )
    assert list(reader.terms_from("không", b"")) == [] if "không" in reader.schema else True


def test_a_term_of_bodies_is_none_of_titles(whole: Pair) -> None:
    reader = whole.ours.reader()
    titles, bodies = set(reader.lexicon("title_pairs")), set(reader.lexicon("body_pairs"))
    only = min(bodies - titles)
    assert ("title_pairs", only) not in reader
    assert reader.frequency("title_pairs", only) == reader.doc_frequency("title_pairs", only) == 0
    with pytest.raises(TermNotFound):
        reader.postings("title_pairs", only)
    with pytest.raises(TermNotFound):
        reader.term_info("title_pairs", only)


@pytest.mark.parametrize("field", ["body", "title_pairs", "source"])
def test_cursors(whole: Pair, field: str) -> None:
    reader = whole.ours.reader()
    cursor, theirs = reader.cursor(field), whole.theirs.reader().cursor(field)
    walked = [cursor.text()]
    while cursor.next() is not None:
        walked.append(cursor.text())
        assert theirs.next() == cursor.text()
    assert walked == [reader.schema[field].from_bytes(term) for term in reader.lexicon(field)]
    assert not cursor.is_valid()
    assert (cursor.next(), cursor.term(), cursor.text(), cursor.term_info()) == (None, None, None, None)
    assert cursor.first() == walked[0]
    for sought in ("", "c", "an", "an\0", "an b", "bàn\0\0", "zzz", "ý y", "\U0010ffff"):
        assert cursor.find(sought) == theirs.find(sought) == next((text for text in walked if text >= sought), None)


def test_a_cursor_of_a_field_without_terms(tmp_path: Path) -> None:
    with Index.create(tmp_path / "index") as index:
        index.add([Report("1", "Chợ nổi")])
        with index.whoosh.reader() as reader:
            assert reader.cursor("body").first() is None
            assert reader.cursor("body").find("a") is None
            assert list(reader.lexicon("body")) == list(reader.terms_within("body", "chợ", 2)) == []


def test_every_posting(whole: Pair) -> None:
    def postings(searcher: Searcher) -> list[tuple[Any, ...]]:
        return sorted(
            (name, text, number, weight) for name, text, number, weight, _ in searcher.reader().iter_postings()
        )

    assert same(whole, postings)
    for field in TEXT_FIELDS:
        same(whole, lambda searcher: list(searcher.postings(field, "an").items_as("positions")))  # noqa: B023
        same(whole, lambda searcher: list(searcher.postings(field, "an").items_as("frequency")))  # noqa: B023
        same(whole, lambda searcher: list(searcher.postings(field, "an").all_items()))  # noqa: B023


def test_matchers_walk_and_skip(whole: Pair) -> None:
    chance = random.Random(5)
    for text in SYLLABLES[:20]:
        ours, theirs = (searcher.postings("body", text) for searcher in (whole.ours, whole.theirs))
        while theirs.is_active():
            assert ours.is_active()
            assert (ours.id(), ours.weight(), ours.value()) == (theirs.id(), theirs.weight(), theirs.value())
            assert [span.start for span in ours.spans()] == [span.start for span in theirs.spans()]
            copy = ours.copy()
            if chance.random() < 0.5:
                target = theirs.id() + chance.randrange(30)
                ours.skip_to(target)
                theirs.skip_to(target)
            else:
                ours.next()
                theirs.next()
            assert copy.is_active()
        assert not ours.is_active()
        for move in (ours.next, lambda: ours.skip_to(10_000)):  # noqa: B023
            with pytest.raises(ReadTooFar):
                move()
        ours.reset()
        assert ours.is_active()


def test_lengths_are_exact(pair: Pair) -> None:
    reader = pair.ours.reader()
    for number, identity in pair.ids[id(pair.ours)].items():
        report = pair.reports[identity]
        for text_field, found in zip(TEXT_FIELDS, analyze_batch([report.title, report.body]), strict=True):
            for kind, terms in (
                ("syllable", found.syllables),
                ("pair", found.pairs()),
                ("word", found.words),
                ("value", found.values),
            ):
                assert reader.doc_field_length(number, field_name(text_field, kind)) == len(terms)
        assert reader.doc_field_length(number, "source", 7) == (1 if report.source else 7)
        assert reader.doc_field_length(number, "id") == 1
    for field in ("body", "title_words", "tags"):
        lengths = [reader.doc_field_length(number, field) for number in range(reader.doc_count_all())]
        assert reader.field_length(field) == sum(lengths)
        assert (reader.min_field_length(field), reader.max_field_length(field)) == (min(lengths), max(lengths))


def test_documents(pair: Pair) -> None:
    assert pair.ours.doc_count() == pair.theirs.doc_count() == len(pair.reports)
    for identity, report in pair.reports.items():
        stored = pair.ours.document(id=identity)
        assert unpack_report(stored["report"]) == report
        assert (stored["id"], stored["title"], stored["body"]) == (report.id, report.title, report.body)
        assert stored.get("date") == (report.day and dt.datetime.combine(report.day, dt.time()))
    assert pair.ours.document(id="keiner") is None
    assert {stored["id"] for stored in pair.ours.reader().all_stored_fields()} == pair.reports.keys()


# -- sorting, facets, collapsing, limits


def ordered(pair: Pair, searcher: Searcher, wanted: query.Query, **options: Any) -> list[str]:
    return [pair.ids[id(searcher)][hit.docnum] for hit in searcher.search(wanted, limit=None, **options)]


@pytest.mark.parametrize("reverse", [False, True])
def test_sorting(whole: Pair, reverse: bool) -> None:
    wanted = query.Term("body", "an")
    for facets in ("date", "source", [sorting.FieldFacet("source"), sorting.FieldFacet("date", reverse=True)], "id"):
        same(whole, lambda searcher: ordered(whole, searcher, wanted, sortedby=facets, reverse=reverse))  # noqa: B023
    dates = sorting.FieldFacet("date", reverse=reverse)
    assert len(same(whole, lambda searcher: ordered(whole, searcher, wanted, sortedby=dates))) > 50


def test_facets_and_collapsing(whole: Pair) -> None:
    wanted = query.Term("body", "bò")

    def groups(searcher: Searcher) -> dict[Any, list[int]]:
        tags = sorting.FieldFacet("tags", allow_overlap=True)
        found = searcher.search(wanted, limit=None, groupedby={"source": sorting.FieldFacet("source"), "tags": tags})
        return {name: found.groups(name) for name in ("source", "tags")}

    assert set(same(whole, groups)["tags"]) == {*TAGS, None}
    for collapse in ("source", "category"):
        same(whole, lambda searcher: sorted(ordered(whole, searcher, wanted, collapse=collapse, collapse_limit=2)))  # noqa: B023
    dated = query.And([wanted, query.Every("date")])
    same(whole, lambda searcher: searcher.search(dated, limit=None, groupedby="date").groups("date"))


def test_columns(whole: Pair) -> None:
    for field in ("date", "source", "category"):
        same(whole, lambda searcher: list(searcher.reader().column_reader(field, translate=False)))  # noqa: B023
    labels = same(
        whole,
        lambda searcher: [sorted(json.loads(each or "[]")) for each in searcher.reader().column_reader("tags")],
    )
    assert labels == [sorted(whole.reports[whole.ids[id(whole.ours)][at]].extra["tags"]) for at in range(len(labels))]
    dates = whole.ours.reader().column_reader("date")
    days = {dates[at].date() for at in range(len(dates)) if whole.ours.stored_fields(at).get("date")}
    assert days == {report.day for report in whole.reports.values()} - {None}


def test_nested_documents(whole: Pair) -> None:
    parents = query.Term("category", "du lịch")
    for wanted in (
        query.NestedParent(parents, query.Term("body", "bò")),
        query.NestedChildren(parents, query.And([parents, query.Term("body", "bê")])),
    ):
        assert same(whole, lambda searcher: ordered(whole, searcher, wanted))  # noqa: B023


def test_a_time_limit(whole: Pair) -> None:
    wanted = query.Term("body", "an")
    collector = TimeLimitCollector(whole.ours.collector(limit=None), timelimit=60)
    whole.ours.search_with_collector(wanted, collector)
    assert len(collector.results()) == len(whole.found(whole.ours, wanted))


# -- words like these


def test_corrections_and_neighbours(pair: Pair) -> None:
    for searcher in (pair.ours, pair.theirs):
        corrector = searcher.corrector("body")
        assert set(corrector.suggest("bànn", limit=5, maxdist=1)) == {"bàn"}
    for field, text in (("body", "bàn"), ("title", "ca"), ("body_words", "dân_cha")):
        for distance in (1, 2):
            same(pair, lambda searcher: set(searcher.reader().terms_within(field, text, distance)))  # noqa: B023
    for leaf, _ in pair.ours.leaf_searchers():
        for pairs in ("an ban", "bo ca"):
            lexicon = {term.decode() for term in leaf.reader().lexicon("body_pairs")}
            assert set(leaf.reader().terms_within("body_pairs", pairs, 1)) == {
                term for term in lexicon if distance_of(pairs, term) <= 1
            }


def test_frequent_terms(whole: Pair) -> None:
    same(whole, lambda searcher: sorted(searcher.reader().most_frequent_terms("body", 10)))
    same(whole, lambda searcher: sorted(searcher.reader().most_distinctive_terms("title_pairs", 10, "b")))


def test_key_terms_and_more_like_this(whole: Pair) -> None:
    number = next(at for at, each in whole.ids[id(whole.ours)].items() if len(whole.reports[each].body) > 150)
    terms = same(whole, lambda searcher: searcher.key_terms([number], "body", numterms=8))
    assert len(terms) == 8
    same(whole, lambda searcher: sorted(searcher.vector_as("positions", number, "body")))
    alike = whole.ours.more_like(number, "body", top=5)
    assert 0 < alike.scored_length() <= 5
    assert not whole.ours.reader().has_vector(number, "body_words")


def test_highlights(collection: Index) -> None:
    with collection.whoosh.searcher() as searcher:
        parser = QueryParser("body", collection.whoosh.schema)
        hits = searcher.search(parser.parse("hiến máu"), terms=True)
        assert '<b class="match term0">hiến</b>' in hits[0].highlights("body")
        assert hits[0].matched_terms()
        (hit,) = searcher.search(parser.parse('title:"QUY CHẾ dân"'))
        assert hit["id"] == "dan-chu"
        assert ">quy</b>" in hit.highlights("title").lower()
        (hit,) = searcher.search(query.Term("body_words", "dân_chủ"))
        assert ">dân chủ</b>" in hit.highlights("body_words", text=hit["body"])


def test_a_refreshed_searcher_sees_deletions(tmp_path: Path) -> None:
    with Index.create(tmp_path / "index") as index:
        index.add([Report("1", "Chợ nổi"), Report("2", "Chợ phiên"), Report("3", "Chợ đêm")])
        searcher = index.whoosh.searcher()
        assert len(searcher.search(query.Term("title", "chợ"))) == 3
        index.delete(["2"])
        assert not searcher.up_to_date()
        searcher = searcher.refresh()
        assert [hit["id"] for hit in searcher.search(query.Term("title", "chợ"))] == ["1", "3"]
        assert searcher.refresh() is searcher


def test_an_empty_index(tmp_path: Path) -> None:
    with Index.create(tmp_path / "index") as index, index.whoosh.searcher() as searcher:
        assert list(searcher.search(query.Term("title", "chợ"))) == []
        assert searcher.doc_count() == 0


def test_the_index_answers_without_the_heavy_parts_of_whoosh() -> None:
    code = "import sys, vnsearch.engine; print('vnsearch.index.whoosh_terms' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
