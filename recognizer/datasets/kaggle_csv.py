"""Kaggle's tables of digits as they stream: checked and parsed piece by piece, in constant memory.

A row is `label,pixel0,...,pixel783` (train.csv) or `pixel0,...,pixel783` (test.csv), integers,
row-major, already in MNIST's form.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO

import numpy as np

from recognizer.datasets import compression
from recognizer.errors import DataError, RowError
from recognizer.records import IMAGE_SIZE, LABELS, PIXELS, WHITE, Digits

PIXEL_NAMES = tuple(f"pixel{i}" for i in range(PIXELS))
TRAIN_HEADER = ("label", *PIXEL_NAMES)
UTF8_BOM = b"\xef\xbb\xbf"
MAX_LINE = 64 * 1024  # bytes; the true header has 7,765
ROWS = 4096  # a piece: 3 MB of pixels from at most 19 MB of text
MAX_BLANK = 1000  # blank lines in a row: a small packed file could hold any number
_PIECE_BYTES = 32 * 1024 * 1024  # a piece of absurdly padded cells ends here


class DigitStream:
    """A table of digits, read once, piece by piece. Closes what it opened when it ends.

    Attributes:
        labelled: whether the table has a label column.
        share: of the file that was read so far, 0 to 1; None for a pipe.
    """

    def __init__(self, source: compression.Source, *, member: str = "train.csv", rows: int = ROWS):
        self._source, self._rows = source, rows
        with compression.as_data_error(source), ExitStack() as opening:
            self._lines, self._share = opening.enter_context(compression.unpacked(source, member))
            self.labelled = check_header(self._lines.readline(MAX_LINE))
            self.share = self._share()
            self._open = opening.pop_all()

    def __enter__(self) -> "DigitStream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened for it."""
        self._open.close()

    def __iter__(self) -> Iterator[Digits]:
        """Yield the rows in the file's order, `rows` of them a piece.

        Raises:
            DataError: damaged, or not in Kaggle's form; names the row and column.
        """
        with self, compression.as_data_error(self._source):
            empty = True
            for piece in parse(self._lines, self.labelled, self._rows):
                empty, self.share = False, self._share()
                yield piece
            if empty:
                raise DataError("The file has a header and no rows: expected one row a digit.")


def check_header(line: bytes) -> bool:
    """Return whether the table of this first line has labels.

    Raises:
        DataError: it is not Kaggle's header.
    """
    names = line.removeprefix(UTF8_BOM).decode("utf-8", "replace").strip().replace('"', "")
    return check_columns(tuple(name.strip() for name in names.split(",")))


def check_columns(columns: tuple[str, ...]) -> bool:
    """Return whether the table of these columns has labels.

    Raises:
        DataError: they are not Kaggle's.
    """
    if columns == TRAIN_HEADER:
        return True
    if columns == PIXEL_NAMES:
        return False
    names = ",".join(columns)
    start = names[:40] + ("…" if len(names) > 40 else "")
    raise DataError(
        f"The first line has {len(columns)} columns and starts with {start!r}; expected Kaggle's "
        f"header, label,pixel0,…,pixel{PIXELS - 1} or the same without label."
    )


def parse(lines: IO[bytes], labelled: bool, rows: int = ROWS) -> Iterator[Digits]:
    """Yield pieces of what follows the header; nothing when no row does.

    Args:
        lines: anything whose readline takes a limit.
        labelled: whether the first column is the label.
        rows: the most of a piece.

    Raises:
        RowError: a row is not in Kaggle's form.
    """
    columns, done = PIXELS + labelled, 0
    checked = _checked(lines, columns)
    while texts := _take(checked, rows):
        try:
            yield _digits(_cells(texts, columns), labelled)
        except RowError as error:
            raise error.moved(done) from None
        done += len(texts)


def _checked(lines: IO[bytes], columns: int) -> Iterator[str]:
    """Yield the rows that have the header's columns."""
    row = blank = 0
    while line := lines.readline(MAX_LINE):
        if not line.strip():
            blank += 1
            if blank > MAX_BLANK:
                raise RowError(row + 1, f" comes after {MAX_BLANK:,} blank lines: remove them.")
            continue
        row, blank = row + 1, 0
        if len(line) == MAX_LINE:
            raise RowError(row, f" is longer than {MAX_LINE:,} bytes: export the table again.")
        if (found := line.count(b",") + 1) != columns:
            raise RowError(row, f" has {found} columns: expected {columns}, as in the header.")
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


def _cells(texts: list[str], columns: int) -> np.ndarray:
    """Return (n, columns) uint8; NumPy checks each cell and names a bad one."""
    try:
        return np.loadtxt(
            texts, dtype=np.uint8, delimiter=",", comments=None, quotechar='"', ndmin=2
        )
    except ValueError as error:
        raise _bad_cell(str(error), columns) from error


def _digits(values: np.ndarray, labelled: bool) -> Digits:
    labels = values[:, 0].copy() if labelled else None
    if labelled and labels.max() >= len(LABELS):
        row = int((labels >= len(LABELS)).argmax())
        raise RowError(row + 1, f" has the label {labels[row]}: expected a digit, 0 to 9.")
    images = np.ascontiguousarray(values[:, -PIXELS:]).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    return Digits(images, labels)


def _bad_cell(numpys: str, columns: int) -> DataError:
    """Turn NumPy's message into ours. Rows count from 1 below the header, columns from 1."""
    if cell := re.search(r"string (.+) to uint8 at row (\d+), column (\d+)", numpys, re.DOTALL):
        value, row, column = cell[1][1:-1], int(cell[2]) + 1, int(cell[3])  # its rows are from 0
        largest = LABELS[-1] if columns > PIXELS and column == 1 else WHITE
        return RowError(
            row,
            f", column {column} holds '{value[:20]}': expected an integer from 0 to {largest}.",
        )
    return DataError(
        f"The rows cannot be read ({numpys}): expected {columns} integers from 0 to 255 in each."
    )
