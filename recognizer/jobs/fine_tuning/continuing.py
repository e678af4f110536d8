"""Go on from a model: its weights, the rows that it knows replayed, and drawings to get better at.

A network that learns only what is new forgets the old; so old rows are mixed in (Robins, 1995,
"Catastrophic forgetting, rehearsal and pseudorehearsal"). Drawings to get better at are few, so
that an epoch passes over them several times.

config, tables = continuing.prepare(model, continuing.settings(model), chosen)
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from recognizer import records
from recognizer.architectures import ARCHITECTURES
from recognizer.datasets import library, splits
from recognizer.datasets.library import StoredTable
from recognizer.errors import DataError, SettingError
from recognizer.jobs import provenance
from recognizer.models import seen_rows
from recognizer.models.registry import StoredModel
from recognizer.records import NOT_A_DIGIT, Digits, TrainingConfig
from recognizer.training import config as training_config

RATE = 0.1  # of the rate at which the network is trained from fresh weights
EPOCHS = 3
REPLAYED, UNSEEN = 10_000, 10_000  # rows at most: that it knows, and that it does not
HELD_OUT, VALIDATION = 0.5, 0.1  # of the latter
DRAWN = 0.2  # share of an epoch that drawings make up,
MOST_REPEATS = 30  # unless they are very few
ASIDE = 0.2  # of the drawings of each digit
_OF_SPLIT = ("seed", "split_seed", "fold", "held_out", "validation")  # settings


def settings(model: StoredModel) -> TrainingConfig:
    """Return how to go on from a model: gently, and not for long.

    Raises:
        SettingError: it is not of a network that can be trained here.
    """
    name = model.card.architecture
    if name not in ARCHITECTURES:
        raise SettingError(
            f"{model.name} is of the network {name!r}, which can't be trained here: choose a model "
            f"of {', '.join(ARCHITECTURES)}."
        )
    usual = ARCHITECTURES[name].advice
    return replace(
        usual,
        start=model.name,
        epochs=EPOCHS,
        learning_rate=round(RATE * usual.learning_rate, 6),
        plain_epochs=0,
        seed=model.card.config.seed,
        held_out=HELD_OUT,
        validation=VALIDATION,
        keep_last=True,
    )


def check(model: StoredModel, config: TrainingConfig) -> None:
    """Check that a training can begin with a model's weights.

    Raises:
        SettingError: it is of another network, or Keras is not installed.
    """
    training_config.check_installed()
    if model.card.architecture != config.architecture:
        raise SettingError(
            f"{model.name} is of the network {model.card.architecture}, and its weights do not fit "
            f"{config.architecture}: leave out the architecture, or choose another model."
        )


def prepare(
    model: StoredModel,
    config: TrainingConfig,
    tables: Sequence[str],
    *,
    aside: str | None = None,
) -> tuple[TrainingConfig, tuple[str, ...]]:
    """Make the tables of a training that goes on from a model, and keep them in the library.

    The tables that the model itself was trained on are divided as they were then. Of other tables,
    rows that it has learned from are only replayed; it is measured on those that it has not.

    Args:
        model: to go on from.
        config: the settings.
        tables: ids of those chosen; extra ones are drawings to get better at. With drawings only,
            the model's own tables are replayed, or else the newest in the library.
        aside: id of a table to measure on; None for some of each digit of the chosen drawings.

    Returns:
        The settings, with the shares of the rows and the seed that fit, and the tables' ids.

    Raises:
        SettingError, DataError: the model does not fit, or nothing is there to replay or measure.
    """
    check(model, config)
    chosen = [library.find_table(one) for one in tables]
    drawn = [table for table in chosen if table.extra]
    others = tuple(table.id for table in chosen if not table.extra)
    own = provenance.tables(model.card) or ()
    others = others or own or _newest(model)
    if set(others) == set(own):
        then = model.card.config
        config = replace(config, **{name: getattr(then, name) for name in _OF_SPLIT})
        if not drawn:
            config = replace(config, keep_last=False)  # it goes on as it was trained
    else:
        others = _divided(model, others, config)
    if not drawn:
        return config, others
    digits = records.join([library.load(table.id) for table in drawn])
    origin = drawn[0].derived or drawn[0].name
    if aside is None:
        digits, aside = _set_aside(model, digits, config.seed, origin)
    else:
        _, aside = _not_seen(model, library.load(aside), library.find_table(aside).name, origin)
    repeated = _repeated(digits, splits.split_tables(config, others).training)
    name = f"{drawn[0].name}, {len(repeated) // max(1, len(digits))} times each"
    kept = library.add(repeated, name, drawn[0].licence, extra=True, derived=origin)
    return config, tuple(dict.fromkeys((*others, kept.id, *_aside(aside))))


def _newest(model: StoredModel) -> tuple[str, ...]:
    """Return the table to replay where neither one is chosen nor the model's own is kept."""
    found = [one for one in library.tables() if _can_replay(one)]
    if not found:
        raise SettingError(
            f"The digits that {model.name} learned from are not kept here, and without some to "
            "replay it would forget them: add Kaggle's train.csv, or fetch MNIST on the Train page."
        )
    return (found[0].id,)


def _can_replay(table: StoredTable) -> bool:
    special = table.extra or table.validation or table.set_aside or table.derived
    return table.labelled and table.offered and not special


def _divided(model: StoredModel, tables: Sequence[str], config: TrainingConfig) -> tuple[str, ...]:
    """Divide rows into those that the model has learned from and others; keep some of each."""
    found = [library.find_table(one) for one in tables]
    digits = records.join([library.load(one.id) for one in found])
    if digits.labels is None or (digits.labels >= NOT_A_DIGIT).any():
        raise DataError(f"{found[0].name} has rows without a label: expected labelled digits.")
    seen = seen_rows.is_seen(model, digits.images)
    if seen is None:
        raise SettingError(
            f"It is not known which rows {model.name} has learned from, so none can measure what "
            "changes: choose a model with a seen.npy in its folder."
        )
    random = np.random.default_rng(config.seed)
    new = np.sort(random.permutation(np.flatnonzero(~seen))[:UNSEEN])
    old = np.sort(random.permutation(np.flatnonzero(seen))[:REPLAYED])
    names = " + ".join(table.name for table in found)
    if not len(new):
        raise DataError(
            f"{model.name} has learned from every row of {names}: add digits that it has not "
            "seen, to measure what changes."
        )
    licence = found[0].licence
    parts = [(new, f"{names}, not seen by {model.name}", {})]
    if len(old):
        parts.append((old, f"{names}, replayed", {"extra": True}))
    return tuple(
        library.add(digits.take(rows), name, licence, derived=f"model {model.name}", **role).id
        for rows, name, role in parts
    )


def _set_aside(
    model: StoredModel, digits: Digits, seed: int, origin: str
) -> tuple[Digits, str | None]:
    """Return drawings to learn from, and the table of those to measure on, if there are enough."""
    try:
        learned, measured = splits.split(digits, ASIDE, seed)
    except DataError:  # fewer than three of each digit
        return digits, None
    seen, kept = _not_seen(model, measured, "drawings set aside", origin)
    return records.join([learned, seen]), kept


def _not_seen(
    model: StoredModel, measured: Digits, name: str, origin: str
) -> tuple[Digits, str | None]:
    """Return drawings that the model has learned from before, and the table of the others."""
    seen = seen_rows.is_seen(model, measured.images)
    if seen is None:
        seen = np.zeros(len(measured), dtype=bool)
    if seen.all():
        return measured, None
    others = measured.take(np.flatnonzero(~seen))
    kept = library.add(others, name, set_aside=True, derived=origin)
    return measured.take(np.flatnonzero(seen)), kept.id


def _repeated(digits: Digits, others: Digits) -> Digits:
    """Return drawings so often that they make up their share of an epoch."""
    wanted = DRAWN / (1 - DRAWN) * len(others)
    times = round(min(max(1, wanted / max(1, len(digits))), MOST_REPEATS))
    return records.join([digits] * times)


def _aside(table: str | None) -> tuple[str, ...]:
    return () if table is None else (table,)
