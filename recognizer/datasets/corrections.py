"""Drawings whose reading a person corrected: kept in one SQLite file until they are deleted.

corrections = Corrections()          # RECOGNIZER_HOME/corrections.db
corrections.keep(Correction(...))    # the same id again replaces the earlier one
corrections.digits()                 # as Digits, to download or to train on

Corrections(owner="5b1c…") is one visitor's view of them: theirs only, as if there were no others.
Corrections(hand="Ada") is the view of one person's handwriting: on one's own machine several people
can have theirs kept, each by a name.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np

from recognizer.datasets.corrections_records import KEPT_COLUMNS, Correction, Hand, Kept, check_name
from recognizer.datasets.corrections_schema import (
    BUSY_SECONDS,
    COLUMNS,
    MINE,
    VERSION,
    prepare,
)
from recognizer.errors import DataError, SettingError
from recognizer.records import IMAGE_SIZE, LABELS, NOT_A_DIGIT, Digits
from recognizer.system import home, limits
from recognizer.system.sqlite import personal_data

FILE = "corrections.db"
_DIGIT = f"label < {NOT_A_DIGIT}"
_ONE = "id = :id AND owner = :owner AND hand = :hand"


class Corrections:
    """The file of corrections. Several processes may use it at once."""

    def __init__(
        self, path: Path | None = None, *, owner: str | None = None, hand: str | None = None
    ) -> None:
        """Look at the file.

        Args:
            path: the file.
            owner: whose are seen and deleted; None for everyone's. What is kept without an owner
                belongs to the one who runs the app.
            hand: whose handwriting is seen, kept and deleted; None for every hand. What is kept
                without one is `MINE`.

        Raises:
            SettingError: a hand that cannot be a name.
        """
        self.path = path or home.folder() / FILE
        self.owner = owner or ""
        self.hand = MINE if hand is None else check_name(hand)
        self._own = "TRUE" if owner is None else "owner = :owner"
        self._seen = self._own if hand is None else f"{self._own} AND hand = :hand"

    def keep(self, correction: Correction) -> None:
        """Store a correction; it is on the disk when this returns.

        Raises:
            ValueError: a label that is neither a digit nor `NOT_A_DIGIT`.
            SettingError: as many are kept as the limits allow.
            StorageError: the file cannot be written.
        """
        if correction.label not in (*LABELS, NOT_A_DIGIT):
            raise ValueError(
                f"label is {correction.label}, expected 0 to 9, or {NOT_A_DIGIT} for no digit"
            )
        values = {
            **vars(correction),
            "owner": self.owner,
            "hand": self.hand,
            "strokes": json.dumps(correction.strokes),
            "image": correction.image.tobytes(),
        }
        with self._open(writing=True) as database:
            replaces = self._count(database, _ONE, correction.id)
            if not replaces:  # another label for a kept one always fits
                self._check_room(database)
            places = ", ".join(f":{name}" for name in COLUMNS.split(", "))
            database.execute(
                f"INSERT OR REPLACE INTO corrections ({COLUMNS}) VALUES ({places})", values
            )
        if replaces:
            self._forget()

    def remove(self, drawing_id: str) -> None:
        """Delete the owner's correction of one drawing, if there is one."""
        if not self.path.exists():
            return
        with self._open(writing=True) as database:
            database.execute(f"DELETE FROM corrections WHERE {_ONE}", self._names(drawing_id))
        self._forget()

    def clear(self) -> None:
        """Delete all of them."""
        if not self.path.exists():
            return
        with self._open(writing=True) as database:
            database.execute(f"DELETE FROM corrections WHERE {self._seen}", self._names())
        self._forget()

    def delete(self, kept: Kept) -> None:
        """Delete one of those that are seen, whoever's it is."""
        if not self.path.exists():
            return
        with self._open(writing=True) as database:
            names = {**self._names(kept.id), "its_owner": kept.owner, "its_hand": kept.hand}
            database.execute(
                f"DELETE FROM corrections WHERE {self._seen} AND id = :id "
                "AND owner = :its_owner AND hand = :its_hand",
                names,
            )
        self._forget()

    def latest(self, count: int) -> tuple[Kept, ...]:
        """Return at most so many of those that are seen, the latest first."""
        if not self.path.exists():
            return ()
        with self._open() as database:
            rows = database.execute(
                f"SELECT {KEPT_COLUMNS} FROM corrections WHERE {self._seen} "
                "ORDER BY time DESC, id LIMIT :count",
                {**self._names(), "count": count},
            ).fetchall()
        return tuple(Kept.of(*row) for row in rows)

    def count(self) -> int:
        """Return how many there are."""
        if not self.path.exists():  # reading makes no file
            return 0
        with self._open() as database:
            return self._count(database, self._seen)

    def count_digits(self) -> int:
        """Return how many of them are digits: rows of a table."""
        return sum(hand.drawings for hand in self.hands())

    def label_of(self, drawing_id: str) -> int | None:
        """Return the owner's label of a drawing, if there is one."""
        if not self.path.exists():
            return None
        with self._open() as database:
            row = database.execute(
                f"SELECT label FROM corrections WHERE {_ONE}", self._names(drawing_id)
            ).fetchone()
        return row[0] if row else None

    def digits(self) -> Digits:
        """Return those that are digits, with their labels, oldest first."""
        rows: list[tuple[int, bytes]] = []
        if self.path.exists():
            with self._open() as database:
                rows = database.execute(
                    f"SELECT label, image FROM corrections WHERE {self._seen} AND {_DIGIT} "
                    "ORDER BY time, id",
                    self._names(),
                ).fetchall()
        images = np.frombuffer(b"".join(image for _, image in rows), dtype=np.uint8)
        return Digits(
            images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE),
            np.array([label for label, _ in rows], dtype=np.uint8),
        )

    def hands(self) -> tuple[Hand, ...]:
        """Return whose handwriting is kept, by name, of those that are seen."""
        if not self.path.exists():
            return ()
        with self._open() as database:
            rows = database.execute(
                f"SELECT hand, label, time FROM corrections WHERE {self._seen} AND {_DIGIT} "
                "ORDER BY hand, time",
                self._names(),
            ).fetchall()
        found = []
        for name, of_one in groupby(rows, key=itemgetter(0)):
            _, labels, times = zip(*of_one, strict=True)
            digits = tuple(labels.count(digit) for digit in LABELS)
            found.append(Hand(name, len(labels), digits, times[-1]))
        return tuple(found)

    def _check_room(self, database: sqlite3.Connection) -> None:
        """Raise where one more would be too many."""
        allowed = limits.current()
        if self.owner and self._count(database, self._own) >= allowed.session_corrections:
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
            f"SELECT count(*) FROM corrections WHERE {which}", self._names(drawing_id)
        ).fetchone()[0]

    def _names(self, drawing_id: str = "") -> dict[str, str]:
        return {"id": drawing_id, "owner": self.owner, "hand": self.hand}

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

    def _connected(self) -> AbstractContextManager[sqlite3.Connection]:
        return personal_data(self.path, "corrections", VERSION, prepare, BUSY_SECONDS)


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
