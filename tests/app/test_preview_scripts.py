"""The preview's JavaScript, held to the Python that it repeats, in Node."""

import cv2
import numpy as np
import pytest
from helpers.pen_strokes import one_of_each

from benchmarks.helpers import node
from recognizer.imaging.strokes import CONDITIONS, Condition, draw
from recognizer.imaging.synthesis import ANYHOW, scribble
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.outputs import digit_probabilities
from recognizer.preprocessing import to_mnist
from recognizer.preview import preview_of
from recognizer.preview.network import Layer, Preview, pack, unpack
from recognizer.records import NOT_A_DIGIT

SIDE = 320  # pixels of the app's canvas


@pytest.fixture(scope="module")
def path() -> str:
    found = node.find_node()
    if found is None:
        pytest.skip("there is no Node, nor a Playwright that brings it")
    return found


def drawn(condition: Condition, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [
        draw([np.array(stroke) for stroke in strokes], condition, rng, size=SIDE)
        for strokes in one_of_each().values()
    ]


def differences(path: str, canvases: list[np.ndarray]) -> np.ndarray:
    """Return how far the two images of each canvas are apart, (n,), of 255; both may be none."""
    is_drawn, images = node.to_mnist(path, np.stack(canvases))
    apart = []
    for canvas, there, theirs in zip(canvases, is_drawn, images.astype(int), strict=True):
        ours = to_mnist(canvas, paper=(255,))
        assert (ours is not None) == there
        apart.append(0 if ours is None else np.abs(ours - theirs).mean())
    return np.array(apart)


def test_a_canvas_becomes_the_same_pixels_in_javascript(path):
    conditions = enumerate((*CONDITIONS.values(), ANYHOW))
    canvases = [canvas for seed, condition in conditions for canvas in drawn(condition, seed)]
    assert differences(path, canvases).max() < 0.01


def test_a_drawing_so_small_that_it_grows_nearly_does(path):
    small = Condition(side=(0.01, 0.1), pen=(2, 8))
    assert differences(path, drawn(small, 1)).max() < 0.05


def test_strays_a_frame_and_what_is_blank_are_seen_alike(path):
    rng = np.random.default_rng(2)
    canvases = [np.full((SIDE, SIDE), 255, np.uint8), np.zeros((SIDE, SIDE), np.uint8)]
    for canvas in drawn(CONDITIONS["random"], 3):
        for x, y, radius in rng.integers((0, 0, 1), (SIDE, SIDE, 9), (3, 3)).tolist():
            cv2.circle(canvas, (x, y), radius, 0, -1, cv2.LINE_AA)
        framed = cv2.rectangle(canvas.copy(), (0, 0), (SIDE - 1, SIDE - 1), 0, 4)
        faint = (255 - (255 - canvas) * 0.3).astype(np.uint8)
        canvases += [canvas, framed, faint, draw(scribble(rng), ANYHOW, rng, size=SIDE)]
    assert differences(path, canvases).max() < 0.01


def random_preview(rng: np.random.Generator) -> Preview:
    """Return a network of three convolutions, one without padding, and numbers of all kinds."""
    shapes = ((5, 5, 1, 6, 2, True), (3, 3, 6, 9, 1, False), (3, 3, 9, 8, 2, True))
    layers = [
        Layer(rng.normal(0, 0.3, shape), rng.normal(0, 0.1, shape[3]), stride, padded)
        for *shape, stride, padded in shapes
    ]
    dense = Layer(rng.normal(0, 0.1, (6, 6, 8, 11)), np.zeros(11), padded=False, rectified=False)
    return Preview("six-conv", "0", 0.9, [*layers, dense])


def test_any_network_reads_alike_in_javascript(path):
    rng = np.random.default_rng(4)
    file = pack(random_preview(rng))
    images = rng.integers(0, 256, (20, 28, 28), dtype=np.uint8)
    probabilities, is_digit = node.read(path, file, images)
    preview = unpack(file)
    ours = digit_probabilities(preview.outputs(images))
    assert np.abs(probabilities - ours).max() < 1e-5
    assert (is_digit == (preview.said(images) != NOT_A_DIGIT)).all()


def test_the_shipped_default_models_preview_says_what_the_model_says(path):
    model = registry.find_model(None, registry.SHIPPED)
    recognizer = Recognizer(model.tflite, model.card, threads=1)
    canvases = [c for seed in range(3) for c in drawn(CONDITIONS["random"], seed)]
    images = np.stack([to_mnist(canvas, paper=(255,)) for canvas in canvases])
    probabilities, is_digit = node.read(path, preview_of(model), images)
    readings = [recognizer.read_mnist(image) for image in images]
    assert (is_digit == [one.is_digit for one in readings]).all()
    assert (probabilities.argmax(axis=1) == [one.digit for one in readings]).all()
