"""Render digits that come from elsewhere than a table: pen drawings and changed scans.

What comes in here is trained on and never measured on: rows of one writer on both sides of a split
would flatter the held-out figure.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from recognizer.errors import DataError
from recognizer.imaging import non_digits
from recognizer.imaging.strokes import CONDITIONS, Condition, Drawing, draw
from recognizer.imaging.synthesis import ANYHOW, pair, rewritten, scribble, varied, warped
from recognizer.preprocessing import to_mnist
from recognizer.records import LABELS, NOT_A_DIGIT, Digits, join


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
    """Draw each digit `times` times, each time as another hand might: see `imaging.synthesis`.

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


def false_digits(
    digits: Sequence[Drawing],
    numbers: Sequence[Drawing],
    *,
    seed: int,
    of_one: int,
    of_two: int,
    times: int,
    taps: int,
) -> Digits:
    """Draw what splitting a number leaves, whole numbers, and taps; labelled `NOT_A_DIGIT`.

    Args:
        digits: drawings of digits; what is made of two is of one writer's.
        numbers: drawings of numbers of two digits or more.
        seed: of everything.
        of_one: number of halves, and of pieces.
        of_two: number of merged digits, and of digits with half of their neighbour.
        times: renderings of each number, each as another hand might.
        taps: number of taps, and of fillings.
    """
    rng = np.random.default_rng(seed)
    by_writer = defaultdict(list)
    for one in digits:
        by_writer[one.writer].append(one.strokes)

    def drawn() -> Iterator[Sequence[np.ndarray]]:
        for kind in non_digits.OF_ONE:
            for of in rng.integers(len(digits), size=of_one):
                yield kind(varied(digits[of].strokes, rng), rng)
        for kind in non_digits.OF_TWO:
            for of in rng.integers(len(digits), size=of_two):
                own = by_writer[digits[of].writer]
                yield varied(kind(digits[of].strokes, own[rng.integers(len(own))], rng), rng)
        for number in numbers:
            for _ in range(times):
                yield varied(number.strokes, rng)

    written = _rendered(((strokes, NOT_A_DIGIT) for strokes in drawn()), ANYHOW, rng)
    canvases = (kind(rng) for kind in (non_digits.tap, non_digits.filled) for _ in range(taps))
    images = [image for canvas in canvases if (image := to_mnist(canvas)) is not None]
    return join([written, Digits(np.stack(images), np.full(len(images), NOT_A_DIGIT, np.uint8))])


def warp(digits: Digits, *, seed: int, times: int = 1) -> Digits:
    """Return each scan bent, `times` times, as other hands might have written it."""
    rng = np.random.default_rng(seed)
    bent = [warped(image, rng) for _ in range(times) for image in digits.images]
    return Digits(np.stack(bent), np.tile(digits.labels, times))


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
