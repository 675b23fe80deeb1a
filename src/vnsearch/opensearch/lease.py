"""Who is making an index anew: a document in the index of its counts, written again and again for as long as that goes on.

Two processes that see it stand still for a while know that its owner is gone; of two that want to take over, the cluster lets one
(``if_seq_no``). No clocks are compared. The document goes with the index, when the new one has its name.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opensearchpy.exceptions import ConflictError, NotFoundError

from vnsearch.errors import IndexLockedError, VnSearchError
from vnsearch.opensearch.cluster import Cluster
from vnsearch.opensearch.names import Place

__all__ = ["Lease", "Rebuilding", "rebuilding"]

_DOCUMENT = "rebuilding"
#: How often the owner writes, and after what silence it is taken for dead.
BEAT_S = 2.0
SILENT_S = 10.0
_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """What is said of a rebuilding: by whom, since when (ISO 8601), and which index it makes."""

    owner: str
    since: str
    making: Place

    def __str__(self) -> str:
        return f"the rebuilding that {self.owner} began at {self.since}"


def _read(source: Mapping[str, Any]) -> Rebuilding:
    return Rebuilding(str(source.get("owner")), str(source.get("since")), Place(str(source.get("making"))))


def rebuilding(cluster: Cluster, place: Place) -> Rebuilding | None:
    """Return who makes an index anew, or began to and was killed; None if nobody does."""
    with cluster.errors(f"looking at {place.counts}"):
        try:
            return _read(cluster.client.get(index=place.counts, id=_DOCUMENT)["_source"])
        except NotFoundError:
            return None


class Lease:
    """The right to make an index anew, kept by a thread until ``close``; ``before`` is whose it was, if that one was killed.

    Raises:
        IndexLockedError: it is another's who is alive; it takes ``SILENT_S`` to know that one is not.

    """

    def __init__(self, cluster: Cluster, place: Place, making: Place) -> None:
        self._cluster = cluster
        self._place = place
        since = dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds")
        self._source = {
            "owner": f"process {os.getpid()} of {socket.gethostname()}",
            "since": since,
            "making": making.index,
        }
        self._beats = 0
        self._is_lost = False
        with cluster.errors(f"rebuilding {place.index}"):
            self.before = self._take()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="vnsearch-lease", daemon=True)
        self._thread.start()

    def _take(self) -> Rebuilding | None:
        with contextlib.suppress(ConflictError):
            self._write({"op_type": "create"})
            return None
        document = self._get()
        deadline = time.monotonic() + SILENT_S
        while time.monotonic() < deadline:
            time.sleep(_LOOK_S)
            if (again := self._get())["_seq_no"] != document["_seq_no"]:
                raise IndexLockedError(f"{self._place.index}: {_read(again['_source'])} goes on; wait until it is done")
        try:
            self._write({"if_seq_no": document["_seq_no"], "if_primary_term": document["_primary_term"]})
        except ConflictError:
            raise IndexLockedError(f"{self._place.index}: somebody else goes on with its rebuilding; wait") from None
        return _read(document["_source"])

    def _get(self) -> dict[str, Any]:
        try:
            return dict(self._cluster.client.get(index=self._place.counts, id=_DOCUMENT))
        except NotFoundError:
            raise IndexLockedError(
                f"{self._place.index} was being rebuilt, which has just ended; begin again if it is needed"
            ) from None

    def _write(self, expected: Mapping[str, Any]) -> None:
        self._beats += 1
        body = {**self._source, "beats": self._beats}
        # Without an alias the cluster would make the index again that has just gone.
        params = {**expected, "require_alias": "true"}
        written = self._cluster.client.index(index=self._place.counting, id=_DOCUMENT, body=body, params=params)
        self._version = {"if_seq_no": written["_seq_no"], "if_primary_term": written["_primary_term"]}

    def _beat(self) -> None:
        while not self._is_lost and not self._ended.wait(BEAT_S):
            try:
                with self._cluster.errors("rebuilding"):
                    self._write(self._version)
            except VnSearchError as error:  # noqa: PERF203 - each time
                # Of a cluster that is silent others hear nothing either. A write may have come through though its answer was lost.
                self._is_lost = isinstance(error.__cause__, ConflictError | NotFoundError) and not self._is_ours()

    def _is_ours(self) -> bool:
        with contextlib.suppress(VnSearchError), self._cluster.errors("rebuilding"):
            try:
                found = self._cluster.client.get(index=self._place.counts, id=_DOCUMENT)
            except NotFoundError:
                return False
            self._version = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
            return {**found["_source"], "beats": 0} == {**self._source, "beats": 0}
        return True

    def check(self) -> None:
        """Raise IndexLockedError if another took over, who thought that we were dead."""
        if self._is_lost:
            raise IndexLockedError(
                f"{self._place.index}: another process took its rebuilding over while this one was silent"
            )

    def stop(self) -> None:
        """Say no more that we are alive."""
        self._ended.set()
        self._thread.join()

    def give_back(self) -> None:
        """Let others rebuild."""
        self.stop()
        with self._cluster.errors("rebuilding"), contextlib.suppress(NotFoundError, ConflictError):
            self._cluster.client.delete(index=self._place.counts, id=_DOCUMENT, params=self._version)
