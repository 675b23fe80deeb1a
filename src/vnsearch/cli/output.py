"""What the commands print. All of it goes through here, so that no report, file name or query steers the terminal."""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any

import click

from vnsearch.text.visible import visible

__all__ = ["LogHandler", "Printable", "colour", "echo", "print_json", "squeezed"]


class Printable(str):
    """Text to be printed as it is: lines and colours of our own, with what is not ours made visible."""

    __slots__ = ()


def echo(*pieces: str, err: bool = False) -> None:
    """Print a line. All that is printed goes through here, so that no report, file name or query steers the terminal."""
    shown = (piece if isinstance(piece, Printable) else visible(piece).replace("\n", " ") for piece in pieces)
    click.echo("".join(shown), err=err)  # noqa: TID251 - the one door


def print_json(value: Any, indent: int | None = 2) -> None:
    """Print a value as JSON."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    echo(Printable(visible(text, lambda char: json.dumps(char)[1:-1])))


def squeezed(value: object) -> str:
    """Return a value as text on one line, with single spaces."""
    return " ".join(str(value).split())


class LogHandler(logging.Handler):
    """Prints what is logged."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record."""
        echo(self.format(record), err=True)


def colour() -> bool:
    """Tell whether marks may be coloured: on a terminal, unless NO_COLOR asks otherwise (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
