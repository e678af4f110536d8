"""Time from pen-up to the new reading on the page, in Chromium, against a page that only echoes.

Strokes go to both pages in turn, each on a canvas that was just cleared. The clock is the
page's own: it starts at `pointerup` and stops at the change of the metric in the DOM.
"""

import shutil
import sys
import tempfile
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.bench import SEED, Bench
from benchmarks.helpers.servers import serve
from benchmarks.helpers.shapes import SHAPES
from benchmarks.results import median_and_p95, significant
from recognizer.system.home import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NEEDS = ()
ECHO = Path(__file__).parent.parent / "baselines" / "echo_canvas.py"
PAGES = {"app": "Digit", "echo": "Ink"}  # and the metric that follows the pen
_STROKES = 60
_WARM_UP = 3
_SETTLE = 400  # milliseconds of rest before each stroke: what the last one caused is over
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_WATCH = (Path(__file__).parent.parent / "helpers" / "watch.js").read_text(encoding="utf-8")


def measure(bench: Bench) -> dict | None:
    """Return milliseconds on both pages and their ratio; None without a browser."""
    if not (chromium := find_chromium("pen_up")):
        return None
    from playwright.sync_api import sync_playwright

    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app, process = stack.enter_context(serve(PROJECT / "app.py", home))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        stack.callback(browser.close)
        pages = {"app": _open(browser, app)}
        side = round(canvas(pages["app"])["width"])
        echo, _ = stack.enter_context(serve(ECHO, home, str(side)))
        pages["echo"] = _open(browser, echo)
        times = _strokes(pages, bench.count(_STROKES))
        return _summary(times, browser.version, _has_tensorflow(process))


def find_chromium(part: str) -> str | None:
    """Return the browser's path; None, and say why, where a part cannot be measured."""
    found = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if find_spec("playwright") and found:
        return found
    reason = "there is no Chromium here"
    if not find_spec("playwright"):
        reason = "Playwright is not installed (`make setup-test` does it)"
    print(f"{part} is left out: {reason}.", file=sys.stderr)
    return None


def _summary(times: dict[str, list[float]], chromium: str, tensorflow: bool | None) -> dict:
    return {
        "chromium": chromium.split(".")[0],
        "app_ms": median_and_p95(times["app"]),
        "echo_ms": median_and_p95(times["echo"]),
        "ratio": significant(median(times["app"]) / median(times["echo"]), 3),
        "web_process_has_tensorflow": tensorflow,
    }


def _open(browser: "Browser", address: str) -> "Page":
    """Return a page that shows its canvas, in a window of its own."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(_WATCH)
    page.goto(address)
    page.locator("canvas.upper-canvas").wait_for()
    return page


def canvas(page: "Page") -> dict:
    """Return where the canvas is: x, y, width and height in CSS pixels."""
    return page.locator("canvas.upper-canvas").bounding_box()


def _strokes(pages: dict[str, "Page"], count: int) -> dict[str, list[float]]:
    """Draw on each page in turn; return the milliseconds of each stroke after the warm-up."""
    rng = np.random.default_rng(SEED)
    times = {name: [] for name in pages}
    for number in range(_WARM_UP + count):
        shape = list(SHAPES.values())[number % len(SHAPES)][0]
        points = 0.2 + 0.6 * shape / 1000 + rng.uniform(-0.05, 0.05, 2)  # (n, 2), of the canvas
        for name in list(pages)[:: (-1) ** number]:  # each page is first in every other turn
            times[name].append(_stroke(pages[name], PAGES[name], points))
    return {name: of_page[_WARM_UP:] for name, of_page in times.items()}


def _stroke(page: "Page", metric: str, points: np.ndarray) -> float:
    """Clear the canvas, draw one stroke, and return the milliseconds until the metric follows."""
    page.bring_to_front()
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("metric => window.metricValue(metric) === '–'", arg=metric)
    page.wait_for_timeout(_SETTLE)
    box = canvas(page)
    corners = points * box["width"] + (box["x"], box["y"])
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=5)
    page.evaluate("metric => window.watchMetric(metric)", metric)
    page.mouse.up()
    return page.evaluate("() => window.penUpToMetric")


def _has_tensorflow(process: int) -> bool | None:
    """Return whether a process has a library of TensorFlow's in memory; None if nobody can say."""
    maps = Path(f"/proc/{process}/maps")
    return "/tensorflow/" in maps.read_text() if maps.exists() else None
