"""Work on one training, from its turn in the queue to the published model, in this process."""

import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from recognizer.datasets.splits import Splits, split_tables
from recognizer.errors import RecognizerError
from recognizer.jobs import control, database, finalize, folders
from recognizer.jobs.finalize import Trainer
from recognizer.jobs.progress_log import Recorder
from recognizer.jobs.records import Job, State
from recognizer.models import publishing
from recognizer.system import home, locks
from recognizer.system.process import silence_native_stderr
from recognizer.training import checkpoints
from recognizer.training.events import EpochEnd, Event, Trained

QUEUE_POLL = 0.3  # seconds between two looks at the queue
STOP_POLL = 0.2  # seconds between two looks at whether it shall stop


@dataclass(frozen=True)
class Started:
    """The training's turn has come.

    Attributes:
        training: number of rows trained on.
        validation: of rows validated on.
        held_out: of rows that measure the result.
        epoch: epochs done before, in a training that resumes.
    """

    training: int
    validation: int
    held_out: int
    epoch: int


def work(
    job_id: str,
    lock: locks.Lock,
    trainer: Trainer | None = None,
    *,
    on_event: Callable[[Started | Event], None] = lambda event: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Job:
    """Wait for a training's turn, train, measure and publish.

    Args:
        job_id: of a training that is queued.
        lock: of its folder; released at the end.
        trainer: what trains; None for Keras, imported when the turn has come.
        on_event: called with each event.
        stopped: asked often; True does as `jobs.stop`.

    Returns:
        The training as it ended. What a user can fix is in its message; an internal error is
        raised as well.
    """
    with lock, database.kept_open():
        worker_lock = _wait_in_queue(job_id, stopped)
        if worker_lock is not None:
            with worker_lock:
                _Work(database.find_job(job_id), on_event, stopped).run(trainer)
        return database.find_job(job_id)


def _wait_in_queue(job_id: str, stopped: Callable[[], bool]) -> locks.Lock | None:
    """Return the worker lock, or None when the training is stopped while it waits.

    The first that came goes first; those whose process is gone are passed over.
    """
    while (job := database.get(job_id)) and job.state == State.QUEUED:
        if stopped():
            control.stop(job_id)
            continue
        if not any(folders.is_alive(other.id) for other in database.waiting_before(job_id)):
            worker_lock = locks.try_acquire(folders.worker_lock())
            if worker_lock is not None:
                with ExitStack() as release:
                    release.enter_context(worker_lock)
                    if _claim(job):
                        release.pop_all()  # the caller holds it now
                        return worker_lock
        time.sleep(QUEUE_POLL)
    return None


def _claim(job: Job) -> bool:
    """Mark a training as running, and return whether it was still queued."""
    running = {"state": State.RUNNING, "started": job.started or home.now()}
    return database.update(job.id, if_state=State.QUEUED, **running)


class _Work:
    """One training's turn."""

    def __init__(
        self, job: Job, on_event: Callable[[Started | Event], None], stopped: Callable[[], bool]
    ) -> None:
        self.job, self.on_event, self.stopped_here = job, on_event, stopped
        self.is_stopping, self.looked = False, time.monotonic()

    def run(self, trainer: Trainer | None) -> None:
        """Train and publish; whatever goes wrong ends in the training's message."""
        try:
            self._run(trainer)
        except RecognizerError as error:
            self._end(State.FAILED, str(error))
        except OSError as error:
            reason = error.strerror or error
            self._end(State.FAILED, f"A file cannot be written ({reason}): make room and resume.")
        except Exception as error:
            kind = type(error).__name__
            self._end(State.FAILED, f"Internal error ({kind}): see its log.")
            raise

    def _run(self, trainer: Trainer | None) -> None:
        finished = folders.finished_model(self.job)
        if finished is None:
            trainer = trainer or _keras()
            rows = split_tables(self.job.config, self.job.tables)
            trained = self._train(trainer, rows)
            if not trained.best_epoch:
                self._end(State.STOPPED, "Stopped before its first reading: nothing is published.")
                return
            finished = finalize.finish(self.job, trainer, rows, trained)
        models_dir = self.job.models_dir or home.folder() / "models"
        model = publishing.publish(finished.folder, finished.card, Path(models_dir))
        self._end(
            *finalize.outcome(model.card, stopped=database.is_stop_asked(self.job.id)), model.name
        )
        for folder in (folders.finished(self.job.id), folders.checkpoint(self.job.id)):
            shutil.rmtree(folder, ignore_errors=True)

    def _train(self, trainer: Trainer, rows: Splits) -> Trained:
        job = self.job
        state = checkpoints.load(folders.checkpoint(job.id))
        done = state.epoch if state else 0
        checkpoints.forget_after(folders.epochs(job.id), done)
        recorder = Recorder(job.id, job.steps, job.config.epochs, done)
        counts = (len(one) for one in (rows.training, rows.validation, rows.held_out))
        self.on_event(Started(*counts, done))
        for event in trainer.train(
            job.config, rows.training, rows.validation, resume=state, stopped=self._is_stopping
        ):
            if isinstance(event, Trained):
                return event
            recorder.record(event)
            if isinstance(event, EpochEnd):
                self._keep(trainer, event)
            self.on_event(event)
        raise AssertionError("a training ends with Trained")

    def _keep(self, trainer: Trainer, event: EpochEnd) -> None:
        """Keep the epoch's network, and where the training can go on from."""
        state = event.state()
        checkpoints.keep(
            folders.epochs(self.job.id),
            state.history,
            self.job.config.epochs,
            event.network.count_params(),
            lambda: trainer.light(event.network),
        )
        checkpoints.save(folders.checkpoint(self.job.id), state)

    def _is_stopping(self) -> bool:
        """Whether someone asked for the end; the file is not asked after every batch."""
        now = time.monotonic()
        if not self.is_stopping and self.stopped_here():
            database.update(self.job.id, stop=1)
            self.is_stopping = True
        elif not self.is_stopping and now - self.looked >= STOP_POLL:
            self.is_stopping, self.looked = database.is_stop_asked(self.job.id), now
        return self.is_stopping

    def _end(self, state: State, message: str, published: str | None = None) -> None:
        ended = {"state": state, "message": message, "published": published}
        database.update(self.job.id, finished=home.now(), **ended)


def _keras() -> Trainer:
    with silence_native_stderr():
        from recognizer.training import export, loop

        export.hardware()  # looks for graphics processors, and says at length that it does
    return SimpleNamespace(
        train=loop.train,
        save=export.save,
        light=export.light,
        versions=export.versions,
        hardware=export.hardware,
    )
