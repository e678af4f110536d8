"""The audit of a labelled table by one model: which labels to check, worst first."""

from dataclasses import dataclass

import numpy as np

from recognizer.audit.confident_learning import find_label_issues
from recognizer.audit.duplicates import NEAR, nearest
from recognizer.errors import DataError
from recognizer.records import Digits

MOST_COMPARED = 1_000  # of the listed rows, the first: each is compared with the whole table
HEADER = (
    "row,label,suggested,label_probability,suggested_probability,"
    "most_similar_row,its_label,similarity,near_duplicate\n"
)


@dataclass(frozen=True, eq=False)
class LabelAudit:
    """Labels to check, the likeliest mistake first; rows count from 0.

    Attributes:
        audited: array of shape (k,), int: the rows that the model has not learned from.
        left_out: array of shape (n - k,), int: the others.
        estimated: how many of the audited labels are probably wrong, listed or not.
        rows: array of shape (m,), int: those to check.
        labels: array of shape (m,), uint8: their labels.
        suggested: array of shape (m,), uint8: what they probably show.
        probabilities: array of shape (m, 2): of the label, and of what is suggested.
        similar: array of shape (m,), int: the most similar other row of the table; -1 where none
            was looked for, after the first `MOST_COMPARED`.
        similar_labels: array of shape (m,), int: their labels; -1 likewise.
        similarity: array of shape (m,): the cosine of their pixels, 0 to 1.
    """

    audited: np.ndarray
    left_out: np.ndarray
    estimated: float
    rows: np.ndarray
    labels: np.ndarray
    suggested: np.ndarray
    probabilities: np.ndarray
    similar: np.ndarray
    similar_labels: np.ndarray
    similarity: np.ndarray

    @property
    def near_duplicates(self) -> np.ndarray:
        """Which of the rows to check have a near-duplicate in the table: (m,) bool."""
        return self.similarity >= NEAR

    def csv(self) -> str:
        """Return the list as a CSV; rows count from 1 below the header of their table."""
        lines = [
            f"{row + 1},{label},{suggested},{shares[0]:.4f},{shares[1]:.4f},"
            + (f"{similar + 1},{its_label},{cosine:.4f}," if similar >= 0 else ",,,")
            + f"{'yes' if near else 'no'}\n"
            for row, label, suggested, shares, similar, its_label, cosine, near in zip(
                self.rows,
                self.labels,
                self.suggested,
                self.probabilities,
                self.similar,
                self.similar_labels,
                self.similarity,
                self.near_duplicates,
                strict=True,
            )
        ]
        return HEADER + "".join(lines)


def audit(digits: Digits, probabilities: np.ndarray, seen: np.ndarray | None = None) -> LabelAudit:
    """Find the labels of a table to check.

    Args:
        digits: n rows with labels.
        probabilities: array of shape (n, 10), a model's.
        seen: array of shape (n,), bool: rows that it has learned from, which are left out, as it
            may have memorized a wrong label; None where that is not known.

    Raises:
        DataError: there are no labels, or no row that the model has not seen.
    """
    if digits.labels is None:
        raise DataError("The table has no label column: an audit needs labels to check.")
    seen = np.zeros(len(digits), bool) if seen is None else seen
    audited = np.flatnonzero(~seen)
    if not len(audited):
        raise DataError(
            f"All {len(digits):,} rows are among those that the model has learned from, and it may "
            "have memorized wrong labels: choose a model that was trained on other rows."
        )
    issues = find_label_issues(digits.labels[audited], probabilities[audited])
    rows = audited[issues.rows]
    labels = digits.labels[rows]
    found = nearest(digits.images, rows[:MOST_COMPARED])
    similar = np.full(len(rows), -1)
    similar[: len(found.rows)] = found.rows
    similarity = np.zeros(len(rows))
    similarity[: len(found.rows)] = found.similarity
    return LabelAudit(
        audited=audited,
        left_out=np.flatnonzero(seen),
        estimated=issues.estimated,
        rows=rows,
        labels=labels,
        suggested=issues.suggested,
        probabilities=np.stack(
            [probabilities[rows, labels], probabilities[rows, issues.suggested]], axis=1
        ),
        similar=similar,
        similar_labels=np.where(similar >= 0, digits.labels[similar].astype(int), -1),
        similarity=similarity,
    )
