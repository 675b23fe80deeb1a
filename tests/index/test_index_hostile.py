"""Indexes made to do harm: nothing of them is run, nothing outside of their folder is read or written, and every use of them ends."""

from __future__ import annotations

import contextlib
import os
import pickle
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from whoosh.qparser import QueryParser

from forgeries import Toc, change_toc, toc_of
from vnsearch import Index, IndexCorruptedError, Report, check_index, rebuild_index
from vnsearch.index import files

# A child that waits at a pipe, or does not end otherwise, is killed after so many seconds.
PATIENCE_S = 600


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, reports: list[Report]) -> Path:
    """Three segments, two of them with deletions: one more, and they are merged."""
    short = Report("khoản thu", "Thu 12.000 đồng một hộ", "Quy chế dân chủ (QCDC) được dán ở đình." + " cá" * 80)
    with Index.create(tmp_path_factory.mktemp("sound") / "index", filterable=("order", "tags")) as index:
        index.add([*reports[:12], short])
        index.add(reports[12:22])
        index.add(reports[22:])
        index.delete([reports[3].id, reports[14].id])
    return index.path


@pytest.fixture
def copied(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "copy"))


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env=environment,
        timeout=PATIENCE_S,
        check=False,
    )


# -- pickles that do something when they are read


@pytest.mark.parametrize(
    "make",
    [
        lambda mark: (os.system, (f"touch {shlex.quote(str(mark))}",)),
        lambda mark: (exec, (f"open({str(mark)!r}, 'w').close()",)),
        lambda mark: (getattr(Path(mark), "touch"), ()),  # noqa: B009 - a pickle of a method
        lambda mark: (Path.touch, (mark,)),
        lambda mark: (os.mkdir, (str(mark),)),
    ],
    ids=["system", "exec", "method", "function", "mkdir"],
)
@pytest.mark.parametrize("place", ["schema", "segments"])
def test_a_bomb_does_not_go_off(copied: Path, tmp_path: Path, place: str, make: Callable[[Path], Any]) -> None:
    mark = tmp_path / "off"

    class Bomb:
        def __reduce__(self) -> Any:
            return make(mark)

    path = toc_of(copied)
    toc = Toc.read(path)
    setattr(toc, place, pickle.dumps(Bomb() if place == "schema" else [Bomb()]))
    toc.write(path)

    with Index.open(copied) as index:
        assert index.search("quan uy").total
        with index.whoosh.searcher() as searcher:
            parser = QueryParser("body", index.whoosh.schema)
            assert len(searcher.search(parser.parse("quận ủy")))
            assert searcher.up_to_date()
        assert index.check()
        assert rebuild_index(copied, tmp_path / "new")
        index.add([Report("new", "Chợ phiên")])
        index.delete(["new"])
        assert index.search("quan uy").total
    with Index.create(copied, overwrite=True) as index:
        index.add([Report("new", "Chợ phiên")])
    assert not mark.exists()
    pickle.loads(getattr(toc, place))  # it is a bomb
    assert mark.exists()


# -- what is no plain file

USE = """
import contextlib, sys
from pathlib import Path
from vnsearch import Index, Report, SearchIndexError, check_index, rebuild_index

folder = Path(sys.argv[1])

def used(index):
    index.search("quan uy").suggestion
    list(index)
    index.add([Report("new", "Chợ phiên")])
    index.delete(["new"])
    index.check()

for use in (
    lambda: used(Index.open(folder, lock_timeout_s=0)),
    lambda: used(Index.open(folder, create=True, lock_timeout_s=0)),
    lambda: check_index(folder),
    lambda: rebuild_index(folder, folder.parent / "new", overwrite=True),
    lambda: Index.open(folder).whoosh.searcher(),
    lambda: used(Index.create(folder, overwrite=True, lock_timeout_s=0)),
):
    with contextlib.suppress(SearchIndexError):
        use()
"""


def pipe(path: Path, outside: Path) -> None:
    os.mkfifo(path)


def folder(path: Path, outside: Path) -> None:
    path.mkdir()
    (path / "kept").write_text("kept", "utf-8")


def link_to_a_file(path: Path, outside: Path) -> None:
    """To the file that should be there, or to another."""
    path.symlink_to(outside / path.name if (outside / path.name).exists() else outside / "letter")


def link_to_nothing(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "not there yet")


def link_to_a_folder(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def link_to_a_pipe(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "pipe")


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes in folders, and links are for administrators")
@pytest.mark.parametrize("which", ["segment", "table of contents", "next table of contents", "lock", "temporary file"])
@pytest.mark.parametrize(
    "put",
    [link_to_a_file, link_to_nothing, link_to_a_folder, link_to_a_pipe, pipe, folder],
    ids=lambda put: put.__name__,
)
def test_no_file_leads_outside(copied: Path, tmp_path: Path, which: str, put: Callable[[Path, Path], None]) -> None:
    toc = toc_of(copied)
    path = {
        "segment": sorted(copied.glob("*.seg"))[0],
        "table of contents": toc,
        "next table of contents": copied / f"_MAIN_{int(toc.stem.split('_')[2]) + 1}.toc",
        "lock": copied / "MAIN_WRITELOCK",
        "temporary file": copied / "MAIN_toc.tmp",
    }[which]
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "letter").write_text("Gửi bà con", "utf-8")
    os.mkfifo(outside / "pipe")
    if path.exists():
        path.rename(outside / path.name)
    before = {found.name: found.read_bytes() for found in outside.iterdir() if found.is_file()}
    put(path, outside)

    done = run("-c", USE, copied)
    assert (done.returncode, done.stderr) == (0, "")
    assert {found.name: found.read_bytes() for found in outside.iterdir() if found.is_file()} == before
    assert {found.name for found in outside.iterdir()} == {*before, "pipe"}
    if put is folder:
        assert (path / "kept").read_text("utf-8") == "kept"
    # A folder in the place of the lock, or of the file that becomes the table of contents, lets nobody write: no harm is done.
    elif not path.is_fifo():
        with Index.open(copied) as index:
            assert index.check()


@pytest.mark.parametrize("name", ["../outside", "..", "/etc/passwd", "MAIN_x/../../outside"])
def test_only_names_of_segments_are_opened(copied: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a table of contents calls its segments, no other file is even looked at."""
    opened: list[Path] = []
    real = files.open_plain
    monkeypatch.setattr(files, "open_plain", lambda path: opened.append(path) or real(path))
    change_toc(copied, lambda values: values["segments"][0].update(id=name, name=name, path=name))
    assert not check_index(copied)
    for use in (Index.open, lambda folder: rebuild_index(folder, copied.parent / "new")):
        with contextlib.suppress(IndexCorruptedError):
            use(copied)
    assert opened
    assert {path.parent for path in opened} <= {copied, copied.parent / "new"}


# -- checksums that are right, and content that is not


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the memory of a process is limited")
def test_whatever_is_in_a_segment(sound: Path, tmp_path: Path) -> None:
    """Every use of it ends, soon and in little memory, in an answer or in IndexCorruptedError."""
    done = run(Path(__file__).with_name("hostile.py"), sound, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    *raised, summary = done.stdout.splitlines()
    assert not raised, done.stdout
    tried, refused = (int(word) for word in summary.split() if word.isdigit())
    assert tried > 600
    assert refused > tried / 2
