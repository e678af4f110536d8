"""Drawings whose reading a person corrected: kept in one SQLite file until they are deleted.

corrections = Corrections()          # RECOGNIZER_HOME/corrections.db
corrections.keep(Correction(...))    # the same id again replaces the earlier one
corrections.digits()                 # as Digits, to download or to train on

Corrections(owner="5b1c…") is one visitor's view of them: theirs only, as if there were no others.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recognizer.errors import DataError, SettingError, StorageError, newer_version_error
from recognizer.records import IMAGE_SIZE, LABELS, Digits
from recognizer.system import home, limits, sqlite

FILE = "corrections.db"
BUSY_SECONDS = 5.0  # how long a write waits for another process's

VERSION = 2  # 0 had no owner; in 1 who read and who wrote waited for each other
_TABLE = """
CREATE TABLE corrections (
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    time TEXT NOT NULL,
    label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 9),
    read_as INTEGER NOT NULL,
    confidence REAL NOT NULL,
    model TEXT NOT NULL,
    strokes TEXT NOT NULL,
    image BLOB NOT NULL CHECK (length(image) = 784),
    PRIMARY KEY (id, owner)
)
"""
_COLUMNS = "id, owner, time, label, read_as, confidence, model, strokes, image"
_FROM_VERSION_0 = (
    "ALTER TABLE corrections RENAME TO before",
    _TABLE,
    "INSERT INTO corrections SELECT id, '', time, label, read_as, confidence, model, strokes, image"
    " FROM before",
    "DROP TABLE before",
)


@dataclass(frozen=True, eq=False)
class Correction:
    """One drawing with its right label.

    Attributes:
        id: of the drawing.
        time: when, UTC, ISO 8601.
        label: what the person says it is, 0 to 9.
        read_as: what the model read.
        confidence: of that reading.
        model: name of the model that read it.
        strokes: lists of (x, y) in canvas pixels; empty for a picture.
        image: array of shape (28, 28), uint8, what the model saw.
    """

    id: str
    time: str
    label: int
    read_as: int
    confidence: float
    model: str
    strokes: list[list[tuple[float, float]]]
    image: np.ndarray


class Corrections:
    """The file of corrections. Several processes may use it at once."""

    def __init__(self, path: Path | None = None, *, owner: str | None = None) -> None:
        """Look at the file.

        Args:
            path: the file.
            owner: whose are seen and deleted; None for everyone's. What is kept without an owner
                belongs to the one who runs the app.
        """
        self.path = path or home.folder() / FILE
        self.owner = owner or ""
        self._seen = "TRUE" if owner is None else "owner = :owner"

    def keep(self, correction: Correction) -> None:
        """Store a correction; it is on the disk when this returns.

        Raises:
            ValueError: a label that is no digit.
            SettingError: as many are kept as the limits allow.
            StorageError: the file cannot be written.
        """
        if correction.label not in LABELS:
            raise ValueError(f"label is {correction.label}, expected 0 to 9")
        values = {
            **vars(correction),
            "owner": self.owner,
            "strokes": json.dumps(correction.strokes),
            "image": correction.image.tobytes(),
        }
        with self._open(writing=True) as database:
            replaces = self._count(database, "id = :id AND owner = :owner", correction.id)
            if not replaces:  # another label for a kept one always fits
                self._check_room(database)
            places = ", ".join(f":{name}" for name in _COLUMNS.split(", "))
            database.execute(
                f"INSERT OR REPLACE INTO corrections ({_COLUMNS}) VALUES ({places})", values
            )
        if replaces:
            self._forget()

    def remove(self, drawing_id: str) -> None:
        """Delete the owner's correction of one drawing, if there is one."""
        if not self.path.exists():
            return
        with self._open(writing=True) as database:
            database.execute(
                "DELETE FROM corrections WHERE id = ? AND owner = ?", (drawing_id, self.owner)
            )
        self._forget()

    def clear(self) -> None:
        """Delete all of them."""
        if not self.path.exists():
            return
        with self._open(writing=True) as database:
            database.execute(f"DELETE FROM corrections WHERE {self._seen}", {"owner": self.owner})
        self._forget()

    def count(self) -> int:
        """Return how many there are."""
        if not self.path.exists():  # reading makes no file
            return 0
        with self._open() as database:
            return self._count(database, self._seen)

    def label_of(self, drawing_id: str) -> int | None:
        """Return the owner's label of a drawing, if there is one."""
        if not self.path.exists():
            return None
        with self._open() as database:
            row = database.execute(
                "SELECT label FROM corrections WHERE id = ? AND owner = ?",
                (drawing_id, self.owner),
            ).fetchone()
        return row[0] if row else None

    def digits(self) -> Digits:
        """Return them as labelled digits, oldest first."""
        rows: list[tuple[int, bytes]] = []
        if self.path.exists():
            with self._open() as database:
                rows = database.execute(
                    f"SELECT label, image FROM corrections WHERE {self._seen} ORDER BY time, id",
                    {"owner": self.owner},
                ).fetchall()
        images = np.frombuffer(b"".join(image for _, image in rows), dtype=np.uint8)
        return Digits(
            images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE),
            np.array([label for label, _ in rows], dtype=np.uint8),
        )

    def _check_room(self, database: sqlite3.Connection) -> None:
        """Raise where one more would be too many."""
        allowed = limits.current()
        if self.owner and self._count(database, self._seen) >= allowed.session_corrections:
            raise SettingError(
                f"You have corrected {allowed.session_corrections:,} drawings, as many as are kept "
                "of one visitor: delete yours to keep others."
            )
        if self._count(database, "TRUE") >= allowed.corrections:
            raise SettingError(
                f"{allowed.corrections:,} corrected drawings are kept here, as many as fit: the "
                "one who runs this app can download and delete them."
            )

    def _count(self, database: sqlite3.Connection, which: str, drawing_id: str = "") -> int:
        return database.execute(
            f"SELECT count(*) FROM corrections WHERE {which}",
            {"owner": self.owner, "id": drawing_id},
        ).fetchone()[0]

    def _forget(self) -> None:
        """Empty the log beside the file, in which what was deleted or replaced still stands."""
        with self._connected() as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def _open(self, *, writing: bool = False) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction: all of it happens, or nothing."""
        with self._connected() as database:
            database.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
            yield database
            database.execute("COMMIT")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connected = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
            with closing(connected) as database:  # which takes back what was not committed
                database.execute("PRAGMA secure_delete = ON")  # deleted is gone from the disk
                if (version := _version(database)) > VERSION:
                    raise newer_version_error(self.path, version, VERSION)
                _prepare(database)
                yield database
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"The corrections in {self.path} cannot be used ({error}): "
                "make room or the folder writable, or move a damaged file away."
            ) from error


def _prepare(database: sqlite3.Connection) -> None:
    """Make the table in a new file, or bring an older one up to date; once, whoever comes."""
    if _version(database) == VERSION:
        return
    sqlite.enable_wal(database, BUSY_SECONDS)
    database.execute("BEGIN IMMEDIATE")
    if _version(database) == 0:  # nobody else has, meanwhile
        there = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        for statement in _FROM_VERSION_0 if there else (_TABLE,):
            database.execute(statement)
    database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("COMMIT")


def _version(database: sqlite3.Connection) -> int:
    return database.execute("PRAGMA user_version").fetchone()[0]


def corrected(*, owner: str | None = None) -> Digits:
    """Return the drawings that were corrected on the Draw page.

    Args:
        owner: whose; None for everyone's.

    Raises:
        DataError: there is none.
    """
    digits = Corrections(owner=owner).digits()
    if not len(digits):
        raise DataError("No drawing was corrected yet: do so on the Draw page first.")
    return digits
