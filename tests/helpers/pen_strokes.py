"""Pen strokes for tests: real ones where the data folder is there, else a few of our own."""

import os
from functools import cache
from pathlib import Path

import numpy as np

from pages.shared.canvas.examples import example
from recognizer.imaging.strokes import Drawing, read_drawings, render, split_writers
from recognizer.preprocessing import to_mnist

Strokes = list[list[tuple[float, float]]]

FILE = "strokes-train.jsonl.gz"
FEW = 30  # of each digit, to choose from
OWN = {2: "Looped 2", 7: "7 with a bar", 8: "8 in one stroke"}


@cache
def one_of_each() -> dict[int, Strokes]:
    """Return digit -> strokes of a drawing whose longer side is 1000: the most ordinary of some
    by report writers, or our own examples."""
    folder = os.environ.get("RECOGNIZER_DATA")
    path = Path(folder) / FILE if folder else None
    if path is None or not path.is_file():
        return {digit: _scaled(example(name, 1000)) for digit, name in OWN.items()}
    report = split_writers(read_drawings(path))[2]
    return {digit: _ordinary([d for d in report if d.label == str(digit)]) for digit in range(10)}


def _scaled(strokes: Strokes) -> Strokes:
    points = np.concatenate([np.array(stroke) for stroke in strokes])
    scale = 1000 / np.ptp(points, axis=0).max()
    return [(np.array(stroke) * scale).tolist() for stroke in strokes]


def _ordinary(drawings: list[Drawing]) -> Strokes:
    """Return the strokes of the one whose picture is nearest to the mean of their pictures."""
    some = drawings[:: max(1, len(drawings) // FEW)]
    pictures = np.stack([to_mnist(render(one.strokes)) for one in some]).astype(float)
    away = ((pictures - pictures.mean(axis=0)) ** 2).sum(axis=(1, 2))
    return [stroke.tolist() for stroke in some[away.argmin()].strokes]


@cache
def seven() -> np.ndarray:
    """Return a drawn 7 in MNIST's form."""
    return to_mnist(render([np.array(stroke) for stroke in one_of_each()[7]]))
