"""Labelled digits that models can be measured on: held out from trainings, or corrected drawings.

The held-out rows of a training chose nothing in it, so they are the honest ones. They are not kept:
the tables, the seed and the share give them again. Where a table is gone, the validation rows
of the training are still there.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recognizer.datasets import corrections, library
from recognizer.datasets.corrections import Corrections
from recognizer.datasets.splits import held_out_rows, learned_and_held_out
from recognizer.errors import DataError
from recognizer.jobs import database, folders, provenance
from recognizer.models import registry
from recognizer.records import Digits, TrainingConfig

CORRECTED = "corrected"
HELD_OUT, VALIDATION = "held-out-", "watched-"  # start a key
NAMED = 3  # trainings that are named before they are counted


@dataclass(frozen=True)
class Offer:
    """Digits that can be loaded.

    Attributes:
        key: short and stable, as it stands in an address.
        name: what they are, for people.
        note: how honest a measure they are, for people; empty where nothing is to be said.
    """

    key: str
    name: str
    note: str = ""


def offers(*, owner: str | None = None) -> list[Offer]:
    """Return what there is to measure on, the most honest first.

    Args:
        owner: whose corrections are among it; None for everyone's.

    Raises:
        StorageError: the trainings or the corrections cannot be read.
    """
    splits = _splits()
    found = [
        Offer(key, f"Rows of {split.rows} held out from {_listed(split.names)}")
        for key, split in splits.items()
    ]
    served = {name for split in splits.values() for name in split.names}
    for job, model in provenance.trained_models():
        if model.name not in served and folders.keeps_validation(job.id):
            note = f"They chose the best weights of {model.name}, which flatters it a little."
            found.append(Offer(VALIDATION + job.id, f"Validation rows of {model.name}", note))
    if count := Corrections(owner=owner).count_digits():
        drawings = "drawing" if count == 1 else "drawings"
        note = "Corrected because one of the models misread them: hard on that one."
        found.append(Offer(CORRECTED, f"{count:,} corrected {drawings}", note))
    return found


def load(key: str, *, owner: str | None = None) -> Digits:
    """Return labelled digits, at least one.

    Args:
        key: of an offer.
        owner: as for `offers`.

    Raises:
        DataError: they are not there, or not any more.
        StorageError: as `offers`.
    """
    if key == CORRECTED:
        return corrections.corrected(owner=owner)
    if key.startswith(VALIDATION):
        digits = folders.validation(database.find_job(key.removeprefix(VALIDATION)).id)
        if len(digits):
            return digits
    elif split := _splits().get(key):
        return learned_and_held_out(split.config, split.tables)[1]
    raise DataError("These digits are not kept here any more: choose others.")


def file_rows(key: str) -> np.ndarray | None:
    """Return the row of the file, from 1 below the header, of each digit that `load` returns.

    None where the digits are not rows of one file.
    """
    if (split := _splits().get(key)) is None:
        return None
    return held_out_rows(split.config, split.tables)


def held_out_key(config: TrainingConfig, tables: tuple[str, ...]) -> str:
    """Return the key of the rows that a training holds out."""
    split = f"{tables} {config.seed_of_split} {config.held_out}"
    split += f" {config.fold}" * (config.fold > 1)
    return HELD_OUT + hashlib.sha256(split.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class _Split:
    """Trainings that held out the same rows."""

    config: TrainingConfig
    tables: tuple[str, ...]
    rows: str
    names: tuple[str, ...]


def _splits() -> dict[str, _Split]:
    """Return the trainings, of models and of jobs, whose tables are all kept, by key."""
    kept, found = {table.id: table.name for table in library.tables()}, {}
    for name, config, tables in _trainings():
        if tables and kept.keys() >= set(tables):
            key = held_out_key(config, tables)
            rows = " + ".join(kept[one] for one in tables)
            names = found[key].names if key in found else ()
            found[key] = _Split(config, tables, rows, tuple(dict.fromkeys((*names, name))))
    return found


def _trainings() -> Iterator[tuple[str, TrainingConfig, tuple[str, ...] | None]]:
    for model in registry.list_models().available:
        yield model.name, model.card.config, provenance.tables(model.card)
    for job, model in provenance.trained_models():
        yield model.name, job.config, job.tables


def _listed(names: tuple[str, ...]) -> str:
    """Name a few, count the rest."""
    if len(names) <= NAMED:
        return ", ".join(names)
    return f"{', '.join(names[: NAMED - 1])} and {len(names) - NAMED + 1} more"
