"""What the canvas sends to the app, made without a browser."""

import base64

import cv2
import numpy as np

from pages.shared.canvas.examples import example
from pages.shared.canvas.fabric_paths import CANVAS_SIDE, paths

SEVEN = example("7 with a bar", CANVAS_SIDE)

SIX = [  # its corners make a picture of it look like a 5
    [(160, 45), (50, 62), (45, 184), (81, 266), (140, 275), (155, 197), (98, 141), (51, 177)]
]


def sent(drawn: list = SEVEN, side: int = CANVAS_SIDE, width: int | None = None) -> dict:
    """What the canvas sends for these strokes; None: a square one."""
    picture = np.full((side, width or side), 255, np.uint8)
    for stroke in drawn:
        cv2.polylines(picture, [np.array(stroke).round().astype(np.int32)], False, 0, 22)
    return message({"objects": paths(drawn, 22)}, data_url(picture))


def message(raw: object, data: object) -> dict:
    return {"drawing": {"raw": raw, "data": data}, "backgroundFit": None}


def data_url(picture: np.ndarray, kind: str = ".png") -> str:
    encoded = base64.b64encode(cv2.imencode(kind, picture)[1].tobytes()).decode()
    return f"data:image/png;base64,{encoded}"
