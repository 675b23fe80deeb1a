"""The command line, by its installed command."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from vnsearch.cli import main

COMMAND = str(Path(sys.executable).with_name("vnsearch"))

PAGE = """Đời sống

Phường Tân Hoà trao quà cho hộ nghèo

Thu Hà 12/03/2024 - 09:15

Sáng 12/3, Uỷ ban nhân dân phường Tân Hoà trao 120 suất quà cho hộ nghèo trên địa bàn, mỗi suất trị giá 500.000 đồng.

Chủ tịch phường cho biết nguồn kinh phí do doanh nghiệp và bà con tiểu thương chợ đóng góp từ đầu năm đến nay.

(0) Bình luận
"""


def run(*arguments, cwd, stdin=None):
    return subprocess.run(
        [COMMAND, *arguments], cwd=cwd, capture_output=True, encoding="utf-8", input=stdin, check=False, timeout=120
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with reports of several kinds, indexed in its index/."""
    folder = tmp_path_factory.mktemp("cli")
    reports = folder / "reports"
    reports.mkdir()
    (reports / "qua.txt").write_text(PAGE, encoding="utf-8")
    records = [
        {
            "id": "a",
            "title": "Đường mới <b>",
            "text": "Con đường \x1b[31mđỏ dài 3 km.",
            "source": "Báo A",
            "date": "2024-01-05",
        },
        {
            "id": "b",
            "title": "Ông Dương",
            "text": "Ông Dương nhận bằng khen.",
            "source": "Báo B",
            "district": "Ba Đình",
        },
    ]
    (reports / "tin.jsonl").write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    (reports / "hong.txt").write_bytes(b"\x00\x01\x02\xff" * 50)
    done = run("index", "reports", "--filterable", "district", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "hong.txt" in done.stderr  # never silent
    assert "3 added" in done.stdout
    return folder


def test_search_prints_marks_and_facts(folder):
    done = run("search", "uy", "ban", "phuong", "tan", "hoa", cwd=folder)
    assert done.returncode == 0
    assert "1. Phường Tân Hoà trao quà cho hộ nghèo" in done.stdout
    assert "**Uỷ ban**" in done.stdout
    assert "2024-03-12" in done.stdout
    assert "\x1b" not in done.stdout  # no colour away from a terminal
    assert "read as: ủy ban phường tân hòa" in done.stdout


def test_search_json_has_what_the_library_gives(folder):
    done = run("search", "đường", "--facet", "source", "--explain", "--json", cwd=folder)
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert [hit["id"] for hit in found["hits"]] == ["a"]
    hit = found["hits"][0]
    assert hit["title_html"] == "<mark>Đường</mark> mới &lt;b&gt;"
    assert hit["date"] == "2024-01-05"
    start, end = hit["snippet"]["marks"][0]
    assert "Con đường \x1b[31mđỏ dài 3 km."[start:end] == "đường"
    assert found["facets"] == {"source": [["Báo A", 1]]}
    assert found["total"] == 1
    assert any("đường" in line for line in hit["explanation"])


def test_search_options_reach_the_library(folder):
    assert json.loads(run("search", "duong", "--json", cwd=folder).stdout)["total"] == 2
    one = json.loads(run("search", "duong", "--filter", "source=Báo B", "--json", cwd=folder).stdout)
    assert [hit["id"] for hit in one["hits"]] == ["b"]
    by_extra = json.loads(run("search", "duong", "--filter", "district=Ba Đình", "--json", cwd=folder).stdout)
    assert [hit["id"] for hit in by_extra["hits"]] == ["b"]
    dated = json.loads(
        run("search", "duong", "--date-from", "2024-01-05", "--date-to", "2024-01-05", "--json", cwd=folder).stdout
    )
    assert [hit["id"] for hit in dated["hits"]] == ["a"]
    titles = json.loads(run("search", "bằng khen", "--field", "title=1", "--json", cwd=folder).stdout)
    assert titles["total"] == 0
    both = run("search", "duong bang khen", "--match", "all", "--json", cwd=folder)
    assert [hit["id"] for hit in json.loads(both.stdout)["hits"]] == ["b"]


def test_a_damaged_index_is_said_and_rebuilt(folder, tmp_path):
    index = shutil.copytree(folder / "index", tmp_path / "index")
    (path,) = index.glob("MAIN_*.seg")
    data = bytearray(path.read_bytes())
    at = data.index(b"\x28\xb5\x2f\xfd") + 20  # inside the first stored report
    data[at] ^= 1
    path.write_bytes(data)
    done = run("search", "đường", cwd=tmp_path)
    assert done.returncode == 2
    assert path.name in done.stderr
    assert "vnsearch check" in done.stderr
    done = run("check", cwd=tmp_path)
    assert done.returncode == 2
    assert f"{path.name}: reports that cannot be read:" in done.stdout
    found = json.loads(run("check", "--json", cwd=tmp_path).stdout)
    assert not found["sound"]
    lost = found["unreadable"]
    assert 1 <= len(lost) <= 3
    done = run("rebuild", "--target", "new", cwd=tmp_path)
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if line.startswith("lost: ")] == [
        f"lost: {name}" for name in lost
    ]
    assert json.loads(run("stats", "--index", "new", "--json", cwd=tmp_path).stdout)["reports"] == 3 - len(lost)
    assert run("rebuild", "--target", "new", cwd=tmp_path).returncode == 2  # there is one
    done = run("rebuild", "--index", "new", "--target", "newer", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"whole": True, "reports": 3 - len(lost), "lost": [], "problems": []}


def test_what_is_shown_cannot_steer_the_terminal(folder):
    done = run("search", "đường", cwd=folder)
    assert "\x1b" not in done.stdout
    assert "\ufffd[31m" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are Unix")
def test_marks_are_coloured_on_a_terminal_unless_no_color(folder):
    assert "\x1b[1;33mUỷ ban\x1b[0m" in on_a_terminal(folder, {"TERM": "xterm"}, "search", "uy ban")
    plain = on_a_terminal(folder, {"TERM": "xterm", "NO_COLOR": "1"}, "search", "uy ban")
    assert "\x1b[1;33m" not in plain
    assert "**Uỷ ban**" in plain


def on_a_terminal(folder, environment, *arguments):
    leader, follower = pty.openpty()
    environment = {**{key: value for key, value in os.environ.items() if key != "NO_COLOR"}, **environment}
    process = subprocess.Popen([COMMAND, *arguments], cwd=folder, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    output = b""
    while select.select([leader], [], [], 60)[0]:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        output += piece
    os.close(leader)
    assert process.wait(60) == 0
    return output.decode()


def test_exit_codes(folder, tmp_path):
    assert run("search", "đường", cwd=folder).returncode == 0
    assert run("search", "xyzxyz", cwd=folder).returncode == 1
    assert run("search", '"', cwd=folder).returncode == 1
    assert run("suggest", "xyzxyz", cwd=folder).returncode == 1
    assert run("delete", "no-such-id", cwd=folder).returncode == 1
    for wrong in (
        ["search", "đường", "--index", str(tmp_path)],
        ["search"],
        ["search", "đường", "--limit", "-1"],
        ["search", "đường", "--filter", "source"],
        ["search", "đường", "--filter", "size=1"],
        ["search", "đường", "--date-from", "31/12/2023"],
        ["search", "đường", "--field", "title=much"],
        ["stats", "--index", str(tmp_path)],
        ["check", "--index", str(tmp_path)],
        ["index", "reports", "--processes", "0"],
        ["nonsense"],
    ):
        done = run(*wrong, cwd=folder)
        assert done.returncode == 2, wrong
        assert "Traceback" not in done.stderr
        assert done.stderr.strip()
    assert run("index", str(tmp_path / "nothing-here"), "--index", str(tmp_path / "ix"), cwd=folder).returncode == 1


def test_index_again_leaves_alone_and_delete_removes(tmp_path, folder):
    first = json.loads(run("index", str(folder / "reports"), "--json", cwd=tmp_path).stdout)
    again = json.loads(run("index", str(folder / "reports"), "--json", cwd=tmp_path).stdout)
    assert (first["added"], first["updated"]) == (3, 0)
    assert [again[key] for key in ("added", "updated", "unchanged", "removed", "reports")] == [0, 0, 3, 0, 3]
    assert len(again["unreadable"]) == 1
    gone = json.loads(run("delete", "a", "b", "--json", cwd=tmp_path).stdout)
    assert gone == {"deleted": 2, "reports": 1}
    stats = json.loads(run("stats", "--json", cwd=tmp_path).stdout)
    assert stats["reports"] == 1
    assert json.loads(run("check", "--json", cwd=tmp_path).stdout)["sound"] is True


def test_suggest_and_analyze(folder):
    assert "đường" in run("suggest", "duo", cwd=folder).stdout.split()
    assert json.loads(run("suggest", "uy b", "--json", cwd=folder).stdout) == ["ủy ban"]
    table = run("analyze", "Quận uỷ", cwd=folder).stdout
    assert re.search(r"normalized\s+Quận ủy", table)
    assert re.search(r"0\s+0\s+7\s+word\s+quận_ủy\s+Quận uỷ", table)
    tokens = json.loads(run("analyze", "-", "--json", cwd=folder, stdin="hoà\n").stdout)["tokens"]
    assert tokens[0] == {"text": "hòa", "kind": "syllable", "start": 0, "end": 3, "position": 0}


def test_no_progress_bar_away_from_a_terminal(tmp_path, folder):
    done = run("index", str(folder / "reports"), cwd=tmp_path)
    assert "indexing" not in done.stderr + done.stdout


def test_demo_indexes_the_samples(tmp_path):
    done = run("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.match(r"(\d+) sample reports indexed", done.stdout)
    assert "**Quy chế dân" in done.stdout
    assert list(tmp_path.iterdir()) == []  # nothing is left behind


def test_a_query_in_another_encoding_of_the_terminal_does_not_fail(folder):
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run([COMMAND, "search", "đường"], cwd=folder, env=environment, capture_output=True, check=False)
    assert done.returncode == 0
    assert "Đường mới" in done.stdout.decode("utf-8")


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_and_option_has_help(name):
    command = main.commands[name]
    assert command.help
    assert "--json" in [option for parameter in command.params for option in parameter.opts]
    for parameter in command.params:
        assert not isinstance(parameter, click.Option) or parameter.help, f"{name} {parameter.opts}"
    assert name in (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
