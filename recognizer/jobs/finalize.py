"""Measure a trained network, and make a whole model of it in its training's own folder."""

import shutil
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

import numpy as np

from recognizer import evaluation
from recognizer.architectures import network_input
from recognizer.datasets import library
from recognizer.datasets.splits import Splits
from recognizer.errors import ModelError
from recognizer.jobs import database, folders
from recognizer.jobs.records import Job, State
from recognizer.models import publishing, registry, seen_rows
from recognizer.models.card import Change, ModelCard, RejectionThreshold
from recognizer.outputs import digit_probabilities, digit_scores
from recognizer.records import LABELS, Digits
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
    start = _start(job)
    seen_rows.save(scratch, rows.training.images, rows.validation.images, start=start)
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
        changes=_changes(start, rows, trained.network) if start else (),
        rejection=_rejection(start, outputs),
    )
    model = publishing.publish(scratch, card, folders.finished(job.id))
    shutil.rmtree(scratch)
    return model


def _start(job: Job) -> registry.StoredModel | None:
    """Return the model that a training went on from, if it did and that is still there.

    A recipe measures its own last stage.
    """
    if not job.config.start or library.is_of_recipe(job.tables):
        return None
    try:
        return registry.find_model(job.config.start)
    except ModelError:
        return None


def _rejection(
    start: registry.StoredModel | None, outputs: np.ndarray
) -> RejectionThreshold | None:
    """Return the threshold of the model that a network went on from, if both say what is no digit.

    Args:
        start: the model.
        outputs: the network's for the held-out rows, (n, 10) or (n, 11).
    """
    if start is None or start.card.rejection is None or outputs.shape[1] == len(LABELS):
        return None
    threshold = start.card.rejection.threshold
    doubted = float((digit_scores(outputs) < threshold).mean())
    return RejectionThreshold(threshold, doubted, len(outputs), others=0.0, others_n=0)


def _changes(start: registry.StoredModel, rows: Splits, network: Any) -> tuple[Change, ...]:
    """Count what both networks read right, on rows that neither has learned from."""
    from recognizer.inference import Recognizer  # and OpenCV, for which a queue need not wait

    before, found = Recognizer.of(start), []
    aside = (rows.set_aside_name, rows.set_aside)
    for data, digits in (("held-out rows", rows.held_out), aside):
        if not len(digits):
            continue
        outputs = network.predict(network_input(digits.images), verbose=0)
        counts = (
            int((read.argmax(axis=1) == digits.labels).sum())
            for read in (before.predict(digits.images), digit_probabilities(outputs))
        )
        found.append(Change(data, len(digits), *counts))
    return tuple(found)


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
    if card.changes:
        read += f" Right in {card.config.start} → here: {'; '.join(map(str, card.changes))}."
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


def forget_derived(tables: Collection[str]) -> None:
    """Remove what was made for a training that is gone, but for what others train on."""
    needed = {one for job in database.all_jobs() for one in job.tables}
    for table in library.tables():
        if table.derived and table.id in tables and table.id not in needed:
            library.remove(table.id)


def _compared(rows: Splits) -> Digits:
    """Return enough digits to compare the two forms of the network on; labels don't matter."""
    pieces = [one.images[:COMPARED] for one in (rows.held_out, rows.training)]
    return Digits(np.concatenate(pieces)[:COMPARED], None)
