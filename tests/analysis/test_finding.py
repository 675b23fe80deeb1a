"""Syllables found without taking texts apart are those that taking them apart finds."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from vnsearch.analysis import syllables_of
from vnsearch.analysis.finding import find_syllables, values_of

# What is written in several ways, is no letter, is composed, changes its length with its case, or is of another script.
CHARS = "aàáảâấđĐðÐoòóoeuyỳýqQhH \u0300\u0323\u0341\u0302\u0306_ .,\n\u200b\u00adßﬁİıſŉǆ\U00010400\U00010428一１２\ud800²½㎏ẞΣς\u0345\u0fb2"


def check(texts: Sequence[str], wanted: Sequence[str]) -> None:
    found = find_syllables(texts, wanted)
    apart = [syllables_of(text) for text in texts]
    numbers = {term: number for number, term in enumerate(wanted, 1)}
    assert found.lengths.tolist() == [len(one.syllables) for one in apart]
    assert found.starts.tolist() == [start for one in apart for start in one.starts]
    assert found.ends.tolist() == [end for one in apart for end in one.ends]
    assert found.numbers.tolist() == [numbers.get(term, 0) for one in apart for term in one.syllables]


def test_one_word_in_all_its_spellings() -> None:
    texts = ["Hoà hòa HOÀ ho\u0300a hoa hoá", "", "hòa_hòa,hòa"]
    assert find_syllables(texts, ["hòa"]).numbers.tolist() == [1, 1, 1, 1, 0, 0, 1, 1, 1]
    check(texts, ["hòa", "hoa"])


def test_no_texts_and_nothing_wanted() -> None:
    check([], ["a"])
    check(["", "một hai"], [])


@pytest.mark.parametrize("seed", range(3))
def test_random_texts(seed: int) -> None:
    draw = random.Random(seed)
    for _ in range(1500):
        texts = ["".join(draw.choices(CHARS, k=draw.randrange(12))) for _ in range(draw.randrange(4))]
        syllables = [syllable for text in texts for syllable in syllables_of(text).syllables]
        check(texts, list(dict.fromkeys([*draw.sample(syllables, len(syllables) // 2), "hòa", "a"])))


def test_values_are_those_of_the_text_as_given() -> None:
    text = "Ngày 2/9, ho\u0300a 98.510 hộ \u200b5%"
    assert [(value.term, value.start, value.end) for value in values_of(text)] == [
        (value.text, value.start, value.end) for value in syllables_of(text, values=True).values
    ]
