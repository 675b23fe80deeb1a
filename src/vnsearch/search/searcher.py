"""Query -> hits: places are scored, what the filters leave is ordered, a page of it is returned."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from vnsearch.errors import InvalidArgumentError, UnknownFieldError
from vnsearch.index.columns import LabelColumn
from vnsearch.index.schema import FACETS, TEXT_FIELDS, labels
from vnsearch.index.snapshot import Snapshot
from vnsearch.report import parse_date
from vnsearch.search.parameters import DEFAULT_FIELDS
from vnsearch.search.query import ParsedQuery, parse
from vnsearch.search.results import Hit, SearchResults
from vnsearch.search.scoring import Evaluation, evaluate
from vnsearch.search.suggestions import restored

__all__ = ["Match", "SearchOptions", "Sort", "run", "search"]

Match = Literal["any", "all"]
Sort = Literal["relevance", "date", "-date"]

# Scores have single precision; larger weights, and smaller ones, would leave nothing of them.
_WEIGHT_MAX = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """What a search may be told besides the query; see ``Index.search``. Checked when a search runs."""

    limit: int = 10
    offset: int = 0
    match: Match = "any"
    fields: Mapping[str, float] | None = None
    filters: Mapping[str, Any] | None = None
    date_from: dt.date | str | None = None
    date_to: dt.date | str | None = None
    sort: Sort = "relevance"
    facets: Iterable[str] = ()
    fragments: int = 2
    timeout_s: float | None = None

    def check(self) -> None:
        """Raise InvalidArgumentError for a value that makes no sense."""
        for name in ("limit", "offset", "fragments"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise InvalidArgumentError(f"{name} must be a whole number from 0 up, not {value!r}")
        if self.match not in ("any", "all"):
            raise InvalidArgumentError(f'match is "any" or "all", not {self.match!r}')
        if self.sort not in ("relevance", "date", "-date"):
            raise InvalidArgumentError(f'sort is "relevance", "date" or "-date", not {self.sort!r}')
        if self.timeout_s is not None and not (_is_number(self.timeout_s) and self.timeout_s > 0):
            raise InvalidArgumentError(f"timeout_s must be a number above 0, not {self.timeout_s!r}")
        if isinstance(self.facets, str):
            raise InvalidArgumentError(f"facets is a sequence of names; write facets=({self.facets!r},)")
        if not isinstance(self.facets, Iterable):
            raise InvalidArgumentError(f"facets is a sequence of names, not {self.facets!r}")
        if not isinstance(self.filters, Mapping | None):
            raise InvalidArgumentError(f'filters is a mapping such as {{"source": ["…", "…"]}}, not {self.filters!r}')

    def weights(self) -> dict[str, float]:
        """Return the fields to search, with their weights."""
        if self.fields is None:
            return dict(DEFAULT_FIELDS)
        if not isinstance(self.fields, Mapping) or not self.fields:
            raise InvalidArgumentError('fields is a mapping of weights such as {"title": 2.0, "body": 1.0}')
        for name, weight in self.fields.items():
            if name not in TEXT_FIELDS:
                raise UnknownFieldError(f"{name!r} cannot be searched; the fields are {', '.join(TEXT_FIELDS)}")
            if not _is_number(weight) or not 1 / _WEIGHT_MAX <= weight <= _WEIGHT_MAX:
                raise InvalidArgumentError(
                    f"the weight of {name} must be a number from {1 / _WEIGHT_MAX:g} to {_WEIGHT_MAX:g}, not {weight!r}"
                )
        return dict(self.fields)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def search(snapshot: Snapshot, text: str, options: SearchOptions) -> SearchResults:
    """Run a query against one commit; see ``Index.search``."""
    started = time.perf_counter()
    options.check()
    if not isinstance(text, str):
        raise InvalidArgumentError(f"a query is text, not {type(text).__name__}")
    query = parse(text, snapshot)
    return run(snapshot, query, options, suggestion=restored(query), started=started)


def run(
    snapshot: Snapshot,
    query: ParsedQuery,
    options: SearchOptions,
    *,
    suggestion: str | None = None,
    without: Iterable[int] = (),
    started: float | None = None,
) -> SearchResults:
    """Score, filter, order and cut; ``without`` are document numbers that are left out."""
    started = time.perf_counter() if started is None else started
    deadline = time.monotonic() + options.timeout_s if options.timeout_s is not None else None
    weights = options.weights()
    allowed = _allowed(snapshot, options)
    allowed[list(without)] = False
    found = evaluate(snapshot, query.groups, weights, match=options.match, deadline=deadline)
    matched = found.matched & allowed
    facets = {name: _labels(snapshot, name).counts(matched) for name in options.facets}
    hits = []
    for document in _page(snapshot, found, matched, options).tolist():
        report = snapshot.report(document)
        score = float(found.scores[document])
        hits.append(Hit(report.id, score, report, document, query, snapshot, weights, options.fragments))
    took_ms = (time.perf_counter() - started) * 1000
    return SearchResults(tuple(hits), int(np.count_nonzero(matched)), took_ms, facets, suggestion, found.complete)


def _labels(snapshot: Snapshot, name: str) -> LabelColumn:
    known = (*FACETS, *snapshot.filterable)
    if name not in known:
        raise UnknownFieldError(
            f"{name!r} cannot be filtered or faceted here; the fields are {', '.join(known)} "
            "(more keys of extra with Index.create(…, filterable=(…)))"
        )
    return snapshot.labels(name)


def _allowed(snapshot: Snapshot, options: SearchOptions) -> npt.NDArray[np.bool_]:
    """Return which documents the filters leave."""
    allowed: npt.NDArray[np.bool_] = snapshot.live.copy()
    for name, values in (options.filters or {}).items():
        allowed &= _labels(snapshot, name).having(_wanted(name, values))
    if options.date_from is not None:
        allowed &= snapshot.days >= _ordinal(options.date_from, "date_from")
    if options.date_to is not None:
        allowed &= (snapshot.days <= _ordinal(options.date_to, "date_to")) & (snapshot.days > 0)
    return allowed


def _wanted(name: str, values: Any) -> list[str]:
    """Return the labels that a filter asks for: one value, or any iterable of them."""
    try:
        return labels(
            values if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable) else list(values)
        )
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(f"filters: {name}: values are text, numbers or true and false ({error})") from error


def _ordinal(value: dt.date | str, name: str) -> int:
    try:
        return parse_date(value).toordinal()
    except ValueError as error:
        raise InvalidArgumentError(f"{name}: {error}") from error


def _page(
    snapshot: Snapshot, found: Evaluation, matched: npt.NDArray[np.bool_], options: SearchOptions
) -> npt.NDArray[np.intp]:
    """Return the documents of the page asked for, in order. Equals keep the order in which they were added."""
    documents = np.flatnonzero(matched)
    end = options.offset + options.limit
    if options.sort == "relevance":
        scores = found.scores[documents]
        if 0 < end < len(documents):  # what cannot reach the page need not be sorted
            documents = documents[scores >= np.partition(scores, -end)[-end]]
        keys: tuple[npt.NDArray[Any], ...] = (documents, -found.scores[documents])
    else:
        days = snapshot.days[documents]
        # Undated reports come last, whichever way.
        keys = (documents, -found.scores[documents], -days if options.sort == "-date" else days, days == 0)
    return documents[np.lexsort(keys)][options.offset : end]
