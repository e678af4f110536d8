"""The doctor's look at the two SQLite files, which it opens for reading only."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from recognizer import corrections, job_files, jobs_db, store
from recognizer.errors import SettingError, reason
from recognizer.findings import Finding, fault, ok, warning
from recognizer.job_records import State

PATIENCE = 10.0  # seconds that another process may take for a write
PROBLEMS = 3  # of a damaged file that are looked for
WAL = b"\x02\x02"  # bytes 18 and 19: https://www.sqlite.org/fileformat.html, section 1.3.3
BESIDE = ("-wal", "-journal")  # there while a process writes, or where one was killed

Look = Callable[[sqlite3.Connection], Iterator[Finding]]


def jobs() -> Iterator[Finding]:
    """Check the file of the trainings, and look for those that were interrupted."""
    yield from _checked(jobs_db.path(), "the trainings", _trainings)


def corrected() -> Iterator[Finding]:
    """Check the file of the corrections."""
    yield from _checked(store.home() / corrections.FILE, "the corrections", _corrections)


def _checked(path: Path, holds: str, look: Look) -> Iterator[Finding]:
    mend = (
        f"stop the app, keep a copy of {path}, then restore a backup or save what can be read: "
        f"sqlite3 {path.name} .recover | sqlite3 new.db"
    )
    try:
        if path.stat().st_size == 0:
            yield warning(
                f"{path.name}, of {holds}, is empty",
                f"nothing if there never were any; else stop the app and restore a backup: {path}",
            )
            return
        with closing(_opened(path)) as database:
            problems = [row[0] for row in database.execute(f"PRAGMA integrity_check({PROBLEMS})")]
            if problems != ["ok"]:
                told = " ".join(problems[0].split())[:150]
                yield fault(f"{path.name}, of {holds}, is damaged ({told})", mend)
                return
            yield from look(database)
    except (FileNotFoundError, NotADirectoryError):
        yield ok(f"{path.name}, of {holds}, is not there yet")
    except sqlite3.OperationalError as error:  # locked, or not readable
        yield fault(
            f"{path.name}, of {holds}, cannot be looked at ({reason(error)})",
            "try again when no training or app uses it, as the user who runs the app",
        )
    except sqlite3.DatabaseError as error:
        yield fault(f"{path.name}, of {holds}, is damaged ({reason(error)})", mend)
    except OSError as error:
        yield fault(
            f"{path.name}, of {holds}, cannot be read ({reason(error)})",
            "make it readable for the user who runs the app",
        )


def _opened(path: Path) -> sqlite3.Connection:
    """Open a file so that all stays as it is.

    Even reading a file in WAL mode makes others beside it; what nobody uses is opened as
    immutable, which makes none.
    """
    used = any(path.with_name(path.name + mark).exists() for mark in BESIDE)
    address = path.resolve().as_uri() + "?mode=ro" + ("" if used else "&immutable=1")
    return sqlite3.connect(address, uri=True, timeout=PATIENCE)


def _trainings(database: sqlite3.Connection) -> Iterator[Finding]:
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version != jobs_db.VERSION:
        yield fault(
            f"{jobs_db.FILE} is of version {version}; this app knows {jobs_db.VERSION}",
            "update the app" if version > jobs_db.VERSION else "move the file away",
        )
        return
    with jobs_db.path().open("rb") as file:
        file.seek(18)
        if file.read(2) != WAL:
            yield warning(
                f"{jobs_db.FILE} has no write-ahead log: pages and trainings wait for each other",
                f"with the app stopped: sqlite3 {jobs_db.path()} 'PRAGMA journal_mode = WAL'",
            )
    number = database.execute("SELECT count(*) FROM jobs").fetchone()[0]
    yield ok(f"{jobs_db.FILE} is whole: trainings {number}")
    for job_id, name in _under_way(database):
        if not _is_alive(job_id) and (job_id, name) in _under_way(database):  # it ends, then goes
            yield warning(
                f"The training of {name} was interrupted",
                f"resume it on the Train page or by `python -m recognizer train --resume {job_id}`",
            )


def _under_way(database: sqlite3.Connection) -> list[tuple[str, str]]:
    states = (State.QUEUED, State.RUNNING)
    return database.execute(
        "SELECT id, name FROM jobs WHERE state IN (?, ?) ORDER BY number", states
    ).fetchall()


def _is_alive(job_id: str) -> bool:
    try:
        return job_files.is_alive(job_id)
    except SettingError:  # no such locks here, or no training's id: nothing holds its lock
        return False


def _corrections(database: sqlite3.Connection) -> Iterator[Finding]:
    columns = ", ".join(corrections.Correction.__dataclass_fields__)
    try:
        database.execute(f"SELECT {columns} FROM corrections LIMIT 0")
        number = database.execute("SELECT count(*) FROM corrections").fetchone()[0]
    except sqlite3.OperationalError as error:
        yield fault(
            f"{corrections.FILE} is not of this app's form ({reason(error)})",
            "update the app, or move the file away",
        )
    else:
        yield ok(f"{corrections.FILE} is whole: corrections {number:,}")
