"""A table in blocks that can be read apart, by anyone, in any order: runs of lines or row groups.

blocks = blocks.plan(Place("/data/many.csv"))
for block in blocks:
    with blocks.opened(block) as stream:
        ...
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass

from recognizer.datasets import compression, locations, stream_digits
from recognizer.datasets.kaggle_csv import MAX_LINE, DigitStream, check_header, parse
from recognizer.datasets.parquet import MAGIC as PARQUET
from recognizer.datasets.parquet import ParquetStream
from recognizer.records import Digits

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
    """

    place: str
    first: int = 0
    last: int | None = None
    grouped: bool = False


def plan(place: locations.Place, block: int = BLOCK) -> list[Block]:
    """Cut a table into blocks of about so many bytes; what is packed stays whole.

    Raises:
        DataError: it cannot be read.
    """
    with compression.as_data_error(place.name):
        size = locations.size(place)
        if size <= block:
            return [Block(place.name)]
        magic = locations.head(place.name, compression.MAGIC)
    if magic == PARQUET:
        with ParquetStream(place.name) as stream:
            return [Block(place.name, n, n + 1, grouped=True) for n in range(stream.groups)]
    if magic.startswith((compression.GZIP, compression.ZIP)):
        return [Block(place.name)]
    return [Block(place.name, at, min(at + block, size)) for at in range(0, size, block)]


def opened(block: Block) -> "DigitStream | ParquetStream | _Lines":
    """Open a block: what it gives has `labelled` and iterates over pieces of its digits.

    Raises:
        DataError: it cannot be read; rows are counted from the block's first, from 1.
    """
    if block.last is None:
        return stream_digits(block.place, member=MEMBER)
    if block.grouped:
        return ParquetStream(block.place, groups=range(block.first, block.last))
    return _Lines(block)


class _Lines:
    """The lines that begin in a run of bytes, as the file that `tables.parse` reads."""

    def __init__(self, block: Block) -> None:
        self._block = block
        with compression.as_data_error(block.place):
            header = io.BytesIO(locations.head(block.place, MAX_LINE)).readline()
            self.labelled = check_header(header)
            self._file = locations.open_binary(block.place)
            try:
                self._at = self._to_first_line(len(header))
            except BaseException:
                self._file.close()
                raise

    def __enter__(self) -> "_Lines":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Digits]:
        with self, compression.as_data_error(self._block.place):
            yield from parse(self, self.labelled)

    def readline(self, limit: int) -> bytes:
        """Return the next line, or nothing at the end of the block."""
        if self._at >= self._block.last:
            return b""
        line = self._file.readline(limit)
        self._at += len(line)
        return line

    def _to_first_line(self, header: int) -> int:
        """Go to the first line that begins in the block; return where that is."""
        if self._block.first <= header:
            return self._file.seek(header)
        self._file.seek(self._block.first - 1)  # a line may begin at the very first byte
        while (part := self._file.readline(MAX_LINE)) and not part.endswith(b"\n"):
            pass
        return self._file.tell()
