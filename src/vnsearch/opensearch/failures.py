"""What goes wrong on the way to a cluster and in it, as errors of ours that say what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opensearchpy import exceptions
from urllib3.exceptions import HTTPError

from vnsearch.errors import (
    ClusterAccessError,
    ClusterUnavailableError,
    IndexExistsError,
    IndexNotFoundError,
    IndexWriteError,
    InvalidArgumentError,
    SearchIndexError,
)

__all__ = ["MISSING", "RAISED", "is_out_of_time", "passes", "translated"]

RAISED = (exceptions.OpenSearchException, exceptions.ImproperlyConfigured, HTTPError)
"""What opensearch-py and urllib3 raise."""

_BUSY = (429, 502, 503, 504)
"""Answers that may be others a moment later: overloaded, a node that stops, shards that move, no manager elected yet."""

_PASSING = frozenset(
    {
        "circuit_breaking_exception",
        "connect_transport_exception",
        "illegal_index_shard_state_exception",
        "node_closed_exception",
        "node_disconnected_exception",
        "node_not_connected_exception",
        "search_context_missing_exception",
        "send_request_transport_exception",
        "shard_not_found_exception",
        "task_cancelled_exception",
    }
)
"""What a node answers, as 500 or 404, that was waiting for another when that one was lost, came back, or had no memory left for it."""

MISSING = "see what is amiss with GET /_cluster/health and GET /_cluster/allocation/explain"
"""What to do when shards are not there."""

_MISSING = (ClusterUnavailableError, f"nodes or shards of the cluster are missing: {MISSING}")
_BY_STATUS: dict[int, tuple[type[SearchIndexError], str]] = {
    401: (
        ClusterAccessError,
        "the cluster asks who you are: give username and password, or set VNSEARCH_OPENSEARCH_USERNAME and "
        "VNSEARCH_OPENSEARCH_PASSWORD; if you did, they are wrong",
    ),
    403: (ClusterAccessError, "this user may not do that: give it a role that allows it"),
    429: (ClusterUnavailableError, "the cluster is overloaded: try later, with fewer at a time"),
    502: _MISSING,
    503: _MISSING,
    504: _MISSING,
}
_BY_KIND: dict[str, tuple[type[SearchIndexError | InvalidArgumentError], str]] = {
    "index_not_found_exception": (
        IndexNotFoundError,
        "create the index first, or see that its name and the URL are right",
    ),
    "resource_already_exists_exception": (IndexExistsError, "open it, or take another name"),
    "invalid_index_name_exception": (InvalidArgumentError, "take another name"),
    "invalid_alias_name_exception": (InvalidArgumentError, "take another name"),
}


def passes(error: exceptions.TransportError) -> bool:
    """Whether an answer may be another a moment later."""
    told = error.info.get("error") if isinstance(error.info, Mapping) else None
    kind, _ = _root(told)
    # Disks that are full answer 429 too, and stay full.
    return _is_passing(told) or (
        error.status_code in _BUSY and not (error.status_code == 429 and kind == "cluster_block_exception")
    )


def is_out_of_time(error: exceptions.TransportError) -> bool:
    """Whether no shard had anything at the end of the time that a search was given."""
    told = error.info.get("error") if isinstance(error.info, Mapping) else None
    return _root(told)[0] == "time_exceeded_exception"


def translated(error: Exception, what: str, where: str) -> SearchIndexError | InvalidArgumentError:
    """Our error for one of ``RAISED``.

    Args:
        error: what was raised.
        what: what was being done: "searching news".
        where: the addresses, without credentials.

    """
    if isinstance(error, exceptions.SSLError):
        return _untrusted(error, what, where)
    if isinstance(error, exceptions.ConnectionTimeout):
        return ClusterUnavailableError(
            f"{what}: no answer in time from OpenSearch at {where}: see whether the cluster is overloaded "
            "(GET /_cluster/health), or give timeout_s more"
        )
    if isinstance(error, exceptions.TransportError) and isinstance(error.status_code, int):
        told = error.info if isinstance(error.info, Mapping) else {}
        return _answer_error(error.status_code, told.get("error") if told else error.error, what, where)
    if isinstance(error, exceptions.SerializationError):
        return SearchIndexError(
            f"{what}: an answer from {where} cannot be read ({_brief(error)}): see that the URL leads to OpenSearch itself"
        )
    if isinstance(error, exceptions.ConnectionError | HTTPError):
        return ClusterUnavailableError(
            f"{what}: no OpenSearch to be reached at {where} ({_first_cause(error)}): see that it runs, "
            "and that the URL is right (https:// for a cluster with security on)"
        )
    return SearchIndexError(f"{what}: {_brief(error)}")


def _answer_error(status: int, error: Any, what: str, where: str) -> SearchIndexError | InvalidArgumentError:
    """Our error for a failure that the cluster answered, as a whole or for one item of a bulk request.

    Args:
        status: the HTTP status, or the ``status`` of an item.
        error: the ``error`` of the answer or of the item: an object with ``type`` and ``reason``, or text.
        what: what was being done: "searching news".
        where: the addresses, without credentials.

    """
    kind, reason = _root(error)
    told = f"{what}: {reason}"
    if kind == "cluster_block_exception" and status != 503:
        return _blocked(told, reason)
    made = _MISSING if _is_passing(error) else _BY_KIND.get(kind) or _BY_STATUS.get(status)
    if made is None:
        return SearchIndexError(f"{told} (OpenSearch at {where} answered {status}, {kind or 'without a type'})")
    return made[0](f"{told}: {made[1]}")


def _blocked(told: str, reason: str) -> SearchIndexError:
    """For a cluster block: words of the reason tell which one."""
    if "read-only-allow-delete" in reason or "read-only / allow delete" in reason:
        return IndexWriteError(
            f"{told}: disks of the cluster are full: add disk or delete indices; the block goes by itself once usage is "
            "below the high watermark, or with index.blocks.read_only_allow_delete = null"
        )
    if "read-only" in reason or "write" in reason:
        return IndexWriteError(
            f"{told}: somebody made it read-only: set index.blocks.read_only and index.blocks.write to false"
        )
    return SearchIndexError(f"{told}: somebody blocked it: see its settings index.blocks.*")


def _untrusted(error: exceptions.SSLError, what: str, where: str) -> ClusterAccessError:
    cause = _first_cause(error)
    if "CERTIFICATE_VERIFY_FAILED" in cause:
        advice = "give ca_certs (or VNSEARCH_OPENSEARCH_CA_CERTS), a PEM file of the authority that signed it"
        return ClusterAccessError(
            f"{what}: the certificate of OpenSearch at {where} is not trusted ({cause}): {advice}"
        )
    return ClusterAccessError(
        f"{what}: no TLS connection with {where} ({cause}): see that it speaks TLS (else write http://), "
        "and that ca_certs is a PEM file"
    )


def _root(error: Any) -> tuple[str, str]:
    """Type and reason of what went wrong first."""
    if not isinstance(error, Mapping):
        text = str(error or "").strip()
        return "", "it was refused" if not text or text.startswith("<") else _short(text)  # a page of HTML tells little
    roots = error.get("root_cause")
    root = roots[0] if roots else error
    cause = error.get("caused_by") or {}
    reason = root.get("reason") or error.get("reason") or cause.get("reason") or root.get("type") or ""
    return str(root.get("type") or error.get("type") or ""), _short(str(reason))


def _is_passing(error: Any) -> bool:
    """Whether a failure, or one below it, is that of a node that waited for a lost one."""
    if isinstance(error, list):
        return any(map(_is_passing, error))
    if not isinstance(error, Mapping):
        return False
    below = (error.get(name) for name in ("root_cause", "caused_by", "failed_shards", "reason"))
    return error.get("type") in _PASSING or any(map(_is_passing, below))


def _first_cause(error: BaseException) -> str:
    """What the system said at the bottom of a chain of errors."""
    if isinstance(error, exceptions.TransportError) and isinstance(error.info, BaseException):
        error = error.info
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return _short(str(error)) or type(error).__name__


def _brief(error: BaseException) -> str:
    return _short(str(error)) or type(error).__name__


def _short(text: str, most: int = 300) -> str:
    """A reason may quote a whole request."""
    text = " ".join(text.split())
    return text if len(text) <= most else f"{text[:most]}…"
