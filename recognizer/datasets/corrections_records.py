"""What is kept of a drawing whose reading a person corrected, and of a person's handwriting."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from recognizer.errors import SettingError
from recognizer.records import IMAGE_SIZE

LONGEST_NAME = 40  # characters of a hand's
KEPT_COLUMNS = "owner, hand, id, label, read_as, confidence, model, time, image"


@dataclass(frozen=True, eq=False)
class Correction:
    """One drawing with its right label.

    Attributes:
        id: of the drawing.
        time: when, UTC, ISO 8601.
        label: what the person says it is, 0 to 9; `NOT_A_DIGIT` where it is none.
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


@dataclass(frozen=True)
class Hand:
    """How much of one person's handwriting is kept.

    Attributes:
        name: given by a person; `MINE` where nobody named it.
        drawings: how many are kept.
        digits: how many of each digit, 0 to 9.
        last: when the latest was kept, UTC, ISO 8601.
    """

    name: str
    drawings: int
    digits: tuple[int, ...]
    last: str


@dataclass(frozen=True, eq=False)
class Kept:
    """One kept drawing, to be looked at and deleted.

    Attributes:
        owner: whose it is; empty for the one who runs the app.
        hand: whose handwriting.
        id: of the drawing.
        label: 0 to 9, or `NOT_A_DIGIT`.
        read_as: what the model read.
        confidence: of that reading.
        model: name of the model that read it.
        time: when it was kept, UTC, ISO 8601.
        image: array of shape (28, 28), uint8.
    """

    owner: str
    hand: str
    id: str
    label: int
    read_as: int
    confidence: float
    model: str
    time: str
    image: np.ndarray

    @classmethod
    def of(cls, *row: object) -> Self:
        """Build it from a row of KEPT_COLUMNS."""
        image = np.frombuffer(row[-1], np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE)
        return cls(*row[:-1], image)


def check_name(hand: str) -> str:
    """Return the name of a hand.

    Raises:
        SettingError: it is empty, too long, or holds what cannot be printed.
    """
    name = hand.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise SettingError(
            f"{hand[:LONGEST_NAME]!r} cannot be the name of a hand: expected 1 to {LONGEST_NAME} "
            'printable characters, such as "Ada" or "class 5b".'
        )
    return name
