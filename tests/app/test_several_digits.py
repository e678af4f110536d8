"""Several digits on the Draw page: the whole text, and one digit corrected by itself."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.apptest import metrics, sent
from streamlit.testing.v1 import AppTest

from pages.shared.canvas.examples import example
from pages.shared.canvas.fabric_paths import CANVAS_SIDE, WIDE
from recognizer.datasets.corrections import Corrections
from recognizer.numbers.synthesis import draw_line

APP = str(Path(__file__).resolve().parents[2] / "app.py")
NAMES = ("7 with a bar", "Looped 2")


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(APP, default_timeout=30)


def side_by_side(names: tuple[str, ...] = NAMES) -> list[list[tuple[float, float]]]:
    """Return digits on one canvas, each of a third of the square one's width."""
    strokes = []
    for place, name in enumerate(names):
        drawn = example(name, CANVAS_SIDE)
        left = min(x for stroke in drawn for x, _ in stroke)
        strokes += [
            [(0.45 * (x - left) + 40 + 140 * place, 0.45 * y + 80) for x, y in stroke]
            for stroke in drawn
        ]
    return strokes


def test_two_digits_are_read_as_a_number(app: AppTest):
    app.session_state["canvas"] = sent(side_by_side())
    app.run()
    assert not app.exception
    assert metrics(app)["Digit"] == "72"
    assert any("I see 2 digits" in text.value for text in app.markdown)


def test_a_correction_keeps_one_digit_with_its_own_strokes(app: AppTest):
    drawn = side_by_side()
    app.session_state["canvas"] = sent(drawn)
    app.run()
    chooser = next(one for one in app.button_group if "correct it" in one.label)
    chooser.set_value(1).run()
    label = next(one for one in app.button_group if "Not a 2" in one.label)
    label.set_value(3).run()
    assert not app.exception
    digits = Corrections().digits()
    assert digits.labels.tolist() == [3]
    assert digits.images.shape == (1, 28, 28)
    kept = Corrections()
    assert kept.count() == 1
    assert np.concatenate(drawn).shape[1] == 2


def test_a_number_on_the_wide_canvas_is_read_as_one_and_stays_on_the_square_one(app: AppTest):
    app.session_state["canvas"] = sent(side_by_side())
    app.run()
    wide = next(one for one in app.toggle if one.label == "Wide")
    wide.set_value(True).run()
    assert metrics(app)["Digit"] == "72"
    assert not [one for one in app.toggle if "preview" in one.label], "it reads one digit"
    app.session_state["canvas"] = sent(side_by_side(NAMES * 3), width=WIDE)
    app.run()
    assert not app.exception
    assert not app.error
    assert metrics(app)["Digit"] == "727272"
    next(one for one in app.toggle if one.label == "Wide").set_value(False).run()
    assert metrics(app)["Digit"] == "727272", "smaller, and all there"
    assert not app.error


def test_a_bad_picture_of_a_number_ends_in_one_clear_sentence(app: AppTest):
    names = ("7 with a bar", "Looped 2", "7 with a bar", "5 in two strokes")
    number = draw_line([np.array(one) for one in side_by_side(names)], 120, 12)
    bring(app, number[::-1, ::-1])
    app.run()
    assert not app.exception
    [warning] = [one.value.replace("\\", "") for one in app.warning]
    assert "upside down: turned, it reads 7275" in warning
    dots = np.full((1200, 1200), 255, np.uint8)
    dots[20::30, 20::30] = 0
    bring(app, cv2.erode(dots, np.ones((9, 9), np.uint8)))
    app.run()
    assert not app.exception
    [said] = [one.value for one in (*app.info, *app.error)]
    assert "separate marks; expected a few lines of digits" in said


def bring(app: AppTest, picture: np.ndarray) -> None:
    """Have the page show a picture that was brought."""
    app.session_state["way"] = "Picture"
    app.session_state["picture-file"] = cv2.imencode(".png", picture)[1].tobytes()
