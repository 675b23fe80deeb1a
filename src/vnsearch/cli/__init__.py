"""The command line: one command for each call of the library, with the same option names. No logic of its own.

Exit codes: 0 something was found or done, 1 nothing was (or, rebuilding and copying, not all), 2 wrong use, no index, or an index that
cannot be used. What a command does not need is imported when it runs: `vnsearch --help` answers at once.
"""

from __future__ import annotations

from vnsearch.cli import changing, others, searching
from vnsearch.cli.program import main

__all__ = ["changing", "main", "others", "searching"]
