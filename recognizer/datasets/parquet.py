"""Tables of digits as Parquet: a column a pixel, a list of pixels, or pictures as bytes.

The last is how the Hugging Face Hub keeps MNIST: a column `image`, of bytes and a path, and one
`label`.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recognizer.datasets import compression, locations
from recognizer.datasets.formats import columns
from recognizer.datasets.formats.dialect import TEST, Cells, Dialect
from recognizer.datasets.kaggle_csv import ROWS
from recognizer.errors import DataError, RowError, SettingError
from recognizer.records import IMAGE_SIZE, PIXELS

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"PAR1"  # how such a file begins
_BUFFER = 16 * 1024  # bytes a column, of which there are 785
_IMAGES = ("image", "img", "picture", "pixels", "pixel_values", "features", "data", "x")


def is_parquet(source: compression.Source) -> bool:
    """Whether a file is Parquet, by its first bytes; a pipe never is."""
    if not compression.is_named(source):
        return source.seekable() and source.seek(0) == 0 and source.read(len(MAGIC)) == MAGIC
    if not locations.is_address(source) and not Path(source).is_file():
        return False
    with compression.as_data_error(source):
        return locations.head(source, len(MAGIC)) == MAGIC


class ParquetTable:
    """A table of digits in Parquet, read once, piece by piece.

    Args:
        source: a path, an address, or an open file that can seek, which stays open.
        rows: digits a piece.
        groups: of the file's row groups, those to read; None for all.

    Attributes:
        dialect: how it is written.
        share: of the rows that was read so far, 0 to 1.

    Raises:
        DataError: its columns are no images.
    """

    def __init__(
        self, source: compression.Source, *, rows: int = ROWS, groups: range | None = None
    ) -> None:
        self._rows, self.share = rows, 0.0
        self._mine = compression.is_named(source)
        self._binary = locations.open_arrow(source) if self._mine else source
        try:
            self._file = _opened(self._binary, ahead=locations.is_address(source))
            self.dialect, self._cells = _understood(self._file.schema_arrow)
        except BaseException:
            self.close()
            raise
        self._groups = range(self.groups) if groups is None else groups

    @property
    def groups(self) -> int:
        """How many row groups the file has."""
        return self._file.metadata.num_row_groups

    def close(self) -> None:
        """Close what was opened for it."""
        if self._mine:
            self._binary.close()

    def __iter__(self) -> Iterator[Cells]:
        """Yield the rows in the file's order.

        Raises:
            DataError: damaged; names the row.
        """
        total = sum(self._file.metadata.row_group(n).num_rows for n in self._groups)
        done = 0
        for batch in self._file.iter_batches(self._rows, row_groups=list(self._groups)):
            try:
                cells = self._cells(batch)
            except RowError as error:
                raise error.moved(done) from None
            done += len(cells)
            self.share = done / total
            yield cells


def _opened(file: object, *, ahead: bool) -> "pa.parquet.ParquetFile":
    """Open it to be read in few large requests, or, where a request costs little, in small ones."""
    try:
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        raise SettingError("Parquet needs pyarrow: run `make cluster` first.") from error
    return parquet.ParquetFile(file, pre_buffer=ahead, buffer_size=0 if ahead else _BUFFER)


def _understood(schema: "pa.Schema") -> tuple[Dialect, Callable[["pa.RecordBatch"], Cells]]:
    """Return how a table of these columns is written, and what reads its batches."""
    names = [name.lower() for name in schema.names]
    column = next((n for n, name in enumerate(names) if _holds_images(schema, n, name)), None)
    if column is None:
        return _by_columns(schema)
    label = next((n for n, name in enumerate(names) if name in columns.LABEL_NAMES), None)
    listed = _is_list(schema.field(column).type)
    read, what = (_lists, "pixels as lists") if listed else (_pictures, "pictures as bytes")
    dialect = replace(TEST, header=0, label=label)
    noted = dialect.noting(f"{what} in the column {schema.names[column]}")
    return noted, lambda batch: read(batch, column, label)


def _holds_images(schema: "pa.Schema", column: int, name: str) -> bool:
    """Whether a column holds a picture or a list of pixels in each row."""
    from pyarrow import types

    kind = schema.field(column).type
    is_bytes = types.is_binary(kind) or types.is_large_binary(kind)
    is_picture = types.is_struct(kind) and kind.get_field_index("bytes") >= 0
    return name in _IMAGES and (is_bytes or is_picture or _is_list(kind))


def _is_list(kind: "pa.DataType") -> bool:
    from pyarrow import types

    return types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)


def _by_columns(schema: "pa.Schema") -> tuple[Dialect, Callable[["pa.RecordBatch"], Cells]]:
    from pyarrow import types

    names = schema.names
    if len(names) < PIXELS // 12:
        raise columns.refused(names)
    found = columns.by_names(names, [])
    for number in (*found.pixels, *(() if found.label is None else (found.label,))):
        field = schema.field(number)
        if not (types.is_integer(field.type) or types.is_floating(field.type)):
            raise DataError(
                f"Column {number + 1}, {field.name}, holds {field.type}: expected numbers."
            )
    dialect = Dialect(
        header=0, columns=len(names), label=found.label, pixels=found.pixels, side=found.side
    )
    return dialect.noting(*found.notes), lambda batch: _numbers(batch, dialect)


def _numbers(batch: "pa.RecordBatch", dialect: Dialect) -> Cells:
    """Return the cells of columns of numbers; an empty one is not a number."""
    pixels = np.stack([_column(batch, column) for column in dialect.pixels], axis=1)
    labels = None if dialect.label is None else _column(batch, dialect.label)

    def text(row: int, pixel: int) -> str:
        column = dialect.label if pixel < 0 else dialect.pixels[pixel]
        return str(batch.column(column)[row])

    return Cells(pixels, labels, text)


def _column(batch: "pa.RecordBatch", number: int) -> np.ndarray:
    """Return a column as bytes where it is of bytes, else as floats."""
    values = batch.column(number).to_numpy(zero_copy_only=False)  # with nan where a cell is empty
    return values if values.dtype == np.uint8 else values.astype(np.float32)


def _pictures(batch: "pa.RecordBatch", column: int, label: int | None) -> Cells:
    """Return pictures as rows in MNIST's form."""
    from recognizer.datasets.formats.pictures import digit

    images = np.zeros((batch.num_rows, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for row, value in enumerate(batch.column(column)):
        one = value.as_py()
        content = one.get("bytes") if isinstance(one, dict) else one
        if not content:
            raise RowError(row + 1, " has no bytes of a picture: expected a PNG in each row.")
        try:
            images[row] = digit(content, "its picture")
        except DataError as error:
            raise RowError(row + 1, f", {error}") from error
    return Cells.of(images, None if label is None else _column(batch, label))


def _lists(batch: "pa.RecordBatch", column: int, label: int | None) -> Cells:
    """Return lists of pixels, of any depth, as rows."""
    rows = []
    for row, value in enumerate(batch.column(column)):
        try:
            pixels = np.asarray(value.as_py(), np.float32).ravel()
        except (TypeError, ValueError):
            pixels = np.empty(0)
        if len(pixels) != PIXELS:
            raise RowError(row + 1, f" has {len(pixels)} pixels: expected {PIXELS} numbers.")
        rows.append(pixels)
    return Cells.of(np.stack(rows), None if label is None else _column(batch, label))
