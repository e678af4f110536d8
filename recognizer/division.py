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

    Extra tables are trained on as they are, unless there are no others.

    Args:
        config: its seed and its shares decide.
        tables: ids of tables in the library.

    Raises:
        SettingError: no table, or one named twice.
        DataError: one is missing, damaged or without labels, or there are too few rows to divide.
    """
    loaded, measured, extra = _load(tables)
    rest, held_out = datasets.split(_joined(measured or extra), config.held_out, config.seed)
    training, validation = datasets.split(rest, config.validation, config.seed)
    if measured and extra:
        training = _joined([training, *extra])
    digits, facts = _joined(loaded), [library.find(one) for one in tables]
    data = TrainingData(
        name=" + ".join(table.name for table in facts),
        sha256=datasets.fingerprint(digits),
        rows=len(digits),
        trained_rows=len(training),
        licence="; ".join(dict.fromkeys(table.licence for table in facts)),
    )
    return Division(training, validation, held_out, data)


def set_apart(config: TrainingConfig, tables: tuple[str, ...]) -> tuple[Digits, Digits]:
    """Return what `divide` trains on or validates with, together, and its held-out rows.

    Also for older trainings, which had no validation rows.

    Raises:
        SettingError: as `divide`.
        DataError: as `divide`.
    """
    _, measured, extra = _load(tables)
    rest, held_out = datasets.split(_joined(measured or extra), config.held_out, config.seed)
    return _joined([rest, *(extra if measured else [])]), held_out


def _load(tables: tuple[str, ...]) -> tuple[list[Digits], list[Digits], list[Digits]]:
    """Return the digits of all tables, and of those to measure on and the extra ones apart."""
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
    measured = [one for one, table in zip(loaded, facts, strict=True) if not table.extra]
    extra = [one for one, table in zip(loaded, facts, strict=True) if table.extra]
    return loaded, measured, extra


def _joined(pieces: list[Digits]) -> Digits:
    if len(pieces) == 1:
        return pieces[0]
    images = np.concatenate([piece.images for piece in pieces])
    return Digits(images, np.concatenate([piece.labels for piece in pieces]))
