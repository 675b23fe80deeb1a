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
