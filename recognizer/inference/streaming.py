"""Reading many digits: pieces of a table in, pieces with their probabilities out, in order.

While the network reads a piece, which frees Python for other threads, the next one is parsed.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any

import numpy as np

from recognizer.inference.recognizer import Recognizer
from recognizer.records import Digits

_CLOSING_SECONDS = 1  # for a thread to end; one that waits for a pipe may never


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
    for digits, share in prefetch(pieces):
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


def prefetch(pieces: Iterable[Digits]) -> Iterator[tuple[Digits, float | None]]:
    """Iterate in other threads, one piece ahead of the caller.

    Yields:
        A piece, and the share of the table that was read with it, where `pieces` has it.
    """
    iterator = iter(pieces)

    def following() -> tuple[Digits, float | None] | None:
        piece = next(iterator, None)
        return None if piece is None else (piece, getattr(pieces, "share", None))

    ready = _in_thread(following)
    try:
        while (found := ready.result()) is not None:
            ready = _in_thread(following)
            yield found
    finally:
        wait([ready], _CLOSING_SECONDS)


def _in_thread(function: Callable[[], Any]) -> Future:
    """Call a function in a daemon thread.

    Not in a ThreadPoolExecutor: Python waits at its end for that one's threads, and one that reads
    a pipe may never end.
    """
    future = Future()

    def call() -> None:
        try:
            future.set_result(function())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=call, name="table", daemon=True).start()
    return future
