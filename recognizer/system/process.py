"""Keep off stderr what C++ libraries say when they start: it is not for users."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def silence_native_stderr() -> Iterator[None]:
    """Send stderr nowhere for a while; Python's exceptions come through."""
    try:
        kept = os.dup(2)
    except OSError:  # stderr is closed: nothing to keep anything off
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


NICENESS = 10  # of 19
_AUTOGROUP = Path("/proc/self/autogroup")


def lower_priority() -> None:
    """Let other processes go first, from now on; alone on the machine this one is as quick as ever.

    Linux weighs sessions before processes where it groups them (`sched_autogroup`), and a training
    is a session of its own: then its session gives way too.
    """
    os.nice(max(0, NICENESS - os.nice(0)))
    with suppress(OSError):
        _AUTOGROUP.write_text(str(NICENESS), "ascii")


def return_memory() -> None:
    """Give memory that is free back to the system, after much of it was in use.

    glibc keeps what each thread has freed for that thread: eight of them that decode one picture
    after the other hold eight times what one needs. Elsewhere nothing happens.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
