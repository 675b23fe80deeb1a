"""Snippets and marks: laws that hold for any text, and what people see."""

from __future__ import annotations

import html
import itertools
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vnsearch import Hit, Index, Report, analyze, fold
from vnsearch.search.marks import Occurrences
from vnsearch.search.snippets import FRAGMENT_CHARS, Snippet, _best_windows, make_snippets, marked_html

# No i or y alone in a rime, nothing that abbreviates or is a number: a mark must be the word that was typed.
SYLLABLES = "đường làng quận họp hòa thủy bờ mương cái đồng cói trẻ em đọc sách chợ nổi ấp xóm vườn cam ông bà con đắp bơ dương hoá".split()
OTHERS = (
    "và của những được trong khi người xưa, nay. Rồi! «trăng» “lên” (cao) gió… — ; : sông/nước a-b 2023 ???".split()
)

SPELLINGS = (
    lambda text: text,
    lambda text: unicodedata.normalize("NFD", text),
    str.upper,
    str.capitalize,
    fold,
    lambda text: text.replace("đ", "ð").replace("òa", "oà").replace("ủy", "uỷ"),
    "\u200b".join,
)
GLUE = st.sampled_from(
    [" "] * 8 + [", ", ". ", "\n", "\n\n", "  ", "\t", "_", "; ", "? ", "\u00a0", " 🙂 ", "\u200b ", "\r\n", "/"]
)
ODD = st.sampled_from(
    ["x" * 300, "đ" * 200, "🙂🏽", "👩‍👩‍👧", "<script>alert('x')</script>", '&amp; "q" \'a\'', "\x1b[31m", "\x00", "\ud800", "\u202e", "e\u0301\u0323", "\u0301\u0302"]
)  # fmt: skip
WRITTEN = st.builds(lambda syllable, spell: spell(syllable), st.sampled_from(SYLLABLES), st.sampled_from(SPELLINGS))
PIECES = st.one_of(WRITTEN, WRITTEN, st.sampled_from(OTHERS), st.sampled_from(OTHERS), ODD)
BODIES = st.builds(
    lambda pieces, repeat: "".join(piece + glue for piece, glue in pieces) * repeat,
    st.lists(st.tuples(PIECES, GLUE), max_size=60),
    st.sampled_from([1, 1, 1, 2, 9]),
)
QUERIES = st.builds(" ".join, st.lists(WRITTEN, min_size=1, max_size=6))
FRAGMENTS = st.integers(0, 4)

TAG = re.compile("</?mark>")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with Index.create(tmp_path_factory.mktemp("snippets")) as index:
        # What the queries hold is in the index with and without the body of the example.
        index.add([Report("all", " ".join(SYLLABLES))])
        yield index


def hit_of(index: Index, title: str, body: str, query: str, fragments: int = 2) -> Hit | None:
    index.add([Report("it", title, body)])
    return next((hit for hit in index.search(query, fragments=fragments) if hit.id == "it"), None)


def squeezed(text: str) -> str:
    return " ".join(text.split())


def held_by_html(text: str) -> str:
    """Return the text with U+FFFD for what no page may hold."""
    return "".join(
        "\ufffd" if unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\n\f\r" else char for char in text
    )


@settings(max_examples=250)
@given(BODIES, QUERIES, FRAGMENTS)
@example("Chợ. " + "xa vắng " * 12 + "đường làng. " + "xa vắng " * 12 + "Chợ", "chợ đường làng", 3)
@example("đường\u0301 làng\u0323\u0302 chợ", "đường làng chợ", 2)
def test_laws(scratch: Index, body: str, query: str, fragments: int) -> None:
    hit = hit_of(scratch, "", body, query, fragments)
    asked = {token.text for token in analyze(fold(query)) if token.kind == "syllable"}
    if hit is None:
        present = {token.text for token in analyze(body) if token.kind == "syllable"}
        assert not present & {token.text for token in analyze(query) if token.kind == "syllable"}
        return
    snippet = hit.snippet
    # Fragments: ascending, apart, inside the body, no more than asked for.
    assert len(snippet.fragments) <= fragments
    at = 0
    for start, end in snippet.fragments:
        assert at <= start < end <= len(body)
        at = end
    # Cut between words, or where a mark or another fragment ends.
    edges = {0, len(body), *itertools.chain(*snippet.fragments, *snippet.marks)}
    for start, end in snippet.fragments:
        others = edges - {start, end} | set(itertools.chain(*snippet.marks))
        assert start in others or start == 0 or body[start - 1].isspace()
        assert end in others or end == len(body) or body[end].isspace()
    # Marks: ascending, apart, inside fragments, and of the query.
    at = 0
    for start, end in snippet.marks:
        assert at <= start < end
        assert any(first <= start and end <= last for first, last in snippet.fragments)
        marked = [token.text for token in analyze(body[start:end]) if token.kind == "syllable"]
        assert marked
        assert {fold(syllable) for syllable in marked} <= asked
        at = end
    if fragments:
        assert snippet.marks
    # The whole field.
    whole = hit.marks("body")
    assert whole
    at = 0
    for start, end in whole:
        assert at <= start < end <= len(body)
        at = end
    for start, end in snippet.marks:
        assert any(first <= start and end <= last for first, last in whole)
    # What is rendered is what was cut out.
    pieces = [squeezed(body[start:end]) for start, end in snippet.fragments]
    assert snippet.text.removeprefix("… ").removesuffix(" …") == " … ".join(pieces) or not pieces
    assert squeezed(html.unescape(TAG.sub("", snippet.html()))) == held_by_html(squeezed(snippet.text))
    assert squeezed(TAG.sub("", snippet.html())) == held_by_html(squeezed(html.escape(snippet.text)))
    assert snippet.html().count("<mark>") == snippet.html().count("</mark>") == len(snippet.marks)
    shown = snippet.ansi(open_mark="", close_mark="")
    assert not [char for char in shown if unicodedata.category(char) in ("Cc", "Cf", "Cs")]


@settings(max_examples=150)
@given(BODIES, QUERIES)
def test_laws_of_titles(scratch: Index, title: str, query: str) -> None:
    hit = hit_of(scratch, title, "", query)
    if hit is None:
        return
    shown = hit.title_html()
    assert TAG.sub("", shown) == held_by_html(html.escape(title))
    assert shown.count("<mark>") == len(hit.marks("title")) > 0
    assert hit.snippet.marks == ()
    assert hit.snippet.text == ""


class Page(HTMLParser):
    """What a browser makes of a piece of HTML."""

    def __init__(self, shown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(shown)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(f"{tag} {attrs}")

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text += data


@given(
    st.lists(ODD | GLUE | st.sampled_from("&<>\"'#;") | st.characters(exclude_categories=())).map("".join),
    st.lists(st.integers(0, 60), max_size=8, unique=True).map(sorted),
)
def test_a_browser_reads_text_and_marks_wherever_these_are(text: str, edges: list[int]) -> None:
    edges = [edge for edge in edges if edge <= len(text)]
    marks = tuple(zip(edges[::2], edges[1::2], strict=False))
    pages = {
        marked_html(text, marks): "".join(held_by_html(text).split()),
        Snippet(text, ((0, len(text)),), marks).html(): held_by_html("".join(text.split())),
    }
    for shown, expected in pages.items():
        page = Page(shown)
        assert page.tags == ["mark []", "/mark"] * len(marks)
        assert "".join(page.text.split()) == expected
        assert not {'"', "'"} & set(shown)


@settings(max_examples=60)
@given(BODIES, QUERIES)
def test_every_occurrence_is_marked(scratch: Index, body: str, query: str) -> None:
    """A syllable typed with its marks is marked wherever it is, in whatever spelling."""
    hit = hit_of(scratch, "", body, query)
    if hit is None:
        return
    exact = {token.text for token in analyze(query) if token.kind == "syllable"}
    exact = {text for text in exact if text != fold(text)}
    marks = hit.marks("body")
    for token in analyze(body):
        if token.kind == "syllable" and token.text in exact:
            assert any(start <= token.start and token.end <= end for start, end in marks), token


@settings(max_examples=150)
@given(st.lists(BODIES, min_size=1, max_size=20), st.lists(WRITTEN, min_size=1, max_size=6), FRAGMENTS)
def test_snippets_made_together_are_those_made_one_by_one(bodies: list[str], query: list[str], fragments: int) -> None:
    places = {fold(syllable): place for place, syllable in enumerate(query)}
    rows = [
        (text, token.start, token.end, token.position, places[fold(token.text)], 1.0 + places[fold(token.text)] / 7)
        for text, body in enumerate(bodies)
        for token in analyze(body)
        if token.kind == "syllable" and fold(token.text) in places
    ]
    found = Occurrences(
        *(np.array([row[column] for row in rows], np.float64 if column == 5 else np.int64) for column in range(6))
    )
    together = make_snippets(bodies, found, fragments)
    for text, body in enumerate(bodies):
        mine = found.take(found.texts == text)
        mine.texts[:] = 0
        assert make_snippets([body], mine, fragments) == [together[text]]
        assert best_worths(mine) == pytest.approx(slow_worths(mine), abs=1e-8)


def best_worths(found: Occurrences) -> list[float]:
    return [worth for _, worth, _, _ in _best_windows(found, found.texts, None)] if len(found.texts) else []


def slow_worths(found: Occurrences) -> list[float]:
    """Return what the best window is worth, by the definition."""
    best: list[float] = []
    for first, start in enumerate(found.starts.tolist()):
        inside = [first]
        for at in range(first + 1, len(found.starts)):
            if found.ends[first : at + 1].max() > start + FRAGMENT_CHARS:
                break
            inside.append(at)
        worth = 0.0
        counted = set()
        for at in inside:
            place = int(found.places[at])
            worth += float(found.weights[at]) * (0.1 if place in counted else 1.0)
            counted.add(place)
        for a, b in itertools.pairwise(inside):
            if found.positions[b] - found.positions[a] == 1 and found.places[b] - found.places[a] == 1:
                worth += 0.5 * float(min(found.weights[a], found.weights[b]))
        best.append(worth)
    return [max(best)] if best else []


ABBREVIATED = "quy chế dân chủ"
WORDS = st.sampled_from(
    "đường làng chợ nổi hoà hòa thuỷ thủy kỷ kỉ quy chế dân chủ QCDC 98.510 98510 13/12/2019 ngày 2.500 và của".split()
)
TEXTS = st.builds(
    lambda pieces, form: unicodedata.normalize(form, "".join(word + glue for word, glue in pieces)),
    st.lists(st.tuples(st.one_of(WORDS, WORDS, WRITTEN, ODD), GLUE), max_size=40),
    st.sampled_from(["NFC", "NFD"]),
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(TEXTS, min_size=1, max_size=5), min_size=1, max_size=3),
    st.lists(WORDS, min_size=1, max_size=5),
    st.sets(st.integers(0, 14)),
    st.booleans(),
)
def test_stored_places_are_those_of_analysing_again(
    commits: list[list[str]], words: list[str], deleted: set[int], bare: bool
) -> None:
    """What is marked is made of whole tokens, where ``analyze`` finds them, whatever else is in the segment."""
    query = " ".join(words)
    query = fold(query) if bare else query
    with tempfile.TemporaryDirectory() as folder, Index.create(folder) as index:
        index.add([Report("define", "", f"Theo {ABBREVIATED} (QCDC). Theo {ABBREVIATED} (QCDC).")])
        bodies = [body for commit in commits for body in commit]
        ids = iter(range(len(bodies)))
        for commit in commits:
            index.add([Report(str(next(ids)), body[::-1][:40], body) for body in commit])
        index.delete([str(number) for number in deleted])
        exact = {token.text for token in analyze(query) if token.kind == "syllable" and token.text != fold(token.text)}
        for hit in index.search(query, limit=50):
            for field, text in (("title", hit.report.title), ("body", hit.report.body)):
                tokens = [token for token in analyze(text) if token.kind in ("syllable", "value")]
                starts, ends = {token.start for token in tokens}, {token.end for token in tokens}
                marks = hit.marks(field)
                assert all(start in starts and end in ends for start, end in marks)
                assert all(
                    any(start <= token.start and token.end <= end for start, end in marks)
                    for token in tokens
                    if token.kind == "syllable" and token.text in exact
                )
            whole = hit.marks("body")
            assert all(any(first <= start and end <= last for first, last in whole) for start, end in hit.snippet.marks)


def only(index: Index, title: str, body: str, query: str, **options: int) -> Hit:
    index.add([Report("it", title, body)])
    (hit,) = (hit for hit in index.search(query, **options) if hit.id == "it")
    return hit


FILLER = "Xa xưa kia, trăng lên cao lắm rồi người ta mới về. " * 8


class TestFragments:
    def test_numbers(self, scratch: Index) -> None:
        body = FILLER.join(["", "Đường làng mới mở. ", "Chợ nổi họp sớm. ", "Bờ mương đã đắp. ", "Vườn cam sai quả. "])
        query = "đường làng chợ nổi bờ mương vườn cam"
        for fragments, expected in ((0, 0), (1, 1), (3, 3), (4, 4), (9, 4)):
            snippet = only(scratch, "", body, query, fragments=fragments).snippet
            assert len(snippet.fragments) == expected
            assert len(snippet.html().split(" … ")) >= expected
        assert only(scratch, "", body, query, fragments=0).snippet.text == ""

    def test_the_best_window_not_the_first(self, scratch: Index) -> None:
        body = f"Chợ xa. {FILLER} Vườn cam cạnh bờ mương. {FILLER} Chợ nổi họp trên đường làng. {FILLER}"
        snippet = only(scratch, "", body, "chợ nổi đường làng", fragments=1).snippet
        assert "Chợ nổi họp trên đường làng" in snippet.text

    def test_only_the_title_matches(self, scratch: Index) -> None:
        hit = only(scratch, "Chợ nổi", FILLER, "chợ nổi")
        assert hit.snippet.text.startswith("Xa xưa kia")
        assert hit.snippet.marks == ()
        assert len(hit.snippet.fragments) == 1
        assert hit.snippet.text.endswith(" …")

    def test_a_short_body_is_shown_whole(self, scratch: Index) -> None:
        snippet = only(scratch, "", "  Chợ nổi\nhọp   sớm.  ", "chợ").snippet
        assert snippet.text == "Chợ nổi họp sớm."
        assert snippet.html() == "<mark>Chợ</mark> nổi họp sớm."

    def test_ellipses(self, scratch: Index) -> None:
        assert only(scratch, "", f"{FILLER}Chợ nổi. {FILLER}", "chợ").snippet.text.startswith("… ")
        assert only(scratch, "", f"{FILLER}Chợ nổi. {FILLER}", "chợ").snippet.text.endswith(" …")
        assert not only(scratch, "", f"Chợ nổi. {FILLER}", "chợ").snippet.text.startswith("… ")

    def test_neighbours_make_one_mark(self, scratch: Index) -> None:
        snippet = only(scratch, "", "Con đường làng, chợ nổi.", "duong lang cho noi").snippet
        assert snippet.html() == "Con <mark>đường làng</mark>, <mark>chợ nổi</mark>."

    def test_fields_that_are_not_searched_are_not_marked(self, scratch: Index) -> None:
        scratch.add([Report("it", "Chợ nổi", "Chợ nổi họp sớm")])
        (hit,) = (hit for hit in scratch.search("chợ", fields={"title": 1.0}) if hit.id == "it")
        assert hit.snippet.marks == ()
        assert hit.title_html() == "<mark>Chợ</mark> nổi"

    def test_a_megabyte(self, scratch: Index) -> None:
        body = "Trăng lên cao, gió về khuya. " * 20_000 + "Chợ nổi họp sớm. " + "Trăng lên cao, gió về khuya. " * 20_000
        assert len(body) > 1_000_000
        hit = only(scratch, "", body, "cho noi")
        ((start, end),) = hit.snippet.marks
        assert body[start:end] == "Chợ nổi"
        assert hit.marks("body") == [(start, end)]
        assert len(hit.snippet.text) < 1000

    def test_the_best_of_a_megabyte(self, scratch: Index) -> None:
        filler = "Chợ họp sớm, trăng lên cao, gió về khuya; nổi lên từ bờ mương. " * 8_000
        body = f"{filler}Chợ nổi trên đường làng. {filler}"
        assert len(body) > 1_000_000
        (fragment,) = only(scratch, "", body, "cho noi duong lang", fragments=1).snippet.fragments
        assert fragment[0] <= len(filler) < fragment[1]

    def test_a_fragment_begins_and_ends_with_a_sentence(self, scratch: Index) -> None:
        body = f"{FILLER}Sáng mùng năm, chợ nổi họp. Người ta về từ khắp nơi, thuyền đầy hoa trái và tiếng cười nói. {FILLER}"
        text = only(scratch, "", body, "chợ nổi", fragments=1).snippet.text
        assert "mới về. Sáng mùng năm, chợ nổi họp. " in text or text.startswith("… Sáng mùng năm, chợ nổi họp. ")
        assert text.endswith(". …")

    def test_words_that_never_end(self, scratch: Index) -> None:
        """Without a space to cut at, a fragment is what matched, and no more than it must be."""
        glued = "x" * 5_000
        body = f"{glued}-chợ-nổi-{glued}"
        snippet = only(scratch, "", body, "chợ nổi", fragments=5).snippet
        assert [body[start:end] for start, end in snippet.marks] == ["chợ", "nổi"]
        assert sum(end - start for start, end in snippet.fragments) < 1_000
        body = "/".join(["đường", "làng", "bờ"] * 3_000)
        snippet = only(scratch, "", body, "đường làng", fragments=5).snippet
        assert snippet.marks
        assert len(snippet.fragments) <= 5
        assert {body[start:end] for start, end in snippet.marks} == {"đường", "làng"}
        assert sum(end - start for start, end in snippet.fragments) < 2_000

    def test_what_overlaps_is_marked_once(self, new_index: Callable[..., Index]) -> None:
        """A number is syllables and a value, in one place."""
        index = new_index()
        index.add([Report("it", "", "Trồng mới 98.510 cây, 98 hộ nhận.")])
        (hit,) = index.search("98 cây 98510")
        assert hit.snippet.html() == "Trồng mới <mark>98.510 cây</mark>, <mark>98</mark> hộ nhận."
        assert hit.marks("body") == list(hit.snippet.marks)

    def test_a_megabyte_of_matches(self, scratch: Index) -> None:
        hit = only(scratch, "", "đường làng " * 100_000, "duong lang", fragments=3)
        assert hit.snippet.marks
        assert len(hit.marks("body")) == 1

    def test_a_megabyte_without_a_space(self, scratch: Index) -> None:
        body = "ă" * 500_000 + " chợ " + "x" * 500_000
        hit = only(scratch, "", body, "chợ")
        ((start, end),) = hit.snippet.marks
        assert body[start:end] == "chợ"


class TestRendering:
    def test_html_is_escaped(self, scratch: Index) -> None:
        hit = only(scratch, "Chợ <b onload='x'>", "Chợ <script>alert(\"x\")</script> & 'nổi'", "chợ nổi")
        assert hit.snippet.html() == (
            "<mark>Chợ</mark> &lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#x27;<mark>nổi</mark>&#x27;"
        )
        assert hit.title_html() == "<mark>Chợ</mark> &lt;b onload=&#x27;x&#x27;&gt;"

    def test_html_is_escaped_inside_marks(self, new_index: Callable[..., Index]) -> None:
        index = new_index()
        index.add([Report("it", "Sở GD&ĐT", "Sở GD&ĐT <b>họp</b>")])
        (hit,) = index.search("sở GD&ĐT")
        assert hit.snippet.html() == "<mark>Sở GD</mark>&amp;<mark>ĐT</mark> &lt;b&gt;họp&lt;/b&gt;"
        assert hit.title_html("<em class='m'>", "</em>").startswith("<em class='m'>Sở GD</em>&amp;<em")

    def test_html_holds_no_control_characters(self, scratch: Index) -> None:
        text = "Chợ\x1b[1m \x00nổi\x9b \ud800\u202ehọp.\r\n\tSớm"
        hit = only(scratch, text, text, "chợ nổi sớm")
        shown = "<mark>Chợ</mark>\ufffd[1m \ufffd<mark>nổi</mark>\ufffd \ufffd\u202ehọp."
        assert hit.snippet.html() == f"{shown} <mark>Sớm</mark>"
        assert hit.title_html() == f"{shown}\r\n\t<mark>Sớm</mark>"

    def test_own_marks(self, scratch: Index) -> None:
        hit = only(scratch, "Chợ nổi", "Chợ nổi", "chợ")
        assert hit.snippet.html('<em class="hit">', "</em>") == '<em class="hit">Chợ</em> nổi'
        assert hit.title_html("<b>", "</b>") == "<b>Chợ</b> nổi"
        assert hit.snippet.ansi("[", "]") == "[Chợ] nổi"

    def test_a_terminal_is_not_steered(self, scratch: Index) -> None:
        snippet = only(scratch, "", "Chợ \x1b]0;title\x07 \x9b31m \u202enổi \x08\x7f\ud800", "chợ").snippet
        shown = snippet.ansi()
        assert shown.startswith("\x1b[1;33mChợ\x1b[0m ")
        assert not [char for char in shown.replace("\x1b[1;33m", "").replace("\x1b[0m", "") if not char.isprintable()]
        assert "nổi" in shown
        shown.encode()

    def test_white_space_is_a_space_on_a_terminal(self, scratch: Index) -> None:
        snippet = only(scratch, "", "Chợ.\r\nNổi\thọp\rsớm\x0b\u2028nay.", "chợ nay").snippet
        assert snippet.ansi("[", "]") == "[Chợ]. Nổi họp sớm [nay]."

    def test_marks_fall_on_decomposed_letters_whole(self, scratch: Index) -> None:
        body = unicodedata.normalize("NFD", "Trên đường làng có chợ nổi.")
        hit = only(scratch, "", body, "đường làng")
        ((start, end),) = hit.marks("body")
        assert body[start:end] == unicodedata.normalize("NFD", "đường làng")
        assert TAG.sub("", hit.snippet.html()) == body

    @pytest.mark.parametrize("body", ["e\u0301a\u0483\u1161b chợ", "e\u0301 a\u0323\u0483\u1161\u11a8 chợ"], ids=ascii)
    def test_syllables_that_share_a_cluster_of_marks_share_a_mark(self, scratch: Index, body: str) -> None:
        hit = only(scratch, body, body, body)
        for marks in (hit.marks("title"), hit.marks("body"), hit.snippet.marks):
            assert marks
            assert all(a[1] <= b[0] for a, b in itertools.pairwise(marks))
        assert TAG.sub("", hit.title_html()) == html.escape(body)
