"""The network over a path's features: two hidden layers, fitted by tools/fit_trajectory.py.

It is so small that NumPy reads a character with it in some microseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import numpy as np

from recognizer.outputs import digit_probabilities, digit_scores
from recognizer.trajectory.features import STEP, measure, sample
from recognizer.trajectory.strokes import Strokes, check_strokes

WEIGHTS = Path(__file__).parent / "weights.npz"

_LEAST = 1e-6  # of a probability, before its logarithm
_BLOCK = 64  # characters that are measured at once: a thousand scribbles would take 500 MB
_LEAST_ODDS = 1e-5  # of a digit score: a saturated one does not decide alone


@dataclass(frozen=True, eq=False)
class Weights:
    """The network.

    Attributes:
        mean, scale: arrays of shape (features.COUNT,): features are standardised with them.
        kernel_0, bias_0, kernel_1, bias_1: of the hidden layers (ReLU).
        kernel_2, bias_2: to the ten digits and "not a digit".
        threshold: digit score of a path that neither speaks for a digit nor against it.
    """

    mean: np.ndarray
    scale: np.ndarray
    kernel_0: np.ndarray
    bias_0: np.ndarray
    kernel_1: np.ndarray
    bias_1: np.ndarray
    kernel_2: np.ndarray
    bias_2: np.ndarray
    threshold: np.ndarray

    def read(self, characters: Sequence[Sequence[np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
        """Read characters; see `read_paths`."""
        x = (measure(characters) - self.mean) / self.scale
        x = np.maximum(_product(x, self.kernel_0) + self.bias_0, 0)
        x = np.maximum(_product(x, self.kernel_1) + self.bias_1, 0)
        outputs = _shares(_product(x, self.kernel_2) + self.bias_2)
        return digit_probabilities(outputs), digit_scores(outputs)


@cache
def load() -> Weights:
    """Return the network that the project comes with."""
    with np.load(WEIGHTS, allow_pickle=False) as arrays:
        return Weights(*(arrays[one.name].astype(np.float32) for one in fields(Weights)))


def read_paths(characters: Sequence[Sequence[np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Read characters from their paths.

    Args:
        characters: of each, its strokes as `sample` returns them, at least one.

    Returns:
        The probabilities of the ten digits, (n, 10), and how much each is like a digit at all,
        (n,) in [0, 1].
    """
    parts = [characters[i : i + _BLOCK] for i in range(0, len(characters), _BLOCK)]
    return tuple(map(np.concatenate, zip(*map(load().read, parts), strict=True)))


def sample_drawing(strokes: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return the strokes of one character, arrays of shape (n, 2), as `read_paths` takes them."""
    side = float(np.ptp(np.concatenate(strokes), axis=0).max())
    return [sample(stroke, STEP * max(side, 1e-6)) for stroke in strokes]


def read_drawing(strokes: Strokes) -> tuple[np.ndarray, float]:
    """Read one character from its strokes in drawing order.

    Args:
        strokes: arrays of shape (n, 2), n at least 1, of any unit, y down; at least one.

    Returns:
        The probabilities of the ten digits, (10,), and how much it is like a digit at all, 0 to 1.

    Raises:
        PictureError: they are no such strokes.
    """
    probabilities, scores = read_paths([sample_drawing(check_strokes(strokes))])
    return probabilities[0], float(scores[0])


def join(picture: np.ndarray, path: np.ndarray) -> np.ndarray:
    """Return what a picture and its path say together: the mean of the logarithms, as shares.

    Args:
        picture: its probabilities, array of shape (..., 10).
        path: likewise.
    """
    return _shares((np.log(picture.clip(_LEAST)) + np.log(path.clip(_LEAST))) / 2)


def excess(score: np.ndarray, threshold: float | np.ndarray) -> np.ndarray:
    """Return by how much the log odds of digit scores are above a threshold's."""
    return _log_odds(score) - _log_odds(threshold)


def path_threshold() -> float:
    """Return the digit score of a path that neither speaks for a digit nor against it."""
    return float(load().threshold)


def is_digit(picture: np.ndarray, threshold: float, path: np.ndarray) -> np.ndarray:
    """Return whether a picture and its path are together like a digit, bool.

    Args:
        picture: its digit score, or those of many, array of any shape.
        threshold: the picture's.
        path: its digit score, likewise.
    """
    return excess(picture, threshold) + excess(path, path_threshold()) >= 0


def _product(inputs: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return `inputs @ kernel` by one thread: BLAS wakes all of them, which then wait busily.

    A line of ten digits would take twice as much processor time.
    """
    return np.einsum("ij,jk->ik", inputs, kernel)


def _log_odds(share: np.ndarray) -> np.ndarray:
    sure = np.clip(share, _LEAST_ODDS, 1 - _LEAST_ODDS)
    return np.log(sure / (1 - sure))


def _shares(logits: np.ndarray) -> np.ndarray:
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)
