"""Time to read one drawing and one photo, and images a second in batches, in one warm process."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import cv2
import numpy as np

from benchmarks.bench import SEED, STROKES, Bench
from benchmarks.helpers.paper import TWELVE_MEGAPIXELS, photograph
from benchmarks.results import median_and_p95, significant
from recognizer.imaging.decoding import decode_picture
from recognizer.imaging.strokes import CONDITIONS, draw
from recognizer.inference import Recognizer
from recognizer.preprocessing import to_mnist

NEEDS = (STROKES,)
_CANVASES = 1000
_PHOTOS = 4
_READINGS_A_PHOTO = 10
_BATCH_IMAGES = 4096
_BATCHES = 5


def measure(bench: Bench) -> dict:
    """Return milliseconds a picture, and images a second: models -> figures."""
    canvases = _canvases(bench)
    images = np.array([image for one in canvases if (image := to_mnist(one)) is not None])
    photos = _photos(bench) * bench.count(_READINGS_A_PHOTO)
    models = {}
    for name, recognizer in bench.recognizers.items():
        models[name] = {
            "canvas_to_reading_ms": milliseconds(recognizer.read, canvases),
            "network_ms": milliseconds(recognizer.read_mnist, images),
            "batch_images_per_second": _per_second(bench, recognizer, images),
        }
    reader = bench.recognizers[bench.models[0].name]
    return {
        "canvas": f"{len(canvases)} RGBA canvases of 280x280, condition random, seed {SEED}",
        "canvas_to_28x28_ms": milliseconds(to_mnist, canvases),
        "photo": f"JPEG of 12 megapixels, from bytes to reading by {bench.models[0].name}",
        "photo_ms": milliseconds(lambda photo: reader.read(decode_picture(photo)), photos),
        "models": models,
    }


def milliseconds(function: Callable[[Any], Any], arguments: Sequence[Any]) -> dict:
    """Return n, median and 95th percentile of the times of single calls, after one to warm up."""
    function(arguments[0])
    times = []
    for argument in arguments:
        started = perf_counter()
        function(argument)
        times.append(1000 * (perf_counter() - started))
    return median_and_p95(times)


def _canvases(bench: Bench) -> list[np.ndarray]:
    """Return drawings as the browser sends them: (280, 280, 4) uint8, black on opaque white."""
    rng = np.random.default_rng(SEED)
    drawings = bench.drawings[: bench.count(_CANVASES)]
    condition = CONDITIONS["random"]
    return [cv2.cvtColor(draw(d.strokes, condition, rng), cv2.COLOR_GRAY2RGBA) for d in drawings]


def _photos(bench: Bench) -> list[bytes]:
    rng = np.random.default_rng(SEED)
    drawings = bench.drawings[: bench.count(_PHOTOS)]
    return [photograph(drawing.strokes, rng, size=TWELVE_MEGAPIXELS) for drawing in drawings]


def _per_second(bench: Bench, recognizer: Recognizer, images: np.ndarray) -> float:
    """Return the median rate of some batches."""
    batch = np.resize(images, (bench.count(_BATCH_IMAGES), *images.shape[1:]))
    times = milliseconds(recognizer.predict, [batch] * _BATCHES)
    return significant(1000 * len(batch) / times["median"])
