"""Who drew what the networks learn from, and which part of the people each drawing is of.

The people are divided in three: the first part trains, on the second choices are made, the third is
only reported on. Nobody is in two parts of a file.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recognizer.errors import DataError
from recognizer.imaging import strokes
from recognizer.imaging.strokes import Drawing
from recognizer.inference import Recognizer
from recognizer.numbers import read_numbers

PEN = "strokes-train.jsonl.gz"
MORE = "strokes-more.jsonl.gz"
LETTERS = "letters-train.jsonl.gz"
NUMBERS = "numbers-train.jsonl.gz"
NUMBER_SHARES = (0.4, 0.6)  # of the numbers' writers: few, so that more of them are reported on


@dataclass(frozen=True)
class Pen:
    """Drawings by one part of the writers."""

    digits: Sequence[Drawing]
    letters: Sequence[Drawing]


def check(data: Path, names: Iterable[str]) -> None:
    """Make sure that a recipe's files are there.

    Raises:
        DataError: one is missing.
    """
    for name in names:
        if not (data / name).is_file():
            raise DataError(
                f"{data} has no {name}, which the recipe needs: the README says where to get it."
            )


def pen(data: Path) -> list[Pen]:
    """Return the drawings of digits and letters by the three parts of their writers."""
    digits = strokes.split_writers(strokes.read_drawings(data / PEN))
    letters = strokes.split_writers(strokes.read_drawings(data / LETTERS))
    return [Pen(*part) for part in zip(digits, letters, strict=True)]


def more(data: Path) -> tuple[list[Drawing], ...]:
    """Return the drawings by the people who drew five digits each, in three parts.

    Who wrote numbers that choose or are reported on is left out of the first part.
    """
    first, *others = strokes.split_writers(strokes.read_drawings(data / MORE))
    known = {number.writer for part in numbers(data)[1:] for number in part}
    return [one for one in first if one.writer not in known], *others


def numbers(data: Path) -> tuple[list[Drawing], ...]:
    """Return the numbers by the three parts of their writers."""
    found = strokes.read_drawings(data / NUMBERS, numbers=True)
    return strokes.split_writers(found, shares=NUMBER_SHARES)


def choosing(data: Path, recognizer: Recognizer) -> dict[str, list[Drawing]]:
    """Return the drawings of digits by the second part of each file's writers.

    Those of `PEN` hang on one person, who drew 45 % of them.

    Args:
        data: folder with the recipe's files.
        recognizer: as for `cut_digits`.
    """
    cut = cut_digits(numbers(data)[1], recognizer)
    return {"pen": list(pen(data)[1].digits), "more": more(data)[1], "cut": cut}


def cut_digits(found: Sequence[Drawing], recognizer: Recognizer) -> list[Drawing]:
    """Return the digits of numbers, each a drawing of its own.

    A number is divided as its label asks. Left out are digits that share a stroke with another
    one, and numbers that were written in two lines.

    Args:
        found: drawings of numbers.
        recognizer: reads what may be a digit of them.
    """
    digits = []
    for number in found:
        page = read_numbers(recognizer, None, number.strokes, pattern=number.label)
        if page.text != number.label:
            continue
        uses = Counter(stroke for digit in page.digits for stroke in digit.strokes)
        digits += [
            replace(
                number,
                label=str(digit.reading),
                strokes=strokes.scaled([number.strokes[i] for i in digit.strokes]),
            )
            for digit in page.digits
            if all(uses[i] == 1 for i in digit.strokes)
        ]
    return digits
