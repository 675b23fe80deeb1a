"""What is done to the files below a folder, seen call by call: to stop it at one of them, to let one fail, to write all down.

The calls are those to the system, as far as Python lets them be caught: a write is what leaves the buffer of a file.
"""

from __future__ import annotations

import builtins
import io
import mmap
import os
import pathlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

#: Those that change something, or make it sure; the others look.
CHANGES = frozenset({"create", "write", "truncate", "fsync", "rename", "unlink", "mkdir"})


_KINDS = {"lstat": "stat", "listdir": "list", "scandir": "list", "remove": "unlink", "replace": "rename"}
_real_lstat = os.lstat


def _is_there(path: Any) -> bool:
    try:
        _real_lstat(path)
    except FileNotFoundError:
        return False
    return True


class Operation(NamedTuple):
    """One call. ``name`` is relative to the folder watched, which is ".", ``at`` where bytes go, or a file is cut."""

    kind: str
    name: str
    at: int = 0
    data: bytes = b""
    target: str = ""


class Watch:
    """Watches while it is entered; ``done`` are the operations that succeeded.

    ``before`` is called with each before it is done, and may raise instead, or say how many bytes a write may write.
    """

    def __init__(self, root: Path, before: Callable[[Operation], int | None] = lambda _: None) -> None:
        self.done: list[Operation] = []
        self._root = str(root)
        self._before = before
        self._open: dict[int, str] = {}  # file descriptor -> name
        self._patches: list[Any] = []

    def __enter__(self) -> Watch:
        for name in ("stat", "lstat", "listdir", "scandir", "mkdir", "unlink", "remove", "replace", "rename"):
            self._patch(os, name, self._of_path(name, getattr(os, name)))
        self._patch(os, "fsync", self._of_number("fsync", os.fsync))
        self._patch(os, "ftruncate", self._of_number("truncate", os.ftruncate))
        self._patch(mmap, "mmap", self._of_number("map", mmap.mmap))
        self._patch(os, "open", self._opening_number(os.open))
        self._patch(os, "write", self._writing(os.write))
        self._patch(os, "close", self._closing(os.close))
        opening = self._opening(io.open)
        self._patch(io, "open", opening)
        self._patch(builtins, "open", opening)
        return self

    def __exit__(self, *_: object) -> None:
        for patch in reversed(self._patches):
            patch.stop()

    def _patch(self, module: Any, name: str, new: Any) -> None:
        patches = [mock.patch.object(module, name, new)]
        bound = getattr(pathlib, "_NormalAccessor", None)  # Python 3.10: pathlib calls what it has bound
        if module in (os, io) and hasattr(bound, name):
            patches.append(mock.patch.object(bound, name, staticmethod(new)))
        for patch in patches:
            patch.start()
        self._patches += patches

    def _name(self, path: Any) -> str | None:
        """Return the name of a file that is watched, by its path or its number; None for another."""
        if isinstance(path, int):
            return self._open.get(path)
        text = os.path.normpath(os.fsdecode(path))
        if text == self._root:
            return "."
        return text[len(self._root) + 1 :] if text.startswith(self._root + os.sep) else None

    def _do(self, operation: Operation, real: Callable[[], Any]) -> Any:
        self._before(operation)
        result = real()
        self.done.append(operation)
        return result

    def _write(self, name: str, at: int, data: bytes, real: Callable[[bytes], int]) -> int:
        operation = Operation("write", name, at, bytes(data))
        most = self._before(operation)
        written = real(operation.data[:most])
        self.done.append(operation._replace(data=operation.data[:written]))
        return written

    def _close(self, name: str, real: Callable[[], None]) -> None:
        operation = Operation("close", name)
        try:
            self._before(operation)
        except OSError:  # a file is closed even when the system says that something went wrong
            real()
            raise
        real()
        self.done.append(operation)

    def _of_path(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        kind = _KINDS.get(name, name)

        def call(path: Any = ".", *args: Any, **named: Any) -> Any:
            ours = self._name(path)
            if ours is None or isinstance(path, int):
                return real(path, *args, **named)
            target = (self._name(args[0]) or "") if kind == "rename" else ""
            return self._do(Operation(kind, ours, target=target), lambda: real(path, *args, **named))

        return call

    def _of_number(self, kind: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(number: int, *args: Any, **named: Any) -> Any:
            name = self._open.get(number)
            if name is None:
                return real(number, *args, **named)
            at = args[0] if kind == "truncate" else 0
            return self._do(Operation(kind, name, at), lambda: real(number, *args, **named))

        return call

    def _opening_number(self, real: Callable[..., int]) -> Callable[..., int]:
        def call(path: Any, flags: int, *args: Any, **named: Any) -> int:
            name = self._name(path)
            if name is None:
                return real(path, flags, *args, **named)
            kind = "create" if flags & os.O_CREAT and not _is_there(path) else "open"
            number: int = self._do(Operation(kind, name), lambda: real(path, flags, *args, **named))
            self._open[number] = name
            return number

        return call

    def _writing(self, real: Callable[[int, bytes], int]) -> Callable[[int, bytes], int]:
        def call(number: int, data: bytes) -> int:
            name = self._open.get(number)
            if name is None:
                return real(number, data)
            return self._write(name, os.lseek(number, 0, os.SEEK_CUR), data, lambda part: real(number, part))

        return call

    def _closing(self, real: Callable[[int], None]) -> Callable[[int], None]:
        def call(number: int) -> None:
            name = self._open.pop(number, None)
            if name is None:
                real(number)
            else:
                self._close(name, lambda: real(number))

        return call

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        watch = self

        class Raw(io.FileIO):
            def __init__(self, file: Any, mode: str, name: str) -> None:
                super().__init__(file, mode)
                self.ours = name
                watch._open[self.fileno()] = name

            def write(self, data: Any) -> int:
                return watch._write(self.ours, self.tell(), data, super().write)

            def readinto(self, buffer: Any) -> int:
                return watch._do(Operation("read", self.ours), lambda: super(Raw, self).readinto(buffer))

            def readall(self) -> bytes:
                return watch._do(Operation("read", self.ours), super().readall)

            def close(self) -> None:
                if not self.closed:
                    watch._open.pop(self.fileno(), None)
                    try:
                        watch._close(self.ours, super().close)
                    finally:  # an interrupt shows when it is closed
                        super().close()

        def call(file: Any, mode: str = "r", *args: Any, **named: Any) -> Any:
            name = self._name(file)
            if name is None or "b" not in mode:
                return real(file, mode, *args, **named)
            if isinstance(file, int):
                raw = Raw(file, mode, name)
            else:
                kind = "create" if set(mode) & set("wx") else "open"
                raw = self._do(Operation(kind, name), lambda: Raw(file, mode, name))
            return io.BufferedReader(raw) if "r" in mode else io.BufferedWriter(raw)

        return call
