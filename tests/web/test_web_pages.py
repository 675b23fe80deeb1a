"""The pages as HTML that a browser without scripts gets."""

from __future__ import annotations

import datetime as dt
import re
import string
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import pytest

pytest.importorskip("fastapi", reason='needs the extra "web"')
pytest.importorskip("httpx", reason='needs the extra "test"')

from hostile_report import HOSTILE, HOSTILE_ID, HOSTILE_REPORT
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from vnsearch import Index, Report
from vnsearch.web import create_app
from vnsearch.web.messages import LANGUAGES, MESSAGES, Language, negotiated

VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
#: None of them may be linked.
URLS = [
    HOSTILE_REPORT.url,
    "data:text/html,<script>alert(6)</script>",
    "//evil.example/",
    " https:x",
    "http://[",
    "bài gốc",
]


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""


class Page(HTMLParser):
    """A page as a tree walker sees it: every element with its attributes and text. What is not closed fails the test."""

    def __init__(self, html: str, url: str = "http://testserver/") -> None:
        super().__init__()
        self.html, self.url = html, url
        self.elements = [Element("", {})]
        self.turned: list[str] = []  #: texts that could turn the direction of what stands around them
        self._open = self.elements[:]
        self.feed(html)
        self.close()
        assert len(self._open) == 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        assert len(attributes) == len(attrs), attrs
        self.elements.append(Element(tag, attributes))
        if tag not in VOID:
            self._open.append(self.elements[-1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data
        kept = any(one.tag in ("bdi", "title") or one.attributes.get("dir") == "auto" for one in self._open)
        if "\u202e" in data and not kept:
            self.turned.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.elements[0].text.split())

    def all(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        return [one.attributes for one in self.elements if one.tag == tag and wanted.items() <= one.attributes.items()]

    def texts(self, tag: str) -> list[str]:
        return [one.text for one in self.elements if one.tag == tag]

    def links(self) -> list[str]:
        """Where one may go from here, but for places in the page itself."""
        hrefs = [found["href"] for found in self.all("a") + self.all("link")]
        return [urljoin(self.url, href) for href in hrefs if not href.startswith("#")]

    def link(self, text: str) -> str:
        """Where the first link goes that is called this."""
        found = [one.attributes["href"] for one in self.elements if one.tag == "a" and text in one.text]
        assert found, text
        return urljoin(self.url, found[0])


def _reports() -> Iterator[Report]:
    for number in range(25):
        yield Report(
            f"ban/{number}",
            f"Bản tin số {number} về đắp đê",
            f"Sáng nay bà con đắp đê, chặn nước ở cống số {number}.\n\n  Chiều đến lượt thôn Hạ giữ đê.\n",
            date=dt.date(2023, 1, 1) + dt.timedelta(days=number),
            source=("Báo Bến Sông", "Tin Đồng Chiêm", "Báo Miền Hồ")[number % 3],
            category="thời sự" if number % 2 else "nông nghiệp",
            url="https://example.org/ban/1?a=1&b=2" if number == 1 else None,
            extra={"huyện": "Thường Tín"},
        )
    yield Report("gio", "Phiên chợ sớm", "Chợ họp lúc tờ mờ sáng.", date=dt.datetime(2024, 2, 3, 8, 5), author="Lê Thơ")
    yield HOSTILE_REPORT
    for number, url in enumerate(URLS):
        yield Report(f"url {number}", "Lễ hội đình làng", "Hội làng mở ba ngày.", url=url)
    yield Report("ngắt", "Giữ làng", "Suốt đêm bà con canh lũ\nquét, sáng ra lũ\r\n\r\nquét qua rồi mới ngủ.")
    yield Report("trống", "", "Bài không đề, kể chuyện bến nước.")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with Index.create(tmp_path_factory.mktemp("pages"), filterable=("huyện",)) as index:
        index.add(_reports())
        yield index


@pytest.fixture(scope="module")
def client(index: Index) -> Iterator[TestClient]:
    app = create_app(index, title="Kho báo", facets=("source", "category", "huyện"))
    with TestClient(app, headers={"Accept-Language": "*"}) as client:
        yield client


def get(client: TestClient, path: str, status: int = 200, **params: object) -> Page:
    response = client.get(path, params=params or None)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "unsafe" not in response.headers["content-security-policy"]
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "Accept-Language" in response.headers["vary"]
    return Page(response.text, str(response.url))


class TestStates:
    def test_the_start_page_shows_what_may_be_typed(self, client: TestClient) -> None:
        page = get(client, "/")
        assert "Trong kho có 35 bài." in page.text
        assert page.all("form", role="search")
        for link in page.links():
            assert client.get(link).status_code == 200

    def test_results_are_marked_and_the_query_is_read_with_its_marks(self, client: TestClient) -> None:
        page = get(client, "/", query="dap de")
        assert "25 bài" in page.text
        assert page.texts("title") == ["dap de – Kho báo"]
        assert set(page.texts("mark")) == {"đắp đê", "đê"}
        assert parse_qs(urlsplit(page.link("đắp đê")).query) == {"query": ["đắp đê"]}
        assert page.all("input", name="query")[0]["value"] == "dap de"

    def test_an_empty_query_is_the_start_page(self, client: TestClient) -> None:
        assert "Trong kho có" in get(client, "/", query="  ", date_from="", date_to="", sort="relevance").text

    def test_pages_follow_each_other_and_keep_what_was_asked(self, client: TestClient) -> None:
        asked = {"query": "dap de", "sort": "date", "filters": ["source=Báo Bến Sông", "source=Tin Đồng Chiêm"], "limit": "5", "lang": "en"}  # fmt: skip
        seen: list[str] = []
        url = str(client.get("/", params=asked).url)
        for number in (1, 2, 3, 4):
            page = Page(client.get(url).text, url)
            assert f"Page {number} of 4" in page.text
            seen += [parse_qs(urlsplit(link).query)["id"][0] for link in page.links() if "/report" in link]
            assert bool(page.all("a", rel="prev")) == (number > 1)
            if number < 4:
                url = urljoin(url, page.all("a", rel="next")[0]["href"])
        assert not page.all("a", rel="next")
        assert seen == [f"ban/{number}" for number in range(25) if number % 3 < 2]
        first = urljoin(url, page.all("a", rel="prev")[0]["href"])
        assert parse_qs(urlsplit(first).query) == {**{name: value if isinstance(value, list) else [value] for name, value in asked.items()}, "offset": ["10"]}  # fmt: skip

    def test_too_far_down_leads_back(self, client: TestClient) -> None:
        page = get(client, "/", query="dap de", offset=900)
        assert "Không còn kết quả" in page.text
        assert get(client, page.link("Về trang đầu")).all("ol", start="1")

    def test_facets_count_and_other_values_of_a_filtered_one_stay(self, client: TestClient) -> None:
        page = get(client, "/", query="dap de", filters="source=Báo Bến Sông")
        boxes = {box["value"]: "checked" in box for box in page.all("input", type="checkbox", name="filters")}
        assert boxes["source=Báo Bến Sông"]
        assert boxes["source=Báo Miền Hồ"] is False
        assert {"category=thời sự", "huyện=Thường Tín"} <= boxes.keys()
        assert "Báo Bến Sông 9" in page.text
        assert "Báo Miền Hồ 8" in page.text
        assert "9 bài" in page.text
        assert "25 bài" in get(client, page.link("Nguồn: Báo Bến Sông")).text  # the chip removes it

    def test_a_form_without_a_script_keeps_what_it_does_not_show(self, client: TestClient) -> None:
        page = get(client, "/", query="dap de", filters=["author=Lê Thơ", "source=Báo Miền Hồ"], sort="-date", limit=7, offset=7, lang="en")  # fmt: skip
        hidden = [(box["name"], box["value"]) for box in page.all("input", type="hidden")]
        assert sorted(hidden) == [("filters", "author=Lê Thơ"), ("lang", "en"), ("limit", "7"), ("sort", "-date")]

    def test_days_are_filtered_and_shown(self, client: TestClient) -> None:
        page = get(client, "/", query="dap de", date_from="2023-01-03", date_to="2023-01-04")
        assert "2 bài" in page.text
        assert page.all("input", type="date", name="date_from", value="2023-01-03")
        assert "23 bài" in get(client, page.link("Đến ngày: 4/1/2023")).text

    def test_sorting(self, client: TestClient) -> None:
        page = get(client, get(client, "/", query="dap de").link("Mới nhất"))
        assert [found["datetime"] for found in page.all("time")][:2] == ["2023-01-25", "2023-01-24"]

    def test_nothing_found_says_whether_the_filters_are_to_blame(self, client: TestClient) -> None:
        page = get(client, "/", query="dap de", date_from="2090-01-01", filters="source=Báo Miền Hồ")
        assert "Không tìm thấy bài nào" in page.text
        assert "Bỏ bộ lọc thì có 25 bài" in page.text
        assert "25 bài" in get(client, page.link("Bỏ mọi bộ lọc")).text
        page = get(client, "/", query="kkkk zzzz", filters="source=Báo Miền Hồ")
        assert "Bỏ bộ lọc thì" not in page.text

    def test_a_search_that_ran_out_of_time_says_so_and_is_not_kept(self, index: Index) -> None:
        client = TestClient(create_app(index, timeout_s=1e-9))
        response = client.get("/", params={"query": "đắp đê"})
        assert "đã dừng giữa chừng" in response.text
        assert "etag" not in response.headers
        assert "no-store" in response.headers["cache-control"]

    @pytest.mark.parametrize(
        "params",
        [
            {"offset": "-1"}, {"limit": "0"}, {"limit": "many"}, {"date_from": "2023-13-01"}, {"sort": "size"},
            {"filters": "bare"}, {"filters": "không có=x"}, {"fields": "title=x"}, {"fields": "body=0"}, {"match": "some"},
        ],
    )  # fmt: skip
    def test_what_makes_no_sense_is_told_with_the_query_kept(self, client: TestClient, params: dict[str, str]) -> None:
        page = get(client, "/", 400, query="dap de", **params)
        assert "Yêu cầu chưa hợp lệ" in page.text
        assert page.all("input", name="query", value="dap de")

    def test_no_url_makes_a_page_of_any_size(self, client: TestClient) -> None:
        many = [f"source=Báo {number}" for number in range(101)]
        assert "101" in get(client, "/", 400, query="đê", filters=many).text
        assert get(client, "/", query="đê", filters=many[1:]).all("a")
        assert get(client, "/", 414, query="đê " * 3_000).all("input", name="query")

    def test_a_facet_that_the_index_has_no_more(self, tmp_path: Path) -> None:
        report = Report("1", "Đắp đê", source="Báo Bến Sông", extra={"huyện": "Thường Tín"})
        with Index.create(tmp_path, filterable=("huyện",)) as index:
            index.add([report])
            client = TestClient(create_app(index, facets=("source", "huyện"), refresh_s=0))
            assert "Thường Tín" in get(client, "/", query="đê").text
            Index.create(tmp_path, overwrite=True).add([report])
            page = get(client, "/", query="đê")
            assert "Báo Bến Sông" in page.text
            assert "huyện" not in page.text

    def test_what_others_add_to_a_link_does_no_harm(self, client: TestClient) -> None:
        page = get(client, "/", query=" dap de ", fbclid="x", sort=" date ", date_from=" ", lang="fr", filters="")
        assert "25 bài" in page.text
        assert not any("fbclid" in link for link in page.links())

    def test_errors_are_pages_but_under_the_api(self, client: TestClient) -> None:
        page = get(client, "/không/có", 404)
        assert "Không tìm thấy trang này" in page.text
        assert client.get("/static/nothing.css").status_code == 404
        assert client.get("/api/nothing").headers["content-type"].startswith("application/problem+json")
        assert client.post("/").status_code == 405

    def test_a_broken_server_gives_a_page_that_tells_nothing(
        self, index: Index, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise RuntimeError("/srv/secret")

        monkeypatch.setattr(Index, "search", broken)
        page = get(TestClient(create_app(index), raise_server_exceptions=False), "/", 500, query="đê")
        assert "Có lỗi ở phía chúng tôi" in page.text
        assert "secret" not in page.text


class TestReportPage:
    def test_matches_are_marked_and_the_way_back_is_kept(self, client: TestClient) -> None:
        found = get(client, "/", query="dap de", sort="date", offset=10)
        page = get(client, next(link for link in found.links() if "id=ban%2F12" in link))
        assert set(page.texts("mark")) == {"đắp đê", "đê"}
        assert page.texts("title") == ["Bản tin số 12 về đắp đê – Kho báo"]
        assert "3 chỗ khớp với dap de" in page.text
        assert page.all("mark", id="match")
        assert "Thường Tín" in page.text
        assert get(client, page.link("Trở lại kết quả")).html.count("<article") == 10
        assert len(page.all("p", dir="auto")) >= 2  # a paragraph each

    def test_a_match_across_lines_is_marked_in_both(self, client: TestClient) -> None:
        page = get(client, "/report", id="ngắt", query="lũ quét")
        assert page.texts("mark") == ["lũ", "quét", "lũ", "quét"]
        assert [text for text in page.texts("p") if "ũ" in text][-2:] == ["Suốt đêm bà con canh lũ", "quét, sáng ra lũ"]
        assert len(page.all("mark", id="match")) == 1

    def test_without_a_query_nothing_is_marked(self, client: TestClient) -> None:
        page = get(client, "/report", id="ban/3")
        assert not page.all("mark")
        assert "chặn nước ở cống số 3" in page.text
        related = [link for link in page.links() if "/report?" in link and "lang" not in link]
        assert len(related) == 5
        for link in related:
            assert client.get(link).status_code == 200

    def test_a_query_that_does_not_find_it_says_so(self, client: TestClient) -> None:
        assert "Không có trong bài này: kkkk" in get(client, "/report", id="ban/3", query="kkkk").text

    def test_times_and_authors(self, client: TestClient) -> None:
        page = get(client, "/report", id="gio")
        assert "Lê Thơ" in page.text
        assert "3/2/2024, 08:05" in page.text
        assert "3 February 2024, 08:05" in get(client, "/report", id="gio", lang="en").text

    def test_a_report_without_a_title(self, client: TestClient) -> None:
        assert "(không có tiêu đề)" in get(client, "/report", id="trống").texts("title")[0]
        assert get(client, "/", query="ben nuoc").link("(không có tiêu đề)")

    def test_only_web_addresses_are_linked(self, client: TestClient) -> None:
        page = get(client, "/report", id="ban/1")
        assert "https://example.org/ban/1?a=1&b=2" in page.links()
        for number in range(len(URLS)):
            page = get(client, "/report", id=f"url {number}", query="hội làng")
            assert all(link.startswith("http://testserver/") for link in page.links())

    @pytest.mark.parametrize("identity", ["nobody", "", "ban/3 ", "\x00", "../../etc/passwd"])
    def test_no_such_report(self, client: TestClient, identity: str) -> None:
        assert "Không tìm thấy trang này" in get(client, "/report", 404, id=identity).text


class TestHostile:
    """Whatever a report or a query holds is text, and stays where it is put."""

    PAGES = (
        ("/", {"query": "chợ nổi"}),
        ("/", {"query": HOSTILE}),
        ("/", {"query": "chợ nổi", "filters": [f"source=Báo {HOSTILE}", f"category={HOSTILE}"]}),
        ("/", {"query": "chợ nổi", "filters": [f"author={HOSTILE} không có"]}),
        ("/report", {"id": HOSTILE_ID}),
        ("/report", {"id": HOSTILE_ID, "query": "cho noi tan muon"}),
        ("/report", {"id": HOSTILE_ID, "query": HOSTILE}),
        ("/report", {"id": "ban/1", "query": HOSTILE}),
    )

    @pytest.mark.parametrize(("path", "params"), PAGES)
    def test_it_is_text_everywhere(self, client: TestClient, path: str, params: dict[str, str]) -> None:
        self.check(get(client, path, **params))

    @pytest.mark.parametrize(
        ("path", "params"),
        [("/report", {"id": HOSTILE, "query": HOSTILE}), (f"/{HOSTILE_ID}", {}), ("/", {"query": HOSTILE, "limit": HOSTILE}), ("/", {"query": "a", "filters": f"{HOSTILE}=x", "lang": HOSTILE})],
    )  # fmt: skip
    def test_errors_too(self, client: TestClient, path: str, params: dict[str, str]) -> None:
        response = client.get(quote(path), params=params)
        assert response.status_code in (400, 404)
        self.check(Page(response.text))

    def check(self, page: Page) -> None:
        assert {one.tag for one in page.elements} <= set(
            " html head meta title link script body a header nav span form h1 h2 div input button svg circle path main p mark strong "
            "ol ul li article bdi time section fieldset legend label details summary dl dt dd aside".split(" ")
        )
        (script,) = page.all("script")
        assert script["src"].startswith("/static/search.js")
        for one in page.elements:
            assert not [name for name in one.attributes if name.startswith("on") or name == "style"]
            for name in ("href", "src", "action"):
                assert not re.match(r"\s*(javascript|data)", one.attributes.get(name, ""))
        whole = page.html
        assert not [char for char in set(whole) if unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t\r"]
        assert not page.turned

    def test_what_it_holds_is_read(self, client: TestClient) -> None:
        page = get(client, "/report", id=HOSTILE_ID, query="cho noi")
        assert "<script>alert(1)</script>" in page.text
        assert "<img src=x onerror=alert(2)>" in page.texts("title")[0]
        assert "{{7*7}}&lt;b&gt;" in page.text
        assert {"Chợ nổi"} <= set(page.texts("mark"))

    def test_its_links_lead_to_it(self, client: TestClient) -> None:
        page = get(client, "/", query="cho noi tan muon")
        link = next(link for link in page.links() if "/report" in link and "alert" not in link)
        assert parse_qs(urlsplit(link).query)["id"] == [HOSTILE_ID]
        assert "tan muộn" in get(client, link).text


class TestLanguages:
    def test_every_message_is_there_in_both_with_the_same_places(self) -> None:
        for name, told in MESSAGES.items():
            assert told.keys() == LANGUAGES.keys(), name
            places = {
                tuple(sorted(field for _, field, _, _ in string.Formatter().parse(part) if field))
                for text in told.values()
                for part in text.split("|")
            }
            assert len(places) == 1, name
            assert all(part.strip() for text in told.values() for part in text.split("|")), name
            assert told["vi"] != told["en"], name

    def test_numbers_and_dates(self) -> None:
        vi, en = Language("vi"), Language("en")
        assert (vi.number(1234567), en.number(1234567), vi.number(0.25, 2)) == ("1.234.567", "1,234,567", "0,25")
        assert (vi("total", count=1), en("total", count=1), en("total", count=2000)) == (
            "1 bài",
            "1 report",
            "2,000 reports",
        )
        assert (vi.date(dt.date(987, 6, 5)), en.date(dt.date(2023, 12, 26))) == ("5/6/987", "26 December 2023")

    @pytest.mark.parametrize(
        ("asked", "accepted", "otherwise", "answer"),
        [
            ("en", "vi", "vi", "en"), ("xx", "vi-VN, en;q=0.5", "en", "vi"), ("", "en-GB,en;q=0.9,vi;q=0.8", "vi", "en"),
            ("", "fr, de", "vi", "vi"), ("", "", "en", "en"), ("", "vi;q=0, en;q=0.1", "vi", "en"), ("", "en;q=x, ;;, vi", "en", "vi"),
            ("", "*", "vi", "vi"), ("", "enx, vie", "vi", "vi"),
        ],
    )  # fmt: skip
    def test_which_is_answered_in(self, asked: str, accepted: str, otherwise: str, answer: str) -> None:
        assert negotiated(asked, accepted, otherwise).code == answer

    def test_the_browser_chooses_and_a_link_overrules_it(self, client: TestClient) -> None:
        english = Page(client.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"}).text)
        assert english.all("html", lang="en")
        assert "There are 35 reports here." in english.text
        vietnamese = client.get(english.link("Tiếng Việt"), headers={"Accept-Language": "en"})
        assert Page(vietnamese.text).all("html", lang="vi")
        page = get(client, "/", query="dap de", lang="en")
        assert "25 reports" in page.text
        kept = [link for link in page.links() if "/static/" not in link and "lang=vi" not in link]
        assert all("lang=en" in link for link in kept)

    @pytest.mark.parametrize(
        "path", ["/", "/?query=dap+de", "/?query=zzzz+kkkk", "/report?id=ban/1&query=de", "/x", "/?limit=x"]
    )
    def test_no_word_of_the_other_language_is_left(self, client: TestClient, path: str) -> None:
        page = client.get(path, headers={"Accept-Language": "en"}).text
        for name, told in MESSAGES.items():
            if len(told["vi"]) > 8 and "{" not in told["vi"]:
                assert told["vi"] not in page.replace("Tiếng Việt", ""), name


class TestDelivery:
    def test_what_the_client_has_is_not_sent_again(self, client: TestClient) -> None:
        for path in ("/", "/?query=dap+de", "/report?id=ban/1"):
            first = client.get(path)
            tag = first.headers["etag"]
            again = client.get(path, headers={"If-None-Match": tag})
            assert (again.status_code, again.content) == (304, b"")
            assert "Accept-Language" in again.headers["vary"]
            other = client.get(path, headers={"If-None-Match": tag, "Accept-Language": "en"})
            assert other.status_code == 200  # another language is another page

    def test_files_are_kept_forever_by_a_versioned_address(self, client: TestClient) -> None:
        page = get(client, "/")
        files = [link for link in page.links() if "/static/" in link] + [page.all("script")[0]["src"]]
        assert len(files) == 3
        for link in files:
            assert "?v=" in link
            response = client.get(link)
            assert "immutable" in response.headers["cache-control"]
            assert response.headers["x-content-type-options"] == "nosniff"

    def test_a_slow_phone_gets_few_bytes(self, client: TestClient) -> None:
        page = client.get("/?query=dap+de", headers={"Accept-Encoding": "gzip"})
        assert page.headers["content-encoding"] == "gzip"
        sent = 0
        for path in ("/?query=dap+de", "/static/style.css", "/static/search.js"):
            with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as response:
                sent += sum(map(len, response.iter_raw()))
        assert 3_000 < sent < 30_000

    @pytest.mark.parametrize("language", ["vi", "en"])
    def test_all_links_work_under_a_path(self, index: Index, language: str) -> None:
        app = create_app(index, title="Kho báo", facets=("source", "huyện"))
        client = TestClient(Starlette(routes=[Mount("/a/b c", app)]))
        base = "http://testserver/a/b%20c/"
        todo = [f"{base}?query=dap+de&limit=20&date_to=2023-01-22&lang={language}", f"{base}?lang={language}"]
        seen = set(todo)
        while todo:
            response = client.get(todo.pop())
            assert response.status_code == 200, response.url
            if "/static/" in str(response.url):
                continue
            page = Page(response.text, str(response.url))
            (form,) = page.all("form")
            assert form["action"] == "/a/b%20c/"
            assert client.get(form["data-suggest"], params={"prefix": "de"}).json()
            for link in [*page.links(), urljoin(page.url, page.all("script")[0]["src"])]:
                if link.startswith("https://example.org/"):
                    continue
                assert link.startswith(base), link
                if link not in seen and len(seen) < 150:
                    seen.add(link)
                    todo.append(link)
        assert any("/report" in link for link in seen)
        error = client.get(f"{base}nothing")
        assert error.status_code == 404
        assert all(link.startswith(base) for link in Page(error.text, str(error.url)).links())
        assert client.get(f"{base}api/nothing").headers["content-type"].startswith("application/problem+json")
