"""The preview in the browser against the server's reading: pixels, agreement, time, frames, bytes.

Every drawing there is is drawn on the app's canvas, made 28 x 28 and read, by the preview's
JavaScript in Node and by Python. Then, in Chromium, a mouse draws on a page that previews and on
one where the preview is switched off, by turns.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.bench import LETTERS, SEED, STROKES, Bench
from benchmarks.helpers import node
from benchmarks.helpers.servers import serve
from benchmarks.helpers.shapes import SHAPES
from benchmarks.parts.pen_up import canvas, find_chromium
from benchmarks.results import median_and_p95, significant
from pages.shared.canvas import live_preview
from pages.shared.canvas.fabric_paths import CANVAS_SIDE
from recognizer.evaluation import wilson_interval
from recognizer.imaging.strokes import CONDITIONS, Drawing, draw, read_drawings, split_writers
from recognizer.inference import Recognizer
from recognizer.preprocessing import to_mnist
from recognizer.preview import preview_of
from recognizer.records import IMAGE_SIZE, NOT_A_DIGIT
from recognizer.system.home import PROJECT

if TYPE_CHECKING:
    from playwright.sync_api import Page

NEEDS = (STROKES, LETTERS)
MORE = "strokes-more.jsonl.gz"  # measured where it is there
_AT_ONCE = 500  # canvases in one call of Node
_STROKES, _MOVES, _LEAST = 30, 60, 3  # strokes on each page, moves of each, strokes of a quick run
_WATCH = (Path(__file__).parent.parent / "helpers" / "watch_preview.js").read_text(encoding="utf-8")


def measure(bench: Bench) -> dict | None:
    """Return how the preview agrees, and how quick it is; None without Node or a preview."""
    path, model = node.find_node(), bench.models[0]
    file = preview_of(model)
    if path is None or file is None:
        print("preview is left out: no Node, or no preview of this model.", file=sys.stderr)
        return None
    found = {"model": model.name, "bytes": len(file) + len(live_preview.NETWORK)}
    found |= _agreement(bench, path, file)
    if chromium := find_chromium("preview"):
        found |= _in_the_browser(bench, chromium)
    return found


def _agreement(bench: Bench, path: str, file: bytes) -> dict:
    """Return the share of equal readings, of all drawings and of those by the third part."""
    recognizer = bench.recognizers[bench.models[0].name]
    groups: dict[str, list[Drawing]] = {"third_part": [], "all": []}
    for name in (STROKES, LETTERS, MORE):
        if (bench.data / name).is_file():
            drawings = read_drawings(bench.data / name)
            groups["third_part"] += split_writers(drawings)[2]
            groups["all"] += drawings
    found = {}
    for name, drawings in groups.items():
        some = drawings[:: max(1, len(drawings) // bench.count(len(drawings)))]
        same, apart = zip(*_compared(some, path, file, recognizer), strict=True)
        equal, n = int(np.sum(same)), len(some)
        found[name] = {
            "equal": equal / n,
            "n": n,
            "interval": wilson_interval(equal, n),
            "pixels_apart": significant(float(np.mean(apart))),
        }
    return found


def _compared(
    drawings: Sequence[Drawing], path: str, file: bytes, recognizer: Recognizer
) -> Iterator[tuple[bool, float]]:
    """Yield of each drawing whether the same is said of it, and how far its pixels are apart."""
    rng = np.random.default_rng(SEED)
    for start in range(0, len(drawings), _AT_ONCE):
        canvases = np.stack(
            [
                draw(one.strokes, CONDITIONS["random"], rng, size=CANVAS_SIDE)
                for one in drawings[start : start + _AT_ONCE]
            ]
        )
        _, images = node.to_mnist(path, canvases)
        probabilities, is_digit = node.read(path, file, images)
        theirs = np.where(is_digit, probabilities.argmax(axis=1), NOT_A_DIGIT)
        for canvas_, image, said in zip(canvases, images.astype(int), theirs, strict=True):
            ours = to_mnist(canvas_, paper=(255,))
            reading = recognizer.read_mnist(ours)
            digit = reading.digit if reading.is_digit else NOT_A_DIGIT
            yield digit == said, float(np.abs(ours - image).sum() / IMAGE_SIZE**2)


def _in_the_browser(bench: Bench, chromium: str) -> dict:
    """Return milliseconds from a move of the pen to the bars, and frames, on and off by turns."""
    from playwright.sync_api import sync_playwright

    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        address, _ = stack.enter_context(serve(PROJECT / "app.py", home))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        stack.callback(browser.close)
        pages = {name: _open(browser.new_page(), address) for name in ("on", "off")}
        pages["off"].get_by_text("Live preview").click()
        pages["off"].wait_for_timeout(1_000)
        times, frames = [], {"on": 0.0, "off": 0.0}
        for number in range(max(_LEAST, bench.count(_STROKES))):
            for name in list(pages)[:: (-1) ** number]:
                drawn = _stroke(pages[name], number)
                frames[name] += drawn["frames"] / drawn["seconds"]
                times += drawn["times"] if name == "on" else []
    ratio = significant(frames["on"] / frames["off"], 3)
    return {"move_to_bars_ms": median_and_p95(times), "frames_ratio": ratio}


def _open(page: "Page", address: str) -> "Page":
    page.add_init_script(_WATCH)
    page.goto(address)
    page.locator("canvas.upper-canvas").wait_for()
    page.wait_for_function("window.canvasReader")
    return page


def _stroke(page: "Page", number: int) -> dict:
    """Draw one stroke on a blank canvas; return its frames, seconds, and times to the bars."""
    page.bring_to_front()
    page.get_by_role("button", name="Clear").click()
    page.wait_for_timeout(1_500)
    corners = list(SHAPES.values())[number % len(SHAPES)][0] / 1000 * 0.6 + 0.2  # (n, 2)
    box = canvas(page)
    places = np.array(corners) * box["width"] + (box["x"], box["y"])
    page.mouse.move(*places[0])
    page.mouse.down()
    page.evaluate("window.watchPreview()")
    for place in places[1:]:
        page.mouse.move(*place, steps=max(1, _MOVES // len(places)))
    seen = page.evaluate("window.previewSeen()")
    page.mouse.up()
    return seen
