"""docs/index-format.md, read by somebody who has nothing else: a reader made of ``struct``, ``json``, ``xxhash`` and
``zstandard``."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import struct
import unicodedata
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import xxhash
import zstandard

from vnsearch import Index, Report

REPORTS = [
    Report("a", "Chợ nổi họp sớm", "Chợ nổi họp lúc 5 giờ sáng. " + "cá " * 70, dt.date(2021, 3, 4), "Báo Sông Lam"),
    Report("b", "cá cá cá", "", extra={"tags": ["x", "y"], "sách": 1}),
    Report(
        "c",
        "",
        unicodedata.normalize("NFD", "Đường") + " " * 20 + "về quê " + "dài" * 9 + " 東京",
        url="https://vi.vn/a",
    ),
    Report("e", "khơi lộng", "xa " * 29 + "khơi lộng", dt.date(1, 1, 1)),
    Report("d", "Ðảng bộ", "đại hội\tlần 3 – “tốt”…", dt.datetime(2020, 2, 29, 23, 5)),
]


def characters() -> list[str]:
    """The characters of the bytes 0 to 255."""
    tones = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
    small = [unicodedata.normalize("NFC", vowel + tone) for vowel in "aăâeêioôơuưy" for tone in tones] + ["đ"]
    others = [letter for letter in small + [letter.upper() for letter in small] if ord(letter) > 127]
    others += list("\u00a0\u200b“”‘’–—…•«»°²³\u0300\u0301\u0303\u0309\u0323\u0302\u0306\u031bÐ")
    plain = {9, 10, 13, *range(0x20, 0x7F)}
    return [chr(byte) if byte in plain else others.pop(0) for byte in range(256)]


class Segment:
    """A segment file, read by the book."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        magic, version = struct.unpack_from("<8sI", data, 0)
        start, length, self.checksum, again = struct.unpack_from("<QIQ8s", data, len(data) - 28)
        assert (magic, version, again) == (b"VNSEARCH", 4, b"VNSEARCH")
        assert data[12:64] == bytes(52)
        assert start + length + 28 == len(data)
        assert xxhash.xxh3_64_intdigest(data[:64] + data[start : start + length]) == self.checksum
        content = json.loads(data[start : start + length])
        self.facts = content["facts"]
        self.arrays: dict[str, list[int]] = {}
        self.types: dict[str, str] = {}
        end = 64
        for name, kind, offset, count, checksum in content["arrays"]:
            letter = {"u1": "B", "u2": "H", "u4": "I", "u8": "Q", "i4": "i"}[kind]
            assert offset == end
            size = count * int(kind[1])
            end += size + -size % 64
            assert xxhash.xxh3_64_intdigest(data[offset:end]) == checksum
            assert data[offset + size : end] == bytes(end - offset - size)
            self.arrays[name] = list(struct.unpack_from(f"<{count}{letter}", data, offset))
            self.types[name] = kind
        assert end == start

    def __getitem__(self, name: str) -> list[int]:
        return self.arrays[name]

    def terms(self, kind: str) -> list[str]:
        data, starts = bytes(self[f"{kind}.terms"]), self[f"{kind}.term_starts"]
        found = [data[start:end] for start, end in zip(starts, starts[1:], strict=False)]  # noqa: RUF007
        assert found == sorted(set(found))
        assert starts[-1] == len(data)
        assert self[f"{kind}.term_heads"] == [int.from_bytes(term[:8].ljust(8, b"\0"), "big") for term in found]
        return [term.decode("utf-8", "surrogatepass") for term in found]

    def pairs(self) -> list[str]:
        syllables, firsts = self.terms("syllable"), self["pair.first_starts"]
        return [
            f"{syllables[first]} {syllables[self['pair.seconds'][pair]]}"
            for first in range(len(syllables))
            for pair in range(firsts[first], firsts[first + 1])
        ]

    def postings(self, kind: str, number: int) -> list[tuple[int, int, int, bool]]:
        """(document, title frequency, body frequency, whether the body opens with it) of a term."""
        found = []
        for place in range(self[f"{kind}.starts"][number], self[f"{kind}.starts"][number + 1]):
            if f"{kind}.frequencies" not in self.arrays:
                code, title, body = 0, 0, 1
            elif (code := self[f"{kind}.frequencies"][place]) & 127 == 127:
                at = self[f"{kind}.escape_at"].index(place)
                title, body = self[f"{kind}.escape_title"][at], self[f"{kind}.escape_body"][at]
                assert title >= 3 or body >= 31
            else:
                title, body = code >> 5 & 3, code & 31
            found.append((self[f"{kind}.documents"][place], title, body, bool(code >> 7)))
        return found

    def tokens(self, document: int, field: int) -> list[tuple[str, int, int]]:
        """(syllable, start, end) of every token of a text."""
        syllables = self.terms("syllable")
        lengths = [
            length
            for both in zip(self["syllable.title_lengths"], self["syllable.body_lengths"], strict=True)
            for length in both
        ]
        text = 2 * document + field
        first = sum(lengths[:text])
        found, end = [], 0
        for at in range(first, first + lengths[text]):
            number = self["tokens"][at] + (self.arrays.get("tokens_high", [0] * (at + 1))[at] << 16)
            gap, length = self["places"][at] >> 4, self["places"][at] & 15
            if gap == 15:
                which = self["place_escape_at"].index(at)
                gap, length = self["place_escape_gap"][which], self["place_escape_length"][which]
            found.append((syllables[number], end + gap, end + gap + length))
            end += gap + length
        return found

    def report(self, document: int) -> dict[str, Any]:
        blocks = self["stored_documents"]
        block = max(at for at, first in enumerate(blocks[:-1]) if first <= document)
        count = blocks[block + 1] - blocks[block]
        dictionary = (resources.files("vnsearch.index.columnar") / "vietnamese.dict").read_text("utf-8")
        known = zstandard.ZstdCompressionDict(
            bytes(map(characters().index, dictionary)), zstandard.DICT_TYPE_RAWCONTENT
        )
        frame = bytes(self["stored"][self["stored_starts"][block] : self["stored_starts"][block + 1]])
        assert zstandard.get_frame_parameters(frame).has_checksum
        content = zstandard.ZstdDecompressor(known).decompress(frame)
        lengths = struct.unpack_from(f"<{count}I", content)
        start = 4 * count + sum(lengths[: document - blocks[block]])
        record = content[start : start + lengths[document - blocks[block]]]
        single, *sizes = struct.unpack_from("<B3I", record)
        table = characters()
        text = "".join(table[byte] for byte in record[13:]) if single else record[13:].decode("utf-8", "surrogatepass")
        fields, at = {}, 0
        for name, size in zip(("id", "title", "body"), sizes, strict=True):
            fields[name] = text[at : at + size]
            at += size
        return fields | (json.loads(text[at:]) if text[at:] else {})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with Index.create(tmp_path_factory.mktemp("format") / "index", filterable=("tags",)) as index:
        index.add(REPORTS)
    return index.path


@pytest.fixture(scope="module")
def segment(folder: Path) -> Segment:
    (path,) = folder.glob("MAIN_*.seg")
    return Segment(path.read_bytes())


def contents_of(toc: bytes) -> dict[str, Any]:
    """The JSON in a table of contents, and the generation that Whoosh reads there."""
    length, magic, checksum = struct.unpack_from("<I8sQ", toc, len(toc) - 20)
    assert magic == b"VNSEARCH"
    assert xxhash.xxh3_64_intdigest(toc[:-8]) == checksum
    assert toc[:3] == bytes((4, 8, 4))
    assert struct.unpack_from(">ii", toc, 3) == (-12345, -111)
    assert toc[11:14] == bytes((2, 7, 4))
    size, shift, at = 0, 0, 14
    while True:
        size |= (toc[at] & 127) << shift
        shift, at = shift + 7, at + 1
        if toc[at - 1] < 128:
            break
    values = json.loads(toc[-20 - length : -20])
    assert struct.unpack_from(">ii", toc, at + size) == (values["generation"], 0)
    return values


def test_the_folder(folder: Path, segment: Segment) -> None:
    (path,) = folder.glob("MAIN_*.seg")
    assert {one.name for one in folder.iterdir()} == {"_MAIN_1.toc", "MAIN_WRITELOCK", path.name}
    values = contents_of((folder / "_MAIN_1.toc").read_bytes())
    assert set(values) == {"format", "analysis", "generation", "filterable", "segments"}
    assert (values["format"], values["generation"], values["filterable"]) == (4, 1, ["tags"])
    assert values["segments"] == [
        {
            "id": path.stem.removeprefix("MAIN_"),
            "documents": len(REPORTS),
            "size": path.stat().st_size,
            "checksum": f"{segment.checksum:016x}",
            "deleted": "",
        }
    ]
    assert segment.facts["documents"] == len(REPORTS)
    assert {"id", "definitions"} <= set(segment.facts["lists"])
    assert segment.facts["age"] == [1, 1]


def test_deletions_and_the_lock(tmp_path: Path) -> None:
    with Index.create(tmp_path / "index") as index:
        index.add([Report(f"{number}") for number in range(11)])
        index.delete(["0", "9"])
        (segment,) = contents_of((index.path / "_MAIN_2.toc").read_bytes())["segments"]
        assert base64.b64decode(segment["deleted"]) == bytes((0b1, 0b10))
        lock = index.path / "MAIN_WRITELOCK"
        assert lock.read_bytes() == b""

        def reports() -> Iterator[Report]:
            """What is read while the writer has the lock."""
            content = lock.read_bytes()
            assert content[:1] == b" "
            holder = json.loads(content)
            assert holder["pid"] == os.getpid()
            assert dt.datetime.fromisoformat(holder["since"]).utcoffset() == dt.timedelta(0)
            yield Report("new")

        assert index.add(reports()).added == 1


def test_the_document_names_every_array(segment: Segment) -> None:
    text = (Path(__file__).parents[2] / "docs" / "index-format.md").read_text("utf-8")
    kinds = ("syllable", "pair", "word", "value", "group", *(f"field.{name}" for name in segment.facts["lists"]))
    for name in segment.arrays:
        kind = next((kind for kind in kinds if name.startswith(f"{kind}.")), "")
        rest = name.removeprefix(f"{kind}.")
        assert any(f"`{form}`" in text for form in (name, f"<kind>.{rest}", f".{rest}")), name


def test_postings(segment: Segment) -> None:
    syllables = segment.terms("syllable")
    assert segment.postings("syllable", syllables.index("cá")) == [(0, 0, 70, True), (1, 3, 0, False)]
    assert segment.postings("syllable", syllables.index("chợ")) == [(0, 1, 1, True)]
    assert segment["syllable.counts"][syllables.index("cá")] == 73
    pairs = segment.pairs()
    assert segment.postings("pair", pairs.index("cá cá")) == [(0, 0, 69, True), (1, 2, 0, False)]
    assert segment.postings("pair", pairs.index("chợ nổi")) == [(0, 1, 1, True)]
    assert "sớm chợ" not in pairs  # a title's last syllable and a body's first are none
    ids = segment.terms("field.id")
    assert [segment.postings("field.id", ids.index(report.id)) for report in REPORTS] == [
        [(at, 0, 1, False)] for at in range(len(REPORTS))
    ]


def test_openings(segment: Segment) -> None:
    """The 30th syllable is the last of a body's opening, and with the one before it the last pair."""
    syllables, pairs = segment.terms("syllable"), segment.pairs()
    assert segment.postings("syllable", syllables.index("khơi")) == [(3, 1, 1, True)]
    assert segment.postings("syllable", syllables.index("lộng")) == [(3, 1, 1, False)]
    assert segment.postings("pair", pairs.index("xa khơi")) == [(3, 0, 1, True)]
    assert segment.postings("pair", pairs.index("khơi lộng")) == [(3, 1, 1, False)]


def test_groups(segment: Segment) -> None:
    keys, syllables = segment.terms("group"), segment.terms("syllable")
    starts, members = segment["group.starts"], segment["group.members"]
    spellings = {
        key: [syllables[member] for member in members[starts[at] : starts[at + 1]]] for at, key in enumerate(keys)
    }
    assert spellings["ca"] == ["cá"]
    assert spellings["hop"] == ["họp"]
    assert sorted(word for found in spellings.values() for word in found) == sorted(syllables)


def test_places(segment: Segment) -> None:
    """Every token is where it says, and its text there is the term, marks and case aside."""
    for document, report in enumerate(REPORTS):
        for field, text in enumerate((report.title, report.body)):
            tokens = segment.tokens(document, field)
            assert bool(tokens) == bool(text)
            for term, start, end in tokens:
                assert unicodedata.normalize("NFC", text[start:end]).lower().replace("ð", "đ") == term
    assert ("đường", 0, 8) in segment.tokens(2, 1)  # NFD: eight code points


def test_values(segment: Segment) -> None:
    terms = segment.terms("value")
    lengths = [
        length
        for both in zip(segment["value.title_lengths"], segment["value.body_lengths"], strict=True)
        for length in both
    ]
    at = sum(lengths[:1])
    assert lengths[1] == 1
    start, size = segment["value_starts"][at], segment["value_lengths"][at]
    assert REPORTS[0].body[start : start + size] in ("5", "5 giờ")
    assert terms[segment["value_tokens"][at]]


def test_days(segment: Segment) -> None:
    assert segment["days"] == [dt.date(2021, 3, 4).toordinal(), 0, 0, 1, dt.date(2020, 2, 29).toordinal()]


def test_reports(segment: Segment) -> None:
    for document, report in enumerate(REPORTS):
        assert Report.from_mapping(segment.report(document)) == report
