"""What the URL of a search may ask, for the API and the page alike: the options of ``Index.search``, under its names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from urllib.parse import urlencode

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import QueryParams

from vnsearch.errors import InvalidArgumentError

__all__ = ["LIMIT_MAX", "PageParameters", "SearchParameters"]

#: Hits on a page, and the furthest one may go (``Limits.result_window`` gives none behind rank 100,000 anyway).
LIMIT_MAX, OFFSET_MAX = 100, 1_000_000_000
_PER_PAGE = 10


class SearchParameters(BaseModel):
    """The query string of a search."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field("", description="What to look for: any text, with marks, without them or with half of them.")
    limit: int = Field(_PER_PAGE, ge=0, le=LIMIT_MAX, description="Hits on a page.")
    offset: int = Field(0, ge=0, le=OFFSET_MAX, description="Hits to pass over.")
    match: Literal["any", "all"] = Field("any", description="Which syllables must be in a report.")
    fields: list[str] = Field([], description="Where to look and how much it counts: `title=2`, several times.")
    filters: list[str] = Field([], description="Only reports with this value: `source=Báo A`, several times.")
    date_from: str | None = Field(None, description="The first day, as 2023-12-26.")
    date_to: str | None = Field(None, description="The last day, included.")
    sort: Literal["relevance", "date", "-date"] = Field("relevance", description="Order; `-date` is latest first.")
    facets: list[str] = Field([], description="Fields whose values are to be counted, several times.")
    fragments: int = Field(2, ge=0, le=10, description="Fragments of a snippet, at most.")
    timeout_s: float | None = Field(
        None, gt=0, description="Seconds of scoring, at most; the server has its own limit."
    )

    def options(self, timeout_s: float) -> dict[str, Any]:
        """Return the options for ``Index.search``; it scores for ``timeout_s`` seconds at most.

        Raises:
            InvalidArgumentError: a pair without "=", a weight that is no number.

        """
        filters: dict[str, list[str]] = {}
        for name, value in _pairs(self.filters, "filters"):
            filters.setdefault(name, []).append(value)
        try:
            weights = {name: float(value) for name, value in _pairs(self.fields, "fields")}
        except ValueError as error:
            raise InvalidArgumentError(f"fields=NAME=WEIGHT, and the weight a number: {error}") from error
        return {
            "limit": self.limit,
            "offset": self.offset,
            "match": self.match,
            "fields": weights or None,
            "filters": filters or None,
            "date_from": self.date_from or None,  # an empty box of a form is no date
            "date_to": self.date_to or None,
            "sort": self.sort,
            "facets": self.facets,
            "fragments": self.fragments,
            "timeout_s": min(self.timeout_s or timeout_s, timeout_s),
        }

    def url(self, path: str, **changes: Any) -> str:
        """Return the link to this search at a path, with some parameters changed; what is as by default is left out."""
        asked = {**self.model_dump(exclude_defaults=True), **changes}
        defaults = {name: field.default for name, field in type(self).model_fields.items()}
        kept = {name: value for name, value in asked.items() if value != defaults.get(name)}
        return f"{path}?{urlencode(kept, doseq=True, errors='replace')}" if kept else path

    def next_offset(self, total: int) -> int | None:
        """Return where the next page begins; None on the last one."""
        after = self.offset + self.limit
        return after if self.limit and after < total else None

    def previous_offset(self) -> int | None:
        """Return where the page before begins; None on the first one."""
        return max(0, self.offset - self.limit) if self.limit and self.offset else None


class PageParameters(SearchParameters):
    """The query string of a page: a search, the language, and the report that is shown.

    It is what people type, click and share: blanks around, empty boxes and what others add to a link are passed over.
    """

    model_config = ConfigDict(extra="ignore")

    limit: int = Field(_PER_PAGE, ge=1, le=LIMIT_MAX)
    lang: str = ""
    id: str = ""

    @classmethod
    def of(cls, asked: QueryParams) -> PageParameters:
        """Return what a URL asks.

        Raises:
            RequestValidationError: a value that makes no sense.

        """
        given: dict[str, Any] = {"query": asked.get("query", "").strip(), "id": asked.get("id", "")}
        for name in cls.model_fields.keys() - given.keys():
            values = [value for value in asked.getlist(name) if value.strip()]
            if values:
                given[name] = values if name in ("fields", "filters", "facets") else values[-1].strip()
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            told = [{**one, "loc": ("query", *one["loc"])} for one in error.errors(include_context=False)]
            raise RequestValidationError(told) from error


def _pairs(values: Iterable[str], parameter: str) -> list[tuple[str, str]]:
    pairs = []
    for value in values:
        name, equals, rest = value.partition("=")
        if not equals or not name:
            raise InvalidArgumentError(f"write {parameter}=NAME=VALUE, not {value!r}")
        pairs.append((name, rest))
    return pairs
