"""``Index.whoosh``: for people who know Whoosh."""

from __future__ import annotations

import pytest
from whoosh import query
from whoosh.qparser import MultifieldParser, QueryParser

from vnsearch import Index, Report


def found(index: Index, text: str, *fields: str) -> set[str]:
    parser = (
        MultifieldParser(list(fields), index.whoosh.schema)
        if len(fields) > 1
        else QueryParser(*fields, index.whoosh.schema)
    )
    with index.whoosh.searcher() as searcher:
        return {index_id(searcher, hit.docnum) for hit in searcher.search(parser.parse(text), limit=None)}


def index_id(searcher: object, docnum: int) -> str:
    from vnsearch.index.documents import unpack_report

    return unpack_report(searcher.stored_fields(docnum)["report"]).id  # type: ignore[attr-defined]


@pytest.fixture(params=["collection", "segmented"])
def index(request: pytest.FixtureRequest) -> Index:
    return request.getfixturevalue(request.param)


def test_words_in_any_spelling(index: Index) -> None:
    assert found(index, "Quận uỷ", "body") == found(index, "quận ủy", "body") == {"quan-uy-cu", "quan-uy-moi"}
    assert found(index, "DƯƠNG", "body") == {"ong-duong"}
    assert "dang-bo" in found(index, "Đảng bộ", "title")


def test_boolean_queries(index: Index) -> None:
    assert found(index, "đường AND làng", "title") == {"duong-lang"}
    both = found(index, "cầu OR chợ", "title")
    assert both == found(index, "cầu", "title") | found(index, "chợ", "title")
    assert found(index, "cầu OR chợ NOT nổi", "title") == both - {"cho-noi"}


def test_phrases_go_by_position(index: Index) -> None:
    assert found(index, '"quy chế dân chủ"', "title") == {"dan-chu"}
    assert found(index, '"chế quy"', "title") == set()
    assert found(index, '"dân quy"~9', "title") == set()


def test_several_fields_and_named_ones(index: Index) -> None:
    assert found(index, "hiến máu", "title", "body") >= {"hien-mau"}
    assert found(index, "title:gốm", "body") == {"hoa-binh"}
    assert found(index, "body:gốm", "title") == {"hoa-binh"}


def test_prefixes_and_wildcards(index: Index) -> None:
    assert found(index, "gố*", "title") == {"hoa-binh"}


def test_labels_ids_and_words(index: Index, reports: list[Report]) -> None:
    expected = {report.id for report in reports if report.source == "Tin Y tế"}
    with index.whoosh.searcher() as searcher:
        for wanted, ids in (
            (query.Term("source", "Tin Y tế".encode()), expected),
            (query.Term("id", "xa/uy-vuon"), {"xa/uy-vuon"}),
            (query.Term("tags", b"ba"), {report.id for report in reports if "tags" in report.extra}),
            (query.Term("body_words", "dân_chủ"), {"dan-chu"}),
            (query.Term("body_pairs", "hiến máu"), {"hien-mau"}),
        ):
            assert {index_id(searcher, hit.docnum) for hit in searcher.search(wanted, limit=None)} == ids


def test_dates(index: Index) -> None:
    assert found(index, "date:20230424", "body") == {"hien-mau"}
    assert found(index, "date:[20230401 TO 20230531]", "body") == {"hien-mau", "chi-dau"}


def test_replaced_and_deleted_reports_are_gone(segmented: Index) -> None:
    assert found(segmented, "nháp", "title") == set()
    assert found(segmented, "tags:thừa", "title") == set()
    with segmented.whoosh.searcher() as searcher:
        assert searcher.doc_count() == len(segmented)
