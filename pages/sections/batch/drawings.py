"""A table made on the spot: digits drawn one after another."""

import numpy as np
import streamlit as st

from pages.sections.batch.records import Table
from pages.sections.batch.state import Batch
from pages.shared import error_boundary
from pages.shared.canvas import component
from pages.shared.canvas.drawing import Sketch
from pages.shared.components import markup, messages
from recognizer.datasets import write_digits
from recognizer.errors import PictureError
from recognizer.models.registry import StoredModel
from recognizer.preprocessing import to_mnist
from recognizer.records import IMAGE_SIZE, Digits

PEN = 22  # canvas pixels: as on the Draw page at first
MOST = 200  # drawings
_SKETCH, _DRAWN = "batch-sketch", "batch-drawn"  # what is on the canvas; (28, 28) images
_REMOVED = "batch-removed"  # images taken from the latter, the last one last


def leave() -> None:
    """Note that the canvas is not on the page, or is a new one."""
    _sketch().mounted = False


@error_boundary.fragment
def draw(batch: Batch, model: StoredModel) -> None:
    """Let digits be drawn, and read together."""
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _canvas()
    with right:
        if st.session_state.get(_DRAWN) or st.session_state.get(_REMOVED):
            _drawn(batch, model)
        else:
            st.caption("Draw a digit and press Add, then the next one: a row of the table each.")


def _canvas() -> None:
    sketch, image = _sketch(), None
    try:
        image = component.canvas(sketch, PEN, key="batch-canvas")
    except PictureError as error:
        messages.error(error)
    full = len(st.session_state.get(_DRAWN, ())) >= MOST
    with st.container(horizontal=True, key="tools"):
        st.button(
            "Add",
            key=f"{component.REDRAWS}add",
            icon=":material/add:",
            on_click=_add,
            args=(image,),
            disabled=image is None or full,
        )
        component.undo_and_clear(sketch)
    if full:
        st.caption(f"{MOST} are enough for a table made by hand.")


def _drawn(batch: Batch, model: StoredModel) -> None:
    """Show what was drawn so far, and what can be done with it."""
    images = st.session_state[_DRAWN]
    digits = Digits(np.array(images, np.uint8).reshape(-1, IMAGE_SIZE, IMAGE_SIZE), None)
    empty = not images
    st.html(markup.figures(images, map(str, range(1, len(images) + 1))))
    with st.container(horizontal=True):
        if st.button(f"Read {len(images)}", icon=":material/play_arrow:", disabled=empty):
            batch.start(Table.of("your drawings", digits), model)
            st.rerun()
        st.download_button(
            "As test.csv",
            lambda: write_digits(digits),
            "test.csv",
            on_click="ignore",
            disabled=empty,
        )
        st.button("Remove the last", on_click=_remove_last, disabled=empty)
        removed = st.session_state.get(_REMOVED)
        st.button("Restore it", on_click=_restore, disabled=not removed)


def _remove_last() -> None:
    if st.session_state[_DRAWN]:
        st.session_state.setdefault(_REMOVED, []).append(st.session_state[_DRAWN].pop())


def _restore() -> None:
    if st.session_state.get(_REMOVED):
        st.session_state[_DRAWN].append(st.session_state[_REMOVED].pop())


def _add(image: np.ndarray) -> None:
    """Make a row of what is on the canvas, and begin the next."""
    row = to_mnist(image, paper=component.PAPER_RGB)
    if row is not None:
        st.session_state.setdefault(_DRAWN, []).append(row)
        _sketch().clear()


def _sketch() -> Sketch:
    return st.session_state.setdefault(_SKETCH, Sketch())
