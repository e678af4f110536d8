"""What the SQLite files of this app have in common."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from recognizer.errors import StorageError, newer_version_error, reason

_IN_USE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def way_out(error: Exception) -> str:
    """Return what one can do when a file cannot be used, as the end of a sentence.

    Args:
        error: what SQLite or the system raised.
    """
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF  # without what it is more exactly
    if code in _IN_USE:
        return "another program holds it: try again in a moment, or end that program."
    if code in _DAMAGED:
        return "it is damaged: move it away, or restore a backup."
    return "make room or the folder writable, or move a damaged file away."


@contextmanager
def as_storage_error(failure: str) -> Iterator[None]:
    """Raise a StorageError of one sentence where files or databases cannot be used.

    Args:
        failure: what does not come about, as the start of the sentence.
    """
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"{failure} ({reason(error)}): {way_out(error)}") from error


@contextmanager
def personal_data(
    path: Path,
    what: str,
    version: int,
    prepare: Callable[[sqlite3.Connection], None],
    timeout: float,
) -> Iterator[sqlite3.Connection]:
    """Open a file of what people drew: what is deleted from it is gone from the disk.

    Args:
        path: of the file, which may not be there yet.
        what: it holds, as in "The corrections in ... cannot be used".
        version: of its tables that this app knows.
        prepare: makes the tables, or brings them to that version.
        timeout: seconds that a write waits for another process's.

    Raises:
        StorageError: it cannot be used, or is a later version's.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connected = sqlite3.connect(path, timeout=timeout, isolation_level=None)
        with closing(connected) as database:  # which takes back what was not committed
            database.execute("PRAGMA secure_delete = ON")
            found = database.execute("PRAGMA user_version").fetchone()[0]
            if found > version:
                raise newer_version_error(path, found, version)
            prepare(database)
            yield database
    except (sqlite3.Error, OSError) as error:
        raise StorageError(
            f"The {what} in {path} cannot be used ({error}): {way_out(error)}"
        ) from error


def enable_wal(database: sqlite3.Connection, timeout: float) -> None:
    """Have those who read and the one who writes not wait for each other: a write-ahead log.

    The file stays so. SQLite itself does not wait where another process does the same.

    Args:
        database: outside of a transaction.
        timeout: seconds to wait for others.

    Raises:
        sqlite3.OperationalError: it is still in use by then, or cannot be written.
    """
    end = time.monotonic() + timeout
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return
