"""What is printed steers no terminal, and JSON holds what was given.

The index is the work of somebody who means harm: its reports, file names, keys and labels hold all that terminals obey.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
import unicodedata
from dataclasses import asdict
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import vnsearch
from test_cli import on_a_terminal, run
from vnsearch import CheckResult, Index, Report
from vnsearch.cli import main, searching
from vnsearch.cli.output import echo, print_json
from vnsearch.index.snapshot import LearntAbbreviation
from vnsearch.text.visible import visible

UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
BOLD, MARK, RESET = "\x1b[1m", "\x1b[1;33m", "\x1b[0m"
#: Colours (ours too), the title of the window, an empty screen; all by C1 too; overwriting; direction; a forged line.
STEERING = (
    "\x1b[31m", BOLD, MARK, RESET, "\x1b]0;tên\x07", "\x1b[2J", "\x9b31m", "\x9d0;tên\x9c", "\x85", "\r", "\x08", "\x7f",
    "\x0b", "\u202e", "\u2066", "\u200d", "\ufeff", "\u2028", "\U000e0041", "\n99 added", "\nvnsearch: xong",
)  # fmt: skip
MARKUP = ("<script>alert(1)</script>", "\"><img onerror='x'>", "&lt;&#27;&", "[red]đỏ[/red]", "</mark>")
HOSTILE = "đò".join([*STEERING, *MARKUP])
#: What a report may have anywhere but in its id, and no file name has.
TEXT = f"{HOSTILE}\x00\ud800"
KEY = f"huyện{TEXT}"
REPORT = Report(
    id=f"chợ {HOSTILE}",
    title=f"Chợ nổi {TEXT}",
    body=f"Chợ{TEXT}nổi họp sớm. Hội đồng\x1b nhân\u202e dân\x9b (HĐND) {TEXT}\r\n\tđến dự.",
    date="2024-02-03",
    source=f"Báo {TEXT}",
    author=f"Lê {TEXT}",
    category=f"Chợ {TEXT}",
    url=f"http://{TEXT}",
    extra={KEY: TEXT, f"khóa {TEXT}": [TEXT]},
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The path of an index with the one report. Nobody may change it."""
    folder = tmp_path_factory.mktemp("hostile") / "index"
    with Index.create(folder, filterable=(KEY,)) as index:
        index.add([REPORT])
    return folder


@pytest.fixture
def made_by_others(monkeypatch):
    """What our own writer keeps clean, an index may hold all the same."""
    monkeypatch.setattr(Index, "suggest", lambda self, prefix, limit: [HOSTILE])
    monkeypatch.setattr(Index, "abbreviations", lambda self: [LearntAbbreviation(HOSTILE, HOSTILE, 2)])
    monkeypatch.setattr(Index, "check", lambda self: CheckResult(1, (HOSTILE,)))
    # A server that says where it is, and ends.
    monkeypatch.setattr("vnsearch.web.server.run", lambda app, on_ready, **_: on_ready("http://localhost/"))


def corpus(folder):
    """A folder of files to read: a report, one that is none, a damaged one, records that are none."""
    folder.mkdir()
    name = HOSTILE.replace("/", "").encode()[:200].decode("utf-8", "ignore")
    (folder / f"{name}.txt").write_text(f"Chợ nổi\n\nChợ nổi họp sớm {TEXT[:-1]}.", encoding="utf-8")
    (folder / f"{name}.md").write_text("")
    (folder / f"a{name}.txt").write_bytes("Chợ nổi họp sớm ở ngã ba sông, ".encode() * 9 + b"\xff\xfe.")
    records = [{"id": REPORT.id, "date": TEXT}, {"id": [TEXT]}, {"id": "b", "title": [TEXT]}, {"id": "c", "text": TEXT}]
    lines = [*map(json.dumps, records), HOSTILE]
    (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return name


def assert_harmless(text, codes=()):
    for code in codes:
        text = text.replace(code, "")
    assert not {char for char in text if char != "\n" and unicodedata.category(char) in UNSEEN}


def arguments(name, folder, tmp_path):
    """Return ways to call a command so that it prints what is hostile."""
    at = ["--index", str(folder)]
    if name == "index":
        corpus(tmp_path / "reports")
        other = ["--index", str(tmp_path / HOSTILE[:60]), "--overwrite"]
        return [["index", str(tmp_path / "reports"), str(tmp_path / HOSTILE), *other, "--filterable", KEY]]
    if name == "serve":
        pytest.importorskip("fastapi", reason='needs the extra "web"')
        at = ["--index", str(tmp_path / HOSTILE[:60])]
        Index.create(at[1])
        return [["serve", "--title", TEXT, *at], ["serve", "--facet", TEXT, *at]]
    return {
        "search": [
            ["search", f"cho noi {TEXT}", "--explain", "--facet", "source", "--facet", KEY, *at],
            ["search", f'"chợ nổi"~9 source:"{TEXT}" OR cho {TEXT}', "--explain", *at],
            ["search", "hop som", "--filter", f"source={REPORT.source}", "--facet", "category", *at],
        ],
        "suggest": [["suggest", "ho", *at]],
        "abbreviations": [["abbreviations", *at]],
        "analyze": [["analyze", f"Quận\nuỷ HĐND{TEXT} ngày\x9b2\u202e/3"], ["analyze", "--", "[/red][link=x]chợ[/]"]],
        "delete": [["delete", f"không {TEXT}", *at]],
        "check": [["check", *at]],
        "rebuild": [["rebuild", "--target", str(tmp_path / HOSTILE[:60]), "--overwrite", *at]],
        "copy": [["copy", *at, "--url", url] for url in (TEXT, f"http://{TEXT}:9200", "http://127.0.0.1:9")],
        "stats": [["stats", *at]],
        "demo": [["demo", "--index", str(tmp_path / HOSTILE[:60])]],
    }[name]


def invoke(call):
    result = CliRunner().invoke(main, call, color=True)
    assert isinstance(result.exception, SystemExit | None)
    assert "Traceback" not in result.output
    return result


@pytest.mark.usefixtures("made_by_others")
@pytest.mark.parametrize("coloured", [False, True])
@pytest.mark.parametrize("name", sorted(main.commands))
def test_no_command_steers_the_terminal(name, coloured, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(searching, "colour", lambda: coloured)
    for call in arguments(name, folder, tmp_path):
        for form in (call, [call[0], "--json", *call[1:]]):
            output = invoke(form).output
            assert output
            assert_harmless(output, (BOLD, MARK, RESET) if coloured and name in ("search", "demo") else ())
            assert not re.search(r"^(99 added|vnsearch: xong)", output, re.MULTILINE)


def test_the_codes_on_a_terminal_are_our_own(folder, monkeypatch):
    monkeypatch.setattr(searching, "colour", lambda: True)
    with Index.open(folder) as index:
        (hit,) = index.search("chợ nổi")
    codes = re.findall("\x1b[^m]*m", invoke(["search", "chợ nổi", "--index", str(folder)]).output)
    assert codes == [BOLD, RESET, *[MARK, RESET] * len(hit.snippet.marks)]


WRONG = (
    [TEXT],
    [f"--{TEXT}"],
    ["search", "chợ", f"--{TEXT}"],
    ["search", "chợ", "--limit", TEXT],
    ["search", "chợ", "--sort", TEXT],
    ["search", "chợ", "--field", f"{TEXT}=1"],
    ["search", "chợ", "--field", f"title={TEXT}"],
    ["search", "chợ", "--filter", TEXT],
    ["search", "chợ", "--filter", f"{TEXT}=1"],
    ["search", "chợ", "--facet", TEXT],
    ["search", "chợ", "--date-from", TEXT],
    ["stats", "--index", HOSTILE],
    ["stats", TEXT],
)


@pytest.mark.parametrize("call", WRONG, ids=lambda call: " ".join(filter(str.isprintable, call)) or "nothing")
def test_errors_of_use_do_not_steer_the_terminal(call, folder):
    at = ["--index", str(folder)] if call[0] == "search" else []
    result = invoke([*call, *at])
    assert result.exit_code == 2
    assert_harmless(result.output)


def test_what_older_versions_of_click_repeat_as_typed_does_not_steer_the_terminal(monkeypatch):
    def refuse(**_):
        raise click.UsageError(f"no such thing: {TEXT.replace(chr(10), '')}")

    monkeypatch.setattr(main.commands["stats"], "callback", refuse)
    result = invoke(["stats"])
    assert result.exit_code == 2
    assert "no such thing: \ufffd[31m" in result.output
    assert_harmless(result.output)


def test_a_bug_shows_its_traceback_and_does_not_steer_the_terminal(folder, monkeypatch):
    def fail(_):
        raise RuntimeError(HOSTILE.replace("\n", ""))

    monkeypatch.setattr(Index, "stats", fail)
    result = CliRunner().invoke(main, ["stats", "--index", str(folder)], color=True)
    assert result.exit_code == 1
    assert re.search(r"in fail\n.*\n.*RuntimeError: \ufffd\[31m", result.output)
    assert_harmless(result.output)


def test_what_looks_like_markup_of_rich_is_text():
    assert re.search(r"pair +chợ nổi +chợ \[/\] nổi", invoke(["analyze", "chợ [/] nổi"]).output)


# -- by the installed command


@pytest.mark.skipif(sys.platform != "linux", reason="other systems take no such file names")
def test_files_and_warnings_do_not_steer_the_terminal(tmp_path):
    name = corpus(tmp_path / "reports")
    (tmp_path / "reports" / os.fsdecode(b"\x9b31m.txt")).write_bytes(b"\x00\x01\xff" * 50)
    done = run("index", "reports", cwd=tmp_path)
    assert done.returncode == 0
    assert "damaged places" in done.stderr  # the warning came
    assert "passed over: reports/\ufffd31m.txt" in done.stderr
    assert_harmless(done.stdout + done.stderr)
    done = run("index", "reports", "--json", cwd=tmp_path)
    assert_harmless(done.stdout + done.stderr)
    unreadable = {Path(failed["path"]).name for failed in json.loads(done.stdout)["unreadable"]}
    assert unreadable >= {f"{name}.md", os.fsdecode(b"\x9b31m.txt")}


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are Unix")
def test_a_terminal_gets_no_codes_but_our_own(tmp_path, folder):
    shown = on_a_terminal(
        tmp_path, {"TERM": "xterm"}, "search", "cho noi", "--explain", "--facet", "source", "--index", str(folder)
    )
    assert MARK in shown
    assert_harmless(shown.replace("\r\n", "\n"), (BOLD, MARK, RESET))
    shown = on_a_terminal(tmp_path, {"TERM": "xterm"}, "analyze", HOSTILE)
    assert_harmless(shown.replace("\r\n", "\n"))
    corpus(tmp_path / "reports")
    with_bar = on_a_terminal(tmp_path, {"TERM": "xterm"}, "index", "reports")
    assert "\x1b[2K" in with_bar  # the codes of the bar
    assert "passed over" in with_bar
    assert not [code for code in ("\x07", "\x1b[2J", "\x9b", "\x9d", "\x85", "\x08", "\u202e") if code in with_bar]


# -- JSON


def test_json_holds_what_was_given(folder):
    at = ["--index", str(folder)]
    query = f"cho noi {TEXT}"

    def printed(*call):
        output = invoke([*call, "--json"]).output
        assert_harmless(output)
        return json.loads(output)

    with Index.open(folder) as index:
        (hit,) = results = index.search(query, facets=["source", KEY])
        found = printed("search", query, "--explain", "--facet", "source", "--facet", KEY, *at)
        assert found["query"] == query
        assert found["suggestion"] == results.suggestion
        assert found["facets"] == {"source": [[REPORT.source, 1]], KEY: [[TEXT, 1]]}
        (shown,) = found["hits"]
        given = {key: value for key, value in REPORT.to_dict().items() if key != "body"}
        assert {key: shown[key] for key in given} == given
        assert shown["title_html"] == hit.title_html()
        assert shown["snippet"]["text"] == hit.snippet.text
        assert shown["snippet"]["html"] == hit.snippet.html()
        assert printed("stats", *at) == {**asdict(index.stats()), "filterable": [KEY]}
        assert printed("abbreviations", *at) == [asdict(learnt) for learnt in index.abbreviations()]
        assert printed("suggest", "ho", *at) == index.suggest("ho")
    analyzed = printed("analyze", TEXT)
    assert (analyzed["given"], analyzed["normalized"]) == (TEXT, vnsearch.normalize(TEXT))
    assert [token["text"] for token in analyzed["tokens"]] == [token.text for token in vnsearch.analyze(TEXT)]
    assert printed("check", *at) == {"sound": True, "reports": 1, "problems": [], "unreadable": []}
    assert printed("delete", f"không {TEXT}", *at) == {"deleted": 0, "reports": 1}


def test_a_hostile_id_deletes_its_report(tmp_path):
    with Index.create(tmp_path / "index") as index:
        index.add([REPORT])
    result = invoke(["delete", REPORT.id, "--index", str(tmp_path / "index"), "--json"])
    assert json.loads(result.output) == {"deleted": 1, "reports": 0}


PIECES = st.one_of(
    st.sampled_from([*STEERING, *MARKUP, "\x00", "\ud800", "Đường làng", " ", "&", "<", "\n", "\t", "\xad"]),
    st.text(st.characters(exclude_categories=()), max_size=3),
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)
VALUES = st.recursive(
    TEXTS | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=6
)


def printed_by(print_it, *values):
    with contextlib.redirect_stdout(io.StringIO()) as output:
        print_it(*values)
    return output.getvalue()


@given(VALUES)
def test_any_value_is_printed_as_json_that_steers_nothing(value):
    text = printed_by(print_json, {"Đường làng": value})
    assert json.loads(text) == {"Đường làng": value}
    assert '"Đường làng"' in text
    assert_harmless(text)


# -- any text


@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_what_is_printed_is_one_line(pieces):
    line = printed_by(echo, *pieces)
    assert line.index("\n") == len(line) - 1
    assert_harmless(line)


@given(TEXTS)
def test_what_is_seen_stays(text):
    shown = visible(text)
    assert visible(shown) == shown
    assert len(shown) == len(text)
    for given_char, char in zip(text, shown, strict=True):
        if given_char == "\n" or unicodedata.category(given_char) not in UNSEEN:
            assert char == given_char
        else:
            assert char == (" " if given_char.isspace() else "\ufffd")
