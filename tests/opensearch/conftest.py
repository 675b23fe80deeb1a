"""What stands in for clusters that nobody can make: one that answers otherwise, one that is down, one that says nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from proxy import Proxy


@pytest.fixture(autouse=True)
def no_credentials_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USERNAME", "PASSWORD", "CA_CERTS"):
        monkeypatch.delenv(f"VNSEARCH_OPENSEARCH_{name}", raising=False)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as made:
        yield made


@pytest.fixture
def dead_url() -> Iterator[str]:
    """A port of this machine where nobody listens, held so that nobody will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def silent_url() -> Iterator[str]:
    """Takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
