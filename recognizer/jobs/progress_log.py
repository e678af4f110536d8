"""A training's progress: rows for the curves, and its last two readings of the validation rows."""

from dataclasses import dataclass

import numpy as np

from recognizer.jobs import database as job_database
from recognizer.records import LABELS
from recognizer.training.events import BatchLog, EpochEnd, ValidationLog

BATCH, VALIDATION, EPOCH = "batch", "validation", "epoch"
ROWS_A_KIND = 1_000  # of a training; between those kept, rows of long trainings are left out
READINGS = 2


@dataclass(frozen=True)
class ProgressRow:
    """One point of the curves.

    Attributes:
        seq: grows from row to row over all trainings.
        kind: "batch" (so far in this epoch), "validation" (a reading) or "epoch" (all of it).
        step: batches done since the start.
        epoch: from 1.
        batch: batches done in the epoch.
        batches: batches in an epoch.
        loss: in nats; None where the training diverged and it is no number.
        accuracy: share read right.
        images_per_second: of a "batch"; None in the others.
        best: of a "validation", whether it is the best so far.
    """

    seq: int
    kind: str
    step: int
    epoch: int
    batch: int
    batches: int
    loss: float | None
    accuracy: float
    images_per_second: float | None
    best: bool


class Recorder:
    """Writes the events of one training, no more than about a thousand rows of a kind."""

    def __init__(self, job_id: str, steps: int, epochs: int, done_epochs: int) -> None:
        """Forget what came after the epochs that are done: it is about to be repeated."""
        self.job_id, self.batches = job_id, max(1, steps // epochs)
        self.last_step = steps
        self.apart = steps / ROWS_A_KIND
        step = done_epochs * self.batches
        with job_database.opened(writing=True) as database:
            for table in ("progress", "readings"):
                database.execute(
                    f"DELETE FROM {table} WHERE job = ? AND epoch > ?", (job_id, done_epochs)
                )
            database.execute(
                "UPDATE jobs SET step = ?, epoch = ? WHERE id = ?", (step, done_epochs, job_id)
            )
            self.kept = dict(
                database.execute(
                    "SELECT kind, max(step) FROM progress WHERE job = ? GROUP BY kind", (job_id,)
                )
            )

    def record(self, event: BatchLog | ValidationLog | EpochEnd) -> None:
        """Write an event, in one transaction.

        Raises:
            StorageError: the disk is full, say.
        """
        kind, step, epoch, facts = self._facts(event)
        with job_database.opened(writing=True) as database:
            database.execute(
                "UPDATE jobs SET step = ?, epoch = ? WHERE id = ?", (step, epoch, self.job_id)
            )
            if isinstance(event, ValidationLog):
                self._keep_reading(database, event)
            if step - self.kept.get(kind, -self.apart) >= self.apart or step == self.last_step:
                self.kept[kind] = step
                database.execute(
                    "INSERT INTO progress (job, kind, step, epoch, batch, batches, loss, accuracy,"
                    " images_per_second, best) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (self.job_id, kind, step, epoch, self._batch(step, epoch), self.batches)
                    + facts,
                )

    def _facts(self, event: BatchLog | ValidationLog | EpochEnd) -> tuple[str, int, int, tuple]:
        if isinstance(event, BatchLog):
            facts = (event.loss, event.accuracy, event.images_per_second, False)
            return BATCH, event.step, event.epoch, facts
        if isinstance(event, ValidationLog):
            facts = (event.loss, event.accuracy, None, event.best)
            return VALIDATION, event.step, event.epoch, facts
        log = event.log
        return EPOCH, log.epoch * self.batches, log.epoch, (log.loss, log.accuracy, None, False)

    def _batch(self, step: int, epoch: int) -> int:
        return step - (epoch - 1) * self.batches

    def _keep_reading(self, database, event: ValidationLog) -> None:
        database.execute(
            "INSERT OR REPLACE INTO readings VALUES (?, ?, ?, ?)",
            (
                self.job_id,
                event.step,
                event.epoch,
                np.asarray(event.probabilities, np.float32).tobytes(),
            ),
        )
        database.execute(
            "DELETE FROM readings WHERE job = ? AND step NOT IN"
            " (SELECT step FROM readings WHERE job = ? ORDER BY step DESC LIMIT ?)",
            (self.job_id, self.job_id, READINGS),
        )


def rows(job_id: str, after: int) -> list[ProgressRow]:
    """Return a training's rows with a larger sequence number, in their order."""
    if not job_database.path().exists():
        return []
    columns = ", ".join(ProgressRow.__dataclass_fields__)
    with job_database.opened() as database:
        found = database.execute(
            f"SELECT {columns} FROM progress WHERE job = ? AND seq > ? ORDER BY seq",
            (job_id, after),
        ).fetchall()
    return [ProgressRow(*values, best=bool(best)) for *values, best in found]


def reading(job_id: str, back: int) -> tuple[int, np.ndarray] | None:
    """Return (step, probabilities of shape (n, 10)) of a reading, or None.

    Args:
        job_id: of the training.
        back: 0 for the last one, 1 for the one before it.
    """
    if not job_database.path().exists():
        return None
    with job_database.opened() as database:
        row = database.execute(
            "SELECT step, probabilities FROM readings WHERE job = ?"
            " ORDER BY step DESC LIMIT 1 OFFSET ?",
            (job_id, back),
        ).fetchone()
    return row and (row[0], np.frombuffer(row[1], np.float32).reshape(-1, len(LABELS)))


def accuracies(experiment_id: str, epoch: int) -> dict[str, float]:
    """Return the validation accuracy at the end of an epoch, by the id of each run."""
    return _of_runs(experiment_id, "epoch = ? AND batch = batches AND kind = 'validation'", epoch)


def best_accuracies(experiment_id: str) -> dict[str, float]:
    """Return the validation accuracy of the best weights so far, by the id of each run."""
    return _of_runs(experiment_id, "best AND kind = 'validation'")


def epoch_accuracies(experiment_id: str) -> list[tuple[str, int, float]]:
    """Return (id of the run, epoch, validation accuracy at its end) of all runs."""
    with job_database.opened() as database:
        return database.execute(
            "SELECT job, epoch, accuracy FROM progress WHERE job IN (SELECT id FROM jobs WHERE"
            " experiment = ?) AND batch = batches AND kind = 'validation' ORDER BY seq",
            (experiment_id,),
        ).fetchall()


def _of_runs(experiment_id: str, condition: str, *values: int) -> dict[str, float]:
    with job_database.opened() as database:
        found = database.execute(
            "SELECT job, accuracy FROM progress WHERE job IN (SELECT id FROM jobs WHERE experiment"
            f" = ?) AND {condition} ORDER BY seq",
            (experiment_id, *values),
        ).fetchall()
    return dict(found)  # of several rows of a run the last one
