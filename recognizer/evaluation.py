"""How well a model reads labelled digits, with what the sample size allows one to say."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from recognizer.records import LABELS

Z95 = 1.959963984540054  # two-sided 95 % quantile of the standard normal distribution
BINS = 15  # of confidence, for the calibration error


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


@dataclass(frozen=True, eq=False)
class Tally:
    """What of many readings has to be kept to measure them: tallies of parts add up to the whole's.

    Attributes:
        confusion: array of shape (10, 10), int; row = true digit, column = what was read.
        gaps: array of shape (BINS,), the sum of right minus confidence in each bin of confidence.
    """

    confusion: np.ndarray
    gaps: np.ndarray

    @classmethod
    def of(cls, probabilities: np.ndarray, labels: np.ndarray) -> "Tally":
        """Count readings of shape (n, 10) with their labels of shape (n,)."""
        confusion = confusion_matrix(labels, probabilities.argmax(axis=1))
        return cls(confusion, _gaps(probabilities, labels, BINS))

    @classmethod
    def zero(cls) -> "Tally":
        """Return the tally of no readings."""
        return cls(np.zeros((len(LABELS), len(LABELS)), dtype=int), np.zeros(BINS))

    @property
    def n(self) -> int:
        """How many readings were counted."""
        return int(self.confusion.sum())

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.confusion + other.confusion, self.gaps + other.gaps)

    def evaluation(self) -> Evaluation:
        """Return what the counts say; of one reading at least."""
        right, n = int(np.trace(self.confusion)), self.n
        with np.errstate(invalid="ignore"):  # 0 / 0 is nan: "no such digit", not zero
            precision = np.diag(self.confusion) / self.confusion.sum(axis=0)
            recall = np.diag(self.confusion) / self.confusion.sum(axis=1)
        return Evaluation(
            n=n,
            accuracy=right / n,
            interval=wilson_interval(right, n),
            confusion=self.confusion,
            precision=precision,
            recall=recall,
            calibration_error=float(np.abs(self.gaps).sum() / n),
        )


def evaluate(probabilities: np.ndarray, labels: np.ndarray) -> Evaluation:
    """Compare readings with the truth.

    Args:
        probabilities: array of shape (n, 10), rows sum to 1, n at least 1.
        labels: array of shape (n,), 0 to 9.
    """
    return Tally.of(probabilities, labels).evaluation()


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


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """Return the expected calibration error (Guo et al., 2017): how far confidence is from truth.

    Readings are put in `bins` equal bins of confidence; the error is the mean, weighted by the
    readings in a bin, of |share right - mean confidence|.
    """
    return float(np.abs(_gaps(probabilities, labels, bins)).sum() / len(labels))


def _gaps(probabilities: np.ndarray, labels: np.ndarray, bins: int) -> np.ndarray:
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return np.bincount(place, weights=right - confidence.astype(float), minlength=bins)


def percent(share: float) -> str:
    """Return a probability for people: never a rounded-up certainty."""
    if share > 0.999:
        return "> 99.9 %"
    return f"{share:.1%}".replace("%", " %")
