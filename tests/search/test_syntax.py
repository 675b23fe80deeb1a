"""Query text to syntax trees: the cases in ``cases/syntax.json``, and laws that hold for any text."""

from __future__ import annotations

import doctest
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vnsearch.search import syntax, syntax_tree
from vnsearch.search.syntax import describe, parse_syntax
from vnsearch.search.syntax_tree import (
    Clause,
    Dates,
    Either,
    Field,
    Group,
    Labels,
    Node,
    Phrase,
    Prefix,
    Words,
)

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "cases" / "syntax.json").read_text("utf-8"))

# A tree in JSON, as in the table of cases: spans are the text that stands there.
Shape = dict[str, Any] | list[dict[str, Any]]


def shape(node: Node, text: str) -> Shape:
    match node:
        case Words(start, end):
            return {"words": text[start:end]}
        case Prefix(start, end):
            return {"prefix": text[start:end]}
        case Phrase(start, end, slop):
            return {"phrase": text[start:end], "slop": slop}
        case Field(name, inner):
            return {"field": name, "node": shape(inner, text)}
        case Labels(key, values):
            return {"labels": key, "values": list(values)}
        case Dates(first, last):
            return {"dates": [day.isoformat() if day else None for day in (first, last)]}
        case Group(clauses):
            return [{clause.occur: shape(clause.node, text)} for clause in clauses]
        case Either(nodes):
            return {"either": [shape(one, text) for one in nodes]}


def children(node: Node) -> list[Node]:
    match node:
        case Group(clauses):
            return [clause.node for clause in clauses]
        case Either(nodes):
            return list(nodes)
        case Field(_, inner):
            return [inner]
    return []


def nodes_of(node: Node) -> list[Node]:
    return [node, *(below for child in children(node) for below in nodes_of(child))]


def depth(node: Node) -> int:
    return 1 + max(map(depth, children(node)), default=0)


def spans(node: Node) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in nodes_of(node) if isinstance(one, Words | Prefix | Phrase)]


@pytest.mark.parametrize("case", CASES, ids=[case["label"] for case in CASES])
def test_case(case):
    query = case["query"]
    assert shape(parse_syntax(query, case.get("filterable", ())), query) == case["expected"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        " \n",
        "dân chủ",
        " dân chủ ",
        "Covid-19 ở TP.HCM - Hà Nội",
        "- dấu gạch đầu dòng",
        "+ dấu cộng",
        "Hà Nội – Huế — Vinh",
        "hội nghị -5 độ +84 912 345 678 -2022",
        "C++ 3+4 a+ b- --a ++b +-c -+d",
        "Thủ tướng: cần làm ngay",
        "10:30 http://a.vn/b?c=d abc:def :x :",
        "họp đại hội or hội nghị and not Or And",
        "ORDER ANDY NOTE HANDBOOK",
        "HỘI ĐỒNG NHÂN DÂN",
        "OR",
        "OR OR",
        "a OR",
        "OR a",
        "a AND",
        "AND a",
        "NOT",
        "a NOT",
        "NOT AND OR",
        "(OR)",
        "a OR (…)",
        'màn hình 15" và 17"',
        '"dân chủ',
        '"',
        '""',
        '"…"',
        "“dân chủ",
        '«dân chủ"',
        '"-',
        '-"dân',
        "Quy chế dân chủ (QCDC) ở cơ sở (bản (mới))",
        "a) dân (b",
        "(((a",
        "f(x)",
        "()",
        "-()",
        "-( a",
        "*",
        "* a ** b",
        "a*b *c* **d** e**",
        "…*",
        "title:",
        "title: họp",
        "title:()",
        'title:"',
        "Source: Tin",
        "date:banana",
        "date:..",
        "-date:banana",
        "source:…",
        "~3 a~3",
        "\x00 -\x00 \ud800:\udfff",
    ],
)
def test_plain_words(query):
    assert parse_syntax(query) == Words(0, len(query))


def test_parentheses_deeper_than_twenty_are_punctuation():
    def nested(levels: int) -> str:
        return "(+a " * levels + "+b" + ")" * levels

    assert depth(parse_syntax(nested(20))) == depth(parse_syntax(nested(19))) + 1
    assert depth(parse_syntax(nested(60))) == depth(parse_syntax(nested(20)))
    assert depth(parse_syntax(nested(5_000))) <= depth(parse_syntax(nested(20)))


@pytest.mark.parametrize(
    "query", ["(" * 10_000, "(" * 10_000 + "a" + ")" * 10_000, "()" * 10_000, "(a" * 10_000, "a)" * 10_000]
)
def test_ten_thousand_parentheses_around_no_sign(query):
    assert parse_syntax(query) == Words(0, len(query))


@pytest.mark.parametrize(
    "piece", ["+a ", '"a" ', "source:a -b ", "a OR ", "a AND ", "(+a) ", "title:(+a (b OR ", "date:2023 a "]
)
def test_a_query_of_very_many_signs_makes_a_tree_of_bounded_size(piece):
    query = (piece * 5_000).rstrip()
    tree = parse_syntax(query)
    assert len(nodes_of(tree)) < 1_000
    assert max(end for _, end in spans(tree)) == len(query), "the rest is words"


def test_one_filterable_key_does_not_reach_another_call():
    assert parse_syntax("order:3", ("order",)) == Labels("order", ("3",))
    assert parse_syntax("order:3", ["tags"]) == Words(0, 7)


def test_the_examples_of_the_docstrings():
    for module, least in ((syntax, 4), (syntax_tree, 2)):
        result = doctest.testmod(module)
        assert (result.failed, result.attempted >= least) == (0, True)


# -- any text

PIECES = (
    'dân|chủ|cơ|a|b|Covid-19|2023|QCDC|"|"|“|”|«|»|(|)|(|)|+|-|*|:|~3|~|..|…|.|,|OR|AND|NOT|or|title:|body:|source:|tags:'
    "|date:|date:2023|2023-05-17|..2023|Title:|banana|\x00|\ud800|\n|\u00a0|\u0301"
).split("|")
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=())),  # lone surrogates too
    st.lists(st.sampled_from([*PIECES, *" " * 30]), max_size=40).map("".join),
    st.text('()+-"“ aOR', max_size=60),
)


@given(TEXTS)
@example('+a (-"b" OR (c -(d')
@example("title:(a source:(b) OR date:2023) -")
@example('+a source:"b\n\u2028c"')
def test_any_text_is_a_query(text):
    tree = parse_syntax(text, ("tags",))
    found = spans(tree)
    assert all(0 <= start <= end <= len(text) for start, end in found)
    assert all(end <= start for (_, end), (start, _) in pairwise(found)), "in order, and apart from each other"
    for node in nodes_of(tree):
        if isinstance(node, Group):
            assert node.clauses
        elif isinstance(node, Either):
            assert len(node.nodes) > 1
        elif isinstance(node, Dates) and node.first and node.last:
            assert node.first <= node.last
    assert tree == parse_syntax(text, ("tags",))
    labels = {re.split("[: ]", line.strip())[0] for line in describe(tree, text).splitlines()}
    assert labels <= {*"wanted needed only left either or in words phrase source tags from to".split()}


@given(st.lists(st.sampled_from([*'dân|Covid-19|3+4|a:b|"|“|(|)|(|)|+|-|*|:|,|\n'.split("|"), *" " * 12])).map("".join))
def test_no_word_is_lost(text):
    covered = {at for start, end in spans(parse_syntax(text)) for at in range(start, end)}
    assert {at for at, char in enumerate(text) if char.isalnum()} <= covered


@given(st.lists(st.sampled_from(["dân", "Chủ", "(QCDC)", "15,5%", "or", "TP.HCM", "a-b", "–", "-", "10:30"])))
def test_ordinary_text_is_plain_words(words):
    text = " ".join(words)
    assert parse_syntax(text) == Words(0, len(text))


# -- there and back: trees are written as queries, and read again

SYLLABLES = st.sampled_from("dân chủ cơ sở Covid-19 C++ HĐND 10:30 or x/y".split())
RUNS = st.lists(SYLLABLES, min_size=1, max_size=3).map(" ".join)
DAYS = st.dates().map(lambda day: day.isoformat())


def is_filter(tree: Shape) -> bool:
    if isinstance(tree, list):
        return all("filter" in clause or "not" in clause for clause in tree)
    if "either" in tree:
        return all(map(is_filter, tree["either"]))
    return "labels" in tree or "dates" in tree


@st.composite
def groups(draw, inner: st.SearchStrategy[Shape]) -> Shape:
    """Clauses as the parser leaves them: no neighbours that would be read as one, nothing nested without need."""
    clauses: list[dict[str, Any]] = []
    keys: set[str] = set()
    for tree in draw(st.lists(inner, min_size=1, max_size=4)):
        occur = draw(st.sampled_from(["should", "must", "not"]))
        before = clauses[-1].get("should", {}) if clauses else {}
        if occur != "not" and is_filter(tree):
            occur = "filter"
            if isinstance(tree, dict) and "labels" in tree:
                if tree["labels"] in keys:
                    continue
                keys.add(tree["labels"])
        elif occur == "should" and (
            ("words" in before and ("words" in tree or "prefix" in tree))
            or (isinstance(tree, list) and all("should" in clause for clause in tree))
        ):
            occur = "must"
        clauses.append({occur: tree})
    return (
        next(iter(clauses[0].values())) if len(clauses) == 1 and clauses[0].keys() & {"should", "filter"} else clauses
    )


LEAVES: st.SearchStrategy[Shape] = st.one_of(
    st.builds(lambda run: {"words": run}, RUNS),
    st.builds(lambda run: {"prefix": f"{run} ch"}, RUNS),
    st.builds(lambda run, slop: {"phrase": run, "slop": slop}, RUNS, st.sampled_from([0, 0, 1, 12])),
    st.builds(
        lambda key, values: {"labels": key, "values": values},
        st.sampled_from(["source", "author", "category", "tags"]),
        st.lists(RUNS, min_size=1, max_size=2, unique=True),
    ),
    st.tuples(DAYS, DAYS).map(lambda days: {"dates": sorted(days)}),
    st.builds(lambda day: {"dates": [day, None]}, DAYS),
    st.builds(lambda day: {"dates": [None, day]}, DAYS),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        groups(inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda trees: {"either": trees}),
        st.builds(
            lambda name, tree: {"field": name, "node": tree},
            st.sampled_from(["title", "body"]),
            inner.filter(lambda tree: not is_filter(tree)),
        ),
    ),
    max_leaves=12,
)


def written(tree: Shape) -> str:
    """A tree as a query."""
    if isinstance(tree, list):
        return " ".join(written_clause(*item) for clause in tree for item in clause.items())
    match tree:
        case {"words": run}:
            return run
        case {"prefix": run}:
            return f"{run}*"
        case {"phrase": run, "slop": slop}:
            return f'"{run}"~{slop}' if slop else f"“{run}”"
        case {"labels": key, "values": [value]}:
            return f'{key}:"{value}"'
        case {"labels": key, "values": values}:
            return f"{key}:({' OR '.join(values)})"
        case {"dates": [first, last]}:
            return f"date:{first or ''}..{last or ''}"
        case {"field": name, "node": inner}:
            return f"{name}:({written(inner)})" if "field" in inner else f"{name}:{operand(inner)}"
        case {"either": trees}:
            return " OR ".join(f"({written(one)})" if "either" in one else written(one) for one in trees)
    raise AssertionError(tree)


def operand(tree: Shape) -> str:
    """A tree as what a sign or a field may touch."""
    run = "" if isinstance(tree, list) else tree.get("words", tree.get("prefix", ""))
    return f"({written(tree)})" if isinstance(tree, list) or "either" in tree or run else written(tree)


def written_clause(occur: str, tree: Shape) -> str:
    match occur:
        case "must":
            return f"+{operand(tree)}"
        case "not":
            return f"-{operand(tree)}"
    return f"({written(tree)})" if isinstance(tree, list) or "either" in tree else written(tree)


def in_words(query: str) -> str:
    """The same query with AND NOT for its minus signs, where that says the same: behind something, before a parenthesis."""
    return query.replace(" -(", " NOT (")


@given(TREES)
@example([{"should": {"words": "dân chủ"}}, {"filter": [{"not": {"phrase": "a", "slop": 0}}]}])
def test_trees_written_and_read_again_are_the_same(tree):
    query = written(tree)
    assert shape(parse_syntax(query, ("tags",)), query) == tree
    other = in_words(query)
    assert shape(parse_syntax(other, ("tags",)), other) == tree


# -- for people


def test_description():
    query = 'họp +"dân chủ"~3 -(title:đá OR quy ch*) source:(Báo A OR "Báo B") date:2023..'
    assert describe(parse_syntax(query), query).splitlines() == [
        "wanted: words: họp",
        "needed: phrase: dân chủ, up to 3 words between",
        "left out:",
        "  either: in title: words: đá",
        "  or: words: quy ch…",
        "only: source: Báo A or Báo B",
        "only: from 2023-01-01",
    ]


def test_description_is_one_line_for_a_part_whatever_is_in_it():
    query = '+"dân\n\n\tchủ" date:2023-05'
    assert describe(parse_syntax(query), query) == "needed: phrase: dân chủ\nonly: from 2023-05-01 to 2023-05-31"


def test_nodes_of_different_kinds_are_never_equal():
    assert Words(0, 3) != Prefix(0, 3)
    assert Clause("must", Words(0, 3)) != Clause("not", Words(0, 3))
