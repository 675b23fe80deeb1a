"""What ``add`` and ``delete`` are given, wherever the index is: seen to before anything is begun."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vnsearch.errors import InvalidArgumentError
from vnsearch.report import Report

__all__ = ["check_reports", "wanted_ids"]


def check_reports(reports: Any) -> None:
    """Raise InvalidArgumentError for what are no reports, one after the other."""
    if isinstance(reports, Report | Mapping | str) or not isinstance(reports, Iterable):
        raise InvalidArgumentError("add takes an iterable of reports; put a single one into a list")


def wanted_ids(ids: Any) -> list[str]:
    """Return the ids; a single one may stand for itself.

    Raises:
        InvalidArgumentError: they are no ids.

    """
    wanted = [ids] if isinstance(ids, str) else list(ids) if isinstance(ids, Iterable) else [ids]
    for identity in wanted:
        if not isinstance(identity, str):
            raise InvalidArgumentError(f"an id is text, not {identity!r}")
    return wanted
