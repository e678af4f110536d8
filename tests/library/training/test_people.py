"""The people's drawings: who is in which part, and the digits of the numbers that they wrote."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from helpers.pen_strokes import one_of_each

from recognizer.imaging.strokes import Drawing
from recognizer.inference import Recognizer
from recognizer.numbers import read_numbers
from recognizer.training import people


def written(*digits: int) -> list[np.ndarray]:
    """Return the strokes of digits side by side, each 1000 high or wide, from 500 on."""
    return [
        np.array(stroke, np.float32) + [500 + 1300 * place, 0]
        for place, digit in enumerate(digits)
        for stroke in one_of_each()[digit]
    ]


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer.load()


def test_the_digits_of_a_number_are_drawings_of_their_own(recognizer):
    found = people.cut_digits([Drawing("728", "w1", "unipen", tuple(written(7, 2, 8)))], recognizer)
    assert [(one.label, one.writer) for one in found] == [("7", "w1"), ("2", "w1"), ("8", "w1")]
    for one, digit in zip(found, (7, 2, 8), strict=True):
        strokes = [np.array(stroke) for stroke in one_of_each()[digit]]
        low = np.concatenate(strokes).min(axis=0)
        side = np.ptp(np.concatenate(strokes), axis=0).max()
        for mine, own in zip(one.strokes, strokes, strict=True):
            assert np.allclose(mine, (own - low) * 1000 / side, atol=1)


def test_digits_that_share_a_stroke_are_left_out(recognizer):
    *seven, two, eight = written(7, 2, 8)
    strokes = (*seven, np.concatenate([two, eight]))
    assert read_numbers(recognizer, None, strokes, pattern="728").text == "728"
    found = people.cut_digits([Drawing("728", "w1", "unipen", strokes)], recognizer)
    assert [one.label for one in found] == ["7"]


def test_a_label_that_the_strokes_cannot_spell_gives_no_digit(recognizer):
    drawn = Drawing("7777777", "w1", "unipen", tuple(written(7)))
    assert people.cut_digits([drawn], recognizer) == []


def write(file: Path, label: str) -> None:
    """Write two drawings by each of fifty people."""
    line = {"label": label, "source": "unipen", "strokes": [[[0, 0], [9, 9]]]}
    text = "".join(json.dumps({**line, "writer": f"w{one % 50}"}) + "\n" for one in range(100))
    file.write_bytes(gzip.compress(text.encode()))


def test_nobody_is_in_two_parts_and_the_parts_hold_everyone(tmp_path):
    write(tmp_path / people.NUMBERS, "12")
    parts = [{one.writer for one in part} for part in people.numbers(tmp_path)]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 50
    assert len(parts[0]) > len(parts[1]) > 0


def test_who_wrote_numbers_that_are_reported_on_teaches_no_digits(tmp_path):
    write(tmp_path / people.NUMBERS, "12")
    write(tmp_path / people.MORE, "7")
    learn, choose, report = ({one.writer for one in part} for part in people.more(tmp_path))
    numbers = [{one.writer for one in part} for part in people.numbers(tmp_path)]
    assert all((learn, choose, report))
    assert not learn & (numbers[1] | numbers[2])
