"""Pages saved as text: every case file, in every encoding and spelling, and laws that hold for any page."""

from __future__ import annotations

import datetime as dt
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vnsearch import Report
from vnsearch.corpus import read_corpus
from vnsearch.corpus.page import read_page

CASES = Path(__file__).parent.parent / "cases" / "pages"
NAMES = sorted(path.stem for path in CASES.glob("*.json"))


def load(name: str) -> tuple[str, dict]:
    case = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return (CASES / f"{name}.txt").read_text(encoding="utf-8"), case["expected"]


def as_expected(page) -> dict:
    return {
        "title": page.title,
        "date": page.date.isoformat() if page.date else None,
        "author": page.author,
        "source": page.source,
        "category": page.category,
        "body": page.body.split("\n\n"),
    }


def test_there_are_cases() -> None:
    assert len(NAMES) >= 30


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str) -> None:
    text, expected = load(name)
    assert as_expected(read_page(text)) == expected


@pytest.mark.parametrize("name", NAMES)
def test_decomposed_text_is_read_the_same_and_left_decomposed(name: str) -> None:
    text, expected = load(name)
    got = as_expected(read_page(unicodedata.normalize("NFD", text)))
    for field in ("title", "body"):  # as written; what is picked out of other lines is composed
        expected[field] = json.loads(unicodedata.normalize("NFD", json.dumps(expected[field], ensure_ascii=False)))
    assert got == expected


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_and_line_ends(name: str, encoding: str, tmp_path: Path) -> None:
    text, expected = load(name)
    (tmp_path / "tin.txt").write_bytes(text.replace("\n", "\r\n").encode(encoding))
    (report,) = read_corpus(tmp_path, on_error=raise_it)
    assert as_expected(report) == expected


@pytest.mark.parametrize("name", NAMES)
def test_windows_1258(name: str, tmp_path: Path) -> None:
    text, expected = load(name)
    try:
        data = to_1258(text)
    except UnicodeEncodeError:
        pytest.skip("this page has characters that windows-1258 has not")
    (tmp_path / "tin.txt").write_bytes(data)
    (report,) = read_corpus(tmp_path, on_error=raise_it)
    assert as_expected(report) == expected


def to_1258(text: str) -> bytes:
    """Encode as Windows does: letters with their marks, tones apart."""
    return b"".join(one_1258(char) for char in unicodedata.normalize("NFC", text))


def one_1258(char: str) -> bytes:
    try:
        return char.encode("cp1258")
    except UnicodeEncodeError:
        bare = unicodedata.normalize("NFD", char)
        tone = next((c for c in bare if c in "\u0300\u0301\u0303\u0309\u0323"), None)
        if tone is None:
            raise
        return unicodedata.normalize("NFC", bare.replace(tone, "")).encode("cp1258") + tone.encode("cp1258")


def raise_it(path: Path, error: Exception) -> None:
    raise error


# -- the five real pages: shapes only, none of their text is in this project

SEED_FACTS = {
    "000": ("Bắc Từ Liêm: Khen thưởng 13 tập thể", dt.date(2023, 12, 26), "Hiền Phương", 9),
    "001": ("Quận Đống Đa khen thưởng 10 tập thể", None, "X.Sinh", 14),
    "002": ("Quận Tân Phú: Phát huy vai trò", dt.date(2025, 1, 15), "Quốc Cường", 8),
    "003": ("Quận Đống Đa tăng cường, đổi mới", dt.date(2019, 12, 13), "Nguyên Bảo", 5),
    "004": ("Ngày 5/11, quận Ba Đình", None, "Trung Hiếu", 5),
}
FURNITURE = (
    "Bình luận", "Đừng bỏ lỡ", ".jpg", "Lượt xem", "Ý kiến bạn đọc", "Mã xác thực", "Online",
    "Thống kê:", "Bình chọn", "Không sao chép",
)  # fmt: skip


def test_real_pages(seeds: Path) -> None:
    reports = {report.id[:3]: report for report in read_corpus(seeds, on_error=raise_it)}
    assert sorted(reports) == sorted(SEED_FACTS)
    for name, (title, date, author, paragraphs) in SEED_FACTS.items():
        report = reports[name]
        assert report.title.startswith(title)
        assert (report.date, report.author) == (date, author)
        assert len(report.body.split("\n\n")) == paragraphs
        assert report.title not in report.body.split("\n\n")
        for phrase in FURNITURE:
            assert phrase not in report.body
        source = (seeds / report.id).read_text(encoding="utf-8")
        for line in source.split("\n"):  # every paragraph of running text survives as it was written
            if len(line) >= 150 and line.strip() != report.title:
                assert line.strip(" \xa0") in report.body
    assert len(reports["004"].title) <= 120
    assert reports["004"].title.endswith("…")


# -- laws

SENTENCES = st.sampled_from(
    [
        "Người dân bình luận sôi nổi về dự thảo, nhiều ý kiến được ghi vào biên bản ngay tại chỗ.",
        "Thống kê: trong năm có 1.200 lượt người đến nhà văn hóa, tăng gấp đôi so với năm ngoái.",
        "Cuộc họp được truyền online đến 12 tổ dân phố; ai vắng có thể xem lại bất cứ lúc nào.",
        "Tin khác mà bà con mong là con đường liên thôn sẽ được đổ bê tông trước mùa mưa năm nay.",
        "Theo dõi trên Zalo, các hộ biết ngay lịch thu gom rác và chia sẻ cho nhau cách phân loại.",
        "Bản quyền của bài hát thuộc về nhạc sĩ trong xã, người đã tặng nó cho đội văn nghệ thôn.",
        "Ngày 12/5/2023, thôn khánh thành cây cầu dài 18 mét do chính người dân góp công xây dựng.",
        "Đánh giá của ban giám khảo là khách quan, công tâm, được cả bốn đội dự thi cùng đồng tình.",
        "Xem thêm ảnh cưới thời bao cấp, nhiều người trẻ ngạc nhiên vì sao cô dâu lại mặc áo trắng.",
        "Đừng bỏ lỡ mùa hoa ban là lời nhắn của những người làm du lịch cộng đồng ở bản vùng cao.",
    ]
)
TAIL = st.lists(
    st.sampled_from(
        ["Lan Chi", "(0) Bình luận", "Tin khác", "Chia sẻ", "Lượt xem: 12", "Online: 3", "© 2023 Báo Hoa Mai", "ha.jpg",
         "Đường hoa của tổ 5", "Từ khóa: dân vận", "Gửi bình luận", "Đọc nhiều", "12/05/2023 08:00", "Trở về"]
    ),
    max_size=6,
)  # fmt: skip
HEAD = st.lists(
    st.sampled_from(
        [
            "Trang chủ",
            "Chính trị",
            "Thứ hai, 15/5/2023, 08:00 (GMT+7)",
            "Minh Châu",
            "Chia sẻ Facebook Zalo",
            "0",
            "Đọc nhiều",
        ]
    ),
    max_size=4,
)
BETWEEN = st.sampled_from(["", "Kết quả", "anh-1.webp", "Cổng chào của thôn", "Xem thêm: Thôn Đông mở hội"])


@given(HEAD, st.lists(st.tuples(SENTENCES, BETWEEN), min_size=2, max_size=6), TAIL)
@settings(deadline=None, max_examples=200)
def test_every_paragraph_of_running_text_survives(head, middle, tail) -> None:
    lines = [*head, "Thôn Hoa Mai làm cầu, trồng hoa, đọc sách"]
    for sentence, between in middle:
        lines += ["", sentence, "", between]
    page = read_page("\n".join([*lines, *tail]))
    for sentence, _ in middle:
        assert sentence in page.body
    for phrase in ("(0) Bình luận", "Online: 3", "Gửi bình luận", "anh-1.webp", "Chia sẻ Facebook"):
        assert phrase not in page.body


@given(st.text(max_size=400))
@settings(deadline=None, max_examples=300)
def test_any_text_is_read_and_nothing_written_is_lost_entirely(text: str) -> None:
    page = read_page(text)
    if text.strip(" \t\n\r\xa0\u200b\u200e\u200f\ufeff\f\v\u3000\u2003\u2002\u2009\u202f\x1c\x1d\x1e\x1f\x85"):
        assert page.body.strip() or page.title


@given(st.lists(st.text(alphabet="ạ bđ.:/1-()|>#,", max_size=60), max_size=12))
@settings(deadline=None, max_examples=300)
def test_lines_of_odd_signs(lines: list[str]) -> None:
    read_page("\n".join(lines))


@pytest.mark.parametrize(
    "line", ["a " * 90, "chia se " * 30, "1 2 " * 60, "tin " * 60, "(" * 200, "/ " * 100, "thu hai " * 40, "A-" * 100]
)
def test_no_pattern_runs_away(line: str) -> None:
    read_page(f"{line}!\n{line}\n{line}.vn")  # a pattern that backtracks without end would hang here


@given(st.binary(max_size=400), st.sampled_from(["a.txt", "a.md", "a.jsonl", "a.json", "a.csv", "a.tsv", "a"]))
@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_become_reports_or_errors_that_are_told(tmp_path: Path, data: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    told: list[Exception] = []
    reports = list(read_corpus(path, on_error=lambda _, error: told.append(error)))
    assert reports or told
    assert all(isinstance(report, Report) for report in reports)
    from vnsearch.errors import VnSearchError

    assert all(isinstance(error, VnSearchError) for error in told)


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("Mua hai cân cam", "Mua hai cân cam", "Mua hai cân cam"),
        ("Ghi chú họp\n\nTối nay họp.", "Ghi chú họp", "Tối nay họp."),
        ("Bình luận", "Bình luận", "Bình luận"),
        ("Chiều qua mưa to. Sáng nay nắng.", "Chiều qua mưa to", "Chiều qua mưa to. Sáng nay nắng."),
    ],
)
def test_notes_survive_whole(text: str, title: str, body: str) -> None:
    page = read_page(text)
    assert (page.title, page.body) == (title, body)


def test_no_headline_gives_the_first_sentence_cut_at_a_word() -> None:
    text = "Sáng nay, " + "phường tổ chức hội nghị, " * 12 + "đông đủ bà con."
    page = read_page(text)
    assert len(page.title) <= 120
    assert page.title.endswith("…")
    assert text.startswith(page.title[:-1])
    assert page.body == text


def test_text_wrapped_at_a_width_stays_one_paragraph() -> None:
    text = "Tin xã Đông\n\nSáng 12/5, xã Đông tổ chức ra quân làm đường với sự\ntham gia của hơn 300 người dân ở năm thôn trong xã,\nkéo dài đến trưa."
    assert read_page(text).body.count("\n\n") == 0


def test_a_day_without_a_year_is_no_date() -> None:
    assert (
        read_page("Tin\n\nChiều 22/12, quận tổng kết công tác năm 2022 với sự tham dự của 120 đại biểu.").date is None
    )


def test_an_impossible_day_is_no_date() -> None:
    assert (
        read_page(
            "Tin hội nghị của phường\nNgày đăng 31/02/2024\n\nSáng nay, phường họp bàn việc làm đường với 120 đại biểu dự."
        ).date
        is None
    )
