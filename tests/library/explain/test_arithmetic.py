"""One number taken apart, against sums worked out by hand and against the networks' own values."""

import numpy as np
import pytest
from helpers.pen_strokes import seven

from recognizer.explain.activations import Kind, OpenNetwork, Stage
from recognizer.explain.arithmetic import convolved, normalised, pooled, summed
from recognizer.models import registry

SHIPPED = registry.list_models(registry.SHIPPED).available
RAMP = np.arange(16, dtype=np.float32).reshape(4, 4, 1)  # 0 to 15, row by row


def convolution(**other) -> Stage:
    """A kernel of 3 × 3 that adds the left of a pixel and twelve times what is below it."""
    weights = np.zeros((1, 3, 3, 1), np.float32)
    weights[0, 1, 0, 0], weights[0, 2, 1, 0] = 1, 12
    facts = {"window": (3, 3), "padding": (1, 1), "weights": weights, **other}
    return Stage(Kind.CONVOLUTION, "CONV_2D", 0, (4, 4, 1), (4, 4, 1), **facts)


def pooling(**other) -> Stage:
    return Stage(Kind.POOLING, "MAX_POOL_2D", 0, (4, 4, 1), (2, 2, 1), window=(2, 2), **other)


def test_a_convolution_by_hand():
    one = convolved(convolution(bias=np.array([0.5])), RAMP, 0, 1, 2)
    assert one.patch[:, :, 0].tolist() == [[1, 2, 3], [5, 6, 7], [9, 10, 11]]
    assert one.products.sum() == 5 + 12 * 10
    assert one.total == 5 + 12 * 10 + 0.5


def test_a_kernel_that_hangs_over_the_rim_sees_zeros():
    one = convolved(convolution(), RAMP, 0, 0, 0)
    assert one.patch[:, :, 0].tolist() == [[0, 0, 0], [0, 0, 1], [0, 4, 5]]
    assert one.total == 12 * 4
    last = convolved(convolution(), RAMP, 0, 3, 3)
    assert last.patch[:, :, 0].tolist() == [[10, 11, 0], [14, 15, 0], [0, 0, 0]]
    assert last.total == 14


def test_a_stride_moves_the_window():
    one = convolved(convolution(stride=(2, 1), padding=(0, 0)), RAMP, 0, 0, 1)
    assert one.patch[:, :, 0].tolist() == [[1, 2, 3], [5, 6, 7], [9, 10, 11]]
    one = convolved(convolution(stride=(1, 2), padding=(1, 0)), RAMP, 0, 0, 0)
    assert one.patch[:, :, 0].tolist() == [[0, 0, 0], [0, 1, 2], [4, 5, 6]]


def test_the_largest_of_a_window_wins():
    values = RAMP.copy()
    values[2, 1] = 99
    one = pooled(pooling(stride=(2, 2)), values, 0, 1, 0)
    assert one.window.tolist() == [[8, 99], [12, 13]]
    assert (one.winner, one.place) == ((0, 1), (2, 1))


def test_nothing_outside_the_map_wins_even_below_zero():
    one = pooled(pooling(stride=(2, 2), padding=(1, 1)), -1 - RAMP, 0, 0, 0)
    assert one.window.tolist() == [[-np.inf, -np.inf], [-np.inf, -1]]
    assert one.place == (0, 0)


def test_a_dense_layer_by_hand():
    weights = np.array([[1, 1, 1], [2, -3, 0.5]], np.float32)
    stage = Stage(
        Kind.DENSE, "FULLY_CONNECTED", 0, (3,), (2,), weights=weights, bias=np.array([0, 0.25])
    )
    one = summed(stage, np.array([1, 2, 4], np.float32), 1)
    assert one.products.tolist() == [2, -6, 2]
    assert one.total == -1.75


def test_scores_become_shares_by_hand():
    one = normalised(np.log(np.array([1.0, 2.0, 5.0])))
    np.testing.assert_allclose(one.exponentials, [0.2, 0.4, 1])
    np.testing.assert_allclose(one.probabilities, [1 / 8, 2 / 8, 5 / 8])
    assert normalised(np.array([1000.0, 0.0])).probabilities.tolist() == [1, 0]


@pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.name)
def test_every_number_taken_apart_is_the_networks_own(model):
    network = OpenNetwork(model.tflite)
    values = network.look(seven())
    random = np.random.default_rng(1)
    for stage, gave in zip(network.stages, values[1:], strict=True):
        given = values[stage.source]
        for _ in range(20):
            at = tuple(int(random.integers(length)) for length in gave.shape)
            match stage.kind:
                case Kind.CONVOLUTION:
                    one = convolved(stage, given, at[2], *at[:2])
                    assert one.of_maps.sum() + one.bias == pytest.approx(one.total)
                    told = one.total
                case Kind.POOLING:
                    one = pooled(stage, given, at[2], *at[:2])
                    told = given[(*one.place, at[2])]
                case Kind.DENSE:
                    told = summed(stage, given, *at).total
                case Kind.SOFTMAX:
                    told = normalised(given).probabilities[at]
                case _:
                    continue
            told = max(0.0, told) if stage.relu else told
            assert told == pytest.approx(float(gave[at]), rel=1e-4, abs=1e-4)
