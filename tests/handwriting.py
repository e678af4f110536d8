"""Pen strokes for tests: real ones where the data folder is there, else a few of our own."""

import os
from functools import cache
from pathlib import Path

import numpy as np

from pages.shared.examples import example
from recognizer.drawings import read_drawings, render, split_writers
from recognizer.preprocessing import to_mnist

Strokes = list[list[tuple[float, float]]]

FILE = "strokes-train.jsonl.gz"
OWN = {2: "Looped 2", 7: "7 with a bar", 8: "8 in one stroke"}


def one_of_each() -> dict[int, Strokes]:
    """Return digit -> strokes of a drawing whose longer side is 1000: the first report writer's
    of each digit, or our own examples."""
    folder = os.environ.get("RECOGNIZER_DATA")
    path = Path(folder) / FILE if folder else None
    if path is None or not path.is_file():
        return {digit: example(name, 1000) for digit, name in OWN.items()}
    found: dict[int, Strokes] = {}
    for drawing in split_writers(read_drawings(path))[2]:
        found.setdefault(int(drawing.label), [stroke.tolist() for stroke in drawing.strokes])
    return dict(sorted(found.items()))


@cache
def seven() -> np.ndarray:
    """Return a drawn 7 in MNIST's form."""
    return to_mnist(render([np.array(stroke) for stroke in one_of_each()[7]]))
