"""What the SQLite files of this app have in common."""

import sqlite3
import time


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
