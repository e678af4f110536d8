"""What reading several digits returns: a page of lines of characters, each with its box.

page.lines[0].text                # "679-1238"
page.lines[0].digits[0].reading   # 6
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

SEPARATORS = "-/.,:"

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what begins one for a spreadsheet
COLUMNS = ("file", "line", "text", "confidence", "is_digit", "error")  # of a table of numbers

LIKELY = 0.5  # confidence below which a digit is doubtful
CERTAIN = 0.9  # probability from which a drawing is clearly several digits

Box = tuple[int, int, int, int]  # x, y, width, height, in pixels of the picture


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit of a line.

    Attributes:
        reading: 0 to 9.
        confidence: probability that this ink is one digit and that it is this one.
        is_digit: whether it looks like a digit at all.
        box: x, y, width and height of its ink, in pixels of the picture.
        probabilities: of the ten digits, as the network gave them for this ink; of a drawing
            together with what its path says.
        image: array of shape (28, 28), uint8: what the network saw.
        strokes: which strokes it holds, by their number; empty for a picture.
    """

    reading: int
    confidence: float
    is_digit: bool
    box: Box
    probabilities: tuple[float, ...]
    image: np.ndarray
    strokes: tuple[int, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether it looks like a digit and is more likely right than wrong."""
        return self.is_digit and self.confidence >= LIKELY


@dataclass(frozen=True)
class Separator:
    """A mark between digits: one of - / . , and :.

    Attributes:
        text: the mark.
        confidence: probability that this ink is this mark.
        box: x, y, width and height of its ink, in pixels of the picture.
    """

    text: str
    confidence: float
    box: Box


@dataclass(frozen=True)
class Line:
    """One line of writing, from left to right.

    Attributes:
        characters: its digits and separators; never empty.
        several: probability that it is more than one character.
    """

    characters: tuple[Digit | Separator, ...]
    several: float

    @property
    def text(self) -> str:
        """The line as text, such as "679-1238"."""
        return "".join(
            one.text if isinstance(one, Separator) else str(one.reading) for one in self.characters
        )

    @property
    def digits(self) -> tuple[Digit, ...]:
        """The digits alone."""
        return tuple(one for one in self.characters if isinstance(one, Digit))

    @property
    def confidence(self) -> float:
        """The lowest confidence of its digits; of its characters where it has no digit."""
        return min(one.confidence for one in self.digits or self.characters)

    @property
    def box(self) -> Box:
        """The box around all of it."""
        return around(one.box for one in self.characters)


@dataclass(frozen=True)
class Page:
    """All lines of a picture, from top to bottom.

    Attributes:
        lines: empty where no ink was found.
        warning: a sentence about the picture as a whole, such as that it may be upside down;
            empty where there is nothing to say.
        is_upside_down: whether it seems to be; the warning says so.
    """

    lines: tuple[Line, ...]
    warning: str = ""
    is_upside_down: bool = False

    @property
    def text(self) -> str:
        """The lines' texts, one below the other."""
        return "\n".join(line.text for line in self.lines)

    @property
    def digits(self) -> tuple[Digit, ...]:
        """The digits of all lines."""
        return tuple(digit for line in self.lines for digit in line.digits)

    @property
    def confidence(self) -> float | None:
        """The lowest confidence of its lines; None without any."""
        return min((line.confidence for line in self.lines), default=None)


def holds_several(page: Page) -> bool:
    """Whether a page clearly holds several digits, rather than one in several strokes."""
    if len(page.digits) < 2 or not all(digit.is_digit for digit in page.digits):
        return False
    if len(page.lines) > 1:  # one digit in two strokes may look like two lines of one digit
        return len(page.digits) > 2
    return page.lines[0].several >= CERTAIN


def table_rows(file: str, page: Page) -> list[tuple[str, ...]]:
    """Return a row of `COLUMNS` for each line of a picture; one that says so where it is blank."""
    rows = [
        (file, str(number), line.text, f"{line.confidence:.4f}", _sure(line), page.warning)
        for number, line in enumerate(page.lines, 1)
    ]
    return rows or [(file, "", "", "", "", "blank")]


def harmless(cell: str) -> str:
    """Return a cell of a table that no spreadsheet takes for a formula, whatever a file's name is.

    It begins with an apostrophe then: https://owasp.org/www-community/attacks/CSV_Injection
    """
    if not cell.startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def _sure(line: Line) -> str:
    return str(all(digit.is_digit for digit in line.digits)).lower()


def around(boxes: Iterable[Box]) -> Box:
    """Return the smallest box that holds some boxes."""
    x, y, width, height = np.array(list(boxes)).T
    left, top = int(x.min()), int(y.min())
    return left, top, int((x + width).max()) - left, int((y + height).max()) - top
