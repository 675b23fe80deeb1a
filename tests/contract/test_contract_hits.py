"""What is shown of a hit: marks on the right characters, snippets, explanations; completions and likes."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from contract_reports import NEWS, WANTED, nfd

from query_forms import half_marked
from vnsearch import AnyIndex, Hit, InvalidArgumentError, Report, SearchResults, UnknownFieldError, analyze, fold

NewIndex = Callable[..., AnyIndex]
BY_ID = {report.id: report for report in NEWS}


def ids(results: SearchResults) -> list[str]:
    return [hit.id for hit in results]


def check_shown(hit: Hit, allowed: set[str] | None = None) -> None:
    """Marks are whole tokens of the texts, each of a syllable that was looked for; snippets hold theirs."""
    report, snippet = hit.report, hit.snippet
    for text, marks in ((report.title, hit.marks("title")), (report.body, hit.marks("body"))):
        tokens = [token for token in analyze(text) if token.kind == "syllable"]
        past = 0
        for start, end in marks:
            assert past <= start < end <= len(text)
            assert not unicodedata.combining(text[end : end + 1] or " ")
            inside = [token for token in tokens if start <= token.start < end]
            assert inside
            assert (inside[0].start, inside[-1].end) == (start, end)
            if allowed is not None:
                assert {fold(token.text) for token in inside} <= allowed
            past = end
    for start, end in snippet.marks:
        assert any(first <= start and end <= last for first, last in snippet.fragments)
        assert any(first <= start and end <= last for first, last in hit.marks("body"))
    assert bool(snippet.marks) == bool(hit.marks("body"))
    assert snippet.html().count("<mark>") == len(snippet.marks)
    assert hit.title_html().count("<mark>") == len(hit.marks("title"))
    assert snippet.body == report.body


@pytest.mark.parametrize("how", [str, fold, half_marked, nfd, str.upper], ids=["as is", "bare", "half", "NFD", "upper"])
def test_every_hit_is_marked_rightly_however_it_was_typed(news: AnyIndex, how: Callable[[str], str]) -> None:
    for _, text in WANTED:
        allowed = {fold(token.text) for token in analyze(fold(text)) if token.kind == "syllable"}
        for hit in news.search(how(text), limit=99):
            assert hit.marks("title") or hit.marks("body")
            check_shown(hit, allowed)
            assert hit.report == BY_ID[hit.id]


def test_a_phrase_is_marked_whole_and_alone(news: AnyIndex) -> None:
    (hit,) = news.search('"chợ nổi"')
    shown = [hit.report.body[start:end] for start, end in hit.marks("body")]
    assert shown == ["chợ nổi", "Chợ nổi"]
    for hit in news.search('"thong bao lich"'):
        assert fold(hit.title_html()).lower().startswith("<mark>thong bao lich</mark>")
        check_shown(hit)


def test_marks_fall_on_decomposed_letters_whole(news: AnyIndex) -> None:
    for query in ("thư viện", "thu vien", nfd("thư viện")):
        hit = news.search(query)[0]
        assert hit.id == "thu-vien.txt"
        assert nfd("<mark>thư viện</mark>") in hit.title_html()
        assert nfd("<mark>Thư viện</mark>") in hit.snippet.html()


def test_html_is_escaped_and_ansi_is_one_line(news: AnyIndex) -> None:
    hit = news.search("cúp điện bấm")[0]
    assert "&lt;b&gt;Gọi 1900 &amp; <mark>bấm</mark> 1&lt;/b&gt;" in hit.snippet.html()
    assert "<b>Gọi 1900 & bấm 1</b>" in hit.snippet.text
    assert "\x1b[1;33mcúp điện\x1b[0m" in hit.snippet.ansi()
    assert hit.snippet.html("[", "]").count("[") == len(hit.snippet.marks)
    (hit,) = news.search("+dân +quy +chế +cá", fragments=9)
    assert "\n" in hit.report.body
    assert "\n" not in hit.snippet.ansi()


def test_fragments_are_as_many_as_asked_for_and_the_best(new_index: NewIndex) -> None:
    index = new_index()
    filling = "Trời nắng đẹp suốt tuần qua ở khắp các vùng. " * 12
    body = f"{filling}Chợ họp. {filling}Chợ nổi Cái Nước đông vui. {filling}Bến đò có chợ nổi. {filling}"
    index.add([Report("1", "Tin", body)])
    for fragments in (0, 1, 2, 3):
        hit = index.search("chợ nổi Cái Nước", fragments=fragments)[0]
        assert len(hit.snippet.fragments) <= max(1, fragments)
        if fragments:
            assert "Chợ nổi Cái Nước" in hit.snippet.text
            assert hit.snippet.text.startswith("… ")
            assert hit.snippet.text.endswith(" …")
    (hit,) = index.search("tin")
    assert hit.snippet.marks == ()
    assert hit.snippet.text.startswith("Trời nắng đẹp")


def test_a_field_that_has_no_marks(news: AnyIndex) -> None:
    hit = news.search("chợ nổi")[0]
    for name in ("source", "", "report"):
        with pytest.raises(UnknownFieldError, match="title"):
            hit.marks(name)
    assert hit.id == hit.report.id == "cho-noi.txt"
    assert "cho-noi.txt" in repr(hit)


def test_hits_as_json_and_html(news: AnyIndex) -> None:
    results = news.search("cho noi", facets=("source",))
    told = results.to_dict(explain=True)
    assert (told["total"], told["suggestion"], told["complete"]) == (results.total, "chợ nổi", True)
    first = told["hits"][0]
    assert first["id"] == "cho-noi.txt"
    assert first["title_html"] == "<mark>Chợ nổi</mark> họp lúc tờ mờ sáng"
    assert first["snippet"]["marks"] == results[0].snippet.marks
    assert "body" not in first
    assert first["explanation"][0].startswith("score ")
    assert "<mark>Chợ nổi</mark>" in results._repr_html_()


@pytest.mark.parametrize("query", ["đường làng", "quan uy khen", "UBND xã", "giay khen 12 tập thể", "98510 ho so"])
def test_explanations_add_up_and_name_what_was_asked(news: AnyIndex, query: str) -> None:
    results = news.search(query)
    assert results
    for hit in results:
        explained = hit.explain()
        assert explained.contributions
        assert explained.score == hit.score
        assert sum(part.score for part in explained.contributions) == pytest.approx(hit.score, rel=1e-3)
        for part in explained.contributions:
            assert part.score > 0
            assert part.kind in ("syllable", "pair", "word", "value", "abbreviation", "phrase")
            assert part.reports >= 1


def test_an_explanation_counts_what_is_there(news: AnyIndex) -> None:
    hit = news.hit("ong-duong.txt", "dương cam")
    assert hit is not None
    parts = {part.term: part for part in hit.explain().contributions}
    assert parts["dương"].frequencies == {"title": 1, "body": 2}
    assert (parts["cam"].tier, parts["cam"].frequencies) == ("typed", {"title": 1, "body": 2})
    assert parts["cam"].reports == 1


class TestHit:
    @pytest.mark.parametrize(
        "query", ["quan uy khen", "Quận uỷ", '"giay khen" -cam', "title:quan source:(bao dong hai)", "bà con"]
    )
    def test_is_what_the_search_gives(self, news: AnyIndex, query: str) -> None:
        found = news.search(query, limit=99)
        assert len(found) > 1
        for expected in found:
            hit = news.hit(expected.id, query)
            assert hit is not None
            assert hit.report == expected.report
            assert hit.score == pytest.approx(expected.score, rel=1e-4)
            assert (hit.marks("title"), hit.marks("body")) == (expected.marks("title"), expected.marks("body"))
            assert hit.snippet == expected.snippet

    def test_how_the_query_is_read_may_be_said(self, news: AnyIndex) -> None:
        assert news.hit("duong-lang.txt", "đường cam") is not None
        assert news.hit("duong-lang.txt", "đường cam", match="all") is None
        assert news.hit("duong-lang.txt", "trẻ em", fields={"title": 1.0}) is None
        with pytest.raises(InvalidArgumentError):
            news.hit("duong-lang.txt", "đường", timeout_s=-1)
        with pytest.raises(UnknownFieldError):
            news.hit("duong-lang.txt", "đường", fields={"source": 1.0})

    @pytest.mark.parametrize(
        ("identity", "query"),
        [("unknown", "đường"), ("\ud800", "đường"), ("", "đường"), ("duong-lang.txt", "chợ"), ("duong-lang.txt", "")],
        ids=ascii,
    )
    def test_none_without_a_match(self, news: AnyIndex, identity: str, query: str) -> None:
        assert news.hit(identity, query) is None


class TestMoreLikeThis:
    def test_finds_the_sibling_and_not_itself(self, news: AnyIndex) -> None:
        assert "nghi-quyet.txt" in ids(news.more_like_this("khen-thuong.txt"))[:3]
        assert ids(news.more_like_this("toa-an.txt"))[0] == "hoa-giai.txt"
        for report in NEWS:
            assert report.id not in ids(news.more_like_this(report.id, limit=99))

    def test_limit_and_total(self, news: AnyIndex) -> None:
        few, all_ = news.more_like_this("khen-thuong.txt", limit=2), news.more_like_this("khen-thuong.txt", limit=99)
        assert (len(few), few.total) == (2, all_.total)
        assert len(all_) == all_.total > 2
        assert ids(few) == ids(all_)[:2]
        with pytest.raises(InvalidArgumentError):
            news.more_like_this("khen-thuong.txt", limit=-1)

    def test_hits_can_be_shown(self, news: AnyIndex) -> None:
        for hit in news.more_like_this("khen-thuong.txt"):
            check_shown(hit)
            assert sum(part.score for part in hit.explain().contributions) == pytest.approx(hit.score, rel=1e-3)

    @pytest.mark.parametrize("identity", ["unknown", "", "\ud800", "dau-cham"], ids=ascii)
    def test_nothing_like_it(self, news: AnyIndex, identity: str) -> None:
        results = news.more_like_this(identity)
        assert (list(results), results.total) == ([], 0)


class TestSuggest:
    def test_with_and_without_marks(self, news: AnyIndex) -> None:
        for typed, completion in (
            ("quy ch", "quy chế"),
            ("quy chế", "quy chế"),
            ("dan ch", "dân chủ"),
            ("đườ", "đường"),
            ("duon", "đường"),
            ("đường l", "đường làng"),
            ("duong ", "đường làng"),
            ("thu vi", "thư viện"),
            (nfd("thư vi"), "thư viện"),
            ("quận ", "quận ủy"),
        ):
            assert completion in news.suggest(typed, limit=50), typed
        assert not [found for found in news.suggest("đườ", limit=50) if found.startswith("dương")]

    @pytest.mark.parametrize("typed", ["h", "đ", "quan u", "bo", "Hoà", "thuỷ l", "CHỢ", "tre e", "m", "mư", "học "])
    def test_every_completion_continues_what_was_typed_and_is_there(self, news: AnyIndex, typed: str) -> None:
        texts = [
            " ".join(["", *(token.text for token in analyze(text) if token.kind == "syllable"), ""])
            for report in NEWS
            for text in (report.title, report.body)
        ]
        found = news.suggest(typed, limit=50)
        assert found
        assert len(found) == len(set(found))
        for completion in found:
            assert fold(completion).startswith(fold(typed).lower())
            assert any(f" {completion} " in text for text in texts), completion

    def test_the_commonest_first(self, new_index: NewIndex) -> None:
        index = new_index()
        index.add(
            Report(f"{at}", "", "đường phố. đường phố. đường làng." if at < 8 else "đường phố. đường sắt.")
            for at in range(12)
        )
        assert index.suggest("duong ") == index.suggest("đường ") == ["đường phố", "đường làng", "đường sắt"]
        index.delete(str(at) for at in range(8))
        index.add([Report("100", "", "đường sắt. đường sắt. đường làng.")])
        assert set(index.suggest("duong ")) == {"đường phố", "đường sắt", "đường làng"}
        index.delete(["100"])
        assert "đường làng" not in index.suggest("duong ")  # no report has it any more

    def test_limit(self, news: AnyIndex) -> None:
        everything = news.suggest("t", limit=100)
        assert len(everything) > 8
        assert news.suggest("t") == everything[:8]
        assert news.suggest("t", limit=3) == everything[:3]
        assert news.suggest("t", limit=0) == []
        for limit in (-1, "3", None):
            with pytest.raises(InvalidArgumentError):
                news.suggest("t", limit=limit)  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        "typed",
        ["", " ", "?!", "zzz", "zzz qqq", "\ud800", "\0", "🙂", "'" * 5, "x" * 100_000],
        ids=lambda t: ascii(t[:9]),
    )
    def test_nothing_to_suggest(self, news: AnyIndex, typed: str) -> None:
        assert news.suggest(typed) == []

    def test_a_long_text_before_what_is_typed(self, news: AnyIndex) -> None:
        found = news.suggest("bà con " * 3000 + "quy ch")
        assert found
        assert all(completion.endswith("quy chế") for completion in found)

    @pytest.mark.parametrize("prefix", [None, 5, b"x"], ids=repr)
    def test_a_prefix_is_text(self, news: AnyIndex, prefix: Any) -> None:
        with pytest.raises(InvalidArgumentError):
            news.suggest(prefix)
