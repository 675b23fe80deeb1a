"""Queries as people type them, and as nobody should."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from query_forms import half_marked
from vnsearch import Index, Limits, Report, SearchResults, fold
from vnsearch.index.snapshot import Snapshot
from vnsearch.search.query import parse


def ids(results: SearchResults) -> list[str]:
    return [hit.id for hit in results]


def scores(results: SearchResults) -> list[tuple[str, float]]:
    return [(hit.id, hit.score) for hit in results]


# The report that must come first, and the query in full.
WANTED = [
    ("duong-lang", "đường làng bê tông"),
    ("ong-duong", "ông Dương vườn cam"),
    ("dan-chu", "quy chế dân chủ ở cơ sở"),
    ("hoa-binh", "làng gốm Hòa An"),
    ("thuy-loi", "nạo vét kênh thủy lợi"),
    ("dang-bo", "Đảng bộ xã đại hội"),
    ("nfd", "thư viện phường mở cửa buổi tối"),
    ("toa-an", "tòa án xử tranh chấp đất"),
    ("hoa-giai", "tổ hòa giải xóm làng"),
    ("tiem-chung", "tiêm vắc xin cho trẻ em"),
    ("trong-rung", "trồng rừng ngập mặn"),
    ("muong-cai", "đắp bờ mương cái"),
    ("hat-xam", "nghệ nhân hát xẩm"),
    ("hien-mau", "hiến máu nhân đạo"),
    ("xe-buyt", "xe buýt điện chạy thử"),
    ("rong", "hoàng hôn trên phá"),
]


def old_tones(text: str) -> str:
    """Write the tone of open rimes on the second letter: hoà, thuỷ."""
    for new, old in (("òa", "oà"), ("óa", "oá"), ("ỏa", "oả"), ("ủy", "uỷ"), ("úy", "uý"), ("ùy", "uỳ")):
        text = text.replace(new, old)
    return text


def toneless(text: str) -> str:
    """Keep đ, ư, ê and their like, drop the five tones."""
    tones = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).translate(tones))


SPELLINGS = {
    "as written": lambda text: text,
    "without marks": fold,
    "half of the marks": half_marked,
    "without tones": toneless,
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "NFD, upper case": lambda text: unicodedata.normalize("NFD", text.upper()),
    "old placement": old_tones,
    "eth for đ": lambda text: text.replace("đ", "ð").replace("Đ", "Ð"),
    "upper case": str.upper,
    "without marks, upper case": lambda text: fold(text).upper(),
    "with noise": lambda text: f"  …{text.replace(' ', ',  ')}!?! ",
    "zero-width spaces": lambda text: text.replace("n", "n\u200b"),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
}


@pytest.mark.parametrize("how", SPELLINGS)
@pytest.mark.parametrize(("identity", "text"), WANTED, ids=[identity for identity, _ in WANTED])
@pytest.mark.parametrize("name", ["collection", "segmented"])
def test_however_it_is_typed_the_right_report_comes_first(
    request: pytest.FixtureRequest, name: str, identity: str, text: str, how: str
) -> None:
    results = request.getfixturevalue(name).search(SPELLINGS[how](text))
    assert results[0].id == identity
    hit = results[0]
    assert hit.marks("title") or hit.marks("body")


@pytest.mark.parametrize(
    "how", ["NFD", "old placement", "eth for đ", "upper case", "with noise", "zero-width spaces", "full width"]
)
@pytest.mark.parametrize("text", [text for _, text in WANTED])
def test_identical_spellings_have_identical_scores(collection: Index, text: str, how: str) -> None:
    plain, other = collection.search(text, limit=99), collection.search(SPELLINGS[how](text), limit=99)
    assert scores(plain) == scores(other)
    for a, b in zip(plain, other, strict=True):
        assert a.snippet == b.snippet


def test_both_tone_placements_find_both(collection: Index) -> None:
    old, new = collection.search("Quận uỷ", limit=99), collection.search("Quận ủy", limit=99)
    assert set(ids(old)[:2]) == {"quan-uy-cu", "quan-uy-moi"}
    assert scores(old) == scores(new)


def test_marks_are_information(collection: Index, reports: list[Report]) -> None:
    with_road = {report.id for report in reports if "đường" in f"{report.title} {report.body}".lower()}
    road = collection.search("đường", limit=99)
    assert set(ids(road)) == with_road
    assert "ong-duong" not in with_road
    assert ids(collection.search("Dương", limit=99)) == ["ong-duong"]
    either = collection.search("duong", limit=99)
    assert set(ids(either)) == with_road | {"ong-duong"}


def test_neighbours_decide_between_spellings(collection: Index) -> None:
    assert collection.search("ong duong")[0].id == "ong-duong"
    assert collection.search("duong lang")[0].id == "duong-lang"


def test_typed_marks_are_kept_where_others_are_missing(new_index: Any) -> None:
    index = new_index()
    index.add([Report("road", "Đường"), Report("name", "Dương"), Report("sugar", "Đương đầu")])
    assert set(ids(index.search("đuong"))) == {"road", "sugar"}
    assert set(ids(index.search("duơng"))) == {"road", "name", "sugar"}


def test_a_wrong_mark_finds_what_is_there(new_index: Any) -> None:
    index = new_index()
    index.add([Report("road", "Đường"), Report("other", "Chợ")])
    assert ids(index.search("đưởng")) == ["road"]
    index.add([Report("typo", "đưởng")])
    assert ids(index.search("đưởng")) == ["typo"]


def test_words_in_their_order_come_first(collection: Index) -> None:
    index = collection
    assert index.search("máu hiến")[0].id == "hien-mau"
    in_order = {hit.id: hit.score for hit in index.search("hiến máu")}["hien-mau"]
    reversed_ = {hit.id: hit.score for hit in index.search("máu hiến")}["hien-mau"]
    assert in_order > reversed_


def test_what_is_repeated_counts_once(collection: Index) -> None:
    once = scores(collection.search("đường", limit=99))
    assert scores(collection.search("Đường! ĐƯỜNG, đường", limit=99))[0][0] == once[0][0]
    assert ids(collection.search("đường đường", limit=99)) == [identity for identity, _ in once]


class TestSuggestion:
    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("quan uy", "quận ủy"),
            ("Quan uy", "Quận ủy"),
            ("QUAN UY", "QUẬN ỦY"),
            ("  hien mau,  nhan dao?! ", "  hiến máu,  nhân đạo?! "),
            ("hat xẩm", "hát xẩm"),
            ("đuong lang", "đường làng"),
            ("trồng rung NGAP man", "trồng rừng NGẬP mặn"),
            ("thu vien zzz", "thư viện zzz"),
            ("«thu vien»", "«thư viện»"),
            ("thu vien 🙂 \ud800", "thư viện 🙂 \ud800"),
        ],
    )
    def test_marks_are_restored_and_nothing_else(self, collection: Index, typed: str, expected: str) -> None:
        assert collection.search(typed).suggestion == expected

    @pytest.mark.parametrize(
        "typed",
        ["quận ủy", "Quận uỷ", unicodedata.normalize("NFD", "quận ủy"), "khen", "zzz qqq", "", "?!", "🙂", "a" * 1000],
        ids=ascii,
    )
    def test_none_when_nothing_changes(self, collection: Index, typed: str) -> None:
        assert collection.search(typed).suggestion is None

    def test_the_suggestion_finds_the_same_first(self, collection: Index) -> None:
        for identity, text in WANTED:
            suggestion = collection.search(fold(text)).suggestion
            if suggestion is not None:
                assert fold(suggestion) == fold(text)
                assert collection.search(suggestion)[0].id == identity
                assert collection.search(suggestion).suggestion in (None, suggestion)


HOSTILE = [
    "",
    " ",
    "\n\t\r\0",
    '"',
    '"chợ',
    "'",
    "title:",
    "title:chợ AND (",
    "*",
    "?",
    "chợ*",
    "(((((",
    "))",
    "[a TO",
    "{",
    "~",
    "^",
    "chợ^",
    "chợ~99999999",
    "AND",
    "NOT",
    "OR OR OR",
    "+-&|!",
    "\\",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "%s%s%n",
    "\ud800",
    "\udc00\ud800",
    "chợ\ud83d nổi",
    "\ud83d\ude00",
    "🙂🏽‍👩‍👩‍👧‍👦",
    "\x00chợ\x00nổi\x00",
    "\x1b[31mchợ",
    "\u202echợ\u202c",
    "\ufeff\u200b\u00ad",
    "\U0010ffff\uffff",
    "\u0301" * 10_000,
    "a" + "\u0323\u0302\u0301" * 5_000,
    "ế\u0301" * 3_000,
    "a" * 100_000,
    "ế" * 100_000,
    "chợ " * 25_000,
    " " * 100_000,
    "?!" * 50_000,
    "\ud800" * 100_000,
    "".join(map(chr, range(1, 0x3000))),
    " ".join(str(n) for n in range(20_000)),
    "x y " * 5_000,
    "1/2/3/4/5-6-7.8.9,10:11:12" * 100,
    "TP.HCM-UBND/QĐ&NĐ-CP" * 100,
    "ﬁ ß Ⅳ ½ ㍿ \u1e9e ǆ İ",
    "ᄀ\u1161\u11a8 한국어 中文字 العربية ไทย עברית",
    "١٢٣ १२३ 𝟘𝟙",
]


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: ascii(query[:16]))
def test_no_query_raises(segmented: Index, query: str) -> None:
    for options in ({}, {"match": "all"}, {"fields": {"title": 1.0}, "sort": "-date", "fragments": 5}):
        use(segmented.search(query, limit=3, facets=("source",), **options))  # type: ignore[arg-type]
    assert isinstance(segmented.suggest(query), list)
    segmented.more_like_this(query)
    segmented.get(query)


def use(results: SearchResults) -> None:
    assert 0 <= len(results) <= results.total
    assert results.suggestion is None or isinstance(results.suggestion, str)
    for hit in results:
        assert hit.score > 0
        assert hit.snippet.text or not hit.report.body.strip()
        hit.snippet.html()
        hit.snippet.ansi()
        hit.title_html()
        explained = hit.explain()
        by_words = any(part.kind != "filter" for part in explained.contributions)
        assert hit.marks("title") or hit.marks("body") or not by_words
        assert sum(part.score for part in explained.contributions) == pytest.approx(hit.score, rel=1e-4)
        assert str(explained)


ANY_TEXT = st.text(st.characters(exclude_categories=()))
SYNTAX = st.lists(
    st.sampled_from(
        'chợ|nổi|duong|Đường|quan|uỷ|"|:|*|(|)|AND|OR|NOT|~|^|[|]| TO |title|body|source|-|+|/|\\|\u0301|\ud800|2023|26/12|UBND'.split(
            "|"
        )
    ),
    max_size=12,
).map("".join)

# Queries by the grammar: whatever may stand under a sign stands there, also what makes no sense.
_RUN = st.lists(
    st.sampled_from("đường|duong|bê|tông|quan|uỷ|công|tác|2021|5/6|QCDC|…|\u0301|漢字|và|xyz".split("|")),
    min_size=1,
    max_size=4,
).map(" ".join)
_LEAVES = st.one_of(
    _RUN,
    _RUN,
    st.tuples(_RUN, st.sampled_from(["", "~1", "~3", "~999"])).map(lambda parts: f'"{parts[0]}"{parts[1]}'),
    st.tuples(_RUN, st.sampled_from("đ|d|t|q|ô|2".split("|"))).map(lambda parts: " ".join(parts) + "*"),
    st.sampled_from("đ|d|ch|tr|th|2".split("|")).map(lambda stem: f"{stem}*"),
    st.tuples(st.sampled_from(["source", "author", "category", "order", "tags"]), _RUN).map(
        lambda parts: '{}:"{}"'.format(*parts)
    ),
    st.sampled_from(
        ["date:2021", "date:2021-05..", "date:..2021-01-05", "date:1..2", "source:(Báo Sông Lam OR x)", "tags:ba"]
    ),
)
GRAMMAR = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["+", "-", "title:", "body:", "+title:", ""]), inner).map(
            lambda parts: f"{parts[0]}({parts[1]})"
        ),
        st.tuples(inner, st.sampled_from([" ", " ", " OR ", " AND ", " NOT ", " -", " +"]), inner).map("".join),
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(ANY_TEXT | SYNTAX)
def test_no_text_raises(segmented: Index, query: str) -> None:
    use(segmented.search(query, limit=3))
    for completion in segmented.suggest(query):
        assert completion


@settings(max_examples=300)
@given(GRAMMAR, st.sampled_from(["any", "all"]), st.sampled_from([None, {"title": 1.0}, {"body": 2.0}]))
def test_no_query_by_the_grammar_raises(segmented: Index, query: str, match: Any, fields: Any) -> None:
    found = segmented.search(query, limit=99, match=match, fields=fields, facets=("source",))
    use(found)
    assert len(found) == found.total
    assert [hit.id for hit in segmented.search(query, limit=4, match=match, fields=fields)] == ids(found)[:4]
    some = set(ids(segmented.search(query, limit=99, fields=fields)))
    assert some >= set(ids(found))


@settings(max_examples=100)
@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT | SYNTAX), min_size=1, max_size=3), ANY_TEXT | SYNTAX)
def test_no_report_raises(scratch: Index, texts: list[tuple[str, str]], query: str) -> None:
    """Any text can be indexed, comes back as it was, and is found by itself."""
    reports = [Report(str(n), title, body) for n, (title, body) in enumerate(texts)]
    scratch.delete([report.id for report in scratch])
    scratch.add(reports)
    assert list(scratch) == reports
    use(scratch.search(query))
    for report in reports:
        use(scratch.search(f"{report.title} {report.body}"))
        scratch.more_like_this(report.id)
    assert scratch.check().problems == ()


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with Index.create(tmp_path_factory.mktemp("scratch")) as index:
        yield index


def test_long_queries_are_cut_not_refused(collection: Index) -> None:
    assert collection.search("chợ nổi " + "x" * 200_000)[0].id == "cho-noi"
    assert collection.search("chợ nổi " + "x " * 100_000)[0].id == "cho-noi"


class TestHits:
    def test_marks_of_a_field_that_has_none(self, collection: Index) -> None:
        from vnsearch import UnknownFieldError

        hit = collection.search("chợ")[0]
        for name in ("source", "", "report"):
            with pytest.raises(UnknownFieldError, match="title"):
                hit.marks(name)

    def test_hits_show_what_they_are(self, collection: Index) -> None:
        hit = collection.search("chợ nổi")[0]
        assert hit.id == hit.report.id == "cho-noi"
        assert "cho-noi" in repr(hit)
        assert len(repr(hit)) < 2000


class TestSeeds:
    """The first hits in the sample reports that the project was given."""

    @pytest.fixture(scope="class")
    @classmethod
    def index(cls, seeds: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
        from vnsearch import read_corpus

        with Index.create(tmp_path_factory.mktemp("seeds")) as index:
            index.add(read_corpus(str(seeds)))
            assert len(index) == 5
            yield index

    @pytest.mark.parametrize(
        ("query", "first"),
        [
            ("khen thuong quan uy dong da", "001"),
            ("cong tac ton giao", "000"),
            ("thoả ước lao động", "002"),
            ("thỏa ước lao động", "002"),
            ("nong thon moi do thi van minh", "003"),
            ("chính phủ điện tử chính quyền số", "004"),
        ],
    )
    def test_first_hit(self, index: Index, query: str, first: str) -> None:
        results = index.search(query)
        assert results[0].id.startswith(first)

    def test_tone_placement(self, index: Index) -> None:
        old, new = index.search("Quận uỷ"), index.search("Quận ủy")
        assert scores(old) == scores(new)
        assert old.total > 0

    @pytest.mark.parametrize(
        "query",
        [
            "khen thuong quan uy dong da",
            "Quận uỷ",
            "cong tac ton giao",
            "thoả ước lao động",
            "nong thon moi do thi van minh",
        ],
    )
    def test_marks_are_of_the_query(self, index: Index, query: str) -> None:
        wanted = set(fold(query).lower().split())
        for hit in index.search(query):
            assert hit.snippet.marks
            for start, end in hit.snippet.marks:
                marked = fold(hit.report.body[start:end]).lower().split()
                assert marked
                assert set(marked) <= wanted


def test_a_syllable_repeated_without_marks_counts_once(new_index):
    ix = new_index()
    ix.add([{"id": "1", "body": "Công tác của công an."}, {"id": "2", "body": "Công ty an toàn, tác phong."}])
    typed, unmarked = ix.search("công tác công an"), ix.search("cong tac cong an")
    for results in (typed, unmarked):
        places = [part.term for part in results[0].explain().contributions if part.kind == "syllable"]
        assert sorted(places) == ["an", "công", "tác"]


@pytest.mark.parametrize("query", ["làng lang", "lang làng"])
def test_a_syllable_with_marks_and_without_stands_for_both(new_index, query):
    """Likeliest the second is the first once more; a report that has only the other spelling is found all the same."""
    ix = new_index()
    bodies = ("Đường làng.", "Làng quê.", "Làng xã, làng nghề.", "Lang thang.")
    ix.add([{"id": f"{number}", "body": body} for number, body in enumerate(bodies, 1)])
    assert {hit.id for hit in ix.search(query)} == {"1", "2", "3", "4"}
    first = next(hit for hit in ix.search(query) if hit.id == "1")
    assert [part.term for part in first.explain().contributions if part.kind == "syllable"] == ["làng"]


def test_what_was_deleted_is_not_suggested(new_index):
    ix = new_index()
    ix.add([{"id": "1", "body": "Bà Nguyễn Bí Mật phát biểu."}, {"id": "2", "body": "Ông Lê phát biểu."}])
    assert "bí mật" in ix.suggest("bi ")
    ix.delete(["1"])
    assert ix.suggest("bi ") == ix.suggest("ngu") == []
    assert ix.suggest("phat") == ["phát biểu"]


def test_a_query_searches_so_many_spellings_and_no_more(tmp_path: Any) -> None:
    """Syllables in doubt have several until there are too many; those after them have their likeliest."""
    spelled = {first: [first + vowel for vowel in "aáàảãạ"] for first in "mtclnvbdghk"}
    chance = random.Random(1)
    texts = [" ".join(chance.choice(forms) for forms in spelled.values()) for _ in range(200)]
    query = " ".join(f"{first}a" for first in spelled)
    with Index.create(tmp_path) as ix:
        ix.add([Report(str(number), "", text) for number, text in enumerate(texts)])

        def places(most: int) -> list[int]:
            read = parse(query, Snapshot(ix.whoosh), limits=Limits(query_spellings=most))
            return [len(place.options) for group in read.groups for place in group.places]

        every, some = places(Limits().query_spellings), places(20)
        assert min(every[: len(spelled)]) == 6
        assert sum(every) <= Limits().query_spellings
        assert some[:3] == every[:3]
        assert sum(some) < 20 + 6 + len(some)
        assert some[-1] == 1
        assert ix.search(query).total == len(texts)
