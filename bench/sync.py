"""A folder indexed twice by the command: the second time nothing has changed, and nothing may be analysed.

    python -m bench.sync [--files 2000]

Each file is a page of text, passages of the sample reports. Every run of ``vnsearch index`` is a process of its own; *seconds* is
from its start to its end. Every module is compiled beforehand, as in ``bench.cold``. Exits 1 when the second run analysed
anything, or took more than a tenth of the first.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench import work
from bench.drawn import passage
from bench.measure import print_setting, table

_ALLOWED = 0.1
_TITLE, _PARAGRAPH, _PARAGRAPHS = 12, 80, 5


def write_files(folder: Path, count: int) -> None:
    """Write so many files, 100 in a folder; the same ones every time."""
    chance = random.Random(1)
    for number in range(count):
        path = folder / f"{number // 100:03d}" / f"{number:06d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        paragraphs = [passage(chance, _TITLE), *(f"{passage(chance, _PARAGRAPH)}." for _ in range(_PARAGRAPHS))]
        path.write_text("\n\n".join(paragraphs), encoding="utf-8")


def run(folder: Path, index: Path, compiled: Path) -> dict[str, Any]:
    """Run the command; return what it says, and how long it took."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(compiled), "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-W", "ignore", "-m", "vnsearch", "index", str(folder), "--index", str(index), "--json"]
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment, encoding="utf-8", check=True)
    return {**json.loads(done.stdout), "process_seconds": time.perf_counter() - began}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.sync", description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=2000, help="how many files (default: 2000)")
    options = parser.parse_args()
    print_setting("bench.sync")
    with work.workplace(None, "sync") as place:
        write_files(place / "files", options.files)
        run(place / "files" / "000" / "000000.txt", place / "other index", place / "compiled")
        names = ("first", "second, no changes")
        found = {name: run(place / "files", place / "index", place / "compiled") for name in names}
    first, second = found.values()
    analysed = {name: stats["added"] + stats["updated"] for name, stats in found.items()}
    rows = [
        (
            name,
            stats["process_seconds"],
            stats["process_seconds"] / first["process_seconds"],
            analysed[name],
            stats["unchanged"],
        )
        for name, stats in found.items()
    ]
    table(f"vnsearch index, {options.files:,} files", ("run", "seconds", "of the first", "analysed", "unchanged"), rows)
    ok = (
        analysed["first"] == second["unchanged"] == options.files
        and analysed["second, no changes"] == 0
        and second["process_seconds"] <= _ALLOWED * first["process_seconds"]
    )
    print(f"\ncheck: the second analyses nothing and takes at most a tenth: {'ok' if ok else 'FAILED'}")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
