"""Confident learning: which labels are probably wrong, from out-of-sample probabilities.

Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", 2021
(https://arxiv.org/abs/1911.00068).
"""

from dataclasses import dataclass

import numpy as np

from recognizer.records import LABELS


@dataclass(frozen=True, eq=False)
class LabelIssues:
    """Rows whose label is probably wrong.

    Attributes:
        rows: array of shape (m,), int, from 0, the likeliest mistake first.
        suggested: array of shape (m,), uint8: the label that each of them probably has.
        joint: array of shape (10, 10), float: of the rows, how many probably have which label
            (row = given, column = true); each row sums to the rows with that label.
    """

    rows: np.ndarray
    suggested: np.ndarray
    joint: np.ndarray

    @property
    def estimated(self) -> float:
        """How many of the labels are probably wrong, listed or not."""
        return float(self.joint.sum() - np.trace(self.joint))


def find_label_issues(labels: np.ndarray, probabilities: np.ndarray) -> LabelIssues:
    """Find labels that a model contradicts with more than its usual confidence.

    A row counts as a digit where its probability is at least the mean probability of that digit
    over the rows with that label (the digit's threshold). Rows that count as another digit than
    their label says are listed, by how far the label's probability lies below that of the best
    other digit.

    Args:
        labels: array of shape (n,), 0 to 9: as given.
        probabilities: array of shape (n, 10), of a model that has not learned from these rows.

    Raises:
        ValueError: the shapes do not fit.
    """
    n = len(labels)
    if labels.shape != (n,) or probabilities.shape != (n, len(LABELS)):
        raise ValueError(
            f"labels have shape {labels.shape} and probabilities {probabilities.shape}, expected "
            f"(n,) and (n, {len(LABELS)})"
        )
    every, probabilities = np.arange(n), probabilities.astype(np.float64)
    confident = probabilities >= _thresholds(labels, probabilities)  # (n, 10)
    counted = confident.any(axis=1)
    true = np.where(confident, probabilities, -1).argmax(axis=1)  # (n,), where counted
    joint = np.zeros((len(LABELS), len(LABELS)))
    np.add.at(joint, (labels[counted], true[counted]), 1)

    given = probabilities[every, labels]
    others = probabilities.copy()
    others[every, labels] = -1
    margin = given - others.max(axis=1)  # (n,), -1 to 1
    rows = np.flatnonzero(counted & (true != labels) & (margin < 0))
    rows = rows[np.argsort(margin[rows], kind="stable")]
    return LabelIssues(rows, true[rows].astype(np.uint8), _calibrated(joint, labels))


def _thresholds(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the mean probability of each digit over its rows: (10,); infinite where it has none.

    A little below the mean, so that rows that are all alike reach their own.
    """
    counts = np.bincount(labels, minlength=len(LABELS))
    own = probabilities[np.arange(len(labels)), labels]
    sums = np.bincount(labels, weights=own, minlength=len(LABELS))
    means = np.divide(sums, counts, out=np.full(len(LABELS), np.inf), where=counts > 0)
    return means - 1e-6


def _calibrated(joint: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the counts scaled so that each row sums to the rows with that label.

    A label none of whose rows counts as any digit keeps all of its rows.
    """
    counts = np.bincount(labels, minlength=len(LABELS)).astype(float)
    sums = joint.sum(axis=1)
    joint = joint + np.diag(np.where(sums == 0, counts, 0))
    return joint * (counts / np.maximum(joint.sum(axis=1), 1))[:, np.newaxis]
