"""The pen goes on while the server has yet to answer a Clear or an Undo: nothing drawn is lost."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from browser.conftest import PATIENCE_MS, visit
from browser.test_draw import (
    DIGITS,
    NEXT_FRAME,
    PHONE,
    difference,
    downloaded,
    draw,
    draw_at,
    ink,
    metric,
    place,
    read,
    touch,
    wait_for_ink,
)
from helpers.servers import Server
from playwright.sync_api import Browser, Page, expect

LINE = [[(0, 0), (1000, 1000)]]


@contextmanager
def held_up(app: Server) -> Iterator[None]:
    """A server that answers nothing meanwhile."""
    os.kill(app.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(app.pid, signal.SIGCONT)


def click_thrice(page: Page, app: Server, name: str) -> None:
    """Click a button three times before the server answers the first click."""
    button = page.get_by_role("button", name=name)
    button.wait_for()
    with held_up(app):
        button.click(click_count=3, delay=20)
        page.wait_for_timeout(300)


def on_top(page: Page) -> list[float]:
    """Return the shares of dark and of white pixels on the canvas above that of the drawing."""
    return page.locator("canvas.upper-canvas").evaluate(
        """canvas => {
            const data = canvas.getContext("2d").getImageData(0, 0, 320, 320).data;
            let dark = 0, white = 0;
            for (let i = 0; i < data.length; i += 4) {
                dark += data[i + 3] > 128 && data[i] < 128;
                white += data[i + 3] > 128 && data[i] >= 128;
            }
            return [dark / 320 / 320, white / 320 / 320];
        }"""
    )


@pytest.mark.parametrize("key", [True, False])
def test_what_is_drawn_after_clear_is_seen_at_once_and_read(page: Page, app: Server, key: bool):
    draw_at(page, 100)
    read(page)
    with held_up(app):
        if key:
            page.keyboard.press("Escape")
        else:
            page.get_by_role("button", name="Clear").click()
        assert on_top(page) == [0, 1]
        draw(page, DIGITS[7], NEXT_FRAME)
        dark, white = on_top(page)
        assert dark > 0.02
        assert dark + white == 1
        page.wait_for_timeout(500)  # longer than the canvas waits before it sends
    expect(metric(page, "Digit")).to_have_text("7", timeout=PATIENCE_MS)
    page.wait_for_timeout(1000)  # nothing late takes it away
    assert difference(downloaded(page), DIGITS[7]) < 0.06
    assert on_top(page) == [0, 0]


def test_a_stroke_goes_on_while_the_answer_to_clear_comes(page: Page, app: Server):
    draw_at(page, 100)
    read(page)
    [(start, end)] = place(page, LINE)
    with held_up(app):
        page.keyboard.press("Escape")
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*((a + b) / 2 for a, b in zip(start, end, strict=True)), steps=5)
    expect(metric(page, "Digit")).to_have_text("–", timeout=PATIENCE_MS)
    page.mouse.move(*end, steps=5)
    page.mouse.up()
    read(page)
    assert difference(downloaded(page), LINE) < 0.06


def test_a_canvas_that_loads_the_answer_late_takes_nothing_away(page: Page, app: Server):
    """As in a busy browser: here the button of its own hidden toolbar loads it once more."""
    draw_at(page, 100)
    read(page)
    with held_up(app):
        page.keyboard.press("Escape")
        draw(page, DIGITS[7], NEXT_FRAME)
    for _ in range(PATIENCE_MS // 50):
        if ink(page) > 0.02 and on_top(page) == [0, 0]:
            break
        page.wait_for_timeout(50)
    page.locator(".dc-toolbar button[title^=Reset]").evaluate("button => button.click()")
    page.wait_for_timeout(1000)
    assert read(page) == "7"
    assert difference(downloaded(page), DIGITS[7]) < 0.06


def test_a_finger_is_heard_like_a_mouse(browser: Browser, app: Server):
    for page in visit(browser, app.url, **PHONE):
        touch(page, place(page, DIGITS[2]))
        read(page)
        with held_up(app):
            page.get_by_role("button", name="Clear").tap()
            touch(page, place(page, DIGITS[7]))
            assert on_top(page)[0] > 0.02
        expect(metric(page, "Digit")).to_have_text("7", timeout=PATIENCE_MS)
        touch(page, place(page, [[(0, 0), (900, 0)]]))  # the canvas takes the next one itself
        page.wait_for_timeout(1000)
        assert ink(page) > 0.02


def test_what_is_drawn_after_undo_joins_what_is_left(page: Page, app: Server):
    for y in (60, 120):
        draw_at(page, y)
        page.wait_for_timeout(400)
    read(page)
    both = ink(page)
    with held_up(app):
        page.keyboard.press("Control+z")
        draw_at(page, 250)
    wait_for_ink(page, both)
    page.wait_for_timeout(1000)
    wait_for_ink(page, both)
    page.keyboard.press("Control+z")
    wait_for_ink(page, both / 2)


def test_the_last_clear_counts(page: Page, app: Server):
    draw_at(page, 100)
    read(page)
    with held_up(app):
        page.keyboard.press("Escape")
        draw_at(page, 200)
        page.get_by_role("button", name="Clear").click()
        assert on_top(page) == [0, 1]
    expect(metric(page, "Digit")).to_have_text("–", timeout=PATIENCE_MS)
    page.wait_for_timeout(1000)
    assert ink(page) == 0


def test_the_eraser_takes_away_what_it_goes_over_and_undo_brings_it_back(page: Page, app: Server):
    draw_at(page, 100)
    draw_at(page, 220)
    read(page)
    both = ink(page)
    page.get_by_text("Eraser", exact=True).click()
    page.wait_for_timeout(1000)
    canvas = page.locator("canvas.upper-canvas").bounding_box()
    x, y = canvas["x"], canvas["y"]
    with held_up(app):  # two moves, seen at once, of which the app hears later
        for place in (130, 190):
            page.mouse.move(x + place, y + 70)
            page.mouse.down()
            page.mouse.move(x + place, y + 130, steps=5)
            page.mouse.up()
        assert on_top(page)[1] > 0.02
    for _ in range(PATIENCE_MS // 100):
        if ink(page) < 0.9 * both and on_top(page) == [0, 0]:
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(1000)
    assert ink(page) == pytest.approx(both - 2 * 28 * 22 / 320**2, rel=0.1)
    page.keyboard.press("Control+z")
    wait_for_ink(page, both)
    with held_up(app):  # the eraser is still chosen, but on a blank canvas one draws
        page.keyboard.press("Escape")
        draw(page, DIGITS[7], NEXT_FRAME)
    expect(metric(page, "Digit")).to_have_text("7", timeout=PATIENCE_MS)
