"""What is bounded, and at what: the most that an index takes in, looks for and gives."""

from __future__ import annotations

from dataclasses import dataclass, fields

from vnsearch.errors import InvalidArgumentError

__all__ = ["LIMITS", "Limits", "checked_limits"]

# Reading a part of a query takes seven calls for each level, of the thousand that Python has.
_DEPTH_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that an index takes in, looks for and gives; for ``Index.create`` and ``Index.open``.

    They hold for the object that they are given to: nothing of them is kept in the folder. A query past them is cut as said
    here, and never raises; so is a page; a report, or a new index, is refused.

    >>> Limits(query_syllables=32, report_chars=1_000_000).query_phrases
    16

    Args:
        query_chars: characters of a query; the rest is not read. Of what ``suggest`` completes the last ones are read.
        query_syllables: syllables of a query; the rest is not looked for. Of what ``suggest`` completes the last ones are.
        query_signs: phrases, fields, operators, parentheses and other signs of a query; the rest is plain words.
        query_depth: parentheses inside each other, at most 50; deeper ones are punctuation.
        query_phrases: phrases and prefixes of a query; the rest are read as words.
        query_spellings: spellings of syllables and pairs in doubt; of the rest the likeliest alone is searched.
        prefix_spellings: syllables that a prefix stands for: the commonest.
        phrase_slop: other words between two of a phrase; ``"a b"~`` with more means this (the language counts to 999).
        sloppy_syllables: syllables of all phrases with slop; the rest of these have none.
        result_window: hits that can be given, the first in the order asked for; ``total`` and facets count all. Holds for
            ``more_like_this`` too, and for the completions of ``suggest``.
        report_chars: characters of a report, its ``extra`` as JSON; past them InvalidReportError.
        report_labels: labels of a report in all fields that can be filtered; past them InvalidReportError.
        filterable_keys: keys of ``extra`` that can be filtered; past them ``Index.create`` raises InvalidArgumentError.

    Raises:
        InvalidArgumentError: a limit is no whole number from 1 up, or ``query_depth`` is above 50.

    """

    query_chars: int = 10_000
    query_syllables: int = 128
    query_signs: int = 256
    query_depth: int = 20
    query_phrases: int = 16
    query_spellings: int = 4096
    prefix_spellings: int = 64
    phrase_slop: int = 50
    sloppy_syllables: int = 12
    result_window: int = 100_000
    report_chars: int = 10_000_000
    report_labels: int = 1_000
    filterable_keys: int = 100

    def __post_init__(self) -> None:
        for name in (limit.name for limit in fields(self)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InvalidArgumentError(f"{name} must be a whole number from 1 up, not {value!r}")
        if self.query_depth > _DEPTH_MAX:
            raise InvalidArgumentError(f"query_depth must be at most {_DEPTH_MAX}, not {self.query_depth}")


LIMITS = Limits()


def checked_limits(limits: Limits) -> Limits:
    """Return limits that are some.

    Raises:
        InvalidArgumentError: they are none.

    """
    if not isinstance(limits, Limits):
        raise InvalidArgumentError(f"limits is made by Limits(…), not {limits!r}")
    return limits
