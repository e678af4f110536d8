"""Tables of digits as Parquet: the columns of Kaggle's CSV, of whole numbers."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recognizer.datasets import compression, locations
from recognizer.datasets.kaggle_csv import ROWS, check_columns
from recognizer.errors import DataError, RowError, SettingError
from recognizer.records import IMAGE_SIZE, LABELS, PIXELS, WHITE, Digits

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"PAR1"  # how such a file begins
_BUFFER = 16 * 1024  # bytes a column, of which there are 785


def is_parquet(source: compression.Source) -> bool:
    """Whether a file is Parquet, by its first bytes; a pipe never is."""
    if not compression.is_named(source):
        return source.seekable() and source.seek(0) == 0 and source.read(len(MAGIC)) == MAGIC
    if not locations.is_address(source) and not Path(source).is_file():
        return False
    with compression.as_data_error(source):
        return locations.head(source, len(MAGIC)) == MAGIC


class ParquetStream:
    """A table of digits, read once, piece by piece, as `tables.DigitStream` is.

    Args:
        source: a path, an address, or an open file that can seek, which stays open.
        rows: digits a piece.
        groups: of the file's row groups, those to read; None for all.

    Attributes:
        labelled: whether the table has a label column.
        share: of the rows that was read so far, 0 to 1.
    """

    def __init__(
        self, source: compression.Source, *, rows: int = ROWS, groups: range | None = None
    ) -> None:
        self._source, self._rows, self.share = source, rows, 0.0
        self._mine = compression.is_named(source)
        with compression.as_data_error(source):
            self._binary = locations.open_arrow(source) if self._mine else source
            try:
                self._file = _opened(self._binary, ahead=locations.is_address(source))
                self.labelled = check_columns(tuple(self._file.schema_arrow.names))
                _check_types(self._file.schema_arrow)
            except BaseException:
                self.close()
                raise
        self._groups = range(self.groups) if groups is None else groups

    @property
    def groups(self) -> int:
        """How many row groups the file has."""
        return self._file.metadata.num_row_groups

    def __enter__(self) -> "ParquetStream":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened for it."""
        if self._mine:
            self._binary.close()

    def __iter__(self) -> Iterator[Digits]:
        """Yield the rows in the file's order.

        Raises:
            DataError: damaged, or a value that is no pixel or label; names the row and column.
        """
        total = sum(self._file.metadata.row_group(n).num_rows for n in self._groups)
        if not self._file.metadata.num_rows:
            raise DataError("The file has no rows: expected one row a digit.")
        done = 0
        with self, compression.as_data_error(self._source):
            for batch in self._file.iter_batches(self._rows, row_groups=list(self._groups)):
                digits = _digits(batch, self.labelled, done)
                done += len(digits)
                self.share = done / total
                yield digits


def _opened(file: object, *, ahead: bool) -> "pa.parquet.ParquetFile":
    """Open it to be read in few large requests, or, where a request costs little, in small ones."""
    try:
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        raise SettingError("Parquet needs pyarrow: run `make cluster` first.") from error
    return parquet.ParquetFile(file, pre_buffer=ahead, buffer_size=0 if ahead else _BUFFER)


def _check_types(schema: "pa.Schema") -> None:
    from pyarrow import types

    for number, field in enumerate(schema, 1):
        if not types.is_integer(field.type):
            raise DataError(
                f"Column {number}, {field.name}, holds {field.type}: expected whole numbers."
            )


def _digits(batch: "pa.RecordBatch", labelled: bool, done: int) -> Digits:
    columns = [
        _column(values, number, LABELS[-1] if labelled and number == 1 else WHITE, done)
        for number, values in enumerate(batch.columns, 1)
    ]
    labels = columns.pop(0) if labelled else None
    images = np.stack(columns[-PIXELS:], axis=1)  # (n, 784)
    return Digits(images.reshape(-1, IMAGE_SIZE, IMAGE_SIZE), labels)


def _column(values: "pa.Array", number: int, largest: int, done: int) -> np.ndarray:
    """Return a column as (n,) uint8, or name its first cell that does not fit."""
    cells = values.to_numpy(zero_copy_only=False)  # with nan where a cell is empty
    bad = ~((cells >= 0) & (cells <= largest))
    if bad.any():
        row = int(bad.argmax())
        raise RowError(
            done + row + 1,
            f", column {number} holds '{values[row]}': expected an integer from 0 to {largest}.",
        )
    return cells.astype(np.uint8)
