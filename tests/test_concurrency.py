"""Locks and cached values of objects that a child was forked with, while another thread was busy with them."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest

from forked import ended_well, forked
from vnsearch.concurrency import cached_property, lock_of

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")


def in_child(do: Callable[[], object]) -> bool:
    """Tell whether a forked child does it within some seconds."""
    return ended_well(forked(do), timeout_s=10)


class Owner:
    def __init__(self) -> None:
        self.lock = lock_of(self, "lock")
        self.entered = threading.Event()
        self.leave = threading.Event()
        self.made = 0

    def hold(self) -> None:
        with self.lock:
            self.entered.set()
            self.leave.wait()

    @cached_property
    def value(self) -> int:
        """What takes long."""
        self.entered.set()
        self.leave.wait()
        self.made += 1
        return self.made


@pytest.fixture
def busy() -> Iterator[Callable[[Owner, Callable[[], object]], None]]:
    """A function that lets another thread do something with an object, until the end of the test."""
    started: list[tuple[Owner, threading.Thread]] = []

    def start(owner: Owner, do: Callable[[], object]) -> None:
        thread = threading.Thread(target=do)
        thread.start()
        owner.entered.wait()
        started.append((owner, thread))

    yield start
    for owner, thread in started:
        owner.leave.set()
        thread.join()


@needs_fork
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_lock_that_another_thread_holds_is_free_in_a_child(busy: Callable[..., None]) -> None:
    owner = Owner()
    busy(owner, owner.hold)
    assert in_child(lambda: owner.lock.acquire())  # noqa: PLW0108 - the lock that it has there
    assert owner.lock.locked()  # not here


@needs_fork
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_value_in_the_making_keeps_no_child_waiting(busy: Callable[..., None]) -> None:
    owner, other = Owner(), Owner()
    busy(owner, lambda: owner.value)
    other.leave.set()
    assert in_child(lambda: other.value)


def test_a_value_is_made_once() -> None:
    owner = Owner()
    owner.leave.set()
    assert (owner.value, owner.value, owner.made) == (1, 1, 1)
    assert Owner.value.__doc__ == "What takes long."


def test_objects_with_locks_go_when_nobody_has_them() -> None:
    owner = Owner()
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None
