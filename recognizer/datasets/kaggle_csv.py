"""Tables of digits as text, read row by row in constant memory: Kaggle's form and its dialects.

Kaggle's row is `label,pixel0,...,pixel783` (train.csv) or `pixel0,...,pixel783` (test.csv),
integers, row-major, already in MNIST's form.
"""

import re
from collections.abc import Iterator
from typing import IO

import numpy as np

from recognizer.datasets.formats.dialect import Cells, Dialect
from recognizer.datasets.formats.text import MAX_LINE as MAX_LINE
from recognizer.datasets.formats.text import Lines, recognize
from recognizer.errors import DataError, RowError
from recognizer.records import LABELS, PIXELS, WHITE

PIXEL_NAMES = tuple(f"pixel{i}" for i in range(PIXELS))
TRAIN_HEADER = ("label", *PIXEL_NAMES)
ROWS = 4096  # a piece: 3 MB of pixels from at most 19 MB of text
MAX_BLANK = 1000  # blank lines in a row: a small packed file could hold any number
_PIECE_BYTES = 32 * 1024 * 1024  # a piece of absurdly padded cells ends here


class TextTable:
    """A table as text: its dialect, and its rows as they are written.

    Args:
        head: the first bytes of the file.
        file: at its start.
        rows: the most of a piece.

    Raises:
        DataError: it is no table of digits.
    """

    def __init__(self, head: bytes, file: IO[bytes], rows: int = ROWS) -> None:
        self.dialect, self._lines = recognize(head, file)
        self._rows = rows

    def __iter__(self) -> Iterator[Cells]:
        """Yield pieces of what follows the header; nothing when no row does."""
        return parse(self._lines, self.dialect, self._rows)


def parse(lines: Lines, dialect: Dialect, rows: int = ROWS) -> Iterator[Cells]:
    """Yield pieces of the rows of a text; nothing when it has none.

    Args:
        lines: of UTF-8, without the header.
        dialect: how they are written.
        rows: the most of a piece.

    Raises:
        RowError: a row is not as the others.
    """
    done, checked = 0, _checked(lines, dialect)
    parser = _Parser(dialect)
    while texts := _take(checked, rows):
        try:
            yield parser.cells(texts)
        except RowError as error:
            raise error.moved(done) from None
        done += len(texts)


def _checked(lines: Lines, dialect: Dialect) -> Iterator[str]:
    """Yield the rows that have the table's columns."""
    row = blank = cleared = 0
    columns, delimiter = dialect.columns, dialect.delimiter.encode()
    empty = delimiter + b' \t\r\n"'
    while line := lines.readline(MAX_LINE):
        if not line.strip(empty):
            blank += 1
            if blank > MAX_BLANK:
                raise RowError(row + 1, f" comes after {MAX_BLANK:,} blank lines: remove them.")
            if line.strip() and not cleared:  # as where Excel's last row was cleared
                cleared = row + 1
            continue
        row, blank = row + 1, 0
        if cleared:
            raise RowError(cleared, " has only empty cells: remove it or fill it in.")
        if len(line) == MAX_LINE:
            raise RowError(row, f" is longer than {MAX_LINE:,} bytes: export the table again.")
        found = len(line.split()) if delimiter == b" " else line.count(delimiter) + 1
        if found != columns:
            like = "in the header" if dialect.header else "in the first"
            count = f"{found} column{'' if found == 1 else 's'}"
            raise RowError(row, f" has {count}: expected {columns}, as {like}.")
        if line.count(b'"') % 2:
            raise RowError(row, " has a quotation mark without its pair: remove it.")
        yield line.decode("utf-8", "replace")


def _take(texts: Iterator[str], rows: int) -> list[str]:
    """Return the next rows, as many as a piece holds."""
    taken, size = [], 0
    for text in texts:
        taken.append(text)
        size += len(text)
        if len(taken) == rows or size >= _PIECE_BYTES:
            break
    return taken


class _Parser:
    """Parses cells by NumPy, as bytes while they are whole numbers, else as floats."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect, self._kind = dialect, np.uint8
        wanted = (() if dialect.label is None else (dialect.label,)) + dialect.pixels
        self._columns = None if wanted == tuple(range(dialect.columns)) else wanted

    def cells(self, texts: list[str]) -> Cells:
        """Return the cells of rows.

        Raises:
            RowError: one is no number; the row is counted from these.
        """
        if self._dialect.decimal != ".":
            texts = [text.replace(self._dialect.decimal, ".") for text in texts]
        try:
            values = self._values(texts)
        except ValueError:
            self._kind = np.float32
            try:
                with np.errstate(over="ignore"):
                    values = self._values(texts)
            except ValueError as error:
                raise self._bad_cell(str(error)) from error
        labelled = self._dialect.label is not None
        labels = values[:, 0].copy() if labelled else None
        return Cells(values[:, labelled:], labels, lambda row, n: self._text(texts[row], n))

    def _values(self, texts: list[str]) -> np.ndarray:
        """Return (n, columns wanted); NumPy checks each cell and names a bad one."""
        dialect = self._dialect
        return np.loadtxt(
            texts,
            dtype=self._kind,
            delimiter=None if dialect.delimiter == " " else dialect.delimiter,
            comments=None,
            quotechar='"',
            usecols=self._columns,
            ndmin=2,
        )

    def _text(self, row: str, pixel: int) -> str:
        """Return a cell as it stands in its row."""
        dialect = self._dialect
        column = dialect.label if pixel < 0 else dialect.pixels[pixel]
        cells = row.split() if dialect.delimiter == " " else row.split(dialect.delimiter)
        return cells[column].strip().strip('"')

    def _bad_cell(self, numpys: str) -> DataError:
        """Turn NumPy's message into ours. Rows count from 1 below the header, columns from 1."""
        cell = re.search(r"string (.+) to \w+ at row (\d+), column (\d+)", numpys, re.DOTALL)
        if not cell:
            return DataError(
                f"The rows cannot be read ({numpys[:200]}): expected {self._dialect.columns} "
                "numbers in each."
            )
        row, column = int(cell[2]) + 1, int(cell[3])  # its rows are from 0
        return bad_cell(row, column, cell[1][1:-1], is_label=column - 1 == self._dialect.label)


def bad_cell(row: int, column: int, value: str, *, is_label: bool, expected: str = "") -> RowError:
    """Return that a cell is no label or pixel.

    Args:
        row: from 1.
        column: from 1.
        value: as it is written.
        is_label: whether it should be one.
        expected: of a pixel; by default an integer from 0 to 255.
    """
    usual = f"an integer from 0 to {LABELS[-1] if is_label else WHITE}"
    shown = "".join(c if c.isprintable() else "?" for c in value[:20])
    received = f"holds '{shown}'" if shown else "is empty"
    return RowError(row, f", column {column} {received}: expected {expected or usual}.")
