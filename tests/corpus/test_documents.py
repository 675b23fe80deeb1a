"""Reports as .docx, .odt and .pdf: what is read of them, and that nothing they hold does harm."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
import zipfile
from pathlib import Path

import made_documents as made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_documents import read

from vnsearch.errors import MissingExtraError, ReadError

for package in ("docx", "odfdo", "pypdfium2"):
    pytest.importorskip(package, reason="the extra documents is not installed")

OFFICE = {".docx": made.office_docx, ".odt": made.office_odt, ".pdf": made.office_pdf}


def refusal(path: Path) -> str:
    reports, (error,), _ = read(path)
    assert not reports
    assert type(error) is ReadError
    return str(error)


def plain(paragraphs):
    return [[(text, None)] for text in paragraphs]


def repacked(source: Path, target: Path, name: str, data: bytes) -> Path:
    """``source`` with another member of that name."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, data if member == name else old.read(member))
    return target


@pytest.mark.parametrize("kind", OFFICE)
def test_the_report_of_an_office(tmp_path: Path, kind: str) -> None:
    (report,), told, converted = read(OFFICE[kind](tmp_path / f"a{kind}"))
    assert (told, converted) == ([], [])
    assert report.title == made.TITLE
    assert report.date == dt.date(2019, 12, 13)
    between = " " if kind == ".pdf" else " | "
    assert report.body.split("\n\n") == [
        *made.LEFT,
        *made.RIGHT,
        made.KIND,
        made.SUBJECT,
        *made.BODY,
        *(between.join(row) for row in made.TABLE),
        made.CLOSING,
        *made.SIGNED[0],
        *made.SIGNED[1],
    ]


@pytest.mark.parametrize("kind", [".docx", ".odt"])
@pytest.mark.parametrize("encode", [made.tcvn3, made.vni])
def test_text_in_an_old_encoding_by_what_it_becomes(tmp_path: Path, kind: str, encode) -> None:
    texts = [text.lower() for text in (made.SUBJECT, *made.BODY, made.CLOSING)]
    write = made.docx_of if kind == ".docx" else made.odt_of
    (report,), _, converted = read(write(tmp_path / f"a{kind}", plain(map(encode, texts))))
    (original,), _, _ = read(write(tmp_path / f"b{kind}", plain(texts)))
    assert (report.title, report.body) == (original.title, original.body)
    assert converted == ["TCVN3" if encode is made.tcvn3 else "VNI"]


@pytest.mark.parametrize("kind", [".docx", ".odt"])
def test_fonts_say_the_encoding_of_each_run(tmp_path: Path, kind: str) -> None:
    write = made.docx_of if kind == ".docx" else made.odt_of
    runs = [
        (made.tcvn3("báo cáo"), ".VnTimeH"),
        (made.tcvn3(" họp "), ".VnTime"),
        (made.vni("Tổ dân"), "VNI-Times"),
        (" phố 5 café", "Arial"),
    ]
    (report,), _, converted = read(write(tmp_path / f"a{kind}", [runs]))
    assert report.body == "BÁO CÁO họp Tổ dân phố 5 café"
    assert converted == ["TCVN3", "VNI"]


def test_a_font_may_be_that_of_the_style(tmp_path: Path) -> None:
    import docx

    document = docx.Document()
    document.styles["Normal"].font.name = ".VnTime"
    document.styles.add_style("Chu hoa", 1).font.name = ".VnTimeH"
    document.add_paragraph(made.tcvn3("họp dân"), "Chu hoa")
    document.add_paragraph(made.tcvn3("ở cơ sở"))
    document.save(str(tmp_path / "a.docx"))
    (report,), _, _ = read(tmp_path / "a.docx")
    assert (report.title, report.body) == ("HỌP DÂN", "ở cơ sở")


def test_letters_that_unicode_shares_with_old_encodings_stay_in_a_font_that_was_never_chosen(tmp_path: Path) -> None:
    import docx

    document = docx.Document()
    document.styles["Normal"].font.name = ".VnTime"
    paragraphs = ["Danh sách các hộ góp công làm đường", "Ông Tô Hoài, bà Lê Hà, cô giáo Chi", "bác Bùi Đông, thôn Hạ"]
    for text in (*paragraphs[:2], made.tcvn3(paragraphs[2])):
        document.add_paragraph(text)
    document.save(str(tmp_path / "a.docx"))
    (report,), _, _ = read(tmp_path / "a.docx")
    assert [report.title, *report.body.split("\n\n")] == paragraphs


def test_a_decision_ends_its_title_before_who_decides_and_a_letter_is_called_by_its_subject(tmp_path: Path) -> None:
    import docx

    def title(*lines: str) -> tuple[str, object]:
        document = docx.Document()
        for line in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", *lines):
            document.add_paragraph(line)
        document.save(str(tmp_path / "a.docx"))
        (report,), _, _ = read(tmp_path / "a.docx")
        return report.title, report.date  # what python-docx says of the date is no date

    article = "Điều 1. Phê duyệt đề án làm đường liên thôn của phường Hoa Mai, kèm theo quyết định này."
    asked = "Để đường liên thôn làm xong trước mùa mưa, phường đề nghị các tổ dân phố họp bàn trong tuần này."
    decision = title("QUYẾT ĐỊNH", "Về việc phê duyệt đề án làm đường", "CHỦ TỊCH PHƯỜNG HOA MAI", article)
    assert decision == ("QUYẾT ĐỊNH Về việc phê duyệt đề án làm đường", None)
    letter = title("Số: 88/UBND-VP", "V/v họp bàn việc làm", "đường liên thôn", "Kính gửi: Các tổ dân phố", asked)
    assert letter == ("V/v họp bàn việc làm đường liên thôn", None)


def test_a_pdf_whose_words_change_fonts(tmp_path: Path) -> None:
    """As most Vietnamese ones do: the letters with marks come out of another font."""
    lines = [made.SUBJECT, *made.wrapped(made.CLOSING)]
    (report,), _, _ = read(made.pdf_of(tmp_path / "a.pdf", [lines], pieces=True))
    assert (report.title, report.body) == (made.SUBJECT, made.CLOSING)


def test_a_pdf_in_an_old_font(tmp_path: Path) -> None:
    line = "thường trực họp dân"
    (report,), _, converted = read(made.pdf_of(tmp_path / "a.pdf", [[made.tcvn3(line)]], font="ABCDEF+.VnTimeH,Bold"))
    assert (report.body, converted) == (line.upper(), ["TCVN3"])


def test_insertions_links_and_text_boxes_are_read_and_deletions_are_not(tmp_path: Path) -> None:
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    box = "<w:txbxContent><w:p><w:r><w:t>Trong khung</w:t></w:r></w:p></w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>Họp </w:t></w:r><w:ins><w:r><w:t>tổ </w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>khu </w:delText></w:r></w:del><w:hyperlink><w:r><w:t>dân phố</w:t></w:r></w:hyperlink>"
        f"<w:r><mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
        "</w:r></w:p><w:sdt><w:sdtContent><w:p><w:r><w:t>Ô nhập</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    data = f'<w:document xmlns:w="{w}" xmlns:mc="{mc}"><w:body>{body}</w:body></w:document>'.encode()
    path = repacked(made.office_docx(tmp_path / "b.docx"), tmp_path / "a.docx", "word/document.xml", data)
    (report,), _, _ = read(path)
    assert f"{report.title}\n\n{report.body}".split("\n\n") == ["Họp tổ dân phố", "Trong khung", "Ô nhập"]


NEWS = ["Tin tức của phường", "Phường Hoa Mai khen thưởng 12 tổ dân phố", *made.BODY[::2]]


def test_properties_are_believed_where_they_are_likely(tmp_path: Path) -> None:
    path = made.docx_of(
        tmp_path / "a.docx",
        plain(NEWS),
        title=NEWS[1],
        author="Trần Thị Bến",
        modified=dt.datetime(2021, 5, 6, tzinfo=dt.timezone.utc),
    )
    (report,), _, _ = read(path)
    assert (report.title, report.author, report.date) == (NEWS[1], "Trần Thị Bến", dt.date(2021, 5, 6))
    path = made.docx_of(
        tmp_path / "b.docx",
        plain(NEWS),
        title="Báo cáo kết quả năm 2018",
        author="Windows User",
        modified=dt.datetime(1980, 1, 1, tzinfo=dt.timezone.utc),
    )
    (report,), _, _ = read(path)
    assert (report.title in NEWS, report.author, report.date) == (True, None, None)
    # Word proposes the first line for a title.
    path = made.docx_of(
        tmp_path / "c.docx", plain([*made.RIGHT, made.KIND, made.SUBJECT, *made.BODY]), title=made.RIGHT[0]
    )
    assert read(path)[0][0].title == made.TITLE
    path = made.pdf_of(tmp_path / "a.pdf", [NEWS], info="/CreationDate(D:20210506090000+07'00')/Title(Microsoft Word)")
    (report,), _, _ = read(path)
    assert (report.title in NEWS, report.date) == (True, dt.date(2021, 5, 6))
    (report,), _, _ = read(made.odt_of(tmp_path / "a.odt", plain(NEWS), title=NEWS[1]))
    assert report.title == NEWS[1]


def test_paragraphs_go_on_from_line_to_line_and_page_to_page(tmp_path: Path) -> None:
    from vnsearch.corpus.pdf import join_lines

    paragraphs = [*made.BODY[::2], "- Tổ 12: hai mươi hộ.", made.CLOSING]
    assert join_lines([line for text in paragraphs for line in made.wrapped(text, 50)]) == paragraphs
    assert join_lines(["Công nghệ block-", "chain, an sinh xã-", "hội"]) == ["Công nghệ blockchain, an sinh xã-hội"]
    lines = made.wrapped(made.CLOSING, 50)
    header = "Bản tin phường Hoa Mai"
    pages = [[header, NEWS[1], lines[0], "1"], [header, *lines[1:], "2"], [header, made.BODY[0][:70], "Trang 3/3"]]
    (report,), _, _ = read(made.pdf_of(tmp_path / "a.pdf", pages))
    assert (report.title, report.body) == (NEWS[1], f"{made.CLOSING}\n\n{made.BODY[0][:70]}")


@pytest.mark.parametrize("kind", OFFICE)
def test_damaged_files(tmp_path: Path, kind: str) -> None:
    whole = OFFICE[kind](tmp_path / f"a{kind}").read_bytes()
    for name, data in (("cut", whole[: len(whole) // 2]), ("text", b"Xin"), ("empty", b"")):
        path = tmp_path / f"{name}{kind}"
        path.write_bytes(data)
        assert "damaged" in refusal(path)


@pytest.mark.parametrize("kind", OFFICE)
def test_any_damage_is_a_refusal_or_a_report(tmp_path_factory: pytest.TempPathFactory, kind: str) -> None:
    folder = tmp_path_factory.mktemp("damage")
    whole = OFFICE[kind](folder / f"a{kind}").read_bytes()

    @settings(deadline=None, max_examples=40)
    @given(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), min_size=1, max_size=20))
    def damage(changes: list[tuple[int, int]]) -> None:
        data = bytearray(whole)
        for place, byte in changes:
            data[place] = byte
        (folder / f"b{kind}").write_bytes(data)
        reports, told, _ = read(folder / f"b{kind}")
        assert len(reports) + len(told) == 1
        assert all(isinstance(error, ReadError) for error in told)

    damage()


def test_files_without_text(tmp_path: Path) -> None:
    assert "no text layer" in refusal(made.pdf_of(tmp_path / "a.pdf", [[], []]))
    assert "holds no text" in refusal(made.docx_of(tmp_path / "a.docx", []))
    assert "holds no text" in refusal(made.odt_of(tmp_path / "a.odt", []))


def test_encrypted_files(tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf", reason="pypdf, which encrypts here, is not installed")
    made.office_pdf(tmp_path / "a.pdf")
    for name, password in (("locked.pdf", "mật khẩu"), ("open.pdf", "")):
        writer = pypdf.PdfWriter(clone_from=tmp_path / "a.pdf")
        writer.encrypt(user_password=password, owner_password="x", algorithm="RC4-128")
        writer.write(tmp_path / name)
    assert "encrypted" in refusal(tmp_path / "locked.pdf")
    assert read(tmp_path / "open.pdf")[0][0].title == made.TITLE  # what it forbids is printing
    (tmp_path / "b.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    assert "encrypted" in refusal(tmp_path / "b.docx")
    manifest = b"<manifest><encryption-data/></manifest>"
    path = repacked(made.office_odt(tmp_path / "a.odt"), tmp_path / "b.odt", "META-INF/manifest.xml", manifest)
    assert "encrypted" in refusal(path)


def test_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from vnsearch.corpus import documents, pdf

    good = made.office_docx(tmp_path / "a.docx")
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    laughs = f'<!DOCTYPE d [<!ENTITY a0 "ha ha ha">{entities}]><d>&a9;</d>'.encode()
    deep = b"<d>" * 100_000 + b"</d>" * 100_000
    for number, data in enumerate((laughs, deep)):
        assert "damaged" in refusal(repacked(good, tmp_path / f"{number}.docx", "word/document.xml", data))
        path = repacked(made.office_odt(tmp_path / "a.odt"), tmp_path / f"{number}.odt", "content.xml", data)
        assert "damaged" in refusal(path)
    monkeypatch.setattr(documents, "UNPACKED_BYTES", 10_000)
    assert "once unpacked" in refusal(good)
    monkeypatch.setattr(documents, "FILE_BYTES", 1_000)
    assert "bytes; of a document 1,000 are read" in refusal(good)
    monkeypatch.setattr(documents, "FILE_BYTES", 1_000_000)
    long = made.office_pdf(tmp_path / "a.pdf")
    monkeypatch.setattr(pdf, "UNPACKED_BYTES", 100)
    assert "a stream in it" in refusal(long)
    monkeypatch.setattr(pdf, "UNPACKED_BYTES", 10_000)
    monkeypatch.setattr(pdf, "PAGES", 2)
    assert "3 pages" in refusal(long)
    monkeypatch.setattr(pdf, "PAGES", 3)
    monkeypatch.setattr(pdf, "SECONDS", -1.0)
    assert "to read" in refusal(long)


def test_what_repeats_in_an_odt_is_not_unrolled(tmp_path: Path) -> None:
    made.office_odt(tmp_path / "a.odt")
    with zipfile.ZipFile(tmp_path / "a.odt") as package:
        content = package.read("content.xml")
    start = content.index(b"<office:text")
    text = (
        '<office:text><text:p>Họp<text:s text:c="2000000000"/>dân</text:p><table:table><table:table-row '
        'table:number-rows-repeated="100000000"><table:table-cell table:number-columns-repeated="1000000"><text:p>'
        "12 hộ</text:p></table:table-cell></table:table-row></table:table></office:text></office:body></office:document-content>"
    )
    path = repacked(tmp_path / "a.odt", tmp_path / "b.odt", "content.xml", content[:start] + text.encode())
    (report,), _, _ = read(path)
    assert len(report.title) < 50
    assert report.body == "12 hộ"


@pytest.mark.parametrize("kind", OFFICE)
def test_without_the_extra_it_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    path = OFFICE[kind](tmp_path / f"a{kind}")
    for name in ("docx", "odfdo", "pypdfium2"):
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.delitem(sys.modules, f"vnsearch.corpus.{kind[1:]}", raising=False)
    reports, (error,), _ = read(path)
    assert not reports
    assert isinstance(error, MissingExtraError)
    assert 'pip install "vnsearch[documents]"' in str(error)


def test_they_are_imported_only_when_needed() -> None:
    code = "import sys, vnsearch.corpus; sys.exit(any(name in sys.modules for name in ('docx', 'odfdo', 'pypdfium2', 'lxml')))"
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], check=False).returncode == 0
