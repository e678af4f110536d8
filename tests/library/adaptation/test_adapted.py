"""An adapted recognizer reads like its model, but for what looks like the person's own drawings."""

import math

import numpy as np
import pytest
from helpers.factories import digits
from helpers.pen_strokes import one_of_each, seven

from recognizer.adaptation import adapt
from recognizer.adaptation.kernel import GAIN, MARGIN, PRIOR, SHARPNESS, Centres, Observed
from recognizer.imaging.strokes import render
from recognizer.inference import Recognizer

OTHERS = digits(40)


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return Recognizer.load("compact")


@pytest.fixture(scope="module")
def mine(recognizer):
    """For somebody whose 1 is everyone else's 7."""
    return adapt(recognizer, seven()[np.newaxis], np.array([1]))


def observed(n: int, *, seed: int = 1) -> tuple[Observed, np.ndarray]:
    rng = np.random.default_rng(seed)
    features = rng.random((n, 6), np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    logits = rng.normal(0, 3, (n, 10)).astype(np.float32)
    return Observed(logits, np.ones(n, np.float32), features), rng.integers(0, 10, n)


def test_a_drawing_that_was_corrected_is_read_as_the_person_says(recognizer, mine):
    assert recognizer.read_mnist(seven()).digit == 7
    assert mine.read_mnist(seven()).digit == 1
    canvas = render([np.array(stroke) for stroke in one_of_each()[7]])
    assert mine.read(canvas).digit == 1


def test_what_looks_otherwise_is_read_as_before(recognizer, mine):
    images = OTHERS.images[OTHERS.labels != 7]
    read = recognizer.predict(images).argmax(axis=1)
    assert mine.predict(images).argmax(axis=1).tolist() == read.tolist()


def test_whether_something_is_a_digit_stays_the_models_to_say(recognizer, mine):
    expected = recognizer.digit_scores(OTHERS.images)
    assert np.array_equal(mine.digit_scores(OTHERS.images), expected)
    assert np.array_equal(mine.predict_scored(OTHERS.images)[1], expected)


def test_probabilities_are_some_also_of_nothing(mine):
    assert np.allclose(mine.predict(OTHERS.images).sum(axis=1), 1, atol=1e-5)
    assert mine.predict(OTHERS.images).dtype == np.float32
    assert mine.predict(OTHERS.images[:0]).shape == (0, 10)


def test_without_drawings_it_is_the_model(recognizer):
    none = adapt(recognizer, OTHERS.images[:0], OTHERS.labels[:0])
    assert np.array_equal(none.predict(OTHERS.images), recognizer.predict(OTHERS.images))


def test_a_drawing_that_the_model_reads_with_a_wide_margin_pushes_nothing():
    seen, labels = observed(5)
    sure = 20 * np.eye(10, dtype=np.float32)[labels]
    centres = Centres.of(Observed(sure, seen.digit_scores, seen.features), labels)
    assert not centres.pushes.any()


def test_the_correction_is_the_formula_worked_out_one_number_at_a_time():
    seen, labels = observed(7)
    asked, _ = observed(3, seed=2)
    expected = np.zeros((3, 10))
    for row, feature in enumerate(asked.features):
        near = [math.exp(SHARPNESS * (float(feature @ own) - 1)) for own in seen.features]
        for weight, logits, label in zip(near, seen.logits, labels, strict=True):
            margin = logits[label] - max(np.delete(logits, label))
            expected[row, label] += weight * GAIN * max(0, MARGIN - margin)
        expected[row] /= PRIOR + sum(near)
    found = Centres.of(seen, labels).correction(asked.features)
    assert np.allclose(found, expected, rtol=1e-4)


def test_leaving_one_out_is_what_the_others_alone_would_say():
    seen, labels = observed(6)
    found = Centres.of(seen, labels).leaving_one_out()
    for left in range(6):
        rest = np.arange(6) != left
        others = Observed(seen.logits[rest], seen.digit_scores[rest], seen.features[rest])
        expected = Centres.of(others, labels[rest]).correction(seen.features[left : left + 1])
        assert np.allclose(found[left], expected[0], rtol=1e-4)


@pytest.mark.parametrize(
    ("labels", "told"),
    [([1, 2], r"shape \(2,\)"), ([10], "10, expected 0 to 9"), ([0.5], "float64"), ([-1], "-1")],
)
def test_labels_that_do_not_fit_are_refused(recognizer, labels, told):
    with pytest.raises(ValueError, match=told):
        adapt(recognizer, seven()[np.newaxis], np.array(labels))
