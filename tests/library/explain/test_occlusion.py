"""What spoke for a digit, and what would flip it: against readers whose reasons are known."""

import numpy as np
import pytest
from helpers.pen_strokes import seven

from recognizer.explain.occlusion import evidence, smallest_flip
from recognizer.inference import Recognizer
from recognizer.models import registry

BAR, HOLE = (slice(4, 24), slice(8, 12)), (slice(4, 24), slice(18, 22))


def bar() -> np.ndarray:
    image = np.zeros((28, 28), np.uint8)
    image[BAR] = 255
    return image


def one_or_four(images: np.ndarray) -> np.ndarray:
    """Reads a 1 from ink in the bar and from none in the hole beside it, else a 4."""
    ink, filled = (images[:, *part].mean(axis=(1, 2)) / 255 for part in (BAR, HOLE))
    scores = np.full((len(images), 10), -50.0)
    scores[:, 1] = 10 * ink - 10 * filled
    scores[:, 4] = 7
    powers = np.exp(scores)
    return powers / powers.sum(axis=1, keepdims=True)


def test_ink_that_is_needed_speaks_for_the_digit_and_against_the_other():
    found = evidence(one_or_four, bar())
    inside = np.zeros((28, 28), bool)
    inside[BAR] = True
    assert (found.maps[1][inside] > 0).all()
    assert (found.maps[4][inside] < 0).all()
    np.testing.assert_allclose(found.maps[1], -found.maps[4], atol=1e-6)


def test_empty_paper_that_is_needed_speaks_for_the_digit_too():
    found = evidence(one_or_four, bar())
    assert found.maps[1][14, 20] > 0.1
    assert found.maps[1][14, 26] == pytest.approx(0), "neither ink nor paper there matters"


def test_odds_are_told_apart_where_a_probability_is_nearly_one():
    def sure(images: np.ndarray) -> np.ndarray:
        ink = images.sum(axis=(1, 2)) / 255
        rest = np.exp(-30 - ink / 4).astype(np.float32)  # 1 - rest is 1 in float32
        return np.stack([1 - rest, rest, *np.zeros((8, len(images)))], axis=1).astype(np.float32)

    found = evidence(sure, bar())
    assert found.odds[0] == pytest.approx(30 + 80 / 4, rel=1e-4)
    assert found.maps[0][14, 9] > 1


@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize("target", [None, 4])
def test_a_flip_is_read_as_another_digit_and_changes_no_more_than_it_says(add, target):
    image = bar()
    flip = smallest_flip(one_or_four, image, target, add=add)
    assert flip.digit == int(one_or_four(flip.image[np.newaxis])[0].argmax()) == 4
    change = flip.image.astype(int) - image
    assert (change >= 0).all() if add else (change <= 0).all()
    assert flip.ink == pytest.approx(np.abs(change).sum() / 255)
    # 0.3 of the bar's 80 pixels decide, or of the hole's; a dab also covers pixels beside them.
    assert 24 - 1e-9 <= flip.ink < 36


def test_a_digit_that_no_small_change_reaches_is_given_up():
    assert smallest_flip(one_or_four, bar(), 7, add=True) is None
    assert smallest_flip(one_or_four, bar(), 7, add=False) is None


def test_what_a_flip_does_not_need_is_taken_back():
    """A reader that a first dab helps, and that later ones make unnecessary."""

    def reader(images: np.ndarray) -> np.ndarray:
        lure = images[:, 3, 3] > 200
        goal = images[:, 20:23, 20:23].min(axis=(1, 2)) > 40
        scores = np.zeros((len(images), 10))
        scores[:, 0] = 5
        scores[:, 1] = 1.0 * lure + 3.0 * (images[:, 21, 21] > 200) + 9.0 * goal
        powers = np.exp(scores)
        return powers / powers.sum(axis=1, keepdims=True)

    flip = smallest_flip(reader, np.zeros((28, 28), np.uint8), 1, add=True)
    assert flip.image[21, 21] == 255
    assert flip.image[3, 3] == 0


def test_a_real_networks_reading_flips(two_block):
    model = registry.find_model("two-block")
    recognizer = Recognizer(model.tflite, model.card)
    image = seven()
    read = int(recognizer.predict(image[np.newaxis])[0].argmax())
    found = evidence(recognizer.predict, image)
    assert np.isfinite(found.maps).all()
    assert found.odds.argmax() == read
    row, column = np.unravel_index(found.maps[read].argmax(), image.shape)
    changed = image.copy()
    around = changed[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3]
    around[:] = 0 if image[row, column] > 128 else 255
    before, after = recognizer.predict(np.stack([image, changed])).astype(float)
    others = np.arange(10) != read
    odds = [one[read] / one[others].sum() for one in (before, after)]
    assert odds[1] < odds[0], "changing what spoke for it most makes it less likely"
    flip = smallest_flip(recognizer.predict, image, None, add=False)
    assert flip.digit != read
    assert flip.ink <= image.sum() / 255 / 2
