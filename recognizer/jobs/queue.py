"""Put a training into the queue, for the first time or again. Who gets its lock works on it."""

import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

from recognizer.datasets.splits import split_tables
from recognizer.errors import SettingError
from recognizer.jobs import database, folders
from recognizer.jobs.folders import storing
from recognizer.jobs.records import Job, State
from recognizer.models import registry
from recognizer.models.card import ModelCard
from recognizer.records import Digits, TrainingConfig
from recognizer.system import home, limits, locks
from recognizer.training import config as training_config

UNFINISHED = (State.QUEUED, State.RUNNING, State.INTERRUPTED)


def enqueue(
    name: str,
    config: TrainingConfig,
    tables: tuple[str, ...],
    *,
    models_dir: str | Path | None = None,
) -> tuple[Job, locks.Lock]:
    """Queue a training as `jobs.submit` does, but leave the work to the caller."""
    locks.check_system()
    training_config.check_installed()
    training_config.check(config)
    check_room()
    check_free(registry.check_name(name), models_dir)
    rows = split_tables(config, tables)
    job = Job(
        id=secrets.token_hex(4),
        name=name,
        config=config,
        tables=tuple(tables),
        models_dir=str(Path(models_dir).resolve()) if models_dir else None,
        state=State.QUEUED,
        created=home.now(),
        started=None,
        finished=None,
        message="",
        step=0,
        steps=-(-len(rows.training) // config.batch_size) * config.epochs,
        epoch=0,
        published=None,
    )
    return job, _made(job, rows.validation)


def requeue(job_id: str) -> tuple[Job, locks.Lock]:
    """Queue a training again as `jobs.resume` does, but leave the work to the caller."""
    locks.check_system()
    training_config.check_installed()
    job = database.find_job(job_id)
    if job.is_under_way or job.published:
        raise SettingError(f"The training of {job.name} is {job.state}: start a new one.")
    check_room()
    finished = folders.finished_model(job)
    check_free(job.name, job.models_dir, finished and finished.card)
    with storing(job):
        lock = folders.take_lock(job)
    values = {"message": "", "finished": None}
    stop = {} if finished else {"stop": 0}  # a finished one keeps how it ended
    try:
        with _name_reserved(job):
            database.update(job_id, state=State.QUEUED, **stop, **values)
    except BaseException:
        lock.release()
        raise
    return replace(job, state=State.QUEUED, **values), lock


def check_room() -> None:
    """Check that one more training may wait.

    Raises:
        SettingError: as many wait as the limits allow.
    """
    most = limits.current().queue
    if sum(job.state == State.QUEUED for job in database.all_jobs()) >= most:
        raise SettingError(
            f"{most} trainings wait for their turn, as many as may: stop one, or wait until one "
            "has ended."
        )


def check_free(name: str, models_dir: str | Path | None, own: ModelCard | None = None) -> None:
    """Check that a training may publish under a name.

    Args:
        name: of a model.
        models_dir: where it will publish; in a folder of one's own, a better model replaces.
        own: the card of the model that this training may have published already.

    Raises:
        SettingError: there is another model of that name.
    """
    if models_dir is not None:
        return
    models = registry.list_models()
    cards = {model.name: model.card for model in models.available}
    if name in models.broken or cards.get(name, own) != own:
        raise SettingError(f"A model named {name} is there already: choose another name.")


def reserved_names() -> set[str]:
    """Return the names under which trainings that have not ended well may yet publish."""
    return {job.name for job in database.all_jobs() if job.state in UNFINISHED}


def free_name(name: str, models_dir: str | Path | None) -> str:
    """Return a name that a training may publish under: this one, or with a number."""
    for one in chain([name], (f"{name}-{number}" for number in count(2))):
        with suppress(SettingError):
            check_free(one, models_dir)
            return one
    raise AssertionError("numbers do not end")


def _made(job: Job, validation: Digits) -> locks.Lock:
    """Make the folder and the entry of a training; return its lock."""
    folder = folders.folder(job.id)
    with storing(job):
        folder.mkdir(parents=True)
        lock = locks.acquire(folders.lock(job.id))
        try:
            folders.write_validation(job.id, validation)
            with _name_reserved(job):
                database.insert(job)
        except BaseException:
            lock.release()
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return lock


@contextmanager
def _name_reserved(job: Job) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise SettingError(
            f"A training of {job.name} has not ended: resume or delete it, or choose another name."
        ) from error
