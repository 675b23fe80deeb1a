"""Text -> tokens: the cases in ``cases/analyze.json``, and laws. Values have tests of their own (``test_values``)."""

from __future__ import annotations

import re
import sys
import unicodedata
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "text"))  # where ``vietnamese`` is, when these tests run alone

from vietnamese import (
    ANY_TEXT,
    CASES,
    INVISIBLE,
    LATIN_AND_MARKS,
    OPEN_SYLLABLES,
    TONE_MARKS,
    load_cases,
    nfc,
    nfd,
    syllables,
    vietnamese,
    with_mark,
)

from vnsearch.analysis.analyzer import analysis_fingerprint, analyze, analyze_batch, analyze_text, syllables_of
from vnsearch.analysis.tokens import Analysis, Token
from vnsearch.segment import segment
from vnsearch.text.normalize import normalize
from vnsearch.text.syllable import place_tone_second

KINDS = ("syllable", "pair", "word")
# Written for these tests, the tones where pyvi's model knows them.
SENTENCES = [
    "Hội đồng nhân dân thành phố khai mạc kỳ họp thường lệ giữa năm.",
    "Nông dân xã An Bình thu hoạch lúa hè thu sớm hơn mọi năm, giá bán tại ruộng cao hơn vụ trước.",
    "Ngành thuỷ lợi khánh thành trạm bơm mới, phục vụ tưới tiêu cho ba huyện.",
    "Công an tỉnh khuyến cáo: người dân không nên truy cập đường dẫn lạ!",
    "Bệnh viện đa khoa khu vực vừa tiếp nhận hai bác sĩ về làm việc lâu dài.",
    "Hoà giải viên ở cơ sở góp phần giữ gìn tình làng nghĩa xóm.",
    "Trường tiểu học Kim Đồng tổ chức ngày hội đọc sách cho học sinh khối lớp bốn và lớp năm",
    "Bão số sáu gây mưa to, nhiều tuyến đường ngập sâu; giao thông tê liệt suốt buổi sáng.",
    "KẾT LUẬN CỦA CHỦ TỊCH UỶ BAN NHÂN DÂN TỈNH TẠI CUỘC HỌP GIAO BAN",
    "Doanh nghiệp khởi nghiệp trẻ tìm cơ hội hợp tác với các quỹ đầu tư.\nBuổi gặp gỡ diễn ra chiều qua.",
]


def keys(tokens: list[Token]) -> list[tuple[str, str, int]]:
    """What tokens are, apart from where they stand."""
    return [(token.kind, token.text, token.position) for token in tokens]


def of_kind(tokens: list[Token], kind: str) -> list[Token]:
    return [token for token in tokens if token.kind == kind]


def check_structure(text: str) -> list[Token]:
    """What holds for every text; returns its tokens."""
    analysis = analyze_text(text)
    tokens = analyze(text)
    count = len(analysis.syllables)
    assert len(analysis.starts) == len(analysis.ends) == count
    for token in tokens:
        assert 0 <= token.start < token.end <= len(text)
        assert token.text
        assert 0 <= token.position <= count
    assert [token.position for token in tokens] == sorted(token.position for token in tokens)
    for kind in KINDS:
        found = of_kind(tokens, kind)
        assert all(a.position < b.position for a, b in pairwise(found))
        assert all(a.start <= b.start and a.end <= b.end for a, b in pairwise(found))
    single, pairs, words = (of_kind(tokens, kind) for kind in KINDS)
    assert [token.position for token in single] == list(range(count))
    assert [token.position for token in pairs] == list(range(count - 1))
    for pair, a, b in zip(pairs, single, single[1:], strict=False):
        assert (pair.text, pair.start, pair.end) == (f"{a.text} {b.text}", a.start, b.end)
    # Every syllable belongs to one word.
    assert [at for first, end in analysis.words for at in range(first, end)] == list(range(count))
    for word, (first, end) in zip(words, analysis.words, strict=True):
        assert (word.text, word.position) == ("_".join(analysis.syllables[first:end]), first)
        assert (word.start, word.end) == (single[first].start, single[end - 1].end)
    alone = syllables_of(text)
    assert (alone.syllables, alone.starts, alone.ends) == (analysis.syllables, analysis.starts, analysis.ends)
    return tokens


@pytest.mark.parametrize("case", load_cases("analyze.json"))
def test_case(case: dict[str, Any]) -> None:
    tokens = check_structure(case["original"])
    found = {kind: [[t.text, t.start, t.end] for t in of_kind(tokens, kind)] for kind in case["expected"]}
    assert found == case["expected"]


class TestLaws:
    @given(ANY_TEXT)
    @settings(max_examples=300)
    @example("뽽\u0596")  # a mark that does not compose, and a letter that is composed
    @example("a" + "\u0301" * 40 + "\u0323b c")
    def test_structure(self, text: str) -> None:
        check_structure(text)
        check_structure(nfd(text))

    @given(vietnamese())
    @settings(max_examples=200)
    @example("hoà2 2hoà hoà×2")
    def test_a_syllable_is_its_slice_normalized(self, text: str) -> None:
        for given_text in (text, nfc(text), nfd(text)):
            for token in of_kind(analyze(given_text), "syllable"):
                assert normalize(given_text[token.start : token.end]).casefold() == token.text

    @given(ANY_TEXT)
    @settings(max_examples=200)
    def test_a_syllable_is_in_its_slice(self, text: str) -> None:
        """For any text: a slice may hold the marks of other scripts too, which belong to the letter, not to the term."""
        for token in of_kind(analyze(text), "syllable"):
            assert token.text in normalize(text[token.start : token.end]).casefold()

    @given(ANY_TEXT)
    @settings(max_examples=200)
    def test_composed_and_decomposed_texts_have_the_same_tokens(self, text: str) -> None:
        assert keys(analyze(nfc(text))) == keys(analyze(nfd(text))) == keys(analyze(text))

    @given(st.one_of(vietnamese(), LATIN_AND_MARKS))
    @settings(max_examples=200)
    def test_tokens_of_composed_and_decomposed_texts_stand_on_the_same_letters(self, text: str) -> None:
        composed, decomposed = nfc(text), nfd(text)
        for a, b in zip(analyze(composed), analyze(decomposed), strict=True):
            if a.kind not in KINDS:
                continue  # a mark that found no letter ("1̀") is no part of a number
            assert normalize(composed[a.start : a.end]) == normalize(decomposed[b.start : b.end])

    @given(vietnamese())
    def test_a_normalized_text_has_the_same_syllables(self, text: str) -> None:
        assert syllables_of(normalize(text)).syllables == syllables_of(text).syllables

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(OPEN_SYLLABLES),
                st.sampled_from(TONE_MARKS),
                st.sampled_from(CASES),
                st.one_of(syllables(), st.just("")),
                st.sampled_from([" ", " ", " ", ", ", "-", "_", "\n", "“", "2", " ban "]),
            ),
            max_size=5,
        )
    )
    @settings(max_examples=200)
    def test_placement_changes_no_token(self, drawn: list[Any]) -> None:
        texts = ["", ""]
        for (initial, rime), mark, case, other, between in drawn:
            for which in (0, 1):
                texts[which] += case(with_mark(initial + rime, len(initial) + which, mark)) + between
                texts[which] += other + " "
        first, second = texts
        assert analyze(first) == analyze(second)
        assert keys(analyze(nfd(first))) == keys(analyze(nfd(second)))

    @given(vietnamese(), st.sampled_from(INVISIBLE))
    def test_invisible_characters_change_no_term(self, text: str, unseen: str) -> None:
        assert keys(analyze(unseen.join(text))) == keys(analyze(text.replace(unseen, "")))

    @given(st.lists(ANY_TEXT, max_size=4))
    def test_a_batch_is_its_texts_one_by_one(self, texts: list[str]) -> None:
        assert analyze_batch(texts) == [analyze_text(text) for text in texts]

    @given(st.lists(syllables(), max_size=6))
    def test_case_changes_no_syllable(self, words: list[str]) -> None:
        text = " ".join(words)
        assert {tuple(syllables_of(case(text)).syllables) for case in CASES} == {tuple(syllables_of(text).syllables)}


def test_every_syllable_with_two_placements() -> None:
    """All of them, each in a text of its own line, with a neighbour that may make it a word."""
    for mark in TONE_MARKS:
        for case in CASES:
            first, second = (
                "\n".join(f"{case(with_mark(i + r, len(i) + which, mark))} bình" for i, r in OPEN_SYLLABLES)
                for which in (0, 1)
            )
            assert first != second
            assert analyze(first) == analyze(second)


class TestWords:
    @pytest.mark.parametrize("sentence", SENTENCES, ids=range(len(SENTENCES)))
    def test_words_are_those_of_segment(self, sentence: str) -> None:
        joined = segment(sentence).split()
        expected = [normalize(word).casefold() for word in joined if re.search(r"[^\W_]", word)]
        assert [token.text for token in of_kind(analyze(sentence), "word")] == expected
        assert any("_" in word for word in expected)

    @pytest.mark.parametrize("sentence", SENTENCES, ids=range(len(SENTENCES)))
    def test_words_are_the_same_in_every_spelling(self, sentence: str) -> None:
        tokens = analyze(sentence)
        ours = normalize(sentence)
        theirs = re.sub(r"[^\W\d_]+", lambda word: place_tone_second(word[0]), sentence)
        for spelling in (
            ours,
            theirs,
            nfd(ours),
            nfd(theirs),
            sentence.replace("Đ", "Ð"),
            sentence.replace("c", "c\u00ad"),
        ):
            assert keys(analyze(spelling)) == keys(tokens)

    @pytest.mark.parametrize("pair", ["qúy báu|quý báu", "lụât sư|luật sư", "thừơng xuyên|thường xuyên"])
    def test_a_misplaced_tone_parts_no_word(self, pair: str) -> None:
        wrong, right = pair.split("|")
        assert keys(analyze(wrong)) == keys(analyze(right))


class TestPairs:
    """Pairs are neighbours whatever stands between: BM25 over pairs did not gain from stopping at punctuation."""

    @pytest.mark.parametrize("between", [" ", ", ", ". ", "\n\n", " – ", " 🎉 ", "_", "\u200b \u200b"])
    def test_pairs_cross_what_is_between(self, between: str) -> None:
        text = f"hà nội{between}mùa thu"
        pairs = of_kind(analyze(text), "pair")
        assert [pair.text for pair in pairs] == ["hà nội", "nội mùa", "mùa thu"]
        assert text[pairs[1].start : pairs[1].end] == f"nội{between}mùa"

    def test_pairs_do_not_leave_their_text(self) -> None:
        found = [of_kind(analysis.tokens(), "pair") for analysis in analyze_batch(["hà nội", "mùa", "", "thu sang"])]
        assert [[pair.text for pair in pairs] for pairs in found] == [["hà nội"], [], [], ["thu sang"]]


class TestOrder:
    def test_at_one_position_syllable_pair_word(self) -> None:
        tokens = [token for token in analyze("Quốc hội họp. Cử tri theo dõi") if token.kind in KINDS]
        assert tokens == sorted(tokens, key=lambda token: (token.position, KINDS.index(token.kind)))

    def test_an_analysis_by_hand(self) -> None:
        analysis = Analysis(["hà", "nội", "thu"], [0, 3, 8], [2, 6, 11], words=[(0, 2), (2, 3)])
        assert analysis.pairs() == ["hà nội", "nội thu"]
        assert analysis.word(0, 2) == "hà_nội"
        assert analysis.word_terms() == ["hà_nội", "thu"]
        assert analysis.tokens() == [
            Token("hà", "syllable", 0, 2, 0),
            Token("hà nội", "pair", 0, 6, 0),
            Token("hà_nội", "word", 0, 6, 0),
            Token("nội", "syllable", 3, 6, 1),
            Token("nội thu", "pair", 3, 11, 1),
            Token("thu", "syllable", 8, 11, 2),
            Token("thu", "word", 8, 11, 2),
        ]

    def test_an_empty_analysis(self) -> None:
        assert Analysis([], [], []).tokens() == analyze("") == analyze(" \n…") == []

    def test_tokens_are_values(self) -> None:
        token = Token("hà", "syllable", 0, 2, 0)
        assert token == Token("hà", "syllable", 0, 2, 0)
        assert len({token, Token("hà", "syllable", 0, 2, 0)}) == 1
        with pytest.raises(AttributeError):
            token.text = "nội"  # type: ignore[misc]


FLOODS = {
    "one mark": "a" + "\u0301" * 100_000,
    "two marks, wrong order": "hoa" + "\u0301" * 50_000 + "\u0323" * 50_000,
    "marks alone": "\u0300" * 100_000,
    "joiners and marks": "a" + "\u200d\u0301" * 50_000,
    "one long word": "hoà" * 33_000,
    "one long word of letters and marks": "a\u0335" * 50_000,
    "underscores": "a_" * 20_000,
    "letters": "x" * 100_000,
}


@pytest.mark.parametrize("name", FLOODS)
def test_floods_end(name: str) -> None:
    """No clock here: what took quadratic time would take minutes."""
    check_structure(FLOODS[name])


def test_batches() -> None:
    assert analyze_batch([]) == []
    long = " ".join(SENTENCES) * 20
    texts = [*SENTENCES, "", long, nfd(long), "\n"]
    assert analyze_batch(texts) == [analyze_text(text) for text in texts]


def test_fingerprint() -> None:
    assert analysis_fingerprint() == analysis_fingerprint()
    assert re.fullmatch(r"\d+-[0-9a-f]+", analysis_fingerprint())


def test_seeds(seeds: Path) -> None:
    """Real reports."""
    for path in sorted(seeds.glob("*.txt")):
        text = path.read_text("utf-8")
        tokens = check_structure(text)
        assert keys(analyze(unicodedata.normalize("NFD", text))) == keys(tokens)
        for token in of_kind(tokens, "syllable"):
            assert normalize(text[token.start : token.end]).casefold() == token.text
