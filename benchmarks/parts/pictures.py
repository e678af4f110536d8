"""Share of pictures of each kind that is read right, and that is read wrong without a doubt.

Each picture shows a drawing of the third part of the writers, in one of ten sizes from 200 to 3,000
pixels; what chose the ways in which ink is found were drawings of the other two parts. A last row
has the drawings on the canvas: what the network reads in them at best, and how often it is wrong.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from benchmarks.bench import SEED, STROKES, Bench
from benchmarks.helpers.scenes import KINDS, SIDES, picture
from recognizer.evaluation import wilson_interval
from recognizer.imaging.decoding import decode_picture
from recognizer.imaging.strokes import CONDITIONS, Drawing, draw
from recognizer.inference import Recognizer

NEEDS = (STROKES,)
PICTURES = 200  # of each kind
CANVAS = "for comparison: such drawings on the canvas"


def measure(bench: Bench) -> dict:
    """Return for each kind of picture how many are read right, wrong without a doubt, or not."""
    recognizer = bench.recognizers[bench.models[0].name]
    count = bench.count(PICTURES)
    return {
        "model": bench.models[0].name,
        "n": count,
        "data": f"{STROKES}, the third part of recognizer.imaging.strokes.split_writers",
        "seed": SEED,
        "kinds": {
            kind: _score(recognizer, pictures(bench.drawings, kind, count))
            for kind in (*KINDS, CANVAS)
        },
    }


def pictures(drawings: list[Drawing], kind: str, count: int) -> Iterator[tuple[bytes, int]]:
    """Yield so many pictures of a kind and the digit on each, the same in every run."""
    rng = np.random.default_rng([SEED, *kind.encode()])
    for number in range(count):
        drawing = drawings[rng.integers(len(drawings))]
        if kind == CANVAS:
            made = cv2.imencode(".png", draw(drawing.strokes, CONDITIONS["random"], rng))[1]
            yield made.tobytes(), int(drawing.label)
            continue
        made = picture(kind, drawing.strokes, rng, SIDES[number % len(SIDES)])
        yield made, int(drawing.label)


def _score(recognizer: Recognizer, shown: Iterator[tuple[bytes, int]]) -> dict:
    readings = [(recognizer.read(decode_picture(data)), label) for data, label in shown]
    right = sum(reading.digit == label for reading, label in readings)
    wrong = [one for one, label in readings if one.digit not in (label, None)]
    low, high = wilson_interval(right, len(readings))
    return {
        "right": right,
        "share": round(right / len(readings), 4),
        "interval": [round(low, 4), round(high, 4)],
        "wrong_not_doubted": sum(one.is_digit for one in wrong),
        "blank": sum(one.digit is None for one, _ in readings),
    }
