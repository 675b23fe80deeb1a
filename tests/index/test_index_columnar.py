"""Segments as arrays: what is merged equals what is built in one go; every flipped byte is found; few segments stay."""

from __future__ import annotations

import itertools
import random
import string
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from vnsearch import Index, IndexCorruptedError, Report
from vnsearch.analysis import analyze_batch
from vnsearch.index.columnar.build import AnalysedReports, SegmentBuilder
from vnsearch.index.columnar.container import ArrayFile, ArrayFileWriter
from vnsearch.index.columnar.merge import Source, merge
from vnsearch.index.columnar.postings import Inverted, PostingLists, encode_postings, read_runs, write_postings
from vnsearch.index.columnar.segment import SegmentData
from vnsearch.index.columnar.stored import make_blocks, unpack_block
from vnsearch.index.documents import analyse_reports, unpack_report
from vnsearch.index.policy import plan_merge

FILTERABLE = ("tags",)
AGE = (1, 1)
STORED = {"stored", "stored_starts", "stored_documents"}  # blocks are cut where segments end

SYLLABLES = "an bàn bản bạn bò bố cá cà cam chợ cơ dân đất đò đường gà họp hoà lúa mưa năm người sông thôn ý 2021 3,5 8/3".split()


def draw_text(chance: random.Random, length: int) -> str:
    parts = [chance.choice(SYLLABLES) for _ in range(length)]
    for _ in range(length // 8):
        at = chance.randrange(length)
        parts[at] = chance.choice(
            (
                "a" * 20 + str(chance.randrange(40)),  # a token longer than 15
                parts[at] + " " * chance.randrange(14, 40),  # a wide gap
                unicodedata.normalize("NFD", "đường") + " " + unicodedata.normalize("NFD", "hoà"),
                f"Hội đồng {parts[at]} (HĐ)",
                "\u200b" * 20 + "chợ\u00ad\u00ad",
                "ﬁ ... !!",
            )
        )
    return " ".join(parts)


def draw_report(chance: random.Random, number: int) -> Report:
    """A report; now and then with empty texts, or a syllable oftener than a byte says."""
    body = draw_text(chance, chance.randrange(60)) if chance.random() < 0.9 else ""
    if chance.random() < 0.1:
        body += " chợ" * chance.randrange(60, 70)
    title = draw_text(chance, chance.randrange(9)) + " cá" * chance.choice((0, 0, 0, 2, 3, 4))
    extra = {"tags": chance.sample(["a", "b", "a"], 2)} if number % 7 == 0 else {}
    return Report(
        f"r{number}", title, body, chance.choice(("2021-02-03", None)), source=chance.choice(("Báo", None)), extra=extra
    )


def built(
    reports: Sequence[Report], path: Path, batch: int = 10, filterable: Sequence[str] = FILTERABLE
) -> SegmentData:
    batches = [reports[start : start + batch] for start in range(0, len(reports), batch)]
    return built_of([analyse_reports(part, filterable) for part in batches], path)


def built_of(batches: Sequence[AnalysedReports], path: Path) -> SegmentData:
    builder = SegmentBuilder()
    for part in batches:
        builder.add(part)
    return SegmentData(path, builder.write(path, AGE))


def merged(parts: Sequence[tuple[SegmentData, Sequence[bool]]], path: Path) -> SegmentData:
    return SegmentData(path, merge([Source(segment, np.array(live, np.bool_)) for segment, live in parts], path))


def assert_same(one: SegmentData, other: SegmentData) -> None:
    assert one.file.facts == other.file.facts
    assert set(one.file.names()) == set(other.file.names())
    for name in set(one.file.names()) - STORED:
        assert one.file[name].dtype == other.file[name].dtype, name
        assert np.array_equal(one.file[name], other.file[name]), name
    assert one.file.damaged() == other.file.damaged() == []
    assert reports_of(one) == reports_of(other)


def reports_of(segment: SegmentData) -> list[Report]:
    return [unpack_report(segment.stored.report(number)) for number in range(segment.documents)]


@pytest.mark.parametrize("deleted", [0.0, 0.3, 0.95])
@pytest.mark.parametrize("seed", range(3))
def test_merging_equals_building(tmp_path: Path, seed: int, deleted: float) -> None:
    """Several rounds: what was merged is merged again, and more is deleted."""
    chance = random.Random(seed)
    reports = [draw_report(chance, number) for number in range(150)]
    cuts = [0, *sorted(chance.sample(range(1, 150), 5)), 150]
    rounds = [
        (built(reports[start:end], tmp_path / f"{start}"), reports[start:end])
        for start, end in itertools.pairwise(cuts)
    ]
    number = 0
    while len(rounds) > 1:
        first = chance.randrange(len(rounds) - 1)
        run = rounds[first : first + chance.choice((1, 2, 3))]
        live = [[chance.random() >= deleted for _ in held] for _, held in run]
        if not any(map(any, live)):
            live[0][0] = True
        number += 1
        kept = [
            report
            for (_, held), alive in zip(run, live, strict=True)
            for report, stays in zip(held, alive, strict=True)
            if stays
        ]
        segment = merged([(data, alive) for (data, _), alive in zip(run, live, strict=True)], tmp_path / f"m{number}")
        assert_same(segment, built(kept, tmp_path / f"b{number}", batch=chance.choice((7, 64))))
        rounds[first : first + len(run)] = [(segment, kept)]


def test_a_merged_segment_is_as_old_as_its_newest_part(tmp_path: Path) -> None:
    parts = []
    for age in ((3, 2), (10, 1), (2, 9)):
        builder = SegmentBuilder()
        builder.add(analyse_reports([Report("a")], FILTERABLE))
        builder.write(tmp_path / f"{age}", age)
        parts.append((SegmentData(tmp_path / f"{age}"), [True]))
        assert parts[-1][0].age == age
    assert merged(parts, tmp_path / "m").age == (10, 1)


def test_escapes_are_there(tmp_path: Path) -> None:
    """The reports above hold what they are for."""
    chance = random.Random(1)
    segment = built([draw_report(chance, number) for number in range(150)], tmp_path / "s")
    lists = segment.postings("syllable")
    assert lists.escape_title.max() >= 3
    assert lists.escape_body.max() >= 31
    assert set(lists.codes[lists.escape_at].tolist()) == {127, 255}  # with and without the term in the opening
    _, gaps, lengths = segment.tokens.escapes
    assert gaps.max() > 14
    assert lengths.max() > 15
    assert (segment.lengths("syllable", 1) == 0).any()


COUNTS = st.one_of(st.integers(0, 3), st.integers(0, 40), st.integers(0, 1 << 20))


@given(st.lists(st.tuples(COUNTS, COUNTS, st.booleans()), min_size=2, max_size=60), st.data())
def test_what_a_posting_says(
    tmp_path_factory: pytest.TempPathFactory, held: list[tuple[int, int, bool]], data: st.DataObject
) -> None:
    """Frequencies and openings of two lists, read as runs and posting by posting."""
    path = tmp_path_factory.mktemp("postings") / "file"
    cut = data.draw(st.integers(1, len(held) - 1))
    with ArrayFileWriter(path) as file:
        file.facts["documents"] = len(held)
        for name, part in (("a", held[:cut]), ("b", held[cut:])):
            titles, bodies = (np.array([one[at] for one in part], np.int64) for at in range(2))
            codes, escapes = encode_postings(titles, bodies, np.array([one[2] for one in part], np.bool_))
            bounds = np.array([0, len(part)])
            documents = np.arange(len(part), dtype=np.uint16)
            write_postings(file, name, Inverted(bounds, documents, codes, escapes, bounds[1:]))
    found = ArrayFile(path)
    first, second = PostingLists(found, "a", 1), PostingLists(found, "b", 1)
    some = np.array(sorted(data.draw(st.sets(st.integers(0, len(held) - cut - 1)))))
    for run, wanted in (
        (slice(0, len(held) - cut), held[cut:]),
        (some.astype(np.intp), [held[cut + at] for at in some.tolist()]),
    ):
        raw = read_runs([(first, slice(0, cut)), (second, run)])
        frequencies = zip(raw.title_frequencies(), raw.bodies, raw.openings, strict=True)
        assert list(frequencies) == held[:cut] + wanted


def test_openings(tmp_path: Path) -> None:
    """A body opens with its first 30 syllables, words and values, and with the pairs of those syllables."""
    chance = random.Random(3)
    reports = [draw_report(chance, number) for number in range(40)]
    segment = built(reports, tmp_path / "s", batch=7)
    bodies = analyze_batch([report.body for report in reports])
    for kind, opening, terms in (
        ("syllable", 30, [body.syllables for body in bodies]),
        ("pair", 29, [body.pairs() for body in bodies]),
        ("word", 30, [body.word_terms() for body in bodies]),
        ("value", 30, [body.value_terms() for body in bodies]),
    ):
        lists = segment.postings(kind)
        seen = 0
        for number in range(segment.size(kind)):
            term = segment.term(kind, number).decode()
            documents, found = lists.run(number, number + 1)
            opens = [term in terms[document][:opening] for document in documents]
            assert found.openings.tolist() == opens, (kind, term)
            seen += sum(found.bodies > 0) - sum(opens)
        assert seen or kind == "value"


def test_lists_that_only_some_segments_have(tmp_path: Path) -> None:
    reports = [Report(f"{number}", "Chợ", "họp", extra={"tags": ["a"]}) for number in range(6)]
    without = built(reports[:3], tmp_path / "1", filterable=())
    having = built(reports[3:], tmp_path / "2")
    for parts, documents in (((without, having), [3, 4, 5]), ((having, without), [0, 1, 2])):
        segment = merged([(part, [True] * 3) for part in parts], tmp_path / f"m{documents[0]}")
        name = next(name for name in segment.list_names if name not in without.list_names)
        assert segment.postings(f"field.{name}").documents_of(0).tolist() == documents


def test_no_texts_at_all(tmp_path: Path) -> None:
    reports = [Report("a"), Report("b", "…")]
    parts = [(built([report], tmp_path / report.id), [True]) for report in reports]
    segment = merged(parts, tmp_path / "m")
    assert_same(segment, built(reports, tmp_path / "both"))
    assert segment.size("syllable") == segment.size("pair") == 0


def test_more_syllables_than_two_bytes_tell_apart(tmp_path: Path) -> None:
    names = [
        "".join(letters) for letters in itertools.islice(itertools.product(string.ascii_lowercase, repeat=4), 67_000)
    ]
    reports = [Report(f"{at}") for at in range(7)]
    batches = []
    for at, report in enumerate(reports):
        analysed = analyse_reports([report], FILTERABLE)
        own = names[at * 10_000 : (at + 1) * 10_000]  # as the analysis of such a body would have it, but at once
        every = np.arange(len(own), dtype=np.uint32)
        lengths = np.array([0, len(own)])
        texts = replace(
            analysed.texts, syllables=own, tokens=every, starts=every * 5, ends=every * 5 + 4, lengths=lengths,
            words=own, word_tokens=every, word_lengths=lengths,
        )  # fmt: skip
        batches.append(replace(analysed, texts=texts))
    parts = [(built_of(batches[:4], tmp_path / "1"), [True] * 4), (built_of(batches[4:], tmp_path / "2"), [True] * 3)]
    assert "tokens_high" not in parts[0][0].file
    segment = merged(parts, tmp_path / "m")
    assert_same(segment, built_of(batches, tmp_path / "both"))
    assert segment.size("syllable") > 1 << 16
    assert segment.tokens.numbers(0, len(segment.tokens)).max() == segment.size("syllable") - 1
    fewer = merged([(segment, [True] * 2 + [False] * 5)], tmp_path / "fewer")
    assert "tokens_high" not in fewer.file
    assert_same(fewer, built_of(batches[:2], tmp_path / "two"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a segment with one report."""
    path = tmp_path_factory.mktemp("small") / "s"
    built([Report("a", "Chợ nổi", "họp lúc 5 giờ")], path)
    return path.read_bytes()


class TestContainer:
    def test_every_flipped_byte_is_found(self, small: bytes, tmp_path: Path) -> None:
        """Those of heads, paddings and directories too."""
        path = tmp_path / "flipped"
        chance = random.Random(1)
        for at in range(len(small)):
            changed = bytearray(small)
            changed[at] ^= 1 << chance.randrange(8)
            path.unlink(missing_ok=True)
            path.write_bytes(changed)
            with pytest.raises(IndexCorruptedError, match=path.name):
                ArrayFile(path).check()

    def test_a_flipped_byte_is_found_before_it_is_used(self, small: bytes, tmp_path: Path) -> None:
        path = tmp_path / "flipped"
        path.write_bytes(small)
        for name, (_, start, count, _) in ArrayFile(path)._entries.items():
            if count:
                changed = bytearray(small)
                changed[start] ^= 1
                path.unlink()
                path.write_bytes(changed)
                found = ArrayFile(path)
                with pytest.raises(IndexCorruptedError, match=f"{path.name}.*{name} does not match"):
                    found[name]
                assert found.damaged() == [name]

    def test_cut_short_or_drawn_out_anywhere(self, small: bytes, tmp_path: Path) -> None:
        path = tmp_path / "short"
        for length in [*range(0, len(small), 61), len(small) - 1]:
            path.write_bytes(small[:length])
            with pytest.raises(IndexCorruptedError, match="short"):
                ArrayFile(path)
        path.write_bytes(small + bytes(64))
        with pytest.raises(IndexCorruptedError):
            ArrayFile(path)

    def test_another_file_in_its_place(self, tmp_path: Path) -> None:
        """A sound file, but not the one whose seal was kept."""
        builder = SegmentBuilder()
        builder.add(analyse_reports([Report("a")], FILTERABLE))
        seal = builder.write(tmp_path / "a", AGE)
        built([Report("b")], tmp_path / "b")
        assert SegmentData(tmp_path / "a", seal).file.seal == seal
        with pytest.raises(IndexCorruptedError, match="not the file that the commit names"):
            SegmentData(tmp_path / "b", seal)

    @given(
        st.lists(st.tuples(st.sampled_from(["u1", "u2", "u4", "u8", "i4"]), st.lists(st.integers(0, 127))), max_size=6)
    )
    @settings(max_examples=50)
    def test_what_goes_in_comes_out(
        self, tmp_path_factory: pytest.TempPathFactory, arrays: list[tuple[str, list[int]]]
    ) -> None:
        path = tmp_path_factory.mktemp("arrays") / "file"
        with ArrayFileWriter(path) as file:
            for number, (kind, values) in enumerate(arrays):
                file.add_parts(
                    f"{number}", kind, [np.array(values[at : at + 2], kind) for at in range(0, len(values), 2)]
                )
        found = ArrayFile(path)
        assert found.names() == [f"{number}" for number in range(len(arrays))]
        for number, (kind, values) in enumerate(arrays):
            assert found[f"{number}"].dtype.str[1:] == kind
            assert found[f"{number}"].tolist() == values
        assert found.damaged() == []
        found.release()
        assert found.damaged() == []

    def test_an_exception_leaves_no_file(self, tmp_path: Path) -> None:
        def fail() -> None:
            with ArrayFileWriter(tmp_path / "file") as file:
                file.add("a", np.zeros(3, np.uint8))
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fail()
        assert list(tmp_path.iterdir()) == []


class TestPolicy:
    @given(st.lists(st.tuples(st.integers(1, 3000), st.floats(0, 1)), min_size=1, max_size=300))
    @settings(max_examples=60)
    def test_few_segments_stay(self, adds: list[tuple[int, float]]) -> None:
        """Whatever is added, and deleted from a segment: at most three of each level, and nothing is written too often."""
        sizes: list[tuple[int, int]] = []
        total = written = 0
        for number, (size, deleted) in enumerate(adds):
            sizes.append((size, size))
            total += size
            at = number * 7919 % len(sizes)
            live, documents = sizes[at]
            if deleted > 0.8:
                sizes[at] = int(live * (1 - deleted)), documents
            while True:
                sizes = [size for size in sizes if size[0]]
                run = plan_merge(sizes)
                if run is None:
                    break
                live = sum(count for count, _ in sizes[run.start : run.stop])
                assert live <= 1 << 16
                written += live
                sizes[run.start : run.stop] = [(live, live)]
            assert len(sizes) <= 3 * 7 + total // (1 << 15)
            assert all(documents - live <= documents / 2 for live, documents in sizes)
        assert written <= 9 * total

    def test_single_adds(self) -> None:
        sizes = [(40_000, 40_000)]
        most = 0
        for _ in range(1000):
            sizes.append((1, 1))
            while (run := plan_merge(sizes)) is not None:
                live = sum(count for count, _ in sizes[run.start : run.stop])
                sizes[run.start : run.stop] = [(live, live)]
            most = max(most, len(sizes))
        assert most <= 12


class TestSameWhateverTheWay:
    def test_memory_and_batches_change_no_array(
        self, new_index: Callable[..., Index], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """One call leaves one segment, however often the writer had to flush."""
        chance = random.Random(5)
        reports = [draw_report(chance, number % 110) for number in range(120)]
        whole = new_index(filterable=FILTERABLE)
        whole.add(reports)
        monkeypatch.setattr("vnsearch.index.batches._BATCH", 16)
        monkeypatch.setattr(SegmentBuilder, "memory", lambda self: 1 << 60 if self.documents >= 30 else 0)
        flushed = new_index(filterable=FILTERABLE)
        flushed.add(reports)
        assert len(flushed._current.leaves) == 1
        assert list(flushed) == list(whole)
        assert flushed.check().problems == ()
        assert flushed.search("cho").total == whole.search("cho").total


class TestStoredBlocks:
    @given(st.lists(st.binary(max_size=3000), min_size=1, max_size=20))
    def test_records_come_back(self, records: list[bytes]) -> None:
        blocks = list(make_blocks(records))
        assert [record for block in blocks for record in unpack_block(*block)] == records

    @pytest.mark.parametrize("size", [1 << 62, 1 << 40, 0])
    def test_no_more_is_taken_than_a_frame_can_hold(self, size: int) -> None:
        header = b"\x28\xb5\x2f\xfd\xe0" + size.to_bytes(8, "little")  # one segment, its size in eight bytes
        with pytest.raises(ValueError, match="another length"):
            unpack_block(header + b"\x01\x00\x00", 1)  # and an empty block, the last

    def test_a_frame_that_does_not_say_its_size_is_refused(self) -> None:
        frame = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(100))
        with pytest.raises(ValueError, match="another length"):
            unpack_block(frame, 1)

    def test_many_threads_read(self) -> None:
        records = [f"Báo cáo số {number}: ".encode() * 60 for number in range(50)]
        blocks = list(make_blocks(records)) * 20
        with ThreadPoolExecutor(8) as pool:
            found = pool.map(lambda block: unpack_block(*block), blocks)
            assert [record for part in found for record in part] == records * 20
