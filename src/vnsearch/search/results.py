"""What a search gives back. Reports, snippets and explanations are made when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from vnsearch.concurrency import cached_property
from vnsearch.errors import UnknownFieldError
from vnsearch.index.schema import TEXT_FIELDS
from vnsearch.report import Report
from vnsearch.search.assemble import explain
from vnsearch.search.marks import Wanted
from vnsearch.search.parts import marked
from vnsearch.search.plan import Contribution, contributions
from vnsearch.search.query import ParsedQuery
from vnsearch.search.scoring import Scorer
from vnsearch.search.snippets import Snippet, joined, make_snippets, marked_html
from vnsearch.search.tree import Evaluator

__all__ = ["Explanation", "Hit", "Page", "SearchResults"]

# Hits whose snippets are made together.
_TOGETHER = 16


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a hit has its score. ``str()`` of it is for people; the contributions add up to the score.

    ``asked`` is what the signs in the query were read as, line by line; empty for plain words.
    """

    score: float
    contributions: tuple[Contribution, ...]
    asked: str = ""

    def __str__(self) -> str:
        lines = [f"score {self.score:.4f}", *(f"  {line}" for line in self.asked.splitlines())]
        for part in sorted(self.contributions, key=lambda part: -part.score):
            how = "" if part.tier == "typed" else f" ({part.tier}: typed {part.typed!r})"
            names = {"body": "body (opening)"} if part.opening else {}
            where = "".join(
                f"{count} x in {names.get(name, name)}, " for name, count in part.frequencies.items() if count
            )
            lines.append(
                f"  {part.score:8.4f}  {part.kind} {part.term!r}{how}: {where}"
                f"in {part.reports} reports, weight {part.weight:.3f}"
            )
        return "\n".join(lines)


class Page:
    """What the hits of one search share. Snippets are made for several hits together, when the first is asked for."""

    def __init__(
        self, query: ParsedQuery, match: str, scorer: Scorer, fragments: int, of_field: Callable[[str], Scorer]
    ) -> None:
        self.query = query
        self.match = match
        self.scorer = scorer
        self.fragments = fragments
        self.of_field = of_field
        self._wanted: dict[str, Wanted] = {}
        self.hits: Sequence[Hit] = ()

    def wanted(self, text_field: str) -> Wanted:
        """Return what is to be marked in a field: what plain words ask for in any, a part in those that it looks in."""
        part = self.query.part
        key = text_field if part else ""
        if key not in self._wanted:
            found = marked(part, text_field, self.scorer.fields) if part else (self.query.groups, ())
            is_searched = part is None or text_field in self.scorer.fields
            scorer = self.scorer if is_searched else self.of_field(text_field)
            self._wanted[key] = Wanted(found[0], scorer, found[1])
        return self._wanted[key]

    def make_snippets(self, hit: Hit) -> None:
        """Make the snippets of a hit and of its neighbours."""
        at = self.hits.index(hit)
        start = at - at % _TOGETHER
        hits = self.hits[start : start + _TOGETHER]
        is_searched = "body" in self.scorer.fields or self.query.part is not None
        wanted = self.wanted("body") if is_searched else Wanted((), self.scorer)
        unread = [neighbour for neighbour in hits if "report" not in neighbour.__dict__]
        reports = self.scorer.snapshot.some_reports([neighbour.document for neighbour in unread])
        for neighbour, report in zip(unread, reports, strict=True):
            neighbour.__dict__["report"] = report
        bodies = [neighbour.report.body for neighbour in hits]
        found = wanted.occurrences([neighbour.document for neighbour in hits], "body", bodies)
        for neighbour, snippet in zip(hits, make_snippets(bodies, found, self.fragments), strict=True):
            neighbour.__dict__["snippet"] = snippet


class Hit:
    """One report found. ``score`` has no unit: it orders the hits of one search."""

    def __init__(self, score: float, document: int, page: Page) -> None:
        self.score = score
        self.document = document  #: its number in the index as this search saw it
        self._page = page

    def __repr__(self) -> str:
        return f"Hit(id={self.id!r}, score={self.score:.4f})"

    @property
    def id(self) -> str:
        """The id of the report."""
        return self.report.id

    @cached_property
    def report(self) -> Report:
        """The report, equal to the one that was added."""
        return self._page.scorer.snapshot.report(self.document)

    @cached_property
    def snippet(self) -> Snippet:
        """The best fragments of the body, with what matched in them; its beginning when only the title matched."""
        self._page.make_snippets(self)
        made: Snippet = self.__dict__["snippet"]
        return made

    def marks(self, text_field: str) -> list[tuple[int, int]]:
        """Return every match in a whole field as (start, end) in code points, end exclusive, neighbours joined.

        Raises:
            UnknownFieldError: the field is neither "title" nor "body".

        """
        if text_field not in TEXT_FIELDS:
            raise UnknownFieldError(f"there are marks in {' and '.join(TEXT_FIELDS)}, not in {text_field!r}")
        text = self.report.title if text_field == "title" else self.report.body
        return joined(text, self._page.wanted(text_field).occurrences([self.document], text_field, [text]).of(0))

    def title_html(self, open_mark: str = "<mark>", close_mark: str = "</mark>") -> str:
        """Return the title as HTML: escaped, matches marked."""
        return marked_html(self.report.title, self.marks("title"), open_mark, close_mark)

    def explain(self) -> Explanation:
        """Return why this hit has its score."""
        page, query = self._page, self._page.query
        with page.scorer.snapshot.reading("what a score is made of"):
            if query.part is None:
                found = contributions(page.scorer, query.groups, self.document, page.match)
            else:
                found = explain(Evaluator(page.scorer), query.part, self.document, page.of_field)
        return Explanation(self.score, tuple(found), query.asked)

    @property
    def facts(self) -> list[str]:
        """What is told of it beside title and snippet: day, source, author, category, those that it has; id, score."""
        report = self.report
        known = (report.day, report.source, report.author, report.category)
        return [*(str(fact) for fact in known if fact), self.id, f"{self.score:.2f}"]

    def _repr_html_(self) -> str:
        """Return the hit as a notebook shows it: title, facts, snippet. Any text in them stays text."""
        told = " · ".join(f"<bdi>{marked_html(fact, ())}</bdi>" for fact in self.facts)
        title = self.title_html() if self.report.title else marked_html(self.id, ())
        return f"<div><b>{title}</b></div><div><small>{told}</small></div><div>{self.snippet.html()}</div>"

    def to_dict(self, *, explain: bool = False) -> dict[str, Any]:
        """Return the hit as JSON values: the report without its body, the marked title, the snippet; why, if asked."""
        snippet = self.snippet
        found = {
            "id": self.id,
            "score": self.score,
            **{key: value for key, value in self.report.to_dict().items() if key not in ("id", "body")},
            "title_html": self.title_html(),
            "snippet": {
                "text": snippet.text,
                "html": snippet.html(),
                "fragments": snippet.fragments,
                "marks": snippet.marks,
            },
        }
        if explain:
            found["explanation"] = str(self.explain()).splitlines()
        return found


@dataclass(frozen=True)
class SearchResults(Sequence[Hit]):
    """The hits of one page, and what is known of the whole.

    ``total``: reports that match, on all pages. ``took_ms``: milliseconds the search took. ``facets``: for each field
    asked for, (value, reports) commonest first. ``complete``: False when ``timeout_s`` ended the search early: then hits, total
    and facets are of what was found by then. Snippets and the suggestion are made when they are asked for, in their own time.
    """

    hits: tuple[Hit, ...]
    total: int
    took_ms: float
    facets: dict[str, list[tuple[str, int]]]
    complete: bool = True
    _suggest: Callable[[], str | None] = field(default=lambda: None, repr=False, compare=False)

    @cached_property
    def suggestion(self) -> str | None:
        """The query with its likely marks, slips put right; None when nothing would change. Made when it is asked for."""
        return self._suggest()

    @property
    def summary(self) -> str:
        """How many reports there are, how long it took, and whether time ran out."""
        more = "" if self.complete else "; time ran out before all were scored"
        return f"{self.total} reports in {self.took_ms:.0f} ms{more}"

    def _repr_html_(self) -> str:
        """Return the page as a notebook shows it: its hits, what is known of the whole, the suggestion."""
        hits = "".join(f"<li>{hit._repr_html_()}</li>" for hit in self)
        lines = [self.summary]
        if self.suggestion:
            lines.append(f"read as: {marked_html(self.suggestion, ())}")
        for name, counts in self.facets.items():
            values = ", ".join(f"<bdi>{marked_html(value, ())}</bdi> ({count})" for value, count in counts[:10])
            lines.append(f"{marked_html(name, ())}: {values}")
        return f"<ol>{hits}</ol>" + "".join(f"<div>{line}</div>" for line in lines)

    def to_dict(self, *, explain: bool = False) -> dict[str, Any]:
        """Return the page as JSON values; see ``Hit.to_dict``."""
        return {
            "total": self.total,
            "took_ms": self.took_ms,
            "complete": self.complete,
            "suggestion": self.suggestion,
            "facets": self.facets,
            "hits": [hit.to_dict(explain=explain) for hit in self.hits],
        }

    def __len__(self) -> int:
        return len(self.hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, index: int | slice) -> Hit | tuple[Hit, ...]:
        return self.hits[index]
