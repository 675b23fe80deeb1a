"""Tiers, on generated reports that differ in nothing but the spelling of some syllables."""

from __future__ import annotations

import random
import unicodedata
from typing import Any

import pytest

from vnsearch import Report, fold
from vnsearch.search.results import SearchResults
from vnsearch.text.normalize import place_tones_second

# Syllables with a mark each, and another syllable of the same letters.
PAIRS = [
    ("đường", "dương"), ("chó", "chò"), ("quán", "quần"), ("máy", "mây"), ("hòa", "hóa"), ("thủy", "thúy"), ("cầu", "cậu"),
    ("làng", "lặng"), ("mía", "mịa"), ("nước", "nuốc"), ("đập", "đạp"), ("rừng", "rụng"),
]  # fmt: skip


def ids(results: SearchResults) -> list[str]:
    return [hit.id for hit in results]


@pytest.mark.parametrize("seed", range(12))
def test_what_is_folded_never_beats_what_is_as_typed(new_index: Any, seed: int) -> None:
    chance = random.Random(seed)
    chosen = chance.sample(PAIRS, chance.randint(1, 5))
    typed = [pair[0] for pair in chosen]
    filling = [chance.choice("bê tông sắt thép gỗ".split()) for _ in range(chance.randrange(20))]
    index = new_index()
    reports = []
    for at in range(40):
        words = [pair[at % 2] for pair in chosen]
        text = " ".join([*words, *filling]) if at % 4 < 2 else " ".join([*filling, *words])
        reports.append(Report(f"{'folded' if at % 2 else 'typed'} {at}", "", text))
    chance.shuffle(reports)
    # Folded ones may be rare among the reports, and common.
    index.add(reports)
    for kept in (40, 24):
        index.delete(
            [report.id for report in reports[kept:] if report.id.startswith(chance.choice(("folded", "typed")))]
        )
        results = index.search(" ".join(typed), limit=99)
        kinds = [identity.split()[0] for identity in ids(results)]
        assert "typed" in kinds
        assert kinds == sorted(kinds, reverse=True)  # "typed" before "folded", if any of these is found at all


def test_unmarked_finds_both_and_marked_ranks_its_own_first(new_index: Any) -> None:
    index = new_index()
    chance = random.Random(2)
    for _ in range(3):
        index.add(
            Report(f"{word} {chance.random()}", "", f"{word} {'bê tông ' * chance.randrange(9)}")
            for word in chance.choices(("đường", "Dương"), (1, 3), k=30)
        )
    both = {identity.split()[0] for identity in ids(index.search("duong", limit=99))}
    assert both == {"đường", "Dương"}
    kinds = [identity.split()[0] for identity in ids(index.search("đường", limit=99))]
    roads = sum(report.id.startswith("đường") for report in index)
    assert kinds[:roads] == ["đường"] * roads


def test_a_wrong_tone_is_no_slip(new_index: Any) -> None:
    index = new_index()
    index.add(
        [Report("tree", "", "cây chò trăm tuổi"), Report("dog", "", "con chó giữ nhà"), Report("wait", "", "chờ đò")]
    )
    assert ids(index.search("chó")) == ["dog"]
    assert ids(index.search("chò")) == ["tree"]
    index.delete(["dog"])
    # Nothing better is left: now the folded tier is looked at.
    found = index.search("chó")
    assert set(ids(found)) == {"tree", "wait"}
    for hit in found:
        assert {part.tier for part in hit.explain().contributions} == {"folded"}
    assert index.search("con").total == 0
    index.add([Report("dog", "", "con chó khác")])
    assert ids(index.search("chó")) == ["dog"]


@pytest.mark.parametrize("query", ["đường", "chó", "cầu đường", "làng nước", "đường làng"])
def test_all_adds_nothing_folded_while_there_is_better(new_index: Any, query: str) -> None:
    index = new_index()
    right, wrong = dict(PAIRS), {b: a for a, b in PAIRS}
    assert not set(right) & set(wrong)
    words = query.split()
    index.add(Report(f"typed {at}", "", f"{query} bê tông") for at in range(3))
    better = index.search(query, match="all").total
    index.add(Report(f"folded {at}", "", f"{' '.join(right[word] for word in words)} bê tông") for at in range(5))
    index.add(Report(f"bare {at}", "", f"{fold(query)} bê tông") for at in range(5))
    assert index.search(query, match="all").total == better == 3
    index.delete(f"typed {at}" for at in range(3))
    assert index.search(query, match="all").total > 0


def test_identical_spellings_give_identical_results(new_index: Any) -> None:
    index = new_index()
    chance = random.Random(8)
    words = [word for pair in PAIRS for word in pair] + ["thuý", "hoá", "Đảng", "Ðảng"]
    index.add(Report(str(at), chance.choice(words), " ".join(chance.choices(words, k=12))) for at in range(200))
    for _ in range(25):
        query = " ".join(chance.choices(words, k=chance.randint(1, 5)))
        plain = index.search(query, limit=300)
        for other in (
            place_tones_second(query),
            unicodedata.normalize("NFD", query),
            query.replace("đ", "ð").replace("Đ", "Ð"),
            query.upper(),
        ):
            found = index.search(other, limit=300)
            assert [(hit.id, hit.score) for hit in found] == [(hit.id, hit.score) for hit in plain]
            assert found.total == plain.total
