"""Kaggle's tables of digits: read strictly, in pieces or as a whole, and split fairly."""

import hashlib
import io

import numpy as np

from recognizer.datasets.compression import Source
from recognizer.datasets.kaggle_csv import PIXEL_NAMES, ROWS, TRAIN_HEADER, DigitStream
from recognizer.datasets.parquet import ParquetStream, is_parquet
from recognizer.errors import DataError
from recognizer.records import PIXELS, Digits

MAX_ROWS = 200_000  # 160 MB of pixels; more than that is read in pieces, not at once


def stream_digits(
    source: Source, *, member: str | None = None, rows: int = ROWS
) -> DigitStream | ParquetStream:
    """Read a table of any length piece by piece: in the memory of a few pieces, as strictly.

    Args:
        source: a CSV, a gzipped CSV, a zip that holds one, or Parquet: a path, an address such as
            s3://bucket/test.csv, an open file, or (but for Parquet) a pipe.
        member: of a zip, the file to read; `train.csv` unless named.
        rows: digits a piece.

    Raises:
        DataError: missing, damaged, or not in Kaggle's form; at once, or while it is iterated.
    """
    if is_parquet(source):
        return ParquetStream(source, rows=rows)
    return DigitStream(source, member=member or "train.csv", rows=rows)


def read_digits(path: Source, member: str | None = None) -> Digits:
    """Read a table of digits: a CSV, a gzipped CSV, or a zip that holds one.

    Args:
        path: a file's path, or an open binary file.
        member: of a zip, the file to read; `train.csv` unless named.

    Raises:
        DataError: missing, damaged, or not in Kaggle's form; names the row and column.
    """
    pieces, rows = [], 0
    with stream_digits(path, member=member) as stream:
        for piece in stream:
            pieces.append(piece)
            rows += len(piece)
            if rows > MAX_ROWS:
                raise DataError(
                    f"The file has more than {MAX_ROWS:,} rows: split it into smaller files."
                )
    labels = np.concatenate([piece.labels for piece in pieces]) if stream.labelled else None
    return Digits(np.concatenate([piece.images for piece in pieces]), labels)


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
