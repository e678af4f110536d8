"""Start, follow, stop and resume trainings, each a process of its own; no Keras in here.

job = jobs.submit("mine", TrainingConfig("compact"), (table.id,))
jobs.progress(job.id)

One trains at a time, the others queue. A training outlives the tab and the server that started it:
it holds the lock of its folder for life, and the kernel frees that on kill -9. So one that should
be running and whose lock is free was interrupted, and can resume.
"""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import numpy as np

from recognizer.datasets import library
from recognizer.errors import SettingError
from recognizer.jobs import database, experiments, finalize, folders, progress_log
from recognizer.jobs.database import all_jobs, find_job
from recognizer.jobs.folders import log, storing
from recognizer.jobs.progress_log import ProgressRow
from recognizer.jobs.queue import enqueue, enqueue_experiment, requeue, requeue_experiment
from recognizer.jobs.records import Experiment, Job, State
from recognizer.records import Digits, TrainingConfig
from recognizer.system import home, locks
from recognizer.training import checkpoints

__all__ = ["Job", "ProgressRow", "State", "all_jobs", "find_job", "log"]

COMMAND = (sys.executable, "-m", "recognizer", "work")  # and id and lock's handle of each


def submit(
    name: str,
    config: TrainingConfig,
    tables: tuple[str, ...],
    *,
    models_dir: str | Path | None = None,
) -> Job:
    """Start a training in a process of its own; it waits there for its turn.

    Args:
        name: of the model that it will publish.
        config: how it trains.
        tables: ids of tables in the library, one after another.
        models_dir: publish there, where a better model replaces one of its name; None for the
            user's models, where the name must be free.

    Raises:
        SettingError: a name that is taken or no name, a setting out of range, or Windows.
        DataError: a table that is missing, damaged, without labels, or too small to divide.
        StorageError: the disk is full, or RECOGNIZER_HOME cannot be written.
    """
    job, lock = enqueue(name, config, tables, models_dir=models_dir)
    _start([(job, lock)])
    return job


def submit_experiment(
    name: str,
    runs: Mapping[str, TrainingConfig],
    tables: tuple[str, ...],
    *,
    stop_early: bool = False,
    models_dir: str | Path | None = None,
) -> Experiment:
    """Start several trainings, one after another in one process; all of them are queued, or none.

    Args:
        name: of the experiment.
        runs: the settings of each, by the name of the model that it will publish.
        tables: as for `submit`.
        stop_early: whether a run ends once it falls below the median of the others.
        models_dir: as for `submit`.

    Raises:
        SettingError: as `submit`, of any of them.
        DataError: likewise.
        StorageError: likewise.
    """
    experiment, held = enqueue_experiment(
        name, runs, tables, stop_early=stop_early, models_dir=models_dir
    )
    _start(list(zip(experiment.runs, held, strict=True)))
    return experiment


def resume_experiment(experiment_id: str) -> None:
    """Go on with the runs of an experiment that have neither published nor are under way.

    Raises:
        SettingError: there is none, or as `resume`.
        StorageError: as `submit`.
    """
    _start(requeue_experiment(experiment_id))


def stop_experiment(experiment_id: str) -> None:
    """Stop all runs of an experiment, as `stop` does; what has published stays.

    Raises:
        SettingError: there is none of that id.
    """
    for job in reversed(experiments.find(experiment_id).runs):  # none begins in between
        stop(job.id)


def resume(job_id: str) -> Job:
    """Go on with a training that was interrupted or failed, or stopped without a model.

    Raises:
        SettingError: no such training, it is under way, it has published, its name is taken, or it
            follows a recipe, whose last step needs the recipe's data.
        StorageError: as `submit`.
    """
    job = find_job(job_id)
    if library.is_of_recipe(job.tables):
        raise SettingError(
            f"The training of {job.name} follows a recipe, which ends with measuring on drawings: "
            f"go on with it by `python -m recognizer train --resume {job.id} --data DIR`."
        )
    job, lock = requeue(job_id)
    _start([(job, lock)])
    return job


def stop(job_id: str) -> None:
    """Ask a training to end soon and publish the best so far; one that waits ends at once.

    Raises:
        SettingError: there is none of that id.
    """
    job = find_job(job_id)
    if job.is_under_way:
        database.update(job_id, stop=1)
        ended = {"finished": home.now(), "message": "Stopped before it began."}
        database.update(job_id, if_state=State.QUEUED, state=State.STOPPED, **ended)


def delete(job_id: str) -> None:
    """Delete a training with all it kept; the model that it published stays.

    Raises:
        SettingError: it is under way, or there is none of that id.
        StorageError: it cannot be deleted.
    """
    job = find_job(job_id)
    if job.is_under_way:
        raise SettingError(f"The training of {job.name} is {job.state}: stop it first.")
    with storing(job):
        if folders.folder(job_id).exists():
            with folders.take_lock(job):
                shutil.rmtree(folders.folder(job_id))
        database.delete(job_id)
    finalize.forget_derived(job.tables)


def progress(job_id: str, after: int = 0) -> list[ProgressRow]:
    """Return the points of a training's curves.

    After a resume, the repeated part of an epoch comes again: a row replaces those you hold of
    its kind from its step on.

    Args:
        job_id: of the training.
        after: the sequence number of the last row you have.
    """
    return progress_log.rows(job_id, after)


def last_reading(job_id: str) -> tuple[int, np.ndarray] | None:
    """Return (step, probabilities of shape (n, 10)) of the last reading of `validation_rows`."""
    return progress_log.reading(job_id, back=0)


def previous_reading(job_id: str) -> tuple[int, np.ndarray] | None:
    """Return the reading before the last one, in the same form."""
    return progress_log.reading(job_id, back=1)


def validation_rows(job_id: str) -> Digits:
    """Return a training's validation rows, with labels; none where it was deleted."""
    return folders.validation(job_id)


def epochs(job_id: str) -> list[tuple[int, Path]]:
    """Return (epoch, its network for LiteRT) of each that is kept."""
    return checkpoints.kept(folders.epochs(job_id))


def _start(turns: Sequence[tuple[Job, locks.Lock]]) -> None:
    """Start the process, which inherits the locks; a thread waits for its end, so none is left.

    It prints into the log of the first; the logs of the others name that one.
    """
    first = turns[0][0]
    with ExitStack() as opened:
        opened.enter_context(storing(first))
        for _, lock in turns:
            opened.enter_context(lock)
        for job, _ in turns[1:]:
            words = f"Its process works on {first.name} first: see the log of {first.name}.\n"
            folders.log_file(job.id).write_text(words, "utf-8")
        printed = opened.enter_context(folders.log_file(first.id).open("ab"))
        process = subprocess.Popen(
            [*COMMAND, *chain.from_iterable((job.id, str(lock.handle)) for job, lock in turns)],
            cwd=home.PROJECT,
            env={**os.environ, "RECOGNIZER_HOME": str(home.folder().resolve())},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=printed,
            pass_fds=[lock.handle for _, lock in turns],
            start_new_session=True,
        )
    threading.Thread(target=process.wait, daemon=True).start()
