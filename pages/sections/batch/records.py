"""A table of digits, and what a model read in it: everything that the Batch page shows."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recognizer.audit import LabelAudit, audit
from recognizer.datasets import fingerprint
from recognizer.datasets.formats.dialect import TEST, Dialect, Notice
from recognizer.datasets.formats.values import adjusted
from recognizer.datasets.submissions import SubmissionCheck
from recognizer.models.registry import StoredModel
from recognizer.records import Digits


@dataclass(frozen=True, eq=False)
class Table:
    """Digits that were brought.

    Attributes:
        name: of the file, or in words where they come from.
        id: SHA-256 of the file, or of the digits.
        digits: with labels where the file has them.
        dialect: how they were written.
    """

    name: str
    id: str
    digits: Digits
    dialect: Dialect = TEST

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of labels and pixels, whatever the file."""
        return fingerprint(self.digits)

    @classmethod
    def of(cls, name: str, digits: Digits, dialect: Dialect = TEST) -> "Table":
        """Return a table that was never a file."""
        return cls(name, fingerprint(digits), digits, dialect)

    def remedied(self, notice: Notice) -> "Table":
        """Return the same digits read the other way, as a notice offers it."""
        digits = adjusted(self.digits, notice.remedy)
        return Table.of(self.name, digits, self.dialect.without(notice))


@dataclass(frozen=True, eq=False)
class Result:
    """What a model read in a table.

    Attributes:
        table: what was read.
        model: what read it.
        probabilities: array of shape (n, 10).
        scores: array of shape (n,), how much each row looks like a digit; None where the model's
            card has no threshold for them.
        seen: array of shape (n,), bool: the rows that the model has learned from; None where that
            is not known.
        trouble: why it is not, in one sentence, where something is damaged; else empty.
        findings: the check of the submission.
        seconds: from the first row to the last.
    """

    table: Table
    model: StoredModel
    probabilities: np.ndarray
    scores: np.ndarray | None
    seen: np.ndarray | None
    trouble: str
    findings: list[SubmissionCheck]
    seconds: float

    @property
    def id(self) -> str:
        """Of this table and this model, for the keys of widgets."""
        return f"{self.table.id[:12]}-{self.model.sha256[:12]}"

    @cached_property
    def audit(self) -> LabelAudit:
        """Which labels of the table to check.

        Raises:
            DataError: the model has learned from every row.
        """
        return audit(self.table.digits, self.probabilities, self.seen)

    @cached_property
    def read(self) -> np.ndarray:
        """What was read in each row: (n,) uint8."""
        return self.probabilities.argmax(axis=1).astype(np.uint8)

    @cached_property
    def confidence(self) -> np.ndarray:
        """Probability of what was read: (n,)."""
        return self.probabilities.max(axis=1)

    @cached_property
    def second(self) -> np.ndarray:
        """The second-best reading of each row: (n,)."""
        return np.argpartition(self.probabilities, -2, axis=1)[:, -2]

    @cached_property
    def doubtful(self) -> np.ndarray:
        """All rows, from 0, the least sure first: (n,)."""
        return np.argsort(self.confidence, kind="stable")

    @cached_property
    def no_digits(self) -> np.ndarray:
        """The rows, from 0, that do not look like a digit, the strangest first."""
        if self.scores is None:
            return np.empty(0, dtype=int)
        strange = np.flatnonzero(self.scores < threshold(self.model))
        return strange[np.argsort(self.scores[strange], kind="stable")]


def threshold(model: StoredModel) -> float | None:
    """Return the digit score below which a row does not look like a digit; None: not learned."""
    doubt = model.card.rejection
    return None if doubt is None else doubt.threshold
