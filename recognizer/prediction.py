"""Reading many digits: pieces of a table in, pieces with their probabilities out, in order.

While the network reads a piece, which frees Python for other threads, the next one is parsed.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from recognizer.inference import Recognizer
from recognizer.records import Digits

_AHEAD = 2  # pieces parsed and waiting, enough for the network never to wait
_LOOK = 0.1  # seconds between two looks at whether anyone still takes
_PATIENCE = 1  # seconds for the thread to end; one that waits for a pipe may never


@dataclass(frozen=True, eq=False)
class Piece:
    """Some rows of a table, read.

    Attributes:
        first: the number of its first row, from 0.
        digits: n rows.
        probabilities: array of shape (n, 10), float32, rows sum to 1.
    """

    first: int
    digits: Digits
    probabilities: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """What was read: (n,) uint8, 0 to 9."""
        return self.probabilities.argmax(axis=1).astype(np.uint8)


def predict_pieces(
    recognizer: Recognizer,
    pieces: Iterable[Digits],
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Piece]:
    """Read pieces of digits in their order.

    Args:
        recognizer: the model that reads.
        pieces: as `datasets.stream_digits` gives them; iterated in a thread of its own.
        stopped: asked before each piece; True ends the reading.

    Raises:
        Whatever iterating `pieces` raises.
    """
    first = 0
    with _Ahead(pieces) as ahead:
        for digits in ahead:
            if stopped():
                return
            yield Piece(first, digits, recognizer.predict(digits.images))
            first += len(digits)


class _Ahead:
    """Iterates in a thread, a few steps ahead of who takes from it."""

    def __init__(self, pieces: Iterable[Digits]) -> None:
        self._pieces = pieces
        self._ready: queue.Queue[Digits | BaseException | None] = queue.Queue(maxsize=_AHEAD)
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._run, name="table", daemon=True)

    def __enter__(self) -> "_Ahead":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join(_PATIENCE)

    def __iter__(self) -> Iterator[Digits]:
        while (ready := self._ready.get()) is not None:
            if isinstance(ready, BaseException):
                raise ready
            yield ready

    def _run(self) -> None:
        try:
            for piece in self._pieces:
                if not self._put(piece):
                    return
            self._put(None)
        except BaseException as error:
            self._put(error)

    def _put(self, ready: Digits | BaseException | None) -> bool:
        """Wait for room; return whether there is still one who takes."""
        while not self._left.is_set():
            with suppress(queue.Full):
                self._ready.put(ready, timeout=_LOOK)
                return True
        return False
