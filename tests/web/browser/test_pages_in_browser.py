"""The pages as people use them: typing, clicking, going back, on a phone and on a desk, with scripts and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from hostile_report import HOSTILE, HOSTILE_ID

if TYPE_CHECKING:
    from playwright.sync_api import Page

OpenPage = Callable[..., "Page"]
Screenshot = Callable[["Page", str], None]

REPORT = "/report?" + urlencode({"id": "10-quy-che-dan-chu.txt", "query": "quy che dan chu"})
#: Each kind of page: its path and status.
KINDS = {
    "start": ("/", 200),
    "results": ("/?query=quy+che+dan+chu+o+co+so", 200),
    "filtered": ("/?" + urlencode({"query": "hoi lang", "filters": "source=Báo Bến Sông", "date_from": "2024-01-05"}), 200),
    "filters": ("/?" + urlencode({"query": "hoi lang", "filters": "source=Báo Bến Sông"}) + "#filters", 200),
    "last-page": ("/?query=hoi+lang&offset=40", 200),
    "report": (REPORT, 200),
    "hostile": ("/report?" + urlencode({"id": HOSTILE_ID, "query": "cho noi"}), 200),
    "nothing": ("/?" + urlencode({"query": "hoi lang", "date_from": "2090-01-01", "match": "all"}), 200),
    "refused": ("/?query=hoi+lang&date_from=hom-nay", 400),
    "missing": ("/report?id=khong-co", 404),
}  # fmt: skip


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def titles(page: Page) -> list[str]:
    return page.locator(".hits h2").all_inner_texts()


def marks(page: Page, where: str) -> set[str]:
    return {text.casefold() for text in page.locator(f"{where} mark").all_inner_texts()}


def search(page: Page, query: str) -> None:
    page.get_by_role("button", name="Tìm kiếm").wait_for()
    page.locator("#query").fill(query)
    page.locator("#query").press("Enter")
    page.wait_for_selector(".found")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_page(open_page: OpenPage, screenshot: Screenshot, kind: str, width: int, scheme: str) -> None:
    """Nothing is cut off, and axe finds nothing serious."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the extra browser")
    path, status = KINDS[kind]
    page = open_page(path, width, status=status, color_scheme=scheme, reduced_motion="reduce")
    screenshot(page, f"{kind}-{width}-{scheme}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize("kind", ["start", "results", "report"])
def test_nothing_jumps_while_it_loads(open_page: OpenPage, kind: str) -> None:
    page = open_page(KINDS[kind][0], 360)
    shifts = """new Promise(done => {
        new PerformanceObserver(list => done(list.getEntries().length)).observe({type: "layout-shift", buffered: true});
        setTimeout(() => done(0), 100);
    })"""
    assert page.evaluate(shifts) == 0


def test_an_unmarked_query_is_marked_where_it_matches(open_page: OpenPage) -> None:
    page = open_page()
    page.wait_for_function("document.activeElement.id == 'query'")
    page.keyboard.type("quy che dan chu o co so")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hits")
    first = page.locator(".hits article").first
    assert "Quy chế dân chủ ở cơ sở" in first.locator(".snippet mark").all_inner_texts()
    assert page.locator(".restored a").inner_text() == "quy chế dân chủ ở cơ sở"
    page.locator(".restored a").click()
    page.wait_for_url("**query=quy+ch%E1%BA%BF**")
    assert "quy chế dân chủ ở cơ sở" in marks(page, ".hits")


class TestSuggestions:
    def test_one_is_picked_with_the_keyboard(self, open_page: OpenPage, screenshot: Screenshot) -> None:
        page = open_page()
        box = page.get_by_role("combobox")
        page.locator("#query").press_sequentially("quy ch")
        option = page.get_by_role("option", name="quy chế", exact=True)
        option.wait_for()
        assert box.get_attribute("aria-expanded") == "true"
        assert page.get_by_role("status").inner_text().endswith("gợi ý")
        while option.get_attribute("aria-selected") != "true":
            page.keyboard.press("ArrowDown")
        assert box.get_attribute("aria-activedescendant") == option.get_attribute("id")
        assert box.input_value() == "quy chế"
        screenshot(page, "suggestions")
        page.keyboard.press("Enter")
        page.wait_for_selector(".hits")
        assert query_of(page)["query"] == ["quy chế"]

    def test_one_is_picked_with_the_mouse(self, open_page: OpenPage) -> None:
        page = open_page()
        page.locator("#query").press_sequentially("thực hiện quy che dân ch")
        page.get_by_role("option").filter(has_text="quy chế dân chủ").first.click()
        page.wait_for_selector(".hits")
        assert query_of(page)["query"] == ["thực hiện quy chế dân chủ"]
        page.go_back()
        assert page.get_by_role("option").count() == 0

    def test_escape_gives_back_what_was_typed(self, open_page: OpenPage) -> None:
        page = open_page()
        box = page.get_by_role("combobox")
        page.locator("#query").press_sequentially("hoi l")
        page.get_by_role("option").first.wait_for()
        page.keyboard.press("ArrowUp")  # the last one
        assert page.get_by_role("option").last.get_attribute("aria-selected") == "true"
        page.keyboard.press("ArrowDown")  # round to what was typed
        assert box.input_value() == "hoi l"
        page.keyboard.press("ArrowDown")
        assert box.input_value() != "hoi l"
        page.keyboard.press("Escape")
        assert box.input_value() == "hoi l"
        assert page.get_by_role("option").count() == 0
        assert box.get_attribute("aria-expanded") == "false"

    def test_keyboards_that_compose_get_suggestions_and_keep_their_keys(self, open_page: OpenPage) -> None:
        page = open_page()
        page.locator("#query").focus()
        page.evaluate(
            """() => {
                const box = document.getElementById("query");
                box.value = "hội l";
                box.dispatchEvent(new InputEvent("input", {isComposing: true, bubbles: true}));
            }"""
        )
        page.get_by_role("option").first.wait_for()
        pressed = """document.getElementById("query").dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowDown", isComposing: true}))"""
        page.evaluate(pressed)
        assert page.locator("[aria-selected=true]").count() == 0


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
class TestJourney:
    def test_pages_and_back(self, open_page: OpenPage, scripts: bool) -> None:
        page = open_page(java_script_enabled=scripts)
        search(page, "hoi lang")
        first = titles(page)
        assert len(first) == 10
        page.get_by_role("link", name="Trang sau").click()
        page.wait_for_url("**offset=10**")
        second = titles(page)
        assert not set(first) & set(second)
        page.get_by_role("link", name="Trang sau").click()
        page.wait_for_url("**offset=20**")
        page.go_back()
        assert titles(page) == second
        page.get_by_role("link", name="Trang trước").click()
        page.wait_for_url(lambda url: "offset" not in url)
        assert titles(page) == first

    def test_filters_days_and_order(self, open_page: OpenPage, scripts: bool) -> None:
        page = open_page("/?query=hoi+lang", java_script_enabled=scripts)
        page.get_by_label("Báo Miền Hồ").check()
        page.get_by_label("Từ ngày").fill("2024-01-10")
        page.get_by_label("Đến ngày").fill("2024-01-31")
        page.get_by_role("button", name="Áp dụng").click()
        page.wait_for_url("**filters=**")
        assert page.locator(".total strong").inner_text() == "7 bài"
        assert set(page.locator(".byline bdi:first-child").all_inner_texts()) == {"Báo Miền Hồ"}
        assert page.get_by_label("Báo Miền Hồ").is_checked()
        page.get_by_role("link", name="Mới nhất").click()
        page.wait_for_url("**sort=-date**")
        days = [found.get_attribute("datetime") for found in page.locator(".hits time").all()]
        assert days == sorted(days, reverse=True)
        assert days[0] == "2024-01-30"
        search(page, "kéo co")  # a new search keeps them
        page.wait_for_url("**query=k%C3%A9o+co**")
        assert query_of(page)["filters"] == ["source=Báo Miền Hồ"]
        page.get_by_role("link", name="Nguồn: Báo Miền Hồ").click()
        page.wait_for_url(lambda url: "filters" not in url)
        assert page.locator(".total strong").inner_text() == "22 bài"
        page.get_by_role("link", name="Bỏ mọi bộ lọc").click()
        page.wait_for_url(lambda url: "date_from=2" not in url)
        assert not page.locator(".chips").count()

    def test_a_report_and_back(self, open_page: OpenPage, scripts: bool) -> None:
        page = open_page("/?query=quy+che+dan+chu&match=all", java_script_enabled=scripts)
        page.get_by_role("link", name="Quận Hải An").click()
        page.wait_for_selector("article.whole")
        assert "quy chế dân chủ" in marks(page, ".body")
        assert marks(page, "h1") == {"dân"}
        page.get_by_role("link", name="Tới chỗ khớp đầu tiên").click()
        assert page.locator("#match").evaluate("found => found.getBoundingClientRect().top < innerHeight")
        related = page.locator(".related a").first
        title = related.inner_text()
        related.click()
        page.wait_for_url(lambda url: "query" not in url)
        assert page.locator("h1").inner_text() == title
        page.go_back()
        page.get_by_role("link", name="Trở lại kết quả").click()
        page.wait_for_selector(".hits")
        assert query_of(page) == {"query": ["quy che dan chu"], "match": ["all"]}

    def test_both_languages(self, open_page: OpenPage, scripts: bool) -> None:
        page = open_page("/?query=hoi+lang", java_script_enabled=scripts, locale="en-GB")
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.locator(".total strong").inner_text().endswith("reports")
        page.get_by_role("link", name="Tiếng Việt").click()
        page.wait_for_url("**lang=vi**")
        assert page.locator(".total strong").inner_text().endswith("bài")
        page.locator(".hits a").first.click()
        page.wait_for_selector("article.whole")
        assert page.get_by_role("heading", name="Bài liên quan").is_visible()

    def test_filters_on_a_phone(self, open_page: OpenPage, scripts: bool) -> None:
        page = open_page("/?query=hoi+lang", 360, java_script_enabled=scripts)
        assert not page.get_by_role("button", name="Áp dụng").is_visible()
        page.get_by_role("link", name="Bộ lọc").click()
        page.get_by_label("Tin Đồng Chiêm").check()
        page.get_by_role("button", name="Áp dụng").click()
        page.wait_for_url("**filters=**")
        assert page.locator(".total strong").inner_text() == "15 bài"
        page.get_by_role("link", name="Bộ lọc (1)").click()
        assert page.get_by_label("Tin Đồng Chiêm").is_visible()
        page.go_back()
        assert not page.get_by_label("Tin Đồng Chiêm").is_visible()


def test_empty_boxes_stay_out_of_the_address(open_page: OpenPage) -> None:
    page = open_page("/?query=hoi+lang")
    search(page, "kéo co")
    page.wait_for_url("**query=k%C3%A9o+co")
    assert query_of(page) == {"query": ["kéo co"]}


def test_the_keyboard_skips_to_the_content(open_page: OpenPage) -> None:
    page = open_page(REPORT)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_print_shows_the_report_alone(open_page: OpenPage, screenshot: Screenshot) -> None:
    page = open_page(REPORT)
    page.emulate_media(media="print")
    screenshot(page, "print")
    assert page.locator(".whole h1").is_visible()
    for hidden in (".search", ".languages", ".related", ".back"):
        assert not page.locator(hidden).is_visible()


HOSTILE_PAGES = [
    {"query": "chợ nổi tan muộn"},
    {"query": HOSTILE},
    {"query": "cho noi", "filters": f"category={HOSTILE}"},
]


@pytest.mark.parametrize("asked", HOSTILE_PAGES)
def test_a_hostile_report_is_text_in_a_list(open_page: OpenPage, asked: dict[str, str]) -> None:
    page = open_page("/?" + urlencode(asked))
    _is_untouched(page)


def test_a_hostile_report_is_text_on_its_page(open_page: OpenPage) -> None:
    page = open_page("/?query=cho+noi+tan+muon")
    page.get_by_role("link", name="<script>alert(1)</script>").first.click()
    page.wait_for_selector("article.whole")
    _is_untouched(page)
    assert "<script>alert(1)</script>" in page.locator(".body").inner_text()
    assert "onerror=alert(2)>" in page.title()
    assert "chợ nổi" in marks(page, ".body")
    # The line of source, author and date keeps its order whatever turns the text in it.
    left, right = (page.locator(".byline bdi").nth(at).bounding_box() for at in (0, 1))
    assert left is not None
    assert right is not None
    assert (left["y"], left["x"]) < (right["y"] + right["height"], right["x"] + right["width"])


def test_hostile_suggestions_are_text(open_page: OpenPage) -> None:
    page = open_page()
    told: Any = '["<img src=x onerror=alert(7)>"]'
    page.route("**/api/suggest?**", lambda route: route.fulfill(body=told, content_type="application/json"))
    page.locator("#query").press_sequentially("x")
    assert page.get_by_role("option").first.inner_text() == "<img src=x onerror=alert(7)>"
    _is_untouched(page)


def test_a_server_that_is_gone_does_no_harm(open_page: OpenPage) -> None:
    page = open_page()
    page.route("**/api/suggest?**", lambda route: route.fulfill(status=200, body="no JSON"))
    page.locator("#query").press_sequentially(quote("hội"))
    page.wait_for_timeout(400)
    assert page.get_by_role("option").count() == 0


def _is_untouched(page: Page) -> None:
    assert page.locator("img, iframe, object, [onerror], [onload], [style]").count() == 0
    assert page.locator("script").count() == 1
    assert page.evaluate("[...document.links].every(link => /^https?:$/.test(link.protocol))")
