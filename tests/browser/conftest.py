"""A server of our own and a real Chromium. Without a browser these tests are skipped, with
REQUIRE_BROWSER=1 they fail."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[2]
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
START_SECONDS = 60
PATIENCE_MS = 60_000  # a busy two-core machine; behaviour is tested, not speed


@dataclass
class App:
    """A running server of the app."""

    url: str
    pid: int
    home: Path


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
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    yield from serve(tmp_path_factory.mktemp("home"))


@pytest.fixture
def cold_app(tmp_path: Path) -> Iterator[App]:
    """A server that nobody has visited."""
    yield from serve(tmp_path)


@pytest.fixture
def page(browser: Browser, app: App) -> Iterator[Page]:
    """The home page in a desktop window, ready to draw on."""
    yield from visit(browser, app.url, viewport={"width": 1280, "height": 900})


def serve(home: Path, **environment: str) -> Iterator[App]:
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
    server = subprocess.Popen(
        [*command, f"--server.port={port}"],
        cwd=PROJECT,
        env={**os.environ, "RECOGNIZER_HOME": str(home), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_healthy(server, url)
        yield App(url, server.pid, home)
    finally:
        server.terminate()
        server.wait(timeout=20)


def visit(browser: Browser, url: str, **context: object) -> Iterator[Page]:
    opened = browser.new_context(**context)
    opened.set_default_timeout(PATIENCE_MS)
    page = opened.new_page()
    page.goto(url)
    page.locator("canvas.upper-canvas").wait_for()
    yield page
    opened.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_healthy(server: subprocess.Popen, url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server ended while starting"
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"the server did not answer within {START_SECONDS} s")
