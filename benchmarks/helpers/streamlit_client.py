"""A browser's worth of a session without a browser: Streamlit's protocol over a WebSocket.

async with connected("http://127.0.0.1:8501") as session:
    shown = await session.draw(strokes)
    shown.metrics["Digit"]

It sends what the page's JavaScript of Streamlit 1.67 and of the canvas 0.13 sends: the state of all
widgets at each rerun, the canvas's as JSON with its strokes and its picture.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

import cv2
import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

from pages.shared.canvas import fabric_paths
from recognizer.imaging.strokes import render_paths

PATIENCE = 60.0  # seconds until a rerun must have ended
PEN = 22
_CANVAS = "streamlit-drawable-canvas"
_URL = "data:image/png;base64,"
_SUBPROTOCOL = "streamlit"

Stroke = Sequence[tuple[float, float]]


@dataclass
class Shown:
    """What one run of the page put on it.

    Attributes:
        metrics: value by label.
        texts: of paragraphs and captions.
        problems: of errors, exceptions among them.
        seconds: from the message to the first metric; None without one.
    """

    metrics: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: float | None = None


@dataclass
class Session:
    """A connected page.

    Attributes:
        id: the server's.
        shown: what the last run put on the page.
    """

    socket: ClientConnection
    id: str = ""
    shown: Shown = field(default_factory=Shown)
    _states: dict[str, WidgetState] = field(default_factory=dict)
    _present: set[str] = field(default_factory=set)  # ids of what the last run put on the page
    _page: str = ""
    _canvas: tuple[str, str] = ("", "")  # its id, and its fragment's
    _pills: tuple[str, str] = ("", "")
    _clear: tuple[str, str] = ("", "")
    _drawn: bool = False  # since Clear was pressed

    async def open(self) -> Shown:
        """Ask for the page."""
        return await self._rerun("")

    async def draw(self, strokes: Sequence[Stroke], canvas: np.ndarray | None = None) -> Shown:
        """Clear the canvas and send a drawing, as the canvas does when the pen lifts.

        Args:
            strokes: in canvas pixels.
            canvas: their `picture`.
        """
        if (
            self._drawn
        ):  # to the page, strokes that are missing without Clear were lost: it adds them
            await self._press_clear()
        canvas = picture(strokes) if canvas is None else canvas
        raw = {"version": "6", "objects": fabric_paths.paths([list(one) for one in strokes], PEN)}
        png = cv2.imencode(".png", canvas)[1].tobytes()
        drawing = {"raw": raw, "data": _URL + base64.b64encode(png).decode()}
        return await self.send_canvas(json.dumps({"drawing": drawing, "backgroundFit": None}))

    async def send_canvas(self, message: str) -> Shown:
        """Send a message in the canvas's name."""
        widget, fragment = self._canvas
        self._drawn = True
        return await self._change(WidgetState(id=widget, json_value=message), fragment)

    async def label(self, digit: int) -> bool:
        """Say what the drawing is; return whether the page acknowledges that it is kept."""
        widget, fragment = self._pills
        state = WidgetState(id=widget)
        state.string_array_value.data.append(str(digit))
        shown = await self._change(state, fragment)
        return any(f"{digit}, thank you" in text for text in shown.texts)

    async def _press_clear(self) -> None:
        widget, fragment = self._clear
        await self._change(WidgetState(id=widget, trigger_value=True), fragment)
        self._states.pop(widget, None)  # a click happens once
        self._drawn = False

    async def _change(self, state: WidgetState, fragment: str) -> Shown:
        self._states[state.id] = state
        return await self._rerun(fragment)

    async def _rerun(self, fragment: str) -> Shown:
        """Run the page or a part of it; all that has a state is in the one part, as on Draw."""
        message = BackMsg()
        asked = message.rerun_script
        asked.fragment_id, asked.page_script_hash = fragment, self._page
        asked.widget_states.widgets.extend(self._states.values())
        self.shown, self._present = Shown(), set()
        sent = monotonic()
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            while not self._took(ForwardMsg.FromString(await self.socket.recv()), sent):
                pass
        # A browser forgets the state of what is no longer on the page.
        self._states = {key: one for key, one in self._states.items() if key in self._present}
        return self.shown

    def _took(self, message: ForwardMsg, sent: float) -> bool:
        """Take in a message; return whether it is the last of the run."""
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._page = message.new_session.page_script_hash
            self.id = message.new_session.initialize.session_id or self.id
        elif kind == "delta":
            self._took_element(message.delta, sent)
        # A run that the page itself begins anew ends early; its successor is the one that counts.
        early = ForwardMsg.ScriptFinishedStatus.FINISHED_EARLY_FOR_RERUN
        return kind == "script_finished" and message.script_finished != early

    def _took_element(self, delta: object, sent: float) -> None:
        element, shown = delta.new_element, self.shown
        kind = element.WhichOneof("type")
        self._present.add(getattr(getattr(element, kind or "", None), "id", ""))
        if kind == "metric":
            shown.metrics[element.metric.label] = element.metric.body
            shown.seconds = shown.seconds or monotonic() - sent
        elif kind == "markdown":
            shown.texts.append(element.markdown.body)
        elif kind == "alert":
            shown.problems.append(element.alert.body)
        elif kind == "exception":
            shown.problems.append(f"{element.exception.type}: {element.exception.message}")
        elif kind == "button_group" and "Choose the correct digit" in element.button_group.label:
            self._pills = element.button_group.id, delta.fragment_id
        elif kind == "button" and element.button.label == "Clear":
            self._clear = element.button.id, delta.fragment_id
        elif kind == "bidi_component" and element.bidi_component.component_name.startswith(_CANVAS):
            self._canvas = element.bidi_component.id, delta.fragment_id


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Session]:
    """Open the home page of an app and give the session; it ends with the block."""
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    # Browsers send no pings of their own; a server that is too slow is noticed by the patience.
    options = {"subprotocols": [_SUBPROTOCOL], "max_size": None, "ping_interval": None}
    async with connect(stream, **options) as socket:
        session = Session(socket)
        await session.open()
        yield session


def picture(strokes: Sequence[Stroke]) -> np.ndarray:
    """Return what the canvas shows of strokes in its own pixels: (320, 320) uint8."""
    paths = [np.array(stroke, float) for stroke in strokes]
    return render_paths(paths, [PEN] * len(paths), fabric_paths.CANVAS_SIDE)
