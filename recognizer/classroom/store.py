"""The file of the classes. A pupil's key, not the name, opens what is theirs.

The key is handed out once, when the pupil joins, and only its hash is kept: neither another pupil
nor who reads the file can write in somebody's place.
"""

import json
import secrets
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from recognizer.classroom.database import ClassFile, check_room, hashed, no_class, number_of
from recognizer.classroom.records import (
    KEPT_DAYS,
    LONGEST_NAME,
    LONGEST_TITLE,
    MOST_DAYS,
    MOST_TIMES,
    Collection,
    Drawings,
    Pupil,
    check_text,
    new_code,
    read_code,
    today,
)
from recognizer.classroom.schema import COLUMNS, DRAWN, FILE
from recognizer.datasets.corrections import Correction
from recognizer.errors import SettingError
from recognizer.records import IMAGE_SIZE, LABELS, Digits
from recognizer.system import home, limits

MOST_STROKES = 100_000  # characters of a drawing's strokes as JSON: some thousand points


class Classroom:
    """The file of the classes. Several processes may use it at once."""

    def __init__(self, path: Path | None = None, *, today: Callable[[], date] = today) -> None:
        """Look at the file.

        Args:
            path: the file; RECOGNIZER_HOME/classes.db by default.
            today: returns the day, by the server's clock.
        """
        self.path = path or home.folder() / FILE
        self._file, self._today = ClassFile(self.path, today), today

    def open(self, title: str, times: int, ends: date) -> Collection:
        """Open a collection.

        Args:
            title: for people.
            times: drawings of each digit, 1 to 10.
            ends: its last day: today at the earliest.

        Raises:
            SettingError: one of them is out of its range.
            StorageError: the file cannot be written.
        """
        title = check_text(title, LONGEST_TITLE, "the name of a class", "class 5b")
        if not 1 <= times <= MOST_TIMES:
            raise SettingError(
                f"{times} drawings of each digit are asked for: expected 1 to {MOST_TIMES}."
            )
        first = self._today()
        last = first + timedelta(days=MOST_DAYS)
        if not first <= ends <= last:
            raise SettingError(f"The last day is {ends}: expected one from {first} to {last}.")
        made = Collection(new_code(), title, times, ends, datetime.now(UTC).isoformat())
        values = (made.code, title, times, ends.isoformat(), made.created)
        with self._file.transaction(writing=True) as database:
            database.execute(f"INSERT INTO collections ({COLUMNS}) VALUES (?, ?, ?, ?, ?)", values)
        return made

    def collections(self) -> tuple[Collection, ...]:
        """Return those that are kept, the newest first."""
        return self._collections("TRUE ORDER BY created DESC", ())

    def find(self, typed: str) -> Collection:
        """Return the collection of a code, open or ended.

        Raises:
            SettingError: there is none.
        """
        found = self._collections("code = ?", (read_code(typed),))
        if not found:
            raise no_class(typed)
        return found[0]

    def join(self, code: str, name: str) -> tuple[Pupil, str]:
        """Add a pupil, who has agreed to what is kept; return them and their key.

        Raises:
            SettingError: the collection has ended, is full, or the name is taken or none.
            StorageError: the file cannot be written.
        """
        name = check_text(name, LONGEST_NAME, "a name here", "Ada")
        key, agreed = secrets.token_urlsafe(16), datetime.now(UTC).isoformat()
        with self._file.transaction(writing=True) as database:
            code = self._file.opened(database, code).code
            numbers = database.execute(
                "SELECT count(*), coalesce(max(number), 0) FROM pupils WHERE code = ?", (code,)
            ).fetchone()
            if numbers[0] >= limits.current().class_pupils:
                raise SettingError(
                    f"{numbers[0]} pupils have joined, as many as a class may have: ask your "
                    "teacher to delete one."
                )
            pupil = Pupil(numbers[1] + 1, name)
            try:
                database.execute(
                    "INSERT INTO pupils VALUES (?, ?, ?, ?, ?)",
                    (code, pupil.number, name, hashed(key), agreed),
                )
            except sqlite3.IntegrityError as error:
                raise SettingError(
                    f"Somebody in this class is called {name} already: choose another name."
                ) from error
        return pupil, key

    def pupil(self, code: str, key: str) -> Pupil | None:
        """Return the pupil whose key it is; None where it is nobody's."""
        if not self.path.exists():
            return None
        with self._file.transaction() as database:
            row = database.execute(
                "SELECT number FROM pupils WHERE code = ? AND key = ?", (code, hashed(key))
            ).fetchone()
        return next((one for one in self.pupils(code) if row and one.number == row[0]), None)

    def pupils(self, code: str) -> tuple[Pupil, ...]:
        """Return the pupils of a collection in the order in which they joined."""
        if not self.path.exists():
            return ()
        with self._file.transaction() as database:
            names = database.execute(
                "SELECT number, name FROM pupils WHERE code = ? ORDER BY number", (code,)
            ).fetchall()
            rows = database.execute(
                "SELECT pupil, label, count(*) FROM drawings WHERE code = ? GROUP BY pupil, label",
                (code,),
            ).fetchall()
        counts = {(pupil, label): count for pupil, label, count in rows}
        return tuple(
            Pupil(number, name, tuple(counts.get((number, label), 0) for label in LABELS))
            for number, name in names
        )

    def keep(self, code: str, key: str, drawing: Correction) -> None:
        """Store a pupil's drawing; it is on the disk when this returns.

        Raises:
            ValueError: a label that is no digit.
            SettingError: the collection has ended, the key is nobody's, or it is too much.
            StorageError: the file cannot be written.
        """
        if drawing.label not in LABELS:
            raise ValueError(f"label is {drawing.label}, expected 0 to 9")
        strokes = json.dumps(drawing.strokes)
        if len(strokes) > MOST_STROKES:
            raise SettingError("This drawing has too many strokes to be kept: draw it in fewer.")
        values = {**vars(drawing), "strokes": strokes, "image": drawing.image.tobytes()}
        with self._file.transaction(writing=True) as database:
            collection = self._file.opened(database, code)
            number = number_of(database, collection.code, key)
            check_room(database, collection, number, drawing.label)
            places = ", ".join(f":{name}" for name in DRAWN.split(", "))
            database.execute(
                f"INSERT OR REPLACE INTO drawings (code, pupil, {DRAWN}) "
                f"VALUES (:code, :pupil, {places})",
                {**values, "code": collection.code, "pupil": number},
            )

    def take_back(self, code: str, key: str, drawing_id: str) -> None:
        """Delete one of a pupil's own drawings, if it is there.

        Raises:
            SettingError: the key is nobody's.
        """
        with self._file.transaction(writing=True) as database:
            database.execute(
                "DELETE FROM drawings WHERE code = ? AND pupil = ? AND id = ?",
                (code, number_of(database, code, key), drawing_id),
            )
        self._file.forget()

    def leave(self, code: str, key: str) -> None:
        """Delete a pupil and all that they wrote, as they wish.

        Raises:
            SettingError: the key is nobody's.
        """
        with self._file.transaction(writing=True) as database:
            number = number_of(database, code, key)
            _delete(database, "pupils", "code = ? AND number = ?", (code, number))
        self._file.forget()

    def drawings(self, code: str, pupil: int | None = None) -> Drawings:
        """Return the drawings of a collection, or of one of its pupils."""
        rows: list[tuple[int, int, bytes]] = []
        if self.path.exists():
            with self._file.transaction() as database:
                rows = database.execute(
                    "SELECT pupil, label, image FROM drawings WHERE code = :code "
                    "AND (:pupil IS NULL OR pupil = :pupil) ORDER BY time, id",
                    {"code": code, "pupil": pupil},
                ).fetchall()
        images = np.frombuffer(b"".join(image for _, _, image in rows), np.uint8)
        labels = np.array([label for _, label, _ in rows], np.uint8)
        digits = Digits(images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE), labels)
        return Drawings(digits, np.array([pupil for pupil, _, _ in rows], np.int64))

    def end(self, code: str) -> None:
        """Have a collection take nothing from now on."""
        yesterday = self._today() - timedelta(days=1)
        with self._file.transaction(writing=True) as database:
            database.execute(
                "UPDATE collections SET ends = :ends WHERE code = :code AND ends > :ends",
                {"ends": yesterday.isoformat(), "code": code},
            )

    def delete_pupil(self, code: str, number: int) -> None:
        """Delete a pupil and all that they wrote."""
        with self._file.transaction(writing=True) as database:
            _delete(database, "pupils", "code = ? AND number = ?", (code, number))
        self._file.forget()

    def delete(self, code: str) -> None:
        """Delete a collection, its pupils and all that they wrote."""
        with self._file.transaction(writing=True) as database:
            _delete(database, "collections", "code = ?", (code,))
        self._file.forget()

    def purge(self) -> tuple[str, ...]:
        """Delete the collections whose day has come; return their codes."""
        if not self.path.exists():
            return ()
        last = (self._today() - timedelta(days=KEPT_DAYS)).isoformat()
        with self._file.transaction(writing=True) as database:
            rows = database.execute("SELECT code FROM collections WHERE ends <= ?", (last,))
            codes = tuple(code for (code,) in rows.fetchall())
            _delete(database, "collections", "ends <= ?", (last,))
        if codes:
            self._file.forget()
        return codes

    def _collections(self, which: str, values: tuple[str, ...]) -> tuple[Collection, ...]:
        if not self.path.exists():  # reading makes no file
            return ()
        with self._file.transaction() as database:
            return self._file.read(database, which, values)


def _delete(database: sqlite3.Connection, table: str, which: str, values: tuple) -> None:
    database.execute(f"DELETE FROM {table} WHERE {which}", values)
