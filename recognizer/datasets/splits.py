"""Split tables into training, validation and held-out (test) rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from recognizer.datasets import library, reader
from recognizer.errors import DataError, SettingError
from recognizer.records import (
    IMAGE_SIZE,
    LABELS,
    LEFT_OUT,
    Digits,
    TrainingConfig,
    TrainingData,
)

NONE = Digits(np.zeros((0, IMAGE_SIZE, IMAGE_SIZE), np.uint8), np.zeros(0, np.uint8))


@dataclass(frozen=True, eq=False)
class Splits:
    """A training's digits, split by its seed, stratified by digit.

    Attributes:
        training: trained on.
        validation: measured during the training; they choose the best weights.
        held_out: the test rows: they measure the finished network and choose nothing.
        data: what the model's card says of them.
        set_aside: measured on before and after a training that goes on from a model, and nothing
            else; may be none.
        set_aside_name: what those are, for people.
    """

    training: Digits
    validation: Digits
    held_out: Digits
    data: TrainingData
    set_aside: Digits = NONE
    set_aside_name: str = ""


def split_tables(
    config: TrainingConfig,
    tables: tuple[str, ...],
    labels: Mapping[int, int] | None = None,
) -> Splits:
    """Load tables, one after another, and split their rows as the settings say.

    Extra tables are trained on as they are, unless there are no others; validation tables are
    only validated on, those set aside only measured on.

    Args:
        config: the seed of its split and its shares decide.
        tables: ids of tables in the library.
        labels: other labels for rows of the only table that is split, from 0, or `LEFT_OUT`: for
            training and validation. Which rows are held out, and their labels, stay.

    Raises:
        SettingError: no table, one named twice, or other labels for several tables.
        DataError: one is missing, damaged or without labels, or there are too few rows to split.
    """
    loaded = _load(tables)
    digits, seed = loaded.measured, config.seed_of_split
    chosen = _drawn(digits, config.held_out, seed, config.fold)
    rest = np.flatnonzero(~chosen)
    validating = _drawn(digits.take(rest), config.validation, seed)
    if labels and sum(not (one.extra or one.validation) for one in loaded.facts) != 1:
        raise SettingError("Decisions about labels are for a training on one table: choose one.")
    training = _relabelled(digits, rest[~validating], labels or {})
    validation = _relabelled(digits, rest[validating], labels or {})
    data = TrainingData(
        tables=tuple(table.name for table in loaded.facts),
        sha256=reader.fingerprint(digits),
        rows=sum(table.rows for table in loaded.facts),
        trained_rows=len(training) + sum(map(len, loaded.extra)),
        licence="; ".join(dict.fromkeys(table.licence for table in loaded.facts)),
    )
    return Splits(
        training=_joined([training, *loaded.extra]),
        validation=_joined([validation, *loaded.validation]),
        held_out=digits.take(np.flatnonzero(chosen)),
        data=data,
        set_aside=_joined([NONE, *loaded.set_aside]),
        set_aside_name=next((table.name for table in loaded.facts if table.set_aside), ""),
    )


def _relabelled(digits: Digits, rows: np.ndarray, labels: Mapping[int, int]) -> Digits:
    """Return these rows, some with another label or left out.

    Raises:
        DataError: none is left.
    """
    new = digits.labels.astype(int)
    for row, label in labels.items():
        new[row] = label
    kept = rows[new[rows] != LEFT_OUT]
    if not len(kept):
        raise DataError("Every row of a part is dropped: keep at least one of each digit.")
    return Digits(digits.images[kept], new[kept].astype(np.uint8))


def learned_and_held_out(config: TrainingConfig, tables: tuple[str, ...]) -> tuple[Digits, Digits]:
    """Return the rows that `split_tables` trains and validates on, and the held-out ones.

    Also for older trainings, which had no validation rows.

    Raises:
        SettingError: as `split_tables`.
        DataError: as `split_tables`.
    """
    loaded = _load(tables)
    shares = config.held_out, config.seed_of_split, config.fold
    rest, held_out = split(loaded.measured, *shares)
    return _joined([rest, *loaded.extra, *loaded.validation]), held_out


def held_out_rows(config: TrainingConfig, tables: tuple[str, ...]) -> np.ndarray | None:
    """Return the row of its file, from 1 below the header, of each held-out digit.

    None where several files were split together.

    Raises:
        SettingError: as `divide`.
        DataError: as `divide`.
    """
    divided = [one for one in map(library.find_table, tables) if _is_divided(one)]
    if len(divided) != 1:
        return None
    shares = config.held_out, config.seed_of_split, config.fold
    return np.flatnonzero(_drawn(library.load(divided[0].id), *shares)) + 1


@dataclass(frozen=True, eq=False)
class _Loaded:
    """The tables of a training, and their digits by purpose: `measured` are split in three."""

    facts: list[library.StoredTable]
    measured: Digits
    extra: list[Digits]
    validation: list[Digits]
    set_aside: list[Digits]


def _load(tables: tuple[str, ...]) -> _Loaded:
    if not tables:
        raise SettingError(
            "No table is chosen: bring Kaggle's train.csv, or choose one used before."
        )
    if len(set(tables)) < len(tables):
        raise SettingError("A table is chosen twice: its rows would be on both sides of the split.")
    facts = [library.find_table(one) for one in tables]
    for table in facts:
        if not table.labelled:
            raise DataError(
                f"{table.name} has no label column: training needs Kaggle's train.csv, "
                "not test.csv."
            )
    pairs = [(library.load(table.id), table) for table in facts]
    measured = [digits for digits, table in pairs if _is_divided(table)]
    set_aside = [digits for digits, table in pairs if table.set_aside]
    if not measured:  # then nothing is extra
        measured = [digits for digits, table in pairs if not table.set_aside]
        return _Loaded(facts, _joined(measured), [], [], set_aside)
    extra = [digits for digits, table in pairs if table.extra]
    validation = [digits for digits, table in pairs if table.validation]
    return _Loaded(facts, _joined(measured), extra, validation, set_aside)


def _is_divided(table: library.StoredTable) -> bool:
    return not (table.extra or table.validation or table.set_aside)


def _joined(pieces: list[Digits]) -> Digits:
    if len(pieces) == 1:
        return pieces[0]
    images = np.concatenate([piece.images for piece in pieces])
    return Digits(images, np.concatenate([piece.labels for piece in pieces]))


def duplicates(rows: Digits, others: Digits) -> np.ndarray:
    """Return which of `others` have the same pixels as one of `rows`: array of shape (n,), bool."""
    known = {image.tobytes() for image in rows.images}
    return np.array([image.tobytes() in known for image in others.images], dtype=bool)


def split(digits: Digits, held_out: float, seed: int, fold: int = 1) -> tuple[Digits, Digits]:
    """Split labelled digits into training and held-out rows, stratified by digit.

    Returns:
        Training rows and held-out rows, both in the file's order.

    Raises:
        DataError: no labels, or too few rows of a digit to hold any out.
    """
    chosen = _drawn(digits, held_out, seed, fold)
    return digits.take(np.flatnonzero(~chosen)), digits.take(np.flatnonzero(chosen))


def _drawn(digits: Digits, held_out: float, seed: int, fold: int = 1) -> np.ndarray:
    """Return which rows are held out, (n,) bool: the part of this number, from 1, of such parts."""
    if digits.labels is None:
        raise DataError(
            "The file has no label column: training needs Kaggle's train.csv, not test.csv."
        )
    random = np.random.default_rng(seed)
    chosen = np.zeros(len(digits), dtype=bool)
    for label in LABELS:
        rows = np.flatnonzero(digits.labels == label)
        start, end = (round(part * held_out * len(rows)) for part in (fold - 1, fold))
        chosen[random.permutation(rows)[start:end]] = True
    if not chosen.any() or chosen.all():
        raise DataError(
            f"{len(digits):,} rows are too few to set {held_out:.0%} of each digit aside: "
            f"at least {ceil(0.5 / held_out) + 1} images of each digit are needed."
        )
    return chosen
