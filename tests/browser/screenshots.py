"""Take pictures of every page in its states, at five sizes, light and dark: `make screenshots`.

    make screenshots ARGS="draw compare --sizes 360 1280 --themes dark"

They go to screenshots/, which git ignores, to be looked at by people; nothing is compared.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import numpy as np
from browser.conftest import BROWSERS, PROJECT
from helpers.servers import Server, served
from playwright.sync_api import Page, Playwright, sync_playwright
from playwright.sync_api import TimeoutError as Timeout

from pages.shared import sample
from pages.shared.canvas.examples import EXAMPLES, example
from recognizer.datasets import write_digits

FOLDER = PROJECT / "screenshots"
SIZES = {360: (360, 740), 844: (844, 390), 768: (768, 1024), 1280: (1280, 900), 1920: (1920, 1080)}
WAIT_MS = 120_000
LONGEST = 6_000  # pixels of a page


def press(name: str) -> Callable[[Page], None]:
    """Return a step: press a button of the page."""
    return lambda page: page.get_by_role("button", name=name, exact=True).first.click()


def choose(name: str) -> Callable[[Page], None]:
    """Return a step: choose one of a few ways."""
    return lambda page: page.get_by_test_id("stMain").get_by_text(name, exact=True).first.click()


def draw(*names: str) -> Callable[[Page], None]:
    """Return a step: draw examples next to each other with the mouse; "?" is a scribble."""

    def step(page: Page) -> None:
        canvas = page.locator("canvas.upper-canvas").bounding_box()
        part = canvas["width"] / len(names)
        for place, name in enumerate(names):
            for stroke in [SCRIBBLE] if name == "?" else example(name, part):
                at = [(canvas["x"] + place * part + x, canvas["y"] + 20 + y) for x, y in stroke]
                page.mouse.move(*at[0])
                page.mouse.down()
                for point in at[1:]:
                    page.mouse.move(*point)
                page.mouse.up()
        page.wait_for_timeout(1500)
        page.get_by_text(re.compile("^Preview")).wait_for(state="hidden")  # the server is slow

    return step


def correct(key: str) -> Callable[[Page], None]:
    """Return a step: keep the drawing with its label, which the same key would remove again.

    The same drawing at another size or in the other theme is kept already.
    """

    def step(page: Page) -> None:
        if not page.get_by_text(re.compile("^Saved as")).count():
            page.keyboard.press(key)

    return step


def pick(page: Page) -> None:
    """Open the first image of a grid large."""
    page.locator(".picks button").first.click()


def see_corrections(page: Page) -> None:
    """Have the kept corrections shown, however many there are."""
    page.get_by_text(re.compile("^See the .*corrected drawings?$")).first.click()


def stage(name: str) -> Callable[[Page], None]:
    """Return a step: open a stage of the network."""
    return lambda page: page.get_by_role("button", name=name).first.click()


def upload(name: str, content: Callable[[], bytes]) -> Callable[[Page], None]:
    """Return a step: bring a file."""

    def step(page: Page) -> None:
        file = {"name": name, "mimeType": "text/csv", "buffer": content()}
        page.locator("input[type=file]").first.set_input_files(file)
        page.wait_for_timeout(2500)

    return step


def fill(label: str, value: str) -> Callable[[Page], None]:
    """Return a step: fill in a field, and leave it."""

    def step(page: Page) -> None:
        page.get_by_label(label, exact=True).first.fill(value)
        page.keyboard.press("Tab")
        page.wait_for_timeout(800)

    return step


def three_rows() -> bytes:
    """Return a labelled table of three rows, one of them under a wrong label."""
    rows = sample.digits().take(np.arange(3))
    rows.labels[-1] = (rows.labels[-1] + 1) % 10
    return write_digits(rows)


def write_all(page: Page) -> None:
    """Write what the Handwriting page asks for until it asks no more; it keeps what it has."""
    for name in sorted(EXAMPLES, key=lambda one: re.search(r"\d", one).group()):
        if page.locator(".prompt b", has_text=re.search(r"\d", name).group()).count():
            draw(name)(page)
            page.wait_for_timeout(2000)
            settle(page)


def see_results(page: Page) -> None:
    """Wait until a table has been read."""
    page.get_by_text("Predicted digits").wait_for()


def wait(page: Page) -> None:
    """Wait for what takes a while, such as Keras."""
    page.wait_for_timeout(20_000)


SCRIBBLE = [(40 + 11 * i % 200, 60 + 37 * i % 180) for i in range(25)]
SEVEN, TWO = "7 with a bar", "Looped 2"
TRAIN = [press("Use a sample"), press("Start training"), wait]
FIVE = ("six-conv", "compact", "two-block", "single-conv", "softmax")
STATES: dict[str, tuple[str, list[Callable[[Page], None]]]] = {
    "draw-blank": ("/", []),
    "draw-example": ("/", [press("Examples"), press(TWO)]),
    "draw-examples": ("/", [press("Examples")]),
    "draw-pen": ("/", [press("Pen")]),
    "draw-doubted": ("/", [draw("?")]),
    "draw-several": ("/", [draw(TWO, SEVEN)]),
    "draw-wide": ("/", [choose("Wide"), draw(TWO, SEVEN, TWO, SEVEN)]),
    "draw-corrected": ("/", [draw(SEVEN), correct("4")]),
    "draw-correction-open": ("/", [draw(TWO), correct("x"), see_corrections]),
    "draw-picture": ("/", [choose("Picture")]),
    "draw-camera": ("/", [choose("Camera")]),
    "handwriting": ("/handwriting", []),
    "handwriting-all": ("/handwriting", [write_all]),
    "batch-empty": ("/batch", []),
    "batch-drawings": ("/batch", [choose("Your drawings")]),
    "batch-sample": ("/batch", [press("Read a sample"), see_results]),
    "batch-image": ("/batch", [press("Read a sample"), see_results, pick]),
    "batch-few-rows": ("/batch", [upload("three.csv", three_rows), see_results]),
    "batch-bad-file": ("/batch", [upload("bad.csv", lambda: b"a,b,c\n1,2,3\n")]),
    "train-empty": ("/train", []),
    "train-sample": ("/train", [press("Use a sample")]),
    "train-refused": ("/train", [*TRAIN[:1], fill("Epochs", "0"), press("Start training")]),
    "train-started": ("/train", TRAIN),
    "compare-empty": ("/compare", []),
    "compare-sample": ("/compare", [press("Use a sample")]),
    "compare-one": ("/compare?models=two-block", []),
    "compare-five": ("/compare?" + "&".join(f"models={one}" for one in FIVE), TRAIN[:1]),
    "manage": ("/compare?do=manage-a-model", []),
    "inside": ("/inside", []),
    "inside-image": (
        "/batch",
        [press("Read a sample"), see_results, pick, press("Open in Inside")],
    ),
    "inside-softmax": ("/inside", [stage("Softmax")]),
    "inside-flatten": ("/inside", [stage("Flatten")]),
    "inside-rows": ("/inside", [choose("Row of a table")]),
    # On a server that others reach, where everyone is a visitor.
    "exposed-draw": ("/", [draw(SEVEN), correct("1")]),
    "exposed-train": ("/train", []),
    "exposed-compare": ("/compare?do=manage-a-model", []),
    # Without TensorFlow, as after `make setup LIGHT=1`.
    "light-train": ("/train", []),
    "light-inside": ("/inside", []),
}
WITHOUT_KERAS = "import sys; sys.modules.update(keras=None, tensorflow=None)\n"


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("states", nargs="*", help="the beginning of their names; all without")
    parser.add_argument("--sizes", nargs="*", type=int, default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--themes", nargs="*", default=["light", "dark"])
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as own,
        tempfile.TemporaryDirectory() as others,
        tempfile.TemporaryDirectory() as small,
        contextmanager(served)("app.py", Path(own)) as app,
        contextmanager(served)("serve.py", Path(others)) as exposed,
        contextmanager(light)(Path(small)) as without_keras,
        sync_playwright() as playwright,
    ):
        urls = {"exposed": exposed.url, "light": without_keras.url}
        for theme in options.themes:
            for size in options.sizes:
                take(playwright, app.url, urls, theme, size, tuple(options.states))
    sys.stdout.write(f"The pictures are in {FOLDER}.\n")


def light(folder: Path) -> Iterator[Server]:
    """Start the app as if neither TensorFlow nor Keras were installed."""
    (folder / "sitecustomize.py").write_text(WITHOUT_KERAS)
    yield from served("app.py", folder, PYTHONPATH=str(folder))


def take(
    playwright: Playwright,
    url: str,
    urls: dict[str, str],
    theme: str,
    size: int,
    wanted: tuple[str, ...],
) -> None:
    """Take the wanted states at one size in one theme.

    Args:
        playwright: to start a browser with.
        url: of the app.
        urls: of other servers, by the first word of the states that are theirs.
        theme: "light" or "dark".
        size: a key of `SIZES`.
        wanted: how the states' names begin; all where it is empty.
    """
    browser = playwright.chromium.launch(
        executable_path=next(path for name in BROWSERS if (path := which(name))),
        args=["--no-sandbox", "--disable-dev-shm-usage"],
    )
    width, height = SIZES[size]
    for name, (path, steps) in STATES.items():
        if wanted and not name.startswith(wanted):
            continue
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, has_touch=size < 1280
        )
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        try:
            page.goto(urls.get(name.split("-")[0], url) + path)
            settle(page)
            for step in steps:
                step(page)
                settle(page)
            if height <= 740:  # what one sees without scrolling
                page.screenshot(path=FOLDER / f"{name}-{size}-{theme}-screen.png")
            tall = page.evaluate("document.querySelector('.stMain').scrollHeight")
            page.set_viewport_size({"width": width, "height": min(max(tall, height), LONGEST)})
            page.wait_for_timeout(500)
        except Timeout as error:
            sys.stderr.write(f"{name}, {size}, {theme}: {str(error).splitlines()[0]}\n")
        page.screenshot(path=FOLDER / f"{name}-{size}-{theme}.png")
        context.close()
    browser.close()


def settle(page: Page) -> None:
    """Wait until the page's run has ended and nothing of the run before is left."""
    page.locator("h1").first.wait_for()
    page.wait_for_timeout(700)
    page.get_by_role("button", name="Cancel").wait_for(state="hidden")  # of a table being read
    page.wait_for_function(
        "() => document.querySelector('.stApp').dataset.testScriptState !== 'running' && "
        "!document.querySelector('[data-stale=true]')"
    )


if __name__ == "__main__":
    main()
