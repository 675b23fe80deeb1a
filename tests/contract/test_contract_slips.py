"""Slips of the keys, and what was typed with the input method off, are read as what they mean."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vnsearch import AnyIndex, SearchResults

NewIndex = Callable[..., AnyIndex]


def names(results: SearchResults) -> list[str]:
    """The reports found, each once."""
    return list(dict.fromkeys(hit.id.partition("-")[0] for hit in results))


def marked(results: SearchResults) -> set[str]:
    """What is marked in the first hit's body, in lower case."""
    hit = results[0]
    return {hit.report.body[start:end].casefold() for start, end in hit.marks("body")}


def tiers(results: SearchResults) -> dict[str, str]:
    return {part.term: part.tier for part in results[0].explain().contributions if part.kind == "syllable"}


@pytest.mark.parametrize(
    ("query", "intended", "found"),
    [
        ("nghị quyếtt", "nghị quyết", "congress"),  # struck twice
        ("ngihị quyết", "nghị quyết", "congress"),  # struck as well
        ("nhgị quyết", "nghị quyết", "congress"),  # changed places
        ("nghị quyếy", "nghị quyết", "congress"),  # the key beside
        ("nghị quyt", "nghị quyết", "congress"),  # left out
        ("thành phốs", "thành phố", "road"),
        ("trườg học", "trường học", "school"),
        ("facebok", "facebook", "network"),
        ("nghi quyeet", "nghị quyết", "congress"),
        ('"nghị quyếtt" nghị quyếtt', '"nghị quyết" nghị quyết', "congress"),
    ],
)
def test_a_slip_is_put_right(meant: AnyIndex, query: str, intended: str, found: str) -> None:
    results = meant.search(query)
    assert names(results)[0] == found
    assert results.suggestion == intended
    assert intended.rpartition('" ')[2] in marked(results)


@pytest.mark.parametrize(
    ("query", "intended", "found"),
    [
        ("quy chees daan chur", "quy chế dân chủ", "rules"),
        ("quy che61 da6n chu3", "quy chế dân chủ", "rules"),
        ("QUY CHEES, Daan Chur!", "QUY CHẾ, Dân Chủ!", "rules"),
        ("quy chế dân chur", "quy chế dân chủ", "rules"),
        ("thanhf phoos", "thành phố", "road"),
        ("tha2nh pho61", "thành phố", "road"),
        ('"quy chees daan chur"', '"quy chế dân chủ"', "rules"),
        ("+thanhf -thuwowngf phoos", "+thành -thuwowngf phố", "road"),
    ],
)
def test_raw_keystrokes_are_read(meant: AnyIndex, query: str, intended: str, found: str) -> None:
    results = meant.search(query)
    assert names(results)[0] == found
    assert results.suggestion == intended
    typed_right = meant.search(intended)
    assert names(results) == names(typed_right)
    assert results.total == typed_right.total
    assert marked(results) == marked(typed_right)


def test_raw_keystrokes_make_values(meant: AnyIndex) -> None:
    """5 triệu is 5.000.000, however it is typed."""
    for query in ("5 triệu đồng", "5 trie65u d9o62ng", "5 trieeuj ddoongf"):
        assert "5.000.000 đồng" in marked(meant.search(query)), query


@pytest.mark.parametrize("query", ["test has", "the test has passed", "has the class won", "long test"])
def test_words_that_look_like_telex_are_left_alone(meant: AnyIndex, query: str) -> None:
    results = meant.search(query)
    assert results.suggestion is None
    assert names(results)[0] == "english"
    assert set(tiers(results).values()) == {"typed"}


@pytest.mark.parametrize("query", ["thnạh", "chòo", "kovalenko", "x", "qu", "u23", "covid19", "москва", "t" * 40])
def test_what_is_no_slip_finds_nothing(meant: AnyIndex, query: str) -> None:
    results = meant.search(query)
    assert (list(results), results.total, results.suggestion) == ([], 0, None)
    assert meant.search(f"nghị quyết {query}").suggestion is None


def test_a_name_that_is_held_is_not_put_right(meant: AnyIndex) -> None:
    assert tiers(meant.search("Trump")) == {"trump": "typed"}  # though trùm is commoner
    assert meant.search("ông Trump").suggestion is None
    assert names(meant.search("Merkle")) == ["people"]  # not held: may be a slip, but alone is not offered
    assert meant.search("Merkle").suggestion is None


def test_a_slip_counts_less_than_what_was_typed(meant: AnyIndex) -> None:
    slip, right = meant.search("nghị quyếtt"), meant.search("nghị quyết")
    assert names(slip) == names(right)
    assert slip[0].score < right[0].score
    sound = meant.search("chường học")
    assert tiers(sound)["trường"] == "sound"
    assert sound.suggestion is None
    assert sound[0].score < meant.search("trườg học")[0].score


def test_all_of_a_query_may_be_slips(meant: AnyIndex) -> None:
    for query in ("thànnh phố sửa", "thành phoos suwar"):
        results = meant.search(query, match="all")
        assert names(results) == ["road"]
        assert results.total == 8
    # A better tier is not empty: nothing is guessed.
    assert names(meant.search("thánh", match="all")) == ["city"]


def test_explanations_and_snippets_say_what_was_read(meant: AnyIndex) -> None:
    explained = str(meant.search("quy chees daan chur")[0].explain())
    assert "syllable 'chế' (keystrokes: typed 'chees')" in explained
    assert "syllable 'quyết' (slip: typed 'quyếtt')" in str(meant.search("nghị quyếtt")[0].explain())
    assert "<mark>Nghị quyết</mark>" in meant.search("nghij quyeets")[0].snippet.html()


def test_what_is_added_makes_a_slip_a_word(new_index: NewIndex) -> None:
    index = new_index()
    index.add([{"id": str(n), "body": "mạng facebook gặp lỗi"} for n in range(20)])
    assert index.search("mạng facebok").suggestion == "mạng facebook"
    index.add([{"id": "new", "body": "không viết là facebok"}])
    results = index.search("facebok")
    assert results.suggestion is None
    assert [hit.id for hit in results] == ["new"]
