"""Is one model really better than another? In words that need no statistics."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

import numpy as np

from recognizer.evaluation import Z95, Pair, compare, holm

REAL = 0.05  # p-value below which a difference counts as real


@dataclass(frozen=True)
class Compared:
    """Two of several models, on the same rows.

    Attributes:
        first: name of the first model.
        second: name of the second one.
        pair: on how many rows who was right.
        p: McNemar's, raised for the number of pairs (Holm).
    """

    first: str
    second: str
    pair: Pair
    p: float

    @property
    def difference(self) -> float:
        """By how much the first model's share of correct readings is higher, -1 to 1."""
        return (self.pair.first_only - self.pair.second_only) / max(1, self.pair.n)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the difference for paired readings (Agresti and Min, 2005)."""
        first, second = self.pair.first_only + 0.5, self.pair.second_only + 0.5
        n = self.pair.n + 2
        middle = (first - second) / n
        half = 1.959964 * sqrt(first + second - (first - second) ** 2 / n) / n
        return max(-1.0, middle - half), min(1.0, middle + half)

    @property
    def words(self) -> str:
        """See `verdict`."""
        return verdict(self.first, self.second, self.pair, self.p)


@dataclass(frozen=True)
class Expected:
    """What probabilities say of two readings of the same rows without labels.

    Attributes:
        rows: in how many the two differ.
        first: in how many of these the first reading is expected to be right.
        second: likewise the second one.
        difference: how much higher the first one's share of right rows is expected, of all rows.
        interval: 95 % interval of that difference, if the probabilities are right.
    """

    rows: int
    first: float
    second: float
    difference: float
    interval: tuple[float, float]


def expected(first: np.ndarray, second: np.ndarray, probabilities: np.ndarray) -> Expected:
    """Weigh two readings against each other in the rows in which they differ.

    In each such row one of them can be right, or neither: the difference of the counts has the
    variance p1 + p2 - (p1 - p2)^2, summed over the rows.

    Args:
        first: array of shape (n,), what was read.
        second: array of shape (n,), what was read otherwise.
        probabilities: array of shape (n, 10), of whom one trusts.
    """
    rows = np.flatnonzero(first != second)
    one, other = (probabilities[rows, read[rows]].astype(float) for read in (first, second))
    more = float(one.sum() - other.sum())
    half = Z95 * sqrt(float((one + other - (one - other) ** 2).sum()))
    n = max(1, len(first))
    return Expected(
        len(rows),
        float(one.sum()),
        float(other.sum()),
        more / n,
        (max(-len(rows), more - half) / n, min(len(rows), more + half) / n),
    )


def all_pairs(labels: np.ndarray, read: Mapping[str, np.ndarray]) -> list[Compared]:
    """Compare each model with each other one.

    Args:
        labels: array of shape (n,), the true digits.
        read: by model, array of shape (n,): what it read.
    """
    return judged(
        {two: compare(labels, *(read[one] for one in two)) for two in combinations(read, 2)}
    )


def judged(pairs: Mapping[tuple[str, str], Pair]) -> list[Compared]:
    """Compare models that were counted already, in this order.

    Args:
        pairs: by the names of two models, every pair that is compared: each raises the others' p.
    """
    raised = holm([pair.p for pair in pairs.values()])
    return [Compared(*two, pair, p) for (two, pair), p in zip(pairs.items(), raised, strict=True)]


def verdict(first: str, second: str, pair: Pair, p: float | None = None) -> str:
    """Say who reads better, and whether chance alone would explain it.

    Args:
        first: name of the first model.
        second: name of the second one.
        pair: on how many of the same rows who was right.
        p: the p-value where it is not the pair's own: raised, as several pairs were compared.
    """
    p = pair.p if p is None else p
    rows = f"{pair.n:,} row" + "s" * (pair.n != 1)
    if not pair.first_only + pair.second_only:
        return (
            f"{first} and {second} are right and wrong on the same rows: no difference on {rows}."
        )
    better, worse = (first, second) if pair.first_only > pair.second_only else (second, first)
    more, fewer = sorted((pair.first_only, pair.second_only), reverse=True)
    counted = f"{better} is right on {more:,} that {worse} misses, {worse} on {fewer:,} that "
    counted += f"{better} misses"
    if p >= REAL:
        return f"{counted}: too close to call on {rows}."
    return (
        f"{counted}: {better} is better on these {rows}, by more than luck. Two equally good "
        f"models would differ this much in {odds(p)}."
    )


def odds(p: float) -> str:
    """Say a small probability as one case of how many, never as more certain than it is."""
    if p <= 1e-6:
        return "less than one of a million comparisons"
    cases = 1 / p
    step = 10 ** max(0, len(str(int(cases))) - 2)  # two figures
    return f"one of {int(cases / step) * step:,} comparisons"
