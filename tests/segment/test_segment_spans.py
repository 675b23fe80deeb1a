"""Where words are: laws of spans, on any text."""

import unicodedata

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vnsearch.segment import segment, segment_batch, segment_spans, segment_spans_batch
from vnsearch.text.compose import compose

WORDS = "Hà Nội thành phố dân chủ cơ sở , . \n TP.HCM đường sắt"
TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from("thành phố hà nội, dân chủ.\n\u00a0ĐƯỜNG a\u0301\u0323ơ\u0303 😀\0"), max_size=200),
    st.lists(st.sampled_from(WORDS.split(" ")), max_size=60).map(" ".join),
).flatmap(lambda text: st.sampled_from([text, unicodedata.normalize("NFD", text), unicodedata.normalize("NFC", text)]))


def compact(text):
    """Without white space between tokens and underscores: what ``segment`` puts between tokens."""
    return text if text == "\n" else "".join(text.split()).replace("_", "")


@given(TEXTS)
@settings(deadline=None, max_examples=400)
def test_spans_lie_in_order_and_cover_all_but_white_space(text):
    spans = segment_spans(text)
    at = before = 0
    for start, end in spans:
        assert before <= start < end <= len(text)
        assert end >= at
        # Words share a letter only where it was composed and one of its marks remained, which pyvi takes for a token.
        assert at <= start or not unicodedata.is_normalized("NFC", text)
        before = start
        gap = text[at:start]
        assert gap.isspace() or not gap
        assert "\n" not in gap
        at = end
    assert text[at:].isspace() or at == len(text)


@given(TEXTS)
@settings(deadline=None, max_examples=400)
def test_words_of_the_spans_are_those_of_segment(text):
    text = unicodedata.normalize("NFC", text)
    spans = segment_spans(text)
    words = [compact(text[start:end]) for start, end in spans]
    assert words == [compact(word) for word in (segment(text).split(" ") if spans else [])]


@given(TEXTS)
@settings(deadline=None, max_examples=200)
def test_spans_of_any_text_are_those_of_its_composed_form(text):
    composed, offsets = compose(text)
    spans = segment_spans(composed)
    assert segment_spans(text) == (spans if offsets is None else [offsets.span(*span) for span in spans])


@given(st.lists(TEXTS, max_size=8))
@settings(deadline=None)
def test_batches_are_the_same_one_by_one(texts):
    assert segment_batch(texts) == [segment(text) for text in texts]
    arrays = segment_spans_batch(texts)
    assert [list(map(tuple, spans.tolist())) for spans in arrays] == [segment_spans(text) for text in texts]
    assert all(spans.dtype == np.int64 and spans.shape == (len(spans), 2) for spans in arrays)


def test_short_and_long_texts_agree(sentences):
    text = "\n".join(sentences)
    spans, at = [], 0
    for sentence in sentences:
        spans.append([(at + start, at + end) for start, end in segment_spans(sentence)])
        at += len(sentence) + 1
    found = dict.fromkeys(segment_spans(text))
    # Neighbours in the next line may change a word at the end of a line, but not the inner ones.
    assert all(span in found for line in spans for span in line[1:-2])
    assert found.keys() == dict.fromkeys(map(tuple, segment_spans_batch([text])[0].tolist())).keys()


def test_offsets_are_of_the_text_as_given():
    text = unicodedata.normalize("NFD", "Thành phố Hà Nội,\nđường sắt")
    words = [text[start:end] for start, end in segment_spans(text)]
    assert words == [unicodedata.normalize("NFD", word) for word in ["Thành phố", "Hà Nội", ",", "\n", "đường sắt"]]
    assert [text[a:b] for a, b in segment_spans_batch([text * 200])[0].tolist()][:4] == words[:4]


def test_words_that_nothing_separates():
    assert [*segment_spans("TP.HCM"), *segment_spans("(dân chủ)")] == [(0, 3), (3, 6), (0, 1), (1, 8), (8, 9)]


def test_many_texts_are_decoded_in_several_batches(sentences):
    texts = sentences * 200
    assert sum(map(len, texts)) > 1 << 18
    once = segment_batch(sentences)
    assert segment_batch(texts) == once * 200
    once = [spans.tolist() for spans in segment_spans_batch(sentences)]
    assert [spans.tolist() for spans in segment_spans_batch(texts)] == once * 200


def test_no_texts():
    assert segment_batch([]) == []
    assert segment_spans_batch([]) == []
    assert [spans.shape for spans in segment_spans_batch(["", " "])] == [(0, 2), (0, 2)]
