"""A digit is read from the pen's path, and from its path and its picture together."""

import numpy as np
import pytest
from helpers.pen_strokes import one_of_each

from recognizer.trajectory import features, is_digit, join, network, read_paths, sample_drawing
from recognizer.trajectory.features import COUNT, DIRECTIONS, GRID, STEP, measure, sample

SEVEN = [np.array([(0, 0), (600, 0), (250, 1000)], float)]


def maps(strokes) -> np.ndarray:
    """Return the length of path by direction, row and column, in sides of the square."""
    found = measure([sample_drawing(strokes)])[0, :-2].astype(float) ** 2
    return found.reshape(DIRECTIONS, GRID, GRID)


@pytest.mark.parametrize("direction", range(DIRECTIONS))
def test_a_straight_line_lies_in_its_own_direction(direction):
    angle = 2 * np.pi * direction / DIRECTIONS
    line = np.array([(0.0, 0.0), (np.cos(angle), np.sin(angle))])
    by_direction = maps([line]).sum(axis=(1, 2))
    assert by_direction.argmax() == direction
    assert by_direction[direction] > 0.999 * by_direction.sum()


def test_the_maps_hold_the_whole_path_where_it_lies():
    found = maps(SEVEN)
    length = 600 + np.hypot(350, 1000)
    # The corner is smoothed, and there is a margin on each side.
    assert found.sum() == pytest.approx(0.9 * length / 1000, rel=0.02)
    bar, stem = found[0], found[2] + found[3]  # to the right; down, and down to the left
    assert bar[:2].sum() > 0.99 * bar.sum()
    assert stem[2:].sum() > 0.7 * stem.sum()


def test_place_size_and_order_of_the_strokes_make_no_difference_the_way_does():
    strokes = [np.array(one) for one in one_of_each()[7]] + [np.array([(100.0, 500), (700, 480)])]
    plain = measure([sample_drawing(strokes)])
    moved = [stroke * 0.2 + [37, 5] for stroke in strokes]
    assert np.allclose(measure([sample_drawing(moved)]), plain, atol=1e-4)
    assert np.allclose(measure([sample_drawing(strokes[::-1])]), plain, atol=1e-4)
    back = maps([stroke[::-1] for stroke in strokes])
    opposite = np.roll(maps(strokes), DIRECTIONS // 2, axis=0)
    assert np.allclose(back, opposite, atol=1e-6)


def test_many_are_measured_as_each_alone():
    drawings = [sample_drawing([np.array(s) for s in one]) for one in one_of_each().values()]
    together = measure(drawings)
    assert together.shape == (len(drawings), COUNT)
    for one, row in zip(drawings, together, strict=True):
        assert np.allclose(measure([one])[0], row, atol=1e-5)


@pytest.mark.parametrize(
    "strokes",
    [
        [np.array([(5.0, 5.0)])],
        [np.array([(5.0, 5.0)] * 9)],
        [np.array([(0.0, 0.0), (0.0, 1e-12)])],
        [np.array([(0.0, 0.0), (1e6, 1e6)]), np.array([(3.0, 3.0)])],
        [np.array([(0, 0), (40, 0)])],
    ],
)
def test_taps_and_lines_of_any_length_are_measured(strokes):
    found = measure([sample_drawing(strokes)])
    assert found.shape == (1, COUNT)
    assert np.isfinite(found).all()
    probabilities, scores = read_paths([sample_drawing(strokes)])
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert 0 <= scores[0] <= 1


def test_a_tap_has_no_direction_and_is_no_digit():
    tap = [np.array([(5.0, 5.0)])]
    assert (measure([sample_drawing(tap)]) == 0).all()
    assert read_paths([sample_drawing(tap)])[1][0] < 0.1


def test_positions_are_evenly_apart_and_keep_the_ends():
    path = sample(SEVEN[0], 1000 * STEP)
    apart = np.hypot(*np.diff(path, axis=0).T)
    assert apart.max() <= 1000 * STEP
    assert (path[[0, -1]] == SEVEN[0][[0, -1]]).all()


def test_digits_are_read_from_their_paths_alone():
    digits = one_of_each()
    probabilities, scores = read_paths(
        [sample_drawing([np.array(s) for s in one]) for one in digits.values()]
    )
    assert probabilities.argmax(axis=1).tolist() == list(digits)
    assert (scores > 0.5).all()


def test_the_network_is_two_hidden_layers_over_standardised_features():
    weights = network.load()
    character = sample_drawing(SEVEN)
    x = (measure([character])[0].astype(float) - weights.mean) / weights.scale
    for layer in (0, 1):
        x = x @ getattr(weights, f"kernel_{layer}") + getattr(weights, f"bias_{layer}")
        x = np.where(x > 0, x, 0)
    outputs = np.exp(x @ weights.kernel_2 + weights.bias_2)
    outputs /= outputs.sum()
    probabilities, scores = read_paths([character])
    assert np.allclose(probabilities[0], outputs[:10] / outputs[:10].sum(), atol=1e-4)
    assert scores[0] == pytest.approx(1 - outputs[10], abs=1e-4)
    assert weights.kernel_0.shape[0] == features.COUNT


def test_together_they_say_the_geometric_mean():
    picture, path = np.array([[0.5, 0.4, 0.1]]), np.array([[0.1, 0.8, 0.1]])
    product = np.sqrt(picture * path)
    assert np.allclose(join(picture, path), product / product.sum())
    nothing = np.array([[1.0, 0.0, 0.0]])
    assert np.isfinite(join(nothing, nothing[:, ::-1])).all()


def test_a_doubt_of_one_is_outweighed_by_the_other():
    threshold, own = 0.6, float(network.load().threshold)
    assert is_digit(0.6, threshold, np.array(own + 0.01))
    assert not is_digit(0.6, threshold, np.array(own - 0.01))
    assert is_digit(0.4, threshold, np.array(1.0))
    assert not is_digit(0.999, threshold, np.array(0.0))
