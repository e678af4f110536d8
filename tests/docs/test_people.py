"""Figures in which every person counts the same."""

import numpy as np
import pytest

from benchmarks.helpers import people


def test_a_person_of_many_drawings_counts_as_much_as_one_of_few():
    right = np.array([True, True, True, True, False, True])
    writers = np.array(["a", "a", "a", "a", "b", "b"])
    assert people.share_right(right, writers) == pytest.approx((1 + 0.5) / 2)


def test_the_calibration_error_counts_people_alike_and_says_what_luck_alone_would_show():
    sure, labels = np.full((300, 10), 0.2 / 9), np.zeros(300, int)
    sure[:, 0] = 0.8
    writers = np.array(["a"] * 200 + ["b"] * 100)
    labels[:200] = 1  # all of a's are misread, all of b's are right
    error, perfect = people.calibration_error(sure, labels, writers)
    assert error == pytest.approx(abs(0.5 - 0.8), abs=1e-6)
    expected = 0.4 * np.sqrt(0.25 / 200 + 0.25 / 100) * np.sqrt(2 / np.pi)  # of a normal deviate
    assert perfect == pytest.approx(expected, rel=0.1)
