"""The Batch page without a browser: from a file to its submission, and everything in between."""

import gzip
import io
import shutil
import threading
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from helpers import factories as made_up
from helpers.apptest import grid, press, run, sent
from streamlit.testing.v1 import AppTest

from pages.sections.batch import gallery, records, results
from pages.sections.batch import run as batch_run
from pages.sections.batch.label_review import embedding
from pages.sections.batch.state import Batch
from pages.shared import layout, model_cache
from pages.shared.access import exposure
from pages.shared.canvas.examples import example
from pages.shared.canvas.fabric_paths import CANVAS_SIDE
from pages.shared.components import markup
from recognizer import jobs
from recognizer.audit import decisions
from recognizer.datasets import fingerprint, library
from recognizer.datasets.corrections import Correction, Corrections
from recognizer.datasets.submissions import submission_bytes
from recognizer.errors import ModelError, SettingError
from recognizer.evaluation import predictive_interval
from recognizer.imaging.decoding import decode_picture
from recognizer.inference import Recognizer
from recognizer.jobs import experiments
from recognizer.models import registry, seen_rows
from recognizer.preprocessing import to_mnist
from recognizer.records import Digits

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "batch.py")
LABELLED = made_up.digits(60)
TABLE = Digits(LABELLED.images, None)
CSV = made_up.table_of(TABLE)
PATIENCE = 60
DEFAULT = registry.find_model().name  # read at once: nothing here promotes another


class Reader:
    """Reads `made_up.digits` by looking where the bar is; each model has a weakness of its own."""

    def __init__(self) -> None:
        self.rows = 0
        self.gate = threading.Event()
        self.gate.set()
        self.sure: dict[bytes, float] = {}  # of an image, where it is not 0.92
        self.odd: dict[bytes, float] = {}  # score of an image, where it is not 0.9

    def __call__(self, recognizer: Recognizer, images: np.ndarray) -> np.ndarray:
        assert self.gate.wait(PATIENCE)
        self.rows += len(images)
        probabilities = np.full((len(images), 10), 0.0, np.float32)
        for row, image in zip(probabilities, images, strict=True):
            bars = [
                image[14 * (d // 5) + 1 :, 5 * (d % 5) + 1 :][:12, :4].mean() for d in range(10)
            ]
            read = int(np.argmax(bars))
            if recognizer.card.name == "single-conv" and read == 3:
                read = 5
            sure = self.sure.get(image.tobytes(), 0.92)
            row[read], row[(read + 1) % 10] = sure, 1 - sure
        return probabilities

    def scores(self, images: np.ndarray) -> np.ndarray:
        return np.array([self.odd.get(image.tobytes(), 0.9) for image in images])


@pytest.fixture(autouse=True)
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    fake = Reader()
    monkeypatch.setattr(Recognizer, "predict", lambda self, images: fake(self, images))
    monkeypatch.setattr(
        Recognizer,
        "predict_scored",
        lambda self, images: (fake(self, images), fake.scores(images)),
    )
    yield fake
    fake.gate.set()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, two_block: Path) -> AppTest:
    monkeypatch.setattr(layout, "guard", lambda page: True)  # app.py knows no AppTest of one page
    return AppTest.from_file(PAGE, default_timeout=PATIENCE)


def batch(app: AppTest) -> Batch:
    return app.session_state["batch"]


def finish(app: AppTest) -> AppTest:
    """Wait for the reading under way, and look again."""
    if batch(app).run:
        batch(app).run.wait(PATIENCE)
    return run(app)


def bring(app: AppTest, content: bytes = CSV, name: str = "test.csv") -> AppTest:
    """Upload a file, without waiting until it is read."""
    run(app)
    app.file_uploader[0].set_value((name, content, "text/csv"))
    return run(app)


def read(app: AppTest, content: bytes = CSV, name: str = "test.csv") -> AppTest:
    return finish(bring(app, content, name))


def choose(app: AppTest, label: str, option: str) -> AppTest:
    next(box for box in app.selectbox if box.label == label).select(option)
    return run(app)


def text(app: AppTest) -> str:
    """All that the page says, without the backslashes that keep Markdown from reading it."""
    kinds = (app.title, app.header, app.markdown, app.caption, app.info, app.success)
    kinds += (app.warning, app.error, app.get("html"))
    found = [one for kind in kinds for one in kind]
    return "\n".join(str(getattr(one, "value", "") or one.proto.body) for one in found).replace(
        "\\", ""
    )


def captions(app: AppTest) -> list[list[str]]:
    """The lines below each image."""
    html = "".join(one.proto.body for one in app.get("html"))
    parts = html.split("<figcaption>")[1:]
    return [part.split("</figcaption>")[0].split("\n") for part in parts]


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_csv", ".csv"), content)
    return packed.getvalue()


BAD = {
    "a wrong header": (made_up.table("1,2", header="a,b"), "expected Kaggle's header"),
    "a value of 300": (made_up.table(made_up.row(1, 300)), "Row 1, column 2 holds '300'"),
    "a missing column": (CSV + b"1,2,3\n", "Row 61 has 3 columns"),
    "no rows": (made_up.table(), "no rows"),
    "a damaged zip": (b"PK\x03\x04 cut", "The file is damaged or cut short"),
    "a zip of other files": (zipped(a_csv=b"", b_csv=b""), "holds no test.csv"),
    "nothing": (b"", "expected Kaggle's header"),
}


def downloads(app: AppTest) -> list[str]:
    """Return what can be downloaded of a reading; a sheet to print is always offered."""
    offered = [one.label for one in app.get("download_button")]
    return [label for label in offered if label != "Download sheet.html"]


class TestBringing:
    def test_an_empty_page_says_what_to_bring_how_much_and_where_to_get_it(self, app: AppTest):
        run(app)
        assert "200 MB and 200,000 rows" in text(app)
        assert "python -m recognizer predict" in text(app)
        assert "kaggle.com/c/digit-recognizer" in text(app)
        assert not downloads(app)

    @pytest.mark.parametrize(
        "content",
        [
            CSV,
            gzip.compress(CSV),
            zipped(test_csv=CSV, train_csv=made_up.table_of(made_up.digits(3))),
            zipped(digit__test_csv=CSV, __MACOSX__digit__=b"", digit__train_csv=b"no"),
            zipped(any_csv=CSV),
        ],
        ids=["plain", "gzipped", "Kaggle's zip", "in a folder of a zip", "the only one of a zip"],
    )
    def test_a_table_is_read_whatever_it_comes_in(self, app: AppTest, content: bytes):
        read(app, content)
        assert not app.error
        result = next(iter(batch(app).results.values()))
        assert np.array_equal(result.read, LABELLED.labels)
        assert np.array_equal(result.table.digits.images, TABLE.images)
        assert downloads(app) == [
            "submission.csv",
            "All probabilities",
        ]

    def test_inverted_rows_are_read_with_a_warning_and_a_button_for_the_other_way(self, app):
        dark = made_up.table_of(Digits(255 - LABELLED.images, LABELLED.labels))
        read(app, dark, "dark.csv")
        result = next(iter(batch(app).results.values()))
        assert np.array_equal(result.table.digits.images, LABELLED.images)
        assert any("so the rows are inverted" in one.value for one in app.warning)
        press(app, "Read them as they are")
        finish(app)
        assert np.array_equal(batch(app).table.digits.images, 255 - LABELLED.images)
        assert batch(app).table.dialect.doubted
        assert not any("Every row looks like" in one.value for one in app.caption)
        press(app, "Undo")
        finish(app)
        assert np.array_equal(batch(app).table.digits.images, LABELLED.images)

    @pytest.mark.parametrize("bad", BAD)
    def test_a_bad_file_is_told_in_one_line_and_nothing_is_kept(self, app: AppTest, bad: str):
        content, words = BAD[bad]
        read(app, content)
        assert len(app.error) == 1
        assert words in app.error[0].value.replace("\\", "")
        assert "\n" not in app.error[0].value
        assert batch(app).table is None
        assert not downloads(app)
        read(app)
        assert not app.error

    def test_a_bad_file_leaves_the_table_before_it(self, app: AppTest):
        read(app)
        read(app, made_up.table(), "bad.csv")
        assert app.error[0].value.startswith("bad.csv")
        assert "test.csv, read by" in text(app)

    def test_too_many_rows_are_sent_to_the_command_line(
        self, app: AppTest, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(batch_run, "MAX_ROWS", 59)
        read(app)
        assert "more than 59 rows" in app.error[0].value
        assert "python -m recognizer predict" in app.error[0].value
        assert batch(app).table is None

    def test_a_fault_of_ours_is_told_and_logged(
        self, app: AppTest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ):
        monkeypatch.setattr(batch_run, "check_labels", lambda labels: 1 / 0)
        read(app)
        assert "Internal error (ZeroDivisionError)" in app.error[0].value
        assert "Traceback" in caplog.text

    def test_what_a_file_is_called_is_shown_and_not_rendered(self, app: AppTest):
        read(app, CSV, "![x](http://example.com/x.png).csv")
        assert r"\!\[x\](http\:" in app.header[0].value

    @pytest.mark.usefixtures("only_users_models")
    def test_without_a_model_the_page_says_how_to_get_one(self, app: AppTest):
        run(app)
        assert "No model here" in app.error[0].value
        assert not app.file_uploader


class TestModel:
    def shown(self, app: AppTest) -> str:
        return next(box.value for box in run(app).selectbox if box.label == "Model")

    def test_it_is_whichever_is_the_default_now(self, app: AppTest):
        assert self.shown(app) == DEFAULT
        registry.promote("two-block")  # as another tab does
        assert self.shown(app) == "two-block"

    def test_a_chosen_one_stays_chosen(self, app: AppTest):
        run(app)
        choose(app, "Model", "two-block")
        registry.promote("single-conv")
        assert self.shown(app) == "two-block"


class TestUnderWay:
    def test_the_progress_is_told_with_speed_and_time_left(self, app: AppTest, reader: Reader):
        reader.gate.clear()
        bring(app, made_up.table_of(Digits(np.repeat(TABLE.images, 40, axis=0), None)))
        batch(app).run._progress = (1024, 0.4)
        run(app)
        bar = app.get("progress")[0].proto
        assert bar.value == 40
        assert "1,024 rows, " in bar.text
        assert " a second, about " in bar.text
        assert bar.text.endswith(" left")

    def test_the_time_left_follows_from_the_share(self):
        now = batch_run.Progress(rows=1_000, share=0.25, seconds=2.0)
        assert now.speed == 500
        assert now.seconds_left == 6.0
        assert batch_run.Progress(0, 0.0, 1.0).seconds_left is None

    def test_a_cancelled_reading_leaves_nothing_and_says_so(self, app: AppTest, reader: Reader):
        reader.gate.clear()
        bring(app)
        under_way = batch(app).run
        press(app, "Cancel")
        assert "nothing of this reading of test.csv is kept" in text(app)
        reader.gate.set()
        under_way.wait(PATIENCE)
        run(app)
        assert under_way.result is None
        assert batch(app).table is None
        assert not downloads(app)
        assert app.file_uploader
        read(app)
        assert "Cancelled" not in text(app)
        assert downloads(app)

    def test_cancelling_a_second_model_keeps_the_first(self, app: AppTest, reader: Reader):
        read(app)
        choose(app, "Model", "single-conv")
        assert f"read by {DEFAULT}, not by single-conv yet" in text(app)
        reader.gate.clear()
        press(app, "Read it with single-conv")
        press(app, "Cancel")
        assert len(batch(app).results) == 1
        choose(app, "Model", DEFAULT)
        assert f"test.csv, read by {DEFAULT}" in text(app)

    def test_a_reading_is_kept_and_not_made_again(self, app: AppTest, reader: Reader):
        read(app)
        choose(app, "Model", "single-conv")
        press(app, "Read it with single-conv")
        finish(app)
        rows = reader.rows
        choose(app, "Model", DEFAULT)
        run(app)
        assert f"test.csv, read by {DEFAULT}" in text(app)
        assert reader.rows == rows == 120

    def test_another_table_takes_the_place_of_the_first(self, app: AppTest):
        read(app)
        read(app, made_up.table_of(Digits(TABLE.images[:7], None)), "seven.csv")
        assert f"seven.csv, read by {DEFAULT}" in text(app)
        assert len(batch(app).results) == 1


class TestResult:
    def test_the_submission_is_checked_in_words(self, app: AppTest):
        read(app)
        found = next(one.proto.body for one in app.get("html") if "checks" in one.proto.body)
        assert "The share of each digit is 0: 10.0\N{NO-BREAK SPACE}%" in found
        assert "It has 60 rows: the competition&#x27;s test.csv has 28,000." in found
        assert found.count("✗") == 1

    def test_the_submission_is_what_was_read(self, app: AppTest):
        read(app)
        result = next(iter(batch(app).results.values()))
        lines = submission_bytes(result.read).decode().splitlines()
        assert lines == ["ImageId,Label"] + [f"{i},{(i - 1) % 10}" for i in range(1, 61)]

    def test_the_score_to_expect_is_that_of_the_held_out_rows(
        self, app: AppTest, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(results, "COMPETITION_ROWS", 60)
        read(app)
        card = registry.find_model(DEFAULT).card
        assert app.metric[0].label == "Score to expect on Kaggle"
        assert app.metric[0].value == f"{card.accuracy:.4f}"
        assert f"{card.interval[0]:.4f} to {card.interval[1]:.4f}" in text(app)
        low, high = predictive_interval(round(card.accuracy * card.n), card.n, 15)
        assert f'a quarter of the rows</td><td class="number">{low:.4f} to {high:.4f}' in text(app)

    def test_no_score_is_told_for_another_table_than_the_competitions(self, app: AppTest):
        read(app)
        assert not app.metric
        assert "cannot be measured without labels" in text(app)

    def test_rows_that_the_model_learned_from_are_warned_of_and_no_score_is_told(
        self, app: AppTest, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(results, "COMPETITION_ROWS", 60)
        known = np.arange(60) < 7
        monkeypatch.setattr(batch_run.seen_rows, "is_seen", lambda model, images: known)
        read(app)
        assert f"7 of the 60 rows are among those that {DEFAULT} was trained on" in text(app)
        assert "train a model on the train.csv that came with the file" in text(app)
        assert not app.metric

    def test_a_model_that_does_not_tell_its_rows_is_named(
        self, app: AppTest, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(batch_run.seen_rows, "is_seen", lambda model, images: None)
        read(app)
        assert f"Which rows {DEFAULT} has learned from is not known" in text(app)

    @pytest.mark.parametrize("digits", [TABLE, LABELLED], ids=["unlabelled", "labelled"])
    def test_a_damaged_note_of_the_rows_it_learned_from_is_told_and_the_reading_stands(
        self, app: AppTest, home: Path, two_block: Path, digits: Digits
    ):
        mine = Path(shutil.copytree(two_block, home / "models" / "mine"))
        (mine / "seen.npy").write_bytes(b"cut")
        run(app)
        choose(app, "Model", "mine")
        read(app, made_up.table_of(digits))
        assert not app.error
        assert "seen.npy of mine is damaged" in made_up.one_line(app.warning[0].value)
        assert downloads(app)[0] == "submission.csv"

    def test_confidence_is_counted_between_its_steps(self, app: AppTest, reader: Reader):
        for row, sure in enumerate((0.5, 0.85, 0.96, 0.9985, 0.9995)):
            reader.sure[TABLE.images[row].tobytes()] = sure
        read(app)
        charts = [one.proto.alt for one in app.get("vega_lite_chart")]
        assert "Rows read as each digit: 0: 6, 1: 6" in charts[0]
        assert charts[1].endswith(
            "< 50 %: 0, 50–80: 1, 80–90: 1, 90–95: 55, 95–99: 1, 99–99.9: 1, > 99.9: 1"
        )


class TestDoubts:
    def test_the_least_sure_come_first_with_their_two_best_readings(
        self, app: AppTest, reader: Reader
    ):
        reader.sure[TABLE.images[42].tobytes()] = 0.6
        reader.sure[TABLE.images[13].tobytes()] = 0.7
        read(app)
        assert grid(app)[:3] == [
            ["43", "2 · 60.0 %", "3 · 40.0 %"],
            ["14", "3 · 70.0 %", "4 · 30.0 %"],
            ["1", "0 · 92.0 %", "1 · 8.0 %"],
        ]

    def test_they_come_by_pages(self, app: AppTest):
        read(app)
        assert len(grid(app)) == gallery.A_PAGE
        app.get("pagination")[0].set_value(2)
        run(app)
        assert [int(lines[0]) for lines in grid(app)] == list(range(41, 61))

    def test_rows_that_look_like_no_digit_are_counted_and_shown(
        self, app: AppTest, reader: Reader, monkeypatch: pytest.MonkeyPatch
    ):
        for module in (batch_run, records):
            monkeypatch.setattr(module, "threshold", lambda model: 0.5)
        reader.odd = {TABLE.images[8].tobytes(): 0.3, TABLE.images[5].tobytes(): 0.1}
        read(app)
        assert "2 rows do not look like a digit" in text(app)
        way = next(one for one in app.button_group if gallery.NO_DIGITS in one.options)
        way.set_value(gallery.NO_DIGITS)
        run(app)
        assert [lines[0] for lines in grid(app)] == ["6", "9"]

    def test_of_a_labelled_table_the_misread_rows_can_be_seen_alone_and_by_digit(
        self, app: AppTest, reader: Reader
    ):
        wrong = LABELLED.labels.copy()
        wrong[[3, 5]] = 9
        read(app, made_up.table_of(Digits(LABELLED.images, wrong)))
        way = next(one for one in app.button_group if gallery.WRONG in one.options)
        way.set_value(gallery.WRONG)
        run(app)
        assert "2 of 60 rows are misread" in text(app)
        assert [(lines[0], lines[-1]) for lines in grid(app)[:2]] == [
            ("6", "label 9"),
            ("4", "label 9"),
        ]
        choose(app, "Read as", "5")
        assert [lines[0] for lines in grid(app)][:1] == ["6"]
        assert "Read as 5: 1." in text(app)

    def test_a_picked_row_is_shown_large_and_can_be_kept_with_its_right_label(
        self, app: AppTest, reader: Reader
    ):
        read(app)
        [shown] = batch(app).results.values()
        key = f"rows-{gallery.LEAST_SURE}-{gallery.ALL}-{shown.id}-grid"
        app.session_state["image-grid-picked"] = key, 0
        run(app)
        assert f"{DEFAULT} reads **" in text(app)
        label = next(one for one in app.button_group if "choose what it is" in one.label)
        label.set_value(4)
        app.session_state["image-grid-picked"] = key, 0  # the test runs the whole page anew
        run(app)
        [kept] = Corrections().latest(9)
        assert kept.label == 4
        assert kept.image.shape == (28, 28)

    @pytest.mark.parametrize("doubt", [None, SimpleNamespace(threshold=0.25)])
    def test_the_threshold_is_the_cards(self, doubt: SimpleNamespace | None):
        model = SimpleNamespace(card=SimpleNamespace(rejection=doubt))
        assert records.threshold(model) == (doubt and 0.25)


class TestLabelled:
    def test_a_label_column_is_told_and_the_readings_are_measured(self, app: AppTest):
        labels = LABELLED.labels.copy()
        labels[[0, 10, 20]] = 7  # zeros, which are read as 0
        read(app, made_up.table_of(Digits(LABELLED.images, labels)))
        assert "The file has a label column" in text(app)
        assert app.metric[0].label == "Accuracy"
        assert app.metric[0].value == "95.00 %"  # 57 of 60
        assert "95 % interval 86.30 to 98.29 %" in text(app)  # Wilson's, by hand
        assert "3 of 60 are misread; most often 7 as 0 (3)" in text(app)

    def test_one_row_is_told_in_the_singular(self):
        assert [markup.count(n) for n in (0, 1, 1_383)] == ["0 rows", "1 row", "1,383 rows"]
        assert markup.count(1, "labelled row") == "1 labelled row"

    def test_one_wrong_row_of_many_is_not_rounded_away(self):
        assert results._share(np.arange(28_000) > 0) == "> 99.99 %"

    def test_a_cell_of_the_matrix_shows_its_images(self, app: AppTest):
        labels = LABELLED.labels.copy()
        labels[[0, 10, 20]] = 7
        read(app, made_up.table_of(Digits(LABELLED.images, labels)))
        choose(app, "True digit", 7)
        choose(app, "Predicted", 0)
        assert "3 images of 7, predicted 0" in text(app)

    def test_rows_that_it_has_not_seen_are_measured_on_their_own(
        self, app: AppTest, monkeypatch: pytest.MonkeyPatch
    ):
        labels = LABELLED.labels.copy()
        labels[0] = 7
        known = np.arange(60) >= 20
        monkeypatch.setattr(batch_run.seen_rows, "is_seen", lambda model, images: known)
        read(app, made_up.table_of(Digits(LABELLED.images, labels)))
        assert app.metric[0].label == "Accuracy on rows not seen in training"
        assert app.metric[0].value == "95.00 %"  # 19 of 20
        assert "Of all 60 rows, with those it was trained on, it reads 98.33 %" in text(app)
        assert "1 of 20 is misread" in text(app), "the matrix is of the same rows"
        assert ["Row 1", "7, read as 0, 92.0 %"] in grid(app)


class TestComparing:
    def test_two_models_show_only_the_rows_that_differ(self, app: AppTest):
        read(app)
        choose(app, "Compare or average with", "single-conv")
        press(app, "Read the table with single-conv, too")
        finish(app)
        assert "6 of 60 rows differ" in text(app)
        assert grid(app)[gallery.A_PAGE :] == [
            [str(row), "3 · 92.0 %", "5 · 92.0 %"] for row in range(4, 61, 10)
        ]

    def test_of_labelled_rows_it_is_told_who_is_right(self, app: AppTest):
        read(app, made_up.table_of(LABELLED))
        choose(app, "Compare or average with", "single-conv")
        press(app, "Read the table with single-conv, too")
        finish(app)
        assert f"{DEFAULT} is right in 6 of them, single-conv in 0, neither in 0" in text(app)

    def test_of_unlabelled_rows_it_is_told_who_is_likelier_right(self, app, reader: Reader):
        for image in TABLE.images[3:60:10]:
            reader.sure[image.tobytes()] = 0.99
        read(app)
        choose(app, "Compare or average with", "single-conv")
        press(app, "Read the table with single-conv, too")
        finish(app)
        # In each of the six rows the mean gives 0.495 to either's reading.
        assert "is right in about 3 of them, single-conv in about 3, neither in about 0" in text(
            app
        )
        assert "too close to say which submission is better" in text(app)

    def test_a_submission_made_earlier_is_weighed_by_the_models_own_probabilities(self, app):
        labels = (LABELLED.labels + 2) % 10
        self.submission(app, labels)
        assert "which favour its own reading" in text(app)
        assert f"{DEFAULT} is right in about 55 of them, earlier.csv in about 0" in text(app)
        assert f"{DEFAULT} is likelier the better submission" in text(app)

    def submission(self, app: AppTest, labels: np.ndarray) -> AppTest:
        read(app)
        choose(app, "Compare or average with", "a submission made earlier")
        content = submission_bytes(labels)
        app.file_uploader[1].set_value(("earlier.csv", content, "text/csv"))
        return run(app)

    def test_an_earlier_submission_shows_only_the_rows_that_differ(self, app: AppTest):
        labels = LABELLED.labels.copy()
        labels[[3, 33]] = 8
        self.submission(app, labels)
        assert "2 of 60 rows differ" in text(app)
        assert grid(app)[gallery.A_PAGE :] == [
            ["4", "3 · 92.0 %", "8"],
            ["34", "3 · 92.0 %", "8"],
        ]

    def test_the_same_submission_is_said_to_be_the_same(self, app: AppTest):
        self.submission(app, LABELLED.labels)
        assert "earlier.csv reads every row the same" in text(app)

    def test_a_submission_of_another_table_is_refused_in_one_line(self, app: AppTest):
        self.submission(app, LABELLED.labels[:50])
        assert "has 50 rows, the table 60" in app.error[0].value
        assert batch(app).earlier is None


class TestDrawings:
    def test_corrected_drawings_are_read_and_measured(self, app: AppTest):
        for row in range(3):
            image, label = LABELLED.images[row], int(LABELLED.labels[row])
            when = f"2026-01-0{row + 1}T00:00:00+00:00"
            Corrections().keep(Correction(str(row), when, label, 0, 0.5, "two-block", [], image))
        app.session_state["batch-way"] = "Your drawings"
        run(app)
        press(app, "Read the 3 drawings you corrected")
        finish(app)
        assert f"corrected drawings, read by {DEFAULT}" in text(app)
        assert app.metric[0].value == "100.00 %"

    def draw(self, app: AppTest, name: str) -> AppTest:
        app.session_state["batch-canvas"] = sent(example(name, CANVAS_SIDE))
        run(app)
        return press(app, "Add")

    def test_drawn_digits_become_a_table(self, app: AppTest):
        app.session_state["batch-way"] = "Your drawings"
        run(app)
        assert "Draw a digit and press Add" in text(app)
        self.draw(app, "7 with a bar")
        self.draw(app, "Looped 2")
        assert captions(app) == [["1"], ["2"]]
        press(app, "Read 2")
        finish(app)
        assert f"your drawings, read by {DEFAULT}" in text(app)
        images = batch(app).table.digits.images
        for image, name in zip(images, ("7 with a bar", "Looped 2"), strict=True):
            raw = sent(example(name, CANVAS_SIDE))["drawing"]["data"]
            assert np.array_equal(image, to_mnist(decode_picture(b64decode(raw.split(",")[1]))))

    def test_the_last_drawing_can_be_taken_back(self, app: AppTest):
        app.session_state["batch-way"] = "Your drawings"
        run(app)
        self.draw(app, "7 with a bar")
        press(app, "Remove the last")
        assert "Restore it" in [button.label for button in app.button]


class TestLabelsToCheck:
    """Rows 13 and 26 have the labels 4 and 8, and show 2 and 5."""

    TABLE = Digits(
        LABELLED.images, np.where(np.arange(60) == 12, 4, LABELLED.labels).astype(np.uint8)
    )
    TABLE.labels[25] = 8

    @pytest.fixture
    def labelled(self, app: AppTest, monkeypatch: pytest.MonkeyPatch) -> AppTest:
        read(app, made_up.table_of(self.TABLE), "train.csv")
        return app

    def shown(self, app: AppTest) -> str:
        return next(one.value for one in app.markdown if one.value.startswith("**Row "))

    def corrected(self, app: AppTest) -> Digits:
        return batch(app).decisions.apply(batch(app).table.digits)

    def test_they_come_worst_first_with_what_speaks_against_the_label(self, labelled: AppTest):
        assert self.shown(labelled) == "**Row 13, label 4, not decided**"
        assert "contradicts 2 of 60 labels" in text(labelled)
        assert "gives the label 0.0 % and reads 2 with 92.0 %" in text(labelled)
        assert [one[:3] for one in captions(labelled) if one[0] in ("13", "26")] == [
            ["13", "label 4", "2 · 92.0\N{NO-BREAK SPACE}%"],
            ["26", "label 8", "5 · 92.0\N{NO-BREAK SPACE}%"],
        ]

    def test_decisions_make_the_corrected_table_and_leave_the_table(self, labelled: AppTest):
        press(labelled, "Relabel as 2")
        assert self.shown(labelled) == "**Row 26, label 8, not decided**"
        press(labelled, "Drop the row")
        assert "1 relabelled, 1 dropped, 0 kept as they are" in text(labelled)
        assert self.corrected(labelled).labels.tolist() == np.delete(LABELLED.labels, 25).tolist()
        assert np.array_equal(batch(labelled).table.digits.labels, self.TABLE.labels)
        press(labelled, "Keep 8")
        press(labelled, "Undo the last decision")
        assert dict(batch(labelled).decisions.choices) == {12: 2}

    def test_another_digit_can_be_chosen(self, labelled: AppTest):
        pills = next(one for one in labelled.button_group if one.label == "Or relabel as")
        pills.set_value(7).run()
        assert dict(batch(labelled).decisions.choices) == {12: 7}
        assert self.shown(labelled) == "**Row 26, label 8, not decided**"

    def test_decisions_are_there_again_when_the_same_rows_are_brought(self, labelled: AppTest):
        press(labelled, "Relabel as 2")
        read(labelled)  # another table
        assert batch(labelled).decisions is None
        read(labelled, made_up.table_of(self.TABLE), "another name.csv")
        assert dict(batch(labelled).decisions.choices) == {12: 2}
        assert "**Decided:** 1 relabelled" in text(labelled)

    def test_the_corrected_table_can_be_trained_on_and_its_name_says_what_it_is(self, labelled):
        press(labelled, "Relabel as 2")
        press(labelled, "Add to the training data")
        [table] = library.tables()
        assert table.name == "train.csv (1 relabelled, 0 dropped, 0 kept as they are)"
        assert library.load(table.id).labels[12] == 2

    def test_one_click_trains_without_and_with_the_decisions_on_the_table(
        self, labelled, monkeypatch
    ):
        asked, opened = {}, []

        def submit(name, runs, tables, **_):
            asked.update(name=name, runs=runs, tables=tables)
            return jobs.Experiment("fedcba98", name, "", False, ())

        def switch(page, *, query_params):
            opened.append(query_params)
            st.stop()

        monkeypatch.setattr(jobs, "submit_experiment", submit)
        monkeypatch.setattr(st, "switch_page", switch)
        press(labelled, "Relabel as 2")
        press(labelled, "What do they change?")
        [table] = library.tables()
        assert (table.id, table.name) == (fingerprint(self.TABLE), "train.csv")
        assert (asked["name"], asked["tables"]) == ("audit-1", (table.id,))
        plain, decided = asked["runs"].values()
        assert plain == replace(decided, decisions=None)
        assert dict(decisions.frozen(decided.decisions).choices) == {12: 2}
        assert opened == [{"experiment": "fedcba98"}]

    def test_the_map_shows_the_rows_in_the_colours_of_their_labels_or_of_mistakes(
        self, labelled, monkeypatch
    ):
        def features(self, images):
            return images.reshape(len(images), -1)[:, ::28].astype(np.float32)

        monkeypatch.setattr(Recognizer, "features", features)
        embedding._map.clear()
        result = batch(labelled).result(registry.find_model())
        found = embedding._map(result.table.id, result.model.sha256, result, result.model)
        by_label = embedding.figure(result, found, embedding.BY_LABEL, dark=False)
        drawn = {int(one.name): set(map(int, one.customdata)) for one in by_label.data}
        assert drawn == {
            label: set(np.flatnonzero(self.TABLE.labels == label)) for label in range(10)
        }
        by_mistake = embedding.figure(result, found, embedding.BY_MISTAKE, dark=True)
        assert list(by_mistake.data[1].customdata) == [12, 25]
        labelled.toggle(key=f"map-{result.id}").set_value(True)
        run(labelled)
        assert "60 rows. The two axes have" in text(labelled)

    def test_a_visitors_decisions_stay_in_the_session(self, app, monkeypatch, home):
        monkeypatch.setenv(exposure.EXPOSED, "1")
        read(app, made_up.table_of(self.TABLE), "train.csv")
        press(app, "Relabel as 2")
        assert "lost when you leave" in text(app)
        assert self.corrected(app).labels[12] == 2
        assert not (home / "label-decisions").exists()
        labels = [one.label for one in app.button]
        assert not {"Add to the training data", "What do they change?"} & set(labels)

    def test_rows_that_the_model_has_seen_are_left_out(self, app, monkeypatch):
        monkeypatch.setattr(seen_rows, "is_seen", lambda *_: np.arange(60) < 13)
        read(app, made_up.table_of(self.TABLE), "train.csv")
        assert self.shown(app).startswith("**Row 26")
        assert "13 rows are left out" in text(app)

    def test_the_models_of_a_cross_validation_judge_every_row_together(self, app, monkeypatch):
        stored = [registry.find_model(name) for name in (DEFAULT, "single-conv")]
        known = {DEFAULT: np.arange(60) < 20, "single-conv": np.arange(60) >= 20}
        monkeypatch.setattr(seen_rows, "is_seen", lambda model, images: known[model.name])
        made = []
        for name, count in (("check-1", 2), ("check-2", 3)):
            runs = [
                made_up.job(config=config, tables=(fingerprint(self.TABLE),))
                for config in experiments.folds(name, made_up.CONFIG, count).values()
            ]
            made.append(jobs.Experiment(f"0000000{count}", name, "", False, tuple(runs[:2])))
        monkeypatch.setattr(experiments, "all_experiments", lambda: made)
        monkeypatch.setattr(experiments, "models", lambda one: dict(enumerate(stored)))
        read(app, made_up.table_of(self.TABLE), "train.csv")
        assert "20 rows are left out" in text(app)
        offered = next(box for box in app.selectbox if box.label == "Judged by").options
        assert offered[1:] == ["check-1: 2 models, every row"], "of check-2 a fold was deleted"
        choose(app, "Judged by", "check-1: 2 models, every row")
        # Of the first 20 rows, which single-conv judges, it misreads the fourth and the 14th.
        assert "check-1's 2 models contradict 4 of 60 labels" in text(app)

    def test_one_click_trains_what_checks_every_row(self, app, monkeypatch):
        monkeypatch.setattr(seen_rows, "is_seen", lambda *_: np.ones(60, bool))
        asked = {}

        def submit(name, runs, tables, **_):
            asked.update(name=name, folds=[run.fold for run in runs.values()], tables=tables)
            raise SettingError("The disk is full.")

        monkeypatch.setattr(jobs, "submit_experiment", submit)
        read(app, made_up.table_of(self.TABLE), "train.csv")
        press(app, "Check every row")
        assert (asked["name"], asked["folds"]) == ("check-1", [1, 2, 3, 4, 5])
        assert asked["tables"] == (fingerprint(self.TABLE),)
        assert "The disk is full." in [one.value for one in app.error]

    def test_a_model_that_has_seen_them_all_is_said_to_say_nothing(self, app, monkeypatch):
        monkeypatch.setattr(seen_rows, "is_seen", lambda *_: np.ones(60, bool))
        read(app, made_up.table_of(self.TABLE), "train.csv")
        assert "choose a model that was trained on other rows" in text(app)

    def test_a_damaged_file_of_decisions_is_said(self, labelled: AppTest, home: Path):
        press(labelled, "Relabel as 2")
        next((home / "label-decisions").iterdir()).write_bytes(b"{")
        read(labelled)
        read(labelled, made_up.table_of(self.TABLE), "train.csv")
        assert "are damaged" in text(labelled)

    def test_a_table_without_labels_has_no_such_section(self, app: AppTest):
        read(app)
        assert "Labels to check" not in [one.value for one in app.header]


class TestAverage:
    def averaged(self, app: AppTest, content: bytes = CSV) -> str:
        read(app, content)
        choose(app, "Compare or average with", "single-conv")
        press(app, "Read the table with single-conv, too")
        finish(app)
        return text(app)

    def test_the_mean_of_two_models_is_offered_with_its_cost(self, app: AppTest, reader: Reader):
        for image in TABLE.images[[3, 13]]:  # which single-conv reads as 5, the default one as 3
            reader.sure[image.tobytes()] = 0.6
        said = self.averaged(app)
        assert f"Average of {DEFAULT} and single-conv" in said
        assert "reads 0 of 60 rows otherwise" in said
        assert "ms a row here" in said
        offered = downloads(app)
        assert offered[-2:] == ["Averaged submission.csv", "Averaged probabilities"]

    def test_more_models_join_it_those_of_an_experiment_at_once(
        self, app: AppTest, monkeypatch: pytest.MonkeyPatch
    ):
        members = {
            "fedcba98": ["single-conv", "compact", "softmax"],
            "89abcdef": ["compact", "softmax", "two-block"],
        }
        made = [
            jobs.Experiment(id, "exp", "", False, tuple(made_up.job(published=n) for n in names))
            for id, names in members.items()
        ]
        monkeypatch.setattr(experiments, "all_experiments", lambda: made)
        monkeypatch.setattr(experiments, "members", members.get)
        self.averaged(app)
        more = next(one for one in app.multiselect if one.label == "More models in the average")
        assert more.options[:2] == [f"exp ({id}), the 3 models of the experiment" for id in members]
        more.select(more.options[0])
        run(app)
        press(app, "Read the table with compact, softmax, too")
        finish(app)
        finish(app)  # the second of them
        assert f"Average of {DEFAULT}, single-conv, compact and softmax" in text(app)

    def test_a_damaged_model_ends_what_waits_behind_it(self, monkeypatch: pytest.MonkeyPatch):
        def damaged(model: registry.StoredModel) -> Recognizer:
            raise ModelError(f"{model.name} is damaged.")

        monkeypatch.setattr(model_cache, "recognizer", damaged)
        some = Batch()
        some.start_all([registry.find_model(name) for name in ("compact", "softmax")])
        assert (some.problem, some.run, some.waiting) == ("compact is damaged.", None, [])

    def test_it_is_measured_beside_its_members_on_rows_that_neither_has_seen(
        self, app: AppTest, monkeypatch: pytest.MonkeyPatch
    ):
        new = {DEFAULT: np.arange(60) < 10, "single-conv": np.arange(60) < 20}
        monkeypatch.setattr(seen_rows, "is_seen", lambda model, images: new[model.name])
        said = self.averaged(app, made_up.table_of(LABELLED))
        assert "On 40 rows; 20 that one of them was trained on are left out." in said
        assert '<td>single-conv</td><td class="number">90.00 %</td>' in said
        assert f"{DEFAULT} + single-conv" in said
