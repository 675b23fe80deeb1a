"""``python -m vnsearch`` is the ``vnsearch`` command."""

from vnsearch.cli import main

main(prog_name="vnsearch")
