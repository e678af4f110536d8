"""Kaggle's tables of digits: read strictly, split fairly.

A row is `label,pixel0,...,pixel783` (train.csv) or `pixel0,...,pixel783` (test.csv), integers,
row-major, already in MNIST's form.
"""

import gzip
import hashlib
import io
import lzma
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import IO

import numpy as np

from recognizer.errors import DataError
from recognizer.records import IMAGE_SIZE, LABELS, PIXELS, WHITE, Digits

MAX_ROWS = 200_000  # 160 MB of pixels; more than that is read in pieces, not at once
PIXEL_NAMES = tuple(f"pixel{i}" for i in range(PIXELS))
TRAIN_HEADER = ("label", *PIXEL_NAMES)
UTF8_BOM = b"\xef\xbb\xbf"
EXPECTED = "expected a CSV in Kaggle's form, as it is, gzipped or in a zip"
DAMAGED = (  # what the packers raise for damaged, encrypted or odd files
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(NotImplementedError, RuntimeError, ValueError, struct.error),
)
MAX_LINE = 64 * 1024  # bytes; the true header has 7,765


def read_digits(path: str | Path | IO[bytes], member: str | None = None) -> Digits:
    """Read a table of digits: a CSV, a gzipped CSV, or a zip that holds one.

    Args:
        path: a file's path, or an open binary file that can seek.
        member: of a zip, the file to read; `train.csv` unless named.

    Raises:
        DataError: missing, damaged, or not in Kaggle's form; names the row and column.
    """
    try:
        with _binary(path) as file, _table(file, member) as lines:
            return _read_table(lines)
    except DAMAGED as error:
        reason = str(getattr(error, "strerror", None) or error)[:99]  # zipfile quotes at length
        raise DataError(f"Cannot read {_name(path)} ({reason}): {EXPECTED}.") from error


def write_digits(digits: Digits) -> bytes:
    """Return labelled digits as a CSV in the layout of Kaggle's train.csv."""
    rows = np.column_stack([digits.labels, digits.images.reshape(-1, PIXELS)])  # (n, 785)
    text = io.StringIO()
    np.savetxt(text, rows, fmt="%d", delimiter=",", header=",".join(TRAIN_HEADER), comments="")
    return text.getvalue().encode()


def fingerprint(digits: Digits) -> str:
    """Return the SHA-256 of labels and pixels: the same rows give the same one in any file."""
    labels = b"" if digits.labels is None else digits.labels.tobytes()
    return hashlib.sha256(labels + digits.images.tobytes()).hexdigest()


def split(digits: Digits, held_out: float, seed: int) -> tuple[Digits, Digits]:
    """Split labelled digits into training and held-out rows, each digit in proportion.

    Returns:
        Training rows and held-out rows, both in the file's order.

    Raises:
        DataError: no labels, or too few rows of a digit to hold any out.
    """
    if digits.labels is None:
        raise DataError(
            "The file has no label column: training needs Kaggle's train.csv, not test.csv."
        )
    random = np.random.default_rng(seed)
    chosen = np.zeros(len(digits), dtype=bool)
    for label in LABELS:
        rows = np.flatnonzero(digits.labels == label)
        chosen[random.permutation(rows)[: round(held_out * len(rows))]] = True
    if not chosen.any() or chosen.all():
        raise DataError(
            f"{len(digits):,} rows are too few to set {held_out:.0%} of each digit aside: "
            f"bring at least {ceil(0.5 / held_out) + 1} of a digit."
        )
    return digits.take(np.flatnonzero(~chosen)), digits.take(np.flatnonzero(chosen))


def _name(path: str | Path | IO[bytes]) -> str:
    name = path if isinstance(path, str | Path) else getattr(path, "name", None)
    return Path(name).name if isinstance(name, str | Path) else "the file"


@contextmanager
def _binary(path: str | Path | IO[bytes]) -> Iterator[IO[bytes]]:
    """Open a path; leave an open file open."""
    if isinstance(path, str | Path):
        with Path(path).open("rb") as file:
            yield file
    else:
        path.seek(0)
        yield path


@contextmanager
def _table(file: IO[bytes], member: str | None) -> Iterator[IO[bytes]]:
    """Look at the first bytes, not at the file's name, and unpack what is packed."""
    magic = file.read(4)
    file.seek(0)
    if magic[:2] == b"\x1f\x8b":
        with gzip.open(file) as lines:
            yield lines
    elif magic == b"PK\x03\x04":
        with zipfile.ZipFile(file) as archive, _member(archive, member or "train.csv") as lines:
            yield io.BufferedReader(lines)  # whose readline keeps to its limit; lines' does not
    else:
        yield file


def _member(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    if name not in archive.namelist():
        inside = ", ".join(archive.namelist()[:5]) or "nothing"
        raise DataError(f"The zip holds no {name}, only {inside}: name the file to read.")
    return archive.open(name)


def _read_table(lines: IO[bytes]) -> Digits:
    has_labels = _check_header(lines.readline(MAX_LINE))
    columns = PIXELS + has_labels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # "no data": told below in our words
            values = np.loadtxt(
                _rows(lines, columns),
                dtype=np.uint8,
                delimiter=",",
                comments=None,
                quotechar='"',
                ndmin=2,
            )  # (n, 784) or (n, 785)
    except ValueError as error:
        raise DataError(_bad_cell(str(error), columns)) from error
    return _digits(values, columns)


def _rows(lines: IO[bytes], columns: int) -> Iterator[str]:
    """Yield the rows that have the header's columns. Never more than one line is in memory."""
    row = 0
    while line := lines.readline(MAX_LINE):
        if not line.strip():
            continue
        row += 1
        if row > MAX_ROWS:
            raise DataError(
                f"The file has more than {MAX_ROWS:,} rows: split it into smaller files."
            )
        if len(line) == MAX_LINE:
            raise DataError(f"Row {row} is longer than {MAX_LINE:,} bytes: export the table again.")
        if (found := line.count(b",") + 1) != columns:
            raise DataError(f"Row {row} has {found} columns: expected {columns}, as in the header.")
        if line.count(b'"') % 2:
            raise DataError(f"Row {row} has a quotation mark without its pair: remove it.")
        yield line.decode("utf-8", "replace")


def _check_header(line: bytes) -> bool:
    """Return whether the table has labels."""
    names = line.removeprefix(UTF8_BOM).decode("utf-8", "replace").strip().replace('"', "")
    columns = tuple(name.strip() for name in names.split(","))
    if columns == TRAIN_HEADER:
        return True
    if columns == PIXEL_NAMES:
        return False
    start = names[:40] + ("…" if len(names) > 40 else "")
    raise DataError(
        f"The first line has {len(columns)} columns and starts with {start!r}; expected Kaggle's "
        f"header, label,pixel0,…,pixel{PIXELS - 1} or the same without label."
    )


def _digits(values: np.ndarray, columns: int) -> Digits:
    if len(values) == 0:
        raise DataError("The file has a header and no rows: expected one row a digit.")
    labels = values[:, 0].copy() if columns > PIXELS else None
    if labels is not None and labels.max() >= len(LABELS):
        row = int(labels.argmax())
        raise DataError(f"Row {row + 1} has the label {labels[row]}: expected a digit, 0 to 9.")
    images = np.ascontiguousarray(values[:, -PIXELS:]).reshape(-1, IMAGE_SIZE, IMAGE_SIZE)
    return Digits(images, labels)


def _bad_cell(numpys: str, columns: int) -> str:
    """Turn NumPy's message into ours. Rows count from 1 below the header, columns from 1."""
    if cell := re.search(r"string (.+) to uint8 at row (\d+), column (\d+)", numpys, re.DOTALL):
        value, row, column = cell[1][1:-1], int(cell[2]) + 1, int(cell[3])  # its rows are from 0
        largest = LABELS[-1] if columns > PIXELS and column == 1 else WHITE
        return (
            f"Row {row}, column {column} holds '{value[:20]}': "
            f"expected an integer from 0 to {largest}."
        )
    return f"The rows cannot be read ({numpys}): expected {columns} integers from 0 to 255 in each."
