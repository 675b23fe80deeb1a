"""What threads share, so that it serves in a forked child too.

A child begins with copies of its parent's locks as they are, and with one thread, the one that forked. What another thread
held at that moment is released by nobody there.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

__all__ = ["cached_property", "lock_of"]

Value = TypeVar("Value")

_OWNERS: weakref.WeakKeyDictionary[object, str] = weakref.WeakKeyDictionary()


def lock_of(owner: object, name: str) -> threading.Lock:
    """Return a lock, to be the attribute of that name of an object; in a forked child a new one takes its place."""
    _OWNERS[owner] = name
    return threading.Lock()


def _renew_locks() -> None:
    for owner, name in _OWNERS.items():
        setattr(owner, name, threading.Lock())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)


class cached_property(Generic[Value]):  # noqa: N801 - as functools has it
    """``functools.cached_property`` without the lock that it has before Python 3.12, one for all objects.

    Two threads may make the value both; it must not matter which is kept.
    """

    def __init__(self, make: Callable[[Any], Value]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> cached_property[Value]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...
    def __get__(self, instance: object | None, owner: type) -> Value | cached_property[Value]:
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._make(instance)
        return value
