"""Who takes part in a soak: sessions over the protocol, and real Chromiums; and what they note."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from time import monotonic

import numpy as np

from benchmarks.helpers.streamlit_client import Session, connected, picture
from benchmarks.parts.pen_up import find_chromium
from pages.shared.canvas import fabric_paths
from pages.shared.canvas.examples import EXAMPLES, example
from recognizer.inference import Recognizer
from recognizer.preprocessing import to_mnist

CORRECTS = 0.2  # share of the drawings that are corrected
_WATCH = (Path(__file__).parent.parent / "helpers" / "watch.js").read_text(encoding="utf-8")
_PATIENCE_MS = 60_000


@dataclass
class Notes:
    """What a soak gave.

    Attributes:
        times: milliseconds from a message, a request or pen-up to the reading, by kind of session.
        errors: what was not as it should be.
        kept: labels that the page acknowledged as kept, by the drawing's id.
        memory: of the server, megabytes.
    """

    times: dict[str, list[float]] = field(
        default_factory=lambda: {"protocol": [], "chromium": [], "api": []}
    )
    errors: list[str] = field(default_factory=list)
    kept: dict[str, int] = field(default_factory=dict)
    memory: list[dict[str, int]] = field(default_factory=list)
    _began: float = field(default_factory=monotonic)

    def note_memory(self, process: int) -> None:
        """Note what a process holds; Linux only."""
        rollup = Path(f"/proc/{process}/smaps_rollup")
        if rollup.exists():
            lines = (line.split() for line in rollup.read_text().splitlines()[1:])
            facts = {line[0].rstrip(":"): int(line[1]) // 1024 for line in lines}
            minute = round((monotonic() - self._began) / 60, 1)
            self.memory.append({"minute": minute, "rss": facts["Rss"], "pss": facts["Pss"]})


class Script:
    """What one person draws, and how long they wait: the same for the same seed.

    Args:
        seed: of the soak.
        number: of the person.
    """

    def __init__(self, seed: int, number: int) -> None:
        self.number = number
        self._rng = np.random.default_rng((seed, number))

    def drawing(self) -> list[list[tuple[float, float]]]:
        """Return an example, moved and bent a little, so that no two drawings are the same."""
        strokes = example(str(self._rng.choice(list(EXAMPLES))), fabric_paths.CANVAS_SIDE)
        shift = self._rng.uniform(-20, 20, 2)
        moved = [
            np.array(stroke) + shift + self._rng.normal(0, 2, (len(stroke), 2))
            for stroke in strokes
        ]
        return [[(round(x, 1), round(y, 1)) for x, y in stroke.tolist()] for stroke in moved]

    def pause(self, seconds: float) -> float:
        """Return how long to wait before the next drawing."""
        return seconds * self._rng.uniform(0.5, 1.5)

    def corrects(self) -> int | None:
        """Return the label that is given to this drawing, if one is."""
        label, chance = int(self._rng.integers(10)), self._rng.random()
        return label if chance < CORRECTS else None


class Someone:
    """Draws at a human pace; `draw_one` says how."""

    kind: str
    script: Script
    notes: Notes

    async def stay(self, end: float, pause: float, least: int) -> None:
        """Draw until the time is over, and so often at least; what goes wrong is noted."""
        for drawn in count():
            if drawn >= least and monotonic() >= end:
                return
            await asyncio.sleep(self.script.pause(pause))
            try:
                await self.draw_one()
            except Exception as error:
                told = f"{self.kind} {self.script.number}, drawing {drawn + 1}"
                self.notes.errors.append(f"{told}: {error!r}")
                return

    async def draw_one(self) -> None:
        """Draw something and see that it is read."""
        raise NotImplementedError


class Person(Someone):
    """A session over the protocol: each reading must be the model's of that very drawing."""

    kind = "session"

    def __init__(self, session: Session, script: Script, notes: Notes) -> None:
        self.session, self.script, self.notes = session, script, notes
        self.recognizer = default_recognizer()

    @classmethod
    @asynccontextmanager
    async def arrived(cls, address: str, script: Script, notes: Notes) -> AsyncIterator["Person"]:
        """Open the page."""
        async with connected(address) as session:
            yield cls(session, script, notes)

    async def draw_one(self) -> None:
        """Draw, check the reading, and correct it now and then."""
        strokes = self.script.drawing()
        canvas = picture(strokes)
        seen = to_mnist(canvas)
        paths = [np.array(stroke) for stroke in strokes]
        expected = str(self.recognizer.read_mnist(seen, paths).digit)
        shown = await self.session.draw(strokes, canvas)
        if shown.problems or shown.metrics.get("Digit") != expected:
            self.notes.errors.append(f"expected {expected}: {shown.metrics} {shown.problems}")
            return
        self.notes.times["protocol"].append(1000 * shown.seconds)
        label = self.script.corrects()
        if label is not None and not await self.session.label(label):
            self.notes.errors.append(f"a correction was not kept: {self.session.shown}")
        elif label is not None:
            self.notes.kept[hashlib.sha256(seen.tobytes()).hexdigest()] = label


class Visitor(Someone):
    """A Chromium of its own: the clock is the page's, from pen-up to the change of the metric."""

    kind = "browser"

    def __init__(self, page: object, script: Script, notes: Notes) -> None:
        self.page, self.script, self.notes = page, script, notes

    @classmethod
    @asynccontextmanager
    async def arrived(cls, address: str, script: Script, notes: Notes) -> AsyncIterator["Visitor"]:
        """Open the page in a browser."""
        from playwright.async_api import async_playwright

        chromium = find_chromium("soak")
        if chromium is None:
            raise RuntimeError("no browser here: run it with --browsers 0")
        async with AsyncExitStack() as stack:
            playwright = await stack.enter_async_context(async_playwright())
            arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
            browser = await playwright.chromium.launch(executable_path=chromium, args=arguments)
            stack.push_async_callback(browser.close)
            page = await browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(_PATIENCE_MS)
            await page.add_init_script(_WATCH)
            await page.goto(address)
            await page.get_by_role("img", name="Canvas").wait_for()  # all of it, its manners too
            yield cls(page, script, notes)

    async def draw_one(self) -> None:
        """Clear the canvas, draw one stroke, and wait for a digit."""
        await self.page.get_by_role("button", name="Clear").click()
        await self.page.wait_for_function("() => window.metricValue('Digit') === '–'")
        canvas = self.page.locator("canvas.upper-canvas")
        box = await canvas.bounding_box()
        scale = box["width"] / fabric_paths.CANVAS_SIDE
        points = np.array(max(self.script.drawing(), key=len)) * scale + (box["x"], box["y"])
        await self.page.mouse.move(*points[0])
        await self.page.mouse.down()
        for point in points[1:]:
            await self.page.mouse.move(*point)
        await self.page.evaluate("() => window.watchMetric('Digit')")
        await self.page.mouse.up()
        self.notes.times["chromium"].append(await self.page.evaluate("() => window.penUpToMetric"))
        digit = await self.page.evaluate("() => window.metricValue('Digit')")
        if digit not in "0123456789":
            self.notes.errors.append(f"a browser shows {digit!r} in the place of a digit")


_models: list[Recognizer] = []


def default_recognizer() -> Recognizer:
    """Return the default model, loaded once for all."""
    if not _models:
        _models.append(Recognizer.load())
    return _models[0]
