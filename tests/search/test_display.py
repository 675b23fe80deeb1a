"""Hits and results as a notebook shows them."""

from __future__ import annotations

from html.parser import HTMLParser

from vnsearch import Report

HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(1)> \x1b[31m\x00 \u202eđảo ngược'


class _Shown(HTMLParser):
    """The elements of a piece of HTML, the text that a reader sees, and what of it is marked."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[object] = []
        self.text = ""
        self.marked: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if "mark" in self._open:
            self.marked.append(data)


def test_results_show_titles_facts_snippets_and_what_is_known_of_the_whole(collection):
    shown = _Shown(collection.search("quan uy khen", facets=["source"], limit=2)._repr_html_())
    assert "Quận uỷ Đông Hải tổng kết năm" in shown.text
    assert "2021-02-11 · Báo Đông Hải · chính trị · quan-uy-cu · " in shown.text
    assert {"Quận uỷ", "khen"} <= set(shown.marked)
    assert "4 reports in " in shown.text
    assert "read as: quận ủy khen" in shown.text
    assert "source: Báo Đông Hải (" in shown.text


def test_a_report_without_a_title_is_shown_by_its_id(new_index):
    index = new_index()
    index.add([Report("thôn/<b>1</b>", "", "Thôn họp bàn việc làm đường.")])
    assert _Shown(index.search("làm đường")[0]._repr_html_()).text.startswith("thôn/<b>1</b>")


def test_nothing_found_is_said(collection):
    assert "0 reports" in _Shown(collection.search("xyzxyz")._repr_html_()).text


def test_hostile_text_stays_text(new_index):
    index = new_index()
    index.add(
        [Report(f"id {HOSTILE}".replace("\x00", ""), HOSTILE, f"Thôn họp. {HOSTILE}", None, HOSTILE, HOSTILE, HOSTILE)]
    )
    results = index.search("thôn họp <b>", facets=["source"])
    html = results._repr_html_()
    shown = _Shown(html)
    assert shown.tags == {"ol", "li", "div", "b", "small", "bdi", "mark"}
    assert shown.attributes == []
    assert shown.text.count("<script>alert(1)</script>") == 7  # title, source, author, category, id, snippet, facet
    assert "\x1b" not in html
    assert "\x00" not in html
