"""Digits that were brought to compare on, in the server's memory: a few of each session's.

They outlive the session, as a reload of the page is a new one that finds them by its address.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Rows = TypeVar("Rows")


@dataclass
class _Kept(Generic[Rows]):
    rows: Rows
    size: int
    owners: set[str] = field(default_factory=set)


class Uploads(Generic[Rows]):
    """What sessions brought; safe to share between threads.

    A session's earliest go when it brings more than its number. Where all together are too large,
    the session that holds most loses its earliest: so nobody's go because others bring many.
    """

    def __init__(self, each: int, most: int) -> None:
        """Begin with none.

        Args:
            each: uploads of one session.
            most: bytes of all.
        """
        self._each, self._most, self._lock = each, most, threading.Lock()
        self._kept: OrderedDict[str, _Kept[Rows]] = OrderedDict()  # the latest last

    def keep(self, key: str, rows: Rows, size: int, owner: str) -> None:
        """Keep some, of so many bytes, for a session; others may have brought the same."""
        with self._lock:
            kept = self._kept.setdefault(key, _Kept(rows, size))
            kept.owners.add(owner)
            self._kept.move_to_end(key)
            while len(self._of(owner)) > self._each:
                self._drop(self._of(owner)[0], owner)
            while len(self._kept) > 1 and sum(one.size for one in self._kept.values()) > self._most:
                others = {one for k, kept in self._kept.items() if k != key for one in kept.owners}
                largest = max(others, key=self._size_of)
                self._drop(next(k for k in self._of(largest) if k != key), largest)

    def get(self, key: str) -> Rows | None:
        """Return what is kept under a key."""
        with self._lock:
            return self._kept[key].rows if key in self._kept else None

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._kept.clear()

    def _of(self, owner: str) -> list[str]:
        return [key for key, one in self._kept.items() if owner in one.owners]

    def _size_of(self, owner: str) -> int:
        return sum(one.size for one in self._kept.values() if owner in one.owners)

    def _drop(self, key: str, owner: str) -> None:
        self._kept[key].owners.discard(owner)
        if not self._kept[key].owners:
            del self._kept[key]
