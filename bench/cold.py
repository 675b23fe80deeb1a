"""The first answer of a fresh process: import, open, one search, its first hit printed; beside the import of pyvi.

Every module is compiled beforehand, as pip does when it installs one: a checkout whose byte code is not kept
(``PYTHONDONTWRITEBYTECODE``) would be compiled anew by each process, and the installed pyvi not.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench import work
from bench.measure import milliseconds, ratio, table
from bench.peers.ours import Ours

_QUERY = "quy chế dân chủ ở cơ sở"
_OURS = f"import sys, vnsearch; print(vnsearch.Index.open(sys.argv[1]).search({_QUERY!r})[0].report.title)"
_PYVI = "import pyvi.ViTokenizer"


def cold_start(path: Path, articles: int, folder: Path, count: int) -> None:
    """Print how long fresh processes take, from the call to their end."""
    ours = Ours(folder / "vnsearch")
    work.built(ours, path, articles, folder)
    ours.close()
    scripts = {
        "vnsearch: import, open, one search": [_OURS, str(ours.folder)],
        "the import of pyvi.ViTokenizer": [_PYVI],
        "Python alone": ["pass"],
    }
    times: dict[str, list[float]] = {name: [] for name in scripts}
    with tempfile.TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        for number in range(count + 1):  # the first one compiles, finds cold files, and is not counted
            for name, script in scripts.items():
                command = [sys.executable, "-W", "ignore", "-c", *script]
                taken = milliseconds(partial(subprocess.run, command, env=environment, capture_output=True, check=True))
                if number:
                    times[name].append(taken)
    medians = {name: statistics.median(found) for name, found in times.items()}
    pyvi = medians["the import of pyvi.ViTokenizer"]
    rows = [(name, taken, min(times[name]), ratio(taken, pyvi)) for name, taken in medians.items()]
    table(f"cold start, medians of {count} fresh processes", ("", "ms", "least", "x pyvi"), rows)
