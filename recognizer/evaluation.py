"""How well a model reads labelled digits, with what the sample size allows one to say."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from recognizer.records import LABELS

Z95 = 1.959963984540054  # two-sided 95 % quantile of the standard normal distribution


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A model's reading of n labelled digits.

    Attributes:
        n: number of digits.
        accuracy: share read right.
        interval: 95 % Wilson interval of the accuracy.
        confusion: array of shape (10, 10), int; row = true digit, column = what was read.
        precision: ten shares, right of those read as the digit; nan where none was.
        recall: ten shares, right of those that are the digit; nan where there is none.
        calibration_error: see `calibration_error`.
    """

    n: int
    accuracy: float
    interval: tuple[float, float]
    confusion: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    calibration_error: float


def evaluate(probabilities: np.ndarray, labels: np.ndarray) -> Evaluation:
    """Compare readings with the truth.

    Args:
        probabilities: array of shape (n, 10), rows sum to 1, n at least 1.
        labels: array of shape (n,), 0 to 9.
    """
    confusion = confusion_matrix(labels, probabilities.argmax(axis=1))
    right, n = int(np.trace(confusion)), len(labels)
    with np.errstate(invalid="ignore"):  # 0 / 0 is nan: "no such digit", not zero
        precision = np.diag(confusion) / confusion.sum(axis=0)
        recall = np.diag(confusion) / confusion.sum(axis=1)
    return Evaluation(
        n=n,
        accuracy=right / n,
        interval=wilson_interval(right, n),
        confusion=confusion,
        precision=precision,
        recall=recall,
        calibration_error=calibration_error(probabilities, labels),
    )


def confusion_matrix(labels: np.ndarray, read: np.ndarray) -> np.ndarray:
    """Count (10, 10): row = true digit, column = what was read."""
    matrix = np.zeros((len(LABELS), len(LABELS)), dtype=int)
    np.add.at(matrix, (labels, read), 1)
    return matrix


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (Wilson, 1927): honest near 0 and 1.

    Args:
        right: successes, 0 to n.
        n: trials, at least 1.
    """
    share = right / n
    spread = Z95 * sqrt(share * (1 - share) / n + Z95**2 / (4 * n**2))
    centre, scale = share + Z95**2 / (2 * n), 1 + Z95**2 / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """Return the expected calibration error (Guo et al., 2017): how far confidence is from truth.

    Readings are put in `bins` equal bins of confidence; the error is the mean, weighted by the
    readings in a bin, of |share right - mean confidence|.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(right[place == one].sum() - confidence[place == one].sum()) for one in np.unique(place)
    ]
    return float(sum(gaps) / len(labels))


def percent(share: float) -> str:
    """Return a probability for people: never a rounded-up certainty."""
    if share > 0.999:
        return "> 99.9 %"
    return f"{share:.1%}".replace("%", " %")
