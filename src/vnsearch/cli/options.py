"""Options that commands share: where the index is, and how to print."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from vnsearch import AnyIndex, Index
    from vnsearch.opensearch import OpenSearchIndex

__all__ = ["DEFAULT_INDEX", "Where", "cluster_options", "index_options", "json_option", "pairs"]

DEFAULT_INDEX = "index/"
DEFAULT_NAME = "vnsearch"

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Where:
    """Where an index is: in a folder, or under a name on a cluster, when there are ``urls``."""

    path: str = DEFAULT_INDEX
    urls: tuple[str, ...] = ()
    name: str = DEFAULT_NAME

    @classmethod
    def of(cls, index_path: str | None, urls: Iterable[str], name: str | None) -> Where:
        """Return what the options say.

        Raises:
            click.UsageError: they say both.

        """
        # A comma in a password is to be written as %2C.
        given = tuple(url for several in urls for url in several.split(",") if url)
        if given and index_path is not None:
            raise click.UsageError("--index is a folder and --url a cluster: give one of them")
        if name is not None and not given:
            raise click.UsageError("--name is that of an index on a cluster: give its --url too")
        return cls(index_path or DEFAULT_INDEX, given, name or DEFAULT_NAME)

    @property
    def is_cluster(self) -> bool:
        """Whether it is on a cluster."""
        return bool(self.urls)

    def __str__(self) -> str:
        return self.name if self.urls else self.path

    def open(self) -> AnyIndex:
        """Return the index, opened."""
        return self.on_cluster() if self.urls else self.in_folder()

    def create(self, **options: Any) -> AnyIndex:
        """Return a new index."""
        return self.on_cluster(new=True, **options) if self.urls else self.in_folder(new=True, **options)

    def in_folder(self, *, new: bool = False, **options: Any) -> Index:
        """Return the index in the folder, opened, or a new one."""
        from vnsearch import Index  # noqa: PLC0415 - see the package

        return Index.create(self.path, **options) if new else Index.open(self.path, **options)

    def on_cluster(self, *, new: bool = False, **options: Any) -> OpenSearchIndex:
        """Return the index on the cluster, opened, or a new one."""
        from vnsearch.opensearch import OpenSearchIndex  # noqa: PLC0415 - see the package

        made = OpenSearchIndex.create if new else OpenSearchIndex.open
        return made(self.urls, self.name, **options)


def _added(command: Callable[..., Any], *options: Callable[[Any], Any]) -> Any:
    for option in reversed(options):
        command = option(command)
    return command


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--url`` and ``--name``: ``urls`` and ``name``."""
    return _added(  # type: ignore[no-any-return]
        command,
        click.option(
            "--url", "urls", multiple=True, metavar="URL", help="Node of an OpenSearch cluster that has it; or several."
        ),
        click.option("--name", metavar="NAME", help="Name of the index on the cluster; vnsearch."),
    )


def index_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--index``, ``--url`` and ``--name``; the command gets them as ``where``."""

    @functools.wraps(command)
    def with_where(
        *arguments: Any, index_path: str | None, urls: tuple[str, ...], name: str | None, **options: Any
    ) -> Any:
        return command(*arguments, where=Where.of(index_path, urls, name), **options)

    folder = click.option(
        "--index", "index_path", metavar="DIR", help=f"Folder of the index; {DEFAULT_INDEX}, unless there is a --url."
    )
    return _added(cluster_options(with_where), folder)  # type: ignore[no-any-return]


def json_option(command: Command) -> Command:
    """Add ``--json``: ``as_json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def pairs(values: tuple[str, ...], option: str) -> list[tuple[str, str]]:
    """Return what options of the form NAME=VALUE say."""
    found = []
    for value in values:
        name, equals, rest = value.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"write {option} NAME=VALUE, not {value!r}", param_hint=option)
        found.append((name, rest))
    return found
