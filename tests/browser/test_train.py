"""The Train page in a real browser: from an uploaded file to a model that reads a drawing."""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from browser.conftest import PATIENCE_MS
from browser.test_canvas_waits import click_thrice, held_up
from browser.test_draw import DIGITS, draw, keep_screenshot, read
from helpers.servers import Server
from playwright.sync_api import Browser, Page, expect

from recognizer.datasets import read_digits, write_digits
from recognizer.imaging.strokes import render
from recognizer.preprocessing import to_mnist
from recognizer.records import Digits

ROWS = 8_000  # in batches of 4 an epoch takes seconds: time to see two readings
BATCH = 4
KERAS_MS = 300_000  # until TensorFlow is loaded and the first batch compiled, on a busy machine
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A train.csv: real rows where the data folder is there, else the strokes of tests, moved."""
    path = tmp_path_factory.mktemp("table") / "train.csv"
    path.write_bytes(write_digits(real_rows() or drawn_rows()))
    return path


def real_rows() -> Digits | None:
    folder = os.environ.get("RECOGNIZER_DATA")
    if not folder or not (Path(folder) / "digit-recognizer.zip").is_file():
        return None
    return read_digits(Path(folder) / "digit-recognizer.zip").take(np.arange(ROWS))


def drawn_rows() -> Digits:
    random = np.random.default_rng(0)
    labels = np.resize(np.array(list(DIGITS), np.uint8), ROWS)
    images = []
    for label in labels[:600]:
        strokes = [np.array(s) + random.normal(0, 12, (len(s), 2)) for s in DIGITS[int(label)]]
        images.append(to_mnist(render(strokes)))
    rows = np.resize(np.stack(images), (ROWS, 28, 28))
    rows[:, 0, :2] = random.integers(1, 40, (ROWS, 2))  # no row twice: none is seen in training
    return Digits(rows, labels)


@pytest.fixture
def train(browser: Browser, app: Server) -> Iterator[Page]:
    """The Train page in a desktop window."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(app.url + "/train")
    page.get_by_text("1. Add data").wait_for()
    yield page
    context.close()


def upload(page: Page, table: Path) -> None:
    file = page.locator("input[type=file]")
    expect(file).to_have_count(1)  # a new uploader takes the place of the one before
    file.set_input_files(table)
    page.get_by_text(f"{ROWS:,} rows").first.wait_for()


def choose(page: Page, label: str, option: str) -> None:
    box = page.get_by_test_id("stSelectbox").filter(has_text=label).locator("input")
    offered = page.get_by_role("option", name=re.compile(option)).first
    for _ in range(5):  # what moves the page closes an open list
        box.click()
        page.wait_for_timeout(1000)
        if offered.is_visible():
            break
    offered.click()


def start(page: Page, name: str, epochs: int) -> str:
    """Start single-conv and return the training's address."""
    choose(page, "Network", "^single-conv")
    named = page.get_by_role("textbox", name="Name of the model")
    expect(named).to_have_value("single-conv-1")
    for field, value in (
        (page.get_by_role("spinbutton", name="Epochs", exact=True), epochs),
        (page.get_by_role("spinbutton", name="Batch size"), BATCH),
        (named, name),
    ):
        field.fill(str(value))
        field.press("Tab")
        page.wait_for_timeout(500)
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url(re.compile(r"job=[0-9a-f]{8}"))
    return page.url


def matrix(page: Page) -> tuple[int, str]:
    """Return after how many batches the matrix was read, and what its table tells."""
    table = page.locator(".unseen table")
    table.wait_for(state="attached", timeout=KERAS_MS)
    told = page.get_by_text(re.compile(r"read after [\d,]+ batches"))
    last = None
    while (now := (told.inner_text(), table.inner_text())) != last:  # while it changes
        last = now
        page.wait_for_timeout(100)
    return int(re.search(r"([\d,]+) batches", now[0])[1].replace(",", "")), now[1]


def watch_it_move_within_an_epoch(page: Page) -> None:
    """Wait until two readings of one epoch were seen, and they differ."""
    last_step, last = matrix(page)
    batches = int(re.search(r"batch [\d,]+ of ([\d,]+)", bars(page))[1].replace(",", ""))
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        step, now = matrix(page)
        if now != last and (step - 1) // batches == (last_step - 1) // batches:
            return
        last_step, last = step, now
        page.wait_for_timeout(200)
    pytest.fail("no two different readings within one epoch")


def bars(page: Page) -> str:
    bar = page.get_by_test_id("stProgress").first
    bar.wait_for(timeout=KERAS_MS)
    return bar.inner_text()


def stop(page: Page, app: Server) -> None:
    page.get_by_test_id("stMain").get_by_role("button", name="Stop", exact=True).click()
    click_thrice(page, app, "Stop it")


def test_upload_start_watch_refresh_stop_and_read_a_drawing(train: Page, app: Server, table: Path):
    upload(train, table)
    address = start(train, "watched", epochs=300)
    watch_it_move_within_an_epoch(train)
    train.reload()
    expect(train.get_by_text("watched").first).to_be_visible()
    matrix(train)
    second = train.context.new_page()
    second.goto(address)
    expect(second.get_by_text(re.compile("Training: epoch"))).to_be_visible(timeout=PATIENCE_MS)
    second.close()
    with held_up(app):  # the training goes on, and so does its page
        train.get_by_role("link", name="Batch", exact=True).first.click()
        train.wait_for_timeout(500)
        train.get_by_role("link", name="Train", exact=True).first.click()
        train.wait_for_timeout(500)
    watch_it_move_within_an_epoch(train)
    stop(train, app)
    expect(train.get_by_text("the best network so far is kept")).to_be_visible(timeout=KERAS_MS)
    expect(train.get_by_text("Held-out accuracy", exact=True)).to_be_visible()
    keep_screenshot(train, "train-light")
    train.get_by_role("button", name="Open on the Draw page").click()
    train.locator("canvas.upper-canvas").wait_for()
    expect(train.get_by_test_id("stSelectbox").locator("input")).to_have_value("watched")
    draw(train, DIGITS[7])
    assert read(train) in "0123456789"
    assert "watched" in train.locator(".readings").inner_text()


def test_a_click_on_a_cell_shows_its_images(train: Page, table: Path):
    """Of the training that was stopped before, whose matrix stands still."""
    train.get_by_role("button", name="watched", exact=True).click()
    train.locator(".unseen table").wait_for(state="attached", timeout=KERAS_MS)
    train.wait_for_timeout(1500)
    area = train.locator(".js-plotly-plot .nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    train.mouse.click(box["x"] + box["width"] * 0.15, box["y"] + box["height"] * 0.15)
    expect(train.get_by_text(re.compile(r"of 1, predicted 1"))).to_be_visible(timeout=PATIENCE_MS)
    images = train.locator(".digits").first.locator("img")
    assert all(images.evaluate_all("all => all.map(one => one.alt)"))


def test_a_bad_file_is_told_and_the_page_goes_on(train: Page, tmp_path: Path, table: Path):
    bad = tmp_path / "bad.csv"
    bad.write_text("label,pixel0\n1,2\n")
    train.locator("input[type=file]").set_input_files(bad)
    expect(
        train.get_by_test_id("stAlert").filter(has_text="expected Kaggle's header")
    ).to_be_visible(timeout=PATIENCE_MS)
    upload(train, table)
    expect(train.get_by_text("expected Kaggle's header")).to_have_count(0)


def test_the_layers_come_without_holding_up_the_page(train: Page):
    train.get_by_text("Its layers").click()
    choose(train, "Network", "^two-block")
    expect(train.get_by_text("887,530")).to_be_visible(timeout=KERAS_MS)


def test_a_cold_deep_link_shows_the_page_in_its_frame(browser: Browser, cold_app: Server):
    context = browser.new_context()
    page = context.new_page()
    page.goto(cold_app.url + "/train")
    expect(page).to_have_title("Train a network and watch it learn", timeout=PATIENCE_MS)
    expect(page.get_by_text("1. Add data")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.get_by_role("link", name="Draw")).to_have_count(1)
    context.close()


@pytest.mark.parametrize("address", ["/", "/batch", "/train", "/compare", "/inside"])
def test_a_phone_shows_each_page_without_scrolling_sideways(
    browser: Browser, app: Server, address: str
):
    context = browser.new_context(**PHONE)
    page = context.new_page()
    page.goto(app.url + address)
    page.get_by_role("heading").first.wait_for(timeout=PATIENCE_MS)
    page.wait_for_timeout(1500)
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390
    context.close()


def test_the_web_process_never_loads_tensorflow(train: Page, app: Server):
    assert "tensorflow/" not in Path(f"/proc/{app.pid}/maps").read_text()
