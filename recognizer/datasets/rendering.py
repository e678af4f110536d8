"""Digits that come from elsewhere than a table: pen drawings and corrections. And twins among rows.

What comes in here is trained on and never measured on: rows of one writer on both sides of a split
would flatter the held-out figure.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from recognizer.errors import DataError
from recognizer.imaging.strokes import CONDITIONS, Condition, Drawing, draw
from recognizer.imaging.synthesis import ANYHOW, pair, rewritten, scribble, varied, warped
from recognizer.preprocessing import to_mnist
from recognizer.records import LABELS, NOT_A_DIGIT, Digits


def render_drawings(
    drawings: Sequence[Drawing],
    *,
    seed: int,
    times: int = 1,
    condition: Condition = CONDITIONS["random"],
) -> Digits:
    """Draw each drawing of a digit on the canvas, anywhere and of any size, and make it MNIST's.

    Args:
        drawings: other labels than digits are passed over.
        seed: of the places, sizes and pens.
        times: renderings of each drawing.
        condition: how they are drawn.

    Raises:
        DataError: there is no digit among them.
    """
    rng = np.random.default_rng(seed)
    drawn = _of_digits(drawings)
    return _rendered(
        ((one.strokes, int(one.label)) for one in drawn for _ in range(times)), condition, rng
    )


def rewrite_drawings(drawings: Sequence[Drawing], *, seed: int, times: int) -> Digits:
    """Draw each digit `times` times, each time as another hand might: see `variation`.

    Raises:
        DataError: there is no digit among them.
    """
    rng = np.random.default_rng(seed)
    drawn = _of_digits(drawings)
    return _rendered(
        ((rewritten(one, rng), int(one.label)) for one in drawn for _ in range(times)), ANYHOW, rng
    )


def not_digits(
    letters: Sequence[Drawing],
    digits: Sequence[Drawing],
    *,
    seed: int,
    times: int,
    pairs: int,
    scribbles: int,
) -> Digits:
    """Draw what is no digit: letters, two digits at once, and scribbles; labelled `NOT_A_DIGIT`.

    Args:
        letters: drawings of letters that look like no digit.
        digits: drawings of digits, to make pairs of.
        seed: of everything.
        times: renderings of each letter, each as another hand might.
        pairs: number of pairs.
        scribbles: number of scribbles.
    """
    rng = np.random.default_rng(seed)

    def drawn() -> Iterator[Sequence[np.ndarray]]:
        for letter in letters:
            for _ in range(times):
                yield varied(letter.strokes, rng)
        for _ in range(pairs):
            first, second = rng.integers(len(digits), size=2)
            yield varied(pair(digits[first].strokes, digits[second].strokes, rng), rng)
        for _ in range(scribbles):
            yield scribble(rng)

    return _rendered(((strokes, NOT_A_DIGIT) for strokes in drawn()), ANYHOW, rng)


def warp(digits: Digits, *, seed: int, times: int) -> Digits:
    """Return each scan `times` times, each time bent otherwise."""
    rng = np.random.default_rng(seed)
    images = [warped(image, rng) for image in digits.images for _ in range(times)]
    return Digits(np.stack(images), np.repeat(digits.labels, times))


def _of_digits(drawings: Sequence[Drawing]) -> list[Drawing]:
    found = [drawing for drawing in drawings if drawing.label in map(str, LABELS)]
    if not found:
        raise DataError("There is no drawing of a digit in it: expected labels from 0 to 9.")
    return found


def _rendered(
    drawn: Iterable[tuple[Sequence[np.ndarray], int]],
    condition: Condition,
    rng: np.random.Generator,
) -> Digits:
    """Return strokes with their labels as the app sees them; what leaves no ink is left out."""
    images, labels = [], []
    for strokes, label in drawn:
        image = to_mnist(draw(strokes, condition, rng))
        if image is not None:
            images.append(image)
            labels.append(label)
    return Digits(np.stack(images), np.array(labels, dtype=np.uint8))
