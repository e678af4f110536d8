"""The rows of a training: its tables split, with what was decided about their labels."""

from dataclasses import replace

from recognizer.audit import decisions
from recognizer.datasets import library
from recognizer.datasets.splits import Splits, split_tables
from recognizer.errors import DataError
from recognizer.jobs import teachers
from recognizer.records import TrainingConfig


def split(config: TrainingConfig, tables: tuple[str, ...]) -> Splits:
    """Split the tables of a training, and make sure that its teachers may teach it.

    Raises:
        SettingError: as `split_tables`, or a teacher that knows the held-out rows.
        DataError: as `split_tables`, or the decisions about labels are gone.
        ModelError: a teacher is gone.
    """
    choices = decisions.frozen(config.decisions).choices if config.decisions else {}
    made = split_tables(config, tables, choices)
    if config.teachers and not library.is_of_recipe(tables):  # a recipe brings its own
        teachers.check(config, made)
    return made


def deciding(config: TrainingConfig, table: str, name: str) -> TrainingConfig:
    """Return settings that follow what is decided about the labels of a table now.

    Args:
        config: the settings.
        table: its id in the library.
        name: of the table, for people.

    Raises:
        DataError: nothing was decided.
        StorageError: the decisions cannot be kept for the training.
    """
    decided = decisions.load(table, library.find_table(table).rows)
    if not decided.choices:
        raise DataError(
            f"Nothing was decided about the labels of {name}: bring it to the Batch page and look "
            "at its labels to check, or train on the labels as they are."
        )
    return replace(config, decisions=decisions.freeze(decided))
