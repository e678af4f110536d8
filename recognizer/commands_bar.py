"""A line on the terminal that tells how far the reading of a table is."""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_PAUSE = 0.1  # seconds between two looks


class Bar:
    """Shows the rows that were read, and of the whole the share, or None; on stderr.

    Where stderr is no terminal it shows nothing.
    """

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._started, self._last, self._width = time.monotonic(), 0.0, 0

    def __call__(self, rows: int, share: float | None) -> None:
        """Show how far it is."""
        now = time.monotonic()
        if not self._shown or now - self._last < _PAUSE:
            return
        columns = shutil.get_terminal_size().columns - 1
        line = _line(rows, share, now - self._started)[:columns]
        self._last, self._width = now, max(self._width, len(line))
        print(line.ljust(self._width), end="\r", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Make room on the line for something else."""
        if self._shown:
            print(" " * self._width, end="\r", file=sys.stderr, flush=True)
            self._width = 0


@contextmanager
def bar() -> Iterator[Bar]:
    """Give a bar; at the end the line goes."""
    show = Bar()
    try:
        yield show
    finally:
        show.clear()


def _line(rows: int, share: float | None, seconds: float) -> str:
    speed = f"{rows:,} rows  {rows / max(seconds, 1e-9):,.0f} rows/s"
    if not share:
        return speed
    minutes, left = divmod(round(seconds * (1 - share) / share), 60)
    return f"[{'#' * int(20 * share):20}] {share:4.0%}  {speed}  {minutes}:{left:02} left"
