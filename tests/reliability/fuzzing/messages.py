"""What a client sends in the canvas's name, through the component's own reading of it."""

import base64
import importlib.util
import io
import json
import sys
from dataclasses import dataclass
from types import ModuleType
from unittest.mock import patch

import cv2
import numpy as np
import streamlit as st_itself
from hypothesis import strategies as st
from PIL import Image
from reliability.fuzzing.damage import damaged_json, json_changes
from reliability.fuzzing.target import Target, told
from streamlit.components.v2.bidi_component.serialization import BidiComponentSerde

from pages.sections.draw import pasting
from pages.shared.canvas import fabric_paths
from pages.shared.canvas.drawing import Sketch
from recognizer.errors import PictureError
from recognizer.imaging.strokes import render_paths
from recognizer.preprocessing import to_mnist
from recognizer.system.home import PROJECT


def _without_a_server() -> tuple[ModuleType, ModuleType]:
    """Import the canvas and what shows it, though only a server may; no one else gets these."""
    with (
        patch.dict(sys.modules),
        patch.object(st_itself.components.v2, "component", lambda *_, **__: None),
    ):
        sys.modules.pop("streamlit_drawable_canvas", None)
        drawable = importlib.import_module("streamlit_drawable_canvas")
        spec = importlib.util.spec_from_file_location(
            "fuzzed_inputs", PROJECT / "pages/shared/canvas/component.py"
        )
        inputs = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(inputs)
    return drawable, inputs


drawable, inputs = _without_a_server()
SIDE = fabric_paths.CANVAS_SIDE
_URL = "data:image/png;base64,"
_stroke = st.lists(
    st.tuples(st.integers(-20, SIDE + 20), st.integers(-20, SIDE + 20)), min_size=1, max_size=4
)


@dataclass(frozen=True)
class Message:
    """A drawing of the browser's, with changes to the message."""

    strokes: list[list[tuple[int, int]]]
    pen: int
    side: int  # of its picture
    changes: tuple[list[tuple], list[tuple]]

    @property
    def is_valid(self) -> bool:
        return self.side == SIDE and not any(self.changes)

    def picture(self) -> np.ndarray:
        paths = [np.array(stroke, float) for stroke in self.strokes]
        return render_paths(paths, [self.pen] * len(paths), self.side)

    def text(self) -> str:
        png = cv2.imencode(".png", self.picture())[1].tobytes()
        raw = {
            "version": "6",
            "objects": fabric_paths.paths(self.strokes, self.pen),
            "background": "#fff",
        }
        drawing = {"raw": raw, "data": _URL + base64.b64encode(png).decode()}
        document = {"drawing": drawing, "backgroundFit": None}
        return damaged_json(document, self.changes).decode("utf-8", "replace")


_messages = st.builds(
    Message,
    strokes=st.lists(_stroke, max_size=2),
    pen=st.sampled_from([6, 22, 40]),
    side=st.sampled_from([SIDE] * 4 + [1, SIDE + 1, 2 * SIDE]),
    changes=json_changes,
)
_sessions = st.lists(_messages | st.sampled_from(["undo", "clear", "away"]), min_size=1, max_size=4)


def check_session(session: list[Message | str]) -> None:
    """Whatever came, the drawing is one that the app can show, and the next message counts."""
    sketch = Sketch()
    for step in session:
        if isinstance(step, Message):
            _check_message(sketch, step)
        elif step == "away":
            sketch.mounted = False
            sketch.mount()
        else:
            getattr(sketch, step)()
        _check_sketch(sketch)


def _check_message(sketch: Sketch, message: Message) -> None:
    image = told(lambda: _taken(sketch, message.text()), PictureError)
    if isinstance(image, str):
        assert not message.is_valid, image
    elif image is not None:
        assert image.dtype == np.uint8
        assert image.shape[:2] == (SIDE, SIDE)
        to_mnist(image)
    if message.is_valid and json.dumps(sketch.objects) in message.text():  # it was news
        assert (image is None) == (not message.strokes)
        if image is not None:
            assert np.array_equal(image[..., 0], message.picture())


def _check_sketch(sketch: Sketch) -> None:
    """What is kept goes back to the browser, into the corrections and into a file."""
    json.dumps([sketch.objects, sketch.start], allow_nan=False)
    drawn = fabric_paths.strokes(sketch.objects)
    assert np.isfinite([place for stroke in drawn for place in stroke]).all()
    with Image.open(io.BytesIO(sketch.picture())) as picture:
        assert picture.size == (SIDE, SIDE)
    assert sketch.can_undo or not sketch.objects


def _taken(sketch: Sketch, message: str) -> np.ndarray | None:
    """Return what the page gets of a message, without a page."""

    def component(*, default: dict, **_: object) -> dict:
        return BidiComponentSerde(default).deserialize(message)

    def shown(sketch: Sketch, pen: int, key: str) -> object:
        start = {"objects": sketch.start}
        return drawable.st_canvas(initial_drawing=start, return_image_data=True)

    with (
        patch.object(drawable, "out", component),
        patch.object(inputs, "_shown", shown),
    ):
        return inputs.canvas(sketch, 22)


_files = st.tuples(st.binary(max_size=300), json_changes)


def check_pasted(case: tuple[bytes, tuple[list[tuple], list[tuple]]]) -> None:
    """A pasted file comes back as it was, or what came is refused in a sentence."""
    file, changes = case
    data = base64.b64encode(file).decode()
    message = damaged_json({"name": "a.png", "size": len(file), "data": data}, changes)
    try:
        brought = json.loads(message)
    except (ValueError, RecursionError):
        return  # Streamlit takes no such message
    content = told(lambda: pasting.content(brought), PictureError)
    if not any(changes):
        assert content == file if file else isinstance(content, str)
    assert isinstance(content, str | bytes)


TARGETS = (
    Target("canvas", _sessions, check_session),
    Target("pasted", _files, check_pasted),
)
