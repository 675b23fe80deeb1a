"""What a check says of a damaged index, and what a rebuilding saves of it."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from random_reports import draw_commits
from vnsearch import (
    Index,
    IndexCorruptedError,
    IndexExistsError,
    IndexNotFoundError,
    IndexReadError,
    IndexVersionError,
    InvalidArgumentError,
    Report,
    check_index,
    rebuild_index,
)
from vnsearch.index import storage
from vnsearch.index.columnar.container import ArrayFile

COUNT = 400


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Several segments; some reports replaced, some deleted."""
    with Index.create(tmp_path_factory.mktemp("rebuild") / "index", filterable=("tags", "quận/huyện")) as index:
        for added, deleted in draw_commits(7, COUNT, 5):
            index.add(added)
            index.delete(deleted)
        index.add([Report("cuối", "Chợ nổi", "Chợ họp lúc tờ mờ sáng.", extra={"quận/huyện": "Cái Răng"})])
        assert len(index.whoosh.reader().leaf_readers()) > 1
    return index.path


@pytest.fixture
def copied(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "copy"))


def reports(folder: Path) -> dict[str, Report]:
    with Index.open(folder) as index:
        return {report.id: report for report in index}


def largest(folder: Path) -> Path:
    return max(storage.segment_files(folder), key=lambda path: path.stat().st_size)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def flip_in(path: Path, name: str, share: float = 0.5) -> None:
    """Change a bit of an array."""
    file = ArrayFile(path)
    _, start, _, _ = file._entries[name]
    size = file.unchecked(name).nbytes
    del file
    flip(path, start + int(size * share))


def test_a_sound_index_is_rebuilt_as_it_is(sound: Path, tmp_path: Path) -> None:
    result = rebuild_index(sound, tmp_path / "new")
    assert result
    assert reports(tmp_path / "new") == reports(sound)
    assert result.reports == len(reports(sound))
    with Index.open(tmp_path / "new") as new, Index.open(sound) as old:
        assert new.stats().filterable == old.stats().filterable
        assert new.search("cho noi", filters={"quận/huyện": "Cái Răng"}).total == 1
        assert [report.id for report in new] == [report.id for report in old]
        assert new.check()


def test_one_damaged_report_is_lost_alone(copied: Path, tmp_path: Path) -> None:
    before = reports(copied)
    flip_in(largest(copied), "stored")
    with pytest.raises(IndexCorruptedError, match=largest(copied).name):
        Index.open(copied)
    found = check_index(copied)
    assert not found
    assert found.reports == len(before)
    assert 1 <= len(found.unreadable) <= 16  # those of one block
    assert set(found.unreadable) < set(before)
    assert any(largest(copied).name in problem and repr(found.unreadable[0]) in problem for problem in found.problems)
    result = rebuild_index(copied, tmp_path / "new")
    assert not result
    assert set(result.lost) == set(found.unreadable)
    assert reports(tmp_path / "new") == {key: value for key, value in before.items() if key not in result.lost}


@pytest.mark.parametrize("name", ["tokens", "places", "syllable.terms", "field.id.terms"])
def test_lost_reports_are_listed_whatever_else_is_damaged(copied: Path, tmp_path: Path, name: str) -> None:
    before = reports(copied)
    path = largest(copied)
    flip_in(path, "stored")
    flip_in(path, name)
    found = check_index(copied)
    assert {problem.split(" ")[1] for problem in found.problems} >= {"stored", name, "reports"}
    result = rebuild_index(copied, tmp_path / "new")
    assert result.lost == found.unreadable != ()
    assert len(reports(tmp_path / "new")) == len(before) - len(result.lost)


def test_when_nobody_knows_which_reports_a_block_holds(copied: Path, tmp_path: Path) -> None:
    before = reports(copied)
    flip_in(largest(copied), "stored_documents")
    found = check_index(copied)
    assert 0 < len(found.unreadable) < len(before)
    result = rebuild_index(copied, tmp_path / "new")
    assert result.lost == found.unreadable
    assert reports(tmp_path / "new") == {key: value for key, value in before.items() if key not in result.lost}


@pytest.mark.parametrize("name", ["pair.documents", "syllable.terms", "field.id.terms", "days", "stored_starts"])
def test_what_can_be_worked_out_again_is_no_loss(copied: Path, tmp_path: Path, name: str) -> None:
    before = reports(copied)
    flip_in(largest(copied), name)
    assert any(f"{largest(copied).name}: {name} " in problem for problem in check_index(copied).problems)
    result = rebuild_index(copied, tmp_path / "new")
    kept = reports(tmp_path / "new")
    if name == "stored_starts":  # two blocks that nobody finds any more
        assert 1 <= len(result.lost) <= 32
        assert kept == {key: value for key, value in before.items() if key not in result.lost}
    else:
        assert result
        assert kept == before


@pytest.mark.parametrize("how", ["gone", "cut", "directory"])
def test_a_segment_that_does_not_open(copied: Path, tmp_path: Path, how: str) -> None:
    before = reports(copied)
    path = largest(copied)
    if how == "gone":
        path.unlink()
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        flip(path, path.stat().st_size - 60)
    found = check_index(copied)
    assert found.reports == len(before)
    assert all(path.name in name for name in found.unreadable)
    result = rebuild_index(copied, tmp_path / "new")
    assert result.lost == found.unreadable
    assert any(path.name in problem for problem in result.problems)
    kept = reports(tmp_path / "new")
    assert len(kept) == len(before) - len(result.lost) > 0
    assert kept.items() <= before.items()


@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_without_the_table_of_contents(copied: Path, tmp_path: Path, how: str) -> None:
    """The newest version of every report is saved; those that were deleted may be back, and that is said."""
    before = reports(copied)
    (toc,) = copied.glob("*.toc")
    if how == "gone":
        toc.unlink()
    else:
        flip(toc, 900)
    assert not check_index(copied)
    result = rebuild_index(copied, tmp_path / "new", filterable=("tags", "quận/huyện"))
    assert result.lost == ()
    assert any("deleted" in problem for problem in result.problems)
    kept = reports(tmp_path / "new")
    assert before.items() <= kept.items()


def test_the_newest_version_counts_however_files_are_called(tmp_path: Path) -> None:
    with Index.create(tmp_path / "index") as index:
        for number in range(9):  # merged, and not
            index.add([Report("a", f"Chợ phiên {number}"), Report(f"{number}", "Chợ nổi")])
    (toc,) = index.path.glob("*.toc")
    toc.unlink()
    assert len(storage.segment_files(index.path)) > 1
    rebuild_index(index.path, tmp_path / "new")
    assert reports(tmp_path / "new")["a"] == Report("a", "Chợ phiên 8")


def test_an_old_version_that_cannot_be_read_is_no_loss(tmp_path: Path) -> None:
    with Index.create(tmp_path / "index") as index:
        index.add([Report("a", "Chợ phiên", "bán rau, bán cá " * 99), Report("b"), Report("c")])
        (old,) = storage.segment_files(index.path)
        index.add([Report("a", "Chợ phiên mới")])
    assert old in storage.segment_files(index.path)
    flip_in(old, "stored", share=0.1)
    (toc,) = index.path.glob("*.toc")
    toc.unlink()
    result = rebuild_index(index.path, tmp_path / "new")
    assert "a" not in result.lost
    assert reports(tmp_path / "new")["a"] == Report("a", "Chợ phiên mới")


def test_another_analysis(copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The terms are of no use, the reports are."""
    before = reports(copied)
    with monkeypatch.context() as changed:
        changed.setattr(storage, "analysis_fingerprint", lambda: "another")
        with pytest.raises(IndexVersionError, match="vnsearch rebuild"):
            Index.open(copied)
        assert check_index(copied)
        assert rebuild_index(copied, tmp_path / "new")
        assert reports(tmp_path / "new") == before


def test_the_old_index_is_only_read(copied: Path, tmp_path: Path) -> None:
    flip_in(largest(copied), "stored")
    files = {path.name: path.read_bytes() for path in copied.iterdir()}
    rebuild_index(copied, tmp_path / "new")
    assert {path.name: path.read_bytes() for path in copied.iterdir()} == files


@pytest.mark.parametrize("suffix", [".toc", ".seg"])
@pytest.mark.parametrize("error", [errno.EMFILE, errno.EACCES, errno.EIO])
def test_what_the_system_refuses_is_no_damage(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, error: int
) -> None:
    """Nothing is called damaged or lost, and no deleted report is brought back, for want of a file descriptor."""
    real = os.open

    def refusing(path: object, *args: int, **named: int) -> int:
        if str(path).endswith(suffix):
            raise OSError(error, os.strerror(error))
        return real(path, *args, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as changed:
        changed.setattr(os, "open", refusing)
        for use in (Index.open, check_index, lambda path: rebuild_index(path, tmp_path / "new")):
            with pytest.raises(IndexReadError, match=os.strerror(error)) as raised:
                use(sound)
            assert raised.value.errno == error
            assert "damaged" not in str(raised.value)
    assert not (tmp_path / "new").exists()
    assert check_index(sound)


def test_a_listing_that_a_commit_overtakes(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have neither the old name nor the new one."""
    from vnsearch.index import files

    real, calls = files.names, []

    def overtaken(folder: Path) -> list[str]:
        calls.append(folder)
        return [name for name in real(folder) if len(calls) % 2 == 0 or not name.endswith(".toc")]

    monkeypatch.setattr(files, "names", overtaken)
    with Index.open(sound) as index:
        assert not index.refresh()
    assert check_index(sound)


def test_wrong_use(sound: Path, tmp_path: Path) -> None:
    with pytest.raises(IndexNotFoundError):
        rebuild_index(tmp_path / "nothing", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    with pytest.raises(IndexNotFoundError):
        check_index(tmp_path / "nothing")
    for target in (sound, sound / ".." / sound.name):
        with pytest.raises(InvalidArgumentError, match="folder of its own"):
            rebuild_index(sound, target, overwrite=True)
    Index.create(tmp_path / "there").close()
    with pytest.raises(IndexExistsError):
        rebuild_index(sound, tmp_path / "there")
    assert rebuild_index(sound, tmp_path / "there", overwrite=True)
    with pytest.raises(InvalidArgumentError, match="filterable"):
        rebuild_index(sound, tmp_path / "new", filterable="tags")


def test_check_finds_what_checksums_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sections as they were written, by a writer that counts wrong."""
    from vnsearch.index.columnar import build

    real = build.invert

    def miscounting(keys: object) -> object:
        terms, lists = real(keys)  # type: ignore[arg-type]
        if lists.counts is not None and len(lists.counts):
            lists.counts[0] += 1
        return terms, lists

    monkeypatch.setattr(build, "invert", miscounting)
    with Index.create(tmp_path / "index") as index:
        index.add([Report("1", "Chợ nổi", "Chợ họp lúc tờ mờ sáng, 20/4/2022.")])
        problems = index.check().problems
    assert any("counted" in problem for problem in problems)
    assert any("other syllables" in problem for problem in problems)
