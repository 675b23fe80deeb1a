"""Every limit at its border: what is said to happen past it does, and a query never raises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vnsearch import Index, InvalidArgumentError, InvalidReportError, Limits, Report, SearchResults, rebuild_index

NAMES = [limit.name for limit in fields(Limits)]
REPORTS = [
    Report("họp", "Thôn họp bàn việc đê", "Bà con họp, dân giữ đê suốt đêm mưa.", "2023-01-05", "Báo Đê Làng"),
    Report("lũ", "Lũ lên đê", "Nước lũ lên, đường làng ngập; dân dựng lại cầu.", "2023-06-01", "Báo Cầu Mây"),
    Report("đường", "Làm đường làng", "Đường mới qua cầu, con đường của dân làng.", "2022-03-02", "Báo Cầu Mây"),
    Report("dương", "Ông Dương giữ đê", "Ông Dương họp với dân, bàn lại chuyện cầu.", None, "Báo Đê Làng"),
    Report("chủ", "Dân làm chủ", "Dân bàn, dân làm; quy chế dân chủ dán ở đình làng.", "2021-11-20"),
]
WORDS = "đê|dan|họp|cầu|duong|làng|bàn|giữ|lũ|chủ|của|dươg|hopj|12|x".split("|")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limits")
    with Index.create(folder) as index:
        index.add(REPORTS[:3])
        index.add(REPORTS[3:])
    return folder


@pytest.fixture(scope="module")
def unbounded(path: Path) -> Iterator[Index]:
    """The index with no limit but those of the default."""
    with Index.open(path) as index:
        yield index


def outcome(results: SearchResults) -> tuple[Any, ...]:
    return [(hit.id, hit.score, hit.snippet, hit.marks("title")) for hit in results], results.total


def found(path: Path, query: str, limits: Limits) -> set[str]:
    with Index.open(path, limits=limits) as index:
        return {hit.id for hit in index.search(query)}


# -- the values


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "10", None, float("inf")])
@pytest.mark.parametrize("name", NAMES)
def test_a_limit_is_a_whole_number_from_one_up(name: str, value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=name):
        Limits(**{name: value})
    assert getattr(Limits(**{name: 1}), name) == 1


def test_parentheses_may_not_be_deeper_than_calls_can_be() -> None:
    assert Limits(query_depth=50).query_depth == 50
    with pytest.raises(InvalidArgumentError, match="query_depth"):
        Limits(query_depth=51)


@pytest.mark.parametrize("limits", [None, 5, {"query_chars": 5}, Limits])
def test_what_is_no_limits_is_refused(tmp_path: Path, path: Path, limits: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="limits"):
        Index.create(tmp_path / "index", limits=limits)
    with pytest.raises(InvalidArgumentError, match="limits"):
        Index.open(tmp_path / "index", create=True, limits=limits)
    assert not (tmp_path / "index").exists()
    with pytest.raises(InvalidArgumentError, match="limits"):
        Index.open(path, limits=limits)


def test_limits_hold_for_one_object_whatever_it_adds(tmp_path: Path) -> None:
    with Index.open(tmp_path / "index", create=True, limits=Limits(query_syllables=1)) as bounded:
        bounded.add(REPORTS)
        assert {hit.id for hit in bounded.search("lũ họp")} == {"lũ"}
        bounded.delete(["lũ"])
        assert not bounded.search("lũ họp")
        with Index.open(tmp_path / "index") as other:
            assert {hit.id for hit in other.search("lũ họp")} == {"họp", "dương"}


# -- queries

SIGNS = (
    '+đê|-họp|"dan chu"|"đê họp"~9|title:lũ|l*|giữ đ*|source:"Báo Cầu Mây"|date:2023|date:..2022|'
    '(|)|+(|-(|title:(|OR|AND|NOT|"|“|~|*|–|,|\ud800|\u0301'
).split("|")
QUERIES = st.lists(st.sampled_from(WORDS + SIGNS), max_size=40).map(" ".join) | st.text(
    st.characters(exclude_categories=())
)
TINY = st.builds(Limits, **{name: st.integers(1, 6) for name in NAMES})


@settings(max_examples=300)
@given(QUERIES, TINY, st.sampled_from(["any", "all"]))
def test_no_query_raises(path: Path, query: str, limits: Limits, match: Any) -> None:
    with Index.open(path, limits=limits) as index:
        results = index.search(query, match=match)
        assert len(results) == min(results.total, limits.result_window)
        assert results.suggestion is None or results.suggestion
        for hit in results:
            assert sum(part.score for part in hit.explain().contributions) == pytest.approx(hit.score, rel=1e-4)
            assert hit.snippet.text
        assert len(index.suggest(query)) <= limits.result_window


@given(QUERIES, st.integers(1, 60))
def test_characters(path: Path, unbounded: Index, query: str, most: int) -> None:
    with Index.open(path, limits=Limits(query_chars=most)) as index:
        results, expected = index.search(query), unbounded.search(query[:most])
        assert outcome(results) == outcome(expected)
        assert results.suggestion == expected.suggestion
        assert index.suggest(query) == unbounded.suggest(query[-most:])


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), st.integers(1, 13), st.sampled_from(["any", "all"]))
def test_syllables(path: Path, unbounded: Index, words: list[str], most: int, match: Any) -> None:
    with Index.open(path, limits=Limits(query_syllables=most)) as index:
        whole, cut = " ".join(words), " ".join(words[:most])
        assert outcome(index.search(whole, match=match)) == outcome(unbounded.search(cut, match=match))
        assert outcome(index.search(f"title:({whole})")) == outcome(unbounded.search(f"title:({cut})"))
        assert index.suggest(whole) == unbounded.suggest(" ".join(words[-most:]))


@given(
    st.lists(
        st.sampled_from('+đê|-họp|-ngap|"dan chu"|title:lũ|+"cầu"|body:"giữ đê"'.split("|")), min_size=1, max_size=9
    ),
    st.integers(1, 10),
)
def test_signs(path: Path, unbounded: Index, pieces: list[str], most: int) -> None:
    """Each piece is one sign."""
    rest = [re.sub('[-+":]', " ", piece) for piece in pieces[most:]]
    with Index.open(path, limits=Limits(query_signs=most)) as index:
        expected = unbounded.search(" ".join([*pieces[:most], *rest]))
        assert outcome(index.search(" ".join(pieces))) == outcome(expected)


NESTED = st.recursive(
    st.sampled_from(["đê", "+họp", "-lũ", "cầu OR duong", '"dân chủ"']),
    lambda inner: st.tuples(st.sampled_from(["", "+", "-"]), st.lists(inner, min_size=1, max_size=2)),
    max_leaves=12,
)


def written(node: Any, depth: int) -> str:
    """A query with its parentheses down to a depth; deeper ones are white space."""
    if isinstance(node, str):
        return node
    sign, parts = node
    inner = " ".join(written(part, depth - 1) for part in parts)
    return f"{sign}({inner})" if depth > 0 else f"{' ' * len(sign)} {inner} "


@given(NESTED, st.integers(1, 6))
def test_parentheses(path: Path, unbounded: Index, node: Any, most: int) -> None:
    with Index.open(path, limits=Limits(query_depth=most)) as index:
        assert outcome(index.search(written(node, 99))) == outcome(unbounded.search(written(node, most)))


@pytest.mark.parametrize(
    "query",
    [
        "đê " + "-ngập " * 3_000,
        "đê +(họp " + "-xa " * 3_000 + ")",
        "đê " + "+dân " * 3_000,
        "+(họp OR -(đê OR " * 25 + "lũ" + "))" * 25,
        "-(-title:(họp OR +body:(đê " * 17 + "lũ" + ")))" * 17,
        "đê OR " * 3_000 + "họp",
        "đê AND " * 3_000 + "họp",
        "(+đê " * 300 + "họp" + ")" * 300,
    ],
    ids=["nots", "inner nots", "musts", "either", "fields", "or", "and", "deep"],
)
def test_wide_limits_do_not_break_python(path: Path, query: str) -> None:
    wide = Limits(**dict.fromkeys(NAMES, 10**30) | {"query_depth": 50})
    with Index.open(path, limits=wide) as index:
        results = index.search(query)
        assert results.complete
        assert results.total
        for hit in results:
            assert hit.snippet.text
            assert hit.explain().contributions
        assert index.suggest("đ", limit=10**30)


def test_phrases_past_the_limit_are_words(path: Path) -> None:
    query = '+"giữ đê" +"đê họp"'
    assert found(path, query, Limits(query_phrases=2)) == set()
    assert found(path, query, Limits(query_phrases=1)) == {"họp", "dương"}
    assert found(path, '+"lên đê" +l*', Limits(query_phrases=2)) == {"lũ"}
    assert found(path, '+"lên đê" +l*', Limits(query_phrases=1)) == set()


def test_slop(path: Path) -> None:
    query = '"dân cầu"~9'  # dân dựng lại cầu; dân, bàn lại chuyện cầu
    assert found(path, query, Limits(phrase_slop=3)) == {"lũ", "dương"}
    assert found(path, query, Limits(phrase_slop=2)) == {"lũ"}
    assert found(path, query, Limits(phrase_slop=1)) == set()


def test_syllables_of_phrases_with_slop(path: Path) -> None:
    query = '+"dân lại cầu"~3 +"lũ làng"~4'
    assert found(path, query, Limits(sloppy_syllables=5)) == {"lũ"}
    assert found(path, query, Limits(sloppy_syllables=4)) == set()
    assert found(path, '+"dân lại cầu"~3 +"đường làng"~4', Limits(sloppy_syllables=4)) == {"lũ"}


def test_prefixes_stand_for_the_commonest(path: Path, tmp_path: Path) -> None:
    assert found(path, "dươ*", Limits(prefix_spellings=1)) == {"lũ", "đường"}  # đường
    assert found(path, "dươ*", Limits(prefix_spellings=2)) == {"lũ", "đường", "dương"}
    many = [Report(str(n), f"t{chr(97 + n % 26)}{chr(97 + n // 26)}", "") for n in range(600)]
    with Index.create(tmp_path, limits=Limits(prefix_spellings=599)) as index:
        index.add(many)
        assert index.search("t*").total == 599


def test_spellings_past_the_limit_are_the_likeliest_alone(path: Path) -> None:
    for most, spellings in ((1, {"đường"}), (100, {"đường", "dương"})):
        with Index.open(path, limits=Limits(query_spellings=most)) as index:
            parts = [part for hit in index.search("dan duong") for part in hit.explain().contributions]
            assert {part.term for part in parts if part.typed == "duong"} == spellings


# -- results


@pytest.mark.parametrize("sort", ["relevance", "date", "-date"])
@pytest.mark.parametrize("window", [1, 4, 5, 6])
def test_hits_past_the_window_are_counted_not_given(path: Path, unbounded: Index, window: int, sort: Any) -> None:
    whole = unbounded.search("dân đê cầu", sort=sort, facets=("source",))
    ids = [hit.id for hit in whole]
    assert len(ids) == whole.total == 5
    with Index.open(path, limits=Limits(result_window=window)) as index:
        for offset in (0, 3, 4, 5, 10**30):
            for limit in (0, 1, 2, 10, 10**30):
                page = index.search("dân đê cầu", limit=limit, offset=offset, sort=sort, facets=("source",))
                assert [hit.id for hit in page] == ids[:window][offset : offset + limit]
                assert (page.total, page.facets, page.complete) == (5, whole.facets, True)


def test_the_window_holds_for_likes_and_completions(path: Path, unbounded: Index) -> None:
    like, completions = unbounded.more_like_this("họp"), unbounded.suggest("d")
    assert min(len(like), len(completions)) > 2
    with Index.open(path, limits=Limits(result_window=2)) as index:
        few = index.more_like_this("họp")
        assert [hit.id for hit in few] == [hit.id for hit in like][:2]
        assert few.total == like.total
        assert index.suggest("d") == completions[:2]
        assert index.suggest("d", limit=1) == completions[:1]


# -- reports


def report_of(chars: int, field: str) -> dict[str, Any]:
    """A record of so many characters, what fills it up in one field."""
    record = {"id": "1", "title": "Họp", "body": "đê"}
    rest = chars - sum(map(len, record.values()))
    if field == "extra":
        return {**record, "extra": {"k": "đ" * (rest - len('{"k": ""}'))}}
    return {**record, field: record.get(field, "") + "đ" * rest}


@pytest.mark.parametrize("field", ["id", "title", "body", "source", "author", "category", "url", "extra"])
def test_characters_of_a_report(tmp_path: Path, field: str) -> None:
    with Index.create(tmp_path, limits=Limits(report_chars=50)) as index:
        index.add([report_of(chars, field) for chars in (49, 50)])
        before = list(index)
        too_long = report_of(51, field)
        for bad in (too_long, Report(**too_long)):
            with pytest.raises(InvalidReportError, match=r"report number 1: .*51 characters.* 50.*report_chars"):
                index.add([report_of(30, "body"), bad])
        assert list(index) == before, "nothing of the call is kept"
        stats = index.add([too_long, {"id": "2"}, Report(**too_long)], on_error="skip")
        assert (stats.added, stats.skipped, index.get("2") is None) == (1, 2, False)
        assert [(skipped.position, skipped.id) for skipped in stats.errors] == [
            (0, too_long["id"]),
            (2, too_long["id"]),
        ]
        assert all("report_chars" in str(skipped.error) for skipped in stats.errors)


def test_labels_of_a_report(tmp_path: Path) -> None:
    def tagged(count: int) -> Report:
        return Report(
            "1", source="Báo Đê Làng", extra={"tags": [f"thẻ {n}" for n in range(count - 2)], "k": 5, "x": [1, 2]}
        )

    with Index.create(tmp_path, filterable=("tags", "k"), limits=Limits(report_labels=7)) as index:
        for count in (6, 7):
            index.add([tagged(count)])
            assert index.get("1") == tagged(count)
        with pytest.raises(InvalidReportError, match=r"report number 0: .*8 labels.* 7.*report_labels"):
            index.add([tagged(8)])
        (skipped,) = index.add([tagged(8)], on_error="skip").errors
        assert (skipped.position, skipped.id) == (0, "1")
        assert index.get("1") == tagged(7)


def test_reports_past_the_limits_beside_worker_processes(tmp_path: Path) -> None:
    def reports(*bad: int) -> Iterator[Report]:
        for n in range(600):  # several batches
            yield Report(str(n), "Họp", "đê" * (100 if n in bad else 2))

    with Index.create(tmp_path, limits=Limits(report_chars=100)) as index:
        for bad in (0, 555):
            with pytest.raises(InvalidReportError, match=rf"report number {bad}: .*report_chars"):
                index.add(reports(bad), processes=2)
        assert len(index) == 0
        stats = index.add(reports(0, 555), processes=2, on_error="skip")
        assert (stats.added, len(index)) == (598, 598)
        assert [skipped.id for skipped in stats.errors] == ["0", "555"]


def test_filterable_keys(tmp_path: Path) -> None:
    keys = [f"khóa {n}" for n in range(4)]
    with pytest.raises(InvalidArgumentError, match=r"4 filterable keys.* 3.*filterable_keys"):
        Index.create(tmp_path / "index", filterable=iter(keys), limits=Limits(filterable_keys=3))
    assert not (tmp_path / "index").exists()
    for most in (4, 5):
        with Index.create(tmp_path / str(most), filterable=keys, limits=Limits(filterable_keys=most)) as index:
            assert set(index.stats().filterable) == set(keys)
    with Index.open(tmp_path / "4", limits=Limits(filterable_keys=1)) as index:
        assert set(index.stats().filterable) == set(keys), "an index that is there stays as it is"


def test_what_an_index_holds_is_kept_when_it_is_rebuilt(tmp_path: Path) -> None:
    wide = Report("1", "Họp", extra={"thẻ": [str(n) for n in range(Limits().report_labels + 1)]})
    keys = ["thẻ", *map(str, range(Limits().filterable_keys))]
    with Index.create(
        tmp_path / "old", filterable=keys, limits=Limits(report_labels=2_000, filterable_keys=101)
    ) as index:
        index.add([wide])
    assert rebuild_index(tmp_path / "old", tmp_path / "new").reports == 1
    with Index.open(tmp_path / "new") as index:
        assert list(index) == [wide]
