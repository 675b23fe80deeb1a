"""``segment`` is pyvi's ``tokenize``, byte for byte."""

import itertools
import json
import lzma
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vnsearch.segment import decode, segment, segment_batch, segment_spans, segmenter
from vnsearch.segment.exact import attributes, exact_labels
from vnsearch.segment.segmenter import Segmenter, default_segmenter
from vnsearch.segment.tokens import tokens_of_chunk

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "vietnews" / "docs.jsonl.xz"

WORDS = (
    "thành phố hà nội quy chế dân chủ cơ sở ủy ban nhân dân công tác đại học bách khoa sinh viên kinh tế xã hội an toàn "
    "giao thông phát triển một hai của và là các những được không người đường Đường sắt đã nước ngoài trung ương quốc gia "
    "Nguyễn Văn TP.HCM UBND ThS. Tp. Mr. 2024 1.000 3,5 12/3 a@b.vn http://x.vn/ -> ==> ... >> _ __ () ²x ΑΣ Σ ǅ İ ß ﬁ"
)
SYLLABLES = WORDS.split()
PIECES = st.one_of(
    st.sampled_from(SYLLABLES),
    st.sampled_from(SYLLABLES).map(str.title),
    st.sampled_from(SYLLABLES).map(str.upper),
    st.sampled_from(SYLLABLES).map(lambda s: unicodedata.normalize("NFD", s)),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4),
    st.text("aA1.@:/_-+ \n\t\x1c\x85\u00a0\u3000\u0301đĐ", max_size=8),
)
SPACES = st.sampled_from([" ", " ", " ", "", "\n", "  ", "\t", "\u00a0", ", ", "\r\n"])
TEXTS = st.lists(st.tuples(PIECES, SPACES), max_size=40).map(lambda parts: "".join(map("".join, parts)))


def test_sentences(sentence, pyvi_segment):
    assert segment(sentence) == pyvi_segment(sentence)


def test_sentences_in_nfd(sentence, pyvi_segment):
    decomposed = unicodedata.normalize("NFD", sentence)
    assert segment(decomposed) == pyvi_segment(decomposed) == segment(sentence)


def test_long_text_in_one_batch(sentences, pyvi_segment):
    text = "\n".join(sentences)
    assert len(text) > 2000, "long enough for the arrays"
    assert segment(text) == pyvi_segment(text)
    assert segment_batch([text, *sentences, text]) == list(map(pyvi_segment, [text, *sentences, text]))


@given(TEXTS)
@settings(deadline=None, max_examples=400)
def test_any_text(pyvi_segment, text):
    expected = pyvi_segment(text)
    assert segment(text) == expected
    assert segment_batch([text, "Hà Nội", text]) == [expected, "Hà_Nội", expected]


@pytest.mark.parametrize("text", ["", " ", "\t\u00a0\u3000", "\x1c\x85", "e\u0301", "a\u0301 \u0301"])
def test_texts_of_few_tokens(text, pyvi_segment):
    assert segment(text) == pyvi_segment(text)
    assert segment_batch([text]) == [pyvi_segment(text)]


def test_text_without_tokens_comes_back_as_given():
    assert segment("\u2000 \t") == "\u2000 \t"  # NFC would make it U+2002
    assert segment_batch(["\u2000 \t"]) == ["\u2000 \t"]
    assert segment_spans("\u2000 \t") == []


@pytest.mark.parametrize(
    "text", ["Hà\ud800Nội", "\udfff", "thành phố \ud83d \ude00", "\0", "Hà Nội\0 dân\0chủ http://a\0b"]
)
def test_surrogates_and_nul_do_not_raise(text):
    assert segment_batch([text]) == [segment(text)]
    rebuilt = "".join("".join(text[start:end].split()) for start, end in segment_spans(text))
    assert rebuilt == "".join(text.split())
    assert "".join(segment(text).replace("_", "").split(" ")) == rebuilt


CHUNKS = st.lists(
    st.sampled_from([*"aA1._+-@!:/đ", "a@b.c", "...", "://", "1.1", "B.", "x" * 30]), min_size=1, max_size=120
)


@given(CHUNKS.map("".join))
@settings(deadline=None)
def test_chunks_are_cut_as_by_pyvis_expression(pyvi_tokenizer, chunk):
    assert tokens_of_chunk(chunk) == pyvi_tokenizer.sylabelize(chunk)[1]


@pytest.mark.parametrize(
    "chunk", ["." * 50_000, "a." * 30_000 + "a@", "a@b.c!" + "-" * 50_000, "@" * 50_000, "1_" * 30_000]
)
def test_hostile_chunks_are_cut_in_linear_time(chunk):
    # pyvi's expression takes minutes for some of these; here the test would never end.
    assert "".join(tokens_of_chunk(chunk)) == chunk


def test_attributes_are_pyvis_features(sentence, pyvi_tokenizer):
    tokens = pyvi_tokenizer.sylabelize(sentence)[1]
    expected = [
        [f"{name}:{value}" if isinstance(value, str) else name for name, value in features.items() if value]
        for features in pyvi_tokenizer.sent2features(tokens, False)
    ]
    assert list(attributes(tokens, default_segmenter().model)) == expected


def test_exact_labels_are_crfsuites(sentence, pyvi_tokenizer):
    tokens = pyvi_tokenizer.sylabelize(sentence)[1]
    expected = list(pyvi_tokenizer.model.predict([pyvi_tokenizer.sent2features(tokens, False)])[0])
    assert ["I_W" if inside else "B_W" for inside in exact_labels(tokens, default_segmenter().model)] == expected


def test_texts_in_doubt_are_decoded_exactly(sentences, monkeypatch):
    expected = segment_batch(sentences)
    monkeypatch.setattr(decode, "DOUBT", 1e9)  # now every text is in doubt
    asked = []
    monkeypatch.setattr(
        segmenter,
        "exact_labels",
        lambda tokens, model: asked.append(tokens) or exact_labels(tokens, model),
    )
    fresh = Segmenter(default_segmenter().model)
    assert fresh.words_of(["", *sentences, ""]) == ["", *expected, ""]
    assert [fresh.words(sentence) for sentence in sentences] == expected
    assert len(asked) == 2 * len(sentences)


def test_newspaper_articles(pyvi_segment):
    if not SHARED.exists():
        pytest.skip(f"{SHARED} is not here")
    with lzma.open(SHARED, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in itertools.islice(lines, 60)]
    assert segment_batch(texts) == list(map(pyvi_segment, texts))
