"""Indexes that are damaged, or from another version: one clear error."""

from __future__ import annotations

import contextlib
import json
import math
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

from forgeries import Toc, change_segment, change_toc, toc_of
from vnsearch import Index, IndexCorruptedError, IndexVersionError, Report, check_index
from vnsearch.index import snapshot
from vnsearch.index.columnar.container import ArrayFile


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not there may have been removed by a commit: it is looked for again."""
    monkeypatch.setattr(snapshot, "_RETRY_S", 0)


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


def refused(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what a table of contents says, and see that it is refused."""
    change_toc(folder, change)
    for create in (False, True):
        with pytest.raises((IndexCorruptedError, IndexVersionError), match=r"\.(toc|seg) is damaged|layout|analysis"):
            Index.open(folder, create=create)
    with contextlib.suppress(IndexVersionError):
        assert not check_index(folder)


class TestContents:
    """The JSON in the table of contents, with a right checksum."""

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b"5",
            b"\x80\x04\x95",
            b"\xff\xfe",
            b"{}",
            b'{"format": 4}',
            b"[" * 100_000,
            b'{"format": ' + b"9" * 5000 + b"}",
        ],
        ids=lambda text: ascii(text[:20]),
    )
    def test_garbage(self, copied: Path, text: bytes) -> None:
        path = toc_of(copied)
        toc = Toc.read(path)
        toc.text = text
        toc.write(path)
        with pytest.raises(IndexCorruptedError, match=path.name):
            Index.open(copied)
        assert not check_index(copied)

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("format", 999),
            ("format", None),
            ("format", "4"),
            ("format", math.inf),
            ("generation", 2),
            ("generation", "3"),
            ("generation", None),
            ("generation", 10**30),
            ("filterable", None),
            ("filterable", 5),
            ("filterable", [["tags"]]),
            ("filterable", [""]),
            ("filterable", ["title"]),
            ("segments", None),
            ("segments", 5),
            ("segments", [5]),
            ("segments", {"id": "0" * 16}),
            ("segments", [{}]),
            ("segments", [[]] * 100_000),
        ],
        ids=lambda value: ascii(value)[:20],
    )
    def test_values_that_make_no_sense(self, copied: Path, key: str, value: object) -> None:
        refused(copied, lambda values: values.__setitem__(key, value))

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("id", "../../../etc/passwd"),
            ("id", "/etc/passwd"),
            ("id", "a/b"),
            ("id", "0123456789abcdef/../0123456789abcdef"),
            ("id", "0123456789abcdef\n"),
            ("id", "0123456789ABCDEF"),
            ("id", "0123456789abcde\u0661"),
            ("id", ""),
            ("id", None),
            ("id", 10**15),
            ("documents", -1),
            ("documents", 0),
            ("documents", 19),
            ("documents", 1 << 16),
            ("documents", (1 << 16) + 1),
            ("documents", 1 << 62),
            ("documents", 10**4000),
            ("documents", math.nan),
            ("documents", None),
            ("documents", [20]),
            ("size", 0),
            ("size", -1),
            ("size", 1 << 80),
            ("size", None),
            ("checksum", "0" * 16),
            ("checksum", "no number"),
            ("checksum", None),
            ("checksum", 7),
            ("deleted", None),
            ("deleted", 5),
            ("deleted", "####"),
            ("deleted", "AAAAAAAA"),
            ("deleted", "A" * 4_000_000),
        ],
        ids=lambda value: ascii(value)[:20],
    )
    def test_segments_that_make_no_sense(self, copied: Path, key: str, value: object) -> None:
        refused(copied, lambda values: values["segments"][0].__setitem__(key, value))

    @pytest.mark.parametrize("key", ["format", "analysis", "generation", "filterable", "segments"])
    def test_a_value_that_is_missing(self, copied: Path, key: str) -> None:
        refused(copied, lambda values: values.pop(key))

    @pytest.mark.parametrize("key", ["id", "documents", "size", "checksum", "deleted"])
    def test_what_a_segment_does_not_say(self, copied: Path, key: str) -> None:
        refused(copied, lambda values: values["segments"][1].pop(key))

    def test_a_segment_that_is_there_twice(self, copied: Path) -> None:
        refused(copied, lambda values: values["segments"].append(values["segments"][0]))

    def test_a_segment_that_is_not_there(self, copied: Path) -> None:
        refused(copied, lambda values: values["segments"][0].update(id="0123456789abcdef"))
        assert any("MAIN_0123456789abcdef.seg" in problem for problem in check_index(copied).problems)

    def test_a_segment_of_another_index(self, copied: Path, new_index: Callable[..., Index]) -> None:
        """Its file has another's name: sound, but not the one that the commit names."""
        other = new_index()
        other.add([Report(f"{number}") for number in range(20)])
        (path,) = other.path.glob("*.seg")
        identity = Toc.read(toc_of(copied)).values["segments"][0]["id"]
        (copied / f"MAIN_{identity}.seg").unlink()
        shutil.copyfile(path, copied / f"MAIN_{identity}.seg")
        with pytest.raises(IndexCorruptedError, match=f"{identity}.*not the file that the commit names"):
            Index.open(copied)

    def test_another_layout(self, copied: Path) -> None:
        change_toc(copied, lambda values: values.update(format=999))
        with pytest.raises(IndexVersionError, match=r"layout 999.*overwrite=True"):
            Index.open(copied)

    def test_another_analysis(self, copied: Path) -> None:
        change_toc(copied, lambda values: values.update(analysis="0-otherwise"))
        with pytest.raises(IndexVersionError, match=r"0-otherwise.*vnsearch rebuild"):
            Index.open(copied, create=True)

    def test_an_index_of_an_earlier_version(self, copied: Path) -> None:
        """Before layout 4 a table of contents was Whoosh's part and a CRC."""
        path = toc_of(copied)
        toc = Toc.read(path)
        data = toc.whoosh
        path.write_bytes(data + zlib.crc32(data).to_bytes(4, "little"))
        for use in (Index.open, check_index):
            with pytest.raises(IndexVersionError, match=r"earlier vnsearch.*overwrite=True"):
                use(copied)
        with Index.create(copied, overwrite=True) as index:
            index.add([Report("1", "Chợ nổi")])
        assert len([*copied.glob("*.seg")]) == 1
        assert check_index(copied)

    def test_the_forger_could_write_a_sound_one(self, copied: Path) -> None:
        path = toc_of(copied)
        toc = Toc.read(path)
        before = path.read_bytes()
        toc.write(path)
        assert path.read_bytes() == before
        use_everything(copied)


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

    def test_a_damaged_one_is_refused_through_whoosh_too(self, copied: Path) -> None:
        with Index.open(copied) as index:
            toc_of(copied).write_bytes(b"garbage")
            for use in (lambda: index.whoosh.schema, index.whoosh.reader, index.whoosh.writer):
                with pytest.raises(IndexCorruptedError):
                    use()

    def test_start_anew_after_damage(self, copied: Path) -> None:
        toc_of(copied).write_bytes(b"garbage")
        with Index.create(copied, overwrite=True) as index:
            index.add([Report("1", "Chợ nổi")])
        use = Index.open(copied)
        assert [hit.id for hit in use.search("cho noi")] == ["1"]


def test_no_file_but_the_table_of_contents_is_a_pickle(sound: Path) -> None:
    paths = [path for path in sound.iterdir() if not path.name.endswith((".toc", "LOCK"))]
    assert {path.suffix for path in paths} == {".seg"}
    for path in paths:
        content = path.read_bytes()
        with pytest.raises(Exception):  # noqa: B017, PT011 - whatever bytes that are no pickle raise
            pickle.loads(content)
        with pytest.raises(ValueError, match=r"."):
            list(pickletools.genops(content))


class TestSegments:
    @pytest.fixture
    def files(self, copied: Path) -> list[Path]:
        return sorted(copied.glob("MAIN_*.seg"))

    def refused(self, folder: Path, path: Path, content: bytes) -> None:
        """Put another content into a file, and see that it is refused; put the file back."""
        whole = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
        with pytest.raises(IndexCorruptedError, match=path.name):
            Index.open(folder)
        assert any(problem.startswith(path.name) for problem in check_index(folder).problems)
        path.unlink()
        path.write_bytes(whole)

    def test_gone(self, files: list[Path], copied: Path) -> None:
        for path in files:
            whole = path.read_bytes()
            path.unlink()
            with pytest.raises(IndexCorruptedError, match=path.name):
                Index.open(copied)
            path.write_bytes(whole)
        use_everything(copied)

    def test_cut_short_or_drawn_out(self, files: list[Path], copied: Path) -> None:
        for path in files:
            whole = path.read_bytes()
            for length in (0, 1, 64, len(whole) // 4, len(whole) // 2, len(whole) - 1):
                self.refused(copied, path, whole[:length])
            self.refused(copied, path, whole + b"\0")
            self.refused(copied, path, whole + whole)
        use_everything(copied)

    def test_garbage(self, files: list[Path], copied: Path) -> None:
        chance = random.Random(7)
        for path in files:
            whole = path.read_bytes()
            self.refused(copied, path, chance.randbytes(len(whole)))
            self.refused(copied, path, bytes(len(whole)))
            for start in range(0, len(whole), 4096):  # a block of the disk
                block = bytes(len(whole[start : start + 4096]))
                if block != whole[start : start + 4096]:
                    self.refused(copied, path, whole[:start] + block + whole[start + 4096 :])

    def test_files_that_were_swapped(self, files: list[Path], copied: Path) -> None:
        first, second = (path.read_bytes() for path in files)
        self.refused(copied, files[0], second)
        self.refused(copied, files[1], first)

    def test_a_segment_of_another_commit_under_the_same_name(self, files: list[Path], copied: Path) -> None:
        """Sound in itself: only the table of contents knows better."""
        toc = toc_of(copied).read_bytes()
        path = change_segment(copied, lambda arrays, facts: facts.update(age=[9, 9]))
        assert check_index(copied)
        toc_of(copied).write_bytes(toc)
        with pytest.raises(IndexCorruptedError, match=f"{path.name}.*not the file that the commit names"):
            Index.open(copied)

    def test_check_finds_damage_of_every_array(self, files: list[Path], copied: Path) -> None:
        path = files[0]
        whole = path.read_bytes()
        chance = random.Random(13)
        file = ArrayFile(path)
        arrays = {name: (file._entries[name][1], file[name].nbytes) for name in file.names() if len(file[name])}
        assert len(arrays) > 30
        for name, (start, length) in arrays.items():
            changed = bytearray(whole)
            changed[start + chance.randrange(length)] ^= 1 << chance.randrange(8)
            path.unlink()
            path.write_bytes(changed)
            assert any(f"{path.name}: {name} " in problem for problem in check_index(copied).problems), name
        path.write_bytes(whole)
        assert check_index(copied)

    def test_a_closed_directory(self, files: list[Path]) -> None:
        """The directory at the end is JSON, and any other byte in it is noticed."""
        for path in files:
            whole = path.read_bytes()
            start, length = struct.unpack_from("<QI", whole, len(whole) - 28)
            assert set(json.loads(whole[start : start + length])) == {"arrays", "facts"}
            for at in [*range(64), *range(start, len(whole), 23)]:
                changed = bytearray(whole)
                changed[at] ^= 4
                path.unlink()
                path.write_bytes(changed)
                with pytest.raises(IndexCorruptedError, match=path.name):
                    ArrayFile(path)

    def test_a_writer_refuses_what_is_damaged(self, copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Also what it would only copy: the reports of a segment that is merged."""
        monkeypatch.setattr(snapshot, "CHECKED_BYTES", 0)
        with Index.open(copied) as index:
            index.add([Report("3", "Chợ phiên")])
            path = max(copied.glob("*.seg"), key=lambda path: path.stat().st_size)
            content = bytearray(path.read_bytes())
            content[ArrayFile(path)._entries["stored"][1]] ^= 1
            path.unlink()
            path.write_bytes(content)
        before = {path.name: path.read_bytes() for path in copied.iterdir()}
        with Index.open(copied, lock_timeout_s=0) as index:
            for _ in range(2):  # and gives back the lock
                with pytest.raises(IndexCorruptedError, match=path.name):
                    index.add([Report("4", "Chợ đêm")])  # the fourth segment of its level
        assert {path.name: path.read_bytes() for path in copied.iterdir()} == before

    def test_the_lock_is_free_after_a_writer_met_damage(self, copied: Path) -> None:
        index = Index.open(copied, lock_timeout_s=0)
        whole = toc_of(copied).read_bytes()
        toc_of(copied).write_bytes(b"garbage")
        with pytest.raises(IndexCorruptedError):
            index.add([Report("new")])
        toc_of(copied).write_bytes(whole)
        assert Index.open(copied, lock_timeout_s=0).add([Report("new")]).added == 1
