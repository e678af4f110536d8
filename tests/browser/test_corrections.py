"""A correction leads on: by a key, as no digit, seen singly, deleted; of one digit of a number."""

import re
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from browser.conftest import PATIENCE_MS
from browser.test_draw import DIGITS, draw, metric, read
from helpers.servers import Server
from playwright.sync_api import Page, expect

from recognizer.datasets.corrections import Corrections
from recognizer.records import NOT_A_DIGIT

TEXT = "2026" if 0 in DIGITS else "7287"  # without the data there are strokes of 2, 7 and 8 only


def write(page: Page, text: str, height: float = 60) -> None:
    """Write digits next to each other with the mouse, each so many pixels high."""
    canvas = page.locator("canvas.upper-canvas").bounding_box()
    left, top = canvas["x"] + 25, canvas["y"] + 120
    for character in text:
        points = np.concatenate([np.array(stroke) for stroke in DIGITS[int(character)]])
        low, high = points.min(axis=0), points.max(axis=0)
        scale = height / (high - low)[1]
        for stroke in DIGITS[int(character)]:
            placed = (np.array(stroke) - low) * scale + (left, top)
            page.mouse.move(*placed[0])
            page.mouse.down()
            for point in placed[1:]:
                page.mouse.move(*point)
            page.mouse.up()
        left += (high - low)[0] * scale + 26 * height / 60


def test_a_key_says_that_it_is_no_digit_and_the_kept_one_opens_large(page: Page, app: Server):
    kept = Corrections(app.home / "corrections.db")
    draw(page, DIGITS[2])
    read(page)
    page.keyboard.press("x")
    expect(page.get_by_text("Saved as no digit")).to_be_visible(timeout=PATIENCE_MS)
    assert [one.label for one in kept.latest(9)] == [NOT_A_DIGIT]
    page.get_by_text("See the corrected drawing", exact=True).click()
    images = page.locator(".picks button")
    expect(images).to_have_count(1)
    expect(images).to_contain_text("Not a digit")
    images.click()
    page.get_by_role("dialog").get_by_role("button", name="Open in Inside").click()
    expect(page.get_by_text("See inside the network")).to_be_visible()
    expect(metric(page, "Digit")).to_have_text("2", timeout=PATIENCE_MS)
    expect(page.locator(".still").first).to_be_visible()
    page.get_by_role("link", name="Draw", exact=True).first.click()
    read(page)
    page.get_by_text("See the corrected drawing", exact=True).click()
    images.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete this drawing").click()
    expect(page.get_by_text("Corrected drawings kept: 0")).to_be_visible(timeout=PATIENCE_MS)
    assert kept.count() == 0


def test_a_number_is_read_and_one_of_its_digits_corrected(page: Page, app: Server):
    write(page, TEXT[:2])  # a square canvas soon has no room left
    expect(metric(page, "Digit")).to_have_text(TEXT[:2], timeout=PATIENCE_MS)
    canvas = page.locator("canvas.upper-canvas")
    page.get_by_text("Wide", exact=True).click()
    expect(canvas).to_have_js_property("width", 960, timeout=PATIENCE_MS)
    expect(metric(page, "Digit")).to_have_text(TEXT[:2])
    page.get_by_role("button", name="Clear").click()
    expect(metric(page, "Digit")).to_have_text("–", timeout=PATIENCE_MS)
    write(page, TEXT, 150)
    expect(metric(page, "Digit")).to_have_text(TEXT, timeout=PATIENCE_MS)
    box = canvas.bounding_box()
    assert box["width"] == pytest.approx(3 * box["height"], abs=1)
    assert box["width"] > 900
    expect(page.get_by_text(re.compile(f"I see {len(TEXT)} digits"))).to_be_visible()
    expect(page.locator("img.written")).to_be_visible()
    for number, digit in ((1, TEXT[0]), (2, TEXT[1])):  # the question is about the chosen one
        pill = re.compile(f"Digit {number}: {digit}")
        page.get_by_role("radio", name=pill).or_(page.get_by_role("button", name=pill)).click()
        question = page.get_by_text(re.compile(r"^Not a \d\? Choose")).filter(visible=True)
        expect(question).to_have_count(1)
        expect(question).to_contain_text(f"Not a {digit}?")
    page.wait_for_timeout(1000)  # the buttons below the question are the new ones too
    page.keyboard.press("1")
    expect(page.get_by_text("Saved as a 1")).to_be_visible(timeout=PATIENCE_MS)
    expect(metric(page, "Digit")).to_have_text(TEXT)
    kept = Corrections(app.home / "corrections.db")
    [one] = kept.latest(9)
    assert (one.label, one.read_as) == (1, int(TEXT[1]))
    with closing(sqlite3.connect(kept.path)) as database:
        (strokes,) = database.execute("SELECT strokes FROM corrections").fetchone()
    assert strokes.count("[[") <= len(DIGITS[int(TEXT[1])]) + 1, "of that digit alone"
    page.keyboard.press("1")  # and taken back
    expect(page.get_by_text("Corrected drawings kept: 0")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_text("Wide", exact=True).click()
    expect(canvas).to_have_js_property("width", 320, timeout=PATIENCE_MS)
    expect(metric(page, "Digit")).to_have_text(TEXT, timeout=PATIENCE_MS)
    page.keyboard.press("Control+z")  # back on the wide canvas, in its place
    expect(canvas).to_have_js_property("width", 960, timeout=PATIENCE_MS)
    expect(metric(page, "Digit")).to_have_text(TEXT)
    page.get_by_role("button", name="Clear").click()
    expect(metric(page, "Digit")).to_have_text("–", timeout=PATIENCE_MS)
