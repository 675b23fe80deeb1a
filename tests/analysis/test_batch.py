"""``tokenize_batch`` finds what ``analyze_text`` finds: the same terms at the same places, in arrays."""

from __future__ import annotations

import sys
import unicodedata
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "text"))  # where ``vietnamese`` is, when these tests run alone

from vietnamese import ANY_TEXT, vietnamese

from vnsearch.analysis import Analysis, TokenBatch, analyze_batch, analyze_text, tokenize_batch, vocabulary
from vnsearch.analysis import cut as cutting
from vnsearch.segment.tokens import tokens_of_chunk
from vnsearch.text.normalize import clean

# Where a text could be cut wrongly, or where what is found depends on what is around.
PIECES = [
    *("Hà Nội", "họp.", "HCM.", "TP.HCM", "Tp.", "Mr.", "ThS.", "ABC.", "đẹp.", "ế.", "x.", "...", "==>", "->", ">>"),
    *("http://x.vn/a,b;c(d)", "://", "a@b.vn", "a@b.", "a@", "1,5", "1.000", "5", "12/3/2020", "ngày 5-6", "5 triệu"),
    *("“", "”", '"', ",", ":", ";", "(", ")", "?", "!", ".", "%", "_", "a_b_c", "²", "٣,٣", "٣ , ", "\x1c", "\x85"),
    *("quy chế (QC)", "UBND", "dân chủ", "viết tắt là ABC", " - ABC", "quý III/2020", "hoà", "HOÀ.", "thuỷ điện,"),
    *("é\u0302", "\u0301", "\u05b4", "\u1161", "가", "😀", "\u200b", "\u200d", "\ud800", "İ", "ß", "北京", "Ð"),
    *("\n", " ", "  ", "\u00a0", "\u3000", " "),
]
TEXTS = st.one_of(ANY_TEXT, vietnamese(), st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
NUMBERED = {"tokens": "syllables", "word_tokens": "words", "value_tokens": "values"}


def expected(analyses: list[Analysis]) -> dict[str, Any]:
    values = [value for analysis in analyses for value in analysis.values]
    found: dict[str, Any] = {
        "starts": [start for analysis in analyses for start in analysis.starts],
        "ends": [end for analysis in analyses for end in analysis.ends],
        "lengths": [len(analysis.syllables) for analysis in analyses],
        "word_lengths": [len(analysis.words) for analysis in analyses],
        "value_lengths": [len(analysis.values) for analysis in analyses],
        "value_positions": [value.position for value in values],
        "value_starts": [value.start for value in values],
        "value_ends": [value.end for value in values],
        "definitions": [analysis.definitions for analysis in analyses],
    }
    terms = {
        "tokens": [analysis.syllables for analysis in analyses],
        "word_tokens": [analysis.word_terms() for analysis in analyses],
        "value_tokens": [analysis.value_terms() for analysis in analyses],
    }
    for name, lists in terms.items():
        flat = list(chain.from_iterable(lists))
        found[NUMBERED[name]] = list(dict.fromkeys(flat))
        numbers = {term: number for number, term in enumerate(found[NUMBERED[name]])}
        found[name] = [numbers[term] for term in flat]
    return found


def as_lists(batch: TokenBatch) -> dict[str, Any]:
    fields = {name: getattr(batch, name) for name in TokenBatch.__slots__}
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in fields.items()}


def check(texts: list[str]) -> None:
    assert as_lists(tokenize_batch(texts)) == expected([analyze_text(text) for text in texts])


@given(st.lists(TEXTS, max_size=4))
@settings(max_examples=500)
@example([])
@example(["", "\n", ""])
@example([" \u1161", "e\u0301 \u1161"])  # the second is not NFC: its mark shares the slice of the space before it
@example(["a b://c, d. e", "Mr. Tp. họp. HCM. e.", "xem http://a.vn/b;c, d"])
@example(["x.\u05b4 hoà\u05b4, hoà"])
def test_a_batch_is_its_texts_one_by_one(texts: list[str]) -> None:
    check(texts)
    check([unicodedata.normalize("NFD", text) for text in texts])


@given(TEXTS)
@settings(max_examples=300)
def test_no_token_crosses_a_cut(text: str) -> None:
    cleaned = clean(text)[0]
    pieces = cutting.cut([text])
    assert pieces.text == f"\n{cleaned}\n"
    found = [(start, chunk) for start, chunk in zip(pieces.starts.tolist(), pieces.chunks, strict=True)]
    found += [(at, chr(code)) for at, code in zip(pieces.signs.tolist(), pieces.codes.tolist(), strict=True)]
    assert all(pieces.text.startswith(chunk, at) for at, chunk in found)
    tokens = [
        token for _, chunk in sorted(found)[1:-1] for token in (tokens_of_chunk(chunk) if chunk != "\n" else chunk)
    ]
    whole = []
    for n, line in enumerate(cleaned.split("\n")):
        whole += ["\n"] if n else []
        whole += chain.from_iterable(map(tokens_of_chunk, line.split()))
    assert tokens == whole


def test_usual_characters_are_replaced_and_nothing_else() -> None:
    for code in chain.from_iterable(range(*span) for span in cutting._USUAL):
        text = f"a{chr(code)}b"
        assert clean(text)[1] is None
        assert unicodedata.is_normalized("NFC", text)
        assert not unicodedata.combining(chr(code))


def test_types_and_shapes() -> None:
    batch = tokenize_batch(["Sáng 22/12, quy chế dân chủ (QCDC)", ""])
    for name in (
        "tokens",
        "starts",
        "ends",
        "word_tokens",
        "value_tokens",
        "value_positions",
        "value_starts",
        "value_ends",
    ):
        assert getattr(batch, name).dtype == np.uint32
    for name in ("lengths", "word_lengths", "value_lengths"):
        assert getattr(batch, name).dtype == np.int64
        assert len(getattr(batch, name)) == 2
    assert batch.definitions == [[("QCDC", "quy chế dân chủ")], []]


@pytest.mark.parametrize(
    "text",
    [
        "a_" * 20_000,
        "hoà" * 33_000,
        "a" + "\u0301" * 50_000,
        "x" * 100_000,
        "Hà Nội, " * 20_000,
        "a b\n" * 9_000,
        "." * 50_000,
    ],
    ids=lambda text: ascii(text[:4]),
)
def test_long_texts(text: str) -> None:
    check([text, text[:1000], ""])


def test_words_of_any_length() -> None:
    texts = ["_".join("abcdefghij"[:n]) for n in range(1, 11)]
    check([*texts, " ".join(texts), *texts])


def test_vocabulary_is_begun_anew_when_it_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "_VOCABULARY_BYTES", 20_000)
    for n in range(30):
        check([f"Hà Nội a{n}b{k} {'c' * 100}{n}" for k in range(20)])
    assert len(vocabulary.chunks_known()) < 100


def test_analyze_batch() -> None:
    assert analyze_batch(["Quận uỷ họp", ""]) == [analyze_text("Quận uỷ họp"), analyze_text("")]


def test_seeds(seeds: Path) -> None:
    """Real reports."""
    texts = [path.read_text("utf-8") for path in sorted(seeds.glob("*.txt"))]
    check([*texts, *(unicodedata.normalize("NFD", text) for text in texts)])
