"""A correction leads on: by a key, as no digit, seen singly, deleted, opened in Inside."""

from browser.conftest import PATIENCE_MS
from browser.test_draw import DIGITS, draw, metric, read
from helpers.servers import Server
from playwright.sync_api import Page, expect

from recognizer.datasets.corrections import Corrections
from recognizer.records import NOT_A_DIGIT


def test_a_key_says_that_it_is_no_digit_and_the_kept_one_opens_large(page: Page, app: Server):
    kept = Corrections(app.home / "corrections.db")
    draw(page, DIGITS[2])
    read(page)
    page.keyboard.press("x")
    expect(page.get_by_text("Saved as no digit")).to_be_visible(timeout=PATIENCE_MS)
    assert [one.label for one in kept.latest(9)] == [NOT_A_DIGIT]
    page.get_by_text("See it", exact=True).click()
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
    page.get_by_text("See it", exact=True).click()
    images.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete this drawing").click()
    expect(page.get_by_text("Corrected drawings kept: 0")).to_be_visible(timeout=PATIENCE_MS)
    assert kept.count() == 0
