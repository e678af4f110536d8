"""A class's drawings as tables to train on: some pupils are left out, to measure on."""

from dataclasses import dataclass

import numpy as np

from recognizer.classroom.records import Collection, Drawings
from recognizer.classroom.store import Classroom
from recognizer.datasets import library
from recognizer.errors import DataError

LEFT_OUT = 5  # one pupil in so many
LICENCE = "the class's own"


@dataclass(frozen=True)
class ClassTables:
    """Tables in the library.

    Attributes:
        learned: id of the table to learn from.
        left_out: id of the table of the pupils who only measure.
    """

    learned: str
    left_out: str


def left_out(writers: int) -> int:
    """Return how many of so many pupils are left out of the training."""
    return max(1, round(writers / LEFT_OUT))


def add(collection: Collection, drawings: Drawings, seed: int = 1) -> ClassTables:
    """Keep a class's drawings in the library, divided by pupil.

    Args:
        collection: of the class.
        drawings: all of it.
        seed: decides who is left out.

    Raises:
        DataError: fewer than two pupils have written.
        StorageError: they cannot be written.
    """
    writers = np.unique(drawings.pupils)
    if len(writers) < 2:
        raise DataError(
            f"{len(writers)} of {collection.title} has written: at least two pupils are needed, as "
            "one of them is left out to measure on."
        )
    count = left_out(len(writers))
    others = np.random.default_rng(seed).permutation(writers)[:count]
    out = np.isin(drawings.pupils, others)
    origin, digits = origin_of(collection.code), drawings.digits
    learned = library.add(
        digits.take(np.flatnonzero(~out)), collection.title, LICENCE, extra=True, derived=origin
    )
    measured = library.add(
        digits.take(np.flatnonzero(out)),
        f"drawings of {count} pupil{'s' * (count > 1)} left out of the training",
        LICENCE,
        set_aside=True,
        derived=origin,
    )
    return ClassTables(learned.id, measured.id)


def purge(classroom: Classroom) -> None:
    """Delete the classes whose day has come, with all that was made of them.

    Raises:
        StorageError: they cannot be deleted.
    """
    for code in classroom.purge():
        library.forget(origin_of(code))


def origin_of(code: str) -> str:
    """Return by what name the library knows what was made of a class: see `library.forget`."""
    return f"class {code}"
