"""A server of our own and a real Chromium. Without a browser these tests are skipped, with
REQUIRE_BROWSER=1 they fail."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.servers import Server, served
from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[2]
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
PATIENCE_MS = 60_000  # a busy two-core machine; behaviour is tested, not speed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        reason = "no Chromium or Chrome is installed (Debian: sudo apt install chromium)"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        # A container's root has no sandbox, and its /dev/shm is small.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        opened = playwright.chromium.launch(executable_path=found, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from served("app.py", tmp_path_factory.mktemp("app"))


@pytest.fixture
def cold_app(tmp_path: Path) -> Iterator[Server]:
    """A server that nobody has visited."""
    yield from served("app.py", tmp_path)


@pytest.fixture
def page(browser: Browser, app: Server) -> Iterator[Page]:
    """The home page in a desktop window, ready to draw on."""
    yield from visit(browser, app.url, viewport={"width": 1280, "height": 900})


def visit(browser: Browser, url: str, **context: object) -> Iterator[Page]:
    opened = browser.new_context(**context)
    opened.set_default_timeout(PATIENCE_MS)
    page = opened.new_page()
    page.goto(url)
    page.locator("canvas.upper-canvas").wait_for()
    yield page
    opened.close()
