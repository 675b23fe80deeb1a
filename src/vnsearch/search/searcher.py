"""Query -> hits: places are scored, what the filters leave is ordered, a page of it is returned."""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from vnsearch.concurrency import lock_of
from vnsearch.errors import InvalidArgumentError, UnknownFieldError
from vnsearch.index.columns import LabelColumn
from vnsearch.index.schema import FACETS, TEXT_FIELDS, labels
from vnsearch.index.snapshot import Snapshot
from vnsearch.limits import LIMITS, Limits
from vnsearch.report import parse_date
from vnsearch.search.assemble import assemble
from vnsearch.search.evaluate import Evaluation, evaluate
from vnsearch.search.kept import Asked, Kept
from vnsearch.search.page import IndexPage
from vnsearch.search.parameters import DEFAULT_FIELDS
from vnsearch.search.parts import read
from vnsearch.search.plan import plan
from vnsearch.search.query import ParsedQuery
from vnsearch.search.results import Hit, SearchResults
from vnsearch.search.scoring import Scorer
from vnsearch.search.suggestions import restored
from vnsearch.search.tree import Evaluator

__all__ = ["Match", "SearchOptions", "Searcher", "Sort", "check_query", "known_label", "wanted_labels"]

Match = Literal["any", "all"]
Sort = Literal["relevance", "date", "-date"]

# Scores have single precision; larger weights, and smaller ones, would leave nothing of them.
_WEIGHT_MAX = 1e6
# Weighings of fields whose scores are kept (both, and each that a query may name), and bytes of masks.
_SCORERS_KEPT = 3
_MASK_BYTES = 8 << 20
# Queries as they were read, in bytes: about a thousand typed with their marks, or three hundred without.
_QUERY_BYTES = 8 << 20
# Longer ones hardly come again.
_QUERY_CHARS = 500
# Queries remembered to have been asked.
_ASKED_KEPT = 1 << 14
# What is taken for a mask, or a query, besides what it holds and is asked for by.
_ENTRY_BYTES = 300


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

    def days(self) -> tuple[int | None, int | None] | None:
        """Return the first day and the last one, as ordinals; None for days of any kind, or none.

        Raises:
            InvalidArgumentError: one of them is no date.

        """
        if self.date_from is None and self.date_to is None:
            return None
        first = None if self.date_from is None else _ordinal(self.date_from, "date_from")
        return first, None if self.date_to is None else _ordinal(self.date_to, "date_to")

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


def check_query(text: object) -> None:
    """Raise InvalidArgumentError for a query that is no text."""
    if not isinstance(text, str):
        raise InvalidArgumentError(f"a query is text, not {type(text).__name__}")


def known_label(name: str, filterable: Iterable[str]) -> str:
    """Return the name of a field that can be filtered and faceted; ``filterable`` are those of ``extra``.

    Raises:
        UnknownFieldError: it is none.

    """
    known = (*FACETS, *filterable)
    if name not in known:
        raise UnknownFieldError(
            f"{name!r} cannot be filtered or faceted here; the fields are {', '.join(known)} "
            "(more keys of extra with Index.create(…, filterable=(…)))"
        )
    return name


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Searcher:
    """Runs queries against one commit, and keeps what several of them need. Safe for many threads."""

    def __init__(self, snapshot: Snapshot, limits: Limits = LIMITS) -> None:
        self.snapshot = snapshot
        self._limits = limits
        self._scorers: OrderedDict[tuple[tuple[str, float], ...], Scorer] = OrderedDict()
        self._masks: Kept[npt.NDArray[np.bool_]] = Kept(_MASK_BYTES)
        self._queries: Kept[ParsedQuery] = Kept(_QUERY_BYTES)
        self._asked = Asked(_ASKED_KEPT)
        self._lock = lock_of(self, "_lock")

    def scorer(self, fields: Mapping[str, float]) -> Scorer:
        """Return the scorer of a weighing of fields."""
        key = tuple(sorted(fields.items()))
        with self._lock:
            found = self._scorers.get(key)
            if found is None:
                found = self._scorers[key] = Scorer(self.snapshot, fields)
                if len(self._scorers) > _SCORERS_KEPT:
                    self._scorers.popitem(last=False)
            else:
                self._scorers.move_to_end(key)
            return found

    def _of_field(self, weights: Mapping[str, float], name: str) -> Scorer:
        """Return the scorer of one field, which a query names; with its own weight where it is not searched otherwise."""
        return self.scorer({name: weights.get(name, DEFAULT_FIELDS[name])})

    def search(self, text: str, options: SearchOptions, *, only: int | None = None) -> SearchResults:
        """Run a query; see ``Index.search``. ``only`` is the number of the one document that may be found."""
        started = time.perf_counter()
        options.check()
        check_query(text)
        query = self._read(text, options.match)
        return self.run(query, options, suggest=partial(restored, query, self.snapshot), only=only, started=started)

    def _read(self, text: str, match: Match) -> ParsedQuery:
        """Read a query, unless it is known: some are asked again, for the next page, with a filter, by somebody else."""
        key = text, match
        query = self._queries.get(key)
        if query is None:
            query = read(text, self.snapshot, match, limits=self._limits)
            # Most are not. To keep those too would cost them a tenth of their time: what is kept is cold when it goes.
            if len(text) <= _QUERY_CHARS and self._asked.again(key):
                self._queries.keep(key, query, _ENTRY_BYTES + query.size_bytes)
        return query

    def run(
        self,
        query: ParsedQuery,
        options: SearchOptions,
        *,
        suggest: Callable[[], str | None] = lambda: None,
        without: int | None = None,
        only: int | None = None,
        started: float | None = None,
    ) -> SearchResults:
        """Score, filter, order and cut; ``without`` and ``only`` are numbers of documents."""
        started = time.perf_counter() if started is None else started
        deadline = started + options.timeout_s if options.timeout_s is not None else None
        start, end = options.offset, min(options.offset + options.limit, self._limits.result_window)
        weights = options.weights()
        scorer = self.scorer(weights)
        of_field = partial(self._of_field, weights)
        masks = self._filters(options)
        if without is not None:
            masks.append(np.arange(self.snapshot.size) != without)
        if only is not None:
            masks.append(np.arange(self.snapshot.size) == only)
        with self.snapshot.reading("what the query needs"):
            run = Evaluator(scorer, of_field, deadline)
            # Ordered by date, every score may decide between equals.
            best = None if options.sort != "relevance" else end if end > start else 0
            node = plan(run, query.groups, options.match) if query.part is None else assemble(run, query.part)
            found = evaluate(run, node, masks, best)
            documents = self._page(found, options.sort, start, end)
        facets = {}
        if options.facets:
            matched = found.matched
            facets = {name: self._labels(name).counts(matched) for name in dict.fromkeys(options.facets)}
        total = found.total
        page = IndexPage(query, scorer, options.fragments, of_field, needs_all=options.match == "all")
        hits = tuple(Hit(float(found.row[document]), document, page) for document in documents.tolist())
        page.hits = hits
        scorer.give_back(found.row)
        took_ms = (time.perf_counter() - started) * 1000
        return SearchResults(hits, total, took_ms, facets, found.complete, suggest)

    def _labels(self, name: str) -> LabelColumn:
        return self.snapshot.labels(known_label(name, self.snapshot.filterable))

    def _filters(self, options: SearchOptions) -> list[npt.NDArray[np.bool_]]:
        """Return a mask of the documents that each filter leaves. Masks are kept: filters come again."""
        masks = []
        for name, values in (options.filters or {}).items():
            column = self._labels(name)
            wanted = wanted_labels(name, values)
            masks.append(self._mask(("label", name, *sorted(set(wanted))), partial(column.having, wanted)))
        if (days := options.days()) is not None:
            masks.append(self._mask(("days", *days), partial(self.snapshot.dated, *days)))
        return masks

    def _mask(self, key: tuple[object, ...], make: Callable[[], npt.NDArray[np.bool_]]) -> npt.NDArray[np.bool_]:
        found = self._masks.get(key)
        if found is None:
            made = make()
            found = self._masks.keep(key, made, _ENTRY_BYTES + made.nbytes + sum(map(sys.getsizeof, key)))
        return found

    def _page(self, found: Evaluation, sort: Sort, start: int, end: int) -> npt.NDArray[np.intp]:
        """Return the documents from one place to another, in order. Equals keep the order in which they were added."""
        if end <= start:
            return np.empty(0, np.intp)
        if sort == "relevance":
            return found.ranked(start, end)
        documents = np.flatnonzero(found.matched)
        days = self.snapshot.days[documents]
        # Undated reports come last, whichever way.
        keys = (documents, -found.row[documents], -days if sort == "-date" else days, days == 0)
        return documents[np.lexsort(keys)][start:end]


def wanted_labels(name: str, values: Any) -> list[str]:
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
