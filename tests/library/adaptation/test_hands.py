"""A person's drawings are tried on themselves and on others' digits before they are used."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from helpers.factories import correction, digits, one_line
from helpers.pen_strokes import seven

from recognizer.__main__ import main
from recognizer.adaptation import adapt, hands, people, reference
from recognizer.datasets.corrections import Corrections
from recognizer.errors import ModelError
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.records import Digits

SAMPLE = digits(60)


@pytest.fixture(scope="module")
def stored() -> registry.StoredModel:
    return registry.find_model("compact")


@pytest.fixture(scope="module")
def recognizer(stored) -> Recognizer:
    return Recognizer(stored.tflite, stored.card)


@pytest.fixture
def elsewhere(stored, tmp_path) -> registry.StoredModel:
    """The same model in a folder of its own, with what is known of people."""
    shutil.copy(stored.folder / people.FILE, tmp_path)
    return replace(stored, folder=tmp_path)


def sevens(*labels: int) -> Digits:
    """One drawing several times, with these labels."""
    return Digits(np.stack([seven()] * len(labels)), np.array(labels, np.uint8))


class TestTrial:
    def test_of_two_drawings_that_are_read_wrong_each_teaches_the_other(
        self, elsewhere, recognizer
    ):
        trial = hands._try(
            recognizer, adapt(recognizer, *vars(sevens(1, 1)).values()).centres, sevens(1, 1), {}
        )
        assert (trial.n, trial.right_before, trial.right_after) == (2, 0, 2)
        assert trial.helps
        assert "0 are read right without it and 2 with it" in trial.words

    def test_a_hand_that_spoils_its_own_drawings_is_not_used(self, elsewhere, recognizer):
        tried = hands.load(elsewhere, recognizer, sevens(7, 7, 1, 1))
        assert tried.trial.right_after < tried.trial.right_before
        assert not tried.trial.helps
        assert "is not used" in tried.trial.words

    def test_single_drawings_do_not_count(self, elsewhere, recognizer):
        tried = hands.load(elsewhere, recognizer, sevens(1))
        assert tried.trial.n == 0
        assert tried.trial.helps

    def test_a_hand_that_spoils_others_digits_is_not_used(self, elsewhere, recognizer):
        others = Digits(np.repeat(sevens(7).images, 5, axis=0), np.full(5, 7, np.uint8))
        reference.write(elsewhere.folder, recognizer, {"scans": others})
        tried = hands.load(elsewhere, recognizer, sevens(1))
        assert tried.trial.lost["scans"] == pytest.approx(100)
        assert not tried.trial.helps
        assert "100.00 points on other people's scans" in tried.trial.words


class TestReference:
    def test_is_read_as_it_was_written(self, elsewhere, recognizer):
        reference.write(elsewhere.folder, recognizer, {"scans": SAMPLE})
        found = reference.read(elsewhere)["scans"]
        whole = reference.Reference.of(recognizer, SAMPLE)
        assert found.total == len(SAMPLE)
        assert np.allclose(found.observed.logits, whole.observed.logits, atol=0.1)
        features = found.observed.features * whole.observed.features
        assert (features.sum(axis=1) > 0.999).all()

    def test_of_other_weights_counts_as_none(self, elsewhere, recognizer):
        reference.write(elsewhere.folder, recognizer, {"scans": SAMPLE})
        card = replace(elsewhere.card, sha256={**elsewhere.card.sha256, "model.tflite": "0" * 64})
        assert reference.read(replace(elsewhere, card=card)) == {}

    def test_without_the_directions_it_was_written_with_counts_as_none(self, elsewhere, recognizer):
        reference.write(elsewhere.folder, recognizer, {"scans": SAMPLE})
        (elsewhere.folder / people.FILE).unlink()
        people.read.cache_clear()
        assert reference.read(elsewhere) == {}

    def test_that_is_damaged_is_told_in_one_line(self, elsewhere):
        (elsewhere.folder / reference.FILE).write_bytes(b"PK\x03\x04 damaged")
        with pytest.raises(ModelError) as told:
            reference.read(elsewhere)
        assert "reference.npz of compact is damaged" in one_line(told.value)


class TestCommands:
    @pytest.fixture(autouse=True)
    def _kept(self, home, monkeypatch):
        monkeypatch.setattr(reference, "read", lambda model: {})  # others' sevens are against it
        kept = Corrections(hand="Ada")
        for number in range(3):
            kept.keep(correction(number, label=1, image=sevens(1, 1, 1).images[number]))

    @pytest.fixture
    def picture(self, tmp_path):
        import cv2

        path = tmp_path / "seven.png"
        cv2.imwrite(str(path), seven())
        return str(path)

    def test_read_knows_the_hand_that_is_named(self, picture, capsys):
        assert main(["read", picture, "--model", "compact", "--hand", "Ada", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)[0]["digit"] == 1
        assert main(["read", picture, "--model", "compact", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)[0]["digit"] == 7

    def test_a_hand_that_nobody_has_is_told_with_those_that_are_there(self, picture, capsys):
        assert main(["read", picture, "--hand", "Bob"]) == 2
        assert capsys.readouterr().err == (
            "No handwriting is kept by the name 'Bob': there is 'Ada'.\n"
        )

    def test_evaluate_measures_with_the_hand(self, tmp_path, capsys):
        from recognizer.datasets import write_digits

        table = tmp_path / "mine.csv"
        table.write_bytes(write_digits(sevens(1, 1)))
        command = ["evaluate", str(table), "--model", "compact", "--json"]
        assert main([*command, "--hand", "Ada"]) == 0
        assert json.loads(capsys.readouterr().out)[0]["accuracy"] == 1
        assert main(command) == 0
        assert json.loads(capsys.readouterr().out)[0]["accuracy"] == 0

    def test_hands_are_listed_exported_and_forgotten(self, tmp_path, capsys):
        assert main(["hands", "--json"]) == 0
        listed = json.loads(capsys.readouterr().out)
        assert [(one["name"], one["drawings"]) for one in listed] == [("Ada", 3)]
        table = tmp_path / "ada.csv"
        assert main(["hands", "export", "Ada", "--out", str(table)]) == 0
        assert len(table.read_text().splitlines()) == 4
        assert main(["hands", "forget", "Ada"]) == 0
        assert Corrections().count() == 0
        assert main(["hands", "forget", "Ada"]) == 2
