"""Small inputs that people bring, beside the data: each is read as what is in it."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from recognizer.datasets.reader import read_table
from recognizer.imaging.decoding import open_picture
from recognizer.inference import Recognizer

DATA = os.environ.get("RECOGNIZER_DATA")
CASES = Path(DATA).resolve().parent / "cases" if DATA else Path("none")
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="no cases beside RECOGNIZER_DATA")


def files(kind: str) -> list[Path]:
    return sorted((CASES / kind).iterdir()) if CASES.is_dir() else []


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer.load()


@needs_cases
@pytest.mark.parametrize("path", files("tables"), ids=lambda path: path.name)
def test_a_tables_ten_rows_are_the_ten_digits(path, recognizer):
    table = read_table(path)
    assert table.digits.labels is None or table.digits.labels.tolist() == list(range(10))
    read = recognizer.predict(table.digits.images).argmax(axis=1)
    assert (read == np.arange(10)).sum() >= 9


@needs_cases
@pytest.mark.parametrize(
    "path",
    [path for path in files("pictures") if re.search(r"_\d\.|^seven", path.name)],
    ids=lambda path: path.name,
)
def test_a_picture_is_read_as_the_digit_in_its_name(path, recognizer):
    right = 7 if path.name.startswith("seven") else int(path.stem[-1])
    reading = recognizer.read(open_picture(path.read_bytes()).pixels)
    assert (reading.digit, reading.is_digit) == (right, True)
