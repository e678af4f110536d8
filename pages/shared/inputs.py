"""Ways to bring a digit: the canvas, a picture, the camera, an example.

All that touches streamlit-drawable-canvas 0.13 is in here. What one has to know of it: it sends
when the pen lifts; it answers a changed `initial_drawing` with its new picture, but says nothing
when it is first mounted; a changed `key` would show two canvases for a moment; what it sends can be
anything.
"""

from typing import Any

import numpy as np
from streamlit_drawable_canvas import st_canvas

from pages.shared.fabric import CANVAS_SIDE, INK
from pages.shared.state import Sketch
from recognizer.errors import PictureError
from recognizer.pictures import decode_canvas, decode_picture

PAPER = "#ffffff"
MAX_STROKES = 500


def canvas(sketch: Sketch, pen: int) -> np.ndarray | None:
    """Show the canvas and return what is drawn on it.

    Args:
        sketch: the drawing; it takes in what the canvas sent.
        pen: width in pixels.

    Returns:
        Array of shape (320, 320, 4), uint8, black ink on white; None while blank.

    Raises:
        PictureError: the message is not a picture of the canvas.
    """
    try:
        result = st_canvas(
            stroke_width=pen,
            stroke_color=INK,
            background_color=PAPER,
            width=CANVAS_SIDE,
            height=CANVAS_SIDE,
            # The revision makes a change of what is shown a change even back to the same strokes.
            initial_drawing={"objects": sketch.start, "revision": sketch.revision},
            return_image_data=True,
            key="canvas",
        )
        objects, png = _objects(result.json_data), result.image_bytes
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise PictureError(
            "The canvas sent something that is not a drawing; expected its strokes and a PNG: "
            "press Clear and draw again."
        ) from error
    if png is not None and objects != sketch.outdated:
        sketch.objects, sketch.png, sketch.outdated = objects, png, None
    if not sketch.objects or sketch.png is None:
        return None
    return decode_canvas(sketch.png, CANVAS_SIDE)


def picture(upload: Any) -> np.ndarray | None:
    """Return an uploaded or taken picture, (H, W), (H, W, 3) or (H, W, 4) uint8; None without.

    Raises:
        PictureError: it cannot be read.
    """
    return None if upload is None else decode_picture(upload.getvalue())


def _objects(drawing: Any) -> list[dict[str, Any]]:
    """Return the strokes in a message, or raise ValueError."""
    objects = drawing["objects"]
    if len(objects) > MAX_STROKES or not all(isinstance(one, dict) for one in objects):
        raise ValueError("not a list of strokes")
    return list(objects)
