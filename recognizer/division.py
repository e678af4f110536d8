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
    loaded = _load(tables)
    rest, held_out = datasets.split(loaded.divided, config.held_out, config.seed)
    training, validation = datasets.split(rest, config.validation, config.seed)
    data = TrainingData(
        name=" + ".join(table.name for table in loaded.facts),
        sha256=datasets.fingerprint(loaded.divided),
        rows=sum(table.rows for table in loaded.facts),
        trained_rows=len(training) + sum(map(len, loaded.extra)),
        licence="; ".join(dict.fromkeys(table.licence for table in loaded.facts)),
    )
    return Division(
        _joined([training, *loaded.extra]), _joined([validation, *loaded.watching]), held_out, data
    )


def set_apart(config: TrainingConfig, tables: tuple[str, ...]) -> tuple[Digits, Digits]:
    """Return what `divide` trains on or validates with, together, and its held-out rows.

    Also for older trainings, which had no validation rows.

    Raises:
        SettingError: as `divide`.
        DataError: as `divide`.
    """
    loaded = _load(tables)
    rest, held_out = datasets.split(loaded.divided, config.held_out, config.seed)
    return _joined([rest, *loaded.extra, *loaded.watching]), held_out


@dataclass(frozen=True, eq=False)
class _Loaded:
    """The tables of a training: what is known of them, and their digits by what they are for."""

    facts: list[library.Table]
    divided: Digits
    extra: list[Digits]
    watching: list[Digits]


def _load(tables: tuple[str, ...]) -> _Loaded:
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
    pairs = [(library.load(table.id), table) for table in facts]
    measured = [digits for digits, table in pairs if not (table.extra or table.watching)]
    if not measured:  # then nothing is extra
        return _Loaded(facts, _joined([digits for digits, _ in pairs]), [], [])
    extra = [digits for digits, table in pairs if table.extra]
    watching = [digits for digits, table in pairs if table.watching]
    return _Loaded(facts, _joined(measured), extra, watching)


def _joined(pieces: list[Digits]) -> Digits:
    if len(pieces) == 1:
        return pieces[0]
    images = np.concatenate([piece.images for piece in pieces])
    return Digits(images, np.concatenate([piece.labels for piece in pieces]))
