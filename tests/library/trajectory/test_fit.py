"""The command that fits the network of the pen's path: what it learns from, and what it writes."""

import gzip
import json
import sys

import numpy as np
import pytest
from helpers.pen_strokes import one_of_each

from recognizer.imaging.strokes import Drawing
from recognizer.records import NOT_A_DIGIT
from recognizer.training import people
from recognizer.trajectory import network, sample_drawing
from tools import fit_trajectory

WRITERS = 30
LITTLE = {
    **{"REWRITINGS": 2, "FEW_REWRITINGS": 1, "LETTERS": 2, "NUMBERS": 3, "OF_ONE": 2, "OF_TWO": 2},
    **{"PAIRS": 2, "SCRIBBLES": 2, "TAPS": 2, "EPOCHS": 8, "BATCH": 16, "WARMUP": 10},
}


def line(label: str, digits: str, writer: str) -> str:
    """A drawing of those digits side by side, each hand a little wider than the one before."""
    wider = 1 + int(writer[1:]) / 100
    strokes = [
        (np.array(stroke) * [wider, 1] + [1500 * place, 0]).round().tolist()
        for place, digit in enumerate(digits)
        for stroke in one_of_each()[int(digit)]
    ]
    return json.dumps({"label": label, "writer": writer, "source": "unipen", "strokes": strokes})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Drawings by people who all write alike, and a command that makes little of them."""
    for name, little in LITTLE.items():
        monkeypatch.setattr(fit_trajectory, name, little)
    digits = [(str(digit), str(digit)) for digit in range(10)]
    for file, name, drawn in (
        (people.PEN, "w", digits),
        (people.MORE, "m", digits[3:5]),
        (people.LETTERS, "w", [("A", "47")]),
        (people.NUMBERS, "n", [("12", "12")]),
    ):
        lines = [line(*one, f"{name}{writer}") for writer in range(WRITERS) for one in drawn]
        (tmp_path / file).write_bytes(gzip.compress("\n".join(lines).encode()))
    return tmp_path


def test_a_digit_is_learned_as_a_digit_and_what_is_made_of_two_as_none(folder):
    rng = np.random.default_rng(1)
    learn, numbers = people.pen(folder)[0], people.numbers(folder)[0]
    digits = list(fit_trajectory.of_digits(learn.digits, 3, rng))
    labels = [int(one.label) for one in learn.digits for _ in range(3)]
    assert [label for _, label in digits] == labels
    none = list(fit_trajectory.of_none(learn, numbers, rng))
    assert {label for _, label in none} == {NOT_A_DIGIT}
    made = (
        2 * LITTLE["OF_ONE"]
        + 2 * LITTLE["OF_TWO"]
        + sum(LITTLE[one] for one in ("PAIRS", "SCRIBBLES", "TAPS"))
    )
    assert len(none) == 2 * len(learn.letters) + 3 * len(numbers) + made


def test_some_strokes_are_turned_round_and_none_is_changed_otherwise():
    paths = [np.array([(one, 0.0), (one, 1.0)]) for one in range(500)]
    found = fit_trajectory.backwards(paths, np.random.default_rng(1))
    turned = [not np.array_equal(*pair) for pair in zip(paths, found, strict=True)]
    assert np.mean(turned) == pytest.approx(fit_trajectory.BACKWARDS, abs=0.05)
    for path, one, is_turned in zip(paths, found, turned, strict=True):
        assert np.array_equal(one[::-1] if is_turned else one, path)


@pytest.mark.keras
def test_the_command_writes_a_network_that_has_learned(folder, tmp_path, monkeypatch, capsys):
    out, shipped = tmp_path / "weights.npz", network.WEIGHTS.read_bytes()
    command = ["fit_trajectory", "--data", str(folder), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", command)
    fit_trajectory.main()
    assert network.WEIGHTS.read_bytes() == shipped
    monkeypatch.setattr(network, "WEIGHTS", out)
    fitted = network.load.__wrapped__()
    drawings = [Drawing(str(d), "t", "unipen", tuple(one)) for d, one in one_of_each().items()]
    paths = [sample_drawing([np.array(s) for s in one.strokes]) for one in drawings]
    probabilities, scores = fitted.read(paths)
    assert (probabilities.argmax(axis=1) == range(10)).sum() >= 9
    assert scores.shape == (10,)
    assert 0 < fitted.threshold <= 1
    assert "letters of the second part: " in capsys.readouterr().out
