"""Locks between processes that the kernel frees when their holder ends, however it ends."""

import os
import time
from pathlib import Path
from types import ModuleType, TracebackType

from recognizer.errors import SettingError

TIMEOUT = 0.05  # seconds
PAUSE = 0.01  # seconds between two tries


class Lock:
    """A lock that this process holds.

    A child that inherits `handle` holds it too, until both have closed it.
    """

    def __init__(self, handle: int) -> None:
        self.handle = handle

    def release(self) -> None:
        """Give it up."""
        os.close(self.handle)

    def __enter__(self) -> "Lock":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


def acquire(path: Path) -> Lock:
    """Return the lock of a file or an existing folder, once no one else holds it."""
    lock = Lock(_open(path))
    try:
        fcntl = _fcntl()
        fcntl.flock(lock.handle, fcntl.LOCK_EX)
    except BaseException:
        lock.release()
        raise
    return lock


def try_acquire(path: Path, timeout: float = TIMEOUT) -> Lock | None:
    """Return the lock of a file or an existing folder, or None when someone else keeps it.

    Args:
        path: of the file or folder.
        timeout: seconds to wait for it; `is_held` takes a lock for an instant.
    """
    handle, end = _open(path), time.monotonic() + timeout
    while not _flock(handle, "LOCK_EX"):
        if time.monotonic() > end:
            os.close(handle)
            return None
        time.sleep(PAUSE)
    return Lock(handle)


def is_held(path: Path) -> bool:
    """Whether anyone holds the lock; no one does where there is no file."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not _flock(handle, "LOCK_SH")
    finally:
        os.close(handle)


def are_supported() -> bool:
    """Whether this system has such locks; Windows does not."""
    try:
        _fcntl()
    except SettingError:
        return False
    return True


def check_system() -> None:
    """Raise where there are no such locks.

    Raises:
        SettingError: on Windows.
    """
    _fcntl()


def _open(path: Path) -> int:
    if path.is_dir():
        return os.open(path, os.O_RDONLY)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _flock(handle: int, kind: str) -> bool:
    fcntl = _fcntl()
    try:
        fcntl.flock(handle, getattr(fcntl, kind) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _fcntl() -> ModuleType:
    try:
        import fcntl
    except ImportError as error:
        raise SettingError(
            "Training needs Linux, macOS or WSL: reading, batches and comparing work here."
        ) from error
    return fcntl
