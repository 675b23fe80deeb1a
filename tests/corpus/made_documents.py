"""Documents made for tests: the shape of an office's report, as .docx, .odt and .pdf; and text written in TCVN3 and VNI."""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Sequence
from pathlib import Path

from vnsearch import Report
from vnsearch.corpus import read_corpus

LEFT = ["ỦY BAN NHÂN DÂN", "PHƯỜNG HOA MAI", "Số: 123/BC-UBND"]
RIGHT = [
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "Độc lập - Tự do - Hạnh phúc",
    "Hoa Mai, ngày 13 tháng 12 năm 2019",
]
KIND, SUBJECT = "BÁO CÁO", "Kết quả thực hiện quy chế dân chủ ở cơ sở năm 2019"
TITLE = f"{KIND} {SUBJECT}"
BODY = [
    "Thực hiện Kế hoạch số 63/KH-UBND của Ủy ban nhân dân phường, ban chỉ đạo báo cáo kết quả một năm như sau.",
    "I. KẾT QUẢ ĐẠT ĐƯỢC",
    "Toàn phường có 46 trên 52 tổ dân phố họp bàn, công khai thu chi, để người dân giám sát việc xây dựng ngõ xóm.",
]
TABLE = [["TT", "Tổ dân phố", "Số hộ"], ["1", "Tổ Đông Đình", "120"], ["2", "Tổ Bến Gỗ", "95"]]
CLOSING = "Trên đây là báo cáo của phường, kính đề nghị quận xem xét, cho ý kiến chỉ đạo để phường thực hiện."
SIGNED = [["Nơi nhận:", "- Quận ủy;"], ["TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH", "Trần Thị Bến"]]

# Written by hand from the tables of both encodings, not from ours.
TCVN3_NATION = "Céng hoµ x· héi chñ nghÜa ViÖt Nam"
VNI_NATION = "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam"


def tcvn3(text: str) -> str:
    """``text`` as TCVN3 writes it, read as Western European; it has no other marked capitals than Ă Â Đ Ê Ô Ơ Ư."""
    from vnsearch.corpus.legacy import _TCVN3

    table = {unicode: chr(code) for code, unicode in _TCVN3.items()}
    return unicodedata.normalize("NFC", text).translate(str.maketrans({chr(u): code for u, code in table.items()}))


def vni(text: str) -> str:
    """``text`` as VNI writes it, read as Western European."""
    from vnsearch.corpus.legacy import _VNI

    table = {letter: written for written, letter in _VNI.items() if written.islower()}
    table |= {letter.upper(): written.upper() for letter, written in table.items()}
    return "".join(table.get(char, char) for char in unicodedata.normalize("NFC", text))


def office_docx(path: Path) -> Path:
    """The report of an office as a .docx: its heading in a table, a table of figures, a text box's worth of signatures."""
    import docx

    document = docx.Document()
    masthead = document.add_table(1, 2)
    for cell, lines in zip(masthead.rows[0].cells, (LEFT, RIGHT), strict=True):
        cell.text = "\n".join(lines)
    for text in (KIND, SUBJECT, *BODY):
        document.add_paragraph(text)
    table = document.add_table(0, 3)
    for row in TABLE:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.add_paragraph(CLOSING)
    signatures = document.add_table(1, 2)
    for cell, lines in zip(signatures.rows[0].cells, SIGNED, strict=True):
        cell.text = lines[0]
        for line in lines[1:]:
            cell.add_paragraph(line)
    document.sections[0].footer.paragraphs[0].text = "Trang 1"
    document.save(str(path))
    return path


def docx_of(path: Path, paragraphs: Sequence[Sequence[tuple[str, str | None]]], **properties: object) -> Path:
    """A .docx of paragraphs, each of runs (text, font)."""
    import docx

    document = docx.Document()
    for runs in paragraphs:
        paragraph = document.add_paragraph()
        for text, font in runs:
            run = paragraph.add_run(text)
            if font:
                run.font.name = font
    for name, value in properties.items():
        setattr(document.core_properties, name, value)
    document.save(str(path))
    return path


def odt_of(path: Path, paragraphs: Sequence[Sequence[tuple[str, str | None]]], title: str | None = None) -> Path:
    """An .odt of paragraphs, each of runs (text, font)."""
    import odfdo

    document = odfdo.Document("text")
    document.body.clear()
    for runs in paragraphs:
        paragraph = odfdo.Paragraph()
        for text, font in runs:
            if font:
                style = document.insert_style(
                    odfdo.Style("text", area="text", **{"style:font-name": font}), automatic=True
                )
                paragraph.append(odfdo.Span(text, style=style))
            else:
                paragraph.append_plain_text(text)
        document.body.append(paragraph)
    if title:
        document.meta.title = title
    document.save(str(path))
    return path


def office_odt(path: Path) -> Path:
    """The report of an office as an .odt."""
    import odfdo

    def table(name: str, rows: Sequence[Sequence[str | list[str]]]) -> odfdo.Table:
        made = odfdo.Table(name, width=len(rows[0]), height=len(rows))
        for y, row in enumerate(rows):
            for x, lines in enumerate(row):
                cell = odfdo.Cell()
                for line in [lines] if isinstance(lines, str) else lines:
                    cell.append(odfdo.Paragraph(line))
                made.set_cell((x, y), cell)
        return made

    document = odfdo.Document("text")
    body = document.body
    body.clear()
    body.append(table("masthead", [[LEFT, RIGHT]]))
    for text in (KIND, SUBJECT, BODY[0]):
        body.append(odfdo.Paragraph(text))
    body.append(odfdo.Header(1, BODY[1]))
    body.append(odfdo.Paragraph(BODY[2]))
    body.append(table("figures", TABLE))
    body.append(odfdo.Paragraph(CLOSING))
    body.append(table("signatures", [SIGNED]))
    document.save(str(path))
    return path


def wrapped(text: str, width: int = 78) -> list[str]:
    """Lines as a page of that many letters a line would have them."""
    import textwrap

    return textwrap.wrap(text, width, break_on_hyphens=False)


def pdf_of(
    path: Path, pages: Sequence[Sequence[str]], *, font: str | None = None, pieces: bool = False, info: str = ""
) -> Path:
    """A .pdf with a line of text for each line; ``font`` is one of Western European letters by that name.

    ``pieces``: a few letters are drawn at a time, in two fonts by turns, as programs do whose font lacks some of them.
    """
    objects: list[bytes] = []

    def add(content: bytes) -> int:
        objects.append(content)
        return len(objects)

    def stream(data: bytes) -> bytes:
        packed = zlib.compress(data)
        return b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(packed), packed)

    catalog, tree = add(b""), add(b"")
    if font is None:
        to_unicode = stream(
            b"begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
            b"1 beginbfrange <0000> <FFFF> <0000> endbfrange endcmap"
        )
        number = add(to_unicode)
        descendant = add(b"<</Type/Font/Subtype/CIDFontType2/BaseFont/Serif/CIDSystemInfo<<>>/DW 500>>")
        fonts = add(
            b"<</Type/Font/Subtype/Type0/BaseFont/Serif/Encoding/Identity-H/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>"
            % (descendant, number)
        )
    else:
        fonts = add(b"<</Type/Font/Subtype/TrueType/BaseFont/%s/Encoding/WinAnsiEncoding>>" % font.encode())
    kids = []
    for lines in pages:
        codec = "utf-16-be" if font is None else "cp1252"
        drawn = b"".join(b"<%s> Tj T*\n" % line.encode(codec).hex().encode() for line in lines)
        if pieces:
            drawn = b"".join(
                b"ET BT /F%d 12 Tf 1 0 0 1 %d %d Tm <%s> Tj\n"
                % (1 + x % 2, 72 + 6 * x, 760 - 14 * y, line[x : x + 3].encode(codec).hex().encode())
                for y, line in enumerate(lines)
                for x in range(0, len(line), 3)
            )
        content = add(stream(b"BT /F1 12 Tf 14 TL 72 760 Td\n%sET" % drawn))
        kids.append(
            add(
                b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 612 842]/Contents %d 0 R/Resources<</Font<</F1 %d 0 R/F2 %d 0 R>>>>>>"
                % (tree, content, fonts, fonts)
            )
        )
    objects[catalog - 1] = b"<</Type/Catalog/Pages %d 0 R>>" % tree
    objects[tree - 1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids))
    told = add(b"<<%s>>" % info.encode("latin-1"))
    data = b"%PDF-1.7\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"trailer<</Size %d/Root %d 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        catalog,
        told,
        start,
    )
    path.write_bytes(data)
    return path


def office_pdf(path: Path) -> Path:
    """The report of an office as a .pdf of three pages, with a header, a footer and page numbers."""
    body = [line for text in (*BODY, *(" ".join(row) for row in TABLE), CLOSING) for line in wrapped(text)]
    pages = [[*LEFT, *RIGHT, KIND, SUBJECT, *body[:5]], body[5:8], [*body[8:], *SIGNED[0], *SIGNED[1]]]
    return pdf_of(
        path,
        [["UBND phường Hoa Mai - Báo cáo năm 2019", *page, f"- {number} -"] for number, page in enumerate(pages, 1)],
    )


def read(path: Path) -> tuple[list[Report], list[Exception], list[str]]:
    """The reports of a file, the errors told, and the encodings it was converted from."""
    told: list[Exception] = []
    converted: list[str] = []
    reports = list(
        read_corpus(
            path, on_error=lambda _, error: told.append(error), on_converted=lambda _, name: converted.append(name)
        )
    )
    return reports, told, converted
