import json
import time
import unicodedata
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vnsearch.analysis import abbreviations
from vnsearch.analysis.abbreviations import (
    AbbreviationTable,
    abbreviation_key,
    abbreviations_of,
    builtin_table,
    expansions,
    find_definitions,
    find_expansions,
)
from vnsearch.text.normalize import normalize

CASES = json.loads((Path(__file__).parent.parent / "cases" / "abbreviations.json").read_text(encoding="utf-8"))


def words(text):
    return text.split()


# Letters of another language, or an established short form that leaves syllables out: their initials need not agree.
FOREIGN = set(
    words(
        """
    ADB AEC AFC AFTA AI AIDS AIIB APEC ARF ASEAN ASEM ATM AU BOT CDC CEO CFO CIA COC CPI CPTPP DOC EC ECB EEZ EU EVFTA
    EVN FAA FAO FBI FDA FDI FED FIFA FTA GATT GDP GMS GNI GNP GPS GRDP HIV IAEA ICAO ICC ICJ ICT ILO IMF IMO INTERPOL IOC
    IPCC IPO IPU IS ISO IT IUCN IUU IoT JICA MC MRC NASA NATO NGO OCOP ODA OECD OPEC PAPI PCI PPP PVN RCEP SARS SCO TPP
    UAV UNCLOS UNDP UNEP UNESCO UNFPA UNHCR UNICEF UNIDO UNWTO USAID USD VAT VCCI VFF VOV VTV WB WEF WHO WIPO WMO WTO
    WWF
    """
    )
) | {"PAR INDEX", "SEA Games"}
# (abbreviation, expansion): not initials for another reason.
IRREGULAR = {
    ("BT", "xây dựng - chuyển giao"),  # build - transfer
    ("CMT8", "Cách mạng Tháng Tám"),  # the digit is read out
    ("KCB", "khám bệnh, chữa bệnh"),
    ("QCVN", "quy chuẩn kỹ thuật quốc gia"),
    ("TCVN", "tiêu chuẩn quốc gia"),
    ("TKV", "Tập đoàn Công nghiệp Than - Khoáng sản Việt Nam"),
    ("TV", "truyền hình"),  # television
    ("ĐTM", "đánh giá tác động môi trường"),
}


def rows():
    text = resources.files("vnsearch.analysis").joinpath("abbreviations.tsv").read_text(encoding="utf-8")
    return [tuple(line.split("\t")) for line in text.splitlines() if not line.startswith("#")]


class TestTable:
    def test_size(self):
        assert len(rows()) >= 350
        assert len({abbreviation for abbreviation, _ in rows()}) >= 350

    def test_every_line_is_two_fields(self):
        assert all(len(row) == 2 and all(f == f.strip() and f for f in row) for row in rows())

    def test_sorted_by_abbreviation(self):
        names = [abbreviation for abbreviation, _ in rows()]
        assert names == sorted(names)

    def test_no_duplicates(self):
        pairs = [(abbreviation_key(a), normalize(e).lower()) for a, e in rows()]
        assert len(pairs) == len(set(pairs))

    def test_one_spelling_of_each_abbreviation(self):
        names = {abbreviation for abbreviation, _ in rows()}
        assert len({abbreviation_key(name) for name in names}) == len(names)

    def test_text_is_nfc_with_our_tone_placement(self):
        for row in rows():
            for field in row:
                assert unicodedata.is_normalized("NFC", field)
                assert normalize(field) == field

    def test_letters_are_initials(self):
        wrong = []
        for abbreviation, expansion in rows():
            if abbreviation in FOREIGN or (abbreviation, expansion) in IRREGULAR:
                continue
            if len(abbreviation_key(abbreviation)) > 10:  # longer than the learner reads
                initials = "".join(syllable[0] for syllable in words(expansion.lower()))
                agrees = len(initials) == len(abbreviation_key(abbreviation))
            else:
                found = find_definitions(f"{expansion} ({abbreviation})")
                agrees = [(d.abbreviation, d.expansion) for d in found] == [(abbreviation, expansion)]
            if not agrees:
                wrong.append((abbreviation, expansion))
        assert wrong == []

    def test_exceptions_are_needed(self):
        names = {abbreviation for abbreviation, _ in rows()}
        assert names >= FOREIGN
        assert set(rows()) >= IRREGULAR
        for abbreviation, expansion in rows():
            if abbreviation in FOREIGN or (abbreviation, expansion) in IRREGULAR:
                found = find_definitions(f"{expansion} ({abbreviation})")
                assert (abbreviation, expansion) not in [(d.abbreviation, d.expansion) for d in found]


class TestExpansions:
    @pytest.mark.parametrize("name", ["TP.HCM", "TPHCM", "TP HCM", "TP. HCM", "tphcm", "tp.hcm", "Tp.HCM"])
    def test_spellings_of_one_abbreviation_meet(self, name):
        assert expansions(name) == ("Thành phố Hồ Chí Minh",)

    @pytest.mark.parametrize("name", ["GD&ĐT", "GD-ĐT", "GDĐT", "GD & ĐT", "gd&đt"])
    def test_separators_do_not_matter(self, name):
        assert expansions(name) == ("giáo dục và đào tạo",)

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("UBND", "ủy ban nhân dân"),
            ("HĐND", "hội đồng nhân dân"),
            ("MTTQ", "mặt trận Tổ quốc"),
            ("QCDC", "quy chế dân chủ"),
            ("NTM", "nông thôn mới"),
            ("LĐ-TB&XH", "lao động - thương binh và xã hội"),
            ("WHO", "Tổ chức Y tế Thế giới"),
            ("ThS", "thạc sĩ"),
            ("bs", "bác sĩ"),
            ("QL", "quốc lộ"),
        ],
    )
    def test_the_usual_meaning_comes_first(self, name, expected):
        assert expansions(name)[0] == expected

    def test_all_meanings(self):
        assert expansions("BCT") == ("Bộ Chính trị", "Bộ Công Thương")

    @pytest.mark.parametrize("name", ["ca", "Ca", "tư", "bot", "Bot", "au", "eu", "it", "doc", "who", "is", "Who"])
    def test_words_are_not_abbreviations(self, name):
        assert expansions(name) == ()
        assert expansions(name.upper()) != ()

    @pytest.mark.parametrize(
        "name", ["", " ", ".", "ha", "XYZQ", "Hà Nội", "tin", "ban", "la", "to", "co", "nghiêngnghiêng"]
    )
    def test_unknown(self, name):
        assert expansions(name) == ()

    def test_marks_matter(self):
        assert expansions("HDND") == ()

    def test_other_encodings(self):
        assert expansions(unicodedata.normalize("NFD", "TƯ")) == ("trung ương",)
        assert expansions("HÐND") == expansions("HĐND")  # eth

    def test_key_of_every_row_is_known(self):
        table = builtin_table()
        for abbreviation, expansion in rows():
            assert expansion in table.by_abbreviation[abbreviation_key(abbreviation)]
            assert expansion in expansions(abbreviation)

    def test_read_once(self):
        assert builtin_table() is builtin_table()


class TestReverse:
    def test_full_form(self):
        assert abbreviations_of(("ủy", "ban", "nhân", "dân")) == ("UBND",)

    def test_several(self):
        assert set(abbreviations_of(words("trung ương"))) == {"TW", "TƯ"}

    def test_without_and(self):
        assert abbreviations_of(words("khoa học công nghệ")) == ("KH&CN",)
        assert abbreviations_of(words("khoa học và công nghệ")) == ("KH&CN",)

    def test_unknown(self):
        assert abbreviations_of(()) == ()
        assert abbreviations_of(["nước"]) == ()

    def test_every_row(self):
        for abbreviation, expansion in rows():
            syllables = abbreviations._SYLLABLE.findall(expansion.lower())
            assert abbreviation in abbreviations_of(syllables)


class TestFindExpansions:
    def test_nothing(self):
        assert find_expansions([]) == []
        assert find_expansions(["trời", "mưa"]) == []

    def test_nested_and_in_order(self):
        found = find_expansions(words("sở giáo dục và đào tạo thành phố hồ chí minh"))
        assert found == sorted(found)
        assert (0, 6, "sgdđt") in found
        assert (1, 6, "gdđt") in found
        assert (6, 11, "tphcm") in found

    def test_cut_short(self):
        assert find_expansions(words("hội đồng nhân")) == [(0, 2, "hđ")]

    @given(st.lists(st.sampled_from(words("ủy ban nhân dân thành phố hồ chí minh và trung ương trời")), max_size=30))
    def test_agrees_with_the_dictionary(self, syllables):
        table = builtin_table()
        longest = max(map(len, table.by_expansion))
        expected = [
            (start, end, key)
            for start in range(len(syllables))
            for end in range(start + 1, min(len(syllables), start + longest) + 1)
            for key in table.by_expansion.get(tuple(syllables[start:end]), ())
        ]
        assert find_expansions(syllables) == expected

    def test_linear(self):
        syllables = words("chương trình mục tiêu quốc gia") * 20_000
        start = time.perf_counter()
        find_expansions(syllables)
        assert time.perf_counter() - start < 5


class TestOwnTable:
    def test_of_what_a_text_defines(self):
        found = find_definitions("Tổ vay vốn (TVV) và Tổ tiết kiệm (TTK); tổ vay vốn (TVV) họp.")
        table = AbbreviationTable((d.abbreviation, d.expansion) for d in found)
        assert table.expansions("tvv") == ("Tổ vay vốn", "tổ vay vốn")
        assert table.abbreviations_of(("tổ", "tiết", "kiệm")) == ("TTK",)
        assert table.find_expansions(("các", "tổ", "vay", "vốn")) == [(1, 4, "tvv")]

    def test_pairs_of_nothing_are_left_out(self):
        table = AbbreviationTable([("", "tổ"), ("TV", "..."), ("&", "và")])
        assert table.by_abbreviation == {}
        assert table.by_expansion == {}

    def test_and_alone(self):
        assert AbbreviationTable([("V", "và")]).find_expansions(["và"]) == [(0, 1, "v")]


def case_params():
    for case in CASES:
        marks = [pytest.mark.xfail(strict=True, reason=case["known_failure"])] if "known_failure" in case else []
        yield pytest.param(case, id=case["label"], marks=marks)


class TestFindDefinitions:
    @pytest.mark.parametrize("case", list(case_params()))
    def test_case(self, case):
        found = find_definitions(normalize(case["input"]))
        assert [[d.abbreviation, d.expansion] for d in found] == [list(map(normalize, e)) for e in case["expected"]]

    def test_case_file(self):
        assert len(CASES) >= 60
        assert sum(not case["expected"] for case in CASES) >= 25
        assert len({case["label"] for case in CASES}) == len(CASES)

    @given(st.text())
    @example("(" * 100)
    @example("\ud800 (AB)")
    @example("İİ (II)")
    def test_never_raises(self, text):
        check_spans(text)

    @given(
        st.lists(
            st.sampled_from(
                [
                    *words(
                        'Quy chế dân chủ và của ( ) ( ) . , - – & " QCDC TP.HCM TPHCM ThS T.Ư A. B1 PCCC phòng cháy '
                        "chữa viết tắt là sau đây gọi İ ſ ß Ǆ ² ٣ ́ �"
                    ),
                    "\n",
                ]
            ),
            max_size=40,
        ),
        st.sampled_from(["", " "]),
    )
    def test_spans(self, words, between):
        check_spans(between.join(words))

    @pytest.mark.parametrize(
        "piece",
        [
            *("(", "(AB)", "AB (", "(A", "A.", "(A&A&", " - ABC", " ", '("', "A", "(abc def ghi ", "gọi tắt là "),
            *("(sau đây ", "gọi tắt là ABC", "và " * 20 + "(XVVVVVVVVV) ", "ABABABABAB (" + "a b " * 20),
        ],
    )
    def test_linear(self, piece):
        text = piece * (200_000 // len(piece))
        start = time.perf_counter()
        find_definitions(text)
        assert time.perf_counter() - start < 10  # quadratic: minutes


def check_spans(text):
    found = find_definitions(text)
    assert found == sorted(found, key=lambda d: d.abbreviation_span)
    for d in found:
        for span, piece in ((d.abbreviation_span, d.abbreviation), (d.expansion_span, d.expansion)):
            assert 0 <= span[0] < span[1] <= len(text)
            assert text[slice(*span)] == piece
        (a, b), (c, e) = d.abbreviation_span, d.expansion_span
        assert b <= c or e <= a
