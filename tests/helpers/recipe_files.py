"""Small files for a recipe, and a model that stands in for those it asks."""

import gzip
import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from helpers.factories import digits, table_of

from recognizer.imaging.strokes import Drawing
from recognizer.training import recipes

ROWS = 400
WRITERS = 30


def write(folder: Path) -> None:
    """Write all files that a recipe needs."""
    with zipfile.ZipFile(folder / recipes.SCANS, "w") as archive:
        archive.writestr("train.csv", table_of(digits(ROWS)))
    for file, name, labels in (
        (recipes.PEN, "w", "0123456789"),
        (recipes.MORE, "m", "57"),
        (recipes.LETTERS, "w", "AX"),
        (recipes.NUMBERS, "w", ["46", "3", "12-34"]),
    ):
        text = "".join(line(label, writer, name) for writer in range(WRITERS) for label in labels)
        (folder / file).write_bytes(gzip.compress(text.encode()))


def line(label: str, writer: int, name: str = "w") -> str:
    """Return a line of a file of drawings."""
    random = np.random.default_rng([writer, *name.encode()])
    points = random.uniform(0, 1000, (6, 2)).round().tolist()
    drawing = {"label": label, "writer": f"{name}{writer}", "source": "unipen", "strokes": [points]}
    return json.dumps(drawing) + "\n"


def one_seven_each(numbers: Sequence[Drawing], _reader: object) -> list[Drawing]:
    """Return a seven for each number, in place of its digits."""
    return [replace(number, label="7") for number in numbers]


class ThreeReader:
    """A model that reads every image as a 3 and scores it by its ink."""

    def __init__(self, *_):
        pass

    @classmethod
    def load(cls, name):
        return cls()

    def predict(self, images):
        return np.tile(np.eye(10, dtype=np.float32)[3], (len(images), 1))

    def digit_scores(self, images):
        return images.mean(axis=(1, 2)) / 255
