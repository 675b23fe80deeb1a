"""The README's examples, run as they stand there."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_examples_with_answers():
    test = doctest.DocTestParser().get_doctest(README, {}, "README.md", "README.md", 0)
    assert len(test.examples) >= 10
    assert doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test).failed == 0


def test_ten_lines_of_python(tmp_path, monkeypatch, capsys):
    (block,) = [text for kind, text in BLOCKS if kind == "python" and ">>>" not in text]
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {})
    out = capsys.readouterr().out
    assert out.splitlines()[0].startswith("Quận Ba Đình tổng kết công tác dân vận")
    assert "<mark>Quận uỷ</mark>" in out
    assert out.splitlines()[-1] == "quận ủy tổng kết"


def _command_lines() -> list[str]:
    (block,) = [text for kind, text in BLOCKS if kind == "sh" and "vnsearch demo" in text]
    return [line.split("  #")[0].strip() for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "corpus", folder / "reports")
    return folder


@pytest.mark.parametrize("line", _command_lines())
def test_commands(line, folder):
    assert shutil.which("bash"), "the README's commands need a shell"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    pipe = subprocess.PIPE
    with subprocess.Popen(
        ["bash", "-c", line], cwd=folder, env={**os.environ, "PATH": path}, stdout=pipe, stderr=pipe, text=True
    ) as process:
        if "--watch" in line:  # it stays until it is ended, and ends well
            assert process.stdout.readline().strip()
            process.terminate()
        printed, told = process.communicate()
    assert process.returncode == 0, told
    assert printed.strip() or "--watch" in line


def test_both_set_up_commands_are_single_lines():
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert len(lines) == 2
    assert "vnsearch index corpus/" in lines[0]
    assert "vnsearch search" in lines[0]
    assert "pytest" in lines[1]
