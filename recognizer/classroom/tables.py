"""A class's drawings as tables to train on: some pupils are left out, to measure on."""

from dataclasses import dataclass

import numpy as np

from recognizer.classroom.records import Collection, Drawings
from recognizer.classroom.store import Classroom
from recognizer.datasets import library
from recognizer.errors import DataError

LEFT_OUT = 5  # one pupil in so many
FEWEST = 10  # drawings to learn from
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
        DataError: fewer than two pupils have written, or too little.
        StorageError: they cannot be written.
    """
    out = _left_out(collection, drawings, seed)
    count = len(np.unique(drawings.pupils[out]))
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


def _left_out(collection: Collection, drawings: Drawings, seed: int) -> np.ndarray:
    """Return which drawings are by pupils who only measure, (n,) bool.

    They are drawn by lot, of those who wrote no less than most: who wrote little measures little.
    """
    writers, wrote = np.unique(drawings.pupils, return_counts=True)
    if len(writers) < 2:
        raise DataError(
            f"{'Only one pupil' if len(writers) else 'Nobody'} of {collection.title} has written: "
            "at least two are needed, as one of them is left out to measure on."
        )
    much = writers[wrote >= np.median(wrote)]
    chosen = np.random.default_rng(seed).permutation(much)[: left_out(len(writers))]
    out = np.isin(drawings.pupils, chosen)
    if (learned := int((~out).sum())) < FEWEST:
        raise DataError(
            f"{collection.title} has {learned} drawing{'s' * (learned > 1)} to learn from without "
            f"those of the pupils who are left out: at least {FEWEST} are needed."
        )
    return out


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
