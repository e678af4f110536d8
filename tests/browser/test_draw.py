"""The Draw page as people use it: mouse, finger and keyboard in a real browser."""

import base64
import io
import os
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from browser.conftest import PATIENCE_MS, PROJECT, visit
from helpers.pen_strokes import Strokes, one_of_each
from helpers.servers import Server
from playwright.sync_api import Browser, Page, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.shared.canvas.examples import example
from recognizer.datasets import read_digits
from recognizer.imaging.strokes import render

DIGITS = one_of_each()
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
NEXT_FRAME = "new Promise(requestAnimationFrame)"  # a busy browser puts moves in one frame together
FIRST_PEN = 22  # pixels, before anyone chooses another
SCREENSHOTS = os.environ.get("UPDATE_SCREENSHOTS") == "1"  # a plain test run changes no file


def metric(page: Page, label: str):
    box = page.get_by_test_id("stMetric").filter(has_text=label)
    return box.get_by_test_id("stMetricValue")


def place(page: Page, strokes: Strokes, size: float = 0.7) -> Strokes:
    """Put strokes whose longer side is 1000 into the middle of the canvas, in page pixels."""
    page.locator("canvas.upper-canvas").scroll_into_view_if_needed()
    canvas = page.locator("canvas.upper-canvas").bounding_box()
    points = np.concatenate([np.array(stroke) for stroke in strokes])
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    centre = np.array([canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2])
    scale = size * canvas["width"] / 1000
    return [(((np.array(s) - middle) * scale) + centre).tolist() for s in strokes]


def draw(page: Page, strokes: Strokes, between: str = "null") -> None:
    """Draw with the mouse; `between` two moves a script runs in the page."""
    for stroke in place(page, strokes):
        page.mouse.move(*stroke[0])
        page.mouse.down()
        for point in stroke[1:]:
            page.mouse.move(*point)
            page.evaluate(between)
        page.mouse.up()


def draw_at(page: Page, y: float) -> None:
    """Draw a level stroke at that height of the canvas."""
    canvas = page.locator("canvas.upper-canvas").bounding_box()
    page.mouse.move(canvas["x"] + 40, canvas["y"] + y)
    page.mouse.down()
    page.mouse.move(canvas["x"] + 280, canvas["y"] + y, steps=5)
    page.mouse.up()


def read(page: Page) -> str:
    """Wait until the reading of the last stroke is there and stays, and return it."""
    digit = metric(page, "Digit")
    expect(digit).to_have_text(re.compile(r"^\d$"), timeout=PATIENCE_MS)
    last = None
    while (now := (digit.inner_text(), metric(page, "Confidence").inner_text())) != last:
        last = now
        page.wait_for_timeout(500)
    return now[0]


def clear(page: Page) -> None:
    page.get_by_role("button", name="Clear").click()
    expect(metric(page, "Digit")).to_have_text("–", timeout=PATIENCE_MS)


def test_reads_what_people_draw(page: Page):
    right = 0
    for digit, strokes in DIGITS.items():
        draw(page, strokes)
        right += read(page) == str(digit)
        clear(page)
    assert right >= 0.9 * len(DIGITS) - 0.5


def test_blank_page_says_what_to_do(page: Page):
    expect(metric(page, "Digit")).to_have_text("–")
    expect(metric(page, "Confidence")).to_have_text("–")
    expect(page.get_by_text("Draw a digit, or several")).to_be_visible()


def test_a_stroke_reruns_the_fragment_and_not_the_page(browser: Browser, app: Server):
    finished = []

    def note(frame: bytes) -> None:
        message = ForwardMsg.FromString(frame)
        if message.WhichOneof("type") == "script_finished":
            finished.append(message.script_finished)

    context = browser.new_context()
    page = context.new_page()
    page.on("websocket", lambda socket: socket.on("framereceived", note))
    page.goto(app.url)
    page.locator("canvas.upper-canvas").wait_for(timeout=PATIENCE_MS)
    assert ForwardMsg.FINISHED_SUCCESSFULLY in finished
    finished.clear()
    draw(page, DIGITS[7])
    read(page)
    context.close()
    assert set(finished) == {ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY}


def test_a_stroke_may_end_outside_the_canvas_even_on_a_button_that_is_disabled(page: Page):
    canvas = page.locator("canvas.upper-canvas").bounding_box()
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_disabled()
    button = undo.bounding_box()
    page.mouse.move(canvas["x"] + canvas["width"] / 2, canvas["y"] + 60)
    page.mouse.down()
    page.mouse.move(canvas["x"] + canvas["width"] / 2, canvas["y"] + 200, steps=5)
    page.mouse.move(button["x"] + button["width"] / 2, button["y"] + button["height"] / 2, steps=5)
    page.mouse.up()
    read(page)


def test_escape_clears_and_ctrl_z_undoes_even_that(page: Page):
    draw_at(page, 100)
    read(page)
    one = ink(page)
    draw_at(page, 200)
    wait_for_ink(page, 2 * one)
    page.wait_for_timeout(500)
    page.keyboard.press("Control+z")
    wait_for_ink(page, one)
    read(page)
    page.keyboard.press("Escape")
    expect(metric(page, "Digit")).to_have_text("–", timeout=PATIENCE_MS)
    wait_for_ink(page, 0)
    page.keyboard.press("Control+z")
    wait_for_ink(page, one)
    read(page)


def test_drawing_goes_on_after_undo_and_clear(page: Page):
    draw(page, [[(0, 0), (1000, 1000)]])
    read(page)
    page.get_by_role("button", name=re.compile("^Undo")).first.click()
    expect(metric(page, "Digit")).to_have_text("–", timeout=PATIENCE_MS)
    draw(page, DIGITS[7])
    assert read(page) == "7"
    clear(page)
    draw(page, DIGITS[7])
    assert read(page) == "7"


def test_shows_the_steps_and_every_models_reading(page: Page):
    draw(page, DIGITS[7])
    read(page)
    for step in ("1. Ink found", "2. Cropped", "3. Scaled", "4. Centred"):
        expect(page.get_by_text(step)).to_be_visible()
    assert all(page.locator(".steps img").evaluate_all("all => all.map(one => one.alt)"))
    models = page.locator(".readings tbody tr").all_inner_texts()
    assert {row.split()[0] for row in models} >= {"two-block", "single-conv"}
    expect(page.locator(".bars")).to_have_attribute("aria-label", re.compile(r"0: .* 9: .*%"))


def choose_example(page: Page, name: str) -> None:
    page.get_by_role("button", name="Examples").click()
    page.get_by_role("button", name=name).click()  # and the menu closes


def ink(page: Page) -> float:
    """Return the share of dark pixels on the canvas that one sees."""
    return page.locator("canvas.lower-canvas").last.evaluate(
        """canvas => {
            const data = canvas.getContext("2d").getImageData(0, 0, 320, 320).data;
            let dark = 0;
            for (let i = 0; i < data.length; i += 4) dark += data[i + 3] > 128 && data[i] < 128;
            return dark / 320 / 320;
        }"""
    )


def wait_for_ink(page: Page, share: float) -> None:
    for _ in range(PATIENCE_MS // 100):
        if ink(page) == pytest.approx(share, rel=0.1, abs=1e-4):
            return
        page.wait_for_timeout(100)
    assert ink(page) == pytest.approx(share, rel=0.1, abs=1e-4)


def test_the_drawing_is_still_there_after_a_look_at_the_picture_upload(page: Page):
    draw(page, DIGITS[7])
    reading, seen = read(page), ink(page)
    page.get_by_text("Picture", exact=True).click()
    expect(metric(page, "Digit")).to_have_text("–", timeout=PATIENCE_MS)
    page.get_by_role("radio", name="Draw").click()
    assert read(page) == reading
    wait_for_ink(page, seen)


def test_an_example_after_a_picture_is_read_as_what_the_canvas_shows(page: Page):
    choose_example(page, "Looped 2")
    assert read(page) == "2"
    page.get_by_text("Picture", exact=True).click()
    expect(metric(page, "Digit")).to_have_text("–", timeout=PATIENCE_MS)
    choose_example(page, "Open 4")
    expect(metric(page, "Digit")).to_have_text("4", timeout=PATIENCE_MS)
    page.locator("canvas.upper-canvas").wait_for()
    for _ in range(PATIENCE_MS // 100):
        if ink(page) > 0.02:
            break
        page.wait_for_timeout(100)
    assert ink(page) > 0.02
    assert read(page) == "4"


def test_undo_in_quick_succession_takes_back_as_many_strokes(page: Page):
    for i in range(5):
        draw_at(page, 40 + 60 * i)
        page.wait_for_timeout(400)
    read(page)
    one = ink(page) / 5
    for _ in range(3):
        page.keyboard.press("Control+z")
        page.wait_for_timeout(300)  # Streamlit makes one of two clicks that a busy server finds
    wait_for_ink(page, 2 * one)
    page.wait_for_timeout(1000)  # no late answer brings a stroke back
    wait_for_ink(page, 2 * one)


SCREENS = [(360, 740), (390, 844), (844, 390), (660, 900), (768, 1024), (1280, 900), (1920, 1080)]


def test_canvas_digit_and_all_ten_bars_fit_every_screen(page: Page):
    draw(page, DIGITS[7])
    read(page)
    for width, height in SCREENS:
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        across = page.evaluate("document.querySelector('.stMain').scrollWidth")
        assert across <= width, (width, "it scrolls sideways")
        canvas = page.locator("canvas.upper-canvas").bounding_box()
        below = width <= 640
        for part in (metric(page, "Digit"), metric(page, "Confidence"), page.locator(".bars")):
            box = part.bounding_box()
            assert box["y"] + box["height"] <= height, (width, "below the screen")
            assert box["x"] + box["width"] <= width
            over = canvas["y"] + canvas["height"] if below else canvas["x"] + canvas["width"]
            assert (box["y"] if below else box["x"]) >= over, (width, "over the canvas")
        assert canvas["width"] == canvas["height"] >= 230
        assert canvas["x"] + canvas["width"] <= width
        if width == 1920:
            assert canvas["width"] == 480
    draw(page, [[(0, 0), (1000, 0)]])  # also where its pixels are larger than the screen's
    read(page)
    assert np.ptp(np.argwhere(downloaded(page)[120:200] < 128)[:, 1]) > 0.6 * 320


def test_nothing_moves_when_a_picture_is_brought(page: Page):
    ways = page.locator(".st-key-ways")
    before = ways.bounding_box()
    for way in ("Picture", "Camera", "Draw"):
        page.get_by_role("radio", name=way).click()
        page.wait_for_timeout(1000)
        assert ways.bounding_box() == before, way


def test_the_canvas_has_a_name_and_no_second_set_of_tools(page: Page):
    expect(page.get_by_role("img", name="Canvas")).to_be_visible()
    page.locator("canvas.upper-canvas").hover()
    page.wait_for_timeout(500)
    expect(page.locator(".dc-toolbar")).to_be_hidden()


@pytest.mark.parametrize("name", ["Looped 2", "7 with a bar"])
def test_an_example_is_one_click_away(page: Page, name: str):
    choose_example(page, name)
    assert read(page) in name


def test_a_correction_is_kept_downloaded_and_taken_back(page: Page, app: Server):
    draw(page, DIGITS[7])
    read(page)
    label = page.get_by_test_id("stButtonGroup").get_by_role("button", name="1", exact=True)
    label = label.or_(page.get_by_role("radio", name="1", exact=True)).first
    label.click()
    expect(page.get_by_text("Saved as a 1")).to_be_visible(timeout=PATIENCE_MS)
    with closing(sqlite3.connect(app.home / "corrections.db")) as database:
        row = database.execute("SELECT label, read_as, strokes FROM corrections").fetchone()
    assert row[:2] == (1, 7)
    assert len(row[2]) > 20
    with page.expect_download() as download:
        page.get_by_role("button", name="Corrections as CSV").click()
    kept = read_digits(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert kept.labels.tolist() == [1]
    label.click()
    expect(page.get_by_text("Corrected drawings kept: 0")).to_be_visible(timeout=PATIENCE_MS)


def test_the_drawing_downloads_as_a_picture_of_the_canvas(page: Page):
    draw(page, DIGITS[7])
    read(page)
    picture = downloaded(page)
    assert picture.shape == (320, 320)
    assert picture.max() == 255
    assert picture.min() == 0


def downloaded(page: Page) -> np.ndarray:
    with page.expect_download() as download:
        page.get_by_role("button", name="Download drawing").click()
    return cv2.imread(str(download.value.path()), cv2.IMREAD_GRAYSCALE)


def difference(shown: np.ndarray, strokes: Strokes) -> float:
    """How far a canvas is from what the renderer draws, as a share of its ink.

    Compared as they are: made 28 x 28, a half pixel may decide how many columns a digit gets.
    """
    there = [np.array(stroke) for stroke in strokes]
    drawn = render(there, size=len(shown), pen=FIRST_PEN, side=0.7 * len(shown))
    seen, made = (255 - picture.astype(int) for picture in (shown, drawn))
    return np.abs(seen - made).sum() / seen.sum()


def test_the_canvas_shows_what_the_renderer_draws(page: Page):
    """What the default model learns from is drawn by `render`: it must look like the real thing."""
    for strokes in list(DIGITS.values())[2:6]:
        draw(page, strokes, NEXT_FRAME)
        read(page)
        assert difference(downloaded(page), strokes) < 0.06
        clear(page)


def test_a_picture_is_read_and_a_text_named_png_is_told(page: Page):
    page.get_by_text("Picture", exact=True).click()
    chooser = page.locator("input[type=file]")
    text = {"name": "digit.png", "mimeType": "image/png", "buffer": b"seven"}
    chooser.set_input_files(text)
    expect(page.get_by_test_id("stAlert")).to_contain_text("PNG", timeout=PATIENCE_MS)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    seven = render([np.array(stroke) for stroke in example("7 with a bar", 1000)])
    picture = {"name": "7.png", "mimeType": "image/png"}
    chooser.set_input_files({**picture, "buffer": cv2.imencode(".png", seven)[1].tobytes()})
    assert read(page) == "7"
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    page.get_by_test_id("stButtonGroup").get_by_text("Draw", exact=True).click()
    expect(metric(page, "Digit")).to_have_text("–", timeout=PATIENCE_MS)


def test_a_finger_draws_on_a_phone_and_the_page_stays(browser: Browser, app: Server):
    for page in visit(browser, app.url, **PHONE):
        assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390
        canvas = page.locator("canvas.upper-canvas").bounding_box()
        assert canvas["y"] + canvas["height"] < metric(page, "Digit").bounding_box()["y"]
        assert canvas["x"] + canvas["width"] <= 390
        touch(page, place(page, DIGITS[7]))
        assert read(page) == "7"
        assert page.locator("canvas.upper-canvas").bounding_box()["y"] == canvas["y"]
        keep_screenshot(page, "draw-phone")


def touch(page: Page, strokes: Strokes) -> None:
    session = page.context.new_cdp_session(page)
    for stroke in strokes:
        for kind, points in (("touchStart", stroke[:1]), ("touchMove", stroke[1:])):
            for x, y in points:
                event = {"type": kind, "touchPoints": [{"x": x, "y": y}]}
                session.send("Input.dispatchTouchEvent", event)
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_in_both_themes(browser: Browser, app: Server, theme: str):
    desk = {"viewport": {"width": 1280, "height": 900}, "color_scheme": theme}
    for page in visit(browser, app.url, **desk):
        draw(page, DIGITS[2])
        read(page)
        page.mouse.move(1270, 600)
        page.wait_for_timeout(600)
        keep_screenshot(page, f"draw-{theme}")
        ink = metric(page, "Digit").evaluate("one => getComputedStyle(one).color")
        paper = page.locator(".stApp").evaluate("one => getComputedStyle(one).backgroundColor")
        assert contrast(ink, paper) >= 7


def contrast(one: str, other: str) -> float:
    """Return WCAG's contrast ratio of two CSS colours, 1 to 21."""

    def luminance(colour: str) -> float:
        channels = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def keep_screenshot(page: Page, name: str) -> None:
    if SCREENSHOTS:
        page.screenshot(path=PROJECT / "docs" / f"{name}.png")


@pytest.mark.parametrize("address", ["/", "/draw"])
def test_a_cold_deep_link_shows_the_page_in_its_frame(
    browser: Browser, cold_app: Server, address: str
):
    for page in visit(browser, cold_app.url + address):
        expect(page).to_have_title("Draw a digit and see it read", timeout=PATIENCE_MS)
        expect(page.get_by_text("Page not found")).to_have_count(0)
        expect(page.get_by_test_id("stMetric").first).to_be_visible()
        draw(page, DIGITS[7])
        assert read(page) == "7"


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_web_process_never_loads_tensorflow(page: Page, app: Server):
    draw(page, DIGITS[7])
    read(page)
    loaded = Path(f"/proc/{app.pid}/maps").read_text()
    assert "litert" in loaded
    assert "tensorflow/" not in loaded


def test_a_wider_pen_draws_wider_and_is_kept(page: Page):
    page.get_by_role("button", name="Pen", exact=False).filter(
        has_text=re.compile("^Pen")
    ).first.click()
    slider = page.get_by_role("slider")
    expect(slider).to_have_value("22")
    slider.press("End")
    page.wait_for_timeout(1000)
    page.get_by_role("button", name="Pen", exact=False).filter(
        has_text=re.compile("^Pen")
    ).first.click()
    expect(slider).to_have_count(0)
    draw(page, [[(0, 0), (0, 1000)]])
    read(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download drawing").click()
    picture = cv2.imread(str(download.value.path()), cv2.IMREAD_GRAYSCALE)
    assert 38 <= (picture[160] < 128).sum() <= 42
    page.get_by_role("button", name="Pen", exact=False).filter(
        has_text=re.compile("^Pen")
    ).first.click()
    expect(slider).to_have_value("40")


BRING = """([type, target, name, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], name));
  const how = { bubbles: true, cancelable: true, composed: true };
  const event = type === "paste"
    ? new ClipboardEvent(type, { ...how, clipboardData: files })
    : new DragEvent(type, { ...how, dataTransfer: files });
  return !document.querySelector(target).dispatchEvent(event);
}"""


def test_a_picture_is_pasted_or_dropped_on_the_canvas_and_outlives_a_change_of_page(page: Page):
    draw(page, DIGITS[8])
    assert read(page) == "8"

    def bring(how: str, content: bytes) -> bool:
        encoded = base64.b64encode(content).decode()
        return page.evaluate(BRING, [how, ".st-key-sheet, body", "photo", encoded])

    for how, name, digit in (("paste", "Looped 2", 2), ("drop", "7 with a bar", 7)):
        picture = render([np.float32(one) for one in example(name, 320)], size=320, pen=22)
        assert bring(how, cv2.imencode(".png", picture)[1].tobytes()), "the browser would open it"
        expect(metric(page, "Digit")).to_have_text(str(digit), timeout=PATIENCE_MS)
    assert bring("paste", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    alert = page.get_by_test_id("stAlert").filter(has_text="an SVG drawing")
    expect(alert).to_be_visible(timeout=PATIENCE_MS)
    picture = render([np.float32(one) for one in DIGITS[8]])
    assert bring("drop", cv2.imencode(".jpg", picture)[1].tobytes())
    expect(metric(page, "Digit")).to_have_text("8", timeout=PATIENCE_MS)
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare", exact=False).first).to_be_visible()
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(metric(page, "Digit")).to_have_text("8", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Remove the picture").click()
    expect(metric(page, "Digit")).to_have_text("–", timeout=PATIENCE_MS)
