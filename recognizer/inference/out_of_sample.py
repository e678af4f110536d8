"""What models make of rows that they have not learned from, for an audit of these rows' labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from recognizer.inference.recognizer import Recognizer
from recognizer.models import seen_rows
from recognizer.models.registry import StoredModel
from recognizer.records import LABELS

_ROWS = 4_096  # from one look at the progress to the next


@dataclass(frozen=True, eq=False)
class OutOfSample:
    """Probabilities for the rows of a table.

    Attributes:
        probabilities: array of shape (n, 10): the mean of the models that have not learned from a
            row; 0 where all have.
        seen: array of shape (n,), bool: rows that all models have learned from.
        unknown: the models of which it is not known, who judge every row.
    """

    probabilities: np.ndarray
    seen: np.ndarray
    unknown: tuple[str, ...]


def read(
    models: Sequence[tuple[StoredModel, Recognizer]],
    images: np.ndarray,
    *,
    on_rows: Callable[[int, float], None] = lambda readings, share: None,
) -> OutOfSample:
    """Read each row by the models that have not learned from it.

    With the models of a cross-validation that is one model a row, and all rows are read.

    Args:
        models: one or more, each with what reads.
        images: array of shape (n, 28, 28), uint8.
        on_rows: is told how many readings are done, one of a row by a model each, and which share
            of all that is.

    Raises:
        ModelError: the record of what a model has learned from is damaged.
    """
    asked, unknown = [], []
    for model, recognizer in models:
        seen = seen_rows.is_seen(model, images)
        if seen is None:
            unknown.append(model.name)
        rows = np.arange(len(images)) if seen is None else np.flatnonzero(~seen)
        asked.append((recognizer, rows))
    sums = np.zeros((len(images), len(LABELS)))
    counts, done, every = np.zeros(len(images), int), 0, sum(len(rows) for _, rows in asked)
    for recognizer, rows in asked:
        for start in range(0, len(rows), _ROWS):
            piece = rows[start : start + _ROWS]
            sums[piece] += recognizer.predict(images[piece])
            counts[piece] += 1
            done += len(piece)
            on_rows(done, done / every)
    means = (sums / np.maximum(counts, 1)[:, np.newaxis]).astype(np.float32)
    return OutOfSample(means, counts == 0, tuple(unknown))
