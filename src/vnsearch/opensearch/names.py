"""Where an index is on a cluster: behind its name, an alias, stands one index, and beside that the index of its counts.

``reports`` is the alias of ``reports-000001``, whose counts are in ``reports-000001-counts``. Making an index anew gives it the
next number, and moves the alias when all is there.

Writers write to one numbered index, whose counts and reference lengths they know, and by an alias of its own,
``reports-000001-writing``: when it is removed, the alias is gone with it, and a request that comes late fails. By its own name the
cluster would make a new index for it, without our mapping, where nobody looks.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

from opensearchpy.exceptions import NotFoundError, RequestError

from vnsearch.errors import IndexExistsError, IndexNotFoundError, InvalidArgumentError
from vnsearch.opensearch.cluster import Cluster
from vnsearch.opensearch.lexicon_parts import counts_body
from vnsearch.opensearch.mapping import index_body

__all__ = [
    "Place",
    "asked_again",
    "check_name",
    "check_size",
    "create",
    "drop",
    "find",
    "found_or_raise",
    "make",
    "make_counts",
    "move",
    "next_place",
]

Answer = TypeVar("Answer")

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,199}")
_NUMBERED = re.compile(r"-(\d{6,})")


@dataclass(frozen=True, slots=True)
class Place:
    """The index that a name stands for, and the index of its counts."""

    index: str

    @property
    def counts(self) -> str:
        """The companion index."""
        return f"{self.index}-counts"

    @property
    def writing(self) -> str:
        """The alias to write by."""
        return f"{self.index}-writing"

    @property
    def counting(self) -> str:
        """The alias to write to the companion by, for those who may be late."""
        return f"{self.index}-counting"


def check_name(name: str) -> None:
    """Raise InvalidArgumentError for what no index can be called."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidArgumentError(
            f"the name of an index has lower-case letters, digits, and . _ - inside, at most 200 of them; not {name!r}"
        )


def check_size(shards: int, replicas: int) -> None:
    """Raise InvalidArgumentError for numbers that make no sense."""
    for option, value, least in (("shards", shards, 1), ("replicas", replicas, 0)):
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise InvalidArgumentError(f"{option} must be a whole number from {least} up, not {value!r}")


def asked_again(ask: Callable[[], Answer]) -> Answer:
    """Return the answer of what asks by a name; once more where the index has gone just then: another has its name by now."""
    try:
        return ask()
    except IndexNotFoundError:
        return ask()


def find(cluster: Cluster, name: str, timeout_s: float | None = None) -> Place | None:
    """Return where the index of a name is; None if there is none. Any node knows; ``timeout_s``: what it may take.

    Raises:
        IndexExistsError: the name is that of an index or of several, not of an alias of ours.

    """
    with cluster.errors(f"looking for {name}"):
        try:
            found: dict[str, Any] = cluster.client.indices.get_alias(
                name=name, params={"local": "true", "request_timeout": timeout_s or cluster.timeout_s}
            )
        except NotFoundError:
            # Not by HEAD: whatever answers that says yes.
            with contextlib.suppress(NotFoundError):
                cluster.client.indices.get_settings(index=name)
                raise IndexExistsError(
                    f"{name} is an index on its own, not made by vnsearch; give another name"
                ) from None
            return None
    if len(found) != 1:
        raise IndexExistsError(
            f"{name} is an alias of {len(found)} indices: {', '.join(sorted(found))}; give another name"
        )
    return Place(next(iter(found)))


def found_or_raise(cluster: Cluster, name: str) -> Place:
    """Return where the index of a name is."""
    place = find(cluster, name)
    if place is None:
        raise IndexNotFoundError(
            f"there is no index {name} at {', '.join(cluster.urls)}; make one with OpenSearchIndex.create(…), "
            "or `vnsearch index PATH --url …`"
        )
    return place


def next_place(cluster: Cluster, name: str) -> Place:
    """Return the next place for a name, which no index has yet."""
    with cluster.errors(f"looking for {name}"):
        known = cluster.client.indices.get(index=f"{name}-*", params={"expand_wildcards": "all"})
    numbers = [int(match[1]) for one in known if (match := _NUMBERED.match(one.removeprefix(name)))]
    return Place(f"{name}-{max(numbers, default=0) + 1:06d}")


def make_counts(cluster: Cluster, place: Place, replicas: int) -> None:
    """Make the index of the counts alone."""
    body = {**counts_body(replicas), "aliases": {place.counting: {}}}
    with cluster.errors(f"creating {place.counts}"):
        _create(cluster, place.counts, body)


def make(cluster: Cluster, place: Place, filterable: Sequence[str], shards: int, replicas: int) -> None:
    """Make the two indices of a place, empty; the counts first, so that whoever finds the other has them."""
    with cluster.errors(f"creating {place.index}"):
        make_counts(cluster, place, replicas)
        try:
            body = {**index_body(filterable, shards, replicas), "aliases": {place.writing: {}}}
            _create(cluster, place.index, body)
        except BaseException:
            drop(cluster, place.counts)
            raise


def _create(cluster: Cluster, index: str, body: dict[str, Any]) -> None:
    """Make an index. It may be there already, of an attempt of ours whose answer was lost."""
    made = uuid4().hex
    mappings = {**body["mappings"], "_meta": {**body["mappings"].get("_meta", {}), "made": made}}
    try:
        cluster.client.indices.create(index=index, body={**body, "mappings": mappings})
    except RequestError as error:
        if error.error != "resource_already_exists_exception":
            raise
        found = cluster.client.indices.get_mapping(index=index)[index]["mappings"]
        if found.get("_meta", {}).get("made") != made:
            raise


def create(
    cluster: Cluster, name: str, filterable: Sequence[str], shards: int, replicas: int, *, overwrite: bool
) -> Place:
    """Make an empty index for a name; with ``overwrite`` in place of the one that is there, which goes."""
    check_name(name)
    before = find(cluster, name)
    if before is not None and not overwrite:
        raise IndexExistsError(
            f"there is an index {name} at {', '.join(cluster.urls)} already; open it, or give overwrite=True to start anew"
        )
    place = next_place(cluster, name)
    make(cluster, place, filterable, shards, replicas)
    move(cluster, name, before, place)
    return place


def move(cluster: Cluster, name: str, before: Place | None, place: Place, *, keep: bool = False) -> None:
    """Let a name stand for another place, in one step; what it stood for goes, unless it is to be kept without the name.

    Raises:
        IndexNotFoundError: one of the places is gone meanwhile, or the name is another's; nothing was changed.

    """
    actions: list[dict[str, Any]] = [{"add": {"index": place.index, "alias": name, "is_write_index": True}}]
    if before is not None:
        actions.append({"remove": {"index": before.index, "alias": name, "must_exist": True}})
    with cluster.errors(f"naming {place.index} {name}"):
        try:
            cluster.client.indices.update_aliases(body={"actions": actions})
        except NotFoundError:  # the other has the name no more: by this very request, the first time?
            if find(cluster, name) != place:
                raise
    # Not in the same step: by now every node knows the new one, and nobody looks in vain.
    if before is not None and not keep:
        drop(cluster, before.index, before.counts)


def drop(cluster: Cluster, *indices: str) -> None:
    """Remove indices that are in use no more."""
    with cluster.errors("removing what is in use no more"):
        cluster.client.indices.delete(index=",".join(indices), params={"ignore_unavailable": "true"})
