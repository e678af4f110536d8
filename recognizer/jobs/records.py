"""A training as the list of trainings has it."""

from dataclasses import dataclass
from enum import StrEnum

from recognizer.records import TrainingConfig


class State(StrEnum):
    """Where a training is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # never in the file: found when the process is gone


@dataclass(frozen=True)
class Job:
    """One training.

    Attributes:
        id: eight hexadecimal digits.
        name: of the model that it publishes.
        config: how it trains.
        tables: ids of the tables in the library that it trains on.
        models_dir: where it publishes; None for the user's models.
        state: where it is.
        created: day and time in UTC, ISO 8601.
        started: likewise; None while it waits for its first turn.
        finished: likewise; None until it ends, whichever way.
        message: one sentence on how it ended; empty before.
        step: batches done.
        steps: batches in all its epochs.
        epoch: the one under way, from 1; 0 before the first.
        published: the model's name, once it is published.
        stop: whether it was asked to stop.
        experiment: id of the experiment that it is a run of; None: of none.
    """

    id: str
    name: str
    config: TrainingConfig
    tables: tuple[str, ...]
    models_dir: str | None
    state: State
    created: str
    started: str | None
    finished: str | None
    message: str
    step: int
    steps: int
    epoch: int
    published: str | None
    stop: bool = False
    experiment: str | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether it has a process that trains or waits for its turn."""
        return self.state in (State.QUEUED, State.RUNNING)


@dataclass(frozen=True)
class Experiment:
    """Several trainings that were queued as one.

    Attributes:
        id: eight hexadecimal digits.
        name: with which the names of its runs begin.
        created: day and time in UTC, ISO 8601.
        stop_early: whether a run ends once it falls below the median of the others.
        runs: its trainings, in the order in which they train.
    """

    id: str
    name: str
    created: str
    stop_early: bool
    runs: tuple[Job, ...]
