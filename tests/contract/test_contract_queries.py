"""However it is typed, the right report comes first; and what is found is what was asked for."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from contract_reports import NEWS, WANTED

from query_forms import half_marked
from vnsearch import AnyIndex, Report, SearchResults, analyze, fold
from vnsearch.text.normalize import place_tones_second

NewIndex = Callable[..., AnyIndex]


def ids(results: SearchResults) -> list[str]:
    return [hit.id for hit in results]


def scores(results: SearchResults) -> dict[str, float]:
    return {hit.id: hit.score for hit in results}


def holding(*syllables: str, reports: list[Report] = NEWS) -> set[str]:
    """The reports that have all these syllables."""
    held = {report.id: {token.text for token in analyze(f"{report.title}. {report.body}")} for report in reports}
    return {identity for identity, terms in held.items() if terms.issuperset(syllables)}


def toneless(text: str) -> str:
    """Keep đ, ư, ê and their like, drop the five tones."""
    tones = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).translate(tones))


#: The same query for every reader, and for us.
IDENTICAL: dict[str, Callable[[str], str]] = {
    "NFD": lambda text: unicodedata.normalize("NFD", text),
    "the other tone placement": place_tones_second,
    "eth for đ": lambda text: text.replace("đ", "ð").replace("Đ", "Ð"),
    "upper case": str.upper,
    "with noise": lambda text: f"  …{text.replace(' ', ',  ')}!?! ",
    "zero-width spaces": lambda text: text.replace("n", "n\u200b"),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
}
FORMS: dict[str, Callable[[str], str]] = {
    "as written": str,
    "without marks": fold,
    "half of the marks": half_marked,
    "without tones": toneless,
    "without marks, upper case": lambda text: fold(text).upper(),
    **IDENTICAL,
}


@pytest.mark.parametrize("how", FORMS)
@pytest.mark.parametrize(("identity", "text"), WANTED, ids=[identity for identity, _ in WANTED])
def test_however_it_is_typed_the_right_report_comes_first(news: AnyIndex, identity: str, text: str, how: str) -> None:
    hit = news.search(FORMS[how](text))[0]
    assert hit.id == identity
    assert hit.marks("title") or hit.marks("body")
    assert hit.snippet.marks or not hit.marks("body")


@pytest.mark.parametrize("how", IDENTICAL)
def test_identical_spellings_find_the_same_alike(news: AnyIndex, how: str) -> None:
    for _, text in WANTED:
        plain, other = news.search(text, limit=99), news.search(IDENTICAL[how](text), limit=99)
        assert scores(other) == pytest.approx(scores(plain))
        assert other.total == plain.total
        snippets = {hit.id: hit.snippet for hit in plain}
        assert {hit.id: hit.snippet for hit in other} == snippets


def test_both_tone_placements_find_both(news: AnyIndex) -> None:
    """One report has "Quận uỷ", the other "Quận ủy"."""
    for query in ("Quận uỷ", "Quận ủy", "quan uy"):
        assert set(ids(news.search(query))[:2]) == {"khen-thuong.txt", "nghi-quyet.txt"}
    assert set(ids(news.search("hòa giải"))[:2]) == {"toa-an.txt", "hoa-giai.txt"}


def test_marks_are_information(news: AnyIndex) -> None:
    road, name = holding("đường"), holding("dương")
    assert len(road) > 1
    assert not road & name
    assert set(ids(news.search("đường", limit=99))) == road
    assert set(ids(news.search("Dương", limit=99))) == name
    assert set(ids(news.search("duong", limit=99))) == road | name


def test_neighbours_decide_between_spellings(news: AnyIndex) -> None:
    assert news.search("ong duong")[0].id == "ong-duong.txt"
    assert news.search("duong lang")[0].id == "duong-lang.txt"


@pytest.mark.parametrize(
    "words", ["đường", "giấy khen", "thông báo", "nước bà con", "học sinh", "phường", "nghị quyết"]
)
def test_any_finds_what_has_one_of_them_and_all_what_has_all(news: AnyIndex, words: str) -> None:
    some, every = news.search(words, limit=99), news.search(words, limit=99, match="all")
    syllables = words.split()
    assert set(ids(some)) == set().union(*(holding(syllable) for syllable in syllables))
    assert set(ids(every)) == holding(*syllables)
    assert (some.total, every.total) == (len(some), len(every))
    found = scores(some)
    assert scores(every) == pytest.approx({identity: found[identity] for identity in ids(every)})


def test_all_looks_in_title_and_body_together(news: AnyIndex) -> None:
    for query in ("chợ xuồng", "cho xuong", "CHỢ xuong"):  # one in the title too, the other in the body alone
        assert ids(news.search(query, match="all")) == ["cho-noi.txt"]
    assert ids(news.search("lịch đông", match="all")) == ["cup-dien.txt"]
    assert news.search("chợ zzz", match="all").total == 0


def test_words_in_their_order_come_first(new_index: NewIndex) -> None:
    index = new_index()
    index.add([Report("pair", "", "hội hiến máu cứu người"), Report("apart", "", "máu cứu người hiến hội")])
    results = index.search("hiến máu")
    assert ids(results) == ["pair", "apart"]
    assert results[0].score > 1.05 * results[1].score


def test_the_title_counts_more_and_the_short_text_and_the_rare_word(new_index: NewIndex) -> None:
    index = new_index()
    filling = "trời se lạnh mà bếp lửa vẫn ấm"
    index.add(
        [
            Report("title", "bàn chợ phiên", f"{filling} {filling} {filling} {filling} {filling}"),
            Report("body", "bàn chuyện cũ", f"{filling} {filling} {filling} {filling} chợ phiên {filling}"),
            Report(
                "long",
                "bàn chuyện cũ",
                f"{filling} {filling} {filling} {filling} chợ phiên {filling}" + f" {filling}" * 40,
            ),
            *(Report(f"common {at}", "bàn chuyện cũ", f"{filling} ruộng đồng {filling}") for at in range(9)),
            Report("rare", "bàn chuyện cũ", f"{filling} ruộng bưng {filling}"),
        ]
    )
    for query in ("chợ phiên", "cho phien"):
        assert ids(index.search(query)) == ["title", "body", "long"]
    assert ids(index.search("đồng bưng"))[0] == "rare"
    oftener = Report("oftener", "bàn chuyện cũ", f"{filling} {filling} {filling} chợ phiên {filling} chợ phiên")
    index.add([oftener])
    assert scores(index.search("chợ phiên"))["oftener"] > scores(index.search("chợ phiên"))["body"]


def test_fields_say_where_to_look_and_how_much_each_counts(new_index: NewIndex) -> None:
    index = new_index()
    index.add([Report("t", "Chợ nổi", "Ghe xuồng"), Report("b", "Ghe xuồng", "Chợ nổi"), Report("n", "khác", "khác")])
    for query in ("chợ nổi", "cho noi", '"chợ nổi"', "chợ n*"):
        assert ids(index.search(query, fields={"title": 1})) == ["t"]
        assert ids(index.search(query, fields={"body": 1})) == ["b"]
        assert ids(index.search(query, fields={"title": 5, "body": 1})) == ["t", "b"]
        assert ids(index.search(query, fields={"title": 1, "body": 5})) == ["b", "t"]
        assert ids(index.search(query)) == ["t", "b"]
    assert {hit.id for hit in index.search("chợ nổi", fields={"title": 1e6, "body": 1e-6})} == {"t", "b"}
    (hit,) = index.search("chợ nổi", fields={"title": 1})
    assert (hit.marks("title"), hit.marks("body")) == ([(0, 7)], [])


def test_what_is_repeated_counts_once(news: AnyIndex) -> None:
    once = news.search("đường", limit=99)
    assert scores(news.search("Đường! ĐƯỜNG, đường", limit=99))["duong-lang.txt"] == pytest.approx(
        scores(once)["duong-lang.txt"]
    )
    assert set(ids(news.search("đường đường", limit=99))) == set(ids(once))


class TestStopWords:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("giá của gạo", {"door", "market", "one"}),
            ("gạo của các làng", {"door", "of", "market", "one"}),
            ("Của GẠO!", {"door", "market", "one"}),
            ("của các", {"only stop words", "of", "market"}),
            ("cua gao", {"door", "market", "one"}),  # cửa makes a report match, của does not
            ("của zzz", set()),
            ('"của các" zzz', {"only stop words"}),  # who quotes them means them
            ("của", {"only stop words", "of", "market"}),
        ],
    )
    def test_what_shares_only_stop_words_is_no_hit(self, stop_words: AnyIndex, query: str, expected: set[str]) -> None:
        for limit in (0, 1, 99):
            results = stop_words.search(query, limit=limit)
            assert results.total == len(expected)
            assert len(results) == min(limit, len(expected))
        assert set(ids(results)) == set(ids(stop_words.search(query, sort="date"))) == expected

    def test_they_count_for_what_matches_and_all_asks_for_them(self, stop_words: AnyIndex) -> None:
        with_it, without = stop_words.search("chợ của làng"), stop_words.search("chợ làng")
        assert scores(with_it)["market"] > scores(without)["market"]
        assert ids(stop_words.search("gạo của", match="all")) == ["market"]

    @pytest.fixture(scope="class")
    @classmethod
    def stop_words(cls, backend: Any) -> AnyIndex:
        texts = {
            "only stop words": "của các và những một trong",
            "door": "cửa hàng gạo mở từ sáng",
            "of": "vườn của làng",
            "market": "chợ của làng, gạo của xóm",
            "one": "gạo",
        }
        found: AnyIndex = backend.filled([[Report(identity, "", text) for identity, text in texts.items()]])
        return found


class TestSuggestion:
    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("quan uy", "quận ủy"),
            ("QUAN UY", "QUẬN ỦY"),
            ("  hien mau,  nhan dao?! ", "  hiến máu,  nhân đạo?! "),
            ("hat xẩm", "hát xẩm"),
            ("đuong lang", "đường làng"),
            ("thu vien zzz", "thư viện zzz"),
            ("«thu vien»", "«thư viện»"),
            ("thu vien 🙂 \ud800", "thư viện 🙂 \ud800"),
            ('+hop "cho noi" -title:xuong', '+họp "chợ nổi" -title:xuồng'),
        ],
        ids=ascii,
    )
    def test_marks_are_restored_and_nothing_else(self, news: AnyIndex, typed: str, expected: str) -> None:
        assert news.search(typed).suggestion == expected

    @pytest.mark.parametrize(
        "typed",
        ["quận ủy", "Quận uỷ", unicodedata.normalize("NFD", "quận ủy"), "khen", "zzz qqq", "", "?!", "🙂", "a" * 1000],
        ids=ascii,
    )
    def test_none_when_nothing_changes(self, news: AnyIndex, typed: str) -> None:
        assert news.search(typed).suggestion is None

    @pytest.mark.parametrize(("identity", "text"), WANTED)
    def test_it_finds_the_same_first(self, news: AnyIndex, identity: str, text: str) -> None:
        suggestion = news.search(fold(text)).suggestion
        assert suggestion is not None
        assert fold(suggestion) == fold(text)
        found = news.search(suggestion)
        assert found[0].id == identity
        assert found.suggestion in (None, suggestion)
