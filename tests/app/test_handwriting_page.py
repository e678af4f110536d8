"""The Handwriting page without a browser: what is asked for, kept and used."""

from pathlib import Path

import numpy as np
import pytest
from helpers.apptest import press, run
from helpers.canvas import sent
from helpers.factories import correction, digits
from helpers.pen_strokes import seven
from streamlit.testing.v1 import AppTest

from pages.shared import session
from recognizer.datasets.corrections import Corrections

APP = str(Path(__file__).resolve().parents[2] / "app.py")


@pytest.fixture
def app() -> AppTest:
    started = AppTest.from_file(APP, default_timeout=60)
    started.run()
    return run(started.switch_page("pages/handwriting.py"))


@pytest.fixture
def alone(monkeypatch):
    """On one's own machine, not on a server for others."""
    monkeypatch.setattr("pages.shared.access.exposure.is_local", lambda: True)


def asked(app: AppTest) -> str:
    return next(button.label for button in app.button if button.label.startswith("Skip"))


def test_a_drawing_is_kept_as_the_digit_that_was_asked_for(app):
    assert asked(app) == "Skip the 0"
    app.session_state["handwriting"] = sent()
    press(run(app), "Next")
    assert Corrections().digits().labels.tolist() == [0]
    assert asked(app) == "Skip the 1"
    press(app, "Take back the last digit")
    assert Corrections().count() == 0
    assert asked(app) == "Skip the 0"


def test_a_blank_canvas_is_not_kept_and_a_skipped_digit_not_asked_for_again(app):
    press(app, "Next")
    assert Corrections().count() == 0
    assert asked(app) == "Skip the 0"
    press(app, "Skip the 0")
    assert asked(app) == "Skip the 1"


def test_each_person_has_an_exam_of_their_own(alone):
    sample = digits(10)
    for number, image in enumerate(sample.images):
        label = int(sample.labels[number])
        one = correction(0, id=f"drawing-{number}", label=label, image=image)
        Corrections(hand="Ada").keep(one)
    started = AppTest.from_file(APP, default_timeout=60)
    started.session_state[session.HAND] = "Ada"
    started.run()
    app = run(started.switch_page("pages/handwriting.py"))
    assert any("How each model alone reads it" in one.value for one in app.header)
    press(app, "Forget this handwriting")
    assert Corrections().count() == 0


def test_the_draw_page_reads_with_the_hand_that_is_on(alone):
    image = np.ascontiguousarray(seven())
    for number in range(2):
        shifted = np.roll(image, number, axis=1)
        Corrections().keep(correction(0, id=f"drawing-{number}", label=1, image=shifted))
    app = AppTest.from_file(APP, default_timeout=60)
    app.session_state[session.USE_HAND] = True
    app.session_state["canvas"] = sent()
    run(app)
    links = [one.proto.label for one in app.get("page_link")]
    assert "Read with my handwriting" in links
