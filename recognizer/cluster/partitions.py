"""A table in blocks that can be read apart, by anyone, in any order: runs of lines or row groups.

blocks = partitions.plan(Place("/data/many.csv"))
for block in blocks:
    with partitions.opened(block) as stream:
        ...
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from recognizer.datasets import compression, locations, stream_digits
from recognizer.datasets.formats.dialect import FIND_OUT, Adjustments, Cells, Dialect
from recognizer.datasets.kaggle_csv import MAX_LINE, parse
from recognizer.datasets.parquet import MAGIC as PARQUET
from recognizer.datasets.parquet import ParquetTable
from recognizer.datasets.reader import DigitStream

BLOCK = 16 * 1024 * 1024  # bytes: some 7,000 digits, which a core reads in seconds
MEMBER = "test.csv"  # what of Kaggle's zip is to be read


@dataclass(frozen=True)
class Block:
    """A part of a table.

    Attributes:
        place: the table.
        first: the byte or the row group at which it begins; lines that begin in it are its own.
        last: the byte or the row group before which it ends; None for the whole table.
        grouped: whether it is counted in row groups.
        adjustments: what a person says of the table's pixels.
        dialect: how the table is written; None where whoever reads the block finds that out.
    """

    place: str
    first: int = 0
    last: int | None = None
    grouped: bool = False
    adjustments: Adjustments = FIND_OUT
    dialect: Dialect | None = None


def plan(
    place: locations.Place, block: int = BLOCK, adjustments: Adjustments = FIND_OUT
) -> list[Block]:
    """Cut a table into blocks of about so many bytes; what is packed stays whole.

    Args:
        place: the table.
        block: bytes of each.
        adjustments: what a person says of its pixels.

    Raises:
        DataError: it cannot be read, or is no table of digits.
    """
    whole = [Block(place.name, adjustments=adjustments)]
    with compression.as_data_error(place.name):
        size = locations.size(place)
        if size <= block:
            return whole
        magic = locations.head(place.name, compression.MAGIC)
    if magic.startswith((compression.GZIP, compression.ZIP)):
        return whole
    with stream_digits(place.name, adjustments=adjustments) as stream:
        dialect = stream.dialect
        if magic == PARQUET:
            spans = [(n, n + 1) for n in range(ParquetTable(place.name).groups)]
        elif stream.can_be_cut:
            spans = [(at, min(at + block, size)) for at in range(0, size, block)]
        else:
            return whole
    grouped = magic == PARQUET
    return [Block(place.name, *span, grouped, adjustments, dialect) for span in spans]


def opened(block: Block) -> DigitStream:
    """Open a block: what it gives has `labelled` and iterates over pieces of its digits.

    Raises:
        DataError: it cannot be read; rows are counted from the block's first, from 1.
    """
    if block.last is None:
        return stream_digits(block.place, member=MEMBER, adjustments=block.adjustments)
    dialect = block.dialect
    if dialect is None:
        with stream_digits(block.place, adjustments=block.adjustments) as stream:
            dialect = stream.dialect
    with compression.as_data_error(block.place), ExitStack() as stack:
        if block.grouped:
            table = ParquetTable(block.place, groups=range(block.first, block.last))
            stack.callback(table.close)
        else:
            table = _Lines(block, dialect)
            stack.callback(table.close)
        return DigitStream(block.place, table, lambda: None, stack, dialect=dialect)


class _Lines:
    """The lines that begin in a run of bytes, as a table."""

    def __init__(self, block: Block, dialect: Dialect) -> None:
        self._last, self.dialect = block.last, dialect
        self._file = locations.open_binary(block.place)
        try:
            self._at = self._to_first_line(block.first)
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __iter__(self) -> Iterator[Cells]:
        """Yield the rows of these lines."""
        return parse(self, self.dialect)

    def readline(self, limit: int) -> bytes:
        """Return the next line, or nothing at the end of the block."""
        if self._at >= self._last:
            return b""
        line = self._file.readline(limit)
        self._at += len(line)
        return line

    def _to_first_line(self, first: int) -> int:
        """Go to the first line that begins in the block, below the header; return where it is."""
        at = 0
        for _ in range(self.dialect.header):
            at += len(self._file.readline(MAX_LINE))
        if first <= at:
            return at
        self._file.seek(first - 1)  # a line may begin at the very first byte
        while (part := self._file.readline(MAX_LINE)) and not part.endswith(b"\n"):
            pass
        return self._file.tell()
