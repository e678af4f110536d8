"""Share of held-out drawings that is read right, on every kind of canvas and on photographed paper.

Each drawing is by a person whom no network here has seen. Beside the way that the app goes, the
canvas is also just resized to 28x28, as demos do: the difference is what preprocessing buys.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from benchmarks.bench import SEED, STROKES, Bench
from benchmarks.paper import photograph
from recognizer import drawings
from recognizer.drawings import CONDITIONS, Drawing
from recognizer.evaluation import calibration_error, wilson_interval
from recognizer.inference import Recognizer
from recognizer.pictures import decode_picture
from recognizer.preprocessing import to_mnist
from recognizer.records import IMAGE_SIZE, WHITE

NEEDS = (STROKES,)
PAPER = "photographed paper"
PLAIN = "plain resize"
PLAIN_CONDITIONS = ("centred", "random", "corner")
CALIBRATED_ON = "random"


def measure(bench: Bench) -> dict:
    """Return shares with intervals: conditions -> ways of reading -> score."""
    labels = np.array([int(drawing.label) for drawing in bench.drawings])
    recognizers, default = bench.recognizers, bench.models[0].name
    scores, errors = {}, {}
    for condition in (*CONDITIONS, PAPER):
        images = [to_mnist(one) for one in _pictures(bench.drawings, condition)]
        scores[condition] = {n: score(one, images, labels) for n, one in recognizers.items()}
        if condition in PLAIN_CONDITIONS:
            plain = [plain_resize(one) for one in _pictures(bench.drawings, condition)]
            scores[condition][f"{default}, {PLAIN}"] = score(recognizers[default], plain, labels)
        if condition == CALIBRATED_ON:
            errors = {n: _error(one, images, labels) for n, one in recognizers.items()}
    return {
        "n": len(labels),
        "people": len({drawing.writer for drawing in bench.drawings}),
        "data": f"{STROKES}, the third part of recognizer.drawings.split_writers",
        "seed": SEED,
        "weights": bench.weights,
        "conditions": scores,
        f"calibration_error_{CALIBRATED_ON}": errors,
    }


def score(recognizer: Recognizer, images: list[np.ndarray | None], labels: np.ndarray) -> dict:
    """Return how many images are read right; one that was taken for blank is not.

    Args:
        recognizer: the model.
        images: arrays of shape (28, 28), uint8; None where nothing was found.
        labels: array of shape (n,), 0 to 9.
    """
    shown = np.array([image is not None for image in images])
    right = int((_predict(recognizer, images).argmax(axis=1) == labels[shown]).sum())
    low, high = wilson_interval(right, len(labels))
    return {
        "right": right,
        "share": round(right / len(labels), 4),
        "interval": [round(low, 4), round(high, 4)],
    }


def plain_resize(canvas: np.ndarray) -> np.ndarray:
    """Return a (280, 280) canvas, black on white, as (28, 28), white on black, and no more."""
    size = (IMAGE_SIZE, IMAGE_SIZE)
    return WHITE - cv2.resize(canvas, size, interpolation=cv2.INTER_AREA)


def _pictures(of: list[Drawing], condition: str) -> Iterator[np.ndarray]:
    """Yield each drawing as a picture; a condition's pictures are the same in every run."""
    rng = np.random.default_rng([SEED, *condition.encode()])
    for drawing in of:
        if condition == PAPER:
            yield decode_picture(photograph(drawing.strokes, rng))
        else:
            yield drawings.draw(drawing.strokes, CONDITIONS[condition], rng)


def _predict(recognizer: Recognizer, images: list[np.ndarray | None]) -> np.ndarray:
    """Return the probabilities, (m, 10), of the m images that are not blank."""
    shown = [image for image in images if image is not None]
    return recognizer.predict(np.array(shown, np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE))


def _error(recognizer: Recognizer, images: list[np.ndarray | None], labels: np.ndarray) -> float:
    shown = np.array([image is not None for image in images])
    return round(calibration_error(_predict(recognizer, images), labels[shown]), 4)
