"""Measuring how fast a model reads."""

import numpy as np

from recognizer.inference import speed
from recognizer.inference.recognizer import BATCH


class Counting:
    """Reads nothing, and counts."""

    def __init__(self) -> None:
        self.drawings, self.images = 0, 0

    def read(self, image: np.ndarray) -> None:
        assert (image.shape, image.dtype) == ((280, 280), np.uint8)
        self.drawings += 1

    def predict(self, images: np.ndarray) -> None:
        self.images += len(images)


def test_single_drawings_and_whole_batches_are_measured_on_a_clock(monkeypatch):
    ticks = iter(range(10_000))
    monkeypatch.setattr(speed, "perf_counter", lambda: next(ticks) * 0.01)  # a call takes 10 ms
    reader = Counting()
    measured = speed.measure(reader)
    assert round(measured.milliseconds, 6) == 10
    assert round(measured.images_per_second, 6) == BATCH / 0.01
    assert reader.drawings > 5
    assert reader.images % BATCH == 0


def test_a_slow_model_is_read_twice_and_no_more(monkeypatch):
    ticks = iter(range(10_000))
    monkeypatch.setattr(speed, "perf_counter", lambda: next(ticks) * 30.0)
    reader = Counting()
    assert round(speed.measure(reader).milliseconds) == 30_000
    assert (reader.drawings, reader.images) == (2, 2 * BATCH)
