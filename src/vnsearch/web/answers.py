"""What the JSON API answers and takes, for its description. Answers are made of the library's own ``to_dict``, not of these."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["AddStatsAnswer", "Problem", "Record", "ReportAnswer", "SearchAnswer", "StatsAnswer"]


class Problem(BaseModel):
    """What went wrong: problem details (RFC 9457)."""

    type: str = Field(description="Always `about:blank`: the status says what kind of problem it is.")
    title: str
    status: int
    detail: str = Field(description="What to do about it.")


class Links(BaseModel):
    """Pages of the same search."""

    self: str
    next: str | None
    previous: str | None


class SnippetAnswer(BaseModel):
    """``fragments`` and ``marks`` are (start, end) in code points of the body, end exclusive."""

    text: str
    html: str
    fragments: list[tuple[int, int]]
    marks: list[tuple[int, int]]


class _Facts(BaseModel):
    id: str
    title: str
    date: str | None
    source: str | None
    author: str | None
    category: str | None
    url: str | None
    extra: dict[str, Any]


class HitAnswer(_Facts):
    """One report found, without its body."""

    score: float
    title_html: str
    snippet: SnippetAnswer
    document: str = Field(description="Where the whole report is.")


class SearchAnswer(BaseModel):
    """A page of hits; see ``SearchResults``."""

    query: str
    total: int
    took_ms: float
    complete: bool
    suggestion: str | None
    facets: dict[str, list[tuple[str, int]]]
    hits: list[HitAnswer]
    links: Links


class ReportAnswer(_Facts):
    """A report as it was added."""

    body: str


class StatsAnswer(BaseModel):
    """The size of the index; see ``IndexStats`` and ``ClusterStats``."""

    reports: int
    commit: int = Field(default=0, description="The number of the commit; only of an index in a folder.")
    size_bytes: int
    syllables: int
    syllable_terms: int
    word_terms: int
    filterable: list[str]
    format: int
    analysis: str


class Record(BaseModel):
    """A report as ``Report.from_mapping`` takes it; other keys go to ``extra``."""

    model_config = ConfigDict(extra="allow")

    id: Annotated[str, Field(min_length=1)] | int = Field(description="A report with this id is replaced.")
    title: str | None = None
    body: str | None = Field(None, description="Also as `text` or `content`.")
    date: str | None = Field(None, description="ISO 8601, as 2023-12-26 or 2023-12-26T13:44+07:00.")
    source: str | None = None
    author: str | None = None
    category: str | None = None
    url: str | None = None
    extra: dict[str, Any] | None = None


class SkippedAnswer(BaseModel):
    """A report that was left out: its place among those sent, from 0."""

    position: int
    id: str | None
    error: str


class AddStatsAnswer(BaseModel):
    """What was added; see ``AddStats``."""

    added: int
    updated: int
    skipped: int
    errors: list[SkippedAnswer]
    seconds: float
