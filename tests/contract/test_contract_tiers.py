"""Tiers: how faithful a spelling is to what was typed decides, all else equal. And other ways to write the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from contract_reports import nfd

from vnsearch import AnyIndex, Report, SearchResults, fold

NewIndex = Callable[..., AnyIndex]

# Syllables with a mark each, and another syllable of the same letters.
PAIRS = [
    ("đường", "dương"), ("chó", "chò"), ("quán", "quần"), ("máy", "mây"), ("hòa", "hóa"), ("thủy", "thúy"), ("cầu", "cậu"),
    ("làng", "lặng"), ("mía", "mịa"), ("nước", "nuốc"), ("đập", "đạp"), ("rừng", "rụng"),
]  # fmt: skip
FILLING = "bê tông sắt thép gỗ"


def ids(results: SearchResults) -> list[str]:
    return [hit.id for hit in results]


def kinds(results: SearchResults) -> list[str]:
    """The reports found, each by the word before its number."""
    return [hit.id.split()[0] for hit in results]


@pytest.fixture(scope="module")
def pairs(backend: Any) -> AnyIndex:
    """For each pair, reports that have one or the other in the same place: the second is five times as common in half of them."""
    reports = []
    for at, (typed, other) in enumerate(PAIRS):
        for where, text in enumerate(("{} " + FILLING, FILLING + " {}")):
            reports += [Report(f"typed {at} {where} {n}", "", text.format(typed)) for n in range(2)]
            reports += [Report(f"folded {at} {where} {n}", "", text.format(other)) for n in range(2 + 8 * (at % 2))]
    # All the words of all pairs in one text: what is asked for with several.
    reports += [
        Report(f"{kind} all {n}", "", " ".join(pair[which] for pair in PAIRS))
        for which, kind in enumerate(("typed", "folded"))
        for n in range(3)
    ]
    found: AnyIndex = backend.filled([reports[::2], reports[1::2]])
    return found


@pytest.mark.parametrize(("typed", "other"), PAIRS)
def test_what_is_folded_never_beats_what_is_as_typed(pairs: AnyIndex, typed: str, other: str) -> None:
    for query in (typed, typed.upper(), nfd(typed), f"{typed} {FILLING}"):
        found = kinds(pairs.search(query, limit=999, filters=None))
        having = [kind for kind in found if kind in ("typed", "folded")]
        assert "typed" in having
        if query != f"{typed} {FILLING}":  # the filling finds all the others
            assert found == sorted(found, reverse=True)
    assert {"typed", "folded"} == set(kinds(pairs.search(fold(typed), limit=999)))


@pytest.mark.parametrize("count", [2, 3, 5, 12])
def test_the_same_for_several_words(pairs: AnyIndex, count: int) -> None:
    for start in range(0, len(PAIRS), 3):
        chosen = (PAIRS + PAIRS)[start : start + count]
        found = pairs.search(" ".join(typed for typed, _ in chosen), limit=6)
        assert [hit.id.split()[:2] for hit in found][:3] == [["typed", "all"]] * 3
        folded = pairs.search(" ".join(other for _, other in chosen), limit=6)
        assert [hit.id.split()[:2] for hit in folded][:3] == [["folded", "all"]] * 3


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_all_adds_nothing_folded_while_there_is_better(pairs: AnyIndex, number: int) -> None:
    typed, _ = PAIRS[number]
    results = pairs.search(typed, match="all", limit=99)
    assert results.total == len(results) == 4 + 3
    assert set(kinds(results)) == {"typed"}


@pytest.mark.parametrize("match", ["any", "all"])
def test_where_there_is_nothing_better_the_folded_tier_is_looked_at(new_index: NewIndex, match: Any) -> None:
    index = new_index()
    index.add([Report("tree", "", "cây chò trăm tuổi"), Report("wait", "", "chờ đò")])
    assert ids(index.search("chò", match=match)) == ["tree"]
    found = index.search("chó", match=match)
    assert set(ids(found)) == {"tree", "wait"}
    for hit in found:
        assert {part.tier for part in hit.explain().contributions} == {"folded"}
    index.add([Report("dog", "", "con chó giữ nhà")])
    assert ids(index.search("chó", match=match)) == ["dog"]


def test_typed_marks_are_kept_where_others_are_missing(new_index: NewIndex) -> None:
    index = new_index()
    index.add([Report("road", "Đường"), Report("name", "Dương"), Report("sugar", "Đương đầu"), Report("bare", "duong")])
    assert set(ids(index.search("đuong"))) == {"road", "sugar"}
    assert set(ids(index.search("duơng"))) == {"road", "name", "sugar"}
    assert set(ids(index.search("duong"))) == {"road", "name", "sugar", "bare"}


def test_unmarked_finds_all_spellings_and_offers_the_commoner(new_index: NewIndex) -> None:
    index = new_index()
    index.add(
        Report(f"{word} {at}", "", f"{word} {FILLING}")
        for word, count in (("đường", 20), ("dượng", 2))
        for at in range(count)
    )
    results = index.search("duong", limit=99)
    assert (results.total, set(kinds(results))) == (22, {"đường", "dượng"})
    assert results.suggestion == "đường"


def test_identity_is_no_tier(new_index: NewIndex) -> None:
    """NFC and NFD, Đ and its look-alikes, either tone placement and any case are one spelling: equal scores."""
    index = new_index()
    texts = ["Đảng uỷ hoà", "đảng ủy hòa", nfd("Đảng ủy hoà"), "Ðảng uỷ hòa", "ĐẢNG ỦY HÒA"]
    index.add(Report(str(at), "", f"{text} bàn việc") for at, text in enumerate(texts))
    for query in texts:
        results = index.search(query)
        assert len(results) == len(texts)
        assert [hit.score for hit in results] == pytest.approx([results[0].score] * len(texts))
        assert {part.tier for hit in results for part in hit.explain().contributions} == {"typed"}


# -- other ways to write the same


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("THTXST", {"defines", "short", "form"}),  # learnt from the report that defines it
        ("tổ hợp tác xã sinh thái", {"defines", "short", "form"}),
        ("to hop tac xa sinh thai", {"defines", "short", "form"}),
        ("UBND", {"ubnd", "uyban"}),
        ("ubnd", {"ubnd", "uyban"}),
        ("uỷ ban nhân dân", {"ubnd", "uyban"}),
        ("TPHCM", {"tphcm-dots", "tphcm-full"}),
        ("TP. HCM", {"tphcm-dots"}),
        ("TP.HCM", {"tphcm-dots", "tphcm-full"}),
        ("98510", {"dots", "plain"}),
        ("98.510", {"dots", "plain"}),
        ("98 510", {"dots", "plain"}),
        ("26/12/2023", {"date-words", "date-slash", "date-dash"}),
        ("ngày 26 tháng 12 năm 2023", {"date-words", "date-slash", "date-dash"}),
        ("26.12.2023", {"date-words", "date-slash", "date-dash"}),
        ("năm 2023", {"date-words", "date-slash", "date-dash"}),
        ("tháng 12/2023", {"date-words", "date-slash", "date-dash"}),
        ("26/12", {"date-words", "date-slash", "date-dash"}),
        ("1,2 tỉ đồng", {"money", "money-digits"}),
        ("1.200.000.000đ", {"money", "money-digits"}),
        ("45/2022/QĐ-UBND", {"document"}),
        ("kỹ thuật", {"ky-y", "ky-i"}),
        ("kĩ thuật", {"ky-y", "ky-i"}),
        ("ky thuat", {"ky-y", "ky-i"}),
        ("ki thuat", {"ky-y", "ky-i"}),
        ("+THTXST -form", {"defines", "short", "form"}),
        ('title:UBND OR "UBND"', {"ubnd"}),
    ],
)
def test_every_way_to_write_it_is_found_with_all(forms: AnyIndex, query: str, expected: set[str]) -> None:
    assert expected <= set(ids(forms.search(query, match="all", limit=50)))


@pytest.mark.parametrize(
    ("query", "first", "second"),
    [
        ("98510", "plain", "dots"),
        ("98.510", "dots", "plain"),
        ("UBND", "ubnd", "uyban"),
        ("Ủy ban nhân dân", "uyban", "ubnd"),
        ("26/12/2023", "date-slash", "date-words"),
        ("ngày 26 tháng 12 năm 2023", "date-words", "date-slash"),
        ("kĩ thuật", "ky-i", "ky-y"),
        ("kỹ thuật", "ky-y", "ky-i"),
    ],
)
def test_as_typed_comes_before_another_way_to_write_it(forms: AnyIndex, query: str, first: str, second: str) -> None:
    found = ids(forms.search(query, limit=50))
    assert found.index(first) < found.index(second)


def test_a_variant_is_marked_whole(forms: AnyIndex) -> None:
    def shown(query: str, identity: str) -> str:
        return next(hit for hit in forms.search(query, limit=50) if hit.id == identity).snippet.html()

    assert shown("98510", "dots") == "Toàn quận có <mark>98.510</mark> hồ sơ."
    assert "<mark>Ủy ban nhân dân</mark>" in shown("UBND", "uyban")
    assert "<mark>26-12-2023</mark>" in shown("ngày 26 tháng 12 năm 2023", "date-dash")
    assert "<mark>1.200.000.000 đồng</mark>" in shown("1,2 tỷ đồng", "money-digits")


def test_an_explanation_names_the_variant(forms: AnyIndex) -> None:
    hits = {hit.id: hit for hit in forms.search("UBND", limit=50)}
    (part,) = hits["uyban"].explain().contributions
    assert (part.tier, part.term, part.typed) == ("variant", "ủy ban nhân dân", "ubnd")


def test_a_word_is_not_taken_for_an_abbreviation(forms: AnyIndex) -> None:
    assert "other" not in ids(forms.search("ca", match="all"))
    assert ids(forms.search("công an", match="all")) == []


def test_definitions_are_listed(forms: AnyIndex, news: AnyIndex) -> None:
    found = {(each.abbreviation, each.expansion): each.reports for each in forms.abbreviations()}
    assert found == {("THTXST", "tổ hợp tác xã sinh thái"): 1}
    assert ("QCDC", "quy chế dân chủ") in {(each.abbreviation, each.expansion) for each in news.abbreviations()}
    assert ids(news.search("QCDC"))[0] == ids(news.search("quy chế dân chủ"))[0] == "khen-thuong.txt"


def test_definitions_outlive_later_changes(new_index: NewIndex) -> None:
    index = new_index()
    index.add(
        [Report("1", "", "Tổ hợp tác xã sinh thái (THTXST) ra mắt."), Report("2", "", "Tổ hợp tác xã sinh thái.")]
    )
    for _ in range(2):
        assert set(ids(index.search("THTXST", match="all"))) == {"1", "2"}
        index.add([Report("3", "", "Không liên quan.")])


@pytest.mark.parametrize("match", ["any", "all"])
@pytest.mark.parametrize(
    "query",
    ["UBND", "ubnd 45/2022/QĐ-UBND", "26/12/2023 2023/12/26", "2023-12-26 26/12/2023", "98 510 hồ sơ", "body:UBND"],
)
def test_explanations_of_variants_add_up(forms: AnyIndex, query: str, match: Any) -> None:
    for hit in forms.search(query, match=match, limit=50):
        assert sum(part.score for part in hit.explain().contributions) == pytest.approx(hit.score, rel=1e-3)
