"""The Handwriting page as people use it: the next digit by itself, the exam, and its end."""

import os

import pytest
from browser.conftest import PROJECT, visit
from browser.test_draw import DIGITS, PHONE, draw, metric
from helpers.servers import served
from playwright.sync_api import Browser, Page, expect

from pages.shared.components.markup import article
from recognizer.datasets.corrections import Corrections

SCREENSHOTS = os.environ.get("UPDATE_SCREENSHOTS") == "1"  # a plain test run changes no file


@pytest.fixture
def alone(browser: Browser, tmp_path):
    """A phone and a server of its own, on the Handwriting page; and where the server keeps it."""
    for app in served("app.py", tmp_path):
        for page in visit(browser, f"{app.url}/handwriting", **PHONE):
            yield page, Corrections(app.home / "corrections.db")


def asked(page: Page, digit: int):
    return page.get_by_role("status", name=f"Write {article(digit)}", exact=True)


def write(page: Page, digit: int) -> None:
    expect(asked(page, digit)).to_be_visible()
    draw(page, DIGITS[digit])


@pytest.mark.skipif(len(DIGITS) < 10, reason="needs RECOGNIZER_DATA")
def test_each_digit_written_once_is_an_exam_and_can_be_forgotten(alone):
    page, kept = alone
    for digit in range(10):
        write(page, digit)
    expect(page.get_by_text("Each digit is written once")).to_be_visible()
    assert kept.digits().labels.tolist() == list(range(10))
    expect(page.get_by_text("How each model alone reads it")).to_be_visible()
    expect(page.locator("table.facts").first).to_contain_text("of 10")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, "it scrolls sideways"
    if SCREENSHOTS:
        page.screenshot(path=PROJECT / "docs" / "handwriting-phone.png", full_page=True)
    page.get_by_role("button", name="Forget").first.click()
    page.get_by_role("button", name="Forget this handwriting").click()
    expect(asked(page, 0)).to_be_visible()
    assert kept.count() == 0


def test_the_last_digit_can_be_taken_back_and_one_be_skipped(alone):
    page, kept = alone
    first = asked(page, 0)
    expect(first).to_be_visible()
    draw(page, DIGITS[7])  # as a 0: whoever writes decides
    expect(asked(page, 1)).to_be_visible()
    assert kept.count() == 1
    page.get_by_role("button", name="Take back the last digit").click()
    expect(first).to_be_visible()
    assert kept.count() == 0
    page.get_by_role("button", name="Skip the 0").click()
    expect(asked(page, 1)).to_be_visible()


TRIANGLE = [[(500, 0), (0, 900), (1000, 900), (500, 0)]]  # alone it is read as a 0


def test_the_draw_page_reads_with_the_hand_that_is_on(alone):
    page, _ = alone
    expect(asked(page, 0)).to_be_visible()
    page.get_by_role("button", name="Skip the 0").click()
    expect(asked(page, 1)).to_be_visible()
    draw(page, TRIANGLE)  # a 1 of nobody else: it costs others' digits nothing
    expect(asked(page, 2)).to_be_visible()
    page.get_by_text("Use my handwriting").click()
    page.set_viewport_size({"width": 1280, "height": 900})  # where the menu is in one line
    page.get_by_role("link", name="Draw", exact=True).filter(visible=True).click()
    expect(metric(page, "Digit")).to_have_text("–")
    draw(page, TRIANGLE)
    expect(metric(page, "Digit")).to_have_text("1")
    expect(page.get_by_text("Read with my handwriting")).to_be_visible()
