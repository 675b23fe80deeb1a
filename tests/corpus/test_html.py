"""HTML pages, through trafilatura."""

from __future__ import annotations

import contextlib
import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vnsearch.corpus import read_corpus
from vnsearch.errors import VnSearchError

pytest.importorskip("trafilatura", reason="the extra html is not installed", exc_type=ImportError)

PARAGRAPHS = [
    "Sáng 26/12, phường Hoa Mai tổ chức hội nghị tổng kết công tác dân vận, khen thưởng 12 tổ dân phố.",
    "Năm qua, phường vận động nhân dân hiến 1.200 m2 đất, mở rộng 14 ngõ; hỗ trợ 60 hộ khó khăn vay vốn.",
    "Phát biểu tại hội nghị, Bí thư Đảng ủy phường đề nghị các tổ tiếp tục bám sát cơ sở, lắng nghe nhân dân.",
]
CAPTION = "Trao giấy khen cho các tổ dân phố làm tốt"
PAGE = f"""<!DOCTYPE html><html><head><meta charset="{{charset}}"><title>Khen thưởng 12 tổ dân phố | Báo Hoa Mai</title>
{{meta}}</head><body><nav><a href="/">Trang chủ</a> <a href="/thoi-su">Thời sự</a></nav>
<main><h1>Khen thưởng 12 tổ dân phố làm tốt việc nhỏ</h1><div class="date">Thứ ba, 26/12/2023 13:44</div>
<div class="share">Chia sẻ Facebook Zalo</div><article>
<p>{PARAGRAPHS[0]}</p><p>{PARAGRAPHS[1]}</p>
<figure><img src="ha.jpg"><figcaption>{CAPTION}</figcaption></figure>
<p>{PARAGRAPHS[2]}</p><p><strong>Lan Chi</strong></p></article>
<div class="comments"><h3>Bình luận (0)</h3></div>
<div class="related"><h3>Tin khác</h3><ul><li><a href="/x">Phường ra quân tổng vệ sinh</a> 20/12/2023</li></ul></div>
<footer>© Báo Hoa Mai. Giấy phép số 1/GP-BTTTT</footer></main></body></html>"""
META = '<meta property="article:published_time" content="2023-12-25T23:44:00+07:00"><meta property="og:site_name" content="Báo Hoa Mai">'


def read(tmp_path: Path, data: bytes):
    path = tmp_path / "a.html"
    path.write_bytes(data)
    told: list[Exception] = []
    return list(read_corpus(path, on_error=lambda _, error: told.append(error))), told


def test_a_news_page(tmp_path: Path) -> None:
    (report,), told = read(tmp_path, PAGE.format(charset="utf-8", meta=META).encode())
    assert not told
    assert report.title == "Khen thưởng 12 tổ dân phố làm tốt việc nhỏ"
    assert report.date == dt.date(2023, 12, 25)
    assert (report.author, report.source) == ("Lan Chi", "Báo Hoa Mai")
    assert report.body.split("\n\n") == [*PARAGRAPHS[:2], CAPTION, PARAGRAPHS[2]]


def test_without_metadata_the_date_line_is_read(tmp_path: Path) -> None:
    (report,), _ = read(tmp_path, PAGE.format(charset="utf-8", meta="").encode())
    assert report.date == dt.date(2023, 12, 26)


def test_declared_windows_1258(tmp_path: Path) -> None:
    body = "Quâ\u0323n \u0110ô\u0301ng \u0110a khen th\u01b0\u01a1\u0309ng m\u01b0\u01a1\u0300i tâ\u0323p thê\u0309 th\u01b0\u0323c hiê\u0323n tô\u0301t quy chê\u0301 dân chu\u0309 \u01a1\u0309 c\u01a1 s\u01a1\u0309."
    (report,), _ = read(
        tmp_path, f'<html><head><meta charset="windows-1258"></head><body><p>{body}</p></body></html>'.encode("cp1258")
    )
    assert "Quận Đống Đa khen thưởng mười tập thể" in report.body


@pytest.mark.parametrize("data", [b"<html></html>", b"<html><body><script>x()</script></body></html>", b"  "])
def test_a_page_without_text(tmp_path: Path, data: bytes) -> None:
    reports, told = read(tmp_path, data)
    assert not reports
    assert "holds no text" in str(told[0])


def test_a_very_small_page(tmp_path: Path) -> None:
    (report,), _ = read(tmp_path, "<p>Tối nay họp tổ.".encode())
    assert report.body == "Tối nay họp tổ."


@given(st.text(alphabet="<>/pdivha='\" &;!-àđ\n", max_size=120))
@settings(deadline=None, max_examples=60)
def test_any_markup(text: str) -> None:
    from vnsearch.corpus.html import read_html

    with contextlib.suppress(VnSearchError):
        read_html(text)


def test_trafilatura_is_imported_only_when_needed() -> None:
    code = "import sys, vnsearch.corpus; sys.exit('trafilatura' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], check=False).returncode == 0
