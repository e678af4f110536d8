"""Drawings whose reading a person corrected: kept in one SQLite file until they are deleted.

corrections = Corrections()          # RECOGNIZER_HOME/corrections.db
corrections.keep(Correction(...))    # the same id again replaces the earlier one
corrections.digits()                 # as Digits, to download or to train on
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recognizer import store
from recognizer.errors import StorageError
from recognizer.records import IMAGE_SIZE, LABELS, Digits

FILE = "corrections.db"
BUSY_SECONDS = 5.0  # how long a write waits for another process's

_TABLE = """
CREATE TABLE IF NOT EXISTS corrections (
    id TEXT PRIMARY KEY,
    time TEXT NOT NULL,
    label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 9),
    read_as INTEGER NOT NULL,
    confidence REAL NOT NULL,
    model TEXT NOT NULL,
    strokes TEXT NOT NULL,
    image BLOB NOT NULL CHECK (length(image) = 784)
)
"""


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

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or store.home() / FILE

    def keep(self, correction: Correction) -> None:
        """Store a correction; it is on the disk when this returns.

        Raises:
            ValueError: a label that is no digit.
            StorageError: the file cannot be written.
        """
        if correction.label not in LABELS:
            raise ValueError(f"label is {correction.label}, expected 0 to 9")
        with self._open() as database:
            database.execute(
                "INSERT OR REPLACE INTO corrections VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    correction.id,
                    correction.time,
                    correction.label,
                    correction.read_as,
                    correction.confidence,
                    correction.model,
                    json.dumps(correction.strokes),
                    correction.image.tobytes(),
                ),
            )

    def remove(self, drawing_id: str) -> None:
        """Delete the correction of one drawing, if there is one."""
        if not self.path.exists():
            return
        with self._open() as database:
            database.execute("DELETE FROM corrections WHERE id = ?", (drawing_id,))

    def clear(self) -> None:
        """Delete all of them."""
        if not self.path.exists():
            return
        with self._open() as database:
            database.execute("DELETE FROM corrections")

    def count(self) -> int:
        """Return how many there are."""
        if not self.path.exists():  # reading makes no file
            return 0
        with self._open() as database:
            return database.execute("SELECT count(*) FROM corrections").fetchone()[0]

    def label_of(self, drawing_id: str) -> int | None:
        """Return the label that a drawing was given, if it was."""
        if not self.path.exists():
            return None
        with self._open() as database:
            row = database.execute(
                "SELECT label FROM corrections WHERE id = ?", (drawing_id,)
            ).fetchone()
        return row[0] if row else None

    def digits(self) -> Digits:
        """Return them as labelled digits, oldest first."""
        rows: list[tuple[int, bytes]] = []
        if self.path.exists():
            with self._open() as database:
                rows = database.execute(
                    "SELECT label, image FROM corrections ORDER BY time, id"
                ).fetchall()
        images = np.frombuffer(b"".join(image for _, image in rows), dtype=np.uint8)
        return Digits(
            images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE),
            np.array([label for label, _ in rows], dtype=np.uint8),
        )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction: all of it happens, or nothing."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as database, database:
                database.execute("PRAGMA secure_delete = ON")  # deleted is gone from the disk
                database.execute(_TABLE)
                yield database
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"The corrections in {self.path} cannot be used ({error}): "
                "make room or the folder writable, or move a damaged file away."
            ) from error
