"""Near-duplicates: for some rows of a table, the most similar other row."""

from dataclasses import dataclass

import numpy as np

from recognizer.records import PIXELS

NEAR = (
    0.95  # cosine similarity; of 500 rows of MNIST 13 % have such a row, all of them labelled alike
)
_ROWS = 8192  # compared at once: 26 MB


@dataclass(frozen=True, eq=False)
class Nearest:
    """The most similar other row of each of m rows.

    Attributes:
        rows: array of shape (m,), int, from 0; -1 where there is no other row.
        similarity: array of shape (m,), cosine of the pixels, 0 to 1.
    """

    rows: np.ndarray
    similarity: np.ndarray

    @property
    def is_near(self) -> np.ndarray:
        """Which of them have a near-duplicate: (m,) bool."""
        return self.similarity >= NEAR


def nearest(images: np.ndarray, rows: np.ndarray) -> Nearest:
    """Find the most similar other row of each of some rows.

    Args:
        images: array of shape (n, 28, 28), uint8: the whole table.
        rows: array of shape (m,), int, from 0: those to find it for.
    """
    asked = _normalized(images[rows])  # (m, 784)
    best, similarity = np.full(len(rows), -1), np.zeros(len(rows), np.float32)
    for start in range(0, len(images), _ROWS):
        piece = _normalized(images[start : start + _ROWS])  # (k, 784)
        cosines = asked @ piece.T  # (m, k)
        inside = np.flatnonzero((rows >= start) & (rows < start + len(piece)))
        cosines[inside, rows[inside] - start] = -1  # a row is no duplicate of itself
        found = cosines.argmax(axis=1)
        values = cosines[np.arange(len(rows)), found]
        closer = values > similarity
        best[closer], similarity[closer] = found[closer] + start, values[closer]
    return Nearest(best, np.minimum(similarity, 1))


def _normalized(images: np.ndarray) -> np.ndarray:
    """Return (n, 784) float32 of length 1; blank images stay 0."""
    rows = images.reshape(-1, PIXELS).astype(np.float32)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)
