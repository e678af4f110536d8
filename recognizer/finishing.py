"""Measure a trained network, and make a whole model of it in its training's own folder."""

import shutil
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from recognizer import evaluation, job_files, jobs_db, seen, store
from recognizer.architectures import digit_probabilities, network_input
from recognizer.division import Division
from recognizer.events import Trained
from recognizer.job_records import Job, State
from recognizer.records import Digits, ModelCard

COMPARED = 1_000  # images on which the two forms of a finished network must agree


class Trainer(Protocol):
    """What trains: the module `recognizer.training`, or a fake in tests."""

    train: Callable[..., Any]
    save: Callable[..., None]
    light: Callable[..., bytes]
    versions: Callable[[], dict[str, str]]
    hardware: Callable[[], str]


def finish(job: Job, trainer: Trainer, rows: Division, trained: Trained) -> store.StoredModel:
    """Measure a network on the held-out rows, and write it with its card.

    Returns:
        The model in the training's folder, from where `store.publish` can put it into any other,
        as often as it takes.

    Raises:
        ModelError: the two forms of the network differ.
        StorageError: the disk is full.
        OSError: likewise.
    """
    held_out = rows.held_out
    outputs = trained.network.predict(network_input(held_out.images), verbose=0)
    measured = evaluation.evaluate(digit_probabilities(outputs), held_out.labels)
    scratch = job_files.folder(job.id) / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    trainer.save(trained.network, scratch, _compared(rows))
    seen.note(scratch, rows.training.images, rows.validation.images)
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
        created=jobs_db.now(),
        hardware=trainer.hardware(),
        versions=trainer.versions(),
        sha256={name: store.sha256(scratch / name) for name in store.WEIGHTS},
        confusion=tuple(map(tuple, measured.confusion.tolist())),
        temperature=trained.temperature,
    )
    model = store.publish(scratch, card, job_files.finished(job.id))
    shutil.rmtree(scratch)
    return model


def outcome(card: ModelCard, *, stopped: bool) -> tuple[State, str]:
    """Return state and message of a training that has published."""
    low, high = card.interval
    read = (
        f"{card.accuracy:.4f} of {card.n:,} held-out rows read right "
        f"(95 % interval {low:.4f} to {high:.4f})."
    )
    epochs = len(card.history)
    if epochs == card.config.epochs:
        return State.DONE, read
    if stopped:
        return State.STOPPED, f"Stopped after {epochs} whole epochs, the best is kept: {read}"
    return State.DONE, f"Ended after {epochs} epochs, as the readings got no better: {read}"


def _compared(rows: Division) -> Digits:
    """Return enough digits to compare the two forms of the network on; labels don't matter."""
    pieces = [one.images[:COMPARED] for one in (rows.held_out, rows.training)]
    return Digits(np.concatenate(pieces)[:COMPARED], None)
