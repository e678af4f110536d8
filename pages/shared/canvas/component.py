"""Ways to bring a digit: the canvas, a picture, the camera.

All that touches streamlit-drawable-canvas 0.13 is in here. What one has to know of it: it sends
when the pen lifts; it answers a changed `initial_drawing` with its new picture, but says nothing
when it is first mounted; a changed `key` would show two canvases for a moment; what it sends can be
anything.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from streamlit_drawable_canvas import CanvasResult, st_canvas

from pages.shared import session
from pages.shared.canvas import drawing, eraser, fabric_paths
from pages.shared.canvas.drawing import Sketch
from pages.shared.components.uploads import warn_if_blocked
from recognizer.errors import PictureError
from recognizer.imaging.decoding import Picture, decode_canvas, decode_picture, open_picture

PAPER = "#ffffff"
PAPER_RGB = (255, 255, 255)
REDRAWS = "redraw-"  # begins the key of a button that has the canvas redrawn: canvas_patch.js

MOST_MEGABYTES = 50  # of a picture's file
SHAPE = f"{REDRAWS}shape"  # key of the switch to the wide canvas
ERASER = "eraser"  # key of the switch from the pen to the eraser

_PATCH = "\n".join(
    (Path(__file__).parent / name).read_text(encoding="utf-8")
    for name in ("canvas_patch.js", "eraser.js")
)


def canvas(sketch: Sketch, pen: int, key: str = "canvas") -> np.ndarray | None:
    """Show the canvas and return what is drawn on it.

    Args:
        sketch: the drawing; it takes in what the canvas sent.
        pen: width in pixels.
        key: of the canvas; another one for each sketch.

    Returns:
        Array of shape (h, w, 4), uint8, black ink on white, w and h the sketch's size; None while
        blank.

    Raises:
        PictureError: the message is not a picture of the canvas.
    """
    sketch.mount()
    try:
        result = _shown(sketch, pen, key)
        objects, png = result.json_data["objects"], result.image_bytes
        fabric_paths.strokes(objects)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise PictureError(
            "The canvas sent something that is not a drawing; expected its strokes and a PNG: "
            "press Clear and draw again."
        ) from error
    if png is not None:
        image, is_wide = _decoded(png, is_wide=sketch.is_wide)
        before = sketch.revision
        sketch.take(objects, png, is_wide=is_wide)
        if sketch.revision != before:  # strokes were missing: the canvas shows them in a new run
            st.rerun()
        if sketch.objects and sketch.png == png:
            return image
    return decode_canvas(sketch.picture(), *sketch.size) if sketch.objects else None


def _decoded(png: bytes, *, is_wide: bool) -> tuple[np.ndarray, bool]:
    """Return a canvas's picture and shape; what was sent before a change is of the other shape."""
    with suppress(PictureError):
        return decode_canvas(png, *drawing.size(is_wide=not is_wide)), not is_wide
    return decode_canvas(png, *drawing.size(is_wide=is_wide)), is_wide


def undo_and_clear(sketch: Sketch) -> None:
    """Show the buttons that take changes back; canvas_patch.js knows Ctrl+Z, Ctrl+Y and Esc."""
    for label, act, possible in (
        ("Undo", sketch.undo, sketch.can_undo),
        ("Redo", sketch.redo, sketch.can_redo),
    ):
        key = f"{REDRAWS}{label.lower()}"
        st.button(label, key=key, on_click=act, disabled=not possible)
    st.button("Clear", key=f"{REDRAWS}clear", on_click=sketch.clear)
    if not sketch.objects:
        st.session_state[ERASER] = False  # on a blank canvas people draw
    st.toggle("Eraser", key=ERASER, disabled=not sketch.objects)


def choose_shape(sketch: Sketch) -> None:
    """Let the canvas be wide or square; a change is the drawing's, so that Undo takes it back."""
    st.session_state[SHAPE] = sketch.is_wide
    st.toggle("Wide", key=SHAPE, on_change=lambda: sketch.reshape(st.session_state[SHAPE]))


def _shown(sketch: Sketch, pen: int, key: str) -> CanvasResult:
    """Show the canvas and return what it sent, unread."""
    erases = st.session_state.get(ERASER) and bool(sketch.objects)
    with st.container(key="sheet"):
        result = st_canvas(
            stroke_width=pen,
            stroke_color=fabric_paths.INK,
            background_color=PAPER,
            width=sketch.size[0],
            height=sketch.size[1],
            initial_drawing={"objects": sketch.start, "revision": sketch.revision},
            return_image_data=True,
            key=key,
        )
        patch = st.components.v2.component("canvas-patch", js=_PATCH)
        patch(
            key="canvas-patch",
            height=0,
            data={
                "revision": sketch.revision,
                "pen": pen,
                "steps": sketch.steps,
                "drawn": bool(sketch.objects),
                "erased": sketch.erased,
                "isWide": sketch.is_wide,
                "eraser": eraser.RADIUS if erases else 0,
            },
            on_erased_change=lambda: sketch.erase(st.session_state["canvas-patch"].get("erased")),
            on_steps_change=lambda: sketch.step_to(st.session_state["canvas-patch"].get("steps")),
            on_emptied_change=sketch.redraw,
        )
    return result


def picture(upload: Any) -> np.ndarray | None:
    """Return a picture from the camera, (H, W), (H, W, 3) or (H, W, 4) uint8; None without.

    Raises:
        PictureError: it cannot be read.
    """
    return None if upload is None else decode_picture(upload.getvalue())


def uploaded_picture() -> Picture | None:
    """Ask for a file with a picture, and return it; it outlives a change of page.

    Raises:
        PictureError: it cannot be read.
    """
    warn_if_blocked()
    upload = st.file_uploader(
        "A picture of digits: PNG, JPEG, WebP, AVIF, HEIC, GIF, BMP or TIFF",
        key=session.upload_key(),
        max_upload_size=MOST_MEGABYTES,
        on_change=session.keep_upload,
    )
    data = session.uploaded()
    if data is None:
        return None
    if upload is None:  # the widget forgets its file where a page does not show it
        st.button("Remove the picture", on_click=session.forget_upload)
    return open_picture(data)
