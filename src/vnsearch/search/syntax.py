"""Query text -> syntax tree: what the signs of the query language ask for. Nothing is looked up, nothing analysed.

==========================================  ====================================================================
written                                     asks for
==========================================  ====================================================================
``dân chủ cơ sở``                           words
``"dân chủ"``, ``“…”``, ``«…»``             a phrase: these words in this order, nothing between them
``"dân chủ"~3``                             the same, up to three other words between one and the next
``quy ch*``                                 words, the last of which is only the beginning of one
``+cơ``, ``+"cơ sở"``, ``+(cơ sở)``         must be there
``-cơ``, ``-"cơ sở"``, ``-(cơ sở)``         must not be there
``hội nghị OR đại hội``                     the words on one side or those on the other
``hội nghị AND dân vận``                    both must be there
``hội nghị NOT dân vận``                    the words behind it must not be there
``(…)``                                     a part that stands for itself, up to 20 inside each other
``title:họp``, ``title:"…"``, ``body:(…)``  only there
``source:"Báo A"``                          reports with that label; also ``author:``, ``category:``, filterable keys
``source:(Báo A OR Báo B)``                 reports with one of these labels; so does the same key written twice
``date:2023``, ``date:2023-05``             reports of that year or month; ``2023-05-17``, ``17/5/2023``: that day
``date:2023-01..2023-06``, ``date:..2023``  reports between two dates, both included
==========================================  ====================================================================

*Any text is a query.* What does not parse is plain words where it stands, and the rest keeps its meaning:

- A sign counts at the beginning of a word, behind white space or ``(``, and right before a letter, a quote or a parenthesis:
  not in *Covid-19*, *Hà Nội - Huế*, *C++*, *3+4*. Before a digit it belongs to the number: *-5 độ*, *+84 912…*.
- A sign holds for what it touches: ``-dân chủ`` excludes *dân*, ``-"dân chủ"`` excludes the word. AND, OR and NOT hold for
  all the words up to the next sign, for Vietnamese words are several syllables. OR divides the whole query, or the whole
  parenthesis; AND joins its two neighbours.
- They are operators in capitals only, and only between words: *HỘI ĐỒNG NHÂN DÂN*, *and*, *or*, ``a OR`` are words.
- A quote that nothing closes, or that follows a letter or digit (*15"*), is none. So with parentheses: alone, or around
  mere words (*Quy chế dân chủ (QCDC)*), they are punctuation.
- A colon counts after a known name, and right before a value: not in *Thủ tướng: "…"*, *10:30*, *http://…*.

>>> query = '+họp "dân chủ"~3 Covid-19 -title:đá source:"Báo A" date:2023-05..'
>>> print(describe(parse_syntax(query), query))
needed: words: họp
wanted: phrase: dân chủ, up to 3 words between
wanted: words: Covid-19
left out: in title: words: đá
only: source: Báo A
only: from 2023-05-01
>>> parse_syntax("Thủ tướng: 10:30 họp về Covid-19 - Hà Nội (HN)")  # no sign of the language: the whole text
Words(start=0, end=46)
>>> parse_syntax("hà nội OR sài gòn")
Either(nodes=(Words(start=0, end=6), Words(start=10, end=17)))

*What a tree means.* In a group, a report needs what is "must" and "filter", and nothing that is "not". What is "should" adds
to its score, and where nothing is "must" it needs one of these at least. Filters are what has no words to score (labels,
dates, a group of nots…): they never change a score, and where there is nothing else, all reports that they leave match. So
``-covid`` alone finds every report without it. What stands under an operator is a condition, and holds whole: below "must",
"not" and ``Either``, a "should" is needed too, and words are needed all (as with ``match="all"``); elsewhere the caller
decides. A phrase that is only wanted has its words wanted as well: people paste headlines, and those have quotes. Words that
analysis finds empty ask for nothing.
"""

from __future__ import annotations

import calendar
import datetime as dt
import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from vnsearch.limits import LIMITS, Limits
from vnsearch.search.syntax_tree import (
    Clause,
    Dates,
    Either,
    Field,
    Group,
    Labels,
    Node,
    Occur,
    Phrase,
    Prefix,
    Words,
    describe,
)

__all__ = ["describe", "parse_syntax"]

_TEXT_FIELDS = ("title", "body")
_KEYS = ("source", "category", "author", "date")
_SIGNS: dict[str | None, Occur] = {"+": "must", "-": "not"}
_KEYWORDS: dict[str, Literal["AND", "OR", "NOT"]] = {"AND": "AND", "OR": "OR", "NOT": "NOT"}

_MARKS = '"“”„‟'
_GUILLEMETS = "«»"
_QUOTES = _MARKS + _GUILLEMETS
# A query without any of these is plain words: most are, and this costs them a microsecond.
_SPECIAL = re.compile(f"[{_QUOTES}()+*:-]|AND|OR|NOT")
# Nor is there a sign without any of these: a headline may have a dash, a colon or a word in capitals.
_SIGN = re.compile(rf"[{_QUOTES}()*]|(?<!\S)[+-](?=[^\W\d_])|(?<!\S)(?:AND|OR|NOT)(?!\S)|\S:(?=\S)")
_WORD = re.compile(r"[^\W_]")
_STEM = re.compile("[^*]*[^\\W_][\u0300-\u036f]*\\*")
_BETWEEN_VALUES = re.compile(rf"[{_QUOTES}]|(?<!\S)OR(?!\S)")
_YEAR_FIRST = re.compile(r"(?P<y>[0-9]{4})(?:[/-](?P<m>[0-9]{1,2})(?:[/-](?P<d>[0-9]{1,2}))?)?")
_DAY_FIRST = re.compile(r"(?:(?P<d>[0-9]{1,2})[/-])?(?P<m>[0-9]{1,2})[/-](?P<y>[0-9]{4})")
_TO = re.compile(r"\.\.\.?|…")  # phones make one sign of dots


def parse_syntax(text: str, filterable: Iterable[str] = (), limits: Limits = LIMITS) -> Node:
    """Return the syntax tree of a query; plain words for a text without signs. Linear time; never raises on any ``str``.

    ``filterable`` are the keys that may be used like ``source:``, beside source, category and author.
    """
    if not (_SPECIAL.search(text) and _SIGN.search(text)):
        return Words(0, len(text))
    tokens = _joined(_paired(_tokens(text, tuple(filterable), limits.query_signs), limits.query_depth))
    node = _tree(iter(tokens)) if tokens else None
    return Words(0, len(text)) if node is None or isinstance(node, Words) else node


# -- text to tokens


class _Token(NamedTuple):
    """A piece of the query. A "word" is a bare one, or several; a "part" has a sign, quotes or a field."""

    kind: Literal["word", "part", "open", "close", "AND", "OR", "NOT"]
    start: int
    end: int
    node: Node | None = None
    occur: Occur = "should"
    field: str = ""


def _plain(start: int, end: int) -> _Token:
    return _Token("word", start, end, Words(start, end))


def _run(words: Words, more: Words | Prefix) -> Words | Prefix:
    """Return neighbours as one."""
    return type(more)(words.start, more.end)


@functools.lru_cache(maxsize=64)
def _grammar(filterable: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    """Return the pattern of a token, and what name is meant by each way to write it: title, Title, TITLE."""
    known = (*_TEXT_FIELDS, *_KEYS, *filterable)
    names = {written: name for name in known for written in (name.upper(), name.capitalize())}
    names.update(zip(known, known, strict=True))
    written = sorted(names, key=len, reverse=True)
    fields, keys = (
        "|".join(re.escape(name) for name in written if (names[name] in _TEXT_FIELDS) is text) for text in (True, False)
    )
    quoted = f"[{_MARKS}][^{_MARKS}]*[{_MARKS}]|[{_GUILLEMETS}][^{_GUILLEMETS}]*[{_GUILLEMETS}]"
    word = rf"[^\s(){_QUOTES}]+"
    bare = r"(?!(?:AND|OR|NOT)(?!\w))[^\W_]+(?![^\s)])"
    pattern = rf"""
        (?P<plain> (?<![^\s(]) {bare} (?: \s {bare} )* )  # most of a query, in one go
        | (?P<close>\))
        | (?P<sign> (?<![^\s(]) [+-] (?= [^\W\d_] | [({_QUOTES}] ) )?
          (?: (?<![^\s(+-]) (?P<key>{keys}): (?P<value> \([^()]*\) | {quoted} | {word} )
            | (?: (?<![^\s(+-]) (?P<field>{fields}): )?
              (?: (?P<open>\() | (?<!\w)(?P<quoted>{quoted}) (?: ~(?P<slop>[0-9]{{1,3}})(?!\w) )? | (?P<word>{word}) ) )
    """
    return re.compile(pattern, re.VERBOSE), names


def _tokens(text: str, filterable: tuple[str, ...], most: int) -> Iterator[_Token]:
    """Yield the pieces of a query. What holds no letter or digit, and is no sign, is left out.

    Past ``most`` signs the rest is plain words, so that no query makes a tree too large to run.
    """
    pattern, names = _grammar(filterable)
    signs = 0
    for match in pattern.finditer(text):
        if signs == most:
            yield _plain(match.start(), len(text))
            return
        token = _token(match, names)
        if token.kind != "word":
            signs += 1
        elif not _WORD.search(text, token.start, token.end):
            continue
        yield token


def _token(match: re.Match[str], names: dict[str, str]) -> _Token:
    """Return the token that a match of the pattern is; plain words where it means nothing."""
    start, end = match.span()
    if match["plain"]:
        return _plain(start, end)
    occur, field = _SIGNS.get(match["sign"], "should"), names.get(match["field"], "")
    if match["close"]:
        return _Token("close", start, end)
    if match["open"]:
        return _Token("open", start, end, None, occur, field)
    node: Node | None = None
    if match["key"]:
        node = _filter(names[match["key"]], match["value"])
    elif match["quoted"]:
        if _WORD.search(match["quoted"]):
            node = Phrase(match.start("quoted") + 1, match.end("quoted") - 1, int(match["slop"] or 0))
    elif _STEM.fullmatch(match["word"]):
        node = Prefix(match.start("word"), end - 1)
    elif _WORD.search(match["word"]):
        node = Words(match.start("word"), end)
    if node is None:
        return _plain(start, end)
    bare = match.start("word") == start
    return _Token(_KEYWORDS.get(match["word"], "word") if bare else "part", start, end, node, occur, field)


def _filter(key: str, value: str) -> Node | None:
    """Return what a key with a value asks for, or None when that is nothing."""
    if key == "date":
        return _dates(value.strip(_QUOTES))
    pieces = _BETWEEN_VALUES.split(value[1:-1]) if value.startswith("(") else [value.strip(_QUOTES)]
    values = tuple(dict.fromkeys(piece.strip() for piece in pieces if _WORD.search(piece)))
    return Labels(key, values) if values else None


def _dates(value: str) -> Dates | None:
    """Return the days that are meant, whichever end of a range is given first; None for what is no date."""
    ends = [end.strip() for end in _TO.split(value)]
    if len(ends) > 2 or not any(ends):
        return None
    try:
        spans = [_days(end) if end else (None, None) for end in ends]
    except ValueError:
        return None
    first, last = spans[0][0], spans[-1][1]
    return Dates(spans[-1][0], spans[0][1]) if first and last and first > last else Dates(first, last)


def _days(written: str) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of a year, a month or a day; ValueError for what is none of them."""
    match = _YEAR_FIRST.fullmatch(written) or _DAY_FIRST.fullmatch(written)
    if not match:
        raise ValueError(written)
    first = dt.date(int(match["y"]), int(match["m"] or 1), int(match["d"] or 1))
    if match["d"]:
        return first, first
    month = first.month if match["m"] else 12
    return first, dt.date(first.year, month, calendar.monthrange(first.year, month)[1])


def _paired(tokens: Iterable[_Token], deepest: int) -> list[_Token]:
    """Return the tokens without the parentheses that have no other half, hold nothing or are too deep."""
    kept: list[_Token] = []
    opened: list[int] = []  # where in ``kept`` they are; -1: too deep
    for token in tokens:
        if token.kind == "open":
            deep = len(opened) >= deepest
            opened.append(-1 if deep else len(kept))
            kept += _without_parenthesis(token) if deep else [token]
        elif token.kind != "close":
            kept.append(token)
        elif opened and (at := opened.pop()) >= 0:
            if at < len(kept) - 1:
                kept.append(token)
            else:
                kept.pop()
    for at in reversed([at for at in opened if at >= 0]):
        kept[at : at + 1] = _without_parenthesis(kept[at])
    return kept


def _without_parenthesis(token: _Token) -> list[_Token]:
    """Return what is left of an opening parenthesis that is none: the field before it, as a word."""
    return [_plain(token.start, token.end)] if token.field else []


def _joined(tokens: Sequence[_Token]) -> list[_Token]:
    """Return the tokens with runs of bare words in one; AND, OR and NOT that join nothing are words too."""
    found: list[_Token] = []
    for token, after in zip(tokens, (*tokens[1:], None), strict=False):
        before = found[-1] if found else None
        kind = "word" if token.kind in _KEYWORDS and not _joins(token, before, after) else token.kind
        match before, token.node:
            case _Token("word", node=Words() as words), (Words() | Prefix()) as more if kind == "word":
                found[-1] = token._replace(kind=kind, node=_run(words, more))
            case _:
                found.append(token._replace(kind=kind))
    return found


def _joins(token: _Token, before: _Token | None, after: _Token | None) -> bool:
    """Tell whether AND, OR or NOT has at its sides what it needs."""
    if after is None or after.kind in ("AND", "OR", "close"):
        return False
    if token.kind == "NOT":
        return after.kind != "NOT" and after.occur == "should"
    return before is not None and before.kind != "open"


# -- tokens to tree


def _tree(tokens: Iterator[_Token]) -> Node:
    """Return the tree of what stands before the parenthesis that closes, or before the end."""
    alternatives: list[list[Clause]] = [[]]
    operator: Occur = "should"  # what AND or NOT makes of the next part
    for token in tokens:
        clauses = alternatives[-1]
        if token.kind == "close":
            break
        if token.kind == "OR":
            alternatives.append([])
        elif token.kind == "NOT":
            operator = "not"
        elif token.kind == "AND":
            operator = "must"
            if clauses[-1].occur == "should":
                clauses[-1] = Clause("must", clauses[-1].node)
        else:
            node = token.node or _tree(tokens)
            node = Field(token.field, node) if token.field else node
            clauses.append(Clause(operator if token.occur == "should" else token.occur, node))
            operator = "should"
    nodes = tuple(map(_group, alternatives))
    return nodes[0] if len(nodes) == 1 else Either(nodes)


def _group(clauses: Iterable[Clause]) -> Node:
    """Return parts side by side as one node: words are joined, and filters known as such."""
    parts: list[Clause] = []
    for clause in _spliced(clauses):
        match parts[-1:], clause:
            case [Clause("should", Words() as words)], Clause("should", (Words() | Prefix()) as more):
                parts[-1] = Clause("should", _run(words, more))
            case _:
                parts.append(clause)
    parts = _with_filters(parts)
    return parts[0].node if len(parts) == 1 and parts[0].occur in ("should", "filter") else Group(tuple(parts))


def _spliced(clauses: Iterable[Clause]) -> Iterator[Clause]:
    """Yield the clauses; instead of a group that says no more than its own, these."""
    for clause in clauses:
        match clause:
            case Clause("should", Group(own)) if all(part.occur == "should" for part in own):
                yield from own
            case _:
                yield clause


def _with_filters(parts: Iterable[Clause]) -> list[Clause]:
    """Return the parts with "filter" where there is nothing to score; labels of a key without a sign become one."""
    found: dict[object, Clause] = {}
    for place, part in enumerate(parts):
        match part:
            case Clause("should", Labels(key, values)):
                before = found[key].node if key in found else None
                known = before.values if isinstance(before, Labels) else ()
                found[key] = Clause("filter", Labels(key, tuple(dict.fromkeys((*known, *values)))))
            case Clause("should" | "must", node) if _is_filter(node):
                found[place] = Clause("filter", node)
            case _:
                found[place] = part
    return list(found.values())


def _is_filter(node: Node) -> bool:
    """Tell whether there are no words in a node to be scored."""
    match node:
        case Group(clauses):
            return all(clause.occur in ("filter", "not") for clause in clauses)
        case Either(nodes):
            return all(map(_is_filter, nodes))
        case Field(_, inner):
            return _is_filter(inner)
    return isinstance(node, Labels | Dates)
