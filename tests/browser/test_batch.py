"""The Batch page in a real browser: from test.csv to the submission, and a table drawn by hand."""

import csv
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from browser.conftest import PATIENCE_MS
from browser.test_draw import DIGITS, draw, keep_screenshot
from browser.test_train import choose
from helpers.servers import Server
from playwright.sync_api import Browser, Page, expect

from recognizer.datasets import read_digits, write_digits
from recognizer.forms import Layout
from recognizer.inference import Recognizer
from recognizer.models import registry, seen_rows
from recognizer.records import Digits

MODEL = "single-conv"  # the quickest: 28,000 rows in a second on an idle machine
READ_MS = 120_000


@pytest.fixture
def batch(browser: Browser, app: Server) -> Iterator[Page]:
    """The Batch page in a desktop window."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(app.url + "/batch")
    page.get_by_text("Kaggle's test.csv or any CSV").wait_for()
    yield page
    context.close()


def test_test_csv_in_submission_out_which_outlives_a_visit_elsewhere(
    batch: Page, data: Path, tmp_path: Path
):
    with zipfile.ZipFile(data / "digit-recognizer.zip") as archive:
        test_csv = Path(archive.extract("test.csv", tmp_path))
    choose(batch, "Model", f"^{MODEL}")
    batch.locator("input[type=file]").set_input_files(test_csv)
    button = batch.get_by_role("button", name="submission.csv")
    button.wait_for(timeout=READ_MS)
    expect(batch.get_by_text("as many as the competition's test.csv")).to_be_visible()
    expect(batch.get_by_text("Score to expect on Kaggle")).to_be_visible()
    with batch.expect_download() as download:
        button.click()
    lines = Path(download.value.path()).read_text().splitlines()
    read = Recognizer.load(MODEL).predict(read_digits(test_csv).images).argmax(axis=1)
    assert lines == ["ImageId,Label", *(f"{i},{digit}" for i, digit in enumerate(read, 1))]
    keep_screenshot(batch, "batch-light")
    batch.get_by_role("link", name="Draw").click()
    batch.locator("canvas.upper-canvas").wait_for()
    batch.get_by_role("link", name="Batch").click()
    expect(batch.get_by_text(f"test.csv, read by {MODEL}")).to_be_visible(timeout=PATIENCE_MS)
    first = batch.locator(".picks button").first
    shown = first.inner_text()
    batch.get_by_role("button", name="Page 2", exact=True).click()
    expect(first).not_to_have_text(shown, timeout=PATIENCE_MS)


def test_digits_drawn_here_become_a_table(batch: Page):
    batch.get_by_role("radio", name="Your drawings").click()
    batch.locator("canvas.upper-canvas").wait_for()
    for count, digit in enumerate((7, 2), 1):
        draw(batch, DIGITS[digit])
        add = batch.get_by_role("button", name="Add", exact=True)
        expect(add).to_be_enabled(timeout=PATIENCE_MS)
        add.click()
        expect(batch.get_by_role("button", name=f"Read {count}", exact=True)).to_be_visible(
            timeout=PATIENCE_MS
        )
    batch.get_by_role("button", name="Read 2", exact=True).click()
    expect(batch.get_by_text(re.compile("your drawings, read by"))).to_be_visible(timeout=READ_MS)
    expect(batch.locator(".picks button").filter(has_text="%")).to_have_count(2)


def test_a_sheet_is_printed_filled_in_photographed_and_its_table_downloaded(
    batch: Page, browser: Browser, tmp_path: Path
):
    batch.get_by_text("Print a sheet to fill in").click()
    with batch.expect_download() as download:
        batch.get_by_role("button", name="Download sheet.html").click()
    paper = browser.new_page(viewport={"width": 900, "height": 1300}, device_scale_factor=2)
    paper.set_content(Path(download.value.path()).read_text())
    sheet = tmp_path / "sheet.png"
    paper.locator("svg").screenshot(path=sheet)
    paper.close()
    layout, table = Layout(), [[""] * 6 for _ in range(12)]
    picture = cv2.imread(str(sheet))
    scale = picture.shape[1] / layout.size[0]  # pixels a millimetre
    for row, column, digit in ((0, 0, 7), (4, 5, 2), (11, 1, 7)):
        x, y, wide, tall = (value * scale for value in layout.cell(row, column))
        low = np.concatenate([np.array(stroke) for stroke in DIGITS[digit]]).min(axis=0)
        for stroke in DIGITS[digit]:  # whose longer side is 1000
            path = ((np.array(stroke) - low) * 0.0006 + 0.2) * [wide, tall] + [x, y]
            cv2.polylines(picture, [path.round().astype(np.int32)], False, (60, 30, 20), 4)
        table[row][column] = str(digit)
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 184, 0.9)  # upside down, and aslant
    photo = cv2.warpAffine(picture, turn, (width, height), borderValue=(70, 90, 110))
    shade = np.linspace(0.5, 1, width)[None, :, None]
    cv2.imwrite(str(tmp_path / "photo.jpg"), (photo * shade).astype(np.uint8))
    batch.locator("input[type=file]").set_input_files(tmp_path / "photo.jpg")
    batch.get_by_role("button", name="A filled-in sheet or table").click()
    button = batch.get_by_role("button", name="Download the table (CSV)")
    button.wait_for(timeout=READ_MS)
    expect(batch.get_by_text("12 rows and 6 columns, 3 cells filled")).to_be_visible()
    with batch.expect_download() as download:
        button.click()
    with Path(download.value.path()).open(newline="") as file:
        assert list(csv.reader(file)) == table


def test_labels_are_checked_with_a_key_each(batch: Page, data: Path, tmp_path: Path):
    table = read_digits(data / "digit-recognizer.zip")
    stored = registry.find_model(MODEL)
    new = table.take(np.flatnonzero(~seen_rows.is_seen(stored, table.images[:2000]))[:100])
    labels = new.labels.copy()
    labels[[5, 50]] = (labels[[5, 50]] + 3) % 10
    file = tmp_path / "train.csv"
    file.write_bytes(write_digits(Digits(new.images, labels)))
    choose(batch, "Model", f"^{MODEL}")
    batch.locator("input[type=file]").set_input_files(file)
    batch.get_by_text("1 of 2; 0 decided").wait_for(timeout=READ_MS)
    _see_a_box_of_the_map(batch)
    _average_with_compact(batch)
    batch.get_by_role("heading", name="Labels to check").click()
    batch.keyboard.press("s")
    batch.get_by_text("2 of 2; 1 decided").wait_for()
    batch.keyboard.press("s")
    batch.get_by_text("2 of 2; 2 decided").wait_for()
    with batch.expect_download() as download:
        batch.get_by_role("button", name="Corrected table").click()
    assert np.array_equal(read_digits(download.value.path()).labels, new.labels)
    batch.get_by_role("button", name="What do they change?").click()
    batch.wait_for_url(re.compile(r"/train\?experiment=[0-9a-f]{8}"))
    batch.get_by_text(re.compile("2 trainings of compact")).wait_for()
    batch.get_by_role("button", name="Stop all").click()
    batch.get_by_role("button", name="Stop all of them").click()


def _see_a_box_of_the_map(batch: Page) -> None:
    batch.get_by_text("Show how the network arranges them").click()
    area = batch.locator(".js-plotly-plot .nsewdrag").last
    area.wait_for()
    batch.wait_for_timeout(1500)
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    batch.mouse.move(box["x"] + 5, box["y"] + 5)
    batch.mouse.down()
    batch.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] - 5, steps=5)
    batch.mouse.up()
    said = batch.get_by_text(re.compile(r"\d+ selected, \d+ of them read otherwise"))
    assert int(said.inner_text().split()[0]) > 90


def _average_with_compact(batch: Page) -> None:
    choose(batch, "Compare or average with", "^compact")
    batch.get_by_role("button", name="Read the table with compact, too").click()
    button = batch.get_by_role("button", name="Averaged submission.csv")
    button.wait_for(timeout=READ_MS)
    expect(batch.get_by_role("cell", name=f"{MODEL} + compact")).to_be_visible()
    with batch.expect_download() as download:
        button.click()
    assert Path(download.value.path()).read_text().count("\n") == 101
