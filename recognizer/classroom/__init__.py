"""A class writes digits: collections that pupils join by a code, kept until they are deleted.

classroom = Classroom()                                   # RECOGNIZER_HOME/classes.db
collection = classroom.open("class 5b", times=1, ends=date(2026, 12, 11))
pupil, key = classroom.join(collection.code, "Ada")
"""

import functools
from contextlib import suppress
from datetime import date

from recognizer.classroom import tables
from recognizer.classroom.records import Collection, Drawings, Pupil, today
from recognizer.classroom.store import Classroom
from recognizer.errors import RecognizerError

__all__ = ["Classroom", "Collection", "Drawings", "Pupil", "purge_daily"]


def purge_daily() -> None:
    """Delete the classes whose day has come; looks once a day, so it can be called often."""
    _purge(today())


@functools.lru_cache(maxsize=1)
def _purge(day: date) -> None:
    with suppress(RecognizerError):  # the page of the classes says what is wrong
        tables.purge(Classroom())
