"""A model's file is tried in a child with limits before anything reads with it, once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers.factories import CARD, asking_for, one_line, stored

from recognizer.errors import ModelError
from recognizer.inference import Recognizer, trial
from recognizer.models import registry

SOFTMAX = (registry.SHIPPED / "softmax" / "model.tflite").read_bytes()


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has just begun."""
    monkeypatch.setattr(trial, "_known", {})


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Which files were tried."""
    found, tried = [], trial.tried

    def noting(tflite: Path, *limits: int) -> tuple[str, bool]:
        found.append(tflite)
        return tried(tflite, *limits)

    monkeypatch.setattr(trial, "tried", noting)
    return found


def with_numbers(value: float) -> bytes:
    """The network with one number in place of many of its weights."""
    content = bytearray(SOFTMAX)
    content[4_000:20_000] = np.full(4_000, value, np.float32).tobytes()
    return bytes(content)


def kept(home: Path, tflite: bytes) -> registry.StoredModel:
    stored(home / "models", tflite, CARD)
    return registry.find_model("mine")


BAD: dict[str, Callable[[], bytes]] = {
    "no network": lambda: b"not a network",
    "cut short": lambda: SOFTMAX[:20_000],
    "NaN": lambda: with_numbers(np.nan),
    "14 GB": lambda: asking_for(SOFTMAX, 60_000),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_cannot_be_read_with_is_told_by_name_and_tried_once(home, tries, kind):
    model = kept(home, BAD[kind]())
    for known in (trial._known, {}):  # and once more in another process, by what is kept
        trial._known = known
        with pytest.raises(ModelError) as caught:
            Recognizer.load("mine")
        assert "mine: model.tflite cannot be read with" in one_line(caught.value)
    assert tries == [model.tflite]


def test_one_that_is_whole_reads_and_is_tried_once(home, tries, two_block):
    model = kept(home, asking_for(SOFTMAX, 100))
    images = np.zeros((2, 28, 28), np.uint8)
    expected = Recognizer.load("softmax").predict(images)
    for known in (trial._known, {}):
        trial._known = known
        assert np.array_equal(Recognizer.load("mine").predict(images), expected)
    assert tries == [model.tflite]


def test_a_shipped_model_and_a_copy_of_one_are_not_tried(home, tries):
    stored(home / "models", SOFTMAX, replace(CARD, name="copy"))
    Recognizer.load("softmax")
    Recognizer.load("copy")
    assert tries == []
    assert not (home / trial.FILE).exists()


def test_what_cannot_be_kept_is_tried_again_in_the_next_process(home, tries):
    kept(home, asking_for(SOFTMAX, 10))
    (home / trial.FILE).write_text("[1, 2")
    Recognizer.load("mine")
    (home / trial.FILE).write_text('{"a": 1}')
    trial._known = {}
    Recognizer.load("mine")
    assert len(tries) == 2


def test_a_child_that_took_too_long_says_nothing_for_good_of_the_file(home, monkeypatch):
    model = kept(home, asking_for(SOFTMAX, 11))
    with monkeypatch.context() as patched:
        patched.setattr(trial, "SECONDS", 0.01)
        with pytest.raises(ModelError, match="takes more than 0"):
            trial.check(model)
    trial._known.clear()
    trial.check(model)
