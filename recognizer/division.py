"""Which of the digits are trained on, which watch the training, and which measure the result."""

from dataclasses import dataclass

import numpy as np

from recognizer import datasets, library
from recognizer.errors import DataError, SettingError
from recognizer.records import Digits, TrainingConfig, TrainingData


@dataclass(frozen=True, eq=False)
class Division:
    """A training's digits, divided by its seed, each digit in proportion.

    Attributes:
        training: trained on.
        validation: watch the training: they choose the best weights.
        held_out: measure the finished network; they choose nothing.
        data: what the model's card says of them.
    """

    training: Digits
    validation: Digits
    held_out: Digits
    data: TrainingData


def divide(config: TrainingConfig, tables: tuple[str, ...]) -> Division:
    """Load tables, one after another, and divide their rows as the settings say.

    Extra tables are trained on as they are, unless there are no others; those that watch do
    only that.

    Args:
        config: its seed and its shares decide.
        tables: ids of tables in the library.

    Raises:
        SettingError: no table, or one named twice.
        DataError: one is missing, damaged or without labels, or there are too few rows to divide.
    """
    if not tables:
        raise SettingError(
            "No table is chosen: bring Kaggle's train.csv, or choose one used before."
        )
    if len(set(tables)) < len(tables):
        raise SettingError("A table is chosen twice: its rows would be on both sides of the split.")
    facts = [library.find(one) for one in tables]
    for table in facts:
        if not table.labelled:
            raise DataError(
                f"{table.name} has no label column: training needs Kaggle's train.csv, "
                "not test.csv."
            )
    loaded = [library.load(one) for one in tables]
    pairs = list(zip(loaded, facts, strict=True))
    measured = [one for one, table in pairs if not (table.extra or table.watching)]
    extra = [one for one, table in pairs if table.extra]
    watching = [one for one, table in pairs if table.watching]
    divided = _joined(measured or extra or watching)
    rest, held_out = datasets.split(divided, config.held_out, config.seed)
    training, validation = datasets.split(rest, config.validation, config.seed)
    if measured and extra:
        training = _joined([training, *extra])
    if measured and watching:
        validation = _joined([validation, *watching])
    data = TrainingData(
        name=" + ".join(table.name for table in facts),
        sha256=datasets.fingerprint(divided),
        rows=sum(len(one) for one in loaded),
        trained_rows=len(training),
        licence="; ".join(dict.fromkeys(table.licence for table in facts)),
    )
    return Division(training, validation, held_out, data)


def _joined(pieces: list[Digits]) -> Digits:
    if len(pieces) == 1:
        return pieces[0]
    images = np.concatenate([piece.images for piece in pieces])
    return Digits(images, np.concatenate([piece.labels for piece in pieces]))
