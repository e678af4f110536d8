"""How many requests a minute a key may make: a token bucket each.

https://en.wikipedia.org/wiki/Token_bucket
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MINUTE = 60.0  # seconds
MOST_KEYS = 10_000  # that are remembered; who is forgotten begins with a full bucket


@dataclass
class _Bucket:
    tokens: float
    filled: float


class Rates:
    """A bucket for each key: it holds a minute's requests, and fills at that rate."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with full buckets.

        Args:
            per_minute: requests of one key.
            clock: seconds.
        """
        self._most, self._clock = per_minute, clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str) -> float:
        """Take one request from a key's bucket; return 0, or the seconds until there is one."""
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(self._most, now))
        self._buckets.move_to_end(key)
        while len(self._buckets) > MOST_KEYS:
            self._buckets.popitem(last=False)
        gained = (now - bucket.filled) * self._most / MINUTE
        bucket.tokens, bucket.filled = min(self._most, bucket.tokens + gained), now
        if bucket.tokens < 1:
            return (1 - bucket.tokens) * MINUTE / self._most
        bucket.tokens -= 1
        return 0.0
