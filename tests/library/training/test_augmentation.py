"""What the augmentation may do to an image, and what not."""

import itertools

import numpy as np
import pytest
from helpers.factories import digits

from recognizer.architectures import network_input

pytestmark = pytest.mark.keras


@pytest.fixture
def layer():
    from recognizer.training.augmentation import Augmentation

    return Augmentation(seed=1)


def bar(n: int = 60) -> np.ndarray:
    """Upright bars in the middle: (n, 28, 28, 1)."""
    images = np.zeros((n, 28, 28, 1), np.float32)
    images[:, 6:22, 12:16] = 1
    return images


def test_it_changes_each_image_anew_in_each_call(layer):
    images = bar()
    first, second = (layer(images, training=True).numpy() for _ in range(2))
    assert first.shape == images.shape
    assert first.min() >= 0
    assert first.max() <= 1 + 1e-6
    for one, other in itertools.combinations([images, first, second, first[::-1]], 2):
        assert np.abs(one - other).mean(axis=(1, 2, 3)).min() > 1e-3


def test_ink_gets_more_and_less_but_not_lost(layer):
    ink = layer(bar(), training=True).numpy().sum(axis=(1, 2, 3)) / bar()[0].sum()
    assert 0.3 < ink.min() < 0.8
    assert 1.2 < ink.max() < 2.2


def test_the_middle_of_the_ink_moves_by_a_few_pixels_at_most(layer):
    changed = layer(bar(), training=True).numpy()[..., 0]  # (n, 28, 28)
    grid = np.arange(28)
    mass = changed.sum(axis=(1, 2))
    x = (changed.sum(axis=1) * grid).sum(axis=1) / mass
    y = (changed.sum(axis=2) * grid).sum(axis=1) / mass
    assert np.abs(x - 13.5).max() < 3
    assert np.abs(y - 13.5).max() < 3
    assert np.abs(x - 13.5).max() > 1


def test_it_does_nothing_while_reading(layer):
    images = network_input(digits(4).images)
    assert (np.asarray(layer(images, training=False)) == images).all()


def test_its_random_state_is_a_variable_so_that_a_checkpoint_holds_it(layer):
    first = layer(bar(), training=True).numpy()
    (state,) = [variable for variable in layer.variables if "seed" in variable.path]
    kept = state.numpy()
    second = layer(bar(), training=True).numpy()
    state.assign(kept)
    assert (layer(bar(), training=True).numpy() == second).all()
    assert not (first == second).all()
