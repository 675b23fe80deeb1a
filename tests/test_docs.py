"""The documentation's examples, run as they stand there: each page from top to bottom, in a folder that has ``corpus/``.

Blocks of Python are run, those with ``>>>`` as doctests; of shell (``sh``) too, and of ``console`` the output is compared. ``...``
in an answer stands for anything. A comment before a block says why it is not run: ``<!-- not run: a server -->``. One on top
of a page says what it cannot do without: ``<!-- needs: docx -->``.
"""

from __future__ import annotations

import doctest
import html
import importlib
import os
import pkgutil
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import vnsearch
import vnsearch.opensearch

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "examples" not in path.parts)  # those are run by tests/examples

_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>.+?) -->\n+)?^```(?P<kind>\w+)[^\n]*\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
_NEEDS = re.compile(r"^<!-- needs: (.+?) -->$", re.MULTILINE)
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
#: What is no example: outputs, files.
_SHOWN = {"text", "json", "html", "nginx"}


def _needed(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        pytest.skip(f"{module} cannot be imported here: {error}")


def _shell(command: str, folder: Path) -> str:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(Path(vnsearch.__file__).parents[1])}
    done = subprocess.run(
        ["bash", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def _console(text: str, folder: Path) -> None:
    for command, wanted in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
        told = _shell(command, folder)
        assert not wanted or doctest.OutputChecker().check_output(wanted, told, _FLAGS), f"{command}\n{told}"


def _python(text: str, names: dict[str, Any], where: str, line: int) -> None:
    if ">>>" not in text:
        exec(compile("\n" * line + text, where, "exec"), names)
        return
    test = doctest.DocTestParser().get_doctest(text, {}, where, where, line)
    test.globs = names
    told: list[str] = []
    assert doctest.DocTestRunner(optionflags=_FLAGS).run(test, out=told.append, clear_globs=False).failed == 0, "".join(
        told
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_every_example_of_a_page_works(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page.read_text(encoding="utf-8")
    for needed in _NEEDS.findall(text):
        for module in needed.split(", "):
            _needed(module)
    shutil.copytree(ROOT / "corpus", tmp_path / "corpus")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in _BLOCK.finditer(text):
        kind, source = block["kind"], block["text"]
        if block["reason"] or kind in _SHOWN:
            continue
        if kind == "python":
            _python(source, names, str(page), text.count("\n", 0, block.start("text")))
        elif kind == "sh":
            _shell(source, tmp_path)
        elif kind == "console":
            _console(source, tmp_path)
        else:
            pytest.fail(f"{page}: nobody runs a block of {kind!r}; mark it, or call it text")


def test_pages_are_found_and_their_blocks_too() -> None:
    blocks = [block["kind"] for page in PAGES for block in _BLOCK.finditer(page.read_text(encoding="utf-8"))]
    assert min(blocks.count(kind) for kind in ("python", "console", "sh")) >= 3


def test_the_site_is_built_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    for module in ("mkdocs", "material", "mkdocstrings", "mkdocs_click", "langchain_core"):
        _needed(module)
    _shell(f"python -m mkdocs build --strict -f '{DOCS}/site/mkdocs.yml' --site-dir '{tmp_path}'", ROOT)
    pages = {path: path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")}
    assert len(pages) > len(PAGES)
    loaded = re.compile(r"""<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//""")
    assert [path for path, page in pages.items() if loaded.search(page)] == []
    embedding = html.unescape(re.sub("<[^>]+>", "", pages[tmp_path / "how-to" / "embed" / "index.html"]))
    for example in ("fastapi/main.py", "django/newsroom/asgi.py"):
        assert (DOCS / "examples" / example).read_text(encoding="utf-8").strip() in embedding


def test_the_reference_has_every_public_name() -> None:
    reference = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md"))
    names = {*vnsearch.__all__, *vnsearch.opensearch.__all__}
    assert names - set(re.findall(r"^::: vnsearch\.(?:\w+\.)*(\w+)$", reference, re.MULTILINE)) == set()


@pytest.mark.parametrize("module", [found.name for found in pkgutil.walk_packages(vnsearch.__path__, "vnsearch.")])
def test_examples_in_docstrings(module: str) -> None:
    if module == "vnsearch.__main__":
        pytest.skip("it is the command")
    assert doctest.testmod(_needed(module)).failed == 0
