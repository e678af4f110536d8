"""Ways to bring a digit: the canvas, a picture, the camera.

All that touches streamlit-drawable-canvas 0.13 is in here. What one has to know of it: it sends
when the pen lifts; it answers a changed `initial_drawing` with its new picture, but says nothing
when it is first mounted; a changed `key` would show two canvases for a moment; what it sends can be
anything.
"""

from typing import Any

import numpy as np
import streamlit as st
from streamlit_drawable_canvas import CanvasResult, st_canvas

from pages.shared import fabric
from pages.shared.sketch import Sketch
from recognizer.errors import PictureError
from recognizer.pictures import decode_canvas, decode_picture

PAPER = "#ffffff"

# The component has a toolbar of its own, with a mode in which the pen moves strokes, and a canvas
# without a name. Neither can be set, but its shadow root is open.
_MANNERS = """
export default function () {
  const mend = (tries) => {
    const host = [...document.querySelectorAll(".st-key-sheet *")].find(
      (one) => one.shadowRoot?.querySelector(".dc-root"));
    const upper = host?.shadowRoot.querySelector(".upper-canvas");
    if (!upper) return tries && requestAnimationFrame(() => mend(tries - 1));
    upper.setAttribute("role", "img");
    upper.setAttribute("aria-label", "Canvas: draw one digit with a mouse, a finger or a pen");
    if (host.shadowRoot.querySelector("#manners")) return;
    const style = document.createElement("style");
    style.id = "manners";
    style.textContent = ".dc-toolbar { display: none !important }";
    host.shadowRoot.append(style);
  };
  mend(600);
}
"""


def canvas(sketch: Sketch, pen: int, key: str = "canvas") -> np.ndarray | None:
    """Show the canvas and return what is drawn on it.

    Args:
        sketch: the drawing; it takes in what the canvas sent.
        pen: width in pixels.
        key: of the canvas; another one for each sketch.

    Returns:
        Array of shape (320, 320, 4) or (320, 320), uint8, black ink on white; None while blank.

    Raises:
        PictureError: the message is not a picture of the canvas.
    """
    sketch.mount()
    try:
        result = _shown(sketch, pen, key)
        objects, png = result.json_data["objects"], result.image_bytes
        fabric.strokes(objects)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise PictureError(
            "The canvas sent something that is not a drawing; expected its strokes and a PNG: "
            "press Clear and draw again."
        ) from error
    if png is not None:
        image = decode_canvas(png, fabric.CANVAS_SIDE)
        sketch.take(objects, png)
        if sketch.objects and sketch.png == png:
            return image
    return decode_canvas(sketch.picture(), fabric.CANVAS_SIDE) if sketch.objects else None


def _shown(sketch: Sketch, pen: int, key: str) -> CanvasResult:
    """Show the canvas and return what it sent, unread."""
    with st.container(key="sheet"):
        result = st_canvas(
            stroke_width=pen,
            stroke_color=fabric.INK,
            background_color=PAPER,
            width=fabric.CANVAS_SIDE,
            height=fabric.CANVAS_SIDE,
            initial_drawing={"objects": sketch.start, "revision": sketch.revision},
            return_image_data=True,
            key=key,
        )
        st.components.v2.component("canvas-manners", js=_MANNERS)(key="manners", height=0)
    return result


def picture(upload: Any) -> np.ndarray | None:
    """Return an uploaded or taken picture, (H, W), (H, W, 3) or (H, W, 4) uint8; None without.

    Raises:
        PictureError: it cannot be read.
    """
    return None if upload is None else decode_picture(upload.getvalue())
