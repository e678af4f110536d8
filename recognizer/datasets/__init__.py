"""Tables of digits: read, check, split, keep, correct, submit."""

from recognizer.datasets.reader import (
    fingerprint,
    read_digits,
    read_table,
    stream_digits,
    write_digits,
)
from recognizer.datasets.submissions import write_submission

__all__ = [
    "fingerprint",
    "read_digits",
    "read_table",
    "stream_digits",
    "write_digits",
    "write_submission",
]
