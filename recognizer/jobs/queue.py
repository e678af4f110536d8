"""Put a training into the queue, for the first time or again. Who gets its lock works on it."""

import secrets
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from itertools import chain, count
from pathlib import Path

from recognizer.datasets.splits import Splits
from recognizer.errors import SettingError
from recognizer.jobs import database, experiments, folders, rows
from recognizer.jobs.folders import storing
from recognizer.jobs.records import Experiment, Job, State
from recognizer.models import registry
from recognizer.models.card import ModelCard
from recognizer.records import Digits, TrainingConfig
from recognizer.system import home, limits, locks
from recognizer.training import config as training_config

_UNFINISHED = "A training of {name} has not ended: resume or delete it, or choose another name."
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
    split = rows.split(config, tables)
    job = _job(name, config, tables, split, models_dir)
    with ExitStack() as undo:
        lock = _make_folder(job, split.validation, undo)
        with storing(job), _name_reserved(job):
            database.insert(job)
        undo.pop_all()
    return job, lock


def enqueue_experiment(
    name: str,
    runs: Mapping[str, TrainingConfig],
    tables: tuple[str, ...],
    *,
    stop_early: bool = False,
    models_dir: str | Path | None = None,
) -> tuple[Experiment, list[locks.Lock]]:
    """Queue several trainings as one experiment, all of them or none.

    Args:
        name: of the experiment.
        runs: the settings of each, by the name of the model that it publishes.
        tables: ids of tables in the library.
        stop_early: whether a run ends once it falls below the median of the others.
        models_dir: as for `jobs.submit`.

    Returns:
        The experiment, and the lock of each of its runs.

    Raises:
        SettingError: as `jobs.submit`, of any of them.
        DataError: likewise.
        StorageError: likewise.
    """
    locks.check_system()
    training_config.check_installed()
    check_room()
    _check_runs(runs, models_dir)
    experiment = Experiment(secrets.token_hex(4), name, home.now(), stop_early, ())
    splits: dict[tuple, Splits] = {}
    with ExitStack() as undo:
        made, held = [], []
        for one, config in runs.items():
            shares = config.seed_of_split, config.held_out, config.validation
            key = (*shares, config.fold, config.decisions, config.teachers)
            if key not in splits:  # one for all runs, or one a fold
                splits[key] = rows.split(config, tables)
            split = splits[key]
            job = replace(_job(one, config, tables, split, models_dir), experiment=experiment.id)
            held.append(_make_folder(job, split.validation, undo))
            made.append(job)
        experiment = replace(experiment, runs=tuple(made))
        with storing(made[0]), _name_reserved(made[0]):
            experiments.insert(experiment)
        undo.pop_all()
    return experiment, held


def _check_runs(runs: Mapping[str, TrainingConfig], models_dir: str | Path | None) -> None:
    """Check all settings and names, before anything is queued."""
    unfinished = reserved_names() if models_dir is None else set()
    for name, config in runs.items():
        training_config.check(config)
        check_free(registry.check_name(name), models_dir)
        if name in unfinished:
            raise SettingError(_UNFINISHED.format(name=name))


def requeue_experiment(experiment_id: str) -> list[tuple[Job, locks.Lock]]:
    """Queue again the runs of an experiment that have neither published nor are under way.

    Raises:
        SettingError: there is none, or as `requeue`.
    """
    experiment = experiments.find(experiment_id)
    left = [job for job in experiment.runs if not (job.published or job.is_under_way)]
    if not left:
        raise SettingError(
            f"No run of {experiment.name} can go on: each has published or is under way."
        )
    queued: list[tuple[Job, locks.Lock]] = []
    try:
        for job in left:
            queued.append(requeue(job.id))
    except BaseException:
        for _, lock in queued:
            lock.release()
        raise
    return queued


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
    """Check that one more training, or experiment, may wait.

    Raises:
        SettingError: as many wait as the limits allow.
    """
    most = limits.current().queue
    waiting = (job for job in database.all_jobs() if job.state == State.QUEUED)
    if len({job.experiment or job.id for job in waiting}) >= most:
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


def _job(
    name: str,
    config: TrainingConfig,
    tables: tuple[str, ...],
    split: Splits,
    models_dir: str | Path | None,
) -> Job:
    return Job(
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
        steps=-(-len(split.training) // config.batch_size) * config.epochs,
        epoch=0,
        published=None,
    )


def _make_folder(job: Job, validation: Digits, undo: ExitStack) -> locks.Lock:
    """Make the folder of a training; return its lock. Where something fails, both go again."""
    folder = folders.folder(job.id)
    with storing(job):
        folder.mkdir(parents=True)
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        lock = locks.acquire(folders.lock(job.id))
        undo.callback(lock.release)  # before the folder goes
        folders.write_validation(job.id, validation)
    return lock


@contextmanager
def _name_reserved(job: Job) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError as error:
        raise SettingError(_UNFINISHED.format(name=job.name)) from error
