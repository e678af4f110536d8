"""The events of a training while it runs. No Keras in here: pages and jobs read them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from recognizer.records import EpochLog


@dataclass(frozen=True)
class BatchLog:
    """How far the epoch under way is.

    Attributes:
        step: batches done since the start.
        epoch: from 1.
        batch: batches done in it.
        batches: batches in an epoch.
        loss: mean so far in this epoch, in nats.
        accuracy: share read right so far in this epoch.
        images_per_second: since the last such log, readings aside.
    """

    step: int
    epoch: int
    batch: int
    batches: int
    loss: float
    accuracy: float
    images_per_second: float


@dataclass(frozen=True, eq=False)
class ValidationLog:
    """A reading of the validation rows, several times an epoch.

    Attributes:
        step: batches done since the start.
        epoch: the one under way, from 1.
        loss: mean cross-entropy, in nats.
        accuracy: share read right.
        probabilities: array of shape (n, 10), float32, a row for each validation row.
        best: whether its Brier score is the lowest so far; its weights are kept.
    """

    step: int
    epoch: int
    loss: float
    accuracy: float
    probabilities: np.ndarray
    best: bool


@dataclass(frozen=True, eq=False)
class TrainingState:
    """All that a training needs to go on after an epoch as if nothing had happened.

    Attributes:
        epoch: epochs done.
        history: their logs.
        best: (accuracy, -Brier score, epoch) of the best reading so far.
        arrays: weights, the optimizer's and the random layers' variables, and the best weights.
    """

    epoch: int
    history: tuple[EpochLog, ...]
    best: tuple[float, float, int]
    arrays: dict[str, np.ndarray] = field(repr=False)


@dataclass(frozen=True, eq=False)
class EpochEnd:
    """An epoch is over.

    Attributes:
        log: its results.
        network: without its augmentation; it changes when the training goes on.
        state: returns what to keep for a resume. Copying it takes time, so only on demand.
    """

    log: EpochLog
    network: Any
    state: Callable[[], TrainingState]


@dataclass(frozen=True, eq=False)
class Trained:
    """The end, because all epochs are done, it stopped early, or it was asked to stop.

    Attributes:
        network: with the best weights, calibrated, without its augmentation.
        history: one log for each epoch that was finished.
        best_epoch: the epoch in which the best reading was.
        temperature: what the best weights' logits were divided by since.
    """

    network: Any
    history: tuple[EpochLog, ...]
    best_epoch: int
    temperature: float = 1.0


Event = BatchLog | ValidationLog | EpochEnd | Trained
