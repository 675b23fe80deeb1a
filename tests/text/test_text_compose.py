"""NFC with offsets: the same text as ``unicodedata`` gives, and whole letters."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_text_offsets import check
from vietnamese import ANY_TEXT, nfd, vietnamese

from vnsearch.text.compose import compose

# Letters and marks that meet in unusual ways: several classes, two-part vowel signs, Hangul, decompositions of marks.
MIXED = st.text(
    st.sampled_from(
        "aAoeuđếệṩÅ\u212b\u0300\u0301\u0323\u0327\u0302\u0345\u0344\u0591가\u1100\u1161\u11a8\u09c7\u09beक़\u0f71\u0f73\u0f75\u0958"
    ),
    max_size=20,
)


@given(st.one_of(ANY_TEXT, ANY_TEXT.map(nfd), MIXED))
@settings(max_examples=300)
def test_is_nfc(text: str) -> None:
    composed, offsets = compose(text)
    assert composed == unicodedata.normalize("NFC", text)
    if offsets is None:
        assert composed == text
    else:
        check(offsets, len(composed), len(text))
        assert offsets.starts[0] == 0
        assert offsets.ends[-1] == len(text)


@given(st.one_of(vietnamese().map(nfd), MIXED))
def test_every_slice_composes_to_its_characters(text: str) -> None:
    composed, offsets = compose(text)
    if offsets is None:
        return
    for slice_ in sorted(set(zip(offsets.starts, offsets.ends, strict=True))):
        mine = "".join(
            c for c, *place in zip(composed, offsets.starts, offsets.ends, strict=True) if tuple(place) == slice_
        )
        assert unicodedata.normalize("NFC", text[slice(*slice_)]) == mine


@pytest.mark.parametrize("text", ["", "Ha Noi", "Hà Nội", "北京", "\ud800", "가각"])
def test_composed_text_has_no_map(text: str) -> None:
    assert compose(text) == (text, None)


def test_every_composition_of_unicode() -> None:
    """All characters that decompose, one text."""
    chars = [chr(code) for code in range(0x80, 0x30000) if unicodedata.decomposition(chr(code))]
    text = " ".join(unicodedata.normalize("NFD", char) for char in chars)
    composed, offsets = compose(text)
    assert composed == unicodedata.normalize("NFC", text)
    assert offsets is not None
    check(offsets, len(composed), len(text))


@pytest.mark.parametrize("count", [29, 30, 31, 32, 61])
@pytest.mark.parametrize("marks", ["\u0301", "\u0301\u0323", "\u0323\u0301\u0302", "\u0344\u0345", "\u0f73\u0f71"])
def test_long_runs_of_marks(marks: str, count: int) -> None:
    text = "xa" + (marks * count)[:count] + "b" + "\u1161" * count + marks
    composed, offsets = compose(text)
    assert composed == unicodedata.normalize("NFC", text)
    if offsets is not None:
        check(offsets, len(composed), len(text))


@pytest.mark.parametrize(
    "text",
    [
        "a" + "\u0301" * 100_000,
        "a" + "\u0323\u0301" * 50_000,
        "a" + "\u0301" * 50_000 + "\u0323" * 50_000,
        "\u0344" * 50_000 + "\u0323" * 50_000,
        "\u1161" * 100_000 + "\u0301",
        "a\u0301\u0323" * 33_000,
    ],
    ids=["one", "in turn", "sorted the wrong way", "marks of two", "Hangul", "many letters"],
)
def test_floods_of_marks_end(text: str) -> None:
    """No clock here: where sorting takes quadratic time, this test takes minutes."""
    composed, offsets = compose(text)
    assert unicodedata.is_normalized("NFC", composed)
    assert len(composed) <= 2 * len(text)
    assert offsets is None or len(offsets.starts) == len(composed)


@given(vietnamese().map(nfd))
def test_letter_by_letter_is_piece_by_piece(text: str) -> None:
    """Where every letter becomes one character, all are composed at once; one mark that becomes two, and they are not."""
    composed, offsets = compose(text)
    whole, pieces = compose(text + "\u0344")
    if offsets is not None and pieces is not None:
        assert whole.startswith(composed[:-1])
        assert pieces.starts[: len(composed) - 1] == offsets.starts[:-1]
        assert pieces.ends[: len(composed) - 1] == offsets.ends[:-1]
