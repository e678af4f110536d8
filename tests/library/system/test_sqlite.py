"""What one is told of a database that cannot be used: what is wrong with it, and what helps."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from helpers.factories import correction, one_line

from recognizer.datasets import corrections
from recognizer.datasets.corrections import Corrections
from recognizer.errors import StorageError
from recognizer.jobs import database


def insert() -> None:
    with database.opened(writing=True) as opened:
        opened.execute("DELETE FROM jobs")


STORES = {
    "jobs.db": (insert, database.everything),
    "corrections.db": (lambda: Corrections().keep(correction(3)), lambda: Corrections().count()),
}


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another program holds a database."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        yield


def told(do: Callable[[], object]) -> str:
    with pytest.raises(StorageError) as caught:
        do()
    return one_line(caught.value)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr(corrections, "BUSY_SECONDS", 0.05)


@pytest.mark.parametrize("name", STORES)
def test_of_one_that_is_held_nobody_is_told_to_make_room(home, name):
    write, read = STORES[name]
    write()
    with held(home / name):
        for do in (write, read):
            said = told(do)
            assert "another program holds it" in said
            assert "make room" not in said
    write()


@pytest.mark.parametrize("name", STORES)
def test_of_one_that_is_damaged_it_is_told(home, name):
    home.mkdir()
    (home / name).write_bytes(b"garbage " * 1_000)
    for do in STORES[name]:
        said = told(do)
        assert "it is damaged: move it away" in said
        assert "make room" not in said
