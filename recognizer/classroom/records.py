"""What is kept of a class: the collection, its pupils by the name they chose, their drawings."""

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from recognizer.errors import SettingError
from recognizer.records import LABELS, Digits

LONGEST_TITLE, LONGEST_NAME = 60, 30  # characters
MOST_TIMES = 10  # drawings of each digit
MOST_DAYS = 366  # that a collection may be open
KEPT_DAYS = 30  # after its end
CODE_LENGTH = 6
ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without I, L, O, 0 and 1


@dataclass(frozen=True)
class Collection:
    """A class's collection of drawings.

    Attributes:
        code: what pupils join by, six of `ALPHABET`.
        title: for people, such as "class 5b".
        times: drawings of each digit that are asked for.
        ends: the last day on which it takes drawings, by the server's clock.
        created: day and time in UTC, ISO 8601.
    """

    code: str
    title: str
    times: int
    ends: date
    created: str

    @property
    def wanted(self) -> int:
        """How many drawings are asked of each pupil."""
        return self.times * len(LABELS)

    @property
    def deleted(self) -> date:
        """The day from which nothing of it is kept any more."""
        return self.ends + timedelta(days=KEPT_DAYS)

    def is_open(self, today: date) -> bool:
        """Whether it takes drawings."""
        return today <= self.ends


@dataclass(frozen=True)
class Pupil:
    """Who writes, and how much is kept of them.

    Attributes:
        number: in the collection, from 1.
        name: which they chose.
        digits: drawings of each digit, 0 to 9.
    """

    number: int
    name: str
    digits: tuple[int, ...] = (0,) * len(LABELS)

    @property
    def drawings(self) -> int:
        """How many there are."""
        return sum(self.digits)

    def is_done(self, collection: Collection) -> bool:
        """Whether they wrote each digit as often as was asked for."""
        return min(self.digits) >= collection.times


@dataclass(frozen=True, eq=False)
class Drawings:
    """Drawings of a class, the oldest first.

    Attributes:
        digits: images and labels, n of them.
        pupils: (n,) int, the number of who drew each.
    """

    digits: Digits
    pupils: np.ndarray


def today() -> date:
    """Return the day by the clock and in the time zone of this machine."""
    return datetime.now(UTC).astimezone().date()


def new_code() -> str:
    """Return a code that nobody guesses in a lesson: one of 900 million."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def read_code(typed: str) -> str:
    """Return a code as it is kept, of what somebody typed: small letters and blanks do no harm."""
    return "".join(typed.split()).upper()[:CODE_LENGTH]


def check_text(text: str, longest: int, what: str, example: str) -> str:
    """Return a title or a name without the blanks around it.

    Raises:
        SettingError: it is empty, too long, or holds what cannot be printed.
    """
    found = text.strip()
    if not found or len(found) > longest or not found.isprintable():
        raise SettingError(
            f"{text[:longest]!r} cannot be {what}: expected 1 to {longest} printable characters, "
            f'such as "{example}".'
        )
    return found
