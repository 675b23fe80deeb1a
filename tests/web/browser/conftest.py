"""A real server, and a real browser that tells what went wrong in it."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hostile_report import HOSTILE_REPORT

from vnsearch import Index, Report, read_corpus
from vnsearch.corpus import samples_path

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

OpenPage = Callable[..., "Page"]

_SWITCHES = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --lang=vi"
).split()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason="browser tests need the extra browser")
    path = os.environ.get("VNSEARCH_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.skip("browser tests need chromium on the path, or its path in VNSEARCH_CHROMIUM")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=_SWITCHES)
        yield browser
        browser.close()


def _more_reports() -> Iterator[Report]:
    for number in range(45):
        yield Report(
            f"hoi-lang/{number}",
            f"Hội làng năm thứ {number}: cờ người, kéo co",
            f"Sáng mùng {number % 9 + 1}, hội làng mở ở sân đình. Trai làng kéo co, người già đánh cờ người, ai cũng vui.\n\n"
            f"Ban tổ chức trao {number + 1} giải, hẹn sang năm lại mở hội làng.",
            date=dt.date(2024, 1, 1) + dt.timedelta(days=number),
            source=("Báo Bến Sông", "Tin Đồng Chiêm", "Báo Miền Hồ")[number % 3],
            category="Lễ hội",
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server of the samples, as many more as fill pages, and a report that means harm."""
    pytest.importorskip("uvicorn", reason="the search page needs the extra web")
    from web_server import served

    from vnsearch.web import create_app

    with Index.create(tmp_path_factory.mktemp("browsed")) as index:
        index.add([*read_corpus(samples_path(), on_error=lambda *_: None), *_more_reports(), HOSTILE_REPORT])
        with served(create_app(index, title="Kho báo")) as url:
            yield url


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[OpenPage]:
    """A function that opens a path of the site in a new window; whatever goes wrong there fails the test."""
    wrong: list[str] = []
    contexts = []

    def open_it(path: str = "/", width: int = 1440, *, status: int = 200, **options: Any) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900 if width > 600 else 740}, **{"locale": "vi-VN", **options}
        )
        contexts.append(context)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("dialog", lambda dialog: (wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.on(
            "response", lambda answer: wrong.append(f"{answer.status}: {answer.url}") if answer.status >= 400 else None
        )
        page.on("requestfailed", lambda asked: wrong.append(f"failed: {asked.url}") if not _overtaken(asked) else None)
        answer = page.goto(site + path)
        assert answer is not None
        assert answer.status == status
        if status != 200:
            # An answer that is an error is told as one, twice: by us and by the browser's console.
            assert all(str(status) in told for told in wrong), wrong
            wrong.clear()
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert wrong == []


def _overtaken(request: Any) -> bool:
    """Tell whether the page itself ended a request: more was typed, or it was left."""
    return "ERR_ABORTED" in request.failure


@pytest.fixture
def screenshot() -> Callable[[Page, str], None]:
    """A function that keeps a picture of a page in the folder VNSEARCH_SCREENSHOTS, if there is one."""
    folder = os.environ.get("VNSEARCH_SCREENSHOTS")

    def keep(page: Page, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=False)

    return keep
