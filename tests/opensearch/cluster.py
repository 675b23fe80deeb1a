"""Real OpenSearch nodes on this machine, each a process of its own, from the artefacts of Maven Central.

For the tests; and by hand, for benches and trials, until Ctrl-C:

    python tests/opensearch/cluster.py --nodes 3 --heap 512m

Needs a JDK (11 or newer) and Maven. Everything is fetched once (43 MB) and compiled once, below ``~/.cache/vnsearch-tests``
or ``$VNSEARCH_OPENSEARCH_LIB``. The nodes keep their data in a temporary folder and end with the process that started them.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TOOLS = ("java", "javac", "mvn")
START_S = 180.0


class ClusterError(Exception):
    """The nodes cannot be made or started; the message says why."""


def missing_tools() -> list[str]:
    """The programs that are needed and not here."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


def prepare() -> Path:
    """The folder of the jars (``lib``) and of our class (``classes``): made the first time, then there.

    Raises:
        ClusterError: a program is missing, or Maven or the compiler failed.

    """
    if missing := missing_tools():
        raise ClusterError(f"no {' and no '.join(missing)} on the PATH: install a JDK (11 or newer) and Maven")
    sources = [HERE / "pom.xml", HERE / "OpenSearchNode.java"]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]
    version = re.search(r"<opensearch\.version>(.+?)<", sources[0].read_text())
    assert version
    root = Path(os.environ.get("VNSEARCH_OPENSEARCH_LIB") or Path.home() / ".cache" / "vnsearch-tests")
    ready = root / f"opensearch-{version[1]}-{digest}"
    if ready.is_dir():
        return ready
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as folder:
        making = Path(folder) / "made"
        copy = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
        options = [f"-DoutputDirectory={making / 'lib'}", "-DincludeScope=runtime"]
        _run(["mvn", "-q", "-B", "-f", str(sources[0]), copy, *options])
        _run(["javac", "-cp", str(making / "lib" / "*"), "-d", str(making / "classes"), str(sources[1])])
        with contextlib.suppress(OSError):  # another run was quicker
            making.rename(ready)
    return ready


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"{command[0]} failed: {(done.stdout + done.stderr).strip()[-1000:]}")


@dataclass
class RunningCluster:
    """A cluster that somebody else started, and that nobody here may stop."""

    urls: list[str]


class LocalCluster:
    """Node processes on free ports of 127.0.0.1; ready when the constructor returns, gone after ``stop``.

    Args:
        nodes: how many.
        heap: of each, as java takes it; a node takes about 150 MB more.
        settings: further settings of every node.

    Raises:
        ClusterError: as ``prepare``; or the nodes do not come up.

    """

    def __init__(self, nodes: int = 3, *, heap: str = "512m", settings: dict[str, str] | None = None) -> None:
        self._ready = prepare()
        self._heap = heap
        self._settings = settings or {}
        ports = _free_ports(2 * nodes)
        self._http, self._transport = ports[:nodes], ports[nodes:]
        self.urls = [f"http://127.0.0.1:{port}" for port in self._http]
        self._home = Path(tempfile.mkdtemp(prefix="vnsearch-opensearch-"))
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * nodes
        try:
            for number in range(nodes):
                self._start(number)
            self.wait_for_nodes()
        except BaseException:
            self.stop()
            raise

    def _start(self, number: int) -> None:
        count = len(self.urls)
        if count == 1:
            discovery = ["discovery.type=single-node"]
        else:
            discovery = [
                "discovery.seed_hosts=" + ",".join(f"127.0.0.1:{port}" for port in self._transport),
                "cluster.initial_cluster_manager_nodes=" + ",".join(f"n{other}" for other in range(count)),
            ]
        settings = {
            "path.home": str(self._home / f"n{number}"),
            "node.name": f"n{number}",
            "cluster.name": self._home.name,
            "network.host": "127.0.0.1",
            "http.port": str(self._http[number]),
            "transport.port": str(self._transport[number]),
            # A full disk of the machine that runs the tests is not what they are about.
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            **self._settings,
        }
        path = os.pathsep.join([str(self._ready / "classes"), str(self._ready / "lib" / "*")])
        java = ["java", f"-Xms{self._heap}", f"-Xmx{self._heap}", "-XX:+UseSerialGC", "-cp", path, "OpenSearchNode"]
        with self.log(number).open("ab") as log:
            self._processes[number] = subprocess.Popen(
                [*java, *(f"{name}={value}" for name, value in settings.items()), *discovery],
                stdin=subprocess.PIPE,  # a node lives as long as we hold it
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us
            )

    def log(self, number: int) -> Path:
        """The file of what a node printed."""
        return self._home / f"n{number}.log"

    def wait_for_nodes(self) -> None:
        """Wait until all nodes are one cluster and every shard of it is where it should be.

        Raises:
            ClusterError: a node ended, or they take too long.

        """
        path = f"/_cluster/health?wait_for_nodes={len(self.urls)}&wait_for_status=green&timeout=1s"

        def green() -> bool:
            for number, process in enumerate(self._processes):
                if process is None or process.poll() is not None:
                    raise ClusterError(f"node {number} is not running: {self._last_words(number)}")
            return all(_answer(url + path).get("timed_out") is False for url in self.urls)

        self._wait(green)

    def wait_for_loss(self, lost: int) -> None:
        """Wait until the others know that a killed node is gone.

        Raises:
            ClusterError: it takes too long.

        """
        url = self.urls[lost - 1]
        path = f"/_cluster/health?wait_for_nodes={len(self.urls) - 1}&timeout=1s"
        self._wait(lambda: _answer(url + path).get("timed_out") is False)

    def _wait(self, done: Callable[[], bool]) -> None:
        until = time.monotonic() + START_S
        while not done():
            if time.monotonic() > until:
                raise ClusterError(f"not ready after {START_S:.0f} s; the first node says: {self._last_words(0)}")
            time.sleep(0.2)

    def _last_words(self, number: int) -> str:
        log = self.log(number)
        return log.read_text(errors="replace")[-1000:] if log.exists() else "nothing"

    def kill(self, number: int) -> None:
        """SIGKILL a node, as if its machine had lost power; its data stay for ``restart``."""
        process = self._processes[number]
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdin
            process.stdin.close()
            self._processes[number] = None

    def restart(self, number: int) -> None:
        """Start a killed node on its data and addresses, and wait until all is green."""
        self._start(number)
        self.wait_for_nodes()

    def restore(self) -> None:
        """Start all that were killed, and wait until all is green."""
        for number, process in enumerate(self._processes):
            if process is None:
                self._start(number)
        self.wait_for_nodes()

    def stop(self) -> None:
        """End all nodes and remove their data."""
        for number in range(len(self.urls)):
            self.kill(number)
        shutil.rmtree(self._home, ignore_errors=True)

    def __enter__(self) -> LocalCluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _answer(url: str) -> dict[str, Any]:
    """A node's answer; empty while it gives none."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        error.close()
    except (OSError, ValueError):
        pass
    return {}


def main() -> None:
    parser = argparse.ArgumentParser(description="Real OpenSearch nodes on this machine, until Ctrl-C.")
    parser.add_argument("--nodes", type=int, default=3)
    parser.add_argument("--heap", default="512m", help="of each node (512m)")
    parser.add_argument("--prepare", action="store_true", help="fetch and compile what is needed, and end")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if given.prepare:
            print(prepare())
            return
        with LocalCluster(given.nodes, heap=given.heap) as cluster, contextlib.suppress(KeyboardInterrupt):
            print(*cluster.urls, sep="\n", flush=True)
            signal.pause() if hasattr(signal, "pause") else input()
    except ClusterError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
