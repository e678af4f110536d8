"""Nothing but Clear and Undo takes ink away, however quickly the page is worked."""

import re

import cv2
import numpy as np
import pytest
from browser.conftest import PATIENCE_MS
from browser.test_canvas_waits import held_up
from browser.test_draw import draw_at, metric, read
from helpers.servers import Server
from playwright.sync_api import Page, expect

from pages.shared.canvas.examples import example
from recognizer.imaging.strokes import render

INK = """() => {
  const host = [...document.querySelectorAll(".st-key-sheet *")].find(
    (one) => one.shadowRoot?.querySelector(".upper-canvas"));
  if (!host) return 0;
  const lower = host.shadowRoot.querySelector(".upper-canvas").parentElement
    .querySelector(".lower-canvas");
  const { data } = lower.getContext("2d").getImageData(0, 0, lower.width, lower.height);
  let dark = 0;
  for (let i = 0; i < data.length; i += 4) dark += data[i] < 128 && data[i + 3] > 128;
  return dark;
}"""


def drawn(page: Page) -> int:
    """Draw three strokes; return the number of dark pixels."""
    for y in (80, 160, 240):
        draw_at(page, y)
        page.wait_for_timeout(700)
    read(page)
    return page.evaluate(INK)


@pytest.mark.parametrize("gap", [0, 30])
def test_the_pens_width_changed_by_quick_keys_wipes_nothing(page: Page, gap: int):
    ink = drawn(page)
    page.get_by_role("button", name="Pen", exact=True).click()
    page.get_by_role("slider").focus()
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(gap)
    page.wait_for_timeout(1000)
    page.wait_for_function(f"({INK})() === {ink}", timeout=PATIENCE_MS)


def test_three_quick_undos_are_three_and_as_many_redos_bring_all_back(page: Page):
    ink = drawn(page)
    page.locator("h1").first.click()
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(metric(page, "Digit")).to_have_text("–", timeout=PATIENCE_MS)
    page.wait_for_function(f"({INK})() === 0", timeout=PATIENCE_MS)
    for _ in range(3):
        page.keyboard.press("Control+y")
    page.wait_for_function(f"({INK})() === {ink}", timeout=PATIENCE_MS)
    read(page)


def choose_model(page: Page) -> None:
    page.get_by_test_id("stSelectbox").locator("input").first.click()
    page.get_by_role("option", name="compact").click()


def way(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).click()


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()


# Each is begun while the server answers nothing, and ended when it does again.
CHANGES = {
    "a smaller window": (
        lambda page: page.set_viewport_size({"width": 700, "height": 800}),
        lambda page: page.set_viewport_size({"width": 1280, "height": 900}),
    ),
    "the dark theme": (lambda page: page.emulate_media(color_scheme="dark"), None),
    "no preview": (lambda page: page.get_by_text("Live preview").click(), None),
    "another model": (choose_model, None),
    "the eraser, and the pen again": (
        lambda page: page.get_by_text("Eraser", exact=True).click(),
        lambda page: page.get_by_text("Eraser", exact=True).click(),
    ),
    "a look at pictures": (lambda page: way(page, "Picture"), lambda page: way(page, "Draw")),
    "another page": (lambda page: go(page, "Batch"), lambda page: go(page, "Draw")),
}


def test_whatever_changes_while_the_server_is_busy_the_drawing_stays(page: Page, app: Server):
    ink = drawn(page)
    for name, (begin, end) in CHANGES.items():
        with held_up(app):
            begin(page)
            page.wait_for_timeout(500)
        page.wait_for_timeout(1500)
        if end:
            end(page)
        page.wait_for_timeout(500)
        page.wait_for_timeout(1000)
        assert page.evaluate(INK) == ink, name
        expect(metric(page, "Digit")).not_to_have_text("–", timeout=PATIENCE_MS)


def test_a_picture_and_a_table_outlive_another_page_on_a_busy_server(page: Page, app: Server):
    way(page, "Picture")
    seven = render([np.array(stroke) for stroke in example("7 with a bar", 1000)])
    picture = {"name": "7.png", "mimeType": "image/png"}
    picture["buffer"] = cv2.imencode(".png", seven)[1].tobytes()
    page.locator("input[type=file]").set_input_files(picture)
    assert read(page) == "7"
    with held_up(app):
        go(page, "Batch")
        page.wait_for_timeout(500)
    page.get_by_role("button", name="Read a sample").click()
    begun = page.get_by_text(re.compile("^(Reading )?sample drawings"))
    expect(begun.first).to_be_visible(timeout=PATIENCE_MS)
    with held_up(app):  # while it reads
        go(page, "Draw")
        page.wait_for_timeout(500)
    assert read(page) == "7", "the picture"
    go(page, "Batch")
    read_by = page.get_by_role("heading", name="sample drawings, read by")
    expect(read_by).to_be_visible(timeout=PATIENCE_MS)
    with held_up(app):
        go(page, "Inside")
        page.wait_for_timeout(500)
    go(page, "Batch")
    expect(read_by).to_be_visible(timeout=PATIENCE_MS)
