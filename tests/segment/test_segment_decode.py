"""The decoder against a plain Viterbi, with weights that pyvi does not have."""

import itertools
import threading

import numpy as np
import pytest

from vnsearch.errors import SegmentationModelError
from vnsearch.segment.decode import Decoder
from vnsearch.segment.lexicon import PAIR, PREFIX, Lexicon
from vnsearch.segment.model import Model
from vnsearch.segment.tokens import Row, Vocabulary

# BB, BI, IB, II: edges in both orders and both on one spot; pyvi's are near the first.
TRANSITIONS = [(0.9, -1.2, -1.0, -3.6), (1.0, -2.0, 3.0, 4.0), (0.0, 0.0, 0.0, 0.0), (-1.0, 4.0, 2.0, -5.0)]


def model(transition=(0.0, 0.0, 0.0, 0.0), state=None):
    bb, bi, ib, ii = transition
    return Model(state or {}, ((bb, bi), (ib, ii)), False, (), ())


def viterbi(scores, transition):
    bb, bi, ib, ii = transition
    begin, inside, back = 0.0, float(scores[0]), []
    for score in scores[1:].tolist():
        back.append((inside + ib > begin + bb, inside + ii > begin + bi))
        begin, inside = max(begin + bb, inside + ib), max(begin + bi, inside + ii) + score
    labels = [inside > begin]
    for choice in reversed(back):
        labels.append(choice[labels[-1]])
    return labels[::-1]


@pytest.mark.parametrize("transition", TRANSITIONS)
@pytest.mark.parametrize("spread", [0.3, 1.0, 4.0])
def test_labels_are_viterbis(transition, spread):
    rng = np.random.default_rng(7)
    decoder = Decoder(model(transition), Lexicon([], []))
    lengths = [0, 1, 2, 0, 3, 500, 40, 1, 0]
    breaks = np.cumsum([0, *(length + 1 for length in lengths)])
    scores = rng.normal(1.0, spread, breaks[-1] + 1)
    texts = [scores[a + 1 : b].copy() for a, b in itertools.pairwise(breaks.tolist())]
    expected = [viterbi(text, transition) if len(text) else [] for text in texts]
    rows = [[Row(score, 0.0, 0.0, 0, 0, 1, "a", " a", "_a") for score in text.tolist()] for text in texts]
    assert [decoder.short_labels(text) for text in rows] == expected
    inside, doubtful = decoder.labels(scores, breaks)
    assert [inside[a + 1 : b].tolist() for a, b in itertools.pairwise(breaks.tolist())] == expected
    assert doubtful == []


def test_a_tie_is_in_doubt():
    decoder = Decoder(model(), Lexicon([], []))
    scores = np.array([9.0, 1.0, 9.0, 0.0, 9.0, 2.0, 9.0])
    _, doubtful = decoder.labels(scores, np.array([0, 2, 4, 6]))
    assert doubtful == [1]
    assert decoder.short_labels([Row(0.0, 0.0, 0.0, 0, 0, 1, "a", " a", "_a")]) is None


def test_lexicon():
    pairs = ["a b", "b c", "a c", "d a"]
    triples = ["a b c", "b b b"]
    lexicon = Lexicon(pairs, triples)
    syllables = ["a", "b", "c", "d", "unknown"]
    for a, b in itertools.product(syllables, repeat=2):
        key = lexicon.left.get(a, 0) + lexicon.right.get(b, 0)
        expected = PAIR * (f"{a} {b}" in pairs) + PREFIX * (f"{a} {b}" in ("a b", "b b"))
        assert lexicon.bits(np.array([key], np.int32)).tolist() == [expected]
        assert lexicon.pairs.get(key, 0) == expected
        for c in syllables:
            triple = key * lexicon.width + lexicon.right.get(c, 0)
            known = f"{a} {b} {c}" in triples
            assert (triple in lexicon.triples) == known
            assert lexicon.has_triples(np.array([triple])).tolist() == [known]


def test_what_the_vocabulary_handed_out_stays_as_it_is():
    vocabulary = Vocabulary(model(), Lexicon([], []), threading.Lock())
    first = vocabulary["Hà"], vocabulary["Nội,"]
    columns = vocabulary.columns()
    kept = columns.first.copy(), columns.pieces.tolist()
    for n in range(3000):
        vocabulary[f"x{n}."]
    later = vocabulary.columns()
    assert (vocabulary["Hà"], vocabulary["Nội,"]) == first
    assert np.array_equal(columns.first, kept[0])
    assert columns.pieces.tolist() == kept[1]
    slot = later.first[vocabulary["x2999."]]
    assert later.count[vocabulary["x2999."]] == 2
    assert later.pieces[2 * slot : 2 * slot + 4].tolist() == [" x2999", "_x2999", " .", "_."]
    assert later.offset[slot : slot + 2].tolist() == [0, 5]


def test_lexicon_that_is_too_large():
    with pytest.raises(SegmentationModelError, match="too large"):
        Lexicon([f"a{n} b{n}" for n in range(17_000)], [])
