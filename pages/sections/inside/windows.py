"""Which part of the drawing a pixel of a map follows from: its receptive field."""

from collections.abc import Sequence

import cv2
import numpy as np

from recognizer.explain.activations import Kind, Stage
from recognizer.records import IMAGE_SIZE

Window = tuple[int, int, int, int]  # top, left, bottom, right; from 0, all included
_SCALE = 8  # pixels of the marked picture for one of the drawing
_FRAME = (45, 212, 191)


def in_picture(stages: Sequence[Stage], number: int, row: int, column: int) -> Window:
    """Return the window of the 28 x 28 picture that decides about a pixel.

    It grows from stage to stage: each takes stride x place - padding, and window places from there
    (Dumoulin and Visin, 2016). What lies outside of the picture is cut off.

    Args:
        stages: of the network.
        number: of the stage whose output holds the pixel, from 1.
        row: of the pixel.
        column: likewise.
    """
    window = np.array([[row, column], [row, column]])  # first and last
    while number:
        stage = stages[number - 1]
        if stage.kind in (Kind.CONVOLUTION, Kind.POOLING):
            window = window * stage.stride - stage.padding
            window[1] += np.array(stage.window) - 1
        number = stage.source
    (top, left), (bottom, right) = np.clip(window, 0, IMAGE_SIZE - 1).tolist()
    return top, left, bottom, right


def marked(picture: np.ndarray, window: Window) -> np.ndarray:
    """Return a picture, (28, 28, 1), large and with a window framed, (H, W, 3) uint8."""
    top, left, bottom, right = (_SCALE * value for value in window)
    grey = (255 * picture[..., 0] / max(float(picture.max()), 1e-12)).astype(np.uint8)
    size = (_SCALE * IMAGE_SIZE, _SCALE * IMAGE_SIZE)
    large = cv2.resize(grey, size, interpolation=cv2.INTER_NEAREST)
    shown = cv2.cvtColor(large, cv2.COLOR_GRAY2RGB)
    cv2.rectangle(shown, (left, top), (right + _SCALE - 1, bottom + _SCALE - 1), _FRAME, 2)
    return shown
