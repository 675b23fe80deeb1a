"""The commands that change an index, or make one of another."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click

from vnsearch.cli.options import DEFAULT_INDEX, Where, cluster_options, index_options, json_option
from vnsearch.cli.output import echo, print_json
from vnsearch.cli.program import NOTHING_FOUND, main


def _new_options(command: Callable[..., Any]) -> Callable[..., Any]:
    shards = click.option("--shards", type=int, help="Parts of a new index on a cluster; 1.")
    replicas = click.option("--replicas", type=int, help="Further copies of each of its parts; 1.")
    return shards(replicas(command))


def _size(where: Where, shards: int | None, replicas: int | None) -> dict[str, Any]:
    """Return what was said of the size of an index on a cluster."""
    size = {name: value for name, value in (("shards", shards), ("replicas", replicas)) if value is not None}
    if size and not where.is_cluster:
        raise click.UsageError("--shards and --replicas are those of an index on a cluster: give its --url")
    return size


@main.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@index_options
@click.option("--overwrite", is_flag=True, help="Start the index anew.")
@click.option("--filterable", multiple=True, metavar="KEY", help="Key of `extra` to filter by; for a new index.")
@_new_options
@click.option(
    "--on-error", type=click.Choice(["raise", "skip"]), default="skip", show_default=True, help="On a bad report."
)
@click.option("--processes", type=int, default=1, show_default=True, help="Processes for the analysis.")
@click.option("--memory-mb", type=int, default=512, show_default=True, help="Memory of the writer.")
@click.option("--prune", is_flag=True, help="Let reports of all other files leave the index; in a folder.")
@click.option("--watch", is_flag=True, help="Stay, and index again whenever a file changes, until Ctrl-C; in a folder.")
@json_option
def index(
    paths: tuple[str, ...],
    where: Where,
    overwrite: bool,
    filterable: tuple[str, ...],
    shards: int | None,
    replicas: int | None,
    prune: bool,
    watch: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Read reports from files and folders and index them. In a folder, what did not change since is left alone.

    An unreadable file is reported and passed over. With --watch there is a line, or a line of JSON, whenever something was done.
    """
    if where.is_cluster and (prune or watch):
        raise click.UsageError(
            "--prune and --watch need an index in a folder, which keeps what files its reports are from"
        )
    told: dict[str, list[dict[str, str]]] = {"unreadable": [], "converted": []}

    def on_read_error(path: Any, error: Exception) -> None:
        told["unreadable"].append({"path": str(path), "error": str(error)})
        echo(f"passed over: {path}: {error}", err=True)

    def on_converted(path: Any, encoding: str) -> None:
        told["converted"].append({"path": str(path), "encoding": encoding})
        echo(f"converted from {encoding}: {path}", err=True)

    size = _size(where, shards, replicas)
    new = bool(overwrite or filterable or size)
    how: dict[str, Any] = {"new": True, "overwrite": overwrite, "filterable": filterable} if new else {"create": True}
    options["progress"] = True
    if where.is_cluster:
        from vnsearch import read_corpus  # noqa: PLC0415 - see the package

        with where.on_cluster(**how, **size) as there:
            added = there.add(read_corpus(paths, on_error=on_read_error, on_converted=on_converted), **options)
            _tell_add(there, where, added, told, as_json=as_json)
        if added.added + added.updated == 0:
            sys.exit(NOTHING_FOUND)
        return
    options |= {"on_read_error": on_read_error, "on_converted": on_converted, "prune": prune}
    with where.in_folder(**how) as ix:
        if not watch:
            stats = ix.sync(paths, **options)
            _tell_sync(ix, stats, told, as_json=as_json)
            if stats.added + stats.updated + stats.unchanged + stats.removed == 0:
                sys.exit(NOTHING_FOUND)
            return
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever stops a service says it so
        with contextlib.suppress(KeyboardInterrupt):
            for stats in ix.watch(paths, **options, on_failure=lambda error: echo(f"vnsearch: {error}", err=True)):
                _tell_sync(ix, stats, told, as_json=as_json, indent=None)
                told["unreadable"].clear()
                told["converted"].clear()


def _tell_left_out(stats: Any) -> None:
    for skipped in stats.errors:
        echo(f"left out: report {skipped.id or skipped.position}: {skipped.error}", err=True)


def _tell_add(ix: Any, where: Where, stats: Any, told: dict[str, list[dict[str, str]]], *, as_json: bool) -> None:
    _tell_left_out(stats)
    if as_json:
        print_json({**stats.to_dict(), "reports": len(ix), **told})
    else:
        echo(
            f"{where}: {stats.added} added, {stats.updated} updated, {stats.skipped} left out, "
            f"{len(told['unreadable'])} files or records not read; {len(ix)} reports now ({stats.seconds:.1f} s)"
        )


def _tell_sync(
    ix: Any, stats: Any, told: dict[str, list[dict[str, str]]], *, as_json: bool, indent: int | None = 2
) -> None:
    _tell_left_out(stats)
    if as_json:
        print_json({**stats.to_dict(), "reports": len(ix), **told}, indent)
    else:
        echo(
            f"{ix.path}: {stats.added} added, {stats.updated} updated, {stats.unchanged} unchanged, {stats.removed} removed, "
            f"{stats.skipped} left out, {len(told['unreadable'])} files or records not read; {len(ix)} reports now ({stats.seconds:.1f} s)"
        )


@main.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@index_options
@json_option
def delete(ids: tuple[str, ...], where: Where, as_json: bool) -> None:
    """Delete reports by id."""
    with where.open() as ix:
        deleted = ix.delete(ids)
        total = len(ix)
    if as_json:
        print_json({"deleted": deleted, "reports": total})
    else:
        echo(f"{where}: {deleted} deleted; {total} reports now")
    if not deleted:
        sys.exit(NOTHING_FOUND)


@main.command()
@index_options
@click.option(
    "--target", metavar="DIR", help="Folder for the new index; on a cluster it takes the place of the old one."
)
@click.option("--overwrite", is_flag=True, help="Start anew where there is an index in that folder.")
@click.option("--filterable", multiple=True, metavar="KEY", help="Key of `extra` to filter by; by default as it was.")
@click.option("--shards", type=int, help="Parts of the new index on a cluster; by default as it was.")
@click.option("--replicas", type=int, help="Further copies of each of its parts; by default as it was.")
@click.option("--processes", type=int, default=1, show_default=True, help="Processes for the analysis.")
@click.option("--memory-mb", type=int, default=512, show_default=True, help="Memory of the writer.")
@json_option
def rebuild(
    where: Where,
    target: str | None,
    overwrite: bool,
    filterable: tuple[str, ...],
    shards: int | None,
    replicas: int | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Make a new index of the reports of one that is damaged, or that another version's analysis made.

    In a folder, the old index is only read. On a cluster, searches go on, writers wait, and the new index takes the place of the old
    one. What could not be read is listed; then the exit code is 1.
    """
    size = _size(where, shards, replicas)
    options |= {"filterable": filterable or None, "progress": True}
    if where.is_cluster:
        if target is not None or overwrite:
            raise click.UsageError(
                "--target and --overwrite are for a folder: on a cluster the new index takes the old name"
            )
        from vnsearch.opensearch import rebuild_index as rebuild_on_cluster  # noqa: PLC0415 - see the package

        result = rebuild_on_cluster(where.urls, where.name, **size, **options)
    else:
        if target is None:
            raise click.UsageError("give --target, a folder for the new index")
        from vnsearch import rebuild_index  # noqa: PLC0415 - see the package

        result = rebuild_index(where.path, target, overwrite=overwrite, **options)
    if as_json:
        print_json({"whole": bool(result), **asdict(result)})
    else:
        for problem in result.problems:
            echo(problem)
        for lost in result.lost:
            echo(f"lost: {lost}")
        echo(f"{target or where}: {result.reports} reports, {len(result.lost)} lost")
    if not result:
        sys.exit(NOTHING_FOUND)


@main.command()
@click.option(
    "--index", "index_path", default=DEFAULT_INDEX, show_default=True, metavar="DIR", help="Folder of an index."
)
@cluster_options
@click.option("--back", is_flag=True, help="From the cluster into the folder.")
@click.option("--overwrite", is_flag=True, help="Start the index anew that is copied to.")
@_new_options
@click.option("--processes", type=int, default=1, show_default=True, help="Processes for the analysis.")
@click.option("--memory-mb", type=int, default=512, show_default=True, help="Memory of the writer.")
@json_option
def copy(
    index_path: str,
    urls: tuple[str, ...],
    name: str | None,
    back: bool,
    overwrite: bool,
    shards: int | None,
    replicas: int | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Copy all reports of an index in a folder to a cluster, or --back. The same keys of `extra` can be filtered there.

    An index that is there already keeps its reports and gets these; so a copy that was interrupted is run again. If reports are
    missing at the end, the exit code is 1.
    """
    folder, cluster = Where(index_path), Where.of(None, urls, name)
    if not cluster.is_cluster:
        raise click.UsageError("give the --url of the cluster")
    source, target = (cluster, folder) if back else (folder, cluster)
    size = _size(target, shards, replicas)
    from vnsearch.errors import IndexNotFoundError  # noqa: PLC0415 - see the package

    with source.open() as given:
        made = None
        if not overwrite:
            with contextlib.suppress(IndexNotFoundError):
                made = target.open()
        if made is None:
            made = target.create(overwrite=overwrite, filterable=given.filterable, **size)
        with made as taken:
            stats = taken.add(given, on_error="skip", progress=True, **options)
            before, after = len(given), len(taken)
    _tell_left_out(stats)
    if as_json:
        print_json({**stats.to_dict(), "source": before, "reports": after})
    else:
        echo(
            f"{source} to {target}: {stats.added} added, {stats.updated} updated, {stats.skipped} left out; "
            f"{after} reports there, {before} here ({stats.seconds:.1f} s)"
        )
    if stats.skipped or after < before:
        sys.exit(NOTHING_FOUND)
