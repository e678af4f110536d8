"""Measure a trained network, and make a whole model of it in its training's own folder."""

import shutil
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from recognizer import evaluation
from recognizer.architectures import network_input
from recognizer.datasets import library
from recognizer.datasets.splits import Splits
from recognizer.jobs import database, folders
from recognizer.jobs.records import Job, State
from recognizer.models import publishing, registry, seen_rows
from recognizer.models.card import ModelCard
from recognizer.outputs import digit_probabilities
from recognizer.records import Digits
from recognizer.system import home
from recognizer.training.events import Trained

COMPARED = 4_000  # images on which the two forms of a finished network must agree


class Trainer(Protocol):
    """What trains and writes networks: Keras (see worker), or a fake in tests."""

    train: Callable[..., Any]
    save: Callable[..., None]
    light: Callable[..., bytes]
    versions: Callable[[], dict[str, str]]
    hardware: Callable[[], str]


def finish(job: Job, trainer: Trainer, rows: Splits, trained: Trained) -> registry.StoredModel:
    """Measure a network on the held-out rows, and write it with its card.

    Returns:
        The model in the training's folder, from where `publishing.publish` can put it into any
        other, as often as it takes.

    Raises:
        ModelError: the two forms of the network differ.
        StorageError: the disk is full.
        OSError: likewise.
    """
    held_out = rows.held_out
    outputs = trained.network.predict(network_input(held_out.images), verbose=0)
    measured = evaluation.evaluate(digit_probabilities(outputs), held_out.labels)
    scratch = folders.folder(job.id) / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    trainer.save(trained.network, scratch, _compared(rows))
    seen_rows.save(scratch, rows.training.images, rows.validation.images)
    card = ModelCard(
        name=job.name,
        architecture=job.config.architecture,
        parameters=trained.network.count_params(),
        accuracy=measured.accuracy,
        n=measured.n,
        interval=measured.interval,
        data=rows.data,
        config=job.config,
        history=trained.history,
        created=home.now(),
        hardware=trainer.hardware(),
        versions=trainer.versions(),
        sha256={name: registry.sha256(scratch / name) for name in registry.WEIGHTS},
        confusion=tuple(map(tuple, measured.confusion.tolist())),
        temperature=trained.temperature,
    )
    model = publishing.publish(scratch, card, folders.finished(job.id))
    shutil.rmtree(scratch)
    return model


def outcome(card: ModelCard, *, stopped: bool, why: str = "") -> tuple[State, str]:
    """Return state and message of a training that has published.

    Args:
        card: of its model.
        stopped: whether it was asked to stop.
        why: a sentence, where a rule asked.
    """
    low, high = card.interval
    read = (
        f"{card.accuracy:.4f} of {card.n:,} held-out rows read right "
        f"(95 % interval {low:.4f} to {high:.4f})."
    )
    epochs = len(card.history)
    if epochs == card.config.epochs:
        return State.DONE, read
    if stopped and why:
        return State.STOPPED, f"{why} The best is kept: {read}"
    if stopped:
        return State.STOPPED, f"Stopped after {epochs} whole epochs, the best is kept: {read}"
    return State.DONE, f"Ended after {epochs} epochs, as the readings got no better: {read}"


def forget_recipe_tables(tables: Sequence[str]) -> None:
    """Remove what a recipe made from the library; the scans stay, and what others train on."""
    needed = {one for job in database.all_jobs() if not job.published for one in job.tables}
    for one in tables:
        if one not in needed and not library.find_table(one).offered:
            library.remove(one)


def _compared(rows: Splits) -> Digits:
    """Return enough digits to compare the two forms of the network on; labels don't matter."""
    pieces = [one.images[:COMPARED] for one in (rows.held_out, rows.training)]
    return Digits(np.concatenate(pieces)[:COMPARED], None)
