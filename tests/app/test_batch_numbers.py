"""Pictures on the Batch page: one digit each or one number each, as the person says."""

import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.sections.batch import numbers
from pages.shared import layout
from pages.shared.canvas.examples import example
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


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_of_pictures_it_is_asked_what_each_holds_and_numbers_become_a_table(app: AppTest):
    bring(app, ("a.png", png(SEVEN, TWO)), ("b.png", png(TWO)), ("bad.png", b"seven"))
    assert {"One digit each", "One number each"} <= set(labels(app))
    press(app, "One number each")
    assert not app.exception
    rows = app.dataframe[0].value
    assert list(rows.columns) == ["file", "line", "text", "confidence", "is_digit", "error"]
    assert list(rows["file"]) == ["a.png", "b.png", "bad.png"]
    assert list(rows["text"]) == ["72", "2", ""]
    assert "is text" in rows["error"][2]
    assert app.get("download_button")[0].label == "numbers.csv"


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
