"""An adapted recognizer reads like its model, but for what looks like the person's own drawings."""

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers.factories import digits, one_line
from helpers.pen_strokes import one_of_each, seven

from recognizer.adaptation import adapt, people
from recognizer.adaptation.kernel import Centres, Kernel, Observed
from recognizer.adaptation.people import People
from recognizer.errors import ModelError
from recognizer.imaging.strokes import render
from recognizer.inference import Recognizer
from recognizer.inference.readings import make_reading
from recognizer.models import registry

OTHERS = digits(40)
PATH = [np.array(stroke) for stroke in one_of_each()[7]]
KERNEL = Kernel(sharpness=3.0, margin=5.0, gain=1.5, prior=0.2, resistance=0.4)


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
    others = rng.random((n, 10), np.float32)
    seen = Observed(logits, np.ones(n, np.float32), features, others, KERNEL)
    return seen, rng.integers(0, 10, n)


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
    drawn = [one.read_mnist(seven(), PATH).probabilities for one in (none, recognizer)]
    assert drawn[0] == drawn[1]


def test_what_a_person_says_counts_in_full_beside_the_pens_path(recognizer, mine):
    """Who writes their 1 like this draws it like this too."""
    joined, found = (one.read_mnist(seven(), PATH) for one in (recognizer, mine))
    assert (joined.digit, found.digit, found.from_picture.digit) == (7, 1, 1)
    images = seven()[np.newaxis]
    factor = mine.predict(images)[0].astype(float) / recognizer.predict(images)[0]
    by_hand = np.array(joined.probabilities) * factor
    assert found.probabilities == pytest.approx(by_hand / by_hand.sum(), rel=1e-2, abs=1e-6)
    alone = mine.read_mnist(seven())
    assert alone.probabilities == tuple(map(float, mine.predict(images)[0]))


@pytest.mark.parametrize("correction", [0.0, 5.0, 11.0, 13.0])
def test_what_the_corrected_picture_and_the_path_agree_on_is_read(correction):
    """The network is 14 nats surer of the 7 than of the 1, so that no correction here is enough."""
    logits = np.full(10, -20.0)
    logits[[7, 1]] = 0.0, -14.0
    network = np.exp(logits) / np.exp(logits).sum()
    logits[1] += correction
    corrected = np.exp(logits) / np.exp(logits).sum()
    read = make_reading(seven(), corrected, 1.0, None, PATH, network)
    assert (read.from_picture.digit, read.from_path.digit, read.digit) == (7, 7, 7)


def test_a_drawing_that_the_model_reads_with_a_wide_margin_pushes_nothing():
    seen, labels = observed(5)
    sure = 20 * np.eye(10, dtype=np.float32)[labels]
    centres = Centres.of(replace(seen, logits=sure), labels)
    assert not centres.pushes.any()


def test_the_correction_is_the_formula_worked_out_one_number_at_a_time():
    seen, labels = observed(7)
    asked, _ = observed(3, seed=2)
    expected = np.zeros((3, 10))
    for row, feature in enumerate(asked.features):
        near = [math.exp(3 * (float(feature @ own) - 1)) for own in seen.features]
        for weight, logits, label in zip(near, seen.logits, labels, strict=True):
            margin = logits[label] - max(np.delete(logits, label))
            expected[row, label] += weight * 1.5 * max(0, 5 - margin)
        expected[row] /= 0.2 + sum(near) + 0.4 * asked.others[row]
    found = Centres.of(seen, labels).correction(asked)
    assert np.allclose(found, expected, rtol=1e-4)


def test_leaving_one_out_is_what_the_others_alone_would_say():
    seen, labels = observed(6)
    found = Centres.of(seen, labels).leaving_one_out()
    for left in range(6):
        rest = np.arange(6) != left
        others = seen.take(np.flatnonzero(rest))
        expected = Centres.of(others, labels[rest]).correction(seen.take(np.array([left])))
        assert np.allclose(found[left], expected[0], rtol=1e-4)


@pytest.mark.parametrize(
    ("labels", "told"),
    [([1, 2], r"shape \(2,\)"), ([10], "10, expected 0 to 9"), ([0.5], "float64"), ([-1], "-1")],
)
def test_labels_that_do_not_fit_are_refused(recognizer, labels, told):
    with pytest.raises(ValueError, match=told):
        adapt(recognizer, seven()[np.newaxis], np.array(labels))


class TestPeople:
    def test_the_directions_are_those_that_tell_people_and_digits_apart(self):
        """Of ten features two say who wrote what; the loudest one changes from time to time."""
        rng = np.random.default_rng(1)
        labels, writers = rng.integers(0, 10, 800), rng.integers(0, 8, 800)
        said = rng.normal(0, 1, (8, 10, 2))[writers, labels]
        features = rng.normal(0, 0.1, (800, 10))
        features[:, 3:5] += said
        features[:, 7] *= 50
        directions, offset = people.learn(features.astype(np.float32), labels, writers)
        strongest = np.abs(directions[:, :2] / np.linalg.norm(directions[:, :2], axis=0))
        assert (strongest[3:5] ** 2).sum(axis=0) == pytest.approx([1, 1], abs=0.05)
        assert offset == pytest.approx(features.mean(axis=0) @ directions, abs=1e-3)

    def test_others_count_for_every_digit_but_their_own(self):
        known = _known()
        asked = known.along(np.array([[2.0, 1.0, 0.0]], np.float32))
        near = np.exp(8 * (asked @ known.digits.T - 1))[0]  # of a 3, a 3 and a 5
        expected = np.full(10, near.sum())
        expected[3], expected[5] = near[2], near[0] + near[1]
        assert known.others(asked)[0] == pytest.approx(expected, rel=1e-4)

    def test_are_read_as_they_were_written(self, tmp_path):
        known, features = _known(), np.random.default_rng(2).random((5, 3), np.float32)
        people.write(tmp_path, "abc", known)
        found = people.read(tmp_path, "abc")
        assert np.allclose(found.along(features), known.along(features), atol=0.05)
        assert found.labels.tolist() == [3, 3, 5]
        assert found.kernel.margin == 6
        assert people.read(tmp_path, "of other weights") is None

    def test_that_are_damaged_are_told_in_one_line(self, tmp_path):
        (tmp_path / people.FILE).write_bytes(b"PK\x03\x04 damaged")
        with pytest.raises(ModelError) as told:
            people.read(tmp_path, "abc")
        assert f"people.npz of {tmp_path.name} is damaged" in one_line(told.value)

    def test_of_every_shipped_model_with_features_are_known(self):
        for model in registry.list_models(registry.SHIPPED).available:
            read = Recognizer(model.tflite, model.card)
            assert (people.read(model.folder, model.sha256) is None) == (read.feature_count is None)


def _known() -> People:
    rng = np.random.default_rng(1)
    digits_of = rng.normal(0, 1, (3, 2)).astype(np.float32)
    digits_of /= np.linalg.norm(digits_of, axis=1, keepdims=True)
    offset = np.array([0.1, -0.2], np.float32)
    directions = rng.normal(0, 1, (3, 2)).astype(np.float32)
    return People(directions, offset, digits_of, np.array([3, 3, 5]), margin=12.0)
