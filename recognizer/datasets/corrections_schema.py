"""The table of the corrections' file, and how an older file is brought up to date."""

import sqlite3

from recognizer.system import sqlite

BUSY_SECONDS = 5.0  # how long a write waits for another process's
# 0 had no owner, 2 no hand, 3 no label for what is no digit; in 1 readers and writers waited for
# each other
VERSION = 4
MINE = "mine"  # the hand of drawings that nobody named
_TABLE = """
CREATE TABLE corrections (
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    hand TEXT NOT NULL,
    time TEXT NOT NULL,
    label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 10),
    read_as INTEGER NOT NULL,
    confidence REAL NOT NULL,
    model TEXT NOT NULL,
    strokes TEXT NOT NULL,
    image BLOB NOT NULL CHECK (length(image) = 784),
    PRIMARY KEY (id, owner, hand)
)
"""
COLUMNS = "id, owner, hand, time, label, read_as, confidence, model, strokes, image"
_KEPT = "time, label, read_as, confidence, model, strokes, image"
_UPGRADE = (  # {owner} and {hand} are the column where the older file has one, else a text
    "ALTER TABLE corrections RENAME TO before",
    _TABLE,
    f"INSERT INTO corrections ({COLUMNS}) SELECT id, {{owner}}, {{hand}}, {_KEPT} FROM before",
    "DROP TABLE before",
)


def prepare(database: sqlite3.Connection) -> None:
    """Make the table in a new file, or bring an older one up to date; once, whoever comes."""
    if version(database) == VERSION:
        return
    sqlite.enable_wal(database, BUSY_SECONDS)
    database.execute("BEGIN IMMEDIATE")
    if (before := version(database)) < VERSION:  # nobody else has, meanwhile
        there = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        for statement in _UPGRADE if there else (_TABLE,):
            owner, hand = "owner" if before else "''", "hand" if before >= 3 else f"'{MINE}'"
            database.execute(statement.format(owner=owner, hand=hand))
    database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("COMMIT")


def version(database: sqlite3.Connection) -> int:
    """Return the version of the file; 0 in a new one too."""
    return database.execute("PRAGMA user_version").fetchone()[0]
