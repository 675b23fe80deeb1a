"""The command line: one command for each call of the library, with the same option names. No logic of its own.

Exit codes: 0 something was found or done, 1 nothing was (or, rebuilding, not all), 2 wrong use, no index, or an index that cannot be used.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from vnsearch import __version__
from vnsearch.errors import VnSearchError
from vnsearch.text.visible import visible

# What a command does not need is imported when it runs: `vnsearch --help` answers at once.

__all__ = ["main"]

DEFAULT_INDEX = "index/"
NOTHING_FOUND = 1
WRONG_USE = 2

Command = TypeVar("Command", bound=Callable[..., Any])


def _index_option(command: Command) -> Command:
    option = click.option(
        "--index", "index_path", default=DEFAULT_INDEX, show_default=True, metavar="DIR", help="Folder of the index."
    )
    return option(command)


def _json_option(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


class _Printable(str):
    """Text to be printed as it is: lines and colours of our own, with what is not ours made visible."""

    __slots__ = ()


def _echo(*pieces: str, err: bool = False) -> None:
    """Print a line. All that is printed goes through here, so that no report, file name or query steers the terminal."""
    shown = (piece if isinstance(piece, _Printable) else visible(piece).replace("\n", " ") for piece in pieces)
    click.echo("".join(shown), err=err)  # noqa: TID251 - the one door


def _print_json(value: Any, indent: int | None = 2) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    _echo(_Printable(visible(text, lambda char: json.dumps(char)[1:-1])))


def _squeezed(value: object) -> str:
    return " ".join(str(value).split())


class _LogHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _echo(self.format(record), err=True)


class _Program(click.Group):
    """Prints every error: ours in one line, those of use as click does. What is neither is a bug and shows its traceback."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        try:
            sys.exit(super().main(*arguments, **{**options, "standalone_mode": False}))
        except VnSearchError as error:
            _echo(f"vnsearch: {error}", err=True)
            sys.exit(WRONG_USE)
        except click.ClickException as error:
            message = io.StringIO()
            error.show(message)
            _echo(_Printable(visible(message.getvalue().rstrip())), err=True)
            sys.exit(error.exit_code)
        except click.Abort:
            _echo("Aborted!", err=True)
            sys.exit(1)
        except Exception:  # noqa: BLE001 - printed whole
            import traceback  # noqa: PLC0415 - see above

            _echo(_Printable(visible(traceback.format_exc().rstrip())), err=True)
            sys.exit(1)


def _colour() -> bool:
    """Tell whether marks may be coloured: on a terminal, unless NO_COLOR asks otherwise (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _pairs(values: tuple[str, ...], option: str) -> list[tuple[str, str]]:
    found = []
    for value in values:
        name, equals, rest = value.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"write {option} NAME=VALUE, not {value!r}", param_hint=option)
        found.append((name, rest))
    return found


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vnsearch")
def main() -> None:
    """Full-text search for Vietnamese reports: typed with marks, without them, or with half of them."""
    for stream in (sys.stdout, sys.stderr):  # a terminal of another encoding must not stop a search
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and (stream.encoding or "").lower().replace("-", "") != "utf8":
            reconfigure(encoding="utf-8", errors="backslashreplace")
    logging.basicConfig(format="%(message)s", level=logging.WARNING, handlers=[_LogHandler()])


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@_index_option
@click.option("--overwrite", is_flag=True, help="Start the index anew.")
@click.option("--filterable", multiple=True, metavar="KEY", help="Key of `extra` to filter by; for a new index.")
@click.option(
    "--on-error", type=click.Choice(["raise", "skip"]), default="skip", show_default=True, help="On a bad report."
)
@click.option("--processes", type=int, default=1, show_default=True, help="Processes for the analysis.")
@click.option("--memory-mb", type=int, default=512, show_default=True, help="Memory of the writer.")
@click.option("--prune", is_flag=True, help="Let reports of all other files leave the index.")
@click.option("--watch", is_flag=True, help="Stay, and index again whenever a file changes, until Ctrl-C.")
@_json_option
def index(
    paths: tuple[str, ...],
    index_path: str,
    overwrite: bool,
    filterable: tuple[str, ...],
    watch: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Read reports from files and folders and index them. What did not change since is left alone.

    An unreadable file is reported and passed over. With --watch there is a line, or a line of JSON, whenever something was done.
    """
    from vnsearch import Index  # noqa: PLC0415 - see above

    told: dict[str, list[dict[str, str]]] = {"unreadable": [], "converted": []}

    def on_read_error(path: Any, error: Exception) -> None:
        told["unreadable"].append({"path": str(path), "error": str(error)})
        _echo(f"passed over: {path}: {error}", err=True)

    def on_converted(path: Any, encoding: str) -> None:
        told["converted"].append({"path": str(path), "encoding": encoding})
        _echo(f"converted from {encoding}: {path}", err=True)

    create = overwrite or filterable
    opened = (
        Index.create(index_path, overwrite=overwrite, filterable=filterable)
        if create
        else Index.open(index_path, create=True)
    )
    options |= {"on_read_error": on_read_error, "on_converted": on_converted, "progress": True}
    with opened as ix:
        if not watch:
            stats = ix.sync(paths, **options)
            _tell_sync(ix, stats, told, as_json=as_json)
            if stats.added + stats.updated + stats.unchanged + stats.removed == 0:
                sys.exit(NOTHING_FOUND)
            return
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever stops a service says it so
        with contextlib.suppress(KeyboardInterrupt):
            for stats in ix.watch(paths, **options, on_failure=lambda error: _echo(f"vnsearch: {error}", err=True)):
                _tell_sync(ix, stats, told, as_json=as_json, indent=None)
                told["unreadable"].clear()
                told["converted"].clear()


def _tell_sync(
    ix: Any, stats: Any, told: dict[str, list[dict[str, str]]], *, as_json: bool, indent: int | None = 2
) -> None:
    for skipped in stats.errors:
        _echo(f"left out: report {skipped.id or skipped.position}: {skipped.error}", err=True)
    if as_json:
        _print_json({**stats.to_dict(), "reports": len(ix), **told}, indent)
    else:
        _echo(
            f"{ix.path}: {stats.added} added, {stats.updated} updated, {stats.unchanged} unchanged, {stats.removed} removed, "
            f"{stats.skipped} left out, {len(told['unreadable'])} files or records not read; {len(ix)} reports now ({stats.seconds:.1f} s)"
        )


@main.command()
@click.argument("query", nargs=-1, required=True)
@_index_option
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
@_json_option
def search(
    query: tuple[str, ...],
    index_path: str,
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
    from vnsearch import Index  # noqa: PLC0415 - see above

    if fields:
        try:
            options["fields"] = {name: float(weight) for name, weight in _pairs(fields, "--field")}
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--field") from error
    if filters:
        options["filters"] = {}
        for name, value in _pairs(filters, "--filter"):
            options["filters"].setdefault(name, []).append(value)
    text = " ".join(query)
    with Index.open(index_path) as ix:
        results = ix.search(text, **options)
    if as_json:
        _print_json({"query": text, **results.to_dict(explain=explain)})
    else:
        _print_results(results, offset=options["offset"], explain=explain)
    if results.total == 0:
        sys.exit(NOTHING_FOUND)


def _print_results(results: Any, *, offset: int, explain: bool) -> None:
    # Away from a terminal the marks must be seen without colour.
    marks = () if _colour() else ("**", "**")
    for number, hit in enumerate(results, start=offset + 1):
        report = hit.report
        title = _squeezed(report.title or hit.id)
        bold = _Printable(click.style(visible(title), bold=True))
        _echo(f"{number}. ", bold if _colour() else title)
        _echo("   ", " · ".join(map(_squeezed, hit.facts)))
        snippet = hit.snippet.ansi(*marks)
        if snippet:
            _echo(_Printable(click.wrap_text(snippet, 100, "   ", "   ")))
        if explain:
            for line in str(hit.explain()).splitlines():
                _echo("   ", line)
        _echo()
    for name, counts in results.facets.items():
        _echo(f"{name}: " + ", ".join(f"{_squeezed(value)} ({count})" for value, count in counts[:10]))
    _echo(results.summary)
    if results.suggestion:
        _echo(f"read as: {results.suggestion}")


@main.command()
@click.argument("prefix", nargs=-1, required=True)
@_index_option
@click.option("--limit", type=click.IntRange(0), default=8, show_default=True, help="Completions.")
@_json_option
def suggest(prefix: tuple[str, ...], index_path: str, limit: int, as_json: bool) -> None:
    """Print completions of what is being typed, from the words of the index."""
    from vnsearch import Index  # noqa: PLC0415 - see above

    with Index.open(index_path) as ix:
        found = ix.suggest(" ".join(prefix), limit=limit)
    if as_json:
        _print_json(found)
    else:
        for completion in found:
            _echo(completion)
    if not found:
        sys.exit(NOTHING_FOUND)


@main.command()
@_index_option
@_json_option
def abbreviations(index_path: str, as_json: bool) -> None:
    """Print the abbreviations that the indexed reports define, with the number of reports that do."""
    from vnsearch import Index  # noqa: PLC0415 - see above

    with Index.open(index_path) as ix:
        found = ix.abbreviations()
    if as_json:
        _print_json([asdict(learnt) for learnt in found])
    else:
        for learnt in found:
            _echo(f"{learnt.abbreviation:<12} {learnt.expansion} ({learnt.reports})")
    if not found:
        sys.exit(NOTHING_FOUND)


@main.command()
@click.argument("text", nargs=-1, required=True)
@_json_option
def analyze(text: tuple[str, ...], as_json: bool) -> None:
    """Show what the analysis makes of a text, stage by stage. A single - reads standard input."""
    import vnsearch  # noqa: PLC0415 - see above

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
        _print_json(
            {**stages, "tokens": [{name: getattr(token, name) for name in token.__slots__} for token in tokens]}
        )
    else:
        for name, stage in stages.items():
            _echo(f"{name:<13} {_squeezed(stage)}".rstrip())
        _echo()
        _print_tokens(given, tokens)
    if not tokens:
        sys.exit(NOTHING_FOUND)


def _abbreviations_in(given: str, tokens: list[Any]) -> str:
    """Return the abbreviations of the built-in table that a text has, in either form."""
    from vnsearch.analysis.abbreviations import builtin_table  # noqa: PLC0415 - see above

    table = builtin_table()
    syllables = [token for token in tokens if token.kind == "syllable"]
    found = {given[token.start : token.end]: table.expansions(given[token.start : token.end]) for token in syllables}
    lines = [f"{short} = {' | '.join(full)}" for short, full in found.items() if full]
    for start, end, key in table.find_expansions([token.text for token in syllables]):
        lines.append(f"{given[syllables[start].start : syllables[end - 1].end]} = {table.written[key]}")
    return "; ".join(dict.fromkeys(lines))


def _print_tokens(given: str, tokens: list[Any]) -> None:
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.table import Table  # noqa: PLC0415 - see above
    from rich.text import Text  # noqa: PLC0415 - see above

    table = Table(box=None, pad_edge=False, header_style="")
    for name in ("position", "start", "end"):
        table.add_column(name, justify="right")
    for name in ("kind", "term", "as written"):
        table.add_column(name, no_wrap=True)
    for token in tokens:
        numbers = (str(token.position), str(token.start), str(token.end))
        texts = (visible(_squeezed(text)) for text in (token.text, given[token.start : token.end]))
        table.add_row(*numbers, token.kind, *map(Text, texts))
    drawn = io.StringIO()
    Console(file=drawn, width=None if sys.stdout.isatty() else 1000, highlight=False).print(table)
    for line in drawn.getvalue().splitlines():
        _echo(line)


@main.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@_index_option
@_json_option
def delete(ids: tuple[str, ...], index_path: str, as_json: bool) -> None:
    """Delete reports by id."""
    from vnsearch import Index  # noqa: PLC0415 - see above

    with Index.open(index_path) as ix:
        deleted = ix.delete(ids)
        total = len(ix)
    if as_json:
        _print_json({"deleted": deleted, "reports": total})
    else:
        _echo(f"{index_path}: {deleted} deleted; {total} reports now")
    if not deleted:
        sys.exit(NOTHING_FOUND)


@main.command()
@_index_option
@_json_option
def check(index_path: str, as_json: bool) -> None:
    """Read the whole index once and say what is wrong with it, if anything."""
    from vnsearch import check_index  # noqa: PLC0415 - see above

    result = check_index(index_path)
    if as_json:
        _print_json({"sound": bool(result), **asdict(result)})
    else:
        for problem in result.problems:
            _echo(problem)
        _echo(f"{index_path}: {result.reports} reports, {'sound' if result else 'damaged'}")
    if not result:
        sys.exit(WRONG_USE)


@main.command()
@_index_option
@click.option("--target", required=True, metavar="DIR", help="Folder for the new index.")
@click.option("--overwrite", is_flag=True, help="Start anew where there is an index in that folder.")
@click.option("--filterable", multiple=True, metavar="KEY", help="Key of `extra` to filter by; by default as it was.")
@click.option("--processes", type=int, default=1, show_default=True, help="Processes for the analysis.")
@click.option("--memory-mb", type=int, default=512, show_default=True, help="Memory of the writer.")
@_json_option
def rebuild(index_path: str, target: str, filterable: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Make a new index of the reports of one that is damaged, or that another version's analysis made.

    The old index is only read. What could not be read is listed; then the exit code is 1.
    """
    from vnsearch import rebuild_index  # noqa: PLC0415 - see above

    result = rebuild_index(index_path, target, filterable=filterable or None, progress=True, **options)
    if as_json:
        _print_json({"whole": bool(result), **asdict(result)})
    else:
        for problem in result.problems:
            _echo(problem)
        for lost in result.lost:
            _echo(f"lost: {lost}")
        _echo(f"{target}: {result.reports} reports, {len(result.lost)} lost")
    if not result:
        sys.exit(NOTHING_FOUND)


@main.command()
@_index_option
@_json_option
def stats(index_path: str, as_json: bool) -> None:
    """Print the size of the index."""
    from vnsearch import Index  # noqa: PLC0415 - see above

    with Index.open(index_path) as ix:
        found = asdict(ix.stats())
    if as_json:
        _print_json(found)
    else:
        for name, value in found.items():
            _echo(f"{name:<15} {', '.join(value) if isinstance(value, tuple) else value}")


@main.command()
@_index_option
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
@_json_option
def serve(
    index_path: str, host: str, port: int, root_path: str, facets: tuple[str, ...], as_json: bool, **options: Any
) -> None:
    """Serve the search page and the JSON API, until Ctrl-C."""
    from vnsearch import Index  # noqa: PLC0415 - see above
    from vnsearch.web import create_app  # noqa: PLC0415 - see above
    from vnsearch.web.server import run  # noqa: PLC0415 - see above

    if facets:
        options["facets"] = facets
    with Index.open(index_path) as ix:

        def tell(url: str) -> None:
            if as_json:
                _print_json({"url": url})
            else:
                _echo(f"{index_path}: {len(ix)} reports at {url} (Ctrl-C ends it)")
            sys.stdout.flush()

        run(create_app(ix, **options), host=host, port=port, root_path=root_path, on_ready=tell)


@main.command()
@click.option("--index", "index_path", metavar="DIR", help="Folder to keep the index in; by default it is thrown away.")
@_json_option
@click.pass_context
def demo(context: click.Context, index_path: str | None, as_json: bool) -> None:
    """Index the sample reports that come with vnsearch and show a search typed without marks."""
    from vnsearch import Index, read_corpus  # noqa: PLC0415 - see above
    from vnsearch.corpus import samples_path  # noqa: PLC0415 - see above

    query = "quy che dan chu o co so"
    with tempfile.TemporaryDirectory() as temporary:
        folder = index_path or str(Path(temporary) / "index")
        with Index.create(folder, overwrite=True) as ix:
            passed_over: list[str] = []
            found = read_corpus(samples_path(), on_error=lambda path, error: passed_over.append(f"{path}: {error}"))
            added = ix.add(found, progress=True)
        if not as_json:
            for line in passed_over:
                _echo(f"passed over: {line}", err=True)
            _echo(f"{added.added} sample reports indexed in {added.seconds:.1f} s")
            _echo()
            _echo(f"$ vnsearch search {query!r}")
            _echo()
        context.invoke(search, query=(query,), index_path=folder, limit=3, as_json=as_json)


if __name__ == "__main__":
    main()
