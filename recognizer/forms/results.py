"""What reading a form returns: rows and columns of cells, as they are on the paper."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from recognizer.forms.layout import cell_name
from recognizer.numbers import harmless

SURE = 0.9  # confidence below which a cell is doubtful


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell of a form.

    Attributes:
        row, column: counted from 0.
        text: what it holds, such as "7" or "12.5"; "" where it is empty.
        confidence: of its least certain digit, 0 to 1; 1 where it is empty.
        is_digit: whether all that is in it looks like digits.
        corners: array of shape (4, 2): its corners in the picture's pixels, from the top left
            clockwise.
        box: x, y, width and height in the straightened form's pixels.
        image: array of shape (h, w, 3), uint8: the cell, straightened.
    """

    row: int
    column: int
    text: str
    confidence: float
    is_digit: bool
    corners: np.ndarray
    box: tuple[float, float, float, float]
    image: np.ndarray

    @property
    def name(self) -> str:
        """As spreadsheets have it, such as B3."""
        return cell_name(self.row, self.column)

    @property
    def doubtful(self) -> bool:
        """Whether someone should look at it."""
        return not self.is_digit or self.confidence < SURE


@dataclass(frozen=True, eq=False)
class Form:
    """A form that was read.

    Attributes:
        cells: from left to right and top to bottom.
        rows, columns: how many there are.
        printed: whether it is a sheet that this app printed, by its corner marks.
        straightened: array of shape (H, W, 3), uint8: the sheet as if photographed from above.
        warning: a sentence about it as a whole; "" where there is nothing to say.
    """

    cells: tuple[Cell, ...]
    rows: int
    columns: int
    printed: bool
    straightened: np.ndarray = field(repr=False)
    warning: str = ""

    @property
    def table(self) -> list[list[str]]:
        """The cells' texts, a list a row; "" where a cell is empty."""
        texts = [cell.text for cell in self.cells]
        return [texts[i : i + self.columns] for i in range(0, len(texts), self.columns)]

    @property
    def doubtful(self) -> list[Cell]:
        """The cells to look at, the least certain first."""
        return sorted((c for c in self.cells if c.doubtful), key=lambda cell: cell.confidence)


def table_csv(table: Sequence[Sequence[str]]) -> str:
    """Return rows of cells as CSV that no spreadsheet takes for formulas."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows([[harmless(cell) for cell in row] for row in table])
    return file.getvalue()
