"""The folder of one training: what lies where in RECOGNIZER_HOME/jobs/<id>.

lock             held by its process for life
log.txt          what its process printed
validation.npz   its validation rows
checkpoint/      where it can go on from, until it has published
epochs/          a network an epoch, for looking back
finished/        the model before it is published
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from recognizer.errors import ModelError, SettingError, StorageError
from recognizer.jobs.records import Job
from recognizer.models import registry
from recognizer.records import IMAGE_SIZE, Digits
from recognizer.system import atomic, home, locks

ID = re.compile(r"[0-9a-f]{8}")
LOG_TAIL = 64 * 1024  # bytes
LOCK_TIMEOUT = 3.0  # seconds that a process may take to tidy up


def root() -> Path:
    """Return the folder of all trainings."""
    return home.folder() / "jobs"


def worker_lock() -> Path:
    """Return the lock held by the process that trains, one at a time."""
    return root() / "worker.lock"


def folder(job_id: str) -> Path:
    """Return the folder of a training.

    Raises:
        SettingError: that can be no training's id.
    """
    if not ID.fullmatch(job_id):
        raise SettingError(
            f"There is no training {job_id[:20]!r}: the Train page and `python -m recognizer jobs` "
            "list them."
        )
    return root() / job_id


def lock(job_id: str) -> Path:
    """Return the lock that a training's process holds for life."""
    return folder(job_id) / "lock"


def is_alive(job_id: str) -> bool:
    """Whether a training has a process, training or waiting."""
    return locks.is_held(lock(job_id))


def checkpoint(job_id: str) -> Path:
    """Return the folder of its checkpoints."""
    return folder(job_id) / "checkpoint"


def epochs(job_id: str) -> Path:
    """Return the folder of its networks, one an epoch."""
    return folder(job_id) / "epochs"


def finished(job_id: str) -> Path:
    """Return the folder of its finished model."""
    return folder(job_id) / "finished"


def log_file(job_id: str) -> Path:
    """Return the file that its process prints into."""
    return folder(job_id) / "log.txt"


def log(job_id: str) -> str:
    """Return the end of what its process printed."""
    try:
        with log_file(job_id).open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - LOG_TAIL))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def write_validation(job_id: str, digits: Digits) -> None:
    """Keep the validation rows of a training, with labels.

    Raises:
        OSError: they cannot be written.
    """
    arrays = {"images": digits.images, "labels": digits.labels}
    atomic.write(
        folder(job_id) / "validation.npz", lambda file: np.savez_compressed(file, **arrays)
    )


def validation(job_id: str) -> Digits:
    """Return the validation rows of a training; none where they are gone or damaged."""
    try:
        with (folder(job_id) / "validation.npz").open("rb") as file:
            arrays = np.load(file, allow_pickle=False)
            rows = Digits(arrays["images"], arrays["labels"])
        if rows.images.shape != (len(rows.labels), IMAGE_SIZE, IMAGE_SIZE):
            raise ValueError("other arrays than were written")
        return rows
    except Exception:  # whatever a damaged file makes of it
        none = np.zeros((0, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
        return Digits(none, np.zeros(0, np.uint8))


def keeps_validation(job_id: str) -> bool:
    """Whether the validation rows of a training are kept."""
    return (folder(job_id) / "validation.npz").is_file()


def finished_model(job: Job) -> registry.StoredModel | None:
    """Return the model that a training has finished and not yet published, if it is whole."""
    try:
        return registry.find_model(job.name, finished(job.id))
    except ModelError:
        return None


def take_lock(job: Job) -> locks.Lock:
    """Return the lock of a training that has ended, once its process has tidied up.

    Raises:
        SettingError: its process takes long, or someone else resumes it.
    """
    taken = locks.try_acquire(lock(job.id), LOCK_TIMEOUT)
    if taken is None:
        raise SettingError(f"The training of {job.name} is just ending or resuming: look again.")
    return taken


@contextmanager
def storing(job: Job) -> Iterator[None]:
    """Raise a StorageError where something cannot be written."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"The training of {job.name} cannot be kept in {root()} "
            f"({error.strerror or error}): make room or the folder writable."
        ) from error
