"""The one SQLite file of all trainings, which pages and trainings use at once.

WAL, short transactions, and BEGIN IMMEDIATE for whatever writes. The progress of a
training is in `progress_log`.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from recognizer.errors import SettingError, StorageError, newer_version_error, reason
from recognizer.jobs import folders
from recognizer.jobs.records import Job, State
from recognizer.records import TrainingConfig
from recognizer.system import home, sqlite

FILE = "jobs.db"
BUSY_SECONDS = 10.0  # how long a transaction waits for another process's
VERSION = 2  # of the tables
_TABLES = (
    """CREATE TABLE jobs (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        config TEXT NOT NULL,
        tables TEXT NOT NULL,
        models_dir TEXT,
        state TEXT NOT NULL,
        created TEXT NOT NULL,
        started TEXT,
        finished TEXT,
        message TEXT NOT NULL DEFAULT '',
        step INTEGER NOT NULL DEFAULT 0,
        steps INTEGER NOT NULL,
        epoch INTEGER NOT NULL DEFAULT 0,
        published TEXT,
        stop INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE UNIQUE INDEX one_of_a_name ON jobs (name, coalesce(models_dir, ''))
        WHERE state IN ('queued', 'running')""",
    """CREATE TABLE progress (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        job TEXT NOT NULL,
        kind TEXT NOT NULL,
        step INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        batch INTEGER,
        batches INTEGER,
        loss REAL,
        accuracy REAL NOT NULL,
        images_per_second REAL,
        best INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE INDEX progress_of_a_job ON progress (job, seq)",
    """CREATE TABLE readings (
        job TEXT NOT NULL,
        step INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        probabilities BLOB NOT NULL,
        PRIMARY KEY (job, step)
    )""",
)
_EXPERIMENTS = (  # new in version 2
    "ALTER TABLE jobs ADD COLUMN experiment TEXT",
    """CREATE TABLE experiments (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        created TEXT NOT NULL,
        stop_early INTEGER NOT NULL
    )""",
)


_COLUMNS = ", ".join(Job.__dataclass_fields__)


def path() -> Path:
    """Return the file."""
    return home.folder() / FILE


@contextmanager
def opened(*, writing: bool = False) -> Iterator[sqlite3.Connection]:
    """Open the file for one transaction: all of it happens, or nothing.

    Raises:
        StorageError: it cannot be read or written, or the disk is full.
    """
    with _connected() as database:
        database.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
        yield database
        database.execute("COMMIT")


@contextmanager
def kept_open() -> Iterator[None]:
    """Keep one connection for a while: the last one to close flushes the file, which takes time."""
    with _connected() as database:
        database.execute("SELECT count(*) FROM jobs").fetchone()
        yield


def insert(job: Job) -> None:
    """Add a training.

    Raises:
        sqlite3.IntegrityError: one that has not ended publishes under the same name.
    """
    with opened(writing=True) as database:
        add(database, job)


def add(database: sqlite3.Connection, job: Job) -> None:
    """Add a training, in a transaction of the caller's."""
    values = {
        **{name: getattr(job, name) for name in Job.__dataclass_fields__},
        "config": json.dumps(asdict(job.config)),
        "tables": json.dumps(job.tables),
    }
    places = ", ".join(f":{name}" for name in values)
    database.execute(f"INSERT INTO jobs ({_COLUMNS}) VALUES ({places})", values)


def get(job_id: str) -> Job | None:
    """Return a training as the file has it, or None."""
    return next(iter(_select("WHERE id = ?", job_id)), None)


def everything() -> list[Job]:
    """Return all trainings, the newest first."""
    return _select("ORDER BY number DESC")


def of_experiment(experiment_id: str) -> tuple[Job, ...]:
    """Return the trainings of an experiment, in the order in which they were queued."""
    found = _select("WHERE experiment = ? ORDER BY number", experiment_id)
    return tuple(map(_observed, found))


def waiting_before(job_id: str) -> list[Job]:
    """Return the queued trainings that came before this one."""
    before = "number < (SELECT number FROM jobs WHERE id = ?)"
    return _select(f"WHERE state = 'queued' AND {before} ORDER BY number", job_id)


def update(job_id: str, *, if_state: State | None = None, **values: Any) -> bool:
    """Set some columns, and return whether there was such a training, in the state if one is named.

    Raises:
        sqlite3.IntegrityError: one that has not ended publishes under the same name.
    """
    columns = ", ".join(f"{name} = :{name}" for name in values)
    where = "id = :_id" + (" AND state = :_state" if if_state else "")
    with opened(writing=True) as database:
        changed = database.execute(
            f"UPDATE jobs SET {columns} WHERE {where}",
            {**values, "_id": job_id, "_state": if_state},
        )
        return changed.rowcount == 1


def is_stop_asked(job_id: str) -> bool:
    """Whether someone asked the training to stop; also when it was deleted."""
    with opened() as database:
        row = database.execute("SELECT stop FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return row is None or bool(row[0])


def delete(job_id: str) -> None:
    """Delete a training with its progress and its readings."""
    with opened(writing=True) as database:
        database.execute("DELETE FROM readings WHERE job = ?", (job_id,))
        database.execute("DELETE FROM progress WHERE job = ?", (job_id,))
        database.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
        database.execute(
            "DELETE FROM experiments WHERE id NOT IN"
            " (SELECT experiment FROM jobs WHERE experiment IS NOT NULL)"
        )


def _select(condition: str, *values: Any) -> list[Job]:
    if not path().exists():  # reading makes no file
        return []
    with opened() as database:
        rows = database.execute(f"SELECT {_COLUMNS} FROM jobs {condition}", values).fetchall()
    try:
        return [_job(dict(zip(Job.__dataclass_fields__, row, strict=True))) for row in rows]
    except Exception as error:  # whatever a damaged row makes of it
        raise _unusable(error) from error


def _job(values: dict[str, Any]) -> Job:
    values["config"] = TrainingConfig.from_dict(json.loads(values["config"]))
    values["tables"] = tuple(json.loads(values["tables"]))
    values["state"] = State(values["state"])
    values["stop"] = bool(values["stop"])
    return Job(**values)


@contextmanager
def _connected() -> Iterator[sqlite3.Connection]:
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path(), timeout=BUSY_SECONDS, isolation_level=None)
        try:
            database.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last rows
            _prepare(database)
            yield database
        finally:
            database.close()  # which takes back what was not committed
    except sqlite3.IntegrityError:
        raise
    except (sqlite3.DatabaseError, OSError) as error:
        raise _unusable(error) from error


def _unusable(error: Exception) -> StorageError:
    return StorageError(
        f"The trainings in {path()} cannot be used ({reason(error)}): {sqlite.way_out(error)}"
    )


def _prepare(database: sqlite3.Connection) -> None:
    """Make the tables in a new file, once even when two processes come at the same time."""
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise newer_version_error(path(), version, VERSION)
    if version == VERSION:
        return
    sqlite.enable_wal(database, BUSY_SECONDS)
    database.execute("BEGIN IMMEDIATE")
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version < VERSION:
        for table in (*(() if version else _TABLES), *_EXPERIMENTS):
            database.execute(table)
        database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("COMMIT")


INTERRUPTED = "It was interrupted, as by a restart of the machine: resume it."


def find_job(job_id: str) -> Job:
    """Return a training.

    Raises:
        SettingError: there is none of that id.
    """
    job = get(job_id)
    if job is None:
        raise SettingError(
            f"There is no training {job_id[:20]!r}: the Train page and `python -m recognizer jobs` "
            "list them."
        )
    return _observed(job)


def all_jobs() -> tuple[Job, ...]:
    """Return all trainings, the newest first."""
    return tuple(_observed(job) for job in everything())


def _observed(job: Job) -> Job:
    """Tell a training whose process is gone. Its last word precedes its end, so ask twice."""
    if not job.is_under_way or folders.is_alive(job.id):
        return job
    job = get(job.id) or job
    if job.is_under_way:
        return replace(job, state=State.INTERRUPTED, message=INTERRUPTED)
    return job
