"""The doctor's look at where everything is written: can it be, is there room, what was left."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from recognizer.classroom import schema
from recognizer.datasets import corrections
from recognizer.doctor.report import Finding, fault, ok, warning
from recognizer.errors import SettingError, reason
from recognizer.jobs import database as job_database
from recognizer.jobs import folders
from recognizer.jobs.records import State
from recognizer.system import atomic
from recognizer.system import home as system_home

MB = 1_000_000
NEEDED = 100 * MB  # corrections, a small network's training
AMPLE = 3_000 * MB  # three checkpoints of the largest network while one is written, and its model
LEFT = (f"models/{atomic.UNFINISHED}*", f"models/{atomic.ASIDE}*", "**/.*.tmp", "jobs/*/scratch")
NAMED = 3  # leftovers in one line


def writable() -> Iterator[Finding]:
    """Check that files can be written to the disk and flushed; nothing of it stays."""
    home = system_home.folder()
    folder = _existing(home)
    if not folder.is_dir():
        yield fault(
            f"{folder} is no folder: nothing can be written",
            "move it away, or set RECOGNIZER_HOME to another folder",
        )
        return
    try:
        if folder != home:
            if not os.access(folder, os.W_OK | os.X_OK):
                raise PermissionError(f"{folder} is read-only")
            yield ok(f"{home} is not there yet and can be made")
            return
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        yield fault(
            f"{home} cannot be written ({reason(error)}): no training, no corrections",
            "make room or the folder writable for the user who runs the app, or set "
            "RECOGNIZER_HOME to another folder",
        )
    else:
        yield ok(f"{home} can be written and flushed to the disk")


def room() -> Iterator[Finding]:
    """Check the free space against what a training needs."""
    try:
        free = shutil.disk_usage(_existing(system_home.folder())).free
    except OSError:
        return  # `writable` has reported it
    message = f"{free / MB:,.0f} MB are free"
    fix = "delete trainings or models you no longer need, or set RECOGNIZER_HOME to another disk"
    if free < NEEDED:
        yield fault(f"{message}; expected {NEEDED // MB} MB or more", fix)
    elif free < AMPLE:
        yield warning(
            f"{message}; training the largest network takes up to {AMPLE // MB:,} MB", fix
        )
    else:
        yield ok(message)


def leftovers() -> Iterator[Finding]:
    """Look for what interrupted writes have left."""
    home = system_home.folder()
    if home.exists() and not os.access(home, os.R_OK | os.X_OK):
        return  # `writable` has reported it
    found = sorted({path for pattern in LEFT for path in home.glob(pattern)})
    if not found:
        yield ok("No interrupted write has left anything")
        return
    names = [str(path.relative_to(home)) for path in found[:NAMED]]
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    yield warning(
        f"Interrupted writes have left {', '.join(names)}{more} ({_size(found) / MB:,.1f} MB), "
        "unless something is being written right now",
        "leave it: no model is lost; the next training that publishes clears up in models/, and "
        "the next write of the same file takes its .tmp",
    )


def _existing(folder: Path) -> Path:
    """Return the folder, or of those it lies in the nearest that exists."""
    return next(one for one in (folder, *folder.absolute().parents) if os.path.lexists(one))


def _size(paths: list[Path]) -> int:
    files = [one for path in paths for one in (path, *path.rglob("*")) if one.is_file()]
    return sum(file.stat().st_size for file in files)


TIMEOUT = 10.0  # seconds that another process may take for a write
PROBLEMS = 3  # of a damaged file that are looked for
WAL = b"\x02\x02"  # bytes 18 and 19: https://www.sqlite.org/fileformat.html, section 1.3.3
BESIDE = ("-wal", "-journal")  # there while a process writes, or where one was killed

Look = Callable[[sqlite3.Connection], Iterator[Finding]]


def jobs() -> Iterator[Finding]:
    """Check the file of the trainings, and look for those that were interrupted."""
    yield from _checked(job_database.path(), "the trainings", _trainings)


def corrected() -> Iterator[Finding]:
    """Check the file of the corrections."""
    yield from _checked(system_home.folder() / corrections.FILE, "the corrections", _corrections)


def classes() -> Iterator[Finding]:
    """Check the file of the classes."""
    yield from _checked(system_home.folder() / schema.FILE, "the classes", _classes)


def _checked(path: Path, holds: str, look: Look) -> Iterator[Finding]:
    fix = (
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
                message = " ".join(problems[0].split())[:150]
                yield fault(f"{path.name}, of {holds}, is damaged ({message})", fix)
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
        yield fault(f"{path.name}, of {holds}, is damaged ({reason(error)})", fix)
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
    return sqlite3.connect(address, uri=True, timeout=TIMEOUT)


def _trainings(database: sqlite3.Connection) -> Iterator[Finding]:
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if not 1 <= version <= job_database.VERSION:  # an older one is brought up to date in use
        yield fault(
            f"{job_database.FILE} is of version {version}; this app knows {job_database.VERSION}",
            "update the app" if version > job_database.VERSION else "move the file away",
        )
        return
    with job_database.path().open("rb") as file:
        file.seek(18)
        if file.read(2) != WAL:
            yield warning(
                f"{job_database.FILE} has no write-ahead log: "
                "pages and trainings wait for each other",
                f"with the app stopped: sqlite3 {job_database.path()} 'PRAGMA journal_mode = WAL'",
            )
    number = database.execute("SELECT count(*) FROM jobs").fetchone()[0]
    yield ok(f"{job_database.FILE} is whole: trainings {number}")
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
        return folders.is_alive(job_id)
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


def _classes(database: sqlite3.Connection) -> Iterator[Finding]:
    if (version := schema.version(database)) != schema.VERSION:
        yield fault(
            f"{schema.FILE} is of version {version}; this app knows {schema.VERSION}",
            "update the app" if version > schema.VERSION else "move the file away",
        )
        return
    number = database.execute("SELECT count(*) FROM drawings").fetchone()[0]
    yield ok(f"{schema.FILE} is whole: drawings {number:,}")
