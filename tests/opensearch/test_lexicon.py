"""The lexicon answers what a snapshot of one segment answers; parts of it add up to the whole; damaged bytes are told."""

from __future__ import annotations

import gc
import random
import weakref
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
import zstandard
from bench.drawn import passage
from hypothesis import given
from hypothesis import strategies as st

from query_forms import half_marked
from vnsearch import Index, Report, fold, read_corpus
from vnsearch.analysis import syllables_of
from vnsearch.corpus.samples import samples_path
from vnsearch.index.documents import analyse_reports
from vnsearch.index.snapshot import Snapshot
from vnsearch.opensearch import lexicon as lexicon_module
from vnsearch.opensearch import lexicon_making
from vnsearch.opensearch.lexicon import Content, Lexicon, Pairs, TermCounts
from vnsearch.opensearch.lexicon_making import BOUNDS, EMPTY, LexiconBuilder, lexicon_of, merged
from vnsearch.search.parameters import PARAMETERS
from vnsearch.search.spelling import spellings_of
from vnsearch.search.suggestions import beginning

_ANY = r"\w"  # whatever it says, it says something
KINDS = ("syllable", "pair", "word", "definition")


def _reports() -> list[Report]:
    chance = random.Random(11)
    drawn = [
        Report(f"đoạn {number}", passage(chance, chance.randrange(9)), passage(chance, chance.randrange(120)))
        for number in range(400)
    ]
    odd = [
        Report("viết tắt 1", "Tổ vớt rác kênh (TVRK)", "Uỷ ban (UB) họp. Hội vá lưới đêm (HVLĐ) mới lập, HVLĐ có vốn."),
        Report("viết tắt 2", "", "Tổ vớt rác kênh (TVRK), tổ vớt rác kênh (TVRK). Nhà hến (NH) mở cửa."),
        Report("viết tắt 3", "Nhà hến (NH) khai trương", "Москва gọi, Straße dài, 東京 xa, x1y2 mã lạ"),
        Report("rỗng", "", ""),
        Report("một tiếng", "đường", "đường"),
    ]
    return [*read_corpus(samples_path()), *drawn, *odd]


@pytest.fixture(scope="module")
def texts() -> list[Report]:
    return _reports()


@pytest.fixture(scope="module")
def snapshot(texts: list[Report], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    with Index.create(tmp_path_factory.mktemp("lexicon")) as index:
        index.add(texts)
        snapshot = index._current
        assert len(snapshot.leaves) == 1
        yield snapshot


@pytest.fixture(scope="module")
def whole(texts: list[Report]) -> Lexicon:
    return lexicon_of(analyse_reports(texts[at : at + 90], ()) for at in range(0, len(texts), 90))


def _queries(texts: Sequence[Report]) -> list[list[str]]:
    chance = random.Random(5)
    found = []
    for _ in range(300):
        words = chance.choice(texts).body.split() or ["đường"]
        start = chance.randrange(len(words))
        text = " ".join(words[start : start + chance.randrange(1, 12)])
        mixed = " ".join(fold(word) if chance.random() < 0.5 else word for word in text.split())
        slipped = (
            "".join(chance.sample(text, len(text))) if chance.random() < 0.3 else f"{text} qyu dduwowngf khoong lạkỳ"
        )
        found += [syllables_of(form).syllables for form in (text, fold(text), half_marked(text), mixed, slipped)]
    return found


def test_counts_are_those_of_a_snapshot(snapshot: Snapshot, whole: Lexicon) -> None:
    assert whole.syllable_count == snapshot.syllable_count
    assert whole.pair_types == snapshot.pair_types
    for kind in ("syllable", "pair"):
        assert list(whole.terms(kind).items()) == list(snapshot.terms(kind).items())
    words = snapshot.terms("word")
    assert whole.terms("word") == words
    for kind, terms in (("syllable", snapshot.terms("syllable")), ("pair", snapshot.terms("pair")), ("word", words)):
        assert [whole.count(kind, term) for term in terms] == list(terms.values())
        assert whole.count(kind, "qwx zzq") == whole.count(kind, "") == 0


def test_prefixes_are_those_of_a_snapshot(snapshot: Snapshot, whole: Lexicon) -> None:
    syllables = list(snapshot.terms("syllable"))
    for prefix in ("", "d", "đ", "duon", "quy", "zzz", "\ud800", *syllables[::50]):
        assert whole.keys(prefix) == snapshot.keys(prefix)
        assert whole.terms("syllable", prefix) == snapshot.terms("syllable", prefix)
        assert whole.terms("word", f"{prefix}_") == snapshot.terms("word", f"{prefix}_")
        assert whole.terms("pair", f"{prefix} ") == snapshot.terms("pair", f"{prefix} ")
        assert beginning(whole, prefix) == beginning(snapshot, prefix)


def test_groups_are_those_of_a_snapshot(snapshot: Snapshot, whole: Lexicon) -> None:
    keys = snapshot.keys("")
    assert [list(whole.groups.get(key)) for key in keys] == [list(snapshot.groups.get(key)) for key in keys]
    asked = [*keys[::7], "không", "", "zzzz", "đuong"]
    assert whole.groups.held(asked) == snapshot.groups.held(asked)
    assert whole.groups.get("zzzz", [("x", 1)]) == [("x", 1)]


def test_neighbours_and_pairs_are_those_of_a_snapshot(snapshot: Snapshot, whole: Lexicon) -> None:
    syllables = [*snapshot.terms("syllable"), "không_có", "", "\ud800"]
    assert whole.neighbours(syllables) == snapshot.neighbours(syllables)
    chance = random.Random(3)
    for discount in (0.0, PARAMETERS.discount):
        for sizes in ((1, 1), (2, 3), (12, 12), (30, 5)):
            steps = [tuple(chance.sample(syllables, size) for size in sizes) for _ in range(9)]
            grids = [chance.choice(list(snapshot.terms("pair"))).split(" ") for _ in range(9)]
            steps = [([*before, a], [b, *after]) for (before, after), (a, b) in zip(steps, grids, strict=True)]
            counts = whole.pair_counts(steps, discount)
            assert counts.dtype == np.float64
            assert np.array_equal(counts, snapshot.pair_counts(steps, discount))
            assert np.array_equal(counts, whole.pair_counts(steps, discount)), "remembered, they are the same"
    assert whole.pair_counts([]).shape == snapshot.pair_counts([]).shape
    assert whole.pair_counts([([], [])]).shape == snapshot.pair_counts([([], [])]).shape


def test_a_discount_leaves_nothing_below_0(whole: Lexicon) -> None:
    once = next(pair for pair, count in whole.terms("pair").items() if count == 1)
    first, second = once.split(" ")
    assert whole.pair_counts([([first], [second])], 1.5).item() == 0.0


def test_definitions_are_those_of_a_snapshot(snapshot: Snapshot, whole: Lexicon) -> None:
    assert whole.definitions == snapshot.definitions
    found = {(item.abbreviation, item.reports) for item in whole.definitions}
    assert {("TVRK", 2), ("HVLĐ", 1), ("NH", 2)} <= found
    assert "UB" not in {short for short, _ in found}, "two letters of one report prove little"
    assert whole.abbreviations.by_abbreviation == snapshot.abbreviations.by_abbreviation


def test_queries_are_read_as_with_a_snapshot(texts: list[Report], snapshot: Snapshot, whole: Lexicon) -> None:
    guessed = 0
    for syllables in _queries(texts):
        for method in ("", "telex"):
            found = spellings_of(whole, syllables, method=method)
            assert found == spellings_of(snapshot, syllables, method=method)
            guessed += any(reading.tier != "typed" for place in found.syllables for reading in place)
    assert guessed > 500


def test_a_lexicon_goes_with_its_last_reference(whole: Lexicon) -> None:
    other = merged([whole, EMPTY])
    spellings_of(other, ["duong", "lang"])
    gone = weakref.ref(other)
    assert len({other, whole}) == 2
    gc.disable()
    try:
        del other
        assert gone() is None
    finally:
        gc.enable()


# -- merging


def _held(lexicon: Lexicon) -> dict[str, object]:
    every = {kind: lexicon.terms(kind) for kind in KINDS}
    syllables = list(every["syllable"])
    neighbours = dict(zip(syllables, lexicon.neighbours(syllables), strict=True))
    return {**every, "neighbours": neighbours, "facts": (lexicon.syllable_count, lexicon.pair_types)}


@pytest.mark.parametrize("parts", [1, 2, 7])
def test_parts_add_up_to_the_whole(texts: list[Report], whole: Lexicon, parts: int) -> None:
    some = [lexicon_of([analyse_reports(texts[at::parts], ())]) for at in range(parts)]
    assert _held(merged(some)) == _held(whole)
    one_by_one = EMPTY
    for part in some:
        one_by_one = merged([one_by_one, Lexicon.from_bytes(part.to_bytes())])
    assert _held(one_by_one) == _held(whole)


def test_nothing_is_empty(whole: Lexicon) -> None:
    assert _held(merged([])) == _held(EMPTY) == _held(Lexicon.from_bytes(EMPTY.to_bytes()))
    assert _held(merged([EMPTY, whole, EMPTY])) == _held(whole)
    assert EMPTY.keys("") == []
    assert EMPTY.definitions == []
    assert spellings_of(EMPTY, ["duong"]).unknown == [0]


def test_a_builder_that_folds_what_it_has_counts_the_same(
    texts: list[Report], whole: Lexicon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lexicon_making, "_PAIRS_WAITING", 500)
    builder = LexiconBuilder()
    for at in range(0, len(texts), 20):
        builder.add(analyse_reports(texts[at : at + 20], ()))
    assert _held(builder.lexicon()) == _held(whole)
    assert _held(builder.lexicon()) == _held(whole), "and goes on afterwards"


def test_what_is_left_out_is_the_rarest_and_not_forgotten(texts: list[Report], whole: Lexicon) -> None:
    most = BOUNDS._replace(pairs=700)
    pruned = merged([whole], most)
    pairs, kept = whole.terms("pair"), pruned.terms("pair")
    assert len(kept) == 700
    assert kept.items() <= pairs.items()
    assert min(kept.values()) >= max(count for pair, count in pairs.items() if pair not in kept)
    syllables = list(whole.terms("syllable"))
    assert pruned.terms("syllable") == whole.terms("syllable")
    assert pruned.neighbours(syllables) == whole.neighbours(syllables)
    assert (pruned.pair_types, pruned.syllable_count) == (whole.pair_types, whole.syllable_count)

    halves = [merged([lexicon_of([analyse_reports(texts[at::2], ())])], most) for at in (0, 1)]
    both = Lexicon.from_bytes(merged(halves, most).to_bytes())
    assert both.size("pair") <= 700
    assert both.pair_types >= whole.pair_types
    found = both.neighbours(syllables)
    assert all(
        many >= least
        for a, b in zip(found, whole.neighbours(syllables), strict=True)
        for many, least in zip(a, b, strict=True)
    )
    assert sum(after for _, after in found) == sum(before for before, _ in found) == both.pair_types
    for query in _queries(texts)[::5]:
        for place in spellings_of(both, query).syllables:
            assert sum(reading.probability for reading in place) == pytest.approx(1)
            assert min(reading.probability for reading in place) >= 0


def test_equally_rare_pairs_are_left_out_whatever_their_letters() -> None:
    syllables = [f"{letter}{number:03}".encode() for letter in "abcd" for number in range(250)]
    keys = np.arange(1000, dtype=np.int64) << 32 | np.arange(1000)[::-1]
    ones, none = np.ones(1000, np.int64), np.zeros(1000, np.int64)
    nothing = TermCounts([], none[:0])
    content = Content(TermCounts(syllables, ones), Pairs(keys, ones), nothing, nothing, none, none, 0, 1000)
    kept = merged([Lexicon(content)], BOUNDS._replace(pairs=400)).terms("pair")
    firsts = [pair[0] for pair in kept]
    assert len(firsts) == 400
    assert all(70 < firsts.count(letter) < 130 for letter in "abcd")


def test_syllables_and_words_have_bounds_too(whole: Lexicon) -> None:
    pruned = merged([whole], BOUNDS._replace(syllables=50, words=20))
    counts = whole.terms("syllable")
    kept = pruned.terms("syllable")
    assert len(kept) == 50
    assert min(kept.values()) >= max(count for syllable, count in counts.items() if syllable not in kept)
    assert pruned.size("word") == 20
    assert pruned.terms("pair") == {
        pair: count for pair, count in whole.terms("pair").items() if kept.keys() >= set(pair.split(" "))
    }
    assert pruned.neighbours(list(kept)) == whole.neighbours(list(kept))
    assert (pruned.syllable_count, pruned.pair_types) == (whole.syllable_count, whole.pair_types)
    assert _held(Lexicon.from_bytes(pruned.to_bytes())) == _held(pruned)


def test_what_is_no_language_is_left_out() -> None:
    found = lexicon_of([analyse_reports([Report("dài", "", f"làng {'x' * 5000} xóm")], ())])
    assert found.terms("syllable") == {"làng": 1, "xóm": 1}
    assert found.neighbours(["làng", "xóm"]) == [(0, 1), (1, 0)]
    assert (found.syllable_count, found.pair_types) == (3, 2)


def test_large_counts_add_up() -> None:
    none, many = np.zeros(1, np.int64), np.array([3_000_000_000])
    nothing = TermCounts([], none[:0])
    content = Content(TermCounts([b"a"], many), Pairs(none, many), nothing, nothing, none, none, 0, int(many[0]))
    found = Lexicon.from_bytes(merged([Lexicon(content)] * 3).to_bytes())
    assert found.terms("syllable") == {"a": 9_000_000_000}
    assert found.terms("pair") == {"a a": 9_000_000_000}
    assert found.pair_counts([(["a"], ["a"])], 0.5).item() == 8_999_999_999.5


# -- bytes

_TEXTS = st.text(st.characters(exclude_characters=" "), min_size=1, max_size=5)


@st.composite
def _lexicons(draw: st.DrawFn) -> Lexicon:
    def counted(terms: st.SearchStrategy[str]) -> TermCounts:
        found = sorted(draw(st.sets(terms, max_size=20)))
        return TermCounts([term.encode("utf-8", "surrogatepass") for term in found], counts(len(found), 1))

    def counts(size: int, least: int) -> lexicon_module.I64:
        numbers = st.integers(least, draw(st.sampled_from((1, 300, 1 << 40))))
        return np.array(draw(st.lists(numbers, min_size=size, max_size=size)), np.int64)

    syllables = counted(_TEXTS)
    size = len(syllables.terms)
    numbers = st.integers(0, size - 1)
    chosen = draw(st.sets(st.tuples(numbers, numbers), max_size=40)) if size else set()
    keys = np.array(sorted(first << 32 | second for first, second in chosen), np.int64)
    pairs = Pairs(keys, counts(len(keys), 1))
    before, after = counts(size, 0), counts(size, 0)
    return Lexicon(Content(syllables, pairs, counted(_TEXTS), counted(_TEXTS), before, after, 7, 1 << 41))


@given(_lexicons(), _lexicons())
def test_bytes_give_the_same_lexicon(one: Lexicon, other: Lexicon) -> None:
    again = Lexicon.from_bytes(one.to_bytes())
    assert _held(again) == _held(one)
    assert again.to_bytes() == one.to_bytes()
    both, way = merged([one, other]), merged([other, again])
    assert _held(both) == _held(way)
    assert both.syllable_count == 1 << 42
    assert sum(both.terms("pair").values()) == sum(sum(part.terms("pair").values()) for part in (one, other))


def _spoiled(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(content)


def test_damaged_bytes_are_told(whole: Lexicon) -> None:
    data = whole.to_bytes()
    chance = random.Random(1)
    for at in (0, 1, 9, len(data) - 1, *(chance.randrange(5, len(data)) for _ in range(200))):
        with pytest.raises(ValueError, match=_ANY):
            Lexicon.from_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
        with pytest.raises(ValueError, match=_ANY):
            Lexicon.from_bytes(data[:at])
    with pytest.raises(ValueError, match=_ANY):
        Lexicon.from_bytes(data + data)


def test_bytes_made_to_do_harm_give_a_lexicon_or_an_error(texts: list[Report]) -> None:
    content = zstandard.ZstdDecompressor().decompress(lexicon_of([analyse_reports(texts[:3], ())]).to_bytes())
    chance = random.Random(2)
    refused = 0
    for _ in range(1500):
        changed = bytearray(content)
        head = len(lexicon_module._MAGIC) + lexicon_module._HEAD.size
        for _ in range(chance.randrange(1, 4)):
            changed[chance.randrange(head if chance.random() < 0.3 else len(content))] = chance.randrange(256)
        try:
            found = Lexicon.from_bytes(_spoiled(bytes(changed)))
        except ValueError:
            refused += 1
            continue
        syllables = list(found.terms("syllable"))[:200]
        assert all(before >= 0 <= after for before, after in found.neighbours(syllables))
        assert (found.pair_counts([*pairwise([syllables[:9], syllables[9:20], syllables[20:40]])], 0.75) >= 0).all()
        spellings_of(found, ["duong", "lang", "xom"])
        assert len(found.definitions) <= found.size("definition")
        merged([found, found])
    assert refused > 500


def test_a_bomb_is_not_unpacked() -> None:
    for size in (lexicon_module.CONTENT_BYTES_MAX + 1, 1 << 40):
        frame = zstandard.ZstdCompressor().compressobj(size=size)
        with pytest.raises(ValueError, match="length"):
            Lexicon.from_bytes(frame.compress(b"\0" * 10_000_000) + frame.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK))


def test_too_many_terms_make_no_bytes(whole: Lexicon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon_module, "CONTENT_BYTES_MAX", 1000)
    with pytest.raises(ValueError, match="prune"):
        whole.to_bytes()

    assert whole.terms("syllable")
