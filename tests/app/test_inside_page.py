"""The Inside page without a browser: its states, every stage, and what it says in numbers."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import factories as made_up
from helpers.apptest import message, metrics, run, sent
from streamlit.testing.v1 import AppTest

from pages.sections.inside import (
    epochs,
    evidence,
    explanations,
    feature_maps,
    number_format,
    pixel_picker,
    rows,
    windows,
    workings,
)
from pages.shared import sample
from recognizer.explain.activations import Kind, OpenNetwork, Stage
from recognizer.jobs import database, folders
from recognizer.jobs.records import Job, State
from recognizer.models import registry

APP = str(Path(__file__).resolve().parents[2] / "app.py")
SHIPPED = registry.list_models(registry.SHIPPED).available
STAGES = {model.name: OpenNetwork(model.tflite).stages for model in SHIPPED}
ID = "0123abcd"


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(APP, default_timeout=60).switch_page("pages/inside.py")


def text(app: AppTest) -> str:
    kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.error)
    found = [one.value for kind in kinds for one in kind]
    return "\n".join(found + [html.proto.body for html in app.get("html")])


def test_a_blank_page_shows_the_network_at_work_on_an_example(app: AppTest):
    run(app)
    assert metrics(app)["Digit"] == "7"
    assert "an example" in text(app)
    assert "the pen's path" not in text(app)
    assert not app.error


def test_the_drawing_of_the_draw_page_is_here_too(app: AppTest):
    app.session_state["canvas"] = sent()
    app.switch_page("pages/draw.py")
    run(app)
    del app.session_state["canvas"]  # Streamlit forgets what a page does not show
    app.switch_page("pages/inside.py")
    run(app)
    assert "an example" not in text(app)
    assert metrics(app)["Digit"] == "7"
    assert "Here the picture alone is read. Draw also reads the pen's path." in text(app)


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_opens_and_is_explained(app: AppTest, name: str):
    app.session_state["model"] = name
    for number, title in enumerate(["The picture", *explanations.names(STAGES[name])]):
        app.session_state["inside-open"] = number
        assert f"### {title}" in text(run(app))
    assert "Sum" in text(app), "the last is the softmax"


def test_a_stage_that_another_network_has_not_gives_way_to_its_last(app: AppTest):
    app.session_state["inside-open"] = 99
    assert "### Softmax" in text(run(app))


def test_the_row_tells_each_shape_and_the_parameters_of_the_card(app: AppTest):
    run(app)
    card = registry.find_model().card
    assert f"{card.parameters:,}" in text(app)


def test_a_row_of_a_table_is_opened_as_it_is(app: AppTest):
    digits = made_up.digits(5)
    app.session_state["source"] = "Row of a table"
    run(app)
    app.file_uploader[0].set_value(("train.csv", made_up.table_of(digits), "text/csv"))
    run(app)
    app.number_input[0].set_value(4).run()
    assert "Label: 3." in text(app)
    recognizer = OpenNetwork(registry.find_model().tflite)
    read = recognizer.look(digits.images[3])[-1][:10].argmax()
    assert metrics(app)["Digit"] == str(read)


def test_a_table_that_is_none_is_told_in_one_sentence_and_the_page_goes_on(app: AppTest):
    app.session_state["source"] = "Row of a table"
    run(app)
    app.file_uploader[0].set_value(("train.csv", b"a,b\n1,2\n", "text/csv"))
    run(app)
    assert made_up.one_line(app.error[0].value)
    assert metrics(app)["Digit"] == "7"


def test_a_canvas_message_that_is_none_is_refused_and_the_page_goes_on(app: AppTest):
    app.session_state["canvas"] = message({"objects": "x"}, "data:image/png;base64,AAAA")
    run(app)
    assert "Clear" in app.error[0].value
    assert metrics(app)["Digit"] == "7"


def test_asking_why_not_another_digit_answers_about_that_one(app: AppTest):
    run(app)
    asked = next(group for group in app.button_group if group.label == "Ask about")
    asked.set_value(8).run()
    assert "spoke for an 8 and against it" in text(app)
    assert "What would make it an 8?" in text(app)


@pytest.mark.parametrize(("odds", "said"), [(3, "about 3.0"), (40, "about 40"), (1e9, "more than")])
def test_what_is_an_average_over_changes_is_told_as_one(odds: float, said: str):
    heat = np.zeros((28, 28))
    heat[3, 3] = np.log(odds)
    told = evidence._strongest(heat, np.zeros((28, 28), np.uint8), 7)
    assert re.search(f"with ink there, its odds are {said}.* times smaller on average", told)


def test_the_smallest_change_is_shown_with_what_it_is_read_as(app: AppTest):
    run(app)
    app.toggle(key="inside-flip").set_value(True).run()
    assert not app.exception
    found = re.findall(r"Ink (wiped out|put down): [\d.]+ pixels.*?Read as (\d)", text(app))
    assert found
    assert all(digit != "7" for _, digit in found)


def trained(home: Path, two_block: Path, epochs: int) -> registry.StoredModel:
    """A model of the user's whose training kept networks: the shipped one's, by another name."""
    folder = home / "models" / "mine"
    shutil.copytree(two_block, folder)
    card = registry.find_model("two-block").card
    card = replace(card, name="mine", created="2026-01-02T04:00:00+00:00")
    (folder / "card.json").write_text(card.to_json())
    whole = {
        **{"id": ID, "name": "first-name", "config": card.config, "tables": ("ab",)},
        **{"models_dir": None, "state": State.DONE, "created": "2026-01-02T03:04:05+00:00"},
        **{"started": "2026-01-02T03:04:06+00:00", "finished": "2026-01-02T05:00:00+00:00"},
        **{"message": "", "step": 10, "steps": 10, "epoch": epochs, "published": "first-name"},
    }
    database.insert(Job(**whole))
    folders.epochs(ID).mkdir(parents=True)
    for epoch in range(1, epochs + 1):
        shutil.copy(two_block / "model.tflite", folders.epochs(ID) / f"{epoch:02}.tflite")
    return registry.find_model("mine")


def test_the_networks_of_the_epochs_read_the_same_drawing(app: AppTest, home, two_block):
    trained(home, two_block, 3)
    worse = registry.SHIPPED / "single-conv" / "model.tflite"
    shutil.copy(worse, folders.epochs(ID) / "01.tflite")
    app.session_state["model"] = "mine"
    run(app)
    assert "After epoch 3 it reads **7**" in text(app)
    app.select_slider[0].set_value(1).run()
    app.toggle(key="inside-epoch-above-mine").set_value(True).run()
    assert not app.exception
    assert "as it was after epoch 1" in text(app)
    assert "### Convolution\n" in text(app) + "\n", "the page opens that epoch's network"
    press = [button.label for button in app.button].index("Back to the finished network")
    app.button[press].click().run()
    assert "### Convolution 1" in text(app)


def test_a_temperature_divides_the_logits_and_keeps_their_order():
    scores = np.array([2.0, 1.0, -1.0])
    by_hand = np.exp(scores / 1.5) / np.exp(scores / 1.5).sum()
    shares = np.exp(scores) / np.exp(scores).sum()
    assert epochs.tempered(shares, 1.5) == pytest.approx(by_hand)
    assert epochs.tempered(shares, 1) is shares


def test_a_shipped_model_says_that_its_epochs_are_not_here(app: AppTest):
    assert "only the finished network is here" in text(run(app))


def test_a_damaged_network_of_an_epoch_is_told(app: AppTest, home, two_block):
    trained(home, two_block, 2)
    (folders.epochs(ID) / "02.tflite").write_bytes(b"cut")
    app.session_state["model"] = "mine"
    assert "02.tflite" in run(app).error[0].value


def test_without_any_model_the_page_says_how_to_get_one(app: AppTest, only_users_models):
    run(app)
    assert "train" in app.error[0].value


BAD_PLACES = [None, [1, 2], [0, 0, 28], [0, -1, 0], [32, 0, 0], [0.5, 0, 0], "abc", {"a": 1}]


@pytest.mark.parametrize("place", BAD_PLACES, ids=str)
def test_what_a_browser_sends_is_taken_only_if_it_is_a_pixel_of_the_maps(place):
    assert not pixel_picker.is_place(place, (28, 28, 32), 28 * 28)


def test_a_pixel_of_the_maps_is_taken_and_none_beyond_the_end_of_a_row():
    assert pixel_picker.is_place([31, 27, 0], (28, 28, 32), 28 * 28)
    assert pixel_picker.is_place([0, 1, 2], (2, 16, 1), 19)
    assert not pixel_picker.is_place([0, 1, 3], (2, 16, 1), 19)


def test_maps_lie_side_by_side_each_where_the_page_looks_for_it():
    values = np.zeros((2, 3, 9))
    values[1, 2, 8] = 1.0
    picture = feature_maps.tiled(values, 8)
    assert picture.shape == (2 * 3, 8 * 4, 3)
    assert picture[3 + 1, 2].tolist() == [255, 255, 255], "the ninth map is below the first"
    assert (picture == 255).sum() == 3


def test_numbers_above_and_below_zero_have_colours_of_their_own():
    above, zero, below = feature_maps.shaded(np.array([1.0, 0.0, -2.0]))
    assert above.tolist() == pytest.approx([one / 2 for one in feature_maps.FOR], abs=0.5)
    assert zero.tolist() == [0, 0, 0]
    assert below.tolist() == list(feature_maps.AGAINST)


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.5, "0.500000"), (1, "1.000000"), (0, "0.000000"), (1.25e-8, "1.2 × 10⁻⁸")],
)
def test_a_small_share_is_told_in_its_power_of_ten(value: float, told: str):
    assert number_format.fine(value) == told


def test_minus_zero_is_zero():
    assert number_format.decimal(-0.00001) == "0.0000"
    assert number_format.decimal(-1.5, 2) == "−1.50"


def shown(monkeypatch) -> list[str]:
    """What inside_sums writes as HTML from now on."""
    written = []
    monkeypatch.setattr(workings.st, "html", written.append)
    monkeypatch.setattr(workings.st, "caption", written.append)
    return written


def test_an_eleventh_answer_is_no_digit_and_the_ten_share_the_rest(monkeypatch):
    written = shown(monkeypatch)
    shares = np.array([0.05, 0.45, *[0.0] * 8, 0.5])
    workings.softmax(np.log(np.maximum(shares, 1e-12)), shares)
    rows = re.findall(r"<tr>(.*?)</tr>", written[0])
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row) for row in rows]
    assert cells[2][-2:] == ["45.000000 %", "90.000000 %"]
    assert cells[11] == ["not a digit", "−0.6931", "0.0000", "1.000000", "50.000000 %", "–"]
    assert cells[12][-2:] == ["100.000000 %", "100.000000 %"]
    assert "not a digit" in written[1]


def test_what_a_stage_of_another_kind_is_called_is_told():
    stage = Stage(Kind.OTHER, "DEPTHWISE_CONV_2D", 1, (14, 14, 8), (14, 14, 8))
    words = explanations.explanation(stage, first=False, last=False)
    assert "cannot take this stage apart" in words
    assert "DEPTHWISE_CONV_2D" in words


def test_a_folded_batch_normalisation_is_named():
    weights = np.zeros((2, 3, 3, 1))
    stage = Stage(
        Kind.CONVOLUTION, "CONV_2D", 0, (28, 28, 1), (14, 14, 2), weights, window=(3, 3),
        stride=(2, 2), relu=True, normalised=True,
    )  # fmt: skip
    words = explanations.explanation(stage, first=True, last=False)
    assert "batch normalisation" in words
    assert "2 pixels at a time" in words


def test_the_rows_of_the_sample_come_misread_first(app: AppTest):
    app.session_state["source"] = "Row of a table"
    app.session_state["model"] = "softmax"
    app.session_state["inside-rows"] = rows.SAMPLE
    run(app)
    said = text(app)
    assert re.search(r"\d+ of 2,000 are misread by softmax, and shown first", said)
    label = re.search(r"Label: (\d)\.", said).group(1)
    assert metrics(app)["Digit"] != label, "a mistake comes first"
    order = next(one for one in app.button_group if rows.IN_ORDER in one.options)
    order.set_value(rows.IN_ORDER).run()
    assert f"Label: {sample.digits().labels[0]}." in text(app)


def test_the_pixels_that_decide_about_a_pixel_are_those_whose_change_it_shows():
    """Held against the network itself: outside of the window nothing changes it."""
    network = OpenNetwork(registry.find_model("two-block").tflite)
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (28, 28), np.uint8)
    for number, row, column in ((1, 5, 20), (3, 6, 3), (5, 0, 9)):
        top, left, bottom, right = windows.in_picture(network.stages, number, row, column)
        inside = np.zeros((28, 28), bool)
        inside[top : bottom + 1, left : right + 1] = True
        other = random.integers(0, 256, (28, 28), np.uint8)
        before = network.look(picture)[number][row, column]
        outside = network.look(np.where(inside, picture, other))[number][row, column]
        within = network.look(np.where(inside, other, picture))[number][row, column]
        assert np.abs(outside - before).max() < 0.02 * np.abs(before).max()
        assert np.abs(within - before).max() > 0.1 * np.abs(before).max()


def test_each_map_by_itself_has_its_own_white():
    maps = np.stack([np.full((2, 2), 0.5), np.full((2, 2), 4.0), np.zeros((2, 2))], axis=-1)
    assert feature_maps.stretched(maps).max(axis=(0, 1)).tolist() == [1, 1, 0]
