"""Tables of digits and submissions, as they are, gzipped, in a zip: the CSV module agrees."""

import csv
import gzip
import io
import zipfile
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from reliability.fuzzing.damage import blows, damaged
from reliability.fuzzing.target import Target, told

from recognizer.datasets import read_digits, stream_digits
from recognizer.datasets.kaggle_csv import TRAIN_HEADER
from recognizer.datasets.submissions import check_submission, read_submission
from recognizer.errors import DataError
from recognizer.records import IMAGE_SIZE, Digits

PACKINGS = ("plain", "gzip", "zip", "bzip2 in a zip")
_METHODS = dict(zip(PACKINGS[2:], (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2), strict=True))
CELLS = ("", " ", "256", "-1", "1e2", "12.0", "nan", "9" * 400, "٣", "1_0", "+5", " 7 ", "007",
         '"7"', '"', "7\r", "\0", "=1+1", "#", "\u2028", "10")  # fmt: skip


@dataclass(frozen=True)
class Style:
    """How a table is written."""

    end: str = "\n"
    quoted: bool = False
    bom: bool = False
    blank_lines: bool = False
    last_end: bool = True


@dataclass(frozen=True)
class Case:
    """A table: valid but for its cells, the blows to its text, and those to its packing."""

    rows: int
    labelled: bool
    seed: int
    style: Style
    packing: str
    cells: list[tuple[int, int, str]]
    text_blows: list[tuple]
    file_blows: list[tuple]

    @property
    def is_valid(self) -> bool:
        return self.rows > 0 and not (self.cells or self.text_blows or self.file_blows)

    def digits(self) -> Digits:
        random = np.random.default_rng(self.seed)
        images = random.integers(0, 256, (self.rows, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
        images[random.random(images.shape) < 0.8] = 0
        return Digits(
            images, random.integers(0, 10, self.rows, np.uint8) if self.labelled else None
        )

    def text(self) -> bytes:
        digits = self.digits()
        rows = [list(map(str, image.ravel().tolist())) for image in digits.images]
        if self.labelled:
            rows = [[str(label), *row] for label, row in zip(digits.labels, rows, strict=True)]
        for row, column, cell in self.cells if rows else ():
            rows[row % self.rows][column % len(rows[0])] = cell
        return damaged(
            _written([list(TRAIN_HEADER[not self.labelled :]), *rows], self.style), self.text_blows
        )

    def file(self) -> bytes:
        return damaged(packed(self.text(), self.packing, "train.csv"), self.file_blows)


_styles = st.builds(
    Style,
    end=st.sampled_from(["\n", "\r\n"]),
    quoted=st.booleans(),
    bom=st.booleans(),
    blank_lines=st.booleans(),
    last_end=st.booleans(),
)
_cases = st.builds(
    Case,
    rows=st.integers(0, 4),
    labelled=st.booleans(),
    seed=st.integers(0, 99),
    style=_styles,
    packing=st.sampled_from(PACKINGS),
    cells=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 784), st.sampled_from(CELLS)), max_size=2
    ),
    text_blows=st.one_of(st.just([]), blows),
    file_blows=st.one_of(st.just([]), blows),
)


def check_table(case: Case) -> None:
    """It is refused in a sentence, or read as Python's own CSV module reads it."""
    file = case.file()
    read = told(lambda: read_digits(io.BytesIO(file)), DataError)
    pieces = told(lambda: list(stream_digits(io.BytesIO(file), rows=2)), DataError)
    if isinstance(read, str):
        assert not case.is_valid, read
        assert isinstance(pieces, str), "in pieces it is refused too"
        return
    assert np.array_equal(read.images, np.concatenate([piece.images for piece in pieces]))
    if case.file_blows or case.text_blows:  # another dialect, perhaps
        assert read.labels is None or read.labels.max() <= 9
        return
    expected = _oracle(case.text())
    values = read.images.reshape(len(read), -1)
    if read.labels is not None:
        values = np.column_stack([read.labels, values])
    assert values.tolist() == expected


def _oracle(text: bytes) -> list[list[int]]:
    lines = text.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").split("\n")
    rows = list(csv.reader(line for line in lines if line.strip()))
    return [[int(float(cell)) for cell in row] for row in rows[1:]]


def _written(rows: list[list[str]], style: Style) -> bytes:
    if style.quoted:
        rows = [[f'"{cell}"' if '"' not in cell else cell for cell in row] for row in rows]
    between = style.end * (1 + style.blank_lines)
    text = between.join(",".join(row) for row in rows) + style.end * style.last_end
    return b"\xef\xbb\xbf" * style.bom + text.encode()


def packed(text: bytes, packing: str, name: str) -> bytes:
    """Return a text as a file that holds it."""
    if packing == "plain":
        return text
    if packing == "gzip":
        return gzip.compress(text, mtime=0)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", _METHODS[packing]) as archive:
        archive.writestr(zipfile.ZipInfo(name), text, _METHODS[packing])
    return content.getvalue()


@dataclass(frozen=True)
class Submission:
    """A submission: valid but for the blows to it."""

    labels: list[int]
    style: Style
    packing: str
    text_blows: list[tuple]
    file_blows: list[tuple]

    def file(self) -> bytes:
        rows = [
            ["ImageId", "Label"],
            *([str(i), str(label)] for i, label in enumerate(self.labels, 1)),
        ]
        text = damaged(_written(rows, self.style), self.text_blows)
        return damaged(packed(text, self.packing, "submission.csv"), self.file_blows)


_submissions = st.builds(
    Submission,
    labels=st.lists(st.integers(0, 9), max_size=12),
    style=_styles,
    packing=st.sampled_from(PACKINGS),
    text_blows=blows,
    file_blows=st.one_of(st.just([]), blows),
)


def check_a_submission(case: Submission) -> None:
    """It is refused in a sentence, or its labels are those that were written."""
    read = told(lambda: read_submission(io.BytesIO(case.file())), DataError)
    findings = told(lambda: check_submission(io.BytesIO(case.file())), DataError)
    if not (case.text_blows or case.file_blows) and case.labels:
        assert read.tolist() == case.labels
    if not isinstance(findings, str):
        right = [finding.passed for finding in findings]
        assert isinstance(read, str) or (right[0] and right[2] and right[3])


TARGETS = (
    Target("tables", _cases, check_table),
    Target("submissions", _submissions, check_a_submission),
)
