"""Queries with typing slips, and queries typed with the input method off, from the text to the hits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from vnsearch import Index, Report, SearchResults

BODIES = {
    "rules": "Xã công bố quy chế dân chủ. Quy chế dân chủ ở cơ sở được người dân bàn bạc.",
    "congress": "Hội nghị trung ương ra nghị quyết về phát triển kinh tế. Nghị quyết được thông qua.",
    "road": "Con đường lớn nhất thành phố đang sửa. Đường sửa xong trong năm nay, thành phố cho biết.",
    "money": "Mỗi hộ được vay 5.000.000 đồng để nuôi tôm.",
    "lottery": "Trúng số hai tỷ mốt, không phải triệu mốt.",
    "english": "The test has passed. It has been a long test for the class, and the class has won.",
    "words": "Có há miệng mới nói, bảng dài tét ra hai mảnh.",
    "people": "Ông Trump gặp bà Merkel. Trùm phim cũ gặp lại khán giả, trùm phim nói lời cảm ơn.",
    "school": "Trường học mở cửa, học sinh tới trường đông đủ. Nước sạch về trường học.",
    "city": "Thanh niên tình nguyện dọn rác, thánh đường mở cửa, thanh tra vào cuộc.",
    "network": "Người dùng facebook lo lắng, facebook xin lỗi người dùng.",
}


@pytest.fixture(scope="module")
def ix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("slips")
    with Index.create(folder) as made:
        made.add(
            {"id": f"{name}-{copy}", "title": "", "body": body} for copy in range(8) for name, body in BODIES.items()
        )
        yield made


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
    ("query", "meant", "found"),
    [
        ("nghị quyếtt", "nghị quyết", "congress"),  # struck twice
        ("ngihị quyết", "nghị quyết", "congress"),  # struck as well
        ("nhgị quyết", "nghị quyết", "congress"),  # changed places
        ("nghị quyếy", "nghị quyết", "congress"),  # the key beside
        ("nghị quyt", "nghị quyết", "congress"),  # left out
        ("thànnh phố", "thành phố", "road"),
        ("thành phốs", "thành phố", "road"),
        ("trườg học", "trường học", "school"),
        ("facebok", "facebook", "network"),
        ("nghi quyeet", "nghị quyết", "congress"),
    ],
)
def test_a_slip_is_put_right(ix: Index, query: str, meant: str, found: str) -> None:
    results = ix.search(query)
    assert names(results)[0] == found
    assert results.suggestion == meant
    assert meant in marked(results)


@pytest.mark.parametrize(
    ("query", "meant", "found"),
    [
        ("quy chees daan chur", "quy chế dân chủ", "rules"),
        ("quy che61 da6n chu3", "quy chế dân chủ", "rules"),
        ("QUY CHEES, Daan Chur!", "QUY CHẾ, Dân Chủ!", "rules"),
        ("chur", "chủ", "rules"),
        ("quy chế dân chur", "quy chế dân chủ", "rules"),
        ("thanhf phoos", "thành phố", "road"),
        ("tha2nh pho61", "thành phố", "road"),
        ("nghij quyeets hooij nghij", "nghị quyết hội nghị", "congress"),
    ],
)
def test_raw_keystrokes_are_read(ix: Index, query: str, meant: str, found: str) -> None:
    results = ix.search(query)
    assert names(results)[0] == found
    assert results.suggestion == meant
    typed_right = ix.search(meant)
    assert [hit.id for hit in results] == [hit.id for hit in typed_right]
    assert marked(results) == marked(typed_right)


def test_a_query_typed_raw_scores_like_the_one_meant(ix: Index) -> None:
    raw, right = ix.search("con dduwowngf suwar xong"), ix.search("con đường sửa xong")
    assert raw[0].id == right[0].id
    assert raw[0].score == pytest.approx(right[0].score, rel=0.01)


def test_raw_keystrokes_make_values(ix: Index) -> None:
    """5 triệu is 5.000.000, however it is typed."""
    assert "5.000.000 đồng" in marked(ix.search("5 trie65u d9o62ng"))
    assert "5.000.000 đồng" in marked(ix.search("5 trieeuj ddoongf"))


@pytest.mark.parametrize("query", ["test has", "the test has passed", "has the class won", "long test"])
def test_words_that_look_like_telex_are_left_alone(ix: Index, query: str) -> None:
    results = ix.search(query)
    assert results.suggestion is None
    assert names(results)[0] == "english"
    assert set(tiers(results).values()) == {"typed"}


def test_held_words_are_read_raw_among_raw_ones_if_that_is_commoner(ix: Index) -> None:
    """The index has "has" more often than "há", and Trump less often than trùm."""
    results = ix.search("has test quyeets nghij")
    assert results.suggestion == "has test quyết nghị"


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("thnạh", "thnạh"),  # no such tone
        ("chòo", "chòo"),
        ("kovalenko", "kovalenko"),
        ("x", "x"),
        ("qu", "qu"),
        ("u23", "u23"),
        ("covid19", "covid19"),
        ("5000001", "5000001"),
        ("москва", "москва"),
        ("t" * 40, "t" * 40),
    ],
)
def test_what_is_no_slip_finds_nothing(ix: Index, query: str, kept: str) -> None:
    results = ix.search(query)
    assert not results
    assert results.total == 0
    assert results.suggestion is None
    assert ix.search(f"nghị quyết {kept}").suggestion is None


def test_a_name_that_is_held_is_not_put_right(ix: Index) -> None:
    """Trump stays, though trùm is commoner; a name that is not held may be a slip of one, but alone it is not offered."""
    assert tiers(ix.search("Trump")) == {"trump": "typed"}
    assert ix.search("ông Trump").suggestion is None
    results = ix.search("Merkle")
    assert names(results) == ["people"]
    assert results.suggestion is None


def test_a_slip_counts_less_than_what_was_typed(ix: Index) -> None:
    slip, right = ix.search("nghị quyếtt"), ix.search("nghị quyết")
    assert [hit.id for hit in slip] == [hit.id for hit in right]
    assert slip[0].score < right[0].score
    sound = ix.search("chường học")
    assert tiers(sound)["trường"] == "sound"
    assert sound.suggestion is None
    assert sound[0].score < ix.search("trườg học")[0].score


def test_all_of_a_query_may_be_slips(ix: Index) -> None:
    for query in ("thànnh phố sửa", "thành phoos suwar"):
        results = ix.search(query, match="all")
        assert names(results) == ["road"]
        assert results.total == 8
    # A better tier is not empty: nothing is guessed.
    assert names(ix.search("thánh", match="all")) == ["city"]
    assert names(ix.search("thanh", match="all")) == ["city", "road"]


def test_a_phrase_is_taken_at_its_word(ix: Index) -> None:
    results = ix.search('"nghị quyếtt"')
    assert not results
    assert results.suggestion == '"nghị quyết"'


def test_explanations_say_what_was_read(ix: Index) -> None:
    explained = str(ix.search("quy chees daan chur")[0].explain())
    assert "syllable 'chế' (keystrokes: typed 'chees')" in explained
    assert "pair 'dân chủ' (keystrokes: typed 'daan chur')" in explained
    assert "syllable 'quyết' (slip: typed 'quyếtt')" in str(ix.search("nghị quyếtt")[0].explain())


def test_snippets_mark_what_was_meant(ix: Index) -> None:
    assert "<mark>Nghị quyết</mark>" in ix.search("nghij quyeets")[0].snippet.html()
    assert "<mark>thành phố</mark>" in ix.search("thnàh phố")[0].snippet.html()


def test_a_commit_makes_a_slip_a_word(tmp_path: Path) -> None:
    with Index.create(tmp_path) as ix:
        ix.add([{"id": str(n), "title": "", "body": "mạng facebook gặp lỗi"} for n in range(20)])
        assert ix.search("mạng facebok").suggestion == "mạng facebook"
        ix.add([{"id": "new", "title": "", "body": "không viết là facebok"}])
        results = ix.search("facebok")
        assert results.suggestion is None
        assert [hit.id for hit in results] == ["new"]


def test_held_are_the_keys_that_have_spellings(collection: Index) -> None:
    groups = collection._searcher.snapshot.groups  # type: ignore[union-attr]
    keys = ["huyen", "huyện", "", "vuon", "xyzzy", "nguyentuan", "thuc", "huyen"]
    assert groups.held(keys) == {key for key in keys if groups.get(key)}
    assert groups.held([]) == set()


@pytest.mark.parametrize(
    ("query", "meant", "found"),
    [
        ('"quy chees daan chur"', '"quy chế dân chủ"', "rules"),
        ("+thanhf -thuwowngf phoos", "+thành -thuwowngf phố", "road"),
        ("(quy che61 OR facebok) da6n", "(quy chế OR facebook) dân", "rules"),
    ],
)
def test_the_parts_of_a_query_are_read_alike(ix: Index, query: str, meant: str, found: str) -> None:
    results = ix.search(query)
    assert names(results)[0] == found
    assert results.suggestion == meant


def test_keystrokes_whose_reading_joins_two_syllables(tmp_path: Path) -> None:
    """A mark of another script keeps "a3" and "3" apart; read as "ả" it does not."""
    with Index.create(tmp_path / "index") as index:
        index.add([Report("1", "Xả lũ", "Cửa đập mở, à ra là xả lũ, ả Tấm bảo thế.")])
        assert [hit.id for hit in index.search("a2\\a3\u05a63\u037e")] == ["1"]
        assert [hit.id for hit in index.search("a2 lu4 a3")] == ["1"]
