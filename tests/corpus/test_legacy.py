"""TCVN3 and VNI are read as what they were; nothing else is touched."""

from __future__ import annotations

import itertools
import json
import logging
import lzma
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_documents import BODY, CLOSING, SUBJECT, TCVN3_NATION, VNI_NATION, read, tcvn3, vni

from vnsearch.corpus import read_corpus, samples_path
from vnsearch.corpus.encoding import decode
from vnsearch.corpus.legacy import convert, convert_runs, is_legacy_font
from vnsearch.corpus.legacy_markup import convert_markup
from vnsearch.errors import ReadError
from vnsearch.text.letters import MARKED_LETTERS

ROOT = Path(__file__).parents[2]
SHARED = Path("/work/shared/data")
SAMPLES = sorted(
    path for path in samples_path().rglob("*") if path.suffix in (".txt", ".md", ".html", ".jsonl", ".csv")
)
SENTENCES = [SUBJECT, *BODY, CLOSING]

# Everyday sentences, with as many marked letters as their languages have.
FOREIGN = [
    "Le thé né à l'été, où l'élève préfère être reçu, n'a guère gêné la fête du café théâtre à Orléans.",
    "Déjà vu: l'hôtel où naît la mère du maître a brûlé près de la forêt; la fenêtre était fermée, hélas!",
    "Die Bürger hören über die Straße schöne Lieder; für Jürgen war die Tür größer als üblich, natürlich.",
    "El niño comió más piñas que él; aquí, en la montaña, el señor Núñez soñó con su país y su corazón.",
    "Příliš žluťoučký kůň úpěl ďábelské ódy, a v údolí zní píseň o létě, které už dávno není.",
    "Zażółć gęślą jaźń, a później idź nad wodę, bo tam śpiewają słowiki i płynie łódź rybacka.",
    "São três irmãos: João, Inês e Antônio; não há pão, há só maçãs, água e avós à mesa, à toa.",
    "Perché la città è così? Là già c'è più virtù che gioventù, però nessuno lo può dire.",
    "På ön är åsnor få, och öl är dyrt; én må gå før snøen, så går vi på café i Malmö.",
    "Sắc lệnh № 5 § 12: 50 µm ± 2 µm · 10 °C · ½ giờ · ¼ lít « x » © ® ¥ 100 £ 5 ¤",
    "ã õ ñ á à â ä å æ ç é è ê ë í ì î ï ó ò ô ö ø ù ú û ü ý ÿ",
    "Cô có con. Bà và cô là bé. Có là có, ai hòa và là bà? À, là hè, hè và hè!",
]


def lowered(text: str) -> str:
    """``text`` in the letters that TCVN3 can hold: of marked capitals those that have no tone."""
    return "".join(c if c in "ĂÂĐÊÔƠƯ" or c not in MARKED_LETTERS else c.lower() for c in text)


def western(text: str) -> bool:
    """Whether a text has letters or signs that both encodings have other uses for."""
    return any("\xa0" < c <= "\xff" and c not in MARKED_LETTERS for c in text)


def test_the_name_of_the_nation() -> None:
    assert convert(TCVN3_NATION).text == "Cộng hoà xã hội chủ nghĩa Việt Nam"
    assert convert(VNI_NATION).text == "Cộng hòa xã hội chủ nghĩa Việt Nam"
    assert convert(VNI_NATION.upper()).text == "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
    assert (convert(TCVN3_NATION).encodings, convert(VNI_NATION).encodings) == ({"TCVN3"}, {"VNI"})


def test_every_letter_has_its_place() -> None:
    """Against the alphabet, not against our tables: what is encoded stays apart, and comes back in fonts that say so."""
    held = [letter for letter in MARKED_LETTERS if lowered(letter) == letter]
    assert len({tcvn3(letter) for letter in held}) == len(held) == 74
    assert len({vni(letter) for letter in MARKED_LETTERS}) == len(MARKED_LETTERS) == 134
    for letter in MARKED_LETTERS:
        assert convert_runs([(vni(letter), "VNI-Times")]).text == letter
        assert convert_runs([(tcvn3(letter.lower()), ".VnTime")]).text == letter.lower()
        assert convert_runs([(tcvn3(letter.lower()), ".VnTimeH")]).text == letter.upper()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_the_sample_reports(path: Path) -> None:
    text = unicodedata.normalize("NFC", decode(path.read_bytes()).text)
    assert convert(text).text is text
    for line in text.split("\n"):
        assert convert(line).text is line
    plain = "\n".join(line for line in text.split("\n") if not western(line))
    assert convert(vni(plain)).text == plain
    assert convert(tcvn3(lowered(plain))).text == lowered(plain)


@given(st.lists(st.sampled_from([word for text in SENTENCES for word in text.split()]), min_size=12))
def test_any_vietnamese_words(words: list[str]) -> None:
    text = " ".join([*words, *SENTENCES])
    for encoded, plain in ((vni(text), text), (tcvn3(lowered(text)), lowered(text))):
        assert convert(encoded).text == plain
        assert convert(plain).text is plain


@pytest.mark.parametrize("text", FOREIGN)
def test_other_languages_and_signs_stay(text: str) -> None:
    assert convert(text).text is text
    assert convert("\n".join([text] * 3)).encodings == frozenset()
    assert convert(text.upper()).encodings == frozenset()


def test_all_of_them_together_stay() -> None:
    text = "\n".join(FOREIGN)
    assert convert(text).text is text


def test_source_code_stays() -> None:
    for path in sorted((ROOT / "src").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if path.stem not in ("legacy", "legacy_markup"):  # they show what they convert
            assert not convert(text).encodings, path


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    converted = convert(text)
    assert converted.encodings or converted.text is text
    assert convert_markup(text).encodings or convert_markup(text).text is text


@pytest.mark.parametrize("encode", [tcvn3, vni])
def test_a_file_that_was_gone_on_with_in_unicode(encode) -> None:
    old, new = [lowered(text) for text in SENTENCES[:3]], SENTENCES[3:]
    text = "\n".join([*map(encode, old), *new, FOREIGN[0], encode("họp dân")])
    assert convert(text).text == "\n".join([*old, *new, FOREIGN[0], "họp dân"])


def test_fonts_are_told_by_their_names() -> None:
    assert all(map(is_legacy_font, (".VnTime", ".VNARIALH", "VNI-Times", "VNI Helve", "QWERTY+.VnTimeH,Bold")))
    assert not any(map(is_legacy_font, ("Times New Roman", "Vni", "UVnTime", "", None)))


def test_unicode_in_an_old_font_stays() -> None:
    """Programs draw it in another font, and nobody sees that the font is wrong."""
    runs = [("Có ", ".VnTime"), ("mưa ở quận", ".VnTime")]
    assert convert_runs(runs).text == "Có mưa ở quận"


def test_a_letter_and_its_mark_in_two_runs() -> None:
    assert convert_runs([("Vie", "VNI-Times"), ("ät", "VNI-Times")]).text == "Việt"


def test_a_horn_that_a_program_took_for_a_hyphen() -> None:
    text = "như thường, Hưng Yên - số 12/BC-UBND, kinh-tế"
    assert convert_runs([(tcvn3(text).replace("\u00ad", "-"), ".VnTime")]).text == text


def test_characters_of_a_symbol_font() -> None:
    assert convert_runs([("h\uf0e9i", ".VnTime")]).text == "hội"


PAGE = '<html><body><p class="a">{}</p><p style="font-family:\'.VnTimeH\'">{}<b> 12</b></p></body></html>'


def test_html_by_font_and_by_text() -> None:
    written = PAGE.format(tcvn3(lowered(SUBJECT)), tcvn3("ủy ban"))
    converted = convert_markup(written)
    assert converted.text == PAGE.format(lowered(SUBJECT), "ỦY BAN")
    assert converted.encodings == {"TCVN3"}
    entities = "".join(f"&#{ord(c)};" if c > "\x7f" else c for c in vni(SUBJECT))
    assert convert_markup(f"<p>{entities}</p>").text == f"<p>{SUBJECT}</p>"
    ordinary = PAGE.format(SUBJECT, "Có mưa &amp; caf&eacute;")
    assert convert_markup(ordinary).text is ordinary


@pytest.mark.parametrize(("encode", "name"), [(tcvn3, "TCVN3"), (vni, "VNI")])
@pytest.mark.parametrize("codec", ["cp1252", "utf-8"])
def test_text_files_in_an_old_encoding(tmp_path: Path, encode, name: str, codec: str) -> None:
    text = "\n\n".join(text.lower() for text in (SUBJECT, *BODY, CLOSING))
    for file, content in (("a.txt", encode(text)), ("a.html", f"<html><body><p>{encode(text)}</p></body></html>")):
        if file == "a.html":
            pytest.importorskip("trafilatura", reason="the extra html is not installed", exc_type=ImportError)
        (tmp_path / file).write_bytes(content.encode(codec))
        (report,), _, converted = read(tmp_path / file)
        assert converted == [name]
        assert CLOSING.lower() in report.body


def test_conversions_are_logged_and_what_the_handler_raises_stops(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.txt").write_text(TCVN3_NATION, encoding="utf-8")
    with caplog.at_level(logging.INFO, logger="vnsearch"):
        assert len(list(read_corpus(tmp_path))) == 1
    assert "a.txt: converted from TCVN3" in caplog.text

    def refuse(path: Path, encoding: str) -> None:
        raise ReadError("no more")

    with pytest.raises(ReadError, match="no more"):
        list(read_corpus(tmp_path, on_converted=refuse))


def test_the_command_line_says_what_was_converted(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from vnsearch.cli import main

    (tmp_path / "a.txt").write_text(VNI_NATION, encoding="utf-8")
    result = CliRunner().invoke(main, ["index", str(tmp_path / "a.txt"), "--index", str(tmp_path / "ix"), "--json"])
    assert json.loads(result.stdout)["converted"] == [{"path": str(tmp_path / "a.txt"), "encoding": "VNI"}]
    assert "converted from VNI: " in result.stderr


@pytest.mark.skipif(not (SHARED / "vietnews").is_dir(), reason="the data for measuring is not here")
def test_thousands_of_articles_stay() -> None:
    with lzma.open(SHARED / "vietnews/docs.jsonl.xz", "rt", encoding="utf-8") as file:
        for line in itertools.islice(file, 3000):
            for text in json.loads(line).values():
                assert not convert(text).encodings
                for sentence in text.split(". "):
                    assert not convert(sentence).encodings, sentence
