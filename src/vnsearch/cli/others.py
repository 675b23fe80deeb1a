"""The commands for a text, for a site, and for a first look."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from vnsearch.cli.options import Where, index_options, json_option
from vnsearch.cli.output import echo, print_json, squeezed
from vnsearch.cli.program import NOTHING_FOUND, main
from vnsearch.cli.searching import search
from vnsearch.text.visible import visible


@main.command()
@click.argument("text", nargs=-1, required=True)
@json_option
def analyze(text: tuple[str, ...], as_json: bool) -> None:
    """Show what the analysis makes of a text, stage by stage. A single - reads standard input."""
    import vnsearch  # noqa: PLC0415 - see the package

    given = sys.stdin.read() if text == ("-",) else " ".join(text)
    stages = {
        "given": given,
        "normalized": vnsearch.normalize(given),
        "folded": vnsearch.fold(given),
        "segmented": vnsearch.segment(given),
    }
    tokens = vnsearch.analyze(given)
    stages["abbreviations"] = _abbreviations_in(given, tokens)
    if as_json:
        print_json({**stages, "tokens": [{name: getattr(token, name) for name in token.__slots__} for token in tokens]})
    else:
        for name, stage in stages.items():
            echo(f"{name:<13} {squeezed(stage)}".rstrip())
        echo()
        _print_tokens(given, tokens)
    if not tokens:
        sys.exit(NOTHING_FOUND)


def _abbreviations_in(given: str, tokens: list[Any]) -> str:
    """Return the abbreviations of the built-in table that a text has, in either form."""
    from vnsearch.analysis.abbreviations import builtin_table  # noqa: PLC0415 - see the package

    table = builtin_table()
    syllables = [token for token in tokens if token.kind == "syllable"]
    found = {given[token.start : token.end]: table.expansions(given[token.start : token.end]) for token in syllables}
    lines = [f"{short} = {' | '.join(full)}" for short, full in found.items() if full]
    for start, end, key in table.find_expansions([token.text for token in syllables]):
        lines.append(f"{given[syllables[start].start : syllables[end - 1].end]} = {table.written[key]}")
    return "; ".join(dict.fromkeys(lines))


def _print_tokens(given: str, tokens: list[Any]) -> None:
    from rich.console import Console  # noqa: PLC0415 - see the package
    from rich.table import Table  # noqa: PLC0415 - see the package
    from rich.text import Text  # noqa: PLC0415 - see the package

    table = Table(box=None, pad_edge=False, header_style="")
    for name in ("position", "start", "end"):
        table.add_column(name, justify="right")
    for name in ("kind", "term", "as written"):
        table.add_column(name, no_wrap=True)
    for token in tokens:
        numbers = (str(token.position), str(token.start), str(token.end))
        texts = (visible(squeezed(text)) for text in (token.text, given[token.start : token.end]))
        table.add_row(*numbers, token.kind, *map(Text, texts))
    drawn = io.StringIO()
    Console(file=drawn, width=None if sys.stdout.isatty() else 1000, highlight=False).print(table)
    for line in drawn.getvalue().splitlines():
        echo(line)


@main.command()
@index_options
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port; 0 for a free one.")
@click.option("--root-path", default="", metavar="PATH", help="Path under which a proxy shows the site.")
@click.option("--title", default="vnsearch", show_default=True, help="Name of the site.")
@click.option("--language", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Of the page.")
@click.option("--facet", "facets", multiple=True, metavar="NAME", help="Field to filter by; source and category.")
@click.option("--allow-origin", "allow_origins", multiple=True, metavar="URL", help="Origin that may read the API.")
@click.option("--timeout-s", type=float, default=2.0, show_default=True, help="Seconds a search may score.")
@click.option("--writable", is_flag=True, help="Take reports from who sends the token.")
@click.option("--token", envvar="VNSEARCH_TOKEN", help="The token; better given as VNSEARCH_TOKEN.")
@json_option
def serve(
    where: Where, host: str, port: int, root_path: str, facets: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """Serve the search page and the JSON API, until Ctrl-C."""
    from vnsearch.web import create_app  # noqa: PLC0415 - see the package
    from vnsearch.web.server import run  # noqa: PLC0415 - see the package

    if facets:
        options["facets"] = facets
    with where.open() as ix:

        def tell(url: str) -> None:
            if as_json:
                print_json({"url": url})
            else:
                echo(f"{where}: {len(ix)} reports at {url} (Ctrl-C ends it)")
            sys.stdout.flush()

        run(create_app(ix, **options), host=host, port=port, root_path=root_path, on_ready=tell)


@main.command()
@click.option("--index", "index_path", metavar="DIR", help="Folder to keep the index in; by default it is thrown away.")
@json_option
@click.pass_context
def demo(context: click.Context, index_path: str | None, as_json: bool) -> None:
    """Index the sample reports that come with vnsearch and show a search typed without marks."""
    from vnsearch import Index, read_corpus  # noqa: PLC0415 - see the package
    from vnsearch.corpus import samples_path  # noqa: PLC0415 - see the package

    query = "quy che dan chu o co so"
    with tempfile.TemporaryDirectory() as temporary:
        folder = index_path or str(Path(temporary) / "index")
        with Index.create(folder, overwrite=True) as ix:
            passed_over: list[str] = []
            found = read_corpus(samples_path(), on_error=lambda path, error: passed_over.append(f"{path}: {error}"))
            added = ix.add(found, progress=True)
        if not as_json:
            for line in passed_over:
                echo(f"passed over: {line}", err=True)
            echo(f"{added.added} sample reports indexed in {added.seconds:.1f} s")
            echo()
            echo(f"$ vnsearch search {query!r}")
            echo()
        context.invoke(search, query=(query,), index_path=folder, urls=(), name=None, limit=3, as_json=as_json)
