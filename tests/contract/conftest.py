"""Every test in here runs on each kind of index: what code written for ``AnyIndex`` may count on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from backends import DEFAULT, Backend, Folders, Nodes, why_no_cluster
from contract_reports import DAYS, FORMS, LANGUAGE, MEANT, NEWS, ODD

from vnsearch import AnyIndex, Report

NewIndex = Callable[..., AnyIndex]


@pytest.fixture(scope="session", params=["local"] if why_no_cluster() else ["local", "opensearch"])
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """Where indices are kept."""
    if request.param == "opensearch":
        made: Backend = Nodes(request.getfixturevalue("cluster").urls)
    else:
        made = Folders(tmp_path_factory.mktemp("contract"))
    yield made
    made.close()


@pytest.fixture
def new_index(backend: Backend) -> Iterator[NewIndex]:
    """A function that makes an empty index; all are removed at the end."""
    made: list[AnyIndex] = []

    def make(**options: Any) -> AnyIndex:
        made.append(backend.create(**options))
        return made[-1]

    yield make
    for index in made:
        backend.remove(index)


# -- indices to read. Nobody may change them: on a cluster an index is dear. They are filled in several goes, with replaced
# -- and deleted reports, as in real life.


@pytest.fixture(scope="session")
def news(backend: Backend) -> AnyIndex:
    """An index of reports in the manner of real ones."""
    drafts = [Report(report.id, "bản nháp", "chưa có nội dung", source="Nháp") for report in NEWS[::4]]
    again = [Report(f"thừa {at}", report.title, report.body, source="Nháp") for at, report in enumerate(NEWS[::3])]
    batches = [[*drafts, *again], NEWS[:9], NEWS[9:]]
    filterable = ("district", "page", "quận/huyện")
    return backend.filled(batches, filterable=filterable, deleted=[report.id for report in again])


@pytest.fixture(scope="session")
def language(backend: Backend) -> AnyIndex:
    """An index of few words."""
    gone = [Report("bỏ", report.title, report.body, report.date, report.source) for report in LANGUAGE]
    batches = [[Report("chu", "bản cũ", "quy chế dân chủ, bản cũ"), gone[0]], LANGUAGE[:3], [*gone[1:3], *LANGUAGE[3:]]]
    return backend.filled(batches, filterable=("xã",), deleted=["bỏ"])


@pytest.fixture(scope="session")
def forms(backend: Backend) -> AnyIndex:
    """An index of things written in several ways."""
    return backend.filled([[{"id": name, "body": body} for name, body in FORMS.items()]])


@pytest.fixture(scope="session")
def meant(backend: Backend) -> AnyIndex:
    """An index of what slips and keystrokes mean, each text eight times."""
    reports = [{"id": f"{name}-{copy}", "body": body} for copy in range(8) for name, body in MEANT.items()]
    return backend.filled([reports])


@pytest.fixture(scope="session", params=["together", "in parts"])
def odd(backend: Backend, request: pytest.FixtureRequest) -> AnyIndex:
    """An index of reports that are hard to keep, opened anew."""
    parts = [ODD] if request.param == "together" else [ODD[at::7] for at in range(7)]
    return backend.open(backend.filled(parts))


@pytest.fixture(scope="session")
def dated(backend: Backend) -> AnyIndex:
    """An index of reports that differ in their days alone."""
    reports: list[Any] = [Report(name, "Chợ nổi", date=date) for name, date in DAYS]
    return backend.filled([reports[:3], reports[3:]])


@pytest.fixture
def bounded(backend: Backend, language: AnyIndex) -> Callable[..., AnyIndex]:
    """A function that opens the index of few words with other limits."""
    return lambda limits=DEFAULT: backend.open(language, limits=limits)
