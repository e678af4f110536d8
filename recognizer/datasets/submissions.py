"""Submissions in the form of Kaggle's Digit Recognizer: `ImageId,Label`, ids from 1, a row a digit.

The probabilities have the same form: `ImageId,p0,...,p9`.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from recognizer.datasets import compression, locations
from recognizer.datasets.kaggle_csv import MAX_BLANK
from recognizer.errors import DataError, RowError
from recognizer.records import LABELS

HEADER = b"ImageId,Label\n"
PROBABILITIES_HEADER = f"ImageId,{','.join(f'p{label}' for label in LABELS)}\n".encode()
COMPETITION_ROWS = 28_000
COMPETITION_SHARES = (0.08, 0.13)  # every digit of MNIST has a share of 0.090 to 0.113
_ROWS = 65_536  # formatted at once
_PROBABILITIES = "%d" + ",%.7g" * len(LABELS) + "\n"  # as exact as float32 is
_MAX_LINE = 256  # bytes; a true one has 15 at most in ten million


@dataclass(frozen=True)
class SubmissionCheck:
    """One thing about a submission that was looked at.

    Attributes:
        passed: whether it is as Kaggle requires.
        message: what was found, in one sentence.
    """

    passed: bool
    message: str


class Writer:
    """Writes a submission, and its probabilities if someone wants them, piece by piece.

    Attributes:
        rows: written so far.
    """

    def __init__(self, labels: IO[bytes], probabilities: IO[bytes] | None) -> None:
        self._labels, self._probabilities, self.rows = labels, probabilities, 0
        labels.write(HEADER)
        if probabilities:
            probabilities.write(PROBABILITIES_HEADER)

    def add(self, labels: np.ndarray, probabilities: np.ndarray | None = None) -> None:
        """Write the next rows: labels of shape (n,), their probabilities of shape (n, 10)."""
        self._labels.write(submission_lines(labels, self.rows + 1))
        if self._probabilities:
            self._probabilities.write(probabilities_lines(probabilities, self.rows + 1))
        self.rows += len(labels)


@contextmanager
def writing(path: str | Path, probabilities: str | Path | None = None) -> Iterator[Writer]:
    """Give a writer; its files are there when all is written, and not at all otherwise.

    Args:
        path: of the submission; what is there is replaced.
        probabilities: of theirs; None for no such file.

    Raises:
        StorageError: one of them cannot be written.
    """
    with ExitStack() as opened:
        labels = opened.enter_context(locations.open_write(path))
        more = opened.enter_context(locations.open_write(probabilities)) if probabilities else None
        yield Writer(labels, more)


def write_submission(path: str | Path, labels: np.ndarray) -> None:
    """Write a submission, whole or not at all.

    Args:
        path: the file to write; what is there is replaced.
        labels: array of shape (n,), 0 to 9, in the order of the rows.

    Raises:
        StorageError: it cannot be written.
        ValueError: another shape or other labels.
    """
    _check(labels)
    with writing(path) as writer:
        for start in range(0, len(labels), _ROWS):
            writer.add(labels[start : start + _ROWS])


def submission_bytes(labels: np.ndarray) -> bytes:
    """Return a submission: labels of shape (n,), 0 to 9."""
    _check(labels)
    return HEADER + submission_lines(labels, 1)


def probabilities_bytes(probabilities: np.ndarray) -> bytes:
    """Return the probabilities, of shape (n, 10), as a table: to 7 significant digits."""
    return PROBABILITIES_HEADER + probabilities_lines(probabilities, 1)


def submission_lines(labels: np.ndarray, first: int) -> bytes:
    """Return rows of a submission; `first` is the first one's id."""
    ids = range(first, first + len(labels))
    return "".join(map("%d,%d\n".__mod__, zip(ids, labels.tolist(), strict=True))).encode()


def probabilities_lines(probabilities: np.ndarray, first: int) -> bytes:
    """Return rows of the probabilities; `first` is the first one's id."""
    rows = enumerate(probabilities.tolist(), first)
    return "".join(_PROBABILITIES % (image, *row) for image, row in rows).encode()


def read_submission(source: compression.Source) -> np.ndarray:
    """Read a submission that was made before, here or elsewhere.

    Returns:
        Its labels, array of shape (n,), uint8, in the order of the ids.

    Raises:
        DataError: missing, or not in Kaggle's form; names the row.
    """
    with (
        compression.as_data_error(source),
        compression.unpacked(source, "submission.csv") as lines,
    ):
        if message := _wrong_header(lines.readline(_MAX_LINE)):
            raise DataError(message)
        labels = bytearray()
        for row, (image, label) in enumerate(_cells(lines), 1):
            if message := _wrong_id(image, row) or _wrong_label(label):
                raise RowError(row, message)
            labels.append(int(label))
    if not labels:
        raise DataError("The submission has a header and no rows: expected one row a digit.")
    return np.frombuffer(bytes(labels), np.uint8)


def check_submission(source: compression.Source) -> list[SubmissionCheck]:
    """Look at a submission as Kaggle would, and tell in words what holds and what does not.

    Raises:
        DataError: it cannot be opened.
    """
    counts, rows, bad_id, bad_label = [0] * len(LABELS), 0, "", ""
    with (
        compression.as_data_error(source),
        compression.unpacked(source, "submission.csv") as lines,
    ):
        bad_header = _wrong_header(lines.readline(_MAX_LINE))
        for rows, (image, label) in enumerate(_cells(lines), 1):
            if not bad_id and (message := _wrong_id(image, rows)):
                bad_id = str(RowError(rows, message))
            if message := _wrong_label(label):
                bad_label = bad_label or str(RowError(rows, message))
            else:
                counts[int(label)] += 1
    return [
        SubmissionCheck(not bad_header, bad_header or "The header is ImageId,Label."),
        _check_rows(rows),
        SubmissionCheck(not bad_id, bad_id or f"The ids go from 1 to {rows:,} without gaps."),
        SubmissionCheck(not bad_label, bad_label or "Every label is a digit, 0 to 9."),
        _check_shares(np.array(counts), rows),
    ]


def check_labels(labels: np.ndarray) -> list[SubmissionCheck]:
    """Check what can be wrong with the submission that is written from labels.

    Header, ids and labels are right as they are written, so only number and shares are left.

    Args:
        labels: array of shape (n,), 0 to 9.

    Raises:
        ValueError: another shape or other labels.
    """
    _check(labels)
    counts = np.bincount(labels, minlength=len(LABELS))
    return [_check_rows(len(labels)), _check_shares(counts, len(labels))]


def _check(labels: np.ndarray) -> None:
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(f"labels are {labels.dtype} {labels.shape}, expected integers (n,)")
    if len(labels) and not 0 <= labels.min() <= labels.max() <= LABELS[-1]:
        raise ValueError(f"labels go from {labels.min()} to {labels.max()}, expected 0 to 9")


def _cells(lines: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Yield the id and what follows it of each row that is not blank."""
    row = blank = 0
    while line := lines.readline(_MAX_LINE):
        if text := line.decode("utf-8", "replace").replace('"', "").strip():
            row, blank = row + 1, 0
            image, _, label = text.partition(",")
            yield image.strip(), label.strip()
        elif (blank := blank + 1) > MAX_BLANK:
            raise RowError(row + 1, f" comes after {MAX_BLANK:,} blank lines: remove them.")


def _wrong_header(line: bytes) -> str:
    names = line.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").strip().replace('"', "")
    if [name.strip() for name in names.split(",")] == ["ImageId", "Label"]:
        return ""
    return f"The first line is {names[:40]!r}: expected the header ImageId,Label."


def _wrong_id(image: str, row: int) -> str:
    return "" if image == str(row) else f" has the id {image[:20]!r}: expected {row}."


def _wrong_label(label: str) -> str:
    if len(label) == 1 and label in "0123456789":
        return ""
    return f" has the label {label[:20]!r}: expected one digit, 0 to 9."


def _check_rows(rows: int) -> SubmissionCheck:
    if rows == COMPETITION_ROWS:
        return SubmissionCheck(
            True, f"It has {rows:,} rows, as many as the competition's test.csv."
        )
    return SubmissionCheck(
        False,
        f"It has {rows:,} row{'' if rows == 1 else 's'}: the competition's test.csv has "
        f"{COMPETITION_ROWS:,}.",
    )


def _check_shares(counts: np.ndarray, rows: int) -> SubmissionCheck:
    shares = counts / max(1, rows)
    message = ", ".join(f"{label}: {100 * share:.1f} %" for label, share in enumerate(shares))
    low, high = COMPETITION_SHARES
    odd = [str(label) for label in LABELS if not low <= shares[label] <= high]
    if rows != COMPETITION_ROWS or not odd:
        return SubmissionCheck(True, f"The share of each digit is {message}.")
    return SubmissionCheck(
        False,
        f"The share of each digit is {message}: expected about 10 % of each, so look at "
        f"{', '.join(odd)}.",
    )
