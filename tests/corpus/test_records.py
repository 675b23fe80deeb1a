"""Records of .jsonl, .json, .csv and .tsv."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from vnsearch.corpus import read_corpus
from vnsearch.errors import InvalidReportError, ReadError


def read(path: Path, data: str | bytes):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    told: list[Exception] = []
    return list(read_corpus(path, on_error=lambda _, error: told.append(error))), told


def test_jsonl(tmp_path: Path) -> None:
    lines = [
        {"id": "r1", "title": "Tin", "body": "Nội dung", "source": "Báo Hoa Mai", "district": "Ba Đình"},
        {"text": "Không có id", "date": "26/12/2023"},
        {"id": 7, "content": "Số", "date": "2023-12-26T13:44:00+07:00"},
    ]
    reports, told = read(
        tmp_path / "a.jsonl", "\ufeff" + "\n\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n"
    )
    assert not told
    assert [report.id for report in reports] == ["r1", "a.jsonl#2", "7"]
    assert reports[0].extra == {"district": "Ba Đình"}
    assert reports[1].date == dt.date(2023, 12, 26)
    assert isinstance(reports[2].date, dt.datetime)


def test_a_bad_line_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    data = '{"text": "một"}\n{"text": \n[1]\n\n{"text": 5}\n{"title": ""}\n{"text": "x", "date": "hôm qua"}\n{"text": "hai"}'
    reports, told = read(tmp_path / "a.ndjson", data)
    assert [report.id for report in reports] == ["a.ndjson#1", "a.ndjson#7"]
    assert [str(error).split(":")[0] for error in told] == ["line 2", "line 3", "line 5", "line 6", "line 7"]
    assert isinstance(told[0], ReadError)
    assert isinstance(told[1], InvalidReportError)


def test_line_separators_inside_text_do_not_cut_a_record(tmp_path: Path) -> None:
    reports, told = read(tmp_path / "a.jsonl", '{"text": "một\u2028hai\x85ba"}\n')
    assert [report.body for report in reports] == ["một\u2028hai\x85ba"]
    assert not told


def test_one_damaged_line_among_good_ones(tmp_path: Path) -> None:
    good = '{"text": "Quận Đống Đa"}\n'.encode()
    damaged = b'{"text": "Qu\xff\x81\x8d\xfe\xff\x90\x9d"}\n'
    reports, told = read(tmp_path / "a.jsonl", good + damaged + good)
    assert [report.body for report in reports] == ["Quận Đống Đa"] * 2
    assert len(told) == 1
    assert str(told[0]).startswith("line 2")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1258"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings(tmp_path: Path, encoding: str, newline: str) -> None:
    text = "Quâ\u0323n \u0110ô\u0301ng \u0110a"  # as windows-1258 writes it
    for name, data in (
        ("a.jsonl", f'{{"text": "{text}"}}{newline}{{"text": "hai"}}{newline}'),
        ("a.csv", f"title,body{newline}a,{text}{newline}b,hai{newline}"),
    ):
        reports, told = read(tmp_path / name, data.encode(encoding))
        assert not told
        assert len(reports) == 2
        assert reports[0].body in (text, "Quận Đống Đa")


def test_many_lines_are_read_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "một"}\n' * 5000 + "{", encoding="utf-8")
    told: list[Exception] = []
    reports = read_corpus(path, on_error=lambda _, error: told.append(error))
    assert next(reports).id == "a.jsonl#1"
    assert not told  # the bad line has not been reached


def test_json_array_and_single_record(tmp_path: Path) -> None:
    reports, told = read(tmp_path / "a.json", '[{"id": "x", "text": "a"}, {"text": "b"}, 5]')
    assert [report.id for report in reports] == ["x", "a.json#2"]
    assert str(told[0]).startswith("record 3")
    reports, told = read(tmp_path / "b.json", '{"text": "b"}')
    assert [report.id for report in reports] == ["b.json"]


@pytest.mark.parametrize("data", ["", " \n", "[]", "{", '{"a": 1}\n{"a": 2}', "[" * 100_000])
def test_json_without_records(tmp_path: Path, data: str) -> None:
    reports, told = read(tmp_path / "a.json", data)
    assert not reports
    assert len(told) == 1


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv(tmp_path: Path, delimiter: str) -> None:
    d = delimiter
    data = f'\ufeffid{d}Title{d}content{d}date{d}ward\nr1{d}Tin{d}"Một, hai;\nba ""bốn"""{d}26-12-2023 13:44{d}\n{d}Tin 2{d}Hai{d}{d}Ba Đình\n\n'
    reports, told = read(tmp_path / "a.csv", data)
    assert not told
    assert [report.id for report in reports] == ["r1", "a.csv#2"]
    assert reports[0].body == 'Một, hai;\nba "bốn"'
    assert reports[0].date == dt.datetime(2023, 12, 26, 13, 44)
    assert reports[0].extra == {"ward": None}
    assert reports[1].date is None
    assert reports[1].extra == {"ward": "Ba Đình"}


def test_tsv_keeps_commas(tmp_path: Path) -> None:
    reports, _ = read(tmp_path / "a.tsv", "title\tbody\nMột, hai\tba, bốn, năm\n")
    assert (reports[0].title, reports[0].body) == ("Một, hai", "ba, bốn, năm")


def test_csv_with_bad_rows(tmp_path: Path) -> None:
    reports, told = read(tmp_path / "a.csv", 'title,body\na,một\nb\nc,ba,bốn\n"d" x,năm\n,\ne,\nf,sáu\n')
    assert [report.title for report in reports] == ["a", "e", "f"]
    assert [str(error).split(":")[0] for error in told] == ["line 3", "line 4", "line 5"]


def test_a_quotation_mark_left_open_is_told(tmp_path: Path) -> None:
    reports, told = read(tmp_path / "a.csv", 'title,body\na,một\nb,"hai\nc,ba\n')
    assert [report.title for report in reports] == ["a"]
    assert len(told) == 1


def test_a_very_long_cell(tmp_path: Path) -> None:
    body = "việc làm đường " * 20_000
    reports, told = read(tmp_path / "a.csv", f'title,body\na,"{body}"\n')
    assert reports[0].body == body
    assert not told


@pytest.mark.parametrize("data", ["", "\n\n", "a,b\n1,2\n", "title,body\n", "title,title\na,b\n"])
def test_tables_without_records(tmp_path: Path, data: str) -> None:
    reports, told = read(tmp_path / "a.csv", data)
    assert not reports
    assert len(told) == 1
    assert isinstance(told[0], ReadError)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("26/12/2023", dt.date(2023, 12, 26)),
        ("6-2-2023", dt.date(2023, 2, 6)),
        ("26.12.2023", dt.date(2023, 12, 26)),
        ("26/12/2023 13:44", dt.datetime(2023, 12, 26, 13, 44)),
        ("26/12/2023 01:44:05 PM", dt.datetime(2023, 12, 26, 13, 44, 5)),
        ("13:44 26/12/2023", dt.datetime(2023, 12, 26, 13, 44)),
        ("Thứ ba, ngày 26 tháng 12 năm 2023", dt.date(2023, 12, 26)),
        ("2023-12-26", dt.date(2023, 12, 26)),
        ("2023-12-26 13:44", dt.datetime(2023, 12, 26, 13, 44)),
        ("", None),
        (" ", None),
        (None, None),
    ],
)
def test_dates(tmp_path: Path, text: str | None, date: dt.date | None) -> None:
    reports, told = read(tmp_path / "a.jsonl", json.dumps({"text": "x", "date": text}))
    assert not told
    assert reports[0].date == date
    assert type(reports[0].date) is type(date)


@pytest.mark.parametrize("text", ["31/02/2023", "12/2023", "26/12/23", "hôm qua", "1/2/3/2023", 20231226])
def test_what_is_no_date_is_told(tmp_path: Path, text: object) -> None:
    reports, told = read(tmp_path / "a.jsonl", json.dumps({"text": "x", "date": text}))
    assert not reports
    assert "line 1" in str(told[0])
