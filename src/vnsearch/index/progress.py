"""The bar that ``progress=True`` asks for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

__all__ = ["OnProgress", "progress_bar"]

#: Called with (done, total or None) after each report.
OnProgress = Callable[[int, "int | None"], object]


@contextlib.contextmanager
def progress_bar(progress: OnProgress | bool | None) -> Iterator[OnProgress | None]:
    """Give the function to call with (done, total): the caller's own, that of a bar on standard error, or none.

    There is no bar where standard error is not a terminal.
    """
    if not isinstance(progress, bool):
        yield progress
        return
    if not progress:
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - only for those who want a bar
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("indexing", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
