"""Sheets that are printed, filled in and photographed come back as the same table."""

import csv
import io
import json
import xml.etree.ElementTree as ET
from itertools import product

import cv2
import numpy as np
import pytest
from PIL import Image

from benchmarks.helpers.filled_sheet import photograph_sheet
from recognizer import __main__ as command_line
from recognizer.errors import PictureError, SettingError
from recognizer.forms import SIDE, Layout, read_form, sheet_html, table_csv
from recognizer.forms.layout import KINDS, MOST_COLUMNS, MOST_ROWS, PAPERS, layout_of
from recognizer.forms.marks import find_marks
from recognizer.forms.reader import cell_boxes
from recognizer.forms.sheet import sheet_svg
from recognizer.imaging.decoding import decode_picture
from recognizer.inference import Recognizer
from recognizer.numbers.synthesis import compose
from tests.helpers.pen_strokes import one_of_each

PHOTO = (1200, 1600)
STROKES = {digit: [np.array(one) for one in drawn] for digit, drawn in one_of_each().items()}


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer.load()


def filled_in(layout, rng, share=0.6):
    """Return what is written in which cells, and the table that is expected."""
    texts, written = {}, {}
    for cell in product(range(layout.rows), range(layout.columns)):
        if rng.random() < share:
            digit = int(rng.choice(list(STROKES)))
            texts[cell], written[cell] = str(digit), STROKES[digit]
    return written, expected(layout, texts)


def expected(layout, texts):
    return [[texts.get((row, column), "") for column in range(layout.columns)]
            for row in range(layout.rows)]  # fmt: skip


def off_centre(form, taken):
    """Return how far each cell's middle is from where it was photographed, in cell heights."""
    away = []
    for cell in form.cells:
        true = taken.corners(cell.row, cell.column)
        gap = np.abs(cell.corners.mean(axis=0) - true.mean(axis=0)).max()
        away.append(gap / np.ptp(true, axis=0).min())
    return np.array(away)


@pytest.mark.parametrize(
    ("layout", "turn", "size"),
    [
        (Layout(12, 6), None, PHOTO),
        (Layout(12, 6), 176.0, PHOTO),
        (Layout(4, 3, paper="Letter"), 94.0, PHOTO[::-1]),
        (Layout(30, 15, paper="Letter"), None, (1500, 2000)),
    ],
    ids=["upright", "upside down", "on its side", "450 cells"],
)
def test_a_photo_of_a_filled_in_sheet_is_read_into_its_table(recognizer, layout, turn, size):
    rng = np.random.default_rng(7)
    written, table = filled_in(layout, rng)
    taken = photograph_sheet(layout, written, rng, turn=turn, size=size)
    form = read_form(recognizer, decode_picture(taken.jpeg, SIDE))
    assert form.printed
    assert (form.rows, form.columns) == (layout.rows, layout.columns)
    assert off_centre(form, taken).max() < 0.25
    read = np.array(form.table)
    assert ((read != "") == (np.array(table) != "")).all()  # empty cells stay empty
    assert (read == np.array(table)).mean() > 0.97
    wrong = [cell for cell in form.cells if cell.text != table[cell.row][cell.column]]
    assert all(cell in form.doubtful for cell in wrong)


def test_cells_of_numbers_hold_several_digits(recognizer):
    rng = np.random.default_rng(3)
    layout = Layout(5, 2, "number")
    digits = {str(digit): [strokes] for digit, strokes in STROKES.items()}
    texts, written = {}, {}
    for cell in [(0, 0), (1, 1), (2, 0), (4, 1)]:
        texts[cell], written[cell] = compose(digits, "###", rng)
    taken = photograph_sheet(layout, written, rng, size=PHOTO)
    form = read_form(recognizer, decode_picture(taken.jpeg, SIDE))
    read, table = np.array(form.table), np.array(expected(layout, texts))
    assert ((read != "") == (table != "")).all()
    assert (read == table).sum() >= read.size - 1


def test_every_layout_is_told_by_any_three_of_its_marks():
    for rows, columns, kind, paper in product(
        range(1, MOST_ROWS + 1), range(1, MOST_COLUMNS + 1), KINDS, PAPERS
    ):
        layout = Layout(rows, columns, kind, paper)
        codes = {corner: layout.code(corner) for corner in range(4)}
        for hidden in (None, *range(4)):
            seen = {corner: code for corner, code in codes.items() if corner != hidden}
            assert layout_of(seen) == layout
    other = {**codes, 1: Layout(3, 4).code(1)}
    assert layout_of(other) is None


@pytest.mark.parametrize("layout", [Layout(1, 1), Layout(30, 15), Layout(8, 3, "number", "Letter")])
def test_the_printed_drawing_has_its_marks_and_cells_where_the_layout_says(layout):
    drawing = ET.fromstring(sheet_svg(layout, "<Exam> & more"))
    cells = [one for one in drawing if one.tag.endswith("rect") and one.get("fill") == "none"]
    drawn = [[float(one.get(k)) for k in ("x", "y", "width", "height")] for one in cells]
    assert np.allclose(drawn, cell_boxes(layout), atol=0.001)
    boxes = [*drawn, *(layout.mark(corner) for corner in range(4))]
    for one, (x, y, wide, tall) in enumerate(boxes):
        assert min(x, y, layout.size[0] - x - wide, layout.size[1] - y - tall) >= 6
        for a, b, width, height in boxes[:one]:
            assert x >= a + width or a >= x + wide or y >= b + height or b >= y + tall
    assert "&lt;Exam&gt; &amp; more" in sheet_html(layout, "<Exam> & more")


def photo(rng=None, **how):
    """Return a photo of a half-filled sheet, array of shape (H, W, 3), and how it was taken."""
    rng = rng or np.random.default_rng(11)
    layout = Layout(6, 4)
    taken = photograph_sheet(layout, filled_in(layout, rng)[0], rng, size=(900, 1200), **how)
    return decode_picture(taken.jpeg, SIDE), taken


def with_marks_hidden(image, taken, corners):
    image = image.copy()
    for corner in corners:
        x, y, side, _ = taken.layout.mark(corner)
        points = np.array([[[x - 2, y - 2], [x + side + 2, y - 2], [x + side + 2, y + side + 2],
                            [x - 2, y + side + 2]]])  # fmt: skip
        there = cv2.perspectiveTransform(points, taken.to_photo)
        cv2.fillPoly(image, there.round().astype(np.int32), (90, 60, 50))
    return image


def test_one_hidden_mark_does_no_harm_and_two_are_named(recognizer):
    image, taken = photo(bend=0.0)
    whole = read_form(recognizer, image)
    for corner in range(4):
        form = read_form(recognizer, with_marks_hidden(image, taken, [corner]))
        assert form.table == whole.table
    with pytest.raises(PictureError, match=r"Only 2 .*missing: top left, bottom right.*expected"):
        read_form(recognizer, with_marks_hidden(image, taken, [0, 2]))


def test_photos_that_show_no_whole_sheet_end_in_a_sentence(recognizer):
    image, _ = photo(tilt=0.0, turn=0.0)
    far = np.ptp(find_marks(image)[1][1], axis=0).max()
    low = int(find_marks(image)[2][1].min(axis=0)[1] - far)  # above the lower marks
    with pytest.raises(PictureError, match="missing: bottom right, bottom left"):
        read_form(recognizer, np.ascontiguousarray(image[:low]))
    with pytest.raises(PictureError, match="blurred"):
        read_form(recognizer, cv2.GaussianBlur(image, (0, 0), 25))
    noise = np.random.default_rng(0).integers(0, 255, (600, 800, 3), np.uint8)
    for nothing in (noise, np.full((300, 400), 255, np.uint8), np.zeros((40, 3000, 4), np.uint8)):
        with pytest.raises(PictureError, match="expected one form"):
            read_form(recognizer, nothing)
    with pytest.raises(PictureError, match="one at a time"):
        read_form(recognizer, np.hstack([image, image]))
    with pytest.raises(PictureError, match="convert it first"):
        read_form(recognizer, np.zeros((10, 10)))


def test_cells_outside_the_photo_are_counted(recognizer):
    image, taken = photo(tilt=0.0, turn=35.0, bend=0.0)
    right = int(taken.corners(0, 3)[:, 0].mean())  # cuts off the top right corner alone
    with pytest.raises(PictureError, match=r"of the sheet's 24 cells lie outside .*; expected all"):
        read_form(recognizer, np.ascontiguousarray(image[:, :right]))


@pytest.mark.parametrize(
    "wrong", [{"rows": 0}, {"rows": 31}, {"columns": "2"}, {"kind": "letter"}, {"paper": "A3"}]
)
def test_a_sheet_that_cannot_be_printed_is_named(wrong):
    with pytest.raises(SettingError, match="expected"):
        Layout(**wrong)
    with pytest.raises(SettingError, match="shorten"):
        sheet_html(Layout(), "x" * 61)


def ruled(rows, columns, texts):
    """Return a table as a person rules it, without any mark, and its writing."""
    image = np.full((200 + 110 * rows, 200 + 120 * columns, 3), 235, np.uint8)
    for row, column in product(range(rows), range(columns)):
        x, y = 100 + 120 * column, 100 + 110 * row
        cv2.rectangle(image, (x, y), (x + 120, y + 110), (70, 70, 70), 3)
        if (row, column) in texts:
            for stroke in STROKES[int(texts[row, column])]:
                low = np.concatenate(STROKES[int(texts[row, column])]).min(axis=0)
                path = (stroke - low) * 0.075 + [x + 30, y + 18]
                cv2.polylines(image, [path.round().astype(np.int32)], False, (20, 30, 120), 5)
    return image


@pytest.mark.parametrize("angle", [0, 5])
def test_a_ruled_table_that_is_no_sheet_of_ours_is_read_too(recognizer, angle):
    texts = {(0, 0): "7", (0, 2): "2", (1, 1): "8", (3, 3): "2", (4, 0): "7"}
    image = ruled(5, 4, texts)
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 0.9)
    image = cv2.warpAffine(image, turn, (width, height), borderValue=(235, 235, 235))
    form = read_form(recognizer, image, "digit")
    assert not form.printed
    assert form.table == expected(Layout(5, 4), texts)


def test_a_table_has_no_formula():
    assert table_csv([["7", "", "=1+1"], ["-5", "12", "@x"]]).splitlines() == [
        "7,,'=1+1",
        "-5,12,'@x",
    ]


def test_the_command_line_prints_a_sheet_and_reads_its_photo(tmp_path, capsys):
    out = tmp_path / "sheet.html"
    assert command_line.main(["sheet", "--rows", "6", "--columns", "4", "--out", str(out)]) == 0
    assert out.read_text().count('fill="none"') == 24
    assert command_line.main(["sheet", "--rows", "99", "--out", str(out)]) == 2
    _, taken = photo()
    turned = Image.open(io.BytesIO(taken.jpeg)).rotate(90, expand=True)  # as a phone stores it
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "photo.jpg", exif=exif, quality=92)
    capsys.readouterr()
    arguments = ["read", str(tmp_path / "photo.jpg"), "--form"]
    assert command_line.main([*arguments, "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert (document["rows"], document["columns"]) == (6, 4)
    assert document["cells"][5]["name"] == "B2"
    table = tmp_path / "table.csv"
    assert command_line.main([*arguments, "--out", str(table)]) == 0
    with table.open(newline="") as file:
        assert list(csv.reader(file)) == document["table"]
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    both = ["read", str(tmp_path / "bad.jpg"), *arguments[1:]]
    assert command_line.main(both) == 2
    printed = capsys.readouterr()
    assert "bad.jpg" in printed.err
    assert len(printed.out.splitlines()[-6:][0].split("\t")) == 4


@pytest.mark.parametrize(
    "options", [["--form", "--several"], ["--form", "--length", "3"], ["--cells", "digit"]]
)
def test_options_of_forms_that_do_not_go_together_are_named(options, capsys):
    assert command_line.main(["read", "x.png", *options]) == 2
    assert "--form" in capsys.readouterr().err
