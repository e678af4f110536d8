"""The preview of the reading while the pen moves: a mouse held down, a finger, a stopped server."""

import os
import re
import signal

import numpy as np
import pytest
from browser.conftest import PATIENCE_MS, visit
from browser.test_corrections import TEXT, write
from browser.test_draw import DIGITS, PHONE, clear, draw, metric, place, read
from helpers.pen_strokes import Strokes
from helpers.servers import Server
from playwright.sync_api import Browser, Locator, Page, expect

from recognizer.inference import Recognizer

NEXT_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
COMPOSED = """all => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 320;
    const context = canvas.getContext("2d");
    context.fillStyle = "white";
    context.fillRect(0, 0, 320, 320);
    for (const one of all) context.drawImage(one, 0, 0);
    return [...context.getImageData(0, 0, 320, 320).data].filter((_, i) => i % 4 === 0);
}"""


def preview(page: Page) -> Locator:
    expect(page.locator("[data-live-digit]")).to_have_count(1)
    return page.locator("[data-live-digit]")


def wait_until_loaded(page: Page) -> None:
    page.wait_for_function("window.canvasReader", timeout=PATIENCE_MS)
    preview(page)


def half_draw(page: Page, strokes: Strokes) -> None:
    """Draw the first half with the mouse, and keep it down."""
    points = place(page, strokes)[0]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1 : len(points) // 2 + 1]:
        page.mouse.move(*point)
    page.evaluate(NEXT_FRAMES)
    page.evaluate(NEXT_FRAMES)


def read_by_the_model(page: Page) -> str:
    """Return what the default model says of the pixels on the canvas; nothing in doubt."""
    canvases = page.locator("canvas.lower-canvas, canvas.upper-canvas")
    image = np.array(canvases.evaluate_all(COMPOSED), np.uint8).reshape(320, 320)
    reading = Recognizer.load().read(image, paper=(255,))
    return str(reading.digit) if reading.is_digit else ""


@pytest.mark.parametrize("digit", [3, 8])
def test_half_way_through_a_digit_the_preview_says_what_the_model_would(page: Page, digit: int):
    if digit not in DIGITS:
        pytest.skip("there are no drawings of it here")
    wait_until_loaded(page)
    half_draw(page, DIGITS[digit])
    expect(page.get_by_text(re.compile("^Preview"))).to_be_visible()
    expect(page.locator(".live-preview .fill")).to_have_count(10)
    expect(preview(page)).to_have_attribute("data-live-digit", read_by_the_model(page))
    page.mouse.up()
    expect(page.get_by_text(re.compile("^Preview"))).to_have_count(0, timeout=PATIENCE_MS)
    read(page)
    clear(page)
    expect(preview(page)).to_have_attribute("data-live-digit", "")


def test_at_pen_up_the_preview_and_the_reading_are_the_same(page: Page):
    wait_until_loaded(page)
    for strokes in DIGITS.values():
        draw(page, strokes)
        expect(page.get_by_text(re.compile("^Preview"))).to_have_count(0, timeout=PATIENCE_MS)
        doubted = page.get_by_text("This does not look like a digit to me.").count()
        expect(preview(page)).to_have_attribute("data-live-digit", "" if doubted else read(page))
        clear(page)


def test_one_element_tells_the_digit_and_says_none_of_a_number_or_a_picture(page: Page):
    wait_until_loaded(page)
    draw(page, DIGITS[7])
    read(page)
    expect(preview(page)).to_have_attribute("data-live-digit", "7")
    ways = page.locator(".st-key-ways")
    ways.get_by_text("Picture", exact=True).click()
    expect(page.get_by_text("Bring a picture, and I read it.")).to_be_visible(timeout=PATIENCE_MS)
    page.wait_for_timeout(1_500)  # longer than the preview looks again at a canvas that has gone
    expect(preview(page)).to_have_attribute("data-live-digit", "")
    ways.get_by_text("Draw", exact=True).click()
    expect(preview(page)).to_have_attribute("data-live-digit", "7", timeout=PATIENCE_MS)
    clear(page)
    write(page, TEXT)
    expect(metric(page, "Digit")).to_have_text(TEXT, timeout=PATIENCE_MS)
    expect(preview(page)).to_have_attribute("data-live-digit", "")
    expect(page.get_by_text(re.compile("^Preview"))).to_have_count(0)


def test_a_finger_sees_the_preview_too(browser: Browser, app: Server):
    for page in visit(browser, app.url, **PHONE):
        wait_until_loaded(page)
        session = page.context.new_cdp_session(page)
        for number, (x, y) in enumerate(place(page, DIGITS[7])[0]):
            event = {"type": "touchMove" if number else "touchStart"}
            event["touchPoints"] = [{"x": x, "y": y}]
            session.send("Input.dispatchTouchEvent", event)
        page.evaluate(NEXT_FRAMES)
        page.evaluate(NEXT_FRAMES)
        expect(preview(page)).to_have_attribute("data-live-digit", read_by_the_model(page))
        expect(page.get_by_text(re.compile("^Preview"))).to_be_visible()
        assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        read(page)


def test_a_page_whose_server_stands_still_previews(browser: Browser, cold_app: Server):
    for page in visit(browser, cold_app.url):
        wait_until_loaded(page)
        os.kill(cold_app.pid, signal.SIGSTOP)
        try:
            draw(page, DIGITS[7])
            expect(preview(page)).to_have_attribute("data-live-digit", "7")
            expect(page.get_by_text(re.compile("^Preview"))).to_be_visible()
            page.keyboard.press("Escape")
            expect(preview(page)).to_have_attribute("data-live-digit", "")
        finally:
            os.kill(cold_app.pid, signal.SIGCONT)
        expect(page.get_by_text(re.compile("^Preview"))).to_have_count(0, timeout=PATIENCE_MS)


def test_a_screen_reader_hears_of_it_once(page: Page):
    wait_until_loaded(page)
    page.evaluate(
        """() => {
            window.heard = 0;
            const status = document.querySelector(".live-preview [role=status]");
            new MutationObserver(changes => { window.heard += changes.length; })
                .observe(status, { childList: true, characterData: true, subtree: true });
        }"""
    )
    for _ in range(2):
        draw(page, DIGITS[7])
        read(page)
        clear(page)
    assert page.evaluate("window.heard") == 1
    for part in page.locator(".live-preview > :not([role=status])").all():
        assert part.get_attribute("aria-hidden") == "true"


def test_switched_off_it_is_gone(page: Page):
    wait_until_loaded(page)
    page.get_by_text("Live preview").click()
    expect(page.get_by_role("switch", name="Live preview")).not_to_be_checked()
    page.wait_for_timeout(500)
    half_draw(page, DIGITS[7])
    expect(page.get_by_text(re.compile("^Preview"))).to_have_count(0)
    expect(preview(page)).to_have_attribute("data-live-digit", "")
    page.mouse.up()
    read(page)
