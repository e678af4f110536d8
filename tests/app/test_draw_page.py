"""The Draw page without a browser: its states, and what a client may send."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from helpers.apptest import SEVEN, SIX, data_url, message, metrics, sent
from helpers.factories import CARD, stored
from streamlit.testing.v1 import AppTest

from pages.sections.draw import corrections, pasting
from pages.shared import session
from pages.shared.canvas.examples import EXAMPLES, example
from pages.shared.canvas.fabric_paths import CANVAS_SIDE, paths, strokes
from pages.shared.components import uploads
from recognizer.datasets.corrections import Corrections
from recognizer.errors import PictureError
from recognizer.imaging.strokes import render
from recognizer.inference import Recognizer
from recognizer.models import registry
from recognizer.system import home

APP = str(Path(__file__).resolve().parents[2] / "app.py")


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(APP, default_timeout=30)


def click(app: AppTest, label: str) -> None:
    app.button[[button.label for button in app.button].index(label)].click().run()


def label_widget(app: AppTest):
    return next(group for group in app.button_group if "Not a" in group.label)


def test_blank_page_shows_dashes_and_examples(app: AppTest):
    app.run()
    assert not app.exception
    assert metrics(app) == {"Digit": "–", "Confidence": "–"}
    assert {button.label for button in app.button} >= {"Clear", "Undo", *EXAMPLES}


def test_reads_what_the_canvas_sends(app: AppTest):
    app.session_state["canvas"] = sent()
    app.run()
    assert not app.exception
    assert metrics(app)["Digit"] == "7"


def test_clear_is_blank_at_once(app: AppTest):
    app.session_state["canvas"] = sent()
    app.run()
    click(app, "Clear")
    assert metrics(app)["Digit"] == "–"


def test_leaving_and_coming_back_keeps_drawing_reading_and_model(app: AppTest):
    app.session_state["canvas"] = sent()
    app.run()
    app.selectbox[0].select("single-conv").run()
    before = metrics(app)
    app.session_state["_frame_page"] = "another"
    del app.session_state["canvas"]  # Streamlit forgets what a page does not show
    app.run()
    assert app.session_state["model"] == "single-conv", "kept beside the widget"
    assert metrics(app) == before
    assert app.selectbox[0].value == "single-conv"
    assert app.session_state["sketch"].start == app.session_state["sketch"].objects


def test_after_a_picture_an_example_is_read_as_itself(app: AppTest):
    app.session_state["canvas"] = sent()
    app.run()
    app.button_group[0].set_value("Picture").run()
    del app.session_state["canvas"]
    click(app, "Looped 2")
    assert metrics(app)["Digit"] == "2"
    assert len(app.session_state["sketch"].objects) == 1


def test_undo_brings_a_cleared_drawing_back(app: AppTest):
    app.session_state["canvas"] = sent()
    app.run()
    click(app, "Clear")
    assert metrics(app)["Digit"] == "–"
    click(app, "Undo")
    assert metrics(app)["Digit"] == "7"


BLANK_CANVAS = np.full((CANVAS_SIDE, CANVAS_SIDE), 255, np.uint8)
OBJECTS = {"objects": paths(SEVEN, 22)}


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(message(OBJECTS, "data:image/png;base64,AAAA"), id="not-a-png"),
        pytest.param(message(OBJECTS, "seven"), id="no-data-url"),
        pytest.param(message(OBJECTS, 7), id="a-number"),
        pytest.param(message(OBJECTS, "data:image/png;base64,é"), id="not-base64"),
        pytest.param(message(OBJECTS, data_url(BLANK_CANVAS, ".jpg")), id="a-jpeg"),
        pytest.param(sent(side=CANVAS_SIDE * 4), id="another-size"),
        pytest.param(message(None, data_url(BLANK_CANVAS)), id="no-strokes"),
        pytest.param(message([], data_url(BLANK_CANVAS)), id="a-list"),
        pytest.param(message({"objects": 7}, data_url(BLANK_CANVAS)), id="strokes-a-number"),
        pytest.param(message({"objects": [7]}, data_url(BLANK_CANVAS)), id="stroke-a-number"),
        pytest.param(
            message({"objects": [{"path": [["M"]]}]}, data_url(BLANK_CANVAS)),
            id="a-path-of-nothing",
        ),
        pytest.param(
            message({"objects": [{}] * 10_000}, data_url(BLANK_CANVAS)), id="too-many-strokes"
        ),
        pytest.param({"drawing": 7, "backgroundFit": None}, id="no-message"),
        pytest.param(
            {"drawing": sent()["drawing"], "backgroundFit": 7}, id="a-background-that-is-none"
        ),
    ],
)
def test_a_hostile_message_is_told_in_one_line_and_the_page_goes_on(app: AppTest, hostile: dict):
    app.session_state["canvas"] = hostile
    app.run()
    assert not app.exception
    assert len(app.error) == 1
    assert "\n" not in app.error[0].value
    assert "expected" in app.error[0].value
    assert metrics(app)["Digit"] == "–"
    app.session_state["canvas"] = sent()
    app.run()
    assert not app.error
    assert metrics(app)["Digit"] == "7"


@pytest.mark.parametrize("of_it", ["text", "NaN"])
def test_a_model_that_cannot_read_though_its_card_confirms_it_is_left_out_by_name(
    app: AppTest, home: Path, of_it: str
):
    whole = (registry.SHIPPED / "softmax" / "model.tflite").read_bytes()
    numbers = np.full(4_000, np.nan, np.float32).tobytes()
    bad = b"no network" if of_it == "text" else whole[:4_000] + numbers + whole[20_000:]
    stored(home / "models", bad, CARD)
    app.session_state["canvas"] = sent()
    app.run()
    assert not app.exception
    [warning] = [one.value for one in app.warning if "left out" in one.value]
    assert "mine: model.tflite cannot be read with" in warning.replace("\\", "")
    assert metrics(app)["Digit"] == "7"
    assert "mine" not in app.selectbox[0].options


def test_a_broken_model_is_named_and_the_rest_work(app: AppTest):
    folder = home.folder() / "models" / "half-copied"
    folder.mkdir(parents=True)
    (folder / "card.json").write_text("{}")
    app.session_state["canvas"] = sent()
    app.run()
    assert "half-copied" in app.warning[0].value
    assert metrics(app)["Digit"] == "7"
    assert "half-copied" not in app.selectbox[0].options


@pytest.mark.parametrize("page", ["draw", "inside", "compare", "batch"])
def test_a_broken_models_name_is_shown_on_every_page_and_not_rendered(app: AppTest, page: str):
    (home.folder() / "models" / "a*b*[c](d)").mkdir(parents=True)
    app.switch_page(f"pages/{page}.py").run()
    assert not app.exception
    (warning,) = app.warning
    assert "a\\*b\\*\\[c\\](d)\\: card.json is missing" in warning.value


def test_without_any_model_the_page_says_how_to_get_one(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(registry, "SHIPPED", tmp_path / "nothing")
    app.run()
    assert not app.exception
    assert "recognizer train" in app.error[0].value


def test_a_label_is_kept_with_strokes_model_and_reading(app: AppTest):
    app.session_state["canvas"] = sent()
    app.run()
    label_widget(app).set_value(1).run()
    with closing(sqlite3.connect(Corrections().path)) as database:
        rows = database.execute(
            "SELECT label, read_as, model, strokes, image, confidence FROM corrections"
        ).fetchall()
    ((label, read_as, model, drawn, image, confidence),) = rows
    assert (label, read_as, model) == (1, 7, registry.find_model().name)
    assert json.loads(drawn) == [[list(place) for place in s] for s in strokes(paths(SEVEN, 22))]
    assert len(image) == 784
    assert 0 < confidence <= 1


def test_delete_all_deletes_all_and_the_label_is_not_kept_again(app: AppTest):
    app.session_state["canvas"] = sent()
    app.run()
    label_widget(app).set_value(1).run()
    click(app, "Delete them")
    assert Corrections().count() == 0
    app.run()
    assert Corrections().count() == 0
    assert label_widget(app).value is None


def test_a_late_click_on_a_drawing_that_is_gone_is_passed_over(monkeypatch: pytest.MonkeyPatch):
    """As after "Delete all", which takes the widgets' values away."""
    monkeypatch.setattr(corrections.st, "session_state", {})
    reading = Recognizer.load().read(render([np.array(stroke) for stroke in SEVEN]))
    corrections._label("label-gone", "gone", reading, "two-block", None)
    assert Corrections().count() == 0
    assert corrections.PROBLEM not in corrections.st.session_state


def test_corrections_that_cannot_be_kept_are_told_and_nothing_else_breaks(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    monkeypatch.setenv("RECOGNIZER_HOME", str(blocked))
    app.session_state["canvas"] = sent()
    app.run()
    assert not app.exception
    assert metrics(app)["Digit"] == "7"
    label_widget(app).set_value(1).run()
    assert not app.exception
    assert any("corrections" in error.value for error in app.error)


def test_strokes_survive_the_way_to_the_canvas_and_back():
    assert strokes(paths(SEVEN, 22)) == [
        [(round(x, 1), round(y, 1)) for x, y in stroke] for stroke in SEVEN
    ]


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_an_example_is_read_as_what_it_is_called(name: str):
    from recognizer.inference import Recognizer

    drawn = [np.array(stroke) for stroke in example(name, 1000)]
    digit = next(int(character) for character in name if character.isdigit())
    assert Recognizer.load().read(render(drawn)).digit == digit


@pytest.mark.parametrize(
    ("probabilities", "said"),
    [
        ({4: 0.62, 9: 0.31}, "could also be a 9 (31.0 %)"),
        ({4: 0.96, 9: 0.04}, "Next best: 9 (4.0 %)"),
        ({4: 0.9999, 9: 0.0001}, "No other digit comes close"),
    ],
)
def test_the_second_best_is_named_as_close_as_it_is(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, probabilities: dict[int, float], said: str
):
    shares = np.array([[probabilities.get(digit, 0.0) for digit in range(10)]], np.float32)
    monkeypatch.setattr(
        "recognizer.inference.Recognizer._outputs",
        lambda _, images: np.repeat(shares, len(images), axis=0),
    )
    monkeypatch.setattr("pages.shared.canvas.drawing.Sketch.is_inside", lambda _: False)
    app.session_state["canvas"] = sent()  # of which only the picture is read
    app.run()
    assert metrics(app)["Digit"] == "4"
    assert any(said in html.body for html in app.get("html"))


@pytest.mark.parametrize(
    ("strokes", "digit"),
    [(SIX, "6"), ([*SIX, [(400, 300)]], "5")],
    ids=["drawn", "a stroke beside the canvas"],
)
def test_the_pens_path_is_read_too_where_it_is_all_in_the_picture(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, strokes: list, digit: str
):
    shares = np.array([[0, 0, 0, 0, 0, 0.6, 0.4, 0, 0, 0]], np.float32)
    monkeypatch.setattr(
        Recognizer, "_outputs", lambda _, images: np.repeat(shares, len(images), axis=0)
    )
    app.session_state["canvas"] = sent(strokes)
    app.run()
    assert metrics(app)["Digit"] == digit
    said = any(
        "From the picture alone: 5 (60.0 %). From how it was drawn: 6 (" in html.body
        for html in app.get("html")
    )
    assert said == (digit == "6")
    assert any("Each reads the picture alone" in one.value for one in app.caption)
    click(app, "Clear")
    assert not any("From the picture alone" in html.body for html in app.get("html"))


def test_a_dot_far_from_the_digit_is_neither_in_its_picture_nor_in_its_path(app: AppTest):
    small = [[(40 + (x - 100) / 2, 40 + (y - 60) / 2) for x, y in stroke] for stroke in SIX]
    read = []
    for drawn in (small, [*small, [(300, 300)]]):
        app.session_state["canvas"] = sent(drawn)
        app.run()
        read.append([html.body for html in app.get("html") if 'class="reading"' in html.body])
    assert read[0] == read[1] != []


def test_what_looks_like_no_digit_is_doubted_over_its_best_guess(app: AppTest, monkeypatch) -> None:
    read = Recognizer.read_mnist
    monkeypatch.setattr(
        Recognizer, "read_mnist", lambda *of: replace(read(*of), digit=4, is_digit=False)
    )
    app.session_state["canvas"] = sent()
    app.run()
    assert metrics(app)["Digit"] == "4", "the guess stays"
    assert any("does not look like a digit to me" in one.value for one in app.markdown)
    assert any('class="reading doubted"' in html.body for html in app.get("html"))


@pytest.mark.parametrize(
    "brought",
    [
        None,
        7,
        {},
        {"data": None},
        {"data": ""},
        {"data": 7},
        {"data": "é"},
        {"data": "seven"},
        {"data": "A" * 24_000_000},
    ],
    ids=range(9),
)
def test_what_is_pasted_and_is_no_file_is_told_in_one_line(brought):
    with pytest.raises(PictureError, match="expected") as caught:
        pasting.content(brought)
    assert "\n" not in str(caught.value)


def test_a_picture_survives_a_change_of_page_and_can_be_removed(app: AppTest):
    pixels = render([np.array(stroke) for stroke in example("Looped 2", 320)], size=320)
    app.session_state["picture-file"] = cv2.imencode(".png", pixels)[1].tobytes()
    app.session_state[session.WAY] = session.PICTURE
    app.run()
    assert metrics(app)["Digit"] == "2"
    app.session_state["_frame_page"] = "another"
    app.run()
    assert metrics(app)["Digit"] == "2"
    click(app, "Remove the picture")
    assert metrics(app)["Digit"] == "–"


@pytest.mark.parametrize(
    ("headers", "cookies", "warned"),
    [
        ({"Host": "here"}, {}, True),
        ({"Host": "here"}, {"_streamlit_xsrf": "token"}, False),
        ({}, {}, False),
    ],
    ids=["in another site's frame", "in a tab", "no browser"],
)
def test_where_a_browser_cannot_upload_it_is_said_before(monkeypatch, headers, cookies, warned):
    said = []
    context = SimpleNamespace(headers=headers, cookies=cookies)
    monkeypatch.setattr(uploads, "st", SimpleNamespace(context=context, get_option=lambda _: True))
    monkeypatch.setattr(uploads.messages, "warning", said.append)
    uploads.warn_if_blocked()
    assert bool(said) == warned
    assert all("Open it in a tab of its own" in one for one in said)


def test_a_preview_by_another_model_than_the_chosen_one_is_named_and_stays_off(app: AppTest):
    def preview():
        return next(one for one in app.toggle if one.label.startswith("Live preview"))

    app.run()
    assert preview().label == "Live preview"
    preview().set_value(False).run()
    app.selectbox[0].select("softmax").run()
    assert preview().label == "Live preview by six-conv"
    assert preview().value is False
