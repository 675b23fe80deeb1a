"""Children that are forked in the middle of a test."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Callable


def forked(do: Callable[[], object]) -> int:
    """Fork a child that does something and ends; return its number."""
    child = os.fork()
    if not child:
        try:
            do()
        except BaseException:  # noqa: BLE001 - whatever it is, it must not go on as the parent does
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child


def ended_well(child: int, timeout_s: float) -> bool:
    """Wait for a child; tell whether it came to its end. One that does not in time is killed."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status == 0
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False
