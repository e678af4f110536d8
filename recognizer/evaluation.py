"""How well a model reads labelled digits, with what the sample size allows one to say."""

from collections import Counter
from collections.abc import Sequence
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


@dataclass(frozen=True)
class Pair:
    """Two models' readings of the same labelled digits: on how many who was right.

    Pairs of parts add up to the whole's.

    Attributes:
        both: both right.
        first_only: the first right, the second wrong.
        second_only: the other way round.
        neither: both wrong.
    """

    both: int
    first_only: int
    second_only: int
    neither: int

    @classmethod
    def zero(cls) -> "Pair":
        """Return the pair of no readings."""
        return cls(0, 0, 0, 0)

    def __add__(self, other: "Pair") -> "Pair":
        return Pair(
            self.both + other.both,
            self.first_only + other.first_only,
            self.second_only + other.second_only,
            self.neither + other.neither,
        )

    @property
    def n(self) -> int:
        """Number of digits."""
        return self.both + self.first_only + self.second_only + self.neither

    @property
    def p(self) -> float:
        """See `mcnemar`."""
        return mcnemar(self.first_only, self.second_only)


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
        _, sure, right = _binned(probabilities, labels, BINS)
        return cls(confusion, right - sure)

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


def predictive_interval(right: int, n: int, rows: int) -> tuple[float, float]:
    """Return the 95 % interval of the share that will be read right of other rows of the kind.

    Wider than `wilson_interval`, as the other rows scatter too: the central 95 % of the
    beta-binomial distribution that Jeffreys' prior gives (Brown, Cai and DasGupta, 2001).

    Args:
        right: read right of those that were measured, 0 to n.
        n: rows that were measured, at least 0.
        rows: other rows, at least 1.
    """
    a, b, k = right + 0.5, n - right + 0.5, np.arange(rows)
    steps = np.log((rows - k) * (k + a) / ((k + 1) * (rows - k - 1 + b)))  # from P(k) to P(k + 1)
    logs = np.concatenate([[0], np.cumsum(steps)])  # (rows + 1,)
    below = np.cumsum(np.exp(logs - logs.max()))
    low, high = np.searchsorted(below, np.array([0.025, 0.975]) * below[-1])
    return float(low / rows), float(high / rows)


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """Return the expected calibration error (Guo et al., 2017): how far confidence is from truth.

    The mean over `calibration`'s bins, weighted by their readings, of |share right - confidence|.
    """
    _, confidence, right = _binned(probabilities, labels, bins)
    return float(np.abs(right - confidence).sum() / len(labels))


def calibration(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Put readings in equal bins of confidence, and count how many of each are right.

    Returns:
        Mean confidence, share right and number of readings: three arrays, one entry a bin that has
        any, by rising confidence.
    """
    count, confidence, right = _binned(probabilities, labels, bins)
    used = count > 0
    return confidence[used] / count[used], right[used] / count[used], count[used]


def _binned(probabilities: np.ndarray, labels: np.ndarray, bins: int) -> tuple[np.ndarray, ...]:
    """Return each bin's number of readings, their sum of confidence, and how many are right."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)  # (n,)
    return tuple(np.bincount(place, weights, bins) for weights in (None, confidence, right))


def brier_score(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean squared distance from what is true (Brier, 1950): 0 is best, 2 is worst.

    Like the cross-entropy it is lowest for honest probabilities, but one row can only do so much
    harm: rows with a wrong label do not decide it.

    Args:
        probabilities: array of shape (n, 10), each row summing to 1.
        labels: array of shape (n,), true digits.
    """
    errors = np.array(probabilities, dtype=np.float64)  # (n, 10)
    errors[np.arange(len(labels)), labels] -= 1
    return float((errors**2).sum(axis=1).mean())


def threshold(scores: np.ndarray, writers: Sequence[str], share: float) -> float:
    """Return the score below which `share` of the drawings lie, each writer counting the same.

    Args:
        scores: array of shape (n,).
        writers: who drew each, n names.
        share: between 0 and 1.
    """
    drawn = Counter(writers)
    weights = [1 / drawn[writer] for writer in writers]
    return float(np.quantile(scores, share, weights=weights, method="inverted_cdf"))


def compare(labels: np.ndarray, first: np.ndarray, second: np.ndarray) -> Pair:
    """Count on which digits two models are right.

    Args:
        labels: array of shape (n,), the true digits.
        first: array of shape (n,), what the first model read.
        second: likewise the second one.
    """
    one, other = first == labels, second == labels
    counts = (one & other, one & ~other, ~one & other, ~one & ~other)
    return Pair(*(int(rows.sum()) for rows in counts))


def mcnemar(first_only: int, second_only: int) -> float:
    """Return the exact two-sided p-value of McNemar's test (1947), in whole numbers.

    Where two equally good models differ, each is right like a fair coin: how often would that coin
    fall at least as unevenly as this?

    Args:
        first_only: digits that only the first model read right.
        second_only: digits that only the second one read right.
    """
    n, term, tail = first_only + second_only, 1, 0
    for k in range(min(first_only, second_only) + 1):
        tail += term
        term = term * (n - k) // (k + 1)  # n over k + 1
    return min(1.0, 2 * tail / 2**n)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values of several tests, raised for being several (Holm, 1979), in their order."""
    raised, least = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = raised[at] = max(least, min(1.0, (len(p_values) - rank) * p_values[at]))
    return raised


def percent(share: float) -> str:
    """Return a probability for people: never a rounded-up certainty."""
    if share > 0.999:
        return "> 99.9 %"
    return f"{share:.1%}".replace("%", " %")


def measured_percent(share: float) -> str:
    """Return a counted share for people, to a hundredth: all, or none, only where it is."""
    shown = f"{100 * share:.2f} %"
    if share < 1 and shown == "100.00 %":
        return "> 99.99 %"
    if share > 0 and shown == "0.00 %":
        return "< 0.01 %"
    return shown
