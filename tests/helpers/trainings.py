"""Small trainings for tests, here or in processes of their own."""

import re
import time
from collections.abc import Callable
from pathlib import Path

from helpers.factories import digits
from helpers.fake_trainer import FakeTrainer

from recognizer import jobs
from recognizer.datasets import library
from recognizer.jobs import Job, database, folders, queue, worker
from recognizer.records import TrainingConfig

SAMPLE = digits(200)
CONFIG = TrainingConfig("softmax", epochs=3, batch_size=64, learning_rate=0.5, validation=0.1)
STEPS = 9  # 200 rows, less 20 held out, less 20 that watch
PATIENCE = 20.0  # seconds until a test gives up waiting


def keep_table() -> str:
    """Keep the digits in the library, and return the table's id."""
    return library.add(SAMPLE, "train.csv", "CC0").id


def worker_lock() -> Path:
    """The lock of the one that trains, where no training made it yet."""
    folders.root().mkdir(parents=True, exist_ok=True)
    return folders.worker_lock()


def trained(table: str, config: TrainingConfig = CONFIG, name: str = "mine", **options) -> Job:
    """Train here, in this process."""
    job, lock = queue.enqueue(name, config, (table,))
    return worker.work(job.id, lock, FakeTrainer(), **options)


def resumed(job_id: str, **options) -> Job:
    job, lock = queue.requeue(job_id)
    return worker.work(job.id, lock, FakeTrainer(), **options)


def curve(job_id: str) -> list[tuple]:
    """What must be the same, interrupted or not."""
    return sorted(
        (row.kind, row.step, row.epoch, row.batch, row.loss, row.accuracy, row.best)
        for row in jobs.progress(job_id)
    )


def wait_for(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end, database.all_jobs()
        time.sleep(0.01)


def ended(job_id: str) -> Job:
    wait_for(lambda: not database.find_job(job_id).is_under_way)
    return database.find_job(job_id)


def process(job_id: str) -> int:
    """The process that works on a training now."""
    wait_for(lambda: "process" in folders.log(job_id))
    return int(re.findall(r"process (\d+)", folders.log(job_id))[-1])
