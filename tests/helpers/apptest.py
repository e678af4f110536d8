"""A page in Streamlit's own test runner: run it, press what is on it, draw on its canvas."""

import base64
import json

import cv2
import numpy as np
from streamlit.testing.v1 import AppTest

from pages.shared.canvas.examples import example
from pages.shared.canvas.fabric_paths import CANVAS_SIDE, paths

SEVEN = example("7 with a bar", CANVAS_SIDE)

SIX = [  # its corners make a picture of it look like a 5
    [(160, 45), (50, 62), (45, 184), (81, 266), (140, 275), (155, 197), (98, 141), (51, 177)]
]


def run(app: AppTest) -> AppTest:
    """Run the page as it stands; it must end well."""
    app.run()
    assert not app.exception, app.exception[0]
    return app


def press(app: AppTest, label: str) -> AppTest:
    """Press the first button with that label."""
    next(button for button in app.button if button.label == label).click()
    return run(app)


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def grid(app: AppTest) -> list[list[str]]:
    """The lines below each image that can be picked, of all grids in their order."""
    grids = [one.proto for one in app.get("bidi_component")]
    images = [json.loads(one.json) for one in grids if one.component_name == "image-grid"]
    lines = [image["caption"].split("\n") for part in images for image in part]
    return [[line.replace("\N{NO-BREAK SPACE}", " ") for line in one] for one in lines]


def sent(drawn: list = SEVEN, side: int = CANVAS_SIDE, width: int | None = None) -> dict:
    """What the canvas sends to the app for these strokes; None: a square one."""
    picture = np.full((side, width or side), 255, np.uint8)
    for stroke in drawn:
        cv2.polylines(picture, [np.array(stroke).round().astype(np.int32)], False, 0, 22)
    return message({"objects": paths(drawn, 22)}, data_url(picture))


def message(raw: object, data: object) -> dict:
    return {"drawing": {"raw": raw, "data": data}, "backgroundFit": None}


def data_url(picture: np.ndarray, kind: str = ".png") -> str:
    encoded = base64.b64encode(cv2.imencode(kind, picture)[1].tobytes()).decode()
    return f"data:image/png;base64,{encoded}"
