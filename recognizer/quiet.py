"""Keep off stderr what C++ libraries say when they start: it is not for users."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def without_greeting() -> Iterator[None]:
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
