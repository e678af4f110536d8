"""The temperature found is the one that made the probabilities too sure."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from recognizer.training.temperature import HOTTEST, temperature, tempered

N = 20_000


def drawn(outputs: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return logits and digits that come up as often as those say."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (N, outputs))
    labels = (logits[:, :10] + rng.gumbel(size=(N, 10))).argmax(axis=1)
    return logits, labels


@pytest.mark.parametrize("outputs", [10, 11])
@pytest.mark.parametrize("by", [1.0, 1.3, 2.5])
def test_finds_what_made_a_network_too_sure(outputs, by):
    logits, labels = drawn(outputs)
    assert temperature(softmax(by * logits, axis=1), labels) == pytest.approx(by, rel=0.03)


def test_makes_no_network_surer():
    logits, labels = drawn(10)
    assert temperature(softmax(0.5 * logits, axis=1), labels) == 1
    sure = np.eye(10)[[3, 4]] * 0.8 + 0.02
    assert temperature(sure, np.array([3, 4])) == 1


def test_a_network_that_is_surely_wrong_stays_within_bounds():
    assert temperature(np.eye(10)[[3]], np.array([4])) == HOTTEST


def test_without_digits_nothing_changes():
    assert temperature(np.empty((0, 11)), np.empty(0, np.uint8)) == 1


@pytest.mark.parametrize("by", [1.0, 1.7])
def test_tempered_is_the_softmax_of_the_logits_divided(by):
    logits, _ = drawn(11)
    cooled = tempered(softmax(logits, axis=1), by)
    assert np.log(cooled) == pytest.approx(log_softmax(logits / by, axis=1), abs=1e-6)
