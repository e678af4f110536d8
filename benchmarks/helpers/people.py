"""Figures in which every person counts the same, however many drawings are theirs.

One person drew a third of what is reported on; the mean of the people's own figures is what the
next person may expect.
"""

from hashlib import sha256
from statistics import mean

import numpy as np

from recognizer.evaluation import BINS
from recognizer.imaging.strokes import Drawing

TIMES = 1_000  # of drawing lots
# Drawings of the third part of the writers that nobody can read as what they are labelled: looked
# at one by one, all 1,313 of them, without any model's reading. None holds several digits.
UNREADABLE = {  # by the start of `content`
    "50d27edff134115b": "0 with a tail, like a P",
    "2e7dc49d05ebd66b": "8 that is scribbled over",
}


def content(drawing: Drawing) -> str:
    """Return the start of the SHA-256 of a drawing's strokes."""
    return sha256(b"".join(stroke.tobytes() for stroke in drawing.strokes)).hexdigest()[:16]


def share_right(right: np.ndarray, writers: np.ndarray) -> float:
    """Return the mean of the people's own shares.

    Args:
        right: array of shape (n,), bool.
        writers: array of shape (n,), whose each drawing is.
    """
    return mean(float(right[writers == one].mean()) for one in np.unique(writers))


def calibration_error(
    probabilities: np.ndarray, labels: np.ndarray, writers: np.ndarray
) -> tuple[float, float]:
    """Return the expected calibration error, every person counting the same.

    Args:
        probabilities: array of shape (n, 10).
        labels: array of shape (n,).
        writers: array of shape (n,).

    Returns:
        The error, and what a model whose probabilities are all true would show on as many
        drawings by as many people: the mean of `TIMES` draws of what it reads right.
    """
    _, whose, drawn = np.unique(writers, return_inverse=True, return_counts=True)
    weights = 1 / drawn[whose] / len(drawn)  # (n,), together 1
    confidence = probabilities.max(axis=1).astype(float)
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)

    def error(right: np.ndarray) -> float:
        return float(np.abs(np.bincount(place, weights * (right - confidence), BINS)).sum())

    rng = np.random.default_rng(0)
    lots = (error(rng.random(len(labels)) < confidence) for _ in range(TIMES))
    return error(probabilities.argmax(axis=1) == labels), mean(lots)
