"""The Compare page without a browser: its states, and two tabs that change models at once."""

import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.apptest import press, run
from helpers.factories import CARD, digits, table_of
from helpers.trainings import keep_table, trained
from streamlit.testing.v1 import AppTest

from pages.sections.compare import disagreements, models_table, runs_table, test_set
from pages.shared import layout
from recognizer.inference import Recognizer
from recognizer.inference.speed import Pace
from recognizer.jobs import provenance
from recognizer.models import maintenance, registry, seen_rows
from recognizer.models.card import ModelCard
from recognizer.models.registry import TFLITE_FILE, StoredModel
from recognizer.records import Digits, EpochLog

PAGES = Path(__file__).resolve().parents[2] / "pages"
SAMPLE = digits(60)


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """What the server keeps in memory outlives a test."""
    test_set._store().clear()
    models_table._paces().clear()


@pytest.fixture(autouse=True)
def mine(home: Path, two_block: Path) -> Path:
    """A model of the user's: another shipped one under a name of its own."""
    if not (registry.SHIPPED / "single-conv").is_dir():
        pytest.skip("no models/single-conv: restore the models/ folder")
    return Path(shutil.copytree(registry.SHIPPED / "single-conv", home / "models" / "mine"))


@pytest.fixture(autouse=True)
def _no_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "guard", lambda page: True)  # app.py knows no AppTest of one page


@pytest.fixture
def app() -> AppTest:
    return tab()


def tab(page: str = "compare", **address: str | list[str]) -> AppTest:
    opened = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=60)
    for key, value in address.items():
        opened.query_params[key] = value
    return opened


def choose(app: AppTest, label: str, value: object) -> AppTest:
    widgets = [*app.selectbox, *app.multiselect, *app.text_input, *app.text_area]
    next(one for one in widgets if one.label == label).set_value(value)
    return run(app)


def upload(app: AppTest, content: bytes, name: str = "labelled.csv") -> AppTest:
    run(app)
    app.file_uploader[0].set_value((name, content, "text/csv"))
    return run(app)


def manage_tab(name: str = "mine") -> AppTest:
    return run(tab(do="manage-a-model", model=name))


def text(app: AppTest) -> str:
    kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.success)
    kinds += (app.warning, app.error, app.code, app.get("html"))
    found = [one for kind in kinds for one in kind]
    return "\n".join(str(getattr(one, "value", "") or one.proto.body) for one in found).replace(
        "\\", ""
    )


def address(app: AppTest, key: str) -> list[str]:
    """What the address says: AppTest gives one value as it is."""
    values = app.query_params[key]
    return [values] if isinstance(values, str) else values


def told(elements) -> str:
    (one,) = elements
    assert "\n" not in one.value
    return one.value.replace("\\", "")


class TestComparing:
    def test_an_empty_page_shows_all_models_and_says_where_digits_come_from(self, app):
        run(app)
        shown = app.dataframe[0].value
        assert set(shown["Model"]) == {model.name for model in registry.list_models().available}
        assert shown["Default"].tolist().count("default") == 1
        assert "One drawing" not in shown.columns or shown["One drawing"].isna().all()
        assert "bring a CSV" in app.info[0].value

    def test_an_upload_is_compared_and_both_choices_stay_in_the_address(self, app):
        app.query_params["models"] = ["two-block", "mine"]
        upload(app, table_of(SAMPLE))
        said = text(app)
        assert "60 rows of 10 digits" in said
        assert re.search(r"(close to call on|better on these) 60 rows", said)
        assert address(app, "models") == ["two-block", "mine"]
        (key,) = address(app, "rows")
        again = run(tab(models=["two-block", "mine"], rows=key))  # as a reload does
        assert (
            text(again).split("Is one really better?")[1] == said.split("Is one really better?")[1]
        )

    def test_the_verdict_counts_the_rows_on_which_they_differ(self, app):
        upload(app, table_of(SAMPLE))
        one, other = (
            Recognizer.load(name).predict(SAMPLE.images).argmax(axis=1) == SAMPLE.labels
            for name in app.multiselect[0].value
        )
        only = sorted((int((one & ~other).sum()), int((other & ~one).sum())), reverse=True)
        assert f"is right on {only[0]} that" in text(app)
        assert f"on {only[1]} that" in text(app)

    def test_each_model_is_read_once_for_the_same_rows(self, app, monkeypatch):
        upload(app, table_of(digits(50, seed=11)))
        monkeypatch.setattr(Recognizer, "predict", None)
        run(tab(models=app.multiselect[0].value, rows=address(app, "rows")))

    def test_more_than_two_are_compared_in_pairs_and_two_are_chosen_for_the_matrices(self, app):
        app.query_params["models"] = ["two-block", "mine", "single-conv"]
        upload(app, table_of(SAMPLE))
        assert "raised for 3 comparisons" in text(app)
        assert "<td>mine − single-conv</td>" in text(app)
        choose(app, "First", "mine")
        assert "mine" not in next(s for s in app.selectbox if s.label == "Second").options

    def test_the_average_of_the_models_is_one_more_in_the_comparison(self, app):
        upload(app, table_of(SAMPLE))
        app.toggle(key="compare-average").set_value(True)
        run(app)
        names = app.multiselect[0].value
        mean = np.mean([Recognizer.load(name).predict(SAMPLE.images) for name in names], axis=0)
        right = int((mean.argmax(axis=1) == SAMPLE.labels).sum())
        assert "raised for 3 comparisons" in text(app)
        assert re.search(rf"<td>their average</td><td[^>]*>[^<]* \({right:,}\)</td>", text(app))

    def test_one_model_is_too_few(self, app):
        app.query_params["models"] = ["mine"]
        upload(app, table_of(SAMPLE))
        assert "two models or more" in told(app.info)

    def test_the_held_out_rows_of_a_training_are_offered(self, app, only_users_models):
        trained(keep_table(), name="fake")
        run(app)
        (option,) = next(s for s in app.selectbox if s.label == "On these digits").options
        assert option == "Rows of train.csv held out from fake"

    @pytest.mark.parametrize(
        ("sample", "words"),
        [
            (SAMPLE.take(np.arange(1)), "One row can show that models differ"),
            (SAMPLE.take(np.flatnonzero(SAMPLE.labels == 7)), "All are images of 7"),
        ],
    )
    def test_what_few_rows_cannot_tell_is_said(self, app, sample, words):
        upload(app, table_of(sample))
        assert words in text(app)
        assert "too close to call" in text(app) or "no difference" in text(app)

    def test_there_is_no_verdict_on_the_apps_own_sample(self, app, monkeypatch):
        monkeypatch.setattr("pages.shared.sample.digits", lambda: SAMPLE)
        next(one for one in run(app).button if one.label == "Use a sample").click().run()
        assert "No verdict on sample drawings" in text(app)
        assert "McNemar's test" not in text(app)

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (table_of(Digits(SAMPLE.images, None)), "no label column"),
            (b"a,b\n1,2\n", "expected Kaggle's header"),
            (b"", "expected"),
        ],
    )
    def test_a_file_that_is_no_labelled_table_is_told_in_one_line(self, app, content, words):
        upload(app, content)
        assert words in told(app.error)
        upload(app, table_of(SAMPLE))
        assert not app.error

    def test_what_a_file_quotes_is_shown_and_not_rendered(self, app):
        upload(app, b"![x](http://example.com/x.png)\n")
        assert r"\!\[x\]" in app.error[0].value

    def test_there_is_no_verdict_where_models_have_seen_nearly_all_rows(self, app, monkeypatch):
        monkeypatch.setattr(seen_rows, "is_seen", lambda model, images: np.arange(len(images)) < 59)
        upload(app, table_of(digits(60, seed=12)))
        assert "No verdict. Models have seen some of these 60 rows" in told(app.warning)
        assert "only 1 are left that none has seen: too few" in told(app.warning)
        assert not re.search(r"close to call on|better on these", text(app))

    def test_of_a_model_without_a_note_of_its_rows_the_kept_tables_are_asked(
        self, app, monkeypatch
    ):
        monkeypatch.setattr(seen_rows, "is_seen", lambda model, images: None)
        monkeypatch.setattr(provenance, "known_rows", lambda card, rows: np.arange(60) < 59)
        upload(app, table_of(digits(60, seed=13)))
        assert "No verdict. Models have seen some of these 60 rows" in told(app.warning)

    def test_the_rows_that_none_has_seen_are_compared_first(self, app, monkeypatch):
        monkeypatch.setattr(seen_rows, "is_seen", lambda model, images: np.arange(len(images)) < 20)
        upload(app, table_of(digits(60, seed=14)))
        assert re.search(r"(close to call on|better on these|difference on) 40 rows", text(app))
        assert not app.warning
        app.session_state["compare-unseen"] = "All rows"
        run(app)
        assert "No verdict on all rows" in told(app.warning)
        assert not re.search(r"close to call on|better on these|difference on", text(app))

    def test_digits_that_are_gone_are_told(self, app):
        app.query_params["rows"] = "uploaded-0123456789abcdef"
        run(app)
        assert "not here any more" in told(app.warning)

    def test_of_several_seeds_mean_and_spread_are_told(self, app, mine, only_users_models):
        """Of their cards, and of the rows at hand, counted here once more with NumPy."""
        second = Path(shutil.copytree(mine, mine.with_name("second"))) / "card.json"
        told_by_card = json.loads(second.read_text())
        told_by_card["config"]["seed"], told_by_card["accuracy"] = 2, 0.981
        second.write_text(json.dumps(told_by_card))
        first = registry.find_model("mine").card.accuracy
        upload(app, table_of(SAMPLE))
        mean, spread = 100 * np.mean([first, 0.981]), 100 * np.std([first, 0.981], ddof=1)
        assert f"with the seeds 1, 2, else alike: {mean:.2f} %" in text(app)
        assert f"spread ±{spread:.2f}" in text(app)
        read = Recognizer.load("mine").predict(SAMPLE.images).argmax(axis=1)
        right = 100 * (read == SAMPLE.labels).mean()
        assert f"2 seeds: {right:.2f} % of these rows on average, spread ±0.00" in text(app)


class TestModelsThatComeAndGo:
    def test_one_that_was_deleted_in_another_tab_is_told_and_the_page_goes_on(self, app, mine):
        app.query_params["models"] = ["two-block", "mine"]
        upload(app, table_of(SAMPLE))
        shutil.rmtree(mine)
        run(app)
        assert "mine is not here any more" in told(app.warning)
        assert app.multiselect[0].value == ["two-block"]
        run(app)
        assert not app.warning

    def test_an_address_may_name_what_never_was(self):
        opened = run(tab(models=["<b>x</b>", "mine"], do="../x", rows="x", model="y"))
        assert "<b>x</b> is not here" in text(opened)

    def test_a_folder_copied_in_by_hand_is_there_at_the_next_look(self, app, home, mine):
        run(app)
        shutil.copytree(mine, home / "models" / "copied")
        run(app)
        assert "copied" in set(app.dataframe[0].value["Model"])

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda card: card.replace('"format": ', '"format": 99'), "update the app"),
            (lambda card: card.replace('"model.tflite": "', '"model.tflite": "0'), "not the file"),
            (lambda card: "[]", "not one of ours"),
        ],
    )
    def test_a_card_that_is_newer_foreign_or_another_models_is_named(
        self, app, mine, change, words
    ):
        card = mine / "card.json"
        card.write_text(change(card.read_text()))
        run(app)
        assert words in told(app.warning)
        assert "mine" in told(app.warning)
        assert "mine" not in set(app.dataframe[0].value["Model"])


class TestLookingAfter:
    def test_a_new_default_is_used_by_an_open_draw_page_at_its_next_run(self, app):
        drawing = run(tab("draw"))
        before = drawing.selectbox[0].value
        press(manage_tab(), "Make mine the default")
        assert registry.find_model().name == "mine" != before
        assert run(drawing).selectbox[0].value == "mine"

    def test_a_model_that_a_person_chose_stays_chosen(self, app):
        drawing = run(tab("draw"))
        choose(drawing, "Model", "single-conv")
        press(manage_tab(), "Make mine the default")
        assert run(drawing).selectbox[0].value == "single-conv"

    def test_renamed_and_deleted_it_is_gone_from_an_open_draw_page(self, app):
        drawing = choose(run(tab("draw")), "Model", "mine")
        looking = manage_tab()
        choose(looking, "New name", "better")
        press(looking, "Rename it")
        assert told(looking.success) == "mine is better now."
        assert address(looking, "model") == ["better"]
        assert run(drawing).selectbox[0].value == registry.find_model().name
        press(looking, "Delete it")
        assert "better is deleted" in text(looking)
        assert not looking.warning
        assert "better" not in run(drawing).selectbox[0].options

    def test_two_tabs_act_on_one_model_and_the_second_is_told(self, app):
        first, second = manage_tab(), manage_tab()
        press(first, "Delete it")
        press(second, "Delete it")
        assert "No model 'mine'" in told(second.error)
        third = manage_tab("two-block")
        assert not third.error

    def test_a_bad_new_name_is_told(self, app):
        looking = choose(manage_tab(), "New name", "Mine!")
        press(looking, "Rename it")
        assert "cannot name a model" in told(looking.error)

    def test_a_note_is_kept_and_is_that_models_only(self, app):
        looking = choose(manage_tab(), "Note", "Reads a 7 with a bar.")
        assert maintenance.read_note(registry.find_model("mine")) == "Reads a 7 with a bar."
        assert looking.text_area[0].value == "Reads a 7 with a bar."
        choose(looking, "Model", "two-block")
        assert looking.text_area[0].value == ""

    def test_the_card_is_readable_and_uploads_are_explained(self, app):
        said = text(manage_tab())
        assert "564,534 parameters" in said
        assert registry.find_model("mine").card.data.sha256 in said
        assert "Models are not uploaded here" in said

    def test_all_settings_are_told_and_a_temperature_where_it_was_needed(self, mine):
        card = json.loads((mine / "card.json").read_text())
        card["config"]["weight_decay"] = 0.0125
        (mine / "card.json").write_text(json.dumps(card))
        said = text(manage_tab())
        assert "weight decay 0.0125" in said
        assert "temperature" not in said
        (mine / "card.json").write_text(json.dumps({**card, "temperature": 1.37}))
        assert "temperature 1.37" in text(manage_tab())

    def test_it_shows_what_it_takes_for_what_on_its_held_out_rows(self, mine):
        said = text(manage_tab())
        assert "Confusion matrix, held-out rows" in said
        assert "of 4,201 are misread; most often" in said
        card = json.loads((mine / "card.json").read_text())
        (mine / "card.json").write_text(json.dumps({**card, "confusion": None}))
        assert "Confusion matrix" not in text(manage_tab())


class TestSpeed:
    def test_it_is_measured_on_a_click_and_told_with_its_time(self, app, monkeypatch):
        now = datetime.now(UTC)
        monkeypatch.setattr(models_table, "measure", lambda _: Pace(1.25, 3_000, now))
        press(run(app), "Measure the speed")
        assert set(app.dataframe[0].value["One drawing"]) == {1.25}
        assert "measured now" in text(app)
        assert set(run(tab()).dataframe[0].value["Images a second"]) == {3_000}


def test_a_damaged_note_of_the_rows_it_learned_from_is_told_and_the_model_compared(app, mine):
    (mine / "seen.npy").write_bytes(b"cut")
    card = json.loads((mine / "card.json").read_text())
    card["config"]["seed"] = 99  # else it has learned from the same rows as the other one
    (mine / "card.json").write_text(json.dumps(card))
    app.query_params["models"] = ["two-block", "mine"]
    upload(app, table_of(SAMPLE))
    assert not app.error
    assert "seen.npy of mine is damaged" in told(app.warning)
    assert re.search(r"(close to call on|better on these) 60 rows", text(app))
    assert re.search(r"<td>mine</td>.*?Unknown</td>", text(app))


def test_rows_are_grouped_by_who_was_right():
    labels = np.array([0, 1, 2, 3, 4, 5])
    read = np.array([[0, 1, 9, 3, 8, 5], [0, 9, 2, 3, 9, 5], [0, 9, 2, 9, 7, 6]])
    groups = disagreements.grouped(read, labels, ["a", "b", "c"])
    assert {key: rows.tolist() for key, rows in groups.items()} == {
        disagreements.ANY: [1, 2, 3, 4, 5],
        "a": [1],
        "b": [],
        "c": [],
        disagreements.SEVERAL: [2, 3, 5],
        disagreements.NONE: [4],
    }


def test_models_may_have_any_names():
    labels = np.array([0, 1, 2, 3])
    read = np.array([[0, 1, 9, 9], [0, 9, 2, 9], [0, 9, 9, 3]])
    names = ["any", "several", "none"]
    groups = disagreements.grouped(read, labels, names)
    assert [groups[name].tolist() for name in names] == [[1], [2], [3]]
    assert groups[disagreements.ANY].tolist() == [1, 2, 3]


def test_wrong_in_the_same_way_is_no_disagreement():
    groups = disagreements.grouped(np.array([[3, 3], [3, 4]]), np.array([5, 5]), ["a", "b"])
    assert groups[disagreements.ANY].tolist() == [1]


class TestTrainingSettings:
    def card(self, **config: object) -> ModelCard:
        return replace(CARD, config=replace(CARD.config, **config))

    def test_a_row_a_model_with_its_settings_duration_and_best_epoch(self):
        history = (
            EpochLog(1, 0.5, 0.8, 60, 0.4, 0.97),
            EpochLog(2, 0.3, 0.9, 90, 0.3, 0.99),
            EpochLog(3, 0.2, 0.9, 30, 0.3, 0.99),
        )
        card = self.card(epochs=5, augment=True, plain_epochs=2, start="a")
        card = replace(card, history=history, sha256={TFLITE_FILE: "ab"})
        table = runs_table.frame((StoredModel("one", Path(), card),))
        [row] = table.to_dict("records")
        assert (row["Epochs"], row["Epochs done"], row["Best epoch"]) == (5, 3, 2)
        assert (row["Minutes"], row["From model"]) == (3.0, "a")
        assert row["Augmentation"] == "not in the last 2 epochs"

    def test_a_card_without_validation_has_no_best_epoch(self):
        assert runs_table.best_epoch(CARD) is None

    def test_a_card_without_curves_is_found_and_its_epochs_are_left_open(self):
        card = replace(self.card(), history=(), sha256={TFLITE_FILE: "ab"})
        table = runs_table.frame((StoredModel("one", Path(), card),))
        assert table[["Epochs done", "Best epoch", "Minutes"]].isna().all(axis=None)
        assert runs_table.matching(table, "one").all()
        assert not runs_table.matching(table, "nan").any()

    def test_only_settings_other_than_the_chosen_models_are_highlighted(self):
        cards = (self.card(), self.card(seed=2), replace(self.card(epochs=9), accuracy=0.5))
        models = tuple(
            StoredModel(name, Path(), replace(card, sha256={TFLITE_FILE: name}))
            for name, card in zip("abc", cards, strict=True)
        )
        found = runs_table.differing(runs_table.frame(models), "a")
        other = [set(found.columns[row]) for row in found.to_numpy()]
        assert other == [set(), {"Seed"}, {"Epochs"}]
        found = runs_table.differing(runs_table.frame(models), "c")
        assert not found.iloc[2].any()

    def test_columns_are_hidden_and_the_address_keeps_it(self):
        app = run(tab(do="training-settings"))
        assert set(app.dataframe[1].value.columns) >= {"Seed", "Note", "Best epoch", "Minutes"}
        choose(app, "Hidden columns", ["Seed", "Note"])
        assert not {"Seed", "Note"} & set(app.dataframe[1].value.columns)
        choose(app, "Highlight what differs from", "mine")
        assert "other than those of mine" in text(app)
        assert (address(app, "hide"), address(app, "against")) == (["Seed", "Note"], ["mine"])
        again = run(tab(do="training-settings", hide=["Seed", "gone"], against="gone"))
        assert "Seed" not in again.dataframe[1].value.columns

    def test_what_differs_among_the_ticked_ones_is_highlighted(self):
        cards = (self.card(), self.card(seed=2), self.card(epochs=9))
        models = tuple(
            StoredModel(name, Path(), replace(card, sha256={TFLITE_FILE: name}))
            for name, card in zip("abc", cards, strict=True)
        )
        found = runs_table.differing_among(runs_table.frame(models), ["a", "b"])
        other = [set(found.columns[row]) for row in found.to_numpy()]
        assert other == [{"Seed"}, {"Seed"}, set()]

    def test_a_search_keeps_rows_that_have_every_word(self):
        table = pd.DataFrame({"Model": ["Mine-1", "mine-2"], "Learning rate": [0.01, 0.001]})
        for words, rows in {"mine": 2, "MINE 0.001": 1, "0.1": 0, "": 2, "[": 0}.items():
            assert runs_table.matching(table, words).sum() == rows

    def test_the_address_keeps_search_and_ticks_which_lead_to_the_comparison(self):
        app = run(
            tab(do="training-settings", ticked=["mine", "single-conv", "gone"], search="conv")
        )
        assert app.text_input(key="search").value == "conv"
        assert address(app, "ticked") == ["mine", "single-conv"]
        press(app, "Compare the 2 ticked")
        assert address(app, "models") == ["mine", "single-conv"]
        assert not [button for button in app.button if "ticked" in button.label]
        app = run(tab(do="training-settings", search="no such word"))
        assert "No training has" in app.info[0].value
