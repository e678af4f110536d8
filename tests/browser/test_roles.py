"""serve.py in a real browser: a visitor, and the way to be the operator."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.servers import SMALL_UPLOADS, Server, served
from playwright.sync_api import Page, expect

TOKEN = "a token of forty characters, or nearly so"
PATIENCE_MS = 20_000


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("served")
    yield from served("serve.py", folder, SMALL_UPLOADS, RECOGNIZER_OPERATOR_TOKEN=TOKEN)


@pytest.fixture
def page(browser, server) -> Iterator[Page]:
    opened = browser.new_context(viewport={"width": 390, "height": 844})
    opened.set_default_timeout(PATIENCE_MS)
    page = opened.new_page()
    page.goto(f"{server.url}/train")
    yield page
    opened.close()


def sign_in(page: Page, token: str) -> None:
    field = page.get_by_label("Operator's token")
    if not field.is_visible():
        page.get_by_role("button", name="Operator").click()
    field.fill(token)
    page.get_by_role("button", name="Sign in").click()


def test_a_visitor_becomes_the_operator_with_the_token_and_a_visitor_again(page):
    expect(page.get_by_text("You are a visitor here")).to_be_visible()
    expect(page.get_by_text("the operator trains")).to_be_visible()
    expect(page.get_by_test_id("stFileUploader")).to_have_count(0)
    sign_in(page, "not the token")
    expect(page.get_by_text("That is not the operator's token.")).to_be_visible()
    sign_in(page, TOKEN)
    expect(page.get_by_text("You are the operator")).to_be_visible()
    expect(page.get_by_test_id("stFileUploader")).to_be_visible()
    width = page.evaluate("document.querySelector('.stMain').scrollWidth")
    assert width <= 390, "nothing overflows on a phone"
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are a visitor here")).to_be_visible()


def test_headers_break_no_page(page, server):
    """The canvas is a component with scripts of its own, the camera a permission."""
    errors = []
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.goto(server.url)
    page.locator("canvas.upper-canvas").wait_for()
    page.get_by_role("radio", name="Camera").click()
    expect(page.get_by_test_id("stCameraInput")).to_be_visible()
    refused = ("Content Security Policy", "X-Frame-Options", "Permissions policy")
    assert not [text for text in errors if any(word in text for word in refused)]
