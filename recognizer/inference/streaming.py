"""Reading many digits: pieces of a table in, pieces with their probabilities out, in order.

While the network reads a piece, which frees Python for other threads, the next one is parsed.
"""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from recognizer.inference.recognizer import Recognizer
from recognizer.records import Digits

_Ready = tuple[Digits, float | None] | BaseException | None  # None: that was all
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
        share: of the table that was read with it, 0 to 1; None where that is not known.
        scores: array of shape (n,), the digit scores; None where they were not asked for.
    """

    first: int
    digits: Digits
    probabilities: np.ndarray
    share: float | None = None
    scores: np.ndarray | None = None

    @property
    def labels(self) -> np.ndarray:
        """What was read: (n,) uint8, 0 to 9."""
        return self.probabilities.argmax(axis=1).astype(np.uint8)


def predict_pieces(
    recognizer: Recognizer,
    pieces: Iterable[Digits],
    *,
    scored: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Piece]:
    """Read pieces of digits in their order.

    Args:
        recognizer: the model that reads.
        pieces: as `datasets.stream_digits` gives them; iterated in a thread of its own.
        scored: whether to tell also how much each row looks like a digit.
        stopped: asked before each piece; True ends the reading.

    Raises:
        Whatever iterating `pieces` raises.
    """
    first = 0
    for digits, share in ahead(pieces):
        if stopped():
            return
        if scored:
            probabilities, scores = recognizer.predict_scored(digits.images)
        else:
            probabilities, scores = recognizer.predict(digits.images), None
        yield Piece(first, digits, probabilities, share, scores)
        first += len(digits)


def doubted(recognizer: Recognizer, piece: Piece) -> np.ndarray:
    """Return the rows, from 0, that are blank or do not look like a digit to the model.

    Args:
        recognizer: the model that read them.
        piece: with its scores, where the model's card has a threshold for them.
    """
    strange = ~piece.digits.images.any(axis=(1, 2))
    if (rejection := recognizer.card.rejection) is not None and piece.scores is not None:
        strange |= piece.scores < rejection.threshold
    return piece.first + np.flatnonzero(strange)


def ahead(pieces: Iterable[Digits]) -> Iterator[tuple[Digits, float | None]]:
    """Iterate in a thread of its own, a few pieces ahead of who takes them.

    Yields:
        A piece, and the share of the table that was read with it, where `pieces` tells it.
    """
    with _Ahead(pieces) as ready:
        yield from ready


class _Ahead:
    """The thread, and the queue between it and who takes the pieces."""

    def __init__(self, pieces: Iterable[Digits]) -> None:
        self._pieces = pieces
        self._ready: queue.Queue[_Ready] = queue.Queue(maxsize=_AHEAD)
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._run, name="table", daemon=True)

    def __enter__(self) -> "_Ahead":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join(_PATIENCE)

    def __iter__(self) -> Iterator[tuple[Digits, float | None]]:
        while (ready := self._ready.get()) is not None:
            if isinstance(ready, BaseException):
                raise ready
            yield ready

    def _run(self) -> None:
        try:
            for piece in self._pieces:
                if not self._put((piece, getattr(self._pieces, "share", None))):
                    return
            self._put(None)
        except BaseException as error:
            self._put(error)

    def _put(self, ready: _Ready) -> bool:
        """Wait for room; return whether there is still one who takes."""
        while not self._left.is_set():
            with suppress(queue.Full):
                self._ready.put(ready, timeout=_LOOK)
                return True
        return False
