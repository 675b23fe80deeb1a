"""Spellings one typing slip away: checked against slips made by other rules, and a distance computed by the book."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnsearch import Index
from vnsearch.index.snapshot import Snapshot
from vnsearch.search.slips import SLIPS, Slip, slips_of
from vnsearch.text.fold import fold, group_key

WORDS = (
    "thành thanh thánh phố đường đương dương người quy quý quỹ chế dân đần trường trương trưởng chương nước nghị quyết "
    "hội họp xã sã lên nên da ra gia gì dì rì giếng tiếng việc viêt việt an ang áng thương thươn ưu hưu ở cơ sở công "
    "google facebook 2023 covid19 a"
).split()
TONES = "\u0300\u0301\u0303\u0309\u0323"
# Letter -> the keys that touch its key on a QWERTY keyboard, read off one.
AROUND = {
    "a": "qwsz", "b": "vghn", "c": "xdfv", "d": "serfcx", "e": "wrsd", "f": "drtgvc", "g": "ftyhbv", "h": "gyujnb",
    "i": "uojk", "j": "huiknm", "k": "jiolm", "l": "kop", "m": "njk", "n": "bhjm", "o": "ipkl", "p": "ol", "q": "wa",
    "r": "etdf", "s": "awedxz", "t": "ryfg", "u": "yihj", "v": "cfgb", "w": "qase", "x": "zsdc", "y": "tugh", "z": "asx",
}  # fmt: skip


class Groups:
    """The folded groups of a collection that never was, and how many were looked up."""

    def __init__(self, counts: dict[str, int]) -> None:
        self.looked_up = 0
        self.groups: dict[str, list[tuple[str, int]]] = {}
        for term, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            self.groups.setdefault(group_key(term), []).append((term, count))

    def get(self, key: str, default: Sequence[tuple[str, int]] = ()) -> Sequence[tuple[str, int]]:
        return self.groups.get(key, default)

    def held(self, keys: Sequence[str]) -> set[str]:
        self.looked_up += len(keys)
        return self.groups.keys() & keys


ALL = Groups(dict.fromkeys(WORDS, 100))


def terms(slips: list[Slip]) -> list[str]:
    return [slip.term for slip in slips]


def split(word: str) -> tuple[list[str], str]:
    """A word's letters without the tone, and the tone."""
    decomposed = unicodedata.normalize("NFD", word)
    tone = "".join(char for char in decomposed if char in TONES)
    return list(unicodedata.normalize("NFC", "".join(char for char in decomposed if char not in TONES))), tone


def distance(a: str, b: str) -> int:
    """How many letters have to be left out, put in, replaced, or swapped with the next (optimal string alignment)."""
    rows = [list(range(len(b) + 1))]
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a[i - 1] != b[j - 1]))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


@pytest.mark.parametrize(
    ("typed", "meant", "kind"),
    [
        ("đương", "dương", "stroke"),
        ("thnàh", "thành", "swapped"),
        ("nưgời", "người", "swapped"),
        ("qyu", "quy", "swapped"),
        ("thhành", "thành", "doubled"),
        ("ngườii", "người", "doubled"),
        ("trươgn", "trương", "swapped"),
        ("trườg", "trường", "missing"),
        ("ngời", "người", "missing"),
        ("ngịh", "nghị", "swapped"),
        ("quyêt", "quyết", None),
        ("quyếy", "quyết", "neighbour"),
        ("phôs", "phố", "extra"),
        ("phốs", "phố", "extra"),
        ("thànnh", "thành", "doubled"),
        ("thàng", "thành", "neighbour"),
        ("chường", "trường", "sound"),
        ("xở", "sở", "sound"),
        ("nội", "lội", None),
        ("giương", "dương", "sound"),
        ("diếng", "giếng", "sound"),
        ("rì", "gì", "sound"),
        ("thưong", "thương", None),
        ("googel", "google", "swapped"),
        ("facebok", "facebook", "missing"),
        ("gogle", "google", "missing"),
    ],
)
def test_kinds(typed: str, meant: str, kind: str | None) -> None:
    """A missing tone, two slips and a missing letter mark are no slips."""
    assert {slip.term: slip.kind for slip in slips_of(typed, ALL, limit=50)}.get(meant) == kind


def test_a_tone_is_kept() -> None:
    assert set(terms(slips_of("thnah", ALL))) == {"thành", "thanh", "thánh"}
    assert terms(slips_of("thnàh", ALL)) == ["thành"]
    assert terms(slips_of("thnạh", ALL)) == []
    assert terms(slips_of("chò", Groups({"chó": 1000, "chỗ": 1000, "cho": 1000}))) == []


def test_marks_of_letters_are_kept() -> None:
    assert terms(slips_of("trươgn", ALL)) == ["trương", "trường", "trưởng"]
    assert terms(slips_of("truogn", ALL)) == ["trương", "trường", "trưởng"]
    assert terms(slips_of("trưôgn", ALL)) == []
    assert terms(slips_of("đưogn", ALL)) == ["đương", "đường"]
    assert "dương" not in terms(slips_of("đưogn", ALL))
    assert terms(slips_of("hêhọp", ALL)) == []


@pytest.mark.parametrize(
    "typed",
    ["", "a", "ư", "2023", "2022", "covid18", "cov1d19", "u23", "москва", "北京", "straße", "_", "việt-", "x" * 13],
)
def test_what_has_no_slips(typed: str) -> None:
    groups = Groups({**dict.fromkeys(WORDS, 1), "ab": 1, "u24": 1, "masqua": 1, "strasse": 1, "x" * 12: 1})
    assert slips_of(typed, groups) == []
    assert groups.looked_up == 0


def test_what_most_speaks_for_comes_first() -> None:
    """A kind that happens in more ways says less: one letter left out, five keys beside, ten to strike as well."""
    assert slips_of("hioa", Groups({"hoa": 300, "hiova": 5, "gioa": 40})) == [
        Slip("hoa", 30.0, "extra"),
        Slip("gioa", 8.0, "neighbour"),
        Slip("hiova", 5.0, "missing"),
    ]
    assert terms(slips_of("hioa", Groups({"hoa": 300, "gioa": 400}))) == ["gioa", "hoa"]
    assert terms(slips_of("quyy", Groups({"quỹ": 7, "quy": 3, "quý": 7}))) == ["quý", "quỹ", "quy"]


def test_sounds_come_last() -> None:
    groups = Groups({"trung": 1_000_000, "chunh": 1, "hung": 1})
    assert [(slip.term, slip.kind) for slip in slips_of("chung", groups)] == [
        ("chunh", "neighbour"),
        ("hung", "extra"),
        ("trung", "sound"),
    ]


def test_limit_and_least() -> None:
    groups = Groups({"quy": 50, "quý": 40, "quỹ": 30, "quỷ": 2})
    assert terms(slips_of("quyy", groups)) == ["quy", "quý", "quỹ", "quỷ"]
    assert terms(slips_of("quyy", groups, limit=2)) == ["quy", "quý"]
    assert terms(slips_of("quyy", groups, least=30)) == ["quy", "quý", "quỹ"]


@st.composite
def slipped(draw: st.DrawFn) -> tuple[str, str]:
    """A word, and what a slip of the fingers makes of it; the tone stays on the letter that has it."""
    word = draw(st.sampled_from([word for word in WORDS if len(word) > 2 and word.isalpha()]))
    letters, tone = split(word)
    at = draw(st.integers(0, len(letters) - 1))
    key = fold(letters[at])
    beside = draw(st.sampled_from(AROUND[key]))
    made = {
        "left out": [*letters[:at], *letters[at + 1 :]],
        "doubled": [*letters[:at], letters[at], *letters[at:]],
        "swapped": [*letters[:at], *letters[at : at + 2][::-1], *letters[at + 2 :]],
        "beside": [*letters[:at], beside, *letters[at + 1 :]],
        "as well": [*letters[:at], beside, *letters[at:]],
    }[draw(st.sampled_from(("left out", "doubled", "swapped", "beside", "as well")))]
    vowels = [place for place, letter in enumerate(made) if fold(letter) in "aeiouy"]
    if tone and vowels:
        place = draw(st.sampled_from(vowels))
        made[place] = unicodedata.normalize("NFC", made[place] + tone)
    typed = "".join(made)
    return word, draw(st.sampled_from((typed, fold(typed))))


@given(slipped())
def test_the_word_meant_is_found(slip: tuple[str, str]) -> None:
    meant, typed = slip
    if split(typed)[0] not in (split(meant)[0], list(fold(meant))):
        assert meant in terms(slips_of(typed, ALL, limit=len(WORDS)))


LETTERS = st.text(st.sampled_from("aăâbcdđeêghiklmnoôơpqrstuưvxyfwàáạếờ"), max_size=14)
TYPED = slipped().map(lambda slip: slip[1]) | st.sampled_from(WORDS) | LETTERS | st.text()


@given(TYPED)
def test_slips_are_one_step_away_and_keep_what_was_typed(typed: str) -> None:
    groups = Groups(dict.fromkeys(WORDS, 100))
    found = slips_of(typed, groups, limit=len(WORDS))
    assert groups.looked_up <= 430
    assert len(set(terms(found))) == len(found)
    assert found == sorted(found, key=lambda slip: (slip.kind == "sound", -slip.weight, slip.term))
    letters, tone = split(typed)
    for term, weight, kind in found:
        its_letters, its_tone = split(term)
        assert term != typed
        assert tone in ("", its_tone)
        assert weight == 100 * SLIPS[kind]
        if kind in ("swapped", "doubled", "missing", "neighbour", "extra"):
            assert distance(fold(typed), fold(term)) <= 1  # huư, hưu: 0
        if kind != "stroke":
            assert {letter for letter in letters if not letter.isascii()} <= set(its_letters)


def test_slips_of_an_index(collection: Index) -> None:
    groups = Snapshot(collection.whoosh).groups
    assert terms(slips_of("vườnn", groups)) == ["vườn"]
    assert terms(slips_of("hyuện", groups)) == ["huyện"]
