"""Reports: what is taken, what is refused, and that nothing is changed on the way."""

from __future__ import annotations

import datetime as dt
import json
import struct
import unicodedata
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vnsearch import InvalidReportError, Report
from vnsearch.index.columnar.charset import decode, encode
from vnsearch.index.documents import pack_report, unpack_report

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)
OFFSETS = st.builds(
    lambda seconds: dt.timezone(dt.timedelta(seconds=seconds)), st.integers(-86_399, 86_399)
)  # local mean times have seconds
DATES = st.none() | st.dates() | st.datetimes() | st.datetimes(timezones=OFFSETS)
REPORTS = st.builds(
    Report,
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1),
    ANY_TEXT,
    ANY_TEXT,
    DATES,
    st.none() | ANY_TEXT,
    st.none() | ANY_TEXT,
    st.none() | ANY_TEXT,
    st.none() | ANY_TEXT,
    st.dictionaries(ANY_TEXT, JSON, max_size=3),
)


@given(REPORTS)
def test_stored_and_read_back_a_report_is_the_same(report: Report) -> None:
    back = unpack_report(pack_report(report))
    assert back == report
    assert back.day == report.day
    assert type(back.date) is type(report.date)


@given(REPORTS)
def test_what_is_read_back_is_as_good_as_what_was_made(report: Report) -> None:
    back = unpack_report(pack_report(report))
    assert repr(back.extra) == repr(report.extra)
    assert replace(back, title="x") == replace(report, title="x")
    with pytest.raises(FrozenInstanceError):
        back.title = "x"  # type: ignore[misc]


@given(REPORTS, st.integers(0, 1000))
def test_what_is_cut_short_is_no_report(report: Report, cut: int) -> None:
    packed = pack_report(report)
    try:
        back = unpack_report(packed[: min(cut, len(packed) - 1)])
    except (ValueError, TypeError, struct.error):
        return
    assert back != report


@given(ANY_TEXT | st.text("aăâđĐưÝỵ “…”\n\t\u0301", max_size=50))
def test_text_as_bytes_and_back(text: str) -> None:
    data, single = encode(text)
    assert decode(data, single) == text
    assert len(data) == len(text) if single else len(data) >= len(text)


def test_vietnamese_takes_one_byte_a_character() -> None:
    alphabet = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvxyỳỷỹýỵ"
    for text in (alphabet, alphabet.upper(), unicodedata.normalize("NFD", alphabet), "“Chợ” – 35 °C, 12 m²…\r\n"):
        assert len(encode(text)[0]) == len(text)
    assert encode("~ASCII as it is~\t\n") == (b"~ASCII as it is~\t\n", True)


@given(REPORTS)
def test_to_dict_is_json_that_from_mapping_reads(report: Report) -> None:
    record = report.to_dict()
    json.dumps(record)
    if isinstance(report.date, dt.datetime) and report.date.tzinfo and report.date.utcoffset().seconds % 60:
        return  # ISO 8601 knows no offsets with seconds
    back = Report.from_mapping(record)
    # An empty text counts as none there.
    assert back.to_dict() == {
        key: None if value == "" and key in ("source", "author", "category", "url") else value
        for key, value in record.items()
    }


def test_two_lone_surrogates_do_not_become_one_character() -> None:
    report = Report(
        "s", "\ud83d\ude00", "\udc00\ud800", source="\ud83d\ude00", extra={"\ud83d\ude00": ["\ud83d\ude00"]}
    )
    assert unpack_report(pack_report(report)) == report


@pytest.mark.parametrize(
    "identity", ["", None, 7, b"x", "a\ud800", pytest.param(10**5000, id="a number too long to write")], ids=repr
)
def test_ids_that_are_none(identity: Any) -> None:
    with pytest.raises(InvalidReportError, match="id"):
        Report(identity)


@pytest.mark.parametrize("field", ["title", "body", "source", "author", "category", "url"])
@pytest.mark.parametrize("value", [5, b"x", ["x"]], ids=repr)
def test_fields_that_are_no_text(field: str, value: Any) -> None:
    with pytest.raises(InvalidReportError, match=field):
        Report("r", **{field: value})


def test_title_and_body_cannot_be_none() -> None:
    with pytest.raises(InvalidReportError, match="body"):
        Report("r", body=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "date", ["hôm qua", "26/12/2023", "2023-13-01", "2023-02-30", "9999-12-31T24:00", "", 20231226, 1.5, True], ids=repr
)
def test_dates_that_are_none(date: Any) -> None:
    with pytest.raises(InvalidReportError, match="date"):
        Report("r", date=date)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2023-12-26", dt.date(2023, 12, 26)),
        (" 2023-12-26 ", dt.date(2023, 12, 26)),
        ("20231226", dt.date(2023, 12, 26)),
        ("0001-01-01", dt.date.min),
        ("9999-12-31", dt.date.max),
        ("2023-12-26T13:44", dt.datetime(2023, 12, 26, 13, 44)),
        ("2023-12-26 13:44:05", dt.datetime(2023, 12, 26, 13, 44, 5)),
        ("2023-12-26T00:30:00+07:00", dt.datetime(2023, 12, 26, 0, 30, tzinfo=dt.timezone(dt.timedelta(hours=7)))),
        ("2023-12-26T13:44Z", dt.datetime(2023, 12, 26, 13, 44, tzinfo=dt.timezone.utc)),
    ],
)
def test_dates_as_text(text: str, date: dt.date) -> None:
    found = Report("r", date=text).date  # type: ignore[arg-type]
    assert found == date
    assert type(found) is type(date)


def test_the_day_is_that_of_its_own_offset() -> None:
    assert Report("r", date="2023-12-26T00:30:00+07:00").day == dt.date(2023, 12, 26)  # type: ignore[arg-type]
    assert Report("r", date="2023-12-26T23:30:00-11:00").day == dt.date(2023, 12, 26)  # type: ignore[arg-type]
    assert Report("r").day is None


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), {1, 2}, b"x", object(), {5: "x"}, dt.date(2023, 1, 1), [float("-inf")], 10**5000],
    ids=lambda value: type(value).__name__,
)
def test_extra_that_json_cannot_hold(value: Any) -> None:
    with pytest.raises(InvalidReportError, match="extra"):
        Report("r", extra={"key": value})


def test_extra_nested_too_deeply() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(InvalidReportError, match="nested"):
        Report("r", extra={"key": value})


def test_extra_must_be_a_mapping() -> None:
    with pytest.raises(InvalidReportError, match="extra"):
        Report("r", extra=["x"])  # type: ignore[arg-type]


def test_extra_is_a_copy() -> None:
    given_extra = {"tags": ["một"]}
    report = Report("r", extra=given_extra)
    given_extra["tags"].append("hai")
    assert report.extra == {"tags": ["một"]}


def test_tuples_in_extra_become_the_lists_that_come_back() -> None:
    assert Report("r", extra={"t": (1, (2,))}).extra == {"t": [1, [2]]}


class TestFromMapping:
    def test_text_and_content_are_the_body(self) -> None:
        assert Report.from_mapping({"id": "1", "text": "nội dung"}).body == "nội dung"
        assert Report.from_mapping({"id": "1", "content": "nội dung"}).body == "nội dung"

    def test_the_body_itself_comes_first(self) -> None:
        report = Report.from_mapping({"id": "1", "text": "khác", "body": "nội dung"})
        assert (report.body, report.extra) == ("nội dung", {"text": "khác"})

    def test_the_rest_is_extra(self) -> None:
        report = Report.from_mapping({"id": "1", "district": "Đông Hải", "extra": {"page": 3}})
        assert report.extra == {"district": "Đông Hải", "page": 3}

    def test_numbers_are_ids(self) -> None:
        assert Report.from_mapping({"id": 0}).id == "0"

    def test_without_id_the_default_counts(self) -> None:
        assert Report.from_mapping({"title": "x"}, default_id="a#1").id == "a#1"
        with pytest.raises(InvalidReportError, match="id"):
            Report.from_mapping({"title": "x"})

    @pytest.mark.parametrize(
        "record",
        [
            None,
            "text",
            5,
            ["id"],
            {"id": True},
            {"id": "1", 5: "x"},
            {"id": "1", "extra": "x"},
            pytest.param({"id": 10**5000}, id="a number too long to write"),
        ],
        ids=repr,
    )
    def test_what_is_no_record(self, record: Any) -> None:
        with pytest.raises(InvalidReportError):
            Report.from_mapping(record)
