"""Where everything is on a printed sheet: its paper, corner marks, and rows and columns of cells.

Lengths are in millimetres from the paper's top left corner. Every corner mark tells which corner it
is and a part of the layout, so that any three of the four tell all of it.
"""

from dataclasses import dataclass

from recognizer.errors import SettingError

PAPERS = {"A4": (210.0, 297.0), "Letter": (215.9, 279.4)}  # width and height
KINDS = ("digit", "number")  # what a cell is for
MOST_ROWS, MOST_COLUMNS = 30, 15
MARK = 14.0  # side of a corner mark
CORNERS = ("top left", "top right", "bottom right", "bottom left")
CODES = 4 * 250  # of the marks: 250 for each corner

_EDGE = 10.0  # from the paper's edges to the marks: printers leave 6 mm blank
_LEFT = 18.0  # of the cells: row numbers stand before them
_TOP, _BOTTOM = 33.0, 30.0  # above the cells: title and letters; below: marks and what to do
_GAP = 1.5  # between two cells
_TALLEST, _WIDEST = 20.0, {"digit": 20.0, "number": 62.0}  # of a cell
_MOST_TITLE = 60  # characters

Box = tuple[float, float, float, float]  # x, y, width, height


@dataclass(frozen=True)
class Layout:
    """The layout of a sheet.

    Attributes:
        rows, columns: of cells, from 1 to 30 and from 1 to 15.
        kind: "digit" where each cell is for one digit, "number" for a number of any length.
        paper: "A4" or "Letter".

    Raises:
        SettingError: one of them is not as above.
    """

    rows: int = 12
    columns: int = 6
    kind: str = "digit"
    paper: str = "A4"

    def __post_init__(self) -> None:
        for name, most in (("rows", MOST_ROWS), ("columns", MOST_COLUMNS)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
                raise SettingError(
                    f"The sheet's {name} are {str(value)[:20]}: expected a number from 1 to {most}."
                )
        if self.kind not in KINDS:
            raise SettingError(f"A cell's kind is {self.kind!r}: expected {' or '.join(KINDS)}.")
        if self.paper not in PAPERS:
            raise SettingError(f"The paper is {self.paper!r}: expected {' or '.join(PAPERS)}.")

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the paper."""
        return PAPERS[self.paper]

    def mark(self, corner: int) -> Box:
        """Return the box of a corner's mark; corners are counted as in `CORNERS`."""
        width, height = self.size
        x = _EDGE if corner in (0, 3) else width - _EDGE - MARK
        y = _EDGE if corner in (0, 1) else height - _EDGE - MARK
        return x, y, MARK, MARK

    def cell(self, row: int, column: int) -> Box:
        """Return the box of a cell, counted from 0."""
        width, height = self._cell_size()
        room = self.size[0] - _LEFT - _EDGE
        left = _LEFT + (room - self.columns * (width + _GAP) + _GAP) / 2
        return left + column * (width + _GAP), _TOP + row * (height + _GAP), width, height

    def _cell_size(self) -> tuple[float, float]:
        width, height = self.size
        wide = (width - _LEFT - _EDGE - (self.columns - 1) * _GAP) / self.columns
        tall = (height - _TOP - _BOTTOM - (self.rows - 1) * _GAP) / self.rows
        return min(wide, _WIDEST[self.kind]), min(tall, _TALLEST)

    def code(self, corner: int) -> int:
        """Return the number that a corner's mark holds, less than `CODES`."""
        paper, kind = list(PAPERS).index(self.paper), KINDS.index(self.kind)
        if corner in (0, 2):
            return 250 * corner + self.rows - 1 + 40 * (paper + 2 * kind)
        check = (7 * self.rows + 3 * paper + 5 * kind) % 12
        return 250 * corner + self.columns - 1 + 20 * check


def layout_of(codes: dict[int, int]) -> Layout | None:
    """Return the layout that marks tell.

    Args:
        codes: what the mark of each corner holds, of three corners at least.

    Returns:
        None where they contradict each other, as marks of different sheets do.
    """
    values = {corner: code % 250 for corner, code in codes.items()}
    first = next(values[corner] for corner in (0, 2) if corner in values)
    second = next(values[corner] for corner in (1, 3) if corner in values)
    rows, high = first % 40 + 1, first // 40
    try:
        found = Layout(rows, second % 20 + 1, KINDS[min(high // 2, 1)], list(PAPERS)[high % 2])
    except SettingError:
        return None
    return found if all(found.code(corner) == code for corner, code in codes.items()) else None


def checked_title(title: str) -> str:
    """Return a title with its spaces put right.

    Raises:
        SettingError: it is longer than a sheet is wide.
    """
    plain = " ".join("".join(c if c.isprintable() else " " for c in title).split())
    if len(plain) > _MOST_TITLE:
        raise SettingError(
            f"The title has {len(plain)} characters; expected at most {_MOST_TITLE}: shorten it."
        )
    return plain


def column_name(column: int) -> str:
    """Return a column's letter, A for 0."""
    return chr(ord("A") + column)


def cell_name(row: int, column: int) -> str:
    """Return a cell's name as spreadsheets have it, B3 for row 2 and column 1."""
    return f"{column_name(column)}{row + 1}"
