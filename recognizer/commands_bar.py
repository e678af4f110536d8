"""A line on the terminal that tells how far the reading of a table is."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PAUSE = 0.1  # seconds between two looks
Show = Callable[[int, float | None], None]


@contextmanager
def bar() -> Iterator[Show]:
    """Give what shows the rows that were read, and of the whole the share, or None; on stderr.

    Where stderr is no terminal it shows nothing, and at the end the line goes.
    """
    if not sys.stderr.isatty():
        yield lambda rows, share: None
        return
    started, last, width = time.monotonic(), 0.0, 0

    def show(rows: int, share: float | None) -> None:
        nonlocal last, width
        now = time.monotonic()
        if now - last < _PAUSE:
            return
        columns = shutil.get_terminal_size().columns - 1
        line = _line(rows, share, now - started)[:columns]
        last, width = now, max(width, len(line))
        print(line.ljust(width), end="\r", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print(" " * width, end="\r", file=sys.stderr, flush=True)


def _line(rows: int, share: float | None, seconds: float) -> str:
    speed = f"{rows:,} rows  {rows / max(seconds, 1e-9):,.0f} rows/s"
    if not share:
        return speed
    minutes, left = divmod(round(seconds * (1 - share) / share), 60)
    return f"[{'#' * int(20 * share):20}] {share:4.0%}  {speed}  {minutes}:{left:02} left"
