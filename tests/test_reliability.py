"""The programs that prove promises of reliability, for some seconds each: they end with 1 when a promise is broken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(
            "bench.crash --runs 20",
            marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="the writer that is killed is forked"),
        ),
        "bench.readers --seconds 3 --readers 2",
        "bench.fuzz --queries 300 --reports 100",
    ],
)
def test_promises_hold(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command.split()],
        cwd=ROOT,
        env=os.environ | {"PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(sys.version_info < (3, 12), reason="branches can be watched from Python 3.12 on")
def test_drawing_is_guided_by_new_ways_through_our_code() -> None:
    script = """
import random
import vnsearch
from bench.guided import Coverage, Guided
names = {}
exec(compile("def read(query):\\n  return 1 if query == 'hoà' else 0", vnsearch.__file__, "exec"), names)
queries = iter(["gạo", "lúa", "hoà", "hoà"])
guided = Guided(lambda: next(queries), random.Random(0), Coverage())
for _ in range(4):
    guided.kept = []  # or it would change that one
    query = guided.draw()
    names["read"](query)
    guided.saw(query)
    print(len(guided.kept))
"""
    run = [sys.executable, "-c", script]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=600, check=False)
    assert done.stdout.split() == ["1", "0", "1", "0"], done.stderr
