"""Numbers, dates and their like: the cases in ``cases/values.json``, and laws that hold for any text."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from vnsearch.text import value_forms
from vnsearch.text.normalize import normalize
from vnsearch.text.value_forms import ADDRESS_IP
from vnsearch.text.values import Value, find_values

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "cases" / "values.json").read_text("utf-8"))
KINDS = {
    "date": "#d:",
    "document": "#doc:",
    "email": "#mail:",
    "hashtag": "#tag:",
    "money": "#m:",
    "number": "#n:",
    "percent": "#p:",
    "phone": "#tel:",
    "ratio": "#r:",
    "time": "#t:",
    "url": "#url:",
}

# Pieces that rules look for, so that random texts reach them.
FRAGMENTS = (
    "0|1|12|26|31|2023|98|510|000|0912|345|678|1900|1234|84|.|,|/|-|–|:|@|#|%|+|(|)|$|'|h|g|đ|T|_|٣|３|²|\n"
    "|ngày|tháng|năm|quý|I|đến|triệu|tỷ|nghìn|k|đồng|VND|phần trăm|giờ|phút|NĐ-CP|QĐ/TW|/QH13|www.|http://|.vn|a@b.vn"
    "|sáng|hôm nay|số|Nghị định"
)
TEXTS = st.one_of(
    st.text(),
    st.text(st.characters(exclude_categories=())),  # lone surrogates too
    st.lists(st.sampled_from([*FRAGMENTS.split("|"), *" " * 30]), max_size=30).map("".join),
)


def params(cases: list[dict[str, Any]]) -> list[Any]:
    return [
        pytest.param(
            case,
            id=case["label"],
            marks=[pytest.mark.xfail(strict=True, reason=case["known_failure"])] if "known_failure" in case else [],
        )
        for case in cases
    ]


def groups() -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for case in CASES:
        if "same_as" in case:
            found[case["same_as"]].append(case)
    return found


@pytest.mark.parametrize("case", params(CASES))
def test_case(case: dict[str, Any]) -> None:
    assert [[value.kind, value.term] for value in find_values(case["input"])] == case["expected"]


@pytest.mark.parametrize("group", [pytest.param(cases, id=name) for name, cases in groups().items()])
def test_spellings_of_one_value_share_a_term(group: list[dict[str, Any]]) -> None:
    assert len(group) > 1
    assert set.intersection(*({value.term for value in find_values(case["input"])} for case in group))


def test_case_file_is_in_order() -> None:
    labels = [case["label"] for case in CASES]
    assert len(set(labels)) == len(labels) >= 140
    assert sum("near_miss" in case for case in CASES) >= 70
    assert {kind for case in CASES for kind, _ in case["expected"]} == set(KINDS)


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("đạt 99,15 % số", "percent", "99,15 %"),
        ("ngày 26 tháng 12 năm 2023.", "date", "26 tháng 12 năm 2023"),
        ("gọi +84 912 345 678!", "phone", "+84 912 345 678"),
        ("xem https://vnsearch.vn/a, rồi", "url", "https://vnsearch.vn/a"),
        ("giá $5 triệu.", "money", "$5 triệu"),
        ("(quý I/2024)", "date", "quý I/2024"),
        ("thẻ #VnSearch,", "hashtag", "#VnSearch"),
        ("có 98 510 hộ", "number", "98 510"),
    ],
)
def test_span(text: str, kind: str, span: str) -> None:
    assert span in {text[value.start : value.end] for value in find_values(text) if value.kind == kind}


def test_parts_of_a_document_stand_on_their_own_spans() -> None:
    text = "Quyết định 1235/2022/QĐ-UBND"
    spans = {value.term: text[value.start : value.end] for value in find_values(text)}
    assert spans == {
        "#n:1235": "1235",
        "#doc:1235/2022/qd-ubnd": "1235/2022/QĐ-UBND",
        "#doc:1235/2022": "1235/2022/QĐ-UBND",
        "#d:2022": "2022",
        "#doc:qd-ubnd": "QĐ-UBND",
    }


@pytest.mark.parametrize("query", ["26/12", "tháng 12/2023", "năm 2023", "26 tháng 12", "2023-12-26", "quý IV"])
def test_a_wider_query_finds_a_full_date(query: str) -> None:
    """A quarter is not given by a date: nobody asks for it so."""
    found = {value.term for value in find_values("26/12/2023")} & {value.term for value in find_values(query)}
    assert bool(found) == (query != "quý IV")


def check_laws(text: str, values: list[Value]) -> None:
    assert values == sorted(values, key=lambda value: (value.start, value.end))
    assert len(set(values)) == len(values)
    for value in values:
        assert 0 <= value.start < value.end <= len(text)
        assert value.term.startswith(KINDS[value.kind])
        assert len(value.term) > len(KINDS[value.kind])
        assert value.term == value.term.lower()
        assert not any(char.isspace() for char in value.term)
        value.term.encode("utf-8")


@given(TEXTS)
def test_laws(text: str) -> None:
    check_laws(text, find_values(text))
    check_laws(normalized := normalize(text), find_values(normalized))


@given(TEXTS, TEXTS)
def test_what_stands_in_another_paragraph_changes_nothing(before: str, after: str) -> None:
    """Sentences are read on their own: nothing is carried over a full stop and two blank lines."""
    gap = ".\n\n\n\n|\n\n\n\n"
    found = [(value.term, value.start - len(before + gap)) for value in find_values(before + gap + after)]
    assert [pair for pair in found if pair[1] >= 0] == [(value.term, value.start) for value in find_values(after)]


@given(st.integers(0, 10**15))
def test_thousands_meet_their_plain_digits(number: int) -> None:
    plain = {value.term for value in find_values(f"có {number} hộ") if value.kind == "number"}
    for mark in (".", ","):
        grouped = f"{number:,}".replace(",", mark)
        assume(not ADDRESS_IP.fullmatch(grouped))  # 37.221.103.100 is read as an address
        assert plain <= {value.term for value in find_values(f"có {grouped} hộ")}


@given(st.dates())
def test_dates_meet_however_written(day: Any) -> None:
    d, m, y = day.day, day.month, f"{day.year:04}"
    forms = [f"{d}/{m}/{y}", f"{d:02}/{m:02}/{y}", f"{d}-{m}-{y}", f"{d}.{m}.{y}", f"ngày {d} tháng {m} năm {y}"]
    term = f"#d:{y}-{m:02}-{d:02}"
    for form in forms:
        assert (term in {value.term for value in find_values(form)}) == (1000 <= day.year <= 2999)


ADVERSARIES = (
    "1.1. |0 |a@|a@a.|1/1/|1-|1-1 |1.234.|1 234 |0912 |0912|12:|www.|http://|http://a.b a@a.b |a.vn.|.vn|#a|1 tỷ |1%"
    "|quý I|1 / |1/A|1/NĐ-|2021-|2021 đến |12 tháng |$1|+84| - 1|9|tháng 1|1h|1 giờ |a-|a.b_|1_|１|٣|1'|1 đồng |[http://"
)


@pytest.mark.parametrize("unit", ADVERSARIES.split("|"))
def test_long_repetitions_end(unit: str) -> None:
    """No clock here: a rule that took more than linear time would make this test hang."""
    for opening, length in (("", 100_000), ("1 tỷ ", 20_000), ("http://", 20_000)):
        text = opening + unit * (length // len(unit))
        assert all(value.end <= len(text) for value in find_values(text))


def test_thousands_of_digits_are_no_number() -> None:
    digits = "123456789" * 600  # int() refuses them
    assert find_values(digits) == []
    assert find_values(f"{digits},{digits} tỷ đồng, 26/12/{digits}, {digits}/NĐ-CP") == []


# What stands around digits and decides what they are.
AROUND_DIGITS = [
    *"0 1 2 5 9 12 18 31 05 100 250 999 1800 1900 2020 1.000 1,5 12/3 22/12/2020 3-5 5h 17h30 8:30 +84 84 98 510".split(),
    *"0912345678 - – — / . , : ; % ( ) $ € + & = _ ' \" ’ ° … h g k K ſ tr H tháng thang THÁNG năm giờ phút".split(),
    *"phần trăm triệu tỷ nghìn đồng đ Đ VND usd euro yên đến tới den ngày sáng quý QUÝ Quý qUí quí İ ı I II iv".split(),
    *"quận từ và sau A m2 a@b.vn www.a.vn #1 ² nghị định số QĐ /QĐ-UBND -QĐ/TW".split(),
    *"\n\t\u00a0\u2009\u202f",
]


@given(
    st.lists(st.tuples(st.sampled_from(AROUND_DIGITS), st.sampled_from(["", " ", " ", ", ", "  "])), max_size=9).map(
        lambda parts: "".join(map("".join, parts))
    )
)
@settings(max_examples=1500)
@example("98 m2, \n$ 2€+84\xa00912345678")
@example("quý III, Quí 2/2020, QUÝ iv")
def test_short_cuts_change_nothing(text: str) -> None:
    found = find_values(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(value_forms, "PLAIN", re.compile(r"(?!)"))
        patch.setattr(value_forms, "MAY_BE_QUARTER", [re.compile("")])
        assert find_values(text) == found
