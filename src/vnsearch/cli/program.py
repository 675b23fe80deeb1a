"""The program: the group of all commands, and how each ends."""

from __future__ import annotations

import io
import logging
import sys
from typing import Any

import click

from vnsearch import __version__
from vnsearch.cli.output import LogHandler, Printable, echo
from vnsearch.errors import VnSearchError
from vnsearch.text.visible import visible

__all__ = ["NOTHING_FOUND", "WRONG_USE", "main"]

NOTHING_FOUND = 1
WRONG_USE = 2


class Program(click.Group):
    """Prints every error: ours in one line, those of use as click does. What is neither is a bug and shows its traceback."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        try:
            sys.exit(super().main(*arguments, **{**options, "standalone_mode": False}))
        except VnSearchError as error:
            echo(f"vnsearch: {error}", err=True)
            sys.exit(WRONG_USE)
        except click.ClickException as error:
            message = io.StringIO()
            error.show(message)
            echo(Printable(visible(message.getvalue().rstrip())), err=True)
            sys.exit(error.exit_code)
        except click.Abort:
            echo("Aborted!", err=True)
            sys.exit(1)
        except Exception:  # noqa: BLE001 - printed whole
            import traceback  # noqa: PLC0415 - see the package

            echo(Printable(visible(traceback.format_exc().rstrip())), err=True)
            sys.exit(1)


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vnsearch")
def main() -> None:
    """Full-text search for Vietnamese reports: typed with marks, without them, or with half of them."""
    for stream in (sys.stdout, sys.stderr):  # a terminal of another encoding must not stop a search
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and (stream.encoding or "").lower().replace("-", "") != "utf8":
            reconfigure(encoding="utf-8", errors="backslashreplace")
    logging.basicConfig(format="%(message)s", level=logging.WARNING, handlers=[LogHandler()])
    # It warns of each answer that is not 200, with tracebacks: what comes of them is ours to say.
    logging.getLogger("opensearch").setLevel(logging.CRITICAL)
