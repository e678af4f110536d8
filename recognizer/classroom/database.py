"""The classes' file as a database: transactions, and what several of them ask."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path

from recognizer.classroom.records import Collection, read_code
from recognizer.classroom.schema import BUSY_SECONDS, COLUMNS, VERSION, prepare
from recognizer.errors import SettingError
from recognizer.system import limits
from recognizer.system.sqlite import personal_data


class ClassFile:
    """The file of the classes, for one thread at a time."""

    def __init__(self, path: Path, today: Callable[[], date]) -> None:
        """Look at the file.

        Args:
            path: the file.
            today: returns the day, by the server's clock.
        """
        self.path, self.today = path, today

    @contextmanager
    def transaction(self, *, writing: bool = False) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction: all of it happens, or nothing.

        Raises:
            StorageError: the file cannot be used.
        """
        with self._connected() as database:
            database.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
            yield database
            database.execute("COMMIT")

    def forget(self) -> None:
        """Empty the log beside the file, in which what was deleted or replaced still stands."""
        with self._connected() as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def opened(self, database: sqlite3.Connection, code: str) -> Collection:
        """Return a collection that takes drawings.

        Raises:
            SettingError: there is none of that code, or it has ended.
        """
        found = self.read(database, "code = ?", (read_code(code),))
        if not found:
            raise no_class(code)
        if not found[0].is_open(self.today()):
            raise SettingError(
                f"{found[0].title} has ended on {found[0].ends}: nothing is taken any more."
            )
        return found[0]

    def read(
        self, database: sqlite3.Connection, which: str, values: tuple[str, ...]
    ) -> tuple[Collection, ...]:
        """Return the collections that are kept, of those that a condition names."""
        rows = database.execute(f"SELECT {COLUMNS} FROM collections WHERE {which}", values)
        made = (
            Collection(code, title, times, date.fromisoformat(ends), created)
            for code, title, times, ends, created in rows.fetchall()
        )
        return tuple(one for one in made if self.today() < one.deleted)

    def _connected(self) -> AbstractContextManager[sqlite3.Connection]:
        return personal_data(self.path, "classes", VERSION, prepare, BUSY_SECONDS)


def number_of(database: sqlite3.Connection, code: str, key: str) -> int:
    """Return the number of the pupil whose key it is.

    Raises:
        SettingError: it is nobody's.
    """
    row = database.execute(
        "SELECT number FROM pupils WHERE code = ? AND key = ?", (read_code(code), hashed(key))
    ).fetchone()
    if row is None:
        raise SettingError("You are not in this class any more: join it again.")
    return row[0]


def check_room(
    database: sqlite3.Connection, collection: Collection, number: int, label: int
) -> None:
    """Check that one more drawing of a digit fits.

    Raises:
        SettingError: as many are kept as were asked for, or as the limits allow.
    """
    of_digit = database.execute(
        "SELECT count(*) FROM drawings WHERE code = ? AND pupil = ? AND label = ?",
        (collection.code, number, label),
    ).fetchone()[0]
    if of_digit >= collection.times:
        raise SettingError(f"You have written the {label} as often as was asked for.")
    most = limits.current().class_drawings
    if database.execute("SELECT count(*) FROM drawings").fetchone()[0] >= most:
        raise SettingError(
            f"{most:,} drawings of classes are kept here, as many as fit: the operator can delete "
            "a class."
        )


def no_class(typed: str) -> SettingError:
    """Return what is told where no collection has a code."""
    return SettingError(
        f"There is no class with the code {typed[:12]!r}: ask your teacher for the code, six "
        "letters and digits."
    )


def hashed(key: str) -> str:
    """Return what is kept of a pupil's key."""
    return hashlib.sha256(key.encode()).hexdigest()
