"""What every hit owes its reader: marks on all that matched, and on nothing else, however the query was typed.

Marks are held against the text analysed anew, not against what the index keeps of it.
"""

from __future__ import annotations

import functools
import itertools
import json
import lzma
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from query_forms import half_marked
from vnsearch import Hit, Index, Report, Token, analyze, fold, normalize, read_corpus
from vnsearch.search.choices import GUESSES
from vnsearch.text.normalize import place_tones_second

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data" / "vietnews" / "docs.jsonl.xz"
ARTICLES = 2000
#: In six forms each: 2,004 queries.
TITLES = 334

#: Plain words are asked for, and phrases where the form says so.
SIGNS = re.compile('["“”„‟«»()+*:-]')

Spans = Sequence[tuple[int, int]]


def flipped(text: str) -> str:
    """Write hoà for hòa; hòa for hoà where there is no other."""
    second = place_tones_second(text)
    return normalize(text) if second == text else second


FORMS: dict[str, Callable[[str], str]] = {
    "as given": str,
    "unmarked": fold,
    "half-marked": half_marked,
    "flipped": flipped,
    "NFD": functools.partial(unicodedata.normalize, "NFD"),
    "phrase": lambda text: '"' + " ".join(text.split()[:3]) + '"',
}


class Tokens:
    """The syllables of a text, and its values: numbers, dates and their like."""

    def __init__(self, text: str) -> None:
        tokens = analyze(text)
        self.syllables = [token for token in tokens if token.kind == "syllable"]
        self.values = [token for token in tokens if token.kind not in ("syllable", "pair", "word")]
        self.starts = {token.start for token in (*self.syllables, *self.values)}
        self.ends = {token.end for token in (*self.syllables, *self.values)}
        self._order = [token.start for token in self.syllables]

    def within(self, start: int, end: int) -> list[Token]:
        """Return the syllables that begin there."""
        return self.syllables[bisect_left(self._order, start) : bisect_left(self._order, end)]


tokens_of = functools.lru_cache(maxsize=4 * ARTICLES)(Tokens)


@functools.cache
def loosely(syllable: str) -> str:
    """Return what all spellings of a syllable have in common, kỹ and kĩ too."""
    return fold(syllable).replace("y", "i")


class Query:
    """A query, and what may be marked for it."""

    def __init__(self, text: str, hit: Hit) -> None:
        syllables = [token.text for token in tokens_of(text).syllables]
        variants = [variant for group in hit._page.query.groups for variant in group.variants]
        #: The syllables of a phrase; none where the query is plain words.
        self.phrase = syllables if text.startswith('"') else []
        self.exact = {syllable for syllable in syllables if syllable != fold(syllable)}
        self.syllables = set(map(loosely, syllables))
        self.syllables.update(
            loosely(part) for variant in variants if variant.kind != "value" for part in variant.term.split()
        )
        self.syllables.update(
            loosely(option.term)
            for group in hit._page.query.groups
            for place in group.syllables
            for option in place.options
            if option.tier in GUESSES
        )
        self.values = {variant.term for variant in variants if variant.kind == "value"}

    def check_marks(self, text: str, marks: Spans) -> None:
        """Marks ascend, and are whole tokens, each of them one that was looked for."""
        tokens = tokens_of(text)
        looked_for = [token for token in tokens.values if token.text in self.values]
        past = 0
        for start, end in marks:
            assert past <= start < end
            assert start in tokens.starts
            assert end in tokens.ends
            assert len(tokens.within(start, end)) >= len(self.phrase)
            assert not unicodedata.combining(text[end : end + 1] or " ")
            for token in tokens.within(start, end):
                assert token.end <= end
                if loosely(token.text) not in self.syllables:
                    assert any(value.start <= token.start and token.end <= value.end for value in looked_for), token
            past = end

    def check(self, hit: Hit) -> None:
        """What is seen of a hit says why it was found."""
        report, snippet = hit.report, hit.snippet
        body_marks, title_marks = hit.marks("body"), hit.marks("title")
        for text, marks in (
            (report.title, title_marks),
            (report.body, body_marks),
            (report.body, snippet.marks),
        ):
            self.check_marks(text, marks)
        for start, end in snippet.marks:
            assert any(first <= start and end <= last for first, last in snippet.fragments)
            assert any(first <= start and end <= last for first, last in body_marks)
        assert hit.title_html().count("<mark>") == len(title_marks)
        assert snippet.html().count("<mark>") == len(snippet.marks)
        if body_marks:
            assert snippet.marks
        else:
            assert title_marks
            here = [token.text for token in tokens_of(report.body).syllables]
            if self.phrase:
                size = len(self.phrase)
                assert all(here[at : at + size] != self.phrase for at in range(len(here)))
            else:
                assert self.exact.isdisjoint(here)
            if report.body.strip():
                assert snippet.fragments[0][0] == len(report.body) - len(report.body.lstrip())


def check_all(index: Index, texts: Sequence[str], form: str) -> int:
    """Check all hits of some queries in one form; return how many there were."""
    count = 0
    for at, text in enumerate(FORMS[form](SIGNS.sub(" ", text)) for text in texts):
        hits = index.search(text, fragments=1 + at % 3)
        if hits:
            query = Query(text, hits[0])
            for hit in hits:
                query.check(hit)
        count += len(hits)
    return count


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The sample reports, those of every other file in NFD."""
    reports = list(read_corpus(str(ROOT / "corpus")))
    for at, report in enumerate(reports):
        if at % 2:
            reports[at] = Report(
                report.id, *(unicodedata.normalize("NFD", text) for text in (report.title, report.body))
            )
    with Index.create(tmp_path_factory.mktemp("samples")) as index:
        index.add(reports)
        yield index


@pytest.mark.parametrize("form", FORMS)
def test_sample_reports(samples: Index, form: str) -> None:
    texts = [report.title for report in samples]
    texts += [line[:90] for report in samples for line in report.body.splitlines()[:3] if line.strip()]
    texts += ["quy chế dân chủ", "ủy ban nhân dân", "98.510", "QCDC", "kỹ thuật", "thuỷ lợi", "26/12/2023"]
    assert check_all(samples, texts, form) > len(texts) / 2


@pytest.fixture(scope="module")
def articles() -> list[Report]:
    """Articles that are not ours and lie beside the checkout."""
    if not SHARED.is_file():
        pytest.skip(f"no articles at {SHARED}: they are not part of the project")
    with lzma.open(SHARED, "rt", encoding="utf-8") as lines:
        rows = map(json.loads, itertools.islice(lines, ARTICLES))
        return [Report(row["id"], row["title"], row["text"]) for row in rows]


@pytest.fixture(scope="module")
def news(articles: list[Report], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    """The articles in two segments, a few of them without their title."""
    half = len(articles) // 2
    with Index.create(tmp_path_factory.mktemp("news")) as index:
        index.add(articles[:half])
        index.add(
            Report(report.id, report.title if at % 5 else "", report.body) for at, report in enumerate(articles[half:])
        )
        yield index


@pytest.mark.parametrize("form", FORMS)
def test_articles(news: Index, articles: list[Report], form: str) -> None:
    titles = [report.title for report in articles[:: len(articles) // TITLES]][:TITLES]
    assert check_all(news, titles, form) > len(titles)
