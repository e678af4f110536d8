"""Several models as one: against the mean computed by hand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.factories import CARD, digits, one_line

from recognizer import trajectory
from recognizer.errors import ModelError, SettingError
from recognizer.inference import Recognizer, ensemble
from recognizer.inference.averaging import Average, cost
from recognizer.inference.ensemble import Ensemble
from recognizer.models import registry, seen_rows
from recognizer.models.card import RejectionThreshold
from recognizer.records import Digits

SAMPLE = digits(20)
SEVEN = [np.array([(20, 8), (80, 8), (65, 40), (42, 95)], float)]
NAMES = ["two-block", "single-conv"]


class Reader:
    """Gives each image the same probabilities."""

    def __init__(self, name: str, shares: list[float], threshold: float | None = None) -> None:
        rejection = threshold and RejectionThreshold(threshold, 0.01, 500, 0.98, 300)
        self.card = replace(CARD, name=name, rejection=rejection)
        self.shares = np.array(shares + [0.0] * (10 - len(shares)), np.float32)

    def predict(self, images: np.ndarray) -> np.ndarray:
        return np.tile(self.shares, (len(images), 1))

    def predict_scored(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.predict(images), np.full(len(images), 0.25, np.float32)


A = Reader("a", [0.6, 0.4])
B = Reader("b", [0.1, 0.7, 0.2])


def test_the_mean_of_two_readers_by_hand():
    mean = Ensemble([A, B]).predict(SAMPLE.images)
    assert mean.dtype == np.float32
    assert np.allclose(mean, [0.35, 0.55, 0.1, 0, 0, 0, 0, 0, 0, 0])


@pytest.mark.usefixtures("two_block")
def test_shipped_models_are_averaged_row_by_row():
    expected = np.mean([Recognizer.load(name).predict(SAMPLE.images) for name in NAMES], axis=0)
    loaded = ensemble.load(NAMES)
    assert np.allclose(loaded.predict(SAMPLE.images), expected, atol=1e-6)
    assert loaded.card.name == "two-block + single-conv"
    assert loaded.read_mnist(SAMPLE.images[3]).digit == expected[3].argmax()


def test_whether_it_is_a_digit_is_left_to_the_first_member_that_has_learned_it():
    judge, other = Reader("judge", [1.0], 0.6), Reader("other", [1.0], 0.1)
    _, scores = Ensemble([A, judge, other]).predict_scored(SAMPLE.images)
    assert scores[0] == 0.25
    assert Ensemble([A, judge, other]).card.rejection.threshold == 0.6
    assert not Ensemble([A, judge]).read_mnist(SAMPLE.images[0]).is_digit
    mean, scores = Ensemble([A, B]).predict_scored(SAMPLE.images)
    assert np.array_equal(scores, mean.max(axis=1))
    assert Ensemble([A, B]).read_mnist(SAMPLE.images[0]).is_digit


def test_the_pens_path_is_joined_with_the_mean():
    shares, _ = trajectory.read_drawing(SEVEN)
    mean = np.sqrt(np.maximum([0.35, 0.55, 0.1, *[0] * 7], 1e-6) * np.maximum(shares, 1e-6))
    found = Ensemble([A, B]).read_mnist(SAMPLE.images[0], SEVEN)
    assert found.probabilities == pytest.approx(mean / mean.sum(), rel=1e-3)


def test_one_name_or_none_is_a_plain_model(two_block):
    assert isinstance(ensemble.load(["two-block"]), Recognizer)
    assert ensemble.load().card.name == registry.find_model().name


def test_no_ensemble_of_one_of_the_same_twice_or_of_what_is_not_there(two_block):
    for names in ([A], [A, A], []):
        with pytest.raises(SettingError) as caught:
            Ensemble(names)
        one_line(caught.value)
    with pytest.raises(SettingError, match="once"):
        ensemble.load(["two-block", "two-block"])
    with pytest.raises(ModelError, match="No model 'no'"):
        ensemble.load(["two-block", "no"])


class TestAverage:
    @pytest.fixture
    def average(self, monkeypatch) -> Average:
        """Of a, which has learned from the first 5 of 20 rows, and b, from the first 8."""
        monkeypatch.setattr(registry, "find_model", lambda name: SimpleNamespace(name=name))
        monkeypatch.setattr(
            seen_rows,
            "is_seen",
            lambda model, images: np.arange(20) < {"a": 5, "b": 8}[model.name],
        )
        return Average(["a", "b"])

    def add(self, average: Average) -> None:
        """The mean reads 1 everywhere."""
        labels = np.ones(20, np.uint8)
        labels[[0, 10, 11, 12]] = 0
        found = [A.predict(SAMPLE.images), B.predict(SAMPLE.images)]
        assert set(average.add(Digits(SAMPLE.images, labels), found, [0.1, 0.3])) == {1}

    def test_is_measured_on_all_rows_and_on_those_that_no_member_has_seen(self, average):
        self.add(average)
        assert average.all.evaluation().accuracy == 16 / 20
        assert average.entry()["unseen"]["n"] == 12
        assert average.entry()["unseen"]["accuracy"] == 9 / 12
        assert average.entry()["seen_rows"] == {"a": 5, "b": 8}
        assert "8 of the 20 rows" in average.words()
        assert "(a 5, b 8); of the other 12 it reads 0.7500 right" in average.words()

    def test_its_cost_is_the_members(self, average):
        self.add(average)
        assert average.entry()["ms_a_row"] == [5, 15]
        assert "20.000 ms a row: a 5.000, b 15.000." in average.words()
        assert cost(["a"], [1.0], 1000) == "1.000 ms a row: a 1.000."

    def test_what_is_not_known_is_said(self, average, monkeypatch):
        monkeypatch.setattr(
            seen_rows,
            "is_seen",
            lambda model, images: None if model.name == "a" else np.zeros(20, bool),
        )
        self.add(average)
        assert average.entry()["seen_rows"] == {"a": None, "b": 0}
        assert "Which rows a has learned from is not known." in average.words()
        assert "None of these rows is known to b." in average.words()

    def test_rows_that_are_all_seen_measure_nothing(self, average, monkeypatch):
        monkeypatch.setattr(seen_rows, "is_seen", lambda model, images: np.ones(20, bool))
        self.add(average)
        assert average.entry()["unseen"] is None
        assert "bring other rows" in average.words()

    def test_needs_two_models(self, average):
        for names in ([], ["a"], ["a", "a"]):
            with pytest.raises(SettingError, match="two or more"):
                Average(names)
