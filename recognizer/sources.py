"""Digits that come from elsewhere than a table: pen drawings and corrections. And twins among rows.

What comes in here is trained on and never measured on: rows of one writer on both sides of a split
would flatter the held-out figure.
"""

from collections.abc import Sequence

import numpy as np

from recognizer.corrections import Corrections
from recognizer.drawings import CONDITIONS, Drawing, draw
from recognizer.errors import DataError
from recognizer.preprocessing import to_mnist
from recognizer.records import LABELS, Digits


def render_drawings(drawings: Sequence[Drawing], *, seed: int, times: int = 1) -> Digits:
    """Draw each drawing of a digit on the canvas, anywhere and of any size, and make it MNIST's.

    Args:
        drawings: other labels than digits are passed over.
        seed: of the places, sizes and pens.
        times: renderings of each drawing.

    Raises:
        DataError: there is no digit among them.
    """
    rng = np.random.default_rng(seed)
    images, labels = [], []
    for drawing in drawings:
        if drawing.label not in map(str, LABELS):
            continue
        for _ in range(times):
            image = to_mnist(draw(drawing.strokes, CONDITIONS["random"], rng))
            if image is not None:
                images.append(image)
                labels.append(int(drawing.label))
    if not images:
        raise DataError("There is no drawing of a digit in it: expected labels from 0 to 9.")
    return Digits(np.stack(images), np.array(labels, dtype=np.uint8))


def corrected() -> Digits:
    """Return the drawings that were corrected on the Draw page.

    Raises:
        DataError: there is none.
    """
    digits = Corrections().digits()
    if not len(digits):
        raise DataError("No drawing was corrected yet: do so on the Draw page first.")
    return digits


def twins(rows: Digits, others: Digits) -> np.ndarray:
    """Return which of `others` have the same pixels as one of `rows`: array of shape (n,), bool."""
    known = {image.tobytes() for image in rows.images}
    return np.array([image.tobytes() in known for image in others.images], dtype=bool)


def join(parts: Sequence[Digits]) -> Digits:
    """Return labelled digits one after another."""
    return Digits(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )
