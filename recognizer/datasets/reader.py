"""Tables of digits in any form: read in pieces or as a whole, and written in Kaggle's."""

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO

import numpy as np

from recognizer.datasets import compression
from recognizer.datasets.compression import Source
from recognizer.datasets.formats.detection import Share, Table, open_files, open_table
from recognizer.datasets.formats.dialect import FIND_OUT, Adjustments, Cells, Dialect
from recognizer.datasets.formats.examination import ROWS as SAMPLE
from recognizer.datasets.formats.examination import examine
from recognizer.datasets.formats.values import convert
from recognizer.datasets.kaggle_csv import PIXEL_NAMES, ROWS, TRAIN_HEADER, TextTable
from recognizer.errors import DataError, RecognizerError, RowError
from recognizer.records import PIXELS, Digits

MAX_ROWS = 200_000  # 160 MB of pixels; more than that is read in pieces, not at once


class DigitStream:
    """A table of digits, read once, piece by piece. Closes what it opened when it ends.

    Args:
        source: for messages.
        table: its rows as they are written.
        share: returns the share of it that was read.
        opened: closes what was opened for it; it is the stream's from now on.
        adjustments: what a person says of its pixels.
        dialect: of the whole table, where this is a part of it, which may be empty.

    Attributes:
        dialect: how it is written, as its header and its first rows say.
        labelled: whether it has labels.
        share: of the file that was read so far, 0 to 1; None for a pipe.
        can_be_cut: whether it is text that can be cut where a line ends.
    """

    def __init__(
        self,
        source: Source,
        table: Table,
        share: Share,
        opened: ExitStack,
        *,
        adjustments: Adjustments = FIND_OUT,
        dialect: Dialect | None = None,
    ) -> None:
        self._source, self._table, self._now = source, iter(table), share
        self.can_be_cut = isinstance(table, TextTable) and (
            (table.dialect.encoding, table.dialect.ends) == ("utf-8", "\n")
        )
        self._first: list[tuple[Cells, float | None]] = []
        self._error: DataError | None = None
        self.dialect, self.share = dialect or table.dialect, share()
        self._is_part = dialect is not None
        if not self._is_part:
            self._look(adjustments)
        self.labelled = self.dialect.labelled
        self._open = opened.pop_all()

    def __enter__(self) -> "DigitStream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened for it."""
        self._open.close()

    def __iter__(self) -> Iterator[Digits]:
        """Yield the rows in the table's order.

        Raises:
            DataError: damaged, or a cell that is no pixel or label; names the row and column.
        """
        done = 0
        with self, compression.as_data_error(self._source):
            for cells, share in self._pieces():
                try:
                    digits = convert(cells, self.dialect)
                except RowError as error:
                    raise error.moved(done) from None
                done, self.share = done + len(cells), share
                yield digits
            if not done and not self._is_part:
                raise DataError("The file has no rows below its header: expected one row a digit.")

    def _pieces(self) -> Iterator[tuple[Cells, float | None]]:
        """Yield the rows that were looked at, and then the others."""
        while self._first:
            yield self._first.pop(0)
        if self._error is not None:
            raise self._error
        for cells in self._table:
            yield cells, self._now()

    def _look(self, adjustments: Adjustments) -> None:
        """Look at the first rows; what is wrong with one is said when it is its turn."""
        rows = 0
        try:
            for cells in self._table:
                self._first.append((cells, self._now()))
                rows += len(cells)
                if rows >= SAMPLE:
                    break
        except RecognizerError as error:
            self._error = error
        except Exception as error:  # whatever unpacking a damaged file raises
            self._error = compression.damaged(self._source, error)
        if rows:
            sample = [cells for cells, _ in self._first]
            self.dialect = examine(sample, self.dialect, adjustments)


@dataclass(frozen=True, eq=False)
class DigitTable:
    """A whole table.

    Attributes:
        digits: its rows.
        dialect: how it was written.
    """

    digits: Digits
    dialect: Dialect


def stream_digits(
    source: Source,
    *,
    member: str | None = None,
    rows: int = ROWS,
    adjustments: Adjustments = FIND_OUT,
) -> DigitStream:
    """Read a table of any length piece by piece: in the memory of a few pieces, as strictly.

    Args:
        source: a CSV of any dialect, .npz, .npy, IDX, Parquet, gzipped or in a zip; a zip or a
            folder of pictures: a path, an address such as s3://bucket/test.csv, an open file, or
            (but for Parquet) a pipe.
        member: of a zip, the file to read; `train.csv` unless named.
        rows: digits a piece.
        adjustments: what is known of its pixels; the rest is found out by the first rows.

    Raises:
        DataError: missing, damaged, or no table of digits; at once, or while it is iterated.
    """
    with compression.as_data_error(source), ExitStack() as opening:
        table, share = open_table(source, member or "train.csv", rows, opening)
        return DigitStream(source, table, share, opening, adjustments=adjustments)


def stream_files(files: Sequence[IO[bytes]], *, member: str, rows: int = ROWS) -> DigitStream:
    """Read what was brought at once: one table, several pictures, or images with their labels.

    Args:
        files: open files with names, at least one.
        member: of a zip, the file to read.
        rows: digits a piece.

    Raises:
        DataError: as `stream_digits`; or they do not belong together.
    """
    if len(files) == 1:
        return stream_digits(files[0], member=member, rows=rows)
    with compression.as_data_error(files[0]), ExitStack() as opening:
        table, share = open_files(files, rows, opening)
        return DigitStream(files[0], table, share, opening)


def read_table(
    source: Source, member: str | None = None, *, adjustments: Adjustments = FIND_OUT
) -> DigitTable:
    """Read a whole table of digits, and how it is written; see `stream_digits`.

    Raises:
        DataError: missing, damaged, too long, or no table of digits; names the row and column.
    """
    pieces, rows = [], 0
    with stream_digits(source, member=member, adjustments=adjustments) as stream:
        for piece in stream:
            pieces.append(piece)
            rows += len(piece)
            if rows > MAX_ROWS:
                raise DataError(
                    f"The file has more than {MAX_ROWS:,} rows: split it into smaller files."
                )
    labels = np.concatenate([piece.labels for piece in pieces]) if stream.labelled else None
    return DigitTable(
        Digits(np.concatenate([piece.images for piece in pieces]), labels), stream.dialect
    )


def read_digits(path: Source, member: str | None = None) -> Digits:
    """Read a whole table of digits, in any form that `stream_digits` takes.

    Args:
        path: a file's path, or an open binary file.
        member: of a zip, the file to read; `train.csv` unless named.

    Raises:
        DataError: as `read_table`.
    """
    return read_table(path, member).digits


def write_digits(digits: Digits) -> bytes:
    """Return digits as a CSV in the layout of Kaggle's train.csv; without labels, of test.csv."""
    rows, header = digits.images.reshape(-1, PIXELS), PIXEL_NAMES  # (n, 784)
    if digits.labels is not None:
        rows, header = np.column_stack([digits.labels, rows]), TRAIN_HEADER  # (n, 785)
    text = io.StringIO()
    np.savetxt(text, rows, fmt="%d", delimiter=",", header=",".join(header), comments="")
    return text.getvalue().encode()


def fingerprint(digits: Digits) -> str:
    """Return the SHA-256 of labels and pixels: the same rows give the same one in any file."""
    labels = b"" if digits.labels is None else digits.labels.tobytes()
    return hashlib.sha256(labels + digits.images.tobytes()).hexdigest()
