"""A full disk, a folder that cannot be written, a database that someone else has locked."""

import os
import random
import shutil
import sqlite3
import stat
import time
from contextlib import closing

import pytest
from helpers.trainings import wait_for
from reliability.faults.world import World, check_sentence, config, environment, running

from recognizer import jobs
from recognizer.datasets import corrections
from recognizer.errors import StorageError
from recognizer.jobs import database
from recognizer.system import home

MODEL = "softmax"  # a small one that is shipped
BUSY = "0.2"  # seconds that the children wait for a lock
CALLS = 60  # that a training makes which need room, about
BYTES = (200, 60_000)  # between which files may not grow: a checkpoint has 10 kB, jobs.db 50
NO_ROOT = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")  # root may write anywhere


def disk_full(world: World, times: int, rng: random.Random) -> int:
    """Fill the disk while one trains and one corrects: told, nothing lost, and it goes on."""
    for moment in range(times):
        kind = ("size", "full", "once")[moment % 3]
        at = rng.randint(*BYTES) if kind == "size" else rng.randrange(CALLS)
        job = world.start(f"{kind} {at}")
        with running(world, "correct", FAULT=f"{kind} {at}"):
            time.sleep(rng.uniform(0.1, 0.6))
        world.check_training(job)
        world.check()
    return times


def locked(world: World, times: int, rng: random.Random) -> int:
    """Lock a database for longer than anyone waits: told, nothing lost, and it goes on."""
    for _ in range(times):
        with environment(BUSY=BUSY), running(world, "correct"):
            job = world.start()
            time.sleep(rng.uniform(0, world.seconds))
            for path in (home.folder() / corrections.FILE, database.path()):
                with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as other:
                    other.execute("BEGIN EXCLUSIVE")
                    database.all_jobs()  # who only looks need not wait
                    time.sleep(rng.uniform(0, 3 * float(BUSY)))
            time.sleep(0.1)
        world.check_training(job)
        world.check()
    _check_told_here(world)
    return times


def _check_told_here(world: World) -> None:
    """Who starts a training meanwhile is told in a sentence."""
    patience, database.BUSY_SECONDS = database.BUSY_SECONDS, float(BUSY)
    try:
        with closing(sqlite3.connect(database.path(), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StorageError) as caught:
                jobs.submit("locked-out", config(), (world.table,))
            check_sentence(str(caught.value))
    finally:
        database.BUSY_SECONDS = patience


def read_only(world: World, times: int, rng: random.Random) -> int:
    """Make folders read-only while one trains, one corrects and one reads."""
    for moment in range(times):
        folder = (world.models, world.home)[moment % 2]
        with (
            running(world, "correct", command=as_anyone()),
            running(world, "read", MODEL, command=as_anyone()),
        ):
            job = world.start(command=as_anyone())
            time.sleep(rng.uniform(0, world.seconds))
            folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
            try:
                time.sleep(rng.uniform(0, world.seconds))
                _wait_for_end_or(job, world.seconds)
            finally:
                folder.chmod(stat.S_IRWXU)
        world.check_training(job)
        world.check()
    return times


def _wait_for_end_or(job: object, seconds: float) -> None:
    end = time.monotonic() + seconds
    wait_for(lambda: not database.find_job(job.id).is_under_way or time.monotonic() > end)


def as_anyone() -> tuple[str, ...]:
    """Return what starts a process to which a folder's permissions apply."""
    if os.geteuid() != 0:
        return ()
    if not shutil.which(NO_ROOT[0]):
        pytest.skip("root may write anywhere, and there is no setpriv to change that")
    return NO_ROOT
