"""Pictures on the Batch page: one digit each or one number each, as the person says."""

import io
import threading
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.helpers.filled_sheet import photograph_sheet
from pages.sections.batch.picture_tables import numbers
from pages.shared import layout
from pages.shared.canvas.examples import example
from recognizer.forms import Layout
from recognizer.imaging.strokes import render

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "batch.py")
SEVEN, TWO = "7 with a bar", "Looped 2"


def png(*names: str) -> bytes:
    """A picture of digits side by side."""
    drawn = [render([np.array(one) for one in example(name, 280)], pen=14) for name in names]
    return cv2.imencode(".png", np.hstack(drawn))[1].tobytes()


def zipped(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, member in members.items():
            archive.writestr(name.replace("__", "/") + ".png", member)
    return content.getvalue()


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(layout, "guard", lambda page: True)
    return AppTest.from_file(PAGE, default_timeout=60).run()


def bring(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    uploads = [(name, content, "application/octet-stream") for name, content in files]
    return app.file_uploader[0].set_value(uploads).run()


def press(app: AppTest, label: str) -> AppTest:
    return next(one for one in app.button if one.label == label).click().run()


def read(app: AppTest, label: str) -> AppTest:
    """Press a button that reads pictures, and wait until all are read."""
    press(app, label)
    if (reading := app.session_state["batch"].reading) is not None:
        reading.wait(60)
    return app.run()


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_of_pictures_it_is_asked_what_each_holds_and_numbers_become_a_table(app: AppTest):
    bring(app, ("a.png", png(SEVEN, TWO)), ("b.png", png(TWO)), ("bad.png", b"seven"))
    assert {"One digit each", "One number each"} <= set(labels(app))
    read(app, "One number each")
    assert not app.exception
    rows = app.dataframe[0].value
    assert list(rows.columns)[1:] == ["file", "line", "text", "confidence", "is_digit", "error"]
    assert rows["picture"][0].startswith("data:image/png;base64,")
    certain = [float(one) for one in rows["confidence"][:2]]
    assert certain == sorted(certain)  # the least certain first
    rows = rows.sort_values("file")
    assert list(rows["file"]) == ["a.png", "b.png", "bad.png"]
    assert list(rows["text"]) == ["72", "2", ""]
    assert "is text" in rows["error"].iloc[2]
    assert "numbers.csv" in [one.label for one in app.get("download_button")]


def test_reading_pictures_can_be_cancelled_and_keeps_what_was_read(app: AppTest, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def slowly(_recognizer, picture):
        if picture.path != "0.png":
            begun.set()
            go_on.wait(30)
        return [numbers.Row((picture.path, "1", "7", "0.9", "true", ""))]

    monkeypatch.setattr(numbers, "read", slowly)
    bring(app, *((f"{one}.png", png(TWO)) for one in range(5)))
    press(app, "One number each")
    assert begun.wait(30)
    app.run()
    assert app.get("progress")
    press(app, "Cancel")
    go_on.set()
    app.session_state["batch"].reading.wait(30)
    app.run()
    assert "Cancelled after 2 of 5 pictures." in [one.value for one in app.info]
    assert list(app.dataframe[0].value["file"]) == ["0.png", "1.png"]


def test_a_photo_of_a_filled_in_sheet_becomes_its_table(app: AppTest):
    rng = np.random.default_rng(5)
    seven = [np.array(one) for one in example(SEVEN, 280)]
    layout, written = Layout(3, 2), {(0, 0): seven, (2, 1): seven}
    taken = photograph_sheet(layout, written, rng, size=(900, 1200))
    bring(app, ("photo.jpg", taken.jpeg), ("b.png", png(TWO)))
    read(app, "A filled-in sheet or table")
    assert not app.exception
    assert app.error[0].value.startswith("b.png")
    table = next(one.value for one in app.dataframe if "A" in one.value)
    assert table.to_numpy().tolist() == [["7", ""], ["", ""], ["", "7"]]
    names = {one.label for one in app.get("download_button")}
    assert {"Download the table (CSV)", "Download sheet.html"} <= names
    [form] = [one for one in app.session_state["batch"].forms if one.form]
    form.corrected = {"B1": "5"}
    assert form.table == [["7", "5"], ["", ""], ["", "7"]]


def test_no_cell_of_numbers_csv_is_a_formula():
    row = ("=1+1.png", "1", "-12", "0.9", "true", "@SUM(A1)")
    content = numbers._csv([row, ("-1+1.png", *row[1:])]).decode()
    assert content.splitlines()[1:] == [
        "'=1+1.png,1,-12,0.9,true,'@SUM(A1)",
        "'-1+1.png,1,-12,0.9,true,'@SUM(A1)",
    ]


def test_a_zip_of_one_digit_each_is_read_as_a_table(app: AppTest):
    bring(app, ("scans.zip", zipped(x__1=png(SEVEN), x__2=png(TWO))))
    press(app, "One digit each")
    app.session_state["batch"].run.wait(60)
    app.run()
    [result] = app.session_state["batch"].results.values()
    assert list(result.read) == [7, 2]
    assert "One number each" not in labels(app)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.zip", zipped(digits__7__a=png(SEVEN), digits__2__b=png(TWO))),
        ("a.zip", b"PK\x03\x04 cut"),
        ("a.csv", b"label\n"),
    ],
    ids=["labelled by folders", "damaged", "a table"],
)
def test_nothing_is_asked_of_what_holds_more_than_pictures(app: AppTest, name, content):
    bring(app, (name, content))
    assert "One number each" not in labels(app)


def test_a_file_name_that_a_spreadsheet_would_run_is_quoted():
    rows = [("=cmd()", "1", "-7", "0.9", "true", "")]
    assert numbers._csv(rows).decode().splitlines()[1] == "'=cmd(),1,-7,0.9,true,"
