"""The Train page without a browser: its states, from rows in the file of trainings."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import factories as made_up
from helpers.apptest import press, run
from helpers.factories import BATCHES, job
from streamlit.testing.v1 import AppTest

from pages.sections.train import curves, progress
from pages.shared import keras_process, layout, sample
from pages.shared.components import confusion_figure
from recognizer import jobs
from recognizer.architectures import ARCHITECTURES
from recognizer.audit import DROP, Decisions, decisions
from recognizer.datasets import library
from recognizer.datasets.corrections import Correction, Corrections
from recognizer.errors import RecognizerError
from recognizer.jobs import database, experiments, folders
from recognizer.jobs.progress_log import ProgressRow, Recorder
from recognizer.jobs.records import Job, State
from recognizer.models import maintenance, registry
from recognizer.records import EpochLog, TrainingConfig
from recognizer.system import home, locks
from recognizer.training.events import BatchLog, EpochEnd, ValidationLog

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "train.py")
ID = "0123abcd"


class Answered:
    """A child process that has answered."""

    def __init__(self, arguments: tuple[str, ...], given: bytes) -> None:
        self.command = arguments[0]

    def is_answered(self) -> bool:
        return True

    def answer(self) -> bytes:
        layer = '{"name": "a", "type": "Dense", "output_shape": [10], "parameters": 7850}'
        layers = ", ".join(
            f'{{"name": "{name}", "title": "", "parameters": 7850, "layers": [{layer}]}}'
            for name in ARCHITECTURES
        )
        return {
            "architectures": f"[{layers}]".encode(),
            "trial": b'{"images_per_second": 1000.0}',
            "preview": bytes(2 * 8 * 784),
        }[self.command]


class Failed(Answered):
    """A child process that told a user's mistake."""

    def answer(self) -> bytes:
        raise RecognizerError("MNIST cannot be fetched: check the network.")


@pytest.fixture(autouse=True)
def child(monkeypatch: pytest.MonkeyPatch) -> None:
    keras_process._question.clear()
    monkeypatch.setattr(keras_process, "Question", Answered)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(layout, "guard", lambda page: True)  # app.py knows no AppTest of one page
    return AppTest.from_file(PAGE, default_timeout=30)


def follow(app: AppTest, job_id: str) -> AppTest:
    """Run the page at a training's address."""
    app.query_params["job"] = job_id
    return run(app)


def text(app: AppTest) -> str:
    """All that the page says, without the backslashes that keep Markdown from reading it."""
    kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.success)
    kinds += (app.warning, app.error, app.code, app.get("html"))
    found = [one for kind in kinds for one in kind]
    return "\n".join(str(getattr(one, "value", "") or one.proto.body) for one in found).replace(
        "\\", ""
    )


def upload(app: AppTest, content: bytes, name: str = "train.csv") -> AppTest:
    run(app)
    app.file_uploader[0].set_value((name, content, "text/csv"))
    return run(app)


def test_an_empty_page_says_where_to_get_digits_and_offers_no_start(app: AppTest):
    run(app)
    assert "kaggle.com/c/digit-recognizer" in app.info[0].value
    assert "Start training" not in [button.label for button in app.button]
    assert not app.error


BAD = {
    "a wrong header": (made_up.table("1,2", header="a,b"), "expected Kaggle's header"),
    "a value of 300": (made_up.table(made_up.row(1, 300)), "Row 1, column 2 holds '300'"),
    "a label of 10": (made_up.table(made_up.row(10)), "label 10"),
    "no rows": (made_up.table(), "no rows"),
    "a damaged zip": (b"PK\x03\x04 cut", "The file is damaged or cut short"),
    "test.csv": (made_up.table_of(replace(made_up.digits(3), labels=None)), "no label column"),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_file_is_told_in_one_line_and_nothing_is_kept(app: AppTest, bad: str):
    content, words = BAD[bad]
    upload(app, content)
    assert len(app.error) == 1
    assert words in app.error[0].value.replace("\\", "")
    assert "\n" not in app.error[0].value
    assert library.tables() == ()
    upload(app, made_up.table_of(made_up.digits(300)))
    assert not app.error
    assert "300 rows" in text(app)


def test_what_a_file_quotes_is_shown_and_not_rendered(app: AppTest):
    upload(app, made_up.table("1", header="![x](http://example.com/x.png)"))
    assert r"\!\[x\](http\://example" in app.error[0].value


def test_digits_are_seen_with_their_balance_and_what_is_odd(app: AppTest):
    digits = made_up.digits(60)
    digits.images[10] = digits.images[0]  # both are 0
    digits.images[11] = digits.images[0]  # a 1
    digits.images[12] = 0
    upload(app, made_up.table_of(digits))
    said = text(app)
    assert "**60 rows**" in said
    assert "2 are identical to another row" in said
    assert "1 is the same picture under another label" in said
    assert "1 is blank" in said
    assert 'alt="Ten samples of each digit' in said


def test_duplicates_on_both_sides_of_the_split_are_told(app: AppTest):
    digits = made_up.digits(300)
    upload(app, made_up.table_of(digits))
    assert "260 rows for training, 10 for validation and 30 held out" in text(app)
    assert "pixel by pixel, which flatters" not in text(app)
    digits.images[digits.labels == 3] = digits.images[3]
    upload(app, made_up.table_of(digits))
    assert "of the validation and test rows are also among the training rows" in text(app)


def test_too_few_rows_to_train_on_are_told(app: AppTest):
    upload(app, made_up.table_of(made_up.digits(4)))
    assert "too few to set" in app.error[0].value


def test_a_digit_that_is_missing_is_named(app: AppTest):
    digits = made_up.digits(60)
    upload(app, made_up.table_of(digits.take(np.flatnonzero(digits.labels != 7))))
    assert "None of 7" in text(app)


def test_tables_used_before_are_offered_and_put_together(app: AppTest):
    first, second = (library.add(made_up.digits(40, seed), f"{seed}.csv") for seed in (1, 2))
    run(app)
    app.multiselect[0].set_value([first.id, second.id])
    run(app)
    assert "**80 rows**" in text(app)


def test_a_removed_table_is_gone(app: AppTest):
    library.add(made_up.digits(40), "train.csv")
    run(app)
    press(app, "Remove them")
    assert library.tables() == ()
    assert "kaggle.com" in app.info[0].value


def test_corrected_drawings_can_be_trained_on(app: AppTest):
    image = made_up.digits(1).images[0]
    Corrections().keep(Correction("a", "2026-01-01T00:00:00", 3, 1, 0.5, "mine", [], image))
    run(app)
    press(app, "Use the drawing you corrected")
    assert [table.extra for table in library.tables()] == [True], "trained on, never measured on"
    assert [table.rows for table in library.tables()] == [1]
    assert "**1 row**" in text(app)


def test_mnist_without_network_says_what_to_do(app: AppTest, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keras_process, "Question", Failed)
    run(app)
    press(app, "Fetch MNIST")
    assert "check the network" in text(app)
    assert "Try again" in [button.label for button in app.button]


def test_a_sample_is_there_in_one_click(app: AppTest, monkeypatch):
    monkeypatch.setattr(sample, "TIMES", 6)
    sample.digits.clear()
    press(run(app), "Use a sample")
    (table,) = library.tables()
    assert (table.name, table.rows) == (sample.NAME, 60)
    assert "**60 rows**. 6 of each digit." in text(app)
    sample.digits.clear()


def test_layers_estimate_and_preview_come_from_a_child(app: AppTest):
    library.add(made_up.digits(300), "train.csv")
    run(app)
    assert "7,850" in text(app)
    for toggle in app.toggle:
        toggle.set_value(True)
    run(app)
    assert "images a second" in text(app)
    assert "versions of" in text(app)


class Submitted:
    """Stands in for jobs.submit."""

    def __init__(self, error: RecognizerError | None = None) -> None:
        self.error, self.calls = error, []

    def __call__(self, name, config, tables):
        self.calls.append((name, config, tables))
        if self.error:
            raise self.error
        return Job(**{**vars(job()), "id": ID})


def test_start_submits_what_is_set_and_opens_the_training(app, monkeypatch):
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    table = library.add(made_up.digits(300), "train.csv")
    run(app)
    app.selectbox(key="train-architecture").select("single-conv")
    run(app)
    number = {one.label: one for one in app.number_input}
    number["Epochs"].set_value(3)
    number["Batch size"].set_value(32)
    number["Learning rate"].set_value(0.005)
    number["Early-stopping patience (epochs)"].set_value(2)
    number["Seed"].set_value(7)
    next(one for one in app.toggle if one.label == "Augment").set_value(False)
    app.text_input[0].set_value("mine")
    run(app)
    press(app, "Start training")
    expected = TrainingConfig(
        "single-conv",
        epochs=3,
        batch_size=32,
        learning_rate=0.005,
        seed=7,
        augment=False,
        patience=2,
    )
    assert submitted.calls == [("mine", expected, (table.id,))]
    assert app.query_params["job"] == [ID] or app.query_params["job"] == ID


@pytest.mark.parametrize(("augment", "plain"), [(True, 5), (False, 0)])
def test_the_last_epochs_can_go_without_augmentation(app, monkeypatch, augment, plain):
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    library.add(made_up.digits(300), "train.csv")
    run(app)
    next(
        one for one in app.number_input if one.label == "Final epochs without augmentation"
    ).set_value(5)
    next(one for one in app.toggle if one.label == "Augment").set_value(augment)
    run(app)
    field = next(
        one for one in app.number_input if one.label == "Final epochs without augmentation"
    )
    assert field.disabled != augment
    press(app, "Start training")
    assert submitted.calls[0][1].plain_epochs == plain


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("preset", ["Recommended", "As published"])
def test_untouched_settings_are_the_networks_own(app, monkeypatch, name, preset):
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    library.add(made_up.digits(300), "train.csv")
    run(app)
    app.selectbox(key="train-architecture").select(name)
    app.session_state["train-preset"] = preset
    run(app)
    press(app, "Start training")
    entry = ARCHITECTURES[name]
    assert submitted.calls[0][:2] == (
        f"{name}-1",
        entry.advice if preset == "Recommended" else entry.recipe,
    )


def test_another_network_changes_values_and_no_field(app):
    """A field that gave way to another would be on the page twice while the run goes on."""
    library.add(made_up.digits(300), "train.csv")
    run(app)
    fields = [one.proto.id for one in (*app.number_input, *app.text_input)]
    next(one for one in app.number_input if one.label == "Epochs").set_value(3)
    run(app)
    app.selectbox(key="train-architecture").select("softmax")
    run(app)
    assert [one.proto.id for one in (*app.number_input, *app.text_input)] == fields
    epochs = next(one for one in app.number_input if one.label == "Epochs")
    assert (app.text_input[0].value, epochs.value) == (
        "softmax-1",
        ARCHITECTURES["softmax"].advice.epochs,
    )
    app.text_input[0].set_value("mine")
    app.selectbox(key="train-architecture").select("compact")
    run(app)
    epochs = next(one for one in app.number_input if one.label == "Epochs")
    assert (app.text_input[0].value, epochs.value) == ("mine", 3), "what was entered stays"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("Epochs", 0, "Epochs: 0 is out of range; expected a whole number from 1 to 10000"),
        ("Learning rate", 10.0, "Learning rate: 10 is out of range; expected a number from 1e-06"),
    ],
)
def test_a_setting_out_of_its_range_starts_nothing(app, monkeypatch, field, value, words):
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    library.add(made_up.digits(300), "train.csv")
    run(app)
    next(one for one in app.number_input if one.label == field).set_value(value)
    press(app, "Start training")  # in one message with the value: the page has not run between
    assert submitted.calls == []
    assert words in app.error[0].value.replace("\\", "")
    assert ":red[Out of range: " in text(app)


def test_a_value_that_comes_with_the_click_counts(app, monkeypatch):
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    library.add(made_up.digits(300), "train.csv")
    run(app)
    next(one for one in app.number_input if one.label == "Epochs").set_value(2)
    press(app, "Start training")
    assert submitted.calls[0][1].epochs == 2


@pytest.mark.parametrize("name", ["../up", "", "A", "a b", "default"])
def test_a_name_that_no_model_can_have_starts_nothing(app, monkeypatch, name):
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    library.add(made_up.digits(300), "train.csv")
    run(app)
    app.text_input[0].set_value(name)
    run(app)
    press(app, "Start training")
    assert submitted.calls == []
    assert "cannot name a model" in app.error[0].value.replace("\\", "")


def test_what_speaks_against_a_start_is_told(app, monkeypatch):
    monkeypatch.setattr(jobs, "submit", Submitted(RecognizerError("The disk is full.")))
    library.add(made_up.digits(300), "train.csv")
    run(app)
    press(app, "Start training")
    assert "The disk is full." in app.error[0].value
    assert "job" not in app.query_params


def made() -> Job:
    """The training that `made_up.model` says it came from."""
    card = made_up.CARD
    times = {"started": "2026-01-02T03:00:00+00:00", "finished": "2026-01-02T03:04:06+00:00"}
    return job(state=State.DONE, published="mine", config=card.config, **times)


ROWS = made_up.digits(50)


def probabilities(wrong: list[int]) -> np.ndarray:
    """Readings of ROWS, with some rows read as the next digit."""
    read = ROWS.labels.astype(int)
    read[wrong] = (read[wrong] + 1) % 10
    certain = np.full((len(ROWS), 10), 0.01, np.float32)
    certain[np.arange(len(ROWS)), read] = 0.91
    return certain


def put(entry: Job, readings: int = 2) -> None:
    """Write a training with one epoch and a half behind it, or at its beginning."""
    folders.folder(entry.id).mkdir(parents=True)
    folders.write_validation(entry.id, ROWS)
    folders.log_file(entry.id).write_text("epoch 1/4\n")
    database.insert(entry)
    recorder = Recorder(entry.id, entry.steps, entry.config.epochs, 0)
    if readings:
        recorder.record(BatchLog(10, 1, 10, BATCHES, 1.0, 0.5, 1000.0))
        recorder.record(ValidationLog(10, 1, 0.9, 0.6, probabilities([0, 1, 2, 3]), True))
    if readings > 1:
        log = EpochLog(1, 0.8, 0.7, 1.0, 0.5, 0.8)
        recorder.record(EpochEnd(log, None, lambda: None))
        recorder.record(BatchLog(30, 2, 10, BATCHES, 0.5, 0.9, 1000.0))
        recorder.record(ValidationLog(30, 2, 0.25, 0.98, probabilities([4]), True))


@pytest.fixture
def running() -> Iterator[None]:
    put(job())
    with locks.acquire(folders.lock(ID)):
        yield


def test_a_running_training_tells_how_far_it_is(app: AppTest, running: None):
    follow(app, ID)
    said = text(app)
    assert "Training: epoch 2 of 4" in said
    assert "Training 0.500, validation 0.250, at best 0.250" in said
    bars = [one.proto.text for one in app.get("progress")]
    assert bars[0] == "This epoch: batch 10 of 20"
    assert bars[1].startswith("Overall: 38%, 1,000 images a second")
    assert "Stop it" in [button.label for button in app.button]
    assert "1 of 50 is misread; most often 4 as 5 (1)" in said
    assert "4, read as 5" in said
    assert "epoch 1/4" in app.code[0].value


def test_a_cell_shows_its_images_from_the_keyboard(app: AppTest, running: None):
    follow(app, ID)
    app.selectbox(key="matrix-true-0").select(4)
    app.selectbox(key="matrix-read-0").select(5)
    run(app)
    assert "1 image of 4, predicted 5" in text(app)


def test_the_change_since_the_last_reading_is_shown(app: AppTest, running: None):
    follow(app, ID)
    app.session_state["matrix-way"] = "Change"
    run(app)
    table = next(one.proto.body for one in app.get("html") if "unseen" in one.proto.body)
    rows = [row.split("</td>") for row in table.split("<tr>")[2:]]
    assert rows[0][1].endswith(">+1")  # the 0 that was read as 1 is read right now
    assert rows[4][6].endswith(">+1")
    assert rows[4][5].endswith(">−1")


def test_a_training_at_its_very_start_says_what_it_waits_for(app: AppTest):
    put(job(), readings=0)
    with locks.acquire(folders.lock(ID)):
        follow(app, ID)
        assert "Starting" in text(app)
        assert "comes with the first reading" in text(app)


def test_a_queued_training_says_so_and_can_be_stopped(app: AppTest):
    put(job(state=State.QUEUED), readings=0)
    with locks.acquire(folders.lock(ID)):
        follow(app, ID)
        assert "Waiting for its turn" in text(app)
        before = {"id": "0f0f0f0f", "name": "first", "state": State.RUNNING}
        database.insert(job(**before))
        folders.folder("0f0f0f0f").mkdir()
        with locks.acquire(folders.lock("0f0f0f0f")):
            follow(app, ID)
            assert "Waiting for first to end." in text(app)
        press(app, "Stop it")
        assert "Stopped before it began" in text(app)


def test_everyone_sees_that_a_training_is_stopping(app: AppTest, running: None):
    jobs.stop(ID)  # in another session
    follow(app, ID)
    assert "Stopping: the best network so far" in text(app)
    assert next(button for button in app.button if button.label == "Stop it").disabled


def test_a_damaged_table_is_named_and_can_be_removed(app: AppTest):
    table = library.add(made_up.digits(300), "train.csv")
    (home.folder() / "data" / f"{table.id}.json").write_text("{")
    run(app)
    assert "damaged" in app.warning[0].value
    press(app, "Remove it")
    assert not app.warning
    assert library.damaged() == {}


def test_what_a_recipe_made_is_not_offered(app: AppTest):
    library.add(made_up.digits(300), "a recipe's", extra=True, offered=False)
    run(app)
    assert "No digits are here yet" in text(app)


def test_an_interrupted_training_offers_to_resume(app, monkeypatch):
    put(job())
    resumed = []
    monkeypatch.setattr(jobs, "resume", resumed.append)
    follow(app, ID)
    assert "Interrupted" in app.warning[0].value
    assert "Stop it" not in [button.label for button in app.button]
    press(app, "Resume")
    assert resumed == [ID]


def test_a_failed_training_tells_why_and_keeps_its_curves(app: AppTest):
    put(job(state=State.FAILED, message="A file cannot be written: make room and resume."))
    follow(app, ID)
    assert "make room" in app.error[0].value
    assert "validation 0.250" in text(app)
    assert {"Resume", "Delete it"} <= {button.label for button in app.button}


def test_a_finished_training_leads_to_its_model(app: AppTest):
    before = registry.find_model().name
    made_up.model(home.folder() / "models" / "mine", accuracy=0.9)
    put(made())
    follow(app, ID)
    assert app.metric[0].value == "90.00 %"
    assert "88.00 to 92.00 %" in text(app)
    assert "Resume" not in [button.label for button in app.button]
    asked = " ".join(one.value for one in app.markdown)
    assert "for everyone who uses this app" in asked
    assert "mine is the less accurate one" in asked
    press(app, "Make mine the default")
    assert registry.find_model().name == "mine"
    assert "It is the default model." in text(app)
    press(app, f"Make {before} the default again")
    assert registry.find_model().name == before


def test_a_model_that_is_gone_is_told_and_its_training_is_still_shown(app: AppTest):
    put(job(state=State.DONE, published="mine"))
    follow(app, ID)
    assert "Its model, mine, is not here any more" in app.info[0].value.replace("\\", "")
    assert not app.error
    assert "Delete it" in [button.label for button in app.button]
    assert "Compare it" not in [button.label for button in app.button]


def test_the_matrix_goes_through_the_epochs_on_the_validation_rows(app: AppTest):
    made_up.model(home.folder() / "models" / "mine")
    put(made())
    networks = folders.epochs(ID)
    networks.mkdir(parents=True)
    for epoch, name in enumerate(("single-conv", "six-conv"), 1):
        shutil.copy(registry.SHIPPED / name / "model.tflite", networks / f"{epoch:02}.tflite")
    follow(app, ID)
    app.toggle(key=f"train-epochs-{ID}").set_value(True)
    run(app)
    assert "After epoch 2: " in text(app)
    assert "of 50 validation digits" in text(app)
    app.select_slider[0].set_value(1)
    run(app)
    assert "After epoch 1: " in text(app)
    assert not app.exception


def test_the_loss_can_be_drawn_on_a_log_scale_which_has_no_zero(app: AppTest, running: None):
    follow(app, ID)
    app.toggle(key="train-log-scale").set_value(True)
    run(app)
    [loss, accuracy] = [json.loads(one.proto.spec) for one in app.get("vega_lite_chart")]
    assert loss["encoding"]["y"]["scale"] == {"type": "log"}
    assert accuracy["encoding"]["y"]["scale"] == {"zero": False}
    drawn = curves._chart([{"epoch": 1, "loss": 0.0, "of": "training"}], "loss", 1, log=True)
    assert drawn.data.empty


def test_a_renamed_model_is_found_and_not_the_one_that_has_its_old_name(app: AppTest):
    made_up.model(home.folder() / "models" / "mine", accuracy=0.9)
    put(made())
    maintenance.rename("mine", "first")
    other = made_up.model(home.folder() / "models" / "mine", accuracy=0.8, content=b"other")
    later = registry.find_model("mine").card
    later = replace(later, created="2026-02-02T03:04:05+00:00")
    (other / "card.json").write_text(later.to_json())
    follow(app, ID)
    assert app.metric[0].value == "90.00 %"
    assert "is called first now" in app.info[0].value
    press(app, "Make first the default")
    assert registry.find_model().name == "first"
    registry.promote("mine")
    maintenance.delete("first")
    follow(app, ID)
    assert not app.metric
    assert "Make first the default" not in [button.label for button in app.button]


def test_a_deleted_training_is_gone_and_its_model_stays(app: AppTest):
    made_up.model(home.folder() / "models" / "mine")
    put(made())
    follow(app, ID)
    press(app, "Delete it")
    assert database.all_jobs() == ()
    assert "job" not in app.query_params
    assert registry.find_model("mine").name == "mine"


def test_a_stopped_training_is_discarded_with_its_model(app: AppTest):
    made_up.model(home.folder() / "models" / "mine")
    put(replace(made(), state=State.STOPPED))
    follow(app, ID)
    press(app, "Delete it and mine")
    assert database.all_jobs() == ()
    assert "mine" not in {model.name for model in registry.list_models().available}


@pytest.mark.parametrize("unknown", ["ffffffff", "../../etc", "<script>"])
def test_an_address_of_no_training_is_told(app: AppTest, unknown: str):
    follow(app, unknown)
    assert "There is no training" in app.error[0].value


def test_earlier_trainings_are_listed_and_open(app: AppTest):
    put(job(state=State.STOPPED, message="Stopped before it began."))
    run(app)
    press(app, "mine")
    assert "Stopped before it began." in text(app)


def test_a_repeated_part_replaces_what_was_told_before():
    def row(seq: int, kind: str, step: int) -> ProgressRow:
        return ProgressRow(seq, kind, step, 1, step, 20, 1.0, 0.5, None, False)

    old = [row(1, "batch", 10), row(2, "validation", 12), row(3, "batch", 20)]
    new = [row(4, "batch", 20), row(5, "batch", 30)]
    assert [one.seq for one in progress.merged(old, new)] == [1, 2, 4, 5]
    assert progress.merged(old, []) == old


def test_a_chart_never_has_more_than_500_points_and_keeps_its_ends():
    rows = [ProgressRow(i, "batch", i, 1, i, 10_000, 1.0, 0.5, 1.0, False) for i in range(1, 3_001)]
    few = curves.points(rows, "training", "loss")
    assert 2 * len(few) <= 500
    assert (few[0]["epoch"], few[-1]["epoch"]) == (0.0, 0.3)


def test_a_loss_that_is_no_number_is_left_out_of_the_curve():
    rows = [
        ProgressRow(i, "batch", i, 1, i, 10, loss, 0.5, 1.0, False)
        for i, loss in [(1, 2.0), (2, None)]
    ]
    assert [point["loss"] for point in curves.points(rows, "training", "loss")] == [2.0]


def test_the_matrix_has_a_marker_to_click_on_every_cell():
    figure = confusion_figure.figure(np.zeros((10, 10)), [[""] * 10] * 10, (None, None), dark=False)
    cells = set(zip(figure.data[1].y, figure.data[1].x, strict=True))
    assert cells == {(true, read) for true in range(10) for read in range(10)}


def test_the_page_never_imports_keras():
    code = (
        "import sys; from streamlit.testing.v1 import AppTest; from pages.shared import layout; "
        f"app = AppTest.from_file({PAGE!r}, default_timeout=60); "
        "app.session_state[layout._MARK] = True; app.run(); assert not app.exception; "
        "assert app.title; assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=home.PROJECT, env={**os.environ})


@pytest.mark.parametrize("job_id", [None, ID])
@pytest.mark.parametrize("content", [b"garbage " * 1_000, None])
def test_a_list_of_trainings_that_cannot_be_used_is_told_in_a_sentence(
    app, monkeypatch, content, job_id
):
    if job_id:
        app.query_params["job"] = job_id
    if content is None:
        monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
        put(job())
        other = sqlite3.connect(database.path(), isolation_level=None)
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
    else:
        home.folder().mkdir()
        database.path().write_bytes(content)
    run(app)
    expected = "it is damaged" if content else "another program holds it"
    assert expected in app.error[0].value.replace("\\", "")
    if content is None:
        other.close()


class TestSeveral:
    def start(self, app: AppTest, monkeypatch, **values) -> dict:
        """Queue what is chosen; return what would be submitted, by its runs' names."""
        asked = {}

        def submit(name, runs, tables, *, stop_early):
            asked.update(runs=runs, early=stop_early)
            return jobs.Experiment("fedcba98", name, "", stop_early, ())

        monkeypatch.setattr(jobs, "submit_experiment", submit)
        run(app)
        press(app, "Use a sample")
        app.toggle(key="train-several").set_value(True)
        run(app)
        for key, value in values.items():
            widget = app.number_input if key == "seeds" else app.text_input
            widget(key=f"train-{key.replace('_', '-')}").set_value(value)
        run(app)
        return asked

    def test_says_how_many_and_queues_them_as_one(self, app: AppTest, monkeypatch):
        asked = self.start(app, monkeypatch, seeds=3, learning_rates="0.001, 0.01")
        assert "6 trainings, compact-1-lr0.001-seed1 to compact-1-lr0.01-seed3" in text(app)
        app.toggle(key="train-stop-early").set_value(True)
        press(app, "Start 6 trainings")
        assert list(asked["runs"])[:2] == ["compact-1-lr0.001-seed1", "compact-1-lr0.01-seed1"]
        assert asked["early"]
        assert app.query_params["experiment"] == "fedcba98"

    def test_other_networks_run_with_what_is_recommended_for_them(self, app: AppTest, monkeypatch):
        asked = self.start(app, monkeypatch, seeds=2)
        app.multiselect(key="train-networks").set_value(["softmax"])
        run(app)
        press(app, "Start 4 trainings")
        other = asked["runs"]["compact-1-softmax-seed2"]
        assert replace(other, seed=1, split_seed=None) == ARCHITECTURES["softmax"].advice

    def test_numbers_that_are_none_are_said_and_nothing_is_queued(self, app: AppTest, monkeypatch):
        asked = self.start(app, monkeypatch, learning_rates="0,001")
        assert "learning rate is 0.0" in text(app)
        self.start(app, monkeypatch, learning_rates="fast")
        assert "expected numbers with a point" in text(app)
        press(app, "Start training")
        assert "expected numbers with a point" in app.error[0].value
        assert not asked


class TestExperiment:
    @pytest.fixture
    def made(self, home: Path) -> jobs.Experiment:
        """Two runs: one has published, the other was interrupted in its third epoch."""
        model = made_up.model(home / "models" / "exp-seed1")
        config = registry.find_model("exp-seed1").card.config
        done = job(id="00000001", name="exp-seed1", state=State.DONE, published=model.name)
        waits = job(id="00000002", name="exp-seed2", state=State.RUNNING, step=40, epoch=3)
        runs = tuple(
            replace(one, experiment="fedcba98", config=replace(config, seed=seed))
            for one, seed in ((done, 1), (waits, 2))
        )
        made = jobs.Experiment("fedcba98", "exp", "2026-01-02T03:04:05+00:00", True, runs)
        experiments.insert(made)
        return made

    def show(self, app: AppTest, experiment_id: str) -> AppTest:
        app.query_params["experiment"] = experiment_id
        return run(app)

    def test_shows_its_runs_what_they_came_to_and_offers_to_resume(
        self, app: AppTest, made, monkeypatch
    ):
        self.show(app, made.id)
        table = app.dataframe[0].value
        assert table["State"].tolist() == ["done", "interrupted"]
        assert table["Held-out"].tolist()[0] == 90.0
        assert "90.00 % (1 run)" in text(app).replace("\N{NO-BREAK SPACE}", " ")
        assert "1 of 2 trainings have published" in app.warning[0].value
        resumed = []
        monkeypatch.setattr(jobs, "resume_experiment", resumed.append)
        press(app, "Resume")
        assert resumed == [made.id]

    def test_one_that_is_not_there_is_said(self, app: AppTest):
        self.show(app, "00000000")
        assert "no experiment '00000000'" in app.error[0].value
        press(app, "All trainings")
        assert "experiment" not in app.query_params

    def test_is_listed_and_opened(self, app: AppTest, made):
        run(app)
        assert "experiment · 1 of 2 trainings done" in text(app)
        press(app, "exp")
        assert app.query_params["experiment"] == made.id


class TestLearning:
    def test_teachers_go_into_the_settings_with_their_split(self, app: AppTest, monkeypatch, home):
        asked = []
        monkeypatch.setattr(jobs, "submit", lambda *given, **_: asked.append(given) or job(id=ID))
        made_up.model(home / "models" / "teacher")
        run(app)
        press(app, "Use a sample")
        app.multiselect(key="train-teachers").set_value(["teacher"])
        run(app)
        press(app, "Start training")
        config = asked[0][1]
        assert (config.teachers, config.split_seed) == (("teacher",), 1)

    def test_decisions_about_the_labels_are_offered_and_make_two_runs(
        self, app: AppTest, monkeypatch
    ):
        asked = {}
        monkeypatch.setattr(
            jobs,
            "submit_experiment",
            lambda name, runs, tables, **_: (
                asked.update(runs) or jobs.Experiment("fedcba98", name, "", False, ())
            ),
        )
        run(app)
        press(app, "Use a sample")
        [table] = library.tables()
        decisions.save(table.id, Decisions({0: DROP}))
        run(app)
        assert "1 dropped" in text(app)
        app.button_group(key="train-labels").set_value("Both, to see the difference")
        run(app)
        press(app, "Start 2 trainings")
        assert [config.decisions is None for config in asked.values()] == [True, False]


def test_a_training_can_continue_from_a_model_with_few_corrections(app, monkeypatch):
    submitted = Submitted()
    monkeypatch.setattr(jobs, "submit", submitted)
    sample = made_up.digits(300)
    library.add(sample, "train.csv")
    for number, image in enumerate(made_up.digits(40, seed=9).images):
        Corrections().keep(made_up.correction(0, id=str(number), label=number % 10, image=image))
    run(app)
    press(app, "Use the 40 drawings you corrected")
    assert not app.error
    assert app.selectbox(key="train-start").value == registry.find_model().name
    app.selectbox(key="train-start").select("compact")
    run(app)
    assert app.selectbox(key="train-architecture").value == "compact"
    assert app.selectbox(key="train-architecture").disabled
    assert "are set aside and measured" in text(app)
    app.text_input[0].set_value("mine")
    press(run(app), "Start training")
    name, config, tables = submitted.calls[0]
    assert (name, config.start, config.epochs) == ("mine", "compact", 3)
    assert config.learning_rate == pytest.approx(ARCHITECTURES["compact"].advice.learning_rate / 10)
    assert any(library.find_table(one).set_aside for one in tables)
