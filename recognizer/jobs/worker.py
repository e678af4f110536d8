"""Work on one training, from its turn in the queue to the published model, in this process."""

import shutil
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from recognizer.datasets.splits import Splits
from recognizer.errors import RecognizerError
from recognizer.jobs import control, database, experiments, finalize, folders
from recognizer.jobs import rows as job_rows
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


def work_all(
    turns: Sequence[tuple[str, locks.Lock]],
    trainer: Trainer | None = None,
    *,
    on_turn: Callable[[Job], Callable[[Started | Event], None]] = lambda job: lambda event: None,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Job]:
    """Work on several trainings, one after another; what fails does not keep the others.

    Args:
        turns: id and lock of each, as for `work`.
        trainer: as for `work`; Keras is imported once.
        on_turn: called with each training before it begins; returns what to call with its events.
        stopped: as for `work`; those that wait end, too.

    Returns:
        The trainings as they ended.

    Raises:
        Exception: the first internal error, once all have had their turn.
    """
    held, ended, errors = dict(turns), [], []

    def watched(event_of: Callable[[Started | Event], None]) -> Callable[[Started | Event], None]:
        def tell(event: Started | Event) -> None:
            if isinstance(event, EpochEnd):
                _release_ended(held)
            event_of(event)

        return tell

    try:
        for job_id, _ in turns:
            _release_ended(held)
            if (lock := held.pop(job_id, None)) is None:
                continue
            on_event = watched(on_turn(database.find_job(job_id)))
            try:
                ended.append(work(job_id, lock, trainer, on_event=on_event, stopped=stopped))
            except Exception as error:  # it is in the training's message
                traceback.print_exception(error)
                errors.append(error)
    finally:
        for lock in held.values():
            lock.release()
    if errors:
        raise errors[0]
    return ended


def _release_ended(held: dict[str, locks.Lock]) -> None:
    """Let go of trainings that were stopped while they waited: others may resume or delete them."""
    for job_id in list(held):
        job = database.get(job_id)
        if job is None or job.state != State.QUEUED:
            held.pop(job_id).release()


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
            rows = job_rows.split(self.job.config, self.job.tables)
            trained = self._train(trainer, rows)
            if not trained.best_epoch:
                self._end(State.STOPPED, "Stopped before its first reading: nothing is published.")
                return
            finished = finalize.finish(self.job, trainer, rows, trained)
        models_dir = self.job.models_dir or home.folder() / "models"
        model = publishing.publish(finished.folder, finished.card, Path(models_dir))
        self._end(
            *finalize.outcome(
                model.card,
                stopped=database.is_stop_asked(self.job.id),
                why=database.find_job(self.job.id).message,
            ),
            model.name,
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
                self._judge(event)
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

    def _judge(self, event: EpochEnd) -> None:
        """End a run of an experiment that falls behind the others, if it shall."""
        if not self.is_stopping and (why := experiments.why_stop(self.job, event.log)):
            database.update(self.job.id, stop=1, message=why)
            self.is_stopping = True

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
