"""The names that the package offers, and what importing it costs."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import vnsearch

HEAVY = (
    "sklearn",
    "scipy",
    "pycrfsuite",
    "trafilatura",
    "rich",
    "starlette",
    "fastapi",
    "langchain_core",
    "click",
    "opensearchpy",
)
# What writing takes, or rare queries: a first search does not wait for it.
NOT_FOR_A_SEARCH = (
    "concurrent",
    "dateutil",
    "html",
    "multiprocessing",
    "pickletools",
    "vnsearch.analysis.batch",
    "vnsearch.corpus",
    "vnsearch.index.columnar.build",
    "vnsearch.index.columnar.merge",
    "vnsearch.index.writer",
    "whoosh",
)


def test_all_is_sorted_and_has_no_doubles() -> None:
    assert list(vnsearch.__all__) == sorted(set(vnsearch.__all__))


@pytest.mark.parametrize("name", vnsearch.__all__)
def test_public_names_are_there_and_documented(name: str) -> None:
    value = getattr(vnsearch, name)
    assert inspect.getdoc(value)
    if inspect.isclass(value):  # what a dataclass makes up for itself is no documentation
        assert not str(value.__doc__).startswith(f"{name}("), value.__doc__


@pytest.mark.parametrize("name", [name for name in vnsearch.__all__ if inspect.isclass(getattr(vnsearch, name))])
def test_public_methods_are_documented(name: str) -> None:
    methods = {key: value for key, value in vars(getattr(vnsearch, name)).items() if not key.startswith("_")}
    described = [key for key, value in methods.items() if callable(value) or isinstance(value, property | classmethod)]
    assert [key for key in described if not inspect.getdoc(methods[key])] == []


def test_every_error_derives_from_one() -> None:
    errors = [getattr(vnsearch, name) for name in vnsearch.__all__]
    errors = [value for value in errors if inspect.isclass(value) and issubclass(value, BaseException)]
    assert len(errors) > 10
    assert [error for error in errors if not issubclass(error, vnsearch.VnSearchError)] == []


def test_errors_are_also_the_builtin_ones_that_people_catch() -> None:
    assert issubclass(vnsearch.InvalidArgumentError, ValueError)
    assert issubclass(vnsearch.InvalidReportError, ValueError)
    assert issubclass(vnsearch.MissingExtraError, ImportError)


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        vnsearch.no_such_name  # noqa: B018


def test_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert vnsearch.__version__ == version("vnsearch")


@pytest.mark.parametrize(
    "use",
    [
        "",
        "vnsearch.Index",
        "vnsearch.segment('quy chế dân chủ')",
        "[getattr(vnsearch, name) for name in vnsearch.__all__]",
    ],
    ids=["import", "Index", "segment", "everything"],
)
def test_import_is_light(use: str) -> None:
    code = f"import sys, vnsearch\n{use}\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_first_search_imports_only_what_it_needs(tmp_path: Path) -> None:
    with vnsearch.Index.create(tmp_path / "index") as index:
        index.add([vnsearch.Report("1", "Quy chế dân chủ", "Quận uỷ họp ngày 5/6.", date="2023-12-26")])
    code = (
        "import sys, vnsearch\n"
        "hit = vnsearch.Index.open(sys.argv[1]).search('quy chế dân chủ')[0]\n"
        "print(hit.report.day.isoformat(), hit.snippet.text)\n"
        f"print([name for name in {(*HEAVY, *NOT_FOR_A_SEARCH)!r} if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "index")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["2023-12-26 Quận uỷ họp ngày 5/6.", "[]"]
