"""The training and the rows that a model came from, where they are still kept."""

import shlex
from collections.abc import Iterable
from itertools import chain

import numpy as np

from recognizer.architectures import ARCHITECTURES
from recognizer.datasets import library, mnist, splits
from recognizer.datasets.splits import learned_and_held_out
from recognizer.errors import RecognizerError
from recognizer.jobs import database
from recognizer.jobs.records import Job
from recognizer.models import registry
from recognizer.models.card import ModelCard
from recognizer.models.registry import StoredModel
from recognizer.records import Digits
from recognizer.training import recipes


def training(card: ModelCard) -> Job | None:
    """Return the training that a model came from; None where it is not kept here.

    It is known by its settings and its time: a model's name can change, and another model can
    take its old one.
    """
    return _training(card, database.all_jobs())


def trained_models() -> list[tuple[Job, StoredModel]]:
    """Return the trainings whose models are here, each with its model, whatever that is called now.

    Of copies of one model, the one that still has the name it was published under.
    """
    jobs, found = database.all_jobs(), {}
    for model in registry.list_models().available:
        job = _training(model.card, jobs)
        if job and (job.id not in found or model.name == job.published):
            found[job.id] = job, model
    return list(found.values())


def tables(card: ModelCard) -> tuple[str, ...] | None:
    """Return the ids of the tables that a model was trained on; None where one is gone.

    A card names the table that was split by its hash. Where there were more, they are those of the
    training with its settings and with tables of the same names and numbers of rows.
    """
    kept = {table.id: table for table in library.tables()}
    if card.data.sha256 in kept and len(card.data.tables) == 1:
        return (card.data.sha256,)
    for job in database.all_jobs():
        if job.config == card.config and kept.keys() >= set(job.tables):
            facts = [kept[one] for one in job.tables]
            rows = sum(table.rows for table in facts)
            names = tuple(table.name for table in facts)
            if (rows, names) == (card.data.rows, card.data.tables):
                return job.tables
    return None


def known_rows(card: ModelCard, digits: Digits) -> np.ndarray | None:
    """Return which digits have the pixels of a row that the model was trained or chosen on.

    Array of shape (n,), bool; None where its tables are gone, so that it is not known.
    """
    try:
        kept = tables(card)
        if kept is None:
            return None
        rows, _ = learned_and_held_out(card.config, kept)
        return splits.duplicates(rows, digits)
    except RecognizerError:  # a table was removed meanwhile, or is damaged
        return None


def _training(card: ModelCard, jobs: Iterable[Job]) -> Job | None:
    """Choose among the trainings: a card is written just before its training ends.

    One that was interrupted and resumed has others within its time, which ended sooner.
    """
    able = (
        job
        for job in jobs
        if job.published
        and job.started
        and job.finished
        and job.started <= card.created <= job.finished
        and job.config == card.config
    )
    return min(able, key=lambda job: (job.finished, job.published != card.name), default=None)


DRAWINGS = (".jsonl", ".jsonl.gz")
CORRECTED = "corrected drawings"
SETTINGS = (  # of TrainingConfig, each an option of `train`
    *("epochs", "batch_size", "learning_rate", "schedule", "weight_decay", "plain_epochs"),
    *("seed", "held_out", "validation", "patience"),
)


def command(card: ModelCard) -> str | None:
    """Return the command line; None where there is none that gives this training.

    The command line takes a recipe or one table's file, with drawings and corrections beside it,
    knows the networks of `ARCHITECTURES` and teachers that are here, and always has validation
    rows, which older trainings had not.
    """
    config, recipe = card.config, recipes.of_card(card)
    made_by = ["--recipe", recipe] if recipe else _tables(card)
    if made_by is None or not config.validation or not (recipe or _are_here(config.teachers)):
        return None
    words = ["train", *made_by, "--name", f"{card.name[:58]}-again"]
    for setting in SETTINGS:
        words += [f"--{setting.replace('_', '-')}", str(getattr(config, setting))]
    if config.split_seed is not None:
        words += ["--split-seed", str(config.split_seed)]
    words += ["--fold", str(config.fold)] * (config.fold > 1)
    if not recipe:
        words += chain.from_iterable(("--teacher", name) for name in config.teachers)
        words += ["--decisions"] * bool(config.decisions)
    return " ".join(["python -m recognizer", *words, *["--no-augment"] * (not config.augment)])


def _are_here(names: tuple[str, ...]) -> bool:
    return not names or set(names) <= {model.name for model in registry.list_models().available}


def _tables(card: ModelCard) -> list[str] | None:
    """Return what to train, and on what."""
    first, *others = card.data.tables
    beside = [_beside(name) for name in others]
    no_file = first == mnist.NAME or _beside(first)
    if card.architecture not in ARCHITECTURES or None in beside or no_file:
        return None
    return [shlex.quote(first), *beside, "--architecture", card.architecture]


def _beside(name: str) -> str | None:
    """Return the option that adds a source of digits to the table."""
    if name.lower() == CORRECTED:
        return "--corrections"
    return f"--strokes {shlex.quote(name)}" if name.endswith(DRAWINGS) else None
