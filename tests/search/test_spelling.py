"""What a typed syllable may stand for: checked against the sum over every path there is."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from math import prod, sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnsearch import Index, Report
from vnsearch.search.choices import TIERS, Counts, Spelling, is_compatible
from vnsearch.search.keystrokes import KEYSTROKES
from vnsearch.search.parameters import PARAMETERS
from vnsearch.search.slips import SLIPS
from vnsearch.search.spelling import spellings_of
from vnsearch.text.fold import group_key

THETA, DISCOUNT = PARAMETERS.concentration, PARAMETERS.discount
WORDS = "ma má mà mả mạ la lá là đa đá da dạ ky kỹ ki kĩ xin".split()


class Groups(dict[str, list[tuple[str, int]]]):
    def held(self, keys: Sequence[str]) -> set[str]:
        return self.keys() & keys


class Collection:
    """Counts of a collection that never was."""

    def __init__(self, syllables: dict[str, int], pairs: dict[tuple[str, str], int]) -> None:
        self.syllables, self.followed = syllables, pairs
        self.syllable_count = sum(syllables.values())
        self.pair_types = len(pairs)
        self.groups = Groups()
        for term, count in sorted(syllables.items(), key=lambda item: (-item[1], item[0])):
            self.groups.setdefault(group_key(term), []).append((term, count))

    def neighbours(self, syllables: Sequence[str]) -> list[tuple[int, int]]:
        return [
            (sum(b == term for _, b in self.followed), sum(a == term for a, _ in self.followed)) for term in syllables
        ]

    def pair_counts(self, steps: Sequence[tuple[Sequence[str], Sequence[str]]], discount: float = 0.0) -> np.ndarray:
        size = max((len(side) for step in steps for side in step), default=0)
        counts = np.zeros((len(steps), size, size))
        for at, (before, after) in enumerate(steps):
            for (i, a), (j, b) in itertools.product(enumerate(before), enumerate(after)):
                counts[at, i, j] = max(self.followed.get((a, b), 0) - discount, 0)
        return counts

    def step(self, a: str, b: str) -> float:
        seen = max(self.followed.get((a, b), 0) - DISCOUNT, 0)
        ((before, _),), ((_, after),) = self.neighbours([b]), self.neighbours([a])
        unseen = (THETA + DISCOUNT * after) * (before + 0.1) / (self.pair_types + 1)
        return (seen + unseen) / (self.syllables.get(a, 0) + THETA)

    def paths(self, options: list[list[str]]) -> dict[tuple[str, ...], float]:
        """Return every path through the options with its probability: what forward-backward need not enumerate."""
        weights = {
            path: (self.syllables.get(path[0], 0) + 0.1) * prod(itertools.starmap(self.step, itertools.pairwise(path)))
            for path in itertools.product(*options)
        }
        total = sum(weights.values())
        return {path: weight / total for path, weight in weights.items()}


class WithNew(Collection):
    """The same collection, and a word that is new to it, which stands between other words every time."""

    def __init__(self, counts: Collection, new: str) -> None:
        often = PARAMETERS.unknown * sqrt(counts.syllable_count)
        super().__init__({**counts.syllables, new: often}, counts.followed)
        self.new, self.often = new, often

    def neighbours(self, syllables: Sequence[str]) -> list[tuple[float, float]]:
        return [
            (self.often, self.often) if term == self.new else known
            for term, known in zip(syllables, super().neighbours(syllables), strict=True)
        ]


collections = st.builds(
    Collection,
    st.dictionaries(st.sampled_from(WORDS), st.integers(1, 10_000), min_size=1),
    st.dictionaries(st.tuples(st.sampled_from(WORDS), st.sampled_from(WORDS)), st.integers(1, 1_000)),
)
queries = st.lists(st.sampled_from([*WORDS, "zzz", "đà"]), max_size=6)


def probabilities(readings: list[Spelling]) -> dict[str, float]:
    return {reading.term: reading.probability for reading in readings}


@given(collections, queries)
def test_readings_are_the_sums_over_all_paths(counts: Collection, typed: list[str]) -> None:
    found = spellings_of(counts, typed)
    assert len(found.syllables) == len(typed)
    assert len(found.pairs) == max(len(typed) - 1, 0)
    options = [[reading.term for reading in readings] for readings in found.syllables]
    paths = counts.paths(options) if typed else {}
    for at, readings in enumerate(found.syllables):
        for term, probability in probabilities(readings).items():
            expected = sum(weight for path, weight in paths.items() if path[at] == term)
            assert probability == pytest.approx(expected, abs=1e-9)
    for at, readings in enumerate(found.pairs):
        expected = {}
        for path, weight in paths.items():
            pair = f"{path[at]} {path[at + 1]}"
            expected[pair] = expected.get(pair, 0.0) + weight
        likely = probabilities(readings)
        assert likely == pytest.approx({pair: expected[pair] for pair in likely}, abs=1e-9)
        assert all(p < PARAMETERS.least_probability + 1e-9 for pair, p in expected.items() if pair not in likely)


@given(collections, queries)
def test_readings_come_likeliest_first_and_equals_by_name(counts: Collection, typed: list[str]) -> None:
    found = spellings_of(counts, typed)
    for readings in [*found.syllables, *found.pairs]:
        assert readings == sorted(readings, key=lambda reading: (-reading.probability, reading.term))
        assert all(reading.tier in TIERS for reading in readings)


@given(collections, queries, queries)
def test_a_certain_syllable_cuts_the_chain(counts: Collection, before: list[str], after: list[str]) -> None:
    # "u23" is nobody's spelling: it stands for itself, and what is on one side of it tells nothing of the other side.
    whole = spellings_of(counts, [*before, "u23", *after])
    left, right = spellings_of(counts, [*before, "u23"]), spellings_of(counts, ["u23", *after])
    assert whole.syllables[len(before)] == [Spelling("u23", 1.0, "typed")]
    apart = [*left.syllables, *right.syllables[1:]], [*left.pairs, *right.pairs]
    for together, alone in zip((whole.syllables, whole.pairs), apart, strict=True):
        for a, b in zip(together, alone, strict=True):
            assert probabilities(a) == pytest.approx(probabilities(b), abs=1e-12)


@given(collections, queries, queries)
def test_slips_are_weighed_as_a_noisy_channel(counts: Collection, before: list[str], after: list[str]) -> None:
    """What speaks for a spelling is what its neighbours say, times the share of its typings that look like this."""
    found = spellings_of(counts, [*before, "maf", *after])
    here = probabilities(found.syllables[len(before)])
    assert set(here) == {"maf", *[term for term, _ in counts.groups.get("ma", ())]}
    shares = {"maf": 1.0, "mà": KEYSTROKES}
    options = [[reading.term for reading in readings] for readings in found.syllables]
    paths = WithNew(counts, "maf").paths(options)
    expected = dict.fromkeys(here, 0.0)
    for path, weight in paths.items():
        term = path[len(before)]
        expected[term] += weight * shares.get(term, SLIPS["extra"])
    whole = sum(expected.values())
    assert here == pytest.approx({term: weight / whole for term, weight in expected.items()}, abs=1e-9)


@given(collections, st.lists(st.sampled_from(["ma", "la", "da", "ky"]), min_size=20, max_size=128))
def test_long_queries_lose_no_probability(counts: Collection, typed: list[str]) -> None:
    for readings in spellings_of(counts, typed).syllables:
        assert sum(probabilities(readings).values()) == pytest.approx(1.0, abs=1e-9)


def test_a_huge_collection_does_not_underflow() -> None:
    # No pair was ever seen, and every other step leads from a common syllable to a rare one: a factor of 1e-18.
    counts = Collection({"ma": 10**9, "má": 10**9, "la": 1, "lá": 2}, {})
    found = spellings_of(counts, ["ma", "la"] * 64)
    for readings in [*found.syllables, *found.pairs]:
        assert sum(probabilities(readings).values()) == pytest.approx(1.0, abs=1e-9)


def test_equal_counts_give_equal_probabilities() -> None:
    # Seven spellings and five: not a whole block of the vector unit, where sums are made in another order.
    terms = "da dá dà dả dã dạ đa".split()
    others = "la lá là lả lạ".split()
    counts = Collection(dict.fromkeys(terms + others, 3), {})
    for readings in spellings_of(counts, ["da", "la", "da", "la"]).syllables:
        assert len(set(probabilities(readings).values())) == 1
        assert [reading.term for reading in readings] == sorted(reading.term for reading in readings)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("đường", [("đường", "typed")]),
        ("duong", [("dương", "filled"), ("đường", "filled")]),
        ("đuong", [("đường", "compatible")]),
        ("đưởng", [("dương", "folded"), ("đường", "folded")]),
        ("ki", [("kì", "filled"), ("ki", "typed"), ("kỹ", "variant")]),
        ("zzz", [("zzz", "typed")]),
        ("zzứ", [("zzứ", "typed")]),
    ],
)
def test_tiers(typed: str, expected: list[tuple[str, str]]) -> None:
    counts: Counts = Collection({"dương": 20, "đường": 10, "kì": 5, "ki": 3, "kỹ": 1}, {})
    (readings,) = spellings_of(counts, [typed]).syllables
    assert [(reading.term, reading.tier) for reading in readings] == expected
    (pair,) = spellings_of(counts, [typed, "xin"]).pairs
    assert {(reading.term, reading.tier) for reading in pair} == {
        # "ki" as typed is one of the likely ones, and the pair with it is as typed.
        (f"{term} xin", tier)
        for term, tier in expected
    }


def test_neighbours_decide() -> None:
    counts = Collection({"ma": 100, "má": 100, "là": 50, "la": 50}, {("má", "la"): 40, ("ma", "là"): 10})
    assert spellings_of(counts, ["ma", "la"]).pairs[0][0].term == "má la"
    assert spellings_of(counts, ["ma", "là"]).syllables[0][0].term == "ma"
    assert spellings_of(counts, []).syllables == []


@pytest.mark.parametrize(
    ("typed", "spelling", "expected"),
    [
        ("đuong", "đường", True),
        ("đuổng", "đường", False),
        ("duờng", "đường", True),
        ("dương", "đường", True),
        ("đuong", "dương", False),
        ("strase", "straße", True),
        ("ss", "ß", False),
    ],
)
def test_is_compatible(typed: str, spelling: str, expected: bool) -> None:
    assert is_compatible(typed, spelling) is expected


def test_a_discount_takes_what_neighbours_count(tmp_path: Path) -> None:
    # Whatever the discount takes goes to pairs that were never seen: in an index of several segments too.
    bodies = ["ma má mà ma má", "ma má la lá", "xin ma má"]
    with Index.create(tmp_path / "index") as index:
        for number, body in enumerate(bodies):
            index.add([Report(str(number), "mà má", body)])
    snapshot = Index.open(tmp_path / "index")._searcher.snapshot
    assert len(snapshot.leaves) == len(bodies)
    terms = sorted({term for body in bodies for term in body.split()})
    taken = (snapshot.pair_counts([(terms, terms)]) - snapshot.pair_counts([(terms, terms)], 0.25))[0] / 0.25
    before, after = zip(*snapshot.neighbours([*terms, "khong"]), strict=True)
    assert before == pytest.approx([*taken.sum(0), 0])
    assert after == pytest.approx([*taken.sum(1), 0])
    assert taken.sum() == pytest.approx(snapshot.pair_types)
