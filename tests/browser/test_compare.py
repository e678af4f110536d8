"""The Compare page in a real browser: from training a second model to making it the default."""

import re
from pathlib import Path

from browser.conftest import PATIENCE_MS
from browser.test_canvas_waits import click_thrice
from browser.test_draw import DIGITS, draw, read
from browser.test_train import KERAS_MS, choose, drawn_rows, real_rows, upload
from helpers.servers import Server
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from recognizer.datasets import write_digits


def train_a_second_model(page: Page, table: Path) -> None:
    """The smallest network, for one epoch."""
    page.get_by_role("link", name="Train").click()
    page.get_by_text("1. Add data").wait_for()
    upload(page, table)
    choose(page, "Network", "^softmax")
    named = page.get_by_role("textbox", name="Name of the model")
    expect(named).to_have_count(1)  # while the run goes on the former one may be there, too
    expect(named).to_have_value("softmax-1", timeout=PATIENCE_MS)
    for field, value in (
        (page.get_by_role("spinbutton", name="Epochs", exact=True), "1"),
        (named, "second"),
    ):
        field.fill(value)
        field.press("Tab")
        page.wait_for_timeout(500)
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text("Held-out accuracy", exact=True)).to_be_visible(timeout=KERAS_MS)


def verdict(page: Page) -> str:
    words = page.get_by_text(re.compile(r"is right on .* that .* misses")).first
    words.wait_for(timeout=KERAS_MS)
    return words.inner_text()


def open_tab(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.goto(url)
    return page


def test_a_second_model_is_trained_compared_and_made_the_default_in_every_tab(
    browser: Browser, cold_app: Server, tmp_path: Path
):
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    context.set_default_timeout(PATIENCE_MS)
    page = open_tab(context, cold_app.url + "/compare")  # a cold deep link
    expect(page).to_have_title("Compare models and know which is better", timeout=PATIENCE_MS)
    page.get_by_text("No labelled digits are here").wait_for()
    drawing = open_tab(context, cold_app.url)
    model = drawing.get_by_test_id("stSelectbox").locator("input")
    expect(model).to_have_value(re.compile(r"\(default\)"), timeout=PATIENCE_MS)

    table = tmp_path / "train.csv"
    table.write_bytes(write_digits(real_rows() or drawn_rows()))
    train_a_second_model(page, table)
    page.get_by_role("button", name="Compare it").click()
    page.wait_for_url(re.compile(r"/compare\?.*models=second.*rows=held-out-"))
    told = verdict(page)
    assert "second" in told
    assert re.search(r"[\d,]+ rows", told)
    images = page.locator(".picks button.wide")
    assert images.count()
    assert all("label" in text for text in images.all_inner_texts())
    images.first.click()
    expect(page.get_by_role("dialog").get_by_text("reads")).to_be_visible()
    page.keyboard.press("Escape")
    page.reload()  # the choice is in the address
    assert verdict(page) == told

    page.get_by_text("Manage a model").click()
    rename(page, cold_app, "second", "third")
    page.get_by_role("button", name="Make it the default").click()
    page.get_by_role("button", name="Make third the default").click()
    expect(page.get_by_text("third is the default model now")).to_be_visible()
    export(page)
    draw(drawing, DIGITS[7])
    assert read(drawing) in "0123456789"
    expect(model).to_have_value("third (default)", timeout=PATIENCE_MS)

    page.get_by_role("button", name="the default again").click()
    expect(page.get_by_role("button", name="Make it the default")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    click_thrice(page, cold_app, "Delete it")
    expect(page.get_by_text("third is deleted")).to_be_visible()
    expect(page.get_by_text("for good?")).to_have_count(0)
    context.close()


def rename(page: Page, app: Server, name: str, new: str) -> None:
    """Choose a model to manage and give it a new name."""
    choose(page, "Model", f"^{name}")
    page.get_by_role("button", name="Rename", exact=True).click()
    new_name = page.get_by_role("textbox", name="New name")
    new_name.fill(new)
    new_name.press("Enter")
    click_thrice(page, app, "Rename it")
    expect(page.get_by_text(f"{name} is {new} now")).to_be_visible()
    page.keyboard.press("Escape")


def export(page: Page) -> None:
    """Download the managed model's network."""
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="For LiteRT (.tflite)").click()
    assert Path(download.value.path()).read_bytes()[4:8] == b"TFL3"
    page.keyboard.press("Escape")


def fill(page: Page, field: Locator, value: str) -> None:
    field.fill(value)
    field.press("Tab")
    page.wait_for_timeout(500)


def tick(page: Page, row: int) -> None:
    """Tick a row of the settings table, which is drawn on a canvas."""
    canvas = page.get_by_test_id("stDataFrame").last.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    page.mouse.click(box["x"] + 16, box["y"] + 35 * (row + 1) + 17)
    page.wait_for_timeout(1000)


def test_an_experiment_of_two_rates_and_three_seeds_is_trained_found_again_and_compared(
    browser: Browser, cold_app: Server, tmp_path: Path
):
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    context.set_default_timeout(PATIENCE_MS)
    page = open_tab(context, cold_app.url + "/train")
    page.get_by_text("1. Add data").wait_for()
    table = tmp_path / "train.csv"
    table.write_bytes(write_digits(real_rows() or drawn_rows()))
    upload(page, table)
    choose(page, "Network", "^softmax")
    fill(page, page.get_by_role("spinbutton", name="Epochs", exact=True), "1")
    fill(page, page.get_by_role("textbox", name="Name of the model"), "exp")
    page.get_by_text("Train several").click()
    fill(page, page.get_by_role("textbox", name="Learning rates"), "0.001 0.01")
    page.get_by_text("exp-lr0.001-seed1 to exp-lr0.01-seed3").wait_for()
    page.get_by_role("button", name="Start 6 trainings").click()
    page.wait_for_url(re.compile(r"experiment=[0-9a-f]{8}"))
    done = page.get_by_text("6 of 6 trainings have published a model.")
    expect(done).to_be_visible(timeout=KERAS_MS)
    expect(page.get_by_text(re.compile(r"learning rate 0\.01"))).not_to_have_count(0)
    expect(page.get_by_text(re.compile(r"± [\d.]+ % \(3 runs\)"))).to_have_count(2)
    page.reload()
    done.wait_for()

    page.goto(cold_app.url + "/compare?do=training-settings&search=exp-lr0.01")
    expect(page.get_by_role("textbox", name="Search")).to_have_value(
        "exp-lr0.01", timeout=PATIENCE_MS
    )
    page.get_by_text("Tick two or more").wait_for()
    tick(page, 0)
    tick(page, 1)
    page.wait_for_url(re.compile(r"ticked=exp-lr0.01-seed\d&ticked=exp-lr0.01-seed\d"))
    page.reload()
    page.get_by_text("what differs among the 2 ticked ones: Seed").wait_for()
    page.get_by_role("button", name="Compare the 2 ticked").click()
    assert "exp-lr0.01-seed" in verdict(page)
    page.get_by_text("Include the average of them").click()
    page.get_by_role("cell", name="their average", exact=True).wait_for()
    context.close()
