"""One spelling for each text: the cases in ``cases/normalize.json``, and laws."""

from __future__ import annotations

import tracemalloc
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_text_offsets import check
from vietnamese import (
    ANY_TEXT,
    CASES,
    ENCODINGS,
    INVISIBLE,
    OPEN_SYLLABLES,
    TONE_MARKS,
    in_code_page_1258,
    load_cases,
    nfd,
    syllables,
    tone_first,
    vietnamese,
    with_mark,
)

from vnsearch.text.letters import VOWELS, split_tone
from vnsearch.text.normalize import clean, normalize, normalize_with_offsets, place_tones
from vnsearch.text.syllable import place_tone

FLOODS = {
    "one mark": "a" + "\u0301" * 100_000,
    "two marks": "hoa" + "\u0323\u0301" * 50_000,
    "two marks, wrong order": "e" + "\u0301" * 50_000 + "\u0302" * 50_000,
    "marks alone": "\u0300" * 100_000,
    "joiners": "a" + "\u200d" * 100_000,
    "joiners and marks": "a" + "\u200d\u0301" * 50_000,
    "invisible": "a" + "\u200b\u00ad" * 50_000,
    "one long word": "hoà" * 33_000,
    "tones first": "é\u0302" * 50_000,
}


@pytest.mark.parametrize("case", load_cases("normalize.json"))
def test_case(case: dict[str, Any]) -> None:
    assert normalize(case["original"]) == case["expected"]


@given(ANY_TEXT)
@settings(max_examples=400)
@example("\u212a\u200d")  # a letter only after composition
@example("q\u0301\u0591\u200d")  # marks that composition sorts before a joiner
@example("u\xe0\u0309\u0309\u0591")  # a mark of another script on the last letter
@example("a" + "\u0301" * 30 + "\u0323")  # more marks than UAX #15 thinks of
def test_is_idempotent_and_composed(text: str) -> None:
    normalized = normalize(text)
    assert normalize(normalized) == normalized
    assert unicodedata.is_normalized("NFC", normalized)


@given(ANY_TEXT)
@settings(max_examples=300)
def test_canonically_equal_texts_are_one(text: str) -> None:
    assert (
        normalize(unicodedata.normalize("NFC", text))
        == normalize(unicodedata.normalize("NFD", text))
        == normalize(text)
    )


@given(ANY_TEXT)
@settings(max_examples=300)
def test_offsets(text: str) -> None:
    normalized, offsets = normalize_with_offsets(text)
    cleaned, cleaned_offsets = clean(text)
    assert normalized == normalize(text) == place_tones(cleaned)
    assert offsets == cleaned_offsets
    assert len(cleaned) == len(normalized)
    if offsets is None:
        assert len(normalized) == len(text)
    else:
        check(offsets, len(normalized), len(text))


@given(st.lists(syllables(), min_size=1, max_size=5), st.data())
def test_offsets_lead_back_to_each_syllable(words: list[str], data: st.DataObject) -> None:
    encoded = [data.draw(st.sampled_from(ENCODINGS))(word) for word in words]
    text = " ".join(encoded)
    normalized, offsets = normalize_with_offsets(text)
    at = given_at = 0
    for word, spelling in zip(words, encoded, strict=True):
        end, given_end = at + len(word), given_at + len(spelling)
        assert normalized[at:end] == place_tone(word)
        if offsets is None:
            assert (at, end) == (given_at, given_end)
        else:
            assert offsets.span(at, end) == (given_at, given_end)
        at, given_at = end + 1, given_end + 1


@given(syllables())
def test_every_encoding_of_a_syllable_is_one(word: str) -> None:
    assert {normalize(encode(word)) for encode in ENCODINGS} == {place_tone(word)}


@given(syllables(), st.sampled_from(INVISIBLE + "\u200c\u200d"), st.data())
def test_invisible_characters_change_nothing(word: str, unseen: str, data: st.DataObject) -> None:
    for spelling in (word, nfd(word), in_code_page_1258(word), tone_first(word)):
        at = data.draw(st.integers(1, len(spelling)))
        assert normalize(spelling[:at] + unseen + spelling[at:]) == place_tone(word)


@given(
    st.lists(st.sampled_from(OPEN_SYLLABLES), min_size=1, max_size=4),
    st.sampled_from(TONE_MARKS),
    st.sampled_from(' ,-_2/"'),
)
def test_both_placements_are_one(bare: list[tuple[str, str]], mark: str, between: str) -> None:
    for case in CASES:
        first = between.join(case(with_mark(initial + rime, len(initial), mark)) for initial, rime in bare)
        second = between.join(case(with_mark(initial + rime, len(initial) + 1, mark)) for initial, rime in bare)
        assert normalize(first) == normalize(second) == first


@given(vietnamese())
def test_letters_stay(text: str) -> None:
    """Only where tones stand may change: their number and the letters under them do not."""

    def without_tones(given: str) -> str:
        return "".join(split_tone(char)[0] for char in given)

    cleaned, _ = clean(text)
    normalized = normalize(text)
    assert without_tones(normalized) == without_tones(cleaned)
    assert sorted(unicodedata.normalize("NFD", normalized)) == sorted(unicodedata.normalize("NFD", cleaned))


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_stays(text: str) -> None:
    assert normalize_with_offsets(text) == (text, None)


@pytest.mark.parametrize("pair", ["kỹ kĩ", "lý lí", "mỹ mĩ", "tỷ tỉ", "hy hi", "Kỳ Kì"])
def test_i_and_y_stay_apart(pair: str) -> None:
    assert normalize(pair) == pair
    assert len(set(normalize(pair).split())) == 2


@pytest.mark.parametrize("name", FLOODS)
def test_floods_end(name: str) -> None:
    normalized, offsets = normalize_with_offsets(FLOODS[name])
    assert offsets is None or len(offsets.starts) == len(normalized)
    assert normalize(normalized) == normalized


@pytest.mark.parametrize(
    "piece",
    ["ho\u0323p da\u0302n ", "họp\u200b dân ", "ho\u0323\u200dp ", "đ\u00e9\u0302 ", "\U0001f404\u034f "],
    ids=["decomposed", "invisible", "joiners", "tone first", "beyond the basic plane"],
)
def test_a_long_text_takes_little_memory(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    clean(piece)
    tracemalloc.start()
    try:
        assert clean(text)[1] is not None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Two places of four bytes for each character, before and after a step, and the texts; as numbers in lists they took eighty.
    assert peak < 60 * len(text)


def test_seeds(seeds: Path) -> None:
    """Real reports: both encodings are one, and nothing but tones, look-alikes and invisible characters changes."""
    for path in sorted(seeds.glob("*.txt")):
        text = path.read_text("utf-8")
        normalized = normalize(text)
        assert normalize(normalized) == normalized == normalize(nfd(text))
        assert set("".join(normalized.lower().split())) - set(VOWELS) <= set(normalize(text.lower()))
