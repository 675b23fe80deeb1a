"""The commands that read an index."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

import click

from vnsearch.cli.options import Where, index_options, json_option, pairs
from vnsearch.cli.output import Printable, colour, echo, print_json, squeezed
from vnsearch.cli.program import NOTHING_FOUND, WRONG_USE, main
from vnsearch.text.visible import visible


@main.command()
@click.argument("query", nargs=-1, required=True)
@index_options
@click.option("--limit", type=click.IntRange(0), default=10, show_default=True, help="Hits on a page.")
@click.option("--offset", type=click.IntRange(0), default=0, show_default=True, help="Hits to pass over.")
@click.option(
    "--match", type=click.Choice(["any", "all"]), default="any", show_default=True, help="Syllables that must match."
)
@click.option("--field", "fields", multiple=True, metavar="NAME=WEIGHT", help="Where to look and how much it counts.")
@click.option("--filter", "filters", multiple=True, metavar="NAME=VALUE", help="Only reports with this value.")
@click.option("--date-from", metavar="DATE", help="First day, as 2023-12-26.")
@click.option("--date-to", metavar="DATE", help="Last day, included.")
@click.option(
    "--sort", type=click.Choice(["relevance", "date", "-date"]), default="relevance", show_default=True, help="Order."
)
@click.option("--facet", "facets", multiple=True, metavar="NAME", help="Count the values of a field.")
@click.option(
    "--fragments", type=click.IntRange(0), default=2, show_default=True, help="Fragments of a snippet, at most."
)
@click.option("--timeout-s", type=float, help="Give what was found after so many seconds.")
@click.option("--explain", is_flag=True, help="Say why each hit has its score.")
@json_option
def search(
    query: tuple[str, ...],
    where: Where,
    fields: tuple[str, ...],
    filters: tuple[str, ...],
    explain: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Search the index and print the hits, with what matched marked.

    A query is words, with marks or without. It may have signs: "exact phrase", "words nearby"~3, +must, -not, a OR b,
    (a b), quy ch*, title:a, body:a, source:a, author:a, category:a, date:2023, date:2023-01..2023-06.
    Put -- before a query that begins with a minus sign.
    """
    if fields:
        try:
            options["fields"] = {name: float(weight) for name, weight in pairs(fields, "--field")}
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--field") from error
    if filters:
        options["filters"] = {}
        for name, value in pairs(filters, "--filter"):
            options["filters"].setdefault(name, []).append(value)
    text = " ".join(query)
    with where.open() as ix:
        results = ix.search(text, **options)
    if as_json:
        print_json({"query": text, **results.to_dict(explain=explain)})
    else:
        _print_results(results, offset=options["offset"], explain=explain)
    if results.total == 0:
        sys.exit(NOTHING_FOUND)


def _print_results(results: Any, *, offset: int, explain: bool) -> None:
    # Away from a terminal the marks must be seen without colour.
    marks = () if colour() else ("**", "**")
    for number, hit in enumerate(results, start=offset + 1):
        report = hit.report
        title = squeezed(report.title or hit.id)
        bold = Printable(click.style(visible(title), bold=True))
        echo(f"{number}. ", bold if colour() else title)
        echo("   ", " · ".join(map(squeezed, hit.facts)))
        snippet = hit.snippet.ansi(*marks)
        if snippet:
            echo(Printable(click.wrap_text(snippet, 100, "   ", "   ")))
        if explain:
            for line in str(hit.explain()).splitlines():
                echo("   ", line)
        echo()
    for name, counts in results.facets.items():
        echo(f"{name}: " + ", ".join(f"{squeezed(value)} ({count})" for value, count in counts[:10]))
    echo(results.summary)
    if results.suggestion:
        echo(f"read as: {results.suggestion}")


@main.command()
@click.argument("prefix", nargs=-1, required=True)
@index_options
@click.option("--limit", type=click.IntRange(0), default=8, show_default=True, help="Completions.")
@json_option
def suggest(prefix: tuple[str, ...], where: Where, limit: int, as_json: bool) -> None:
    """Print completions of what is being typed, from the words of the index."""
    with where.open() as ix:
        found = ix.suggest(" ".join(prefix), limit=limit)
    if as_json:
        print_json(found)
    else:
        for completion in found:
            echo(completion)
    if not found:
        sys.exit(NOTHING_FOUND)


@main.command()
@index_options
@json_option
def abbreviations(where: Where, as_json: bool) -> None:
    """Print the abbreviations that the indexed reports define, with the number of reports that do."""
    with where.open() as ix:
        found = ix.abbreviations()
    if as_json:
        print_json([asdict(learnt) for learnt in found])
    else:
        for learnt in found:
            echo(f"{learnt.abbreviation:<12} {learnt.expansion} ({learnt.reports})")
    if not found:
        sys.exit(NOTHING_FOUND)


@main.command()
@index_options
@json_option
def check(where: Where, as_json: bool) -> None:
    """Read the whole index once and say what is wrong with it, if anything."""
    if where.is_cluster:
        with where.open() as ix:
            result = ix.check()
    else:
        from vnsearch import check_index  # noqa: PLC0415 - see the package

        result = check_index(where.path)  # also one that cannot be opened
    if as_json:
        print_json({"sound": bool(result), **asdict(result)})
    else:
        for problem in result.problems:
            echo(problem)
        echo(f"{where}: {result.reports} reports, {'sound' if result else 'damaged'}")
    if not result:
        sys.exit(WRONG_USE)


@main.command()
@index_options
@json_option
def stats(where: Where, as_json: bool) -> None:
    """Print the size of the index."""
    with where.open() as ix:
        of_it: Any = ix.stats()
        found = asdict(of_it)
    if as_json:
        print_json(found)
    else:
        for name, value in found.items():
            echo(f"{name:<15} {', '.join(value) if isinstance(value, tuple) else value}")
