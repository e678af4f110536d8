"""The Inside page in a real browser: draw, open a stage, and read numbers that are right."""

import base64
import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from browser.conftest import PATIENCE_MS, visit
from browser.test_draw import DIGITS, PHONE, draw, keep_screenshot, read
from helpers.recomputed import recomputed
from helpers.servers import Server
from playwright.sync_api import Browser, Page, expect

from recognizer.architectures import network_input
from recognizer.explain.activations import Kind, OpenNetwork
from recognizer.models import registry

EXAMPLE = "Until there is a digit of yours"
SECOND = "Convolution 2"


def drawn_on(page: Page) -> np.ndarray:
    """Draw on the page; return the 28 × 28 that it says the network gets."""
    draw(page, DIGITS[7])
    expect(page.get_by_text(EXAMPLE)).to_have_count(0, timeout=PATIENCE_MS)
    read(page)
    source = page.locator(".row button img").first.get_attribute("src")
    png = np.frombuffer(base64.b64decode(source.partition(",")[2]), np.uint8)
    return cv2.imdecode(png, cv2.IMREAD_GRAYSCALE)


def wait_for(page: Page, heading: str) -> None:
    """Wait for a heading, and for all that comes below it."""
    expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=PATIENCE_MS)
    idle = ("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stApp")).to_have_attribute(*idle, timeout=PATIENCE_MS)


def a_pixel(page: Page) -> tuple[int, int, int]:
    """Return map, row and column of the pixel that is taken apart, from 0."""
    told = page.get_by_role(
        "heading", name=re.compile("^How this value is computed: row")
    ).inner_text()
    row, column, number = (int(one) - 1 for one in re.findall(r"\d+", told))
    return number, row, column


def told(page: Page) -> list[float]:
    """Return the numbers that are added up, and what comes of them."""
    cells = page.locator(".sum td.number").all_inner_texts()
    return [float(one.replace("−", "-")) for one in cells]


def check(page: Page, stage: int, values: list[np.ndarray], network: OpenNetwork) -> None:
    """Compare what the page adds up with the second convolution computed by NumPy."""
    number, row, column = a_pixel(page)
    of_one, of_others, bias, total, pixel = told(page)
    opened = network.stages[stage - 1]
    assert bias == pytest.approx(float(opened.bias[number]), abs=1e-4)
    assert of_one + of_others + bias == pytest.approx(total, abs=2e-4)
    assert pixel == pytest.approx(max(0.0, total), abs=1e-4)
    assert pixel == pytest.approx(values[stage][row, column, number], abs=2e-3)


def test_the_second_convolution_adds_up_to_what_numpy_computes(browser: Browser, app: Server):
    model = registry.find_model("two-block")
    network = OpenNetwork(model.tflite)
    for page in visit(browser, app.url + "/inside", viewport={"width": 1280, "height": 1900}):
        page.get_by_role("combobox", name="Model").click()
        page.get_by_role("option", name=model.name).click()
        values = [network_input(drawn_on(page)[np.newaxis])[0]]
        for stage in network.stages:
            values.append(recomputed(stage, values[stage.source]))
        assert network.stages[1].kind == Kind.CONVOLUTION
        page.get_by_role("button", name=SECOND).click()
        wait_for(page, SECOND)
        keep_screenshot(page, "inside-light")
        check(page, 2, values, network)
        before = a_pixel(page)
        page.get_by_role("application", name=re.compile("Map .* of")).press("ArrowUp")
        where = f"row {before[1]}, column {before[2] + 1} of map {before[0] + 1}"
        wait_for(page, f"How this value is computed: {where}")
        check(page, 2, values, network)
        all_maps = page.get_by_role("application", name=f"The maps of {SECOND}")
        all_maps.click(position={"x": 1, "y": 1})
        wait_for(page, "How this value is computed: row 1, column 1 of map 1")
        check(page, 2, values, network)


def test_the_drawing_goes_with_a_person_from_page_to_page(page: Page):
    draw(page, DIGITS[7])
    assert read(page) == "7"
    page.get_by_role("link", name="Inside").click()
    page.get_by_role("heading", name="Why 7?").wait_for()
    expect(page.get_by_text(EXAMPLE)).to_have_count(0)


def test_a_phone_shows_every_stage_without_scrolling_sideways(browser: Browser, app: Server):
    for page in visit(browser, app.url + "/inside", **PHONE):
        buttons = page.locator(".row button")
        for number in range(buttons.count()):
            title = buttons.nth(number).locator("b").inner_text()
            buttons.nth(number).click()
            expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
            assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_cold_link_shows_the_page_without_tensorflow(browser: Browser, cold_app: Server):
    for page in visit(browser, cold_app.url + "/inside"):
        expect(page).to_have_title("See inside the network", timeout=PATIENCE_MS)
        expect(page.get_by_role("heading", name="Why 7?")).to_be_visible()
        loaded = Path(f"/proc/{cold_app.pid}/maps").read_text()
        assert "tensorflow/" not in loaded
        assert "ai_edge_litert" in loaded
