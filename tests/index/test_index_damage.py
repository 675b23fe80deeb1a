"""Indexes that are damaged, from another version, or made to do harm: one clear error, and nothing is run."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import pickletools
import random
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from whoosh.filedb.structfile import StructFile
from whoosh.index import TOC
from whoosh.qparser import QueryParser

from vnsearch import Index, IndexCorruptedError, IndexExistsError, IndexVersionError, Report
from vnsearch.index.columnar.container import ArrayFile

SETTINGS = "vnsearch.json"

# Whoosh lets go of files it could not make sense of without closing them.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoosh tries ten times to open a file that is not there."""
    monkeypatch.setattr("whoosh.index.sleep", lambda seconds: None)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, reports: list[Report]) -> Path:
    """A sound index of two segments, closed."""
    with Index.create(tmp_path_factory.mktemp("sound"), filterable=("order", "tags")) as index:
        index.add(reports[:20])
        index.add(reports[20:])
        index.delete([reports[3].id])
    return index.path


@pytest.fixture
def copied(sound: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(sound, tmp_path / "copy"))


def toc_of(folder: Path) -> Path:
    (path,) = folder.glob("*.toc")
    return path


def use_everything(folder: Path) -> None:
    """Do what an application does, except writing."""
    with Index.open(folder) as index:
        for query in ("quận ủy", "duong lang", "Ðảng bộ"):
            for hit in index.search(query, facets=("source", "tags"), filters={"source": "Báo Sông Lam"}, sort="date"):
                assert hit.snippet.html() is not None
                hit.explain()
        list(index)
        assert index.get("duong-lang") is not None
        index.suggest("qu")
        index.more_like_this("duong-lang")
        index.check()
        index.stats()


class TestSettings:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b"5",
            b"\x80\x04\x95",
            b"\xff\xfe",
            b"{}",
            b'{"format": 1}',
            b'{"format": null, "analysis": "x", "filterable": []}',
            b'{"format": "x", "analysis": "x", "filterable": []}',
            b'{"format": 1e999, "analysis": "x", "filterable": []}',
            b'{"format": 1, "analysis": "x", "filterable": 5}',
            b"[" * 100_000,
            b'{"format": ' + b"9" * 5000 + b"}",
        ],
        ids=lambda content: ascii(content[:30]),
    )
    def test_garbage(self, copied: Path, content: bytes) -> None:
        (copied / SETTINGS).write_bytes(content)
        with pytest.raises((IndexCorruptedError, IndexVersionError)):
            Index.open(copied)

    def test_gone(self, copied: Path) -> None:
        (copied / SETTINGS).unlink()
        with pytest.raises(IndexCorruptedError, match=SETTINGS):
            Index.open(copied)
        with pytest.raises(IndexExistsError):
            Index.create(copied)

    def test_another_layout(self, copied: Path) -> None:
        self.change(copied, format=999)
        with pytest.raises(IndexVersionError, match=r"layout 999.*overwrite=True"):
            Index.open(copied)

    def test_another_analysis(self, copied: Path) -> None:
        self.change(copied, analysis="0-otherwise")
        with pytest.raises(IndexVersionError, match=r"0-otherwise.*overwrite=True"):
            Index.open(copied, create=True)

    def change(self, folder: Path, **values: Any) -> None:
        settings = json.loads((folder / SETTINGS).read_text("utf-8"))
        (folder / SETTINGS).write_text(json.dumps({**settings, **values}), "utf-8")

    def test_every_flipped_byte(self, copied: Path) -> None:
        whole = (copied / SETTINGS).read_bytes()
        for at in range(len(whole)):
            for flip in (0x01, 0x80):
                changed = bytearray(whole)
                changed[at] ^= flip
                (copied / SETTINGS).write_bytes(changed)
                try:
                    with Index.open(copied) as index:  # whitespace, say
                        index.add([Report("new", extra={"tags": "x", "order": 5})])
                except (IndexCorruptedError, IndexVersionError):
                    pass


class TestTableOfContents:
    def test_gone(self, copied: Path) -> None:
        toc_of(copied).unlink()
        with pytest.raises(IndexCorruptedError):
            Index.open(copied)
        with pytest.raises(IndexCorruptedError):
            Index.open(copied, create=True)

    def test_truncated_anywhere(self, copied: Path) -> None:
        whole = toc_of(copied).read_bytes()
        for length in [*range(0, len(whole), 37), len(whole) - 1]:
            toc_of(copied).write_bytes(whole[:length])
            with pytest.raises(IndexCorruptedError, match=r"\.toc"):
                Index.open(copied)

    @pytest.mark.parametrize("seed", range(5))
    def test_garbage(self, copied: Path, seed: int) -> None:
        toc_of(copied).write_bytes(random.Random(seed).randbytes(3000))
        with pytest.raises(IndexCorruptedError):
            Index.open(copied)

    def test_flipped_bytes(self, copied: Path) -> None:
        whole = toc_of(copied).read_bytes()
        for at in range(0, len(whole), 23):
            changed = bytearray(whole)
            changed[at] ^= 1 << (at % 8)
            toc_of(copied).write_bytes(changed)
            with pytest.raises(IndexCorruptedError, match=r"\.toc"):
                Index.open(copied)

    @pytest.mark.parametrize("place", ["schema", "segments"])
    @pytest.mark.parametrize(
        "make",
        [
            lambda mark: (os.system, (f"touch {mark}",)),
            lambda mark: (exec, (f"open({str(mark)!r}, 'w')",)),
            lambda mark: (eval, (f"open({str(mark)!r}, 'w')",)),
            lambda mark: (getattr, (Path(mark), "touch")),
            lambda mark: (open, (str(mark), "w")),
            lambda mark: (Path.touch, (mark,)),
        ],
        ids=["system", "exec", "eval", "getattr", "open", "touch"],
    )
    def test_a_bomb_does_not_go_off(
        self, copied: Path, tmp_path: Path, place: str, make: Callable[[Path], Any]
    ) -> None:
        mark = tmp_path / "it went off"

        class Bomb:
            def __reduce__(self) -> Any:
                return make(mark)

        path = toc_of(copied)
        schema, segments = read_pickles(path)
        write_toc(
            path,
            pickle.dumps(Bomb(), 2) if place == "schema" else schema,
            pickle.dumps([Bomb()], 2) if place == "segments" else segments,
        )
        with pytest.raises(IndexCorruptedError):
            Index.open(copied)
        assert not mark.exists()

    def test_the_forger_could_write_a_sound_one(self, copied: Path) -> None:
        path = toc_of(copied)
        write_toc(path, *read_pickles(path))
        use_everything(copied)

    def test_whoosh_refuses_the_bomb_too(self, copied: Path, tmp_path: Path) -> None:
        with Index.open(copied) as index:
            path = toc_of(copied)
            schema, _ = read_pickles(path)
            write_toc(path, schema, pickle.dumps(os.system, 2))
            for use in (lambda: index.whoosh.schema, index.whoosh.reader, index.whoosh.writer):
                with pytest.raises(IndexCorruptedError):
                    use()

    def test_start_anew_after_damage(self, copied: Path) -> None:
        toc_of(copied).write_bytes(b"garbage")
        (copied / SETTINGS).write_bytes(b"garbage")
        with Index.create(copied, overwrite=True) as index:
            index.add([Report("1", "Chợ nổi")])
        use = Index.open(copied)
        assert [hit.id for hit in use.search("cho noi")] == ["1"]


def read_pickles(path: Path) -> tuple[bytes, bytes]:
    """Return the two pickles of a table of contents: schema and segments."""
    with path.open("rb") as file:
        stream = StructFile(file)
        for _ in range(3):
            stream.read_varint()
        stream.read_int()
        stream.read_int()
        for _ in range(3):
            stream.read_varint()
        schema = stream.read_string()
        stream.read_int()
        stream.read_int()
        return schema, file.read()[:-4]  # without the checksum


def write_toc(path: Path, schema: bytes, segments: bytes) -> None:
    """Write a table of contents with these pickles."""
    generation = int(path.name.split("_")[2].split(".")[0])
    assert path.name == TOC._filename("MAIN", generation)
    head = path.read_bytes()[:14]  # three sizes, the byte order, the version, the release
    with path.open("wb") as file:
        stream = StructFile(file)
        file.write(head)
        stream.write_string(schema)
        stream.write_int(generation)
        stream.write_int(0)
        file.write(segments)
    data = path.read_bytes()
    path.write_bytes(data + zlib.crc32(data).to_bytes(4, "little"))


def parts_of(path: Path, part: str) -> list[tuple[int, int]]:
    """Return where in a segment the arrays lie that have this in their names: (start, length), in bytes."""
    file = ArrayFile(path)
    return [(entry[1], file[name].nbytes) for name, entry in file._entries.items() if part in name]


def exact_part(path: Path, name: str) -> tuple[int, int]:
    """Return where in a segment an array lies: (start, length), in bytes."""
    file = ArrayFile(path)
    return file._entries[name][1], file[name].nbytes


def use_whoosh(folder: Path) -> None:
    """Do what somebody who knows Whoosh does."""
    with Index.open(folder) as index, index.whoosh.searcher() as searcher:
        parser = QueryParser("body", index.whoosh.schema)
        for text in ("quận ủy", '"giấy khen"~2', "g* đường~", 'body_pairs:"bà con"', "date:2022", "source:[A TO Z]"):
            list(searcher.search(parser.parse(text), limit=3, sortedby="date"))
        searcher.reader().most_frequent_terms("title", 5)
        list(searcher.reader().all_terms())


def test_no_file_but_the_table_of_contents_is_a_pickle(sound: Path) -> None:
    names = {path.name for path in sound.iterdir() if not path.name.endswith((".toc", "LOCK"))}
    assert {Path(name).suffix for name in names} == {".seg", ".json"}
    for name in names:
        content = (sound / name).read_bytes()
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever bytes that are no pickle raise
            pickle.loads(content)
        with pytest.raises(ValueError, match=r"."):
            list(pickletools.genops(content))


class TestSegments:
    @pytest.fixture
    def files(self, copied: Path) -> list[Path]:
        return sorted(copied.glob("MAIN_*.seg"))

    def attempt(self, folder: Path) -> None:
        """Use the index; whatever is raised must be one of our errors. Wrong answers are for checksums to find."""
        with contextlib.suppress(IndexCorruptedError, IndexVersionError, AssertionError):
            use_everything(folder)

    def test_gone(self, files: list[Path], copied: Path) -> None:
        assert files
        for path in files:
            whole = path.read_bytes()
            path.unlink()
            self.attempt(copied)
            path.write_bytes(whole)
        use_everything(copied)

    def test_truncated(self, files: list[Path], copied: Path) -> None:
        for path in files:
            whole = path.read_bytes()
            for length in (0, 1, len(whole) // 4, len(whole) // 2, len(whole) - 1):
                path.write_bytes(whole[:length])
                self.attempt(copied)
            path.write_bytes(whole)
        use_everything(copied)

    def test_garbage(self, files: list[Path], copied: Path) -> None:
        chance = random.Random(7)
        for path in files:
            whole = path.read_bytes()
            path.write_bytes(chance.randbytes(len(whole)))
            self.attempt(copied)
            path.write_bytes(bytes(len(whole)))
            self.attempt(copied)
            path.write_bytes(whole)

    def test_flipped_bytes(self, files: list[Path], copied: Path) -> None:
        chance = random.Random(11)
        for path in files:
            whole = path.read_bytes()
            for _ in range(20):
                changed = bytearray(whole)
                changed[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
                path.write_bytes(changed)
                self.attempt(copied)
            path.write_bytes(whole)

    def test_a_missing_file_is_said_on_opening(self, files: list[Path], copied: Path) -> None:
        files[0].unlink()
        with pytest.raises(IndexCorruptedError, match="damaged"):
            Index.open(copied)

    @pytest.mark.parametrize("part", ["stored", "pair.documents"])
    def test_check_finds_what_cannot_be_read(self, files: list[Path], copied: Path, part: str) -> None:
        for path in files:
            content = bytearray(path.read_bytes())
            for start, length in parts_of(path, part):
                content[start : start + length] = bytes(length)
            path.write_bytes(content)
        with Index.open(copied) as index:
            result = index.check()
        assert not result
        assert result.problems
        assert all(isinstance(problem, str) and problem for problem in result.problems)

    def test_check_finds_damage_of_every_array(self, files: list[Path], copied: Path) -> None:
        path = files[0]
        whole = path.read_bytes()
        chance = random.Random(13)
        arrays = {name: exact_part(path, name) for name in ArrayFile(path).names()}
        arrays = {name: (start, length) for name, (start, length) in arrays.items() if length}
        assert len(arrays) > 30
        for name, (start, length) in arrays.items():
            changed = bytearray(whole)
            changed[start + chance.randrange(length)] ^= 1 << chance.randrange(8)
            path.write_bytes(changed)
            try:
                with Index.open(copied) as index:
                    result = index.check()
            except IndexCorruptedError:
                continue
            assert not result, name
            assert any(f"{path.name}: {name} " in problem for problem in result.problems), (name, result.problems)
        path.write_bytes(whole)
        with Index.open(copied) as index:
            assert index.check()

    @pytest.mark.parametrize("fill", [b"\xff", None], ids=["ones", "garbage"])
    def test_no_array_can_bring_it_down(self, files: list[Path], copied: Path, fill: bytes | None) -> None:
        path = files[0]
        whole = path.read_bytes()
        chance = random.Random(17)
        for name in ArrayFile(path).names():
            start, length = exact_part(path, name)
            path.write_bytes(
                whole[:start] + (chance.randbytes(length) if fill is None else fill * length) + whole[start + length :]
            )
            self.attempt(copied)
            with contextlib.suppress(Exception):  # Whoosh's own searches may raise what they like, but have to end
                use_whoosh(copied)
        path.write_bytes(whole)
        use_whoosh(copied)

    def test_a_closed_directory(self, files: list[Path]) -> None:
        """The directory at the end is JSON, and any other byte in it is noticed."""
        for path in files:
            whole = path.read_bytes()
            start, length = struct.unpack_from("<QI", whole, len(whole) - 24)
            assert set(json.loads(whole[start : start + length])) == {"arrays", "facts"}
            for at in range(start, len(whole), 23):
                changed = bytearray(whole)
                changed[at] ^= 4
                path.write_bytes(changed)
                with pytest.raises(ValueError, match=path.name):
                    ArrayFile(path)
            path.write_bytes(whole)

    def test_the_lock_is_free_after_a_writer_met_damage(self, copied: Path) -> None:
        index = Index.open(copied, lock_timeout_s=0)
        whole = toc_of(copied).read_bytes()
        toc_of(copied).write_bytes(b"garbage")
        with pytest.raises(IndexCorruptedError):
            index.add([Report("new")])
        toc_of(copied).write_bytes(whole)
        assert Index.open(copied, lock_timeout_s=0).add([Report("new")]).added == 1
