"""The Handwriting page without a browser: what is asked for, kept and used."""

from pathlib import Path

import numpy as np
import pytest
from helpers.apptest import press, run, sent
from helpers.factories import correction, digits, job
from helpers.pen_strokes import seven
from streamlit.testing.v1 import AppTest

from pages.shared import actions, session
from pages.shared.access import exposure, rates, roles
from recognizer import jobs
from recognizer.classroom import Classroom
from recognizer.classroom.records import today
from recognizer.datasets import library
from recognizer.datasets.corrections import Corrections
from recognizer.errors import SettingError
from recognizer.models import registry
from recognizer.system.log_rate import Rate

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


class TestAClass:
    @pytest.fixture
    def code(self, home) -> str:
        return Classroom().open("class 5b", 1, today()).code

    def at(self, **address: str) -> AppTest:
        started = AppTest.from_file(APP, default_timeout=60)
        started.run()
        started.switch_page("pages/classroom.py")
        for name, value in address.items():
            started.query_params[name] = value
        return run(started)

    def test_a_visitor_opens_sees_and_deletes_none_and_joins_by_the_code(self, code, monkeypatch):
        monkeypatch.setenv(exposure.EXPOSED, "1")
        asked_for = {"open_class": ("a", 1, today()), "delete_class": (code,)}
        asked_for |= {"delete_pupil": (code, 1), "export_class": (code, None), "end_class": (code,)}
        for name, arguments in asked_for.items():
            with pytest.raises(roles.AccessError, match="Only the operator may"):
                getattr(actions, name)(*arguments)
        app = self.at()
        assert [one.label for one in app.text_input] == ["The code of your class"]
        assert "class 5b" not in str(app.markdown)
        app.text_input[0].set_value(code.lower())
        press(app, "Go to the class")
        assert app.title[0].value == "class 5b"
        app.text_input[0].set_value("Ada")
        press(app, "I agree and join")
        [ada] = Classroom().pupils(code)
        assert (ada.name, ada.drawings) == ("Ada", 0)
        app.session_state["classroom"] = sent()
        press(run(app), "Next")
        assert Classroom().drawings(code).digits.labels.tolist() == [0]

    def test_who_joins_again_and_again_is_held_up(self, code, monkeypatch):
        monkeypatch.setattr(rates, "JOINING", Rate(2, 5, 60.0))
        for name in ("Ada", "Ben"):
            actions.join_class(code, name)
        with pytest.raises(SettingError, match="too often within a minute"):
            actions.join_class(code, "Cem")

    def test_an_ended_class_says_so_and_takes_nobody(self, code):
        Classroom().end(code)
        app = self.at(code=code)
        assert "has ended" in app.info[0].value
        assert "I agree and join" not in [one.label for one in app.button]

    def test_the_operator_trains_the_classs_model(self, code, monkeypatch):
        submitted = []
        monkeypatch.setattr(jobs, "submit", lambda *given: submitted.append(given) or job())
        library.add(digits(400, seed=9), "train.csv")
        for seed, name in enumerate(("Ada", "Ben")):
            _, key = Classroom().join(code, name)
            for label, image in enumerate(digits(10, seed=seed).images):
                one = correction(0, id=str(label), label=label, image=image)
                Classroom().keep(code, key, one)
        with pytest.raises(SettingError, match="is there already"):
            actions.train_class("single-conv", code)
        assert [one.name for one in library.tables()] == ["train.csv"], "no table for nothing"
        actions.train_class("class-5b", code)
        [(name, config, tables)] = submitted
        assert (name, config.start) == ("class-5b", registry.find_model().name)
        assert sum(library.find_table(one).set_aside for one in tables) == 1
        app = self.at()
        assert "2 of 2 pupils are done" in [one.value for one in app.header]
        assert "1 of 2 pupils is left out" in " ".join(one.value for one in app.markdown)
