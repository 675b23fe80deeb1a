"""The way to a cluster: addresses and credentials, one client for all threads, retries within a timeout, its version."""

from __future__ import annotations

import base64
import contextlib
import logging
import os
import time
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from opensearchpy import OpenSearch, Transport, exceptions
from urllib3.util import Timeout

from vnsearch.concurrency import lock_of
from vnsearch.errors import IndexVersionError, InvalidArgumentError
from vnsearch.opensearch.failures import RAISED, passes, translated

__all__ = ["Cluster"]

VERSIONS = (2, 3)
"""The major versions of OpenSearch that we know."""

_CONNECTIONS = 32
"""Kept open to each node: as many threads may share a client before they make connections for one request."""

_CONNECT_S = 3.0
"""A node that is there accepts a connection much sooner, even far away."""

_DEAD_S = 2.0
"""How long a lost node is left alone; twice and four times that if it does not come back."""

_RETRIES = 4
"""After one attempt for each node."""

_LOOK_S = 2.0
"""For what is good to know and can wait: at most this, and a fifth of the timeout."""

_READING = ("_search", "_msearch", "_mget", "_count", "_analyze")
"""Last part of the paths of POST requests that change nothing."""

# opensearch-py warns of every retry. Without a handler of the program's own, Python would print that with a traceback.
logging.getLogger("opensearch").addHandler(logging.NullHandler())


class Cluster:
    """An OpenSearch cluster (version 2 or 3), used from as many threads as you like. Nothing is sent before it is needed.

    A request that meets a lost node goes to another; a lost node is tried again after seconds. A cluster that is busy is asked
    again after a pause. So a write may arrive twice: all writes here must be such that this does no harm. A request that
    changes nothing leaves a silent node, when there is another, at half of the time.

    >>> from vnsearch.opensearch import Cluster
    >>> Cluster(["https://search-1:9200", "https://admin:secret@search-2:9200"])
    Cluster('https://search-1:9200', 'https://search-2:9200')

    Args:
        urls: one URL or several, of the same cluster. Without a port: 9200 for http, 443 for https. A user and a password in a
            URL are used, for all, and never shown.
        username: counts more than what a URL says. Not given: ``VNSEARCH_OPENSEARCH_USERNAME`` of the environment.
        password: as ``username``; ``VNSEARCH_OPENSEARCH_PASSWORD``.
        ca_certs: a PEM file of the authorities to trust; not given: ``VNSEARCH_OPENSEARCH_CA_CERTS``, or else those that
            Python's ``certifi`` knows.
        verify_certs: False to trust any certificate.
        timeout_s: how long a call may take with its retries, unless it is given a ``request_timeout`` of its own; counted
            anew when an answer has begun and stops.

    Raises:
        InvalidArgumentError: a URL or another argument makes no sense.

    """

    def __init__(
        self,
        urls: str | Sequence[str],
        *,
        username: str | None = None,
        password: str | None = None,
        ca_certs: str | os.PathLike[str] | None = None,
        verify_certs: bool = True,
        timeout_s: float = 30.0,
    ) -> None:
        given = [urls] if isinstance(urls, str) else list(urls)
        if not given:
            raise InvalidArgumentError("urls is empty: give the URL of a node, such as http://localhost:9200")
        if not timeout_s > 0:
            raise InvalidArgumentError(f"timeout_s is {timeout_s}: give a number of seconds above 0")
        nodes = [_node(url, number) for number, url in enumerate(given, 1)]
        self.urls: tuple[str, ...] = tuple(_shown(node) for node, _ in nodes)
        """The addresses, without credentials."""
        self.timeout_s = timeout_s
        options: dict[str, Any] = {"verify_certs": verify_certs, "ssl_show_warn": False}
        if any(node["use_ssl"] for node, _ in nodes):
            options["ca_certs"] = _authorities(ca_certs)
        # As a header for all, not with each node's address: opensearch-py shows the addresses.
        options["headers"] = _authorization(username, password, [found for _, found in nodes])
        self.client: OpenSearch = OpenSearch(
            [node for node, _ in nodes],
            transport_class=_Transport,
            timeout=timeout_s,
            pool_maxsize=_CONNECTIONS,
            dead_timeout=_DEAD_S,
            timeout_cutoff=2,
            **options,
        )
        """The client of opensearch-py, to be used inside ``errors``."""
        self._lock = lock_of(self, "_lock")
        self._major: int | None = None

    @contextlib.contextmanager
    def errors(self, what: str) -> Iterator[None]:
        """Turn what opensearch-py raises inside into errors of vnsearch.

        Args:
            what: what is being done, the beginning of the message: "searching news".

        Raises:
            ClusterUnavailableError: down, no answer in time, overloaded; shards or the manager are missing.
            ClusterAccessError: not allowed, or a certificate that is not trusted.
            IndexNotFoundError: no such index.
            IndexExistsError: such an index is there already.
            IndexWriteError: read-only, for instance because its disks are full.
            InvalidArgumentError: a name that no index can have.
            SearchIndexError: anything else that the cluster refuses.

        """
        try:
            yield
        except RAISED as error:
            raise translated(error, what, ", ".join(self.urls)) from error

    @property
    def look_s(self) -> float:
        """How long a request may take that only looks for news, on the way to what was asked for."""
        return min(_LOOK_S, self.timeout_s / 5)

    @property
    def major(self) -> int:
        """The major version of OpenSearch; asks the cluster, once. Raises what ``check_version`` raises."""
        return self.check_version()

    def check_version(self) -> int:
        """See that this is an OpenSearch we know; asks the cluster, once.

        Returns:
            Its major version.

        Raises:
            IndexVersionError: it is no OpenSearch, or of another version.
            ClusterUnavailableError: it does not answer.
            ClusterAccessError: it does not let us in.

        """
        with self._lock:
            if self._major is None:
                self._major = self._ask_version()
            return self._major

    def _ask_version(self) -> int:
        where = ", ".join(self.urls)
        with self.errors("asking for the version"):
            try:
                told = self.client.info()
            except (exceptions.NotFoundError, exceptions.RequestError, exceptions.SerializationError):
                told = None
        version = told.get("version") if isinstance(told, dict) else None
        if not isinstance(version, dict) or "number" not in version:
            raise IndexVersionError(
                f"what answers at {where} is no OpenSearch: give the URL of a node of OpenSearch 2 or 3"
            )
        name, number = version.get("distribution", "Elasticsearch"), str(version["number"])
        first = number.partition(".")[0]
        if name != "opensearch" or not first.isdecimal() or int(first) not in VERSIONS:
            raise IndexVersionError(f"at {where} runs {name} {number}: vnsearch needs OpenSearch 2 or 3")
        return int(first)

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Cluster({', '.join(map(repr, self.urls))})"


class _Transport(Transport):
    """Retries within the time of one call. Its parent makes one attempt, and takes a node that failed out of the pool."""

    def __init__(self, hosts: Any, **options: Any) -> None:
        super().__init__(hosts, max_retries=0, retry_on_status=(), retry_on_timeout=True, **options)
        _TRANSPORTS.add(self)

    def perform_request(
        self,
        method: str,
        url: str,
        params: Any = None,
        body: Any = None,
        timeout: float | None = None,
        ignore: Any = (),
        headers: Any = None,
    ) -> Any:
        params = dict(params or {})
        # The parent would take `timeout` too for itself, which is how long the cluster may take over a write.
        allowed = float(timeout or params.pop("request_timeout", None) or self.kwargs["timeout"])
        deadline = time.monotonic() + allowed
        reads = method in ("GET", "HEAD") or url.rpartition("/")[2] in _READING
        nodes = len(self.hosts)
        failed: exceptions.TransportError | None = None
        for attempt in range(1, nodes + _RETRIES + 1):
            left = max(deadline - time.monotonic(), 0.001)
            share = left / 2 if reads and attempt < nodes else left
            pause = 0.0
            try:
                answer = super().perform_request(
                    method,
                    url,
                    dict(params),
                    body,
                    Timeout(connect=min(share, _CONNECT_S), read=share),  # type: ignore[arg-type]  # goes to urllib3 as it is
                    ignore,
                    headers,
                )
            except exceptions.ConnectionError as error:
                again = reads or not isinstance(error, exceptions.ConnectionTimeout)
                # What a node answered says more than that another one is not there.
                if failed is None or isinstance(failed, exceptions.ConnectionError):
                    failed = error
            except exceptions.TransportError as error:
                again = passes(error)
                pause = min(0.1 * 2 ** (attempt - 1), 1.0)
                failed = error
            else:
                if isinstance(answer, str):  # of something that stands before the cluster
                    raise exceptions.SerializationError(f"text in place of JSON: {answer[:100]!r}")
                return answer
            if not again or time.monotonic() + pause >= deadline:
                break
            time.sleep(pause)
        assert failed is not None
        raise failed

    def renew(self) -> None:
        """Leave all connections to the parent of a forked child, whose answers come on them."""
        connections: Any = self.seed_connections
        for connection in connections:
            connection.pool = None  # a new one is made for the next request
        self.set_connections(self.hosts)

    def close(self) -> None:
        connections: Any = self.seed_connections  # the parent forgets those of lost nodes
        for connection in connections:
            connection.close()


_TRANSPORTS: weakref.WeakSet[_Transport] = weakref.WeakSet()


def _renew_transports() -> None:
    for transport in _TRANSPORTS:
        transport.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_transports)


def _node(url: str, number: int) -> tuple[dict[str, Any], tuple[str, str | None] | None]:
    """A node's address as opensearch-py takes it, and the user and password in its URL."""
    # What is wrong is told without the URL, which may hold a password.
    told = f"URL number {number} makes no sense"
    wanted = "write it like http://localhost:9200 or https://search.example:9200"
    if not isinstance(url, str):
        raise InvalidArgumentError(f"{told}: it is no text: {wanted}")
    parts = None
    port: int | None = None
    with contextlib.suppress(ValueError):  # which quotes what it could not read
        port = urlsplit(url.strip()).port
        parts = urlsplit(url.strip())
    if parts is None:
        raise InvalidArgumentError(f"{told}: its host or port cannot be read: {wanted}")
    if parts.scheme not in ("http", "https"):
        raise InvalidArgumentError(f"{told}: it does not begin with http:// or https://: {wanted}")
    if not parts.hostname or any(letter.isspace() for letter in parts.netloc):
        raise InvalidArgumentError(f"{told}: it names no host: {wanted}")
    if parts.query or parts.fragment or "@" in parts.path:
        raise InvalidArgumentError(
            f"{told}: something stands after its host: {wanted}; write / ? # and @ of a password as %2F %3F %23 %40"
        )
    secure = parts.scheme == "https"
    node = {
        "host": parts.hostname,
        "port": port or (443 if secure else 9200),
        "use_ssl": secure,
        "url_prefix": parts.path.strip("/"),
    }
    if parts.username is None:
        return node, None
    return node, (unquote(parts.username), None if parts.password is None else unquote(parts.password))


def _shown(node: dict[str, Any]) -> str:
    host = f"[{node['host']}]" if ":" in node["host"] else node["host"]
    prefix = f"/{node['url_prefix']}" if node["url_prefix"] else ""
    return f"{'https' if node['use_ssl'] else 'http'}://{host}:{node['port']}{prefix}"


def _authorization(
    username: str | None, password: str | None, in_urls: list[tuple[str, str | None] | None]
) -> dict[str, str] | None:
    """The header that says who we are, from the first of: arguments, URLs, environment."""
    found = {pair for pair in in_urls if pair is not None}
    if username is None and password is None:
        if len(found) > 1:
            raise InvalidArgumentError("the URLs name several users or passwords: give one, as username and password")
        if found:
            username, password = found.pop()
        else:
            username = os.environ.get("VNSEARCH_OPENSEARCH_USERNAME")
            password = os.environ.get("VNSEARCH_OPENSEARCH_PASSWORD")
    if username is None and password is None:
        return None
    if not username or password is None:
        raise InvalidArgumentError("a user needs a password and a password a user: give both username and password")
    if ":" in username:
        raise InvalidArgumentError("username has a colon, which HTTP does not allow: see that it is not the password")
    # opensearch-py encodes Latin-1 only.
    return {"authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


def _authorities(ca_certs: str | os.PathLike[str] | None) -> str | None:
    path = ca_certs or os.environ.get("VNSEARCH_OPENSEARCH_CA_CERTS")
    if not path:
        return None
    if not Path(path).is_file():
        raise InvalidArgumentError(f"ca_certs: there is no file {os.fspath(path)}: give a PEM file of certificates")
    return os.fspath(path)
