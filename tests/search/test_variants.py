"""Other ways to write the same: values, abbreviations, i and y. As typed comes first, the others are found."""

from __future__ import annotations

import pytest

from vnsearch import Index, read_corpus

FILLER = "Cùng ngày, lãnh đạo địa phương đã thăm hỏi và tặng quà các gia đình chính sách trên địa bàn."


@pytest.fixture(scope="module")
def ix(tmp_path_factory):
    bodies = {
        "full": "Huyện giải ngân vốn đầu tư công đúng tiến độ, hạ tầng nông thôn khang trang.",
        "defines": "Tổ hợp tác xã sinh thái (THTXST) ra mắt sáng nay. Thành viên của THTXST góp vốn bằng đất.",
        "form": "Mô hình tổ hợp tác xã sinh thái được nhân rộng ở ba xã.",
        "short": "Có thêm hai THTXST ở xã bên.",
        "ubnd": "UBND xã ban hành kế hoạch.",
        "uyban": "Ủy ban nhân dân xã ban hành kế hoạch.",
        "tphcm-dots": "Đoàn công tác đến TP.HCM học tập.",
        "tphcm-full": "Đoàn công tác đến Thành phố Hồ Chí Minh học tập.",
        "dots": "Toàn quận có 98.510 hồ sơ.",
        "plain": "Toàn quận có 98510 hồ sơ.",
        "date-words": "Hội nghị họp ngày 26 tháng 12 năm 2023 tại trụ sở.",
        "date-slash": "Hội nghị họp 26/12/2023 tại trụ sở.",
        "date-dash": "Hội nghị họp 26-12-2023 tại trụ sở.",
        "money": "Kinh phí là 1,2 tỷ đồng từ ngân sách.",
        "money-digits": "Kinh phí là 1.200.000.000 đồng từ ngân sách.",
        "document": "Thực hiện Quyết định số 45/2022/QĐ-UBND của tỉnh.",
        "ky-y": "Lớp kỹ thuật trồng nấm.",
        "ky-i": "Lớp kĩ thuật trồng nấm.",
        "other": FILLER,
    }
    with Index.create(tmp_path_factory.mktemp("variants")) as made:
        made.add([{"id": name, "body": body} for name, body in bodies.items()])
        yield made


def ids(results):
    return [hit.id for hit in results]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("THTXST", {"defines", "short", "form"}),  # learnt from the report that defines it
        ("tổ hợp tác xã sinh thái", {"defines", "short", "form"}),
        ("to hop tac xa sinh thai", {"defines", "short", "form"}),
        ("UBND", {"ubnd", "uyban"}),
        ("ubnd", {"ubnd", "uyban"}),
        ("ủy ban nhân dân", {"ubnd", "uyban"}),
        ("uỷ ban nhân dân", {"ubnd", "uyban"}),
        ("TPHCM", {"tphcm-dots", "tphcm-full"}),
        ("TP. HCM", {"tphcm-dots"}),
        ("TP.HCM", {"tphcm-dots", "tphcm-full"}),
        ("98510", {"dots", "plain"}),
        ("98.510", {"dots", "plain"}),
        ("98 510", {"dots", "plain"}),
        ("26/12/2023", {"date-words", "date-slash", "date-dash"}),
        ("ngày 26 tháng 12 năm 2023", {"date-words", "date-slash", "date-dash"}),
        ("26.12.2023", {"date-words", "date-slash", "date-dash"}),
        ("năm 2023", {"date-words", "date-slash", "date-dash"}),
        ("tháng 12/2023", {"date-words", "date-slash", "date-dash"}),
        ("26/12", {"date-words", "date-slash", "date-dash"}),
        ("1,2 tỉ đồng", {"money", "money-digits"}),
        ("1.200.000.000đ", {"money", "money-digits"}),
        ("45/2022/QĐ-UBND", {"document"}),
        ("kỹ thuật", {"ky-y", "ky-i"}),
        ("kĩ thuật", {"ky-y", "ky-i"}),
        ("ky thuat", {"ky-y", "ky-i"}),
        ("ki thuat", {"ky-y", "ky-i"}),
    ],
)
def test_every_way_to_write_it_is_found_with_all(ix, query, expected):
    assert expected <= set(ids(ix.search(query, match="all", limit=50)))


@pytest.mark.parametrize(
    ("query", "first", "second"),
    [
        ("98510", "plain", "dots"),
        ("98.510", "dots", "plain"),
        ("UBND", "ubnd", "uyban"),
        ("Ủy ban nhân dân", "uyban", "ubnd"),
        ("26/12/2023", "date-slash", "date-words"),
        ("ngày 26 tháng 12 năm 2023", "date-words", "date-slash"),
        ("kĩ thuật", "ky-i", "ky-y"),
        ("kỹ thuật", "ky-y", "ky-i"),
    ],
)
def test_as_typed_comes_before_another_way_to_write_it(ix, query, first, second):
    found = ids(ix.search(query, limit=50))
    assert found.index(first) < found.index(second)


def test_a_variant_is_marked_whole_where_the_report_has_only_that(ix):
    hits = {hit.id: hit for hit in ix.search("98510")}
    assert hits["dots"].snippet.html() == "Toàn quận có <mark>98.510</mark> hồ sơ."
    hits = {hit.id: hit for hit in ix.search("UBND", limit=50)}
    assert "<mark>Ủy ban nhân dân</mark>" in hits["uyban"].snippet.html()
    hits = {hit.id: hit for hit in ix.search("ngày 26 tháng 12 năm 2023")}
    assert "<mark>26-12-2023</mark>" in hits["date-dash"].snippet.html()


def test_explain_names_the_variant_and_adds_up(ix):
    hits = {hit.id: hit for hit in ix.search("UBND", limit=50)}
    explanation = hits["uyban"].explain()
    assert [part.tier for part in explanation.contributions] == ["variant"]
    assert explanation.contributions[0].term == "ủy ban nhân dân"
    assert sum(part.score for part in explanation.contributions) == pytest.approx(hits["uyban"].score, rel=1e-5)


@pytest.mark.parametrize("match", ["any", "all"])
@pytest.mark.parametrize("query", ["ủy ban nhân dân", "ủy ban nhân dân -tàu"])  # plain words, and a part of a tree
def test_explain_adds_up_where_a_report_has_the_variant_and_some_of_the_syllables(tmp_path, match, query):
    with Index.create(tmp_path) as made:
        made.add({"id": f"{number}", "body": FILLER} for number in range(20))
        # What it has of the syllables would score more than its abbreviation does.
        made.add([{"id": "some", "title": "Nhân dân họp ban nhân dân", "body": f"{FILLER * 9} UBND xã họp."}])
        made.add([{"id": "all", "body": "Ủy ban nhân dân xã."}])
        hits = {hit.id: hit for hit in made.search(query, match=match, limit=50)}
        assert hits.keys() >= {"some", "all"}
        for hit in hits.values():
            assert sum(part.score for part in hit.explain().contributions) == pytest.approx(hit.score, rel=1e-5)
        # Where all of them must be there, those that are explain nothing: the report is found by its abbreviation.
        if match == "all":
            assert [part.tier for part in hits["some"].explain().contributions] == ["variant"]


def test_a_word_is_not_taken_for_an_abbreviation(ix):
    # "ca" is to sing; only CA may be công an. "ban" is not an abbreviation at all.
    assert "other" not in ids(ix.search("ca", match="all"))
    assert set(ids(ix.search("công an", match="all"))) == set()


def test_definitions_outlive_later_commits(tmp_path):
    with Index.create(tmp_path) as made:
        made.add(
            [
                {"id": "1", "body": "Tổ hợp tác xã sinh thái (THTXST) ra mắt."},
                {"id": "2", "body": "Tổ hợp tác xã sinh thái."},
            ]
        )
        assert ids(made.search("THTXST", match="all")) == ["1", "2"]
        made.add([{"id": "3", "body": "Không liên quan."}])
        assert ids(made.search("THTXST", match="all")) == ["1", "2"]


def test_seeds_qcdc_is_learnt_and_either_form_finds_the_same(tmp_path, seeds):
    with Index.create(tmp_path) as made:
        made.add(read_corpus(seeds))
        learnt = {(found.abbreviation, found.expansion): found.reports for found in made.abbreviations()}
        assert learnt == {("QCDC", "quy chế dân chủ"): 1}
        short, full = made.search("QCDC", limit=4), made.search("Quy chế dân chủ", limit=4)
        assert {hit.id[:3] for hit in short} == {hit.id[:3] for hit in full} == {"000", "001", "002", "003"}
        for hit in short:
            marked = {hit.report.body[a:b].lower() for a, b in hit.marks("body")}
            assert marked <= {"qcdc", "quy chế dân chủ"}
