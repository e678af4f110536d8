"""Time on the Inside page, in Chromium, with the default model: opening it, and a new drawing.

The clock of a drawing is the page's own: from `pointerup` to the change of the pictures in the DOM.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.bench import SEED, Bench
from benchmarks.helpers.servers import serve
from benchmarks.helpers.shapes import SHAPES
from benchmarks.parts.pen_up import canvas, find_chromium
from benchmarks.results import median_and_p95
from recognizer.system.home import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NEEDS = ()
_OPENINGS, _DRAWINGS = 10, 30
_SETTLE = 1_500  # milliseconds of rest before each drawing
_STAGES, _EVIDENCE = ".row button img", "img.still"  # of the picture; the heat map is the last
_WATCH = """
([stages, evidence]) => {
  const seen = () => {
    const roots = [...document.querySelectorAll("*")].map((one) => one.shadowRoot).filter(Boolean);
    const row = roots.map((root) => root.querySelector(stages)).find(Boolean);
    return [row?.src, [...document.querySelectorAll(evidence)].at(-1)?.src];
  };
  const before = seen(), times = [null, null];
  window.penUpToPictures = new Promise((resolve, reject) => {
    let penUp = null;
    const look = () => {
      const now = seen();
      now.forEach((one, i) => {
        if (one && one !== before[i]) times[i] ??= performance.now() - penUp;
      });
      if (times.every((one) => one !== null)) resolve(times);
      else requestAnimationFrame(look);
    };
    const start = () => { penUp = performance.now(); look(); };
    window.addEventListener("pointerup", start, { capture: true, once: true });
    setTimeout(() => reject(new Error("The pictures did not follow the pen in 20 s")), 20000);
  });
}
"""


def measure(bench: Bench) -> dict | None:
    """Return milliseconds of openings and drawings; None without a browser."""
    if not (chromium := find_chromium("inside_page")):
        return None
    from playwright.sync_api import sync_playwright

    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        app, _ = stack.enter_context(serve(PROJECT / "app.py", home))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        stack.callback(browser.close)
        openings = [_open(browser, app) for _ in range(bench.count(_OPENINGS))]
        drawings = _draw(browser, app, bench.count(_DRAWINGS))
    return {
        "chromium": browser.version.split(".")[0],
        "open_ms": median_and_p95(openings),
        "stages_ms": median_and_p95([stages for stages, _ in drawings]),
        "evidence_ms": median_and_p95([evidence for _, evidence in drawings]),
    }


def _open(browser: "Browser", app: str) -> float:
    """Return the milliseconds until a new window shows the stages; the first loads the model."""
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    start = perf_counter()
    page.goto(f"{app}/inside")
    page.locator(_STAGES).nth(1).wait_for()
    milliseconds = 1_000 * (perf_counter() - start)
    page.close()
    return milliseconds


def _draw(browser: "Browser", app: str, count: int) -> list[tuple[float, float]]:
    """Return the milliseconds until the stages and the heat map follow, for each drawing."""
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.goto(f"{app}/inside")
    page.locator(_STAGES).nth(1).wait_for()
    page.locator("canvas.upper-canvas").wait_for()
    rng = np.random.default_rng(SEED)
    times = []
    for number in range(count):
        shape = list(SHAPES.values())[number % len(SHAPES)][0]
        points = 0.2 + 0.6 * shape / 1000 + rng.uniform(-0.05, 0.05, 2)  # (n, 2), of the canvas
        times.append(_stroke(page, points))
    return times


def _stroke(page: "Page", points: np.ndarray) -> tuple[float, float]:
    page.get_by_role("button", name="Clear").click()
    page.wait_for_timeout(_SETTLE)
    box = canvas(page)
    corners = points * box["width"] + (box["x"], box["y"])
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=5)
    page.evaluate(_WATCH, [_STAGES, _EVIDENCE])
    page.mouse.up()
    stages, evidence = page.evaluate("() => window.penUpToPictures")
    return stages, evidence
