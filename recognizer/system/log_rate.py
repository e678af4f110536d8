"""Keep a log from growing without bound: of lines that are alike, a few a minute are written.

What anyone can cause as often as they like, a message that is damaged or a descriptor too few,
would fill a disk otherwise.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

ALIKE, LINES, SECONDS = 10, 100, 60.0  # of one kind, and of all, within so many seconds
_KINDS = 1_000  # that are remembered

# Loggers that are made late, by libraries that a server uses.
_LATE = ("asyncio", "uvicorn.error", "uvicorn.asgi", "websockets")


class Rate:
    """Counts what happens, and says when it happens too often; safe to share between threads."""

    def __init__(
        self, alike: int, every: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin to count.

        Args:
            alike: of one kind within `seconds`.
            every: of all kinds.
            seconds: after which a time no longer counts.
            clock: gives seconds.
        """
        self._alike, self._every, self._seconds, self._clock = alike, every, seconds, clock
        self._lock = threading.Lock()
        self._times: dict[object, deque[float]] = {}
        self._all: deque[float] = deque()
        self._left_out = 0

    def take(self, kind: object) -> int | None:
        """Count one; return how many were left out before it, None where it is left out itself."""
        with self._lock:
            now = self._clock()
            if len(self._times) > _KINDS:
                self._times.clear()
            times = self._times.setdefault(kind, deque())
            for one in (times, self._all):
                while one and one[0] <= now - self._seconds:
                    one.popleft()
            if len(times) >= self._alike or len(self._all) >= self._every:
                self._left_out += 1
                return None
            times.append(now)
            self._all.append(now)
            left_out, self._left_out = self._left_out, 0
            return left_out


class Filter(logging.Filter):
    """Lets a few lines a minute through, and says with the next one how many were left out."""

    def __init__(self) -> None:
        super().__init__()
        self._rate = Rate(ALIKE, LINES, SECONDS)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is written."""
        left_out = self._rate.take((record.name, record.levelno, str(record.msg)[:200]))
        if left_out:
            record.msg = f"{record.msg} ({left_out:,} lines were left out before this one)"
        return left_out is not None


def bound() -> None:
    """Bound what all loggers of this process write, but for the log of actions."""
    known = [name for name in logging.root.manager.loggerDict if not name.startswith("recognizer")]
    together = Filter()
    for logger in (logging.root, *map(logging.getLogger, {*known, *_LATE})):
        logger.filters = [one for one in logger.filters if not isinstance(one, Filter)]
        logger.addFilter(together)
