"""The tables of the classes' file."""

import sqlite3

from recognizer.system import sqlite

FILE = "classes.db"
VERSION = 1
BUSY_SECONDS = 5.0  # how long a write waits for another process's
COLUMNS = "code, title, times, ends, created"
DRAWN = "id, time, label, read_as, confidence, model, strokes, image"
_TABLES = (
    """
    CREATE TABLE collections (
        code TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        times INTEGER NOT NULL,
        ends TEXT NOT NULL,
        created TEXT NOT NULL
    )
    """,
    """
    CREATE TABLE pupils (
        code TEXT NOT NULL REFERENCES collections ON DELETE CASCADE,
        number INTEGER NOT NULL,
        name TEXT NOT NULL COLLATE NOCASE,
        key TEXT NOT NULL,
        agreed TEXT NOT NULL,
        PRIMARY KEY (code, number),
        UNIQUE (code, name)
    )
    """,
    """
    CREATE TABLE drawings (
        code TEXT NOT NULL,
        pupil INTEGER NOT NULL,
        id TEXT NOT NULL,
        time TEXT NOT NULL,
        label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 9),
        read_as INTEGER NOT NULL,
        confidence REAL NOT NULL,
        model TEXT NOT NULL,
        strokes TEXT NOT NULL,
        image BLOB NOT NULL CHECK (length(image) = 784),
        PRIMARY KEY (code, pupil, id),
        FOREIGN KEY (code, pupil) REFERENCES pupils ON DELETE CASCADE
    )
    """,
)


def prepare(database: sqlite3.Connection) -> None:
    """Make the tables in a new file; once, whoever comes."""
    database.execute("PRAGMA foreign_keys = ON")
    if version(database) == VERSION:
        return
    sqlite.enable_wal(database, BUSY_SECONDS)
    database.execute("BEGIN IMMEDIATE")
    if version(database) < VERSION:  # nobody else has, meanwhile
        for statement in _TABLES:
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("COMMIT")


def version(database: sqlite3.Connection) -> int:
    """Return the version of the file; 0 in a new one too."""
    return database.execute("PRAGMA user_version").fetchone()[0]
