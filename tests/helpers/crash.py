"""Stop a program at each call that changes the disk, in turn: as kill -9 would, or a full disk."""

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

CALLS = (  # pathlib and tempfile come through these too
    *((os, name) for name in ("fsync", "replace", "rename", "unlink", "rmdir", "mkdir")),
    *((shutil, "copyfile"), (sqlite3, "connect")),
)
GROWING = {"fsync", "mkdir", "copyfile", "connect"}  # what a full disk refuses


class Patcher(Protocol):
    """What replaces the calls: pytest's MonkeyPatch."""

    setattr: Callable[..., None]


class Killed(BaseException):
    """The end of the process, for all that it can still do to the disk."""


class Interruption:
    """Patches the calls; the one that is chosen fails.

    Args:
        monkeypatch: of the test, or a context of it.
        at: how many calls go well before.
        full: the disk is full for one call. Otherwise it is a kill: half of the file that was
            being written is on the disk, and no later call works, so nothing is cleared up.
    """

    def __init__(self, monkeypatch: Patcher, at: int, *, full: bool = False) -> None:
        self.left, self.full, self.happened = at, full, False
        for module, name in CALLS:
            if not full or name in GROWING:
                monkeypatch.setattr(module, name, self.wrapped(name, getattr(module, name)))

    def wrapped(self, name: str, call: Callable) -> Callable:
        def wrapper(*args, **options):
            if self.left > 0 or (self.full and self.happened):
                self.left -= 1
                # Nothing here outlives a power cut, and flushing takes most of a test's time.
                return None if name == "fsync" else call(*args, **options)
            first, self.happened = not self.happened, True
            if self.full:
                raise self.refusal(name)
            if first:
                self.half_done(name, args)
            raise Killed(f"{name}{args}")

        return wrapper

    def refusal(self, name: str) -> Exception:
        if name == "connect":
            return sqlite3.OperationalError("database or disk is full")
        return OSError(errno.ENOSPC, "No space left on device")

    def half_done(self, name: str, args: tuple) -> None:
        if name == "fsync":
            with suppress(OSError):  # a folder, or a file opened for reading
                os.ftruncate(args[0], os.fstat(args[0]).st_size // 2)
        if name == "copyfile":
            content = args[0].read_bytes()
            args[1].write_bytes(content[: len(content) // 2])
