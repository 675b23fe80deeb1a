"""What the URL of a search may ask, for the API and the page alike: the options of ``Index.search``, under its names."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema
from starlette.datastructures import QueryParams

from vnsearch.search.results import SearchResults

__all__ = ["AddParameters", "PageParameters", "SearchParameters", "SuggestParameters"]

#: Hits on a page, and the furthest one may go (``Limits.result_window`` gives none behind rank 100,000 anyway).
LIMIT_MAX, OFFSET_MAX = 100, 1_000_000_000
_PER_PAGE = 10
#: Values that are filtered by: a page has a link without each of them, with all others in it.
FILTERS_MAX = 100

_WEIGHT = r"^[^=]+=[0-9]+(\.[0-9]+)?$"
_FILTER = r"^[^=]+=[\s\S]*$"
_DAY = "^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"
_DAY_SCHEMA = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "maxLength": 0}]}


def _like(pattern: str, shown: str) -> AfterValidator:
    """Return what checks that text matches a pattern, and says by an example how to write it."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"write it like {shown}, not {text!r}")
        return text

    return AfterValidator(check)


def _day(text: str) -> str:
    if text:
        dt.date.fromisoformat(text)
    return text


_Weight = Annotated[str, _like(_WEIGHT, "title=2.5"), WithJsonSchema({"type": "string", "pattern": _WEIGHT})]
_Filter = Annotated[str, _like(_FILTER, "source=Báo A"), WithJsonSchema({"type": "string", "pattern": _FILTER})]
_Day = Annotated[str, _like(_DAY, "2023-12-26"), AfterValidator(_day), WithJsonSchema(_DAY_SCHEMA)]


class SearchParameters(BaseModel):
    """The query string of a search."""

    model_config = ConfigDict(extra="forbid")

    query: str = Field("", description="What to look for: any text, with marks, without them or with half of them.")
    limit: int = Field(_PER_PAGE, ge=0, le=LIMIT_MAX, description="Hits on a page.")
    offset: int = Field(0, ge=0, le=OFFSET_MAX, description="Hits to pass over.")
    match: Literal["any", "all"] = Field("any", description="Which syllables must be in a report.")
    fields: list[_Weight] = Field([], description="Where to look and how much it counts: `title=2`, several times.")
    filters: list[_Filter] = Field(
        [], max_length=FILTERS_MAX, description="Only reports with this value: `source=Báo A`, several times."
    )
    date_from: _Day = Field("", description="The first day, as 2023-12-26; empty: none.")
    date_to: _Day = Field("", description="The last day, included.")
    sort: Literal["relevance", "date", "-date"] = Field("relevance", description="Order; `-date` is latest first.")
    facets: list[str] = Field([], description="Fields whose values are to be counted, several times.")
    fragments: int = Field(2, ge=0, le=10, description="Fragments of a snippet, at most.")
    timeout_s: float | None = Field(
        None, gt=0, description="Seconds of scoring, at most; the server has its own limit."
    )

    def options(self, timeout_s: float) -> dict[str, Any]:
        """Return the options for ``Index.search``; it scores for ``timeout_s`` seconds at most."""
        filters: dict[str, list[str]] = {}
        for name, _, value in (pair.partition("=") for pair in self.filters):
            filters.setdefault(name, []).append(value)
        weights = {name: float(weight) for name, _, weight in (pair.partition("=") for pair in self.fields)}
        return {
            "limit": self.limit,
            "offset": self.offset,
            "match": self.match,
            "fields": weights or None,
            "filters": filters or None,
            "date_from": self.date_from or None,
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

    def neighbours(self, path: str, results: SearchResults) -> tuple[str | None, str | None]:
        """Return the links to the page before and to the next one; None where there is none."""
        after, before = self.offset + self.limit, max(0, self.offset - self.limit)
        return (
            self.url(path, offset=before) if self.limit and self.offset else None,
            self.url(path, offset=after) if self.limit and results and after < results.total else None,
        )


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

    def only(self, *names: str) -> PageParameters:
        """Return a query string of these parameters alone."""
        return type(self).model_validate(self.model_dump(include=set(names)))


class SuggestParameters(BaseModel):
    """The query string of completions."""

    model_config = ConfigDict(extra="forbid")

    prefix: str = Field("", description="What has been typed so far.")
    limit: int = Field(8, ge=0, le=LIMIT_MAX, description="Completions, at most.")


class AddParameters(BaseModel):
    """The query string of reports that are added."""

    model_config = ConfigDict(extra="forbid")

    on_error: Literal["raise", "skip"] = Field("raise", description="On a bad report: add none, or leave it out.")
