"""What the benchmarks of the index share: options, and where tokens and indexes are kept.

That is a temporary folder, or the folder of ``--keep``, whose content is reused.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import data
from bench.measure import timed_build
from bench.peers.base import Peer

_COUNTS = {"articles": "how many articles", "queries": "how many queries of each set", "rounds": "how many rounds"}


@contextmanager
def workplace(keep: Path | None, name: str) -> Iterator[Path]:
    """Give a folder, which goes afterwards unless it is to be kept."""
    if keep is not None:
        folder = keep / name
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    folder = Path(tempfile.mkdtemp(prefix="vnsearch-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def add_options(parser: argparse.ArgumentParser, **counts: int) -> None:
    """Add the options that all benchmarks of the index share, and those of ``_COUNTS`` named here, with their defaults."""
    parser.add_argument("--data", type=Path, default=data.DATA, help=f"articles (default: {data.DATA})")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep tokens and indexes here, and reuse them")
    for name, count in counts.items():
        parser.add_argument(f"--{name}", type=int, default=count, help=f"{_COUNTS[name]} (default: {count})")


def add_choice(parser: argparse.ArgumentParser, option: str, known: Collection[str]) -> None:
    """Add an option for some of the known names, between commas; all if it is not given."""
    every = ",".join(known)

    def names(text: str) -> list[str]:
        if unknown := set(chosen := text.split(",")) - set(known):
            raise argparse.ArgumentTypeError(f"no such {option}: {', '.join(sorted(unknown))}; there are {every}")
        return chosen

    parser.add_argument(f"--{option}", type=names, default=every, help=f"which {option} (default: {every})")


def add_child_options(parser: argparse.ArgumentParser, known: Collection[str]) -> None:
    """Add the options with which a script calls itself (``child``), to measure one thing in a process of its own."""
    parser.add_argument("--only", choices=tuple(known), help="measure this alone in this process, print JSON")
    parser.add_argument("--folder", type=Path, help="with --only: where the index is, or goes")


def child(module: str, *arguments: object) -> Any:
    """Run a script in a process of its own; return what it printed last, from JSON."""
    command = [sys.executable, "-W", "ignore", "-m", module, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def require(path: Path) -> None:
    """End the script with a clear message where there are no articles."""
    if not path.is_file():
        sys.exit(f"the articles are not at {path}: name a file of JSON lines (id, title, text), xz, with --data PATH")


def tokens(path: Path, articles: int, folder: Path) -> Path:
    """Return the file with the tokens of the articles, made where it is missing."""
    file = folder / "tokens.jsonl"
    if not file.exists():
        print(f"analysing {articles:,} articles for the engines that are given tokens", flush=True)
        data.write_tokens(data.reports(path, articles), file)
    return file


def built(peer: Peer, path: Path, articles: int, folder: Path) -> Any:
    """Open a peer's index, made where it is missing; return what is known about the build."""
    known = folder / f"{peer.folder.name}.json"
    if known.exists():
        try:
            peer.open()
        except Exception as error:  # noqa: BLE001  # made by another version: whatever it raises, it is made anew
            print(f"{peer.name}: the kept index cannot be opened ({error}); made anew", flush=True)
        else:
            print(f"{peer.name}: the kept index is used", flush=True)
            return json.loads(known.read_text(encoding="utf-8"))
    known.unlink(missing_ok=True)
    given = data.reports(path, articles) if peer.takes_reports else data.read_tokens(folder / "tokens.jsonl")
    count, seconds = timed_build(peer.build, given)
    facts = {"documents": count, "seconds": seconds, "bytes": peer.size_bytes()}
    known.write_text(json.dumps(facts), encoding="utf-8")
    print(f"{peer.name}: {count:,} documents indexed", flush=True)  # the time is for bench.index to take
    return facts
