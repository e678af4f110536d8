"""How fast a model reads on this machine, measured within about a second."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from time import perf_counter

import numpy as np

from recognizer.inference.recognizer import BATCH, Recognizer
from recognizer.records import IMAGE_SIZE, WHITE

SECONDS = 0.4  # for each of the two
MOST = 200  # readings


@dataclass(frozen=True)
class Pace:
    """How fast a model reads.

    Attributes:
        milliseconds: median of one drawing, from the canvas to the digit.
        images_per_second: in batches, by the median batch.
        measured: when, on this machine's clock.
    """

    milliseconds: float
    images_per_second: float
    measured: datetime


def measure(recognizer: Recognizer) -> Pace:
    """Measure a model; the first readings, which set it up, do not count."""
    canvas = np.full((280, 280), WHITE, np.uint8)
    canvas[60:82, 80:200] = canvas[60:220, 178:200] = 0  # a seven
    batch = np.random.default_rng(0).integers(
        0, WHITE, (BATCH, IMAGE_SIZE, IMAGE_SIZE), dtype=np.uint8, endpoint=True
    )
    return Pace(
        milliseconds=1000 * _seconds(lambda: recognizer.read(canvas)),
        images_per_second=BATCH / _seconds(lambda: recognizer.predict(batch)),
        measured=datetime.now().astimezone(),
    )


def _seconds(read: Callable[[], object]) -> float:
    """Return the median time of some readings after the first."""
    read()
    times, end = [], perf_counter() + SECONDS
    while not times or (perf_counter() < end and len(times) < MOST):
        started = perf_counter()
        read()
        times.append(perf_counter() - started)
    return median(times)
