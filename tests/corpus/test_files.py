"""Which files are read, under which id, and what becomes of the others."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from vnsearch.corpus import read_corpus
from vnsearch.errors import InvalidArgumentError, MissingExtraError, ReadError

TEXT = "Tin thôn Đông\n\nSáng nay, thôn Đông họp bàn việc làm đường, có đủ 120 hộ dân đến dự."


def write(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TEXT, encoding="utf-8")
    return root


def read(paths, **kwargs) -> tuple[list[str], list[tuple[str, Exception]]]:
    told: list[tuple[str, Exception]] = []
    ids = [
        report.id
        for report in read_corpus(paths, on_error=lambda path, error: told.append((path.name, error)), **kwargs)
    ]
    return ids, told


def test_a_folder_is_read_sorted_and_ids_are_paths_under_it(tmp_path: Path) -> None:
    write(tmp_path, "b.txt", "a/2.txt", "a/1.md", "a/sâu/x.txt", ".hidden.txt", ".git/x.txt", "~$b.txt")
    ids, told = read(tmp_path)
    assert ids == ["b.txt", "a/1.md", "a/2.txt", "a/sâu/x.txt"]
    assert not told


def test_text_and_path_likes_alike(tmp_path: Path) -> None:
    write(tmp_path, "b.txt")
    assert read(str(tmp_path)) == read(tmp_path) == read([tmp_path]) == (["b.txt"], [])


def test_a_single_file_is_called_by_its_name(tmp_path: Path) -> None:
    write(tmp_path, "a/b.txt")
    assert read(tmp_path / "a" / "b.txt")[0] == ["b.txt"]


def test_a_named_file_of_unknown_kind_is_text(tmp_path: Path) -> None:
    write(tmp_path, "tin.report", ".an")
    assert read([tmp_path / "tin.report", tmp_path / ".an"]) == (["tin.report", ".an"], [])


@pytest.mark.parametrize(
    ("pattern", "ids"),
    [
        ("*.txt", ["b.txt"]),
        ("**/*.txt", ["a/2.txt", "b.txt"]),
        ("a/*", ["1.md", "2.txt"]),
        ("*", ["a/1.md", "a/2.txt", "b.txt"]),
        ("[ab]/?.md", ["a/1.md"]),
    ],
)
def test_globs(tmp_path: Path, pattern: str, ids: list[str]) -> None:
    write(tmp_path, "b.txt", "a/2.txt", "a/1.md")
    (tmp_path / "anh.jpg").write_bytes(b"\xff\xd8\0\0")
    assert read(str(tmp_path / pattern)) == (ids, [])


def test_a_name_that_looks_like_a_glob_is_a_name_when_it_is_there(tmp_path: Path) -> None:
    write(tmp_path, "tin [1].txt")
    assert read(str(tmp_path / "tin [1].txt"))[0] == ["tin [1].txt"]


@pytest.mark.parametrize("name", ["khong-co.txt", "khong-co", "*.txt", "x/**/*.md"])
def test_what_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    ids, told = read(str(tmp_path / name))
    assert not ids
    assert len(told) == 1
    assert isinstance(told[0][1], ReadError)


def test_a_folder_without_reports_is_told(tmp_path: Path) -> None:
    (tmp_path / "anh.jpg").write_bytes(b"\xff\xd8\0\0")
    assert [str(error) for _, error in read(tmp_path)[1]] == ["no file that can be read in this folder"]


def test_other_kinds_in_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "README", "b.docx", "c.pdf", "d.py", "e.report")
    (tmp_path / "anh.jpg").write_bytes(b"\xff\xd8\0\0")
    (tmp_path / "data").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "empty").write_bytes(b"")
    ids, told = read(tmp_path)
    assert ids == ["a.txt"]
    assert [name for name, _ in told] == ["README", "b.docx", "c.pdf", "e.report"]


def test_the_rest_is_read_when_a_file_fails(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "c.txt")
    (tmp_path / "b.txt").write_bytes(b"\x89PNG\0\0\0\0\xff\xfe\x00" * 9)
    (tmp_path / "d.txt").write_text(" \n\u00a0\n\ufeff", encoding="utf-8")
    (tmp_path / "e.txt").write_bytes(b"")
    ids, told = read(tmp_path)
    assert ids == ["a.txt", "c.txt"]
    assert [name for name, _ in told] == ["b.txt", "d.txt", "e.txt"]
    assert "binary" in str(told[0][1])
    assert "holds no text" in str(told[1][1])
    assert "holds no text" in str(told[2][1])


def test_by_default_a_warning_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="vnsearch"):
        assert list(read_corpus(tmp_path / "khong-co")) == []
    assert [record.name for record in caplog.records] == ["vnsearch"]
    assert "khong-co" in caplog.text


@pytest.mark.parametrize("kind", [ValueError, ReadError, OSError, UnicodeError])
def test_what_on_error_raises_stops_the_reading(tmp_path: Path, kind: type[Exception]) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": 1}\n{"text": "x"}', encoding="utf-8")

    def refuse(path: Path, error: Exception) -> None:
        raise kind("no more")

    with pytest.raises(kind, match="no more"):
        list(read_corpus([tmp_path, tmp_path / "khong-co"], on_error=refuse))


def test_two_folders_with_the_same_names(tmp_path: Path) -> None:
    write(tmp_path, "x/a/tin.txt", "y/a/tin.txt", "x/b/tin.txt")
    assert read([tmp_path / "x" / "a", tmp_path / "y" / "a", tmp_path / "x" / "b"])[0] == [
        "tin.txt",
        "a/tin.txt",
        "b/tin.txt",
    ]
    assert read([tmp_path / "y" / "a"])[0] == ["tin.txt"]


def test_three_folders_that_differ_further_up(tmp_path: Path) -> None:
    write(tmp_path, "x/a/tin.txt", "y/a/tin.txt", "z/a/tin.txt")
    ids, _ = read([tmp_path / name / "a" for name in "xyz"])
    assert ids == ["tin.txt", "a/tin.txt", "z/a/tin.txt"]


def test_a_file_reached_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, "a/tin.txt")
    assert read([tmp_path, tmp_path / "a" / "tin.txt", str(tmp_path / "**" / "*.txt")])[0] == ["a/tin.txt"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_in_circles(tmp_path: Path) -> None:
    write(tmp_path, "a/tin.txt")
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    ids, told = read(tmp_path)
    assert ids == ["a/tin.txt"]
    assert [name for name, _ in told] == ["self"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_the_right_to_read_it(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.txt")
    (tmp_path / "a.txt").chmod(0)
    ids, told = read(tmp_path)
    assert ids == ["b.txt"]
    assert "cannot be read" in str(told[0][1])


@pytest.mark.parametrize("paths", [None, 7, b"x", [b"x"], [None], "", [""]])
def test_what_is_no_path_is_refused_at_once(paths) -> None:
    with pytest.raises(InvalidArgumentError):
        read_corpus(paths)


def test_a_name_that_no_system_takes(tmp_path: Path) -> None:
    for name in ("a\0b", "x" * 5000, "*" + "x" * 5000):
        ids, told = read(name)
        assert not ids
        assert len(told) == 1


def test_markdown(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        '---\ntitle: "Thôn Đông làm đường"\ndate: 26/12/2023\nauthor: Lan Chi\nkhu: 5\nid: khac\n---\n\n'
        "# Thôn Đông làm đường\n\n![ảnh](a.jpg)\n\nSáng nay, **thôn Đông** họp bàn [việc làm đường](http://x.vn), có đủ 120 hộ dân đến dự.\n\n"
        "## Kết quả\n\nTất cả các hộ đồng ý góp công, mỗi nhà ba ngày, xong trước Tết Nguyên đán.\n",
        encoding="utf-8",
    )
    (report,) = read_corpus(tmp_path)
    assert (report.id, report.title, str(report.date), report.author) == (
        "a.md",
        "Thôn Đông làm đường",
        "2023-12-26",
        "Lan Chi",
    )
    assert report.extra == {"khu": "5", "id": "khac"}
    assert report.body.split("\n\n") == [
        "ảnh",
        "Sáng nay, thôn Đông họp bàn việc làm đường, có đủ 120 hộ dân đến dự.",
        "Kết quả",
        "Tất cả các hộ đồng ý góp công, mỗi nhà ba ngày, xong trước Tết Nguyên đán.",
    ]


def test_markdown_with_a_date_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ndate: hôm qua\n---\n" + TEXT, encoding="utf-8")
    ids, told = read(tmp_path)
    assert not ids
    assert "date" in str(told[0][1])


def test_without_the_extra_html_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "trafilatura", None)
    (tmp_path / "a.html").write_text(f"<p>{TEXT}</p>", encoding="utf-8")
    ids, told = read(tmp_path)
    assert not ids
    assert isinstance(told[0][1], MissingExtraError)
    assert 'pip install "vnsearch[html]"' in str(told[0][1])
